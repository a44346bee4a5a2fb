"""A feed's rhythm as a drawing of a week: a row a day, a column an hour, higher where more is expected."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
BLOCKS = " ▁▂▃▄▅▆▇█"
PLAIN = " .:-=+*#%"  # where the terminal has no such characters
_HOURS = 24


def draw(rates: Sequence[float], now: datetime, encoding: str | None = None) -> list[str]:
    """
    The lines of the drawing: `rates` are of the 168 hours of a week in UTC, Monday's first hour first.

    The hours are shown in the zone of `now`, as its clocks stand then. `encoding` is the terminal's.
    """
    marks = BLOCKS if _can_show(BLOCKS, encoding or sys.stdout.encoding) else PLAIN
    offset = now.utcoffset()
    ahead = round(offset.total_seconds() / 3600) if offset else 0
    local = [rates[(hour - ahead) % len(rates)] for hour in range(len(rates))]
    most = max(local)
    rows = [
        f"  {day} {''.join(_mark(rate, most, marks) for rate in local[n * _HOURS : (n + 1) * _HOURS])}"
        for n, day in enumerate(DAYS)
    ]
    scale = "".join(f"{hour:<6}" for hour in range(0, _HOURS, 6))
    return [f"      {scale.rstrip()}", *(row.rstrip() for row in rows)]


def _mark(rate: float, most: float, marks: str) -> str:
    """Nothing for what is next to nothing; the tallest mark for the busiest hour."""
    share = rate / most if most else 0.0
    return marks[round(share * (len(marks) - 1))]


def _can_show(text: str, encoding: str | None) -> bool:
    try:
        text.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
