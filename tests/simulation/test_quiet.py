"""Quiet hours, groups, digests and budgets in the real App, whatever happens to machine and network."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from monitor.model import Severity
from monitor.settings import ChannelConfig, QuietHours, RouteConfig
from monitor.store import sql
from monitor.store.rows import from_db
from tests.simulation.test_laws import happen
from tests.support.simulation import Simulation
from tests.support.simworld import DAY, HOUR, START, made_up_feeds
from tests.support.virtual import run_virtually

if TYPE_CHECKING:
    from tests.simulation.test_laws import Event
    from tests.support.virtual import VirtualLoop

ZONE = "Europe/Paris"
NIGHT = QuietHours("night", ("desk", "group"), "22:00", "07:00", let_through=(Severity.URGENT,))
CHANNELS = ("desk", "group", "digest", "budget")
ROUTES = (
    RouteConfig({}, ("desk", "budget"), continues=True),
    RouteConfig({"severity": ("urgent",)}, ("digest",), continues=True),
    RouteConfig({}, ("group",), continues=True, group=600.0, group_by="feed"),
    RouteConfig({}, ("digest",), digest=("08:00", "18:00")),
)
spans = st.floats(60.0, 10 * HOUR)
no_step = st.just(0.0)
events = st.one_of(
    st.tuples(st.just("run"), spans, no_step),
    st.tuples(st.just("suspend"), spans, no_step),
    st.tuples(st.just("off"), st.floats(60.0, 2 * DAY), st.one_of(no_step, st.floats(-DAY, DAY))),
    st.tuples(st.just("crash"), no_step, st.one_of(no_step, st.floats(-DAY, DAY))),
    st.tuples(st.just("die asking"), st.floats(60.0, 2 * HOUR), no_step),
    st.tuples(st.just("outage"), spans, no_step),
)
stories = st.lists(events, min_size=1, max_size=5)


async def live(sim: Simulation, story: list[Event]) -> None:
    """These events with an hour between them, and then a day and a half."""
    await sim.start()
    await sim.run(HOUR)
    for event in story:
        await happen(sim, event)
        await sim.run(HOUR)
    await sim.run(34 * HOUR)


def check(sim: Simulation) -> None:
    """All adds up, nobody was woken, and nothing that is held is overdue."""
    reader, now = sim.app.database.reader, sim.app.clock()
    assert reader.rows(sql.LEDGER_ORPHANS) == []
    assert reader.rows(sql.LEDGER_STRAY) == []
    for row in reader.rows(sql.OUTBOX_HELD):
        until = from_db(row["next_attempt_at"])
        assert until is not None
        assert now < until < now + timedelta(hours=24)
    waiting = "SELECT count(*) FROM ledger WHERE state IN ('dead', 'dropped')"
    assert reader.rows(waiting)[0][0] == 0
    heard = {(told.outgoing.channel, told.outgoing.message.kind) for told in sim.world.told}
    assert {(name, "digest") for name in CHANNELS} | {("desk", "alert"), ("budget", "alert")} <= heard
    for told in sim.world.told:
        wall = (START + timedelta(seconds=told.at + told.skew)).astimezone(ZoneInfo(ZONE))
        quiet = told.outgoing.channel in NIGHT.channels and not 7 <= wall.hour < 22
        assert not quiet or told.outgoing.message.severity is Severity.URGENT, (wall, told)


ASLEEP_AT_NIGHT: list[Event] = [("run", 12 * HOUR, 0.0), ("suspend", 9 * HOUR, 0.0), ("crash", 0.0, 0.0)]
SET_BACK: list[Event] = [("run", 11 * HOUR, 0.0), ("off", 60.0, -DAY), ("crash", 0.0, DAY)]


def live_through(seed: int, story: list[Event]) -> None:
    """Run these events and check that all adds up."""

    async def play(loop: VirtualLoop) -> None:
        feeds = made_up_feeds(seed, 4, 3, every=1800.0, span=8 * DAY, a_day=8)
        with tempfile.TemporaryDirectory() as folder:
            sim = Simulation(Path(folder), loop, feeds)
            sim.config = replace(
                sim.config,
                timezone=ZONE,
                channels=tuple(ChannelConfig(name=name, type="terminal") for name in CHANNELS),
                rules=tuple(
                    replace(r, budget="2/1h" if r.name == "all" else "off") for r in sim.config.rules
                ),
                routes=ROUTES,
                quiet_hours=(NIGHT,),
            )
            await live(sim, story)
            check(sim)
            await sim.kill()

    run_virtually(play)


@settings(max_examples=1, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(0, ASLEEP_AT_NIGHT)
@example(1, SET_BACK)
@given(st.integers(0, 99), stories)
def test_nothing_held_is_forgotten_and_nobody_is_woken(seed: int, story: list[Event]) -> None:
    """Each match is told on each of its channels, or waits for a time that comes."""
    live_through(seed, story)


@pytest.mark.slow
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 999), stories)
def test_nothing_is_forgotten_and_nobody_woken_in_many_stories(seed: int, story: list[Event]) -> None:
    """The same, ten times."""
    live_through(seed, story)
