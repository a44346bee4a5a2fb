"""The statements of articles and of how each feed showed them. Part of `statements`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, literal_column, or_, select, update

from monitor.store.core import (
    aliases,
    articles,
    feeds,
    inserting,
    p,
    setting,
    sightings,
    stories,
)

if TYPE_CHECKING:
    from sqlalchemy.sql.expression import ClauseElement

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
STATEMENTS: dict[str, ClauseElement] = {
    "STORY_INSERT": inserting(stories),
    "ARTICLE_INSERT": inserting(articles),
    "ARTICLE_UPDATE": setting(
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
    "SIGHTING_INSERT": inserting(sightings),
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
    "SIGHTING_SEEN": setting(sightings, "last_seen_at").where(
        sightings.c.feed_id == p("feed"), sightings.c.article_id == p("article")
    ),
    "SIGHTINGS_SEEN_UNTIL": setting(sightings, "last_seen_at").where(
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
}
