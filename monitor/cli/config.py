"""`tocsin config`: which file is in use, and what it comes to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monitor.cli import context, output


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    from monitor.cli.app import SETTINGS

    group = typer.Typer(help="Which file is in use, and what it comes to.", **SETTINGS)
    group.command(epilog="Example: tocsin config show --json")(show)
    group.command(epilog='Example: $EDITOR "$(tocsin config path)"')(path)
    group.command(epilog="Example: tocsin config schema > config.schema.json")(schema)
    group.command(epilog="Example: tocsin config migrate --dry-run")(migrate)
    app.add_typer(group, name="config")


def show() -> None:
    """Print every effective value, defaults included. Secrets are masked, and what secret rules ask for."""
    from monitor.cli.veil import veil
    from monitor.config.show import render, without_secret_rules
    from monitor.config.show import show as values

    config = context.config()
    hidden = veil()
    shown = without_secret_rules(config, hidden.names, hidden.entities) if hidden.names else config
    if context.given.json:
        output.emit(values(shown))
    else:
        output.out(render(shown).rstrip())


def path() -> None:
    """Print the path of the configuration file in use."""
    found = context.config_path().absolute()
    if context.given.json:
        output.emit({"path": str(found)})
    else:
        output.out(str(found))


def schema() -> None:
    """
    Print the JSON Schema of a configuration file, for editors.

    Beside the file, with `#:schema ./config.schema.json` as its first line, it lets editors complete keys.
    """
    from monitor.config.jsonschema import text

    output.out(text())


def migrate(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the changes, write nothing.")] = False,
) -> None:
    """
    Rewrite what an older version called otherwise, in every file, each kept as it was beside the new one.

    Only old names change: comments, order and spaces stay. What cannot be rewritten for certain is listed.
    """
    import os
    from datetime import UTC, datetime

    from monitor.config.deprecated import rewrite
    from monitor.config.edit import rewrite_files
    from monitor.config.load import load_config

    main = context.config_path()
    texts = load_config(main, env=os.environ, strict_secrets=False).texts
    done = {Path(file): (text, rewrite(text, file)) for file, text in texts.items()}
    changed = {file: (old, new) for file, (old, new) in done.items() if new.changes}
    kept: dict[Path, Path] = {}
    if changed and not dry_run:
        stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
        kept = {file: _kept(file, stamp) for file in changed}
        rewrite_files(main, {file: (old, new.text) for file, (old, new) in changed.items()}, os.environ)
    left = [problem for _old, new in done.values() for problem in new.left]
    if context.given.json:
        for file, (_old, new) in changed.items():
            changes = [{"line": c.line, "old": c.old, "new": c.new} for c in new.changes]
            backup = str(kept[file]) if file in kept else None
            output.emit({"path": str(file), "changes": changes, "backup": backup, "written": not dry_run})
    else:
        for file, (_old, new) in changed.items():
            output.out(str(file))
            for change in new.changes:
                output.out(f"  line {change.line}: {change.old} -> {change.new}")
            if file in kept:
                output.say(f"the file as it was: {kept[file]}")
        if not changed and not left:
            output.say(f"{main}: nothing to change, every name in it is today's")
    for problem in left:
        output.say(f"{problem.file}:{problem.line}: {problem.message}\n    {problem.hint}")
    if left:
        raise typer.Exit(1)


def _kept(file: Path, stamp: str) -> Path:
    """A copy of the file beside it, with its mode: it may hold a secret."""
    import shutil

    return Path(shutil.copy2(file, file.with_name(f"{file.name}.{stamp}.backup")))
