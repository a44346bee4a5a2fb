"""
When a feed is asked again, and why then. Pure: everything it knows is an argument.

A feed is never asked earlier than its interval, the server's wish, or the end of a Retry-After. The spread
that keeps feeds from marching in step is taken from a hash, so it is the same after a restart.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from monitor.feeds.patience import LONGEST_SKIP, Wishes, said
from monitor.model import FetchStatus, value

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

_JITTER = 0.1
_LONGEST_WAIT = 86_400.0
_OUTAGE_WAIT = 3600.0
_FIRST_RETRY = 300.0
_OUTAGE = timedelta(hours=48)
_MOST_DOUBLINGS = 20
_LEAST_RATE = 50.0
_IN_THE_HOUR = timedelta(minutes=50)
AWAY = timedelta(hours=7)
FARTHEST = timedelta(hours=26)  # no honest schedule is longer; that of a clock that jumped is


GOOD = (FetchStatus.NEW, FetchStatus.NOT_MODIFIED)


class Polled(Protocol):
    """What a feed's row says of its polls; see `store.rows.FeedState`."""

    @property
    def interval(self) -> float | None: ...  # noqa: D102
    @property
    def failures(self) -> int: ...  # noqa: D102
    @property
    def floor(self) -> float | None: ...  # noqa: D102
    @property
    def last_poll_at(self) -> datetime | None: ...  # noqa: D102
    @property
    def asked_at(self) -> datetime | None: ...  # noqa: D102
    @property
    def forbidden_until(self) -> datetime | None: ...  # noqa: D102


@value
class PollPolicy:
    """How often a feed may be asked, in seconds: its own `every` as it stands, else `default`, clamped."""

    default: float
    fastest: float
    slowest: float
    every: float | None = None

    @property
    def interval(self) -> float:
        """Seconds between two polls when all is well."""
        return self.every if self.every is not None else min(max(self.default, self.fastest), self.slowest)


@value
class PollFacts:
    """
    What a poll found out that matters for the next one; all in seconds.

    `retry_after` is the longest that any answer on the way asked for; `unreachable` as in FetchResult.
    `first_failure_at` is the start of the present run of failures. A document that could not be parsed counts
    as BAD_BODY.
    """

    status: FetchStatus
    retry_after: float | None = None
    unreachable: bool = False
    first_failure_at: datetime | None = None


NO_WISHES = Wishes()


def next_poll(
    policy: PollPolicy,
    facts: PollFacts,
    failures: int,
    now: datetime,
    seed: str,
    *,
    wishes: Wishes = NO_WISHES,
    usual: tuple[float, str] | None = None,
) -> tuple[datetime | None, str]:
    """
    The time of the next poll and a short sentence saying why then; None = never again.

    `usual` is the wait when all is well, and why (see `pace.interval`); without it that of the policy.
    `failures` counts the failed polls in a row, the present one included; `seed` names the feed (and, if the
    spread shall differ from poll to poll, the poll).
    """
    if facts.status is FetchStatus.GONE:
        return None, "the server says the feed is gone for good"
    interval, reason = usual or (policy.interval, f"every {said(policy.interval)}")
    wait = interval
    if facts.status not in GOOD:
        wait, reason = _after_failure(interval, facts, failures, now)
    # Where no connection stood the server was not bothered: that poll did not count for it.
    if not facts.unreachable and wishes.floor > wait:
        wait, reason = wishes.floor, wishes.floor_why
    if facts.retry_after is not None and facts.retry_after >= wait:
        wait = min(facts.retry_after, _LONGEST_WAIT)
        reason = f"the server asked to be left alone for {said(wait)} (Retry-After)"
    jitter = timedelta(seconds=_JITTER * min(wait, interval) * fraction(seed))
    due = now + timedelta(seconds=wait) + jitter
    welcome = wishes.welcome(due)
    if welcome > due:
        return welcome + min(
            jitter, _IN_THE_HOUR
        ), "the feed asked not to be read before (skipHours, skipDays)"
    return due, f"{reason}; {wishes.unheeded}" if wishes.unheeded else reason


def not_before(state: Polled, interval: float) -> datetime | None:
    """
    The earliest time at which a feed may be asked whose due time was lost or never recorded; None = any.

    That is how it is where a feed was disabled or removed for a while, and where a process died with a
    request under way: `asked_at` then tells when that was.
    """
    interval = state.interval or interval
    times = [state.forbidden_until] if state.forbidden_until else []
    if state.last_poll_at is not None:
        wait = min(interval * 2.0 ** min(state.failures, _MOST_DOUBLINGS), max(_LONGEST_WAIT, interval))
        times.append(state.last_poll_at + timedelta(seconds=max(wait, state.floor or 0.0)))
    if state.asked_at is not None:
        times.append(state.asked_at + timedelta(seconds=max(interval, state.floor or 0.0)))
    return max(times, default=None)


def was_away(last_good: datetime | None, interval: float, now: datetime) -> bool:
    """
    Whether so much time has passed since a feed's last good poll that its items may be old news.

    Seven hours at least: a server may ask for six between two polls, and then nobody was away.
    """
    if last_good is None:
        return False
    return now - last_good > max(AWAY, timedelta(seconds=3 * interval))


def start_rate(intervals: Iterable[float]) -> float:
    """
    How many polls may begin in a second: twice what the feeds need when spread evenly, and at least fifty.

    So a round of ten thousand feeds that all fell due at once takes minutes, and no feed ever waits for good.
    """
    return max(_LEAST_RATE, 2.0 * sum(1.0 / interval for interval in intervals))


def trusted(
    due: datetime | None, written: datetime | None, now: datetime, farthest: timedelta = FARTHEST
) -> datetime | None:
    """
    A due time found at a start, mended if a clock that ran ahead made it.

    `written` is when it was set: if that is still to come, the interval between the two is kept, from now.
    `farthest` is how far off an honest one may be.
    """
    if due is None:
        return None
    if written is not None and written > now:
        due = now + (due - written)
    return min(due, now + farthest)


def farthest(interval: float, skip_hours: int, skip_days: int) -> timedelta:
    """
    How far off a feed's next poll may be.

    Farther where its interval (in seconds) is long, and where it asks not to be read for whole days.
    """
    longest = max(FARTHEST, timedelta(seconds=(1.0 + _JITTER) * interval))
    return longest + LONGEST_SKIP if skip_hours or skip_days else longest


def _after_failure(interval: float, facts: PollFacts, failures: int, now: datetime) -> tuple[float, str]:
    """
    The interval, doubled with every failure in a row, up to a day.

    A feed that cannot be reached is tried at least hourly for two days: most such failures are our own. Where
    no connection stood the server was not bothered, so the first retry comes after five minutes.
    """
    doublings = max(failures, 1) - 1
    if facts.status is FetchStatus.RATE_LIMITED:
        doublings += 1  # we are already too fast: the interval itself would be too fast again
    most = _LONGEST_WAIT
    if facts.status is FetchStatus.NETWORK and now - (facts.first_failure_at or now) < _OUTAGE:
        most = max(_OUTAGE_WAIT, interval)
    first = min(interval, _FIRST_RETRY) if facts.unreachable else interval
    wait = min(first * 2.0 ** min(doublings, _MOST_DOUBLINGS), max(most, interval))
    times = "failed once" if failures <= 1 else f"failed {failures} times in a row"
    return wait, f"{times}: waiting {said(wait)}"


def fraction(seed: str) -> float:
    """A number from 0 to 1 that depends on the seed alone."""
    digest = hashlib.blake2b(seed.encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32
