"""
Digests in the outbox: rows that collect alerts for a while, and become a message when they go.

What belongs to a digest stands in the ledger alone: its rows point at the digest's row. So it grows inside
the transactions that find the alerts, survives any crash, and its message is put together at its first lease.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.alerts import payload
from monitor.alerts.digest import LATE_WHY, WEAK_WHY, digest, next_hour
from monitor.model import DigestEntry, OutboxState, Reason, Severity, State
from monitor.store import sql
from monitor.store.rows import from_db, to_db

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from monitor.settings import Config
    from monitor.store.tx import Tx

LONGEST_HOLD = timedelta(minutes=10)


def open_digest(tx: Tx, channel: str, why: Reason) -> sqlite3.Row | None:
    """The channel's digest of this kind that still collects, if there is one."""
    rows = tx.rows(sql.OUTBOX_DIGESTS_HELD)
    return next((r for r in rows if r["channel"] == channel and r["reason"] == why.word), None)


def latest(why: Reason, now: datetime, config: Config) -> datetime:
    """When a digest goes if nothing lets it go before: one of late alerts soon, others at their hour."""
    if why is Reason.LATE:
        return now + LONGEST_HOLD
    return next_hour(config.digest, ZoneInfo(config.timezone), now)


def release(tx: Tx, now: datetime, *, overdue: bool) -> int:
    """Let digests go whose time has come, and late ones where no feed is `overdue`; returns how many."""
    released = 0
    for row in tx.rows(sql.OUTBOX_DIGESTS_HELD):
        until = from_db(row["next_attempt_at"])
        late = row["reason"] == Reason.LATE.word
        if (late and not overdue) or until is None or until <= now:
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
            tx.run(
                sql.LEDGER_SETTLE,
                outbox=row["id"],
                state=State.WAITING.value,
                reason=row["reason"],
                at=to_db(now),
            )
    return released


def compose(tx: Tx, outbox_id: int) -> int:
    """Put the digest's message together from the alerts that the ledger gives it; returns how many."""
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
    own = tx.row(sql.OUTBOX, id=outbox_id)
    late = own is None or own["reason"] != Reason.WEAK.word
    message = digest(entries.values(), late=late, why=LATE_WHY if late else WEAK_WHY)
    tx.run(
        sql.OUTBOX_COMPOSE,
        outbox=outbox_id,
        payload=payload.dump(message),
        severity=int(message.severity),
    )
    return len(entries)
