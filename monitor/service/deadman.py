"""
The dead-man ping: an address that is asked after each whole healthy cycle, and at no other time.

Whoever watches that address (healthchecks.io, Uptime Kuma, Better Stack …) raises the alarm when the
pings stay away; so nothing is asked but the plain address: no /start, no /fail, which not every service
has, and which a daemon that is dead cannot send. A minute passes between two pings. What the ping itself
runs into is told once, in the log and by `tocsin status`: it troubles nobody's alerts, and the watcher's
alarm tells people.

The address is a secret: whoever knows it can keep the alarm from being raised. No sentence here names it.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from monitor.errors import StoreError
from monitor.feeds.addresses import ports_of
from monitor.feeds.fetch import user_agent
from monitor.feeds.problem import FetchError
from monitor.feeds.resolve import DnsPool
from monitor.feeds.targets import target_of
from monitor.feeds.transport import FeedTransport, basic_login
from monitor.service.log import event, failure, get_logger, redacted
from monitor.store import sql
from monitor.store.rows import to_db

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from monitor.settings import Config
    from monitor.store.database import Database
    from monitor.store.tx import Tx

FACT = "deadman"
LOOK = 5.0  # seconds between two looks
PACE = 60.0  # seconds between two pings
TIMEOUT = 10.0  # seconds for a ping
MAX_WIRE = 100_000  # bytes; only the head of the answer is read
_log = get_logger("deadman")


class Rows(Protocol):
    """What both a transaction and a reader can do."""

    def row(self, statement: str, **params: Any) -> sqlite3.Row | None:
        """The first row of a query, if any."""
        ...


@dataclass(frozen=True, slots=True)
class State:
    """
    When the last ping was answered, and what is the matter.

    `held` is why no ping goes out, `error` why the last did not reach its receiver, `since` when it began.
    """

    ok_at: str | None = None
    held: str = ""
    error: str = ""
    since: str | None = None


async def ping(transport: FeedTransport, url: str, agent: str) -> str:
    """Ask the address; returns what went wrong as a sentence without the address, "" = it was answered."""
    try:
        async with asyncio.timeout(TIMEOUT):
            target = target_of(url, ports_of([url]))
            fields = [
                (b"Host", target.netloc),
                (b"User-Agent", agent.encode("latin-1", "replace")),
                (b"Accept", b"*/*"),
                (b"Connection", b"close"),
            ]
            if target.login is not None:
                fields.append((b"Authorization", basic_login(*target.login)))
            exchange = await transport.ask(target, fields)
            try:
                status, _ = await exchange.head()
            finally:
                exchange.abort()
    except FetchError as problem:
        return redacted(problem.message)
    except TimeoutError:
        return f"the server did not answer within {TIMEOUT:g} s"
    if 200 <= status < 300:
        return ""
    if 300 <= status < 400:
        return f"the server answered {status}: redirects are not followed, configure where it leads"
    return f"the server answered {status}"


class Deadman:
    """
    Pings while all is well. `broken` says why the last cycle was not whole or not healthy, "" = it was.

    `config` gives the configuration in force; `steady` gives seconds that never step. The first ping comes
    `after` so many seconds, by default as many as lie between two: a daemon that dies again and again soon
    after its start must not look well.
    """

    def __init__(
        self,
        config: Callable[[], Config],
        database: Database,
        *,
        broken: Callable[[], Awaitable[str]],
        clock: Callable[[], datetime],
        steady: Callable[[], float],
        after: float | None = None,
    ) -> None:
        self._config = config
        self._database = database
        self._broken = broken
        self._clock = clock
        self._steady = steady
        self._next = steady() + (PACE if after is None else after)
        self._transport: tuple[tuple[str, ...], FeedTransport] | None = None
        self.state = read_state(database.reader)

    async def run(self) -> None:
        """Look every few seconds whether a ping is to go out."""
        while True:
            await asyncio.sleep(LOOK)
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - a bug here must not stop the daemon; the silence tells
                failure(_log, "the dead-man ping failed", error)

    async def look(self) -> None:
        """Ping, if a minute has passed and the cycle was whole and healthy."""
        config = self._config()
        if config.deadman is None or self._steady() < self._next:
            return
        if config.deadman.missing:
            self._learn(replace(self.state, held=f"its address is missing: {config.deadman.missing}"))
            return
        held = await self._broken()
        if held:
            self._learn(replace(self.state, held=held))
            return
        self._next = self._steady() + PACE
        wrong = await ping(self._way(config), config.deadman.reveal(), user_agent(config.contact))
        if not wrong:
            event(_log, "debug", "the dead-man ping was answered")
        ok_at = self.state.ok_at if wrong else self._clock().isoformat(timespec="seconds")
        self._learn(replace(self.state, ok_at=ok_at, held="", error=wrong))

    def _way(self, config: Config) -> FeedTransport:
        """The transport with the same walls as that of feeds; it keeps what TLS costs to set up."""
        allowed = config.polling.allow_private
        if self._transport is None or self._transport[0] != allowed:
            made = FeedTransport(allow_private=allowed, resolver=DnsPool(threads=2), max_wire=MAX_WIRE)
            self._transport = allowed, made
        return self._transport[1]

    def _learn(self, after: State) -> None:
        """Remember, and say what is new."""
        before = self.state
        now = self._clock()
        if (before.held, before.error) != (after.held, after.error):
            if bool(before.held) != bool(after.held) or bool(before.error) != bool(after.error):
                after = replace(after, since=now.isoformat(timespec="seconds"))
            if after.held and not before.held:
                event(_log, "warning", "the dead-man ping is held back", why=after.held)
            elif after.error and not before.error:
                remedy = "check [deadman] url, and what answers there"
                event(_log, "warning", "the dead-man ping is not answered", why=after.error, remedy=remedy)
            elif not (after.held or after.error):
                event(_log, "info", "the dead-man ping is answered again")
        if after == before:
            return
        self.state = after

        def note(tx: Tx) -> None:
            tx.run(sql.FACT_UPSERT, name=FACT, value=json.dumps(asdict(after)), at=to_db(now))

        try:
            done = self._database.writer.submit(note, synced=False)
        except StoreError:
            return
        done.add_done_callback(lambda done: done.exception())  # the store's trouble is told by others


def read_state(source: Rows) -> State:
    """What is on record of the ping."""
    row = source.row(sql.FACT, name=FACT)
    known = json.loads(row["value"]) if row is not None and row["value"] else {}
    return State(**{key: value for key, value in known.items() if key in State.__dataclass_fields__})
