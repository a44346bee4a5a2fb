"""
Choosing channels: a flat list of routes, the first that takes an alert wins unless it continues. Pure.

A notification is (story, channel), so a channel gets an alert once, in the way of the first route that names
it: where one route sends at once and a later one puts the same channel into its digest, it is sent at once.

`explain_route` decides and tells; `route` gives the channels alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from monitor.alerts.matchers import RouteFacts, in_words, misfit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.settings import RouteConfig

__all__ = ["Outcome", "RouteFacts", "Routed", "Step", "Way", "explain_route"]

NO_ROUTES = "there are no routes: every alert goes to every channel"


class Outcome(StrEnum):
    """What a route did with an alert."""

    TOOK = "took"
    PASSED = "passed"
    NOT_REACHED = "not_reached"


@dataclass(frozen=True, slots=True)
class Way:
    """
    One channel that an alert goes to, and how its route wants it.

    `number` counts the routes from 1, included files first as they stand in the configuration; 0 = there are
    none. `digest` are the times of day it is gathered for; `group` the seconds it waits for company, of the
    same rule, story or feed where `group_by` says so. With neither it goes at once.
    """

    channel: str
    number: int
    why: str
    digest: tuple[str, ...] = ()
    group: float | None = None
    group_by: str | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """
    What one route did, and why.

    `adds` are the channels it gave; `already` those an earlier route had given; `forbidden` those that the
    rule's `allow_channels` leaves out.
    """

    number: int
    outcome: Outcome
    why: str
    adds: tuple[str, ...] = ()
    already: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Routed:
    """Where an alert goes: its ways in order, each channel once, and what each route did."""

    ways: tuple[Way, ...]
    steps: tuple[Step, ...]

    @property
    def channels(self) -> tuple[str, ...]:
        """The channels alone; empty = it is only stored."""
        return tuple(way.channel for way in self.ways)

    @property
    def why_nowhere(self) -> str:
        """Why it goes to no channel; "" where it goes to one."""
        if self.ways:
            return ""
        took = [step for step in self.steps if step.outcome is Outcome.TOOK]
        if any(step.forbidden for step in self.steps):
            return "the rule's allow_channels leaves none of the channels"
        if took:
            return f"route {took[-1].number} has no channels: it only stores"
        return "no route takes it" if self.steps else "there are no channels"


def explain_route(
    routes: Sequence[RouteConfig],
    every_channel: Sequence[str],
    facts: RouteFacts,
    allowed: Sequence[str] | None = None,
) -> Routed:
    """
    Where an alert goes, and for each route whether it took the alert or let it pass, and why.

    `every_channel` is used where there are no routes. `allowed` is a rule's own `allow_channels`: it takes
    away and never adds.
    """
    ways: dict[str, Way] = {}
    if not routes:
        going, _, forbidden = _sorted_out(every_channel, (), allowed)
        step = Step(0, Outcome.TOOK, NO_ROUTES, going, (), forbidden)
        return Routed(tuple(Way(channel, 0, NO_ROUTES) for channel in going), (step,))
    steps: list[Step] = []
    taken_by = 0
    for number, candidate in enumerate(routes, start=1):
        if taken_by:
            why = f"route {taken_by} took it and does not continue"
            steps.append(Step(number, Outcome.NOT_REACHED, why))
            continue
        wrong = misfit(candidate.match, facts)
        if wrong is not None:
            steps.append(Step(number, Outcome.PASSED, str(wrong)))
            continue
        why = in_words(candidate.match)
        adds, already, forbidden = _sorted_out(candidate.channels, tuple(ways), allowed)
        for channel in adds:
            ways[channel] = Way(channel, number, why, candidate.digest, candidate.group, candidate.group_by)
        steps.append(Step(number, Outcome.TOOK, why, adds, already, forbidden))
        taken_by = 0 if candidate.continues else number
    return Routed(tuple(ways.values()), tuple(steps))


def _sorted_out(
    channels: Sequence[str], known: Sequence[str], allowed: Sequence[str] | None
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The channels that are new, those that were named before, and those the rule forbids."""
    named = dict.fromkeys(channels)
    forbidden = tuple(c for c in named if allowed is not None and c not in allowed)
    already = tuple(c for c in named if c in known)
    return tuple(c for c in named if c not in forbidden and c not in known), already, forbidden
