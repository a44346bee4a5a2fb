"""`tocsin feeds` as a user types it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from monitor.store.lock import DaemonLock
from tests.support.cli import run
from tests.support.documents import Item, rss
from tests.support.feedfile import FUTURE, PAST, config, known, wire_of
from tests.support.webserver import WebServer, answer

if TYPE_CHECKING:
    from pathlib import Path

# --- looking -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "word"),
    [
        ({}, "new"),
        ({"polls": 3, "last_good_at": PAST, "last_status": "not_modified"}, "ok"),
        ({"polls": 3, "failures": 2, "last_message": "the server answered 500"}, "failing"),
        ({"polls": 3, "gone": True}, "gone"),
    ],
)
def test_the_list_says_how_each_feed_fares(tmp_path: Path, state: dict[str, Any], word: str) -> None:
    """Feeds come in the order of the configuration; one that was never polled is new."""
    known(tmp_path, last_poll_at=PAST, **state)
    outcome = run("feeds", "list", "--json", "--config", config(tmp_path))
    wire, snow = outcome.objects
    assert (wire["name"], wire["state"], wire["last_poll"]) == ("wire", word, "2026-01-01T00:00:00Z")
    assert wire["message"] == state.get("last_message", state.get("last_status", ""))
    assert (snow["name"], snow["state"], snow["last_poll"]) == ("snow", "new", None)


def test_the_list_needs_no_database(tmp_path: Path) -> None:
    """Before the first start all is new; a person gets a table."""
    outcome = run("feeds", "list", "--config", config(tmp_path))
    assert outcome.code == 0, outcome.err
    assert [line.split()[:2] for line in outcome.out.splitlines()[1:]] == [["wire", "new"], ["snow", "new"]]


@pytest.mark.parametrize("verb", ["show", "remove", "enable", "disable", "poll"])
def test_an_unknown_name_gets_the_nearest(tmp_path: Path, verb: str) -> None:
    """Exit 2 and a hint."""
    outcome = run("feeds", verb, "wirre", "--config", config(tmp_path))
    assert outcome.code == 2
    assert "did you mean wire?" in outcome.err


# --- changing the file -------------------------------------------------------------------------------


def test_a_feed_is_switched_off_and_on(tmp_path: Path) -> None:
    """The list says disabled; comments stay."""
    path = config(tmp_path)
    assert run("feeds", "disable", "wire", "--config", path).code == 0
    assert run("feeds", "list", "--json", "--config", path).objects[0]["state"] == "disabled"
    assert "# the fastest" in path.read_text()
    assert run("feeds", "enable", "wire", "--config", path).code == 0
    assert run("feeds", "list", "--json", "--config", path).objects[0]["state"] == "new"


@pytest.mark.parametrize("running", [True, False])
def test_a_running_daemon_must_be_told(tmp_path: Path, running: bool) -> None:
    """It reads its configuration again only when asked to; without one there is nothing to say."""
    lock = DaemonLock(tmp_path / "tocsin.db")
    if running:
        lock.acquire()
    outcome = run("feeds", "disable", "wire", "--config", config(tmp_path))
    lock.release()
    assert outcome.code == 0, outcome.err
    assert ("systemctl reload tocsin" in outcome.err) == running


# --- polling -----------------------------------------------------------------------------------------


def test_one_feed_is_polled_at_once_without_a_daemon(tmp_path: Path) -> None:
    """Not due, yet polled and delivered; the other feeds are left alone."""
    with WebServer() as web:
        web.on("/feed", answer(200, rss(Item("Talks resume", guid="1")), Content_Type="application/rss+xml"))
        url = web.url("/feed")
        database = known(tmp_path, url, polls=1, baseline_at=PAST, next_poll_at=FUTURE)
        outcome = run("feeds", "poll", "wire", "--json", "--config", config(tmp_path, url))
    assert outcome.code == 0, outcome.err
    [shape] = outcome.objects
    assert (shape["feed"], shape["polled"]) == ("wire", True)
    assert (shape["new"], shape["matched"], shape["delivered"]) == (1, 1, 1)
    assert "Talks resume" in (tmp_path / "alerts.txt").read_text()
    assert wire_of(database).polls == 2


def test_a_poll_that_fails_is_exit_1(tmp_path: Path) -> None:
    """What the server said is told."""
    with WebServer() as web:
        outcome = run("feeds", "poll", "wire", "--config", config(tmp_path, web.url("/missing")))
    assert outcome.code == 1
    assert "404" in outcome.out


def test_a_running_daemon_finds_the_feed_due(tmp_path: Path) -> None:
    """Its row is due now; the daemon does the rest."""
    database = known(tmp_path, polls=1, next_poll_at=FUTURE)
    lock = DaemonLock(database)
    lock.acquire()
    outcome = run("feeds", "poll", "wire", "--config", config(tmp_path))
    lock.release()
    assert outcome.code == 0, outcome.err
    assert "due now" in outcome.out
    due = wire_of(database).next_poll_at
    assert due is not None
    assert due <= datetime.now(UTC)


@pytest.mark.parametrize("running", [True, False])
@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({"forbidden_until": FUTURE, "next_poll_at": FUTURE}, "asked not to be asked before"),
        ({"gone": True}, "410"),
    ],
)
def test_what_a_server_forbade_is_not_done_by_hand(
    tmp_path: Path, state: dict[str, Any], said: str, running: bool
) -> None:
    """A Retry-After or a 410 holds, with or without a daemon; exit 1 says until when."""
    database = known(tmp_path, polls=1, **state)
    before = wire_of(database)
    lock = DaemonLock(database)
    if running:
        lock.acquire()
    outcome = run("feeds", "poll", "wire", "--config", config(tmp_path))
    lock.release()
    assert outcome.code == 1
    assert said in outcome.err
    assert replace(wire_of(database), next_poll_at=None) == replace(before, next_poll_at=None)


def test_a_disabled_feed_is_not_polled(tmp_path: Path) -> None:
    """It has to be enabled first."""
    path = config(tmp_path)
    run("feeds", "disable", "wire", "--config", path)
    outcome = run("feeds", "poll", "wire", "--config", path)
    assert outcome.code == 2
    assert "tocsin feeds enable wire" in outcome.err


def test_a_poll_refuses_rules_that_cannot_be_used(tmp_path: Path) -> None:
    """What is polled is not judged again, so a broken rule would miss it for good."""
    path = config(tmp_path)
    path.write_text(path.read_text() + '[[rules]]\nname = "bad"\nquery = "("\n')
    outcome = run("feeds", "poll", "wire", "--config", path)
    assert outcome.code == 2
    assert f"{path}:" in outcome.err
