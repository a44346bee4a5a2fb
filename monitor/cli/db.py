"""`tocsin db`: the database file itself."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli import context, output, words
from monitor.errors import UsageError


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    from monitor.cli.app import SETTINGS

    group = typer.Typer(help="The database file itself.", **SETTINGS)
    group.command("migrate", epilog="Example: tocsin db migrate")(migrate)
    group.command("backup", epilog="Example: tocsin db backup /mnt/backup/tocsin.db")(backup)
    group.command("check", epilog="Example: tocsin db check --json")(check)
    group.command("prune", epilog="Example: tocsin db prune --dry-run --older-than 30d")(prune)
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
    keep: Annotated[
        int | None,
        typer.Option(
            "--keep", min=1, metavar="N", help="Keep the N newest of these backups there, remove older ones."
        ),
    ] = None,
) -> None:
    """Copy the database as of one moment, while the daemon may go on."""
    from monitor.store import schema

    path = context.config().database
    name = f"{path.name}.{datetime.now(UTC):%Y%m%dT%H%M%SZ}.backup"
    target = file or path.with_name(name)
    if target.is_dir():
        target /= name
    elif file is not None and keep is not None:
        raise UsageError("--keep needs a folder, not a file", hint="tocsin db backup /mnt/backup --keep 7")
    bar = output.Bar("copying")
    try:
        schema.backup(path, target, bar.show)
    finally:
        bar.clear()
    removed = _rotate(target.parent, path.name, keep) if keep else []
    size = target.stat().st_size
    if context.given.json:
        output.emit({"path": str(path), "backup": str(target), "size": size, "removed": removed})
    else:
        output.out(str(target))
        for old in removed:
            output.say(f"removed: {old}")


def _rotate(folder: Path, name: str, keep: int) -> list[str]:
    """Remove all but the newest backups that this verb made of a database; those of migrations stay."""
    ours = re.compile(re.escape(name) + r"\.[0-9]{8}T[0-9]{6}Z\.backup")
    backups = sorted(one for one in folder.iterdir() if ours.fullmatch(one.name))
    for old in backups[:-keep]:
        for suffix in ("", "-wal", "-shm"):  # whoever looked into one may have left these
            old.with_name(old.name + suffix).unlink(missing_ok=True)
    return [str(old) for old in backups[:-keep]]


def prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would go.")] = False,
    older_than: Annotated[
        str | None,
        typer.Option("--older-than", metavar="SPAN", help="Default: retention in [monitor]."),
    ] = None,
) -> None:
    """
    Remove articles that are older than they are to be kept, with all that hangs on them; shrink the file.

    What a feed still lists and what is still on its way stays. Seen marks stay for a year, so nothing rings
    again.
    """
    import time

    from monitor.config.consistency import SHORT_RETENTION
    from monitor.config.durations import format_duration
    from monitor.store import retention
    from monitor.store.pruning import prune_file
    from monitor.store.schema import megabytes

    config = context.config()
    seconds = config.retention if older_than is None else words.span(older_than)
    if seconds < SHORT_RETENTION:
        output.say(f"a copy of a report that comes after {format_duration(seconds)} will ring again")
    context.reader().close()  # no database, or one of another schema, is told of first
    began = time.monotonic()
    bar = output.Bar("looking at articles")
    try:
        limit = retention.limits(seconds, datetime.now(UTC))
        pruned = prune_file(config.database, limit, dry_run=dry_run, progress=bar.show)
    finally:
        bar.clear()
    if context.given.json:
        output.emit(
            {
                "path": str(config.database),
                "dry_run": dry_run,
                "older_than": format_duration(seconds),
                "removed": dict(pruned.removed),
                "freed": pruned.freed,
                "daemon": pruned.beside,
                "seconds": round(time.monotonic() - began, 3),
            }
        )
        return
    verb = "would go" if dry_run else "gone"
    rows = sorted(pruned.removed.items(), key=lambda item: (-item[1], item[0]))
    output.table(("TABLE", verb.upper()), rows, empty="nothing is old enough to go")
    if pruned.removed:
        about = "about " if dry_run else ""
        output.say(f"{about}{megabytes(pruned.freed)} {'would be' if dry_run else 'were'} given back")


def check(
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave out indexes and references: a tenth of the time.")
    ] = False,
) -> None:
    """Check integrity, references, file modes, and that matches and ledger add up; exit 1 if not."""
    import time

    from monitor.errors import Fault, StoreError
    from monitor.store.checkup import examine
    from monitor.store.schema import megabytes

    path = context.config().database
    began = time.monotonic()
    try:
        context.reader().close()
    except StoreError as error:
        if error.fault is not Fault.DAMAGED:  # which is what this verb is for
            raise
    health = examine(path, quick=quick)
    took = time.monotonic() - began
    if context.given.json:
        output.emit(
            {
                "path": str(path),
                "ok": not health.findings,
                "findings": list(health.findings),
                "quick": quick,
                "schema": health.schema,
                "size": health.size,
                "pages": health.pages,
                "free_pages": health.free_pages,
                "auto_vacuum": health.auto_vacuum,
                "rows": dict(health.rows),
                "seconds": round(took, 3),
            }
        )
    else:
        for finding in health.findings:
            output.out(finding)
        if not health.findings:
            output.out(f"{path}: intact; every match has its ledger row, every ledger row its place")
        counts = ", ".join(f"{count} {table}" for table, count in health.rows.items())
        if counts:
            free = f"{health.free_pages} of {health.pages} pages free"
            output.say(f"schema {health.schema}, {megabytes(health.size)}, {free}, {counts}; {took:.1f} s")
        if health.auto_vacuum == "none":
            output.say("the file never gets smaller: it was made by an older version and had no room since")
    if health.findings:
        raise typer.Exit(1)
