"""The pace of all polls together, reckoned anew each hour from every feed's rhythm; see `feeds.pace`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.feeds.pace import solve, tally
from monitor.feeds.rhythm import HOURS, UNKNOWN
from monitor.store import sql
from monitor.store.rows import from_db, to_db

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.plan import Plan
    from monitor.store.database import Reader
    from monitor.store.tx import Tx

PACE = "pace"  # the fact that keeps it
RECKONED = timedelta(hours=1)


def reckon(reader: Reader, plan: Plan) -> float | None:
    """The c with which feeds of no interval of their own need as many requests as `every` would."""
    profiles = []
    for row in reader.rows(sql.FEEDS_RHYTHMS):
        feed = plan.feeds.get(row["name"])
        if feed is not None and feed.every is None:
            profile = row["profile"]
            known = profile if len(profile) == HOURS else UNKNOWN
            profiles.append((known, plan.weight(feed), row["floor"] or 0.0))
    polling = plan.config.polling
    every = min(max(polling.every, polling.fastest), polling.slowest)
    return solve(tally(profiles), len(profiles) / every, polling.fastest, polling.slowest)


def kept_pace(reader: Reader, now: datetime) -> float | None:
    """The pace as it was reckoned less than an hour ago; None = reckon it."""
    row = reader.row(sql.FACT, name=PACE)
    at = from_db(row["at"]) if row else None
    if row is None or at is None or not at <= now <= at + RECKONED:
        return None
    try:
        return float(row["value"])
    except ValueError:
        return None


def keep_pace(tx: Tx, pace: float | None, now: datetime) -> None:
    """Keep the pace for the next start."""
    if pace is None:
        tx.run(sql.FACT_DELETE, name=PACE)
    else:
        tx.run(sql.FACT_UPSERT, name=PACE, value=f"{pace:.9g}", at=to_db(now))
