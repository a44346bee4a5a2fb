"""What the database does about a clock that was set: what is due moves with it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from monitor.errors import StoreError
from monitor.service.log import event, get_logger
from monitor.store import sql
from monitor.store.asked import move_asked, settle_asked
from monitor.store.clock import OFFLINE, mend_future, move_due_times, note_clock, noted_clock

if TYPE_CHECKING:
    from datetime import timedelta

    from monitor.service.clock import Clock, Step
    from monitor.service.poller import Poller
    from monitor.store.database import Database
    from monitor.store.tx import Tx

_log = get_logger("delivery")


async def follow_clock(clock: Clock, database: Database, poller: Poller) -> timedelta | None:
    """If somebody set the wall clock: move everything due with it, and return by how much it was set."""
    step = clock.look()
    if step is None:
        return None
    poller.waits = True
    try:
        moved = await asyncio.wrap_future(database.writer.submit(lambda tx: take_step(tx, clock, step)))
    except StoreError:
        clock.undo(step)
        raise
    finally:
        poller.waits = False
    event(
        _log,
        "warning",
        "the clock was set: what is due moves with it",
        seconds=round(step.by.total_seconds()),
        feeds=moved,
    )
    return step.by


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
