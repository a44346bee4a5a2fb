"""The network goes and comes back: what is asked meanwhile, what is held against whom, and how it resumes."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from monitor.model import FetchResult, FetchStatus
from monitor.store import sql
from monitor.store.clock import OFFLINE
from tests.support.simulation import Simulation, check_laws
from tests.support.simworld import HOUR, crowd, made_up_feeds
from tests.support.store import feed_states
from tests.support.virtual import run_virtually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.virtual import VirtualLoop


def test_an_outage_is_held_against_nobody(tmp_path: Path) -> None:
    """No counter rises, one probe goes out each half minute, and when it is over all follow, spread out."""

    async def story(loop: VirtualLoop) -> None:
        sim = Simulation(tmp_path, loop, crowd(600, 60, every=1800.0))
        world = sim.world
        await sim.start()
        await sim.run(HOUR)
        world.network = False
        world.up(yes=False)
        await sim.run(600.0)
        assert sim.app.poller.outage.on
        reader = sim.app.database.reader
        assert reader.row(sql.FACT, name=OFFLINE) is not None
        before = len(world.asked)
        await sim.run(2 * HOUR)
        probes = world.asked[before:]
        assert 0.9 * 240 <= len(probes) <= 241
        assert len({probe.host for probe in probes[120:180]}) == 60, "another host each time"
        assert [
            state.name
            for state in feed_states(sim.app.database.reader)
            if state.failures or state.first_failure_at
        ] == []
        world.network = True
        world.up(yes=True)
        back = world.now
        before = len(world.asked)
        await sim.run(300.0)
        assert not sim.app.poller.outage.on
        assert reader.row(sql.FACT, name=OFFLINE) is None
        resumed = world.asked[before:]
        assert len({asked.feed for asked in resumed}) == 600
        assert resumed[-1].at - back > 60, "spread out"
        busiest = max(sum(first.at <= a.at < first.at + 1 for a in resumed) for first in resumed)
        assert busiest <= 8, "five a second, and a quarter of a second's worth at once"
        check_laws(sim)
        await sim.kill()

    run_virtually(story)


def test_two_hosts_are_never_an_outage_but_are_asked_again_hourly(tmp_path: Path) -> None:
    """Nobody can tell two dead servers from a dead network: the usual back-off holds, capped at an hour."""

    async def story(loop: VirtualLoop) -> None:
        feeds = made_up_feeds(3, 2, 2, every=1800.0, span=24 * HOUR, a_day=10)
        sim = Simulation(tmp_path, loop, feeds)
        await sim.start()
        await sim.run(HOUR)
        before = len(sim.world.asked)
        sim.world.network = False
        await sim.run(12 * HOUR)
        assert not sim.app.poller.outage.on
        for name in feeds:
            times = [a.at for a in sim.world.asked[before:] if a.feed == name]
            gaps = [b - a for a, b in pairwise(times)]
            assert max(gaps) <= 1.11 * HOUR
            assert min(gaps) >= 300.0
        states = feed_states(sim.app.database.reader)
        assert all(state.failures >= 10 for state in states)
        await sim.kill()

    run_virtually(story)


def test_a_restart_in_an_outage_clears_what_people_are_told(tmp_path: Path) -> None:
    """A new process knows nothing of it until it has tried; then it says so again."""

    async def story(loop: VirtualLoop) -> None:
        sim = Simulation(tmp_path, loop, crowd(20, 10, every=1800.0))
        await sim.start()
        await sim.run(HOUR)
        sim.world.network = False
        await sim.run(HOUR)
        await sim.kill()
        await sim.start()
        assert sim.app.database.reader.row(sql.FACT, name=OFFLINE) is None
        await sim.run(60.0)
        assert sim.app.database.reader.row(sql.FACT, name=OFFLINE) is not None
        await sim.kill()

    run_virtually(story)


def test_an_answer_of_any_kind_is_an_answer(tmp_path: Path) -> None:
    """A 500 ends an outage; what we refuse to ask, and a connection that broke, prove neither."""

    async def story(loop: VirtualLoop) -> None:
        sim = Simulation(tmp_path, loop, crowd(4, 4, every=1800.0))
        await sim.start()
        outage = sim.app.poller.outage
        dead = FetchResult(FetchStatus.NETWORK, unreachable=True)
        assert [outage.heard(f"of {host}", host, dead) for host in ("a", "b", "c")] == [False, False, True]
        assert not outage.heard("of d", "d", FetchResult(FetchStatus.REFUSED, message="a private address"))
        assert outage.heard("of d", "d", FetchResult(FetchStatus.NETWORK, message="the connection was reset"))
        assert outage.on
        assert not outage.heard("of d", "d", FetchResult(FetchStatus.HTTP_ERROR, 500))
        assert not outage.on
        assert not outage.heard("x", "", dead)
        await sim.kill()

    run_virtually(story)
