"""Pruning a whole file at once, for the command line: beside a daemon that goes on, or without one."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.errors import DaemonRunningError
from monitor.store import sql
from monitor.store.connection import open_writer
from monitor.store.faults import explain
from monitor.store.lock import DaemonLock
from monitor.store.retention import Place, Stage, prune_step, shrink_step
from monitor.store.rows import to_db
from monitor.store.tx import Tx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from monitor.store.retention import Limits

_BREATH = 0.05  # seconds between two steps in which a daemon gets at the file


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows of each table went, and how many bytes that set free; `beside` = a daemon was at work."""

    removed: Mapping[str, int]
    freed: int
    beside: bool


def prune_file(
    path: Path,
    limit: Limits,
    *,
    dry_run: bool,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Pruned:
    """
    Remove what may go and give its pages back; with `dry_run` each step is taken back, only its counts stay.

    `progress` is told the articles looked at, and of how many. Without a daemon its lock is held meanwhile,
    for then this connection is the one that checkpoints. Raises StoreError.
    """
    with _sole(path) as sole, closing(open_writer(path, checkpoints=sole)) as con:
        try:
            total = con.execute(sql.OLD_ARTICLES_COUNT, {"before": to_db(limit.articles)}).fetchone()[0]
            size = con.execute("PRAGMA page_size").fetchone()[0]
            before = con.execute("PRAGMA page_count").fetchone()[0]
            place, freed = Place(), 0
            while place.stage is not Stage.DONE:
                free = con.execute("PRAGMA freelist_count").fetchone()[0]
                with _step(con, keep=not dry_run, breathe=not sole) as tx:
                    place = prune_step(tx, place, limit)
                    freed += con.execute("PRAGMA freelist_count").fetchone()[0] - free
                progress(place.seen, total)
            while not dry_run and _shrink(con, breathe=not sole):
                pass
            after = con.execute("PRAGMA page_count").fetchone()[0]
        except sqlite3.Error as error:
            raise explain(error, path) from error
    return Pruned(place.removed, size * (freed if dry_run else before - after), not sole)


def _shrink(con: sqlite3.Connection, *, breathe: bool) -> int:
    with _step(con, keep=True, breathe=breathe) as tx:
        return shrink_step(tx, spare=0.0)


@contextmanager
def _sole(path: Path) -> Iterator[bool]:
    """Whether nobody else is at work on the file; if so nobody begins to be."""
    lock = DaemonLock(path)
    try:
        lock.acquire()
    except DaemonRunningError:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


@contextmanager
def _step(con: sqlite3.Connection, *, keep: bool, breathe: bool) -> Iterator[Tx]:
    """One transaction, kept or taken back; then a pause that is longer than it was, where others wait."""
    began = time.monotonic()
    con.execute("BEGIN IMMEDIATE")
    try:
        yield Tx(con)
        con.execute("COMMIT" if keep else "ROLLBACK")
    finally:
        if con.in_transaction:
            con.execute("ROLLBACK")
    if breathe:
        time.sleep(max(_BREATH, 2 * (time.monotonic() - began)))
