"""Lines of an explanation: what a terminal shows is folded at its width, what a pipe gets is not."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

from monitor.cli import output

if TYPE_CHECKING:
    from datetime import datetime

WIDEST = 100  # columns beyond which a line is hard to read, however wide the terminal is
NARROWEST = 40
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def columns() -> int:
    """The columns to fold at; 0 = not at all."""
    if not sys.stdout.isatty():
        return 0
    return max(NARROWEST, min(os.get_terminal_size().columns, WIDEST))


def line(text: str, hang: int = 2) -> None:
    """A line of data; where it is folded, what follows is indented by `hang` more than its beginning."""
    width = columns()
    if not width or output.columns_of(_ESCAPES.sub("", text)) <= width:
        output.out(text)
        return
    lead = re.match(r" *", text)
    indent = " " * min((len(lead[0]) if lead else 0) + hang, width // 2)
    start, *words = re.split(r"(?<=\S) ", text)
    row = start
    for word in words:
        if output.columns_of(_ESCAPES.sub("", f"{row} {word}")) > width and row.strip():
            output.out(row)
            row = indent + word
        else:
            row += f" {word}"
    output.out(row)


def when(moment: datetime | None, now: datetime) -> str:
    """A time with how long ago it is."""
    return f"{output.rfc3339(moment)} ({output.ago(moment, now)})" if moment else "never"


def mark(*, holds: bool) -> str:
    """A sign for yes or no: one character where the output can show it, else a word."""
    sign, word = ("✓", "yes") if holds else ("✗", "no ")
    try:
        sign.encode(sys.stdout.encoding or "utf-8")
    except UnicodeEncodeError:
        sign = word
    return output.colour(sign, "green" if holds else "red")
