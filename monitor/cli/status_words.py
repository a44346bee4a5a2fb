"""Small words that the parts of `tocsin status` share: moments, how long ago they were, headings."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from monitor.cli import output

if TYPE_CHECKING:
    from collections.abc import Sequence

SHOWN = 5  # lines of a kind


def moment(text: str | None) -> datetime | None:
    """The moment that JSON shows so."""
    return datetime.fromisoformat(text) if text else None


def when(words: str, at: datetime | None, now: datetime) -> str:
    """The words with how long ago it was; "" where there is no such moment."""
    return f"{words} {output.ago(at, now)}" if at else ""


def headed(head: str, lines: Sequence[str]) -> list[str]:
    """The lines, the first behind its heading, the others below it."""
    return [f"{'' if n else head:<9}{line}" for n, line in enumerate(lines)]
