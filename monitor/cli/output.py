"""How verbs speak: data on standard output, talk on standard error, JSON when asked, tables for people."""

from __future__ import annotations

import json
import os
import re
import sys
import unicodedata
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_ASIDE = 60  # characters shown on either side of a place in a long line
_ESCAPE = re.compile("\x1b\\[[0-9;]*m")
COLOURS = {"red": "31", "green": "32", "yellow": "33", "bold": "1", "dim": "2"}


def emit(value: Any) -> None:
    """One JSON value on one line; where the output's encoding has not every character, in ASCII."""
    sys.stdout.write(json.dumps(value, ensure_ascii=not is_unicode(sys.stdout), default=_plain) + "\n")


def is_unicode(stream: Any) -> bool:
    """Whether every character can be written to a stream."""
    return (stream.encoding or "utf-8").lower().replace("-", "").startswith("utf")


def out(text: str = "") -> None:
    """A line of data."""
    sys.stdout.write(text + "\n")


def say(text: str) -> None:
    """A line of talk."""
    sys.stderr.write(text + "\n")


def colour(text: str, name: str, *, stream: Any = None) -> str:
    """The text in a colour, where a terminal shows it and NO_COLOR does not forbid it."""
    stream = stream or sys.stdout
    if os.environ.get("NO_COLOR") or not stream.isatty():
        return text
    return f"\x1b[{COLOURS[name]}m{text}\x1b[0m"


def table(
    headers: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str, spare: Sequence[int] = ()
) -> None:
    """
    Aligned columns; `empty` is said (as talk) where there are no rows.

    On a terminal that is too narrow the columns `spare` are left out, one after the other, and the last that
    stays is cut at its width; in a pipe nothing is left out or cut.
    """
    cells = [[_cell(value) for value in row] for row in rows]
    if not cells:
        say(empty)
        return
    widths = [max(columns_of(row[n]) for row in [list(headers), *cells]) for n in range(len(headers))]
    limit = terminal_width()
    shown, dropped = list(range(len(headers))), list(spare)
    while limit and dropped and sum(widths[n] + 2 for n in shown) - 2 > limit:
        shown.remove(dropped.pop(0))
    head = "  ".join(_pad(headers[n], widths[n]) for n in shown).rstrip()
    out(colour(head, "bold"))
    for row in cells:
        line = "  ".join(_pad(row[n], widths[n]) for n in shown).rstrip()
        out(_cut(line, limit) if limit else line)


def terminal_width() -> int:
    """The columns of the terminal that data goes to, or as COLUMNS says; 0 where it goes elsewhere."""
    if not sys.stdout.isatty():
        return 0
    said = os.environ.get("COLUMNS", "")
    if said.isascii() and said.isdigit() and int(said):
        return int(said)
    try:
        return os.get_terminal_size().columns
    except OSError:  # a terminal that is none
        return 0


def folded(line: str, indent: int) -> str:
    """
    A line as a narrow terminal shows it best: broken between words, what follows below its first text.

    Colours take no room. In a pipe, and where it fits, it is what it was.
    """
    width = terminal_width()
    if not width or columns_of(_ESCAPE.sub("", line)) <= width or width < 2 * indent:
        return line
    head, *words = line[indent:].split(" ")
    broken, used = line[:indent] + head, indent + columns_of(_ESCAPE.sub("", head))
    for word in words:
        length = columns_of(_ESCAPE.sub("", word))
        if used + 1 + length > width:
            broken, used = f"{broken}\n{' ' * indent}{word}", indent + length
        else:
            broken, used = f"{broken} {word}", used + 1 + length
    return broken


def ago(moment: datetime | None, now: datetime) -> str:
    """A time as people say it: "3 min ago", "in 2 h"."""
    if moment is None:
        return "-"
    seconds = (now - moment).total_seconds()
    size = abs(seconds)
    for unit, length in (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1)):
        if size >= length or unit == "s":
            text = f"{int(size // length)} {unit}"
            return f"{text} ago" if seconds >= 0 else f"in {text}"
    return "-"


class Bar:
    """A progress bar on standard error, where a person is looking; nothing elsewhere."""

    WIDTH = 30

    def __init__(self, what: str) -> None:
        self._what = what
        self._shown = -1
        self._seen = sys.stderr.isatty()

    def show(self, done: int, total: int) -> None:
        """Draw it, but only when it would look different."""
        filled = self.WIDTH * done // max(total, 1)
        if not self._seen or filled == self._shown:
            return
        self._shown = filled
        bar = "█" * filled + "░" * (self.WIDTH - filled)
        sys.stderr.write(f"\r{self._what} {bar} {done}/{total}")
        sys.stderr.flush()

    def clear(self) -> None:
        """Take it off the screen."""
        if self._shown >= 0:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()


def rfc3339(moment: datetime | None) -> str | None:
    """A time as JSON shows it."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z") if moment else None


def pointed(text: str, column: int) -> str:
    """
    Two lines: the line of a text that holds its `column`, and a caret below that character.

    `column` counts the text's characters from 1. What is far from it on a long line is left out.
    """
    at = min(column - 1, len(text))
    start = text.rfind("\n", 0, at) + 1
    end = text.find("\n", at)
    end = len(text) if end < 0 else end
    first, last = max(start, at - _ASIDE), min(end, at + _ASIDE)
    before = ("…" if first > start else "") + printable(text[first:at])
    after = printable(text[at:last]) + ("…" if last < end else "")
    return f"    {before}{after}\n    {' ' * columns_of(before)}^"


def printable(text: str) -> str:
    """The text with nothing in it that a terminal would obey."""
    return "".join(char if char.isprintable() else " " for char in text)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return rfc3339(value)
    return str(value)


def _cell(value: Any) -> str:
    """One line, without anything a terminal would obey."""
    return printable("-" if value is None or value == "" else str(value))


def columns_of(text: str) -> int:
    """The columns that a text takes on a terminal."""
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(bool(unicodedata.combining(c)) for c in text)


def _pad(text: str, width: int) -> str:
    return text + " " * (width - columns_of(text))


def _cut(line: str, limit: int) -> str:
    return line if columns_of(line) <= limit else line[: max(limit - 1, 1)] + "…"
