"""What `tocsin status` says of the configuration: which one is in force, and what is wrong with the file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from monitor.cli import output
from monitor.cli.status_words import moment, when

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime
    from pathlib import Path

    from monitor.config.load import Loaded
    from monitor.store.database import Reader

DIFFERS = "the file on disk differs from the running configuration"


def database_of(loaded: Loaded) -> Path:
    """Where a configuration that cannot be used has its database, as far as can be told."""
    from monitor.config import peek

    assert loaded.partial is not None, "loading builds what it can"
    config = loaded.partial
    if config.database != config.path.parent / "tocsin.db":
        return config.database  # it was read, or given by flag or environment
    named = peek.database_of(loaded.texts.get(str(config.path), ""))
    return config.path.parent / named.expanduser() if named else config.database


def gather(reader: Reader | None, loaded: Loaded, pid: int | None) -> dict[str, Any]:
    """Which configuration is in force, since when, and what is the matter with the one on the disk."""
    from monitor.store.rows import from_db

    assert loaded.partial is not None, "loading builds what it can"
    errors = [finding for finding in loaded.findings if finding.level == "error"]
    shape: dict[str, Any] = {
        "path": str(loaded.partial.path.absolute()),
        "loaded_at": None,
        "refused": None,
        "differs": False,
        "changed": [],
        "error": None,
    }
    if errors and loaded.config is None:
        first = errors[0]
        message = f"{first.file}:{first.line}: {first.message}"
        shape["error"] = {"message": message, "hint": first.hint, "more": len(errors) - 1}
    row, value = _fact(reader, "config_loaded")
    if row is None or value is None or value.get("pid") != pid or pid is None:
        return shape  # what a daemon that is gone knew says nothing of the next one
    shape |= {"path": value["path"], "loaded_at": output.rfc3339(from_db(row["at"]))}
    row, value = _fact(reader, "config_refused")
    if row and value:
        shape["refused"] = {"at": output.rfc3339(from_db(row["at"])), **value}
    row, value = _fact(reader, "config_differs")
    if row and value:
        shape |= {"differs": True, "changed": value}
    return shape


def lines(config: dict[str, Any], pid: int | None, now: datetime) -> list[str]:
    """Which configuration is in force, and each thing that is the matter with it, with its remedy."""
    loaded, refused, error = config["loaded_at"], config["refused"], config["error"]
    said = [f"config   {config['path']}" + when(", loaded", moment(loaded), now)]
    if refused:
        more = f" (and {refused['more']} more)" if refused["more"] else ""
        ago = when("refused", moment(refused["at"]), now)
        said.append(f"{ago}, the old one stays in force: {refused['message']}{more}")
        said += [f"    {refused['hint']}"] if refused["hint"] else []
    elif error:
        more = f" (and {error['more']} more)" if error["more"] else ""
        said.append(f"cannot be used as it is now: {error['message']}{more}: see tocsin check")
    if config["differs"]:
        said.append(f"{DIFFERS}: {', '.join(config['changed'])}")
        said.append(f"    tocsin check, then systemctl reload tocsin (or kill -HUP {pid})")
    return [said[0], *(" " * 9 + output.colour(line, "yellow") for line in said[1:])]


def _fact(reader: Reader | None, name: str) -> tuple[sqlite3.Row | None, Any]:
    """A fact's row, and the value it holds as JSON; None where there is none."""
    from monitor.store import sql

    row = reader.row(sql.FACT, name=name) if reader else None
    return row, json.loads(row["value"]) if row and row["value"] else None
