"""
The request for a page: as its site wishes, when its host's turn has come, and written down before it begins.

A page may be sent on to another site, as feeds' links often are: that site has wishes and a turn of its own.
Feeds and pages of a host share its gap, its pauses and the number of requests at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.feeds.pacing import host_of, site_of
from monitor.model import FetchRequest, FetchStatus
from monitor.pages.answers import meaning
from monitor.service.robots import Wait, Wishes
from monitor.store.pages import last_asked, lease

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from monitor.feeds.fetch import Fetcher
    from monitor.feeds.pacing import Turn
    from monitor.model import FetchResult
    from monitor.plan import Plan
    from monitor.settings import FeedConfig
    from monitor.store.database import Database
    from monitor.store.pages import PageRow

SITES = 3  # that a page may be sent on through
UNREACHED = 60.0  # seconds to wait where it is we who are cut off, or a budget is spent
FORBIDDEN = "the site's robots.txt does not allow it"


@dataclass(frozen=True, slots=True)
class Tools:
    """
    What reading pages needs from outside.

    `plan` and `fetcher` give those in force; `turn` waits for a host's turn; `closed` = nothing may be asked
    now, `cut_off` = it is we who reach nobody; `spend` and `spent_on` count the requests to a host.
    """

    database: Database
    clock: Callable[[], datetime]
    plan: Callable[[], Plan]
    fetcher: Callable[[], Fetcher]
    turn: Callable[[str], Turn]
    closed: Callable[[], bool] = lambda: False
    cut_off: Callable[[], bool] = lambda: False
    spend: Callable[[str], None] = lambda _host: None
    spent_on: Callable[[str], bool] = lambda _host: False


@dataclass(frozen=True, slots=True)
class Never:
    """There will be no page, and why."""

    why: str


class PageFetcher:
    """Fetches pages. Raises StoreError where it cannot be written down that a request begins."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._wishes = Wishes(tools.database, tools.clock, tools.cut_off)
        self._asked: dict[str, datetime] = {}  # when a page of a site was last asked for, by this process

    async def fetch(self, row: PageRow, url: str, feed: FeedConfig) -> FetchResult | Wait | Never:
        """The page, or when to ask again (0 s: whenever its turn comes), or why there will be none."""
        try:
            proxy = feed.proxy.reveal() if feed.proxy else None
        except LookupError as missing:
            return Never(str(missing))
        errand = _Errand(self._tools, row, url, proxy, self._asked)
        for _ in range(SITES):
            result = await self._of_site(errand)
            if isinstance(result, Wait | Never):
                return result
            if not result.elsewhere:
                return self._meant(errand, result)
            errand.url = result.elsewhere
            if self._tools.spent_on(errand.site):
                return Wait(UNREACHED)
        return Never(f"it is sent on from site to site, more than {SITES - 1} times")

    async def _of_site(self, errand: _Errand) -> FetchResult | Wait | Never:
        """What one site answers, if it may be asked."""
        wishes = await self._wishes.of(errand.url, errand.ask)
        if isinstance(wishes, Wait):
            return wishes
        if not wishes.allows(errand.url):
            return Never(FORBIDDEN)
        left = self._crawl_delay(errand.site, wishes.delay() or 0.0)
        if left > 0:
            return Wait(left, host=errand.site)
        return await errand.ask(errand.url, errand.begins, permits=wishes.allows)

    def _crawl_delay(self, site: str, delay: float) -> float:
        """What is left of the seconds that a site wants between two pages."""
        last = (self._asked.get(site) or last_asked(self._tools.database.reader, site)) if delay else None
        return delay - max(0.0, (self._tools.clock() - last).total_seconds()) if last else 0.0

    def _meant(self, errand: _Errand, result: FetchResult) -> FetchResult | Wait | Never:
        if result.unreachable and self._tools.cut_off():
            return Wait(UNREACHED, counts=False)
        meant = meaning(result, errand.row.attempts + 1)
        if not meant.why:
            return result
        left = (errand.row.deadline - self._tools.clock()).total_seconds()
        if meant.again is None or meant.again >= left:
            return Never(meant.why)
        # Its pages alone wait: its feeds go by what they are told themselves.
        host = errand.site if result.status is FetchStatus.RATE_LIMITED else ""
        return Wait(meant.again, meant.why, host=host)


@dataclass(slots=True)
class _Errand:
    """One page's requests: to its site, and to those it is sent on to."""

    tools: Tools
    row: PageRow
    url: str
    proxy: str | None
    asked: dict[str, datetime]
    leased: bool = False

    @property
    def site(self) -> str:
        return site_of(host_of(self.url))

    async def ask(
        self,
        address: str,
        begins: Callable[[], Awaitable[bool]],
        *,
        permits: Callable[[str], bool] | None = None,
    ) -> FetchResult | Wait:
        """
        Ask for something of the site when its turn has come; `begins` says just before if it is wanted.

        With `permits` it is a page, and that says which of its addresses may be asked for.
        """
        tools = self.tools
        request = FetchRequest(
            address, proxy=self.proxy, ports=tools.plan().ports, page=permits is not None, permits=permits
        )
        async with tools.turn(host_of(self.url)) as paused:
            if paused:
                return Wait(paused)
            if tools.closed() or tools.cut_off() or not await begins():
                return Wait(0.0)
            return await tools.fetcher().fetch(request)

    async def begins(self) -> bool:
        """Write down that the page is being asked for; False where it is not wanted any more."""
        now = self.tools.clock()
        if not self.leased:
            self.leased = await self.tools.database.writer.run(lambda tx: lease(tx, self.row, now))
        if self.leased:
            self.asked[self.site] = now
            self.tools.spend(self.site)
        return self.leased
