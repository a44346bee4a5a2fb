"""Starting polls: which feeds are due, how many at once, in turns per host; one task a poll."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.errors import StoreError
from monitor.feeds.pacing import HostPacer, host_of
from monitor.pipeline import check_feed
from monitor.service.log import event, failure, get_logger
from monitor.store import sql
from monitor.store.rows import FeedState, read, to_db
from monitor.store.writer import Priority

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from monitor.pipeline import Deps
    from monitor.plan import Plan
    from monitor.recording import Recorded

MOST_STARTED = 500  # polls begun and not ended: bounds memory when thousands are due at once
HOLD_AFTER_ERROR = 30.0  # seconds before a poll that could not be recorded is tried again
LONGEST_HOLD = 900.0  # seconds, after it could not be recorded several times
_log = get_logger("poll")


class Poller:
    """Polls what is due. `done` is told of every poll that was recorded."""

    def __init__(self, plan: Plan, deps: Deps, done: Callable[[Recorded], None]) -> None:
        polling = plan.config.polling
        self.plan = plan
        self.counts: Counter[str] = Counter()
        self._deps = deps
        self._done = done
        self._pacer = HostPacer(polling.per_host, polling.per_host_gap)
        self._slots = asyncio.Semaphore(polling.concurrency)
        self._running: dict[int, asyncio.Task[None]] = {}
        self._held: dict[int, float] = {}
        self._failed: Counter[int] = Counter()
        self._remember_pauses()

    def start_due(self) -> int:
        """Start a task for each feed that is due and not being polled; returns how many were started."""
        room = MOST_STARTED - len(self._running)
        if room <= 0 or self._deps.database.health.trouble is not None:
            return 0
        now = to_db(self._deps.clock())
        # Those in hand are still due in the database, hence the larger window.
        window = len(self._running) + len(self._held) + room
        rows = self._deps.database.reader.rows(sql.FEEDS_DUE, now=now, count=window)
        started = 0
        for row in rows:
            if started < room and self._startable(row["id"], row["name"]):
                self._start(read(FeedState, row))
                started += 1
        return started

    async def poll_all(self, *, force: bool, only: str | None = None) -> None:
        """Poll each due feed once; with `force` every feed that did not forbid it; `only` one of them."""
        now = self._deps.clock()
        states = [read(FeedState, row) for row in self._deps.database.reader.rows(sql.FEEDS_POLLABLE)]
        chosen = [s for s in states if s.name in self.plan.feeds and _may_ask(s, now, force=force)]
        for state in chosen:
            if only not in (None, state.name):
                continue
            while len(self._running) >= MOST_STARTED:
                await asyncio.wait(self._running.values(), return_when=asyncio.FIRST_COMPLETED)
            self._start(state)  # in trouble it ends at once, counted as not recorded
        await self.drain()

    async def drain(self) -> None:
        """Wait for the polls in hand."""
        while self._running:
            await asyncio.wait(self._running.values())

    async def stop(self) -> None:
        """Break off the polls in hand; nothing of them is recorded, so they are due again."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _startable(self, feed_id: int, name: str) -> bool:
        if feed_id in self._running or name not in self.plan.feeds:
            return False
        held_until = self._held.get(feed_id)
        if held_until is not None and held_until > asyncio.get_running_loop().time():
            return False
        self._held.pop(feed_id, None)
        return True

    def _start(self, state: FeedState) -> None:
        task = asyncio.create_task(self._poll(state), name=f"poll-{state.name}")
        self._running[state.id] = task
        task.add_done_callback(lambda _: self._running.pop(state.id, None))

    async def _poll(self, state: FeedState) -> None:
        feed = self.plan.feeds[state.name]
        host = host_of(feed.url.reveal()) if not feed.url.missing else ""
        try:
            async with self._pacer.turn(host) as paused:
                if paused:
                    await self._postpone(state, paused)
                    return
                async with self._slots:
                    if self._deps.database.health.trouble is not None:
                        self.counts["unrecorded"] += 1  # what it could fetch could not be kept: do not ask
                        return
                    recorded = await check_feed(feed, state, self.plan, self._deps)
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
        self._failed.pop(state.id, None)
        if recorded.host_pause:
            self._pacer.pause(host, recorded.host_pause)
        self._report(recorded)

    def _report(self, recorded: Recorded) -> None:
        self.counts[f"status_{recorded.status.value}"] += 1
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
            **({"message": recorded.message} if recorded.message else {}),
            next=recorded.next_poll_at,
        )
        self._done(recorded)

    def _hold(self, state: FeedState) -> None:
        """Leave the feed alone for a while, longer each time: its server sends all of it again."""
        self._failed[state.id] += 1
        pause = min(HOLD_AFTER_ERROR * 2 ** (self._failed[state.id] - 1), LONGEST_HOLD)
        self._held[state.id] = asyncio.get_running_loop().time() + pause

    async def _postpone(self, state: FeedState, seconds: float) -> None:
        """Another feed of this host was told to wait: so does this one."""
        at = to_db(self._deps.clock() + timedelta(seconds=seconds))
        unit = self._deps.database.writer.submit(
            lambda tx: tx.run(sql.FEED_SCHEDULE, feed_id=state.id, next_poll_at=at), Priority.POLL
        )
        await asyncio.wrap_future(unit)

    def _remember_pauses(self) -> None:
        """A host that asked for patience before a restart is still asking."""
        now = self._deps.clock()
        for row in self._deps.database.reader.rows(sql.FEEDS_POLLABLE):
            state = read(FeedState, row)
            feed = self.plan.feeds.get(state.name)
            if feed is None or feed.url.missing or state.forbidden_until is None:
                continue
            self._pacer.pause(host_of(feed.url.reveal()), (state.forbidden_until - now).total_seconds())


def _may_ask(state: FeedState, now: datetime, *, force: bool) -> bool:
    """Whether a one-shot run polls this feed: --force overrides the schedule, not what a server forbids."""
    if state.forbidden_until is not None and state.forbidden_until > now:
        return False
    return force or (state.next_poll_at is not None and state.next_poll_at <= now)
