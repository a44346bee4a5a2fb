"""The requests that are under way, as one fact: what a start after a crash has to know of the last run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.store import sql
from monitor.store.rows import from_db, to_db

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from monitor.store.tx import Tx

ASKED = "asked"  # the fact: ids of feeds, and when the youngest of these requests began


def note_asked(tx: Tx, feeds: Iterable[int], now: datetime) -> None:
    """These feeds are being asked."""
    tx.run(sql.FACT_UPSERT, name=ASKED, value=" ".join(map(str, feeds)), at=to_db(now))


def settle_asked(tx: Tx) -> None:
    """
    At a start: what the last run was asking is written into the feeds' rows.

    Where the answer was recorded, the feed's last poll is later than that and it says nothing.
    """
    row = tx.row(sql.FACT, name=ASKED)
    if row is None:
        return
    feeds = [int(word) for word in row["value"].split(" ") if word.isdigit()]
    tx.run_many(sql.FEED_ASKED, [{"feed_id": feed, "asked_at": row["at"]} for feed in feeds])
    tx.run(sql.FACT_DELETE, name=ASKED)


def move_asked(tx: Tx, step: timedelta) -> None:
    """
    The clock was set by `step`: what was asked moves with it, as the last polls do.

    Were it later than that, an answer that was recorded would look younger than its request, and a start
    after a crash would take it for lost.
    """
    row = tx.row(sql.FACT, name=ASKED)
    at = from_db(row["at"]) if row is not None else None
    if row is not None and at is not None:
        tx.run(sql.FACT_UPSERT, name=ASKED, value=row["value"], at=to_db(at + step))
