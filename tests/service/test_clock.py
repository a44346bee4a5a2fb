"""The program's time against a wall clock that is set."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from monitor.service.clock import STEP, Clock, boot_id, boottime, utc_now

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass
class Machine:
    """Its two clocks."""

    ran: float = 1000.0
    skew: timedelta = timedelta(0)
    boot: str = "boot-1"

    def wall(self) -> datetime:
        shown = NOON + timedelta(seconds=self.ran - 1000.0) + self.skew
        return shown.astimezone(ZoneInfo("Asia/Hebron"))

    def clock(self) -> Clock:
        return Clock(self.wall, lambda: self.ran, lambda: self.boot)


def test_it_runs_with_the_machine_and_speaks_utc() -> None:
    """Whatever zone the wall clock is in, and suspended or not."""
    machine = Machine()
    clock = machine.clock()
    machine.ran += 8 * 3600
    assert clock.look() is None
    assert clock() == NOON + timedelta(hours=8)
    assert clock().tzinfo is UTC


def test_a_step_is_seen_and_taken_part_in_when_told() -> None:
    """Until then the old time runs on, so that nothing mixes; taking it twice is taking it once."""
    machine = Machine()
    clock = machine.clock()
    machine.skew = timedelta(hours=-1)
    machine.ran += 1
    step = clock.look()
    assert step is not None
    assert step.by == timedelta(hours=-1)
    assert clock() == NOON + timedelta(seconds=1)
    clock.take(step)
    clock.take(step)
    assert clock() == NOON + timedelta(seconds=1, hours=-1)
    assert clock.look() is None
    clock.undo(step)
    assert clock.look() == step


@given(st.lists(st.floats(-2.9, 2.9), max_size=50))
def test_small_corrections_are_followed_in_silence(slews: list[float]) -> None:
    """A time server's work is no step, however much it sums up to."""
    machine = Machine()
    clock = machine.clock()
    for slew in slews:
        machine.ran += 1
        machine.skew += timedelta(seconds=slew)
        assert clock.look() is None
        assert clock() == machine.wall()


def test_a_step_between_two_processes_is_seen_within_one_boot_only() -> None:
    """A later process knows it by the mark of the earlier one; after a restart of the machine nobody can."""
    machine = Machine()
    mark, then = machine.clock().mark(), machine.clock()()
    machine.ran += 600
    assert machine.clock().step_since(mark, then) is None
    machine.skew = timedelta(hours=1)
    assert machine.clock().step_since(mark, then) == timedelta(hours=1)
    machine.boot = "boot-2"
    assert machine.clock().step_since(mark, then) is None
    machine.boot = ""
    assert machine.clock().step_since(machine.clock().mark(), then) is None


def test_two_readings_torn_apart_are_no_step() -> None:
    """If the process stood still between looking at the one clock and at the other, it looks again."""
    machine = Machine()
    clock = machine.clock()
    late = [30.0]

    def wall() -> datetime:
        shown = machine.wall()
        machine.ran += late.pop() if late else 0.0
        return shown

    torn = Clock(wall, lambda: machine.ran, lambda: machine.boot)
    assert torn() == clock()
    assert torn.look() is None


def test_the_real_clocks() -> None:
    """On this machine: boottime counts on, the boot has a name, and nothing has stepped."""
    assert boottime() >= time.clock_gettime(time.CLOCK_MONOTONIC) - 1
    assert boot_id() == boot_id()
    clock = Clock()
    assert clock.look() is None
    assert abs(clock() - utc_now()) < STEP
