"""The dead-man ping: after whole healthy cycles only, once a minute, and nobody learns the address."""

from __future__ import annotations

import asyncio
import logging
import threading
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from monitor.service.cycle import Cycle
from monitor.service.deadman import Deadman, read_state
from monitor.settings import Polling, Secret
from monitor.store.outbox import save_channel
from monitor.store.rows import ChannelState
from tests.support.aviary import Aviary
from tests.support.cli import run
from tests.support.documents import NOON, Item, rss
from tests.support.newsdesk import Desk
from tests.support.webserver import Hang, WebServer, answer

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.webserver import Step

TOKEN = "6f1c2a9e-0000-4a4a-8b8b-secretsecret"
LOOPBACK = ("127.0.0.0/8",)


class Watcher:
    """A Deadman on a real database and a real server, its clock wound by hand."""

    def __init__(self, desk: Desk, url: str, allowed: tuple[str, ...] = LOOPBACK) -> None:
        self.desk = desk
        self.held = ""
        self.config = replace(
            desk.config, deadman=Secret(url, source="env:PING"), polling=Polling(allow_private=allowed)
        )
        self.seconds = 0.0
        self.deadman = self.fresh()

    def fresh(self, after: float | None = 0.0) -> Deadman:
        """As after a start; by default one that pings at once."""

        async def broken() -> str:
            return self.held

        return Deadman(
            lambda: self.config,
            self.desk.database,
            broken=broken,
            clock=lambda: NOON + timedelta(seconds=self.seconds),
            steady=lambda: self.seconds,
            after=after,
        )

    def minutes(self, count: float) -> None:
        """Let time pass, with a look each five seconds."""

        async def looks() -> None:
            for _ in range(int(count * 12)):
                await self.deadman.look()
                self.seconds += 5.0

        asyncio.run(looks())
        self.desk.database.writer.submit(lambda _: None).result()

    @property
    def state(self) -> Any:
        """What `status` reads."""
        return read_state(self.desk.database.reader)


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log says of the ping."""
    return [r.message for r in caplog.records if r.name == "monitor.deadman" and r.levelno >= logging.INFO]


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "monitor")


def test_a_ping_a_minute_while_all_is_well(tmp_path: Path) -> None:
    """A GET of the plain address; one in each minute, whatever else happens."""
    with WebServer() as web, Desk(tmp_path) as desk:
        web.on(f"/ping/{TOKEN}", answer(200, b"OK"))
        watcher = Watcher(desk, web.url(f"/ping/{TOKEN}"))
        watcher.minutes(10)
        assert [(s.method, s.target) for s in web.seen] == [("GET", f"/ping/{TOKEN}")] * 10
        assert web.seen[0].header("user-agent"), "a server wants to know who asks"
        assert (watcher.state.held, watcher.state.error) == ("", "")
        assert watcher.state.ok_at == "2026-11-24T12:09:00+00:00"


def test_a_daemon_that_dies_again_and_again_does_not_look_well(tmp_path: Path) -> None:
    """The first ping comes a minute after the start."""
    with WebServer() as web, Desk(tmp_path) as desk:
        web.on("/p", answer(200))
        watcher = Watcher(desk, web.url("/p"))
        for _ in range(10):
            watcher.deadman = watcher.fresh(after=None)
            watcher.minutes(0.9)
        assert web.seen == []
        watcher.minutes(0.3)
        assert len(web.seen) == 1


def test_none_while_the_cycle_is_broken(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is held back without a word to anybody outside, said once in the log, and goes on by itself."""
    with WebServer() as web, Desk(tmp_path) as desk:
        web.on("/p", answer(200))
        watcher = Watcher(desk, web.url("/p"))
        watcher.held = "offline: no server can be reached"
        watcher.minutes(30)
        assert web.seen == []
        assert watcher.state.held == "offline: no server can be reached"
        assert lines(caplog) == ["the dead-man ping is held back"]
        watcher.held = ""
        watcher.minutes(2)
        assert len(web.seen) == 2
        assert lines(caplog)[1:] == ["the dead-man ping is answered again"]


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([answer(404)], "the server answered 404"),
        ([answer(302, Location="https://elsewhere.example/")], "redirects are not followed"),
        ([answer(500)], "the server answered 500"),
        ([b"nonsense\r\n\r\n"], "proper HTTP"),
    ],
)
def test_a_wrong_address_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, steps: list[Step], said: str
) -> None:
    """In the log and in the state that `status` shows; it goes on trying, and no notice is made of it."""
    with WebServer() as web, Desk(tmp_path) as desk:
        web.on(f"/ping/{TOKEN}", *steps)
        watcher = Watcher(desk, web.url(f"/ping/{TOKEN}"))
        watcher.minutes(10)
        assert len(web.seen) == 10
        assert said in watcher.state.error
        assert lines(caplog) == ["the dead-man ping is not answered"]
        assert desk.messages() == []
        assert TOKEN not in str(watcher.state)
        assert TOKEN not in caplog.text
        assert TOKEN not in "".join(str(vars(record)) for record in caplog.records)


def test_a_server_that_never_answers_delays_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The ping is given up; the loop goes on meanwhile."""
    monkeypatch.setattr("monitor.service.deadman.TIMEOUT", 0.3)
    with WebServer() as web, Desk(tmp_path) as desk:
        web.on("/p", Hang())
        watcher = Watcher(desk, web.url("/p"))
        turns = 0

        async def beside() -> None:
            nonlocal turns
            looking = asyncio.create_task(watcher.deadman.look())
            while not looking.done():
                turns += 1
                await asyncio.sleep(0.001)

        asyncio.run(beside())
        assert "did not answer within" in watcher.deadman.state.error
        assert turns > 20


def test_the_address_guard_holds_for_it_too(tmp_path: Path) -> None:
    """A private address is asked only if its range is allowed."""
    with WebServer() as web, Desk(tmp_path) as desk:
        web.on("/p", answer(200))
        watcher = Watcher(desk, web.url("/p"), allowed=())
        watcher.minutes(1)
        assert web.seen == []
        assert "loopback address" in watcher.state.error


def test_an_address_that_is_not_to_be_had_is_told(tmp_path: Path) -> None:
    """A credential outside of its unit, for instance."""
    with Desk(tmp_path) as desk:
        watcher = Watcher(desk, "http://127.0.0.1:1/")
        watcher.config = replace(watcher.config, deadman=Secret(None, missing="PING is not set"))
        watcher.minutes(1)
        assert "PING is not set" in watcher.state.held


def test_without_the_table_nothing_is_asked(tmp_path: Path) -> None:
    """Off by default, and after a reload that takes it away."""
    with WebServer() as web, Desk(tmp_path) as desk:
        web.on("/p", answer(200))
        watcher = Watcher(desk, web.url("/p"))
        watcher.minutes(1)
        watcher.config = replace(watcher.config, deadman=None)
        watcher.minutes(5)
        assert len(web.seen) == 1


# --- what a whole healthy cycle is


class Round(Aviary):
    """An aviary whose cycle is asked."""

    stuck: str | None = None

    def broken(self) -> str:
        """What a Cycle says after one more tick."""
        if not hasattr(self, "cycle"):
            self.cycle = Cycle(self.app, ticked=lambda: self._ticked, stuck=lambda: self.stuck)
        self.tick()

        async def ask() -> str:
            self._ticked = asyncio.get_running_loop().time()
            return await self.cycle.broken()

        return str(self.ask(ask()))


def test_a_whole_healthy_cycle(tmp_path: Path) -> None:
    """Everything moves and the canary came through: nothing is to be said."""
    with Round(tmp_path) as cycle:
        cycle.documents.bodies["http://a.example/feed"] = rss(Item("Old", guid="old"))
        assert cycle.app.canary is not None
        cycle.wind(8.0)
        assert cycle.broken() == ""


def test_a_canary_that_has_not_come_through_is_waited_for(tmp_path: Path) -> None:
    """Without [canary] nobody waits."""
    with Round(tmp_path) as cycle:
        cycle.documents.bodies["http://a.example/feed"] = rss(Item("Old", guid="old"))
        with cycle.stopped("sender"):
            cycle.wind(8.0)
            assert cycle.broken() == "the canary has not come through"
        cycle.app.plan = replace(cycle.app.plan, config=replace(cycle.app.plan.config, canary=None))
        assert cycle.broken() == ""


def test_a_stuck_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cycle ends with a commit."""
    monkeypatch.setattr("monitor.service.cycle.COMMIT", 0.2)
    with Round(tmp_path, every=None) as cycle:
        cycle.documents.bodies["http://a.example/feed"] = rss(Item("Old", guid="old"))
        cycle.wind(8.0)
        gate = threading.Event()
        cycle.app.database.writer.submit(lambda _: gate.wait(20))
        assert cycle.broken() == "the database's writer does not answer"
        gate.set()
        assert cycle.broken() == ""


def test_what_stands_still_by_the_watchdog_s_word(tmp_path: Path) -> None:
    """Without the seconds, which would be news each time."""
    with Round(tmp_path, every=None) as cycle:
        cycle.stuck = "the outbox was not looked at for 41 s"
        assert cycle.broken() == "the outbox was not looked at"


def test_a_schedule_or_an_outbox_that_nobody_looks_at(tmp_path: Path) -> None:
    """Both have their own time."""
    with Round(tmp_path, every=None) as cycle:
        cycle.documents.bodies["http://a.example/feed"] = rss(Item("Old", guid="old"))
        cycle.wind(8.0)
        assert cycle.broken() == ""
        cycle.app.worker.last_look -= 60.0

        async def ask() -> str:
            return await cycle.cycle.broken()

        assert cycle.ask(ask()) == "the outbox was not looked at in time"
        cycle._ticked -= 60.0
        assert cycle.ask(ask()) == "the schedule was not looked at in time"


def test_offline_and_blind(tmp_path: Path) -> None:
    """Cut off; every feed failing; due feeds that nobody asks."""
    with Round(tmp_path, every=None) as cycle:
        assert cycle.broken() == "every feed fails", "an empty document is no feed"
        cycle.documents.bodies["http://a.example/feed"] = rss(Item("Old", guid="old"))
        cycle.wind(1000.0)
        assert cycle.broken() == ""
        cut = type("Cut", (), {"offline": True, "may_probe": lambda *_: False})()
        real, cycle.app.poller.outage._reach = cycle.app.poller.outage._reach, cut
        assert cycle.broken() == "offline: no server can be reached"
        cycle.app.poller.outage._reach = real
        cycle.ticks = False
        cycle.wind(1500.0)
        cycle.cycle._polled = (cycle.cycle._polled[0], float("-inf"))
        assert cycle.broken() == "1 feed was due and not asked"


def test_channels_that_all_refuse(tmp_path: Path) -> None:
    """One of two may; where nobody can be told any more only the silence tells."""
    with Round(tmp_path, every=None) as cycle:
        cycle.documents.bodies["http://a.example/feed"] = rss(Item("Old", guid="old"))
        cycle.wind(8.0)
        now = cycle.now()
        for name, said in (("desk", ""), ("phone", "no channel takes its messages")):
            state = ChannelState(name, last_ok_at=now - timedelta(hours=1), last_error_at=now)
            cycle.app.database.writer.submit(partial(save_channel, state=state)).result()
            assert cycle.broken() == said


# --- run --once


@pytest.mark.parametrize("good", [True, False])
def test_a_run_for_cron_pings_at_its_end_if_it_was_healthy(tmp_path: Path, good: bool) -> None:
    """Once; a run in which every feed fails does not, and neither does the poll of one feed."""
    with WebServer() as web:
        web.on("/a", answer(200, rss(Item("Old", guid="old", age=48))) if good else answer(500))
        web.on("/ping", answer(200))
        config = tmp_path / "config.toml"
        config.write_text(
            '[monitor]\ndatabase = "t.db"\n'
            '[polling]\nper_host_gap = "0s"\nallow_private = ["127.0.0.0/8"]\n'
            f'[[feeds]]\nname = "a"\nurl = "{web.url("/a")}"\n[[rules]]\nname = "doha"\nquery = "doha"\n'
            '[channels.desk]\ntype = "file"\npath = "told.jsonl"\n'
            f'[deadman]\nurl = "{web.url("/ping")}"\n',
            encoding="utf-8",
        )
        config.chmod(0o600)
        done = run("run", "--once", "--config", config)
        assert done.code == (0 if good else 1), done.err
        pings = [seen for seen in web.seen if seen.target == "/ping"]
        assert len(pings) == (1 if good else 0)
        run("feeds", "poll", "a", "--config", config)
        assert len([seen for seen in web.seen if seen.target == "/ping"]) == len(pings)
