"""How long a feed must be quiet before that says something: by made-up sources of known rhythms."""

from __future__ import annotations

import sys
from datetime import timedelta
from statistics import median

import pytest

from monitor.feeds.rhythm import HOURS, Rhythm, learn, mark_of, time_until
from monitor.feeds.silence import alarm_at, usual_longest
from tests.support.rhythms import DAY, REGULAR, SOURCES, Judged, measure, moment

HOUR = timedelta(hours=1)


def per_hundred_months(judged: list[Judged]) -> float:
    """False alarms a month in a hundred such feeds."""
    return 100 * sum(j.alarms for j in judged) / max(sum(j.months for j in judged), 1.0)


def in_longest(judged: list[Judged]) -> list[float]:
    """The delays of those that were judged, in usual longest pauses, the shortest first."""
    return sorted(j.delay / j.longest for j in judged if j.delay is not None)


def in_gaps(judged: list[Judged]) -> list[float]:
    """The same in mean gaps."""
    return sorted(j.delay / j.mean for j in judged if j.delay is not None)


@pytest.mark.parametrize("name", ["random, 8 a day", "workdays, 15 a day", "bursts, 20 a day", "each hour"])
def test_silence_is_seen_within_three_of_the_longest_pauses(name: str) -> None:
    """And of a regular source within three of its gaps; in a few months nothing is taken for it."""
    judged = measure(name, range(3, 6), 150)
    assert sum(j.alarms for j in judged) == 0
    delays = in_longest(judged)
    assert len(delays) == 3
    assert delays[-1] <= 3
    if name in REGULAR:
        assert median(in_gaps(judged)) <= 3


@pytest.mark.slow
def test_silence_by_the_hundred(capsys: pytest.CaptureFixture[str]) -> None:
    """Forty of each kind over seven months: less than one false alarm a month in a hundred feeds."""
    every: list[Judged] = []
    lines = []
    for name in SOURCES:
        judged = measure(name, range(40), 210)
        every += judged
        delays, gaps = in_longest(judged), in_gaps(judged)
        assert not delays or delays[-1] <= 3, name
        if name in REGULAR:
            assert median(gaps) <= 3, name
        assert per_hundred_months(judged) < 3, name
        lines.append(
            f"{name:22} {per_hundred_months(judged):.2f} false; of {len(delays)} judged, half within "
            f"{median(delays or [0]):.2f}, all within {max(delays, default=0):.2f} longest pauses"
        )
    with capsys.disabled():
        sys.stdout.write("\n".join(["", *lines, f"all together {per_hundred_months(every):.2f} false\n"]))
    assert per_hundred_months(every) < 1


def known(times: list[float]) -> Rhythm:
    """What is learnt of these items, day by day."""
    rhythm = Rhythm()
    for day in range(int(times[-1] // DAY) + 1):
        rhythm = learn(rhythm, [moment(t) for t in times if t // DAY == day], moment((day + 1) * DAY))
    return rhythm


def test_a_feed_of_which_little_is_known_is_not_judged() -> None:
    """Neither after a week, nor one of few items however long it was watched."""
    hourly = [float(n) for n in range(24 * 20)]
    assert alarm_at(known(hourly[: 24 * 7]), moment(24 * 7)) is None
    assert alarm_at(known(hourly), moment(hourly[-1])) is not None
    monthly = [n * 30 * DAY for n in range(6)]
    assert alarm_at(known(monthly), moment(monthly[-1])) is None
    assert alarm_at(Rhythm(), moment(0)) is None


def test_a_night_and_a_holiday_are_no_silence() -> None:
    """One day off on top of the longest pause is granted to what people make."""
    times = [d * DAY + h + m / 3 for d in range(42) if d % 7 < 5 for h in range(8, 18) for m in range(3)]
    rhythm = known(times)
    thursday_evening = moment(39 * DAY - DAY / 4)
    assert usual_longest(rhythm) > 60 * HOUR
    alarm = alarm_at(rhythm, thursday_evening)
    assert alarm is not None
    assert alarm > moment(42 * DAY + 10)


def test_what_is_learnt_of_a_silence_does_not_put_it_off() -> None:
    """Each day without news makes the next one likelier, but a silence is judged by what was before it."""
    times = [n / 8 * DAY for n in range(8 * 60)]
    rhythm, last = known(times), moment(times[-1])
    alarm = alarm_at(rhythm, last)
    assert alarm is not None
    for day in range(61, 66):
        rhythm = learn(rhythm, [], moment(day * DAY))
        later = alarm_at(rhythm, last)
        assert later is not None
        assert abs(later - alarm) < (alarm - last) * 0.2


def test_time_until_comes_to_an_end() -> None:
    """For whatever rates and amounts: a rest that no float can take away is none."""
    profile = "".join(mark_of(0.0583) if hour % 24 < 8 else mark_of(4.287) for hour in range(HOURS))
    rhythm = Rhythm(profile=profile, at=1.0)
    for hour in range(0, HOURS, 3):
        for expected in (6.049059712584049, 5.489732307631702, 4.8157727098981296, 35.86840551987412):
            assert time_until(rhythm, expected, moment(hour)) < timedelta(days=5)
