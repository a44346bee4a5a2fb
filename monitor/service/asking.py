"""
Writing down that a request is about to begin, before it does: many of them in one transaction.

A process that dies between a request and the transaction that records its answer would ask the same again at
its next start, and in a crash loop every few seconds. With this its next start knows better
(`feeds.schedule.not_before`). What comes while one transaction is under way shares the next.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from monitor.store import sql
from monitor.store.rows import to_db
from monitor.store.writer import Priority

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from monitor.store.database import Database
    from monitor.store.tx import Tx


class Asking:
    """Notes requests in the feeds' rows."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._next: list[int] = []
        self._written: asyncio.Task[None] | None = None  # of what is in `_next`
        self._under_way: asyncio.Task[None] | None = None

    async def begins(self, feed_id: int) -> None:
        """Return once it is on disk that this feed is being asked; raises StoreError where it cannot be."""
        self._next.append(feed_id)
        if self._written is None:
            self._written = asyncio.create_task(self._write(self._under_way))
        await asyncio.shield(self._written)

    async def led_to_nothing(self, feed_id: int) -> None:
        """It was we who were cut off: nobody was asked."""
        await self._submit([feed_id], none=True)

    async def _write(self, before: asyncio.Task[None] | None) -> None:
        if before is not None and not before.done():
            await asyncio.wait([before])
        self._under_way, self._written = self._written, None
        feeds, self._next = self._next, []
        await self._submit(feeds)

    async def _submit(self, feeds: list[int], *, none: bool = False) -> None:
        def unit(tx: Tx) -> None:
            at = None if none else to_db(self._clock())
            tx.run_many(sql.FEED_ASKED, [{"feed_id": feed, "asked_at": at} for feed in feeds])

        await asyncio.wrap_future(self._database.writer.submit(unit, Priority.POLL))
