"""Which notification of a channel goes next: leased in a commit of its own before anything is sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.alerts import payload
from monitor.alerts.confidential import KIND as CONFIDENTIAL
from monitor.alerts.quiet import quiet_until
from monitor.model import OutboxState, Reason, Severity
from monitor.store import sql
from monitor.store.digests import compose, drop, hold
from monitor.store.outbox import channel_state
from monitor.store.rows import OutboxRow, from_db, read, to_db

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from monitor.alerts.quiet import Window
    from monitor.store.tx import Tx

LATE_AFTER = timedelta(minutes=10)  # what was due for longer is marked late
LOOKED_AT = 20  # notifications among which another than the first is looked for


def lease_next(
    tx: Tx,
    channel: str,
    now: datetime,
    quiet: Sequence[Window] = (),
    fit: Callable[[Tx, sqlite3.Row, datetime], bool] = lambda *_: True,
    *,
    pass_over: bool = False,
) -> OutboxRow | None:
    """
    Take the channel's next due notification, if its channel is not paused.

    That is the one first put in of those that are due; what tells a story of which an earlier message waits
    for its next attempt waits as well. What its quiet hours (`quiet`) do not let through is held until they
    end, unless somebody asked for it by hand. `pass_over` takes another than the first where there is one.
    `fit` says whether a row may be sent as it is, or mends it (`guarding`).

    The row is `leased` with its attempt counted before anything is sent: a crash in mid-send leaves a lease,
    and the next start knows that this one may have arrived.
    """
    state = channel_state(tx, channel)
    if state.paused_until is not None and state.paused_until > now:
        return None
    while (row := tx.row(sql.OUTBOX_NEXT, channel=channel, now=to_db(now))) is not None:
        asked_for = row["reason"] == Reason.REQUEUED.word
        until = None if asked_for or not quiet else quiet_until(quiet, now, Severity(row["severity"]))
        if until is not None:
            hold(tx, row, until, now)
            continue
        if pass_over:
            row = _another(tx, row, now, quiet) or row
        elif (earlier := tx.row(sql.OUTBOX_IN_QUIET, outbox=row["id"], channel=channel)) is not None:
            # What was tried of the same story and would wait for the morning goes along, and first.
            # It is due now: one that `fit` mends is looked up again, and must not keep the later one waiting.
            values = {"state": earlier["state"], "reason": earlier["reason"], "next_attempt_at": to_db(now)}
            tx.run(sql.OUTBOX_WAIT, outbox=earlier["id"], bin="", **values)
            row = earlier
        if not fit(tx, row, now):
            continue
        collected = row["kind"] in ("digest", CONFIDENTIAL) and not row["attempts"]
        if collected and not compose(tx, row["id"], now):
            drop(tx, row["id"], now)  # all that it was to tell went another way
            continue
        return _leased(tx, row, now)
    return None


def stories_of(tx: Tx, row: sqlite3.Row) -> frozenset[int]:
    """The stories that a notification tells; a digest tells many."""
    own = [] if row["story_id"] is None else [row["story_id"]]
    return frozenset([*own, *(r["story_id"] for r in tx.rows(sql.OUTBOX_STORIES, outbox=row["id"]))])


def _another(tx: Tx, first: sqlite3.Row, now: datetime, quiet: Sequence[Window]) -> sqlite3.Row | None:
    """What may go in the place of the first: of another story, and not in quiet hours."""
    told = stories_of(tx, first)
    return next(
        (
            row
            for row in tx.rows(sql.OUTBOX_DUE, channel=first["channel"], now=to_db(now))[1:LOOKED_AT]
            if told.isdisjoint(stories_of(tx, row))
            and (not quiet or quiet_until(quiet, now, Severity(row["severity"])) is None)
        ),
        None,
    )


def _leased(tx: Tx, row: sqlite3.Row, now: datetime) -> OutboxRow:
    """The row, leased; an alert that was kept waiting by its receiver says that it is late."""
    since = from_db(row["created_at" if row["attempts"] else "next_attempt_at"])
    row = tx.row(sql.OUTBOX, id=row["id"]) or row  # what was collected has been put together by now
    if row["kind"] in ("alert", CONFIDENTIAL) and since is not None and since < now - LATE_AFTER:
        late = replace(payload.load(row["payload"]), late=True)
        tx.run(sql.OUTBOX_COMPOSE, outbox=row["id"], payload=payload.dump(late), severity=row["severity"])
    leased = OutboxState.LEASED.value
    tx.run(
        sql.OUTBOX_LEASE,
        outbox=row["id"],
        state=leased,
        attempts=row["attempts"] + 1,
        leased_at=to_db(now),
    )
    fresh = tx.row(sql.OUTBOX, id=row["id"])
    assert fresh is not None
    return read(OutboxRow, fresh)


def return_leases(tx: Tx, now: datetime) -> int:
    """After a start: whatever is leased was in mid-send when the last process ended, and may be a repeat."""
    return tx.run(sql.OUTBOX_RETURN_LEASES, now=to_db(now))
