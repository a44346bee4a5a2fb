"""`tocsin doctor`: everything that keeps alerts from coming, or will, each with what mends it."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import context, output

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.config.load import Loaded
    from monitor.doctor.findings import Finding
    from monitor.doctor.site import Site
    from monitor.model import Finding as Said
    from monitor.settings import Config

MARKS = {"ok": ("✓", "green"), "note": ("·", "dim"), "warning": ("!", "yellow"), "failure": ("✗", "red")}


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(epilog="Example: tocsin doctor --feeds all --json")(doctor)


def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Ask no feed and look no name up.")] = False,
    feeds: Annotated[
        str | None,
        typer.Option("--feeds", metavar="N|all", help="How many feeds are asked; 8, of as many sites."),
    ] = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Read the whole database, however long that takes.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Warnings and failures only.")] = False,
) -> None:
    """Look at the whole installation; say of each fault what mends it. Exit 1 on a failure."""
    from monitor.doctor.examination import checks_for, examine
    from monitor.doctor.findings import Level

    asking = output.Bar("asking feeds")
    site = replace(site_of(count=0 if offline else _count(feeds), deep=deep), progress=asking.show)
    checks = checks_for(site)
    bar = output.Bar("looking at")
    seen = 0

    def ended(_name: str) -> None:
        nonlocal seen
        seen += 1
        asking.clear()
        bar.show(seen, len(checks))

    try:
        findings = examine(site, checks, ended)
    finally:
        bar.clear()
    shown = [f for f in findings if f.level >= Level.WARNING] if quiet else findings
    if context.given.json:
        for finding in shown:
            output.emit(_shape(finding))
    else:
        _tell(shown, findings, quiet=quiet)
    if any(f.level is Level.FAILURE for f in findings):
        raise typer.Exit(1)


def site_of(*, count: int | None, deep: bool = False, root: Path = Path("/")) -> Site:
    """The installation as it is seen from here: the configuration, and the daemon at work on its database."""
    from monitor.config.secrets import secrets_of
    from monitor.doctor.gather.paths import hidden
    from monitor.doctor.gather.processes import holder_of
    from monitor.doctor.site import Site
    from monitor.errors import UsageError
    from monitor.service.log import redact

    now = datetime.now(UTC)
    site = Site(now, dict(os.environ), root, feeds=count, deep=deep)
    what = "this user may not read the configuration, so of all that hangs on it nothing is known"
    forbidden = ("check_forbidden", what, "look as whoever runs the daemon, or as root: sudo tocsin doctor")
    try:
        path = context.config_path()
    except UsageError as error:
        return replace(site, no_config=("no_configuration", error.message, error.hint))
    except PermissionError:
        return replace(site, no_config=forbidden)
    if hidden(path):
        return replace(site, no_config=forbidden)
    loaded = context.load(strict=False, path=path)
    config = _with_its_database(loaded)
    holder = holder_of(config.database.absolute())
    env = dict(os.environ)
    if holder is not None and holder.ours and any(f.code == "missing_secret" for f in loaded.findings):
        # What the service was given counts, not what the shell of whoever asks happens to hold.
        env = {**holder.env, **env}
        loaded = _load(config.path, env)
        config = _with_its_database(loaded)
    redact(secrets_of(config))
    return replace(
        site,
        env=env,
        config=config,
        timezone=_named_zone(loaded),
        said=lambda: _said(loaded),
        holder=holder,
    )


def _count(feeds: str | None) -> int | None:
    """How many feeds are asked; None = all that may be."""
    from monitor.doctor.site import SAMPLE
    from monitor.errors import UsageError

    if feeds is None:
        return SAMPLE
    if feeds == "all":
        return None
    if not feeds.isascii() or not feeds.isdigit():
        raise UsageError(f"--feeds: {feeds!r} is neither a number nor all", hint="for example: --feeds 20")
    return int(feeds)


def _with_its_database(loaded: Loaded) -> Config:
    """What could be read of the configuration; where it cannot be used, with the database that it names."""
    from monitor.config.peek import database_of

    config = loaded.partial
    assert config is not None, "loading builds what it can"
    if loaded.config is not None or config.database != config.path.parent / "tocsin.db":
        return config  # it was read, or given by flag or environment
    named = database_of(loaded.texts.get(str(config.path), ""))
    return replace(config, database=config.path.parent / named.expanduser()) if named else config


def _load(path: Path, env: Mapping[str, str]) -> Loaded:
    from monitor.config.load import Overrides, load_config

    overrides = Overrides(context.given.database, context.given.log_level)
    return load_config(path, env=env, overrides=overrides, strict_secrets=False)


def _said(loaded: Loaded) -> Sequence[Said]:
    from monitor.cli.check import all_findings

    return all_findings(loaded)


def _named_zone(loaded: Loaded) -> str | None:
    """The zone that [monitor] names; None where it names none."""
    from monitor.config.lines import Lines

    assert loaded.partial is not None, "loading builds what it can"
    table = Lines(loaded.texts.get(str(loaded.partial.path), "")).data.get("monitor")
    return loaded.partial.timezone if isinstance(table, dict) and table.get("timezone") else None


def _shape(finding: Finding) -> dict[str, object]:
    return {
        "check": finding.group,
        "level": finding.level.label,
        "code": finding.code,
        "what": _clean(finding.what),
        "where": _clean(finding.where) or None,
        "remedy": _clean(finding.remedy) or None,
    }


def _clean(text: str) -> str:
    """A text without secrets, on one line."""
    from monitor.service.log import redacted

    return output.printable(redacted(text))


def _tell(shown: Sequence[Finding], findings: Sequence[Finding], *, quiet: bool) -> None:
    group = ""
    plain = not output.is_unicode(sys.stdout)
    for finding in shown:
        mark, hue = MARKS[finding.level.label]
        mark = (
            mark
            if not plain
            else {"ok": "+", "note": "-", "warning": "!", "failure": "X"}[finding.level.label]
        )
        head = finding.group if finding.group != group else ""
        group = finding.group
        where = f"{_clean(finding.where)}: " if finding.where and not _says_where(finding) else ""
        mark = output.colour(mark, hue)
        # A remedy is not folded: what is to be typed has to be copied as it stands.
        output.out(f"{head:<14}{mark} " + output.folded(f"{'':<16}{where}{_clean(finding.what)}", 16)[16:])
        if finding.remedy:
            output.out(f"{'':<16}{_clean(finding.remedy)}")
    if quiet and not shown:
        return
    counts = {
        label: sum(f.level.label == label for f in findings) for label in ("failure", "warning", "note", "ok")
    }
    said = [f"{n} {label}" + ("" if n == 1 else "s") for label, n in counts.items() if n and label != "ok"]
    hue = "red" if counts["failure"] else "yellow" if counts["warning"] else "green"
    output.out(output.colour(", ".join(said) or "all well", hue) + f"; {counts['ok']} well")


def _says_where(finding: Finding) -> bool:
    """Whether the sentence names the place already."""
    return finding.where in finding.what
