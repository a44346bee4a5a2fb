"""Whether the service is installed as it should be: sandbox, watchdog, restart, credentials, boot. Pure."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitor.doctor.findings import Finding, found, named, well
from monitor.doctor.units import Settings, bytes_of, plain, same, seconds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

# Settings of the shipped unit that are no wall: who it is, what it runs, how much it may use.
_NO_WALL = frozenset(
    {
        *("Type", "NotifyAccess", "ExecStart", "ExecReload", "WatchdogSec", "Restart", "RestartSec"),
        *("RestartPreventExitStatus", "TimeoutStartSec", "TimeoutStopSec", "Environment", "StateDirectory"),
        *(
            "ConfigurationDirectory",
            "RuntimeDirectory",
            "WorkingDirectory",
            "MemoryMax",
            "TasksMax",
            "OOMPolicy",
        ),
        *("LoadCredential", "ConfigurationDirectoryMode", "RuntimeDirectoryMode"),
        "IPAddressDeny",  # its comment says when to take it out
    }
)
# Folders that nothing of ours needs: to open one of these opens far more than a file channel asks for.
_BROAD = frozenset(
    {"/", "/etc", "/home", "/root", "/usr", "/var", "/var/lib", "/boot", "/opt", "/srv", "/run"}
)
MANY_RESTARTS = 3
# What leaves a name's value stricter than the shipped one is no fault.
_STRICTER: Mapping[str, frozenset[str]] = {
    "ProtectSystem": frozenset({"strict"}),
    "ProtectHome": frozenset({"yes"}),
    "RestrictNamespaces": frozenset({"yes"}),
    "LimitCORE": frozenset({"0"}),
}


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """
    The unit in force, with its drop-ins, and the one that is shipped.

    `path` None = no unit. `missing_…` are programs and credential files that it names and that are not there,
    `config` is the configuration that doctor looks at, `state` what systemd says, where it runs.
    """

    path: Path | None
    user: bool = False
    settings: Settings = field(default_factory=Settings)
    shipped: Settings = field(default_factory=Settings)
    missing_programs: Sequence[str] = ()
    missing_credentials: Sequence[str] = ()
    config: Path | None = None
    same_config: bool = True
    enabled: bool | None = None
    lingers: bool | None = None
    owner: str = ""
    state: Mapping[str, str] = field(default_factory=dict)

    @property
    def manager(self) -> str:
        """How its manager is spoken to."""
        return "systemctl --user" if self.user else "systemctl"


def judge_service(facts: ServiceFacts) -> list[Finding]:
    """Everything that is wrong with it."""
    if facts.path is None:
        what = "no unit is installed: nobody starts Tocsin after a reboot, or again after a crash"
        return [
            found(
                "no_unit",
                what,
                remedy="see what would be installed: tocsin init --system --dry-run, or --user",
            )
        ]
    findings = [*_runs(facts), *_life(facts), *_walls(facts), *_boot(facts), *_state(facts)]
    return findings or [
        well("service", "the unit is as shipped, or stricter, and starts at boot", facts.path)
    ]


def config_of(settings: Settings) -> str:
    """The configuration that the unit's command names; "" where it names none."""
    words = command_of(settings)
    for word, following in zip(words, [*words[1:], ""], strict=True):
        if word in ("--config", "-c"):
            return following
        if word.startswith("--config="):
            return word.partition("=")[2]
    return ""


def command_of(settings: Settings) -> list[str]:
    """The words of the command it runs, without systemd's prefixes."""
    try:
        words = shlex.split(settings.one("ExecStart"))
    except ValueError:
        words = settings.one("ExecStart").split()
    if words:
        words[0] = re.sub(r"^[@\-:+!]+", "", words[0])
    return [word.replace("%%", "%") for word in words]


def credentials_of(settings: Settings) -> dict[str, str]:
    """The credentials the unit is given: name and where from; "" where that is no file of ours to look at."""
    given: dict[str, str] = {}
    for key in ("LoadCredential", "LoadCredentialEncrypted", "SetCredential", "SetCredentialEncrypted"):
        for value in settings.all(key):
            name, _, source = value.partition(":")
            given[name] = source if key.startswith("Load") else ""
    return given


def readable_credentials(settings: Settings) -> dict[str, str]:
    """Of these, the ones whose file holds the secret as it is: name and path."""
    given = (value.partition(":") for value in settings.all("LoadCredential"))
    return {name: source for name, _, source in given if source.startswith("/")}


def _runs(facts: ServiceFacts) -> list[Finding]:
    findings = [
        found(
            "unit_program_missing",
            f"the unit runs {program}, which is not there",
            where=facts.path or "",
            remedy="install Tocsin there again, or write the unit anew: tocsin init --system --print-unit",
        )
        for program in facts.missing_programs
    ]
    findings += [
        found(
            "unit_credential_missing",
            f"the unit loads a credential from {path}, which is not there: it will not start",
            where=facts.settings.place("LoadCredential") or facts.path or "",
            remedy=f"write the secret into it, as root and for root alone: install -m 0600 /dev/stdin {path}",
        )
        for path in facts.missing_credentials
    ]
    if not facts.same_config:
        other = config_of(facts.settings)
        findings.append(
            found(
                "unit_other_configuration",
                f"the service runs with {other}, and this is {facts.config}",
                where=facts.path or "",
                remedy=f"look at that one: tocsin doctor --config {other}",
            )
        )
    return findings


def _life(facts: ServiceFacts) -> list[Finding]:
    """Whether it is started again when it dies or hangs."""
    settings, edit = facts.settings, f"take that out again: {facts.manager} edit tocsin"
    findings = []
    watched = seconds(settings.one("WatchdogSec"))
    if watched is None:
        place = settings.place("WatchdogSec") or facts.path or ""
        remedy = f"write WatchdogSec=60 under [Service]: {facts.manager} edit tocsin"
        findings.append(
            found("unit_no_watchdog", "a daemon that hangs is not started again", where=place, remedy=remedy)
        )
    if plain(settings.one("Restart") or "no") not in ("on-failure", "always", "on-abnormal"):
        place = settings.place("Restart") or facts.path or ""
        remedy = f"write Restart=on-failure under [Service]: {facts.manager} edit tocsin"
        findings.append(
            found("unit_no_restart", "a daemon that crashes is not started again", where=place, remedy=remedy)
        )
    if plain(settings.one("StartLimitIntervalSec", "Unit") or "10s") != "no":  # 0 is written as a number
        place = settings.place("StartLimitIntervalSec", "Unit") or facts.path or ""
        what = "systemd gives up after some failed starts, and then nothing is watched"
        findings.append(
            found("unit_gives_up", what, where=place, remedy=f"StartLimitIntervalSec=0 under [Unit]; {edit}")
        )
    return findings


def _walls(facts: ServiceFacts) -> list[Finding]:
    """Which walls of the shipped unit are down or lower, by the file that took them down."""
    down: dict[str, list[str]] = {}
    lacking: list[str] = []
    for (section, key), wanted in facts.shipped.values.items():
        if section != "Service" or key in _NO_WALL:
            continue
        if (section, key) not in facts.settings.places:
            lacking.append(key)
        elif not _as_strict(key, facts.settings.all(key), wanted):
            down.setdefault(facts.settings.place(key), []).append(key)
    for key in ("ReadWritePaths", "BindPaths", "DeviceAllow"):
        if (key == "DeviceAllow" and facts.settings.all(key)) or _opens(facts.settings.all(key)):
            down.setdefault(facts.settings.place(key), []).append(key)
    findings = [
        found(
            "unit_loosened",
            f"the sandbox is weaker than the shipped one: {named(sorted(keys), 8)}",
            where=place,
            remedy=f"take these lines out: {facts.manager} edit tocsin, then: {facts.manager} restart tocsin",
        )
        for place, keys in sorted(down.items())
    ]
    if lacking:
        option = "--user" if facts.user else "--system"
        what = f"the unit lacks walls of the shipped one, which may be newer: {named(sorted(lacking), 8)}"
        write = f"tocsin init {option} --print-unit > {facts.path}"
        remedy = f"write it anew: {write} && {facts.manager} daemon-reload"
        findings.append(found("unit_loosened", what, where=facts.path or "", remedy=remedy))
    return findings


def _opens(paths: Sequence[str]) -> bool:
    """Whether one of these paths is a whole tree rather than what a file channel writes to."""
    words = (word.lstrip("-+").split(":")[0] for line in paths for word in line.split())
    return any((word.rstrip("/") or "/") in _BROAD for word in words)


def _as_strict(key: str, value: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether a setting shuts as much as the shipped one, or more."""
    if key == "SystemCallFilter":
        denied = {word for v in value if v.startswith("~") for word in v[1:].split()}
        allowed = {word for v in value if not v.startswith("~") for word in v.split()}
        shipped_denied = {word for v in wanted if v.startswith("~") for word in v[1:].split()}
        shipped_allowed = {word for v in wanted if not v.startswith("~") for word in v.split()}
        return bool(allowed) and allowed <= shipped_allowed and shipped_denied <= denied
    if key in ("RestrictAddressFamilies", "CapabilityBoundingSet", "AmbientCapabilities"):
        return set(" ".join(value).split()) <= set(" ".join(wanted).split())
    last, shipped = (value[-1] if value else ""), (wanted[-1] if wanted else "")
    if key == "UMask" or key.endswith("DirectoryMode"):
        return last == shipped
    return same(last, shipped) or plain(last) in _STRICTER.get(key, ())


def _boot(facts: ServiceFacts) -> list[Finding]:
    findings = []
    if facts.enabled is False:
        what = "the service is not started at boot"
        remedy = f"let it be: {facts.manager} enable --now tocsin"
        findings.append(found("unit_not_enabled", what, where=facts.path or "", remedy=remedy))
    if facts.user and facts.lingers is False:
        what = f"a service of {facts.owner or 'a user'} runs only while that user is logged in"
        remedy = f"let it run always: loginctl enable-linger {facts.owner}".rstrip()
        findings.append(found("no_linger", what, where=facts.path or "", remedy=remedy))
    return findings


def _state(facts: ServiceFacts) -> list[Finding]:
    findings = []
    if plain(facts.state.get("NeedDaemonReload", "no")) == "yes":
        what = "the unit was changed after systemd read it"
        remedy = f"have it read again: {facts.manager} daemon-reload && {facts.manager} restart tocsin"
        findings.append(found("unit_not_reloaded", what, where=facts.path or "", remedy=remedy))
    restarts = facts.state.get("NRestarts", "0")
    if restarts.isdigit() and int(restarts) > MANY_RESTARTS:
        what = f"systemd has had to start the daemon again {restarts} times"
        remedy = "see why: journalctl -u tocsin -p warning -n 100"
        findings.append(found("unit_restarts", what, where=facts.path or "", remedy=remedy))
    return findings


def memory_limit(settings: Settings) -> int | None:
    """The memory that the unit allows, in bytes; None where it sets no limit."""
    return bytes_of(settings.one("MemoryMax"))
