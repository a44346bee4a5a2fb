"""Files that are deleted, replaced, damaged or not writable, under a Tocsin and before it starts."""

from __future__ import annotations

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from monitor.store.integrity import quick_check
from tests.support.daemon import ROOT, DaemonProcess
from tests.support.disks import ext4, needs_mounts
from tests.support.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def tocsin(watch: Watch, *arguments: str, under: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
    """Run a verb."""
    return subprocess.run(
        [*under, sys.executable, "-m", "monitor", *arguments, "--config", str(watch.config)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def root_page(database: Path, name: str) -> tuple[int, int]:
    """Page number of the root of a table or index, and the size of a page."""
    with closing(sqlite3.connect(database)) as con:
        page = con.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()[0]
        return int(page), int(con.execute("PRAGMA page_size").fetchone()[0])


def overwrite(database: Path, name: str) -> None:
    """Write rubbish over the root page of a table or an index."""
    page, size = root_page(database, name)
    with database.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * size)


def index_of(database: Path, table: str) -> str:
    """Some index of a table."""
    with closing(sqlite3.connect(database)) as con:
        found = con.execute(
            "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL",
            (table,),
        ).fetchone()
        return str(found[0])


@pytest.mark.slow
def test_a_deleted_database_is_written_back_whole(tmp_path: Path) -> None:
    """The daemon goes on with the same memory: what was told is not told again, what is new rings."""
    with Watch(tmp_path, tmp_path / "t.db") as watch:
        with DaemonProcess(watch.config) as daemon:
            daemon.wait_for("already in your feeds")
            for name in ("t.db", "t.db-wal", "t.db-shm", "t.db.lock"):
                (tmp_path / name).unlink()
            assert "written back" in daemon.wait_for("was deleted while")
            watch.publish("first")
            watch.wait_for("first")
            assert tocsin(watch, "status", "--json").stdout.count('"running"') == 1, "the lock is held anew"
            daemon.send(signal.SIGTERM)
            assert daemon.ended() == 0, daemon.lines
        assert watch.told() == watch.expected("first")
        assert any("written back" in n for n in watch.notices())
        watch.adds_up()
        assert (tmp_path / "t.db").stat().st_mode & 0o077 == 0


@pytest.mark.slow
def test_a_replaced_database_ends_the_daemon_and_is_kept(tmp_path: Path) -> None:
    """Two histories cannot be merged: exit 1 with a sentence, and what the old file held is a backup."""
    with Watch(tmp_path, tmp_path / "t.db") as watch:
        with DaemonProcess(watch.config) as daemon:
            daemon.wait_for("already in your feeds")
            other = shutil.copyfile(tmp_path / "t.db", tmp_path / "other.db")
            other.rename(tmp_path / "t.db")
            assert daemon.ended() == 1
        said = "\n".join(daemon.lines)
        assert "another file has taken the place" in said
        assert "Traceback" not in said
        (kept,) = tmp_path.glob("t.db.*.backup")
        with closing(sqlite3.connect(kept)) as con:
            assert con.execute("SELECT count(*) FROM articles").fetchone() == (1,)


@pytest.mark.parametrize("what", ["a table", "an index"])
def test_damage_is_found_by_db_check_with_the_way_out(tmp_path: Path, what: str) -> None:
    """Exit 1; the newest backup is named, and the commands given do restore it."""
    with Watch(tmp_path, tmp_path / "t.db") as watch:
        assert tocsin(watch, "run", "--once").returncode == 0
        assert tocsin(watch, "db", "backup").returncode == 0
        overwrite(watch.database, "sightings" if what == "a table" else index_of(watch.database, "sightings"))
        done = tocsin(watch, "db", "check")
        assert done.returncode == 1
        assert "integrity" in done.stdout
        (backup,) = tmp_path.glob("t.db.*.backup")
        assert str(backup) in done.stdout + done.stderr
        commands = (done.stdout + done.stderr).split("stop Tocsin, then: ")[1].split(" && tocsin")[0]
        subprocess.run(commands, shell=True, check=True)
        assert tocsin(watch, "db", "check").returncode == 0
        assert (tmp_path / "t.db.damaged" / "t.db").exists()


def test_damage_found_in_operation_is_reported_once_and_alerts_go_on(tmp_path: Path) -> None:
    """A damaged sightings table: the daemon lives, says so in the log, in status and in a message."""
    with Watch(tmp_path, tmp_path / "t.db", feeds=2) as watch:
        assert tocsin(watch, "run", "--once").returncode == 0
        overwrite(watch.database, "sightings")
        watch.publish("first")
        with DaemonProcess(watch.config) as daemon:
            assert "remedy=" in daemon.wait_for("the database is damaged")
            watch.receiver.wait_for(b"is damaged")
            assert "is damaged" in json.loads(tocsin(watch, "status", "--json").stdout)["trouble"]
            daemon.send(signal.SIGTERM)
            assert daemon.ended() == 0
        assert sum("the database is damaged" in line for line in daemon.lines) == 1
        assert "Traceback" not in "\n".join(daemon.lines)


def test_damage_is_looked_for_after_an_unclean_stop(tmp_path: Path) -> None:
    """A page nobody reads, damaged while the daemon lay dead, is found by the check at the next start."""
    with Watch(tmp_path, tmp_path / "t.db") as watch:
        with DaemonProcess(watch.config) as daemon:
            daemon.wait_for("already in your feeds")
            daemon.send(signal.SIGKILL)
            daemon.ended()
        with closing(sqlite3.connect(watch.database)) as con:
            con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        overwrite(watch.database, "gaps")
        with DaemonProcess(watch.config) as daemon:
            daemon.wait_for("the database is damaged")
            daemon.send(signal.SIGTERM)
            assert daemon.ended() == 0


def test_a_whole_file_is_told_as_whole_after_an_unclean_stop_and_not_checked_after_a_clean_one(
    tmp_path: Path,
) -> None:
    """The check costs nothing where the last stop was clean."""
    with Watch(tmp_path, tmp_path / "t.db") as watch:
        for number, end in enumerate((signal.SIGKILL, signal.SIGTERM, signal.SIGTERM)):
            with DaemonProcess(watch.config) as daemon:
                awaited = ["info started", *(["intact after an unclean stop"] if number == 1 else [])]
                for words in awaited:
                    daemon.wait_for_each(words)
                watch.web.wait_for_a_request()
                daemon.send(end)
                daemon.ended()
        assert not any("intact" in line for line in daemon.lines)


def test_a_check_ends_in_time_or_when_told_to(tmp_path: Path) -> None:
    """None = not finished; a missing answer is not taken for a whole file."""
    path = tmp_path / "t.db"
    with closing(sqlite3.connect(path)) as con:
        con.execute("CREATE TABLE t (x)")
        con.executemany("INSERT INTO t VALUES (?)", [("x" * 100,)] * 50_000)
        con.commit()
    assert quick_check(path, seconds=30) == []
    assert quick_check(path, seconds=-1) is None
    assert quick_check(path, seconds=30, stop=lambda: True) is None


@pytest.mark.slow
@needs_mounts
def test_a_disk_that_turns_read_only_is_told_and_loses_nothing(tmp_path: Path) -> None:
    """ext4 after an error: trouble, then a start that fails in a sentence; mounted anew, all rings once."""
    image, place = tmp_path / "image", tmp_path / "disk"
    with Watch(tmp_path, place / "t.db") as watch:
        with ext4(place, image, 64) as disk, DaemonProcess(watch.config, under=disk.under) as daemon:
            daemon.wait_for("already in your feeds")
            disk.fail()
            watch.publish("first")
            said = daemon.wait_for("polling is stopped")
            assert "read-only" in said
            assert f"mount -o remount,rw {place}" in said
            assert "read-only" in tocsin(watch, "status", under=disk.under).stdout
            daemon.send(signal.SIGTERM)
            assert daemon.ended() == 0, daemon.lines
            done = tocsin(watch, "run", "--once", under=disk.under)
            assert done.returncode == 1
            assert "read-only" in done.stderr
            assert "Traceback" not in done.stderr
        with ext4(place, image, 64) as disk:
            assert tocsin(watch, "run", "--once", "--force", under=disk.under).returncode == 0
            watch.adds_up(disk.outside / "t.db")
        assert watch.told() == watch.expected("first")
