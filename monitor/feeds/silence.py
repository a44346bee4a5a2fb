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
from math import exp, gamma, log

from monitor.feeds.rhythm import (
    _FADE,
    _PRIOR_COUNT,
    _PRIOR_HOURS,
    HOURS,
    Rhythm,
    time_until,
)

LEAST_WATCHED = timedelta(days=14)  # two weekends
_REMEMBERED = timedelta(days=180)  # for about as long a widest pause counts
_HOUR = 3600.0
_MONTH_HOURS = 720.0
_EULER = 0.5772
_SELDOM = 0.0005  # false alarms a month that a memoryless feed may give
_LEAST, _MOST = 2.0, 2.9  # usual longest pauses before the alarm
_STEP = 0.1
_NARROWEST = 1.0  # occasions: what the widest pause is at least taken for
_DAY_OFF = timedelta(hours=30)
_QUIET_SHARE = 0.25  # of the week's hours, the quietest ones
_SLEEPS = 0.08  # of all news: what they hold at most in a feed made by people
_SPREAD = tuple(range(0, HOURS, 3))  # the hours of the week at which a pause is tried
_MONDAY = datetime.fromisoformat("2024-01-01T00:00:00+00:00")


def widest(rhythm: Rhythm) -> float:
    """The most expected occasions that ever passed without a real one, as far as that is known."""
    return max(rhythm.widest, _NARROWEST)


def usual_longest(rhythm: Rhythm) -> timedelta:
    """The longest pause that the feed is known for, on the clock: over the quietest hours of its week."""
    expected = widest(rhythm) / _before_silence(rhythm)
    return max(time_until(rhythm, expected, _MONDAY + timedelta(hours=h)) for h in _SPREAD)


def not_before(rhythm: Rhythm, since: datetime) -> datetime:
    """A time before which quiet since then says nothing; much cheaper to tell than `alarm_at`."""
    return since + time_until(rhythm, widest(rhythm), since)


def alarm_at(rhythm: Rhythm, since: datetime) -> datetime | None:
    """When quiet since then begins to say that something is wrong; None = too little is known to tell."""
    times = _times(rhythm)
    if times is None:
        return None
    alarm = since + time_until(rhythm, times * widest(rhythm) / _before_silence(rhythm), since)
    if _made_by_people(rhythm):
        longest = usual_longest(rhythm)
        alarm = max(alarm, since + min(longest + _DAY_OFF, _MOST * longest))
    return alarm


def _before_silence(rhythm: Rhythm) -> float:
    """
    By how much more was expected when the last news came than is now.

    While nothing comes that is learnt, too, and less is expected every day; but a silence is to be judged by
    what was known before it.
    """
    quiet = max(0.0, rhythm.at - rhythm.last)
    watched = rhythm.at - rhythm.since
    if quiet < _HOUR or watched <= quiet:
        return 1.0
    seen = rhythm.seen
    then = (_PRIOR_COUNT + seen * exp(quiet / _FADE)) / (_PRIOR_HOURS + _faded(watched - quiet))
    return then / ((_PRIOR_COUNT + seen) / (_PRIOR_HOURS + _faded(watched)))


def _faded(watched: float) -> float:
    """The hours of so many seconds, each as it still counts."""
    return _FADE * (1.0 - exp(-watched / _FADE)) / _HOUR


def _times(rhythm: Rhythm) -> float | None:
    """How many widest pauses make an alarm that is seldom false."""
    watched = timedelta(seconds=rhythm.at - rhythm.since)
    if watched < LEAST_WATCHED:
        return None
    hourly = rhythm.mean * _before_silence(rhythm)
    monthly = hourly * _MONTH_HOURS
    known = hourly * min(watched, _REMEMBERED).total_seconds() / _HOUR
    batch = _occasions_at_once(rhythm, known)
    monthly, known = monthly / batch, known / batch
    times = _LEAST
    while times <= _MOST + _STEP / 2:
        if monthly * gamma(times + 1) <= _SELDOM * known**times:
            return times
        times += _STEP
    return None


def _occasions_at_once(rhythm: Rhythm, known: float) -> float:
    """
    How many occasions come together, judged by the widest of so many known pauses; at least one.

    The widest pause of a memoryless source is ln(N) + .58 mean ones; of one that publishes in batches it is
    so many times wider, and its batches are what counts.
    """
    batch = 1.0
    for _ in range(3):
        alone = log(max(known / batch, 1.0)) + _EULER
        batch = min(max(1.0, widest(rhythm) / alone), known)
    return batch


def _made_by_people(rhythm: Rhythm) -> bool:
    """Whether hardly anything comes in the quietest quarter of its week."""
    rates = sorted(rhythm.rates)
    return sum(rates[: round(HOURS * _QUIET_SHARE)]) <= _SLEEPS * sum(rates)
