"""Which host a feed's poll takes its turn at: pauses outlive a restart, a learnt address counts at once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from monitor.model import FetchResult, FetchStatus, Hop
from monitor.service.app import App
from monitor.service.clock import Clock
from monitor.service.parts import Parts
from monitor.settings import FeedConfig, Secret
from monitor.store.pauses import note_pauses
from tests.support.documents import Item, rss
from tests.support.newsdesk import Desk, Documents, InProcessParser

if TYPE_CHECKING:
    from pathlib import Path

PAUSED, FREE, MOVED = "http://paused.example/f", "http://free.example/f", "https://moved.example/f"


class FakeParts(Parts):
    """Documents instead of servers."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents

    def fetcher(self, *_: Any) -> Any:
        return self.documents

    def parser(self) -> Any:
        return InProcessParser()


def desk_of(folder: Path, *urls: str) -> Desk:
    """Feeds at these addresses, with a document each."""
    desk = Desk(folder, feeds=[FeedConfig(f"f{n}", Secret(url)) for n, url in enumerate(urls)])
    for url in urls:
        desk.documents.bodies[url] = rss(Item("Old", guid=url, age=None))
    return desk


def test_a_host_that_asked_for_patience_is_asked_by_no_feed_after_a_restart(tmp_path: Path) -> None:
    """Statement 11: not even by one that is due and was never told itself."""
    with desk_of(tmp_path, PAUSED, FREE) as desk:
        config, documents = desk.config, desk.documents
        clock = Clock()
        desk.database.writer.submit(
            lambda tx: note_pauses(tx, {"paused.example": 3600.0}, "429", clock())
        ).result()

    async def story() -> None:
        async with App(config, clock=clock, parts=FakeParts(documents)) as app:
            await app.tick()
            await app.poller.drain()

    asyncio.run(story())
    assert [request.url for request in documents.requests] == [FREE]


def test_a_pause_is_the_host_s_that_answered(tmp_path: Path) -> None:
    """Statement 11: after a redirect not the first host is left alone, but the one that said so."""
    with desk_of(tmp_path, FREE, PAUSED) as desk:
        config, documents = desk.config, desk.documents
        hops = (Hop("free.example", 302), Hop("paused.example", 429, 500.0))
        documents.results[FREE] = FetchResult(FetchStatus.RATE_LIMITED, 429, retry_after=500.0, hops=hops)

    async def story() -> None:
        async with App(config, clock=Clock(), parts=FakeParts(documents)) as app:
            await app.poller.poll_all(force=False, only="f0")
            assert app.poller.slots.paused_for("paused.example") > 490
            assert not app.poller.slots.paused_for("free.example")

    asyncio.run(story())


def test_a_learnt_address_is_another_host(tmp_path: Path) -> None:
    """Statement 16: its pauses count from the next poll on, before and after a restart."""
    with desk_of(tmp_path, FREE) as desk:
        config, documents = desk.config, desk.documents
        body = documents.bodies[FREE]
        documents.bodies[MOVED] = body
        documents.results[FREE] = FetchResult(
            FetchStatus.NEW, 200, body=body, final_url=MOVED, permanent_url=MOVED
        )
        clock = Clock()

    async def story(*, learns: bool) -> None:
        async with App(config, clock=clock, parts=FakeParts(documents)) as app:
            for _ in range(3 if learns else 0):
                await app.poller.poll_all(force=True)
            assert app.poller._hosts == {"f0": "moved.example"}
            app.poller.slots.pause("moved.example", 60.0)
            before = len(documents.requests)
            await app.poller.poll_all(force=True)
            assert len(documents.requests) == before

    asyncio.run(story(learns=True))
    asyncio.run(story(learns=False))
