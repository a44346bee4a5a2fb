"""
A daemon's parts around a canary: the real App in a loop of its own thread, and a clock that a test winds.

    with Aviary(tmp_path) as aviary:
        aviary.wind(3 * aviary.every)                     # ticks, rounds and looks of the alarm
        with aviary.stopped("writer"):
            assert aviary.until_alarm() <= 2 * aviary.every

What is stopped here is stopped from outside: the product has no switch for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self

from monitor.model import Answer, AnswerClass
from monitor.rules.engine import Engine
from monitor.service.app import App
from monitor.service.clock import Clock
from monitor.service.parts import Parts
from tests.support.documents import NOON
from tests.support.newsdesk import Desk, Documents, InProcessParser

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from monitor.feeds.fetch import Fetcher
    from monitor.model import Outgoing
    from monitor.settings import ChannelConfig, Config

PATIENCE = 20.0  # real seconds before a test gives up
BLOCKED = 0.03  # real seconds after which a loop is taken to stand still
STEP = 4.0  # seconds of the wound clock from one look to the next
REFUSES = Answer(AnswerClass.REFUSED, "no such room")


@dataclass
class Heard:
    """What channels were told, in order, and what each says to it (default: yes)."""

    said: list[tuple[str, str]] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)

    def channel(self, name: str) -> Any:
        """A channel that tells this."""
        heard = self

        class Channel:
            def __init__(self) -> None:
                self.name = name

            def send(self, outgoing: Outgoing) -> Answer:
                heard.said.append((name, outgoing.message.title))
                return heard.answers.get(name, Answer(AnswerClass.OK))

            def close(self) -> None:
                pass

        return Channel()

    def of(self, words: str) -> list[str]:
        """The channels that were told something with these words."""
        return [name for name, title in self.said if words in title]

    @property
    def alarms(self) -> list[str]:
        """The channels that were told that the canary does not come through."""
        return self.of("has not come through")

    @property
    def ends(self) -> list[str]:
        """The channels that were told that it does again."""
        return self.of("comes through again")


class BirdParts(Parts):
    """Documents instead of servers, lists instead of receivers; the canary's own way is the real one."""

    def __init__(self, documents: Documents, heard: Heard) -> None:
        self._documents = documents
        self._heard = heard

    def fetcher(self, config: Config, clock: Callable[[], datetime]) -> Fetcher:
        return self._documents

    def parser(self) -> Any:
        return InProcessParser()

    def channel(self, channel: ChannelConfig, config: Config) -> Any:
        return self._heard.channel(channel.name)


class Aviary:
    """See above. `config` are more keys of the configuration; `again` goes on with another one's database."""

    def __init__(
        self,
        folder: Path,
        *,
        every: float | None = 60.0,
        channels: Sequence[str] = ("desk", "phone"),
        to: Sequence[str] = ("desk",),
        again: Aviary | None = None,
        asleep: float = 0.0,
        **config: Any,
    ) -> None:
        self.every = every or 60.0
        self.heard: Heard = again.heard if again else Heard()
        self.steady: float = again.steady + asleep if again else 1000.0
        if again is None:
            canary = {"every": every, "channels": tuple(to)} if every else None
            with Desk(folder, channels=channels, **config) as desk:
                self.documents, self.config = desk.documents, desk.config
            polling = replace(self.config.polling, per_host_gap=0.0)
            self.config = replace(self.config, polling=polling, canary=canary)
        else:
            self.documents, self.config = again.documents, again.config
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.ticks = True  # the schedule
        self.app: App
        self._sender: asyncio.Task[None] | None = None

    def now(self) -> datetime:
        """The wound wall clock."""
        return NOON + timedelta(seconds=self.steady)

    def __enter__(self) -> Self:
        self._thread.start()
        self.ask(self._open())
        return self

    async def _open(self) -> None:
        clock = Clock(self.now, lambda: self.steady, lambda: "boot")
        self.app = App(self.config, clock=clock, parts=BirdParts(self.documents, self.heard))
        await self.app.__aenter__()
        self.alarm = self.app.keep_canary()
        assert self.app.canary is not None
        self.canary = self.app.canary
        self._sender = asyncio.ensure_future(self.app.worker.run())

    def __exit__(self, *exc: object) -> None:
        self.ask(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()

    async def _close(self) -> None:
        if self._sender is not None:
            self._sender.cancel()
        await self.app.__aexit__(None, None, None)
        await asyncio.sleep(0)

    def ask(self, what: Coroutine[Any, Any, Any]) -> Any:
        """The result of a coroutine in the daemon's loop."""
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(PATIENCE)

    # --- time

    def wind(self, seconds: float) -> None:
        """Let time pass: ticks, what they begin, and looks of the alarm."""
        end = self.steady + seconds
        while self.steady < end:
            self.steady = min(self.steady + min(STEP, self.every / 10), end)
            self.tick()
            self.alarm.look()

    def tick(self) -> None:
        """One tick, if the schedule is not stopped, and all it begins, if the loop does not stand still."""

        async def ticked() -> None:
            if self.ticks:
                await self.app.tick()
            await asyncio.sleep(0)
            task = self.canary._task
            if task is not None and not task.done():
                await asyncio.wait({task}, timeout=PATIENCE if self._well else BLOCKED / 2)
            await self.app.poller.drain() if not self.canary.overdue(self.steady) else None

        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(ticked(), self._loop).result(self._patience)

    @property
    def _patience(self) -> float:
        return PATIENCE if self._well else BLOCKED

    _well = True

    def until_alarm(self, most: float = 10.0) -> float:
        """Wind until a channel was told; returns the seconds that took. Gives up after `most` periods."""
        began, before = self.steady, len(self.heard.alarms)
        while len(self.heard.alarms) == before:
            assert self.steady - began < most * self.every, "no alarm"
            self.wind(min(STEP, self.every / 10))
        return self.steady - began

    # --- stopping one part or another

    @contextlib.contextmanager
    def stopped(self, what: str) -> Iterator[None]:
        """Inside this block the part of this name stands still; it moves again after it."""
        self._well = False
        try:
            with getattr(self, f"_stop_{what}")():
                yield
        finally:
            self._well = True

    @contextlib.contextmanager
    def _stop_scheduler(self) -> Iterator[None]:
        self.ticks = False
        yield
        self.ticks = True

    @contextlib.contextmanager
    def _stop_matcher(self) -> Iterator[None]:
        """The engine answers, and finds nothing."""
        with self._engine(lambda *_: ()):
            yield

    @contextlib.contextmanager
    def _stop_matcher_by_a_bug(self) -> Iterator[None]:
        def raises(*_: object) -> Any:
            raise ZeroDivisionError

        with self._engine(raises):
            yield

    @contextlib.contextmanager
    def _stop_matcher_for_good(self) -> Iterator[None]:
        """It never returns: the loop stands still with it."""
        gate = threading.Event()
        real = Engine.match

        def hangs(engine: Engine, document: Any) -> Any:
            gate.wait(PATIENCE)
            return real(engine, document)

        with self._engine(hangs):
            yield
            gate.set()

    @contextlib.contextmanager
    def _engine(self, match: Any) -> Iterator[None]:
        real = Engine.match
        Engine.match = match  # type: ignore[method-assign]
        try:
            yield
        finally:
            Engine.match = real  # type: ignore[method-assign]

    @contextlib.contextmanager
    def _stop_writer(self) -> Iterator[None]:
        """A unit of work that does not end: what comes after it waits."""
        gate = threading.Event()
        self.app.database.writer.submit(lambda _: gate.wait(PATIENCE))
        yield
        gate.set()

    @contextlib.contextmanager
    def _stop_sender(self) -> Iterator[None]:
        """The outbox is not looked at any more."""
        worker = self.app.worker
        real, worker._start_due = worker._start_due, lambda: 5.0  # type: ignore[method-assign]

        async def idle() -> None:
            while worker._busy:
                await asyncio.wait(worker._busy.values())
                await asyncio.sleep(0)

        self.ask(idle())  # what was in hand would take the next along
        yield
        worker._start_due = real  # type: ignore[method-assign]
        self._loop.call_soon_threadsafe(worker.wake)

    @contextlib.contextmanager
    def _stop_fetcher(self) -> Iterator[None]:
        """Its feed's server is there, and nothing comes of the request."""
        fetcher: Any = self.canary._deps.fetcher
        real = fetcher.fetch

        gate = asyncio.Event()

        async def hangs(request: object) -> Any:
            await gate.wait()
            return await real(request)

        fetcher.fetch = hangs
        yield
        fetcher.fetch = real
        self._loop.call_soon_threadsafe(gate.set)

    @contextlib.contextmanager
    def _stop_parser(self) -> Iterator[None]:
        """The parser's process takes everything and answers nothing."""
        parser: Any = self.canary._deps.parser
        real = parser.parse

        gate = asyncio.Event()

        async def hangs(*given: Any, **named: Any) -> Any:
            await gate.wait()
            return await real(*given, **named)

        parser.parse = hangs
        yield
        parser.parse = real
        self._loop.call_soon_threadsafe(gate.set)

    @contextlib.contextmanager
    def _stop_places(self) -> Iterator[None]:
        """Every place for a poll is taken by one that does not end."""
        slots = self.app.poller.slots
        gate = asyncio.Event()
        count = 3 * self.config.polling.concurrency

        async def holds(number: int) -> None:
            async with slots.turn(10_000 + number, f"slow{number}.example"):
                await gate.wait()

        async def begin() -> None:
            for number in range(count):
                slots.start(10_000 + number, (f"holds-{number}", holds(number)))
            await asyncio.sleep(0)

        self.ask(begin())
        yield
        self._loop.call_soon_threadsafe(gate.set)
