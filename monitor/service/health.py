"""
What the listener answers: `/healthz`, whether Tocsin does its work, and `/metrics`, figures for Prometheus.

`/healthz` says what the watchdog goes by, and that polls are stopped where nothing can be recorded. Counters
are this process's own. What the database knows is read in a thread of its own on a connection of its own, and
the reading is used for as long as it took fifty times over, five seconds at least: so whoever asks often
takes no more than a fiftieth of a core, and never the loop's time.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor import __version__
from monitor.config.serving import EXTRA
from monitor.errors import StoreError
from monitor.model import value
from monitor.seeing import Reach, feed_sights
from monitor.service.listener import Reply
from monitor.service.log import event, get_logger, redacted
from monitor.service.outage import OFFLINE_WORDS
from monitor.service.reload import in_thread
from monitor.store.database import Reader
from monitor.store.figures import store_figures

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from monitor.alerts.latency import Histogram, Stage
    from monitor.plan import Plan
    from monitor.seeing import FeedSight, RuleSight
    from monitor.service.listener import Question
    from monitor.store.figures import StoreFigures
    from monitor.store.process import ProcessFigures

FRESH = 5.0  # seconds for which a reading of the database is used at least
SHARE = 50.0  # and so many times as long as it took
LONGEST = 3.0  # seconds that a scrape waits for a reading
JSON = "application/json"
_log = get_logger("health")


@value
class Pulse:
    """How the daemon is, this moment: what the watchdog and the status line know."""

    now: datetime
    last_tick: datetime
    stuck: str | None = None  # the part that stands still
    stopped: str | None = None  # why nothing is polled
    refused: str = ""  # what is the matter with the configuration
    damaged: str = ""  # what was found to be wrong with the database's file
    canary: str = ""  # that it has not come through: since when, and why
    canary_at: datetime | None = None  # when a round came through last
    offline: bool = False
    polls_in_hand: int = 0

    @property
    def reason(self) -> str | None:
        """Why Tocsin does not do its work; None where it does."""
        return self.stuck or self.stopped


@value
class Seen:
    """What one reading of the database found."""

    store: StoreFigures
    feeds: Mapping[str, FeedSight]
    rules: tuple[RuleSight, ...]
    disabled: int
    database_bytes: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that the metrics show; `seen` is None where the database could not be read."""

    version: str
    pulse: Pulse
    process: ProcessFigures
    latency: Mapping[Stage, Histogram]
    plan: Plan
    seen: Seen | None


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the pages have their figures from; each is asked at each request, in the loop's thread."""

    pulse: Callable[[], Pulse]
    process: Callable[[], ProcessFigures]
    latency: Callable[[], Mapping[Stage, Histogram]]
    plan: Callable[[], Plan]
    database: Path


class HealthPages:
    """The pages; `clock` tells the time of the daemon."""

    def __init__(self, sources: Sources, clock: Callable[[], datetime]) -> None:
        self._sources = sources
        self._clock = clock
        self._reading: asyncio.Task[None] | None = None
        self._seen: Seen | None = None
        self._used_until = float("-inf")  # of the loop's clock
        self._plan: Plan | None = None  # of that reading
        self._reach: Reach | None = None

    async def answer(self, question: Question) -> Reply:
        """The page that is asked for."""
        if question.path in ("/healthz", "/healthz/"):
            return healthz(self._sources.pulse(), self._clock())
        if question.path in ("/metrics", "/metrics/"):
            return await self._metrics(question.accept)
        if question.path == "/":
            return Reply(200, b"Tocsin: /healthz, /metrics\n")
        return Reply(404, b"there are /healthz and /metrics here\n")

    async def _metrics(self, accept: str) -> Reply:
        try:
            from monitor.service import metrics  # noqa: PLC0415 - only who is asked for metrics needs it
        except ImportError:
            return Reply(501, f"metrics need the package prometheus-client: {EXTRA}\n".encode())
        snapshot = Snapshot(
            __version__,
            self._sources.pulse(),
            self._sources.process(),
            self._sources.latency(),
            self._sources.plan(),
            await self._read(),
        )
        body, kind = metrics.exposition(snapshot, accept)
        return Reply(200, body, kind)

    async def _read(self) -> Seen | None:
        """What the database knows, as of some seconds ago at most; a disk that hangs is waited for once."""
        loop = asyncio.get_running_loop()
        plan = self._sources.plan()
        if self._reading is None:
            if loop.time() < self._used_until and plan is self._plan:
                return self._seen
            if plan is not self._plan or self._reach is None:
                self._reach, self._plan = Reach(plan.rules.values(), plan.feeds.values()), plan
            self._reading = loop.create_task(self._read_aside(self._reach, len(plan.config.feeds)))
        reading = self._reading
        await asyncio.wait({reading}, timeout=LONGEST)
        return self._seen if reading.done() else None

    async def _read_aside(self, reach: Reach, configured: int) -> None:
        """Read in a thread that nothing waits for at the end."""
        loop = asyncio.get_running_loop()
        began, now = loop.time(), self._clock()
        try:
            self._seen = await in_thread(lambda: read_seen(self._sources.database, reach, configured, now))
        except (StoreError, OSError) as error:
            event(_log, "debug", "the figures cannot be read", error=str(error))
            self._seen = None
        finally:
            self._reading = None
        self._used_until = loop.time() + max(FRESH, SHARE * (loop.time() - began))


def read_seen(database: Path, reach: Reach, configured: int, now: datetime) -> Seen:
    """Read it all, on a connection of its own; raises StoreError."""
    reader = Reader(database)
    try:
        feeds = feed_sights(reader, reach.feeds, now)
        return Seen(
            store=store_figures(reader, now),
            feeds=feeds,
            rules=tuple(reach.report(feeds)),
            disabled=configured - len(reach.feeds),
            database_bytes=sum(_size(database.with_name(database.name + end)) for end in ("", "-wal")),
        )
    finally:
        reader.close()


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def healthz(pulse: Pulse, now: datetime) -> Reply:
    """200 and "ok", or 503 and why not; what is worth a look beside, `remarks`, makes nobody ill."""
    remarks = [redacted(text) for text in (pulse.canary, pulse.damaged, pulse.refused) if text]
    remarks += [OFFLINE_WORDS] if pulse.offline else []
    reason = redacted(pulse.reason) if pulse.reason else None
    shape = {
        "status": "failing" if reason else "ok",
        "reason": reason,
        "remarks": remarks,
        "version": __version__,
        "last_tick": pulse.last_tick.isoformat(timespec="seconds").replace("+00:00", "Z"),
        "tick_age": round(max((now - pulse.last_tick) / timedelta(seconds=1), 0.0), 1),
    }
    return Reply(503 if reason else 200, json.dumps(shape, ensure_ascii=False).encode() + b"\n", JSON)
