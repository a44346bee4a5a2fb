"""
What happens inside the transaction once a page was read, or given up: keep its text, decide, write.

The feed's words were judged when its item came. Rules that hold on the page alone ring now; an alert that
waited to be compared is decided; and later copies are compared with the whole text.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from monitor.alerts.decide import Sighted
from monitor.documents import read_spans, write_spans
from monitor.grouping import Aim, place
from monitor.meeting import Meeting, Rung
from monitor.model import Article, Marks, Strength
from monitor.ringing import record_matches, ring_held
from monitor.settings import FeedConfig, Secret
from monitor.store import sql
from monitor.store.rows import from_db, to_db

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from monitor.model import RuleMatch
    from monitor.plan import Plan
    from monitor.store.tx import Tx

_NO_MARKS = Marks(guid=None, link=None, content=0, text=0, title=0)


@dataclass(frozen=True, slots=True)
class PageRead:
    """
    A page that was read for an article as one feed shows it.

    `text` is what is kept of it, `unconfirmed` spans of that; or `why` says why there is none. `matches` are
    the rules that hold on the article with this text. `published` and `language` are as the page states them.
    """

    article_id: int
    feed_id: int
    text: str = ""
    unconfirmed: tuple[tuple[int, int], ...] = ()
    why: str = ""
    published: datetime | None = None
    language: str | None = None
    matches: tuple[RuleMatch, ...] = ()


def record_page(tx: Tx, read: PageRead, plan: Plan, now: datetime) -> Rung:
    """
    Keep a page's text, let rules ring that hold on it alone, and decide what waited for it.

    What rang on the teaser is never taken back. Nothing rings for a feed that was removed meanwhile.
    """
    row = tx.row(sql.ARTICLE, id=read.article_id)
    if row is None:
        return Rung()
    if read.text or read.why:
        row = _keep(tx, row, read)
    feed, name = _feed_of(tx, read.feed_id, plan)
    if feed is None:
        return Rung()
    rung = Rung()
    met = _meeting(tx, row, read.feed_id, name, now)
    held = {found["rule"] for found in tx.rows(sql.MATCHES_HELD, article=row["id"], feed=read.feed_id)}
    fresh = [m for m in read.matches if m.rule in held or _is_news(tx, m, read)]
    if held:  # one message for all; they may still wait for the page of what they look like
        rung += ring_held(tx, replace(met, may_wait=_holds(tx, read, now), page_read=True), plan, feed, fresh)
    elif fresh:
        rung += record_matches(tx, fresh, met, plan, feed)
    elif read.text and plan.config.story_window and tx.rows(sql.MATCHES_OF_ARTICLE, article=row["id"]):
        place(tx, row["id"], row["story_id"], (), Aim(judged=False), now=now)
    return rung + decide_held(tx, plan, now)


def decide_held(tx: Tx, plan: Plan, now: datetime) -> Rung:
    """
    Decide on the alerts that waited long enough, or whose pages, theirs and those they look like, were read.

    An alert waits thirty seconds at most (`pages.hold_until`).
    """
    rung = Rung()
    for page in tx.rows(sql.PAGES_HELD):
        until = from_db(page["hold_until"])
        article, feed_id = page["article_id"], page["feed_id"]
        over = until is None or until <= now
        if page["done_at"] is None and not over:
            continue
        row, known = tx.row(sql.ARTICLE, id=article), tx.row(sql.FEED, id=feed_id)
        if row is None or known is None:
            tx.run(sql.PAGE_UNHOLD, article=article, feed=feed_id)
            continue
        name = known["name"]  # whatever became of the feed since: it rang before that, as others did
        feed = plan.feeds.get(name) or FeedConfig(name=name, url=Secret(""))
        met = replace(_meeting(tx, row, feed_id, name, now), may_wait=not over, page_read=True)
        found = ring_held(tx, met, plan, feed)
        if not found.alike:
            tx.run(sql.PAGE_UNHOLD, article=article, feed=feed_id)
        rung += found
    return rung


def _holds(tx: Tx, read: PageRead, now: datetime) -> bool:
    """Whether the alert of this page may wait on."""
    page = tx.row(sql.PAGE, article=read.article_id, feed=read.feed_id)
    until = from_db(page["hold_until"]) if page else None
    return until is not None and until > now


def _keep(tx: Tx, row: sqlite3.Row, read: PageRead) -> sqlite3.Row:
    """Store what was read; the article's row as it is then. What another feed's reading gave stays."""
    if not read.text and row["page"]:
        return row
    doubtful, unconfirmed = read_spans(row["unconfirmed"])
    known = from_db(row["published"])
    tx.run(
        sql.ARTICLE_PAGE,
        article_id=row["id"],
        page=read.text,
        unconfirmed=write_spans(doubtful, read.unconfirmed if read.text else unconfirmed),
        page_why=read.why,
        language=row["language"] or read.language,
        published=to_db(known or read.published),
    )
    fresh = tx.row(sql.ARTICLE, id=row["id"])
    assert fresh is not None
    return fresh


def _is_news(tx: Tx, match: RuleMatch, read: PageRead) -> bool:
    """Whether a rule held for the article for the first time, or only now on confirmed text."""
    known = tx.row(sql.MATCH_OF, article=read.article_id, feed=read.feed_id, rule=match.rule)
    return known is None or (known["strength"] != match.strength and match.strength is Strength.STRONG)


def _feed_of(tx: Tx, feed_id: int, plan: Plan) -> tuple[FeedConfig | None, str]:
    row = tx.row(sql.FEED, id=feed_id)
    if row is None or row["retired_at"] is not None:
        return None, ""
    return plan.feeds.get(row["name"]), row["name"]


def _meeting(tx: Tx, row: sqlite3.Row, feed_id: int, feed: str, now: datetime) -> Meeting:
    """The stored article as this feed shows it, its page standing as its body."""
    doubtful, unconfirmed = read_spans(row["unconfirmed"])
    fetched = from_db(row["fetched_at"])
    assert fetched is not None
    article = Article(
        feed=feed,
        title=row["title"],
        summary=row["summary"],
        body=row["page"] or row["body"],
        url=row["url"],
        published=from_db(row["published"]),
        updated=from_db(row["updated"]),
        fetched=fetched,
        language=row["language"],
        authors=tuple(json.loads(row["authors"] or "[]")),
        categories=tuple(json.loads(row["categories"] or "[]")),
        source=row["source"],
        marks=_NO_MARKS,
        unconfirmed=unconfirmed,
        doubtful=doubtful,
    )
    page = tx.row(sql.PAGE, article=row["id"], feed=feed_id)
    return Meeting(
        row["id"], feed_id, article, Sighted.NEW, now, late=page is not None and bool(page["late"])
    )
