"""
What a site repeats: a paragraph seen on three pages of one host within a week is the host's, not the news'.

Newsletter boxes, agency footers and cookie texts get past every extractor somewhere; but they come again,
word by word, on the host's next pages, which no report does. The guard is pure: `remembered` is what the
store knows of a host's paragraphs, and what it should know then comes back.

A paragraph counts by its words: case, spaces and punctuation may differ. Short lines are left alone ("He said
no."), and so are pages already counted: the same article fetched again proves nothing. A page's key is its
identity (articles.urls.url_key), so that copies of one article under two addresses of a host may count twice:
three are needed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.pages.values import Cut, Extracted, Line
from monitor.text.hashes import hash64

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

PAGES = 3
WINDOW = timedelta(days=7)
WHY = f"seen on {PAGES} pages of this site within {WINDOW.days} days"

_LEAST_WORDS = 4
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Seen:
    """A paragraph of a host on one page: hashes of both, and when it was last seen there."""

    paragraph: int
    page: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Guarded:
    """
    Lines that are the page's own, those the site repeats, and what to remember of the page.

    `seen` holds every paragraph of the page, the repeated ones too: else a week later they would be news.
    """

    lines: tuple[Line, ...]
    cut: tuple[Cut, ...]
    seen: tuple[Seen, ...]


def paragraph_hash(text: str) -> int | None:
    """The hash by which a paragraph is known again; None for one too short to tell."""
    words = _WORD.findall(text.lower())
    if len(words) < _LEAST_WORDS and len(text) < 4 * _LEAST_WORDS:
        return None
    return hash64(" ".join(words).encode("utf-8", "replace"))


def hashes_of(lines: Iterable[Line]) -> frozenset[int]:
    """What to ask the store about before `guard`: the hashes of these lines."""
    return frozenset(h for line in lines if (h := paragraph_hash(line.text)) is not None)


def guard(
    extracted: Extracted, *, page: int, now: datetime, remembered: Mapping[int, Iterable[Seen]]
) -> Guarded:
    """
    Tell a page's own lines from those its host repeats.

    `page` is the page's hash; `remembered` what is known of this host's paragraphs, by their hash. Entries
    that are too old, or this page's own, do not count.
    """
    kept: list[Line] = []
    cut: list[Cut] = []
    seen: dict[int, Seen] = {}
    for line in extracted.lines:
        known = paragraph_hash(line.text)
        if known is None:
            kept.append(line)
            continue
        seen[known] = Seen(known, page, now)
        others = {one.page for one in remembered.get(known, ()) if now - one.at <= WINDOW} - {page}
        if len(others) + 1 >= PAGES:
            cut.append(Cut(line.text, WHY))
        else:
            kept.append(line)
    return Guarded(tuple(kept), tuple(cut), tuple(seen.values()))
