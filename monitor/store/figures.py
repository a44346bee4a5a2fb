"""
Figures that the database knows, for `status` and the metrics alike: what waits, what became of matches.

Each is read where it is asked for, by statements that an index serves; nothing here is kept.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.alerts.latency import Way
from monitor.model import OutboxState, value
from monitor.store import sql
from monitor.store.pages import waiting_pages
from monitor.store.rows import ChannelState, from_db, read, to_db

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from monitor.store.database import Reader

DAY = timedelta(hours=24)


@value
class StoreFigures:
    """
    What waits, and what became of what matched within 24 h.

    `ledger` counts rows, one for each match and channel, by state and reason; `matches` the matches;
    `oldest_waiting` is when the oldest notification was made that is on its way; `refusing` are the channels
    whose last answer was a no.
    """

    outbox: Mapping[str, int]
    oldest_waiting: datetime | None
    ledger: Mapping[tuple[str, str], int]
    matches: int
    alerts: int
    last_alert: datetime | None
    pages_waiting: int
    refusing: tuple[str, ...]


def store_figures(reader: Reader, now: datetime) -> StoreFigures:
    """The figures as they are now; raises StoreError."""
    since = to_db(now - DAY)
    oldest, last = reader.row(sql.OUTBOX_OLDEST), reader.row(sql.LAST_ALERT)
    matches, alerts = (reader.row(s, since=since) for s in (sql.MATCHES_COUNT, sql.ALERTS_COUNT))
    return StoreFigures(
        outbox={row["state"]: row["n"] for row in reader.rows(sql.OUTBOX_COUNTS)},
        oldest_waiting=from_db(oldest[0]) if oldest else None,
        ledger={
            (r["state"], r["reason"]): r["n"] for r in reader.rows(sql.LEDGER_OF_MATCHES_SINCE, since=since)
        },
        matches=int(matches[0]) if matches else 0,
        alerts=int(alerts[0]) if alerts else 0,
        last_alert=from_db(last[0]) if last else None,
        pages_waiting=waiting_pages(reader),
        refusing=tuple(
            state.name for row in reader.rows(sql.CHANNELS) if refuses(state := read(ChannelState, row))
        ),
    )


def dead_letters(outbox: Mapping[str, int]) -> int:
    """How many notifications were given up, of counts by state."""
    return outbox.get(OutboxState.DEAD.value, 0)


def backlog(outbox: Mapping[str, int]) -> int:
    """How many notifications are on their way, of counts by state; what is held has its hour."""
    return sum(
        outbox.get(state.value, 0) for state in (OutboxState.READY, OutboxState.RETRY, OutboxState.LEASED)
    )


def refuses(state: ChannelState) -> bool:
    """Whether a channel's last answer was a no."""
    failed, worked = state.last_error_at, state.last_ok_at
    return failed is not None and (worked is None or failed > worked)


def ways_since(reader: Reader, since: datetime) -> list[Way]:
    """The ways of all matches since then that were told, in their order."""
    return _ways(reader.rows(sql.WAYS_SINCE, since=to_db(since)))


def ways_of(reader: Reader, outbox_id: int) -> list[Way]:
    """The ways that ended with this notification: one for each rule of each article that it tells."""
    return _ways(reader.rows(sql.WAYS_OF_OUTBOX, outbox=outbox_id))


def _ways(rows: Iterable[sqlite3.Row]) -> list[Way]:
    found = []
    for row in rows:
        fetched, matched, sent = (from_db(row[n]) for n in ("fetched_at", "matched_at", "sent_at"))
        assert fetched is not None, "never null"
        assert matched is not None, "never null"
        assert sent is not None, "never null"
        found.append(
            Way(
                rule=row["rule"],
                feed=row["feed"],
                channel=row["channel"],
                published=from_db(row["published"]),
                fetched=fetched,
                matched=matched,
                sent=sent,
                watched_since=from_db(row["baseline_at"]),
                first=bool(row["first"]),
            )
        )
    return found
