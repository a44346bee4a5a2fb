"""Feeds left alone for a while because what their last poll found could not be recorded."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HOLD_AFTER_ERROR = 30.0  # seconds, at least, before a poll that could not be recorded is tried again
LONGEST_HOLD = 900.0  # seconds, after it could not be recorded several times


class HeldBack:
    """Which feeds are held back, and until when; `steady` gives seconds that never step."""

    def __init__(self, steady: Callable[[], float]) -> None:
        self._steady = steady
        self._until: dict[int, float] = {}
        self._failed: Counter[int] = Counter()

    def now(self) -> Mapping[int, float]:
        """The feeds that are held back now, by id."""
        now = self._steady()
        self._until = {feed_id: until for feed_id, until in self._until.items() if until > now}
        return self._until

    def hold(self, feed_id: int, least: float) -> None:
        """Hold a feed back, longer each time, but not for less than so many seconds."""
        self._failed[feed_id] += 1
        pause = min(HOLD_AFTER_ERROR * 2 ** (self._failed[feed_id] - 1), LONGEST_HOLD)
        self._until[feed_id] = self._steady() + max(pause, least)

    def recorded(self, feed_id: int) -> None:
        """A poll of it was recorded: the next failure is its first again."""
        self._failed.pop(feed_id, None)
