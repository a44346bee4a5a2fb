"""
A desk that reads pages: a real database, queue and worker, and a real server on 127.0.0.1 that has the pages.

    with page_desk(tmp_path) as desk:
        desk.serve("/1", page("The talks went on in Doha."))
        desk.want("/1")
        desk.work()
        assert desk.article(1)["page"]
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from monitor.feeds.addresses import ports_of
from monitor.feeds.fetch import HttpFetcher
from monitor.feeds.pacing import HostPacer
from monitor.model import Severity
from monitor.pages.extract import extract
from monitor.pages.extractor import Extractor
from monitor.pages.wanted import Purpose
from monitor.plan import build_plan
from monitor.service.pagefetch import Tools
from monitor.service.pages import PageWorker, Surroundings
from monitor.settings import ChannelConfig, Config, FeedConfig, RuleConfig, Secret
from monitor.store import sql
from monitor.store.database import Database
from monitor.store.pages import PageRow, queue_page
from monitor.store.rows import read
from tests.support.store import GUARD, NOW, Clock, add_article, add_feed, do, new_database
from tests.support.webserver import FakeResolver, WebServer, answer

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from monitor.meeting import Rung
    from monitor.model import FetchRequest, FetchResult
    from monitor.pages.values import Extracted
    from monitor.store.tx import Tx
    from tests.support.webserver import Step

HTML = "text/html; charset=utf-8"
FILLING = (
    "The ministers met again on Monday morning, a spokesman said, and those who took part in the talks "
    "agreed that a first paper would be ready before the end of the week. Nobody would say who had written "
    "it, or what it asks of the two sides, and the delegations left without another word."
)
FEEDS = ("a", "b")


def page(*paragraphs: str, head: str = "") -> bytes:
    """An ordinary page with one article of these paragraphs, and enough text around them."""
    text = "".join(f"<p>{one}</p>" for one in (*paragraphs, FILLING))
    return (
        f"<html lang='en'><head><title>Talks</title>{head}</head><body><nav><a href='/'>Home</a></nav>"
        f"<article><h1>Talks</h1>{text}</article><footer>All rights</footer></body></html>"
    ).encode()


class HereExtractor(Extractor):
    """Reads pages in this process: the one of its own has tests of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[str] = []
        self.closed = 0

    async def close(self) -> None:
        self.closed += 1

    async def extract(
        self, body: bytes, *, content_type: str = "", url: str = "", suspect: bool = False
    ) -> Extracted:
        self.read.append(url)
        return extract(body, content_type, url)


class PageDesk:
    """The worker on a fresh database. Its clocks stand still until `later`."""

    def __init__(self, folder: Path, web: Any, path: Path, **options: Any) -> None:
        self.web = web
        self.clock = Clock()
        self.steady = 1000.0
        self.database = options.pop("database", None) or Database(path)
        self.rungs: list[Rung] = []
        self.rang = asyncio.Event()  # a page was read, or alerts decided
        self.closed = self.cut_off = False
        self.extractor: Any = options.pop("extractor", None) or HereExtractor()
        self.fetcher: Any = HttpFetcher(
            "Tocsin/test",
            allow_private=["127.0.0.0/8"],
            clock=self.clock,
            resolver=FakeResolver(a_test=["127.0.0.1"], b_test=["127.0.0.1"], inside_test=["10.0.0.1"]),
            deadline=options.pop("deadline", 10.0),
        )
        self.pacer = HostPacer(2, options.pop("gap", 0.0), at_once=8)
        full_text = options.pop("full_text", "auto")
        self.config = Config(
            path=folder / "config.toml",
            files=(),
            database=path,
            timezone="UTC",
            feeds=tuple(FeedConfig(n, Secret(web.url("/feed")), full_text=full_text) for n in FEEDS),
            rules=(
                RuleConfig("doha", "doha", severity=Severity.HIGH),
                RuleConfig("headlines", "title:(doha)"),
            ),
            channels=(ChannelConfig("desk", "terminal"),),
            **options,
        )
        self.load()
        self.worker = self.new_worker()

    def load(self, **config: Any) -> None:
        """Put the configuration, or a changed one, in force."""
        self.config = replace(self.config, **config)
        self.plan, problems = build_plan(self.config)
        assert not problems
        self.plan = replace(self.plan, ports=self.plan.ports | ports_of([self.web.url("/")]))

    def new_worker(self) -> PageWorker:
        """A worker as a process has it that has just started."""
        tools = Tools(
            self.database,
            self.clock,
            plan=lambda: self.plan,
            fetcher=lambda: self.fetcher,
            turn=lambda host: self.pacer.turn(host, room=False),
            closed=lambda: self.closed,
            cut_off=lambda: self.cut_off,
        )
        around = Surroundings(lambda: self.steady, self.pacer.paused_for, self._rung)
        return PageWorker(tools, around, self.extractor)

    def _rung(self, rung: Rung) -> None:
        self.rungs.append(rung)
        self.rang.set()

    # --- the server

    def serve(self, path: str, *steps: Step | bytes, robots: bytes | None = None) -> None:
        """Let the server have a page: HTML, or an answer step by step."""
        if robots is not None:
            self.web.on("/robots.txt", answer(200, robots, Content_Type="text/plain"))
        if len(steps) == 1 and isinstance(steps[0], bytes) and steps[0].startswith(b"<"):
            steps = (answer(200, steps[0], Content_Type=HTML),)
        self.web.on(path, *steps)

    @property
    def pages_asked(self) -> list[str]:
        """What was asked for but robots.txt."""
        return [target for target in self.web.targets() if target != "/robots.txt"]

    # --- the queue

    def want(
        self,
        path: str,
        *,
        host: str = "127.0.0.1",
        feeds: Sequence[str] = ("a",),
        purpose: Purpose = Purpose.MATCH,
        priority: int = 0,
        hold: timedelta | None = None,
        deadline: timedelta = timedelta(hours=6),
        **article: Any,
    ) -> int:
        """Store an article and want its page, for each of these feeds; returns its id."""
        url = self.web.url(path, host)

        def unit(tx: Tx) -> int:
            ids = {row["name"]: row["id"] for row in tx.rows(sql.FEEDS)}
            for name in FEEDS:
                if name not in ids:
                    ids[name] = add_feed(tx, name)
            values = {"title": "Talks", "url": url, "language": "en", **article}
            article_id = add_article(tx, ids[feeds[0]], **values)
            for name in feeds:
                queue_page(
                    tx,
                    article_id=article_id,
                    feed_id=ids[name],
                    url=url,
                    purpose=purpose,
                    now=self.clock(),
                    priority=priority,
                    deadline=deadline,
                    hold=hold,
                )
            return article_id

        return do(self.database, unit)

    # --- time and work

    def later(self, **span: float) -> None:
        """Let time pass on both clocks."""
        self.clock.advance(**span)
        self.steady += timedelta(**span).total_seconds()

    def work(self) -> int:
        """Begin what is due, again and again, and see it through; returns how many pages were begun."""

        async def together() -> int:
            begun = 0
            async with asyncio.timeout(GUARD):
                while True:
                    self.worker.wake()
                    now = self.worker.start_due()
                    await self.worker.settled()
                    begun += now
                    if not now:
                        return begun

        return int(self.run(together()))

    def run(self, story: Any) -> Any:
        """Run a story with the worker."""
        return asyncio.run(asyncio.wait_for(story, GUARD))

    # --- what became of it

    def article(self, article_id: int) -> sqlite3.Row:
        """The article as it is stored."""
        row = self.database.reader.row(sql.ARTICLE, id=article_id)
        assert row is not None
        return row

    def row(self, article_id: int, feed: str = "a") -> PageRow:
        """The page's row."""
        ids = {row["name"]: row["id"] for row in self.database.reader.rows(sql.FEEDS)}
        row = self.database.reader.row(sql.PAGE, article=article_id, feed=ids[feed])
        assert row is not None
        return read(PageRow, row)

    def matches(self) -> list[tuple[int, str, str]]:
        """Article, feed and rule of each match."""
        rows = self.database.reader.rows(
            "SELECT article_id, name, rule FROM matches JOIN feeds ON feeds.id = feed_id ORDER BY matches.id"
        )
        return [(row[0], row[1], row[2]) for row in rows]


@contextmanager
def page_desk(folder: Path, **options: Any) -> Iterator[PageDesk]:
    """A desk with a server; at the end matches and ledger add up."""
    with WebServer() as web:
        path = folder / "tocsin.db" if "database" in options else new_database(folder)
        desk = PageDesk(folder, web, path, **options)
        try:
            yield desk
            assert desk.database.reader.rows(sql.LEDGER_STRAY) == []
            assert desk.database.reader.rows(sql.LEDGER_ORPHANS) == []
            assert desk.database.reader.rows("PRAGMA foreign_key_check") == []
        finally:
            desk.database.close()


class Scripted:
    """
    A fetcher that gives results in turn, the last one for ever; pages and robots.txt apart.

    `meanwhile` happens while a page is being asked for.
    """

    def __init__(
        self, *results: FetchResult, robots: FetchResult, meanwhile: Callable[[], object] = lambda: None
    ) -> None:
        self._meanwhile = meanwhile
        self._results = list(results)
        self._robots = robots
        self.requests: list[FetchRequest] = []

    async def fetch(self, request: FetchRequest) -> FetchResult:
        self.requests.append(request)
        await asyncio.sleep(0)
        if request.url.endswith("/robots.txt"):
            return self._robots
        self._meanwhile()
        return self._results.pop(0) if len(self._results) > 1 else self._results[0]


__all__ = ["FILLING", "NOW", "PageDesk", "Scripted", "page", "page_desk"]
