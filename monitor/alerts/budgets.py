"""
Budgets: how many single alerts a rule may send on a channel in a time; what is over goes into a digest. Pure.

A rule that rings two hundred times in an hour says nothing two hundred times. Once it has spent its budget on
a channel its alerts there go into a digest each hour (urgent ones every ten minutes), which is said once.
Single alerts come back by themselves, when a whole window passed with less than half the budget's number of
firings.

What was spent is a value: counts in sixtieths of the window, however many alerts there are. A count is kept
until the whole of its sixtieth has left the window, so there are never more single alerts in any window than
the budget says. Nothing is lost: each firing is single, shares a message that is sent anyway, or is in the
digest.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import ceil
from typing import TYPE_CHECKING

from monitor.model import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

OFF = "off"
FREE_TYPES = ("terminal", "file")  # channels that wake nobody: without a budget unless a rule asks for one
SLOTS = 60
FLUSH_EVERY = timedelta(hours=1)
FLUSH_URGENT_EVERY = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Budget:
    """So many single alerts in so many seconds; `text` is how it was written, e.g. "20/1h"."""

    count: int
    seconds: float
    text: str = ""

    @property
    def width(self) -> int:
        """The seconds of one slot of counts."""
        return max(1, ceil(self.seconds / SLOTS))


@dataclass(frozen=True, slots=True)
class Spent:
    """
    What a rule used of its budget on one channel.

    `slots` are (start, singles, others): the beginning in seconds since 1970, how many went singly in the
    `width` seconds from there, and how many in other ways. `over_since` = it is over its budget.
    """

    slots: tuple[tuple[int, int, int], ...] = ()
    width: int = 1
    over_since: datetime | None = None


class Use(StrEnum):
    """How one firing goes out: by itself, in a message that another rule sends anyway, or in the digest."""

    SINGLE = "single"
    SHARED = "shared"
    OVERFLOW = "overflow"


@dataclass(frozen=True, slots=True)
class Spending:
    """
    What becomes of one firing, and what the rule has spent after it.

    `went_over` = this is the one that did not fit, to be said once; `resumed` = it is the first single one
    after a time of digests.
    """

    use: Use
    spent: Spent
    went_over: bool = False
    resumed: bool = False


def budget_text(rule: str | None, default: str, channel_type: str) -> str:
    """
    The budget that holds for a rule on a channel, as it is written: "20/1h" or "off".

    A rule's own holds on every channel; that of [alerts] only where somebody is disturbed.
    """
    if rule is not None:
        return rule
    return OFF if channel_type in FREE_TYPES else default


def spend(spent: Spent, budget: Budget | None, now: datetime) -> Spending:
    """One firing of a rule on a channel; None = without a budget all are single, and nothing is counted."""
    if budget is None:
        return Spending(Use.SINGLE, Spent(), resumed=spent.over_since is not None)
    second = int(now.timestamp())
    spent = _aged(spent, budget, second)
    singles = sum(slot[1] for slot in spent.slots)
    demand = singles + sum(slot[2] for slot in spent.slots)
    over = spent.over_since is not None
    resumed = over and 2 * demand < budget.count
    if (not over or resumed) and singles < budget.count:
        after = replace(_counted(spent, second, single=True), over_since=None)
        return Spending(Use.SINGLE, after, resumed=resumed)
    since = spent.over_since or now.replace(microsecond=0)
    after = replace(_counted(spent, second, single=False), over_since=since)
    return Spending(Use.OVERFLOW, after, went_over=not over)


def spend_together(purses: Mapping[str, tuple[Spent, Budget | None]], now: datetime) -> dict[str, Spending]:
    """
    All rules that fire in one decision on one channel, which share one message.

    If one of them may send it, the message goes and tells of all: the others cost nothing more, are not
    counted as single, and need not be told again in a digest.
    """
    found = {rule: spend(spent, budget, now) for rule, (spent, budget) in purses.items()}
    if all(one.use is Use.OVERFLOW for one in found.values()):
        return found
    return {
        rule: replace(one, use=Use.SHARED) if one.use is Use.OVERFLOW else one for rule, one in found.items()
    }


def flush_at(going: datetime | None, severity: Severity, now: datetime) -> datetime:
    """
    When the digest of what is over goes, with one more in it; `going` is when it went without.

    None = it begins with this one. Nothing waits for longer than an hour, an urgent one ten minutes.
    """
    latest = now + (FLUSH_URGENT_EVERY if severity is Severity.URGENT else FLUSH_EVERY)
    return latest if going is None else min(going, latest)


def said_once(rule: str, budget: Budget) -> str:
    """What people are told when a rule spends its budget: what happens now, and when it ends."""
    half = (budget.count + 1) // 2
    fewer = "not at all" if half == 1 else f"fewer than {half} times"
    return (
        f"rule {rule} rang more than its budget of {budget.text}: further alerts come in one digest an hour "
        f"(urgent ones every ten minutes), single ones again once it rang {fewer} in such a time"
    )


def dump(spent: Spent) -> str:
    """The value as a short text for the store."""
    over = int(spent.over_since.timestamp()) if spent.over_since else None
    return json.dumps([spent.width, over, spent.slots], separators=(",", ":"))


def load(text: str) -> Spent:
    """The value that `dump` wrote; nothing spent for an empty text."""
    if not text:
        return Spent()
    width, over, slots = json.loads(text)
    since = None if over is None else datetime.fromtimestamp(over, UTC)
    return Spent(tuple((start, singles, others) for start, singles, others in slots), width, since)


def _aged(spent: Spent, budget: Budget, second: int) -> Spent:
    """
    The counts that still matter, in slots of this budget.

    A slot of another width (the budget was changed) counts as its end: rather too long than too short. One of
    the future (the clock was set back) counts as of now.
    """
    width = budget.width
    slots: dict[int, tuple[int, int]] = {}
    for start, singles, others in spent.slots:
        latest = start if spent.width == width else start + spent.width - 1
        begins = min(latest, second) // width * width
        if begins + width > second - budget.seconds:
            before = slots.get(begins, (0, 0))
            slots[begins] = (before[0] + singles, before[1] + others)
    return Spent(tuple((start, *slots[start]) for start in sorted(slots)), width, spent.over_since)


def _counted(spent: Spent, second: int, *, single: bool) -> Spent:
    start = second // spent.width * spent.width
    rest = tuple(slot for slot in spent.slots if slot[0] != start)
    _, singles, others = next((slot for slot in spent.slots if slot[0] == start), (start, 0, 0))
    slot = (start, singles + single, others + (not single))
    return replace(spent, slots=(*rest, slot))
