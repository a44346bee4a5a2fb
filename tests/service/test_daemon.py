"""The real daemon: a subprocess, real sockets, real signals."""

from __future__ import annotations

import signal
import socket
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

from monitor.store import sql
from tests.support.daemon import DaemonProcess, delivered
from tests.support.documents import Item, rss
from tests.support.store import LEASED
from tests.support.webserver import WebServer, answer

if TYPE_CHECKING:
    from pathlib import Path

OLD = Item("Old talks in Doha", guid="old", link="https://n.example/old", age=48)
NEW = Item("Talks in Doha", guid="g1", link="https://n.example/1", age=1)


def write_config(folder: Path, web: WebServer, *, query: str = "doha") -> Path:
    """One feed polled every second, one rule, alerts into a file."""
    path = folder / "config.toml"
    path.write_text(
        '[monitor]\ndatabase = "t.db"\n'
        '[polling]\nfastest = "1s"\nper_host_gap = "0s"\nallow_private = ["127.0.0.0/8"]\n'
        f'[[feeds]]\nname = "a"\nurl = "{web.url("/a")}"\nevery = "1s"\n'
        f"[[rules]]\nname = \"doha\"\nquery = '{query}'\n"
        '[channels.file]\ntype = "file"\npath = "alerts.jsonl"\n',
        encoding="utf-8",
    )
    path.chmod(0o600)
    return path


def test_a_daemon_polls_alerts_and_ends_on_sigterm(tmp_path: Path) -> None:
    """Baseline, then an alert for what is new; SIGTERM ends it cleanly with 0 and nothing half done."""
    with WebServer() as web:
        web.on("/a", answer(200, rss(OLD)))
        web.on("/a", answer(200, rss(NEW, OLD)))
        with DaemonProcess(write_config(tmp_path, web)) as daemon:
            daemon.wait_for("1 item already in your feeds match")
            daemon.wait_for("notification sent")
            daemon.send(signal.SIGTERM)
            assert daemon.ended() == 0, daemon.lines
    assert delivered(tmp_path) == ["Talks in Doha"]
    assert not (tmp_path / "t.db-wal").exists(), "the write-ahead log is folded in at the end"
    with closing(sqlite3.connect(tmp_path / "t.db")) as con:
        assert con.execute(LEASED).fetchall() == []
        assert con.execute(sql.LEDGER_ORPHANS).fetchall() == []


def test_a_second_daemon_on_the_same_database_is_refused(tmp_path: Path) -> None:
    """It names who holds the database, and ends with 1; the first goes on."""
    with WebServer() as web:
        web.on("/a", answer(200, rss(OLD)))
        config = write_config(tmp_path, web)
        with DaemonProcess(config) as first:
            first.wait_for("info started")
            with DaemonProcess(config) as second:
                assert second.ended() == 1
                assert any(f"process {first.pid}" in line for line in second.lines), second.lines
            first.send(signal.SIGINT)
            assert first.ended() == 0


def test_sighup_takes_a_good_configuration_and_refuses_a_bad_one(tmp_path: Path) -> None:
    """A wrong file never stops a running daemon; a right one is in force at the next poll."""
    with WebServer() as web:
        web.on("/a", answer(200, rss(OLD)))
        config = write_config(tmp_path, web, query="nothing")
        with DaemonProcess(config) as daemon:
            daemon.wait_for("info started")
            good = config.read_text(encoding="utf-8")
            config.write_text(good.replace("query", "quarry"), encoding="utf-8")
            daemon.send(signal.SIGHUP)
            refused = daemon.wait_for("refused")
            assert "quarry" in refused
            config.write_text("", encoding="utf-8")
            daemon.send(signal.SIGHUP)
            assert "no [[feeds]] left" in daemon.wait_for("refused")
            failing = good.replace("'nothing'", "'kabul'\n[[rules.tests]]\nmatch = \"Talks in Doha\"")
            config.write_text(failing, encoding="utf-8")
            daemon.send(signal.SIGHUP)
            assert "should match, and does not" in daemon.wait_for("refused")
            config.write_text(good.replace("nothing", "doha"), encoding="utf-8")
            daemon.send(signal.SIGHUP)
            daemon.wait_for("configuration reloaded")
            web.on("/a", answer(200, rss(NEW, OLD)))
            daemon.wait_for("notification sent", "outbox=4")
            daemon.send(signal.SIGTERM)
            assert daemon.ended() == 0
    told = delivered(tmp_path)
    assert sum("is refused" in title for title in told) == 3, "each refusal is told at once"
    assert told[-1] == "Talks in Doha"
    assert len(told) == 4


def test_a_killed_daemon_goes_on_where_it_was(tmp_path: Path) -> None:
    """Kill -9, then a new start: no second baseline, no second alert, the lock is free."""
    with WebServer() as web:
        web.on("/a", answer(200, rss(OLD)))
        config = write_config(tmp_path, web)
        with DaemonProcess(config) as daemon:
            daemon.wait_for("already in your feeds")
            web.on("/a", answer(200, rss(NEW, OLD)))
            daemon.wait_for("notification sent")
            daemon.send(signal.SIGKILL)
            assert daemon.ended() == -9
        web.on("/a", answer(200, rss(Item("More of Doha", guid="g2", age=0.5), NEW, OLD)))
        with DaemonProcess(config) as daemon:
            daemon.wait_for("notification sent")
            daemon.send(signal.SIGTERM)
            assert daemon.ended() == 0
    assert delivered(tmp_path) == ["Talks in Doha", "More of Doha"]


def test_it_tells_systemd_when_it_is_ready_and_when_it_stops(tmp_path: Path) -> None:
    """READY with a status line, signs of life, STOPPING: on a real notify socket."""
    with WebServer() as web, closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as manager:
        address = tmp_path / "notify"
        manager.bind(str(address))
        manager.settimeout(20)
        web.on("/a", answer(200, rss(OLD)))
        env = {"NOTIFY_SOCKET": str(address), "WATCHDOG_USEC": "1000000"}
        with DaemonProcess(write_config(tmp_path, web), env=env) as daemon:
            assert manager.recv(4096) == b"READY=1\nSTATUS=watching 1 feed with 1 rule"
            assert manager.recv(4096) == b"WATCHDOG=1"
            daemon.send(signal.SIGTERM)
            assert daemon.ended() == 0
        said = []
        manager.setblocking(False)
        try:
            while True:
                said.append(manager.recv(4096))
        except BlockingIOError:
            pass
        assert said[-1].startswith(b"STOPPING=1")
