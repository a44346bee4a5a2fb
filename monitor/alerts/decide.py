"""
Whether a firing rule rings on a channel, and why. Pure: values in, verdicts with reasons out.

An alert is (rule, story); a notification is (story, channel): all rules that ring in one decision share one
message. Once a channel was told a story (or is about to be) it is told, whoever repeats it, unless something
changed that matters, or a rule of higher severity fires. What was silent (baseline), rests on unconfirmed
text (weak) or never arrived (dead, dropped) has told nobody and never suppresses.

What was published long ago, while its feed was not watched, is late: it goes into a digest, for a hundred old
alerts at once hide the one that is new. On a channel where something urgent rings with it, it rings as ever.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import Enum, auto
from types import MappingProxyType
from typing import TYPE_CHECKING

from monitor.model import Reason, Severity, State, Strength

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime


class Sighted(Enum):
    """How an item was met in this document."""

    NEW = auto()  # never seen anywhere
    COPY = auto()  # known from another feed, new in this one
    EDIT = auto()  # known in this feed, and its text changed: a rule newly holds
    AGAIN = auto()  # the same, and the rule held before
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
    """
    A rule that holds, with the channels its alert would go to.

    `weak` is the rule's option for matches that rest on unconfirmed text. `changes` are what the article says
    that its story did not say before, in words, as far as the rule wants to hear of it. `related`: the
    article has much in common with another story.
    """

    rule: str
    severity: Severity
    channels: tuple[str, ...]
    strength: Strength = Strength.STRONG
    weak: str = "hold"
    changes: tuple[str, ...] = ()
    related: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """
    What was sent, or is on its way, for a story: the highest severity on each channel; rules that fired.

    `weakly` tells of what rested on unconfirmed text alone: it stands against nothing but its like.
    """

    channels: Mapping[str, Severity] = field(default_factory=lambda: MappingProxyType({}))
    rules: frozenset[str] = frozenset()
    weakly: Mapping[str, Severity] = field(default_factory=lambda: MappingProxyType({}))


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
        return self.state in (State.WAITING, State.HELD)

    @property
    def gathered(self) -> bool:
        """Whether it goes into a digest rather than ringing by itself."""
        return self.rings and self.reason in (Reason.LATE, Reason.WEAK)


def decide(
    firings: Sequence[Firing],
    sighted: Sighted,
    told: Told,
    *,
    late: bool = False,
    again: Collection[str] = (),
) -> tuple[Verdict, ...]:
    """
    The ledger's rows, at least one verdict for each firing, in order. What is LATE or WEAK is for a digest.

    Of a rule that held before (AGAIN, or among `again`) there is a row already: it is given a verdict only
    where it rings.
    """
    verdicts: list[Verdict] = []
    for firing in firings:
        if sighted is Sighted.BASELINE:
            verdicts.append(Verdict(firing, "", State.SUPPRESSED, Reason.BASELINE))
        elif sighted is Sighted.AGAIN or firing.rule in again:
            verdicts += _again(firing, told)
        elif not firing.channels:
            verdicts.append(Verdict(firing, "", State.SUPPRESSED, Reason.NO_ROUTE))
        elif firing.strength is Strength.WEAK and firing.weak == "ignore":
            verdicts.append(Verdict(firing, "", State.SUPPRESSED, Reason.WEAK_IGNORED))
        else:
            verdicts += [Verdict(firing, c, *_on_channel(firing, sighted, told, c)) for c in firing.channels]
    if late:
        urgent = {v.channel for v in verdicts if _rings_urgently(v)}
        verdicts = [
            replace(v, reason=Reason.LATE) if v.state is State.WAITING and v.channel not in urgent else v
            for v in verdicts
        ]
    return tuple(verdicts)


def _rings_urgently(verdict: Verdict) -> bool:
    return verdict.state is State.WAITING and verdict.firing.severity is Severity.URGENT


def _again(firing: Firing, told: Told) -> list[Verdict]:
    """An edited item rings again only where it, or its story, was told, and if something changed."""
    if not firing.changes or firing.strength is Strength.WEAK:
        return []
    return [
        Verdict(firing, channel, State.WAITING, Reason.UPDATE)
        for channel in firing.channels
        if channel in told.channels
    ]


def _on_channel(firing: Firing, sighted: Sighted, told: Told, channel: str) -> tuple[State, Reason]:
    before = told.channels.get(channel)
    if firing.strength is Strength.WEAK:
        before = max((each for each in (before, told.weakly.get(channel)) if each is not None), default=None)
        if before is None and firing.weak == "hold":
            return State.HELD, Reason.WEAK
    if before is None:
        if sighted is Sighted.EDIT:
            return State.WAITING, Reason.NEW_TEXT
        return State.WAITING, Reason.RELATED if firing.related else Reason.FIRST
    if firing.strength is Strength.STRONG:
        if firing.changes:
            return State.WAITING, Reason.UPDATE
        if sighted is Sighted.EDIT and firing.rule not in told.rules:
            return State.WAITING, Reason.NEW_TEXT
        if firing.severity > before:
            return State.WAITING, Reason.HIGHER_SEVERITY
    if firing.rule in told.rules:
        return State.SUPPRESSED, Reason.DUPLICATE
    return State.SUPPRESSED, Reason.ALREADY_TOLD
