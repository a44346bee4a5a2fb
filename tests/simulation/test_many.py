"""Ten thousand feeds at once, and one host that has most of them: nobody is stormed, nobody starves."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.support.simulation import Simulation, check_laws
from tests.support.simworld import HOUR, SimFeed, crowd
from tests.support.store import feed_states
from tests.support.virtual import run_virtually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.virtual import VirtualLoop


def first_asked(sim: Simulation) -> dict[str, float]:
    """When each feed was asked first."""
    found: dict[str, float] = {}
    for asked in sim.world.asked:
        found.setdefault(asked.feed, asked.at)
    return found


def test_a_host_with_most_feeds_keeps_nobody_waiting(tmp_path: Path) -> None:
    """A thousand feeds of one host and fifty of others, added at once: the fifty are asked in seconds."""

    async def story(loop: VirtualLoop) -> None:
        busy = {f.name: f for f in (SimFeed(f"b{n}", "busy.example", HOUR) for n in range(1000))}
        sim = Simulation(tmp_path, loop, busy | crowd(50, 50))
        await sim.start()
        await sim.run(60.0)
        asked = first_asked(sim)
        others = [at for name, at in asked.items() if name.startswith("f")]
        assert len(others) == 50
        assert max(others) <= 10.0
        of_busy = [a.at for a in sim.world.asked if a.host == "busy.example"]
        assert 55 <= len(of_busy) <= 61, "the busy host is asked once a second, all the time"
        await sim.kill()

    run_virtually(story)


def test_a_crash_loop_asks_nobody_twice(tmp_path: Path) -> None:
    """Forty lives that each end with a request under way: every feed is asked once an interval, no more."""

    async def story(loop: VirtualLoop) -> None:
        sim = Simulation(tmp_path, loop, crowd(60, 12))
        await sim.start()
        deaths = [await sim.die_asking(150.0) for _ in range(40)]
        asked = sim.world.asked
        took = asked[-1].at
        each = Counter(a.feed for a in asked)
        second = Counter(int(a.at) for a in asked)
        print(f"{sum(deaths)} deaths in {took:.0f} s: {len(asked)} requests, {max(second.values())} a second")  # noqa: T201 - the figures
        assert all(deaths[:5])
        assert max(each.values()) <= 1 + took // HOUR
        await sim.run(2.5 * HOUR)
        assert len(first_asked(sim)) == 60
        check_laws(sim, slack=600.0)
        await sim.kill()

    run_virtually(story)


def test_an_hour_off_leaves_the_order_as_it_was(tmp_path: Path) -> None:
    """What fell due meanwhile is asked in the order in which it did, each host at its pace."""

    async def story(loop: VirtualLoop) -> None:
        sim = Simulation(tmp_path, loop, crowd(600, 30, every=0.5 * HOUR))
        await sim.start()
        await sim.run(0.9 * HOUR)
        due = [(s.next_poll_at, s.name) for s in feed_states(sim.app.database.reader)]
        before = len(sim.world.asked)
        await sim.off(HOUR)
        start = sim.world.now
        await sim.run(300.0)
        asked = sim.world.asked[before:]
        feeds = sim.world.feeds
        for host in {f.host for f in feeds.values()}:
            was = [name for at, name in sorted(due) if feeds[name].host == host]
            now = [a.feed for a in asked if a.host == host]
            assert len(now) == len(was)
            # Four of a host are in hand at once; of those it is chance who is woken first.
            assert sum(abs(now.index(name) - place) for place, name in enumerate(was)) <= 2 * len(was)
        second = Counter(int(a.at) for a in asked)
        took = asked[-1].at - start
        print(f"an hour off: {len(asked)} requests in {took:.0f} s, {max(second.values())} a second at most")  # noqa: T201 - the figures
        assert max(second.values()) <= sim.app.poller.usual_rate * 1.5 + 2
        check_laws(sim)
        await sim.kill()

    run_virtually(story)


@pytest.mark.slow
def test_ten_thousand_feeds_added_at_once(tmp_path: Path) -> None:
    """Their first polls are spread by the start rate; all are asked in minutes, and again after an hour."""

    async def story(loop: VirtualLoop) -> None:
        sim = Simulation(tmp_path, loop, crowd(10_000, 2500))
        await sim.start()
        await sim.run(1.2 * HOUR)
        figures = check_laws(sim, slack=600.0)
        asked = first_asked(sim)
        print(figures, f"the last was first asked after {max(asked.values()):.0f} s")  # noqa: T201 - the figures
        assert len(asked) == 10_000
        assert max(asked.values()) <= 10_000 / sim.app.poller.usual_rate + 30
        assert figures.most_a_second <= sim.app.poller.usual_rate * 1.5 + 2
        await sim.kill()

    run_virtually(story)


@pytest.mark.slow
def test_ten_thousand_feeds_after_three_days_off(tmp_path: Path) -> None:
    """All are overdue at the start: the same bounds hold, and one digest tells what they missed."""

    async def story(loop: VirtualLoop) -> None:
        day = 24 * HOUR
        feeds = {
            name: SimFeed(name, feed.host, 6 * HOUR, (-5000.0, *((1.5 * day,) if number % 100 == 0 else ())))
            for number, (name, feed) in enumerate(crowd(10_000, 2500).items())
        }
        sim = Simulation(tmp_path, loop, feeds)
        await sim.start()
        await sim.run(HOUR)
        before = len(sim.world.asked)
        await sim.off(3 * day)
        start = sim.world.now
        await sim.run(HOUR)
        times = sorted(a.at for a in sim.world.asked[before:])
        second = Counter(int(at) for at in times)
        took = times[-1] - start
        print(f"{len(times)} requests in {took:.0f} s, {max(second.values())} a second")  # noqa: T201 - the figures
        assert len(times) == 10_000
        assert max(second.values()) <= sim.app.poller.usual_rate * 1.5 + 2
        (digest,) = [t.outgoing.message for t in sim.world.told]
        assert (digest.kind, digest.count) == ("digest", 100)
        await sim.kill()

    run_virtually(story)
