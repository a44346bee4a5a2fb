"""Who may begin, and what slow ones cost others."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from monitor.feeds.lanes import SLOW_FOR_FAST, Lanes
from monitor.service.slots import Slots
from monitor.settings import Polling

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.service.slots import Begun


class Polls:
    """Polls that last until a test ends them; feed K is of host K."""

    def __init__(self, concurrency: int, patience: float = 0.0) -> None:
        self.polling = Polling(concurrency=concurrency, per_host_gap=0.0)
        self.slots = Slots(self.polling, asyncio.get_running_loop().time, self.begin, lambda: False)
        self.patience(patience)
        self.hangs: Callable[[int], bool] = lambda _feed: False
        self.asked: list[int] = []
        self.release = asyncio.Event()

    def patience(self, seconds: float) -> None:
        self.slots._pacer._lanes = Lanes(self.polling.concurrency, patience=seconds)

    def begin(self, feed_id: int) -> Begun:
        return f"poll-{feed_id}", self._poll(feed_id)

    async def _poll(self, feed_id: int) -> None:
        async with self.slots.turn(feed_id, f"host{feed_id}"):
            self.asked.append(feed_id)
            if self.hangs(feed_id):
                await self.release.wait()

    def due(self, *feeds: int) -> None:
        self.slots.fill((feed, f"host{feed}") for feed in feeds)
        self.slots.serve()


async def until(condition: Callable[[], bool]) -> None:
    """Turn the loop until something holds."""
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110 - of many things there is no event
            await asyncio.sleep(0)


def test_good_feeds_do_not_wait_for_hanging_ones() -> None:
    """Two rooms, six feeds that hang before twenty that answer: all twenty are asked meanwhile."""

    async def story() -> None:
        polls = Polls(concurrency=2)
        polls.hangs = lambda feed: feed < 4
        polls.due(*range(24))
        await until(lambda: len(polls.asked) == 24)
        polls.release.set()
        await polls.slots.drain()

    asyncio.run(story())


def test_of_feeds_known_to_be_slow_few_are_begun() -> None:
    """The second time they take slow rooms alone; those without one are no task and wait."""

    async def story() -> None:
        polls = Polls(concurrency=1)
        polls.hangs = lambda feed: feed < 10
        polls.due(*range(10))
        room = SLOW_FOR_FAST + 1
        await until(lambda: len(polls.asked) == room)
        polls.slots._slow.update(range(10))
        polls.release.set()
        await polls.slots.drain()
        polls.release.clear()
        polls.asked.clear()
        polls.patience(3600.0)
        polls.slots._slow.update(range(10))
        polls.due(*range(30))
        await until(lambda: len(polls.asked) == 20 + SLOW_FOR_FAST)
        await until(lambda: len(polls.slots._running) == SLOW_FOR_FAST)
        assert polls.slots.waiting == 10 - SLOW_FOR_FAST
        polls.slots.fill((feed, f"host{feed}") for feed in range(10))  # the next look finds them due again
        assert polls.slots.serve() == 0
        assert polls.slots.waiting == 10 - SLOW_FOR_FAST
        polls.release.set()
        await until(lambda: not polls.slots.busy)
        assert sorted(polls.asked) == list(range(30))
        assert polls.slots.waiting == 0
        assert polls.slots._slow == set()

    asyncio.run(story())


def test_a_feed_that_has_become_quick_is_slow_no_more() -> None:
    """Its next poll takes a fast room again."""

    async def story() -> None:
        polls = Polls(concurrency=1, patience=3600.0)
        polls.slots._slow.add(1)
        polls.due(1)
        await polls.slots.drain()
        assert polls.slots._slow == set()

    asyncio.run(story())
