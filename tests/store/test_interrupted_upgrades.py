"""An upgrade that is killed at any step starts again and loses nothing; a large one is not long at it."""

from __future__ import annotations

import os
import random
import resource
import signal
import sqlite3
import sys
import time
import warnings
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor.errors import StoreError
from monitor.store import schema
from monitor.store.checkup import examine
from monitor.store.connection import open_reader
from tests.support import archive, harbour
from tests.support.documents import NOON

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OLDEST = harbour.SCHEMAS / "0001.sql"
LATER = NOON + timedelta(minutes=1)
KEPT = ("articles", "stories", "sightings", "matches", "ledger", "outbox", "attempts", "feeds", "notices")


def counted(path: Path) -> dict[str, tuple[int, int]]:
    """How many rows each table holds, and the sum of their ids."""
    with closing(open_reader(path)) as con:
        return {
            table: tuple(con.execute(f"SELECT count(*), sum(rowid) FROM {table}").fetchone())
            for table in KEPT
        }


def in_a_child(work: Callable[[], object]) -> int:
    """Do the work in a fork of this process; returns the signal that ended it, 0 for an orderly end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the child uses no thread and no lock of ours
        child = os.fork()
    if child == 0:
        try:
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            work()
        except BaseException:  # noqa: BLE001 - nothing of the test's may run in the child
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def killed_before_statement(number: int, path: Path) -> bool:
    """Migrate in a child that is killed as its statement of that number begins; False where it has fewer."""

    def work() -> None:
        left = [number]
        connect = sqlite3.connect

        def count(_statement: str) -> None:
            left[0] -= 1
            if left[0] < 0:
                os.kill(os.getpid(), signal.SIGKILL)

        def watched(*args: Any, **kwargs: Any) -> sqlite3.Connection:
            con: sqlite3.Connection = connect(*args, **kwargs)
            con.set_trace_callback(count)
            return con

        sqlite3.connect = sqlite3.dbapi2.connect = watched  # type: ignore[assignment]
        schema.migrate(path, now=NOON)

    return in_a_child(work) == signal.SIGKILL


def killed_after(seconds: float, path: Path) -> bool:
    """Migrate in a child that is killed after that time; False where it was done sooner."""

    def work() -> None:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # its default ends a process as a kill does
        signal.setitimer(signal.ITIMER_REAL, seconds)
        schema.migrate(path, now=NOON)

    return in_a_child(work) == signal.SIGALRM


def killed_before_each(folder: Path, first: int, step: int) -> int:
    """Kill an upgrade before every `step`th statement and check the next start; returns the last number."""
    warm = archive.grown(OLDEST, folder / "warm.db", 10)
    schema.migrate(warm, now=NOON)  # Alembic is imported once, not in every child
    number = first
    while True:
        trial = folder / str(number)
        trial.mkdir()
        path = archive.grown(OLDEST, trial / "tocsin.db", 100)
        before = counted(path)
        killed = killed_before_statement(number, path)
        schema.migrate(path, now=LATER)
        assert schema.version_of(path) == schema.HEAD, number
        assert counted(path) == before, number
        assert examine(path).findings == (), number
        backups = sorted(trial.glob("*.backup*"))
        assert [one.name.split(".")[2] for one in backups] == ["0001"], number
        assert counted(backups[0]) == before, number
        if not killed:
            return number
        number += step


def test_an_upgrade_killed_before_some_of_its_statements_starts_again(tmp_path: Path) -> None:
    """Whatever is done by then, the next start ends at the newest schema with every row and one backup."""
    assert killed_before_each(tmp_path, random.randrange(6), 6) > 50


@pytest.mark.slow
def test_an_upgrade_killed_before_any_of_its_statements_starts_again(tmp_path: Path) -> None:
    """The same for each statement."""
    assert killed_before_each(tmp_path, 0, 1) > 50


def test_an_upgrade_killed_ten_times_leaves_one_backup(tmp_path: Path) -> None:
    """A service manager that starts it again and again does not fill the disk."""
    path = archive.grown(OLDEST, tmp_path / "tocsin.db", 100)
    for number in range(20, 30):
        assert killed_before_statement(number, path)
    schema.migrate(path, now=LATER)
    assert len(list(tmp_path.glob("*.backup*"))) == 1


def test_a_step_that_fails_leaves_the_old_schema_and_one_backup(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error in the middle takes every step back; tried again, it makes no second backup."""
    path = archive.grown(OLDEST, tmp_path / "tocsin.db", 10)
    before = counted(path)

    def broken(_path: Path) -> None:
        raise StoreError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(schema, "_upgrade", broken)
        for _ in range(3):
            with pytest.raises(StoreError, match="the disk is full"):
                schema.migrate(path, now=NOON)
    assert schema.version_of(path) == "0001"
    assert counted(path) == before
    assert len(list(tmp_path.glob("*.backup*"))) == 1
    schema.migrate(path, now=LATER)
    assert [one.name.split(".")[2] for one in tmp_path.glob("*.backup*")] == ["0001"]


@pytest.mark.prove
def test_half_a_million_articles_migrate_within_a_minute_even_when_killed(tmp_path: Path) -> None:
    """The time it takes, printed; and killed at ten moments of it, it still loses nothing."""
    path = archive.grown(OLDEST, tmp_path / "tocsin.db", 500_000)
    size, before = path.stat().st_size, counted(path)
    copy = tmp_path / "killed" / "tocsin.db"
    copy.parent.mkdir()
    schema.backup(path, copy)
    began = time.monotonic()
    saved = schema.migrate(path, now=NOON)
    took = time.monotonic() - began
    assert saved is not None
    assert counted(path) == counted(saved) == before
    killed = sum(killed_after(took * part / 40, copy) for part in range(1, 10))
    schema.migrate(copy, now=LATER)
    assert schema.version_of(copy) == schema.HEAD
    assert counted(copy) == before
    assert examine(copy).findings == ()
    figures = f"{size / 1e6:.0f} MB: {took:.1f} s with the backup; killed {killed} times on the way"
    sys.stderr.write(f"\n500,000 articles, {figures}\n")
    assert took <= 60
