"""
What a daemon has done since it began, left in the database with each sign of life, for `status` to read.

Its counters live in its memory. Who looks from outside gets them as of the last sign of life, and only of the
process that holds the lock: what one did that is gone says nothing of the next.
"""

from __future__ import annotations

import json
from dataclasses import asdict, field, fields
from typing import TYPE_CHECKING

from monitor.model import value
from monitor.store import sql
from monitor.store.rows import from_db, to_db, to_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from monitor.store.database import Reader
    from monitor.store.tx import Tx

PROCESS = "process"  # the fact
LAST_TICK = "last_tick"  # the fact of the last sign of life
AT_WORK, ENDED = "at work", "ended"  # what it said: a crash leaves the first


@value
class ProcessFigures:
    """
    Counters since `since` (RFC 3339); all but the last four only grow.

    `polls` by how they ended (`model.FetchStatus`), those that could not be recorded and those that fell to
    an outage of ours beside them; `attempts` to deliver by the receiver's answer; `reloads` by "applied" and
    "refused". The engine's figures are those of `rules.size`; 0 = not weighed yet.
    """

    pid: int
    since: str
    polls: Mapping[str, int] = field(default_factory=dict)
    polls_unrecorded: int = 0
    polls_offline: int = 0
    items_new: int = 0
    matches: int = 0
    pages_asked: int = 0
    attempts: Mapping[str, int] = field(default_factory=dict)
    reloads: Mapping[str, int] = field(default_factory=dict)
    rules: int = 0
    rules_bytes: int = 0
    memo_pieces: int = 0
    memo_bytes: int = 0


def note_process(tx: Tx, figures: ProcessFigures, now: datetime) -> None:
    """Leave them in the database."""
    tx.run(sql.FACT_UPSERT, name=PROCESS, value=to_json(asdict(figures)), at=to_db(now))


def noted_process(reader: Reader, pid: int | None) -> tuple[ProcessFigures, datetime] | None:
    """What the process of this id left last, and when; None where it left nothing."""
    row = reader.row(sql.FACT, name=PROCESS)
    at = from_db(row["at"]) if row else None
    if row is None or at is None or pid is None:
        return None
    known = {f.name for f in fields(ProcessFigures)}
    found = {name: given for name, given in json.loads(row["value"]).items() if name in known}
    if found.get("pid") != pid or "since" not in found:
        return None
    return ProcessFigures(**found), at


def note_sign(tx: Tx, said: str, now: datetime) -> None:
    """Leave a sign of life: AT_WORK or ENDED."""
    tx.run(sql.FACT_UPSERT, name=LAST_TICK, value=said, at=to_db(now))


def ended_uncleanly(reader: Reader) -> bool:
    """Whether the last process at work on the database did not say that it ended."""
    row = reader.row(sql.FACT, name=LAST_TICK)
    return row is not None and row["value"] == AT_WORK
