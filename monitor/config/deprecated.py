"""
Forms of the configuration that were right once: read, with a warning, and rewritten by `config migrate`.

A key that gets a better name is entered in FORMS; from then on a file that uses the old name means what it
meant, and is told the new one. Nothing is entered there yet: every configuration since the first version
still says the same. An old form is taken out with the next major version at the earliest.
"""

from __future__ import annotations

import re
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from monitor.config.lines import Lines, parse
from monitor.config.words import Problem, table_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from monitor.config.words import KeyPath

ANY = "*"  # in a form's table: every element of a list, every name


@dataclass(frozen=True, slots=True)
class Renamed:
    """
    A key, or a whole table, that is called otherwise since a version.

    `table` is the path it stands in, () for the top of the file; ANY stands for each element of a list
    ("feeds", ANY) or each name ("channels", ANY). The new name stands in the same table.
    """

    table: KeyPath
    old: str
    new: str
    since: str


FORMS: tuple[Renamed, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """A name that was changed, and its line, from 1. Never the line itself: it may hold a secret."""

    line: int
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A file's new text, the lines that changed, and the findings of what must be changed by hand."""

    text: str
    changes: tuple[Change, ...] = ()
    left: tuple[Problem, ...] = ()


def modern(
    data: dict[str, Any], file: str, forms: Sequence[Renamed] | None = None
) -> tuple[dict[str, Any], list[Problem]]:
    """The data of one file with every old name made new, and a warning for each; the data itself is kept."""
    problems: list[Problem] = []
    written: dict[KeyPath, KeyPath] = {}  # where a renamed table stands in the file, by its new path
    for form in FORMS if forms is None else forms:
        for path in _uses(data, form):
            if not problems:
                data = deepcopy(data)
            table, there = _at(data, path), _as_written(path, written)
            problems.append(_problem(form, there, file, both=form.new in table))
            table.setdefault(form.new, table.pop(form.old))
            written[*path, form.new] = (*there, form.old)
    return data, problems


def rewrite(text: str, file: str, forms: Sequence[Renamed] | None = None) -> Rewritten:
    """
    The file's text with its old names made new, every other byte as it is.

    Each change is kept only if the file then means exactly what it meant before; what cannot be changed in
    this way, since both names are given or a table is written in an unusual form, is left for a person.
    """
    lines = text.split("\n")
    changes: list[Change] = []
    left: list[Problem] = []
    for form in FORMS if forms is None else forms:
        for path in _uses(parse(lines) or {}, form):
            renamed = _renamed(lines, form, path)
            if renamed is None:
                left.append(_by_hand(lines, form, path, file))
            else:
                number, lines[number - 1] = renamed
                changes.append(Change(number, form.old, form.new))
    return Rewritten("\n".join(lines), tuple(changes), tuple(left))


def _by_hand(lines: list[str], form: Renamed, path: KeyPath, file: str) -> Problem:
    """What a person has to change, with its line."""
    both = form.new in _at(parse(lines), path)
    problem = _problem(form, path, file, both=both)
    line = Lines("\n".join(lines)).line_of(problem.path)
    return replace(problem, hint=problem.hint if both else "change it by hand", line=line)


def _uses(data: Mapping[str, Any], form: Renamed) -> list[KeyPath]:
    """The tables that hold the old name."""
    return [path for path in _places(data, form.table) if form.old in _at(data, path)]


def _as_written(path: KeyPath, written: Mapping[KeyPath, KeyPath]) -> KeyPath:
    """The path as the file has it, where a table on the way to it was renamed."""
    for depth in range(len(path), 0, -1):
        if path[:depth] in written:
            return written[path[:depth]] + path[depth:]
    return path


def _places(data: Any, pattern: KeyPath, path: KeyPath = ()) -> Iterator[KeyPath]:
    """The tables that a form's `table` fits."""
    if not pattern:
        if isinstance(data, dict):
            yield path
        return
    head, *rest = pattern
    steps: list[str | int] = [head] if isinstance(data, dict) and head in data else []
    if head == ANY:
        steps = (
            list(range(len(data))) if isinstance(data, list) else list(data) if isinstance(data, dict) else []
        )
    for step in steps:
        yield from _places(data[step], tuple(rest), (*path, step))


def _at(data: Any, path: KeyPath) -> dict[str, Any]:
    for part in path:
        data = data[part]
    table: dict[str, Any] = data
    return table


def _renamed(lines: list[str], form: Renamed, path: KeyPath) -> tuple[int, str] | None:
    """The line with the old name, from 1, and how it reads with the new one; None where there is none."""
    wanted = deepcopy(parse(lines) or {})
    table = _at(wanted, path)
    if form.new in table:
        return None
    table[form.new] = table.pop(form.old)
    first, last = Lines("\n".join(lines)).statement((*path, form.old))
    old = re.compile(rf"(?<![\w-])(?P<quote>[\"']?){re.escape(form.old)}(?P=quote)(?![\w-])")
    for number in range(first, last + 1):
        line = lines[number - 1]
        for place in old.finditer(line):
            after = f"{line[: place.start()]}{form.new}{line[place.end() :]}"
            if parse([*lines[: number - 1], after, *lines[number:]]) == wanted:
                return number, after
    return None


def _problem(form: Renamed, path: KeyPath, file: str, *, both: bool) -> Problem:
    table, _ = table_of((*path, form.old))
    place = f" in {table}" if path else ""
    if both:
        message = f"'{form.old}'{place} is the old name of '{form.new}', and both are given"
        return Problem(
            file, (*path, form.old), "deprecated", message, f"keep '{form.new}', take the other out"
        )
    message = f"'{form.old}'{place} is called '{form.new}' since version {form.since}; it still works"
    hint = "tocsin config migrate rewrites it"
    return Problem(file, (*path, form.old), "deprecated", message, hint, "warning")
