"""Sources into the file and out of it: `tocsin feeds add`, `remove`, `discover`."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.cli import feeds_add
from monitor.feeds.discover import Discovery
from monitor.feeds.looking import Verdict
from tests.support.cli import run
from tests.support.documents import Item, rss
from tests.support.feedfile import CONFIG, WIRE, config
from tests.support.receivers import dead_port
from tests.support.webserver import WebServer, answer

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
NEWS = rss(Item("Talks", guid="1"), Item("More", guid="2"), title="The <b>News</b>")
WORLD = rss(Item("World", guid="w"), title="World")


@pytest.fixture
def web() -> Iterator[WebServer]:
    """A site with a page of two feeds, one with a single one, and one with none."""
    with WebServer() as server:
        server.on("/news.rss", answer(200, NEWS))
        server.on("/world.rss", answer(200, WORLD))
        server.on("/", page("/news.rss", "/world.rss"))
        server.on("/one", page("/news.rss"))
        server.on("/none", page())
        yield server


def page(*feeds: str) -> bytes:
    """A web page that declares these feeds."""
    links = "".join(f"<link rel=alternate type=application/rss+xml href='{feed}'>" for feed in feeds)
    return answer(200, f"<html><head>{links}</head></html>".encode(), Content_Type="text/html")


def listed(path: Path) -> dict[str, str]:
    """The addresses of the feeds in the file by name, but for the two of its beginning."""
    shown = [run("feeds", "show", f["name"], "--json", "--config", path).objects[0] for f in feeds(path)]
    return {one["name"]: one["url"] for one in shown if one["name"] not in ("wire", "snow")}


def feeds(path: Path) -> list[dict[str, str]]:
    """What the list says."""
    return run("feeds", "list", "--json", "--config", path).objects


# --- adding ------------------------------------------------------------------------------------------


def test_a_feed_is_added_and_removed(tmp_path: Path) -> None:
    """Without a look at it; the file is as before afterwards, comments included."""
    path = config(tmp_path)
    before = path.read_text()
    url = "https://www.rfi.fr/fr/rss"
    added = run("feeds", "add", url, "--no-fetch", "--tag", "fr", "--tag", "radio", "--config", path)
    assert added.code == 0, added.err
    assert "added rfi-fr-fr-rss" in added.err
    assert 'tags = ["fr", "radio"]' in path.read_text()
    again = run("feeds", "add", url, "--config", path)
    assert again.code == 2
    assert "listed already, as rfi-fr-fr-rss" in again.err
    assert run("feeds", "remove", "rfi-fr-fr-rss", "--config", path).code == 0
    assert path.read_text() == before


def test_a_feed_is_looked_at_before_it_is_added(tmp_path: Path, web: WebServer) -> None:
    """One request; what it is, is told."""
    path = config(tmp_path)
    added = run("feeds", "add", web.url("/news.rss"), "--name", "news", "--config", path)
    assert added.code == 0, added.err
    assert "added news (The News, RSS 2.0, 2 items, the newest " in added.err
    assert f") to {path}" in added.err
    assert listed(path) == {"news": web.url("/news.rss")}
    assert web.targets() == ["/news.rss"]


def test_json_tells_what_was_added(tmp_path: Path, web: WebServer) -> None:
    """One object."""
    outcome = run("feeds", "add", web.url("/one"), "--json", "--config", config(tmp_path))
    (shape,) = outcome.objects
    assert shape["added"] == f"127-0-0-1-{web.port}-news-rss"
    assert (shape["url"], shape["title"], shape["items"]) == (web.url("/news.rss"), "The News", 2)
    assert (shape["kind"], shape["how"]) == ("RSS 2.0", "declared by the page")
    assert shape["latest"] == "2026-11-24T11:00:00Z"


def test_of_a_page_its_one_feed_is_added(tmp_path: Path, web: WebServer) -> None:
    """With the name and the tags that were given."""
    path = config(tmp_path)
    added = run("feeds", "add", web.url("/one"), "--name", "news", "--tag", "x", "--config", path)
    assert added.code == 0, added.err
    assert listed(path) == {"news": web.url("/news.rss")}
    assert 'tags = ["x"]' in path.read_text()


def test_of_several_feeds_none_is_added_unasked(tmp_path: Path, web: WebServer) -> None:
    """In a pipe the commands to type are given, the best first; each of them works as it stands."""
    path = config(tmp_path)
    before = path.read_text()
    outcome = run("feeds", "add", web.url("/"), "--tag", "a b", "--config", path)
    assert outcome.code == 2
    assert "2 feeds were found, none was added" in outcome.err
    assert "--first" in outcome.err
    assert outcome.out.splitlines() == [
        f"tocsin feeds add {web.url('/news.rss')} --tag 'a b'",
        f"tocsin feeds add {web.url('/world.rss')} --tag 'a b'",
    ]
    assert "World, RSS 2.0, 1 item, the newest " in outcome.err
    assert path.read_text() == before
    shapes = run("feeds", "add", web.url("/"), "--json", "--config", path)
    assert shapes.code == 2
    assert [shape["url"] for shape in shapes.objects] == [web.url("/news.rss"), web.url("/world.rss")]


def test_the_first_of_several_can_be_taken(tmp_path: Path, web: WebServer) -> None:
    """Then the other is the only one left; then there is none."""
    path = config(tmp_path)
    assert run("feeds", "add", web.url("/"), "--first", "--name", "a", "--config", path).code == 0
    assert listed(path) == {"a": web.url("/news.rss")}
    assert run("feeds", "add", web.url("/"), "--name", "b", "--config", path).code == 0
    assert listed(path) == {"a": web.url("/news.rss"), "b": web.url("/world.rss")}
    outcome = run("feeds", "add", web.url("/"), "--config", path)
    assert outcome.code == 2
    assert "listed already: a, b" in outcome.err


def test_on_a_terminal_it_asks_which(tmp_path: Path, web: WebServer) -> None:
    """A number, asked for again until it is one; the file is changed after the answer."""
    path = config(tmp_path)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "monitor", "feeds", "add", web.url("/"), "--name", "w"]
    with subprocess.Popen([*command, "--config", path], cwd=ROOT, stdin=theirs, stderr=theirs) as process:
        os.close(theirs)
        os.write(ours, b"9\nx\n2\n")
        said = bytearray()
        with contextlib.suppress(OSError):  # the other end is closed
            while piece := os.read(ours, 4096):
                said += piece
        assert process.wait(60) == 0, said.decode()
    os.close(ours)
    text = said.decode()
    assert "2 feeds were found" in text
    assert "Which one [1]" in text
    assert text.count("a number from 1 to 2, please") == 2
    assert listed(path) == {"w": web.url("/world.rss")}


def test_a_page_without_feeds_is_not_added(tmp_path: Path, web: WebServer) -> None:
    """Exit 1, with the reason and what can be done; --no-fetch adds whatever is wished."""
    path = config(tmp_path)
    outcome = run("feeds", "add", web.url("/none"), "--config", path)
    assert outcome.code == 1
    assert "nothing was added: this is a web page, not a feed" in outcome.err
    assert "--no-fetch" in outcome.err
    assert path.read_text() == CONFIG.format(url=WIRE)
    assert run("feeds", "add", web.url("/none"), "--no-fetch", "--config", path).code == 0
    assert list(listed(path).values()) == [web.url("/none")]


@pytest.mark.parametrize("status", [None, 401, 500])
def test_what_cannot_be_looked_at_is_added_unseen(tmp_path: Path, web: WebServer, status: int | None) -> None:
    """A server that is down, or wants a login that the file will have, may have a feed all the same."""
    path = config(tmp_path)
    url = web.url("/down") if status else f"http://127.0.0.1:{dead_port()}/feed"
    if status:
        web.on("/down", answer(status))
    outcome = run("feeds", "add", url, "--name", "down", "--config", path)
    assert outcome.code == 0, outcome.err
    assert "warning: the address could not be looked at (" in outcome.err
    assert "): added unseen" in outcome.err
    assert "if it is no feed: tocsin feeds remove down" in outcome.err
    assert listed(path) == {"down": url}


def test_of_a_well_known_page_the_feed_is_added_even_unseen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page itself would be of no use."""
    guess = "https://www.reddit.com/r/python/.rss"
    nothing = Discovery(why="the server answered 429", verdict=Verdict.UNREACHABLE, guess=guess)
    monkeypatch.setattr(feeds_add, "search", lambda _address, _config: nothing)
    path = config(tmp_path)
    outcome = run("feeds", "add", "https://www.reddit.com/r/python", "--name", "py", "--config", path)
    assert outcome.code == 0, outcome.err
    assert f"warning: {guess} could not be looked at (the server answered 429): added unseen" in outcome.err
    assert listed(path) == {"py": guess}


def test_a_feed_that_has_moved_keeps_its_address(tmp_path: Path, web: WebServer) -> None:
    """It is told where to."""
    web.on("/old", answer(301, Location="/news.rss"))
    path = config(tmp_path)
    outcome = run("feeds", "add", web.url("/old"), "--name", "old", "--config", path)
    assert f"moved for good to {web.url('/news.rss')}" in outcome.err
    assert listed(path) == {"old": web.url("/old")}


def test_a_login_goes_with_the_feed_of_its_origin(tmp_path: Path, web: WebServer) -> None:
    """Into the file, and not onto the screen."""
    path = config(tmp_path)
    page_url = web.url("/one").replace("//", "//joe:opensesame@")
    outcome = run("feeds", "add", page_url, "--name", "mine", "--json", "--config", path)
    assert outcome.code == 0, outcome.err
    assert web.url("/news.rss").replace("//", "//joe:opensesame@") in path.read_text()
    assert "opensesame" not in outcome.out + outcome.err
    again = run("feeds", "add", page_url, "--config", path)
    assert "listed already: mine" in again.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "expected an http:// or https:// address"),
        (["lemonde.fr"], "write https:// in front of it"),
        (["feed://a.example/"], "write https:// in place of feed://"),
        (["https://a.example/", "--name", "wire"], "there is a feed 'wire' already"),
        (["https://a.example/", "--name", "a/b"], "is not a usable name"),
        (["https://a.example/", "--tag", " "], "nothing was changed"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_fetched(
    tmp_path: Path, arguments: list[str], said: str
) -> None:
    """Exit 2, and the file is as it was."""
    path = config(tmp_path)
    unseen = ["--no-fetch"] if "--tag" in arguments else []
    outcome = run("feeds", "add", *arguments, *unseen, "--config", path)
    assert outcome.code == 2
    assert said in outcome.err
    assert path.read_text() == CONFIG.format(url=WIRE)


# --- discovering -------------------------------------------------------------------------------------


def test_the_feeds_of_a_site_are_shown(tmp_path: Path, web: WebServer) -> None:
    """The best first, with the names of those that are listed; nothing is changed."""
    path = config(tmp_path, web.url("/world.rss"))
    before = path.read_text()
    news, world = run("feeds", "discover", web.url("/"), "--json", "--config", path).objects
    assert news == {
        "url": web.url("/news.rss"),
        "title": "The News",
        "items": 2,
        "latest": "2026-11-24T11:00:00Z",
        "kind": "RSS 2.0",
        "how": "declared by the page",
        "listed": None,
    }
    assert (world["url"], world["listed"]) == (web.url("/world.rss"), "wire")
    table = run("feeds", "discover", web.url("/"), "--config", path)
    lines = table.out.splitlines()
    assert lines[0].split() == ["URL", "KIND", "ITEMS", "NEWEST", "LISTED", "AS", "TITLE"]
    assert lines[1].split()[:4] == [web.url("/news.rss"), "RSS", "2.0", "2"]
    assert path.read_text() == before


def test_where_there_is_no_feed_it_says_why(tmp_path: Path, web: WebServer) -> None:
    """Exit 1; wrong addresses are exit 2."""
    path = config(tmp_path)
    outcome = run("feeds", "discover", web.url("/none"), "--config", path)
    assert outcome.code == 1
    assert "no feed was found: this is a web page" in outcome.err
    assert run("feeds", "discover", "nonsense", "--config", path).code == 2


def test_a_search_needs_no_configuration(
    tmp_path: Path, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without one, private addresses are refused, as ever (S6)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    outcome = run("feeds", "discover", web.url("/news.rss"))
    assert outcome.code == 1
    assert web.seen == []
    assert "no feed was found" in outcome.err


def test_a_typed_login_is_not_shown(tmp_path: Path, web: WebServer) -> None:
    """Neither that nor a token."""
    url = web.url("/news.rss?token=opensesame").replace("//", "//joe:opensesame@")
    for arguments in ([url], [url, "--json"]):
        outcome = run("feeds", "discover", *arguments, "--config", config(tmp_path))
        assert outcome.code == 0, outcome.err
        assert "opensesame" not in outcome.out + outcome.err
