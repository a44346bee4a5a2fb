"""Runs of tokens: what the quick ways find is what looking at all pairs finds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.rules import spans
from monitor.rules.spans import Run, hulls, inside, near, partners, phrase_runs
from tests.support.reference import are_near

_runs = st.lists(
    st.tuples(st.integers(0, 14), st.integers(-1, 4)).map(lambda pair: (pair[0], pair[0] + pair[1])),
    min_size=1,
    max_size=7,
    unique=True,
).map(sorted)
_within = st.integers(0, 6)


@pytest.fixture(autouse=True, params=[0, 256], ids=["long way", "short way"])
def _ways(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways through the code: for many runs, and for few."""
    monkeypatch.setattr(spans, "_FEW", request.param)


def pairs(left: list[Run], right: list[Run], within: int, ordered: bool) -> list[tuple[Run, Run]]:
    """All pairs that are near, by looking at each."""
    return [(a, b) for a in left for b in right if are_near(a, b, within, ordered)]


@given(left=_runs, right=_runs, within=_within, ordered=st.booleans())
def test_partners_are_the_runs_of_near_pairs(
    left: list[Run], right: list[Run], within: int, ordered: bool
) -> None:
    """Each side keeps the runs that are near any of the other side, and no other."""
    found = pairs(left, right, within, ordered)
    expected = sorted({a for a, _ in found}), sorted({b for _, b in found})
    assert partners(left, right, within, ordered=ordered) == expected


@given(
    sides=st.tuples(_runs, _runs, _runs),
    withins=st.tuples(_within, _within),
    orders=st.tuples(st.booleans(), st.booleans()),
)
def test_hulls_serve_a_longer_chain(
    sides: tuple[list[Run], list[Run], list[Run]], withins: tuple[int, int], orders: tuple[bool, bool]
) -> None:
    """What is near any span of a pair is near one of the spans that are kept, on either side of NEAR."""
    left, right, third = sides
    found = pairs(left, right, withins[0], orders[0])
    every = sorted({(min(a[0], b[0]), max(a[1], b[1])) for a, b in found})
    kept = hulls(left, right, withins[0], ordered=orders[0])
    assert set(kept) <= set(every)
    assert kept == sorted(kept)
    before, after = pairs(every, third, withins[1], orders[1]), pairs(third, every, withins[1], orders[1])
    assert {b for _, b in before} == {b for _, b in pairs(kept, third, withins[1], orders[1])}
    assert {a for a, _ in after} == {a for a, _ in pairs(third, kept, withins[1], orders[1])}


@given(runs=_runs, outer=_runs)
def test_inside_is_containment_in_any_one(runs: list[Run], outer: list[Run]) -> None:
    """A run lies inside where a single span holds all of it."""
    assert inside(runs, outer) == [r for r in runs if any(a <= r[0] and r[1] <= b for a, b in outer)]


@given(a=_runs, b=_runs, within=_within, ordered=st.booleans())
def test_near_is_said_alike_twice(a: list[Run], b: list[Run], within: int, ordered: bool) -> None:
    """The engine's near and the evaluator's are one relation, symmetric without order."""
    assert near(a[0], b[0], within, ordered=ordered) == are_near(a[0], b[0], within, ordered)
    assert near(a[0], b[0], within, ordered=False) == near(b[0], a[0], within, ordered=False)


@given(
    places=st.lists(
        st.lists(st.integers(0, 12), unique=True, max_size=6).map(sorted), min_size=2, max_size=4
    ),
    slop=st.integers(0, 4),
)
def test_phrase_runs_are_the_tightest(places: list[list[int]], slop: int) -> None:
    """Every way to lay the elements is covered by a run inside of it, and each run is such a way."""
    ways = [[at] for at in places[0]]
    for following in places[1:]:
        ways = [[*way, at] for way in ways for at in following if at > way[-1]]
    possible = {(way[0], way[-1]) for way in ways if way[-1] - way[0] + 1 - len(places) <= slop}
    found = phrase_runs(places, slop)
    assert set(found) <= possible
    assert found == sorted(found)
    for a, b in possible:
        assert any(a <= first and last <= b for first, last in found)
