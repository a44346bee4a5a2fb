"""The real App driven through a simulated time, and the laws that must hold whatever happened in it."""

from __future__ import annotations

import asyncio
import bisect
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from monitor.model import Severity
from monitor.service.app import App
from monitor.service.clock import Clock
from monitor.store import sql
from monitor.store.rows import from_db
from tests.support.simworld import HOUR, LATENCY, SimParts, World, config_for

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.recording import Recorded
    from tests.support.simworld import SimFeed
    from tests.support.virtual import VirtualLoop

TICK = 0.5
AGED = 5 * HOUR
FIRST_RETRY = 300.0
OLD = 7 * HOUR


class Simulation:
    """One machine with one Tocsin on it. Every method moves time only as far as it says."""

    def __init__(self, folder: Path, loop: VirtualLoop, feeds: dict[str, SimFeed]) -> None:
        self.world = World(loop, feeds)
        usual = next((f.every for f in feeds.values() if f.adapts), 3600.0)
        adapting = {"fastest": usual / 3, "slowest": usual * 2}
        self.config = config_for(folder, feeds, every=usual, **adapting)
        self.clock_unknown: list[tuple[float, float]] = []  # starts, and how the clock was set before, unseen
        self.away: list[float] = []  # when polling became possible again after long
        self.leaps: list[float] = []  # when what was not yet seen came to look old, by the clock
        self._hidden: list[tuple[float, float]] = []  # each absence and step forward: when, and of how much
        self._app: App | None = None

    @property
    def app(self) -> App:
        assert self._app is not None
        return self._app

    async def start(self) -> None:
        """Start the process."""
        world = self.world
        world.life += 1
        clock = Clock(world.wall, world.steady, world.boot)
        app = App(self.config, clock=clock, parts=SimParts(world))
        self._app = await app.__aenter__()
        self._app.on_polled = self._note
        await self._app.note_alive()
        world.up(yes=world.network)

    async def kill(self) -> None:
        """End the process between two transactions, with whatever it has in hand."""
        self.world.up(yes=False)
        await self.app.__aexit__(None, None, None)
        self._app = None

    async def run(self, seconds: float) -> None:
        """Let it work, as the daemon does: a look at the clock, a tick, deliveries."""
        loop, app = self.world.loop, self.app
        end = loop.time() + seconds
        while (left := end - loop.time()) > 0:
            await app.look_at_clock()
            await app.tick()
            await app.worker.finish()
            await asyncio.sleep(min(left, self._pause()))

    def _pause(self) -> float:
        """Until something may be due: a daemon ticks four times a second, mostly for nothing."""
        app = self.app
        if app.poller.outage.on:
            return 5.0
        reader = app.database.reader
        row = reader.row("SELECT min(next_poll_at) FROM feeds")
        due = from_db(row[0]) if row else None
        wait = (due - app.clock()).total_seconds() if due else 60.0
        if reader.rows(sql.OUTBOX_HELD):
            wait = min(wait, 10.0)
        return max(TICK, min(wait, 900.0))

    async def step(self, seconds: float) -> None:
        """Somebody sets the clock; it is a second until the daemon looks."""
        self._skew(seconds)
        for _ in range(4):
            await self.app.tick()
            await self.app.worker.finish()
            await asyncio.sleep(TICK)
        await self.app.look_at_clock()

    async def suspend(self, seconds: float) -> None:
        """The machine sleeps."""
        self.world.up(yes=False)
        self.world.slept += seconds
        self._back(seconds)

    async def crash(self, step: float = 0.0) -> None:
        """The process dies and is started again; the clock may be set in between."""
        await self.kill()
        self._skew(step)
        await asyncio.sleep(1.0)
        await self.start()

    async def die_asking(self, within: float) -> bool:
        """The process dies with a request under way, if one begins within so many seconds; then it starts."""
        world = self.world
        end = world.loop.time() + within
        while world.loop.time() < end:
            await self.app.look_at_clock()
            await self.app.tick()
            await asyncio.sleep(LATENCY / 2)
            if sum(world.in_flight.values()):
                await self.crash()
                return True
        return False

    async def off(self, seconds: float, step: float = 0.0) -> None:
        """The machine is off for so long; its clock may run wrongly meanwhile."""
        world = self.world
        await self.kill()
        world.boots += 1
        world.booted = world.now
        self._skew(step)
        await asyncio.sleep(seconds)
        await self.start()
        self._back(seconds)
        if step:
            self.clock_unknown.append((world.now, step))

    async def outage(self, seconds: float) -> None:
        """The network is gone for so long, while Tocsin works on."""
        self.world.network = False
        self.world.up(yes=False)
        await self.run(seconds)
        self.world.network = True
        self._back(seconds)

    def _skew(self, seconds: float) -> None:
        self.world.skew += seconds
        if seconds > 0 and self._hidden_lately(seconds, since=self.world.now) > AGED:
            self.leaps.append(self.world.now)

    def _back(self, seconds: float) -> None:
        self.world.up(yes=True)
        lately = self._hidden_lately(seconds, since=self.world.now - seconds)
        if seconds > AGED:
            self.away.append(self.world.now)
        elif lately > AGED:
            self.leaps.append(self.world.now)

    def _hidden_lately(self, seconds: float, *, since: float) -> float:
        """
        How much older than it is an item may look now, with this absence or step, which began then.

        What one of them does not do, several shortly after one another do: an item waits unseen through all.
        """
        self._hidden.append((self.world.now, seconds))
        longest = max(feed.most for feed in self.world.feeds.values())
        return sum(much for at, much in self._hidden if at >= since - 2 * longest)

    def _note(self, recorded: Recorded) -> None:
        self.world.polled.setdefault(recorded.feed, []).append((self.world.now, recorded.ok))


@dataclass(frozen=True)
class Figures:
    """What a simulation came to."""

    requests: int
    most_a_second: int
    longest_wait: float
    alerts: int
    digests: int
    in_digests: int


def check_laws(sim: Simulation, *, slack: float = 300.0) -> Figures:
    """No storm, nobody skipped, nobody early, no flood of old news, everything told exactly once."""
    singles, digests, in_digests = _told_once(sim)
    _no_old_news(sim)
    most = _no_storm(sim)
    _nobody_early(sim)
    longest = _nobody_skipped(sim, slack)
    assert not sim.app.database.reader.rows(sql.LEDGER_ORPHANS)
    assert not sim.app.database.reader.rows(sql.LEDGER_STRAY)
    return Figures(len(sim.world.asked), most, longest, singles, digests, in_digests)


def _told_once(sim: Simulation) -> tuple[int, int, int]:
    """Each item published since the first poll was told once, singly or in a digest; none before it was."""
    told: Counter[str] = Counter()
    singles = digests = inside = 0
    for each in sim.world.told:
        message = each.outgoing.message
        if message.kind == "digest":
            digests += 1
            inside += len(message.entries)
            assert message.count == len(message.entries), "more in one digest than a message keeps"
            told.update(entry.title for entry in message.entries)
        elif message.kind == "alert":
            singles += 1
            told[message.title] += 1
    for feed in sim.world.feeds.values():
        first = next(at for at, ok in sim.world.polled[feed.name] if ok)
        last = max(at for at, ok in sim.world.polled[feed.name] if ok)
        for number, published in enumerate(feed.published):
            count = told[feed.title(number)]
            if published < first - LATENCY - TICK:
                assert count == 0, f"{feed.title(number)}: baseline, but told"
            elif first < published < last - LATENCY - TICK:
                assert count == 1, f"{feed.title(number)} told {count} times"
            else:
                assert count <= 1
    return singles, digests, inside


def _no_old_news(sim: Simulation) -> None:
    """What is old comes in a digest, unless it is urgent; digests are few."""
    starts = sim.world.feeds
    digests = [t.at for t in sim.world.told if t.outgoing.message.kind == "digest"]
    for each in sim.world.told:
        message = each.outgoing.message
        if message.kind != "alert" or message.severity is Severity.URGENT:
            continue
        name, number = message.title.split()[:2]
        published = starts[name].published[int(number)]
        # What was news when it was seen stays an alert, even if the machine slept before it was sent.
        seen = min(
            (at for at, ok in sim.world.polled[name] if ok and at > published + LATENCY + TICK),
            default=each.at,
        )
        # A clock that is behind makes everything look younger.
        age = min(each.at, seen) - published + min(each.skew, 0.0)
        # And one set back while the machine was off hides for how long it was.
        age -= sum(-step for at, step in sim.clock_unknown if at <= each.at and step < 0)
        assert age <= OLD + 2 * HOUR, f"{message.title}: {age / HOUR:.1f} h old, and told singly"
    # After a leap each feed comes at its own time: a digest is held for ten minutes of them.
    longest = max(feed.every for feed in sim.world.feeds.values()) * 1.1
    allowed = 2 * len(sim.away) + len(sim.leaps) * (2 + longest // 600.0)
    assert len(digests) <= allowed, (digests, allowed)


def _no_storm(sim: Simulation) -> int:
    """Requests a host and second within limits, and all together; the most that began in one second."""
    polling = sim.config.polling
    by_host = defaultdict(list)
    for asked in sim.world.asked:
        by_host[asked.host, asked.life].append(asked.at)
    for (host, _), times in by_host.items():
        gaps = [b - a for a, b in pairwise(times)]
        assert not gaps or min(gaps) >= polling.per_host_gap - 1e-6, (host, min(gaps))
    assert max(sim.world.most_at_once.values()) <= polling.per_host
    times, most, first = [a.at for a in sim.world.asked], 0, 0
    for number, at in enumerate(times):
        while at - times[first] > 1.0:
            first += 1
        most = max(most, number - first + 1)
    rate = sim.app.poller.usual_rate
    assert most <= rate * 1.5 + 2 + polling.concurrency * (sim.world.life > 1)
    return most


def _nobody_early(sim: Simulation) -> None:
    """
    No server is asked for a feed again before its interval is over, in true time.

    It does not matter whether the answer was recorded or the process died before; what reached no server does
    not count.
    """
    world = sim.world
    before: dict[str, float] = {}
    for asked in world.asked:
        if not asked.reached:
            continue
        last = before.get(asked.feed)
        before[asked.feed] = asked.at
        if last is None or any(last < start <= asked.at for start, _ in sim.clock_unknown):
            continue
        wait = asked.at - last
        assert wait >= world.feeds[asked.feed].least - 1, f"{asked}: {wait:.0f} s after the last"


def _nobody_skipped(sim: Simulation, slack: float) -> float:
    """Each feed is polled again within its interval, counting only the time in which that was possible."""
    world, longest = sim.world, 0.0
    unrecorded: dict[str, list[float]] = defaultdict(list)
    for asked in world.asked:
        polls = [at for at, _ in world.polled.get(asked.feed, [])]
        place = bisect.bisect_left(polls, asked.at)
        if asked.reached and (place == len(polls) or polls[place] > asked.at + LATENCY + TICK):
            unrecorded[asked.feed].append(asked.at)
    for feed in world.feeds.values():
        good = [0.0, *(at for at, ok in world.polled.get(feed.name, []) if ok), world.now]
        for before, after in pairwise(good):
            # A clock set back while the machine was off makes a feed late by as much, an interval at most.
            set_back = sum(
                min(-step, feed.most) for at, step in sim.clock_unknown if before < at <= after and step < 0
            )
            wait = world.up_time(before, after) - set_back
            longest = max(longest, wait - feed.most)
            # Each request whose answer was lost with the process costs one interval more.
            lost = sum(before < at < after for at in unrecorded[feed.name])
            allowed = (feed.most * 1.1 + slack) * (1 + lost)
            # An outage too short to be known for one counts against the feed: retried after 5 minutes, 10, …
            failed = sum(before < at < after for at, ok in world.polled.get(feed.name, []) if not ok)
            if failed:
                allowed += min(FIRST_RETRY * 2.0 ** (failed - 1), feed.most)
            assert wait <= allowed, f"{feed.name}: {wait:.0f} s of {allowed:.0f} s at {before:.0f}"
    return longest
