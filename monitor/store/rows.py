"""
Rows as frozen values, and the one form in which times are stored.

Times are text, naive UTC with microseconds, exactly what SQLAlchemy writes for them: so text order is time
order, and ORM and hot path read each other's rows.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import sqlite3

T = TypeVar("T")


def to_db(moment: datetime | None) -> str | None:
    """A stored time; naive input is a programming error."""
    if moment is None:
        return None
    assert moment.tzinfo is not None, "times are aware"
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def from_db(text: str | None) -> datetime | None:
    """The aware UTC time stored as this text."""
    return None if text is None else datetime.fromisoformat(text).replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class HostPause:
    """A host's wish to be left alone, see `tables.HostPause`."""

    host: str
    until: datetime
    why: str = ""


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class ChannelState:
    """A channel's row, see `tables.Channel`."""

    name: str
    paused_until: datetime | None = None
    pause_reason: str = ""
    last_ok_at: datetime | None = None
    last_error_at: datetime | None = None
    last_error: str = ""


_readers_of: dict[Any, tuple[tuple[str, str], ...]] = {}


def _readers(kind: Any) -> tuple[tuple[str, str], ...]:
    """For each field of the dataclass how its column is read: "time", "bool" or "plain"."""
    known = _readers_of.get(kind)
    if known is None:
        types = ((f.name, str(f.type)) for f in fields(kind))
        known = tuple(
            (n, "time" if "datetime" in t else "bool" if t == "bool" else "plain") for n, t in types
        )
        _readers_of[kind] = known
    return known


def read(kind: type[T], row: sqlite3.Row) -> T:
    """The row as a value of `kind`, times aware and flags boolean."""
    values: dict[str, Any] = {}
    for name, how in _readers(kind):
        value = row[name]
        values[name] = from_db(value) if how == "time" else bool(value) if how == "bool" else value
    return kind(**values)


def write(value: Any) -> dict[str, Any]:
    """The value's fields as statement parameters."""
    return {
        name: to_db(getattr(value, name)) if how == "time" else getattr(value, name)
        for name, how in _readers(type(value))
    }
