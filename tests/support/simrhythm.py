"""Made-up feeds with a rhythm, polled by the real functions in simulated time, without a database."""

from __future__ import annotations

import heapq
import random
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from monitor.feeds.pace import interval, solve, tally
from monitor.feeds.patience import Wishes
from monitor.feeds.rhythm import Rhythm, learn
from monitor.feeds.schedule import PollFacts, PollPolicy, next_poll
from monitor.model import FetchStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
HOUR, DAY, WEEK = 3600.0, 86_400.0, 7 * 86_400.0
POLICY = PollPolicy(default=900.0, fastest=300.0, slowest=3600.0)
EVERY_HOUR = 3600.0

Shape = "Callable[[int, int], float]"


def office(hour: int, day: int) -> float:
    """A desk that works from seven to nineteen on weekdays."""
    return (1.0 if 7 <= hour < 19 else 0.05) * (1.0 if day < 5 else 0.15)


def always(_hour: int, _day: int) -> float:
    """A machine, or a newsroom around the clock."""
    return 1.0


def morning(hour: int, _day: int) -> float:
    """A letter each morning."""
    return 1.0 if hour in (6, 7) else 0.01


def evening(hour: int, day: int) -> float:
    """Somebody who writes after work and on Sundays."""
    return 1.0 if 18 <= hour < 23 else 0.3 if day == 6 else 0.02


SHAPES: tuple[Callable[[int, int], float], ...] = (office, office, always, morning, evening)


@dataclass
class Made:
    """A feed: when it publishes (seconds after MONDAY), and what its server asks for."""

    published: list[float]
    dated: bool = True
    wishes: Wishes = field(default_factory=Wishes)
    weight: float = 1.0
    polls: list[float] = field(default_factory=list)


def made_feeds(count: int, weeks: int, seed: int = 7) -> list[Made]:
    """Feeds of four kinds in six zones, from an item a fortnight to a hundred a day; half give no dates."""
    rng = random.Random(seed)
    found = []
    for number in range(count):
        shape = SHAPES[number % len(SHAPES)]
        zone = rng.choice((-5, -3, 0, 1, 3, 8))
        a_week = min(max(rng.lognormvariate(3.2, 1.4), 0.5), 700.0)
        hours = [shape((h + zone) % 24, (h + zone) // 24 % 7) for h in range(168)]
        scale = a_week / sum(hours)
        times = []
        for hour in range(weeks * 168):
            rate = hours[hour % 168] * scale
            moment = rng.expovariate(rate)
            while moment < 1.0:
                times.append((hour + moment) * HOUR)
                moment += rng.expovariate(rate)
        found.append(Made(times, dated=number % 2 == 0))
    return found


def poll_by_rhythm(feeds: Sequence[Made], until: float, policy: PollPolicy = POLICY) -> None:
    """Poll the feeds as the daemon would; their polls are noted in them."""
    rhythms = [Rhythm()] * len(feeds)
    pace: float | None = None
    reckoned = -HOUR
    queue = [(0.0, n) for n in range(len(feeds))]
    heapq.heapify(queue)
    while queue[0][0] < until:
        now, number = heapq.heappop(queue)
        feed = feeds[number]
        if now - reckoned >= EVERY_HOUR:
            reckoned = now
            profiles = [(r.profile, f.weight, f.wishes.floor) for r, f in zip(rhythms, feeds, strict=True)]
            pace = solve(tally(profiles), len(feeds) / policy.default, policy.fastest, policy.slowest)
        last = feed.polls[-1] if feed.polls else now - 5 * DAY
        feed.polls.append(now)
        new = feed.published[bisect_right(feed.published, last) : bisect_right(feed.published, now)]
        moment = MONDAY + timedelta(seconds=now)
        rhythm = rhythms[number]
        if new or not rhythm.known or moment.timestamp() - rhythm.at > DAY:
            times = [MONDAY + timedelta(seconds=t) if feed.dated else moment for t in new]
            rhythm = rhythms[number] = learn(rhythm, times, moment)
        usual = interval(policy, rhythm, feed.weight, pace, moment)
        facts = PollFacts(FetchStatus.NEW if new else FetchStatus.NOT_MODIFIED)
        seed = f"{number}/{len(feed.polls)}"
        due, _ = next_poll(policy, facts, 0, moment, seed, wishes=feed.wishes, usual=usual)
        assert due is not None
        heapq.heappush(queue, ((due - MONDAY).total_seconds(), number))


def delays(published: Sequence[float], polls: Sequence[float], start: float, end: float) -> list[float]:
    """How long after each item came out it was seen, for those that came out between two times."""
    found = []
    for moment in published[bisect_left(published, start) : bisect_left(published, end)]:
        index = bisect_left(polls, moment)
        if index < len(polls):
            found.append(polls[index] - moment)
    return found


def fixed_polls(every: float, number: int, until: float) -> list[float]:
    """The polls of a feed that is asked at a fixed interval, each feed at its own time."""
    first = every * ((number * 0.618034) % 1.0)
    return [first + k * every for k in range(int((until - first) / every) + 1)]


def shortest_gap(polls: Sequence[float]) -> float:
    """The least time between two polls."""
    return min(b - a for a, b in pairwise(polls))
