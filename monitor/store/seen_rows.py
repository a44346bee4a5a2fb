"""
What verbs show of stories and pages: who tells a story, what became of it, what waits. Part of `statements`.

Nothing here is asked by a poll.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, literal_column, select

from monitor.store.core import (
    articles,
    const,
    feeds,
    ledger,
    matches,
    outbox,
    p,
    pages,
    sightings,
    story_joins,
)

if TYPE_CHECKING:
    from sqlalchemy.sql.expression import ClauseElement

# Stories of which articles of several sources were fetched since; whether these are several outlets is not
# for SQL to say.
_shared: Any = (
    select(articles.c.story_id)
    .where(articles.c.fetched_at >= p("since"))
    .group_by(
        articles.c.story_id + literal_column("0")
    )  # else SQLite goes through all stories, by their index
    .having(func.count(articles.c.source.distinct()) > literal_column("1"))
)
_done = pages.c.done_at >= p("since")

STATEMENTS: dict[str, ClauseElement] = {
    "REPORTS_OF_STORY": select(
        articles,
        feeds.c.name.label("feed"),
        story_joins.c.relation,
        story_joins.c.level,
        story_joins.c.score,
        story_joins.c.of_article_id,
        story_joins.c.reason,
        story_joins.c.at,
    )
    .join(feeds, feeds.c.id == articles.c.feed_id)
    .outerjoin(
        story_joins,
        and_(story_joins.c.article_id == articles.c.id, story_joins.c.story_id == articles.c.story_id),
    )
    .where(articles.c.story_id == p("story"))
    .order_by(articles.c.fetched_at, articles.c.id),
    "RELATED_TO_STORY": select(
        story_joins,
        articles.c.title,
        articles.c.url,
        articles.c.source,
        articles.c.fetched_at,
        articles.c.published,
        articles.c.story_id.label("own_story"),
        feeds.c.name.label("feed"),
    )
    .join(articles, articles.c.id == story_joins.c.article_id)
    .join(feeds, feeds.c.id == articles.c.feed_id)
    .where(story_joins.c.story_id == p("story"), articles.c.story_id != p("story"))
    .order_by(articles.c.fetched_at, articles.c.id),
    "FEEDS_OF_STORY": select(feeds.c.name, sightings.c.article_id)
    .join(sightings, sightings.c.feed_id == feeds.c.id)
    .join(articles, articles.c.id == sightings.c.article_id)
    .where(articles.c.story_id == p("story"))
    .order_by(sightings.c.first_seen_at, feeds.c.id),
    "SOURCES_OF_STORY": select(articles.c.source, func.count().label("n"))
    .where(articles.c.story_id == p("story"))
    .group_by(articles.c.source)
    .order_by(func.min(articles.c.id)),
    "LEDGER_OF_STORY": select(
        ledger.c.channel,
        ledger.c.state,
        ledger.c.reason,
        ledger.c.at,
        ledger.c.outbox_id,
        ledger.c.alert_id,
        matches.c.article_id,
        matches.c.rule,
        feeds.c.name.label("feed"),
    )
    .join(matches, matches.c.id == ledger.c.match_id)
    .join(articles, articles.c.id == matches.c.article_id)
    .join(feeds, feeds.c.id == matches.c.feed_id)
    .where(articles.c.story_id == p("story"))
    .order_by(ledger.c.id),
    "MESSAGES_OF_STORY": select(
        outbox.c.id,
        outbox.c.channel,
        outbox.c.state,
        outbox.c.reason,
        outbox.c.payload,
        func.coalesce(outbox.c.sent_at, outbox.c.created_at).label("at"),
    )
    .where(outbox.c.story_id == p("story"), outbox.c.kind == const("alert"))
    .order_by(outbox.c.id),
    "STORIES_SHARED": select(articles.c.story_id, articles.c.source)
    .where(articles.c.story_id.in_(_shared), articles.c.fetched_at >= p("since"))
    .group_by(articles.c.story_id, articles.c.source),
    "PAGES_OF_ARTICLE": select(pages, feeds.c.name.label("feed"))
    .join(feeds, feeds.c.id == pages.c.feed_id)
    .where(pages.c.article_id == p("article")),
    "PAGES_MISSED_COUNTS": select(feeds.c.name, func.count().label("n"))
    .join(pages, pages.c.feed_id == feeds.c.id)
    .join(articles, articles.c.id == pages.c.article_id)
    .where(_done, pages.c.purpose == const("match"), articles.c.page == const(""))
    .group_by(feeds.c.name),
}
