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
from types import MappingProxyType
from typing import TYPE_CHECKING

from monitor.alerts.matchers import in_words, misfit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from monitor.alerts.matchers import RouteFacts

KEYS = ("rule", "feed", "tag", "entity", "severity", "lang")
LONGEST = timedelta(days=366)


_NONE: Mapping[str, str] = MappingProxyType({})


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


def expired(silence: Silence, now: datetime) -> Silence:
    """The silence as it is when somebody ends it now; one that is over stays as it was."""
    if silence.phase(now) is Phase.ENDED:
        return silence
    return replace(silence, starts=min(silence.starts, now), ends=now)


def hidden_words(hidden: Mapping[str, int], names: Mapping[str, str] = _NONE) -> str:
    """
    How many alerts it hid, by rule, the most first: "14 alerts (flood 12, talks 2)".

    `names` are the public names of secret rules.
    """
    total = sum(hidden.values())
    if not total:
        return "nothing"
    counts: dict[str, int] = {}
    for rule, number in hidden.items():
        name = names.get(rule, rule)
        counts[name] = counts.get(name, 0) + number
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    rules = ", ".join(f"{rule} {number}" for rule, number in ordered if number)
    return f"{total} {'alert' if total == 1 else 'alerts'} ({rules})"


def ending_text(silence: Silence, hidden: Mapping[str, int], names: Mapping[str, str] = _NONE) -> str:
    """
    What is told when a silence ends: which one, whose, why it was there, and what it hid.

    `hidden` counts the alerts by rule; `names` are the public names of secret rules, whose own do not leave
    the machine. Nor does the comment of a silence of one, which may say anything.
    """
    said = f": {silence.comment}" if silence.comment and not names_secret(silence, names) else ""
    return (
        f"silence {silence.id} of {in_words(shown_match(silence, names))} ended ({silence.author}{said}); "
        f"it hid {hidden_words(hidden, names)}"
    )


def names_secret(silence: Silence, names: Mapping[str, str]) -> bool:
    """Whether a silence is of a secret rule by its name; `names` are their public ones."""
    return any(value in names for value in silence.match.get("rule", ()))


def shown_match(silence: Silence, names: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """
    The matchers of a silence with secret rules under their public names.

    Of one that names a secret rule, nothing else is shown: an entity or a feed beside it would tell of it.
    """
    if not names_secret(silence, names):
        return dict(silence.match)
    return {"rule": tuple(names.get(value, value) for value in silence.match["rule"])}
