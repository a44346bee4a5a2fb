"""Statement 32, shown on made-up rhythms: earlier news for the same number of requests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.pace import interval, solve, tally
from monitor.feeds.patience import Wishes
from monitor.feeds.rhythm import RATES, UNKNOWN, Rhythm, learn, mark_of
from monitor.feeds.schedule import PollPolicy
from tests.support.simrhythm import (
    DAY,
    HOUR,
    MONDAY,
    POLICY,
    WEEK,
    delays,
    fixed_polls,
    made_feeds,
    poll_by_rhythm,
    shortest_gap,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.simrhythm import Made


def mean_delay(feeds: Sequence[Made], start: float, end: float) -> tuple[float, float, int]:
    """The mean delay of the feeds' items, a fixed interval's with as many requests, and their number."""
    requests = sum(1 for f in feeds for at in f.polls if start <= at < end)
    every = _fixed_interval([f.wishes.floor for f in feeds], requests / (end - start))
    ours = [d for f in feeds for d in delays(f.published, f.polls, start, end)]
    fixed = [
        d
        for number, f in enumerate(feeds)
        for d in delays(f.published, fixed_polls(max(every, f.wishes.floor), number, end + HOUR), start, end)
    ]
    return sum(ours) / len(ours), sum(fixed) / len(fixed), requests


def _fixed_interval(floors: Sequence[float], per_second: float) -> float:
    """The one interval of all feeds, floors apart, that needs so many requests a second."""
    low, high = 1.0, 1e6
    for _ in range(60):
        every = (low + high) / 2
        if sum(1 / max(every, floor) for floor in floors) > per_second:
            low = every
        else:
            high = every
    return high


def test_news_come_earlier_at_the_same_number_of_requests() -> None:
    """Statement 32: at most 0.7 of a fixed interval's mean delay, within budget, nobody too often."""
    weeks = 6
    feeds = made_feeds(60, weeks)
    for feed in feeds[::10]:
        feed.wishes = Wishes(ttl=1800.0)
    poll_by_rhythm(feeds, weeks * WEEK)
    ours, fixed, requests = mean_delay(feeds, 4 * WEEK, weeks * WEEK - DAY)
    budget = len(feeds) * (2 * WEEK - DAY) / POLICY.default
    print(  # noqa: T201 - the figures
        f"mean delay {ours:.0f} s, fixed {fixed:.0f} s: {ours / fixed:.2f}; requests {requests / budget:.2f}"
        " of the budget"
    )
    assert ours <= 0.7 * fixed
    assert requests <= budget
    for feed in feeds:
        assert shortest_gap(feed.polls) >= max(POLICY.fastest, feed.wishes.floor) - 1e-3


def test_the_first_days_are_no_worse_than_a_fixed_interval() -> None:
    """While little is known nothing is lost by it."""
    feeds = made_feeds(60, 2, seed=11)
    poll_by_rhythm(feeds, WEEK)
    ours, fixed, _ = mean_delay(feeds, 2 * HOUR, 2 * DAY)
    print(f"first two days: {ours / fixed:.2f} of a fixed interval's delay")  # noqa: T201 - the figures
    assert ours <= fixed


def test_what_urgent_rules_hear_of_is_asked_more_often() -> None:
    """A weight of four halves the interval, at the others' cost."""
    feeds = made_feeds(30, 2, seed=3)
    for feed in feeds[:6]:
        feed.weight = 4.0
    poll_by_rhythm(feeds, 2 * WEEK)
    plain = made_feeds(30, 2, seed=3)
    poll_by_rhythm(plain, 2 * WEEK)
    heavy, light = (sum(len(f.polls) for f in some[:6]) for some in (feeds, plain))
    assert heavy > 1.3 * light
    total, before = (sum(len(f.polls) for f in some) for some in (feeds, plain))
    assert total == pytest.approx(before, rel=0.03)


def test_a_gap_is_followed_by_quicker_polls() -> None:
    """Twice as often after one, and never beyond the bounds."""
    rhythm = Rhythm()
    c = solve(tally([(UNKNOWN, 1.0, 0.0)]), 1 / 900, 300, 3600)
    usual, _ = interval(POLICY, rhythm, 1.0, c, MONDAY)
    hasty, why = interval(POLICY, Rhythm(haste=2.0, at=1.0), 1.0, c, MONDAY)
    assert hasty == pytest.approx(usual / 2, rel=0.01)
    assert "items were missed" in why
    assert interval(POLICY, Rhythm(haste=8.0), 1.0, c, MONDAY)[0] == POLICY.fastest


def test_a_feeds_own_interval_does_not_adapt() -> None:
    """Whatever its rhythm, its weight and its gaps."""
    own = PollPolicy(900, 300, 3600, every=600)
    busy = learn(Rhythm(haste=8.0), [], MONDAY)
    assert interval(own, busy, 4.0, 1.0, MONDAY) == (600, "every 10 min, as configured")


def test_unknown_feeds_are_asked_as_configured() -> None:
    """Without a pace, and where nothing is known of any feed, it is `every`."""
    c = solve(tally([(UNKNOWN, 1.0, 0.0)] * 50), 50 / 900, 300, 3600)
    for pace in (None, c):
        seconds, why = interval(POLICY, Rhythm(), 1.0, pace, MONDAY)
        assert seconds == pytest.approx(900, rel=0.001)
        assert why.startswith("every 15 min")


rates = st.lists(st.tuples(st.sampled_from(sorted(RATES)), st.sampled_from([1.0, 2.0, 4.0])), min_size=1)


@given(rates, st.floats(60, 7200))
def test_the_budget_is_kept(marks: list[tuple[str, float]], every: float) -> None:
    """The polls of all feeds together come to the budget, or to what the bounds make of it."""
    fastest, slowest = 300.0, 3600.0
    c = solve(
        tally([(mark * 168, weight, 0.0) for mark, weight in marks]), len(marks) / every, fastest, slowest
    )
    assert c is not None
    policy = PollPolicy(every, fastest, slowest)
    waits = [interval(policy, Rhythm(mark * 168), weight, c, MONDAY)[0] for mark, weight in marks]
    assert all(fastest <= wait <= slowest for wait in waits)
    needed = sum(1 / wait for wait in waits)
    wanted = min(max(every, fastest), slowest)
    assert needed == pytest.approx(len(marks) / wanted, rel=0.01)


@given(st.sampled_from(sorted(RATES)), st.sampled_from(sorted(RATES)), st.integers(0, 3599))
def test_a_wait_into_the_next_hour_counts_each_part(one: str, two: str, second: int) -> None:
    """Just before a busy hour the next poll comes soon after it has begun."""
    c = 500.0
    policy = PollPolicy(900, 300, 3600)
    both = Rhythm((one + two) * 84)
    now = MONDAY.replace(minute=second // 60, second=second % 60)
    wait, _ = interval(policy, both, 1.0, c, now)
    alone = sorted(interval(policy, Rhythm(mark * 168), 1.0, c, now)[0] for mark in (one, two))
    assert alone[0] - 1e-6 <= wait <= alone[1] + 1e-6


def test_nobody_is_asked_where_there_is_nobody() -> None:
    """Without a feed that adapts there is no pace."""
    assert solve([], 1.0, 300, 3600) is None
    assert mark_of(1.0) in RATES
