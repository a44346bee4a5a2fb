"""
What the canary leaves in the database: for a moment its message, and a fact of the last whole round.

All else that a round writes is taken back before the transaction ends, so no list, figure or search of
anybody ever finds it.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from monitor.model import Message
from monitor.settings import CANARY
from monitor.store import sql
from monitor.store.outbox import enqueue
from monitor.store.rows import from_db, to_db

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from monitor.store.tx import Tx

LAST_ROUND = "canary"  # the fact
KIND = "canary"  # of its message


class Rows(Protocol):
    """What both a transaction and a reader can do."""

    def row(self, statement: str, **params: Any) -> sqlite3.Row | None:
        """The first row of a query, if any."""
        ...


@dataclass(frozen=True, slots=True)
class LastRound:
    """The last round that came through: when it had, and how many seconds each of its stages took."""

    at: datetime
    stages: Mapping[str, float] = field(default_factory=dict)


@contextmanager
def rehearsed(tx: Tx) -> Iterator[None]:
    """Everything that is written inside this block is taken back at its end, in the same transaction."""
    tx.run("SAVEPOINT rehearsal")
    try:
        yield
    finally:
        tx.run("ROLLBACK TO rehearsal")
        tx.run("RELEASE rehearsal")


def send_canary(tx: Tx, token: str, now: datetime) -> None:
    """Put a round's message into the outbox, in the place of those that nobody took."""
    for row in tx.rows(sql.CANARY_LEFT):
        forget(tx, row["id"], now)
    enqueue(tx, CANARY, Message(kind=KIND, title=token), now)


def forget(tx: Tx, outbox_id: int, now: datetime) -> None:
    """Remove a message of the canary with its attempts; nothing else is ever given its id."""
    tx.remember_ids(("outbox", "attempts"), to_db(now))
    tx.run(sql.OUTBOX_DROP_ATTEMPTS, outbox=outbox_id)
    tx.run(sql.OUTBOX_DROP, outbox=outbox_id)


def note_round(tx: Tx, stages: Mapping[str, float], at: datetime) -> None:
    """Remember that a round has come through."""
    tx.run(sql.FACT_UPSERT, name=LAST_ROUND, value=json.dumps(dict(stages)), at=to_db(at))


def last_round(source: Rows) -> LastRound | None:
    """The last round that came through, of this process or one before it."""
    row = source.row(sql.FACT, name=LAST_ROUND)
    at = from_db(row["at"]) if row is not None else None
    return None if row is None or at is None else LastRound(at, json.loads(row["value"] or "{}"))
