"""
The one writer: a thread that owns the only writing connection of the daemon.

Theory of operation. Callers submit *units of work*: plain functions of a transaction that read, decide and
write, and return a value. The thread takes them from a priority queue (alerts and deliveries before mere
poll results), runs up to eight in one BEGIN IMMEDIATE … COMMIT, and only then tells the callers. So the fsync
of a commit is shared, a match never waits behind a long queue of unchanged feeds, and nobody learns of a
result that a power cut could take back.

A unit that raises must not take its neighbours down: the group is rolled back and its units are run again one
by one, each in its own transaction; the one that fails hands its exception to its caller. A unit must
therefore be repeatable: it may not do anything but use its transaction.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

from monitor.errors import StoreError
from monitor.store.connection import explain, open_writer
from monitor.store.tx import Tx

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")
GROUP = 8


class Priority(IntEnum):
    """Who goes first when several units wait."""

    DELIVERY = 0
    MATCHES = 1
    POLL = 2
    HOUSEKEEPING = 3


@dataclass(order=True)
class _Job:
    priority: int
    number: int
    unit: Callable[[Tx], Any] | None = field(compare=False)
    done: Future[Any] = field(compare=False, default_factory=Future)


class Writer:
    """Runs units of work in transactions of its own thread. Start it, submit, close it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._con = open_writer(path)
        self._queue: queue.PriorityQueue[_Job] = queue.PriorityQueue()
        self._numbers = count()
        self._truncate = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="writer", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether the thread is there to take work."""
        return self._thread.is_alive()

    def submit(self, unit: Callable[[Tx], T], priority: Priority = Priority.POLL) -> Future[T]:
        """
        Have `unit` run and committed; the future holds its result, or its exception.

        What was submitted is run: a caller that no longer waits for it cannot take it back.
        """
        if not self.running:
            raise StoreError(f"the database {self._path} is closed")
        job = _Job(int(priority), next(self._numbers), unit)
        # A task that is cancelled cancels the future it awaits, and a cancelled future cannot be answered.
        job.done.set_running_or_notify_cancel()
        self._queue.put(job)
        return job.done

    def truncate_log(self) -> None:
        """
        Empty the write-ahead log soon, if nobody reads from it then; else SQLite does so by and by.

        It is done by the writer's own connection, which is the only one that checkpoints.
        """
        self._truncate.set()
        self.submit(lambda _: None, Priority.HOUSEKEEPING)

    def close(self) -> None:
        """Finish what is queued, checkpoint and close the file."""
        if not self.running:
            return
        self._queue.put(_Job(99, next(self._numbers), None))
        self._thread.join()
        self._con.close()

    def _loop(self) -> None:
        while True:
            jobs = [self._queue.get()]
            while len(jobs) < GROUP and jobs[-1].unit is not None:
                try:
                    jobs.append(self._queue.get_nowait())
                except queue.Empty:
                    break
            work = [j for j in jobs if j.unit is not None]
            if work:
                self._commit_group(work)
            if self._truncate.is_set():
                self._truncate.clear()
                self._truncate_log()
            if jobs[-1].unit is None:
                return

    def _truncate_log(self) -> None:
        patience = self._con.execute("PRAGMA busy_timeout").fetchone()[0]
        try:
            self._con.execute("PRAGMA busy_timeout=0")  # a reader is not waited for: nor are matches
            self._con.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error:
            pass  # what is wrong with the disk is told by the next commit
        finally:
            self._con.execute(f"PRAGMA busy_timeout={patience}")

    def _commit_group(self, jobs: list[_Job]) -> None:
        try:
            results = self._run(jobs)
        except Exception as error:  # noqa: BLE001 - whatever a unit raised belongs to its caller
            if len(jobs) == 1:
                jobs[0].done.set_exception(self._translated(error))
                return
            for job in jobs:
                self._commit_group([job])
            return
        for job, result in zip(jobs, results, strict=True):
            job.done.set_result(result)

    def _run(self, jobs: list[_Job]) -> list[Any]:
        self._con.execute("BEGIN IMMEDIATE")
        try:
            tx = Tx(self._con)
            results = [job.unit(tx) for job in jobs if job.unit is not None]
            self._commit()
        except BaseException:
            if self._con.in_transaction:
                self._con.execute("ROLLBACK")
            raise
        return results

    def _commit(self) -> None:
        """Make it durable. A seam of its own: the crash suite kills the process on either side of it."""
        self._con.execute("COMMIT")

    def _translated(self, error: Exception) -> Exception:
        return explain(error, self._path) if isinstance(error, sqlite3.Error) else error
