"""Putting the parts together: from a configuration to a running poller and outbox worker."""

from __future__ import annotations

import asyncio
import contextlib
import random
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self
from zoneinfo import ZoneInfo

from monitor.delivery.channels import build_channel
from monitor.delivery.outbox import OutboxWorker
from monitor.errors import Fault, StoreError
from monitor.feeds.fetch import HttpFetcher, user_agent
from monitor.feeds.parse import Parser
from monitor.model import AnswerClass
from monitor.pipeline import Deps, hash_of
from monitor.plan import build_plan
from monitor.service.keeper import Keeper
from monitor.service.log import event, get_logger, redact
from monitor.service.poller import Poller
from monitor.store import schema, sql
from monitor.store.database import Database
from monitor.store.lock import DaemonLock
from monitor.store.reserve import Reserve
from monitor.store.rows import FeedState, read, to_db
from monitor.store.sync import FeedWanted, sync

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from monitor.delivery.channels import Channel
    from monitor.delivery.policy import Verdict
    from monitor.feeds.fetch import Fetcher
    from monitor.model import Answer
    from monitor.plan import Plan
    from monitor.recording import Recorded
    from monitor.settings import ChannelConfig, Config, Secret
    from monitor.store.rows import OutboxRow

LAST_TICK = "last_tick"
AT_WORK, ENDED = "at work", "ended"  # what its last sign of life said: a crash leaves the first
IN_HAND = 95.0  # seconds: a whole fetch and a whole send
_log = get_logger("delivery")


def utc_now() -> datetime:
    """The time, for those who take a clock."""
    return datetime.now(UTC)


class Parts:
    """The parts that touch the world, as they are for a user; tests hand in others."""

    def database(self, path: Path) -> Database:
        """Open the database file."""
        return Database(path)

    def fetcher(self, config: Config, clock: Callable[[], datetime]) -> Fetcher:
        """Make what asks servers."""
        agent = user_agent(config.contact)
        return HttpFetcher(agent, allow_private=config.polling.allow_private, clock=clock)

    def parser(self) -> Parser:
        """Make what parses documents."""
        return Parser()

    def channel(self, channel: ChannelConfig, config: Config) -> Channel:
        """Make what delivers to one channel."""
        return build_channel(channel, zone=ZoneInfo(config.timezone), contact=config.contact)


class App:
    """
    A Tocsin at work on its database: holds the lock, the writer, the parser process and the channels.

    Use it as an async context manager. Raises DaemonRunningError where another one is at work already.
    """

    def __init__(
        self, config: Config, *, clock: Callable[[], datetime] = utc_now, parts: Parts | None = None
    ) -> None:
        self.clock = clock
        self._parts = parts or Parts()
        self.plan, self.problems = build_plan(config)
        self.attempts: dict[str, int] = {}
        self._tidying: asyncio.Task[None] | None = None
        self.on_polled: Callable[[Recorded], None] = lambda _: None
        self._lock = DaemonLock(config.database)
        self._lock.acquire()
        try:
            self._open(config.database)
            self.started_at_match = self._highest_match()
            self.unclean = self._ended_uncleanly()
        except BaseException:
            self._lock.release()
            raise
        self.database.reserve.make()

    def _open(self, path: Path) -> None:
        try:
            self.backup = schema.migrate(path, now=self.clock())
            self.database = self._parts.database(path)
        except StoreError as error:
            # A full disk has no room even for what SQLite needs to read; the last run left a reserve.
            if error.fault is not Fault.FULL or not Reserve(path).release():
                raise
            self.backup = schema.migrate(path, now=self.clock())
            self.database = self._parts.database(path)
            self.database.reserve.wanted = True
            self.database.health.note(error)

    async def __aenter__(self) -> Self:
        self.parser = self._parts.parser()
        self.fetcher = self._parts.fetcher(self.plan.config, self.clock)
        self.worker = OutboxWorker(self.database, self.clock, rng=random.random, on_attempt=self._log_attempt)
        self.keeper = Keeper(
            self.database, self._lock, self.clock, notices_to=self._hear_notices, wake=self.worker.wake
        )
        await self.worker.return_leases()
        await self._apply(self.plan)
        self._unpolled = {s.name for s in self.feed_states() if not s.polls}
        self.first_round = asyncio.Event()  # every new feed was asked once
        if not self._unpolled:
            self.first_round.set()
        deps = Deps(self.fetcher, self.parser, self.database, self.clock)
        self.poller = Poller(self.plan, deps, self._polled)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._tidying is not None:
            self._tidying.cancel()
        await self.poller.stop()
        await self.parser.close()
        for channel in self._channels.values():
            channel.close()
        await self.keeper.close()
        with contextlib.suppress(StoreError):
            await self._sign(ENDED)
        self.database.close()
        self._lock.release()

    async def reload(self, plan: Plan) -> None:
        """Put another plan in force: as a whole, between two polls."""
        await self._apply(plan)
        self.plan = self.poller.plan = plan
        if self._tidying is not None:
            self._tidying.cancel()
        self._tidying = asyncio.create_task(self._tidy_up())

    async def _tidy_up(self) -> None:
        """What was in hand at a reload may still have made rows for a channel that is gone: settle them."""
        await asyncio.sleep(IN_HAND)
        await self._sync(self.plan)

    async def _apply(self, plan: Plan) -> None:
        redact(secrets_of(plan.config))
        await self._sync(plan)
        self._channels: Mapping[str, Channel] = {
            name: self._parts.channel(channel, plan.config) for name, channel in plan.channels.items()
        }
        self._notices_to = tuple(plan.channels) if plan.config.notices is None else plan.config.notices
        self.worker.use(self._channels, self._notices_to)

    async def _sync(self, plan: Plan) -> None:
        feeds = [FeedWanted(f.name, url_hash(f.url), f.enabled) for f in plan.config.feeds]
        rules = {name: rule.hash for name, rule in plan.engine.rules.items()}
        now = self.clock()
        unit = self.database.writer.submit(lambda tx: sync(tx, feeds, rules, tuple(plan.channels), now))
        await asyncio.wrap_future(unit)

    async def tick(self) -> None:
        """Start what is due. Does not wait for it."""
        self.poller.start_due()

    async def note_alive(self) -> None:
        """Leave a sign of life for `tocsin status`."""
        await self._sign(AT_WORK)

    async def _sign(self, value: str) -> None:
        now = to_db(self.clock())
        unit = self.database.writer.submit(
            lambda tx: tx.run(sql.FACT_UPSERT, name=LAST_TICK, value=value, at=now)
        )
        await asyncio.wrap_future(unit)

    def _ended_uncleanly(self) -> bool:
        row = self.database.reader.row(sql.FACT, name=LAST_TICK)
        return row is not None and row["value"] == AT_WORK

    def feed_states(self) -> list[FeedState]:
        """The rows of the configured feeds."""
        rows = self.database.reader.rows(sql.FEEDS)
        return [read(FeedState, row) for row in rows if row["name"] in self.plan.feeds]

    def _polled(self, recorded: Recorded) -> None:
        self.on_polled(recorded)
        self._unpolled.discard(recorded.feed)
        if not self._unpolled:
            self.first_round.set()
        if recorded.notifications:
            self.worker.wake()

    def _log_attempt(self, row: OutboxRow, answer: Answer, verdict: Verdict) -> None:
        self.attempts[answer.kind.value] = self.attempts.get(answer.kind.value, 0) + 1
        event(
            _log,
            "info" if answer.kind is AnswerClass.OK else "warning",
            "notification sent" if answer.kind is AnswerClass.OK else "notification not sent",
            outbox=row.id,
            channel=row.channel,
            attempt=row.attempts,
            answer=answer.kind,
            state=verdict.state,
            **({"detail": answer.detail} if answer.detail else {}),
            **({"next": verdict.next_attempt} if verdict.next_attempt else {}),
        )

    def _hear_notices(self) -> Sequence[str]:
        return self._notices_to

    def _highest_match(self) -> int:
        row = self.database.reader.row(sql.LAST_MATCH)
        return int(row[0] or 0) if row else 0


def url_hash(url: Secret) -> int | None:
    """How the database knows a feed's URL, which itself it never holds; None where it is not to be had."""
    return None if url.missing else hash_of(url.reveal().encode())


def secrets_of(config: Config) -> list[str]:
    """Every value of the configuration that no log line may show."""
    found = [c.url for c in config.channels] + [c.password for c in config.channels]
    found += [c.secret for c in config.channels] + [f.password for f in config.feeds]
    found += [f.proxy for f in config.feeds] + [v for f in config.feeds for v in f.headers.values()]
    found += [f.url for f in config.feeds if f.url.source != "config"]
    found.append(config.deadman)
    return [s.reveal() for s in found if s is not None and not s.missing]
