"""A month in the life of one Tocsin, with everything that clocks, networks and administrators do to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.simulation import Figures, Simulation, check_laws
from tests.support.simworld import DAY, HOUR, START, ZONE, made_up_feeds
from tests.support.virtual import run_virtually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.virtual import VirtualLoop


def test_a_month_with_everything(tmp_path: Path) -> None:
    """Changes of summer time, steps, suspend, days off, a crash loop, an outage: all laws hold."""

    async def story(loop: VirtualLoop) -> Figures:
        feeds = made_up_feeds(1, 8, 5, every=3600, span=32 * DAY, a_day=6)
        sim = Simulation(tmp_path, loop, feeds)
        offsets = {sim.world.wall().utcoffset()}
        await sim.start()
        await sim.run(2 * DAY)  # the end of summer time is in it
        offsets.add(sim.world.wall().utcoffset())
        await sim.step(HOUR)
        await sim.run(DAY)
        await sim.step(-HOUR)
        await sim.run(DAY)
        await sim.suspend(8 * HOUR)
        await sim.run(2 * DAY)
        await sim.off(3 * DAY)
        await sim.run(2 * DAY)
        for _ in range(20):
            await sim.crash()
            await sim.run(2.0)
        await sim.run(2 * DAY)
        await sim.outage(5 * HOUR)
        await sim.run(2 * DAY)
        await sim.step(-HOUR)
        await sim.step(HOUR)
        await sim.crash(step=-HOUR)
        await sim.run(DAY)
        await sim.off(12 * HOUR, step=-3 * HOUR)
        await sim.run(2 * DAY)
        await sim.step(3 * HOUR)
        await sim.off(600.0, step=-12 * HOUR)
        await sim.run(DAY)
        await sim.step(12 * HOUR)
        await sim.run(32 * DAY - sim.world.now)  # the beginning of summer time is in it
        offsets.add(sim.world.wall().utcoffset())
        assert len(offsets) == 2
        assert START.astimezone(ZONE).utcoffset() == sim.world.wall().utcoffset()
        figures = check_laws(sim)
        await sim.kill()
        return figures

    figures = run_virtually(story)
    print(figures)  # noqa: T201 - the figures
    assert figures.digests >= 2
    assert figures.in_digests > 100
