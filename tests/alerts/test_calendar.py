"""When digests go: at local times, each once a day, also where clocks are changed."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.calendar import next_digest
from monitor.alerts.walltime import shown
from tests.alerts.test_quiet import CHANGES, MINUTE, PARIS, ST_JOHNS, at

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
TWICE = ("08:00", "18:00")


@pytest.mark.parametrize(
    ("now", "key"),
    [
        ("2026-11-27 07:59", "2026-11-27T08:00"),
        ("2026-11-27 08:00", "2026-11-27T18:00"),
        ("2026-11-27 18:30", "2026-11-28T08:00"),
    ],
)
def test_the_next_of_the_times_of_a_day(now: str, key: str) -> None:
    """Strictly after now; after the last one comes tomorrow's first."""
    found = next_digest(TWICE, PARIS, at(now))
    assert found.key == key
    assert found.at == at(key)


def test_a_time_that_is_never_shown_goes_with_the_jump() -> None:
    """In spring 02:30 is when the clock jumps over it, and it keeps its key."""
    found = next_digest(("02:30",), PARIS, at("2026-03-28 12:00"))
    assert (f"{found.at:%H:%M}", found.key) == ("01:00", "2026-03-29T02:30")
    assert next_digest(("02:30",), PARIS, found.at).key == "2026-03-30T02:30"


def test_a_time_that_is_shown_twice_goes_once() -> None:
    """In autumn 02:30 is the first of the two, and the next is tomorrow's."""
    found = next_digest(("02:30",), PARIS, at("2026-10-24 12:00"))
    assert found.at == at("2026-10-25 02:30", fold=0)
    assert next_digest(("02:30",), PARIS, found.at).key == "2026-10-26T02:30"


def test_a_midnight_that_was_shown_is_not_shown_again() -> None:
    """In St John's 00:01 became 23:01 of the day before: that digest was gone."""
    again = at("2006-10-28 23:30", ST_JOHNS, fold=1)
    assert next_digest(("00:00",), ST_JOHNS, again).key == "2006-10-30T00:00"


times_of_day = st.lists(st.times().map(lambda t: f"{t:%H:%M}"), min_size=1, max_size=3, unique=True)


@given(st.sampled_from(CHANGES), times_of_day, st.integers(-2880, 2880))
def test_it_is_the_first_minute_at_which_the_clock_shows_one_of_the_times(
    change: tuple[ZoneInfo, date], times: list[str], minute: int
) -> None:
    """By walking: the first minute after now at which some day's time is shown or jumped over."""
    zone, day = change
    now = datetime.combine(day, time(12), UTC) + minute * MINUTE
    found = next_digest(times, zone, now)
    assert found.at > now
    wall = datetime.fromisoformat(found.key)
    assert f"{wall:%H:%M}" in times
    # The clock shows the time then, or more, and never did so before.
    assert shown(zone, found.at) >= wall
    walk = (now + n * MINUTE for n in range(-1440, 1440))
    assert all(shown(zone, moment) < wall for moment in walk if moment < found.at)


@given(st.sampled_from(CHANGES), times_of_day, st.integers(-2880, 0))
def test_no_day_has_a_digest_twice_and_none_is_missing(
    change: tuple[ZoneInfo, date], times: list[str], minute: int
) -> None:
    """From one to the next over five days: keys rise, and never more than a day and an hour lie between."""
    zone, day = change
    now = datetime.combine(day, time(12), UTC) + minute * MINUTE
    end, keys, moments = now + 5 * DAY, [], []
    while (found := next_digest(times, zone, now)).at < end:
        keys.append(found.key)
        moments.append(found.at)
        now = found.at
    assert keys == sorted(set(keys))
    assert all(later - earlier <= DAY + timedelta(hours=1) for earlier, later in itertools.pairwise(moments))
