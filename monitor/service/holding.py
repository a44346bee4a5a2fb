"""What is held for later: whether any of it is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.alerts.passage import LATE
from monitor.feeds.schedule import AWAY
from monitor.store import sql
from monitor.store.digests import LONGEST_HOLD, anything_due
from monitor.store.rows import to_db

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from monitor.alerts.quiet import Window
    from monitor.store.database import Reader

OVERDUE = timedelta(minutes=1)  # what has been due for longer belongs to a round that is not over


@dataclass(frozen=True, slots=True)
class Held:
    """Whether anything is held, whether `any` of it is due, and whether feeds are `overdue`."""

    held: bool = False
    any: bool = False
    overdue: bool = False


def look_at_held(
    reader: Reader, quiet: Mapping[str, tuple[Window, ...]], now: datetime, *, at_once: bool
) -> Held:
    """What there is to let go; late alerts once every overdue feed was asked, or `at_once`."""
    held = reader.rows(sql.OUTBOX_HELD)
    if not held:
        return Held()
    overdue = False
    if any(row["bin"] == LATE for row in held) and not at_once:
        row = reader.row(
            sql.FEEDS_OVERDUE,
            before=to_db(now - OVERDUE),
            soon=to_db(now + LONGEST_HOLD),
            away=to_db(now - AWAY),
        )
        overdue = bool(row and row[0])
    return Held(held=True, any=anything_due(held, quiet, now, overdue=overdue), overdue=overdue)
