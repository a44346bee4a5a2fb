"""Whether the daemon runs, moves, and runs what is installed and configured now. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.doctor.findings import Finding, Level, found, named, span, well

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

MISSED = 3600.0  # seconds after which a cron job that polls now and then should have been there


@dataclass(frozen=True, slots=True)
class DaemonFacts:
    """
    The process that holds the database's lock, and what it wrote down.

    `pid` 0 = held, by whom cannot be told. `program` is the holder's command, `ours` whether that is Tocsin,
    None where it cannot be told. `still` is how `status` says that it does not move, `go_on` the command that
    lets it. `installed` is when the program's youngest file was written. `crashed` = the
    last run left no word of its end.
    """

    now: datetime
    pid: int | None = None
    program: str = ""
    ours: bool | None = True
    started: datetime | None = None
    installed: datetime | None = None
    program_gone: bool = False
    last_tick: datetime | None = None
    still: str = ""
    go_on: str = ""
    crashed: bool = False
    trouble: str = ""
    refused: str = ""
    changed: Sequence[str] = ()
    other_configuration: Path | None = None
    offline_since: datetime | None = None
    unit: bool = False
    restart: str = "systemctl restart tocsin"
    start: str = "systemctl start tocsin"
    reload: str = "systemctl reload tocsin"


def judge_daemon(facts: DaemonFacts) -> list[Finding]:
    """Everything that is wrong with it; where nothing is, since when it runs."""
    if facts.pid is None:
        return _stopped(facts)
    if facts.ours is False:
        what = f"the database's lock is held by {facts.program}, which is no Tocsin: no daemon can start"
        return [found("foreign_lock", what, where=f"process {facts.pid}", remedy=f"end it: kill {facts.pid}")]
    findings = [*_moves(facts), *_current(facts)]
    if findings:
        return findings
    since = f" for {span((facts.now - facts.started).total_seconds())}" if facts.started else ""
    tick = ""
    if facts.last_tick is not None:
        tick = f", last sign of life {span((facts.now - facts.last_tick).total_seconds())} ago"
    who = f"process {facts.pid}" if facts.pid else ""
    return [well("daemon", f"has been running{since}{tick}", who)]


def _stopped(facts: DaemonFacts) -> list[Finding]:
    if facts.last_tick is None:
        what = "the daemon does not run and never has"
        level = Level.FAILURE if facts.unit else Level.NOTE
        return [found("daemon_stopped", what, remedy=f"start it: {facts.start}", level=level)]
    ago = (facts.now - facts.last_tick).total_seconds()
    if not facts.crashed and ago < MISSED and not facts.unit:
        return [well("daemon", f"does not run; the last one ended in good order {span(ago)} ago")]
    how = "it was killed or crashed" if facts.crashed else "it was stopped"
    what = f"the daemon does not run: {how}, its last sign of life came {span(ago)} ago"
    remedy = f"start it: {facts.start}; why it ended: journalctl -u tocsin -n 50"
    level = Level.FAILURE if facts.unit or facts.crashed else Level.WARNING
    return [found("daemon_stopped", what, remedy=remedy, level=level)]


def _moves(facts: DaemonFacts) -> list[Finding]:
    findings = []
    who = f"process {facts.pid}" if facts.pid else ""
    if facts.trouble:
        remedy = "see docs/faults.md; it goes on by itself once this is over"
        findings.append(
            found("daemon_trouble", f"the daemon says: {facts.trouble}", where=who, remedy=remedy)
        )
    if facts.still and not facts.trouble:
        remedy = f"let it go on: {facts.go_on}" if facts.go_on else f"start it anew: {facts.restart}"
        findings.append(found("daemon_stuck", f"the daemon {facts.still}", where=who, remedy=remedy))
    if facts.offline_since is not None:
        ago = span((facts.now - facts.offline_since).total_seconds())
        what = f"offline: no server can be reached, noticed {ago} ago; feeds wait"
        findings.append(
            found("offline", what, remedy="look at this machine's network: ip route, resolvectl status")
        )
    return findings


def _current(facts: DaemonFacts) -> list[Finding]:
    """What runs is what is installed and written."""
    findings = []
    who = f"process {facts.pid}" if facts.pid else ""
    younger = facts.started and facts.installed and facts.installed > facts.started
    if younger or facts.program_gone:
        what = "the daemon was started before the program was installed anew, and still runs the old one"
        findings.append(found("older_program", what, where=who, remedy=f"start it anew: {facts.restart}"))
    if facts.refused:
        what = f"the daemon refused the configuration and keeps the old one: {facts.refused}"
        remedy = f"see everything with tocsin check, mend it, then: {facts.reload}"
        findings.append(found("configuration_not_taken", what, where=who, remedy=remedy))
    elif facts.changed:
        what = f"the daemon runs on an older configuration: {named(facts.changed)} changed since"
        findings.append(
            found("older_configuration", what, where=who, remedy=f"tocsin check && {facts.reload}")
        )
    if facts.other_configuration is not None:
        what = f"the daemon runs on another configuration than this one: {facts.other_configuration}"
        remedy = f"look at that one: tocsin doctor --config {facts.other_configuration}"
        findings.append(found("unit_other_configuration", what, where=who, remedy=remedy))
    return findings
