"""
Writing down which requests are under way, before they begin: many of them in one small transaction.

A process that dies between a request and the transaction that records its answer would ask the same again at
its next start, and in a crash loop every few seconds. With this its next start knows better
(`feeds.schedule.not_before`). What comes while one transaction is under way shares the next. All of them
stand in one fact, so that no feed's row is written twice for one poll.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from monitor.store.asked import note_asked
from monitor.store.writer import Priority

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from monitor.store.database import Database
    from monitor.store.tx import Tx


class Asking:
    """Knows which feeds are being asked, and keeps the database in the know."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._feeds: set[int] = set()
        self._waiting: list[asyncio.Future[None]] = []
        self._writing: asyncio.Task[None] | None = None

    async def begins(self, feed_id: int) -> None:
        """Return once it is on disk that this feed is being asked; raises StoreError where it cannot be."""
        self._feeds.add(feed_id)
        written = asyncio.get_running_loop().create_future()
        self._waiting.append(written)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        await written

    def ended(self, feed_id: int) -> None:
        """The answer is recorded, or nobody was asked: it was we who were cut off."""
        self._feeds.discard(feed_id)

    async def _write(self) -> None:
        try:
            while self._waiting:
                waiting, self._waiting = self._waiting, []
                await self._tell(waiting)
        finally:
            self._writing = None

    async def _tell(self, waiting: list[asyncio.Future[None]]) -> None:
        feeds = sorted(self._feeds)

        def unit(tx: Tx) -> None:
            note_asked(tx, feeds, self._clock())

        problem = None
        try:
            # It has to outlive this process, not a power cut: no disk is waited for.
            await self._database.writer.run(unit, Priority.POLL, synced=False)
        except Exception as error:  # noqa: BLE001 - whoever waits gets it
            problem = error
        for written in waiting:
            if written.done():  # its poll was broken off meanwhile
                continue
            if problem is None:
                written.set_result(None)
            else:
                written.set_exception(problem)
