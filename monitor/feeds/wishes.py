"""What a publisher asks of those who poll: how long to wait, which hours and days to leave out. Pure."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SECONDS = {"hourly": 3_600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SKIPS = re.compile(
    r"<skip(hours|days)\b[^<>]{0,200}>(.{0,4000}?)</skip(?:hours|days)\s*>", re.IGNORECASE | re.DOTALL
)
_SKIPPED = re.compile(r"<(hour|day)\b[^<>]{0,200}>([^<>]{0,40})</", re.IGNORECASE)

ALWAYS_HOURS = "skipHours names every hour of the day and is ignored"
ALWAYS_DAYS = "skipDays names every day of the week and is ignored"


def waiting_time(ttl: str, period: str, frequency: str) -> float | None:
    """How many seconds to wait: RSS `ttl` (minutes) or the syndication module, whichever is longer."""
    try:
        minutes = float(ttl or 0)
        often = max(1.0, float(frequency or 1))
    except ValueError:
        return None
    by_module = _SECONDS.get(period.strip().lower(), 0) / often
    seconds = max(minutes * 60, by_module) if minutes > 0 else by_module
    return seconds if 0 < seconds < math.inf else None


def skip_hours(texts: Iterable[str]) -> list[int]:
    """Hours of the day in GMT, 0 to 23, in order; 24 is midnight, and what is no hour is passed over."""
    hours = (int(text) for text in texts if text.isdecimal() and len(text) <= 2)
    return sorted({hour % 24 for hour in hours if hour <= 24})


def skip_days(texts: Iterable[str]) -> list[int]:
    """Days of the week from their English names, Monday = 0, in order."""
    return sorted({_DAYS.index(text.lower()) for text in texts if text.lower() in _DAYS})


def skips_in(text: str) -> tuple[list[int], list[int]]:
    """The hours and days that an RSS document in any state asks to skip; for parsers that pass over these."""
    words: dict[str, list[str]] = {"hour": [], "day": []}
    for place in _SKIPS.finditer(text):
        for word, value in _SKIPPED.findall(place[2]):
            words[word.lower()].append(value.strip())
    return skip_hours(words["hour"]), skip_days(words["day"])
