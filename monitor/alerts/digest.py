"""
A digest: one message for many alerts, put together from its entries. Pure.

How it is laid out stands in `renderers.layout`: entries are cut as wholes, never in the middle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.model import Message, Reason, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.model import DigestEntry

MOST_ENTRIES = 500  # kept in one message; a file or a webhook shows them all
LATE_WHY = "published while their feeds were not watched"
WEAK_WHY = "found only in text that was not confirmed as the article's: lists, boxes, captions"
_WHY = {  # by the beginning of the bin they were collected in, see `passage`
    "late": LATE_WHY,
    "quiet": "held while this channel was in quiet hours",
    "budget": "their rules rang more often than their budgets allow here",
    "group:": "gathered by a route",
    "digest:": "gathered by a route for this time of day",
    "backlog": "they waited while this channel was away or at its limit",
}
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


def collecting(severity: Severity, *, late: bool = False) -> Message:
    """What stands in the outbox for a digest that still grows."""
    title = f"{'late ' if late else ''}alerts, still being collected"
    return Message(kind="digest", title=title, severity=severity, late=late)


def why_of(bin_name: str, reasons: Sequence[Reason]) -> str:
    """Why these alerts are told together: for what they were collected, and how many are doubtful."""
    weak = sum(reason is Reason.WEAK for reason in reasons)
    if weak == len(reasons):
        return WEAK_WHY
    why = next((why for start, why in _WHY.items() if bin_name.startswith(start)), "")
    return f"{why}; {weak} {WEAK_WHY}" if weak else why
