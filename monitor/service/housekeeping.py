"""Once a day: prune what grew old, give free pages back, and empty the write-ahead log."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from monitor.service.log import event, get_logger
from monitor.store import sql
from monitor.store.retention import Place, Stage, limits, prune_step, shrink_step
from monitor.store.rows import from_db, to_db
from monitor.store.writer import Priority

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from monitor.store.database import Database
    from monitor.store.retention import Limits
    from monitor.store.tx import Tx

T = TypeVar("T")
EVERY = timedelta(hours=24)
BREATH = 0.05  # seconds between two steps
LAST = "last_prune"  # the fact that remembers when it was last done to the end
_log = get_logger("housekeeping")


def is_due(database: Database, now: datetime) -> bool:
    """Whether it is a day since the last time, or the clock was set back beyond it."""
    row = database.reader.row(sql.FACT, name=LAST)
    last = from_db(row["at"]) if row else None
    return last is None or not timedelta(0) <= now - last < EVERY


async def keep_house(
    database: Database, retention: float, now: datetime, *, breath: float = BREATH
) -> Mapping[str, int] | None:
    """
    Do it if it is due; returns how many rows of each table went, None if it was not due.

    `retention` and `breath` are seconds. It is done in steps at the lowest priority with a breath between
    them, so that polls and deliveries never wait for more than one. Raises StoreError; what was removed until
    then stays removed, and the next time goes on from there.
    """
    if not is_due(database, now):
        return None
    began = time.monotonic()
    limit = limits(retention, now)
    place = Place()
    while place.stage is not Stage.DONE:
        place = await _unit(database, _prune(place, limit), breath)
    pages = 0
    while given := await _unit(database, shrink_step, breath):
        pages += given
    await _unit(database, lambda tx: tx.run(sql.FACT_UPSERT, name=LAST, value="", at=to_db(now)), 0)
    database.writer.truncate_log()
    seconds = round(time.monotonic() - began, 1)
    level = "info" if place.removed or pages else "debug"
    event(_log, level, "old rows pruned", **place.removed, pages_given_back=pages, seconds=seconds)
    return place.removed


def _prune(place: Place, limit: Limits) -> Callable[[Tx], Place]:
    return lambda tx: prune_step(tx, place, limit)


async def _unit(database: Database, unit: Callable[[Tx], T], breath: float) -> T:
    result = await asyncio.wrap_future(database.writer.submit(unit, Priority.HOUSEKEEPING))
    await asyncio.sleep(breath)
    return result
