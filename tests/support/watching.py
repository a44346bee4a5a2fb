"""The look at all feeds that the daemon takes every few minutes, and the notices it leads to."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from monitor.store import sql
from monitor.watching import sweep

if TYPE_CHECKING:
    from tests.support.newsdesk import Desk


def look(desk: Desk, *suspects: int) -> None:
    """The look of every few minutes."""
    desk.database.writer.submit(lambda tx: sweep(tx, desk.plan, desk.now, suspects)).result()


def notices(desk: Desk) -> list[tuple[str, str]]:
    """The (title, body) of the notices in the outbox, oldest first."""
    rows = desk.database.reader.rows(sql.OUTBOX_ALL, count=1000)
    messages = [json.loads(row["payload"]) for row in reversed(rows)]
    return [(m["title"], m["excerpt"]) for m in messages if m["kind"] == "notice"]
