"""
How often feeds are asked, so that news are told as early as a given number of requests allows. Pure.

Theory of operation. Where news come at the rate r an hour and are worth w, polls i seconds apart find them
i / 2 seconds late on average. The sum of w * r * i over all feeds and hours is least, for a given number of
polls, where i = c / sqrt(w * r) (Sia, Cho and Cho 2007). The number of polls is what a fixed interval of
[polling] every would need for all feeds without an interval of their own; no interval is below `fastest` or
above `slowest`; `solve` finds the c with which all of that holds. A wait that reaches into the next hour
counts each part by its own hour: polls lie close where news are expected.
"""

from __future__ import annotations

from collections import Counter
from math import sqrt
from typing import TYPE_CHECKING

from monitor.feeds.patience import said
from monitor.feeds.rhythm import HOURS, RATES, hour_of_week

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from monitor.feeds.rhythm import Rhythm
    from monitor.feeds.schedule import PollPolicy

_HOUR = 3600.0
_HALVINGS = 60


def interval(
    policy: PollPolicy, rhythm: Rhythm, weight: float, c: float | None, now: datetime
) -> tuple[float, str]:
    """
    Seconds to the next poll as far as it is ours to choose, and why.

    `c` comes from `solve`; without it, and for a feed with an interval of its own, that is what policy says.
    """
    if policy.every is not None:
        return policy.every, f"every {said(policy.every)}, as configured"
    if c is None:
        return policy.interval, f"every {said(policy.interval)}"
    fastest, slowest = policy.fastest, max(policy.fastest, policy.slowest)
    at = now.timestamp()
    moment, left = at, 1.0
    while True:
        rate = RATES[rhythm.profile[hour_of_week(moment)]]
        per_second = min(max(rhythm.haste * sqrt(rate * weight) / c, 1.0 / slowest), 1.0 / fastest)
        rest = (moment // _HOUR + 1) * _HOUR - moment
        if rest * per_second >= left:
            seconds = moment + left / per_second - at
            break
        left -= rest * per_second
        moment += rest
    seconds = min(max(seconds, fastest), slowest)
    return seconds, f"every {said(seconds)}: {_because(rhythm, weight, now)}"


def solve(
    rates: Iterable[tuple[float, float, float]], polls_per_second: float, fastest: float, slowest: float
) -> float | None:
    """
    The c with which these feeds need so many polls a second; as near to it as the bounds allow.

    `rates` are rate times weight (an hour), the seconds that servers want between two polls, and how many
    feeds have both; None where there are none.
    """
    slowest = max(fastest, slowest)
    shares = [
        (sqrt(rate), 1.0 / max(slowest, floor), 1.0 / max(fastest, floor), share)
        for rate, floor, share in rates
        if share
    ]
    if not shares:
        return None
    roots = [root for root, _, _, _ in shares]
    low, high = fastest * min(roots), slowest * max(roots)
    for _ in range(_HALVINGS):
        c = sqrt(low * high)
        needed = sum(share * min(max(root / c, least), most) for root, least, most, share in shares)
        if needed > polls_per_second:
            low = c
        else:
            high = c
    return high


def tally(profiles: Iterable[tuple[str, float, float]]) -> list[tuple[float, float, float]]:
    """What `solve` wants to know of feeds: of each the profile of its rhythm, its weight and its floor."""
    texts: dict[tuple[float, float], list[str]] = {}
    for profile, weight, floor in profiles:
        texts.setdefault((weight, floor), []).append(profile)
    return [
        (RATES[mark] * weight, floor, count / HOURS)
        for (weight, floor), found in texts.items()
        for mark, count in Counter("".join(found)).items()
    ]


def _because(rhythm: Rhythm, weight: float, now: datetime) -> str:
    if not rhythm.known:
        return "its rhythm is not known yet"
    daily = 24 * RATES[rhythm.profile[hour_of_week(now.timestamp())]]
    much = f"about {daily:.2g} items a day at this hour of the week"
    heavy = ", rules of higher severity look at it" if weight > 1 else ""
    hasty = ", items were missed" if rhythm.haste > 1 else ""
    return much + heavy + hasty
