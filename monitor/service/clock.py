"""
The program's time, and how it learns that somebody set the clock.

Due times are stored as wall-clock times. If the wall clock is set by an hour, each of them is wrong by
that hour: feeds would be asked early, or an alert would wait. So the program's own clock runs on
CLOCK_BOOTTIME (which counts suspend, and which nobody can set), follows the wall clock's small corrections,
and takes part in a step only in the transaction that moves what is due along with it. Suspend is no step:
what fell due meanwhile is due.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

STEP = timedelta(seconds=3)  # more than any slewing between two looks, less than anybody would set by hand
_TORN = 0.2  # seconds between the two readings of the steady clock, above which the wall's is not trusted
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def boottime() -> float:
    """Seconds since the machine started, suspend included; never steps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def boot_id() -> str:
    """A name of this run of the machine, within which `boottime` of two processes compares; "" = unknown."""
    with suppress(OSError):
        return _BOOT_ID.read_text(encoding="ascii").strip()
    return ""


@dataclass(frozen=True, slots=True)
class Step:
    """The wall clock was set by `by`; the two others are what it showed where the steady clock is zero."""

    by: timedelta
    before: datetime
    after: datetime


class Clock:
    """
    Calling it gives the time, aware and UTC. `steady` gives seconds that never step.

    `wall` may be in any zone. `boot` names the run of the machine that `steady` counts from.
    """

    def __init__(
        self,
        wall: Callable[[], datetime] = utc_now,
        steady: Callable[[], float] = boottime,
        boot: Callable[[], str] = boot_id,
    ) -> None:
        self._wall = wall
        self.steady = steady
        self.boot = boot()
        self._zero = self._read()

    def __call__(self) -> datetime:
        """The program's time: the wall clock's, but for a step that was not taken part in yet."""
        return self._zero + timedelta(seconds=self.steady())

    def look(self) -> Step | None:
        """How the wall clock was set since the last look; None = it was not."""
        seen = self._read()
        if abs(seen - self._zero) > STEP:
            return Step(seen - self._zero, self._zero, seen)
        self._zero = seen
        return None

    def take(self, step: Step) -> None:
        """Take part in a step; a second time changes nothing."""
        self._zero = step.after

    def undo(self, step: Step) -> None:
        """Do as if it had not been: what is due could not be moved."""
        self._zero = step.before

    def mark(self) -> str:
        """What a later process of this boot needs, to see with `step_since` what happened between."""
        return f"{self.boot} {self.steady():.6f}"

    def step_since(self, mark: str, then: datetime) -> timedelta | None:
        """By how much the clock was set since a process left this mark at `then`; None = not, or unknown."""
        boot, _, steady = mark.partition(" ")
        if not boot or boot != self.boot:
            return None
        step = self() - then - timedelta(seconds=self.steady() - float(steady))
        return step if abs(step) > STEP else None

    def _read(self) -> datetime:
        """What the wall clock shows where the steady one is zero."""
        while True:
            before = self.steady()
            wall = self._wall().astimezone(UTC)
            if self.steady() - before <= _TORN:
                return wall - timedelta(seconds=before)
