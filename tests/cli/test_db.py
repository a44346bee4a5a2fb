"""`tocsin db`: making, copying and checking the database file."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from monitor.store import schema
from monitor.store.lock import DaemonLock
from tests.support.cli import run
from tests.support.installed import configured
from tests.support.store import add_notification, new_database, transaction

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database with one notification in it."""
    path = new_database(tmp_path)
    with transaction(path) as tx:
        add_notification(tx)
    return path


def test_migrate_makes_a_first_database(tmp_path: Path) -> None:
    """Where there is none yet, it is made at this version's schema."""
    path = tmp_path / "new.db"
    outcome = run("db", "migrate", "--config", configured(tmp_path, path))
    assert (outcome.code, outcome.out) == (0, f"{path}: new -> {schema.HEAD}\n")
    assert schema.version_of(path) == schema.HEAD


def test_migrate_without_work_says_so(tmp_path: Path, database: Path) -> None:
    """Also beside a running daemon, which has migrated already."""
    config = configured(tmp_path, database)
    lock = DaemonLock(database)
    lock.acquire()
    try:
        outcome = run("db", "migrate", "--config", config)
    finally:
        lock.release()
    assert outcome.code == 0
    assert "nothing to do" in outcome.out
    (said,) = run("db", "migrate", "--json", "--config", config).objects
    assert said == {"path": str(database), "from": schema.HEAD, "to": schema.HEAD, "backup": None}


def test_migrate_does_not_disturb_a_daemon(tmp_path: Path) -> None:
    """With work to do and a daemon on the database it stops with a remedy."""
    path = tmp_path / "new.db"
    lock = DaemonLock(path)
    lock.acquire()
    try:
        outcome = run("db", "migrate", "--config", configured(tmp_path, path))
    finally:
        lock.release()
    assert outcome.code == 1
    assert "stop it first" in outcome.err
    assert not path.exists()


def test_backup_stands_beside_the_database(tmp_path: Path, database: Path) -> None:
    """With a time in its name, and for nobody else to read."""
    outcome = run("db", "backup", "--config", configured(tmp_path, database))
    (copy,) = tmp_path.glob("tocsin.db.*Z.backup")
    assert (outcome.code, outcome.out) == (0, f"{copy}\n")
    assert copy.stat().st_mode & 0o077 == 0
    assert schema.version_of(copy) == schema.HEAD


def test_backup_goes_where_it_is_told(tmp_path: Path, database: Path) -> None:
    """To a file, or under its usual name into a folder; never over a file that is there."""
    config = configured(tmp_path, database)
    target, folder = tmp_path / "copy.db", tmp_path / "backups"
    folder.mkdir()
    assert run("db", "backup", str(target), "--config", config).code == 0
    assert run("db", "backup", str(folder), "--config", config).code == 0
    assert len(list(folder.iterdir())) == 1
    outcome = run("db", "backup", str(target), "--config", config)
    assert outcome.code == 1
    assert "exists already" in outcome.err


@pytest.mark.parametrize("verb", ["backup", "check"])
def test_without_a_database_there_is_a_remedy(tmp_path: Path, verb: str) -> None:
    """Nothing is created by looking."""
    outcome = run("db", verb, "--config", configured(tmp_path, tmp_path / "none.db"))
    assert outcome.code == 1
    assert "tocsin run" in outcome.err
    assert not (tmp_path / "none.db").exists()


def test_check_is_content_with_a_sound_database(tmp_path: Path, database: Path) -> None:
    """Exit 0 and one line; in JSON no findings, and what there is to know of the file."""
    config = configured(tmp_path, database)
    outcome = run("db", "check", "--config", config)
    assert outcome.code == 0
    assert "intact" in outcome.out
    (said,) = run("db", "check", "--json", "--config", config).objects
    assert (said["path"], said["ok"], said["findings"]) == (str(database), True, [])
    assert (said["schema"], said["auto_vacuum"], said["quick"]) == (schema.HEAD, "incremental", False)
    assert said["size"] == database.stat().st_size == said["pages"] * 4096
    assert (said["rows"]["articles"], said["rows"]["outbox"], said["rows"]["gaps"]) == (1, 1, 0)


@pytest.mark.parametrize(
    ("damage", "finding"),
    [
        ("DELETE FROM ledger", "ledger: matches without a row: 1"),
        ("UPDATE outbox SET state = 'sent'", "ledger: rows that disagree with the outbox: 1"),
        ("UPDATE ledger SET outbox_id = NULL", "ledger: rows that disagree with the outbox: 1"),
    ],
)
def test_check_finds_what_does_not_add_up(tmp_path: Path, database: Path, damage: str, finding: str) -> None:
    """Every match has a ledger row, and every ledger row agrees with the outbox; exit 1 where not."""
    with transaction(database) as tx:
        tx.run(damage)
    outcome = run("db", "check", "--config", configured(tmp_path, database))
    assert (outcome.code, outcome.out) == (1, f"{finding}\n")


def test_check_finds_references_to_nothing(tmp_path: Path, database: Path) -> None:
    """Rows whose feed is gone are counted by table."""
    con = sqlite3.connect(database)  # without the pragma that forbids this
    con.execute("DELETE FROM feeds")
    con.commit()
    con.close()
    outcome = run("db", "check", "--json", "--config", configured(tmp_path, database))
    assert outcome.code == 1
    findings = outcome.objects[0]["findings"]
    assert "reference: 1 of articles refer to what is not there" in findings


def test_check_finds_a_damaged_file(tmp_path: Path, database: Path) -> None:
    """A page of rubbish is a finding, not a crash."""
    with database.open("r+b") as file:
        file.seek(-8192, 2)
        file.write(b"\xff" * 8192)
    outcome = run("db", "check", "--config", configured(tmp_path, database))
    assert outcome.code == 1
    assert "integrity: " in outcome.out
    assert "bug" not in outcome.err


def test_check_finds_a_file_open_to_others(tmp_path: Path, database: Path) -> None:
    """With the command that closes it."""
    database.chmod(0o644)
    outcome = run("db", "check", "--config", configured(tmp_path, database))
    assert outcome.code == 1
    assert f"chmod 600 {database}" in outcome.out
