"""Small builders for tests of the store: a fresh database, a clock, and rows without naming every column."""

from __future__ import annotations

import re
import tempfile
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from monitor.alerts import payload
from monitor.errors import StoreError
from monitor.model import Severity
from monitor.store import schema, sql
from monitor.store.connection import make_private, open_writer
from monitor.store.database import Database, Reader
from monitor.store.rows import FeedState, OutboxRow, read, read_all, to_db
from monitor.store.tx import Tx
from monitor.store.writer import Priority, Writer
from tests.support.messages import message

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

T = TypeVar("T")
LEASED = "SELECT id FROM outbox WHERE state = 'leased'"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
GUARD = 30.0  # seconds after which a test that hangs fails


@dataclass
class Clock:
    """A clock that stands still until it is told otherwise."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


# --- database files ----------------------------------------------------------------------------------


@cache
def _template() -> bytes:
    """A migrated file; migrating costs a second of Alembic, so it is done once and copied."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "template.db"
        schema.migrate(path, now=NOW)
        return path.read_bytes()


def new_database(folder: Path, name: str = "tocsin.db") -> Path:
    """Make a fresh database file of the newest schema."""
    path = folder / name
    make_private(path)
    path.write_bytes(_template())
    return path


@contextmanager
def opened(folder: Path) -> Iterator[Database]:
    """Open a fresh database with its writer thread."""
    database = Database(new_database(folder))
    try:
        yield database
    finally:
        database.close()


@contextmanager
def transaction(path: Path) -> Iterator[Tx]:
    """One committed transaction without a writer thread."""
    with closing(open_writer(path)) as con, committed(con) as tx:
        yield tx


@contextmanager
def committed(con: sqlite3.Connection) -> Iterator[Tx]:
    """One transaction on an open connection; an error takes it back."""
    con.execute("BEGIN IMMEDIATE")
    try:
        yield Tx(con)
    except BaseException:
        con.execute("ROLLBACK")
        raise
    con.execute("COMMIT")


def do(database: Database, unit: Callable[[Tx], T]) -> T:
    """Have the writer run a unit and wait for it."""
    return database.writer.submit(unit).result(GUARD)


@dataclass
class Refusals:
    """How many submissions are still to be refused, once `armed` lets them through so far."""

    left: int = 0
    let_through: int = 0
    refused: int = field(default=0, init=False)


class FullDisk(Writer):
    """A writer that can be told to refuse work as if the disk were full."""

    def __init__(self, path: Path, plan: Refusals) -> None:
        super().__init__(path)
        self._plan = plan

    def submit(
        self, unit: Callable[[Tx], T], priority: Priority = Priority.POLL, *, synced: bool = True
    ) -> Future[T]:
        self._refuse()
        return super().submit(unit, priority, synced=synced)

    async def run(
        self, unit: Callable[[Tx], T], priority: Priority = Priority.POLL, *, synced: bool = True
    ) -> T:
        self._refuse()
        return await super().run(unit, priority, synced=synced)

    def _refuse(self) -> None:
        if self._plan.let_through:
            self._plan.let_through -= 1
        elif self._plan.left:
            self._plan.left -= 1
            self._plan.refused += 1
            raise StoreError("the disk is full")


# --- rows --------------------------------------------------------------------------------------------


def insert(tx: Tx, table: str, statement: str, **values: Any) -> None:
    """Run an insert, giving what a column demands to those that the test does not care about."""
    full: dict[str, Any] = {}
    for column in tx.rows(f"PRAGMA table_info({table})"):
        if not column["notnull"]:
            full[column["name"]] = None
        elif column["type"] == "DATETIME":
            full[column["name"]] = to_db(NOW)
        else:
            full[column["name"]] = "" if re.match("TEXT|VARCHAR", column["type"]) else 0
    given = {k: to_db(v) if isinstance(v, datetime) else v for k, v in values.items()}
    assert given.keys() <= full.keys(), given.keys() - full.keys()
    tx.run(statement, **(full | given))


def add_feed(tx: Tx, name: str = "lemonde-une", **values: Any) -> int:
    """Insert a feed; returns its id."""
    feed_id = tx.next_id("feeds")
    insert(tx, "feeds", sql.FEED_INSERT, **{"id": feed_id, "name": name, "url_hash": feed_id, **values})
    return feed_id


def add_article(tx: Tx, feed_id: int, **values: Any) -> int:
    """Insert an article with a story of its own; returns its id."""
    story_id, article_id = tx.next_id("stories"), tx.next_id("articles")
    insert(tx, "stories", sql.STORY_INSERT, id=story_id)
    ids = {"id": article_id, "story_id": story_id, "feed_id": feed_id}
    insert(tx, "articles", sql.ARTICLE_INSERT, **{**ids, "title": "Talks in Doha", **values})
    return article_id


def add_match(tx: Tx, article_id: int, feed_id: int, rule: str = "talks", **values: Any) -> int:
    """Insert a match; returns its id."""
    match_id = tx.next_id("matches")
    ids = {"id": match_id, "article_id": article_id, "feed_id": feed_id}
    insert(tx, "matches", sql.MATCH_INSERT, **{**ids, "rule": rule, "strength": "strong", **values})
    return match_id


def add_ledger(tx: Tx, match_id: int, channel: str, state: str, reason: str, **values: Any) -> int:
    """Insert what became of a match on a channel; returns its id."""
    ledger_id = tx.next_id("ledger")
    given = {"id": ledger_id, "match_id": match_id, "channel": channel, "state": state, "reason": reason}
    insert(tx, "ledger", sql.LEDGER_INSERT, **{**given, **values})
    return ledger_id


def add_notification(tx: Tx, channel: str = "desk", **values: Any) -> int:
    """Insert a whole chain from feed to outbox, waiting to be sent; returns the outbox id."""
    number = tx.next_id("outbox")
    feed_id = add_feed(tx, f"feed-{number}")
    match_id = add_match(tx, add_article(tx, feed_id), feed_id)
    row = {
        "id": number,
        "message_id": f"{number}.id",
        "channel": channel,
        "kind": "alert",
        "severity": int(Severity.HIGH),
        "payload": payload.dump(message(title=f"title {number}")),
        "state": "ready",
        "reason": "",
        "next_attempt_at": NOW,
        "created_at": NOW,
    }
    insert(tx, "outbox", sql.OUTBOX_INSERT, **{**row, **values})
    add_ledger(tx, match_id, channel, "waiting", "first", outbox_id=number)
    return number


def outbox_row(source: Any, outbox_id: int) -> OutboxRow:
    """Read a notification, from a transaction or a reader."""
    row = source.row(sql.OUTBOX, id=outbox_id)
    assert row is not None
    return read(OutboxRow, row)


def ledger_of(source: Any, outbox_id: int) -> list[tuple[str, str]]:
    """State and reason of each ledger row of a notification."""
    statement = "SELECT state, reason FROM ledger WHERE outbox_id = :outbox ORDER BY id"
    return [(row["state"], row["reason"]) for row in source.rows(statement, outbox=outbox_id)]


def feed_states(reader: Reader) -> list[FeedState]:
    """The rows of all feeds, by name."""
    return read_all(FeedState, reader.rows(sql.FEEDS))
