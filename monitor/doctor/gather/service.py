"""The unit, its drop-ins, the journal's settings, and what systemd says where it runs."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.doctor.gather.paths import is_dir, is_file, matching, seen, text_of
from monitor.doctor.journal import JournalFacts, judge_journal
from monitor.doctor.service import ServiceFacts, command_of, config_of, credentials_of, judge_service
from monitor.doctor.units import Settings, read_units
from monitor.errors import UsageError
from monitor.service import install

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from monitor.doctor.findings import Finding
    from monitor.doctor.site import Site

NAME = "tocsin.service"
SYSTEM = (
    "etc/systemd/system",
    "run/systemd/system",
    "usr/local/lib/systemd/system",
    "usr/lib/systemd/system",
)
ASK = ("NeedDaemonReload", "NRestarts", "ActiveState")
PATIENCE = 5.0  # seconds for systemctl


def service(site: Site) -> list[Finding]:
    """How the service is installed."""
    return judge_service(unit_of(site, asking=True))


def journal(site: Site) -> list[Finding]:
    """How the journal is set up; only where Tocsin is a service that speaks to it."""
    unit = unit_of(site)
    facts = JournalFacts(
        here=unit.path is not None,
        settings=read_units(_journal_files(site)),
        unit=unit.settings,
        persistent=is_dir(site.at("var/log/journal")),
    )
    return judge_journal(facts)


def unit_of(site: Site, *, asking: bool = False) -> ServiceFacts:
    """
    The installed unit: the one that runs this configuration, else the first there is.

    `asking` = also of systemd itself.
    """
    units = [_read(site, path, user=user) for path, user in _units(site)]
    found = next((unit for unit in units if unit.same_config), units[0] if units else ServiceFacts(None))
    if not asking or found.path is None or site.root != Path("/"):
        return found
    return ServiceFacts(
        **{name: getattr(found, name) for name in ServiceFacts.__slots__ if name != "state"},
        state=_asked(found),
    )


def environment_of(settings: Settings, site: Site) -> set[str]:
    """The names of the variables that the unit sets, in itself or in its files; not their values."""
    names = {
        word.strip("\"'").partition("=")[0] for line in settings.all("Environment") for word in line.split()
    }
    for file in settings.all("EnvironmentFile"):
        lines = (line.strip() for line in text_of(site.at(file.lstrip("-"))).splitlines())
        names |= {line.partition("=")[0].strip() for line in lines if "=" in line and line[0] not in "#;"}
    return names


def after_an_edit(site: Site) -> str:
    """What is to be typed once the configuration was edited, as the end of a remedy; "" where nobody runs."""
    unit = unit_of(site)
    if unit.path is not None:
        return f", then: {unit.manager} reload tocsin"
    return f", then: kill -HUP {site.holder.pid}" if site.holder is not None else ""


def is_given(source: str, site: Site) -> bool:
    """Whether the unit gives the service a secret ("env:NAME", "credential:NAME") that we lack."""
    kind, _, name = source.partition(":")
    settings = unit_of(site).settings
    if kind == "env":
        return name in environment_of(settings, site)
    return kind == "credential" and name in credentials_of(settings)


def _units(site: Site) -> Iterator[tuple[Path, bool]]:
    for folder in SYSTEM:
        path = site.at(folder) / NAME
        if is_file(path):
            yield path, False
            break
    home = site.env.get("XDG_CONFIG_HOME") or (f"{site.env['HOME']}/.config" if site.env.get("HOME") else "")
    if home and is_file(path := Path(home) / "systemd/user" / NAME):
        yield path, True


def _read(site: Site, path: Path, *, user: bool) -> ServiceFacts:
    settings = read_units(_parts(site, path, user=user))
    command = command_of(settings)
    program = _place(site, command[0]) if command else None
    credentials = [source for source in credentials_of(settings).values() if source.startswith(("/", "%"))]
    layout = install.system_layout(Path("/"))
    if user:
        layout = install.user_layout(Path("/"), {"HOME": "/home/you", **site.env})
    try:
        shipped = read_units([("shipped", install.unit_text(layout, "tocsin", layout.config))])
    except UsageError:  # this installation came without one: then there is nothing to hold it against
        shipped = Settings()
    config = config_of(settings)
    return ServiceFacts(
        path,
        user=user,
        settings=settings,
        shipped=shipped,
        missing_programs=[command[0]] if program is not None and _is_missing(program) else [],
        missing_credentials=[source for source in credentials if _is_missing(_place(site, source))],
        config=site.config.path.absolute() if site.config else None,
        same_config=_is_same(_place(site, config), site) if config else True,
        enabled=_is_enabled(site, path, user=user),
        lingers=seen(site.at(f"var/lib/systemd/linger/{_owner(path)}")) is not None if user else None,
        owner=_owner(path) if user else "",
    )


def _parts(site: Site, path: Path, *, user: bool) -> Iterator[tuple[str, str]]:
    """The fragment and its drop-ins in the order in which they count; of one name the nearest folder's."""
    yield str(path), text_of(path)
    folders = [path.parent] if user else [site.at(folder) for folder in reversed(SYSTEM)]
    found: dict[str, Path] = {}
    for folder in folders:
        for kind in ("service.d", f"{NAME}.d"):
            found |= {one.name: one for one in matching(folder / kind, "*.conf")}
    for _, one in sorted(found.items()):
        yield str(one), text_of(one)


def _place(site: Site, path: str) -> Path:
    """A path of a unit with what systemd puts in for its specifiers."""
    home = site.env.get("HOME", "/root")
    config = site.env.get("XDG_CONFIG_HOME") or f"{home}/.config"
    for word, value in (("%h", home), ("%E", config), ("%S", "/var/lib"), ("%%", "%")):
        path = path.replace(word, value)
    if path.startswith(home):
        return Path(path)
    return site.at(path)


def _is_same(path: Path, site: Site) -> bool:
    if site.config is None:
        return True
    try:
        return path.samefile(site.config.path)
    except OSError:
        return path.absolute() == site.config.path.absolute()


def _is_missing(path: Path) -> bool:
    """Whether a file is not there; what lies in a folder that may not be looked into is taken to be."""
    try:
        path.stat()
    except PermissionError:
        return False
    except OSError:
        return True
    return False


def _is_enabled(site: Site, path: Path, *, user: bool) -> bool:
    folders = [path.parent] if user else [site.at(folder) for folder in SYSTEM]
    kinds = ("*.wants", "*.requires", "*.upholds")
    return any(
        os.path.lexists(found / NAME)
        for folder in folders
        for kind in kinds
        for found in matching(folder, kind)
    )


def _owner(path: Path) -> str:
    try:
        return pwd.getpwuid(path.stat().st_uid).pw_name
    except (KeyError, OSError):
        return ""


def _asked(unit: ServiceFacts) -> Mapping[str, str]:
    """What systemd says of it; nothing where it does not run or does not answer."""
    systemctl = shutil.which("systemctl")
    if systemctl is None or not is_dir(Path("/run/systemd/system")):
        return {}
    scope = ["--user"] if unit.user else []
    try:
        done = subprocess.run(  # noqa: S603 - its own path, and words of ours alone
            [systemctl, *scope, "show", NAME, *(f"--property={name}" for name in ASK)],
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return {}
    return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)


def _journal_files(site: Site) -> Iterator[tuple[str, str]]:
    for folder in ("usr/lib/systemd", "run/systemd", "etc/systemd"):
        main = site.at(folder) / "journald.conf"
        if is_file(main):
            yield str(main), text_of(main)
    found: dict[str, Path] = {}
    for folder in ("usr/lib/systemd", "run/systemd", "etc/systemd"):
        found |= {one.name: one for one in matching(site.at(folder) / "journald.conf.d", "*.conf")}
    for _, one in sorted(found.items()):
        yield str(one), text_of(one)
