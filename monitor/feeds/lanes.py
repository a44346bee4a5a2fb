"""
Room for so many at once, in which those that turn out to be slow keep nobody waiting.

Whoever begins takes one of the fast rooms. One that is still there after a few seconds gives it to the next
and goes on in a slow room. There are slow rooms for twice as many; when they are full too, it stays where it
is until one of them is free. Whoever is known to be slow begins in a slow room, waits for one if need be, and
takes no fast room at all: so a server that never answers costs others a few seconds once.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import TimerHandle

PATIENCE = 3.0  # seconds in a fast room; nine of ten servers answer within one
SLOW_FOR_FAST = 2  # slow rooms for each fast one


class Stay:
    """One that is inside; `is_slow` = it has been for longer than a fast one may."""

    __slots__ = ("in_slow", "is_slow", "mover", "timer")

    def __init__(self, *, slow: bool) -> None:
        self.in_slow = slow
        self.is_slow = False
        self.timer: TimerHandle | None = None
        self.mover: asyncio.Task[None] | None = None


class Lanes:
    """`fast` rooms and some slow ones; `patience` is in seconds of the running loop's time."""

    def __init__(self, fast: int, patience: float = PATIENCE) -> None:
        self._fast = asyncio.Semaphore(fast)
        self._slow = asyncio.Semaphore(SLOW_FOR_FAST * fast)
        self._patience = patience

    async def enter(self, *, slow: bool) -> Stay:
        """Wait for a room; whoever calls this calls `leave` in the end."""
        await (self._slow if slow else self._fast).acquire()
        stay = Stay(slow=slow)
        stay.timer = asyncio.get_running_loop().call_later(self._patience, self._too_long, stay)
        return stay

    def leave(self, stay: Stay) -> None:
        """Give the room to the next."""
        if stay.timer is not None:
            stay.timer.cancel()
        if stay.mover is not None:
            stay.mover.cancel()
        (self._slow if stay.in_slow else self._fast).release()

    def _too_long(self, stay: Stay) -> None:
        stay.is_slow = True
        if not stay.in_slow:
            stay.mover = asyncio.get_running_loop().create_task(self._move(stay))

    async def _move(self, stay: Stay) -> None:
        await self._slow.acquire()
        stay.in_slow = True
        self._fast.release()
