"""Mistakes of form in a user's words: from what the validator saw to a Problem with a remedy."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.config import checks
from monitor.config.words import (
    KeyPath,
    Problem,
    WrongValueError,
    about,
    kind_of,
    nearest,
    shown,
    table_of,
)

KeysOf = Callable[[KeyPath], Mapping[str, Any]]

SYNONYMS = {
    "keyword": "any", "keywords": "any", "words": "any", "terms": "any", "exclude": "none", "not": "none",
    "interval": "every", "schedule": "every", "frequency": "every", "feed": "feeds", "tag": "tags",
    "link": "url", "href": "url", "address": "url", "title": "name", "id": "name", "priority": "severity",
    "language": "lang", "channel": "channels", "to": "channels", "receiver": "channels", "alias": "aliases",
    "start": "from", "end": "to", "username": "user", "pass": "password", "token": "url", "db": "database",
    "tz": "timezone",
}  # fmt: skip
_TABLES = ("monitor", "polling", "feeds", "rules", "channels", "routes", "entities", "alerts", "log", "pages")


@dataclass(frozen=True, slots=True)
class Mistake:
    """What the validator says of one value. `value` may be a secret: only its kind is ever told."""

    path: KeyPath
    kind: str
    value: object = None
    wrong: WrongValueError | None = None
    expected: str = ""
    limit: int | None = None


def explain(mistake: Mistake, file: str, keys_of: KeysOf, table: object = None) -> Problem:
    """One mistake as a Problem; `table` is the table it stands in, for a name to speak of."""
    path, kind = mistake.path, mistake.kind
    if kind == "extra_forbidden":
        return unknown_key(path, file, keys_of)
    if kind == "missing":
        return _missing(path, file, table)
    if mistake.wrong:
        wrong = mistake.wrong
        link = " " if wrong.message.startswith(("is ", "has ", "holds ", "must ", "may ")) else ": "
        return Problem(file, path, wrong.code, f"{about(path)}{link}{wrong.message}", wrong.hint)
    if kind == "literal_error":
        wrong = checks.choice(mistake.value, re.findall(r"'([^']*)'", mistake.expected))
        return Problem(file, path, wrong.code, f"{about(path)}: {wrong.message}", wrong.hint)
    if kind == "too_short":
        hint = "leave the key out, or write what it should hold"
        return Problem(file, path, "empty", f"{about(path)} is an empty list", hint)
    if kind in ("greater_than_equal", "less_than_equal"):
        bound = "at least" if kind == "greater_than_equal" else "at most"
        return Problem(file, path, "out_of_range", f"{about(path)}: must be {bound} {mistake.limit}")
    return _wrong_type(mistake, file)


def unknown_key(path: KeyPath, file: str, keys_of: KeysOf) -> Problem:
    """A key that does not exist there, with the nearest one that does, or the table where it belongs."""
    *parents, last = path
    key = str(last)
    options = keys_of(tuple(parents))
    table, inner = table_of((*parents, "x"))
    inner = inner.rpartition(".")[0]
    place = f" in '{inner}' of {table}" if inner else f" in {table}" if table else ""
    message = f"unknown key {shown(key)}{place}" if parents else f"unknown key or table {shown(key)}"
    synonym = SYNONYMS.get(key.lower())
    near = nearest(key, options)
    if near:
        return Problem(file, path, "unknown_key", f"{message}; did you mean '{near}'?", _listed(options))
    if synonym in options:
        return Problem(file, path, "unknown_key", f"{message}; did you mean '{synonym}'?", _listed(options))
    return Problem(file, path, "unknown_key", message, _belongs(key, keys_of) or _listed(options))


def _listed(options: Mapping[str, Any]) -> str:
    return f"known here: {', '.join(options)}" if options else ""


def _belongs(key: str, keys_of: KeysOf) -> str:
    if key in keys_of(()):
        return f"'{key}' belongs at the top of the file, before the first [table]"
    for table in _TABLES:
        path = (table, "x") if table in ("channels", "entities") else (table,)
        if key in keys_of(path):
            return f"'{key}' belongs in {table_of((*path, 'x'))[0].replace('.x', '.NAME')}"
    return ""


def _missing(path: KeyPath, file: str, table: object) -> Problem:
    *parents, key = path
    place, inner = table_of(path)
    owner = inner.rpartition(".")[0]
    whose = f"'{owner}' in {place}" if owner else place
    name = table.get("name") if isinstance(table, dict) else None
    named = f" {shown(name)}" if isinstance(name, str) and not owner else ""
    examples = {
        "url": 'add url = "https://…"' if place == "[[feeds]]" else 'add url = "…"',
        "name": 'add name = "…": it is how the rule is told from others',
        "channels": 'add channels = ["…"]',
        "aliases": 'add aliases = ["…"]: the spellings to look for',
        "from": 'add from = "22:00"',
        "to": 'add to = "07:00"',
        "file": 'add file = "feeds.opml"',
        "password": 'add password = { env = "…" }',
    }
    return Problem(
        file, tuple(parents), "missing_key", f"{whose}{named} needs '{key}'", examples.get(str(key), "")
    )


def _wrong_type(mistake: Mistake, file: str) -> Problem:
    path, value = mistake.path, mistake.value
    found = kind_of(value)
    hint = ""
    expected = {
        "string_type": "text in quotes",
        "int_type": "a whole number",
        "bool_type": "true or false",
        "list_type": "a list",
        "dict_type": "a table",
        "model_type": "a table",
    }.get(mistake.kind)
    if expected is None:
        return Problem(file, path, "wrong_type", f"{about(path)}: cannot be used as it is")
    if len(path) == 1 and mistake.kind == "list_type" and isinstance(value, dict):
        return Problem(
            file,
            path,
            "wrong_table",
            f"[{path[0]}] is a list of tables",
            f"write [[{path[0]}]], with two brackets",
        )
    if len(path) == 1 and isinstance(value, list):
        hint = f"write [{path[0]}], with single brackets"
        if table_of((*path, "x", "y"))[0] == f"[{path[0]}.x]":
            hint = f"write [{path[0]}.NAME]: each has a name of its own"
        return Problem(file, path, "wrong_table", f"[[{path[0]}]] is not a list of tables", hint)
    if mistake.kind == "int_type" and isinstance(value, (str, float)):
        hint = "write it without quotes" if isinstance(value, str) else "write it without a decimal point"
    elif mistake.kind == "bool_type":
        hint = "write true or false, without quotes"
    elif mistake.kind == "list_type" and isinstance(value, str):
        hint = "put it in square brackets, also when it is only one"
    elif mistake.kind == "string_type":
        hint = "put it in quotes"
    return Problem(file, path, "wrong_type", f"{about(path)}: expected {expected}, found {found}", hint)
