"""
When a feed is asked again, and why then. Pure: everything it knows is an argument.

A feed is never asked earlier than its interval, the server's wish, or the end of a Retry-After. The spread
that keeps feeds from marching in step is taken from a hash, so it is the same after a restart.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.model import FetchStatus

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

_JITTER = 0.1
_MOST_SERVER_WISH = 6 * 3600.0
_LONGEST_WAIT = 86_400.0
_OUTAGE_WAIT = 3600.0
_FIRST_RETRY = 300.0
_OUTAGE = timedelta(hours=48)
_MOST_DOUBLINGS = 20
_LEAST_RATE = 50.0
AWAY = timedelta(hours=7)
FARTHEST = timedelta(hours=26)  # no honest schedule is longer; that of a clock that jumped is


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class PollFacts:
    """
    What a poll found out that matters for the next one; all in seconds.

    `retry_after`, `cache_seconds`, `unreachable` as in FetchResult, `ttl` as in FeedInfo. `first_failure_at`
    is the start of the present run of failures. A document that could not be parsed counts as BAD_BODY.
    """

    status: FetchStatus
    retry_after: float | None = None
    cache_seconds: float | None = None
    ttl: float | None = None
    unreachable: bool = False
    first_failure_at: datetime | None = None


def next_poll(
    policy: PollPolicy, facts: PollFacts, failures: int, now: datetime, seed: str
) -> tuple[datetime | None, str]:
    """
    The time of the next poll and a short sentence saying why then; None = never again.

    `failures` counts the failed polls in a row, the present one included; `seed` names the feed (and, if the
    spread shall differ from poll to poll, the poll).
    """
    if facts.status is FetchStatus.GONE:
        return None, "the server says the feed is gone for good"
    if facts.status in (FetchStatus.NEW, FetchStatus.NOT_MODIFIED):
        wait, reason = _after_success(policy, facts)
    else:
        wait, reason = _after_failure(policy, facts, failures, now)
    if facts.retry_after is not None and facts.retry_after >= wait:
        wait, reason = min(facts.retry_after, _LONGEST_WAIT), f"server asked for {facts.retry_after:.0f} s"
    jitter = _JITTER * min(wait, policy.interval) * _fraction(seed)
    return now + timedelta(seconds=wait + jitter), reason


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


def trusted(due: datetime | None, written: datetime | None, now: datetime) -> datetime | None:
    """
    A due time found at a start, mended if a clock that ran ahead made it.

    `written` is when it was set: if that is still to come, the interval between the two is kept, from now.
    """
    if due is None:
        return None
    if written is not None and written > now:
        due = now + (due - written)
    return min(due, now + FARTHEST)


def _after_success(policy: PollPolicy, facts: PollFacts) -> tuple[float, str]:
    """The interval, or longer where cache headers or the document's ttl ask for more: six hours at most."""
    wish = min(max(facts.cache_seconds or 0.0, facts.ttl or 0.0), _MOST_SERVER_WISH)
    if wish > policy.interval:
        return wish, f"server asked for {wish:.0f} s"
    return policy.interval, f"every {policy.interval:.0f} s"


def _after_failure(policy: PollPolicy, facts: PollFacts, failures: int, now: datetime) -> tuple[float, str]:
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
        most = max(_OUTAGE_WAIT, policy.interval)
    first = min(policy.interval, _FIRST_RETRY) if facts.unreachable else policy.interval
    wait = min(first * 2.0 ** min(doublings, _MOST_DOUBLINGS), max(most, policy.interval))
    times = "failed once" if failures <= 1 else f"failed {failures} times in a row"
    return wait, f"{times}: waiting {wait:.0f} s"


def _fraction(seed: str) -> float:
    """A number from 0 to 1 that depends on the seed alone."""
    digest = hashlib.blake2b(seed.encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") / 2**32
