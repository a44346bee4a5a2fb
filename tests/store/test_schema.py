"""Migrations: what is made, what is refused, and that a failing step changes nothing."""

from __future__ import annotations

import re
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from sqlmodel import SQLModel, create_engine

from monitor.errors import StoreError
from monitor.store import compile_schema, newest, schema
from monitor.store.connection import open_reader
from tests.support.store import NOW, add_feed, new_database, transaction

SCRIPTS = Path(schema.__file__).parent / "migrations"
NEXT = '''"""A step of the next version."""

import sqlalchemy as sa
from alembic import op

revision = "9000"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("novelty", sa.Column("id", sa.Integer(), primary_key=True))
    op.execute("INSERT INTO novelty (id) VALUES (1)")
{rest}
'''


@pytest.fixture
def next_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Tocsin whose schema is one step further; returns the step's file, to be spoilt."""
    new_database(tmp_path, "copied.db")  # copies of it are kept for all tests, so it must be of this version
    scripts = tmp_path / "migrations"
    shutil.copytree(SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    step = scripts / "versions" / "9000_next.py"
    step.write_text(NEXT.format(head=schema.HEAD, rest=""))
    monkeypatch.setattr(schema, "HEAD", "9000")
    monkeypatch.setattr(schema, "SCRIPTS", str(scripts))
    return step


def names(path: Path) -> set[str]:
    """The tables of a file."""
    with closing(open_reader(path)) as con:
        return {row[0] for row in con.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def set_version(path: Path, version: str) -> None:
    """Pretend that another version wrote the file."""
    with transaction(path) as tx:
        tx.run("UPDATE alembic_version SET version_num = :version", version=version)


def test_head_is_the_newest_migration() -> None:
    """The constant that saves importing Alembic names Alembic's own head."""
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", schema.SCRIPTS)
    assert ScriptDirectory.from_config(config).get_current_head() == schema.HEAD


def test_a_new_file_is_what_the_migrations_make(tmp_path: Path) -> None:
    """`make sql` was run after the last migration; a file made at once is like one made by them."""
    assert Path(newest.__file__).read_text(encoding="utf-8") == compile_schema.text()
    schema.migrate(tmp_path / "at_once.db", now=NOW)
    schema.made_by_migrations(tmp_path / "by_steps.db")

    def content(name: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(tmp_path / name)) as con:
            described = con.execute(
                "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name"
            ).fetchall()
            version = con.execute("SELECT version_num FROM alembic_version").fetchall()
            return [*described, *version, *con.execute("PRAGMA auto_vacuum").fetchall()]

    assert content("at_once.db") == content("by_steps.db")


def test_a_new_file_gets_the_schema_and_no_backup(tmp_path: Path) -> None:
    """Where there is no file one is made, folders included; doing it again does nothing."""
    path = tmp_path / "new" / "folder" / "tocsin.db"
    assert schema.version_of(path) is None
    assert schema.migrate(path, now=NOW) is None
    assert schema.version_of(path) == schema.HEAD
    assert schema.migrate(path, now=NOW) is None
    assert {p.name for p in path.parent.iterdir()} == {"tocsin.db"}


def test_an_empty_file_is_a_new_one(tmp_path: Path) -> None:
    """A file of no bytes belongs to nobody yet."""
    path = tmp_path / "tocsin.db"
    path.touch()
    assert schema.migrate(path, now=NOW) is None
    assert schema.version_of(path) == schema.HEAD


def test_migrations_and_tables_agree(tmp_path: Path) -> None:
    """Alembic finds nothing to add to or take from a migrated file."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    engine = create_engine(f"sqlite:///{new_database(tmp_path)}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []
    engine.dispose()


def test_an_older_file_is_backed_up_then_upgraded(tmp_path: Path, next_version: Path) -> None:
    """The backup holds the old schema with its rows; the file has the new one with the same rows."""
    path = new_database(tmp_path)
    old = schema.version_of(path)
    with transaction(path) as tx:
        add_feed(tx, "kept")
    saved = schema.migrate(path, now=NOW)
    assert saved is not None
    assert saved.name == f"tocsin.db.{old}.20260301T120000Z.backup"
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert schema.version_of(saved) == old
    assert schema.version_of(path) == "9000"
    assert "novelty" in names(path)
    assert "novelty" not in names(saved)
    for file in (path, saved):
        with closing(open_reader(file)) as con:
            assert [row["name"] for row in con.execute("SELECT name FROM feeds")] == ["kept"]


def test_a_failing_step_leaves_the_old_schema(tmp_path: Path, next_version: Path) -> None:
    """What a step did before it failed is taken back, table and rows; the version stays."""
    path = new_database(tmp_path)
    old, tables = schema.version_of(path), names(path)
    text = next_version.read_text()
    next_version.write_text(text + '    raise RuntimeError("half-way")\n')
    with pytest.raises(RuntimeError, match="half-way"):
        schema.migrate(path, now=NOW)
    assert (schema.version_of(path), names(path)) == (old, tables)
    next_version.write_text(text)
    schema.migrate(path, now=NOW.replace(minute=1))
    assert schema.version_of(path) == "9000"


def test_a_step_that_sqlite_refuses_is_told_in_words(tmp_path: Path, next_version: Path) -> None:
    """SQLite's error in a migration is a StoreError that names the file."""
    next_version.write_text(next_version.read_text() + '    op.execute("INSERT INTO nowhere VALUES (1)")\n')
    path = new_database(tmp_path)
    with pytest.raises(StoreError, match=re.escape(str(path))):
        schema.migrate(path, now=NOW)
    assert "novelty" not in names(path)


def test_a_first_schema_that_fails_leaves_no_table(tmp_path: Path, next_version: Path) -> None:
    """All steps of a new file are one transaction: no half database is left behind."""
    next_version.write_text(next_version.read_text() + '    raise RuntimeError("half-way")\n')
    path = tmp_path / "tocsin.db"
    with pytest.raises(RuntimeError):
        schema.migrate(path, now=NOW)
    assert names(path) == set()


def test_a_newer_schema_is_refused_with_the_remedy(tmp_path: Path) -> None:
    """A file of a newer Tocsin is left alone; the message says what to install or restore."""
    path = new_database(tmp_path)
    set_version(path, "9999")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="newer Tocsin") as caught:
        schema.migrate(path, now=NOW)
    assert "9999" in caught.value.message
    assert "restore the backup" in caught.value.hint
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.glob("*.backup")] == []


def test_a_file_of_another_program_is_refused_unchanged(tmp_path: Path) -> None:
    """An SQLite file without our version table is not touched."""
    path = tmp_path / "tocsin.db"
    with closing(sqlite3.connect(path)) as con:
        con.execute("CREATE TABLE songs (title TEXT)")
    before = path.read_bytes()
    with pytest.raises(StoreError, match="another program") as caught:
        schema.migrate(path, now=NOW)
    assert caught.value.hint
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused_unchanged(tmp_path: Path) -> None:
    """A text file under the database's name survives, and the message says what is wrong."""
    path = tmp_path / "tocsin.db"
    path.write_text("dear diary\n" * 200)
    with pytest.raises(StoreError, match="is not a Tocsin database") as caught:
        schema.migrate(path, now=NOW)
    assert caught.value.hint
    assert path.read_text() == "dear diary\n" * 200


def test_a_backup_never_overwrites(tmp_path: Path) -> None:
    """An existing target is refused and stays what it was."""
    path, target = new_database(tmp_path), tmp_path / "kept.db"
    target.write_text("precious")
    with pytest.raises(StoreError, match="exists already"):
        schema.backup(path, target)
    assert target.read_text() == "precious"


def test_a_backup_holds_what_was_committed(tmp_path: Path) -> None:
    """A backup taken while a writer is in mid-transaction holds the last commit and nothing of the rest."""
    path, target = new_database(tmp_path), tmp_path / "copy.db"
    with transaction(path) as tx:
        add_feed(tx, "committed")
    with transaction(path) as tx:
        add_feed(tx, "in flight")
        schema.backup(path, target)
    with closing(open_reader(target)) as con:
        assert [row["name"] for row in con.execute("SELECT name FROM feeds")] == ["committed"]
        assert con.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
