"""
What `secret` and `allow_channels` ask for, held once more against a message that is about to be sent.

A message may have waited while a reload made its rule secret, or took its channel away; a fallback, a digest
or somebody's retry may have brought it where it may not go. What may not go is taken out of it, with its
ledger rows, before anything is sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.alerts import payload
from monitor.alerts.confidential import KIND, collecting_notice, opened
from monitor.model import OutboxState, Reason, Severity, State
from monitor.store import sql
from monitor.store.confidential import kept_rules
from monitor.store.digests import compose, drop
from monitor.store.outbox import enqueue
from monitor.store.rows import to_db

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Sequence
    from datetime import datetime

    from monitor.store.confidential import Kept
    from monitor.store.tx import Tx


def may_go(tx: Tx, row: sqlite3.Row, now: datetime) -> bool:
    """Whether an outbox row is fit to be sent as it is; else it was mended, and is to be looked up again."""
    kept = kept_rules(tx)
    if row["kind"] == "notice" or not (kept.secret or kept.allowed):
        return True
    entries = tx.rows(sql.LEDGER_HEIRS, outbox=row["id"])
    forbidden = [entry for entry in entries if not kept.allows(entry["rule"], row["channel"])]
    if forbidden:
        _take_away(tx, row, forbidden, now)
        return _mended(tx, row, kept, now)
    sealed = [entry for entry in entries if entry["rule"] in kept.secret]
    if sealed and row["kind"] != KIND:
        _seal(tx, row, sealed, now)
        return _mended(tx, row, kept, now)
    return True


def _take_away(tx: Tx, row: sqlite3.Row, entries: Sequence[sqlite3.Row], now: datetime) -> None:
    """These alerts are told nobody here: the ledger says why."""
    state, reason = State.SUPPRESSED.value, Reason.NOT_ALLOWED.word
    for alert in dict.fromkeys(entry["alert_id"] for entry in entries):
        values = {"into": None, "state": state, "reason": reason, "at": to_db(now)}
        tx.run(sql.LEDGER_MOVE, outbox=row["id"], alert=alert, **values)


def _seal(tx: Tx, row: sqlite3.Row, entries: Sequence[sqlite3.Row], now: datetime) -> None:
    """These alerts are of rules that have become secret: a notice of its own tells of them."""
    severity = max(Severity(entry["severity"]) for entry in entries)
    into = enqueue(tx, row["channel"], collecting_notice(severity), now, bin_name=row["bin"])
    state = State.WAITING.value
    for alert, reason in dict.fromkeys((entry["alert_id"], entry["reason"]) for entry in entries):
        values = {"into": into, "state": state, "reason": reason, "at": to_db(now)}
        tx.run(sql.LEDGER_MOVE, outbox=row["id"], alert=alert, **values)


def _mended(tx: Tx, row: sqlite3.Row, kept: Kept, now: datetime) -> bool:
    """Bring a message in line with what is left of it; one of which nothing is left goes nowhere."""
    left = tx.rows(sql.LEDGER_HEIRS, outbox=row["id"])
    if not left and row["attempts"]:  # somebody may have seen it: it stays on record
        tx.run(
            sql.OUTBOX_SETTLE,
            outbox=row["id"],
            state=OutboxState.DROPPED.value,
            reason=Reason.NOT_ALLOWED.word,
            next_attempt_at=None,
            leased_at=None,
            sent_at=None,
        )
    elif not left:
        drop(tx, row["id"], now)
    elif row["kind"] == "alert":
        message = payload.load(row["payload"])
        gone = sorted(set(message.rules) - {entry["rule"] for entry in left} | kept.secret)
        severity = max(Severity(entry["severity"]) for entry in left)
        message = opened(message, gone, severity)
        tx.run(sql.OUTBOX_COMPOSE, outbox=row["id"], payload=payload.dump(message), severity=int(severity))
    elif row["attempts"]:  # else it is put together when it is leased
        compose(tx, row["id"], now)
    return False
