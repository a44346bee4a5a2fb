"""
Polling: asks the database for what is due, and runs each poll as a task of its own when its turn has come.

Whose turn it is, is told in `service.slots`.

A poll that cannot be recorded (a full disk, a bug) leaves its feed due; it is held back for its interval, and
longer if that happens again. That a request begins is written down before it does (`service.asking`), so
that a process that dies with it does not repeat it at its next start.

While we are cut off (`feeds.offline`) nothing is held against a feed: what falls due waits, one probe goes
out each half minute, and the first answer lets the others follow, spread out.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.errors import StoreError
from monitor.feeds.pacing import host_of
from monitor.feeds.schedule import start_rate
from monitor.model import FetchStatus
from monitor.moving import address_of, learnt_addresses
from monitor.pipeline import check_feed
from monitor.service.asking import Asking
from monitor.service.heldback import HeldBack
from monitor.service.log import event, failure, get_logger
from monitor.service.outage import Outage
from monitor.service.slots import GUEST, GUEST_HOST, Slots
from monitor.store import sql
from monitor.store.pauses import paused_hosts
from monitor.store.rows import FeedState, read, read_all, to_db
from monitor.store.writer import Priority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from monitor.feeds.fetch import Fetcher
    from monitor.model import FetchResult
    from monitor.pipeline import Deps
    from monitor.plan import Plan
    from monitor.recording import Recorded
    from monitor.service.slots import Begun, Guest
    from monitor.settings import FeedConfig
    from monitor.store.tx import Tx

MANY = 100  # feeds waiting, from which on the database is asked for them once a second, not at each tick
RESUME_OVER = 120.0  # seconds over which the feeds that waited for the network are spread
SLOWEST_RESUME = 5.0  # starts a second, at least
PROBES_ONCE = 3  # hosts that a one-shot run still tries before it believes that it is offline
_log = get_logger("poll")


class Poller:
    """Polls what is due. `done` is told of every recorded poll; `steady` gives seconds that never step."""

    def __init__(
        self,
        plan: Plan,
        deps: Deps,
        done: Callable[[Recorded], None],
        steady: Callable[[], float] | None = None,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._deps = replace(deps, heard=self._heard)
        self._done = done
        self._steady = steady or asyncio.get_running_loop().time
        self.outage = Outage(deps.database, deps.clock, self._steady, self._back_online)
        self.slots = Slots(plan.config.polling, self._steady, self._begin, self._closed)
        self._looked = float("-inf")
        self._held = HeldBack(self._steady)
        self._forced = False
        self._asking = Asking(deps.database, deps.clock)
        self._fresh: dict[int, FeedState] = {}  # rows that were just read, and of which nothing was made yet
        self.waits = False  # while the clock was set and what is due has not moved with it yet
        self.guest: Guest | None = None
        self.plan = plan
        for host, seconds in paused_hosts(deps.database.reader, deps.clock()).items():
            self.slots.pause(host, seconds)  # who asked for patience before a restart is still asking

    @property
    def plan(self) -> Plan:
        """The configuration in force."""
        return self._plan

    @plan.setter
    def plan(self, plan: Plan) -> None:
        self._plan = plan
        feeds = plan.feeds.values()
        self._moved: dict[str, str] = {}  # by feed: the host that answered last
        learnt = learnt_addresses(self._deps.database.reader)
        self._hosts = {f.name: _host(f, learnt.get(f.name)) for f in feeds}
        self.usual_rate = start_rate(plan.policy(f).interval for f in feeds)
        self.slots.pace(self.usual_rate)

    def use(self, plan: Plan, fetcher: Fetcher) -> None:
        """
        Go by another plan from now on. Pauses that hosts asked for stay.

        A feed that waits for its turn is let go, and taken up again as the new plan has it; requests under
        way end under the old limits.
        """
        self.slots.limit(plan.config.polling)
        self._deps = replace(self._deps, fetcher=fetcher)
        self.plan = plan

    # --- what to start

    def start_due(self) -> int:
        """Start what is due, as far as good manners allow; returns how many polls were started."""
        if self._in_trouble or self.waits:
            return 0
        if self.outage.on:
            started = self._probe()
            if self.guest is not None and not started and self.guest.due():
                self.slots.start(GUEST, self.guest.begin())  # it needs no network
            return started
        self._look()
        try:
            return self.slots.serve()
        finally:
            self._fresh.clear()  # what begins later is read anew

    async def poll_all(self, *, force: bool, only: str | None = None) -> None:
        """Poll each due feed once; with `force` every feed that did not forbid it; `only` one of them."""
        now = self._deps.clock()
        states = read_all(FeedState, self._deps.database.reader.rows(sql.FEEDS_POLLABLE))
        chosen = [s for s in states if s.name in self._hosts and _may_ask(s, now, force=force)]
        self._forced = True
        self._fresh = {s.id: s for s in chosen}  # no one else writes while a run lasts: it holds the lock
        self.slots.pace(None)
        self._fill((s.id, s.name) for s in chosen if only in (None, s.name))
        self.slots.serve()
        probes = 0
        while self.slots.busy:
            await self.slots.one_ended()
            if self.outage.on and not self.slots.busy and probes < PROBES_ONCE:
                probes += self._probe(at_once=True)

    async def drain(self) -> None:
        """Wait for the polls in hand."""
        await self.slots.drain()

    async def stop(self) -> None:
        """Break off the polls in hand; nothing of them is recorded but that they were asked."""
        await self.slots.stop()

    def _look(self) -> None:
        """Read what is due; a long list is worked off for a second before it is read again."""
        now = self._steady()
        if self.slots.waiting >= MANY and now - self._looked < 1.0:
            return
        self._looked = now
        reader, moment = self._deps.database.reader, self._deps.clock()
        # Most looks find a few, and these begin at once: one query for all of their rows.
        first = read_all(FeedState, reader.rows(sql.FEEDS_DUE_FIRST, now=to_db(moment), count=MANY))
        if len(first) < MANY:
            self._fresh = {s.id: s for s in first if _may_ask(s, moment, force=False)}
            self._fill((s.id, s.name) for s in first)
        else:
            rows = reader.rows(sql.FEEDS_DUE, now=to_db(moment))
            self._fill((row["id"], row["name"]) for row in rows)

    def _fill(self, feeds: Iterable[tuple[int, str]]) -> None:
        held = self._held.now()
        waiting = [
            (feed_id, self._hosts[name])
            for feed_id, name in feeds
            if name in self._hosts and feed_id not in held
        ]
        if self.guest is not None and self.guest.due():
            waiting.insert(0, (GUEST, GUEST_HOST))
        self.slots.fill(waiting)

    def _closed(self) -> bool:
        """Whether nothing may begin now."""
        return self.waits or self.outage.on

    def _begin(self, feed_id: int) -> Begun | None:
        """The poll of a feed whose turn it is, if it is still to be polled."""
        if feed_id == GUEST:
            return self.guest.begin() if self.guest is not None and self.guest.due() else None
        state = self._still_due(feed_id)
        return self._task_of(state) if state is not None else None

    def _still_due(self, feed_id: int) -> FeedState | None:
        """The feed's row as it is now; None where it is not to be polled."""
        if (fresh := self._fresh.pop(feed_id, None)) is not None:
            return fresh
        row = self._deps.database.reader.row(sql.FEED, id=feed_id)
        if row is not None and row["name"] in self._hosts:
            state = read(FeedState, row)
            if _may_ask(state, self._deps.clock(), force=self._forced):
                return state
        return None

    def _task_of(self, state: FeedState, *, probe: bool = False) -> Begun:
        return f"poll-{state.name}", self._poll(state, probe=probe)

    @property
    def _in_trouble(self) -> bool:
        """Whether nothing can be recorded now: then no server is asked for what could not be kept."""
        return self._deps.database.health.trouble is not None

    # --- one poll

    async def _poll(self, state: FeedState, *, probe: bool) -> None:
        plan = self.plan
        feed = plan.feeds.get(state.name)
        if feed is None:
            return  # taken away by a reload
        host = self._hosts[state.name]
        try:
            async with self.slots.turn(state.id, host, self._moved.get(state.name, host)) as paused:
                if paused:
                    await self._postpone(state, paused)
                    return
                recorded = await self._ask(feed, state, plan, probe=probe)
        except StoreError as error:
            if not error.fault.passing:  # else nothing is polled before the keeper says so
                self._hold(state)
            self.counts["unrecorded"] += 1
            level = "debug" if self._deps.database.health.knows(error) else "error"  # the keeper says it once
            event(_log, level, "poll not recorded", feed=state.name, error=error.message, remedy=error.hint)
            return
        except Exception as error:  # noqa: BLE001 - one feed's bug must not stop the others
            self._hold(state)
            self.counts["unrecorded"] += 1
            failure(_log, "poll failed", error, feed=state.name)
            return
        if recorded is None:
            return
        self._held.recorded(state.id)
        for paused_host, seconds in recorded.host_pauses.items():
            self.slots.pause(paused_host, seconds)
        if recorded.moved_to != state.moved_to and feed.name in self._hosts:
            self._hosts[feed.name] = _host(feed, recorded.moved_to)
        self._report(recorded)

    async def _ask(self, feed: FeedConfig, state: FeedState, plan: Plan, *, probe: bool) -> Recorded | None:
        """Ask a feed whose turn it is at its host; None = nothing was recorded, and it stays due."""
        if self._too_late(plan, probe=probe):
            return None
        if not self._hosts[state.name]:  # its address is not to be had: no request will begin
            return await check_feed(feed, state, plan, self._deps)
        await self._asking.begins(state.id)
        recorded = await check_feed(feed, state, plan, self._deps)
        self._asking.ended(state.id)  # not where it was broken off: then nobody knows
        if recorded is None:
            self.counts["offline"] += 1
        return recorded

    def _too_late(self, plan: Plan, *, probe: bool) -> bool:
        """Whether things changed while a poll waited for its turn: then its feed stays due."""
        if self._in_trouble:
            self.counts["unrecorded"] += 1  # what it could fetch could not be kept: do not ask
            return True
        return self.plan is not plan or (self.outage.on and not probe)

    def _report(self, recorded: Recorded) -> None:
        # A document that is none counts as a bad one, whatever its server called it.
        unread = recorded.status is FetchStatus.NEW and not recorded.ok
        ended = FetchStatus.BAD_BODY if unread else recorded.status
        self.counts[f"status_{ended.value}"] += 1
        self.counts["polled"] += 1
        self.counts["new"] += recorded.new
        self.counts["matched"] += recorded.matched
        level = "info" if recorded.ok and (recorded.new or recorded.matched) else "debug"
        event(
            _log,
            level if recorded.ok else "warning",
            "feed polled",
            feed=recorded.feed,
            status=recorded.status,
            entries=recorded.entries,
            new=recorded.new,
            matched=recorded.matched,
            notifications=recorded.notifications,
            **({"collected": recorded.collected} if recorded.collected else {}),
            **({"message": recorded.message} if recorded.message else {}),
            next=recorded.next_poll_at,
        )
        self._done(recorded)

    def _hold(self, state: FeedState) -> None:
        """Leave the feed alone for its interval, longer each time: its server sends all of it again."""
        feed = self.plan.feeds.get(state.name)
        least = 0.0
        if feed is not None:
            least = max(state.interval or 0.0, state.floor or 0.0, self.plan.policy(feed).interval)
        self._held.hold(state.id, least)

    async def _postpone(self, state: FeedState, seconds: float) -> None:
        """Another feed of this host was told to wait: so does this one, if it would not anyway."""

        def postpone(tx: Tx) -> None:
            at = self._deps.clock() + timedelta(seconds=seconds)
            if state.next_poll_at is None or state.next_poll_at < at:  # else it was asked for by hand
                tx.run(sql.FEED_SCHEDULE, feed_id=state.id, next_poll_at=to_db(at))

        await asyncio.wrap_future(self._deps.database.writer.submit(postpone, Priority.POLL))

    # --- cut off

    def _heard(self, feed: str, result: FetchResult) -> bool:
        if result.hops:  # the next poll takes its turn there, too
            self._moved[feed] = result.hops[-1].host
        return self.outage.heard(feed, self._hosts.get(feed, ""), result)

    def _probe(self, *, at_once: bool = False) -> int:
        """While offline: ask one feed, if it is time; returns how many were asked."""
        if self.slots.busy or not (at_once or self.outage.may_probe()):
            return 0
        now = self._deps.clock()
        rows = self._deps.database.reader.rows(sql.FEEDS_POLLABLE)
        states = (read(FeedState, row) for row in rows)
        due = [s for s in states if self._hosts.get(s.name) and _may_ask(s, now, force=False)]
        askable = [(s, h) for s in due if not self.slots.paused_for(h := self._hosts[s.name])]
        state = self.outage.to_probe(askable)
        if state is None:
            return 0
        self.slots.start(state.id, self._task_of(state, probe=True))
        return 1

    def _back_online(self, waiting: int) -> None:
        """Let the feeds that waited follow one another over two minutes rather than all at once."""
        if self.slots.paced:
            spread = max(SLOWEST_RESUME, waiting / RESUME_OVER)
            self.slots.pace(min(spread, self.usual_rate))
            asyncio.get_running_loop().call_later(
                1.25 * RESUME_OVER, lambda: self.slots.pace(self.usual_rate)
            )


def _host(feed: FeedConfig, moved_to: str | None) -> str:
    """The host that is asked for a feed; "" where its address is not to be had."""
    return "" if feed.url.missing else host_of(address_of(feed, moved_to))


def _may_ask(state: FeedState, now: datetime, *, force: bool) -> bool:
    """Whether a one-shot run polls this feed: --force overrides the schedule, not what a server forbids."""
    if state.forbidden_until is not None and state.forbidden_until > now:
        return False
    return force or (state.next_poll_at is not None and state.next_poll_at <= now)
