"""
A process that forks a reader of a database's pages for each job, to be killed at a named point.

A job has `folder`, `port` of the server that has the pages, `point`, `nth`, `minutes` on the clock.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from monitor.pages.extractor import Extractor
from monitor.store.database import Database
from tests.support.crash import Bomb, WatchedFetcher, WatchedWriter, serve
from tests.support.pagedesk import PageDesk

if TYPE_CHECKING:
    from monitor.pages.values import Extracted

POINTS = ("after_fetch", "before_commit", "after_commit", "in_extraction")


class WatchedExtractor(Extractor):
    """Kills this process while its child reads a page."""

    def __init__(self, bomb: Bomb) -> None:
        super().__init__()
        self._bomb = bomb

    async def extract(self, body: bytes, **options: Any) -> Extracted:
        reading = asyncio.create_task(super().extract(body, **options))
        await asyncio.sleep(0)
        self._bomb.at("in_extraction")
        return await reading


def run(job: dict[str, Any]) -> None:
    """Read what is due and end."""
    folder = Path(job["folder"])
    bomb = Bomb(job["point"], job["nth"])
    WatchedWriter.bomb = bomb
    path = folder / "tocsin.db"
    web = SimpleNamespace(url=lambda target, host="127.0.0.1": f"http://{host}:{job['port']}{target}")
    database = Database(path, WatchedWriter(path))
    desk = PageDesk(folder, web, path, database=database, extractor=WatchedExtractor(bomb))
    desk.fetcher = WatchedFetcher(desk.fetcher, bomb)
    desk.later(minutes=job["minutes"])

    async def story() -> None:
        await desk.worker.drain(30.0)
        await desk.worker.stop()

    asyncio.run(story())
    database.close()


if __name__ == "__main__":
    serve(run)
