"""
Who may begin: what is due takes turns, host by host, as far as there is room and good manners allow.

Three limits meet here: how many polls are begun and not ended, how many begin in a second (`StartRate`), and
what one host is asked (`Backlog` before a poll is begun, `HostPacer` once it is). What a poll does, and what
is due, is the poller's affair.

Feeds whose last poll took long are few at a time and hold no room that a quick one could use (`feeds.lanes`);
of those only so many are begun, since each is a task in memory that waits.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from monitor.errors import StoreError
from monitor.feeds.backlog import Backlog
from monitor.feeds.lanes import SLOW_FOR_FAST
from monitor.feeds.pacing import HostPacer, StartRate, site_of

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable

    from monitor.feeds.pacing import Turn
    from monitor.settings import Polling

    # A poll that is to begin: the name of its task, and what it does.
    Begun = tuple[str, Coroutine[None, None, None]]

GUEST, GUEST_HOST = -1, "canary.invalid"  # what takes a turn without being a feed: the canary
MOST_STARTED = 500  # polls begun and not ended: bounds memory when thousands are due at once


class Guest(Protocol):
    """What takes its turn among the polls without being a feed: the canary, see `service.canary`."""

    def due(self) -> bool:
        """Whether it is to begin."""
        ...

    def begin(self) -> Begun:
        """The task it is begun as."""
        ...


class Slots:
    """
    Begins polls and holds them until they end.

    `begin` gives the poll of a feed whose turn it is, or None where it is not to be polled any more; it may
    raise StoreError. `closed` says whether nothing may begin now. `steady` gives seconds that never step.
    """

    def __init__(
        self,
        polling: Polling,
        steady: Callable[[], float],
        begin: Callable[[int], Begun | None],
        closed: Callable[[], bool],
    ) -> None:
        self._steady = steady
        self._begin = begin
        self._closed = closed
        self._pacer = HostPacer(polling.per_host, polling.per_host_gap, steady, at_once=polling.concurrency)
        # Twice what a host takes at once: the next is at hand when one ends.
        self._backlog = Backlog(2 * polling.per_host)
        self._slow_rooms = SLOW_FOR_FAST * polling.concurrency
        self._slow: set[int] = set()  # feeds whose last poll took long
        self._slow_begun: set[int] = set()
        self._aside: deque[int] = deque()  # slow ones whose turn has come, and for whom there is no room
        self._rate: StartRate | None = None
        self._running: dict[int, asyncio.Task[None]] = {}
        self._one_ended = asyncio.Event()
        self._stopping = False

    # --- limits

    def limit(self, polling: Polling) -> None:
        """Other limits from now on. Pauses that hosts asked for stay; what has begun ends as it began."""
        self._pacer.limit(polling.per_host, polling.per_host_gap, polling.concurrency)
        self._backlog.limit(2 * polling.per_host)
        self._slow_rooms = SLOW_FOR_FAST * polling.concurrency

    def pace(self, per_second: float | None) -> None:
        """So many may begin in a second from now on; None = as many as there is room for."""
        self._rate = None if per_second is None else StartRate(per_second)

    @property
    def paced(self) -> bool:
        """Whether the number of starts in a second is limited."""
        return self._rate is not None

    # --- hosts

    def turn(self, feed_id: int, *hosts: str) -> Turn:
        """
        Wait for a feed's turn at its hosts and hold it for the length of the block.

        `hosts` are the one its address names and, where a redirect is known to lead away, the one behind
        it. Gives 0.0 to go ahead, or the seconds for which one of them is paused: then ask nothing.
        """

        def ended(slow: bool) -> None:
            (self._slow.add if slow else self._slow.discard)(feed_id)

        return self._pacer.turn(*hosts, slow=feed_id in self._slow, ended=ended)

    def page_turn(self, host: str) -> Turn:
        """
        The same for a page: it keeps gap, pause and number at once of its host together with the feeds.

        It takes none of the rooms that feeds have: pages are few, and a feed must not wait for one to end.
        """
        return self._pacer.turn(host, room=False)

    def pause(self, host: str, seconds: float) -> None:
        """Leave a host alone for so long, and forget what waits for it."""
        self._pacer.pause(host, seconds)
        self._backlog.drop(site_of(host))

    def paused_for(self, host: str) -> float:
        """The seconds a host is still paused; 0.0 if it is not."""
        return self._pacer.paused_for(host)

    # --- feeds

    @property
    def waiting(self) -> int:
        """How many feeds wait to begin."""
        return self._backlog.count + len(self._aside)

    @property
    def busy(self) -> bool:
        """Whether any poll has begun and not ended."""
        return bool(self._running)

    @property
    def in_hand(self) -> int:
        """How many polls have begun and not ended."""
        return len(self._running)

    def fill(self, feeds: Iterable[tuple[int, str]]) -> None:
        """These (feed id, host) are due, the longest first; forget what waited before. Begun ones go on."""
        wanted = [(feed_id, site_of(host)) for feed_id, host in feeds if feed_id not in self._running]
        for feed_id in self._aside:
            self._backlog.done_with(feed_id)
        self._aside.clear()
        self._backlog.fill(wanted)
        for host in {host for _, host in wanted}:
            if self._pacer.paused_for(host):
                self._backlog.drop(host)

    def serve(self) -> int:
        """Begin what waits, a host after the other, while there is room; returns how many were begun."""
        begun = 0
        while self._may_begin:
            if not self._backlog.ready or (self._rate is not None and not self._rate.take(self._steady())):
                break
            feed_id = self._backlog.take()
            assert feed_id is not None
            if feed_id in self._slow and len(self._slow_begun) >= self._slow_rooms:
                self._aside.append(feed_id)
            else:
                begun += self._begin_one(feed_id)
        return begun

    @property
    def _may_begin(self) -> bool:
        return not (self._stopping or self._closed()) and len(self._running) < MOST_STARTED

    def _begin_one(self, feed_id: int) -> bool:
        poll = self._begin(feed_id)
        if poll is None:
            self._backlog.done_with(feed_id)
            return False
        if feed_id in self._slow:
            self._slow_begun.add(feed_id)
        self.start(feed_id, poll)
        return True

    def start(self, feed_id: int, poll: Begun) -> None:
        """Begin a poll at once, whatever the limits; it still takes its turn at its host."""
        name, work = poll
        task = asyncio.create_task(work, name=name)
        self._running[feed_id] = task
        task.add_done_callback(lambda _: self._ended(feed_id))

    def _ended(self, feed_id: int) -> None:
        self._running.pop(feed_id, None)
        self._one_ended.set()
        self._slow_begun.discard(feed_id)
        self._backlog.done_with(feed_id)
        with suppress(StoreError):  # the next tick meets the same and says so
            while self._aside and len(self._slow_begun) < self._slow_rooms and self._may_begin:
                self._begin_one(self._aside.popleft())
            self.serve()

    async def one_ended(self) -> None:
        """Wait until one of the polls that have begun has ended."""
        # Not asyncio.wait: it looks at each of hundreds of polls each time one ends.
        if self._running:
            self._one_ended.clear()
            await self._one_ended.wait()

    async def drain(self) -> None:
        """Wait until all that was begun has ended."""
        while self._running:
            await asyncio.wait(self._running.values())

    async def stop(self) -> None:
        """Begin nothing more, and break off what has begun."""
        self._stopping = True
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
