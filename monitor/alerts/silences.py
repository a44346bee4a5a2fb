"""
Silences: somebody says for how long certain alerts are not to ring, and why. Pure.

A silence covers what its matchers fit while it lasts, urgent alerts too: whoever writes it decides. What it
hides is stored with its reason, never suppresses a later copy, and is counted when the silence ends, so that
nobody finds out in spring what was muted in autumn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from monitor.alerts.matchers import in_words, misfit

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from monitor.alerts.matchers import RouteFacts

KEYS = ("rule", "feed", "tag", "entity", "severity", "lang")
LONGEST = timedelta(days=366)
CONFIDENTIAL = "a confidential rule"


class Phase(StrEnum):
    """Where a silence stands in time."""

    PENDING = "pending"
    ACTIVE = "active"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Silence:
    """
    Alerts that fit `match` do not ring from `starts` until `ends` (that moment not included).

    `id` is 0 until it is stored. Matchers are those of routes, but for `kind`; there is at least one.
    """

    match: Mapping[str, tuple[str, ...]]
    author: str
    comment: str
    starts: datetime
    ends: datetime
    created: datetime
    id: int = 0

    def phase(self, now: datetime) -> Phase:
        """Whether it is to come, lasts, or is over."""
        if now >= self.ends:
            return Phase.ENDED
        return Phase.ACTIVE if now >= self.starts else Phase.PENDING


def covering(silences: Iterable[Silence], facts: RouteFacts, now: datetime) -> Silence | None:
    """The silence that keeps this alert from ringing, the one that lasts longest; None where it may ring."""
    found = [s for s in silences if s.phase(now) is Phase.ACTIVE and misfit(s.match, facts) is None]
    return max(found, key=lambda s: (s.ends, -s.id), default=None)


def ended_between(silences: Iterable[Silence], since: datetime, until: datetime) -> tuple[Silence, ...]:
    """The silences that ended after `since` and up to `until`, in the order of their ends."""
    found = (s for s in silences if since < s.ends <= until)
    return tuple(sorted(found, key=lambda s: (s.ends, s.id)))


def expired(silence: Silence, now: datetime) -> Silence:
    """The silence as it is when somebody ends it now; one that is over stays as it was."""
    if silence.phase(now) is Phase.ENDED:
        return silence
    return replace(silence, starts=min(silence.starts, now), ends=now)


def hidden_words(hidden: Mapping[str, int], secret: Collection[str] = ()) -> str:
    """How many alerts it hid, by rule, the most first: "14 alerts (flood 12, talks 2)"."""
    total = sum(hidden.values())
    if not total:
        return "nothing"
    counts: dict[str, int] = {}
    for rule, number in hidden.items():
        name = CONFIDENTIAL if rule in secret else rule
        counts[name] = counts.get(name, 0) + number
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    rules = ", ".join(f"{rule} {number}" for rule, number in ordered if number)
    return f"{total} {'alert' if total == 1 else 'alerts'} ({rules})"


def ending_text(silence: Silence, hidden: Mapping[str, int], secret: Collection[str] = ()) -> str:
    """
    What is told when a silence ends: which one, whose, why it was there, and what it hid.

    `hidden` counts the alerts by rule; the names in `secret` do not leave the machine.
    """
    match = {
        key: tuple(CONFIDENTIAL if key == "rule" and value in secret else value for value in values)
        for key, values in silence.match.items()
    }
    said = f": {silence.comment}" if silence.comment else ""
    return (
        f"silence {silence.id} of {in_words(match)} ended ({silence.author}{said}); "
        f"it hid {hidden_words(hidden, secret)}"
    )
