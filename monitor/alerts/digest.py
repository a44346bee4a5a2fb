"""
A digest: one message for many alerts, put together from its entries. Pure.

How it is laid out stands in `renderers.layout`: entries are cut as wholes, never in the middle.
"""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from monitor.model import Message, Reason, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, tzinfo

    from monitor.model import DigestEntry

MOST_ENTRIES = 500  # kept in one message; a file or a webhook shows them all
LATE_WHY = "published while their feeds were not watched"
WEAK_WHY = "found only in text that was not confirmed as the article's: lists, boxes, captions"
LISTED = "tocsin alerts list"


def digest(entries: Iterable[DigestEntry], *, late: bool, why: str) -> Message:
    """The message for these entries, given in the order they were first seen in; the severest go first."""
    ordered = sorted(entries, key=lambda e: -e.severity)
    count = len(ordered)
    kind = "late " if late else ""
    title = f"{count} {kind}{'alert' if count == 1 else 'alerts'}"
    if count == 1:
        title = f"{title}: {ordered[0].title}"
    return Message(
        kind="digest",
        title=title,
        severity=max((e.severity for e in ordered), default=Severity.NORMAL),
        why=why,
        late=late,
        entries=tuple(ordered[:MOST_ENTRIES]),
        count=count,
    )


def collecting(severity: Severity, why: Reason) -> Message:
    """What stands in the outbox for a digest that still grows."""
    kind = "late" if why is Reason.LATE else "doubtful"
    title = f"{kind} alerts, still being collected"
    return Message(kind="digest", title=title, severity=severity, late=why is Reason.LATE)


def next_hour(clock: str, zone: tzinfo, now: datetime) -> datetime:
    """The next time the clocks of a zone show `clock` ("08:00"), after `now`; in UTC."""
    hour, minute = map(int, clock.split(":"))
    local = now.astimezone(zone)
    for day in range(3):
        wanted = (local + timedelta(days=day)).replace(hour=hour, minute=minute, second=0, microsecond=0)
        found = wanted.astimezone(UTC)
        if found > now:
            return found
    message = "a day has every hour"
    raise AssertionError(message)
