"""
Where texts are found again: an inverted index of sketches in the store.

One row for each (shingle, day, article): one look at the table for each shingle, and what is written next
lies where was just read. What is too old is cleared away slice by slice of the hashes. A shingle that 200
articles of the window have says nothing (a newsletter's footer): it is neither looked up further nor written
again, so reading stays bounded.

The functions run inside the writer's transaction, look-up before insertion: two copies of one dispatch that
are polled in the same tick find each other. Beside the shingles of the text, the hashes of an item's title
stand in the index: a hit on one of them makes a candidate by itself, for items of few words.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

STOP = 200  # postings in the window that make a shingle worthless
LEAST_HITS = 6
MOST_CANDIDATES = 20
SLICES = 1_024  # in which the table is cleared, each some thousand rows
DAYS = 8  # a window of seven days touches eight

# To be compiled from statements.py, with the table, at wiring time.
SHINGLES_FIND = (
    "SELECT shingles.h, shingles.article_id FROM json_each(:hashes) AS hashes"
    " CROSS JOIN shingles ON shingles.h = hashes.value AND shingles.day BETWEEN :first AND :last"
)
SHINGLE_INSERT = "INSERT OR IGNORE INTO shingles (h, day, article_id) VALUES (:h, :day, :article_id)"
SHINGLES_EXPIRE = "DELETE FROM shingles WHERE shingles.h BETWEEN :first AND :last AND shingles.day < :day"


class Store(Protocol):
    """What a transaction can do, as far as it is needed here (`store.tx.Tx`)."""

    def rows(self, statement: str, **params: Any) -> list[sqlite3.Row]:
        """All rows of a query."""

    def run(self, statement: str, **params: Any) -> int:
        """Execute one statement; returns the number of rows it changed."""

    def run_many(self, statement: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """Execute one statement for each set of parameters."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the index knows: the best candidates with their hits, best first, and shingles to leave alone."""

    candidates: tuple[tuple[int, int], ...]
    stop: frozenset[int]


def day_of(at: datetime) -> int:
    """The day under which an article is filed: days since 1970, UTC."""
    return int(at.timestamp() // 86_400)


def look_up(
    store: Store, probe: Collection[int], titles: Collection[int], day: int, *, days: int = DAYS
) -> Found:
    """
    The articles of the last `days` that share at least six shingles, or a title; at most 20.

    `probe` is what `shingles.probe` gives. `day` is that of the new article; one filed a day later (clocks,
    order of polls) is found too.
    """
    asked = sorted({*probe, *titles})
    if not asked:
        return Found((), frozenset())
    rows = store.rows(SHINGLES_FIND, hashes=json.dumps(asked), first=day - days + 1, last=day + 1)
    postings = Counter(row[0] for row in rows)
    stop = frozenset(number for number, count in postings.items() if count >= STOP)
    if stop:
        rows = [row for row in rows if row[0] not in stop]
    hits = Counter(row[1] for row in rows)
    titled = {row[1] for row in rows if row[0] in titles}
    good = [(article, count) for article, count in hits.items() if count >= LEAST_HITS or article in titled]
    good.sort(key=lambda pair: (pair[0] not in titled, -pair[1], pair[0]))
    return Found(tuple(good[:MOST_CANDIDATES]), stop)


def insert(
    store: Store,
    article_id: int,
    sketch: Collection[int],
    titles: Collection[int],
    day: int,
    *,
    stop: frozenset[int] = frozenset(),
) -> int:
    """File an article under its sketch and its titles, stop-shingles left out; returns the rows written."""
    kept = sorted({*sketch, *titles} - stop)
    store.run_many(SHINGLE_INSERT, [{"day": day, "h": number, "article_id": article_id} for number in kept])
    return len(kept)


def expire(store: Store, part: int, before: int) -> int:
    """Remove what is older than the day `before` from one of the `SLICES` of the table; returns the rows."""
    width = 2**64 // SLICES
    first = -(2**63) + part % SLICES * width
    return store.run(SHINGLES_EXPIRE, first=first, last=first + width - 1, day=before)
