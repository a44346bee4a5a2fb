"""
A feed's rhythm: how often something new appears in it, for each hour of the week (UTC, Monday first). Pure.

Theory of operation. News of a feed are taken for a Poisson process whose rate depends on the hour of the week
(Sia, Cho and Cho 2007). What is counted are *occasions*: items that appear within five minutes of each other
are one, since a batch says no more about the next one than a single item does. Counts fade with a half-life
of four weeks. From them comes a rate for each of the 168 hours: the feed's mean, times what its hour of the
day and its day of the week say, times what that very hour says, each held to what is known without it by a
gamma prior: so no rate is ever zero, and an unknown feed is taken for one with four occasions a day.

A rhythm is kept as text in the feed's row. Its `profile` is one character an hour, a logarithmic scale in
steps of 15 %: a quiet poll reads the one or two hours before it and nothing else; counts are only parsed to
learn something. They are stored as they would count at `ref`, so that fading changes none of them.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from math import ceil, exp, log, log2
from typing import TYPE_CHECKING

from monitor.model import value

if TYPE_CHECKING:
    from collections.abc import Sequence

HOURS = 168
_HOUR = 3600.0
_WEEK = HOURS * _HOUR
_FADE = 28 * 86_400 / log(2)  # seconds in which a count fades to 1/e
_WIDEST_FADES = 180 * 86_400.0
_GRAIN = 300.0  # seconds: what appears within them is one occasion
_LONGEST_LOOK = 28 * 86_400.0  # how far back the dates of a first document are believed
_REBASE = 1e6
_PRIOR_COUNT, _PRIOR_HOURS = 2.0, 12.0
_PRIOR_SHAPE = 0.5  # occasions that it takes to believe in an hour of the day or a day of the week
_PRIOR_HOUR = 1.5  # and, beyond them, in one hour of the week
_FIRST_DOUBT = 4.0  # and how many more in the beginning
_MOST_HASTE = 8.0
_NOTHING = 1e-9  # occasions: below it a float never comes to nought
_CALMING = 0.9  # what is left of the haste after each document without a gap

# The scale: character i stands for 2 ** (i / 5 - 13.5) occasions an hour: one in 16 months to 34 an hour.
_FIRST, _LEVELS, _STEPS, _LOWEST = 33, 94, 5.0, 13.5
_MARKS = "".join(chr(_FIRST + i) for i in range(_LEVELS))
RATES: dict[str, float] = {mark: 2.0 ** (i / _STEPS - _LOWEST) for i, mark in enumerate(_MARKS)}
_FADED = tuple(exp(-_HOUR * age / _FADE) for age in range(HOURS))  # what is left of a count so old
_WEEK_FADED = exp(-_WEEK / _FADE)


def mark_of(rate: float) -> str:
    """The character whose rate is nearest."""
    level = round((log2(rate) + _LOWEST) * _STEPS)
    return _MARKS[min(max(level, 0), _LEVELS - 1)]


UNKNOWN = mark_of(_PRIOR_COUNT / _PRIOR_HOURS) * HOURS


@value
class Rhythm:
    """
    What is known of when a feed has news; times are seconds since the epoch.

    `profile` has one mark for each hour of the week (see `RATES`). `since` is when watching began, `at` when
    the profile was last reckoned, `last` the last occasion. `widest` is the most expected occasions that
    passed between two real ones: how far the feed is from being regular. `haste` multiplies how often it is
    asked, from 1.0 up: more after a gap.
    """

    profile: str = UNKNOWN
    at: float = 0.0
    since: float = 0.0
    last: float = 0.0
    widest: float = 0.0
    haste: float = 1.0
    ref: float = 0.0
    cells: str = ""

    @property
    def known(self) -> bool:
        """Whether anything was ever learnt."""
        return bool(self.at)

    @property
    def counts(self) -> tuple[float, ...]:
        """The occasions counted in each hour of the week, faded as of `at`."""
        faded = exp((self.ref - self.at) / _FADE)
        return tuple(c * faded for c in _cells(self.cells))

    @property
    def seen(self) -> float:
        """The occasions counted in all, faded as of `at`: how much is known."""
        return sum(self.counts)

    @property
    def rates(self) -> tuple[float, ...]:
        """Occasions expected in each hour of the week, Monday's first hour (UTC) first."""
        return tuple(RATES[mark] for mark in self.profile)

    @property
    def mean(self) -> float:
        """Occasions expected in an hour, over the whole week."""
        return sum(RATES[mark] for mark in self.profile) / HOURS


def read_rhythm(text: str) -> Rhythm:
    """The rhythm stored as this text; what is not one is an unknown rhythm."""
    parts = text.split(" ")
    if len(parts) != 8 or len(parts[0]) != HOURS:
        return Rhythm()
    profile, *numbers, cells = parts
    try:
        at, since, last, widest, haste, ref = map(float, numbers)
    except ValueError:
        return Rhythm()
    return Rhythm(profile, at, since, last, widest, haste, ref, cells)


def write_rhythm(rhythm: Rhythm) -> str:
    """The text that stands for this rhythm in a feed's row; "" for an unknown one."""
    if not rhythm.known:
        return ""
    r = rhythm
    times = f"{r.at:.0f} {r.since:.0f} {r.last:.0f}"
    return f"{r.profile} {times} {r.widest:.3g} {r.haste:.3g} {r.ref:.0f} {r.cells}"


def hour_of_week(moment: float) -> int:
    """Which hour of the week (UTC, Monday's first is 0) a time in epoch seconds lies in."""
    return (int(moment // _HOUR) + 72) % HOURS  # the epoch began on a Thursday


def learn(rhythm: Rhythm, new: Sequence[datetime], now: datetime) -> Rhythm:
    """
    The rhythm after these times of news became known, none of them later than `now`; none at all counts, too.

    The first time, the dates of the whole document say how it went before it was watched.
    """
    end = now.timestamp()
    times = sorted(min(t.timestamp(), end) for t in new)
    first = not rhythm.known
    if first:
        times = [t for t in times if t >= end - _LONGEST_LOOK]
        start = min(times, default=end)
        rhythm = Rhythm(at=end, since=start, last=0.0, ref=end)
    occasions, last = [], min(rhythm.last, end)  # a clock that was set back knows of no future
    for time in times:
        if time - last >= _GRAIN:
            occasions.append(time)
            last = time
    grown = exp((end - rhythm.ref) / _FADE)
    cells = _cells(rhythm.cells)
    rebased = grown > _REBASE
    if rebased:
        cells = [c / grown for c in cells]
        rhythm = replace(rhythm, ref=end)
    text = (
        [f"{c:.4g}" if c else "" for c in cells] if rebased or not rhythm.cells else rhythm.cells.split(",")
    )
    for time in occasions:
        hour = hour_of_week(time)
        cells[hour] += exp((time - rhythm.ref) / _FADE)
        text[hour] = f"{cells[hour]:.4g}"
    learnt = replace(
        rhythm,
        profile=_profile(cells, rhythm.since, rhythm.ref, end),
        at=end,
        last=last,
        cells=",".join(text),
    )
    # What the old profile expected is the fair question; of a first document only its own can be asked.
    return replace(learnt, widest=_widest(learnt if first else rhythm, occasions, end))


def hasten(rhythm: Rhythm, *, gap: bool) -> Rhythm:
    """The rhythm after a document: twice the haste if items were lost since the last one, else calmer."""
    haste = min(2.0 * rhythm.haste, _MOST_HASTE) if gap else max(1.0, _CALMING * rhythm.haste)
    return rhythm if haste == rhythm.haste else replace(rhythm, haste=haste)


def rate(rhythm: Rhythm, start: datetime, end: datetime) -> float:
    """The occasions expected between two times; never 0 where the second is later."""
    return _expected(rhythm.profile, start.timestamp(), end.timestamp())


def time_until(rhythm: Rhythm, expected: float, start: datetime) -> timedelta:
    """How long from `start` until so many occasions are expected."""
    profile, at = rhythm.profile, start.timestamp()
    week = sum(RATES[mark] for mark in profile)
    weeks, left = divmod(expected, week)
    moment = at
    while left > _NOTHING:
        hourly = RATES[profile[hour_of_week(moment)]]
        step = min((moment // _HOUR + 1) * _HOUR - moment, left / hourly * _HOUR)
        left -= hourly * step / _HOUR
        moment += max(step, 1e-3)
    return timedelta(seconds=weeks * _WEEK + moment - at)


def _expected(profile: str, start: float, end: float) -> float:
    if end <= start:
        return 0.0
    weeks, rest = divmod(end - start, _WEEK)
    total = weeks * sum(RATES[mark] for mark in profile) if weeks else 0.0
    moment, stop = start, start + rest
    while moment < stop:
        until = min((moment // _HOUR + 1) * _HOUR, stop)
        total += RATES[profile[hour_of_week(moment)]] * (until - moment) / _HOUR
        moment = until
    return total


def _widest(rhythm: Rhythm, occasions: Sequence[float], end: float) -> float:
    widest = rhythm.widest * exp(-max(0.0, end - rhythm.at) / _WIDEST_FADES)
    last = rhythm.last if rhythm.cells and rhythm.last < min(occasions, default=0.0) else 0.0
    for time in occasions:
        if last:
            widest = max(widest, _expected(rhythm.profile, last, time))
        last = time
    return widest


def _cells(text: str) -> list[float]:
    return [float(c) if c else 0.0 for c in text.split(",")] if text else [0.0] * HOURS


def _profile(cells: Sequence[float], since: float, ref: float, end: float) -> str:
    """The marks of the hours' rates, from what was counted and how long each hour was watched."""
    faded = exp((ref - end) / _FADE)
    counts = [c * faded for c in cells]
    smooth = [(counts[i - 1] + 2 * counts[i] + counts[i + 1 - HOURS]) / 4 for i in range(HOURS)]
    watched = _watched(since, end)
    mean = (_PRIOR_COUNT + sum(counts)) / (_PRIOR_HOURS + sum(watched))
    # In its first days chance looks like a rhythm: shapes are believed as a week and more has been seen.
    shape = _PRIOR_SHAPE + _FIRST_DOUBT * exp(-sum(watched) / HOURS)
    by_hour = [(shape + sum(smooth[h::24])) / (shape + mean * sum(watched[h::24])) for h in range(24)]
    by_day = [
        (shape + sum(counts[d : d + 24])) / (shape + mean * sum(watched[d : d + 24]))
        for d in range(0, HOURS, 24)
    ]
    hour = shape + _PRIOR_HOUR
    levels = []
    for day, of_day in enumerate(by_day):
        for i, of_hour in enumerate(by_hour, 24 * day):
            guess = mean * of_hour * of_day
            rate = guess * (hour + smooth[i]) / (hour + guess * watched[i])
            levels.append(round((log2(rate) + _LOWEST) * _STEPS))
    if min(levels) < 0 or max(levels) >= _LEVELS:
        levels = [min(max(level, 0), _LEVELS - 1) for level in levels]
    return "".join([_MARKS[level] for level in levels])


def _watched(since: float, end: float) -> list[float]:
    """How many hours each hour of the week was watched, faded as the counts are."""
    hours, found = max(0.0, (end - since) / _HOUR), [0.0] * HOURS
    newest, rounds = hour_of_week(end), int(hours // HOURS)
    for age, weight in enumerate(_FADED[: ceil(hours)]):
        if hours - age < rounds * HOURS:
            rounds -= 1
        first = min(1.0, hours - age - rounds * HOURS)  # the longest ago may have been watched in part
        again = _WEEK_FADED**rounds
        found[newest - age] = weight * ((1.0 - again) / (1.0 - _WEEK_FADED) + again * first)
    return found
