"""What can be told of a configuration that cannot be used: where its database lies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from monitor.config.lines import Lines, parse

if TYPE_CHECKING:
    from collections.abc import Iterable


def database_of(text: str) -> Path | None:
    """
    The `database` of [monitor] as it is written, also in a file that is not TOML elsewhere.

    The path is not made whole. None where the file names none, or where [monitor] itself cannot be read.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    for block in _monitor_blocks(lines):
        data = parse(block) or {}
        table = data.get("monitor", data)
        name = table.get("database") if isinstance(table, dict) else None
        if isinstance(name, str) and name.strip():
            return Path(name)
    return None


def _monitor_blocks(lines: list[str]) -> Iterable[list[str]]:
    """The whole text where it is TOML, else the lines from [monitor] to the next header, less and less."""
    if Lines("\n".join(lines)).data:
        yield lines
        return
    for at, line in enumerate(lines):
        if line.split("#")[0].strip() == "[monitor]":
            end = next(
                (n for n in range(at + 1, len(lines)) if lines[n].lstrip().startswith("[")), len(lines)
            )
            yield from (lines[at:stop] for stop in range(end, at, -1))
