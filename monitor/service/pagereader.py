"""
One page, told top to bottom: the request, the article in it, what matches on it, one transaction.

Everything before that transaction yields values and may end at any point: the page then stays wanted.
Whatever a server or a page does costs this article its full text, with a sentence why, and no more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from monitor.articles.identity import digest
from monitor.articles.urls import url_key
from monitor.articles.weblinks import canonical_of
from monitor.config.durations import format_duration
from monitor.documents import read_spans, stored_document
from monitor.feeds.pacing import host_of, site_of
from monitor.meeting import Rung
from monitor.pages.answers import ATTEMPTS
from monitor.pages.boilerplate import guard, hashes_of
from monitor.pages.extractor import Extractor
from monitor.pages.values import usable
from monitor.paging import PageRead, record_page
from monitor.service.log import event, get_logger
from monitor.service.pagefetch import Never, PageFetcher
from monitor.service.robots import Wait
from monitor.store import sql
from monitor.store.pages import (
    finish,
    give_back,
    note_alias,
    note_paragraphs,
    paragraphs_seen,
    put_off,
    put_off_host,
    tried_elsewhere,
    wait_no_longer,
)
from monitor.store.writer import Priority

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from datetime import datetime

    from monitor.model import FetchResult
    from monitor.pages.boilerplate import Guarded
    from monitor.pages.values import Extracted
    from monitor.plan import Plan
    from monitor.service.pagefetch import Tools
    from monitor.store.pages import PageRow
    from monitor.store.tx import Tx

T = TypeVar("T")
_log = get_logger("pages")


class PageReader:
    """Reads one page after another, or several at once. `close` ends its processes."""

    def __init__(self, tools: Tools, extractor: Extractor | None = None) -> None:
        self._tools = tools
        self._database = tools.database
        self._pages = PageFetcher(tools)
        self._extractor = extractor or Extractor()
        self._suspects: set[str] = set()  # hosts of which a page had its process killed

    async def close(self) -> None:
        """End the processes that read pages; another page would start them again."""
        await self._extractor.close()

    async def read(self, row: PageRow, feed_name: str) -> Rung:
        """
        Read a page that is due and record what follows; returns what rang.

        Where it is to be asked for later nothing rings. Raises StoreError, and then the page stays wanted.
        """
        known = self._database.reader.row(sql.ARTICLE, id=row.article_id)
        feed = self._tools.plan().feeds.get(feed_name)
        if known is None:  # pruned meanwhile, and the row with it
            return Rung()
        if feed is None:
            return await self.end(row, "its feed is no longer watched")
        if known["page"]:  # another feed shows it, too
            unconfirmed = read_spans(known["unconfirmed"])[1]
            return await self._judge(row, feed_name, known, PageRead(*_ids(row), known["page"], unconfirmed))
        if feed.full_text == "never":
            return await self.end(row, 'its feed has full_text = "never"')
        if tried_elsewhere(self._database.reader, row):
            return await self.end(row, known["page_why"] or "it was asked for already, for another feed")
        if row.attempts >= ATTEMPTS:
            return await self.end(row, known["page_why"] or f"asked {row.attempts} times, and never read")
        result = await self._pages.fetch(row, known["url"], feed)
        if isinstance(result, Never):
            return await self.end(row, result.why)
        if isinstance(result, Wait):
            await self._later(row, result)
            return Rung()
        return await self._read_page(row, feed_name, known, result)

    async def too_late(self, row: PageRow) -> Rung:
        """The article goes without its page, because its deadline has come."""
        known = self._database.reader.row(sql.ARTICLE, id=row.article_id)
        time = format_duration((row.deadline - row.created_at).total_seconds())
        why = f"its turn did not come within {time}: [pages] allows so many an hour"
        return await self.end(row, (known["page_why"] if known else "") or why)

    async def end(self, row: PageRow, why: str) -> Rung:
        """The article goes without its page, and for this reason."""
        return await self._record(row, PageRead(*_ids(row), why=why), self._tools.plan())

    async def _later(self, row: PageRow, wait: Wait) -> None:
        """Ask later; where that would be too late, the deadline ends it."""
        until = self._tools.clock() + timedelta(seconds=wait.seconds)

        def unit(tx: Tx) -> None:
            if not wait.counts:
                give_back(tx, row, until)
            put_off(tx, row, until, wait.why)
            if wait.host:
                put_off_host(tx, wait.host, until)
            wait_no_longer(tx, row.host, self._tools.clock(), until, alone=None if wait.host else row)

        if wait.seconds:
            await self._unit(unit)

    # --- the page

    async def _read_page(self, row: PageRow, feed_name: str, known: sqlite3.Row, result: FetchResult) -> Rung:
        host = site_of(host_of(result.final_url))
        found = await self._extractor.extract(
            result.body,
            content_type=result.content_type,
            url=result.final_url,
            suspect=host in self._suspects,
        )
        if found.killed:
            self._suspects.add(host)
        if found.error:
            return await self.end(row, found.error)
        now = self._tools.clock()
        seen = paragraphs_seen(self._database.reader, host, hashes_of(found.lines), now)
        guarded = guard(found, page=digest(url_key(result.final_url)), now=now, remembered=seen)
        clean = replace(found, lines=guarded.lines)
        read = PageRead(*_ids(row), published=clean.published, language=clean.language)
        if why := usable(clean, max(known["summary"], known["body"], key=len)):
            read = replace(read, why=why)
        else:
            read = replace(read, text=clean.text, unconfirmed=clean.unconfirmed)
        learnt = _Learnt(host, guarded, _alias(known["url"], found))
        return await self._judge(row, feed_name, known, read, learnt)

    async def _judge(
        self, row: PageRow, feed_name: str, known: sqlite3.Row, read: PageRead, learnt: _Learnt | None = None
    ) -> Rung:
        """Match the whole text by the rules in force now, and record it."""
        plan = self._tools.plan()
        feed = plan.feeds.get(feed_name)
        if feed is None:
            return await self.end(row, "its feed is no longer watched")
        if read.text:
            document = replace(
                stored_document(known, feed, feed_name),
                body=read.text,
                unconfirmed=read.unconfirmed,
                language=known["language"] or read.language,
            )
            read = replace(read, matches=plan.engine.match(document))
        return await self._record(row, read, plan, learnt)

    async def _record(self, row: PageRow, read: PageRead, plan: Plan, learnt: _Learnt | None = None) -> Rung:
        def unit(tx: Tx) -> Rung:
            now = self._tools.clock()
            if learnt is not None:
                learnt.note(tx, row.article_id, now)
            known = tx.row(sql.PAGE, **row.key)
            if known is None or known["done_at"] is not None:
                return Rung()  # settled meanwhile
            finish(tx, row, now)
            return record_page(tx, read, plan, now)

        rung = await self._unit(unit, Priority.MATCHES if read.matches else Priority.POLL)
        event(
            _log,
            "info" if rung.matched else "debug",
            "page read" if read.text else "page given up",
            article=row.article_id,
            host=row.host,
            matched=rung.matched,
            notifications=rung.notifications,
            **({"why": read.why} if read.why else {"characters": len(read.text)}),
        )
        return rung

    async def _unit(self, unit: Callable[[Tx], T], priority: Priority = Priority.POLL) -> T:
        return await self._database.writer.run(unit, priority)


@dataclass(frozen=True, slots=True)
class _Learnt:
    """What a page told beside its text: what its host repeats, and its other address (a mark)."""

    host: str
    guarded: Guarded
    alias: int | None

    def note(self, tx: Tx, article_id: int, now: datetime) -> None:
        note_paragraphs(tx, self.host, self.guarded.seen)
        if self.alias is not None and tx.row(sql.STORY_OF, article=article_id) is not None:
            note_alias(tx, self.alias, article_id, now)


def _ids(row: PageRow) -> tuple[int, int]:
    return row.article_id, row.feed_id


def _alias(url: str, found: Extracted) -> int | None:
    """The mark of the page's canonical address, where that is another one that it may speak for."""
    key = url_key(canonical_of(url, found.canonical or ""))
    return digest(key) if key and key != url_key(url) else None
