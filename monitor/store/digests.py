"""
Digests in the outbox: rows that collect alerts for a while, and become a message when they go.

What belongs to a digest stands in the ledger alone: its rows point at the digest's row. So it grows inside
the transactions that find the alerts, survives any crash, and its message is put together at its first lease.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.alerts import payload
from monitor.alerts.digest import LATE_WHY, digest
from monitor.model import DigestEntry, OutboxState, Reason, Severity
from monitor.store import sql
from monitor.store.rows import from_db, to_db

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from monitor.store.tx import Tx

LONGEST_HOLD = timedelta(minutes=10)


def open_digest(tx: Tx, channel: str, why: Reason) -> sqlite3.Row | None:
    """The channel's digest of this kind that still collects, if there is one."""
    rows = tx.rows(sql.OUTBOX_DIGESTS_HELD)
    return next((r for r in rows if r["channel"] == channel and r["reason"] == why.word), None)


def release(tx: Tx, now: datetime, *, overdue: bool) -> int:
    """Let digests go that waited long enough, or all where nothing is `overdue`; returns how many."""
    released = 0
    for row in tx.rows(sql.OUTBOX_DIGESTS_HELD):
        latest = from_db(row["next_attempt_at"])
        if row["reason"] == Reason.LATE.word and (not overdue or latest is None or latest <= now):
            released += 1
            tx.run(
                sql.OUTBOX_SETTLE,
                outbox=row["id"],
                state=OutboxState.READY.value,
                reason=row["reason"],
                next_attempt_at=to_db(now),
                leased_at=None,
                sent_at=None,
            )
    return released


def compose(tx: Tx, outbox_id: int) -> None:
    """Put the digest's message together from the alerts that the ledger gives it."""
    entries: dict[int, DigestEntry] = {}
    for row in tx.rows(sql.DIGEST_ALERTS, outbox=outbox_id):
        so_far = entries.get(row["article_id"])
        severity = Severity(row["severity"])
        entries[row["article_id"]] = DigestEntry(
            title=row["title"],
            url=row["url"],
            feed=row["feed"],
            published=from_db(row["published"]),
            severity=max(severity, so_far.severity) if so_far else severity,
            rules=tuple(dict.fromkeys((*(so_far.rules if so_far else ()), row["rule"]))),
        )
    message = digest(entries.values(), late=True, why=LATE_WHY)
    tx.run(
        sql.OUTBOX_COMPOSE,
        outbox=outbox_id,
        payload=payload.dump(message),
        severity=int(message.severity),
    )
