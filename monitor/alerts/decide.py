"""
Whether a firing rule rings on a channel, and why. Pure: values in, verdicts with reasons out.

An alert is (rule, story); a notification is (story, channel): all rules that ring in one decision share one
message. In this version a story is one article, so the question is only whether this very item was told:
once told (or about to be) on a channel it is told, however often and wherever it comes back. What was silent
(baseline) or never arrived (dead, dropped) has told nobody and never suppresses.

What was published long ago, while its feed was not watched, is late: it goes into a digest, for a hundred old
alerts at once hide the one that is new. On a channel where something urgent rings with it, it rings as ever.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from enum import Enum, auto
from typing import TYPE_CHECKING

from monitor.model import Reason, Severity, State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime


class Sighted(Enum):
    """How an item was met in this document."""

    NEW = auto()  # never seen anywhere
    COPY = auto()  # known from another feed, new in this one
    EDIT = auto()  # known in this feed, and its text changed
    BASELINE = auto()  # there before we were


LATE_AFTER = timedelta(hours=6)


def is_late(published: datetime | None, now: datetime) -> bool:
    """
    Whether an item of a feed that was away is old news.

    An undated one counts as old: it appeared at some time while nobody looked, and nothing is lost by telling
    it in the digest.
    """
    return published is None or published < now - LATE_AFTER


@dataclass(frozen=True, slots=True)
class Firing:
    """A rule that holds, with the channels its alert would go to."""

    rule: str
    severity: Severity
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What was sent, or is on its way, for a story: highest severity per channel; rules that fired."""

    channels: Mapping[str, Severity]
    rules: frozenset[str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one firing on one channel ('' = on none)."""

    firing: Firing
    channel: str
    state: State
    reason: Reason

    @property
    def rings(self) -> bool:
        """Whether a notification is to be made of it."""
        return self.state is State.WAITING


def decide(
    firings: Sequence[Firing], sighted: Sighted, told: Told, *, late: bool = False
) -> tuple[Verdict, ...]:
    """At least one verdict for each firing, in order: the ledger's rows. What is LATE is for a digest."""
    verdicts: list[Verdict] = []
    for firing in firings:
        if sighted is Sighted.BASELINE:
            verdicts.append(Verdict(firing, "", State.SUPPRESSED, Reason.BASELINE))
        elif not firing.channels:
            verdicts.append(Verdict(firing, "", State.SUPPRESSED, Reason.NO_ROUTE))
        else:
            verdicts += [Verdict(firing, c, *_on_channel(firing, sighted, told, c)) for c in firing.channels]
    if late:
        urgent = {v.channel for v in verdicts if v.rings and v.firing.severity is Severity.URGENT}
        verdicts = [
            replace(v, reason=Reason.LATE) if v.rings and v.channel not in urgent else v for v in verdicts
        ]
    return tuple(verdicts)


def _on_channel(firing: Firing, sighted: Sighted, told: Told, channel: str) -> tuple[State, Reason]:
    before = told.channels.get(channel)
    if before is None:
        reason = Reason.NEW_TEXT if sighted is Sighted.EDIT else Reason.FIRST
        return State.WAITING, reason
    if sighted is Sighted.EDIT and firing.rule not in told.rules:
        return State.WAITING, Reason.NEW_TEXT
    if firing.severity > before:
        return State.WAITING, Reason.HIGHER_SEVERITY
    if firing.rule in told.rules:
        return State.SUPPRESSED, Reason.DUPLICATE
    return State.SUPPRESSED, Reason.ALREADY_TOLD
