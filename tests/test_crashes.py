"""Nothing is lost and next to nothing is told twice, wherever the process is killed."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from monitor.store import sql
from tests.support.crash import POINTS, Crasher
from tests.support.documents import Item, rss
from tests.support.receivers import HttpReceiver
from tests.support.webserver import WebServer, answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FEEDS, NEW = 3, 4
CHANNELS = ("one", "two")
HIGHEST_NTH = {
    "after_fetch": 3,
    "before_commit": 30,
    "after_commit": 30,
    "after_lease": 24,
    "after_accept": 24,
}


@pytest.fixture(scope="module")
def crasher() -> Iterator[Crasher]:
    """One forking process for all crashes."""
    process = Crasher("tests.support.crash")
    yield process
    process.close()


def items(feed: int, *, new: bool) -> list[Item]:
    """The feed's items, newest first."""
    count = 3 + (NEW if new else 0)
    return [
        Item(
            f"talks {feed}-{n} in Doha",
            guid=f"urn:{feed}:{n}",
            link=f"https://n.example/{feed}/{n}",
            age=30 - n,
        )
        for n in reversed(range(count))
    ]


def write_config(folder: Path, web: WebServer, receiver: HttpReceiver) -> Path:
    """A configuration of a few feeds, one rule and two channels."""
    text = '[monitor]\ndatabase = "t.db"\n'
    text += '[polling]\nper_host = 8\nper_host_gap = "0s"\nallow_private = ["127.0.0.0/8"]\n'
    text += "[[rules]]\nname = \"doha\"\nquery = 'doha'\n"
    for name in CHANNELS:
        text += f'[channels.{name}]\ntype = "webhook"\nurl = "http://127.0.0.1:{receiver.port}/{name}"\n'
    for feed in range(FEEDS):
        text += f'[[feeds]]\nname = "f{feed}"\nurl = "{web.url(f"/{feed}")}"\nfull_text = "never"\n'
    path = folder / "config.toml"
    path.write_text(text)
    path.chmod(0o600)
    return path


def check(receiver: HttpReceiver, database: Path) -> None:
    """Every item arrived on every channel; at most one message a channel came twice, under the same id."""
    came: Counter[tuple[str, str]] = Counter()
    ids: dict[tuple[str, str], set[str]] = {}
    for request in receiver.requests:
        if len(request.body) < int(request.headers["Content-Length"]):
            continue  # the sender died in the middle of it: nobody was told
        body = json.loads(request.body)
        key = (request.path, body["title"])
        came[key] += 1
        ids.setdefault(key, set()).add(body["id"])
    expected = {
        (f"/{c}", f"talks {feed}-{n} in Doha")
        for c in CHANNELS
        for feed in range(FEEDS)
        for n in range(3, 3 + NEW)
    }
    assert set(came) == expected, f"lost {expected - set(came)}, uncalled for {set(came) - expected}"
    for channel in CHANNELS:
        extra = sum(n - 1 for (path, _), n in came.items() if path == f"/{channel}")
        assert extra <= 1, f"{extra} messages came twice on {channel}"
    assert all(len(known) == 1 for known in ids.values()), "a repeat came under another message id"
    with closing(sqlite3.connect(database)) as con:
        assert con.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert con.execute(sql.LEDGER_ORPHANS).fetchall() == []
        assert con.execute(sql.LEDGER_STRAY).fetchall() == []


def crash_rounds(crasher: Crasher, folder: Path, rounds: int, seed: int) -> Counter[str]:
    """Kill at each point in turn and at random times; returns how many kills struck at each."""
    rng = random.Random(seed)
    struck: Counter[str] = Counter()
    template = folder / "template"
    template.mkdir()
    with WebServer() as web:
        for feed in range(FEEDS):
            web.on(f"/{feed}", answer(200, rss(*items(feed, new=False))))
            web.on(f"/{feed}", answer(200, rss(*items(feed, new=True))))
        with HttpReceiver() as receiver:
            assert crasher.run(config=str(write_config(template, web, receiver))) == 0
            assert receiver.requests == [], "the baseline is silent"
        for number in range(rounds):
            point = (*POINTS, "random")[number % (len(POINTS) + 1)]
            trial = folder / f"trial{number}"
            shutil.copytree(template, trial)
            with HttpReceiver() as receiver:
                config = str(write_config(trial, web, receiver))
                job: dict[str, Any] = {"config": config}
                if point == "random":
                    job["delay"] = rng.uniform(0.005, 0.15)
                else:
                    job |= {"point": point, "nth": rng.randint(1, HIGHEST_NTH[point])}
                status = crasher.run(**job)
                assert status in (0, -9), f"round {number}: {job} ended with {status}"
                struck[point] += status == -9
                assert crasher.run(config=config) == 0
                check(receiver, trial / "t.db")
            shutil.rmtree(trial)
    return struck


def test_kills_at_every_point_lose_nothing(crasher: Crasher, tmp_path: Path) -> None:
    """Five seeded kills at each named point and at random times: 0 lost, at most one repeat a channel."""
    struck = crash_rounds(crasher, tmp_path, 5 * (len(POINTS) + 1), seed=1)
    assert all(struck[point] > 0 for point in (*POINTS, "random")), f"a point was never struck: {struck}"


@pytest.mark.slow
def test_a_hundred_kills_lose_nothing(crasher: Crasher, tmp_path: Path) -> None:
    """A hundred seeded kills with the same promise."""
    struck = crash_rounds(crasher, tmp_path, 102, seed=3)
    assert all(struck[point] > 0 for point in (*POINTS, "random")), f"a point was never struck: {struck}"


@pytest.mark.prove
def test_a_thousand_kills_lose_nothing(
    crasher: Crasher, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A thousand seeded kills with the same promise."""
    struck = crash_rounds(crasher, tmp_path, 1002, seed=2)
    with capsys.disabled():
        print(f"\n1002 rounds, kills that struck: {dict(struck)}; lost 0")  # noqa: T201 - a figure for the record
    assert sum(struck.values()) > 800
