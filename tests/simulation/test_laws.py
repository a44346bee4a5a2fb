"""Whatever happens to clock, machine, process and network, in any order: the laws of polling and telling."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.support.simulation import Simulation, check_laws
from tests.support.simworld import DAY, HOUR, made_up_feeds
from tests.support.virtual import run_virtually

if TYPE_CHECKING:
    from tests.support.virtual import VirtualLoop

Event = tuple[str, float, float]

spans = st.floats(60.0, 10 * HOUR)
steps = st.floats(4.0, 2 * DAY).flatmap(lambda s: st.sampled_from([s, -s]))
no_step = st.just(0.0)
events = st.one_of(
    st.tuples(st.just("run"), spans, no_step),
    st.tuples(st.just("step"), no_step, steps),
    st.tuples(st.just("suspend"), spans, no_step),
    st.tuples(st.just("off"), st.floats(60.0, 3 * DAY), st.one_of(no_step, steps)),
    st.tuples(st.just("crash"), no_step, st.one_of(no_step, steps)),
    st.tuples(st.just("die asking"), st.floats(60.0, 2 * HOUR), no_step),
    st.tuples(st.just("crash loop"), st.floats(60.0, 2 * HOUR), no_step),
    st.tuples(st.just("outage"), spans, no_step),
)
stories = st.lists(events, min_size=1, max_size=8)


async def happen(sim: Simulation, event: Event) -> None:
    """Let one thing happen."""
    kind, seconds, step = event
    if kind == "run":
        await sim.run(seconds)
    elif kind == "step":
        await sim.step(step)
    elif kind == "suspend":
        await sim.suspend(seconds)
    elif kind == "off":
        await sim.off(seconds, step)
    elif kind == "die asking":
        await sim.die_asking(seconds)
    elif kind == "crash loop":
        for _ in range(8):
            await sim.die_asking(seconds / 8)
    elif kind == "crash":
        await sim.crash(step)
    else:
        await sim.outage(seconds)


def live_through(seed: int, story: list[Event]) -> None:
    """Run these events with a quarter of an hour between them, then a quiet time, and check the laws."""

    async def play(loop: VirtualLoop) -> None:
        feeds = made_up_feeds(seed, 6, 4, every=1800.0, span=6 * DAY, a_day=8, adapts=True)
        with tempfile.TemporaryDirectory() as folder:
            sim = Simulation(Path(folder), loop, feeds)
            await sim.start()
            await sim.run(HOUR)
            for event in story:
                await happen(sim, event)
                await sim.run(900.0)
            await sim.run(3 * HOUR)
            check_laws(sim)
            await sim.kill()

    run_virtually(play)


# The machine falls asleep between the poll that found an item and its alert.
ASLEEP: list[Event] = [
    *[("run", 60.0, 0.0)] * 3, ("run", 1173.0, 0.0), ("crash", 0.0, 0.0), ("suspend", 31915.0, 0.0)
]  # fmt: skip

# A process that dies whenever it asks, several times an hour.
DYING: list[Event] = [("crash loop", HOUR, 0.0), ("crash loop", 1800.0, 0.0), ("off", HOUR, 0.0)]

# And its clock is set back by more than a day while it is off: what was due keeps its distance from that.
DYING_IN_THE_FUTURE: list[Event] = [("crash loop", HOUR, 0.0), ("off", 60.0, -26.6 * HOUR)]

# The clock is set when the last answers are recorded, and then the process dies: no answer counts as lost.
SET_AND_DYING: list[Event] = [
    ("run", 2080.67952836864, 0.0), ("run", 60.0, 0.0), ("run", 60.0, 0.0),
    ("crash loop", 813.0117456298317, 0.0), ("run", 20520.904953328893, 0.0),
    ("outage", 26681.190015181328, 0.0), ("step", 0.0, 4.0), ("crash", 0.0, 0.0)
]  # fmt: skip

# Two steps forward shortly after one another: neither makes news look old, both together do.
SET_TWICE: list[Event] = [("step", 0.0, 4472.0), ("step", 0.0, 18000.0)]

# Ten minutes without a network, of which one feed meets two: too few to know that it is we who are cut off.
SHORT_OUTAGE: list[Event] = [("outage", 555.0, 0.0)]


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(0, ASLEEP)
@example(1, DYING)
@example(0, DYING_IN_THE_FUTURE)
@example(9999, SET_AND_DYING)
@example(0, SET_TWICE)
@example(1, SHORT_OUTAGE)
@given(st.integers(0, 99), stories)
def test_the_laws_hold_in_any_order_of_events(seed: int, story: list[Event]) -> None:
    """Steps, suspends, days off, crashes, outages in any order: no storm, nobody early, told once."""
    live_through(seed, story)


@pytest.mark.slow
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 9999), stories)
def test_the_laws_hold_in_very_many_orders(seed: int, story: list[Event]) -> None:
    """The same, eighty times."""
    live_through(seed, story)
