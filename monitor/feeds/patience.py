"""
What a server and its document ask for: how long to wait between two polls, and when not to come. Pure.

A document's ttl holds until the next document, cache headers until the next that are sent; both are kept, and
the longer one counts, six hours at most, so that no feed is silenced by a figure that nobody meant.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.model import value

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

MOST_WISH = 6 * 3600.0
ALL_HOURS, ALL_DAYS = (1 << 24) - 1, (1 << 7) - 1
LONGEST_SKIP = timedelta(days=7)
_HOUR = timedelta(hours=1)
_KEPT = re.compile(r"(ttl|cache) (\d+)")


@value
class Wishes:
    """
    The wishes in force; `ttl` (of the document) and `cache` (of the headers) in seconds, 0 = none.

    `skip_hours` (GMT) and `skip_days` (Monday first) have a bit for each in which not to come; a document
    that lists all of them asks for nothing that could be meant, and is not heeded.
    """

    ttl: float = 0.0
    cache: float = 0.0
    skip_hours: int = 0
    skip_days: int = 0

    @property
    def floor(self) -> float:
        """Seconds that have to lie between two polls."""
        return min(max(self.ttl, self.cache), MOST_WISH)

    @property
    def floor_why(self) -> str:
        """Whose wish the floor is."""
        whose = "the feed's ttl" if self.ttl >= self.cache else "the server's cache headers"
        asked = max(self.ttl, self.cache)
        capped = f", of which {said(MOST_WISH)} are heeded" if asked > MOST_WISH else ""
        return f"{whose} asked for {said(asked)}{capped}"

    @property
    def kept(self) -> str:
        """Both wishes as they are stored; `of` reads it."""
        asked = (("ttl", self.ttl), ("cache", self.cache))
        return ", ".join(f"{name} {value:.0f}" for name, value in asked if value)

    @classmethod
    def of(cls, kept: str, skip_hours: int = 0, skip_days: int = 0) -> Wishes:
        """What is stored of a feed's wishes, as a value."""
        found = {name: float(value) for name, value in _KEPT.findall(kept)} if kept else {}
        return cls(found.get("ttl", 0.0), found.get("cache", 0.0), skip_hours, skip_days)

    def renewed(self, *, cache: float | None) -> Wishes:
        """The wishes after an answer with these cache headers; without any the old ones stay in force."""
        return self if cache is None else replace(self, cache=min(cache, 1e9))

    def documented(self, *, ttl: float | None, hours: Iterable[int], days: Iterable[int]) -> Wishes:
        """The wishes after a document that says this about itself, or nothing."""
        return replace(self, ttl=min(ttl or 0.0, 1e9), skip_hours=_bits(hours), skip_days=_bits(days))

    @property
    def unheeded(self) -> str:
        """What is asked and not heeded, as a sentence; "" where all of it is."""
        if self.skip_hours & ALL_HOURS == ALL_HOURS:
            return "its skipHours name all 24 hours: not heeded"
        if self.skip_days & ALL_DAYS == ALL_DAYS:
            return "its skipDays name all seven days: not heeded"
        return ""

    def welcome(self, moment: datetime) -> datetime:
        """The first moment from this one on (UTC) at which the feed may be asked."""
        hours = 0 if self.skip_hours & ALL_HOURS == ALL_HOURS else self.skip_hours
        days = 0 if self.skip_days & ALL_DAYS == ALL_DAYS else self.skip_days
        if not (hours or days):
            return moment
        while hours >> moment.hour & 1 or days >> moment.weekday() & 1:
            moment = moment.replace(minute=0, second=0, microsecond=0) + _HOUR
        return moment


def said(seconds: float) -> str:
    """A length of time in words: in the largest unit of which it has at least two, or the exact one."""
    for unit, name in ((86_400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * unit or (seconds >= unit and seconds % unit == 0 and name != "days"):
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds:.3g} s"


def _bits(numbers: Iterable[int]) -> int:
    found = 0
    for number in numbers:
        found |= 1 << number
    return found
