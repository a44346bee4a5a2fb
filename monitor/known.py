"""
What is stored of an item that a feed shows: looked up by its marks, in this feed and in others.

Asked outside the transaction of a poll, to sort out what is exactly as it was, and again inside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from monitor.articles.identity import Known, choose
from monitor.store import sql
from monitor.store.rows import from_db

if TYPE_CHECKING:
    import sqlite3
    from typing import Any

    from monitor.model import Article


class _Rows(Protocol):
    """What both a transaction and a reader can do."""

    def rows(self, statement: str, **params: Any) -> list[sqlite3.Row]: ...


def known_item(
    source: _Rows, feed_id: int, feed: str, article: Article, *, only_elsewhere: bool = False
) -> Known | None:
    """
    What is stored of this very item, if anything: in this feed or, by its link, in another.

    `only_elsewhere` says that in this feed there is nothing to be found.
    """
    marks = article.marks
    found = []
    if marks.guid is not None and not only_elsewhere:
        found += source.rows(sql.SIGHTINGS_BY_GUID, feed=feed_id, guid=marks.guid)
    if marks.link is not None:
        found += source.rows(sql.SIGHTINGS_BY_LINK, link=marks.link)
    if not found and not only_elsewhere:
        # Nothing that names this item is known. If nothing named it before, the whole of it can: else an
        # item without guid and link would be new at every poll, and once more when it is given one.
        found += source.rows(sql.SIGHTING_BY_CONTENT, feed=feed_id, content=marks.content)
    if not found:
        return None
    candidates = [_known(row, feed_id, feed) for row in found]
    chosen = choose(candidates, marks, article.dated, feed)
    here = {k.article_id for k in candidates if k.feed == feed}
    if chosen is not None and chosen.feed != feed and chosen.article_id in here:
        return None  # this feed showed that article as another item, and says that this one is new
    return chosen


def _known(row: sqlite3.Row, feed_id: int, feed: str) -> Known:
    return Known(
        article_id=row["article_id"],
        feed=feed if row["feed_id"] == feed_id else "",
        guid=row["guid"],
        link=row["link"],
        title=row["title"],
        published=from_db(row["published"]),
        text=row["text"],
        last_seen_at=from_db(row["last_seen_at"]),
    )


def exactly_known(known: Known, article: Article) -> bool:
    """Whether nothing remembered of the item has changed; a mark that is missing now changes nothing."""
    marks = article.marks
    return (
        marks.guid in (None, known.guid)
        and marks.link in (None, known.link)
        and (known.title, known.text, known.published) == (marks.title, marks.text, article.dated)
    )
