"""
When digests go: at times of day in a zone, each once a day by the local date. Pure.

A digest is known by its key, the local date and time it stands for. So one that was sent is not sent again
when clocks are put back and the same time is shown a second time, and one whose time is never shown goes when
the clock jumps over it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from monitor.alerts.walltime import first_showing, shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo


_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class DigestTime:
    """One digest of a day: when it goes (UTC), and the local date and time it is known by."""

    at: datetime
    key: str


def next_digest(times: Sequence[str], zone: tzinfo, now: datetime) -> DigestTime:
    """
    The first digest after `now`; `times` are times of day such as "08:00", at least one.

    What is found at 08:00 sharp goes with the next one: that of 08:00 may be gone already.
    """
    today = shown(zone, now).date()
    coming: list[DigestTime] = []
    # Where a clock is put back over midnight, tomorrow's first times may be gone already.
    for day in (today, today + _DAY, today + 2 * _DAY):
        walls = (datetime.combine(day, time.fromisoformat(text)) for text in times)
        coming += [DigestTime(first_showing(zone, wall), f"{wall:%Y-%m-%dT%H:%M}") for wall in walls]
    return min((one for one in coming if one.at > now), key=lambda one: (one.at, one.key))
