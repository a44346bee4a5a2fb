"""
Every statement the daemon runs, as SQLAlchemy Core over the tables.

`python -m monitor.store.statements > monitor/store/sql.py` compiles them once to SQL text with named
parameters, which is committed and run by sqlite3 directly: importing SQLAlchemy costs 0.3 s of CPU, more
than polling five hundred unchanged feeds. A test holds text and tables equal.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    and_,
    case,
    delete,
    func,
    insert,
    literal_column,
    null,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite import insert as upsert

from monitor.settings import CANARY
from monitor.store import (
    figure_rows,
    held_rows,
    old_rows,
    page_rows,
    queue_rows,
    seen_rows,
    story_rows,
    told_rows,
)
from monitor.store.core import (
    UNSENT,
    alerts,
    aliases,
    articles,
    attempts,
    channels,
    episodes,
    facts,
    feeds,
    gaps,
    host_pauses,
    ledger,
    matches,
    notices,
    outbox,
    p,
    rules,
    sightings,
    stories,
)
from monitor.store.core import const as _const
from monitor.store.core import words as _words

if TYPE_CHECKING:
    from sqlalchemy import Table
    from sqlalchemy.sql.expression import ClauseElement


def _insert(table: Table) -> ClauseElement:
    return insert(table).values({c.name: p(c.name) for c in table.columns})


def _set(table: Table, *names: str) -> Any:
    return update(table).values({n: p(n) for n in names})


def _upsert(table: Table, key: str, *keep: str) -> ClauseElement:
    """Insert, or overwrite every column but the key and those to keep."""
    new = upsert(table).values({c.name: p(c.name) for c in table.columns})
    changed = {c.name: new.excluded[c.name] for c in table.columns if c.name not in (key, *keep)}
    return new.on_conflict_do_update(index_elements=[key], set_=changed)


_sighting_view = select(
    sightings.c.article_id,
    sightings.c.feed_id,
    sightings.c.guid,
    sightings.c.link,
    sightings.c.title,
    sightings.c.content,
    sightings.c.text,
    sightings.c.published,
    sightings.c.baseline,
    sightings.c.last_seen_at,
)
_out = select(outbox)
_of_users = outbox.c.channel != _const(CANARY)  # what the canary sends is nobody's, and shown to nobody
_alert_view = (
    select(
        alerts.c.id,
        alerts.c.rule,
        alerts.c.severity,
        alerts.c.kind,
        alerts.c.story_id,
        alerts.c.article_id,
        alerts.c.created_at,
        articles.c.title,
        articles.c.url,
        articles.c.published,
        articles.c.fetched_at,
        feeds.c.name.label("feed"),
    )
    .join(articles, articles.c.id == alerts.c.article_id)
    .join(feeds, feeds.c.id == articles.c.feed_id)
)

STATEMENTS: dict[str, ClauseElement] = {
    # feeds
    "FEEDS": select(feeds).order_by(feeds.c.name),
    "FEED": select(feeds).where(feeds.c.id == p("id")),
    "FEED_INSERT": _insert(feeds),
    "FEED_RENAME": _set(feeds, "name", "retired_at", "next_poll_at").where(feeds.c.id == p("feed_id")),
    "FEED_RETIRE": _set(feeds, "retired_at", "next_poll_at").where(feeds.c.id == p("feed_id")),
    "FEED_REVIVE": _set(feeds, "retired_at", "baseline_at", "next_poll_at").where(feeds.c.id == p("feed_id")),
    "FEED_MOVE": _set(
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
        "items",
        "final_domain",
    ).where(feeds.c.id == p("feed_id")),
    "FEED_SCHEDULE": _set(feeds, "next_poll_at").where(feeds.c.id == p("feed_id")),
    "FEED_WATCHED": _set(feeds, "language", "final_domain").where(feeds.c.id == p("feed_id")),
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
    "FEED_ASKED": _set(feeds, "asked_at").where(feeds.c.id == p("feed_id")),
    "FEED_POLLED": _set(
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
    "FEED_POLLED_AGAIN": _set(
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
    "FEED_CLOCK": _set(
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
    # articles and their sightings
    "STORY_INSERT": _insert(stories),
    "ARTICLE_INSERT": _insert(articles),
    "ARTICLE_UPDATE": _set(
        articles, "title", "summary", "body", "url", "published", "updated", "unconfirmed"
    ).where(articles.c.id == p("article_id")),
    "ARTICLE": select(articles, feeds.c.name.label("feed"))
    .join(feeds, feeds.c.id == articles.c.feed_id)
    .where(articles.c.id == p("id")),
    "ARTICLES_SHOWN": select(articles, feeds.c.name.label("feed"))
    .outerjoin(sightings, sightings.c.article_id == articles.c.id)
    .join(feeds, feeds.c.id == func.coalesce(sightings.c.feed_id, articles.c.feed_id))
    .where(
        articles.c.id.in_(
            select(articles.c.id)
            .where(articles.c.fetched_at >= p("since"), articles.c.id > p("after"))
            .order_by(articles.c.id)
            .limit(p("page"))
        )
    )
    .order_by(articles.c.id, feeds.c.name),
    "ARTICLES_COUNT": select(func.count().label("n"), func.min(articles.c.id).label("first")).where(
        articles.c.fetched_at >= p("since")
    ),
    "NEWEST_TEXTS": select(articles.c.id, articles.c.title, articles.c.summary, articles.c.body)
    .where(articles.c.id < p("before"))
    .order_by(articles.c.id.desc())
    .limit(p("page")),
    "SIGHTING_INSERT": _insert(sightings),
    # A mark that a later document no longer gives stays known.
    "SIGHTING_UPDATE": update(sightings)
    .values(
        guid=func.coalesce(p("guid"), sightings.c.guid),
        link=func.coalesce(p("link"), sightings.c.link),
        **{n: p(n) for n in ("title", "content", "text", "published", "last_seen_at")},
    )
    .where(sightings.c.feed_id == p("feed"), sightings.c.article_id == p("article")),
    "SIGHTING_ANY": select(sightings.c.article_id)
    .where(sightings.c.feed_id == p("feed"))
    .limit(literal_column("1")),
    "SIGHTING_SEEN": _set(sightings, "last_seen_at").where(
        sightings.c.feed_id == p("feed"), sightings.c.article_id == p("article")
    ),
    "SIGHTINGS_SEEN_UNTIL": _set(sightings, "last_seen_at").where(
        sightings.c.feed_id == p("feed"),
        sightings.c.last_seen_at >= p("listed_since"),
        sightings.c.last_seen_at < p("last_seen_at"),
    ),
    "SIGHTINGS_BY_GUID": _sighting_view.where(
        sightings.c.feed_id == p("feed"), sightings.c.guid == p("guid")
    ),
    # An article's page may have told another address of it.
    "SIGHTINGS_BY_LINK": _sighting_view.where(sightings.c.link == p("link")).union_all(
        _sighting_view.with_only_columns(
            *(p("link").label("link") if c.name == "link" else c for c in _sighting_view.selected_columns)
        )
        .join(aliases, aliases.c.article_id == sightings.c.article_id)
        .where(aliases.c.link == p("link"), sightings.c.link.is_distinct_from(p("link")))
    ),
    "SIGHTING_BY_CONTENT": _sighting_view.where(
        sightings.c.feed_id == p("feed"), sightings.c.content == p("content")
    ),
    "ARTICLES_AT": select(articles.c.id).where(articles.c.url == p("url")).order_by(articles.c.id.desc()),
    "SIGHTINGS_SHOWN": select(sightings, feeds.c.name.label("feed"))
    .join(feeds, feeds.c.id == sightings.c.feed_id)
    .where(sightings.c.article_id == p("article"))
    .order_by(sightings.c.first_seen_at, feeds.c.id),
    "FEEDS_OF_OUTLET": select(feeds.c.name, func.count().label("n"))
    .join(articles, articles.c.feed_id == feeds.c.id)
    .where(or_(articles.c.source == p("domain"), articles.c.source.like(p("below"))))
    .group_by(feeds.c.name)
    .order_by(func.count().desc(), feeds.c.name),
    "STORY_OF": select(articles.c.story_id).where(articles.c.id == p("article")),
    # rules
    "RULES": select(rules).order_by(rules.c.name),
    "RULE_UPSERT": _upsert(rules, "name", "first_loaded_at"),
    "RULE_RETIRE": _set(rules, "retired_at").where(rules.c.name == p("rule_name")),
    # matches, alerts, ledger
    "MATCH_INSERT": _insert(matches),
    "MATCHES_OF_ARTICLE": select(matches, feeds.c.name.label("feed"))
    .join(feeds, feeds.c.id == matches.c.feed_id)
    .where(matches.c.article_id == p("article"))
    .order_by(matches.c.id),
    "MATCHES_BY_STATE": select(matches.c.rule, ledger.c.state, func.count(matches.c.id.distinct()).label("n"))
    .outerjoin(ledger, ledger.c.match_id == matches.c.id)
    .where(matches.c.matched_at >= p("since"))
    .group_by(matches.c.rule, ledger.c.state),
    "MATCHES_BY_RULE": select(matches.c.rule, func.count().label("n"))
    .where(matches.c.matched_at >= p("since"))
    .group_by(matches.c.rule),
    "LAST_MATCH": select(func.max(matches.c.id)),
    "ALERT_INSERT": _insert(alerts),
    "LEDGER_INSERT": _insert(ledger),
    "LEDGER_SETTLE": _set(ledger, "state", "reason", "at").where(ledger.c.outbox_id == p("outbox")),
    "LEDGER_OF_ALERT": select(
        ledger.c.channel, ledger.c.state, ledger.c.reason, ledger.c.at, ledger.c.outbox_id
    )
    .where(ledger.c.alert_id == p("alert"))
    .order_by(ledger.c.id),
    "LEDGER_OF_MATCH": select(ledger).where(ledger.c.match_id == p("match")).order_by(ledger.c.id),
    "LEDGER_COUNTS": select(ledger.c.state, ledger.c.reason, func.count().label("n"))
    .where(ledger.c.at >= p("since"))
    .group_by(ledger.c.state, ledger.c.reason),
    "SUPPRESSED_MATCHES": select(ledger.c.reason, func.count(ledger.c.match_id.distinct()).label("n"))
    .where(ledger.c.state == _const("suppressed"))
    .group_by(ledger.c.reason),
    "LEDGER_ORPHANS": select(matches.c.id)
    .outerjoin(ledger, ledger.c.match_id == matches.c.id)
    .where(ledger.c.id.is_(None)),
    "LEDGER_STRAY": select(ledger.c.id)
    .outerjoin(outbox, outbox.c.id == ledger.c.outbox_id)
    .where(
        or_(
            and_(
                ledger.c.state.in_(_words("waiting", "held", "sent", "dead", "dropped")),
                outbox.c.id.is_(None),
                ledger.c.reason != _const("comparing"),  # is decided once its page was read
            ),
            and_(ledger.c.state == _const("waiting"), outbox.c.state.not_in(UNSENT)),
            and_(ledger.c.state == _const("held"), outbox.c.state != _const("held")),
            and_(ledger.c.state == _const("sent"), outbox.c.state != _const("sent")),
            and_(ledger.c.state == _const("dead"), outbox.c.state != _const("dead")),
            and_(ledger.c.state == _const("dropped"), outbox.c.state != _const("dropped")),
        )
    ),
    "ALERTS_OF_STORY": select(alerts.c.id, alerts.c.rule).where(alerts.c.story_id == p("story")),
    "ALERTS": _alert_view.where(alerts.c.id <= p("top"), alerts.c.created_at >= p("since"))
    .order_by(alerts.c.id.desc())
    .limit(p("count")),
    "ALERT": _alert_view.where(alerts.c.id == p("id")),
    "ALERTS_COUNT": select(func.count()).select_from(alerts).where(alerts.c.created_at >= p("since")),
    # By id, which needs no scan: ids are given in the order of time.
    "LAST_ALERT": select(alerts.c.created_at).order_by(alerts.c.id.desc()).limit(literal_column("1")),
    "MATCH_OF_ALERT": select(matches.c.hits, matches.c.rule_hash, matches.c.strength, matches.c.matched_at)
    .where(matches.c.article_id == p("article"), matches.c.rule == p("rule"))
    .order_by(matches.c.id),
    "BASELINE_MATCHES": select(matches.c.rule, articles.c.title, articles.c.url, feeds.c.name.label("feed"))
    .join(ledger, ledger.c.match_id == matches.c.id)
    .join(articles, articles.c.id == matches.c.article_id)
    .join(feeds, feeds.c.id == matches.c.feed_id)
    .where(ledger.c.reason == _const("baseline"), matches.c.id > p("after"))
    .order_by(articles.c.published.desc(), articles.c.id.desc())
    .limit(p("count")),
    "BASELINE_COUNT": select(func.count())
    .select_from(ledger)
    .where(ledger.c.reason == _const("baseline"), ledger.c.match_id > p("after")),
    # outbox
    "OUTBOX_INSERT": _insert(outbox),
    "OUTBOX": _out.where(outbox.c.id == p("id")),
    "OUTBOX_UNSENT": _out.where(outbox.c.state.in_([*UNSENT, _const("dead")]), _of_users).order_by(
        outbox.c.id
    ),
    "OUTBOX_ALL": _out.where(_of_users).order_by(outbox.c.id.desc()).limit(p("count")),
    "OUTBOX_ALERTS": select(ledger.c.alert_id)
    .where(ledger.c.outbox_id == p("outbox"), ledger.c.alert_id.is_not(None))
    .order_by(ledger.c.alert_id),
    "OUTBOX_COUNTS": select(outbox.c.state, func.count().label("n"))
    .where(_of_users)
    .group_by(outbox.c.state),
    "OUTBOX_ON_ITS_WAY": select(func.count())
    .select_from(outbox)
    .where(outbox.c.state.in_(_words("ready", "retry", "leased")), _of_users),
    "OUTBOX_LEASE": _set(outbox, "state", "attempts", "leased_at").where(outbox.c.id == p("outbox")),
    "OUTBOX_SETTLE": _set(outbox, "state", "reason", "next_attempt_at", "leased_at", "sent_at").where(
        outbox.c.id == p("outbox")
    ),
    "OUTBOX_TRIED": _set(outbox, "maybe_repeat", "plain", "last_error").where(outbox.c.id == p("outbox")),
    "OUTBOX_BURY": update(outbox)
    .values(state=_const("dead"), reason=p("reason"), next_attempt_at=null(), leased_at=null())
    .where(outbox.c.id == p("outbox")),
    "OUTBOX_REVIVE": update(outbox)
    .values(state=_const("ready"), reason=_const(""), next_attempt_at=p("next_attempt_at"))
    .where(outbox.c.id == p("outbox")),
    "OUTBOX_LEASED": _out.where(outbox.c.state == _const("leased")),
    "OUTBOX_RETURN_LEASES": update(outbox)
    .values(state=_const("ready"), leased_at=null(), maybe_repeat=true(), next_attempt_at=p("now"))
    .where(outbox.c.state == _const("leased")),
    "OUTBOX_COMPOSE": _set(outbox, "payload", "severity").where(outbox.c.id == p("outbox")),
    "OUTBOX_CLOCK": _set(outbox, "next_attempt_at", "created_at").where(outbox.c.id == p("outbox")),
    "OUTBOX_UNLEASE": update(outbox)
    .values(state=_const("ready"), leased_at=null())
    .where(outbox.c.state == _const("leased"), outbox.c.channel == p("channel"), outbox.c.id != p("but")),
    "OUTBOX_RETRY_NOW": update(outbox)
    .values(next_attempt_at=p("now"))
    .where(outbox.c.state == _const("retry"), outbox.c.next_attempt_at > p("now")),
    "OUTBOX_OF_CHANNELS": select(outbox.c.id, outbox.c.channel, outbox.c.state, outbox.c.reason).where(
        outbox.c.state.in_(_words("ready", "retry", "held", "dead")), _of_users
    ),
    # The canary's messages that nobody has in hand.
    "CANARY_LEFT": select(outbox.c.id).where(
        outbox.c.state.in_(_words("ready", "retry")), outbox.c.channel == _const(CANARY)
    ),
    "ATTEMPT_INSERT": _insert(attempts),
    "ATTEMPTS_OF": select(attempts).where(attempts.c.outbox_id == p("outbox")).order_by(attempts.c.id),
    # channels, notices, facts
    "CHANNELS": select(channels).order_by(channels.c.name),
    "CHANNEL": select(channels).where(channels.c.name == p("name")),
    "CHANNEL_UPSERT": _upsert(channels, "name"),
    "NOTICE_INSERT": _insert(notices),
    "NOTICE_SINCE": select(notices.c.id).where(
        notices.c.kind == p("kind"), notices.c.subject == p("subject"), notices.c.at >= p("since")
    ),
    "NOTICES_SINCE": select(notices).where(notices.c.at >= p("since")).order_by(notices.c.id),
    "EPISODE_INSERT": _insert(episodes),
    "EPISODE_UPDATE": _set(episodes, "detail", "told_at", "ended_at", "end_told_at").where(
        episodes.c.id == p("episode")
    ),
    "EPISODE_CLOCK": _set(episodes, "since", "told_at").where(episodes.c.id == p("episode")),
    "EPISODES_OPEN": select(episodes).where(episodes.c.ended_at.is_(None)).order_by(episodes.c.id),
    "EPISODES_OF": select(episodes).where(episodes.c.feed_id == p("feed")).order_by(episodes.c.since.desc()),
    "EPISODES_OPEN_OF": select(episodes).where(
        episodes.c.feed_id == p("feed"), episodes.c.ended_at.is_(None)
    ),
    "EPISODES_TO_TELL": select(episodes)
    .where(
        or_(
            and_(episodes.c.ended_at.is_(None), episodes.c.told_at.is_(None)),
            and_(episodes.c.ended_at.is_not(None), episodes.c.end_told_at.is_(None)),
        )
    )
    .order_by(episodes.c.id),
    "HOST_PAUSE_UPSERT": _upsert(host_pauses, "host"),
    "HOST_PAUSES": select(host_pauses).order_by(host_pauses.c.host),
    "GAP_INSERT": _insert(gaps),
    "GAPS_OF": select(gaps).where(gaps.c.feed_id == p("feed")).order_by(gaps.c.until.desc()),
    "GAPS_SINCE": select(gaps, feeds.c.name.label("feed"))
    .join(feeds, feeds.c.id == gaps.c.feed_id)
    .where(gaps.c.until >= p("since"))
    .order_by(gaps.c.until.desc()),
    **figure_rows.STATEMENTS,
    **held_rows.STATEMENTS,
    **queue_rows.STATEMENTS,
    **old_rows.STATEMENTS,
    **page_rows.STATEMENTS,
    **story_rows.STATEMENTS,
    **seen_rows.STATEMENTS,
    **told_rows.STATEMENTS,
    "FACT": select(facts.c.value, facts.c.at).where(facts.c.name == p("name")),
    "FACT_UPSERT": _upsert(facts, "name"),
    "FACT_DELETE": delete(facts).where(facts.c.name == p("name")),
}

_HEADER = '''"""
The statements of `statements.py`, compiled to SQL text. Written by `make sql`; do not edit by hand.
"""

# ruff: noqa: D200, E501 - generated: one statement a line, however long
# fmt: off

'''


def compiled(statement: ClauseElement) -> str:
    """The statement's SQL text on one line, with named parameters."""
    dialect = sqlite.dialect(paramstyle="named")
    # SQLite's dialect adds an OFFSET parameter to every parameterised LIMIT; none of ours has an offset.
    return " ".join(str(statement.compile(dialect=dialect)).split()).replace(" OFFSET :param_1", "")


def main() -> None:
    """Write the module `sql.py` to standard output."""
    lines = [f"{name} = {json.dumps(compiled(s))}" for name, s in STATEMENTS.items()]
    sys.stdout.write(_HEADER + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
