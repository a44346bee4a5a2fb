"""Whether Tocsin is looked after itself: canary, dead-man ping, and where its health is read. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.doctor.findings import Finding, found, span, well

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class WatchFacts:
    """
    What is asked for, and how it fares while a daemon runs.

    `canary_since` and `canary_why` = no round has come through since then, and why; `told` heard of it.
    `held` is why no ping goes out, `unanswered` why the last reached nobody. `unread` is why nobody answers
    at `listen`, "" where Tocsin does.
    """

    now: datetime
    canary: bool = False
    canary_since: datetime | None = None
    canary_why: str = ""
    told: Sequence[str] = ()
    deadman: bool = False
    held: str = ""
    unanswered: str = ""
    ping_since: datetime | None = None
    listen: str = ""
    unread: str = ""
    restart: str = "systemctl restart tocsin"


def judge_watch(facts: WatchFacts) -> list[Finding]:
    """What does not look after it, and what could and is off; else what does."""
    findings = [*_canary(facts), *_deadman(facts), *_health(facts), *_off(facts)]
    if findings:
        return findings
    health = f", and health is read at {facts.listen}" if facts.listen else ""
    return [well("watch", f"the canary and the dead-man ping look after Tocsin{health}")]


def _off(facts: WatchFacts) -> list[Finding]:
    """Both are optional, and neither sees everything."""
    if facts.canary and facts.deadman:
        return []
    if not facts.canary and not facts.deadman:
        what = "nobody is told where Tocsin itself stands still or dies: [canary] and [deadman] are off"
    elif not facts.canary:
        what = "nobody is told which part of Tocsin stands still: [canary] is off"
    else:
        what = "nobody is told where the process or the machine dies: [deadman] is off"
    return [found("unwatched", what, remedy="switch both on: docs/watching-the-watchdog.md")]


def _canary(facts: WatchFacts) -> list[Finding]:
    if facts.canary_since is None:
        return []
    heard = f"{', '.join(facts.told)} heard of it" if facts.told else "no channel took the alarm"
    since = f"{facts.canary_since:%Y-%m-%d %H:%M} UTC"
    what = f"the canary has not come through since {since}: {facts.canary_why}; {heard}"
    remedy = f"see journalctl -u tocsin, and start it anew if it does not end by itself: {facts.restart}"
    return [found("canary_missing", what, remedy=remedy)]


def _deadman(facts: WatchFacts) -> list[Finding]:
    ago = f", since {span((facts.now - facts.ping_since).total_seconds())} ago" if facts.ping_since else ""
    if facts.held:
        what = f"the dead-man ping is held back{ago}: {facts.held}"
        return [found("deadman_held", what, remedy="mend that; the pings go on by themselves")]
    if facts.unanswered:
        what = f"the dead-man ping is not answered{ago}: {facts.unanswered}"
        return [found("deadman_unanswered", what, remedy="check [deadman] url, and what answers there")]
    return []


def _health(facts: WatchFacts) -> list[Finding]:
    if not facts.unread:
        return []
    what = f"health and metrics cannot be read at {facts.listen}: {facts.unread}"
    remedy = (
        "see who listens there (ss -lptn, ss -lx), or give [metrics] listen another place; "
        "the log says what was in the way"
    )
    return [found("health_unread", what, remedy=remedy)]
