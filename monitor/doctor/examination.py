"""
The round: each check under a deadline of its own, and none of them able to end the others.

A check runs in a thread, since a disk or a resolver that hangs cannot be interrupted; one that is late is
left behind, and one that breaks is a finding itself.
"""

from __future__ import annotations

import threading
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.doctor.findings import Finding, found, in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from monitor.doctor.site import Site


@dataclass(frozen=True, slots=True)
class Check:
    """One part of the examination; `seconds` is the longest it may take."""

    name: str
    seconds: float
    look: Callable[[Site], Iterable[Finding]]


def checks_for(site: Site) -> list[Check]:
    """What is looked at, and for how long at most: longer where all is to be read, or every feed asked."""
    from monitor.doctor.gather import machine, network, service, settings, stored, watch  # noqa: PLC0415 - they load much

    asked = 0 if site.feeds == 0 else len(site.config.feeds) if site.config and site.feeds is None else 30
    return [
        Check("configuration", 30.0, settings.configuration),
        Check("files", 10.0, machine.files),
        Check("disk", 10.0, machine.disk),
        Check("database", 24 * 3600.0 if site.deep else 30.0, stored.database),
        Check("outbox", 15.0, stored.outbox),
        Check("daemon", 15.0, stored.daemon),
        Check("service", 15.0, service.service),
        Check("journal", 10.0, service.journal),
        Check("clock", 10.0, machine.clock),
        Check("limits", 10.0, machine.limits),
        Check("certificates", 15.0, network.certificates),
        Check("feeds", 60.0 + 2.0 * asked, network.feeds),
        Check("rules", 15.0, stored.rules),
        Check("channels", 30.0, settings.channels),
        Check("watch", 15.0, watch.watch),
    ]


def examine(
    site: Site, checks: Iterable[Check], done: Callable[[str], None] = lambda _: None
) -> list[Finding]:
    """Everything that was found, in the order of the groups; `done` is told of each check that ended."""
    findings: list[Finding] = []
    for check in checks:
        findings += guarded(check, site)
        done(check.name)
    return in_order(findings)


def guarded(check: Check, site: Site) -> list[Finding]:
    """What a check finds, or that it broke, or that it took too long."""
    said: list[list[Finding]] = []

    def look() -> None:
        try:
            said.append(list(check.look(site)))
        except Exception as error:  # noqa: BLE001 - whatever it is, the other checks are still wanted
            said.append([_crashed(check, error)])

    thread = threading.Thread(target=look, name=f"doctor-{check.name}", daemon=True)
    thread.start()
    thread.join(check.seconds)
    if said:
        return said[0]
    what = f"the check of {check.name} did not end within {check.seconds:g} s and was left behind"
    remedy = "something it asks hangs, a disk or a server perhaps: see dmesg, and try it again with --offline"
    return [found("check_late", what, where=check.name, remedy=remedy)]


def _crashed(check: Check, error: Exception) -> Finding:
    """Its text is not told: what nobody expected may hold anything, a secret included."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "/monitor/" in f.filename]
    place = ""
    if frames:
        place = f" in monitor/{frames[-1].filename.rpartition('/monitor/')[2]}, line {frames[-1].lineno}"
    reason = ""
    if isinstance(error, OSError) and error.strerror:
        reason = f": {error.strerror}"
    if isinstance(error, PermissionError):
        what = f"the check of {check.name} may not look at something it needs{place}"
        remedy = "look as whoever runs the daemon, or as root: sudo tocsin doctor"
        return found("check_forbidden", what, where=check.name, remedy=remedy)
    what = f"the check of {check.name} broke ({type(error).__name__}{reason}){place}"
    return found("check_crashed", what, where=check.name, remedy="this is a bug; please report this line")
