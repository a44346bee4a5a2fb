"""Made-up sources with rhythms of their own, and what the judgement of silence makes of them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from monitor.feeds.rhythm import Rhythm, learn, rate
from monitor.feeds.silence import alarm_at, usual_longest, widest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

START = datetime(2024, 1, 1, tzinfo=UTC)  # a Monday
DAY = 24.0
HOLIDAY = 0.02  # of all days: seven a year
POLL = timedelta(hours=1)
MONTH = 30.0
_MOST = 6.0

Times = list[float]  # hours since the start


def poisson(
    rng: random.Random, a_day: float, days: int, profile: Callable[[float], float], *, holidays: float = 0.0
) -> Times:
    """Items without memory, at a rate that `profile` bends by the hour; on holidays there are none."""
    off = {day for day in range(days) if rng.random() < holidays}
    times, now = [], 0.0
    while (now := now + rng.expovariate(a_day / DAY * _MOST)) < days * DAY:
        if int(now // DAY) not in off and rng.random() < profile(now) / _MOST:
            times.append(now)
    return times


def flat(_hour: float) -> float:
    """The same at all hours."""
    return 1.0


def daily(hour: float) -> float:
    """From seven to nineteen, and less at weekends."""
    busy = 2.0 if 7 <= hour % DAY < 19 else 0.05
    return busy * (1.1 if hour // DAY % 7 < 5 else 0.5)


def office(hour: float) -> float:
    """Workdays from eight to eighteen, and never else."""
    return 3.3 if hour // DAY % 7 < 5 and 8 <= hour % DAY < 18 else 0.0


def bursts(rng: random.Random, a_day: float, days: int) -> Times:
    """One to seven items within an hour and a half, by day."""
    starts = poisson(rng, a_day / 4, days, daily, holidays=HOLIDAY)
    return sorted(start + rng.random() * 1.5 for start in starts for _ in range(rng.randint(1, 7)))


def regular(rng: random.Random, every: float, days: int) -> Times:
    """One item each so many hours, a tenth of that late or early."""
    return sorted(n * every + rng.gauss(0, 0.1 * every) for n in range(1, int(days * DAY / every)))


def bulletin(rng: random.Random, _a_day: float, days: int) -> Times:
    """At seven on workdays, give or take half an hour."""
    return sorted(day * DAY + 7 + rng.gauss(0, 0.5) for day in range(days) if day % 7 < 5)


SOURCES: dict[str, Callable[[random.Random, int], Times]] = {
    "random, 2 a week": lambda rng, days: poisson(rng, 2 / 7, days, flat),
    "random, 1 a day": lambda rng, days: poisson(rng, 1, days, flat),
    "random, 8 a day": lambda rng, days: poisson(rng, 8, days, flat),
    "random, 60 a day": lambda rng, days: poisson(rng, 60, days, flat),
    "by day, 3 a day": lambda rng, days: poisson(rng, 3, days, daily, holidays=HOLIDAY),
    "by day, 20 a day": lambda rng, days: poisson(rng, 20, days, daily, holidays=HOLIDAY),
    "by day, 60 a day": lambda rng, days: poisson(rng, 60, days, daily, holidays=HOLIDAY),
    "workdays, 4 a day": lambda rng, days: poisson(rng, 4, days, office, holidays=HOLIDAY),
    "workdays, 15 a day": lambda rng, days: poisson(rng, 15, days, office, holidays=HOLIDAY),
    "bursts, 6 a day": lambda rng, days: bursts(rng, 6, days),
    "bursts, 20 a day": lambda rng, days: bursts(rng, 20, days),
    "each hour": lambda rng, days: regular(rng, 1, days),
    "each four hours": lambda rng, days: regular(rng, 4, days),
    "at seven on workdays": lambda rng, days: bulletin(rng, 1, days),
}
REGULAR = frozenset({"each hour", "each four hours"})


@dataclass(frozen=True)
class Judged:
    """
    One source over time: false alarms in so many months, then what its end came to.

    `delay` is from the last item to the alarm, in hours; `longest` the usual longest pause, `mean` the mean
    gap, both then. None = too little was known to judge.
    """

    alarms: int
    months: float
    delay: float | None = None
    longest: float = 0.0
    mean: float = 0.0


def moment(hours: float) -> datetime:
    """That many hours after the start."""
    return START + timedelta(hours=hours)


def judge(times: Sequence[float], *, learning: float = 60 * DAY) -> Judged:
    """
    Watch a source from its first item on: it learns for a while, is judged from then on, and ends.

    Its items are seen by a poll an hour; what was learnt is brought up to date once a day.
    """
    rhythm, batch, alarms, known = Rhythm(), list[datetime](), 0, None
    last, day = times[0], int(times[0] // DAY)
    for time in times:
        if int(time // DAY) != day:
            rhythm = learn(rhythm, batch, moment((int(time // DAY)) * DAY))
            batch, day = [], int(time // DAY)
        if time > learning and time - last > 1.0:
            alarm = _alarm(rhythm, moment(last), moment(time))
            known = known if known is not None else last
            alarms += alarm is not None and alarm <= moment(time) - POLL
        batch.append(moment(time))
        last = time
    rhythm = learn(rhythm, batch, moment(last) + POLL)
    months = (last - known) / DAY / MONTH if known is not None else 0.0
    return Judged(alarms, months, *_end(rhythm, last, (last - times[0]) / len(times)))


def _alarm(rhythm: Rhythm, since: datetime, until: datetime) -> datetime | None:
    """The alarm, where the pause is long enough for one at all: most are told by a glance."""
    return alarm_at(rhythm, since) if rate(rhythm, since, until) > widest(rhythm) else None


def _end(rhythm: Rhythm, last: float, mean: float) -> tuple[float | None, float, float]:
    """The source falls silent; nobody knows, so each day's nothing is learnt, too, until the alarm."""
    longest = usual_longest(rhythm).total_seconds() / 3600
    now = last
    while (alarm := alarm_at(rhythm, moment(last))) is not None and alarm > moment(now + DAY):
        now += DAY
        rhythm = learn(rhythm, (), moment(now))
    delay = (alarm - moment(last)).total_seconds() / 3600 if alarm is not None else None
    return delay, longest, mean


def measure(name: str, seeds: range, days: int) -> list[Judged]:
    """Judge that many sources of a kind."""
    return [judge(SOURCES[name](random.Random(f"{name} {seed}"), days)) for seed in seeds]
