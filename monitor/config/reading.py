"""Reading the main file and those it includes, and saying in plain words why one is not TOML."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.config.deprecated import modern
from monitor.config.fingerprint import digest_of, included
from monitor.config.words import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_SAID: tuple[tuple[str, str, str], ...] = (
    ("Cannot overwrite a value", "this key is given twice", "keep one of the two"),
    ("Duplicate inline table key", "a key is given twice in this { … }", "keep one of the two"),
    ("Cannot declare", "this [table] stands twice", "join the two into one"),
    (
        "Cannot mutate immutable",
        "a list or { … } written on one line cannot be added to later",
        "write it as one",
    ),
    ("Cannot redefine namespace", "this table or key stands twice", "join the two into one"),
    ("Expected '=' after a key", "expected '=' after the key", 'write key = "value"'),
    ("Expected ']", "a table's name is not closed", "write [name] or [[name]]"),
    (
        "Unclosed array",
        "a list is not closed, or a comma between two of its values is missing",
        "look at this line and those above it: add , or ]",
    ),
    ("Unclosed inline table", "a { … } is not closed", "add the missing }"),
    ("Unterminated string", "text is not closed", "add the missing quote"),
    ('Expected "\'"', "text is not closed", "add the missing quote"),
    ("Illegal character '\\n'", "text is not closed at the end of the line", "add the missing quote"),
    (
        "Unescaped '\\' in a string",
        'a backslash in "…" must be doubled',
        "or put the text in single quotes: '…'",
    ),
    ("Invalid hex value", 'a backslash in "…" must be doubled', "or put the text in single quotes: '…'"),
    ("Invalid initial character for a key part", "expected a key", "text that is not a key needs # in front"),
    ("Invalid value", "expected a value", 'text needs quotes, as in key = "value"'),
    (
        "Expected newline or end of document after a statement",
        "something stands behind the value",
        "one key = value a line; text needs quotes",
    ),
)


@dataclass(frozen=True, slots=True)
class Source:
    """One file: how it is spoken of, where it is, its text and its data (empty where it is not TOML)."""

    file: str
    path: Path
    text: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    parsed: bool = True
    digest: str = ""  # empty where the file could not be read


def pattern_of(main: Path, pattern: str) -> str:
    """An `include` pattern as it is looked up: relative to the main file."""
    return str(main.parent / Path(pattern).expanduser())


def read_sources(path: Path, texts: Mapping[Path, str]) -> tuple[list[Source], list[Problem]]:
    """The main file first, then the included ones in the order of their paths, and what went wrong."""
    problems: list[Problem] = []
    main = _read(path, texts, problems)
    sources = [main]
    seen = {os.path.realpath(path)}
    patterns = main.data.get("include", [])
    for i, pattern in enumerate(patterns if isinstance(patterns, list) else []):
        if not isinstance(pattern, str):
            continue
        found = included([pattern_of(path, pattern)])
        if not found:
            message = "this 'include' fits no file"
            hint = f"paths are relative to {path.parent.absolute()}"
            problems.append(Problem(main.file, ("include", i), "empty_include", message, hint, "warning"))
        for place in found:
            if os.path.realpath(place) not in seen:
                seen.add(os.path.realpath(place))
                sources.append(_read(Path(place), texts, problems))
    return [main, *sorted(sources[1:], key=lambda source: source.file)], problems


def _read(path: Path, texts: Mapping[Path, str], problems: list[Problem]) -> Source:
    file = str(path)
    try:
        raw = texts[path].encode() if path in texts else path.read_bytes()
    except OSError as error:
        message = f"cannot be read: {error.strerror or 'unknown reason'}"
        problems.append(Problem(file, (), "unreadable", message, "look at the path and its permissions"))
        return Source(file, path, parsed=False)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        hint = "save the file as UTF-8"
        problems.append(Problem(file, (), "not_utf8", "is not UTF-8 text", hint, line=line))
        return Source(file, path, parsed=False)
    text = text.replace("\r\n", "\n")
    try:
        data, old = modern(tomllib.loads(text), file)
    except tomllib.TOMLDecodeError as error:
        problems.append(_syntax_error(error, text, file))
        return Source(file, path, text, parsed=False)
    problems += old
    return Source(file, path, text, data, digest=digest_of(raw))


def _syntax_error(error: tomllib.TOMLDecodeError, text: str, file: str) -> Problem:
    said = str(error)
    place = _PLACE.search(said)
    line = text.count("\n") + (0 if text.endswith("\n") else 1)
    column = None
    if place and place[1]:
        line, column = int(place[1]), int(place[2])
    message, hint = next(
        ((words, remedy) for start, words, remedy in _SAID if said.startswith(start)),
        ("this is not TOML", "see https://toml.io for how TOML is written"),
    )
    return Problem(file, (), "syntax", message, hint, line=max(line, 1), column=column)
