"""Budgets: never more single alerts than they say, nothing lost, and back to single ones by themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.budgets import (
    OFF,
    SLOTS,
    Budget,
    Spent,
    Use,
    budget_text,
    dump,
    flush_at,
    load,
    said_once,
    spend,
    spend_together,
)
from monitor.model import Severity

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TWENTY = Budget(20, 3600.0, "20/1h")
THREE = Budget(3, 3600.0, "3/1h")


def fire(
    *times: datetime, budget: Budget = THREE, spent: Spent | None = None
) -> tuple[list[str], list[Use], Spent]:
    """Firings at these times: what was said ("over", "back"), how each went, and what is spent then."""
    spent, said, uses = spent or Spent(), [], []
    for now in times:
        one = spend(spent, budget, now)
        spent = one.spent
        uses.append(one.use)
        said += ["over"] * one.went_over + ["back"] * one.resumed
    return said, uses, spent


def test_a_burst_sends_the_budget_singly_and_the_rest_in_the_digest() -> None:
    """Five hundred at once: twenty single ones, one word about it, and nothing missing."""
    said, uses, spent = fire(*[NOON] * 500, budget=TWENTY)
    assert uses == [Use.SINGLE] * 20 + [Use.OVERFLOW] * 480
    assert said == ["over"]
    assert spent.over_since == NOON
    assert len(dump(spent)) < 60


def test_it_stays_in_the_digest_while_it_rings_as_often() -> None:
    """With ten an hour, half of its budget, a rule that is over stays so, although ten would fit."""
    times = [NOON] * 21 + [NOON + n * 6 * MINUTE for n in range(1, 60)]
    said, uses, _ = fire(*times, budget=TWENTY)
    assert said == ["over"]
    assert uses[20:] == [Use.OVERFLOW] * 60


def test_it_comes_back_after_a_window_below_half() -> None:
    """The first single alert says so; the budget is full again but for what lies in the window."""
    said, uses, spent = fire(*[NOON] * 5, NOON + 30 * MINUTE, NOON + 62 * MINUTE)
    assert uses == [Use.SINGLE] * 3 + [Use.OVERFLOW] * 2 + [Use.OVERFLOW, Use.SINGLE]
    assert said == ["over", "back"]
    assert spent.over_since is None


def test_a_budget_of_one_comes_back_after_a_window_of_silence() -> None:
    """Half of one is none."""
    one = Budget(1, 3600.0, "1/1h")
    _, uses, _ = fire(NOON, NOON + MINUTE, NOON + 61 * MINUTE, NOON + 123 * MINUTE, budget=one)
    assert uses == [Use.SINGLE, Use.OVERFLOW, Use.OVERFLOW, Use.SINGLE]


def test_without_a_budget_all_are_single() -> None:
    """Nothing is counted; one that was over and lost its budget is back."""
    assert spend(Spent(), None, NOON).use is Use.SINGLE
    _, _, spent = fire(*[NOON] * 9)
    after = spend(spent, None, NOON)
    assert (after.use, after.spent, after.resumed) == (Use.SINGLE, Spent(), True)


@pytest.mark.parametrize(
    ("rule", "kind", "expected"),
    [
        (None, "apprise", "20/1h"),
        (None, "webhook", "20/1h"),
        (None, "terminal", OFF),
        (None, "file", OFF),
        ("3/10m", "terminal", "3/10m"),
        ("off", "apprise", OFF),
    ],
)
def test_which_budget_holds(rule: str | None, kind: str, expected: str) -> None:
    """A rule's own on every channel, the general one where somebody is disturbed."""
    assert budget_text(rule, "20/1h", kind) == expected


def test_rules_that_ring_together_share_a_message() -> None:
    """One has a budget left: the message goes for both, and only the one that sends it pays."""
    _, _, broke = fire(*[NOON] * 4)
    found = spend_together({"flood": (broke, THREE), "talks": (Spent(), THREE)}, NOON)
    assert {rule: one.use for rule, one in found.items()} == {"flood": Use.SHARED, "talks": Use.SINGLE}
    assert sum(slot[1] for slot in found["flood"].spent.slots) == 3
    both = spend_together({"flood": (broke, THREE), "storm": (broke, THREE)}, NOON)
    assert {one.use for one in both.values()} == {Use.OVERFLOW}


def test_the_digest_goes_within_the_hour_and_within_ten_minutes_for_an_urgent_one() -> None:
    """The first one sets the time; a later one never puts it off, an urgent one brings it forward."""
    first = flush_at(None, Severity.NORMAL, NOON)
    assert first == NOON + HOUR
    assert flush_at(first, Severity.HIGH, NOON + 20 * MINUTE) == first
    assert flush_at(first, Severity.URGENT, NOON + 20 * MINUTE) == NOON + 30 * MINUTE
    assert flush_at(first, Severity.URGENT, NOON + 55 * MINUTE) == first


def test_what_is_said_names_the_end_of_it() -> None:
    """A person learns what happens to the alerts and when it ends."""
    assert "rang more than its budget of 20/1h" in said_once("flood", TWENTY)
    assert "once it rang fewer than 10 times" in said_once("flood", TWENTY)
    assert "once it rang not at all" in said_once("flood", Budget(1, 60.0, "1/1m"))


def test_a_clock_that_was_set_back_blocks_no_rule_for_ever() -> None:
    """What was spent in a future that did not come counts as of now: a window later all is well."""
    _, _, spent = fire(*[NOON + timedelta(days=400)] * 9)
    assert spend(spent, THREE, NOON).use is Use.OVERFLOW
    _, uses, spent = fire(NOON, NOON + 62 * MINUTE, NOON + 130 * MINUTE, spent=spent)
    assert uses[-1] is Use.SINGLE


def test_a_budget_that_was_changed_keeps_what_was_spent() -> None:
    """A reload gives another number or window; what was sent is not forgotten."""
    _, _, spent = fire(NOON, NOON, NOON)
    assert spend(spent, Budget(3, 86_400.0, "3/1d"), NOON + 5 * HOUR).use is Use.OVERFLOW
    _, _, spent = fire(NOON, NOON, NOON, budget=Budget(3, 86_400.0, "3/1d"))
    assert spend(spent, THREE, NOON + 10 * MINUTE).use is Use.OVERFLOW
    assert spend(spent, Budget(9, 3600.0, "9/1h"), NOON).use is Use.SINGLE


def test_a_change_of_windows_counts_rather_too_long() -> None:
    """A single alert somewhere in a slot of 24 minutes may have gone at its end."""
    day = Budget(1, 86_400.0, "1/1d")
    _, _, spent = fire(NOON + 23 * MINUTE, budget=day)
    hour = Budget(1, 3600.0, "1/1h")
    assert spend(spent, hour, NOON + 82 * MINUTE).use is Use.OVERFLOW, "fifty-nine minutes later"
    assert spend(spent, hour, NOON + 86 * MINUTE).use is Use.SINGLE


budgets = st.builds(Budget, st.integers(1, 12), st.sampled_from([1.0, 7.0, 60.0, 90.0, 3600.0, 86_400.0]))


@st.composite
def bursts(draw: st.DrawFn) -> tuple[Budget, list[datetime]]:
    """A budget, and firings in bursts with gaps of about a window's parts."""
    budget = draw(budgets)
    now, times = NOON, []
    for _ in range(draw(st.integers(1, 8))):
        times += [now] * draw(st.integers(1, 15))
        now += timedelta(seconds=budget.seconds * draw(st.floats(0, 1.5)))
    return budget, times


@given(bursts())
def test_never_more_single_ones_than_the_budget_in_any_window(case: tuple[Budget, list[datetime]]) -> None:
    """Wherever a window is laid over the time axis, both of its ends counted in."""
    budget, times = case
    _, uses, _ = fire(*times, budget=budget)
    single = [t for t, use in zip(times, uses, strict=True) if use is Use.SINGLE]
    for start in single:
        inside = [t for t in single if start <= t <= start + timedelta(seconds=budget.seconds)]
        assert len(inside) <= budget.count


@given(bursts())
def test_a_rule_within_its_budget_always_rings_singly(case: tuple[Budget, list[datetime]]) -> None:
    """If no window, and one slot more, holds more than the budget, nothing ever goes into a digest."""
    budget, times = case
    long = timedelta(seconds=budget.seconds + budget.width + 1)
    if all(sum(start <= t <= start + long for t in times) <= budget.count for start in times):
        said, uses, _ = fire(*times, budget=budget)
        assert set(uses) == {Use.SINGLE}
        assert said == []


@given(bursts())
def test_each_time_it_goes_over_is_said_once_and_ends(case: tuple[Budget, list[datetime]]) -> None:
    """Over and back take turns; what is over stays so until it is back; after silence it is back."""
    budget, times = case
    said, uses, spent = fire(*times, budget=budget)
    assert said == ["over", "back"] * (len(said) // 2) + ["over"] * (len(said) % 2)
    assert (spent.over_since is not None) is (len(said) % 2 == 1)
    assert (Use.OVERFLOW in uses) is bool(said)
    assert (
        spend(spent, budget, times[-1] + timedelta(seconds=budget.seconds + budget.width + 1)).use
        is Use.SINGLE
    )


@given(bursts())
def test_what_was_spent_stays_small_and_survives_the_store(case: tuple[Budget, list[datetime]]) -> None:
    """Sixty-two slots at most; written and read it is the same."""
    budget, times = case
    _, _, spent = fire(*times, budget=budget)
    assert len(spent.slots) <= SLOTS + 2
    assert load(dump(spent)) == spent
    assert load("") == Spent()


@given(st.lists(st.tuples(st.sampled_from(Severity), st.integers(0, 30)), min_size=1, max_size=20))
def test_nothing_waits_longer_in_a_digest_than_it_may(entries: list[tuple[Severity, int]]) -> None:
    """Whatever comes after it, each entry is gone an hour later, an urgent one after ten minutes."""
    now, going = NOON, None
    waiting: list[tuple[Severity, datetime]] = []
    for severity, minutes in entries:
        now += minutes * MINUTE
        if going is not None and going <= now:
            going, waiting = None, []
        going = flush_at(going, severity, now)
        waiting.append((severity, now))
        for level, since in waiting:
            assert going - since <= (10 * MINUTE if level is Severity.URGENT else HOUR)
