"""Ten thousand feeds at once, and one host that has most of them: nobody is stormed, nobody starves."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from tests.support.simulation import Simulation, check_laws
from tests.support.simworld import HOUR, SimFeed
from tests.support.virtual import run_virtually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.virtual import VirtualLoop


def crowd(count: int, hosts: int, *, every: float = HOUR) -> dict[str, SimFeed]:
    """So many feeds, spread over so many hosts, with one old item each."""
    feeds = (SimFeed(f"f{n}", f"h{n % hosts}.example", every, (-5000.0,)) for n in range(count))
    return {feed.name: feed for feed in feeds}


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
        assert figures.most_a_second <= sim.app.poller.usual_rate * 1.25 + 2
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
        assert max(second.values()) <= sim.app.poller.usual_rate * 1.25 + 2
        (digest,) = [t.outgoing.message for t in sim.world.told]
        assert (digest.kind, digest.count) == ("digest", 100)
        await sim.kill()

    run_virtually(story)
