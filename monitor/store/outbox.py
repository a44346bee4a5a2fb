"""The outbox's moves inside a transaction: put in, renew, settle, retry or drop by hand."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.alerts import payload
from monitor.alerts.confidential import KIND as CONFIDENTIAL
from monitor.model import AnswerClass, Message, OutboxState, Reason, Severity, State
from monitor.store import sql
from monitor.store.digests import added, merged
from monitor.store.rows import ChannelState, OutboxRow, read, to_db, write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from monitor.model import Answer
    from monitor.store.tx import Tx


def enqueue(
    tx: Tx,
    channel: str,
    message: Message,
    now: datetime,
    *,
    story_id: int | None = None,
    held: Reason | None = None,
    until: datetime | None = None,
    bin_name: str = "",
    due: datetime | None = None,
    created: datetime | None = None,
) -> int:
    """
    Put a message for one channel into the outbox; returns its id there.

    With `held` it is kept back for that reason, `until` then, as the first in the bin `bin_name`. Without, it
    goes when it is `due`, at once by default; `created` is when what it tells was first put in.
    """
    outbox_id = tx.next_id("outbox")
    row = OutboxRow(
        id=outbox_id,
        message_id=f"{outbox_id}.{uuid.uuid4().hex[:16]}",
        channel=channel,
        kind=message.kind,
        story_id=story_id,
        severity=int(message.severity),
        payload=payload.dump(message),
        state=(OutboxState.HELD if held else OutboxState.READY).value,
        reason=held.word if held else "",
        attempts=0,
        next_attempt_at=until or due or now,
        created_at=created or now,
        leased_at=None,
        sent_at=None,
        maybe_repeat=False,
        plain=False,
        last_error="",
        bin=bin_name,
    )
    tx.run(sql.OUTBOX_INSERT, **write(row))
    return outbox_id


def keep(
    tx: Tx,
    channel: str,
    bin_name: str,
    message: Message,
    now: datetime,
    *,
    why: Reason,
    until: datetime,
    story_id: int | None = None,
) -> int:
    """
    Put a message into the channel's bin of this name, begun if none is open; returns its outbox id.

    The bin goes `until` then. The caller's ledger rows that point at it are its content.
    """
    row = tx.row(sql.OUTBOX_BIN, channel=channel, bin=bin_name, sealed=message.kind == CONFIDENTIAL)
    if row is None:
        return enqueue(tx, channel, message, now, story_id=story_id, held=why, until=until, bin_name=bin_name)
    added(tx, row, message, story_id)
    tx.run(
        sql.OUTBOX_WAIT,
        outbox=row["id"],
        state=row["state"],
        reason=row["reason"],
        bin=bin_name,
        next_attempt_at=to_db(until),
    )
    return int(row["id"])


def renew(tx: Tx, story_id: int, channel: str, message: Message, until: datetime | None = None) -> int | None:
    """
    Bring what waits of a story on a channel up to date, if nobody has begun to send it; its id, or None.

    Its reader gets the latest state once, instead of what was true this morning and then what changed. With
    `until` it waits no longer than that.
    """
    row = tx.row(sql.OUTBOX_PENDING, story=story_id, channel=channel)
    if row is None:
        return None
    told = merged(payload.load(row["payload"]), message)
    tx.run(sql.OUTBOX_COMPOSE, outbox=row["id"], payload=payload.dump(told), severity=int(told.severity))
    if until is not None:
        tx.run(sql.OUTBOX_HURRY, outbox=row["id"], until=to_db(until))
    return int(row["id"])


def notice(tx: Tx, kind: str, subject: str, text: str, now: datetime, *, to: Sequence[str] = ()) -> None:
    """Write down something Tocsin has to say about itself, and send it to the channels in `to` at once."""
    tx.run(sql.NOTICE_INSERT, id=tx.next_id("notices"), at=to_db(now), kind=kind, subject=subject, text=text)
    for channel in to:
        message = Message(kind="notice", title=text, severity=Severity.HIGH, why=f"notice: {kind}")
        enqueue(tx, channel, message, now)


def settle(
    tx: Tx,
    row: OutboxRow,
    answer: Answer,
    *,
    state: OutboxState,
    reason: Reason | None,
    next_attempt: datetime | None,
    maybe_repeat: bool,
    plain: bool,
    now: datetime,
) -> bool:
    """
    Record an attempt and what follows from it in outbox, ledger and attempts; False if it came too late.

    `reason` is None where the notification stays on its way. A send that was given up as unknown may answer
    late, after its row was leased again: the number of the attempt tells.
    """
    current = tx.row(sql.OUTBOX, id=row.id)
    if current is None or current["state"] != OutboxState.LEASED.value or current["attempts"] != row.attempts:
        return False
    tx.run(
        sql.ATTEMPT_INSERT,
        id=tx.next_id("attempts"),
        outbox_id=row.id,
        number=row.attempts,
        at=to_db(now),
        answer=answer.kind.value,
        status=answer.status,
        detail=answer.detail,
    )
    tx.run(
        sql.OUTBOX_TRIED,
        outbox=row.id,
        maybe_repeat=row.maybe_repeat or maybe_repeat,
        plain=row.plain or plain,
        last_error="" if answer.kind is AnswerClass.OK else answer.detail,
    )
    if reason is None:
        # Still on its way: why it rings stays what it was, here and in the ledger.
        _set_state(tx, row.id, state, row.reason, next_attempt=next_attempt, sent_at=None)
    else:
        _move(tx, row.id, state, reason, next_attempt=next_attempt, now=now)
    return True


def retry_by_hand(tx: Tx, outbox_id: int, now: datetime) -> bool:
    """
    Make an unsent or dead notification due now; False where there is none such.

    Whoever does this has mended something: a channel that is left alone for its failures is tried at once. A
    pause that the receiver asked for holds. What waits goes in the order in which it was first put in.
    """
    row = tx.row(sql.OUTBOX, id=outbox_id)
    if row is None or row["state"] not in (OutboxState.RETRY, OutboxState.DEAD, OutboxState.HELD):
        return False
    _move(tx, outbox_id, OutboxState.READY, Reason.REQUEUED, next_attempt=now, now=now)
    end_rest(tx, row["channel"])
    return True


def end_rest(tx: Tx, channel: str) -> bool:
    """End a channel's pause, but for one that its receiver asked for; whether there was one."""
    state = channel_state(tx, channel)
    if state.paused_until is None or state.pause_reason in ("", AnswerClass.RATE):
        return False
    save_channel(tx, replace(state, paused_until=None, pause_reason=""))
    return True


def drop_by_hand(tx: Tx, outbox_id: int, now: datetime) -> bool:
    """Give up an unsent notification; False where there is none such."""
    row = tx.row(sql.OUTBOX, id=outbox_id)
    droppable = (OutboxState.READY, OutboxState.RETRY, OutboxState.DEAD, OutboxState.HELD)
    if row is None or row["state"] not in droppable:
        return False
    _move(tx, outbox_id, OutboxState.DROPPED, Reason.BY_HAND, next_attempt=None, now=now)
    return True


def channel_state(tx: Tx, channel: str) -> ChannelState:
    """What is known of a channel."""
    row = tx.row(sql.CHANNEL, name=channel)
    return read(ChannelState, row) if row else ChannelState(channel)


def save_channel(tx: Tx, state: ChannelState) -> None:
    """Write what is known of a channel."""
    tx.run(sql.CHANNEL_UPSERT, **write(state))


LEDGER_STATE = {
    OutboxState.SENT: State.SENT,
    OutboxState.DEAD: State.DEAD,
    OutboxState.DROPPED: State.DROPPED,
    OutboxState.HELD: State.HELD,
}


def _move(
    tx: Tx,
    outbox_id: int,
    state: OutboxState,
    reason: Reason,
    *,
    next_attempt: datetime | None,
    now: datetime,
) -> None:
    sent_at = now if state is OutboxState.SENT else None
    _set_state(tx, outbox_id, state, reason.word, next_attempt=next_attempt, sent_at=sent_at)
    ledger = LEDGER_STATE.get(state, State.WAITING)
    tx.run(sql.LEDGER_SETTLE, outbox=outbox_id, state=ledger.value, reason=reason.word, at=to_db(now))


def _set_state(
    tx: Tx,
    outbox_id: int,
    state: OutboxState,
    reason: str,
    *,
    next_attempt: datetime | None,
    sent_at: datetime | None,
) -> None:
    tx.run(
        sql.OUTBOX_SETTLE,
        outbox=outbox_id,
        state=state.value,
        reason=reason,
        next_attempt_at=to_db(next_attempt),
        leased_at=None,
        sent_at=to_db(sent_at),
    )
