"""The statements of feeds: their rows, which are due, failing or elsewhere. Part of `statements`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, case, func, literal_column, null, or_, select, update

from monitor.store.core import (
    feeds,
    inserting,
    p,
    setting,
)

if TYPE_CHECKING:
    from sqlalchemy.sql.expression import ClauseElement


# What answers taught of an address: where it leads, what it asks for, whether it can be believed.
_LEARNT = (
    "final_hash",
    "moved_to",
    "moved_hash",
    "moved_seen",
    "moved_at",
    "floor",
    "floor_why",
    "skip_hours",
    "skip_days",
    "whole_at",
    "validators_lie",
)

STATEMENTS: dict[str, ClauseElement] = {
    "FEEDS": select(feeds).order_by(feeds.c.name),
    "FEED": select(feeds).where(feeds.c.id == p("id")),
    "FEED_INSERT": inserting(feeds),
    "FEED_RENAME": setting(feeds, "name", "retired_at", "next_poll_at").where(feeds.c.id == p("feed_id")),
    "FEED_RETIRE": setting(feeds, "retired_at", "next_poll_at").where(feeds.c.id == p("feed_id")),
    "FEED_REVIVE": setting(feeds, "retired_at", "baseline_at", "next_poll_at").where(
        feeds.c.id == p("feed_id")
    ),
    "FEED_MOVE": setting(
        feeds,
        "url_hash",
        "moved_since",
        "etag",
        "last_modified",
        "body_hash",
        "gone",
        "next_poll_at",
        "forbidden_until",
        "asked_at",
        *_LEARNT,
        "items",
        "final_domain",
    ).where(feeds.c.id == p("feed_id")),
    "FEED_SCHEDULE": setting(feeds, "next_poll_at").where(feeds.c.id == p("feed_id")),
    "FEED_WATCHED": setting(feeds, "language", "final_domain").where(feeds.c.id == p("feed_id")),
    "FEEDS_QUIET": select(feeds.c.id, feeds.c.last_item_at, feeds.c.last_good_at).where(
        feeds.c.last_item_at < p("before"),
        feeds.c.last_good_at > feeds.c.last_item_at,
        feeds.c.failures == literal_column("0"),
        feeds.c.next_poll_at.is_not(None),
        feeds.c.retired_at.is_(None),
    ),
    "FEEDS_SIGHT": select(
        feeds.c.id,
        feeds.c.name,
        feeds.c.failures,
        feeds.c.gone,
        feeds.c.last_good_at,
        feeds.c.last_poll_at,
        feeds.c.next_poll_at,
    ).where(feeds.c.retired_at.is_(None)),
    "FEED_ASKED": setting(feeds, "asked_at").where(feeds.c.id == p("feed_id")),
    "FEED_POLLED": setting(
        feeds,
        "baseline_at",
        "moved_since",
        "title",
        "etag",
        "last_modified",
        "body_hash",
        "document_at",
        "next_poll_at",
        "forbidden_until",
        "gone",
        "suspect",
        "polls",
        "last_poll_at",
        "last_good_at",
        "last_status",
        "last_http",
        "last_message",
        "failures",
        "first_failure_at",
        *_LEARNT,
        "interval",
        "next_why",
        "rhythm",
        "last_item_at",
        "items",
        "language",
        "final_domain",
        "asked_at",
    ).where(feeds.c.id == p("feed_id")),
    # Feeds that permanent redirects led elsewhere so many times in a row, or that are asked elsewhere.
    "FEEDS_MOVED": select(feeds.c.name, feeds.c.moved_to, feeds.c.moved_hash, feeds.c.moved_seen).where(
        or_(feeds.c.moved_to.is_not(None), feeds.c.moved_seen >= p("times"))
    ),
    "FEEDS_AT": select(feeds.c.name, feeds.c.moved_seen).where(
        feeds.c.url_hash == p("url_hash"), feeds.c.retired_at.is_(None), feeds.c.gone.is_(False)
    ),
    # Of each rhythm only what a pace is made from: a mark for each hour of the week.
    "FEEDS_RHYTHMS": select(
        feeds.c.name,
        feeds.c.floor,
        func.substr(feeds.c.rhythm, literal_column("1"), literal_column("168")).label("profile"),
    ).where(feeds.c.next_poll_at.is_not(None), feeds.c.retired_at.is_(None)),
    # What hardly any poll leaves as it was: that of most polls is no more.
    "FEED_POLLED_AGAIN": setting(
        feeds,
        "next_poll_at",
        "polls",
        "last_poll_at",
        "last_good_at",
        "last_status",
        "last_http",
        "interval",
        "next_why",
        "asked_at",
    ).where(feeds.c.id == p("feed_id")),
    "FEEDS_DUE": select(feeds.c.id, feeds.c.name)
    .where(feeds.c.next_poll_at <= p("now"))
    .order_by(feeds.c.next_poll_at),
    "FEEDS_DUE_FIRST": select(feeds)
    .where(feeds.c.next_poll_at <= p("now"))
    .order_by(feeds.c.next_poll_at)
    .limit(p("count")),
    # What still belongs to a round: long due, or about to be asked for the first time in long.
    "FEEDS_OVERDUE": select(func.count())
    .select_from(feeds)
    .where(
        or_(
            feeds.c.next_poll_at <= p("before"),
            and_(feeds.c.next_poll_at <= p("soon"), feeds.c.last_good_at < p("away")),
        )
    ),
    "FEEDS_POLLABLE": select(feeds)
    .where(feeds.c.next_poll_at.is_not(None), feeds.c.retired_at.is_(None), feeds.c.gone.is_(False))
    .order_by(feeds.c.next_poll_at),
    "FEEDS_UNPOLLED": select(feeds.c.name).where(feeds.c.polls == literal_column("0")),
    "FEEDS_IN_FAILURE": select(feeds.c.name, feeds.c.first_failure_at).where(
        feeds.c.failures > literal_column("0")
    ),
    "FEEDS_FAILING": select(func.count())
    .select_from(feeds)
    .where(
        feeds.c.retired_at.is_(None),
        or_(
            feeds.c.gone.is_(True),
            and_(feeds.c.failures > literal_column("0"), feeds.c.next_poll_at.is_not(None)),
        ),
    ),
    # What was counted against a feed before it was known that we were cut off.
    "FEED_EXCUSE": update(feeds)
    .values(
        failures=feeds.c.failures - literal_column("1"),
        first_failure_at=case(
            (feeds.c.failures > literal_column("1"), feeds.c.first_failure_at), else_=null()
        ),
        next_poll_at=p("now"),
    )
    .where(
        feeds.c.name == p("feed"),
        feeds.c.failures > literal_column("0"),
        feeds.c.next_poll_at.is_not(None),
    ),
    "FEED_CLOCK": setting(
        feeds,
        "next_poll_at",
        "forbidden_until",
        "last_poll_at",
        "last_good_at",
        "first_failure_at",
        "moved_at",
        "whole_at",
        "last_item_at",
        "asked_at",
    ).where(feeds.c.id == p("feed_id")),
}
