"""How the daemon fares, in a few figures from the database: for systemd's status line and the ping."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.store import sql
from monitor.store.rows import from_db

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.store.database import Reader


@dataclass(frozen=True, slots=True)
class Summary:
    """How the daemon fares, in three figures from the database."""

    failing: int = 0
    waiting: int = 0
    last_alert: datetime | None = None


def summed_up(reader: Reader) -> Summary:
    """Feeds that fail, notifications on their way, the last alert; raises StoreError."""
    failing, waiting, last = (
        reader.row(statement) for statement in (sql.FEEDS_FAILING, sql.OUTBOX_ON_ITS_WAY, sql.LAST_ALERT)
    )
    return Summary(
        failing=int(failing[0]) if failing else 0,
        waiting=int(waiting[0]) if waiting else 0,
        last_alert=from_db(last[0]) if last else None,
    )
