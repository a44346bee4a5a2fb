"""
Rows as frozen values, and the one form in which times are stored.

Times are text, naive UTC with microseconds, exactly what SQLAlchemy writes for them: so text order is time
order, and ORM and hot path read each other's rows.
"""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from functools import lru_cache
from json import JSONEncoder
from operator import attrgetter
from typing import TYPE_CHECKING, Any, TypeVar

from monitor.model import value

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Collection, Sequence

T = TypeVar("T")
_JSON = JSONEncoder(ensure_ascii=False)  # json.dumps makes a new one at each call
_UTC = "+00:00"  # said in the text: a tenth of the time of putting the zone in afterwards


def to_db(moment: datetime | None) -> str | None:
    """A stored time; naive input is a programming error."""
    if moment is None:
        return None
    assert moment.tzinfo is not None, "times are aware"
    return _utc_text(moment.astimezone(UTC))


@lru_cache(maxsize=64)
def _utc_text(moment: datetime) -> str:
    """The text of a time in UTC; a poll stores the same few many times. Twice as quick as strftime."""
    return moment.isoformat(" ", "microseconds")[:26]


def to_json(value: Any) -> str:
    """A stored value that no column has a type for."""
    return _JSON.encode(value)


def from_db(text: str | None) -> datetime | None:
    """The aware UTC time stored as this text."""
    return None if text is None else datetime.fromisoformat(text + _UTC)


@value
class FeedState:
    """A feed's row: its poll state, see `tables.Feed`."""

    id: int
    name: str
    url_hash: int
    added_at: datetime
    retired_at: datetime | None = None
    baseline_at: datetime | None = None
    moved_since: datetime | None = None
    title: str = ""
    etag: str | None = None
    last_modified: str | None = None
    body_hash: int | None = None
    document_at: datetime | None = None
    next_poll_at: datetime | None = None
    forbidden_until: datetime | None = None
    gone: bool = False
    suspect: bool = False
    polls: int = 0
    last_poll_at: datetime | None = None
    last_good_at: datetime | None = None
    last_status: str = ""
    last_http: int | None = None
    last_message: str = ""
    failures: int = 0
    first_failure_at: datetime | None = None
    final_hash: int | None = None
    moved_to: str | None = None
    moved_hash: int | None = None
    moved_seen: int = 0
    moved_at: datetime | None = None
    floor: float | None = None
    floor_why: str = ""
    skip_hours: int = 0
    skip_days: int = 0
    whole_at: datetime | None = None
    validators_lie: bool = False
    interval: float | None = None
    next_why: str = ""
    rhythm: str = ""
    last_item_at: datetime | None = None
    items: str = ""
    language: str | None = None
    final_domain: str | None = None
    asked_at: datetime | None = None


@value
class Episode:
    """A feed's trouble, see `tables.Episode`."""

    id: int
    feed_id: int
    kind: str
    since: datetime
    detail: str = ""
    told_at: datetime | None = None
    ended_at: datetime | None = None
    end_told_at: datetime | None = None


@value
class HostPause:
    """A host's wish to be left alone, see `tables.HostPause`."""

    host: str
    until: datetime
    why: str = ""


@value
class OutboxRow:
    """A notification's row, see `tables.Outbox`."""

    id: int
    message_id: str
    channel: str
    kind: str
    story_id: int | None
    severity: int
    payload: str
    state: str
    reason: str
    attempts: int
    next_attempt_at: datetime | None
    created_at: datetime
    leased_at: datetime | None
    sent_at: datetime | None
    maybe_repeat: bool
    plain: bool
    last_error: str
    bin: str = ""


@value
class ChannelState:
    """A channel's row, see `tables.Channel`."""

    name: str
    paused_until: datetime | None = None
    pause_reason: str = ""
    last_ok_at: datetime | None = None
    last_error_at: datetime | None = None
    last_error: str = ""


@value
class _Shape:
    """How a kind's columns are read and written: their names, and where times and flags stand."""

    names: list[str]
    all_of: Callable[[Any], tuple[Any, ...]]
    times: tuple[int, ...]
    flags: tuple[int, ...]


_shapes: dict[Any, _Shape] = {}


def _shape(kind: Any) -> _Shape:
    known = _shapes.get(kind)
    if known is None:
        types = [(f.name, str(f.type)) for f in fields(kind)]
        names = [name for name, _ in types]
        known = _shapes[kind] = _Shape(
            names,
            attrgetter(*names),
            tuple(i for i, (_, t) in enumerate(types) if "datetime" in t),
            tuple(i for i, (_, t) in enumerate(types) if t == "bool"),
        )
    return known


def read(kind: type[T], row: sqlite3.Row) -> T:
    """The row as a value of `kind`, times aware and flags boolean."""
    shape = _shape(kind)
    if row.keys() != shape.names:  # not the table's own order: each is looked for by its name
        return _value(kind, shape, [row[name] for name in shape.names])
    return _value(kind, shape, list(row))


def read_all(kind: type[T], rows: Sequence[sqlite3.Row]) -> list[T]:
    """The rows of one query as values of `kind`, see `read`."""
    shape = _shape(kind)
    if rows and rows[0].keys() != shape.names:
        return [read(kind, row) for row in rows]
    return [_value(kind, shape, list(row)) for row in rows]


def _value(kind: type[T], shape: _Shape, values: list[Any]) -> T:
    """From a row's values, in the order of the fields; polling reads several rows for each feed."""
    for index in shape.times:
        if (text := values[index]) is not None:
            values[index] = datetime.fromisoformat(text + _UTC)
    for index in shape.flags:
        values[index] = bool(values[index])
    return kind(*values)


def write(value: Any, names: Collection[str] | None = None) -> dict[str, Any]:
    """The value's fields, or those of these names, as statement parameters."""
    shape = _shape(type(value))
    if names is not None:
        values = {name: getattr(value, name) for name in names}
        return {n: to_db(v) if isinstance(v, datetime) else v for n, v in values.items()}
    fields_of = list(shape.all_of(value))
    for index in shape.times:
        if fields_of[index] is not None:
            fields_of[index] = to_db(fields_of[index])
    return dict(zip(shape.names, fields_of, strict=True))


def altered(one: T, **fields: Any) -> T:
    """`dataclasses.replace` for a `value`, in a third of its time."""
    another = type(one)(*_shape(type(one)).all_of(one))
    for name, new in fields.items():
        setattr(another, name, new)
    return another


def differing(one: T, other: T) -> set[str]:
    """The names of the fields in which two values of one kind differ."""
    shape = _shape(type(one))
    pairs = zip(shape.names, shape.all_of(one), shape.all_of(other), strict=True)
    return {name for name, a, b in pairs if a is not b and a != b}
