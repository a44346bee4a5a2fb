"""Reload: the whole configuration or none of it, one at a time, and said wherever a person looks."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from monitor.config.fingerprint import Fingerprint, digest_of
from monitor.config.load import load_config, require
from monitor.errors import ConfigError, StoreError
from monitor.model import Finding
from monitor.plan import build_plan
from monitor.service.app import App
from monitor.service.reload import MOST_FINDINGS, Reloader, in_thread, refusal_of
from monitor.store import sql
from tests.support.cli import run
from tests.support.configs import ENV, write
from tests.support.daemon import DaemonProcess, delivered
from tests.support.documents import Item, rss
from tests.support.store import GUARD
from tests.support.webserver import Hang, WebServer, answer

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path

    from monitor.plan import Plan
    from monitor.settings import Config

OLD = Item("Old talks in Doha", guid="old", link="https://n.example/old", age=48)
NEW = Item("Talks in Doha", guid="g1", link="https://n.example/1", age=1)
TEXT = (
    '[monitor]\ndatabase = "t.db"\n'
    '[polling]\nfastest = "1s"\nper_host_gap = "0s"\nallow_private = ["127.0.0.0/8"]\n'
    '[[feeds]]\nname = "a"\nurl = "{url}"\nevery = "1s"\n'
    '[[rules]]\nname = "doha"\nquery = "doha"\n'
    '[channels.file]\ntype = "file"\npath = "alerts.jsonl"\n'
)


def loaded(path: Path) -> Config:
    """The configuration at this path."""
    return require(load_config(path, env=ENV))


# --- the files on the disk ---------------------------------------------------------------------------


def test_a_configuration_knows_what_was_read(tmp_path: Path) -> None:
    """Main file, included files and OPML files, by the digest of their bytes."""
    write(tmp_path, '[[rules]]\nname = "r"\nquery = "x"\n', "rules/a.toml")
    write(tmp_path, '<opml><body><outline xmlUrl="https://b.example/"/></body></opml>', "f.opml")
    path = write(tmp_path, 'include = ["rules/*.toml"]\n[[opml]]\nfile = "f.opml"\n')
    config = loaded(path)
    names = {"config.toml", "rules/a.toml", "f.opml"}
    assert {str(p.relative_to(tmp_path)) for p in config.digests} == names
    assert all(digest_of(p.read_bytes()) == digest for p, digest in config.digests.items())
    assert Fingerprint.of(config).changed() == ()


@pytest.mark.parametrize("name", ["config.toml", "rules/a.toml", "f.opml"])
@pytest.mark.parametrize("how", ["comment", "gone", "a folder"])
def test_each_kind_of_file_is_watched(tmp_path: Path, name: str, how: str) -> None:
    """An edit, a vanished file and one that cannot be read differ; the old content is the same again."""
    write(tmp_path, '[[rules]]\nname = "r"\nquery = "x"\n', "rules/a.toml")
    write(tmp_path, "<opml><body/></opml>", "f.opml")
    files = Fingerprint.of(loaded(write(tmp_path, 'include = ["rules/*"]\n[[opml]]\nfile = "f.opml"\n')))
    assert files.changed() == ()
    path = tmp_path / name
    before = path.read_bytes()
    path.unlink()
    if how == "comment":
        path.write_bytes(before + b"# a note\n")
    elif how == "a folder":
        path.mkdir()
    assert files.changed() == (str(path),)
    if how == "a folder":
        path.rmdir()
    path.write_bytes(before)
    assert files.changed() == ()


def test_a_new_file_that_is_included_differs(tmp_path: Path) -> None:
    """A rule file that was dropped into the folder is not in force before a reload."""
    files = Fingerprint.of(loaded(write(tmp_path, 'include = ["rules/*.toml"]\n')))
    assert files.changed() == ()
    new = write(tmp_path, "", "rules/b.toml")
    assert files.changed() == (str(new),)


# --- what is said of a refusal -----------------------------------------------------------------------


def test_a_refusal_names_file_line_remedy_and_how_much_more() -> None:
    """The notice is one line with everything a person needs; warnings are left out."""
    error = ConfigError(
        [
            Finding("c.toml", 3, "odd", "x", "warning"),
            Finding("c.toml", 7, "unknown key 'quarry'", "unknown_key", hint="did you mean\n'query'?"),
            Finding("c.toml", 9, "bad", "x"),
        ]
    )
    assert refusal_of(error).text == (
        "the configuration is refused, the old one stays in force: c.toml:7: unknown key 'quarry' "
        "(and 1 more); did you mean 'query'?; tocsin check shows everything"
    )


def test_an_unexpected_error_keeps_its_text_to_itself() -> None:
    """What nobody expected may hold anything, a secret included."""
    assert "hunter22" not in refusal_of(ValueError("hunter22")).text


# --- one reload at a time ----------------------------------------------------------------------------


class Desk:
    """A reloader on a real App whose `load` a test writes, one function a call."""

    def __init__(self, app: App, path: Path) -> None:
        self.app = app
        self.path = path
        self.calls = 0
        self.applied: list[Config] = []
        self.script: list[Callable[[], Plan]] = []
        self.reloader = Reloader(app, self._load, applied=self.applied.append)

    def _load(self) -> Plan:
        self.calls += 1
        return self.script.pop(0)() if self.script else self.plan()

    def plan(self) -> Plan:
        return build_plan(loaded(self.path))[0]

    async def settled(self) -> None:
        """Wait for the reload under way, and those it leads to."""
        task = self.reloader._task
        assert task is not None
        await asyncio.wait_for(task, GUARD)

    def fact(self, name: str) -> Any:
        row = self.app.database.reader.row(sql.FACT, name=name)
        return json.loads(row["value"]) if row and row["value"] else None

    def notices(self) -> list[str]:
        return [row["text"] for row in self.app.database.reader.rows(sql.NOTICES_SINCE, since="")]

    def queued(self) -> list[str]:
        return [row["channel"] for row in self.app.database.reader.rows(sql.OUTBOX_ALL, count=99)]


def at_desk(folder: Path, story: Callable[[Desk], Coroutine[Any, Any, None]], more: str = "") -> None:
    """Run a story at a desk on a fresh database."""
    path = write(folder, TEXT.format(url="http://127.0.0.1:9/a") + more)

    async def scene() -> None:
        async with App(loaded(path)) as app:
            await story(Desk(app, path))

    asyncio.run(scene())


def raising(error: Exception) -> Callable[[], Plan]:
    """A load that fails."""

    def load() -> Plan:
        raise error

    return load


WRONG = ConfigError([Finding("c.toml", 7, "unknown key 'quarry'", "unknown_key", hint="write query")])


def test_signals_during_a_reload_lead_to_exactly_one_more(tmp_path: Path) -> None:
    """Five signals while one is under way are one."""

    async def story(desk: Desk) -> None:
        for _ in range(5):
            desk.reloader.ask()
        await asyncio.sleep(0)
        for _ in range(5):
            desk.reloader.ask()
        await desk.settled()
        assert desk.calls == 2
        assert len(desk.applied) == 2

    at_desk(tmp_path, story)


def test_a_refusal_is_told_once_and_a_success_clears_it(tmp_path: Path) -> None:
    """One notice for each distinct refusal, to the channels of [notices]; the fact stands until a success."""
    other = ConfigError([Finding("c.toml", 8, "another mistake", "x")])

    async def story(desk: Desk) -> None:
        before = desk.app.plan
        desk.script = [raising(e) for e in (WRONG, WRONG, other, WRONG)]
        while desk.script:
            desk.reloader.ask()
            await desk.settled()
        assert desk.app.plan is before
        assert len(desk.notices()) == 2
        assert desk.queued() == ["second", "second"]
        assert desk.fact("config_refused") == {
            "message": "c.toml:7: unknown key 'quarry'",
            "hint": "write query",
            "more": 0,
        }
        assert desk.reloader.remark.startswith("configuration refused")
        desk.reloader.ask()
        await desk.settled()
        assert desk.app.plan is not before
        assert desk.fact("config_refused") is None
        assert desk.reloader.remark == ""
        desk.script = [raising(WRONG)]
        desk.reloader.ask()
        await desk.settled()
        assert len(desk.notices()) == 3, "after a success the same mistake is news again"

    more = '[channels.second]\ntype = "file"\npath = "b.jsonl"\n[notices]\nchannels = ["second"]\n'
    at_desk(tmp_path, story, more)


def test_a_bug_in_loading_keeps_the_old_configuration(tmp_path: Path) -> None:
    """An exception that nobody expected is a refusal like any other, and the next reload works."""

    async def story(desk: Desk) -> None:
        before = desk.app.plan
        desk.script = [raising(ZeroDivisionError("hunter22"))]
        desk.reloader.ask()
        await desk.settled()
        assert desk.app.plan is before
        assert "ZeroDivisionError" in desk.notices()[0]
        assert "hunter22" not in desk.notices()[0]
        desk.reloader.ask()
        await desk.settled()
        assert desk.reloader.refusal is None

    at_desk(tmp_path, story)


def test_a_database_that_cannot_be_written_keeps_the_old_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is swapped before the database follows; systemd is told READY all the same."""

    async def story(desk: Desk) -> None:
        before, channels = desk.app.plan, desk.app._channels.in_use
        said: list[str] = []
        monkeypatch.setattr("monitor.service.systemd.notify", lambda state, _=None: said.append(state))

        async def full(*_: object) -> None:
            raise StoreError("the disk is full", hint="free some space")

        monkeypatch.setattr("monitor.service.app.follow", full)
        monkeypatch.setattr(desk.reloader, "_write", full)
        desk.reloader.ask()
        await desk.settled()
        assert desk.app.plan is before
        assert desk.app._channels.in_use is channels
        assert [line.partition("=")[0] for line in said] == ["RELOADING", "READY"]

    at_desk(tmp_path, story)


def test_the_loop_goes_on_while_the_configuration_is_read(tmp_path: Path) -> None:
    """Loading happens in another thread: the loop answers while it waits."""

    async def story(desk: Desk) -> None:
        loop = asyncio.get_running_loop()
        reached = asyncio.Event()

        def load() -> Plan:
            asyncio.run_coroutine_threadsafe(_set(reached), loop).result(GUARD)
            return desk.plan()

        desk.script = [load]
        desk.reloader.ask()
        await desk.settled()
        assert reached.is_set()

    at_desk(tmp_path, story)


async def _set(event: asyncio.Event) -> None:
    event.set()


def test_a_difference_on_the_disk_is_noted_and_goes_with_a_reload(tmp_path: Path) -> None:
    """The heartbeat finds it, status and the status line say it, a reload or the old content ends it."""

    async def story(desk: Desk) -> None:
        await desk.reloader.begin()
        await desk.reloader.look()
        assert desk.fact("config_differs") is None
        before = desk.path.read_text(encoding="utf-8")
        desk.path.write_text(before + "# a note\n", encoding="utf-8")
        await desk.reloader.look()
        assert desk.fact("config_differs") == [str(desk.path)]
        assert "differs from the running configuration" in desk.reloader.remark
        assert f"kill -HUP {os.getpid()}" in desk.reloader.remark
        desk.path.write_text(before, encoding="utf-8")
        await desk.reloader.look()
        assert desk.fact("config_differs") is None
        desk.path.write_text(before + "# a note\n", encoding="utf-8")
        await desk.reloader.look()
        desk.reloader.ask()
        await desk.settled()
        assert desk.fact("config_differs") is None
        await desk.reloader.look()
        assert desk.reloader.remark == ""

    at_desk(tmp_path, story)


def test_a_refusal_goes_with_the_edit_that_caused_it(tmp_path: Path) -> None:
    """The file is put back as it was: it is the one in force again, and nothing is refused any more."""

    async def story(desk: Desk) -> None:
        await desk.reloader.begin()
        before = desk.path.read_text(encoding="utf-8")
        desk.path.write_text(before + "[ruels]\n", encoding="utf-8")
        desk.script = [raising(WRONG)]
        desk.reloader.ask()
        await desk.settled()
        await desk.reloader.look()
        assert desk.fact("config_refused") is not None
        assert desk.fact("config_differs") == [str(desk.path)]
        desk.path.write_text(before, encoding="utf-8")
        await desk.reloader.look()
        assert desk.fact("config_refused") is None
        assert desk.reloader.remark == ""

    at_desk(tmp_path, story)


def test_what_a_thread_raises_reaches_who_waits() -> None:
    """The result or the exception, whichever it was."""

    async def story() -> None:
        assert await in_thread(lambda: 7) == 7
        with pytest.raises(ZeroDivisionError):
            await in_thread(lambda: 1 // 0)

    asyncio.run(story())


# --- what a reload changes ---------------------------------------------------------------------------


def test_limits_and_fetcher_follow_and_pauses_stay(tmp_path: Path) -> None:
    """A new per_host, gap and concurrency are in force, a fetcher is made only for another contact."""

    async def story(desk: Desk) -> None:
        app = desk.app
        fetcher, channels = app.fetcher, dict(app._channels.in_use)
        app.poller.slots.pause("h.example", 500)
        text = desk.path.read_text(encoding="utf-8")
        text = text.replace('per_host_gap = "0s"', 'per_host_gap = "3s"\nper_host = 5\nconcurrency = 3')
        desk.path.write_text("# moved down\n\n" + text, encoding="utf-8")
        desk.reloader.ask()
        await desk.settled()
        pacer = app.poller.slots._pacer
        assert (pacer._per_host, pacer._gap, pacer._at_once) == (5, 3.0, 3)
        assert pacer.paused_for("h.example") > 400
        assert app.fetcher is fetcher
        assert dict(app._channels.in_use) == channels, "a channel that only moved in the file goes on"
        desk.path.write_text(
            text.replace("[polling]", 'contact = "me@example.org"\n[polling]'), encoding="utf-8"
        )
        desk.reloader.ask()
        await desk.settled()
        assert app.fetcher is not fetcher
        assert app.poller._deps.fetcher is app.fetcher

    at_desk(tmp_path, story)


def test_a_changed_channel_is_made_anew(tmp_path: Path) -> None:
    """Another address is used from the next attempt on; the others keep what they have learnt."""

    async def story(desk: Desk) -> None:
        old = dict(desk.app._channels.in_use)
        text = desk.path.read_text(encoding="utf-8")
        desk.path.write_text(text.replace("b.jsonl", "c.jsonl"), encoding="utf-8")
        desk.reloader.ask()
        await desk.settled()
        new = desk.app._channels.in_use
        assert new["file"] is old["file"]
        assert new["second"] is not old["second"]

    at_desk(tmp_path, story, '[channels.second]\ntype = "file"\npath = "b.jsonl"\n')


# --- with a real daemon ------------------------------------------------------------------------------


@contextmanager
def running(folder: Path, web: WebServer, more: str = "") -> Iterator[tuple[DaemonProcess, Path]]:
    """A daemon with one feed on this server; SIGTERM must end it well."""
    path = write(folder, TEXT.format(url=web.url("/a")) + more)
    with DaemonProcess(path) as daemon:
        daemon.wait_for("info started")
        yield daemon, path
        daemon.send(signal.SIGTERM)
        assert daemon.ended() == 0, daemon.lines


def test_status_tells_of_a_refusal_and_the_notice_is_pushed(tmp_path: Path) -> None:
    """The refusal stands in `status`, text and JSON, with its reason; the notice is delivered at once."""
    with WebServer() as web:
        web.on("/a", answer(200, rss(OLD)))
        with running(tmp_path, web) as (daemon, path):
            good = path.read_text(encoding="utf-8")
            path.write_text(good.replace("query", "quarry"), encoding="utf-8")
            daemon.send(signal.SIGHUP)
            assert "quarry" in daemon.wait_for("is refused")
            daemon.wait_for("notification sent")
            path.write_text(good, encoding="utf-8")
            [shape] = run("status", "--json", "--config", path).objects
            refused = shape["config"]["refused"]
            assert "unknown key 'quarry'" in refused["message"]
            assert refused["at"].endswith("Z")
            assert shape["config"]["path"] == str(path)
            assert "refused" in run("status", "--config", path).out
            daemon.send(signal.SIGHUP)
            daemon.wait_for("configuration reloaded")
            daemon.send(signal.SIGHUP)
            daemon.wait_for("configuration reloaded")
            [shape] = run("status", "--json", "--config", path).objects
            assert shape["config"]["refused"] is None
            assert shape["config"]["differs"] is False
    [notice] = delivered(tmp_path)
    assert notice.startswith("the configuration is refused, the old one stays in force")
    assert f"{path}:13" in notice


def test_another_database_needs_a_restart(tmp_path: Path) -> None:
    """It is refused with its line, and with what to do."""
    with WebServer() as web:
        web.on("/a", answer(200, rss(OLD)))
        with running(tmp_path, web) as (daemon, path):
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace('"t.db"', '"u.db"'), encoding="utf-8")
            daemon.send(signal.SIGHUP)
            line = daemon.wait_for("is refused")
            assert f"{path}:2" in line
            assert "needs a restart" in line
    assert not (tmp_path / "u.db").exists()


def test_a_vanished_file_is_refused_and_no_other_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon that found its file on the search path stays with that file."""
    other = tmp_path / "home/.config/tocsin"
    with WebServer() as web:
        web.on("/a", answer(200, rss(OLD)))
        path = write(tmp_path, TEXT.format(url=web.url("/a")))
        write(other, TEXT.format(url=web.url("/other")).replace("t.db", "o.db"))
        monkeypatch.setenv("HOME", str(tmp_path / "home"))
        monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
        with DaemonProcess(None, cwd=tmp_path) as daemon:
            daemon.wait_for("info started")
            path.unlink()
            daemon.send(signal.SIGHUP)
            assert "No such file or directory" in daemon.wait_for("is refused")
            daemon.send(signal.SIGTERM)
            assert daemon.ended() == 0
    assert "/other" not in web.targets()
    assert not (other / "o.db").exists()


def test_the_log_follows_level_and_format(tmp_path: Path) -> None:
    """[log] is applied by a reload: from the next line on."""
    with WebServer() as web:
        web.on("/a", answer(200, rss(OLD)))
        with running(tmp_path, web) as (daemon, path):
            text = path.read_text(encoding="utf-8")
            path.write_text(text + '[log]\nformat = "json"\nlevel = "debug"\n', encoding="utf-8")
            daemon.send(signal.SIGHUP)
            assert json.loads(daemon.wait_for("configuration reloaded"))["level"] == "info"
            assert json.loads(daemon.wait_for("feed polled", '"debug"'))["level"] == "debug"


def test_a_feed_in_mid_poll_is_swapped_away(tmp_path: Path) -> None:
    """Its address changes before the old server has answered: no crash, and only what is new rings."""
    with WebServer() as web:
        web.on("/a", answer(200, rss(OLD)))
        web.on("/a", Hang())
        web.on("/b", answer(200, rss(OLD)))
        web.on("/b", answer(200, rss(NEW, OLD)))
        with running(tmp_path, web) as (daemon, path):
            daemon.wait_for("already in your feeds")
            web.wait_for_a_request("/a", times=2)
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace("/a", "/b").replace('"a"', '"b"'), encoding="utf-8")
            daemon.send(signal.SIGHUP)
            daemon.wait_for("configuration reloaded")
            daemon.wait_for("notification sent")
        assert not [line for line in daemon.lines if "failed" in line]
    assert delivered(tmp_path) == ["Talks in Doha"]


def test_reloading_and_ready_always_pair(tmp_path: Path) -> None:
    """On a real notify socket: RELOADING with a monotonic time, then READY with the status, good or bad."""
    with WebServer() as web, closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
        address = tmp_path / "notify"
        manager.bind(str(address))
        manager.settimeout(20)
        web.on("/a", answer(200, rss(OLD)))
        path = write(tmp_path, TEXT.format(url=web.url("/a")))
        with DaemonProcess(path, env={"NOTIFY_SOCKET": str(address)}) as daemon:

            def next_said(*keys: str) -> list[str]:
                while True:
                    said = manager.recv(4096).decode().splitlines()
                    if said[0].split("=")[0] in keys:
                        return said

            assert next_said("READY") == ["READY=1", "STATUS=watching 1 feed with 1 rule"]
            good = path.read_text(encoding="utf-8")
            for text, status in ((good.replace("query", "quarry"), "refused"), (good, "with 1 rule")):
                path.write_text(text, encoding="utf-8")
                daemon.send(signal.SIGHUP)
                said = next_said("READY", "RELOADING")
                assert said[0] == "RELOADING=1"
                assert said[1].startswith("MONOTONIC_USEC=")
                said = next_said("READY", "RELOADING")
                assert said[0] == "READY=1"
                assert status in said[1]
            daemon.send(signal.SIGTERM)
            assert daemon.ended() == 0


def test_findings_in_the_log_are_bounded(tmp_path: Path) -> None:
    """A file with very many mistakes fills the log with a few lines and a count."""
    with WebServer() as web:
        web.on("/a", answer(200, rss(OLD)))
        with running(tmp_path, web) as (daemon, path):
            good = path.read_text(encoding="utf-8")
            path.write_text(good + "".join(f"[wrong{n}]\n" for n in range(50)), encoding="utf-8")
            daemon.send(signal.SIGHUP)
            assert "findings=30" in daemon.wait_for("which tocsin check shows")
            lines = [line for line in daemon.lines if "is refused" in line]
            assert len(lines) == MOST_FINDINGS
            daemon.send(signal.SIGTERM)
            assert daemon.ended() == 0
    with closing(sqlite3.connect(tmp_path / "t.db")) as con:
        (count,) = con.execute("SELECT count(*) FROM notices").fetchone()
        assert count == 1
