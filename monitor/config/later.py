"""What the configuration may already say and this version does not act on yet, so that `check` is honest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from monitor.config.lines import Lines
from monitor.model import Finding
from monitor.settings import Config, Origin

if TYPE_CHECKING:
    from collections.abc import Iterator


def not_yet(config: Config) -> tuple[Finding, ...]:
    """
    One warning for each feature the configuration asks for and this version does not act on.

    The place is that of its first use. Values that ask for what happens anyway are silent,
    and so is what the rules engine reports by itself. Reads the files again to name the lines.
    """
    texts: dict[str, Lines] = {}
    findings = []
    told: set[str] = set()
    for feature, origin in _used(config):
        if feature in told:
            continue
        told.add(feature)
        if origin.file not in texts:
            texts[origin.file] = Lines(_text(Path(origin.file)))
        line = texts[origin.file].line_of(origin.path)
        message = f"{feature}: accepted, but this version does not act on it yet"
        findings.append(Finding(origin.file, line, message, "not_yet", "warning"))
    return tuple(sorted(findings, key=lambda finding: (finding.file, finding.line, finding.message)))


def _used(config: Config) -> Iterator[tuple[str, Origin]]:
    for rule in config.rules:
        yield from _asked("[[rules]]", rule.origin, secret=rule.secret)


def _asked(table: str, origin: Origin | None, **keys: bool) -> Iterator[tuple[str, Origin]]:
    """The keys of one table that ask for something, with their places."""
    for key, asked in keys.items():
        if asked and origin:
            yield f"'{key}' in {table}", Origin(origin.file, (*origin.path, key))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return ""
