"""
How long alerts take from their publication to their receiver, stage by stage. Pure; all in seconds.

One *way* is one match told on one channel: published, fetched, matched, sent. Not every moment of it can be
known: an undated article has no publication, what was published before its feed was watched could not have
been fetched sooner, and of an edit nothing says when it was first in the feed. Stages that such a moment
bounds are left out of that way, rather than guessed.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from enum import StrEnum
from typing import TYPE_CHECKING

from monitor.model import value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime


class Stage(StrEnum):
    """A part of the way, or all of it: the word that is shown."""

    FETCH = "fetch"  # from published to fetched: the feed's own delay, and the interval of its polls
    MATCH = "match"  # from fetched to matched: parsing, rules, and where it is needed the article's page
    SEND = "send"  # from matched to sent: the outbox, quiet hours and digests, the receiver
    TOTAL = "total"  # from published to sent


# Upper ends, in seconds; what took longer than the last is counted beyond it.
BOUNDS = (
    0.1,
    0.5,
    1.0,
    2.5,
    5.0,
    15.0,
    30.0,
    60.0,
    120.0,
    300.0,
    600.0,
    1800.0,
    3600.0,
    7200.0,
    21600.0,
    86400.0,
)


@value
class Way:
    """
    The moments of one match on its way to one channel.

    `first` = it was the first telling, by a match at the article's first sight; `watched_since` is when the
    feed was first read.
    """

    rule: str
    feed: str
    channel: str
    published: datetime | None
    fetched: datetime
    matched: datetime
    sent: datetime
    watched_since: datetime | None = None
    first: bool = True


def stages(way: Way) -> dict[Stage, float]:
    """How long each stage took that can be known; a clock that was set back counts as no time."""
    found = {Stage.SEND: _seconds(way.matched, way.sent)}
    if not way.first:
        return found
    found[Stage.MATCH] = _seconds(way.fetched, way.matched)
    published, since = way.published, way.watched_since
    # Feeds date their items to the second.
    if published is not None and since is not None and published >= since.replace(microsecond=0):
        found[Stage.FETCH] = _seconds(published, way.fetched)
        found[Stage.TOTAL] = _seconds(published, way.sent)
    return found


def _seconds(start: datetime, end: datetime) -> float:
    return max((end - start).total_seconds(), 0.0)


def quantile(ordered: Sequence[float], share: float) -> float:
    """The smallest of the ordered values that at least this share of them does not exceed."""
    return ordered[max(math.ceil(share * len(ordered)), 1) - 1]


@value
class Spread:
    """How values lie: how many, the middle one, and that which 95 of 100 do not exceed."""

    count: int
    p50: float
    p95: float


def spread(values: Iterable[float]) -> Spread | None:
    """None of no values."""
    ordered = sorted(values)
    return Spread(len(ordered), quantile(ordered, 0.5), quantile(ordered, 0.95)) if ordered else None


def by_stage(ways: Iterable[Way]) -> dict[Stage, list[float]]:
    """All that is known of each stage."""
    found: dict[Stage, list[float]] = {stage: [] for stage in Stage}
    for way in ways:
        for stage, seconds in stages(way).items():
            found[stage].append(seconds)
    return found


class Histogram:
    """Counts of values between `BOUNDS`, and their sum: what adds up over a process's life."""

    def __init__(self, values: Iterable[float] = ()) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)  # the last: beyond all bounds
        self.sum = 0.0
        for one in values:
            self.add(one)

    def add(self, seconds: float) -> None:
        """Count one more."""
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.sum += seconds

    @property
    def count(self) -> int:
        """How many there are."""
        return sum(self.counts)

    def cumulative(self) -> list[tuple[float, int]]:
        """For each bound, infinity last, how many values do not exceed it."""
        total, found = 0, []
        for bound, number in zip((*BOUNDS, math.inf), self.counts, strict=True):
            total += number
            found.append((bound, total))
        return found
