"""Putting the parts together: from a configuration to a running poller and outbox worker."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import TYPE_CHECKING, Self, TypeVar

from monitor.delivery.outbox import OutboxWorker
from monitor.delivery.terms import terms_of
from monitor.errors import StoreError
from monitor.model import AnswerClass
from monitor.pipeline import Deps
from monitor.plan import build_plan
from monitor.service import systemd
from monitor.service.clock import Clock
from monitor.service.delivering import IN_HAND, Channels, log_attempt
from monitor.service.holding import look_at_held
from monitor.service.housekeeping import BREATH, keep_house
from monitor.service.hush import hush
from monitor.service.keeper import Keeper
from monitor.service.log import event, get_logger
from monitor.service.opening import follow, open_database
from monitor.service.pace import RECKONED, keep_pace, kept_pace, reckon
from monitor.service.pagefetch import Tools
from monitor.service.pages import PageWorker, Surroundings
from monitor.service.parts import Parts
from monitor.service.poller import Poller
from monitor.service.steps import follow_clock, trust_times
from monitor.service.tally import Tally
from monitor.settings import CANARY
from monitor.store import sql
from monitor.store.clock import note_clock
from monitor.store.digests import release
from monitor.store.lock import DaemonLock
from monitor.store.process import AT_WORK, ENDED, ended_uncleanly, note_process, note_sign
from monitor.watching import Lookout, is_looked_after, sweep

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from monitor.delivery.channels import Channel
    from monitor.delivery.policy import Verdict
    from monitor.feeds.fetch import Fetcher
    from monitor.meeting import Rung
    from monitor.model import Answer
    from monitor.plan import Plan
    from monitor.recording import Recorded
    from monitor.service.alarm import Alarm
    from monitor.service.canary import Canary
    from monitor.settings import Config
    from monitor.store.process import ProcessFigures
    from monitor.store.rows import OutboxRow
    from monitor.store.tx import Tx

T = TypeVar("T")
KILLED_AFTER = 60.0  # seconds: no watchdog strikes before (`vitals.LIMITS` and the unit's own)
_log = get_logger("delivery")


class App:
    """
    A Tocsin at work on its database: holds the lock, the writer, the parser process and the channels.

    Use it as an async context manager. Raises DaemonRunningError where another one is at work already.
    """

    def __init__(self, config: Config, *, clock: Clock | None = None, parts: Parts | None = None) -> None:
        self.clock = clock or Clock()
        self._parts = parts or Parts()
        self.plan, self.problems = build_plan(config)
        self.tally = Tally(self.clock())
        self._tidying: asyncio.Task[None] | None = None
        self._lookout = Lookout()
        self._collecting = True  # a digest may be open: one that another process began, too
        self._channels = Channels(self._parts.channel)
        self._built_in: dict[str, Channel] = {}  # where the canary's messages end
        self.canary: Canary | None = None
        self.alarm: Alarm | None = None
        self.on_polled: Callable[[Recorded], None] = lambda _: None
        self._lock = DaemonLock(config.database)
        self._lock.acquire()
        try:
            self.database, self.backup = open_database(config.database, self._parts, self.clock)
            self.started_at_match = self._highest_match()
            self.unclean = ended_uncleanly(self.database.reader)
        except BaseException:
            self._lock.release()
            raise
        self.database.reserve.make()

    async def __aenter__(self) -> Self:
        self.parser = self._parts.parser()
        self.fetcher = self._parts.fetcher(self.plan.config, self.clock)
        self.worker = OutboxWorker(self.database, self.clock, rng=random.random, on_attempt=self._log_attempt)
        self.keeper = Keeper(
            self.database, self._lock, self.clock, notices_to=lambda: self.notices_to, wake=self.worker.wake
        )
        await self.worker.return_leases()
        await self._submit(lambda tx: trust_times(tx, self.clock))
        hush(self.plan.config)
        await follow(self.database, self.plan, self.clock)
        hush(self.plan.config, self.database.reader)
        self._use_channels(self._channels.made_for(self.plan, self.plan))
        unpolled = self.database.reader.rows(sql.FEEDS_UNPOLLED)
        self._unpolled = {row["name"] for row in unpolled} & self.plan.feeds.keys()
        self.first_round = asyncio.Event()  # every new feed was asked once
        if not self._unpolled:
            self.first_round.set()
        self._pace = kept_pace(self.database.reader, self.clock())
        if self._pace is None:
            await self.keep_pace()
        self._reckoned = self.clock.steady()
        deps = Deps(
            self.fetcher,
            self.parser,
            self.database,
            self.clock,
            plan=lambda: self.plan,
            pace=lambda: self._pace,
        )
        self.poller = Poller(self.plan, deps, self._polled, self.clock.steady)
        self.pages = self._page_worker()
        return self

    def keep_canary(self) -> Alarm:
        """From now on the canary makes its rounds, if [canary] asks for it; the alarm is to be started."""
        from monitor.service.alarm import Alarm  # noqa: PLC0415 - only the daemon has a canary
        from monitor.service.canary import LONGEST_PATIENCE, Canary, Sink  # noqa: PLC0415 - the same

        fetcher = self._parts.canary_fetcher(self.plan.config, self.clock)
        # The manager would start us anew before a round that stands still is late: that is told before.
        patience = LONGEST_PATIENCE if systemd.watchdog_interval() is None else KILLED_AFTER
        self.canary = Canary(
            Deps(fetcher, self.parser, self.database, self.clock),
            lambda: self.plan,
            turn=self.poller.slots.turn,
            wake=self.worker.wake,
            steady=self.clock.steady,
            start_patience=patience,
        )
        self.poller.guest = self.canary
        self._built_in = {CANARY: Sink()}
        self._use_channels(self._channels.in_use)
        self.alarm = Alarm(
            self.canary,
            database=self.database,
            lock=self._lock,
            plan=lambda: self.plan,
            make=self._parts.channel,
            clock=self.clock,
            steady=self.clock.steady,
        )
        return self.alarm

    async def __aexit__(self, *_: object) -> None:
        if self.alarm is not None:
            self.alarm.stop()
        if self._tidying is not None:
            self._tidying.cancel()
        await self.poller.stop()
        await self.pages.stop()
        await self.parser.close()
        self._channels.close()
        await self.keeper.close()
        with contextlib.suppress(StoreError):
            await self._sign(ENDED)
        self.database.close()
        self._lock.release()

    async def reload(self, plan: Plan) -> None:
        """
        Put another plan in force: as a whole, between two polls.

        Everything that can fail comes first, the database last of it; what it raises leaves the old plan in
        force. What is in hand ends as it began: see `poller` and `recording` for polls.
        """
        hush(plan.config)
        channels = self._channels.made_for(plan, self.plan)
        fetcher = self._fetcher_for(plan.config)
        await follow(self.database, plan, self.clock)
        hush(plan.config, self.database.reader)
        self.fetcher = fetcher
        self.plan = plan
        self.poller.use(plan, fetcher)
        self._use_channels(channels)
        self._collecting = True  # what quiet hours held that are no longer there is let go
        await self.keep_pace()
        if self._tidying is not None:
            self._tidying.cancel()
        self._tidying = asyncio.create_task(self._tidy_up())

    def refile(self, plan: Plan) -> None:
        """Go by a plan that differs from the one in force only in how its rules are filed."""
        self.plan = plan
        self.poller.use(plan, self.fetcher)

    @property
    def notices_to(self) -> tuple[str, ...]:
        """The channels that hear what Tocsin says about itself."""
        return self.plan.notices_to

    async def _tidy_up(self) -> None:
        """What was in hand at a reload may still have made rows for a channel that is gone: settle them."""
        await asyncio.sleep(IN_HAND)
        try:
            await follow(self.database, self.plan, self.clock)
        except StoreError as error:  # the next reload or start does it
            event(_log, "error", "what was in hand at a reload is not settled yet", error=error.message)

    def _fetcher_for(self, config: Config) -> Fetcher:
        """The fetcher in use where it would do the same, else another."""
        now = self.plan.config
        same = (config.contact, config.polling.allow_private) == (now.contact, now.polling.allow_private)
        return self.fetcher if same else self._parts.fetcher(config, self.clock)

    def _use_channels(self, channels: dict[str, Channel]) -> None:
        """Deliver to these from now on."""
        self._channels.use(channels)
        plan = self.plan
        terms = terms_of(plan.channels.values(), plan.rules.values(), plan.windows)
        self.worker.use({**channels, **self._built_in}, self.notices_to, terms)

    async def tick(self) -> None:
        """Start what is due. Does not wait for it."""
        self.poller.start_due()
        if self.clock.steady() - self._reckoned > RECKONED.total_seconds():
            await self.keep_pace()
        if self._collecting or self.plan.windows:
            await self.release_digests()
        self.pages.start_due()

    async def keep_pace(self) -> None:
        """Reckon anew, from what is known of all feeds by now, how often they are asked."""
        self._reckoned = self.clock.steady()
        self._pace = reckon(self.database.reader, self.plan)
        await self._submit(lambda tx: keep_pace(tx, self._pace, self.clock()))

    async def release_digests(self, *, at_once: bool = False) -> None:
        """Let go what is held and due; `at_once` does not wait for feeds that are overdue."""
        quiet, now = self.plan.windows, self.clock()
        due = look_at_held(self.database.reader, quiet, now, at_once=at_once)
        self._collecting = due.held
        if not due.any:
            return
        if await self._submit(lambda tx: release(tx, self.clock(), overdue=due.overdue, quiet=quiet)):
            self.worker.wake()

    async def keep_watch(self, *, seldom: bool = False) -> None:
        """
        Look for feeds that fell silent, and tell what is to be told of the troubles of feeds.

        With `seldom` nobody looks for silence where that was done within the last hour.
        """
        suspects: list[int] | None = None
        if not (seldom and is_looked_after(self.database.reader, self.clock())):
            suspects = []
            for batch in self._lookout.suspects(self.database.reader, self.clock()):
                suspects += batch
                await asyncio.sleep(0)
        if await self._submit(lambda tx: sweep(tx, self.plan, self.clock(), suspects)):
            self.worker.wake()

    async def note_alive(self) -> None:
        """Leave a sign of life for `tocsin status`."""
        await self._sign(AT_WORK)

    async def _sign(self, value: str) -> None:
        def note(tx: Tx) -> None:
            now = self.clock()
            note_sign(tx, value, now)
            note_clock(tx, self.clock.mark(), now)
            note_process(tx, figures, now)

        figures = self.figures()
        await self._submit(note)

    async def look_at_clock(self) -> timedelta | None:
        """If somebody set the wall clock: move everything due with it, and return by how much it was set."""
        step = await follow_clock(self.clock, self.database, self.poller)
        if step is not None:
            self.worker.wake()
        return step

    async def _submit(self, unit: Callable[[Tx], T]) -> T:
        return await asyncio.wrap_future(self.database.writer.submit(unit))

    async def keep_house(self, breath: float = BREATH) -> None:
        """Prune what grew old, if the last time is a day ago."""
        await keep_house(self.database, self.plan.config.retention, self.clock(), breath=breath)

    def figures(self) -> ProcessFigures:
        """What this process has done so far."""
        return self.tally.figures(self.poller.counts, self.pages.counts, self.plan.rules_in_force)

    def _polled(self, recorded: Recorded) -> None:
        self.on_polled(recorded)
        self._unpolled.discard(recorded.feed)
        if not self._unpolled:
            self.first_round.set()
        if recorded.notifications or recorded.collected:  # a rule over its budget is said at once
            self.worker.wake()
        if recorded.matched:
            self.pages.wake()  # an alert may wait for a page
        if recorded.collected:
            self._collecting = True
        if recorded.new:
            self.pages.wake()

    def _page_worker(self) -> PageWorker:
        poller = self.poller
        tools = Tools(
            self.database,
            self.clock,
            plan=lambda: self.plan,
            fetcher=lambda: self.fetcher,
            turn=poller.slots.page_turn,
            closed=lambda: self.database.health.trouble is not None or poller.waits,
            cut_off=lambda: poller.outage.on,
        )
        return PageWorker(tools, Surroundings(self.clock.steady, poller.slots.paused_for, self._page_rang))

    def _page_rang(self, rung: Rung) -> None:
        if rung.notifications:
            self.worker.wake()
        if rung.collected:
            self._collecting = True

    def _log_attempt(self, row: OutboxRow, answer: Answer, verdict: Verdict) -> None:
        if row.channel == CANARY:
            if self.canary is not None:
                self.canary.delivered(row)
            return
        self.tally.attempts[answer.kind.value] += 1
        if answer.kind is AnswerClass.OK:
            self.tally.sent(row.id, self.database.reader)
        log_attempt(row, answer, verdict)

    def _highest_match(self) -> int:
        row = self.database.reader.row(sql.LAST_MATCH)
        return int(row[0] or 0) if row else 0
