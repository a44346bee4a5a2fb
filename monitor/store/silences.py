"""Silences as they are stored: written by people, read where matches are decided, told of when they end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from monitor.alerts.silences import Silence, expired
from monitor.store import sql
from monitor.store.rows import from_db, to_db, to_json

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from monitor.store.database import Reader
    from monitor.store.tx import Tx


def add_silence(tx: Tx, silence: Silence) -> int:
    """Store a silence; returns the id it was given."""
    number = tx.next_id("silences")
    tx.run(
        sql.SILENCE_INSERT,
        id=number,
        matchers=to_json({key: list(values) for key, values in silence.match.items()}),
        author=silence.author,
        comment=silence.comment,
        starts_at=to_db(silence.starts),
        ends_at=to_db(silence.ends),
        created_at=to_db(silence.created),
        told_at=None,
    )
    return number


def expire_silence(tx: Tx, number: int, now: datetime) -> Silence | None:
    """End a silence now; one that is over stays as it was. None where there is none of this id."""
    row = tx.row(sql.SILENCE, silence=number)
    if row is None:
        return None
    ended = expired(silence_of(row), now)
    tx.run(sql.SILENCE_END, silence=number, starts_at=to_db(ended.starts), ends_at=to_db(ended.ends))
    return ended


def live_silences(tx: Tx, now: datetime) -> tuple[Silence, ...]:
    """The silences that are not over."""
    return _read(tx.rows(sql.SILENCES_LIVE, now=to_db(now)))


def all_silences(reader: Reader) -> tuple[Silence, ...]:
    """All silences, those that ended first come first."""
    return _read(reader.rows(sql.SILENCES))


def hidden_by(source: Reader | Tx, number: int) -> Mapping[str, int]:
    """What a silence hid so far: matches by rule."""
    return {row["rule"]: int(row["n"]) for row in source.rows(sql.SILENCE_HID, silence=number)}


def silence_of(row: sqlite3.Row) -> Silence:
    """The row as a value."""
    starts, ends, created = (from_db(row[name]) for name in ("starts_at", "ends_at", "created_at"))
    assert starts is not None
    assert ends is not None
    assert created is not None
    match = {key: tuple(values) for key, values in json.loads(row["matchers"]).items()}
    return Silence(match, row["author"], row["comment"], starts, ends, created, row["id"])


def _read(rows: Iterable[sqlite3.Row]) -> tuple[Silence, ...]:
    return tuple(map(silence_of, rows))
