"""What the database does about a clock that was set: what is due moves with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.store import sql
from monitor.store.asked import move_asked, settle_asked
from monitor.store.clock import OFFLINE, mend_future, move_due_times, note_clock, noted_clock

if TYPE_CHECKING:
    from monitor.service.clock import Clock, Step
    from monitor.store.tx import Tx


def take_step(tx: Tx, clock: Clock, step: Step) -> int:
    """
    Go by the new time from here on; returns how many feeds it moved.

    In the writer, so that no time of the old clock is written after it, or of the new one before.
    """
    clock.take(step)
    moved = move_due_times(tx, step.by, clock())
    move_asked(tx, step.by)
    note_clock(tx, clock.mark(), clock())
    return moved


def trust_times(tx: Tx, clock: Clock) -> None:
    """At a start: what the clock did while nobody looked must not make feeds early or alerts wait."""
    settle_asked(tx)
    noted = noted_clock(tx)
    step = clock.step_since(*noted) if noted else None
    if step is not None:
        move_due_times(tx, step, clock())
    mend_future(tx, clock())
    note_clock(tx, clock.mark(), clock())
    tx.run(sql.FACT_DELETE, name=OFFLINE)
