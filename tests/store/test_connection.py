"""Opening files: modes, errors in a user's words, and command line writers beside the daemon."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from monitor.errors import StoreError
from monitor.store import sql
from monitor.store.connection import open_reader, open_writer
from monitor.store.database import Database, Reader, command_line_tx
from monitor.store.faults import explain
from monitor.store.lock import DaemonLock
from tests.support.store import GUARD, add_feed, do, new_database, opened

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.store.tx import Tx


def test_only_the_owner_can_read_any_of_the_files(tmp_path: Path) -> None:
    """Database, -wal, -shm and lock are 0600 even under a generous umask."""
    before = os.umask(0)
    try:
        with opened(tmp_path) as database:
            lock = DaemonLock(database.path)
            lock.acquire()
            do(database, add_feed)
            modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in tmp_path.iterdir()}
            lock.release()
    finally:
        os.umask(before)
    files = ("tocsin.db", "tocsin.db-shm", "tocsin.db-wal", "tocsin.db.lock")
    assert modes == dict.fromkeys(files, 0o600)


def test_closing_leaves_one_file(tmp_path: Path) -> None:
    """A clean stop checkpoints: nothing but the database file remains."""
    with opened(tmp_path) as database:
        do(database, add_feed)
    assert [p.name for p in tmp_path.iterdir()] == ["tocsin.db"]


def test_a_commit_is_made_to_last(tmp_path: Path) -> None:
    """The writing connection is WAL with synchronous FULL and checks foreign keys."""
    with closing(open_writer(new_database(tmp_path))) as con:
        ask = {
            p: con.execute(f"PRAGMA {p}").fetchone()[0]
            for p in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert ask == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    """The reading connection refuses every change, and says so as a StoreError."""
    reader = Reader(new_database(tmp_path))
    with pytest.raises(StoreError):
        reader.rows("DELETE FROM feeds")
    reader.close()


def test_a_missing_database_says_how_to_get_one(tmp_path: Path) -> None:
    """Reading, or writing from the command line, creates no empty file."""
    path = tmp_path / "tocsin.db"
    with pytest.raises(StoreError, match="no database") as caught:
        open_reader(path)
    assert "tocsin run" in caught.value.hint
    with pytest.raises(StoreError, match="no database"), command_line_tx(path):
        pass
    assert not path.exists()


@pytest.mark.parametrize("kind", ["folder", "inside a file"])
def test_a_place_where_no_file_can_be_is_told_with_a_hint(tmp_path: Path, kind: str) -> None:
    """A folder under the database's name, or a file for a folder, is a StoreError with a remedy."""
    path = tmp_path / "place"
    if kind == "folder":
        path.mkdir()
    else:
        path.write_text("a file")
        path /= "tocsin.db"
    for act in (open_writer, Database):
        with pytest.raises(StoreError, match="place") as caught:
            act(path)
        assert "database" in caught.value.hint


AS_NOBODY = """
import os, sys
from datetime import UTC, datetime
from pathlib import Path
from monitor.errors import StoreError
from monitor.store import schema
from monitor.store.faults import explain
from monitor.store.lock import DaemonLock
import monitor.store.database as store
path = Path(sys.argv[1])
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
def use_tx():
    with store.command_line_tx(path):
        pass
acts = [lambda: schema.migrate(path, now=datetime.now(UTC)), lambda: store.Database(path), use_tx,
        lambda: DaemonLock(path).acquire()]
for act in acts:
    try:
        act()
    except StoreError as error:
        print(bool(error.hint), error.message)
"""


def test_a_folder_that_may_not_be_read_is_told_with_a_hint(tmp_path: Path) -> None:
    """Whatever needs the file says which one, and to check the rights; none shows a traceback."""
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o000)
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, str(folder / "tocsin.db")],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    folder.chmod(0o700)
    lines = done.stdout.splitlines()
    assert done.stderr == ""
    assert len(lines) == 4
    assert all(line.startswith("True") and "Permission denied" in line for line in lines), lines


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("database disk image is malformed", "is damaged"),
        ("database or disk is full", "is full"),
        ("database is locked", "another program keeps"),
        ("attempt to write a readonly database", "cannot be written"),
        ("file is not a database", "is not a Tocsin database"),
        ("unable to open database file", "cannot be opened"),
    ],
)
def test_sqlite_errors_are_said_with_a_remedy(tmp_path: Path, text: str, said: str) -> None:
    """Each error a person can do something about has a sentence naming the file, and a hint."""
    error = explain(sqlite3.OperationalError(text), tmp_path / "tocsin.db")
    assert said in error.message
    assert "tocsin.db" in error.message
    assert error.hint


def test_a_command_line_verb_waits_for_the_writer(tmp_path: Path) -> None:
    """While the daemon is in mid-transaction another writer waits for it, then sees its commit."""
    with opened(tmp_path) as database:
        begun, go_on = threading.Event(), threading.Event()

        def slow(tx: Tx) -> None:
            add_feed(tx, "of the daemon")
            begun.set()
            assert go_on.wait(GUARD)

        seen: list[str] = []

        def verb() -> None:
            with command_line_tx(database.path) as tx:
                seen.extend(row["name"] for row in tx.rows(sql.FEEDS))
                add_feed(tx, "of the verb")

        unit = database.writer.submit(slow)
        assert begun.wait(GUARD)
        thread = threading.Thread(target=verb)
        thread.start()
        go_on.set()
        unit.result(GUARD)
        thread.join(GUARD)
        assert seen == ["of the daemon"]
        assert {row["name"] for row in database.reader.rows(sql.FEEDS)} == {"of the daemon", "of the verb"}


def test_the_writer_waits_for_a_command_line_verb(tmp_path: Path) -> None:
    """While a verb holds its transaction the daemon's work waits, and loses nothing."""
    with opened(tmp_path) as database:
        with command_line_tx(database.path) as tx:
            add_feed(tx, "of the verb")
            unit = database.writer.submit(lambda tx: add_feed(tx, "of the daemon"))
            assert not unit.done()
        assert unit.result(GUARD) == 2


def test_a_verb_that_fails_changes_nothing(tmp_path: Path) -> None:
    """An error inside a command line transaction takes all of it back and comes through."""
    path = new_database(tmp_path)

    def verb(*names: str) -> None:
        with command_line_tx(path) as tx:
            for name in names:
                add_feed(tx, name)
            raise KeyError

    with pytest.raises(KeyError):
        verb("one")
    with pytest.raises(StoreError, match="UNIQUE"):
        verb("same", "same")
    reader = Reader(path)
    assert reader.rows(sql.FEEDS) == []
    reader.close()


def test_a_verb_leaves_checkpoints_to_the_daemon(tmp_path: Path) -> None:
    """Command line writers do not checkpoint on their own while others are at work."""
    with closing(open_writer(new_database(tmp_path), checkpoints=False)) as con:
        assert con.execute("PRAGMA wal_autocheckpoint").fetchone()[0] == 0
