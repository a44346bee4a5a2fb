"""The same with the real process in real time: feeds, receiver and clock are outside of it."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from signal import SIGKILL
from typing import TYPE_CHECKING, Any, Self

import pytest

from monitor.errors import StoreError
from monitor.store.checkup import examine
from monitor.store.database import Reader
from tests.support.daemon import ROOT, DaemonProcess
from tests.support.documents import NOON, Item, rss
from tests.support.newsroom import RULES
from tests.support.newsworld import WORDS
from tests.support.receivers import HttpReceiver, Reply
from tests.support.webserver import WebServer, answer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PATIENCE = 30.0  # seconds until a test that waits for a condition fails


class Street:
    """A feed and a receiver on loopback, and the daemon between them, asked each second."""

    def __init__(self, folder: Path, toml: str) -> None:
        self.config = folder / "config.toml"
        self.database = folder / "t.db"
        self._toml = toml
        self._web = WebServer()
        self.receiver = HttpReceiver()
        self._items: list[Item] = []

    def configure(self) -> None:
        text = (
            f'[monitor]\ndatabase = "{self.database}"\ntimezone = "UTC"\n'
            '[polling]\nfastest = "1s"\nper_host_gap = "0s"\nallow_private = ["127.0.0.0/8"]\n'
            f'[[feeds]]\nname = "a"\nurl = "{self._web.url("/feed")}"\nevery = "1s"\nfull_text = "never"\n'
            f'{RULES}[channels.hook]\ntype = "webhook"\nurl = "http://127.0.0.1:{self.receiver.port}/"\n'
        )
        self.config.write_text(text + self._toml, encoding="utf-8")
        self.config.chmod(0o600)

    def publish(self, *titles: str) -> None:
        """Items on top of those that the feed lists; each has a text of its own."""
        for title in titles:
            words = random.Random(len(self._items)).sample(WORDS, 40)
            link = f"https://a.example/{len(self._items)}"
            age = (NOON - datetime.now(UTC)).total_seconds() / 3600
            self._items.insert(0, Item(title, link, link, f"{title}. {' '.join(words)}.", age))
        self._web.only("/feed", answer(200, rss(*self._items)))

    def run(self, *arguments: str) -> str:
        """Another process: a verb of the command line beside the daemon."""
        command = [sys.executable, "-m", "monitor", *arguments, "--config", str(self.config)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
        return done.stdout

    def rows(self, statement: str) -> list[dict[str, Any]]:
        """What the database holds; nothing as long as there is none."""
        try:
            with closing(Reader(self.database)) as reader:
                return [dict(row) for row in reader.rows(statement)]
        except StoreError:
            return []

    def told(self) -> list[str]:
        """What the receiver was told, without notices: "late digest talks in Doha, flood in Bonn"."""
        return [said for kind, said in self._heard() if kind != "notice"]

    def notices(self) -> list[str]:
        """What Tocsin said of itself."""
        return [said for kind, said in self._heard() if kind == "notice"]

    def _heard(self) -> list[tuple[str, str]]:
        found = []
        for request in tuple(self.receiver.requests):
            body = json.loads(request.body)
            titles = [entry["title"] for entry in body.get("entries") or []] or [body["title"]]
            marks = [w for w in ("late", "digest") if body.get(w) or body["kind"] == w]
            repeat = ["(may be a repeat)"] if body.get("maybe_repeat") else []
            found.append((body["kind"], " ".join([*marks, ", ".join(titles), *repeat])))
        return found

    def ready(self) -> None:
        """Wait until what was there before is known."""
        self.until(lambda: bool(self.rows("SELECT 1 FROM feeds WHERE baseline_at IS NOT NULL")))

    def until(self, condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Wait until it holds; fails where it does not in time."""
        never, end = threading.Event(), datetime.now(UTC) + timedelta(seconds=seconds)
        while not condition():
            assert datetime.now(UTC) < end, (self._heard(), self.rows("SELECT * FROM outbox"))
            never.wait(0.05)

    def __enter__(self) -> Self:
        self._web.__enter__()
        self.receiver.__enter__()
        self.configure()
        self.publish("an old one")
        return self

    def __exit__(self, *exc: object) -> None:
        self.receiver.__exit__(*exc)
        self._web.__exit__(*exc)

    def adds_up(self) -> None:
        """`db check` finds nothing."""
        assert [f for f in examine(self.database).findings if not f.startswith("mode:")] == []


@pytest.mark.slow
def test_a_group_of_two_seconds(tmp_path: Path) -> None:
    """
    What comes within two seconds is one message.

    0.0 two items -> held; 2.0 -> hook: digest of both.
    """
    with Street(tmp_path, '[[routes]]\nchannels = ["hook"]\ngroup = "2s"\n') as street:
        with DaemonProcess(street.config):
            street.ready()
            street.publish("flood in Bonn", "talks in Doha")
            street.until(lambda: bool(street.rows("SELECT 1 FROM outbox WHERE state = 'held'")))
            assert street.told() == []
            street.until(lambda: bool(street.told()))
        assert street.told() == ["digest talks in Doha, flood in Bonn"]
        street.adds_up()


@pytest.mark.slow
def test_quiet_hours_that_end_with_the_minute(tmp_path: Path) -> None:
    """
    What is held goes when the clock shows the end, late; what is urgent went before.

    :50 two items -> held; :55 war -> hook: war; :00 -> hook: late digest.
    """
    now = datetime.now(UTC)
    ends = (now + timedelta(seconds=75 if now.second > 45 else 60)).replace(second=0, microsecond=0)
    hours = (
        f'[quiet_hours.now]\nchannels = ["hook"]\nfrom = "{now - timedelta(hours=1):%H:%M}"\n'
        f'to = "{ends:%H:%M}"\nlet_through = ["urgent"]\n'
    )
    with Street(tmp_path, hours) as street:
        with DaemonProcess(street.config):
            street.ready()
            street.publish("flood in Bonn", "talks in Doha")
            street.until(lambda: bool(street.rows("SELECT 1 FROM outbox WHERE kind = 'digest'")))
            street.publish("war begins")
            street.until(lambda: bool(street.told()))
            assert street.told() == ["war begins"]
            street.until(lambda: len(street.told()) > 1, 90)
            assert datetime.now(UTC) >= ends
        assert street.told() == ["war begins", "late digest talks in Doha, flood in Bonn"]
        street.adds_up()


@pytest.mark.slow
def test_a_silence_of_three_seconds(tmp_path: Path) -> None:
    """
    Asked for by another process while the daemon is at work; what it hides is stored.

    0.0 silence 3s; 0.5 flood -> silenced; 3.0 it ends; then another flood -> hook.
    """
    with Street(tmp_path, "") as street:
        with DaemonProcess(street.config):
            street.ready()
            street.run("silence", "add", "--rule", "flood", "--for", "3s", "--comment", "a test")
            ends = datetime.now(UTC) + timedelta(seconds=3)
            street.publish("flood in Bonn", "talks in Doha")
            street.until(lambda: bool(street.rows("SELECT 1 FROM ledger WHERE reason = 'silenced'")))
            street.until(lambda: street.told() == ["talks in Doha"])
            street.until(lambda: datetime.now(UTC) > ends)
            street.publish("flood in Ulm")
            street.until(lambda: len(street.told()) > 1)
        assert street.told() == ["talks in Doha", "flood in Ulm"]
        street.adds_up()


@pytest.mark.slow
def test_a_budget_of_one_in_three_seconds(tmp_path: Path) -> None:
    """
    The first is told, the second held and said to be, and one is told again after three quiet seconds.

    0.0 flood -> hook; 1.0 flood -> held, notice; 5.0 flood -> hook.
    """
    toml = '[alerts]\nbudget = "1/3s"\n[notices]\nchannels = ["hook"]\n'
    with Street(tmp_path, toml) as street:
        with DaemonProcess(street.config):
            street.ready()
            street.publish("flood in Bonn", "flood in Ulm")
            street.until(lambda: bool(street.rows("SELECT 1 FROM ledger WHERE reason = 'budget'")))
            street.until(lambda: bool(street.notices()) and bool(street.told()))
            assert len(street.told()) == 1
            over = datetime.now(UTC) + timedelta(seconds=4)
            street.until(lambda: datetime.now(UTC) > over)
            street.publish("flood in Trier")
            street.until(lambda: len(street.told()) > 1)
        assert street.told()[1:] == ["flood in Trier"]
        assert [said.partition(":")[0] for said in street.notices()] == [
            "rule flood rang more than its budget of 1/3s"
        ]
        street.adds_up()


@pytest.mark.slow
def test_kill_9_in_mid_send_with_a_group_that_waits(tmp_path: Path) -> None:
    """
    The receiver had the message, and nobody knew: once more, marked; the group goes at its time.

    0.0 war -> hook (no answer yet), flood -> held for 3 s; kill -9;
    start -> hook: war (may be a repeat), flood.
    """
    routes = '[[routes]]\nmatch = { severity = "urgent" }\nchannels = ["hook"]\n'
    routes += '[[routes]]\nchannels = ["hook"]\ngroup = "3s"\n'
    gate = threading.Event()
    with Street(tmp_path, routes) as street:
        street.receiver = HttpReceiver(Reply(gate=gate))
        street.receiver.__enter__()
        street.configure()
        with DaemonProcess(street.config) as daemon:
            street.ready()
            street.publish("war begins", "flood in Bonn")
            street.until(lambda: bool(street.told()))
            daemon.send(SIGKILL)
            daemon.ended()
        gate.set()
        assert [row["state"] for row in street.rows("SELECT state FROM outbox ORDER BY id")] == [
            "leased",
            "held",
        ]
        with DaemonProcess(street.config):
            street.until(lambda: len(street.told()) == 3)
        assert street.told()[0] == "war begins"
        assert sorted(street.told()[1:]) == ["flood in Bonn", "war begins (may be a repeat)"]
        ids = [r.headers["X-Tocsin-Id"] for r in street.receiver.requests]
        assert len(set(ids)) == 2
        street.adds_up()
