"""How the configuration speaks of a mistake: what is wrong, without ever repeating a secret."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

KeyPath = tuple[str | int, ...]

_HARMLESS = re.compile(r"[\w .*?\[\]&'+-]{1,80}")


@dataclass(frozen=True, slots=True)
class Problem:
    """
    A mistake at a path inside one file, before its line is known (but for a syntax error, which has no path).

    `message` may hold "{other}": it becomes the place of `other`, a (file, path) that it is compared with.
    """

    file: str
    path: KeyPath
    code: str
    message: str
    hint: str = ""
    level: str = "error"
    other: tuple[str, KeyPath] | None = None
    line: int | None = None
    column: int | None = None


class WrongValueError(ValueError):
    """A value is not what its key asks for; the message follows "'key' in [table]: "."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


def kind_of(value: object) -> str:
    """What a TOML value is, in a user's words."""
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return "text"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, dt.time):
        return "a time without quotes"
    return "a date"


def shown(value: str) -> str:
    """The value in quotes, or a stand-in where it could be an address or a token put in the wrong place."""
    return f"'{value}'" if _HARMLESS.fullmatch(value) else "a value not shown here"


def nearest(word: str, options: Iterable[str]) -> str | None:
    """The option most like `word`, if one is near."""
    by_fold = {option.lower(): option for option in options}
    found = difflib.get_close_matches(word.lower(), by_fold, n=1, cutoff=0.6)
    return by_fold[found[0]] if found else None


def did_you_mean(word: str, options: Iterable[str]) -> str:
    """A hint with the nearest option, or with all of them where they are few."""
    names = sorted(option for option in options if _HARMLESS.fullmatch(option))
    near = nearest(word, names)
    if near:
        return f"did you mean '{near}'?"
    return f"there is: {', '.join(names)}" if 0 < len(names) <= 12 else ""


def listed(options: Iterable[str]) -> str:
    """Several words as people list them: "a, b or c"."""
    *head, last = options
    return f"{', '.join(head)} or {last}" if head else last


def table_of(path: KeyPath) -> tuple[str, str]:
    """
    The table a path lies in, as it is written in the file, and the dotted key inside it.

    >>> table_of(("feeds", 1, "auth", "user"))
    ('[[feeds]]', 'auth.user')
    >>> table_of(("rules", 0, "tests", 2, "match"))
    ('[[rules.tests]]', 'match')
    """
    if not path:
        return "", ""
    names = [part if _HARMLESS.fullmatch(part) else "…" for part in path if not isinstance(part, int)]
    if path[0] == "rules" and len(path) > 3 and path[2] == "tests":
        return "[[rules.tests]]", ".".join(names[2:])
    if path[0] in ("feeds", "opml", "rules", "routes"):
        return f"[[{path[0]}]]", ".".join(names[1:])
    if path[0] in ("entities", "channels", "quiet_hours"):
        if len(path) == 1:
            return f"[{path[0]}]", ""
        return f"[{path[0]}.{names[1]}]", ".".join(names[2:])
    if len(path) == 1:
        return "", names[0]
    return f"[{path[0]}]", ".".join(names[1:])


def about(path: KeyPath) -> str:
    """The start of a message: "'every' in [[feeds]]"."""
    table, key = table_of(path)
    if not key:
        return table
    return f"'{key}' in {table}" if table else f"'{key}'"
