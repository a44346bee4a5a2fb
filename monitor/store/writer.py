"""
The one writer: a thread that owns the only writing connection of the daemon.

Theory of operation. Callers submit *units of work*: plain functions of a transaction that read, decide and
write, and return a value. The thread takes them from a priority queue (alerts and deliveries before mere
poll results), runs some in one BEGIN IMMEDIATE … COMMIT, and only then tells the callers: eight of those
that wait for the disk, four times as many of the others, which are quiet polls. So the fsync of a commit is
shared, a match never waits behind a long queue of unchanged feeds, and nobody learns of a result that a power
cut could take back.

To wake a thread costs as much as a small unit of work, so what tasks submit of no urgency goes to it together
with what others submit in the next two milliseconds.

A unit that raises must not take its neighbours down: the group is rolled back and its units are run again one
by one, each in its own transaction; the one that fails hands its exception to its caller. A unit must
therefore be repeatable: it may not do anything but use its transaction.

A disk that is full or fails, a lock, a read-only file system are nobody's own fault: the whole group is told,
and `health` before it. When the disk is full the reserve is given up first and the group run again, which
hides the fault from the callers but not from `health`. After an I/O error the connection is closed and the
file opened anew for the next group: what was cached can no longer be trusted. SQLite takes back a COMMIT that
failed; only a crash right after it may yet make it durable, for its frames can have reached the log
(measured). So a caller who was told of a failure reads again before it decides anything.
"""

from __future__ import annotations

import contextlib
import queue
import sqlite3
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import IntEnum
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Any, TypeVar

from monitor.errors import Fault, StoreError
from monitor.store.connection import must_exist, open_writer
from monitor.store.faults import explain, explain_os
from monitor.store.health import Health
from monitor.store.reserve import Reserve
from monitor.store.tx import Tx

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator
    from pathlib import Path

T = TypeVar("T")
GROUP = 8  # units of work in a transaction
_SMALL = 0.25  # what one that does not wait for the disk counts
GATHER = 0.002  # seconds


class Priority(IntEnum):
    """Who goes first when several units wait."""

    DELIVERY = 0
    MATCHES = 1
    POLL = 2
    HOUSEKEEPING = 3


@dataclass(slots=True)
class _Job:
    """A unit of work; or `alone`, work on the bare connection; or, with neither, the end."""

    unit: Callable[[Tx], Any] | None
    done: Future[Any] | _Awaited = field(default_factory=Future)
    alone: tuple[Callable[[sqlite3.Connection], Any], bool] | None = None
    synced: bool = True

    @property
    def weight(self) -> float:
        """What it takes of a group's room."""
        return 1.0 if self.synced else _SMALL


class _Awaited:
    """
    An answer that a task of an event loop waits for, in place of a concurrent future.

    The answers of a group are given together: the loop is woken once for all of them, where it was woken for
    each, which took as long as the writing.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, answers: list[tuple[_Awaited, Any, Any]]) -> None:
        self.loop = loop
        self.future: asyncio.Future[Any] = loop.create_future()
        self._answers = answers

    def set_result(self, result: Any) -> None:
        """Have the result given at the end of the group."""
        self._answers.append((self, result, None))

    def set_exception(self, error: BaseException) -> None:
        """Have the exception given at the end of the group."""
        self._answers.append((self, None, error))


def _give(answers: list[tuple[_Awaited, Any, Any]]) -> None:
    """In the loop's thread: let the tasks go on; one that was cancelled waits no longer."""
    for job, result, error in answers:
        if job.future.done():
            continue
        if error is None:
            job.future.set_result(result)
        else:
            job.future.set_exception(error)


class Writer:
    """Runs units of work in transactions of its own thread. Start it, submit, close it."""

    def __init__(self, path: Path) -> None:
        self.health = Health()
        self.reserve = Reserve(path)
        self._path = path
        self._con: sqlite3.Connection | None = self._open()
        # Written in C, unlike queue.PriorityQueue: the callers' side costs next to nothing.
        self._arrived: queue.SimpleQueue[list[tuple[int, int, _Job]]] = queue.SimpleQueue()
        self._gathered: list[tuple[int, int, _Job]] = []
        self._gatherer: asyncio.AbstractEventLoop | None = None  # it will send what is gathered
        self._gathering = 0  # its thread
        self._waiting: list[tuple[int, int, _Job]] = []  # a heap, the thread's own
        self._numbers = count()
        self._truncate = threading.Event()
        self._answers: list[tuple[_Awaited, Any, Any]] = []  # of the group in hand; the thread's own
        self._thread = threading.Thread(target=self._loop, name="writer", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether the thread is there to take work."""
        return self._thread.is_alive()

    def submit(
        self, unit: Callable[[Tx], T], priority: Priority = Priority.POLL, *, synced: bool = True
    ) -> Future[T]:
        """
        Have `unit` run and committed; the future holds its result, or its exception.

        What was submitted is run: a caller that no longer waits for it cannot take it back. Without `synced`
        nobody waits for the disk: it survives the end of the process, and perhaps not a power cut.
        """
        done: Future[T] = Future()
        if self._gathered and threading.get_ident() == self._gathering:
            self._send_gathered()  # what was submitted before this is run before it
        self._enqueue(_Job(unit, done, synced=synced), priority)
        return done

    async def run(
        self, unit: Callable[[Tx], T], priority: Priority = Priority.POLL, *, synced: bool = True
    ) -> T:
        """`submit`, for a task that waits for the result: cheaper where many do so at once."""
        from asyncio import get_running_loop  # noqa: PLC0415 - it brings ssl, which verbs that read need not load

        loop = get_running_loop()
        done = _Awaited(loop, self._answers)
        job = _Job(unit, done, synced=synced)
        if priority < Priority.POLL:
            self._enqueue(job, priority)
        else:
            self._must_run()
            self._gathered.append((int(priority), next(self._numbers), job))
            if self._gatherer is not loop:
                self._gatherer, self._gathering = loop, threading.get_ident()
                loop.call_later(GATHER, self._send_gathered)
        result: T = await done.future
        return result

    def run_alone(self, work: Callable[[sqlite3.Connection], T], *, reopen: bool) -> Future[T]:
        """Have `work` run on the connection between two transactions, and the file opened anew after it."""
        done: Future[T] = Future()
        self._enqueue(_Job(None, done, alone=(work, reopen)), Priority.DELIVERY)
        return done

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
        self._send_gathered()
        self._arrived.put([(99, next(self._numbers), _Job(None))])
        self._thread.join()
        self._drop()

    def _must_run(self) -> None:
        if not self.running:
            raise StoreError(f"the database {self._path} is closed")

    def _send_gathered(self) -> None:
        gathered, self._gathered, self._gatherer = self._gathered, [], None
        if gathered:
            self._arrived.put(gathered)

    def _enqueue(self, job: _Job, priority: Priority) -> None:
        self._must_run()
        if isinstance(job.done, Future):
            # A task that is cancelled cancels the future it awaits, and a cancelled one cannot be answered.
            job.done.set_running_or_notify_cancel()
        self._arrived.put([(int(priority), next(self._numbers), job)])

    def _give_answers(self) -> None:
        """Wake each loop whose tasks have their answers now; one that has ended needs none."""
        while self._answers:
            loop = self._answers[0][0].loop
            answers = [answer for answer in self._answers if answer[0].loop is loop]
            self._answers[:] = [answer for answer in self._answers if answer[0].loop is not loop]
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(_give, answers)

    def _open(self) -> sqlite3.Connection:
        """Open the file. A seam: fault tests hand in connections that fail."""
        return open_writer(self._path)

    def _drop(self) -> None:
        con, self._con = self._con, None
        if con is not None:
            with contextlib.suppress(sqlite3.Error):
                con.close()

    def _loop(self) -> None:
        while True:
            jobs = [self._next_job()]
            room = GROUP - jobs[0].weight
            while room > 0 and jobs[-1].unit is not None and self._more:
                jobs.append(self._next_job())
                room -= jobs[-1].weight
            work = [j for j in jobs if j.unit is not None]
            if work:
                self._commit_group(work)
                self._give_answers()
            if self._truncate.is_set():
                self._truncate.clear()
                self._truncate_log()
            last = jobs[-1]
            if last.alone is not None:
                self._do_alone(last)
            elif last.unit is None:
                return

    @property
    def _more(self) -> bool:
        return bool(self._waiting) or not self._arrived.empty()

    def _next_job(self) -> _Job:
        """The most urgent job, the first of its kind; waits for one. Only the thread takes any."""
        while not self._waiting or not self._arrived.empty():
            for job in self._arrived.get():
                heappush(self._waiting, job)
        return heappop(self._waiting)[2]

    def _truncate_log(self) -> None:
        if self._con is None:
            return
        with contextlib.suppress(sqlite3.Error):  # what is wrong with the disk is told by the next commit
            patience = self._con.execute("PRAGMA busy_timeout").fetchone()[0]
            try:
                self._con.execute("PRAGMA busy_timeout=0")  # a reader is not waited for: nor are matches
                self._con.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                self._con.execute(f"PRAGMA busy_timeout={patience}")

    def _commit_group(self, jobs: list[_Job]) -> None:
        try:
            results = self._run(jobs)
        except Exception as error:  # noqa: BLE001 - whatever a unit raised belongs to its caller
            self._failed(jobs, self._translated(error))
            return
        for job, result in zip(jobs, results, strict=True):
            job.done.set_result(result)

    def _failed(self, jobs: list[_Job], error: Exception) -> None:
        """Tell those whom it concerns, after trying what may still help."""
        fault = error.fault if isinstance(error, StoreError) else None
        if isinstance(error, StoreError):
            if fault in (Fault.IO, Fault.MISSING, Fault.READ_ONLY):
                self._drop()
            self.health.note(error)
        if fault is Fault.FULL and self.reserve.release():
            self._commit_group(jobs)
        elif fault is not None and fault.passing:
            for job in jobs:
                job.done.set_exception(_again(error))
        elif len(jobs) == 1:
            jobs[0].done.set_exception(error)
        else:
            for job in jobs:
                self._commit_group([job])

    def _run(self, jobs: list[_Job]) -> list[Any]:
        con = self._connection()
        with self._without_sync(con) if not any(job.synced for job in jobs) else contextlib.nullcontext():
            con.execute("BEGIN IMMEDIATE")
            try:
                tx = Tx(con)
                results = [job.unit(tx) for job in jobs if job.unit is not None]
                self._commit(con)
            except BaseException:
                self._roll_back(con)
                raise
        return results

    @contextlib.contextmanager
    def _without_sync(self, con: sqlite3.Connection) -> Iterator[None]:
        """For a transaction that the next synced one may take to the disk with it."""
        con.execute("PRAGMA synchronous=NORMAL")
        try:
            yield
        finally:
            if self._con is con:  # it was not closed meanwhile
                try:
                    con.execute("PRAGMA synchronous=FULL")
                except sqlite3.Error:
                    self._drop()  # the next one begins with it; what was committed stays committed

    def _connection(self) -> sqlite3.Connection:
        if self._con is None:
            must_exist(self._path)  # opening would make an empty database where ours was taken away
            self._con = self._open()
        return self._con

    def _roll_back(self, con: sqlite3.Connection) -> None:
        try:
            if con.in_transaction:
                con.execute("ROLLBACK")
        except sqlite3.Error:
            self._drop()  # closing takes it back as well

    def _commit(self, con: sqlite3.Connection) -> None:
        """Make it durable. A seam of its own: the crash suite kills the process on either side of it."""
        con.execute("COMMIT")

    def _do_alone(self, job: _Job) -> None:
        assert job.alone is not None
        work, reopen = job.alone
        try:
            result = work(self._connection())
        except OSError as error:
            job.done.set_exception(explain_os(error, self._path, doing="cannot write"))
            return
        except Exception as error:  # noqa: BLE001 - it belongs to the caller
            job.done.set_exception(self._translated(error))
            return
        if reopen:
            self._drop()
        job.done.set_result(result)

    def _translated(self, error: Exception) -> Exception:
        return explain(error, self._path) if isinstance(error, sqlite3.Error) else error


def _again(error: Exception) -> Exception:
    """A copy for one more caller: an exception that several raise would gather all their tracebacks."""
    if not isinstance(error, StoreError):
        return error
    return StoreError(error.message, hint=error.hint, fault=error.fault)
