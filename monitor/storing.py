"""Articles and how a feed showed them, as rows: stored, replaced by an edited form, remembered as seen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.articles.summary import WHOLE_CHARS
from monitor.documents import read_spans, write_spans
from monitor.model import Strength
from monitor.store import sql
from monitor.store.rows import from_db, to_db, to_json
from monitor.stories.versions import Version

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from monitor.model import Article, RuleMatch
    from monitor.store.tx import Tx


class Storing:
    """Writes what one feed shows at one moment, and tells what is there already."""

    def __init__(self, tx: Tx, feed_id: int, now: datetime) -> None:
        self._tx = tx
        self._feed_id = feed_id
        self._at = to_db(now)

    def is_stored(self, article_id: int) -> bool:
        """Whether the article of a seen mark is still there: marks outlive articles."""
        return self._tx.row(sql.STORY_OF, article=article_id) is not None

    def has_match(self, article_id: int, match: RuleMatch) -> bool:
        """Whether the rule held for the article before, as surely as now."""
        row = self._tx.row(sql.MATCH_OF, article=article_id, feed=self._feed_id, rule=match.rule)
        return row is not None and not (
            row["strength"] == Strength.WEAK.value and match.strength is Strength.STRONG
        )

    def forms(self, article_id: int, shown: Article) -> tuple[Version, ...]:
        """What is stored of an article that another feed showed, if this one says something else."""
        row = self._tx.row(sql.ARTICLE, id=article_id)
        assert row is not None
        if (row["title"], row["summary"], row["body"]) == (shown.title, shown.summary, shown.body):
            return ()
        # Of two feeds one may have room for less: no more is judged than it had room for.
        return tuple(
            replace(one, full=one.text == row["page"] or len(one.text) >= WHOLE_CHARS)
            for one in _versions(row)
        )

    def insert(self, article: Article, article_id: int) -> int:
        """Store an article as the first of a new story; returns the story's id."""
        story_id = self._tx.next_id("stories")
        self._tx.run(sql.STORY_INSERT, id=story_id, created_at=self._at)
        self._tx.run(
            sql.ARTICLE_INSERT,
            id=article_id,
            story_id=story_id,
            feed_id=self._feed_id,
            url=article.url,
            title=article.title,
            summary=article.summary,
            body=article.body,
            language=article.language,
            source=article.source,
            authors=to_json(article.authors),
            categories=to_json(article.categories),
            published=to_db(article.published),
            updated=to_db(article.updated),
            fetched_at=to_db(article.fetched),
            page="",
            unconfirmed=write_spans(article.doubtful, article.unconfirmed),
            page_why="",
        )
        return story_id

    def edit(self, article_id: int, article: Article) -> tuple[Version, ...]:
        """Store an edited item's new form; returns the forms it had: what the feed gave, and its page."""
        row = self._tx.row(sql.ARTICLE, id=article_id)
        assert row is not None
        body = read_spans(row["unconfirmed"])[1] if row["page"] else article.unconfirmed
        self._tx.run(
            sql.ARTICLE_UPDATE,
            article_id=article_id,
            title=article.title,
            summary=article.summary,
            body=article.body,
            url=article.url,
            published=to_db(article.published),
            updated=to_db(article.updated),
            unconfirmed=write_spans(article.doubtful, body),
        )
        return _versions(row)

    def mark_seen(self, article: Article, article_id: int, *, baseline: bool) -> None:
        """Remember that the feed showed an item, for the first time."""
        self._tx.run(
            sql.SIGHTING_INSERT,
            feed_id=self._feed_id,
            article_id=article_id,
            baseline=baseline,
            first_seen_at=self._at,
            **self._seen(article),
        )

    def remember(self, article: Article, article_id: int) -> None:
        """Remember how the feed shows an item now."""
        self._tx.run(sql.SIGHTING_UPDATE, feed=self._feed_id, article=article_id, **self._seen(article))

    def _seen(self, article: Article) -> dict[str, object]:
        """What is remembered of an item as this feed shows it."""
        marks = article.marks
        return {
            "guid": marks.guid,
            "link": marks.link,
            "title": marks.title,
            "content": marks.content,
            "text": marks.text,
            "published": to_db(article.dated),
            "last_seen_at": self._at,
        }


def _versions(row: sqlite3.Row) -> tuple[Version, ...]:
    """What is stored of an article: what its feed gave, and its page where that was read."""
    at = from_db(row["fetched_at"])
    assert at is not None
    texts = [row["body"] or row["summary"], *([row["page"]] if row["page"] else [])]
    return tuple(Version(row["title"], text, at) for text in texts)
