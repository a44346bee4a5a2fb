"""
A newsroom in a box: real database, real writer, real rules; documents come from a dict instead of a server.

    with Desk(tmp_path, feeds=["a", "b"], query="doha") as desk:
        desk.publish("a", Item("Talks in Doha", guid="1"))
        desk.poll()
        assert desk.told() == ["Talks in Doha"]
"""

from __future__ import annotations

import asyncio
import json
import shutil
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Self

from monitor.feeds.parse import parsed_feed
from monitor.feeds.worker import parse_document
from monitor.model import Entry, FetchRequest, FetchResult, FetchStatus, ParsedFeed
from monitor.pipeline import Deps, check_feed
from monitor.plan import build_plan
from monitor.service.housekeeping import keep_house
from monitor.settings import ChannelConfig, Config, EntityConfig, FeedConfig, Polling, RuleConfig, Secret
from monitor.store import schema, sql
from monitor.store.database import Database
from monitor.store.digests import compose
from monitor.store.rows import FeedState, read
from monitor.store.sync import FeedWanted, sync
from monitor.text.hashes import hash64
from tests.support.documents import NOON, Item, rss

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from monitor.recording import Recorded
    from monitor.store.tx import Tx

_templates: dict[str, Path] = {}


def fresh_database(folder: Path) -> Path:
    """A migrated database file: made once a session, copied afterwards (Alembic costs more than a test)."""
    path = folder / "desk.db"
    template = _templates.get("migrated")
    if template is None or not template.exists():
        schema.migrate(path, now=NOON)
        _templates["migrated"] = path.with_name("template.db")
        shutil.copyfile(path, _templates["migrated"])
    else:
        shutil.copyfile(template, path)
    return path


class Documents:
    """A fetcher that serves what a test published; honours validators like a good server."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}
        self.results: dict[str, FetchResult] = {}
        self.requests: list[FetchRequest] = []
        self.meanwhile: Callable[[], None] | None = None  # done once, in the middle of the next fetch

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """A scripted result if there is one, else the document, or 304 for its own ETag."""
        self.requests.append(request)
        await asyncio.sleep(0)
        body = self.bodies.get(request.url, b"")
        if self.meanwhile is not None:
            act, self.meanwhile = self.meanwhile, None
            act()
        if request.url in self.results:
            return self.results[request.url]
        etag = f'"{hash64(body)}"'
        if request.etag == etag:
            return FetchResult(FetchStatus.NOT_MODIFIED, 304, etag=etag)
        return FetchResult(
            FetchStatus.NEW,
            200,
            body=body,
            content_type="application/rss+xml",
            etag=etag,
            final_url=request.url,
        )


class InProcessParser:
    """
    Parses here and now: the worker process has tests of its own.

    An item's raw hash is that of all that was read of it, so that what is known is left out here as well.
    """

    def __init__(self) -> None:
        self.unread = 0  # items of all documents that were left out
        self.reads_all = False  # whatever is known

    async def parse(
        self,
        body: bytes,
        *,
        content_type: str,
        url: str,
        suspect: bool = False,
        known: Collection[int] = frozenset(),
    ) -> ParsedFeed:
        """The parsed document."""
        parsed = parsed_feed(parse_document(body, content_type, url))
        items = tuple(hash64(repr(replace(entry, raw=0)).encode()) for entry in parsed.entries)
        entries = tuple(
            Entry(guid=entry.guid, link=entry.link, raw=raw, known=True)
            if raw in known and not self.reads_all
            else replace(entry, raw=raw)
            for entry, raw in zip(parsed.entries, items, strict=True)
        )
        skipped = sum(entry.known for entry in entries)
        self.unread += skipped
        return replace(parsed, entries=entries, items=items, skipped=skipped)

    async def close(self) -> None:
        """Nothing to close."""


@dataclass(frozen=True)
class Notification:
    """What the outbox holds, as far as tests ask."""

    channel: str
    title: str
    rules: tuple[str, ...]
    severity: str


class Desk:
    """Feeds, rules and channels on a real database; time stands at `now` until a test moves it."""

    def __init__(
        self,
        folder: Path,
        *,
        feeds: Sequence[str | FeedConfig] = ("a",),
        query: str = "feed:*",
        rules: Sequence[RuleConfig] = (),
        entities: Sequence[EntityConfig] = (),
        channels: Sequence[str] = ("desk",),
        database: Path | None = None,
        **config: Any,
    ) -> None:
        self.now = NOON
        self.documents = Documents()
        configs = tuple(f if isinstance(f, FeedConfig) else self.feed(f) for f in feeds)
        self.config = Config(
            path=folder / "config.toml",
            files=(),
            database=database or fresh_database(folder),
            timezone="UTC",
            polling=Polling(allow_private=("127.0.0.0/8",)),
            feeds=configs,
            rules=tuple(rules) or (RuleConfig(name="watch", query=query),),
            entities=tuple(entities),
            channels=tuple(ChannelConfig(name=c, type="terminal") for c in channels),
            **config,
        )
        self.database = Database(self.config.database)
        self.parser = InProcessParser()
        parser: Any = self.parser
        self._deps = Deps(self.documents, parser, self.database, lambda: self.now, plan=lambda: self.plan)
        self.load(self.config)

    @staticmethod
    def feed(name: str, **options: Any) -> FeedConfig:
        """A feed of this name; nobody reads its pages."""
        return FeedConfig(
            name=name, url=Secret(f"http://{name}.example/feed"), **({"full_text": "never"} | options)
        )

    def load(self, config: Config) -> None:
        """Put a configuration in force, as a start or a reload does."""
        self.config = config
        self.plan, problems = build_plan(config)
        assert not problems, problems
        wanted = [FeedWanted(f.name, hash64(f.url.reveal().encode()), f.enabled) for f in config.feeds]
        hashes = {name: rule.hash for name, rule in self.plan.engine.rules.items()}
        self.database.writer.submit(
            lambda tx: sync(tx, wanted, hashes, list(self.plan.channels), self.now, configured=config.rules)
        ).result()

    def change(self, **config: Any) -> None:
        """Reload with some of the configuration changed."""
        self.load(replace(self.config, **config))

    def publish(self, feed: str, *items: Item) -> None:
        """Let the feed's document hold these items, newest first, and nothing else."""
        self.documents.bodies[self._url(feed)] = rss(*items)

    def answer(self, feed: str, result: FetchResult | None) -> None:
        """Let the feed's server give this result from now on; None = its document again."""
        self.documents.results.pop(self._url(feed), None)
        if result is not None:
            self.documents.results[self._url(feed)] = result

    def poll(self, *feeds: str) -> list[Recorded]:
        """Poll these feeds, or all of them, in one tick."""
        self.now += timedelta(minutes=1)
        names = feeds or tuple(f.name for f in self.config.feeds)

        async def tick() -> list[Recorded]:
            polls = [check_feed(self.plan.feeds[n], self.state(n), self.plan, self._deps) for n in names]
            return [done for done in await asyncio.gather(*polls) if done is not None]

        return asyncio.run(tick())

    def state(self, feed: str) -> FeedState:
        """The feed's row."""
        rows = {row["name"]: row for row in self.database.reader.rows(sql.FEEDS)}
        return read(FeedState, rows[feed])

    def notifications(self) -> list[Notification]:
        """All single alerts in the outbox, oldest first."""
        singles = [m for m in self.messages() if "kind" in m]
        return [Notification(m["channel"], m["title"], tuple(m["rules"]), m["severity"]) for m in singles]

    def messages(self) -> list[dict[str, Any]]:
        """The payloads of all alerts in the outbox, oldest first; of a digest its entries."""
        self.database.writer.submit(lambda tx: _compose_digests(tx, self.now)).result()
        found: list[dict[str, Any]] = []
        for row in reversed(self.database.reader.rows(sql.OUTBOX_ALL, count=10_000)):
            message = json.loads(row["payload"])
            known = {"id": row["id"], "channel": row["channel"]}
            if message["kind"] == "alert":
                found.append(message | known)
            elif message["kind"] == "digest":
                found += [entry | known for entry in message["entries"]]
        return found

    def told(self) -> list[str]:
        """The titles of all single alerts in the outbox, oldest first."""
        return [n.title for n in self.notifications()]

    def ledger(self) -> dict[str, int]:
        """How many ledger rows have each reason."""
        rows = self.database.reader.rows("SELECT reason, count(*) AS n FROM ledger GROUP BY reason")
        return {row["reason"]: row["n"] for row in rows}

    def deliver_all(self) -> None:
        """Everything in the outbox was sent."""

        def unit(tx: Tx) -> None:
            tx.run("UPDATE outbox SET state = 'sent' WHERE state IN ('ready', 'held')")
            tx.run("UPDATE ledger SET state = 'sent' WHERE state = 'waiting'")

        self.database.writer.submit(unit).result()

    def prune(self, retention: timedelta) -> Mapping[str, int]:
        """Prune what is older than that now; returns what went."""
        done = keep_house(self.database, retention.total_seconds(), self.now, breath=0.0)
        self.database.writer.submit(lambda tx: tx.run("DELETE FROM facts WHERE name = 'last_prune'")).result()
        return asyncio.run(done) or {}

    def restart(self) -> None:
        """Close the database and open it again, as a process that ends and starts does."""
        self.database.close()
        self.database = Database(self.config.database)
        self._deps = replace(self._deps, database=self.database)
        self.load(self.config)

    def adds_up(self) -> bool:
        """Whether each match has a ledger row and each ledger row its place in the outbox."""
        reader = self.database.reader
        return not reader.rows(sql.LEDGER_ORPHANS) and not reader.rows(sql.LEDGER_STRAY)

    def _url(self, feed: str) -> str:
        return next(f.url.reveal() for f in self.config.feeds if f.name == feed)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.database.close()


def _compose_digests(tx: Tx, now: datetime) -> None:
    """A digest has no content until it is sent: give it what it holds so far."""
    for row in tx.rows(sql.OUTBOX_HELD):
        if row["kind"] == "digest":
            compose(tx, row["id"], now)


def at(hour: float) -> datetime:
    """A time, in hours after noon of the tests' day."""
    return NOON + timedelta(hours=hour)
