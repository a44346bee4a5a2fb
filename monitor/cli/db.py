"""`tocsin db`: the database file itself."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import context, output

if TYPE_CHECKING:
    from monitor.store.database import Reader


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    from monitor.cli.app import SETTINGS

    group = typer.Typer(help="The database file itself.", **SETTINGS)
    group.command("migrate", epilog="Example: tocsin db migrate")(migrate)
    group.command("backup", epilog="Example: tocsin db backup /mnt/backup/tocsin.db")(backup)
    group.command("check", epilog="Example: tocsin db check --json")(check)
    app.add_typer(group, name="db")


def migrate() -> None:
    """Bring the database to this version's schema, after a backup."""
    from monitor.store import schema
    from monitor.store.lock import DaemonLock

    path = context.config().database
    before = schema.version_of(path)
    saved = None
    if before != schema.HEAD:  # else there is nothing to do, and a daemon may be at work on it
        lock = DaemonLock(path)
        lock.acquire()
        try:
            saved = schema.migrate(path, now=datetime.now(UTC))
        finally:
            lock.release()
    if context.given.json:
        output.emit(
            {"path": str(path), "from": before, "to": schema.HEAD, "backup": str(saved) if saved else None}
        )
    elif before == schema.HEAD:
        output.out(f"{path} is at schema {schema.HEAD} already: nothing to do")
    else:
        output.out(f"{path}: {'schema ' + before if before else 'new'} -> {schema.HEAD}")
        if saved:
            output.out(f"backup: {saved}")


def backup(
    file: Annotated[
        Path | None,
        typer.Argument(metavar="[FILE]", help="A file or a folder; default: beside the database."),
    ] = None,
) -> None:
    """Copy the database as of one moment, while the daemon may go on."""
    from monitor.store import schema

    path = context.config().database
    name = f"{path.name}.{datetime.now(UTC):%Y%m%dT%H%M%SZ}.backup"
    target = file or path.with_name(name)
    if target.is_dir():
        target /= name
    schema.backup(path, target)
    if context.given.json:
        output.emit({"path": str(path), "backup": str(target)})
    else:
        output.out(str(target))


def check() -> None:
    """Check integrity, references, file modes, and that matches and ledger add up; exit 1 if not."""
    from monitor.errors import StoreError

    path = context.config().database
    reader = context.reader()
    try:
        findings = _wrong_inside(reader)
    except StoreError as error:
        findings = [f"integrity: {error.message}; {error.hint}"]
    finally:
        reader.close()
    for suffix in ("", "-wal", "-shm"):
        one = path.with_name(path.name + suffix)
        if one.exists() and one.stat().st_mode & 0o077:
            findings.append(f"mode: others may use {one}; run: chmod 600 {one}")
    if context.given.json:
        output.emit({"path": str(path), "ok": not findings, "findings": findings})
    else:
        for finding in findings:
            output.out(finding)
        if not findings:
            output.out(f"{path}: intact; every match has its ledger row, every ledger row its place")
    if findings:
        raise typer.Exit(1)


def _wrong_inside(reader: Reader) -> list[str]:
    """What SQLite finds damaged, and where matches, ledger and outbox do not add up."""
    from monitor.store import sql
    from monitor.store.faults import how_to_restore

    findings = [f"integrity: {line}" for line in reader.pragma("integrity_check") if line != "ok"]
    if findings:
        findings.append(f"integrity: {how_to_restore(context.config().database)}")
    broken = Counter(reader.pragma("foreign_key_check"))
    findings += [f"reference: {n} of {table} refer to what is not there" for table, n in broken.items()]
    if orphans := len(reader.rows(sql.LEDGER_ORPHANS)):
        findings.append(f"ledger: matches without a row: {orphans}")
    if stray := len(reader.rows(sql.LEDGER_STRAY)):
        findings.append(f"ledger: rows that disagree with the outbox: {stray}")
    return findings
