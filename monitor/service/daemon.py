"""
The daemon: APScheduler runs the tick and the heartbeat, a supervisor watches that they run.

Feeds are rows with a due time, not scheduler jobs: the tick asks for what is due and only starts tasks. The
scheduler computes on the wall clock, and after a step back by an hour it would stay silent for that hour; the
supervisor measures on the monotonic clock and re-arms the tick when it is late.
"""

from __future__ import annotations

import asyncio
import signal
from typing import TYPE_CHECKING

from monitor.errors import StoreError, TocsinError
from monitor.service import systemd
from monitor.service.app import App
from monitor.service.log import event, failure, get_logger
from monitor.service.preview import preview

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from apscheduler.schedulers.asyncio import AsyncIOScheduler

    from monitor.plan import Plan
    from monitor.service.app import Parts
    from monitor.settings import Config

TICK = 0.25
HEARTBEAT = 20.0
LATE = 1.5
GRACE = 10.0
_log = get_logger("daemon")


class Daemon:
    """Runs an App until it is told to stop. `load` reads the configuration again, or raises."""

    def __init__(
        self,
        app: App,
        load: Callable[[], Plan] | None = None,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._app = app
        self._load = load
        self._tell = tell
        self._stop = asyncio.Event()
        self._ticked = 0.0

    def stop(self) -> None:
        """End after the sends in hand."""
        self._stop.set()

    async def run(self) -> None:
        """Tick until `stop`, then stop polling, finish the sends in hand and return what is left."""
        loop = asyncio.get_running_loop()
        for name in ("SIGTERM", "SIGINT"):
            loop.add_signal_handler(getattr(signal, name), self.stop)
        loop.add_signal_handler(signal.SIGHUP, lambda: loop.create_task(self._reload()))
        scheduler = self._scheduler()
        scheduler.start()
        delivery = loop.create_task(self._app.worker.run())
        keeping = loop.create_task(self._app.keeper.run())
        helpers = [
            loop.create_task(self._supervise(scheduler)),
            loop.create_task(self._first_round()),
            keeping,
        ]
        if self._app.unclean:
            helpers.append(loop.create_task(self._app.keeper.check_after_crash()))
        systemd.ready(self._status())
        event(
            _log, "info", "started", feeds=len(self._app.plan.feeds), rules=len(self._app.plan.engine.rules)
        )
        stop = loop.create_task(self._stop.wait())
        try:
            # Delivery ends only with `stop`; if it ends by itself, so must we: a daemon that polls and
            # tells nobody is worse than one that systemd starts again. The keeper ends where the file is not
            # ours any more.
            await asyncio.wait({stop, delivery, keeping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.cancel()
            systemd.stopping()
            event(_log, "info", "stopping")
            scheduler.shutdown(wait=False)
            broken = keeping.exception() if keeping.done() else None
            for helper in helpers:
                helper.cancel()
            await self._app.poller.stop()
            await self._app.worker.stop(GRACE)
            await delivery
            event(_log, "info", "stopped")
            if broken is not None:
                raise broken

    def _scheduler(self) -> AsyncIOScheduler:
        from apscheduler.schedulers.asyncio import AsyncIOScheduler  # noqa: PLC0415 - only the daemon needs it

        # A job that comes late must still run: the default grace of one second skips it in silence.
        scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        scheduler.add_job(self._tick, "interval", seconds=TICK, id="tick", next_run_time=self._app.clock())
        scheduler.add_job(
            self._guarded,
            "interval",
            args=[self._app.note_alive],
            seconds=HEARTBEAT,
            id="heartbeat",
            next_run_time=self._app.clock(),
        )
        return scheduler

    async def _tick(self) -> None:
        self._ticked = asyncio.get_running_loop().time()
        await self._guarded(self._app.tick)

    async def _guarded(self, job: Callable[[], Awaitable[None]]) -> None:
        try:
            await job()
        except TocsinError as error:
            if not (isinstance(error, StoreError) and self._app.database.health.knows(error)):
                event(_log, "error", "the database cannot be used", error=error.message, remedy=error.hint)
        except Exception as error:  # noqa: BLE001 - the next tick may do better; the daemon must go on
            failure(_log, "a job failed", error)

    async def _first_round(self) -> None:
        """Once every feed was asked for the first time, say what their items already match."""
        await self._app.first_round.wait()
        for line in preview(self._app.database.reader, after=self._app.started_at_match):
            self._tell(line)

    async def _supervise(self, scheduler: AsyncIOScheduler) -> None:
        loop = asyncio.get_running_loop()
        self._ticked = loop.time()
        while True:
            await asyncio.sleep(1.0)
            if loop.time() - self._ticked > LATE:
                event(
                    _log,
                    "warning",
                    "the tick is late: re-arming it",
                    seconds=round(loop.time() - self._ticked, 1),
                )
                for job in scheduler.get_jobs():
                    job.modify(next_run_time=self._app.clock())
            if loop.time() - self._ticked < 10 * LATE:
                systemd.alive()

    async def _reload(self) -> None:
        """Read the configuration again: all of it, or, if anything in it is wrong, none of it."""
        if self._load is None:
            return
        systemd.reloading()
        try:
            await self._app.reload(self._load())
        except TocsinError as error:
            event(
                _log, "error", "the configuration is refused, the old one stays in force", error=error.message
            )
            systemd.ready(f"configuration refused: {error.message.splitlines()[0]}")
        else:
            plan = self._app.plan
            event(_log, "info", "configuration reloaded", feeds=len(plan.feeds), rules=len(plan.engine.rules))
            systemd.ready(self._status())

    def _status(self) -> str:
        return f"watching {len(self._app.plan.feeds)} feeds with {len(self._app.plan.engine.rules)} rules"


async def run_daemon(
    config: Config,
    load: Callable[[], Plan] | None = None,
    tell: Callable[[str], None] = lambda _: None,
    parts: Parts | None = None,
) -> None:
    """Open the database and run until SIGTERM or SIGINT; `tell` gets what a person should read."""
    async with App(config, parts=parts) as app:
        await Daemon(app, load, tell).run()
