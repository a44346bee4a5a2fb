"""What `explain` asks beside a match: what was told before, what waits with it, where else it may be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from monitor.store.core import articles, const, feeds, ledger, matches, outbox, p

if TYPE_CHECKING:
    from sqlalchemy.sql.expression import ClauseElement

STATEMENTS: dict[str, ClauseElement] = {
    # What was put on a channel of a story before a row of the ledger, the latest first.
    "TOLD_BEFORE": select(
        matches.c.article_id,
        matches.c.rule,
        articles.c.title,
        feeds.c.name.label("feed"),
        ledger.c.state,
        ledger.c.at,
        ledger.c.outbox_id,
    )
    .join(matches, matches.c.id == ledger.c.match_id)
    .join(articles, articles.c.id == matches.c.article_id)
    .join(feeds, feeds.c.id == matches.c.feed_id)
    .where(
        articles.c.story_id == p("story"),
        ledger.c.channel == p("channel"),
        ledger.c.id < p("before"),
        ledger.c.outbox_id.is_not(None),
    )
    .order_by(ledger.c.id.desc()),
    "STORIES_WAITING": select(func.count(articles.c.story_id.distinct()).label("n"))
    .join(matches, matches.c.article_id == articles.c.id)
    .join(ledger, ledger.c.match_id == matches.c.id)
    .where(ledger.c.outbox_id == p("outbox")),
    # By the end of its address, which stays where a site moves its articles; reads the index of addresses.
    "ARTICLES_LIKE": select(articles.c.id, articles.c.url)
    .where(articles.c.url.like(p("like"), escape="!"))
    .order_by(articles.c.id.desc())
    .limit(p("count")),
    # By the address that a message gave, which its feed may have changed since; reads all messages.
    "ARTICLES_TOLD_AT": select(matches.c.article_id)
    .join(ledger, ledger.c.match_id == matches.c.id)
    .join(outbox, outbox.c.id == ledger.c.outbox_id)
    .where(outbox.c.kind == const("alert"), outbox.c.payload.like(p("like"), escape="!"))
    .distinct(),
}
