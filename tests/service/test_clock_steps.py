"""The real daemon loop, with APScheduler, when the wall clock is set under it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor.errors import StoreError
from monitor.service import steps
from monitor.service.app import App
from monitor.service.clock import Clock, utc_now
from monitor.service.daemon import Daemon
from monitor.service.parts import Parts
from monitor.service.steps import take_step
from monitor.store import sql
from monitor.store.clock import STEPPED
from monitor.store.rows import to_db
from tests.support.documents import Item, rss
from tests.support.newsdesk import Desk, Documents, InProcessParser
from tests.support.store import feed_states

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from monitor.feeds.fetch import Fetcher
    from monitor.service.clock import Step
    from monitor.settings import Config
    from monitor.store.tx import Tx

GUARD = 30.0
HOUR = timedelta(hours=1)


class FakeParts(Parts):
    """Documents instead of servers."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def fetcher(self, config: Config, clock: Callable[[], datetime]) -> Fetcher:
        return self._documents

    def parser(self) -> Any:
        return InProcessParser()


class SetClock:
    """A wall clock that a test sets."""

    def __init__(self) -> None:
        self.skew = timedelta(0)

    def __call__(self) -> datetime:
        return utc_now() + self.skew


class WatchedApp(App):
    """Tells when a step was taken part in."""

    stepped: asyncio.Event

    async def look_at_clock(self) -> timedelta | None:
        step = await super().look_at_clock()
        if step is not None:
            self.stepped.set()
        return step


def config_of(folder: Path) -> tuple[Config, Documents]:
    """One feed, asked each quarter of an hour."""
    with Desk(folder, feeds=[Desk.feed("a", every=900.0)]) as desk:
        desk.publish("a", Item("Old", guid="old"))
        return desk.config, desk.documents


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_the_daemon_takes_part_in_a_step(tmp_path: Path, step: timedelta) -> None:
    """Within a second or so all due times have moved, and the feed is not asked again for it."""
    config, documents = config_of(tmp_path)
    wall = SetClock()

    async def story() -> None:
        async with (
            asyncio.timeout(GUARD),
            WatchedApp(config, clock=Clock(wall), parts=FakeParts(documents)) as app,
        ):
            app.stepped = asyncio.Event()
            daemon = Daemon(app)
            running = asyncio.create_task(daemon.run())
            await app.first_round.wait()
            before = feed_states(app.database.reader)[0].next_poll_at
            wall.skew = step
            await app.stepped.wait()
            after = feed_states(app.database.reader)[0].next_poll_at
            assert before is not None
            assert after is not None
            assert abs(after - before - step) < timedelta(seconds=1)
            assert len(documents.requests) == 1
            fact = app.database.reader.row(sql.FACT, name=STEPPED)
            assert fact is not None
            assert abs(int(fact["value"]) - step.total_seconds()) <= 2
            daemon.stop()
            await running

    asyncio.run(story())


def test_a_step_that_cannot_be_written_down_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a full disk the old time goes on, everything stays consistent, and the next look tries again."""
    config, documents = config_of(tmp_path)
    wall = SetClock()

    async def story() -> None:
        async with App(config, clock=Clock(wall), parts=FakeParts(documents)) as app:

            def full(*_: object) -> int:
                raise StoreError("the disk is full")

            wall.skew = HOUR
            with monkeypatch.context() as patched:
                patched.setattr(steps, "take_step", full)
                with pytest.raises(StoreError):
                    await app.look_at_clock()
            assert abs(app.clock() - utc_now()) < timedelta(seconds=5)
            assert await app.look_at_clock() is not None
            assert abs(app.clock() - utc_now() - HOUR) < timedelta(seconds=5)
            assert await app.look_at_clock() is None

    asyncio.run(story())


def test_nothing_starts_while_a_step_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tick that comes when the clock has been set and the due times have not asks nobody too early."""
    config, documents = config_of(tmp_path)
    wall = SetClock()

    async def story() -> None:
        loop = asyncio.get_running_loop()
        async with App(config, clock=Clock(wall), parts=FakeParts(documents)) as app:
            await app.tick()
            await app.poller.drain()

            def taken(tx: Tx, clock: Clock, step: Step) -> int:
                moved = take_step(tx, clock, step)
                asyncio.run_coroutine_threadsafe(app.tick(), loop).result(GUARD)
                return moved

            monkeypatch.setattr(steps, "take_step", taken)
            wall.skew = HOUR
            assert await app.look_at_clock() is not None
            await app.poller.drain()
            assert len(documents.requests) == 1
            wall.skew += HOUR / 2
            assert await app.look_at_clock() is not None
            app.clock._zero += HOUR  # time passes
            await app.tick()
            await app.poller.drain()
            assert len(documents.requests) == 2

    asyncio.run(story())


def test_a_step_between_two_processes_moves_what_is_due(tmp_path: Path) -> None:
    """Killed, the clock set, started again within one boot: as if it had seen it."""
    config, documents = config_of(tmp_path)
    wall = SetClock()

    async def poll_once() -> datetime | None:
        async with App(config, clock=Clock(wall), parts=FakeParts(documents)) as app:
            await app.note_alive()
            await app.tick()
            await app.poller.drain()
            return feed_states(app.database.reader)[0].next_poll_at

    first = asyncio.run(poll_once())
    wall.skew = 3 * HOUR
    second = asyncio.run(poll_once())
    assert first is not None
    assert second is not None
    assert abs(second - first - 3 * HOUR) < timedelta(seconds=5)
    assert len(documents.requests) == 1


def test_a_poll_that_was_under_way_counts_from_when_it_is_recorded(tmp_path: Path) -> None:
    """The clock is set back between answer and commit: neither the next poll nor the alert waits an hour."""
    config, documents = config_of(tmp_path)
    wall = SetClock()
    started, go_on = asyncio.Event(), asyncio.Event()

    class Slow(InProcessParser):
        async def parse(self, body: bytes, **about: Any) -> Any:
            started.set()
            await go_on.wait()
            return await super().parse(body, **about)

    async def story() -> None:
        parts = FakeParts(documents)
        async with asyncio.timeout(GUARD), App(config, clock=Clock(wall), parts=parts) as app:
            go_on.set()
            await app.tick()
            await app.poller.drain()
        go_on.clear()
        started.clear()
        documents.bodies = {url: rss(Item("New", guid="new", age=None)) for url in documents.bodies}
        wall.skew += 2 * HOUR
        parts.parser = Slow  # type: ignore[method-assign]
        clock = Clock(wall, boot=lambda: "another")
        async with asyncio.timeout(GUARD), App(config, clock=clock, parts=parts) as app:
            await app.tick()
            await started.wait()
            wall.skew -= HOUR
            assert await app.look_at_clock() is not None
            go_on.set()
            await app.poller.drain()
            due = feed_states(app.database.reader)[0].next_poll_at
            assert due is not None
            assert timedelta(minutes=14) < due - app.clock() < timedelta(minutes=17)
            (row,) = app.database.reader.rows(sql.OUTBOX_UNSENT)
            assert row["next_attempt_at"] <= to_db(app.clock())

    asyncio.run(story())
