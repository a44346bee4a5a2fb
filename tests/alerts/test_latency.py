"""How long alerts take: which stages can be known, and how they are summed up."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.latency import (
    BOUNDS,
    Histogram,
    Stage,
    Way,
    by_stage,
    quantile,
    spread,
    stages,
)

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
WAY = Way(
    rule="r",
    feed="f",
    channel="c",
    published=NOON,
    fetched=NOON + timedelta(seconds=60),
    matched=NOON + timedelta(seconds=61),
    sent=NOON + timedelta(seconds=63.5),
    watched_since=NOON - timedelta(days=1),
)


def test_each_stage_of_an_ordinary_way() -> None:
    """Three stages that add up to the whole."""
    assert stages(WAY) == {Stage.FETCH: 60.0, Stage.MATCH: 1.0, Stage.SEND: 2.5, Stage.TOTAL: 63.5}


@pytest.mark.parametrize(
    ("changed", "known"),
    [
        pytest.param({"published": None}, {Stage.MATCH, Stage.SEND}, id="undated"),
        pytest.param(
            {"watched_since": NOON + timedelta(hours=1)}, {Stage.MATCH, Stage.SEND}, id="not watched"
        ),
        pytest.param({"watched_since": None}, {Stage.MATCH, Stage.SEND}, id="never read"),
        pytest.param({"first": False}, {Stage.SEND}, id="an edit"),
        pytest.param({"watched_since": NOON + timedelta(seconds=0.9)}, set(Stage), id="dated to the second"),
    ],
)
def test_what_cannot_be_known_is_left_out(changed: dict[str, object], known: set[Stage]) -> None:
    """Rather than guessed."""
    assert stages(replace(WAY, **changed)).keys() == known  # type: ignore[arg-type]


def test_a_clock_that_was_set_back_takes_no_time_away() -> None:
    """Nothing is negative."""
    assert stages(replace(WAY, sent=NOON - timedelta(hours=1)))[Stage.SEND] == 0.0


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_a_quantile_is_a_value_that_enough_do_not_exceed(values: list[float]) -> None:
    """And the smallest such one."""
    found = spread(values)
    assert found is not None
    for share, value in ((0.5, found.p50), (0.95, found.p95)):
        assert value in values
        assert sum(v <= value for v in values) >= share * len(values)
        assert sum(v < value for v in values) < share * len(values)
    assert found.count == len(values)
    assert quantile(sorted(values), 1.0) == max(values)


def test_of_nothing_there_is_no_spread() -> None:
    """None, not nought."""
    assert spread([]) is None


@given(st.lists(st.floats(0, 1e6)))
def test_a_histogram_counts_each_value_once(values: list[float]) -> None:
    """Cumulative counts are what Prometheus defines: at most the bound."""
    histogram = Histogram(values)
    assert histogram.count == len(values)
    assert math.isclose(histogram.sum, sum(values))
    assert histogram.cumulative() == [
        *((bound, sum(v <= bound for v in values)) for bound in BOUNDS),
        (math.inf, len(values)),
    ]


def test_ways_are_gathered_by_stage() -> None:
    """Each way adds to the stages it is known of."""
    ways = [WAY, replace(WAY, first=False)]
    assert {stage: len(values) for stage, values in by_stage(ways).items()} == {
        Stage.FETCH: 1,
        Stage.MATCH: 1,
        Stage.SEND: 2,
        Stage.TOTAL: 1,
    }
