"""
A newsroom with the whole Tocsin in it, in process and on a real database file, with time by hand.

Everything between a feed's document and the message that a channel is handed is the project's own: the
configuration is TOML that is loaded, planned and reloaded, polls, digests, the outbox worker and the keeper
are those of the daemon, a restart closes the file and opens it anew. Made up are the world's ends (documents
from memory, receivers that write down what they get) and the clock: where the program would wait, time moves.

`kill` and `dies_at` end it as kill -9 does: what was not committed is gone, nothing is tidied up.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Self, TypeVar
from zoneinfo import ZoneInfo

from monitor.alerts.silences import Silence
from monitor.alerts.walltime import first_showing
from monitor.config.load import require
from monitor.delivery import outbox
from monitor.plan import build_plan
from monitor.service.app import App
from monitor.service.clock import Clock
from monitor.store import sql
from monitor.store.checkup import examine
from monitor.store.database import command_line_tx
from monitor.store.outbox import retry_by_hand
from monitor.store.rows import from_db, to_db
from monitor.store.silences import add_silence, expire_silence
from tests.support.configs import load
from tests.support.documents import NOON, Item, rss
from tests.support.newsdesk import Documents, fresh_database
from tests.support.newsworld import WORDS, DiedError, Fuse, Heard, NewsroomParts
from tests.support.virtual import VirtualLoop

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path
    from types import TracebackType

    from monitor.model import Answer
    from monitor.settings import Config

T = TypeVar("T")
FEEDS = "".join(
    f'[[feeds]]\nname = "{name}"\nurl = "http://{name}.example/feed"\ntags = ["{tag}"]\n'
    'every = "1h"\nfull_text = "never"\n'
    for name, tag in (("a", "world"), ("b", "sport"))
)
# A rule holds where its name stands in the text.
SEVERITIES = {"chat": "low", "flood": "normal", "talks": "high", "war": "urgent"}
RULES = "".join(
    f'[[rules]]\nname = "{name}"\nquery = "{name}"\nseverity = "{severity}"\n'
    for name, severity in SEVERITIES.items()
)
PHONE = '[channels.phone]\ntype = "webhook"\nurl = "https://phone.example/"\n'
DESK = '[channels.desk]\ntype = "webhook"\nurl = "https://desk.example/"\n'
FILE = '[channels.log]\ntype = "file"\npath = "log.jsonl"\n'
NIGHT = """
[quiet_hours.night]
channels = ["phone"]
from = "22:00"
to = "07:00"
let_through = ["urgent"]
"""
LOOK = timedelta(minutes=10)  # between two looks at most; the daemon looks twice a second, mostly for nothing
A_MOMENT = 1e-4  # seconds by which time is moved beyond what is due, so that it is


class Newsroom:
    """
    Two feeds `a` and `b`, four rules by severity, and the channels, routes and hours of `toml`.

    `start` is what the clock of `zone` shows at first, e.g. "2026-11-27 12:00". Use it as a context manager.
    """

    def __init__(self, folder: Path, toml: str, start: str, zone: str = "Europe/Paris") -> None:
        self.zone = ZoneInfo(zone)
        self.folder = folder
        self.documents = Documents()
        self.items: dict[str, list[Item]] = {"a": [], "b": []}
        self.heard: list[Heard] = []
        self.moods: dict[str, str] = {}
        self.answers: dict[str, list[Answer]] = {}
        self.fuse = Fuse()
        self.deaths = 0
        self._broken: list[BaseException] = []
        self._numbers = 0
        self._begun = first_showing(self.zone, datetime.fromisoformat(start))
        self._loop = VirtualLoop()
        self._app: App | None = None
        self._working: asyncio.Task[None] | None = None
        self._watched = self._kept_house = self._begun
        assert fresh_database(folder).name == "desk.db"
        self.config = self._load(toml)
        for feed in self.items:
            self._publish(feed)

    # --- time -----------------------------------------------------------------------------------------

    @property
    def now(self) -> datetime:
        """The time, in UTC."""
        return self._begun + timedelta(seconds=self._loop.time())

    @property
    def app(self) -> App:
        """The Tocsin at work."""
        assert self._app is not None, "it is not running"
        return self._app

    @property
    def running(self) -> bool:
        """Whether it is at work."""
        return self._app is not None

    def pass_to(self, when: datetime) -> None:
        """Let time pass; where the process dies on the way it stays down."""
        self._do(self._pass_to(when))

    def passes(self, span: timedelta) -> None:
        """Let so much time pass."""
        self.pass_to(self.now + span)

    def passes_minutes(self, number: int) -> None:
        """Let so many minutes pass."""
        self.passes(timedelta(minutes=number))

    def passes_until_quiet(self) -> None:
        """Let time pass until nothing is left to send; a day at most."""
        for _ in range(144):
            self.passes_minutes(10)
            if not self.unsent():
                return
        raise AssertionError(self.unsent())

    async def _pass_to(self, when: datetime) -> None:
        await self._turn()
        while (now := self.now) < when:
            following = min(when, self._next_due(now))
            await asyncio.sleep((following - now).total_seconds() + A_MOMENT)
            await self._turn()

    def _next_due(self, now: datetime) -> datetime:
        """When something falls due that the database knows of, or a look is to be taken anyway."""
        seconds = LOOK.total_seconds()
        following = datetime.fromtimestamp((now.timestamp() // seconds + 1) * seconds, UTC)
        if self._app is None:
            return following + timedelta(days=1000)
        for statement in (
            "SELECT min(next_attempt_at) FROM outbox WHERE state = 'held'",
            "SELECT min(next_poll_at) FROM feeds",
        ):
            row = self._app.database.reader.row(statement)
            at = from_db(row[0]) if row else None
            following = min(following, at) if at else following
        return max(following, now + timedelta(seconds=1))

    # --- the process ----------------------------------------------------------------------------------

    def start(self, point: str = "", nth: int = 0) -> Self:
        """Start the process on what it left; it may die on the way, see `dies_at`."""
        self.fuse.dead = False
        self.dies_at(point, nth)
        self._do(self._start())
        return self

    def stop(self) -> None:
        """End the process in good order."""
        self._do(self._stop())

    def kill(self) -> None:
        """End the process between two instructions."""
        self.fuse.dead = True
        self._do(self._bury())

    def dies_at(self, point: str, nth: int = 1) -> None:
        """Have the process end at the nth time it comes to this point."""
        self.fuse.point, self.fuse.left = point, nth

    def reload(self, toml: str) -> None:
        """Put another configuration in force."""
        config = self._load(toml)

        async def put() -> None:
            plan, problems = build_plan(config)
            assert not problems, problems
            with contextlib.suppress(DiedError):
                await self.app.reload(plan)
                self.app.poller.slots.pace(None)
            await self._turn()

        self.config = config
        if self.running:
            self._do(put())

    async def _start(self) -> None:
        assert self._app is None
        # It bounds what a stepped clock can delay, and this one is never set.
        outbox.LOOK_AGAIN = LOOK.total_seconds()
        clock = Clock(lambda: self.now, self._loop.time, lambda: "one boot")
        app = App(self.config, clock=clock, parts=NewsroomParts(self))
        self._app = app
        try:
            await app.__aenter__()
            await app.note_alive()
        except DiedError:
            await self._bury()
            return
        app.worker._rng = lambda: 1.0  # the longest pause that a retry may take
        app.worker._complain = self._complained  # type: ignore[method-assign]
        app.poller.slots.pace(None)
        self._working = asyncio.create_task(app.worker.run())
        await self._turn()

    def _complained(self, error: BaseException, text: str, *values: object) -> None:
        """What the outbox worker would log and survive is a bug here, unless the process died of it."""
        if not isinstance(error, DiedError):
            self._broken.append(error)

    async def _stop(self) -> None:
        app, working = self.app, self._working
        assert working is not None
        await app.poller.stop()
        await app.pages.stop()
        await app.worker.stop(10.0)
        await working
        await app.__aexit__(None, None, None)
        self._app = None

    async def _bury(self) -> None:
        """What is left of a process that died: nothing is written, the kernel takes back files and lock."""
        self.deaths += 1
        app, self._app = self.app, None
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        app.database.reader.close()
        app.database.writer.close()
        app._lock.release()

    async def _turn(self) -> None:
        """What the daemon does twice a second, every ten minutes and every hour, and the sending."""
        app = self._app
        if app is None:
            return
        with contextlib.suppress(DiedError):
            for _ in range(2):  # what a poll has found is due now
                await app.tick()
                await app.poller.drain()
            await app.keeper.look()
            if self.now - self._watched >= LOOK:
                self._watched = self.now
                await app.keep_watch()
            if self.now - self._kept_house >= timedelta(hours=6):
                self._kept_house = self.now
                await app.keep_house(breath=0.0)
            await asyncio.sleep(A_MOMENT)  # time moves once nothing is left to do
        if self._broken:
            raise self._broken[0]
        if self.fuse.dead:
            await self._bury()

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        asyncio.set_event_loop(self._loop)
        try:
            return self._loop.run_until_complete(work)
        finally:
            asyncio.set_event_loop(None)

    # --- what feeds show ------------------------------------------------------------------------------

    def rings(self, title: str, feed: str = "a") -> None:
        """A feed shows a new item; its text is like no other's."""
        self._numbers += 1
        chosen = random.Random(self._numbers).sample(WORDS, 40)
        link = f"https://{feed}.example/{self._numbers}"
        self._show(feed, Item(title, link, link, f"{title}. {' '.join(chosen)}.", self._age()))

    def copies(self, title: str, feed: str) -> None:
        """A feed shows the item that the other one has under this title."""
        there = next(i for items in self.items.values() for i in items if i.title == title)
        self._numbers += 1
        link = f"https://{feed}.example/{self._numbers}"
        self._show(feed, replace(there, guid=link, link=link, age=self._age()))

    def edits(self, title: str, more: str) -> None:
        """The item of this title says more: in its headline, and in a sentence of its own."""
        for feed, items in self.items.items():
            for number, item in enumerate(items):
                if item.title == title:
                    items[number] = replace(item, title=f"{title}: {more}", text=f"{item.text} Now {more}.")
                    self._publish(feed)
                    self.poll(feed)
                    return
        raise AssertionError(f"no item is called {title}")

    def poll(self, *feeds: str) -> None:
        """Have these feeds asked now."""
        if not self.running:
            return
        with command_line_tx(self.config.database) as tx:
            for row in tx.rows(sql.FEEDS):
                if row["name"] in feeds and row["next_poll_at"] is not None:
                    tx.run(sql.FEED_SCHEDULE, feed_id=row["id"], next_poll_at=to_db(self.now))
        self._do(self._turn())

    def _age(self) -> float:
        return (NOON - self.now).total_seconds() / 3600

    def _show(self, feed: str, item: Item) -> None:
        self.items[feed].insert(0, item)
        self._publish(feed)
        self.poll(feed)

    def _publish(self, feed: str) -> None:
        self.documents.bodies[f"http://{feed}.example/feed"] = rss(*self.items[feed][:60])

    # --- what people do -------------------------------------------------------------------------------

    def silence(self, span: timedelta, **match: str) -> int:
        """Anna mutes what fits, from now on for so long."""
        matchers = {key: (value,) for key, value in match.items()}
        with command_line_tx(self.config.database) as tx:
            return add_silence(tx, Silence(matchers, "anna", "", self.now, self.now + span, self.now))

    def end_silence(self, number: int) -> None:
        """And unmutes it."""
        with command_line_tx(self.config.database) as tx:
            assert expire_silence(tx, number, self.now)

    def retry(self, channel: str) -> None:
        """Somebody has what is not sent on a channel sent now."""
        with command_line_tx(self.config.database) as tx:
            for row in tx.rows(sql.OUTBOX_UNSENT):
                if row["channel"] == channel:
                    retry_by_hand(tx, row["id"], self.now)
        if self.running:
            self.app.worker.wake()
            self._do(self._turn())

    # --- what is known --------------------------------------------------------------------------------

    def ledger(self) -> Counter[str]:
        """How many ledger rows stand for each reason."""
        rows = self.app.database.reader.rows("SELECT reason, count(*) AS n FROM ledger GROUP BY reason")
        return Counter({row["reason"]: row["n"] for row in rows})

    def adds_up(self) -> None:
        """What `db check` asks of matches, ledger and outbox."""
        if self._app is not None:
            reader = self._app.database.reader
            assert not reader.rows(sql.LEDGER_ORPHANS)
            assert not reader.rows(sql.LEDGER_STRAY)

    def unsent(self) -> list[str]:
        """What still waits in the outbox: "phone held quiet"."""
        rows = self.app.database.reader.rows(sql.OUTBOX_UNSENT)
        return [f"{r['channel']} {r['state']} {r['bin']}".strip() for r in rows]

    def _load(self, toml: str) -> Config:
        head = f'[monitor]\ndatabase = "desk.db"\ntimezone = "{self.zone.key}"\n'
        head += '[polling]\nper_host_gap = "0s"\n'
        head += "" if "[notices]" in toml else "[notices]\nchannels = []\n"
        rules = "" if "[[rules]]" in toml else RULES
        return require(load(self.folder, head + FEEDS + rules + toml))

    def ending(self) -> contextlib.ExitStack:
        """A block at whose end the newsroom ends, for one that was started outside of any."""
        stack = contextlib.ExitStack()
        stack.push(self.__exit__)
        return stack

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._app is not None:
            (self.stop if kind is None else self.kill)()
        self._loop.close()
        if kind is None:
            findings = [f for f in examine(self.config.database).findings if not f.startswith("mode:")]
            assert findings == []
