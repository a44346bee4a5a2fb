"""
How long a feed must be quiet before that says something, judged by its own rhythm. Pure.

Theory of operation. A pause is measured in the occasions that its rhythm expected meanwhile, so a night or a
weekend weighs next to nothing. The *usual longest pause* is the widest that the feed was ever known to make
(`Rhythm.widest`), put at the hour of the week where it takes longest. A memoryless source makes pauses of any
length, so no number of its mean gaps is both early and seldom wrong: three of them pass in every twentieth
pause. Hence the alarm counts in the feed's own longest pauses: of a memoryless source that made N pauses, and
makes n a month, a pause longer than c times the widest of them comes n * gamma(c + 1) / N**c times a month.
The alarm takes the smallest c for which that is seldom enough, and three at most; a feed of which too little
is known for that is not judged. A regular feed has a widest pause hardly longer than its mean one, so it is
missed soon.

People take a day off, machines do not: a feed that sleeps at night or at weekends may also miss one whole day
on top of its longest pause.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from math import gamma

from monitor.feeds.rhythm import HOURS, Rhythm, surprise, time_until

LEAST_WATCHED = timedelta(days=14)  # two weekends
_REMEMBERED = timedelta(days=180)  # for about as long a widest pause counts
_MONTH_HOURS = 720.0
_SELDOM = 0.003  # false alarms a month that a memoryless feed may give
_LEAST, _MOST = 2.0, 2.9  # usual longest pauses before the alarm
_STEP = 0.1
_NARROWEST = 1.0  # occasions: what the widest pause is at least taken for
_DAY_OFF = timedelta(hours=26)
_QUIET_SHARE = 0.25  # of the week's hours, the quietest ones
_SLEEPS = 0.08  # of all news: what they hold at most in a feed made by people
_SPREAD = tuple(range(0, HOURS, 3))  # the hours of the week at which a pause is tried
_MONDAY = datetime.fromisoformat("2024-01-01T00:00:00+00:00")


def widest(rhythm: Rhythm) -> float:
    """The most expected occasions that ever passed without a real one, as far as that is known."""
    return max(rhythm.widest, _NARROWEST)


def usual_longest(rhythm: Rhythm) -> timedelta:
    """The longest pause that the feed is known for, on the clock: over the quietest hours of its week."""
    found = (time_until(rhythm, widest(rhythm), _MONDAY + timedelta(hours=h)) for h in _SPREAD)
    return max(found)


def alarm_at(rhythm: Rhythm, since: datetime) -> datetime | None:
    """When quiet since then begins to say that something is wrong; None = too little is known to tell."""
    times = _times(rhythm)
    if times is None:
        return None
    alarm = since + time_until(rhythm, times * widest(rhythm), since)
    if _made_by_people(rhythm):
        longest = usual_longest(rhythm)
        alarm = max(alarm, since + min(longest + _DAY_OFF, _MOST * longest))
    return alarm


def missed(rhythm: Rhythm, since: datetime, now: datetime) -> float:
    """How many times its widest pause it has been quiet, in occasions expected: the surprise, scaled."""
    return surprise(rhythm, since, now) / widest(rhythm)


def _times(rhythm: Rhythm) -> float | None:
    """How many widest pauses make an alarm that is seldom false."""
    watched = timedelta(seconds=rhythm.at - rhythm.since)
    if watched < LEAST_WATCHED:
        return None
    monthly = rhythm.mean * _MONTH_HOURS
    known = rhythm.mean * min(watched, _REMEMBERED).total_seconds() / 3600
    times = _LEAST
    while times <= _MOST + _STEP / 2:
        if monthly * gamma(times + 1) <= _SELDOM * known**times:
            return times
        times += _STEP
    return None


def _made_by_people(rhythm: Rhythm) -> bool:
    """Whether hardly anything comes in the quietest quarter of its week."""
    rates = sorted(rhythm.rates)
    return sum(rates[: round(HOURS * _QUIET_SHARE)]) <= _SLEEPS * sum(rates)
