"""The statements of stories: who tells the same, and where texts are found again. Part of `statements`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, delete, false, func, literal_column, null, or_, select, text, update
from sqlalchemy.dialects.sqlite import insert as upsert

from monitor.store.core import (
    UNSENT,
    alerts,
    articles,
    const,
    feeds,
    ledger,
    matches,
    outbox,
    p,
    pages,
    shingles,
    stories,
    story_joins,
    words,
)

if TYPE_CHECKING:
    from sqlalchemy.sql.expression import ClauseElement

_join = upsert(story_joins).values({c.name: p(c.name) for c in story_joins.columns})
_member = select(
    articles.c.id,
    articles.c.story_id,
    articles.c.title,
    articles.c.summary,
    articles.c.body,
    articles.c.page,
    articles.c.url,
    articles.c.source,
    articles.c.language,
    articles.c.fetched_at,
    feeds.c.name.label("feed"),
).join(feeds, feeds.c.id == articles.c.feed_id)
_one: Any = literal_column("1")
_story: Any = p("story")
_out = [*UNSENT, const("sent")]
_is = ledger.c.match_id == matches.c.id
_own = func.max(matches.c.article_id == p("article")).label("own")
_strong = func.max(matches.c.strength == const("strong")).label("strong")
_when = func.coalesce(outbox.c.sent_at, outbox.c.created_at).label("at")

STATEMENTS: dict[str, ClauseElement] = {
    # where texts are found again
    "SHINGLES_FIND": text(
        "SELECT shingles.h, shingles.article_id FROM json_each(:hashes) AS hashes"
        " CROSS JOIN shingles ON shingles.h = hashes.value AND shingles.day BETWEEN :first AND :last"
    ),
    # What so many have that it says nothing: counted, so that hundreds of rows each are not read for it.
    "SHINGLES_CROWDED": text(
        "SELECT hashes.value FROM json_each(:hashes) AS hashes WHERE (SELECT count(*) FROM (SELECT 1"
        " FROM shingles WHERE h = hashes.value AND day BETWEEN :first AND :last LIMIT :most)) >= :most"
    ),
    "SHINGLES_OF": text(
        "SELECT shingles.h FROM json_each(:hashes) AS hashes"
        " CROSS JOIN shingles ON shingles.h = hashes.value AND shingles.article_id = :article"
    ),
    "SHINGLE_INSERT": upsert(shingles)
    .values({c.name: p(c.name) for c in shingles.columns})
    .on_conflict_do_nothing(),
    "SHINGLES_EXPIRE": delete(shingles).where(
        shingles.c.h.between(p("first"), p("last")), shingles.c.day < p("day")
    ),
    # who belongs to a story
    "STORIES_OF": text(
        "SELECT DISTINCT story_id FROM articles WHERE id IN (SELECT value FROM json_each(:ids))"
    ),
    "ARTICLES_IN_STORY": text(
        "SELECT id FROM articles WHERE id IN (SELECT value FROM json_each(:ids)) AND story_id = :story"
    ),
    "STORY_MEMBERS": _member.where(articles.c.story_id == _story)
    .order_by(articles.c.id.desc())
    .limit(p("count")),
    # Which rules held for each of them.
    "STORY_RULES": select(matches.c.article_id, matches.c.rule)
    .join(articles, articles.c.id == matches.c.article_id)
    .where(articles.c.story_id == _story),
    "STORY_MEMBER": _member.where(articles.c.id == p("article")),
    # The first that rang: what a story is measured by.
    "STORY_HEAD": select(alerts.c.article_id)
    .where(alerts.c.story_id == _story)
    .order_by(alerts.c.id)
    .limit(_one),
    "STORY_JOIN_UPSERT": _join.on_conflict_do_update(
        index_elements=["article_id"],
        set_={c.name: _join.excluded[c.name] for c in story_joins.columns if c.name != "article_id"},
    ),
    "STORY_JOIN_DROP": delete(story_joins).where(story_joins.c.article_id == p("article")),
    "STORY_JOIN": select(story_joins).where(story_joins.c.article_id == p("article")),
    "ARTICLE_STORY": update(articles).values(story_id=_story).where(articles.c.id == p("article")),
    # A story that nothing belongs to any more, its only article having joined another.
    "STORY_DROP_EMPTY": delete(stories).where(
        stories.c.id == _story,
        ~select(articles.c.id).where(articles.c.story_id == stories.c.id).exists(),
        ~select(alerts.c.id).where(alerts.c.story_id == stories.c.id).exists(),
        ~select(outbox.c.id).where(outbox.c.story_id == stories.c.id).exists(),
        ~select(story_joins.c.article_id).where(story_joins.c.story_id == stories.c.id).exists(),
    ),
    "STORY_IN_USE": select(alerts.c.id).where(alerts.c.story_id == _story).limit(_one),
    # What was told of a story, and of this very article: a digest tells of many, which only its alerts know.
    "TOLD": select(
        outbox.c.id, outbox.c.channel, outbox.c.severity, outbox.c.state, outbox.c.kind, _when, _own, _strong
    )
    .join(ledger, ledger.c.outbox_id == outbox.c.id)
    .join(matches, _is)
    .where(outbox.c.story_id == _story, outbox.c.state.in_(_out))
    .group_by(outbox.c.id)
    .union_all(
        select(
            outbox.c.id,
            outbox.c.channel,
            alerts.c.severity,
            outbox.c.state,
            outbox.c.kind,
            _when,
            _own,
            _strong,
        )
        .join(ledger, ledger.c.outbox_id == outbox.c.id)
        .join(alerts, alerts.c.id == ledger.c.alert_id)
        .join(matches, _is)
        .where(
            alerts.c.story_id == _story,
            outbox.c.kind.in_(words("digest", "confidential")),
            outbox.c.state.in_(_out),
        )
        .group_by(outbox.c.id, alerts.c.id)
    ),
    # What a story's messages said.
    "STORY_TOLD": select(outbox.c.payload)
    .where(outbox.c.story_id == _story, outbox.c.kind == const("alert"), outbox.c.state.in_(_out))
    .order_by(outbox.c.id.desc())
    .limit(p("count")),
    # The youngest alerts, to tell whether a new one looks like any of them.
    "ALERT_TITLES": select(articles.c.id, articles.c.title, articles.c.source).where(
        articles.c.id.in_(
            select(alerts.c.article_id)
            .where(alerts.c.created_at >= p("since"))
            .order_by(alerts.c.id.desc())
            .limit(p("count"))
        )
    ),
    # A notification of a story that nobody can have: not begun to send, or tried in vain for certain.
    "OUTBOX_PENDING": select(outbox.c.id, outbox.c.payload)
    .where(
        outbox.c.story_id == _story,
        outbox.c.channel == p("channel"),
        outbox.c.kind == const("alert"),
        or_(
            and_(outbox.c.state == const("ready"), outbox.c.attempts == literal_column("0")),
            and_(outbox.c.state == const("retry"), outbox.c.maybe_repeat.is_(false())),
        ),
    )
    .order_by(outbox.c.id.desc())
    .limit(_one),
    "OUTBOX_HURRY": update(outbox)
    .values(next_attempt_at=func.min(outbox.c.next_attempt_at, p("until")))
    .where(outbox.c.id == p("outbox")),
    # matches that wait for a page, and what becomes of a match a second time
    "MATCHES_HELD": select(matches)
    .join(ledger, _is)
    .where(
        matches.c.article_id == p("article"),
        matches.c.feed_id == p("feed"),
        ledger.c.reason == const("comparing"),
    )
    .order_by(matches.c.id),
    "MATCH_OF": select(matches.c.id, matches.c.strength).where(
        matches.c.article_id == p("article"), matches.c.feed_id == p("feed"), matches.c.rule == p("rule")
    ),
    "MATCH_AGAIN": update(matches)
    .values({n: p(n) for n in ("rule_hash", "strength", "matched_at", "hits")})
    .where(matches.c.id == p("match_id")),
    "LEDGER_DROP_HELD": delete(ledger).where(
        ledger.c.match_id == p("match_id"), ledger.c.reason == const("comparing")
    ),
    "LEDGER_AT": select(ledger.c.id).where(
        ledger.c.match_id == p("match_id"), ledger.c.channel == p("channel")
    ),
    "LEDGER_AGAIN": update(ledger)
    .values({n: p(n) for n in ("alert_id", "outbox_id", "state", "reason", "at", "silence_id")})
    .where(ledger.c.id == p("ledger_id")),
    # the page of an article
    "ARTICLE_PAGE": update(articles)
    .values({n: p(n) for n in ("page", "unconfirmed", "page_why", "language", "published")})
    .where(articles.c.id == p("article_id")),
    "PAGES_HELD": select(pages)
    .where(pages.c.hold_until.is_not(None))
    .order_by(pages.c.created_at, pages.c.article_id),
    "PAGE_UNHOLD": update(pages)
    .values(hold_until=null())
    .where(pages.c.article_id == p("article"), pages.c.feed_id == p("feed")),
    # What others wait for goes first.
    "PAGE_HURRY": update(pages)
    .values(priority=p("priority"), next_attempt_at=func.min(pages.c.next_attempt_at, p("now")))
    .where(
        pages.c.article_id == p("article"), pages.c.done_at.is_(None), pages.c.attempts == literal_column("0")
    ),
    "PAGE_PENDING": select(pages.c.article_id).where(
        pages.c.article_id == p("article"), pages.c.done_at.is_(None)
    ),
}
