"""A database whose connection fails at a chosen statement, with the codes of SQLite, and a Tocsin on it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from monitor.errors import StoreError
from monitor.model import Answer, AnswerClass
from monitor.service.app import App
from monitor.service.clock import Clock as ServiceClock
from monitor.service.parts import Parts
from monitor.settings import ChannelConfig, Config, FeedConfig, Polling, RuleConfig, Secret
from monitor.store import sql
from monitor.store.connection import open_writer
from monitor.store.database import Database
from monitor.store.writer import Writer
from tests.support.channels import FakeChannel
from tests.support.documents import NOON, Item, rss
from tests.support.newsdesk import Documents, InProcessParser, fresh_database
from tests.support.store import LEASED, Clock, feed_states

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from monitor.delivery.channels import Channel

REFUSED, TAKEN_BACK, DONE = "refused", "taken back", "done all the same"
TEXTS = {
    sqlite3.SQLITE_FULL: "database or disk is full",
    sqlite3.SQLITE_IOERR_WRITE: "disk I/O error",
    sqlite3.SQLITE_IOERR_FSYNC: "disk I/O error",
    sqlite3.SQLITE_READONLY: "attempt to write a readonly database",
    sqlite3.SQLITE_BUSY: "database is locked",
    sqlite3.SQLITE_CORRUPT: "database disk image is malformed",
}


@dataclass
class Strike:
    """
    Which statement fails, counted from the start of the Tocsin, and how.

    `REFUSED`: the statement is not run, the transaction stays open. `TAKEN_BACK`: SQLite has rolled it back.
    `DONE`: a COMMIT that is durable although it returned an error; other statements are refused.
    """

    nth: int = 0
    code: int = sqlite3.SQLITE_FULL
    how: str = REFUSED
    times: int = 1
    seen: int = 0
    struck: int = 0
    armed: bool = True

    def at(self, con: sqlite3.Connection, statement: str, run: Callable[[], Any]) -> Any:
        """Run the statement, or fail."""
        if not self.armed:
            return run()
        self.seen += 1
        if not self.nth <= self.seen < self.nth + self.times:
            return run()
        self.struck += 1
        if self.how == TAKEN_BACK and con.in_transaction:
            sqlite3.Connection.execute(con, "ROLLBACK")
        elif self.how == DONE and statement == "COMMIT":
            run()
        error = sqlite3.OperationalError(TEXTS[self.code])
        error.sqlite_errorcode = self.code
        raise error


class FaultyWriter(Writer):
    """A writer every statement of which can fail."""

    def __init__(self, path: Path, strike: Strike) -> None:
        class Faulty(sqlite3.Connection):
            def execute(self, statement: str, *params: Any) -> sqlite3.Cursor:
                run = super().execute
                cursor: sqlite3.Cursor = strike.at(self, statement, lambda: run(statement, *params))
                return cursor

            def executemany(self, statement: str, rows: Any) -> sqlite3.Cursor:
                run = super().executemany
                cursor: sqlite3.Cursor = strike.at(self, statement, lambda: run(statement, rows))
                return cursor

        self._factory = Faulty
        self._strike = strike
        super().__init__(path)

    def _open(self) -> sqlite3.Connection:
        # Only what is run on the open connection is counted: else the number of a statement would depend on
        # how often the file was opened.
        self._strike.armed = False
        try:
            return open_writer(self._path, factory=self._factory)
        finally:
            self._strike.armed = True


class FaultyParts(Parts):
    """Documents from a dict, channels that remember, a database that fails."""

    def __init__(self, documents: Documents, channels: dict[str, FakeChannel], strike: Strike) -> None:
        self._documents, self._channels, self._strike = documents, channels, strike

    def database(self, path: Path) -> Database:
        database = Database(path, FaultyWriter(path, self._strike))
        database.reserve.size = 64 << 10
        return database

    def fetcher(self, config: Config, clock: Callable[[], datetime]) -> Any:
        return self._documents

    def parser(self) -> Any:
        return InProcessParser()

    def channel(self, channel: ChannelConfig, config: Config) -> Channel:
        return self._channels[channel.name]


class Bench:
    """A Tocsin with two feeds and two channels on a fresh database; one channel refuses its first message."""

    FEEDS = ("a", "b")

    def __init__(self, folder: Path) -> None:
        self.clock = Clock(NOON)
        self.documents = Documents()
        refusal = Answer(AnswerClass.TRANSIENT, "come again")
        self.channels = {"one": FakeChannel("one"), "two": FakeChannel("two", [refusal])}
        self.config = Config(
            path=folder / "config.toml",
            files=(),
            database=fresh_database(folder),
            timezone="UTC",
            polling=Polling(every=600, allow_private=("127.0.0.0/8",), per_host=8, per_host_gap=0),
            feeds=tuple(FeedConfig(name=f, url=Secret(f"http://{f}.example/feed")) for f in self.FEEDS),
            rules=(RuleConfig(name="doha", query="doha"),),
            channels=tuple(ChannelConfig(name=c, type="terminal") for c in self.channels),
        )
        self.publish("old")

    def publish(self, *titles: str) -> None:
        """Let both feeds list these items."""
        for feed in self.FEEDS:
            items = [Item(f"{t} {feed} Doha", guid=f"{feed}-{t}", age=1) for t in titles]
            self.documents.bodies[f"http://{feed}.example/feed"] = rss(*items)

    def live(self, strike: Strike, *, reserve: bool = True, rounds: int = 40) -> list[str]:
        """
        Be a daemon until everything is quiet; returns what was wrong on the way, each thing once.

        Only the loop's own work is done: ticks, the keeper's looks, deliveries. Nobody helps it.
        """
        return asyncio.run(self._live(strike, reserve=reserve, rounds=rounds))

    async def _live(self, strike: Strike, *, reserve: bool, rounds: int) -> list[str]:
        wrong: list[str] = []
        parts = FaultyParts(self.documents, self.channels, strike)
        steady = ServiceClock(self.clock, lambda: self.clock().timestamp(), lambda: "the same boot")
        app = App(self.config, clock=steady, parts=parts)
        if not reserve:
            app.database.reserve.path.unlink(missing_ok=True)
        for _ in range(10):  # a start that fails is repeated, as systemd does
            try:
                await app.__aenter__()
                break
            except StoreError as error:
                wrong.append(error.message)
        for _ in range(rounds):
            await app.tick()
            await app.poller.drain()
            health = app.database.health
            wrong += [t.message for t in (health.trouble, health.damage) if t is not None]
            try:
                await app.note_alive()
                await app.worker.finish()
            except StoreError as error:
                wrong.append(error.message)
            await app.keeper.look()
            self.clock.advance(minutes=11)
            if self._quiet(app, strike):
                break
        else:
            raise AssertionError(f"it never came to rest: {strike}, {wrong}")
        await app.__aexit__(None, None, None)
        return list(dict.fromkeys(wrong))

    def _quiet(self, app: App, strike: Strike) -> bool:
        done = app.database.health.trouble is None and strike.seen > strike.nth + strike.times
        waiting = {r["state"]: r["n"] for r in app.database.reader.rows(sql.OUTBOX_COUNTS)}
        polled = all(s.polls and not s.failures for s in feed_states(app.database.reader))
        known = len(app.database.reader.rows("SELECT id FROM articles")) >= self.published
        return done and polled and known and waiting.keys() <= {"sent"}

    @property
    def published(self) -> int:
        """How many items the feeds list."""
        return sum(body.count(b"<item>") for body in self.documents.bodies.values())

    def told(self) -> Counter[tuple[str, str]]:
        """What each channel accepted, and how often: (channel, title)."""
        found: Counter[tuple[str, str]] = Counter()
        for name, channel in self.channels.items():
            given = channel.given[1:] if name == "two" else channel.given  # it refused the first
            found.update((name, o.message.title) for o in given if o.message.kind == "alert")
        return found

    def expected(self, titles: Sequence[str]) -> Counter[tuple[str, str]]:
        """Each item once on each channel."""
        return Counter((c, f"{t} {f} Doha") for c in self.channels for t in titles for f in self.FEEDS)

    def adds_up(self) -> bool:
        """Whether the file is whole, and ledger, matches and outbox agree."""
        con = sqlite3.connect(self.config.database)
        try:
            answers = [con.execute(s).fetchall() for s in (sql.LEDGER_ORPHANS, sql.LEDGER_STRAY, LEASED)]
            return answers == [[], [], []] and con.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        finally:
            con.close()
