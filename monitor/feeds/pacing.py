"""
Good manners towards one host: few requests at once, a gap between their starts, and a pause when asked.

Nothing is known of a host that is not in use: its entry goes once its gap and its pause are over.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable


def host_of(url: str) -> str:
    """The host a URL names, in lower case and without the dot at its end; "" where there is none."""
    try:
        return (urlsplit(url).hostname or "").removesuffix(".")
    except ValueError:
        return ""


class HostPacer:
    """
    Lets requests to a host through by turns, first come, first served.

    At most `per_host` at once, at least `gap` seconds between two starts. `clock` is monotonic.
    """

    def __init__(
        self,
        per_host: int,
        gap: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._per_host = per_host
        self._gap = gap
        self._clock = clock
        self._sleep = sleep
        self._hosts: dict[str, _Host] = {}
        self._sweep_at = 64

    def limit(self, per_host: int, gap: float) -> None:
        """Other limits from now on. Pauses stay; requests under way end under the old limit."""
        self._gap = gap
        if per_host != self._per_host:
            self._per_host = per_host
            for host in self._hosts.values():
                host.slots = asyncio.Semaphore(per_host)

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[float]:
        """
        Wait for one's turn at a host and hold it for the length of the block.

        Gives 0.0 to go ahead, or the seconds the host is still paused: then ask nothing, come back
        later. A pause is not waited for, since it may last a day; it also reaches those in the queue.
        """
        state = self._hosts.setdefault(host, _Host(self._per_host))
        state.users += 1
        try:
            async with state.slots:
                yield await self._start(state)
        finally:
            state.users -= 1
            if len(self._hosts) > self._sweep_at:
                self._forget()

    async def _start(self, state: _Host) -> float:
        while True:
            now = self._clock()
            if state.paused_until > now:
                return state.paused_until - now
            if state.next_start <= now:
                state.next_start = now + self._gap
                return 0.0
            await self._sleep(state.next_start - now)

    def pause(self, host: str, seconds: float) -> None:
        """Let nobody through to a host for so long; a longer pause that is running stays."""
        state = self._hosts.setdefault(host, _Host(self._per_host))
        state.paused_until = max(state.paused_until, self._clock() + seconds)

    def paused_for(self, host: str) -> float:
        """The seconds a host is still paused; 0.0 if it is not."""
        state = self._hosts.get(host)
        return max(0.0, state.paused_until - self._clock()) if state else 0.0

    def _forget(self) -> None:
        now = self._clock()
        for host, state in list(self._hosts.items()):
            if not state.users and max(state.next_start, state.paused_until) <= now:
                del self._hosts[host]
        # Twice what had to stay: the sweeps then cost the same per turn however many hosts there are.
        self._sweep_at = max(64, 2 * len(self._hosts))


class _Host:
    __slots__ = ("next_start", "paused_until", "slots", "users")

    def __init__(self, per_host: int) -> None:
        self.slots = asyncio.Semaphore(per_host)
        self.users = 0  # running and waiting
        self.next_start = float("-inf")
        self.paused_until = float("-inf")
