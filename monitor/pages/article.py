"""
The article of a page as trafilatura sees it: its lines, its title and its authors.

The only importer of trafilatura, which needs a tenth of a second and 25 MB to load: this module belongs into
the worker process. Default settings: they keep more of the article than `favor_precision`, and what they keep
too much of is found by the second opinion (confirm.py).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import trafilatura

_DATES = {"extensive_search": False, "original_date": True}
_MOST_AUTHORS = 20
_CELLS = re.compile(r"(?<!\\)\|")
CELL_SIGN = " | "


@dataclass(frozen=True, slots=True)
class Facts:
    """What trafilatura finds about an article beside its text."""

    title: str = ""
    authors: tuple[str, ...] = ()


def tree_of(text: str) -> Any:
    """A page's tree, or None where there is none in it."""
    return trafilatura.load_html(text)


def lines_of(tree: Any) -> list[str]:
    """The lines of the article, none of them empty; [] where there is none. The tree stays as it is."""
    found = trafilatura.bare_extraction(tree, include_comments=False)
    text = getattr(found, "text", None) or ""
    return [line for line in map(_plain, text.split("\n")) if line]


def _plain(line: str) -> str:
    """A line without the signs that draw a table around cells; "" for a line of such signs."""
    line = line.strip()
    if not line.startswith("|"):
        return line
    cells = [" ".join(cell.split()) for cell in _CELLS.split(line)]
    return CELL_SIGN.join(cell.replace("\\|", "|") for cell in cells if cell.strip("-: "))


def facts_of(tree: Any) -> Facts:
    """Title and authors."""
    found = trafilatura.extract_metadata(tree, date_config=_DATES)
    names = [name.strip() for name in (found.author or "").split(";")]
    return Facts(found.title or "", tuple(name for name in dict.fromkeys(names) if name)[:_MOST_AUTHORS])
