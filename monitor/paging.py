"""
What happens inside the transaction of one page: its text is stored, what matches on it is recorded.

Runs in the writer's thread. The page itself, and what it matches, are values by then (`service.pagereader`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.alerts.decide import Sighted
from monitor.documents import read_spans, write_spans
from monitor.model import Article, Marks
from monitor.ringing import Meeting, Rung, record_matches
from monitor.store import sql

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from monitor.model import RuleMatch
    from monitor.plan import Plan
    from monitor.store.tx import Tx


@dataclass(frozen=True, slots=True)
class PageRead:
    """What came of one page: its text, or `why` there is none."""

    article_id: int
    feed_id: int
    text: str = ""
    unconfirmed: tuple[tuple[int, int], ...] = ()
    why: str = ""
    published: datetime | None = None
    language: str | None = None
    live: bool = False
    matches: tuple[RuleMatch, ...] = ()


def record_page(tx: Tx, read: PageRead, plan: Plan, now: datetime) -> Rung:
    """Store what was read, and record the matches that are new."""
    row = tx.row(sql.ARTICLE, id=read.article_id)
    name = tx.row(sql.FEED, id=read.feed_id)
    if row is None or name is None:
        return Rung()
    if not read.text:
        tx.run(sql.ARTICLE_PAGE_WHY, article=read.article_id, why=read.why)
        return Rung()
    spans = write_spans(read_spans(row["unconfirmed"])[0], read.unconfirmed)
    tx.run(sql.ARTICLE_PAGE, article=read.article_id, page=read.text, unconfirmed=spans, page_why="")
    feed = plan.feeds.get(name["name"])
    new = [m for m in read.matches if not _has_match(tx, read, m.rule)]
    if feed is None or not new:
        return Rung()
    met = Meeting(read.article_id, read.feed_id, _article(row, read, now), Sighted.NEW, now)
    return record_matches(tx, new, met, plan, feed)


def decide_held(tx: Tx, plan: Plan, now: datetime) -> Rung:  # noqa: ARG001 - nothing is held yet
    """Decide what was held until now for a page that has not come."""
    return Rung()


def _has_match(tx: Tx, read: PageRead, rule: str) -> bool:
    return tx.row(sql.MATCH_EXISTS, article=read.article_id, feed=read.feed_id, rule=rule) is not None


def _article(row: sqlite3.Row, read: PageRead, now: datetime) -> Article:
    return Article(
        feed=row["feed"],
        title=row["title"],
        summary=row["summary"],
        body=read.text,
        url=row["url"],
        published=read.published,
        updated=None,
        fetched=now,
        language=row["language"],
        authors=(),
        categories=(),
        source=row["source"],
        marks=Marks(None, None, 0, 0, 0),
    )
