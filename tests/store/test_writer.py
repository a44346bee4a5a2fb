"""The one writer: groups, priorities, failing units, and that nothing acknowledged is lost."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from monitor.errors import StoreError
from monitor.store import sql
from monitor.store.connection import open_reader
from monitor.store.writer import GROUP, Priority, Writer
from tests.support.store import GUARD, add_feed, new_database

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from monitor.store.tx import Tx


class GatedWriter(Writer):
    """Counts transactions and commits; `blocked` holds the thread so that others queue up behind it."""

    def __init__(self, path: Path) -> None:
        self.groups: list[int] = []
        super().__init__(path)

    def _run(self, jobs: list[Any]) -> list[Any]:
        self.groups.append(len(jobs))
        return super()._run(jobs)

    def blocked(self) -> Callable[[], None]:
        """Keep the thread inside a unit; returns what lets it go on."""
        begun, go_on = threading.Event(), threading.Event()

        def unit(_: Tx) -> None:
            begun.set()
            assert go_on.wait(GUARD)

        self.submit(unit, Priority.DELIVERY)
        assert begun.wait(GUARD)
        self.groups.clear()
        return go_on.set


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[GatedWriter]:
    """A writer on a fresh database."""
    writer = GatedWriter(new_database(tmp_path))
    yield writer
    writer.close()


def feeds_in(path: Path) -> list[str]:
    """The names of the feeds that were committed."""
    with closing(open_reader(path)) as con:
        return [row["name"] for row in con.execute("SELECT name FROM feeds ORDER BY id")]


def noted(runs: list[str], name: str) -> Callable[[Tx], None]:
    """Make a unit that only writes down that it ran."""
    return lambda _: runs.append(name)


def test_a_result_means_that_it_is_committed(writer: GatedWriter, tmp_path: Path) -> None:
    """What a unit returns comes back once its rows can be read by others."""
    assert writer.submit(lambda tx: add_feed(tx, "a")).result(GUARD) == 1
    assert feeds_in(tmp_path / "tocsin.db") == ["a"]


def test_a_failing_unit_fails_alone(writer: GatedWriter, tmp_path: Path) -> None:
    """In a group the good ones are committed and the bad one's own exception reaches its caller."""
    go_on = writer.blocked()

    def bad(tx: Tx) -> None:
        add_feed(tx, "half done")
        raise ValueError("mine")

    good = [writer.submit(partial(add_feed, name=f"good-{n}")) for n in range(2)]
    failing = writer.submit(bad)
    good += [writer.submit(lambda tx: add_feed(tx, "good-2"))]
    go_on()
    assert [unit.result(GUARD) for unit in good] == [1, 2, 3]
    with pytest.raises(ValueError, match="mine"):
        failing.result(GUARD)
    assert feeds_in(tmp_path / "tocsin.db") == ["good-0", "good-1", "good-2"]


def test_units_of_a_failed_group_run_exactly_once_more(writer: GatedWriter) -> None:
    """Each unit is run in the group, then once in a transaction of its own: never a third time."""
    runs: list[str] = []
    go_on = writer.blocked()

    def bad(_: Tx) -> None:
        runs.append("bad")
        raise ValueError

    units = [writer.submit(noted(runs, n)) for n in ("first", "second")]
    failing = writer.submit(bad)
    units.append(writer.submit(lambda _: runs.append("last")))
    go_on()
    with pytest.raises(ValueError):  # noqa: PT011 - raised bare above
        failing.result(GUARD)
    for unit in units:
        unit.result(GUARD)
    assert runs == ["first", "second", "bad", "first", "second", "bad", "last"]
    assert writer.groups == [4, 1, 1, 1, 1]


def test_a_unit_that_fails_alone_is_not_run_again(writer: GatedWriter) -> None:
    """A single unit has nobody to protect: one run, one exception."""
    runs: list[int] = []

    def bad(_: Tx) -> None:
        runs.append(1)
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        writer.submit(bad).result(GUARD)
    assert runs == [1]


def test_sqlite_errors_reach_the_caller_in_words(writer: GatedWriter) -> None:
    """What SQLite refuses comes back as a StoreError."""

    def twice(tx: Tx) -> None:
        add_feed(tx, "same")
        add_feed(tx, "same")

    with pytest.raises(StoreError, match="UNIQUE") as caught:
        writer.submit(twice).result(GUARD)
    assert isinstance(caught.value, StoreError)


def test_groups_are_small(writer: GatedWriter) -> None:
    """A long queue is committed in groups of at most eight."""
    go_on = writer.blocked()
    units = [writer.submit(partial(add_feed, name=f"f{n}")) for n in range(2 * GROUP + 3)]
    go_on()
    for unit in units:
        unit.result(GUARD)
    assert writer.groups == [GROUP, GROUP, 3]


def test_small_units_share_a_larger_group(writer: GatedWriter) -> None:
    """Of those that do not wait for the disk four times as many are committed together."""
    go_on = writer.blocked()
    units = [writer.submit(partial(add_feed, name=f"f{n}"), synced=False) for n in range(4 * GROUP + 3)]
    go_on()
    for unit in units:
        unit.result(GUARD)
    assert writer.groups == [4 * GROUP, 3]


def test_what_tasks_submit_at_once_comes_together(writer: GatedWriter, tmp_path: Path) -> None:
    """Polls of one moment are one group; a match among them waits for no other; closing forgets none."""
    order: list[str] = []

    async def story() -> None:
        units = [writer.run(noted(order, f"poll {n}"), synced=False) for n in range(5)]
        await asyncio.gather(*units, writer.run(noted(order, "match"), Priority.MATCHES))
        left = asyncio.create_task(writer.run(partial(add_feed, name="left")))
        await asyncio.sleep(0)
        left.cancel()

    asyncio.run(story())
    assert order == ["match", *(f"poll {n}" for n in range(5))]
    assert writer.groups == [1, 5]
    writer.close()
    assert feeds_in(tmp_path / "tocsin.db") == ["left"]


def test_what_is_submitted_later_is_run_later(writer: GatedWriter) -> None:
    """Also where what came before still waits for company: a failure is recorded before it is excused."""
    order: list[str] = []

    async def story() -> None:
        poll = asyncio.create_task(writer.run(noted(order, "poll")))
        await asyncio.sleep(0)
        excuse = writer.submit(noted(order, "excuse"))
        await poll
        await asyncio.wrap_future(excuse)

    asyncio.run(story())
    assert order == ["poll", "excuse"]


def test_the_urgent_goes_first(writer: GatedWriter) -> None:
    """Deliveries pass matches, matches pass polls, polls pass housekeeping; equals keep their order."""
    order: list[str] = []
    go_on = writer.blocked()
    queue = [
        ("housekeeping", Priority.HOUSEKEEPING),
        *[(f"poll {n}", Priority.POLL) for n in range(GROUP)],
        ("match 1", Priority.MATCHES),
        ("delivery", Priority.DELIVERY),
        ("match 2", Priority.MATCHES),
    ]
    units = [writer.submit(noted(order, name), priority) for name, priority in queue]
    go_on()
    for unit in units:
        unit.result(GUARD)
    polls = [f"poll {n}" for n in range(GROUP)]
    assert order == ["delivery", "match 1", "match 2", *polls, "housekeeping"]


def test_close_finishes_what_is_queued(tmp_path: Path) -> None:
    """Closing waits for all that was submitted before, whatever its priority."""
    writer = GatedWriter(new_database(tmp_path))
    go_on = writer.blocked()
    units = [writer.submit(partial(add_feed, name=f"f{n}"), Priority.HOUSEKEEPING) for n in range(GROUP + 2)]
    threading.Timer(0.0, go_on).start()
    writer.close()
    assert all(unit.done() for unit in units)
    assert len(feeds_in(tmp_path / "tocsin.db")) == GROUP + 2


def test_a_closed_writer_takes_nothing(tmp_path: Path) -> None:
    """Work for a closed writer is refused at once instead of waiting for ever; closing twice is harmless."""
    writer = Writer(new_database(tmp_path))
    writer.close()
    writer.close()
    with pytest.raises(StoreError, match="closed"):
        writer.submit(lambda tx: tx.rows(sql.FEEDS))


def test_a_caller_that_is_cancelled_takes_nothing_back(writer: GatedWriter, tmp_path: Path) -> None:
    """A cancelled task neither stops the thread nor undoes what it submitted."""

    async def story() -> int:
        go_on = writer.blocked()

        async def wait() -> None:
            await asyncio.wrap_future(writer.submit(lambda tx: add_feed(tx, "left alone")))

        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on()
        unit = writer.submit(lambda tx: add_feed(tx, "the next"))
        return await asyncio.wait_for(asyncio.wrap_future(unit), GUARD)

    assert asyncio.run(story()) == 2
    assert feeds_in(tmp_path / "tocsin.db") == ["left alone", "the next"]


def test_a_failed_commit_fails_its_unit_and_leaves_the_thread_well(tmp_path: Path) -> None:
    """Where the disk fills up in COMMIT the caller hears of it, and the next unit is committed."""

    class Full(Writer):
        left = 1

        def _commit(self, con: sqlite3.Connection) -> None:
            if self.left:
                self.left -= 1
                raise sqlite3.OperationalError("database or disk is full")
            super()._commit(con)

    writer = Full(new_database(tmp_path))
    with pytest.raises(StoreError, match="is full"):
        writer.submit(lambda tx: add_feed(tx, "lost")).result(GUARD)
    writer.submit(lambda tx: add_feed(tx, "kept")).result(GUARD)
    writer.close()
    assert feeds_in(tmp_path / "tocsin.db") == ["kept"]


ACKNOWLEDGE = """
import sys
from itertools import count
from pathlib import Path
from monitor.store import sql
from monitor.store.writer import Writer
writer = Writer(Path(sys.argv[1]))
def unit(tx):
    number = tx.next_id("stories")
    tx.run(sql.STORY_INSERT, id=number, created_at="2026-03-01 12:00:00.000000")
    return number
waiting = []
for _ in count():
    waiting.append(writer.submit(unit))
    if len(waiting) == 12:
        for done in waiting:
            print(done.result(), flush=True)
        waiting.clear()
"""


def test_nothing_acknowledged_is_lost_to_a_kill(tmp_path: Path) -> None:
    """After kill -9 at any moment every id that was reported as committed is in the file, which is whole."""
    path = new_database(tmp_path)
    acknowledged: set[int] = set()
    for lines in (1, 3, 20, 50, 90):
        with subprocess.Popen(
            [sys.executable, "-c", ACKNOWLEDGE, str(path)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            for _ in range(lines):
                acknowledged.add(int(process.stdout.readline()))
            process.kill()
            # What was printed before the kill counts; a line that was cut does not.
            rest = process.stdout.read()
            acknowledged |= {int(line) for line in rest.splitlines(keepends=True) if line.endswith("\n")}
        with closing(open_reader(path)) as con:
            stored = {row["id"] for row in con.execute("SELECT id FROM stories")}
            assert con.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert acknowledged <= stored


def test_what_need_not_survive_a_power_cut_waits_for_no_disk(writer: GatedWriter) -> None:
    """It is committed all the same; beside others it is synced with them, and the next is synced again."""

    def level(tx: Tx) -> int:
        return int(tx.row("PRAGMA synchronous")[0])  # type: ignore[index]

    normal, full = 1, 2
    assert writer.submit(level, synced=False).result() == normal
    assert writer.submit(level).result() == full
    with pytest.raises(ZeroDivisionError):
        writer.submit(lambda _: 1 // 0, synced=False).result()
    assert writer.submit(level).result() == full
    go_on = writer.blocked()
    together = [writer.submit(level, synced=False), writer.submit(level)]
    go_on()
    assert [each.result() for each in together] == [full, full]
