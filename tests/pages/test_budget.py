"""How many pages may be asked for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.pages.budget import Budget, Rate


def test_so_many_of_a_host_and_so_many_in_all() -> None:
    """In any span of that length; there is room again when the first is that old."""
    budget = Budget(Rate(2, 60.0), Rate(3, 100.0))
    budget.spend("a", 0.0)
    assert not budget.spent_on("a", 0.0)
    budget.spend("a", 10.0)
    assert budget.spent_on("a", 59.9)
    assert not budget.spent_on("b", 10.0)
    assert not budget.spent_on("a", 60.0)
    assert budget.spent(20.0, coming=1)
    budget.spend("b", 20.0)
    assert budget.spent(99.9)
    assert not budget.spent(100.0)


def test_what_was_asked_before_counts() -> None:
    """A restart gives nobody a new budget."""
    budget = Budget(Rate(2, 60.0), Rate(9, 100.0), [("b", 1, -99.0), ("a", 2, -10.0), ("b", 1, -5.0)])
    assert budget.spent_on("a", 0.0)
    assert not budget.spent_on("b", 0.0)
    assert budget.spent(0.0, coming=5)
    assert not budget.spent(0.0, coming=4)


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.floats(0.0, 30.0))), st.integers(1, 5), st.integers(1, 9)
)
def test_never_more_than_the_rate_in_any_span(
    steps: list[tuple[str, float]], per_host: int, total: int
) -> None:
    """Whoever asks whenever there is room."""
    budget = Budget(Rate(per_host, 60.0), Rate(total, 100.0))
    now, asked = 0.0, []
    for host, wait in steps:
        now += wait
        if not budget.spent(now) and not budget.spent_on(host, now):
            budget.spend(host, now)
            asked.append((host, now))
    for host, at in asked:
        since = [h for h, t in asked if at <= t < at + 60.0 and h == host]
        assert len(since) <= per_host
        assert len([t for _, t in asked if at <= t < at + 100.0]) <= total
