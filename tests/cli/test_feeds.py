"""`tocsin feeds` as a user types it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor.service.app import url_hash
from monitor.settings import Secret
from monitor.store import sql
from monitor.store.database import Reader, command_line_tx
from monitor.store.lock import DaemonLock
from monitor.store.rows import FeedState, read
from monitor.store.rows import write as as_row
from tests.support.cli import run
from tests.support.configs import write
from tests.support.documents import Item, rss
from tests.support.store import new_database
from tests.support.webserver import WebServer, answer

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """\
# The desk's feeds.
[polling]
allow_private = ["127.0.0.0/8"]
per_host_gap = "0s"

[[feeds]]
name = "wire"   # the fastest
url = "{url}"
tags = ["world"]

# Only in winter:
[[feeds]]
name = "snow"
url = "https://user:sesame@snow.example/feed?key=sesame"

[[rules]]
name = "talks"
query = "talks"

[channels.screen]
type = "file"
path = "alerts.txt"
"""
WIRE = "https://wire.example/feed"
PAST = datetime(2026, 1, 1, tzinfo=UTC)
FUTURE = datetime.now(UTC) + timedelta(hours=2)


def config(folder: Path, url: str = WIRE) -> Path:
    """The configuration above."""
    return write(folder, CONFIG.format(url=url))


def known(folder: Path, url: str = WIRE, **state: Any) -> Path:
    """A database that knows the feed `wire`, with this in its row."""
    path = new_database(folder)
    row = FeedState(1, "wire", url_hash(Secret(url)) or 0, PAST, **state)
    with command_line_tx(path) as tx:
        tx.run(sql.FEED_INSERT, **as_row(row))
    return path


def wire_of(path: Path) -> FeedState:
    """The row of `wire`."""
    reader = Reader(path)
    rows = {row["name"]: read(FeedState, row) for row in reader.rows(sql.FEEDS)}
    reader.close()
    return rows["wire"]


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


def test_one_feed_is_shown_with_configuration_and_state(tmp_path: Path) -> None:
    """Everything that is known, without a secret."""
    known(tmp_path, polls=4, failures=1, last_http=500, title="The Wire")
    path = config(tmp_path)
    [shape] = run("feeds", "show", "wire", "--json", "--config", path).objects
    assert (shape["url"], shape["tags"], shape["full_text"]) == (WIRE, ["world"], "auto")
    assert (shape["state"], shape["polls"], shape["http_status"]) == ("failing", 4, 500)
    assert shape["title"] == "The Wire"
    shown = run("feeds", "show", "snow", "--config", path)
    assert shown.code == 0, shown.err
    assert "snow.example/feed" in shown.out
    assert "sesame" not in shown.out


def test_the_gaps_of_a_feed_are_shown(tmp_path: Path) -> None:
    """When items may have gone unseen: from the last good poll to the one that knew nothing."""
    known(tmp_path, polls=4)
    with command_line_tx(tmp_path / "tocsin.db") as tx:
        ends = {"since": "2026-03-01 08:00:00.000000", "until": "2026-03-04 08:00:00.000000"}
        tx.run(sql.GAP_INSERT, id=tx.next_id("gaps"), feed_id=1, **ends)
    path = config(tmp_path)
    [shape] = run("feeds", "show", "wire", "--json", "--config", path).objects
    assert shape["gaps"] == [{"since": "2026-03-01T08:00:00Z", "until": "2026-03-04T08:00:00Z"}]
    assert (
        "2026-03-01T08:00:00Z to 2026-03-04T08:00:00Z" in run("feeds", "show", "wire", "--config", path).out
    )
    assert run("feeds", "show", "snow", "--json", "--config", path).objects[0]["gaps"] == []


@pytest.mark.parametrize("verb", ["show", "remove", "enable", "disable", "poll"])
def test_an_unknown_name_gets_the_nearest(tmp_path: Path, verb: str) -> None:
    """Exit 2 and a hint."""
    outcome = run("feeds", verb, "wirre", "--config", config(tmp_path))
    assert outcome.code == 2
    assert "did you mean wire?" in outcome.err


# --- changing the file -------------------------------------------------------------------------------


def test_a_feed_is_added_and_removed(tmp_path: Path) -> None:
    """The file is as before afterwards, comments included."""
    path = config(tmp_path)
    before = path.read_text()
    url = "https://www.rfi.fr/fr/rss"
    added = run("feeds", "add", url, "--tag", "fr", "--tag", "radio", "--config", path)
    assert added.code == 0, added.err
    assert "added rfi-fr-fr-rss" in added.err
    assert 'tags = ["fr", "radio"]' in path.read_text()
    again = run("feeds", "add", url, "--config", path)
    assert again.code == 2
    assert run("feeds", "remove", "rfi-fr-fr-rss", "--config", path).code == 0
    assert path.read_text() == before


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


def test_opml_is_imported_and_exported(tmp_path: Path) -> None:
    """Folders are tags; what is listed is not listed twice; a secret address is not exported."""
    path = config(tmp_path)
    opml = tmp_path / "feeds.opml"
    opml.write_text(
        '<opml version="2.0"><body><outline text="Asia">'
        '<outline text="Dawn" xmlUrl="https://dawn.example/rss"/></outline>'
        f'<outline text="Wire" xmlUrl="{WIRE}"/><outline text="Odd" xmlUrl="ftp://odd.example/"/>'
        "</body></opml>"
    )
    outcome = run("feeds", "import", opml, "--config", path)
    assert outcome.code == 0, outcome.err
    assert "1 new of 3 feeds" in outcome.err
    assert "'Odd'" in outcome.err
    exported = run("feeds", "export", "--config", path)
    assert 'xmlUrl="https://dawn.example/rss"' in exported.out
    assert '<outline text="Asia">' in exported.out
    assert "snow" in exported.err
    assert "sesame" not in exported.out + exported.err
    assert "0 new" in run("feeds", "import", opml, "--config", path).err


@pytest.mark.parametrize("text", [None, "<html/>"])
def test_what_is_no_opml_changes_nothing(tmp_path: Path, text: str | None) -> None:
    """A missing file, or one of another kind: exit 2."""
    path, opml = config(tmp_path), tmp_path / "feeds.opml"
    if text is not None:
        opml.write_text(text)
    outcome = run("feeds", "import", opml, "--config", path)
    assert outcome.code == 2
    assert "feeds.opml" in outcome.err
    assert path.read_text() == CONFIG.format(url=WIRE)


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
