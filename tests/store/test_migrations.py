"""From every earlier schema to this one: a backup first, nothing lost, and the watch goes on."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlmodel import SQLModel, create_engine

from monitor.errors import StoreError
from monitor.store import schema, sql
from monitor.store.checkup import examine
from monitor.store.connection import open_reader
from monitor.store.database import Database
from tests.support import desk as deliveries
from tests.support import harbour
from tests.support.channels import FakeChannel
from tests.support.documents import NOON, Item
from tests.support.newsdesk import Desk

FIXTURES = sorted(harbour.SCHEMAS.glob("*.sql"))
NEWER = Item(
    "Strike ends", guid="h:6", link="https://harbour.example/6", text="The dockers go back.", age=0.1
)
TABLES = (
    "feeds",
    "stories",
    "articles",
    "sightings",
    "rules",
    "matches",
    "alerts",
    "ledger",
    "outbox",
    "attempts",
)


@pytest.fixture(params=FIXTURES, ids=lambda path: path.stem)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A database file of an earlier schema."""
    fixture: Path = request.param
    return harbour.restored(fixture.read_text(encoding="utf-8"), tmp_path / "tocsin.db")


def content(path: Path) -> dict[str, list[dict[str, object]]]:
    """All rows of a file, by table."""
    with closing(open_reader(path)) as con:
        return {table: [dict(row) for row in con.execute(f"SELECT * FROM {table}")] for table in TABLES}


def test_there_is_a_dump_of_every_earlier_schema() -> None:
    """A migration is not added without the database it starts from."""
    versions = Path(schema.__file__).parent / "migrations" / "versions"
    steps = sorted(path.name[:4] for path in versions.glob("[0-9]*.py"))
    assert [path.stem for path in FIXTURES] == [step for step in steps if step < schema.HEAD]


def test_an_earlier_schema_is_backed_up_and_migrated(old: Path) -> None:
    """The backup is the old file; every row is there as it was, and the file is sound, as if it were new."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    version, before = schema.version_of(old), content(old)
    saved = schema.migrate(old, now=NOON)
    assert saved is not None
    assert schema.version_of(saved) == version
    assert content(saved) == before
    after = content(old)
    for table, rows in before.items():
        assert [{name: row[name] for name in rows[0]} for row in after[table]] == rows, table
    health = examine(old)
    assert (health.findings, health.schema, health.auto_vacuum) == ((), schema.HEAD, "incremental")
    engine = create_engine(f"sqlite:///{old}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []
    engine.dispose()


def test_known_items_stay_known_over_a_migration(old: Path, tmp_path: Path) -> None:
    """What the feeds listed before is recognised; only what is new since rings."""
    schema.migrate(old, now=NOON)
    feeds, rules, channels = harbour.FEEDS, harbour.RULES, harbour.CHANNELS
    with Desk(tmp_path, feeds=feeds, rules=rules, channels=channels, database=old) as desk:
        before = len(desk.messages())
        desk.now = NOON.replace(day=25)
        desk.publish("harbour", NEWER, harbour.STORM, *harbour.LATEST)
        desk.publish("wire", replace(harbour.TRUCE, guid="w:4"), *harbour.OLD)
        desk.poll("harbour", "wire")
        assert [(m["channel"], m["title"]) for m in desk.messages()[before:]] == [
            ("desk", "Strike ends"),
            ("phone", "Strike ends"),
        ]
        assert desk.state("closed").gone
        assert desk.adds_up()


def test_what_was_on_its_way_is_delivered_after_a_migration(old: Path) -> None:
    """Ready, waiting for another attempt and in mid-send: all arrive, the last marked as maybe a repeat."""
    schema.migrate(old, now=NOON)
    database = Database(old)
    try:
        desk, phone = FakeChannel("desk"), FakeChannel("phone")
        work = deliveries.Desk(database, desk, phone)
        work.clock.now = NOON.replace(day=25)
        asyncio.run(work.worker.return_leases())
        work.finish()
        assert [(o.message.title, o.maybe_repeat) for o in desk.given] == [
            ("Dockers announce a strike", True)
        ]
        assert sorted(o.message.title for o in phone.given) == [
            "Dockers announce a strike",
            "Storm closes the harbour",
            "Truce talks begin in Doha",
        ]
        states = {row["state"]: row["n"] for row in database.reader.rows(sql.OUTBOX_COUNTS)}
        assert states == {"sent": sum(states.values()) - 1, "dead": 1}
    finally:
        database.close()
    assert examine(old).findings == ()


def test_a_disk_without_room_for_the_backup_is_told_before_anything_changes(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names what is needed and what is there; the file is the old one, and there is no other."""
    monkeypatch.setattr(schema, "free_bytes", lambda _: 1_000_000)
    before = old.read_bytes()
    with pytest.raises(StoreError, match=r"no room for a backup of 0\.\d MB .* has 1\.0 MB free") as caught:
        schema.migrate(old, now=NOON)
    assert caught.value.hint
    assert old.read_bytes() == before
    assert list(old.parent.glob("*.backup")) == []


def test_a_disk_without_room_for_a_vacuum_is_good_enough(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is migrated all the same; it only never gets smaller, and the check says so."""
    room = [10_000_000, 100_000]
    monkeypatch.setattr(schema, "free_bytes", lambda _: room.pop(0))
    schema.migrate(old, now=NOON)
    health = examine(old)
    assert (health.findings, health.schema, health.auto_vacuum) == ((), schema.HEAD, "none")


def test_the_newsroom_can_be_dumped_for_the_next_schema(tmp_path: Path) -> None:
    """What makes the dumps still works: a dump of today is a database of today."""
    path = harbour.restored(harbour.dumped(), tmp_path / "tocsin.db")
    assert schema.version_of(path) == schema.HEAD
    assert examine(path).findings == ()
    with closing(sqlite3.connect(path)) as con:
        states = dict(con.execute("SELECT state, count(*) FROM outbox GROUP BY state"))
    assert states == {"sent": 2, "dead": 1, "retry": 1, "leased": 1, "ready": 2}
