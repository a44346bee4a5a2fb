"""The statements of what grows old: which rows may go, and how each goes. Part of `statements.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, or_, select, tuple_

from monitor.store.core import (
    UNSENT,
    alerts,
    articles,
    attempts,
    episodes,
    feeds,
    gaps,
    host_pauses,
    ledger,
    matches,
    notices,
    outbox,
    p,
    pages,
    rules,
    sightings,
    stories,
    story_joins,
    words,
)

if TYPE_CHECKING:
    from sqlalchemy import Table
    from sqlalchemy.sql.expression import ClauseElement

_story: Any = p("story")
_articles_of_story = select(articles.c.id).where(articles.c.story_id == _story)
_matches_of_story = select(matches.c.id).where(matches.c.article_id.in_(_articles_of_story))
_outbox_of_story = select(outbox.c.id).where(outbox.c.story_id == _story)
# What goes with a story, in an order in which nothing is left that refers to what is gone.
_OF_STORY: dict[Table, Any] = {
    attempts: attempts.c.outbox_id.in_(_outbox_of_story),
    ledger: ledger.c.match_id.in_(_matches_of_story),
    outbox: outbox.c.story_id == _story,
    alerts: alerts.c.story_id == _story,
    matches: matches.c.article_id.in_(_articles_of_story),
    pages: pages.c.article_id.in_(_articles_of_story),
    story_joins: or_(story_joins.c.article_id.in_(_articles_of_story), story_joins.c.story_id == _story),
    articles: articles.c.story_id == _story,
    stories: stories.c.id == _story,
}
_SETTLED = words("sent", "dead", "dropped")

STATEMENTS: dict[str, ClauseElement] = {
    "ROW_COUNTS": select(
        *(
            select(func.count()).select_from(table).scalar_subquery().label(table.name)
            for table in (
                feeds,
                articles,
                sightings,
                matches,
                alerts,
                ledger,
                outbox,
                attempts,
                notices,
                gaps,
                episodes,
            )
        )
    ),
    "OLD_ARTICLES_COUNT": select(func.count())
    .select_from(articles)
    .where(articles.c.fetched_at < p("before")),
    "OLD_STORIES": select(articles.c.id, articles.c.fetched_at, articles.c.story_id)
    .where(
        articles.c.fetched_at < p("before"),
        tuple_(articles.c.fetched_at, articles.c.id) > tuple_(p("after_time"), p("after_id")),
    )
    .order_by(articles.c.fetched_at, articles.c.id)
    .limit(p("count")),
    "STORY_YOUNG": select(articles.c.id).where(
        articles.c.story_id == p("story"), articles.c.fetched_at >= p("before")
    ),
    "STORY_SIGHTINGS": select(sightings.c.last_seen_at, feeds.c.document_at, feeds.c.retired_at)
    .join(articles, articles.c.id == sightings.c.article_id)
    .join(feeds, feeds.c.id == sightings.c.feed_id)
    .where(articles.c.story_id == p("story")),
    "STORY_UNSENT": select(outbox.c.id).where(outbox.c.story_id == p("story"), outbox.c.state.in_(UNSENT)),
    "STORY_WAITING": select(ledger.c.id).where(
        ledger.c.match_id.in_(_matches_of_story), ledger.c.state.in_(words("waiting", "held"))
    ),
    **{f"STORY_DROP_{table.name.upper()}": delete(table).where(of) for table, of in _OF_STORY.items()},
    # Notices and other messages without a story; those that a ledger row still tells of stay with it.
    "LOOSE_OUTBOX": select(outbox.c.id)
    .where(
        outbox.c.story_id.is_(None),
        outbox.c.state.in_(_SETTLED),
        outbox.c.created_at < p("before"),
        ~select(ledger.c.id).where(ledger.c.outbox_id == outbox.c.id).exists(),
    )
    .limit(p("count")),
    "OUTBOX_DROP_ATTEMPTS": delete(attempts).where(attempts.c.outbox_id == p("outbox")),
    "OUTBOX_DROP": delete(outbox).where(outbox.c.id == p("outbox")),
    "OLD_NOTICES": select(notices.c.id)
    .where(notices.c.at < p("before"))
    .order_by(notices.c.id)
    .limit(p("count")),
    "NOTICE_DROP": delete(notices).where(notices.c.id == p("notice")),
    "OLD_GAPS": select(gaps.c.id).where(gaps.c.until < p("before")).limit(p("count")),
    "GAP_DROP": delete(gaps).where(gaps.c.id == p("gap")),
    # A trouble that is still open is never old.
    "OLD_EPISODES": select(episodes.c.id).where(episodes.c.ended_at < p("before")).limit(p("count")),
    "EPISODE_DROP": delete(episodes).where(episodes.c.id == p("episode")),
    "OLD_HOST_PAUSES": delete(host_pauses).where(host_pauses.c.until < p("before")),
    "OLD_RULES": select(rules.c.name).where(rules.c.retired_at < p("before")),
    "RULE_DROP": delete(rules).where(rules.c.name == p("rule_name")),
    "MARKS_AFTER": select(
        sightings.c.feed_id,
        sightings.c.article_id,
        sightings.c.last_seen_at,
        feeds.c.document_at,
        feeds.c.retired_at,
    )
    .join(feeds, feeds.c.id == sightings.c.feed_id)
    .where(tuple_(sightings.c.feed_id, sightings.c.article_id) > tuple_(p("after_feed"), p("after_article")))
    .order_by(sightings.c.feed_id, sightings.c.article_id)
    .limit(p("count")),
    "MARK_DROP": delete(sightings).where(
        sightings.c.feed_id == p("feed"), sightings.c.article_id == p("article")
    ),
    "OLD_FEEDS": select(feeds.c.id)
    .where(
        feeds.c.retired_at < p("before"),
        ~select(sightings.c.feed_id).where(sightings.c.feed_id == feeds.c.id).exists(),
        ~select(articles.c.id).where(articles.c.feed_id == feeds.c.id).exists(),
        ~select(matches.c.id).where(matches.c.feed_id == feeds.c.id).exists(),
    )
    .limit(p("count")),
    "FEED_DROP_PAGES": delete(pages).where(pages.c.feed_id == p("feed_id")),
    "FEED_DROP_GAPS": delete(gaps).where(gaps.c.feed_id == p("feed_id")),
    "FEED_DROP_EPISODES": delete(episodes).where(episodes.c.feed_id == p("feed_id")),
    "FEED_DROP": delete(feeds).where(feeds.c.id == p("feed_id")),
}
