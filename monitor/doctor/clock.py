"""Whether the clock and the time zone can be right. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from monitor.doctor.findings import Finding, Level, found, span, well

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

NEAR = 30.0  # seconds that a clock may differ: servers' own clocks and the way to them
FAR = 300.0  # beyond that "late", "future" and budgets mean something else
AHEAD = 120.0  # seconds a sign of life may seem to come from the future
SET_IT = "set it: timedatectl set-ntp true (or install chrony), then: systemctl restart tocsin"


@dataclass(frozen=True, slots=True)
class ClockFacts:
    """`built` is the youngest file of the program; `last_tick` the daemon's last sign of life."""

    now: datetime
    built: datetime | None = None
    last_tick: datetime | None = None


@dataclass(frozen=True, slots=True)
class ZoneFacts:
    """What [monitor] names, and what the machine keeps: None with `why` where that is unknown."""

    configured: str | None
    system: str | None
    why: str = ""
    then: str = ""  # what is to be typed once [monitor] was edited


def judge_clock(facts: ClockFacts) -> list[Finding]:
    """What this machine alone can tell of its clock."""
    if facts.built is not None and (early := (facts.built - facts.now).total_seconds()) > 86_400:
        return [
            found(
                "clock_behind_program",
                f"the clock says {facts.now:%Y-%m-%d %H:%M} UTC, {span(early)} before this program was "
                "installed",
                remedy=SET_IT,
            )
        ]
    if facts.last_tick is not None and (ahead := (facts.last_tick - facts.now).total_seconds()) > AHEAD:
        return [
            found(
                "clock_went_back",
                f"the daemon's last sign of life lies {span(ahead)} in the future: the clock was set "
                "back, or was wrong",
                remedy=SET_IT,
            )
        ]
    return [well("clock", f"{facts.now:%Y-%m-%d %H:%M} UTC fits what is stored")]


def judge_offsets(offsets: Sequence[float]) -> list[Finding]:
    """
    What servers' clocks say: `offsets` are seconds by which each is ahead of ours, one a host.

    The median counts, for a server may be wrong, too; a single one is not believed as readily.
    """
    if not offsets:
        return []
    middle = median(offsets)
    if abs(middle) <= NEAR:
        return [
            well(
                "clock", f"agrees with {len(offsets)} servers" if len(offsets) > 1 else "agrees with a server"
            )
        ]
    level = Level.FAILURE if abs(middle) > FAR and len(offsets) > 1 else Level.WARNING
    way = "behind" if middle > 0 else "ahead of"
    who = f"{len(offsets)} servers" if len(offsets) > 1 else "the one server that was asked"
    return [
        found("clock_off", f"the clock is {span(middle)} {way} that of {who}", remedy=SET_IT, level=level)
    ]


def judge_zone(facts: ZoneFacts) -> list[Finding]:
    """Whether digests and quiet hours keep the hours that are meant."""
    if facts.configured:
        return [well("clock", f"times of day are those of {facts.configured}, as [monitor] timezone says")]
    if facts.system:
        return [well("clock", f"times of day are those of {facts.system}, the system's zone")]
    return [
        found(
            "zone_unknown",
            f"{facts.why}, so digests and quiet hours keep UTC",
            remedy=f'write timezone = "Europe/Paris", or your own, under [monitor]{facts.then}',
        )
    ]
