"""A feed's rhythm: what is counted, what is expected of it, and how it is kept."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.rhythm import (
    HOURS,
    RATES,
    UNKNOWN,
    Rhythm,
    hasten,
    hour_of_week,
    learn,
    mark_of,
    rate,
    read_rhythm,
    time_until,
    write_rhythm,
)

MONDAY = datetime(2026, 11, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def by_day(hour: int, weekday: int) -> float:
    """Occasions an hour of a desk that works from seven to seven on weekdays."""
    return 0.6 if 7 <= hour < 19 and weekday < 5 else 0.03


def watched(weeks: int, seed: int = 1) -> tuple[Rhythm, datetime]:
    """The rhythm of that desk after so many weeks."""
    rng, rhythm, now = random.Random(seed), Rhythm(), MONDAY
    rhythm = learn(rhythm, [], now)
    for _ in range(weeks * HOURS):
        chance = by_day(now.hour, now.weekday())
        now += HOUR
        if rng.random() < chance:
            rhythm = learn(rhythm, [now - rng.random() * HOUR], now)
    return learn(rhythm, [], now), now


def test_an_unknown_feed_has_four_occasions_a_day() -> None:
    """Nothing known is a guess, not a zero."""
    assert rate(Rhythm(), MONDAY, MONDAY + timedelta(days=1)) == pytest.approx(4, rel=0.08)
    assert not Rhythm().known
    assert write_rhythm(Rhythm()) == ""


def test_hours_of_the_week_begin_on_monday() -> None:
    """In UTC."""
    assert hour_of_week(MONDAY.timestamp()) == 0
    assert hour_of_week((MONDAY - timedelta(seconds=1)).timestamp()) == 167
    assert hour_of_week((MONDAY + timedelta(days=6, hours=5)).timestamp()) == 149


def test_working_hours_are_told_from_nights_and_weekends() -> None:
    """After eight weeks each is within a factor of two of what is true, and the whole within a fifth."""
    rhythm, _ = watched(8)
    rates = rhythm.rates
    noon, night, weekend = rates[2 * 24 + 12], rates[2 * 24 + 2], rates[5 * 24 + 12]
    assert 0.3 < noon < 1.2
    assert night < 0.09
    assert weekend < 0.09
    true = sum(by_day(h % 24, h // 24) for h in range(HOURS)) / HOURS
    assert rhythm.mean == pytest.approx(true, rel=0.2)


def test_a_first_document_says_how_it_went_before() -> None:
    """Twenty items with dates three hours apart: about eight a day, without a second poll."""
    rhythm = learn(Rhythm(), [MONDAY - 3 * i * HOUR for i in range(20)], MONDAY)
    assert rhythm.mean * 24 == pytest.approx(8, rel=0.2)
    assert rhythm.seen == pytest.approx(20, rel=0.1)


def test_a_batch_is_one_occasion() -> None:
    """Thirty items at once say no more about the next than one does."""
    rhythm = learn(learn(Rhythm(), [], MONDAY), [MONDAY + HOUR] * 30, MONDAY + HOUR)
    assert rhythm.seen == pytest.approx(1, rel=0.001)


def test_counts_fade_and_silence_is_learnt() -> None:
    """After three months without anything a feed is expected to bring little, and never nothing."""
    rhythm, now = watched(8)
    later = now + timedelta(days=90)
    asleep = learn(rhythm, [], later)
    assert asleep.seen < 0.12 * rhythm.seen
    assert 0 < asleep.mean < 0.15 * rhythm.mean


def test_surprise_grows_where_news_are_expected() -> None:
    """A silent Tuesday morning says more than a silent Saturday."""
    rhythm, now = watched(8)
    tuesday, saturday = now + timedelta(days=1, hours=7), now + timedelta(days=5, hours=7)
    assert rate(rhythm, tuesday, tuesday + 6 * HOUR) > 2
    assert rate(rhythm, saturday, saturday + 6 * HOUR) < 0.5
    assert rate(rhythm, now, now) == 0


def test_the_widest_gap_is_remembered() -> None:
    """A regular feed has missed little of what was expected; one in bursts has."""
    regular, bursts = Rhythm(), Rhythm()
    for hour in range(28 * 24):
        now = MONDAY + hour * HOUR
        if hour % 4 == 0:
            regular = learn(regular, [now], now)
        if hour % 24 < 6 and hour // 24 % 4 == 0:
            bursts = learn(bursts, [now], now)
    assert regular.widest < 2.5
    assert bursts.widest > 4


def test_haste_comes_with_a_gap_and_goes_slowly() -> None:
    """Doubled by each gap up to eight times, calm again after some twenty documents."""
    rhythm = Rhythm()
    for _ in range(5):
        rhythm = hasten(rhythm, gap=True)
    assert rhythm.haste == 8
    polls = 0
    while rhythm.haste > 1:
        rhythm = hasten(rhythm, gap=False)
        polls += 1
    assert 15 < polls < 25


def test_what_is_no_rhythm_is_an_unknown_one() -> None:
    """Another version's text, or none."""
    assert read_rhythm("") == Rhythm()
    assert read_rhythm("{}") == Rhythm()
    assert read_rhythm(f"{UNKNOWN} 1 2 3 4 5 x ,") == Rhythm()


moments = st.integers(0, 40 * 86_400).map(lambda s: MONDAY + timedelta(seconds=s))


@given(st.lists(st.tuples(moments, st.integers(0, 5)), max_size=8))
def test_a_stored_rhythm_says_the_same(polls: list[tuple[datetime, int]]) -> None:
    """Whatever was learnt, wherever the clock was set: rates are positive, and text tells all."""
    rhythm = Rhythm()
    for now, count in polls:
        rhythm = learn(rhythm, [now - i * HOUR for i in range(count)], now)
        assert len(rhythm.profile) == HOURS
        assert min(rhythm.rates) > 0
        assert read_rhythm(write_rhythm(rhythm)).profile == rhythm.profile
        again = read_rhythm(write_rhythm(rhythm))
        assert write_rhythm(again) == write_rhythm(rhythm)


@given(moments, moments, moments)
def test_expectations_add_up(a: datetime, b: datetime, c: datetime) -> None:
    """Of two stretches of time and of both together."""
    a, b, c = sorted((a, b, c))
    rhythm, _ = RHYTHM
    assert rate(rhythm, a, c) == pytest.approx(rate(rhythm, a, b) + rate(rhythm, b, c), abs=1e-6)


@given(moments, st.floats(0.01, 40))
def test_the_time_until_is_when_so_many_are_expected(start: datetime, expected: float) -> None:
    """The inverse of what is expected until a time."""
    rhythm, _ = RHYTHM
    assert rate(rhythm, start, start + time_until(rhythm, expected, start)) == pytest.approx(
        expected, abs=0.01
    )


def test_the_scale_covers_what_feeds_do() -> None:
    """From one item in a year to twelve in an hour, within a twelfth."""
    for hourly in (1 / 8760, 1 / 720, 0.04, 1.0, 12.0):
        assert RATES[mark_of(hourly)] == pytest.approx(hourly, rel=0.08)


RHYTHM = watched(2)
