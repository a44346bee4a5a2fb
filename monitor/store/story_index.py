"""
The index of sketches in the store (see `stories.index`): look up, file, clear away.

The functions run inside the writer's transaction, look-up before insertion: two copies of one dispatch that
are polled in the same tick find each other. What is too old is cleared away slice by slice of the hashes.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.store import sql
from monitor.stories.index import DAYS, STOP, Found, best, slice_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from monitor.store.tx import Tx


def look_up(tx: Tx, probe: Collection[int], titles: Collection[int], day: int, *, days: int = DAYS) -> Found:
    """
    The articles of the last `days` that share at least six shingles, or a title; at most 20.

    `probe` is what `shingles.probe` gives. `day` is that of the new article; one filed a day later (clocks,
    order of polls) is found too.
    """
    asked = sorted({*probe, *titles})
    if not asked:
        return Found()
    window = {"first": day - days + 1, "last": day + 1}
    crowded = tx.rows(sql.SHINGLES_CROWDED, hashes=json.dumps(asked), most=STOP, **window)
    stop = frozenset(row[0] for row in crowded)
    if stop:
        asked = [number for number in asked if number not in stop]
    rows = tx.rows(sql.SHINGLES_FIND, hashes=json.dumps(asked), **window)
    return replace(best(((row[0], row[1]) for row in rows), titles), stop=stop)


def insert(
    tx: Tx,
    article_id: int,
    sketch: Collection[int],
    titles: Collection[int],
    day: int,
    *,
    stop: frozenset[int] = frozenset(),
) -> int:
    """File an article under its sketch and its titles, stop-shingles left out; returns the rows written."""
    kept = sorted({*sketch, *titles} - stop)
    tx.run_many(sql.SHINGLE_INSERT, [{"day": day, "h": number, "article_id": article_id} for number in kept])
    return len(kept)


def expire(tx: Tx, part: int, before: int) -> int:
    """Remove what is older than the day `before` from one of the slices of the table; returns the rows."""
    first, last = slice_of(part)
    return tx.run(sql.SHINGLES_EXPIRE, first=first, last=last, day=before)
