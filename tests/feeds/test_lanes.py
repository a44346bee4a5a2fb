"""Fast and slow rooms."""

from __future__ import annotations

import asyncio

from monitor.feeds.lanes import SLOW_FOR_FAST, Lanes

NEVER = 3600.0


async def turns(count: int = 20) -> None:
    """Let everybody do what can be done without waiting."""
    for _ in range(count):
        await asyncio.sleep(0)


def test_a_slow_one_gives_its_room_to_the_next() -> None:
    """With one fast room and a patience of nothing, a second one enters while the first is still inside."""

    async def story() -> None:
        lanes = Lanes(1, patience=0.0)
        first = await lanes.enter(slow=False)
        assert not first.is_slow
        second = await asyncio.wait_for(lanes.enter(slow=False), 5)
        assert (first.is_slow, first.in_slow) == (True, True)
        lanes.leave(first)
        lanes.leave(second)

    asyncio.run(story())


def test_slow_rooms_are_bounded() -> None:
    """Where all are taken the next slow one stays in its fast room until one is free."""

    async def story() -> None:
        lanes = Lanes(1, patience=0.0)
        slow = [await asyncio.wait_for(lanes.enter(slow=False), 5) for _ in range(SLOW_FOR_FAST + 1)]
        await turns()
        waiting = asyncio.create_task(lanes.enter(slow=False))
        await turns()
        assert [stay.in_slow for stay in slow] == [True] * SLOW_FOR_FAST + [False]
        assert slow[-1].is_slow
        assert not waiting.done()
        lanes.leave(slow[0])
        last = await asyncio.wait_for(waiting, 5)
        assert slow[-1].in_slow
        for stay in (*slow[1:], last):
            lanes.leave(stay)
        await turns()
        whole = [await asyncio.wait_for(lanes.enter(slow=True), 5) for _ in range(SLOW_FOR_FAST)]
        assert lanes._slow.locked()
        assert not lanes._fast.locked()
        for stay in whole:
            lanes.leave(stay)

    asyncio.run(story())


def test_one_known_to_be_slow_takes_no_fast_room() -> None:
    """However many of them wait, a quick one enters at once."""

    async def story() -> None:
        lanes = Lanes(1, patience=NEVER)
        inside = [await lanes.enter(slow=True) for _ in range(SLOW_FOR_FAST)]
        waiting = [asyncio.create_task(lanes.enter(slow=True)) for _ in range(50)]
        await turns()
        lanes.leave(await asyncio.wait_for(lanes.enter(slow=False), 5))
        assert not any(task.done() for task in waiting)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        for stay in inside:
            lanes.leave(stay)
        assert not any(stay.is_slow for stay in inside)

    asyncio.run(story())


def test_leaving_in_mid_move_loses_no_room() -> None:
    """One that leaves while it waits for a slow room takes neither with it."""

    async def story() -> None:
        lanes = Lanes(1, patience=0.0)
        for _ in range(30):
            stays = [await asyncio.wait_for(lanes.enter(slow=False), 5) for _ in range(SLOW_FOR_FAST + 1)]
            await turns(3)
            for stay in reversed(stays):
                lanes.leave(stay)
        await turns()
        assert lanes._fast._value == 1
        assert lanes._slow._value == SLOW_FOR_FAST

    asyncio.run(story())
