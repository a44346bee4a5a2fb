"""A real daemon whose health can be read: it moves with a reload, and a taken port costs nothing else."""

from __future__ import annotations

import json
import signal
import socket
from typing import TYPE_CHECKING

from tests.support.asking import ask
from tests.support.daemon import DaemonProcess
from tests.support.documents import Item, rss
from tests.support.webserver import WebServer, answer

if TYPE_CHECKING:
    from pathlib import Path


def write_config(folder: Path, web: WebServer, listen: str) -> Path:
    """One feed, one rule, and a place."""
    path = folder / "config.toml"
    path.write_text(
        '[monitor]\ndatabase = "t.db"\n[polling]\nallow_private = ["127.0.0.0/8"]\n'
        f'[metrics]\nlisten = "{listen}"\n[[feeds]]\nname = "a"\nurl = "{web.url("/a")}"\n'
        '[[rules]]\nname = "doha"\nquery = "doha"\n[channels.screen]\ntype = "terminal"\n',
        encoding="utf-8",
    )
    path.chmod(0o600)
    return path


def test_a_taken_port_costs_nothing_and_a_reload_moves_it(tmp_path: Path) -> None:
    """The warning names who to ask; polls go on; then a socket, which goes with the daemon."""
    with WebServer() as web, socket.create_server(("127.0.0.1", 0)) as taken:
        web.on("/a", answer(200, rss(Item("Old", guid="old"))))
        port = taken.getsockname()[1]
        config = write_config(tmp_path, web, f"127.0.0.1:{port}")
        with DaemonProcess(config, "--log-level", "debug") as daemon:
            line = daemon.wait_for_each("health and metrics cannot be read")
            assert "ss -lptn" in line
            daemon.wait_for_each("feed polled")
            write_config(tmp_path, web, "./m.sock")
            daemon.send(signal.SIGHUP)
            daemon.wait_for_each("health and metrics can be read")
            place = tmp_path / "m.sock"
            status, kind, body = ask(place, "/healthz")
            assert (status, kind) == (200, "application/json")
            assert json.loads(body)["tick_age"] < 15
            status, kind, body = ask(place, "/metrics", headers={"Accept": "application/openmetrics-text"})
            assert (status, kind.partition(";")[0]) == (200, "application/openmetrics-text")
            assert b'tocsin_polls_total{result="new"} 1.0' in body
            assert b'tocsin_reloads_total{result="applied"} 1.0' in body
            assert b'tocsin_feeds{state="seen"} 1.0' in body
            daemon.send(signal.SIGTERM)
            assert daemon.ended() == 0
        assert not place.exists()
