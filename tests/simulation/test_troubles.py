"""Outages, nights off and a set clock: feeds that are well are in no trouble, whatever befalls us."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.store import episodes, sql
from tests.support.simulation import Simulation
from tests.support.simworld import DAY, HOUR, made_up_feeds
from tests.support.virtual import run_virtually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.virtual import VirtualLoop


async def watched(sim: Simulation, seconds: float) -> None:
    """Let it work, and look after the feeds each hour."""
    for _ in range(round(seconds / HOUR)):
        await sim.run(HOUR)
        await sim.app.keep_watch()


def test_what_befalls_us_is_no_trouble_of_a_feed(tmp_path: Path) -> None:
    """Thirty hours without a network, three days off, a suspended night, a set clock: nothing is told."""

    async def story(loop: VirtualLoop) -> None:
        feeds = made_up_feeds(7, 6, 6, every=3600.0, span=20 * DAY, a_day=8)
        sim = Simulation(tmp_path, loop, feeds)
        await sim.start()
        await watched(sim, DAY)
        sim.world.network = False
        sim.world.up(yes=False)
        await watched(sim, 30 * HOUR)
        assert sim.app.poller.outage.on
        sim.world.network = True
        sim.world.up(yes=True)
        await watched(sim, DAY)
        await sim.off(3 * DAY)
        await watched(sim, DAY)
        await sim.suspend(9 * HOUR)
        await watched(sim, DAY)
        await sim.step(-DAY)
        await watched(sim, 2 * DAY)
        await sim.step(DAY)
        await watched(sim, 3 * DAY)
        reader = sim.app.database.reader
        assert [e for e in episodes.all_open(reader) if e.kind != "failing" or e.told_at] == []
        kinds = {row["kind"] for row in reader.rows(sql.NOTICES_SINCE, since="2000")}
        assert {kind for kind in kinds if kind.startswith("feed_")} == set()
        await sim.kill()

    run_virtually(story)
