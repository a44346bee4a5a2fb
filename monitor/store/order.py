"""
Order within a story, inside the transaction that leases: a report goes before its update, whatever is due.

What waits of a story is one message as long as nobody has begun to send it. Once it was tried it keeps its
form, for it may have arrived; an update, or a digest that tells of the story, is then a message behind it.
Its first attempt may be due sooner than the other's next one: so the elder takes its turn, and where that
fails, the younger waits for the elder's next attempt.

A message that its receiver cannot take does not hold up its story for ever: once it failed often the younger
goes right after its next failure.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.alerts import payload
from monitor.store import sql
from monitor.store.rows import from_db, to_db

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from monitor.store.tx import Tx

LATE_AFTER = timedelta(minutes=10)  # what was due for longer is marked late
PATIENCE = 8  # attempts: they take four minutes where it is refused, an hour where the answer is lost


def in_turn(tx: Tx, row: sqlite3.Row, now: datetime) -> sqlite3.Row | None:
    """
    What is to be sent in place of a due row: itself, an elder one of its stories, or None where it waits.

    One that has to wait is due again with the elder.
    """
    elder = _elder_of(tx, row)
    if elder is None:
        return row
    found = tx.row(sql.LAST_ATTEMPT, outbox=elder["id"])
    last = from_db(found[0]) if found else None
    due, again = from_db(row["next_attempt_at"]), from_db(elder["next_attempt_at"])
    if last is None or due is None or again is None or again <= now or last < due:
        return elder
    if elder["attempts"] >= PATIENCE:
        return row
    since = due if row["bin"] else from_db(row["created_at"])  # what was collected was due when it was let go
    if row["kind"] == "alert" and since is not None and again - since > LATE_AFTER:
        late = payload.dump(replace(payload.load(row["payload"]), late=True))
        tx.run(sql.OUTBOX_COMPOSE, outbox=row["id"], payload=late, severity=row["severity"])
    same = {name: row[name] for name in ("state", "reason", "bin")}
    tx.run(sql.OUTBOX_WAIT, outbox=row["id"], **same, next_attempt_at=to_db(again))
    return None


def _elder_of(tx: Tx, row: sqlite3.Row) -> sqlite3.Row | None:
    """
    What was tried in vain of the stories that a row tells.

    The ledger forgets that a digest tells a story when an update of it is on its way; what was put together
    for it stays.
    """
    where = {"outbox": row["id"], "channel": row["channel"], "tried": row["attempts"]}
    elder = tx.row(sql.OUTBOX_ELDER, **where)
    digests = tx.rows(sql.OUTBOX_TRIED_DIGESTS, **where)
    if not digests:
        return elder
    stories = {one[0] for one in tx.rows(sql.STORIES_OF_MESSAGE, outbox=row["id"])}
    stories |= {entry.story for entry in payload.load(row["payload"]).entries}
    for one in digests:
        if stories & {entry.story for entry in payload.load(one["payload"]).entries if entry.story}:
            return one if elder is None else min(one, elder, key=lambda each: each["id"])
    return elder
