"""Signs of life: what counts as standing still, and what the manager hears of it over a real socket."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import Fault, StoreError
from monitor.feeds.offline import Reach
from monitor.service import systemd, vitals
from monitor.service.app import App
from monitor.service.daemon import Daemon
from monitor.service.health import healthz
from monitor.service.outage import OFFLINE_WORDS
from monitor.service.summary import Summary, summed_up
from monitor.settings import ChannelConfig, Config, RuleConfig
from monitor.store import sql
from monitor.store.writer import Writer
from tests.support.store import NOW, add_article, add_feed, add_notification, insert, new_database

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from monitor.store.tx import Tx

PARTS = st.sampled_from(sorted(vitals.LIMITS))
MOMENTS = st.floats(0, 1_000_000)


@dataclass
class Now:
    """A monotonic clock that a test moves."""

    value: float = 100.0

    def __call__(self) -> float:
        return self.value


class Silent(Writer):
    """A writer that takes work and never answers."""

    def __init__(self, path: Path) -> None:
        self.asked = 0
        self.go_on = threading.Event()
        super().__init__(path)

    def submit(self, unit: Any, priority: Any = 0, *, synced: bool = True) -> Future[Any]:
        self.asked += 1

        def held(tx: Any) -> Any:
            assert self.go_on.wait(30)
            return unit(tx)

        return super().submit(held, priority, synced=synced)


@given(st.dictionaries(PARTS, MOMENTS, min_size=1), MOMENTS)
def test_a_part_is_named_exactly_if_one_is_beyond_its_limit(seen: dict[str, float], now: float) -> None:
    """Nothing is said while every part is within its limit; the part that is named is beyond it."""
    late = [part for part, at in seen.items() if now - at > vitals.LIMITS[part]]
    said = vitals.stale(now, seen)
    assert (said is None) == (not late)
    assert said is None or any(said.startswith(vitals.WORDS[part]) for part in late)


@pytest.mark.parametrize("part", sorted(vitals.LIMITS))
def test_the_limit_itself_is_still_good(part: str) -> None:
    """A sign of life as old as the limit counts; anything older does not, and its age is told."""
    limit = vitals.LIMITS[part]
    assert vitals.stale(1000.0 + limit, {part: 1000.0}) is None
    assert vitals.stale(1001.0 + limit, {part: 1000.0}) == f"{vitals.WORDS[part]} for {limit + 1:.0f} s"


def test_the_part_that_is_longest_beyond_its_limit_is_named() -> None:
    """Of two that stand still, the worse one."""
    said = vitals.stale(1000.0, {vitals.TICK: 980.0, vitals.WRITER: 900.0, vitals.SENDER: 999.0})
    assert said == "the database's writer has not answered for 100 s"


def test_signs_of_life_come_a_little_before_the_interval_is_over() -> None:
    """With a limit of sixty seconds a sign of life goes out every 29 or 30, not at each look."""
    watchdog = vitals.Watchdog(30.0)
    fed = [now for now in range(100) if watchdog.look(float(now), {vitals.TICK: float(now)})[0]]
    assert fed == [0, 29, 58, 87]


@pytest.mark.parametrize("interval", [0.1, 0.5, 1.0, 5.0, 30.0])
def test_no_interval_is_ever_overdrawn(interval: float) -> None:
    """Looking as often as it asks to, the manager never waits longer than the interval."""
    watchdog = vitals.Watchdog(interval)
    looks = [n * watchdog.pause for n in range(200)]
    fed = [now for now in looks if watchdog.look(now, {vitals.TICK: now})[0]]
    assert max(b - a for a, b in pairwise(fed)) <= interval + 1e-6


def test_nobody_is_told_where_nobody_waits() -> None:
    """Without a watchdog the look still finds out what is stuck, for the log."""
    watchdog = vitals.Watchdog(None)
    assert watchdog.look(0.0, {vitals.TICK: 0.0}) == (False, False)
    looks = [watchdog.look(float(now), {vitals.TICK: 0.0}) for now in range(1, 61)]
    assert looks.count((False, True)) == 1
    assert watchdog.stuck == "the schedule was not looked at for 60 s"
    assert watchdog.look(61.0, {vitals.TICK: 61.0}) == (False, True)


def test_a_process_that_was_stopped_is_not_taken_for_one_that_hangs() -> None:
    """The first look after a pause says nothing; a part that has not moved at the next one is stuck."""
    watchdog = vitals.Watchdog(30.0)
    watchdog.look(0.0, {vitals.TICK: 0.0, vitals.SENDER: 0.0})
    assert watchdog.look(3600.0, {vitals.TICK: 0.0, vitals.SENDER: 0.0}) == (False, False)
    assert watchdog.stuck is None
    assert watchdog.look(3601.0, {vitals.TICK: 3600.5, vitals.SENDER: 0.0}) == (False, True)
    assert watchdog.stuck == "the outbox was not looked at for 3601 s"


def test_a_writer_that_answers_is_asked_every_few_seconds(tmp_path: Path) -> None:
    """One question at a time, and none while the last answer is fresh."""
    now = Now()
    with closing(Writer(new_database(tmp_path))) as writer:
        pulse = vitals.WriterPulse(writer, now)
        assert pulse._question is None
        for _ in range(3):
            now.value += vitals.ASK_EVERY
            pulse.beat()
            assert pulse._question is not None
            pulse._question.result(30)
            assert pulse.beat() == now.value


def test_a_writer_that_hangs_keeps_its_last_answer(tmp_path: Path) -> None:
    """However often one looks, it is asked once, and the moment of its last answer stands."""
    now = Now()
    with closing(Silent(new_database(tmp_path))) as writer:
        pulse = vitals.WriterPulse(writer, now)
        for _ in range(10):
            now.value += vitals.ASK_EVERY
            assert pulse.beat() == 100.0
        assert writer.asked == 1
        writer.go_on.set()
        assert pulse._question is not None
        pulse._question.result(30)
        assert pulse.beat() == now.value


def test_a_refusal_is_an_answer_and_a_dead_thread_is_not(tmp_path: Path) -> None:
    """A full disk does not make the writer dead; a thread that ended does."""

    class Full(Writer):
        def submit(self, unit: Any, priority: Any = 0, *, synced: bool = True) -> Future[Any]:
            raise StoreError("the disk is full")

    now = Now()
    writer = Full(new_database(tmp_path))
    pulse = vitals.WriterPulse(writer, now)
    now.value += 60
    assert pulse.beat() == now.value
    writer.close()
    now.value += 60
    assert pulse.beat() == now.value - 60


# --- the daemon and its manager ---------------------------------------------------------------------


@dataclass
class Manager:
    """A notify socket and the daemon that speaks to it, with a clock in the test's hand."""

    sock: socket.socket
    now: Now = field(default_factory=Now)

    def heard(self) -> list[str]:
        """Everything said since the last time."""
        said = []
        try:
            while True:
                said.append(self.sock.recv(4096).decode())
        except BlockingIOError:
            return said


@pytest.fixture
def manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    """A manager that waits sixty seconds for a sign of life."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as sock:
        sock.bind(str(tmp_path / "notify"))
        sock.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "60000000")
        monkeypatch.delenv("WATCHDOG_PID", raising=False)
        yield Manager(sock)


def configuration(folder: Path) -> Config:
    """One rule, one channel, a database that is there."""
    return Config(
        path=folder / "config.toml",
        files=(),
        database=new_database(folder),
        timezone="UTC",
        rules=(RuleConfig(name="watch", query="doha"),),
        channels=(ChannelConfig(name="desk", type="terminal"),),
    )


def test_a_stuck_writer_is_told_and_the_watchdog_starves(tmp_path: Path, manager: Manager) -> None:
    """While it hangs: STATUS names it, no sign of life; when it answers again, both are put right at once."""

    async def story() -> None:
        app = App(configuration(tmp_path))
        async with app:
            daemon = Daemon(app)
            daemon._said = daemon._status()
            pulse = vitals.WriterPulse(app.database.writer, manager.now)
            gate = threading.Event()
            stuck = app.database.writer.submit(lambda _: gate.wait(30))
            look_on(daemon, app, pulse, manager, 29)
            assert set(manager.heard()) == {"WATCHDOG=1"}
            look_on(daemon, app, pulse, manager, 10)
            said = manager.heard()
            assert "WATCHDOG=1" not in said[1:]
            assert said[-1] == (
                "STATUS=the database's writer has not answered for 39 s; watching 0 feeds with 1 rule"
            )
            assert healthz(daemon._pulse(), app.clock()).status == 503
            gate.set()
            await asyncio.wrap_future(stuck)
            assert pulse._question is not None
            await asyncio.wrap_future(pulse._question)
            look_on(daemon, app, pulse, manager, 1)
            assert manager.heard() == ["STATUS=watching 0 feeds with 1 rule", "WATCHDOG=1"]
            assert healthz(daemon._pulse(), app.clock()).status == 200
            app.poller.outage._reach = Reach(offline_since=1.0)
            assert daemon._status() == f"{OFFLINE_WORDS}; watching 0 feeds with 1 rule"
            app.poller.outage._reach = Reach()
            app.database.health.note(StoreError("the disk is full", fault=Fault.FULL))
            assert b"polling is stopped: the disk is full" in healthz(daemon._pulse(), app.clock()).body

    asyncio.run(story())


def test_a_stuck_sender_is_told_and_the_watchdog_starves(tmp_path: Path, manager: Manager) -> None:
    """An outbox that nobody looks at is as bad as a feed that nobody polls."""

    async def story() -> None:
        app = App(configuration(tmp_path))
        async with app:
            daemon = Daemon(app)
            daemon._said = daemon._status()
            pulse = vitals.WriterPulse(app.database.writer, manager.now)
            look_on(daemon, app, pulse, manager, 1)
            manager.heard()
            app.worker.last_look = manager.now.value
            for _ in range(25):
                manager.now.value += 1
                daemon._ticked = manager.now.value
                pulse.last_answer = manager.now.value
                daemon._look_after(manager.now.value, pulse)
            said = manager.heard()
            assert "WATCHDOG=1" not in said
            assert said[-1].startswith("STATUS=the outbox was not looked at for 25 s; ")

    asyncio.run(story())


def look_on(daemon: Daemon, app: App, pulse: vitals.WriterPulse, manager: Manager, seconds: int) -> None:
    """Let the time pass second by second, with tick and sender moving."""
    for _ in range(seconds):
        manager.now.value += 1
        daemon._ticked = app.worker.last_look = manager.now.value
        daemon._look_after(manager.now.value, pulse)


def test_the_sender_leaves_its_sign_of_life_at_each_look(tmp_path: Path) -> None:
    """The moment is on the loop's own clock, and is there after the first look."""

    async def story() -> None:
        async with App(configuration(tmp_path)) as app:
            before = asyncio.get_running_loop().time()
            running = asyncio.create_task(app.worker.run())
            await asyncio.sleep(0)
            assert before <= app.worker.last_look <= asyncio.get_running_loop().time()
            await app.worker.stop(1)
            await running

    asyncio.run(story())


def test_it_is_ready_when_the_schedule_was_looked_at(tmp_path: Path, manager: Manager) -> None:
    """Whoever waits for the start waits for the first tick; then READY, and STOPPING at the end."""

    async def story() -> None:
        async with App(configuration(tmp_path)) as app:
            entered, gate = asyncio.Event(), asyncio.Event()

            async def tick() -> None:
                entered.set()
                await gate.wait()

            app.tick = tick  # type: ignore[method-assign]
            daemon = Daemon(app)
            running = asyncio.create_task(daemon.run())
            await entered.wait()
            assert manager.heard() == []
            gate.set()
            loop = asyncio.get_running_loop()
            async with asyncio.timeout(30):
                first = await loop.sock_recv(manager.sock, 4096)
            assert first == b"READY=1\nSTATUS=watching 0 feeds with 1 rule"
            daemon.stop()
            await running
            assert manager.heard()[-1] == "STOPPING=1\nSTATUS=finishing the sends in hand"

    asyncio.run(story())


def test_a_database_that_cannot_be_read_stands_in_the_status(
    tmp_path: Path, manager: Manager, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The line is still there, and says what is wrong first."""

    async def story() -> None:
        async with App(configuration(tmp_path)) as app:
            daemon = Daemon(app)

            def refuse(_: object) -> None:
                raise StoreError("the database is damaged")

            monkeypatch.setattr("monitor.service.daemon.summed_up", refuse)
            assert daemon._status() == "the database is damaged; watching 0 feeds with 1 rule"

    asyncio.run(story())


# --- words ------------------------------------------------------------------------------------------


def test_the_status_line_tells_what_a_person_would_ask() -> None:
    """Feeds, how many fail, rules, what waits, when it rang last."""
    line = vitals.status_line(
        feeds=120, failing=3, rules=14, waiting=2, last_alert=datetime(2026, 11, 24, 10, 12, 30, tzinfo=UTC)
    )
    assert line == (
        "watching 120 feeds (3 failing) with 14 rules, 2 to deliver, last alert 2026-11-24 10:12 UTC"
    )


def test_trouble_goes_first_and_survives_the_cut(tmp_path: Path, manager: Manager) -> None:
    """However long the line, what is wrong is at its beginning."""
    line = vitals.status_line(feeds=1, failing=0, rules=1, waiting=0, last_alert=None, trouble="x" * 600)
    systemd.status(line)
    assert manager.heard() == ["STATUS=" + "x" * systemd.LONGEST_STATUS]


def test_a_long_start_keeps_the_manager_patient(manager: Manager) -> None:
    """More time is asked for, and what takes so long is said, as long as the block runs and no longer."""
    manager.sock.setblocking(True)
    manager.sock.settimeout(30)
    with systemd.long_start("opening the database", every=0.001):
        assert manager.sock.recv(100) == b"EXTEND_TIMEOUT_USEC=3000"
        assert manager.sock.recv(100) == b"STATUS=opening the database"
    manager.sock.setblocking(False)
    manager.heard()
    assert not [t for t in threading.enumerate() if t.name == "patience"]
    assert manager.heard() == []


def test_a_quick_start_says_nothing(manager: Manager) -> None:
    """A start that is over at once asks for no time."""
    with systemd.long_start("opening the database"):
        pass
    assert manager.heard() == []


def test_the_summary_counts_what_fails_and_what_waits(tmp_path: Path) -> None:
    """Retired and disabled feeds are nobody's worry; what was sent or given up is not on its way."""

    async def story() -> None:
        async with App(configuration(tmp_path)) as app:
            assert summed_up(app.database.reader) == Summary()
            await asyncio.wrap_future(app.database.writer.submit(fill))
            assert summed_up(app.database.reader) == Summary(failing=2, waiting=3, last_alert=NOW)

    def fill(tx: Tx) -> None:
        add_feed(tx, "failing", failures=3, next_poll_at=NOW)
        add_feed(tx, "gone", gone=1)
        add_feed(tx, "retired", failures=3, retired_at=NOW, next_poll_at=NOW)
        add_feed(tx, "disabled", failures=3)
        feed = add_feed(tx, "fine", next_poll_at=NOW)
        for state in ("ready", "retry", "leased", "held", "sent", "dead", "dropped"):
            add_notification(tx, state=state)
        article = add_article(tx, feed)
        for number, moment in ((1, NOW - timedelta(hours=1)), (2, NOW)):
            insert(
                tx, "alerts", sql.ALERT_INSERT, id=number, article_id=article, story_id=1, created_at=moment
            )

    asyncio.run(story())
