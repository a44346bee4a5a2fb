"""`tocsin db`: making, copying and checking the database file."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.store import schema
from monitor.store.lock import DaemonLock, holder_of
from monitor.store.pruning import prune_file
from monitor.store.retention import limits
from monitor.store.rows import to_db
from monitor.store.writer import Writer
from tests.support.cli import run
from tests.support.installed import configured
from tests.support.store import add_article, add_feed, add_notification, new_database, transaction

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
    outcome = run("db", "backup", str(tmp_path / "not-mounted" / "copy.db"), "--config", config)
    assert outcome.code == 1
    assert "mounted" in outcome.err
    assert not (tmp_path / "not-mounted").exists()


def test_backups_are_rotated(tmp_path: Path, database: Path) -> None:
    """`--keep` removes the oldest of those this verb made there, and nothing else."""
    config = configured(tmp_path, database)
    names = [f"tocsin.db.2026010{day}T000000Z.backup" for day in (1, 2, 3)]
    others = [
        "tocsin.db.0001.20200101T000000Z.backup",
        "other.db.20200101T000000Z.backup",
        "tocsin.db.backup",
    ]
    for name in (*names, f"{names[0]}-wal", *others):
        (tmp_path / name).touch()
    outcome = run("db", "backup", "--keep", "3", "--json", "--config", config)
    (said,) = outcome.objects
    assert said["removed"] == [str(tmp_path / names[0])]
    assert said["size"] == database.stat().st_size
    left = {path.name for path in tmp_path.iterdir()}
    assert left >= {names[1], names[2], *others}
    assert not left & {names[0], f"{names[0]}-wal"}
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    assert run("db", "backup", str(folder), "--keep", "1", "--config", config).code == 0
    assert len(list(folder.iterdir())) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("copy.db", "--keep", "3"), "--keep needs a folder"),
        (("--keep", "0"), "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_rotated(
    tmp_path: Path, database: Path, arguments: tuple[str, ...], said: str
) -> None:
    """A single file, or all of them: exit 2, and nothing was written."""
    before = set(tmp_path.iterdir())
    outcome = run("db", "backup", *arguments, "--config", configured(tmp_path, database))
    assert outcome.code == 2
    assert said in outcome.err
    assert set(tmp_path.iterdir()) - before == {tmp_path / "config.toml"}


def test_a_backup_passes_the_check(tmp_path: Path, database: Path) -> None:
    """A copy is a database like any other."""
    config = configured(tmp_path, database)
    assert run("db", "backup", str(tmp_path / "copy.db"), "--config", config).code == 0
    outcome = run("db", "check", "--database", str(tmp_path / "copy.db"), "--json", "--config", config)
    assert (outcome.code, outcome.objects[0]["rows"]["articles"]) == (0, 1)


def test_a_backup_without_room_is_refused(
    tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before it is begun: nothing is left on a disk that is full enough."""
    monkeypatch.setattr(schema, "free_bytes", lambda _: 1000)
    outcome = run("db", "backup", "--config", configured(tmp_path, database))
    assert outcome.code == 1
    assert "no room for a backup" in outcome.err
    assert "0.0 MB free" in outcome.err
    assert list(tmp_path.glob("*.backup")) == []


@pytest.mark.parametrize("verb", ["backup", "check", "prune"])
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


def test_a_quick_check_still_adds_up(tmp_path: Path, database: Path) -> None:
    """It leaves out indexes and references, not what became of the matches."""
    config = configured(tmp_path, database)
    assert run("db", "check", "--quick", "--config", config).code == 0
    with transaction(database) as tx:
        tx.run("DELETE FROM ledger")
    outcome = run("db", "check", "--quick", "--config", config)
    assert (outcome.code, outcome.out) == (1, "ledger: matches without a row: 1\n")


def test_check_finds_references_to_nothing(tmp_path: Path, database: Path) -> None:
    """Rows whose feed is gone are counted by table."""
    con = sqlite3.connect(database)  # without the pragma that forbids this
    con.execute("INSERT INTO sightings SELECT id, 1, 1, 1, 1, 1, 1, NULL, 0, added_at, added_at FROM feeds")
    con.execute("DELETE FROM feeds")
    con.commit()
    con.close()
    outcome = run("db", "check", "--json", "--config", configured(tmp_path, database))
    assert outcome.code == 1
    findings = outcome.objects[0]["findings"]
    assert "reference: 1 of articles refer to what is not there" in findings
    assert "reference: 1 of sightings refer to what is not there" in findings


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


# --- prune --------------------------------------------------------------------------------------------


@pytest.fixture
def aged(tmp_path: Path) -> Path:
    """Three articles: two days old, two months old and told, half a year old and still on its way."""
    path = new_database(tmp_path)
    now = datetime.now(UTC)
    with transaction(path) as tx:
        feed = add_feed(tx, "a")
        add_article(tx, feed, fetched_at=now - timedelta(days=2))
        for days, state in ((60, "sent"), (180, "ready")):
            number = add_notification(tx, state=state, created_at=now - timedelta(days=days))
            tx.run("UPDATE outbox SET story_id = :story WHERE id = :id", story=number + 1, id=number)
            tx.run(
                "UPDATE articles SET fetched_at = :at WHERE story_id = :story",
                at=to_db(now - timedelta(days=days)),
                story=number + 1,
            )
        tx.run("UPDATE ledger SET state = 'sent' WHERE outbox_id = 1")
    return path


def articles(path: Path) -> int:
    """How many articles a file holds."""
    with transaction(path) as tx:
        return int(tx.rows("SELECT count(*) FROM articles")[0][0])


def test_prune_removes_what_is_older_than_it_is_to_be_kept(tmp_path: Path, aged: Path) -> None:
    """By default as long as the configuration says; what is on its way stays; the file stays sound."""
    config = configured(tmp_path, aged)
    outcome = run("db", "prune", "--config", config)
    assert (outcome.code, outcome.out) == (0, "")
    assert "nothing is old enough to go" in outcome.err
    outcome = run("db", "prune", "--older-than", "30d", "--config", config)
    assert outcome.code == 0
    lines = dict(line.split() for line in outcome.out.splitlines())
    assert lines == {"TABLE": "GONE"} | dict.fromkeys(
        ("ledger", "outbox", "matches", "articles", "stories"), "1"
    )
    assert "given back" in outcome.err
    assert articles(aged) == 2
    assert run("db", "check", "--config", config).code == 0


def test_a_dry_run_says_the_same_and_changes_nothing(tmp_path: Path, aged: Path) -> None:
    """What it counts is what the real one then removes."""
    config = configured(tmp_path, aged)
    arguments = ("db", "prune", "--older-than", "30d", "--json", "--config", config)
    (dry,) = run(*arguments, "--dry-run").objects
    assert articles(aged) == 3
    (real,) = run(*arguments).objects
    assert (dry["dry_run"], real["dry_run"], real["older_than"], real["daemon"]) == (
        True,
        False,
        "30d",
        False,
    )
    assert dry["removed"] == real["removed"]
    assert real["removed"]["articles"] == 1
    assert real.keys() == {"path", "dry_run", "older_than", "removed", "freed", "daemon", "seconds"}


def test_prune_works_beside_a_daemon(tmp_path: Path, aged: Path) -> None:
    """It leaves the lock and the checkpoints to it."""
    lock = DaemonLock(aged)
    lock.acquire()
    writer = Writer(aged)
    try:
        (said,) = run(
            "db", "prune", "--older-than", "30d", "--json", "--config", configured(tmp_path, aged)
        ).objects
        assert (said["daemon"], said["removed"]["articles"]) == (True, 1)
        assert writer.submit(lambda tx: tx.next_id("articles")).result(30) == 4
    finally:
        writer.close()
        lock.release()


def test_a_daemon_does_not_start_into_a_pruning(tmp_path: Path, aged: Path) -> None:
    """Without a daemon the pruning is the one at work, and lets go of the lock at its end."""
    seen = []

    def progress(_done: int, _total: int) -> None:
        seen.append(holder_of(aged))

    prune_file(aged, limits(30 * 86_400, datetime.now(UTC)), dry_run=False, progress=progress)
    assert seen
    assert set(seen) == {os.getpid()}
    assert holder_of(aged) is None


@pytest.mark.parametrize("span", ["soon", "30", ""])
def test_prune_asks_for_a_span(tmp_path: Path, aged: Path, span: str) -> None:
    """Exit 2 with the way to write one."""
    outcome = run("db", "prune", "--older-than", span, "--config", configured(tmp_path, aged))
    assert outcome.code == 2
    assert "is not a time span" in outcome.err
    assert articles(aged) == 3


def test_pruning_what_is_young_is_warned_about(tmp_path: Path, aged: Path) -> None:
    """It is done as asked, for the disk may be full; and it is said what follows."""
    outcome = run("db", "prune", "--older-than", "1d", "--config", configured(tmp_path, aged))
    assert outcome.code == 0
    assert "a copy of a report that comes after 1d will ring again" in outcome.err
    assert articles(aged) == 1


def test_the_verbs_show_progress_on_a_terminal_only(tmp_path: Path, aged: Path) -> None:
    """In a pipe standard error holds no bar."""
    config = configured(tmp_path, aged)
    for verb in (("backup",), ("prune", "--older-than", "30d")):
        assert "█" not in run("db", *verb, "--config", config).err
