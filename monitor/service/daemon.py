"""
The daemon: APScheduler runs the tick and the heartbeat, a supervisor watches that they run, and the clock.

Feeds are rows with a due time, not scheduler jobs: the tick asks for what is due and only starts tasks. The
scheduler computes on the wall clock, and after a step back by an hour it would stay silent for that hour; the
supervisor measures on the monotonic clock and re-arms the tick when it is late.
"""

from __future__ import annotations

import asyncio
import gc
import signal
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.config.serving import place_of
from monitor.errors import StoreError, TocsinError
from monitor.service import systemd, vitals
from monitor.service.app import App
from monitor.service.clock import utc_now
from monitor.service.cycle import Cycle
from monitor.service.deadman import Deadman
from monitor.service.health import HealthPages, Pulse, Sources
from monitor.service.listener import Listener
from monitor.service.log import event, failure, get_logger
from monitor.service.outage import OFFLINE_WORDS
from monitor.service.preview import preview
from monitor.service.reload import Reloader, built_aside, in_thread
from monitor.service.summary import Summary, summed_up
from monitor.watching import LOOK_EVERY

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from apscheduler.schedulers.asyncio import AsyncIOScheduler

    from monitor.config.serving import Place
    from monitor.plan import Plan
    from monitor.service.parts import Parts
    from monitor.settings import Config

TICK = 0.5
HEARTBEAT = 20.0
HOUSEKEEPING = 3600.0
SETTLED = timedelta(minutes=5)  # after a start: polls and deliveries come first, and clocks are right by then
LATE = 1.5
GRACE = 10.0
_log = get_logger("daemon")


class Daemon:
    """Runs an App until it is told to stop. `load` and `applied` are those of `Reloader`."""

    def __init__(
        self,
        app: App,
        load: Callable[[], Plan] | None = None,
        tell: Callable[[str], None] = lambda _: None,
        applied: Callable[[Config], None] = lambda _: None,
    ) -> None:
        self._app = app
        self._tell = tell
        self._reloader = Reloader(app, load, applied=applied, status=self._status)
        self._stop = asyncio.Event()
        self._ticked = 0.0
        self._first_tick = asyncio.Event()
        self._watchdog = vitals.Watchdog(systemd.watchdog_interval())
        self._said = ""

    def stop(self) -> None:
        """End after the sends in hand."""
        self._stop.set()

    async def run(self) -> None:
        """Tick until `stop`, then stop polling, finish the sends in hand and return what is left."""
        loop = asyncio.get_running_loop()
        for name in ("SIGTERM", "SIGINT"):
            loop.add_signal_handler(getattr(signal, name), self.stop)
        loop.add_signal_handler(signal.SIGHUP, self._reloader.ask)
        self._ticked = self._app.worker.last_look = loop.time()
        if systemd.watchdog_interval() is not None:
            vitals.prepare_for_death()
        alarm = self._app.keep_canary()
        alarm.say = self._say_at_once
        alarm.start()
        scheduler = self._scheduler()
        await self._guarded(self._reloader.begin)
        scheduler.start()
        delivery = loop.create_task(self._app.worker.run())
        keeping = loop.create_task(self._app.keeper.run())
        helpers = [
            loop.create_task(self._supervise(scheduler)),
            loop.create_task(self._first_round()),
            loop.create_task(self._file_rules()),
            loop.create_task(self._listener().run()),
            loop.create_task(self._dead_man().run()),
            keeping,
        ]
        if self._app.unclean:
            helpers.append(loop.create_task(self._app.keeper.check_after_crash()))
        stop = loop.create_task(self._stop.wait())
        ticked = loop.create_task(self._first_tick.wait())
        try:
            # Whoever waits for us to be ready, `systemctl start` for one, wants to know that polls begin.
            await asyncio.wait({ticked, stop, delivery}, return_when=asyncio.FIRST_COMPLETED)
            self._said = self._status()
            systemd.ready(self._said)
            plan = self._app.plan
            event(_log, "info", "started", feeds=len(plan.feeds), rules=plan.rules_in_force)
            # Delivery ends only with `stop`; if it ends by itself, so must we: a daemon that polls and
            # tells nobody is worse than one that systemd starts again. The keeper ends where the file is not
            # ours any more.
            await asyncio.wait({stop, delivery, keeping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.cancel()
            ticked.cancel()
            systemd.stopping("finishing the sends in hand")
            event(_log, "info", "stopping")
            alarm.stop()  # nothing begins any more
            scheduler.shutdown(wait=False)
            await self._reloader.stop()
            broken = keeping.exception() if keeping.done() else None
            for helper in helpers:
                helper.cancel()
            await self._app.poller.stop()
            await self._app.pages.stop()
            await self._app.worker.stop(GRACE)
            await delivery
            event(_log, "info", "stopped")
            if broken is not None:
                raise broken

    def _dead_man(self) -> Deadman:
        app = self._app
        cycle = Cycle(app, ticked=lambda: self._ticked, stuck=lambda: self._watchdog.stuck)
        return Deadman(
            lambda: app.plan.config,
            app.database,
            broken=cycle.broken,
            clock=app.clock,
            steady=app.clock.steady,
        )

    def _scheduler(self) -> AsyncIOScheduler:
        from apscheduler.schedulers.asyncio import AsyncIOScheduler  # noqa: PLC0415 - only the daemon needs it

        # A job that comes late must still run: the default grace of one second skips it in silence.
        scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1}
        )
        scheduler.add_job(self._tick, "interval", seconds=TICK, id="tick", next_run_time=utc_now())
        scheduler.add_job(
            self._heartbeat,
            "interval",
            seconds=HEARTBEAT,
            id="heartbeat",
            next_run_time=utc_now(),
        )
        # It looks each hour whether a day has passed: restarts and a jumping clock change nothing about it.
        scheduler.add_job(
            self._guarded,
            "interval",
            args=[self._app.keep_house],
            seconds=HOUSEKEEPING,
            id="housekeeping",
            next_run_time=self._app.clock() + SETTLED,
        )
        scheduler.add_job(
            self._guarded,
            "interval",
            args=[self._app.keep_watch],
            seconds=LOOK_EVERY.total_seconds(),
            id="watch",
            next_run_time=self._app.clock() + SETTLED,
        )
        scheduler.add_job(
            self._guarded, "interval", args=[self._reloader.look], seconds=HEARTBEAT, id="configuration"
        )
        return scheduler

    async def _tick(self) -> None:
        self._ticked = asyncio.get_running_loop().time()
        await self._guarded(self._app.tick)
        self._first_tick.set()

    async def _heartbeat(self) -> None:
        await self._guarded(self._weigh)
        await self._guarded(self._app.note_alive)
        self._say()

    async def _weigh(self) -> None:
        self._app.tally.weigh(self._app.plan.engine)

    async def _guarded(self, job: Callable[[], Awaitable[object]]) -> None:
        try:
            await job()
        except TocsinError as error:
            if not (isinstance(error, StoreError) and self._app.database.health.knows(error)):
                event(_log, "error", "the database cannot be used", error=error.message, remedy=error.hint)
        except Exception as error:  # noqa: BLE001 - the next tick may do better; the daemon must go on
            failure(_log, "a job failed", error)

    async def _file_rules(self) -> None:
        """After the first round: with many rules, file them by the words of what is stored."""
        await self._app.first_round.wait()
        plan = self._app.plan
        better = await in_thread(lambda: built_aside(lambda: plan, plan.engine))
        if better is not plan and self._app.plan is plan:
            self._app.refile(better)
            event(_log, "debug", "rules are filed by what is stored", rules=len(plan.rules))

    async def _first_round(self) -> None:
        """Once every feed was asked for the first time, say what their items already match."""
        await self._app.first_round.wait()
        for line in preview(self._app.database.reader, after=self._app.started_at_match):
            self._tell(line)

    async def _supervise(self, scheduler: AsyncIOScheduler) -> None:
        loop = asyncio.get_running_loop()
        pulse = vitals.WriterPulse(self._app.database.writer, loop.time)
        while True:
            await asyncio.sleep(self._watchdog.pause)
            await self._guarded(self._app.look_at_clock)
            if loop.time() - self._ticked > LATE:
                event(
                    _log,
                    "warning",
                    "the tick is late: re-arming it",
                    seconds=round(loop.time() - self._ticked, 1),
                )
                for job in scheduler.get_jobs():
                    job.modify(next_run_time=utc_now())
            self._look_after(loop.time(), pulse)

    def _look_after(self, now: float, pulse: vitals.WriterPulse) -> None:
        """Tell the manager that every part moves, or what does not."""
        seen = {
            vitals.TICK: self._ticked,
            vitals.WRITER: pulse.beat(),
            vitals.SENDER: self._app.worker.last_look,
        }
        feed, changed = self._watchdog.look(now, seen)
        stuck = self._watchdog.stuck
        if changed and stuck:
            event(_log, "error", "a part of the daemon stands still", what=stuck)
            if systemd.watchdog_interval() is not None:
                vitals.show_threads()
        elif changed:
            event(_log, "info", "every part of the daemon moves again")
        if changed or stuck:
            self._say()
        if feed:
            systemd.alive()

    def _listener(self) -> Listener:
        """What answers those who ask how the daemon is."""
        app = self._app
        sources = Sources(
            self._pulse, app.figures, lambda: app.tally.latency, lambda: app.plan, app.database.path
        )
        return Listener(self._place, HealthPages(sources, app.clock).answer)

    def _place(self) -> Place | None:
        """Where health and metrics are to be read now; with such a place it is noted how fast alerts are."""
        place = place_of(self._app.plan.config)
        self._app.tally.timed = place is not None
        return place

    def _pulse(self) -> Pulse:
        """How the daemon is, in the watchdog's and the status line's own terms."""
        app, now = self._app, self._app.clock()
        age = timedelta(seconds=asyncio.get_running_loop().time() - self._ticked)
        store, damage = app.database.health.trouble, app.database.health.damage
        return Pulse(
            now=now,
            last_tick=now - age,
            stuck=self._watchdog.stuck,
            stopped=f"polling is stopped: {store.message}" if store else None,
            refused=self._reloader.remark,
            damaged=damage.message if damage else "",
            canary=app.alarm.words if app.alarm is not None else "",
            canary_at=app.canary.last.at if app.canary is not None and app.canary.last else None,
            offline=app.poller.outage.on,
            polls_in_hand=app.poller.slots.in_hand,
        )

    def _say(self) -> None:
        """Bring the manager's status line up to date where something in it has changed."""
        text = self._status()
        if self._said and text != self._said:  # nothing before it is ready
            self._said = text
            systemd.status(text)

    def _say_at_once(self, text: str) -> None:
        """From the alarm's thread: the next `_say` of the loop, if it moves, brings the line up to date."""
        self._said = text
        systemd.status(text)

    def _status(self) -> str:
        alarm = self._app.alarm.words if self._app.alarm is not None else ""
        plan, trouble = self._app.plan, self._watchdog.stuck or alarm or self._reloader.remark
        store = self._app.database.health.trouble
        if store is not None:
            trouble = f"polling is stopped: {store.message}"
        if not trouble and self._app.poller.outage.on:
            trouble = OFFLINE_WORDS
        try:
            known = summed_up(self._app.database.reader)
        except StoreError as error:
            known, trouble = Summary(), trouble or error.message
        return vitals.status_line(
            feeds=len(plan.feeds),
            failing=known.failing,
            rules=plan.rules_in_force,
            waiting=known.waiting,
            last_alert=known.last_alert,
            trouble=trouble,
        )


async def run_daemon(
    config: Config,
    load: Callable[[], Plan] | None = None,
    tell: Callable[[str], None] = lambda _: None,
    parts: Parts | None = None,
    applied: Callable[[Config], None] = lambda _: None,
) -> None:
    """
    Open the database and run until SIGTERM or SIGINT.

    `tell` gets what a person should read, `applied` each configuration that a reload brought into force.
    """
    with systemd.long_start("opening the database"):
        opened = App(config, parts=parts)
    gc.collect()
    gc.freeze()  # what is there now stays: walking it again and again would hold up the loop
    async with opened as app:
        await Daemon(app, load, tell, applied).run()
