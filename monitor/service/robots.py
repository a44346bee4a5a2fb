"""
What sites wish of robots: asked once a day each, remembered over restarts, obeyed for pages.

That a site is being asked is written down before it is: a process that dies with it asks again after ten
minutes and not at each start. A site that does not answer, or is in trouble, is left alone as long.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from monitor.feeds.pacing import host_of, site_of
from monitor.model import FetchStatus
from monitor.store.pages import host_row, note_host

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from monitor.model import FetchResult
    from monitor.pages.robots import Robots
    from monitor.store.database import Database

FRESH = timedelta(hours=24)
TROUBLED = timedelta(minutes=10)
NO_FILE = 404
_MOST = 512_000  # robots.MAX_ROBOTS; importing it here would load Protego
_LARGE = 50_000  # characters, from which on a file is read in a thread


@dataclass(frozen=True, slots=True)
class Wait:
    """
    Nothing may be asked for so many seconds; `why` is "" where nothing is wrong.

    `counts` = an attempt that was made counts; all pages of `host` are to wait, "" = this one alone.
    """

    seconds: float
    why: str = ""
    counts: bool = True
    host: str = ""


class Wishes:
    """Knows what sites wish. `cut_off` says whether it is we who reach nobody."""

    def __init__(
        self, database: Database, clock: Callable[[], datetime], cut_off: Callable[[], bool] = lambda: False
    ) -> None:
        self._database = database
        self._clock = clock
        self._cut_off = cut_off

    async def of(
        self, url: str, ask: Callable[[str, Callable[[], Awaitable[bool]]], Awaitable[FetchResult | Wait]]
    ) -> Robots | Wait:
        """
        The wishes of the site of a page.

        `ask` fetches an address when the site's turn has come, and awaits what it is given just before.
        """
        parts = urlsplit(url)
        site = _site(url)
        now = self._clock()
        known = host_row(self._database.reader, site)
        if known is not None and timedelta(0) <= (age := now - known.at) < _kept(known.status):
            return await self._read(url, known.status, known.robots.encode(), TROUBLED - age)

        async def begins() -> bool:
            await self._note(site, "", None, self._clock())
            return True

        result = await ask(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}/robots.txt", begins)
        if isinstance(result, Wait):
            return result
        now = self._clock()
        if result.unreachable and self._cut_off():
            await self._note(site, "", None, now - FRESH)
            return Wait(TROUBLED.total_seconds() / 10)
        # What we do not ask for (a redirect to a private address, say) is not there for us.
        status = NO_FILE if result.status is FetchStatus.REFUSED else result.http_status
        if status is not None and status < 300 and result.status is not FetchStatus.NEW:
            status = None  # it broke off: half a file may allow what the whole forbids
        text = result.body[:_MOST].decode("utf-8", "replace")
        await self._note(site, text, status, now)
        longest = max(TROUBLED, timedelta(seconds=result.retry_after or 0.0))
        return await self._read(url, status, text.encode(), longest)

    async def _read(self, url: str, status: int | None, body: bytes, rest: timedelta) -> Robots | Wait:
        from monitor.pages import robots  # noqa: PLC0415 - it brings Protego, which polls do not need

        if len(body) > _LARGE:
            wishes = await asyncio.to_thread(robots.answered, status, body)
        else:
            wishes = robots.answered(status, body)
        if _settled(status):
            return wishes
        return Wait(rest.total_seconds(), wishes.why, host=site_of(host_of(url)))

    async def _note(self, site: str, text: str, status: int | None, at: datetime) -> None:
        # It has to outlive this process, not a power cut.
        await self._database.writer.run(lambda tx: note_host(tx, site, text, status, at), synced=False)


def _site(url: str) -> str:
    """What has one robots.txt: a host and port; with and without "www." it is the same."""
    host = site_of(host_of(url))
    try:
        port = urlsplit(url).port
    except ValueError:  # the fetcher will say so
        port = None
    return f"{host}:{port}" if port else host


def _settled(status: int | None) -> bool:
    return status is not None and (200 <= status < 300 or (400 <= status < 500 and status != 429))


def _kept(status: int | None) -> timedelta:
    return FRESH if _settled(status) else TROUBLED
