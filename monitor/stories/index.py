"""
Where texts are found again: what an inverted index of sketches says, and how large it may grow. Pure.

One row for each (shingle, day, article): one look at the table for each shingle, and what is written next
lies where was just read (`store.story_index`). A shingle that 200 articles of the window have says nothing (a
newsletter's footer): it is neither looked up further nor written again, so reading stays bounded. Beside the
shingles of the text, the hashes of an item's title stand in the index: a hit on one of them makes a candidate
by itself, for items of few words.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

STOP = 200  # postings in the window that make a shingle worthless
ENOUGH = 8  # postings of one story that find it as well as hundreds
LEAST_HITS = 6
MOST_CANDIDATES = 20
SLICES = 1_024  # in which the table is cleared, each some thousand rows
DAYS = 8  # a window of seven days touches eight


@dataclass(frozen=True, slots=True)
class Found:
    """
    What the index knows: the best candidates with their hits, best first, and shingles to leave alone.

    `hits` are the pairs of shingle and article that were found, those to leave alone aside.
    """

    candidates: tuple[tuple[int, int], ...] = ()
    stop: frozenset[int] = frozenset()
    hits: tuple[tuple[int, int], ...] = ()

    def crowded(self, articles: Collection[int]) -> frozenset[int]:
        """The shingles by which so many of these articles are found that another would add nothing."""
        counts = Counter(number for number, article in self.hits if article in articles)
        return frozenset(number for number, count in counts.items() if count >= ENOUGH)


def day_of(at: datetime) -> int:
    """The day under which an article is filed: days since 1970, UTC."""
    return int(at.timestamp() // 86_400)


def slice_of(part: int) -> tuple[int, int]:
    """The first and the last hash of one of the `SLICES` of the table."""
    width = 2**64 // SLICES
    first = -(2**63) + part % SLICES * width
    return first, first + width - 1


def best(postings: Iterable[tuple[int, int]], titles: Collection[int]) -> Found:
    """
    The best candidates of (shingle, article) pairs: six shingles in common, or a title; at most 20.

    `titles` are the hashes of titles among the shingles that were looked up.
    """
    rows = list(postings)
    counts = Counter(number for number, _ in rows)
    stop = frozenset(number for number, count in counts.items() if count >= STOP)
    if stop:
        rows = [row for row in rows if row[0] not in stop]
    hits = Counter(article for _, article in rows)
    titled = {article for number, article in rows if number in titles}
    good = [(article, count) for article, count in hits.items() if count >= LEAST_HITS or article in titled]
    good.sort(key=lambda pair: (pair[0] not in titled, -pair[1], pair[0]))
    return Found(tuple(good[:MOST_CANDIDATES]), stop, tuple(rows))
