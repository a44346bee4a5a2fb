"""Canary and dead-man ping in the real daemon: a part of it stops on a signal, and what follows is timed."""

from __future__ import annotations

import json
import signal
import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.support.cli import run
from tests.support.daemon import ROOT, DaemonProcess
from tests.support.documents import Item, rss
from tests.support.webserver import WebServer, answer

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

EVERY = 4.0
# Loaded by the interpreter before the program: SIGUSR1 stops a part, SIGUSR2 lets it go on.
HOOKS = """
import os, signal, sys, threading

if "run" in getattr(sys, "orig_argv", ()):
    import asyncio
    from monitor.delivery.outbox import OutboxWorker
    from monitor.rules.engine import Engine
    from monitor.service.daemon import Daemon
    from monitor.store.writer import Writer

    part, stopped, go = os.environ["STOPS"], threading.Event(), threading.Event()
    signal.signal(signal.SIGUSR1, lambda *_: stopped.set())
    signal.signal(signal.SIGUSR2, lambda *_: (stopped.clear(), go.set()))

    def held(method):
        def hook(*given):
            if stopped.is_set():
                go.wait()
            return method(*given)
        return hook

    def away(method):
        async def hook(*given):
            while stopped.is_set():
                await asyncio.sleep(0.05)
            return await method(*given)
        return hook

    if part == "scheduler":
        Daemon._tick = away(Daemon._tick)
    elif part == "matcher":
        Engine.match = held(Engine.match)
    elif part == "writer":
        Writer._commit_group = held(Writer._commit_group)
    elif part == "sender":
        OutboxWorker._take_back = away(OutboxWorker._take_back)
"""


def configure(config: Path, web: WebServer, told: Path) -> None:
    """One feed, and a canary whose alarm goes into a file."""
    config.write_text(
        '[monitor]\ndatabase = "t.db"\n'
        '[polling]\nper_host_gap = "0s"\nallow_private = ["127.0.0.0/8"]\n'
        f'[[feeds]]\nname = "a"\nurl = "{web.url("/a")}"\n[[rules]]\nname = "doha"\nquery = "doha"\n'
        f'[channels.desk]\ntype = "file"\npath = "{told}"\n'
        f'[canary]\nevery = "{EVERY:g}s"\nchannels = ["desk"]\n',
        encoding="utf-8",
    )
    config.chmod(0o600)


@pytest.mark.parametrize("part", ["scheduler", "matcher", "writer", "sender"])
def test_the_alarm_comes_within_two_periods(tmp_path: Path, part: str) -> None:
    """Measured from the signal on; the end is told as well, and the daemon stops as it should."""
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(HOOKS, encoding="utf-8")
    config = tmp_path / "config.toml"
    told = tmp_path / "told.jsonl"
    with WebServer() as web:
        web.on("/a", answer(200, rss(Item("Old", guid="old", age=48))))
        configure(config, web, told)
        env = {"PYTHONPATH": f"{hooks}:{ROOT}", "STOPS": part}
        with DaemonProcess(config, "--log-level", "debug", env=env) as daemon:
            daemon.wait_for("canary came through")
            daemon.wait_for("canary came through")
            daemon.send(signal.SIGUSR1)
            stopped = time.monotonic()
            daemon.wait_for("the canary's alarm was given")
            assert time.monotonic() - stopped <= 2 * EVERY
            daemon.send(signal.SIGUSR2)
            daemon.wait_for("the canary comes through again")
            daemon.wait_for("canary came through")
            daemon.send(signal.SIGTERM)
            assert daemon.ended() == 0, daemon.lines
    titles = [json.loads(line)["title"] for line in told.read_text(encoding="utf-8").splitlines()]
    assert len(titles) == 2, titles
    assert "has not come through since" in titles[0]
    assert "comes through again" in titles[1]


def test_the_daemon_pings_once_its_first_cycle_was_whole(tmp_path: Path) -> None:
    """With the canary: not before that has come through. The address stands in no line of the log."""
    config = tmp_path / "config.toml"
    with WebServer() as web:
        web.on("/a", answer(200, rss(Item("Old", guid="old", age=48))))
        web.on("/ping/of-a-secret-length", answer(200))
        config.write_text(
            '[monitor]\ndatabase = "t.db"\n'
            '[polling]\nper_host_gap = "0s"\nallow_private = ["127.0.0.0/8"]\n'
            f'[[feeds]]\nname = "a"\nurl = "{web.url("/a")}"\n[[rules]]\nname = "doha"\nquery = "doha"\n'
            '[channels.desk]\ntype = "file"\npath = "told.jsonl"\n'
            '[deadman]\nurl = { env = "PING" }\n[canary]\nevery = "1h"\nchannels = ["desk"]\n',
            encoding="utf-8",
        )
        config.chmod(0o600)
        hooks = tmp_path / "hooks"
        hooks.mkdir()
        hurry = "import monitor.service.deadman as d\nd.PACE = d.LOOK = 0.5\n"
        (hooks / "sitecustomize.py").write_text(hurry, encoding="utf-8")
        env = {"PING": web.url("/ping/of-a-secret-length"), "PYTHONPATH": f"{hooks}:{ROOT}"}
        with DaemonProcess(config, "--log-level", "debug", env=env) as daemon:
            daemon.wait_for("canary came through")
            daemon.wait_for("the dead-man ping was answered")
            daemon.send(signal.SIGTERM)
            assert daemon.ended() == 0, daemon.lines
            assert "of-a-secret-length" not in "\n".join(daemon.lines)
        assert "/ping/of-a-secret-length" in [seen.target for seen in web.seen]


def test_a_database_that_somebody_else_holds(tmp_path: Path) -> None:
    """A fault of the world: no hook, another program's transaction. `status` shows it all the same."""
    config, told = tmp_path / "config.toml", tmp_path / "told.jsonl"
    with WebServer() as web:
        web.on("/a", answer(200, rss(Item("Old", guid="old", age=48))))
        configure(config, web, told)
        with DaemonProcess(config, "--log-level", "debug") as daemon:
            daemon.wait_for("canary came through")
            with closing(sqlite3.connect(tmp_path / "t.db", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                began = time.monotonic()
                daemon.wait_for("the canary's alarm was given")
                assert time.monotonic() - began <= 2 * EVERY
                (found,) = run("status", "--json", "--config", config).objects
                assert found["canary"]["state"] == "failing"
                assert found["canary"]["told"] == ["desk"]
                other.execute("ROLLBACK")
            daemon.wait_for("the canary comes through again")
            daemon.send(signal.SIGTERM)
            assert daemon.ended() == 0, daemon.lines
