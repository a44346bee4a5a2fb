"""
Good manners towards one host: few requests at once, a gap between their starts, and a pause when asked.

Nothing is known of a host that is not in use: its entry goes once its gap and its pause are over. And good
manners towards our own network: `StartRate` bounds how many requests begin in a second, and `lanes` how many
are under way in all.
"""

from __future__ import annotations

import asyncio
import re
import time
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from monitor.feeds.lanes import Lanes

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from monitor.feeds.lanes import Stay

# What urlsplit finds in most addresses, in an eighth of the time: each start asks it of each feed.
_PLAIN = re.compile(r"https?://([a-z0-9.-]+)(?::[0-9]+)?(?:[/?#]|\Z)")


@lru_cache(maxsize=20_000)  # each poll asks several times for the host of the same feed
def host_of(url: str) -> str:
    """The host a URL names, in lower case and without the dot at its end; "" where there is none."""
    if plain := _PLAIN.match(url):
        return plain[1].removesuffix(".")
    try:
        return (urlsplit(url).hostname or "").removesuffix(".")
    except ValueError:
        return ""


def site_of(host: str) -> str:
    """What counts as one host: with and without "www." it is the same server."""
    return host.removeprefix("www.")


class HostPacer:
    """
    Lets requests to a host through by turns, first come, first served.

    At most `per_host` at once, at least `gap` seconds between two starts; at most `at_once` of all hosts
    together, and besides them those that have become slow (`Lanes`). `clock` is monotonic.
    """

    def __init__(
        self,
        per_host: int,
        gap: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        at_once: int | None = None,
    ) -> None:
        self._per_host = per_host
        self._gap = gap
        self._clock = clock
        self._sleep = sleep
        self._at_once = at_once
        self._lanes = Lanes(at_once) if at_once else None
        self._hosts: dict[str, _Host] = {}
        self._sweep_at = 64

    def limit(self, per_host: int, gap: float, at_once: int | None = None) -> None:
        """Other limits from now on. Pauses stay; requests under way end under the old limit."""
        self._gap = gap
        if at_once != self._at_once:
            self._at_once = at_once
            self._lanes = Lanes(at_once) if at_once else None
        if per_host != self._per_host:
            self._per_host = per_host
            for host in self._hosts.values():
                host.slots = asyncio.Semaphore(per_host)

    def turn(
        self,
        *hosts: str,
        slow: bool = False,
        ended: Callable[[bool], None] = lambda _slow: None,
        room: bool = True,
    ) -> Turn:
        """
        Wait for one's turn at these hosts and hold it for the length of the block.

        Gives 0.0 to go ahead, or the seconds one of them is still paused: then ask nothing, come back
        later. A pause is not waited for, since it may last a day; it also reaches those in the queue.
        Where a request is known to be redirected, both hosts are named. `slow` = it was slow the last time;
        `ended` is told in the end whether it was so now, unless it was not to ask. Without `room` it takes
        none of the rooms for all requests: for those that are few and must not be in the others' way.
        """
        # In one order for everybody: two that wait for each other's host would wait for ever.
        states = [self._of(site) for site in sorted({site_of(host) for host in hosts})]
        return Turn(self, states, self._lanes if room else None, slow=slow, ended=ended)

    def _of(self, site: str) -> _Host:
        state = self._hosts.get(site)
        if state is None:
            state = self._hosts[site] = _Host(self._per_host)
        return state

    def left(self) -> None:
        """A turn is over: forget hosts nobody uses, now and then."""
        if len(self._hosts) > self._sweep_at:
            self._forget()

    async def place(self, state: _Host) -> float:
        """Wait until the host may be asked again; the gap to the next one then begins."""
        while True:
            now = self._clock()
            if state.paused_until > now:
                return state.paused_until - now
            if state.next_start <= now:
                state.next_start = now + self._gap
                return 0.0
            await self._sleep(state.next_start - now)

    async def start(self, state: _Host) -> float:
        """
        Keep the gap once more: waiting for room among all requests may have brought two of a host together.

        The place in the queue was waited for without holding one of those rooms, so this seldom sleeps.
        """
        while True:
            now = self._clock()
            if state.paused_until > now:
                return state.paused_until - now
            if state.started + self._gap <= now:
                state.started = now
                state.next_start = max(state.next_start, now + self._gap)
                return 0.0
            await self._sleep(state.started + self._gap - now)

    def pause(self, host: str, seconds: float) -> None:
        """Let nobody through to a host for so long; a longer pause that is running stays."""
        state = self._of(site_of(host))
        state.paused_until = max(state.paused_until, self._clock() + seconds)

    def paused_for(self, host: str) -> float:
        """The seconds a host is still paused; 0.0 if it is not."""
        state = self._hosts.get(site_of(host))
        return max(0.0, state.paused_until - self._clock()) if state else 0.0

    def _forget(self) -> None:
        now = self._clock()
        for host, state in list(self._hosts.items()):
            if not state.users and max(state.next_start, state.paused_until) <= now:
                del self._hosts[host]
        # Twice what had to stay: the sweeps then cost the same per turn however many hosts there are.
        self._sweep_at = max(64, 2 * len(self._hosts))


class _Host:
    __slots__ = ("next_start", "paused_until", "slots", "started", "users")

    def __init__(self, per_host: int) -> None:
        self.slots = asyncio.Semaphore(per_host)
        self.users = 0  # running and waiting
        self.next_start = float("-inf")
        self.paused_until = float("-inf")
        self.started = float("-inf")


class Turn:
    """A turn at one host or more, see `HostPacer.turn`."""

    def __init__(
        self,
        pacer: HostPacer,
        hosts: Sequence[_Host],
        lanes: Lanes | None,
        *,
        slow: bool,
        ended: Callable[[bool], None],
    ) -> None:
        self._pacer = pacer
        self._hosts = hosts
        self._lanes = lanes
        self._slow = slow
        self._ended = ended
        self._held: list[asyncio.Semaphore] = []
        self._stay: Stay | None = None
        self._may_ask = False
        for host in hosts:
            host.users += 1

    async def __aenter__(self) -> float:
        try:
            return await self._wait()
        except BaseException:
            self._leave()
            raise

    async def _wait(self) -> float:
        for host in self._hosts:
            slots = host.slots
            await slots.acquire()
            self._held.append(slots)
            if paused := await self._pacer.place(host):
                return paused
        if self._lanes is not None:
            self._stay = await self._lanes.enter(slow=self._slow)
        for host in self._hosts:
            if paused := await self._pacer.start(host):
                return paused
        self._may_ask = True
        return 0.0

    async def __aexit__(self, *exc: object) -> None:
        if self._stay is not None and self._may_ask:
            self._ended(self._stay.is_slow)
        self._leave()

    def _leave(self) -> None:
        if self._stay is not None and self._lanes is not None:
            self._lanes.leave(self._stay)
        for slots in self._held:
            slots.release()
        for host in self._hosts:
            host.users -= 1
        self._pacer.left()


class StartRate:
    """
    Lets so many begin in a second, and half of that (and one) at once after a rest.

    `now` is seconds on one clock that never goes back.
    """

    def __init__(self, per_second: float) -> None:
        self.per_second = per_second
        self._ready = 1.0
        self._at: float | None = None

    def take(self, now: float) -> bool:
        """Whether one more may begin now; if so it is counted."""
        most = self.per_second / 2 + 1.0  # one more, so that what is left of a whole one is not lost
        rested = now - self._at if self._at is not None else most
        self._ready = min(most, self._ready + rested * self.per_second)
        self._at = now
        if self._ready < 1.0:
            return False
        self._ready -= 1.0
        return True
