"""Lists of feeds in and out: `tocsin feeds import` and `export`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.config.load import load_config, require
from monitor.config.tomltext import toml_value
from tests.support.cli import run
from tests.support.configs import CHANNEL, ENV, write
from tests.support.documents import Item, rss
from tests.support.feedfile import CONFIG, WIRE, config
from tests.support.receivers import dead_port
from tests.support.webserver import WebServer, answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NEWS = rss(Item("Talks", guid="1"), title="News")


@pytest.fixture
def web() -> Iterator[WebServer]:
    """A server with two feeds and a page."""
    with WebServer() as server:
        server.on("/a.rss", answer(200, NEWS))
        server.on("/b.rss", answer(200, NEWS))
        server.on("/page", answer(200, b"<html><body>Hello</body></html>"))
        yield server


def opml(folder: Path, *outlines: str) -> Path:
    """A list of feeds as a file."""
    return write(folder, f"<opml version='2.0'><body>{''.join(outlines)}</body></opml>", "feeds.opml")


def feed(title: str, url: str) -> str:
    """An outline of a list."""
    return f'<outline text="{title}" type="rss" xmlUrl="{url}"/>'


def feeds_of(path: Path) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Addresses and tags of the configured feeds by name."""
    feeds = require(load_config(path, env=ENV, strict_secrets=False)).feeds
    return {one.name: (one.url.reveal(), one.tags) for one in feeds}


# --- in ----------------------------------------------------------------------------------------------


def test_a_list_is_imported_with_a_report(tmp_path: Path, web: WebServer) -> None:
    """Added, merged, unreachable, not a feed: what is known to be none is left out, the rest comes in."""
    path = config(tmp_path)
    dead = f"http://127.0.0.1:{dead_port()}/feed"
    world = f"<outline text='world'><outline text='north'>{feed('Wire', WIRE)}</outline></outline>"
    asia = f"<outline text='Asia'>{feed('A', web.url('/a.rss'))}{feed('Down', dead)}</outline>"
    file = opml(tmp_path, asia, world, feed("Page", web.url("/page")), feed("Odd", "ftp://odd.example/"))
    outcome = run("feeds", "import", file, "--config", path)
    assert outcome.code == 0, outcome.err
    assert outcome.out == ""
    summary = "2 new of 5 feeds, 1 got new tags, 1 unreachable, 1 not a feed, 1 without a usable address"
    assert summary in outcome.err.splitlines()
    assert f"unreachable, added all the same: Down ({dead}): " in outcome.err
    assert f"not a feed, left out: Page ({web.url('/page')}): this is a web page, not a feed" in outcome.err
    assert "warning: 'Odd' has no http:// or https:// address: left out" in outcome.err
    feeds = feeds_of(path)
    assert feeds["wire"] == (WIRE, ("world", "north"))
    assert feeds[f"127-0-0-1-{web.port}-a-rss"] == (web.url("/a.rss"), ("Asia",))
    assert [url for url, _ in feeds.values()][2:] == [web.url("/a.rss"), dead]
    assert "# the fastest" in path.read_text()
    before = path.read_text()
    again = run("feeds", "import", file, "--no-check", "--config", path)
    assert "1 new of 5 feeds, 3 listed already, 1 without" in again.err, "what is no feed comes in unseen"
    assert path.read_text() != before


def test_json_tells_of_each_feed(tmp_path: Path, web: WebServer) -> None:
    """One object a feed, in the order of the list; what holds a secret is masked."""
    token = web.url("/b.rss?token=opensesame")
    file = opml(
        tmp_path,
        f"<outline text='t'>{feed('Wire', WIRE)}{feed('A', web.url('/a.rss'))}{feed('B', token)}</outline>",
        feed("Page", web.url("/page")),
    )
    outcome = run("feeds", "import", file, "--json", "--config", config(tmp_path))
    assert outcome.code == 0, outcome.err
    wire, a, b, page = outcome.objects
    assert wire == {
        "url": WIRE,
        "title": "Wire",
        "name": "wire",
        "result": "merged",
        "tags": ["t"],
        "seen": None,
        "why": "",
    }
    assert (a["result"], a["seen"], a["name"]) == ("added", "feed", f"127-0-0-1-{web.port}-a-rss")
    assert (b["result"], b["url"]) == ("added", web.url("/b.rss?***"))
    assert (page["result"], page["seen"], page["name"]) == ("left_out", "not_a_feed", None)
    assert page["why"] == "this is a web page, not a feed"
    assert "opensesame" not in outcome.out + outcome.err


def test_an_import_without_a_look_asks_nobody(tmp_path: Path, web: WebServer) -> None:
    """For a machine that is offline, or a hurry."""
    path = config(tmp_path)
    outcome = run(
        "feeds", "import", opml(tmp_path, feed("P", web.url("/page"))), "--no-check", "--config", path
    )
    assert outcome.code == 0, outcome.err
    assert "1 new of 1 feeds" in outcome.err
    assert web.seen == []


def test_an_import_of_which_nothing_is_a_feed_fails(tmp_path: Path, web: WebServer) -> None:
    """Exit 1, and the file is as it was; a list of what is there already is no failure."""
    path = config(tmp_path)
    outcome = run("feeds", "import", opml(tmp_path, feed("P", web.url("/page"))), "--config", path)
    assert outcome.code == 1
    assert path.read_text() == CONFIG.format(url=WIRE)
    assert run("feeds", "import", opml(tmp_path, feed("W", WIRE)), "--config", path).code == 0


def test_a_long_list_of_troubles_is_cut(tmp_path: Path) -> None:
    """And where nothing answers at all, our own network is suspected."""
    port = dead_port()
    file = opml(tmp_path, *(feed(f"F{n}", f"http://127.0.0.1:{port}/{n}") for n in range(23)))
    outcome = run("feeds", "import", file, "--config", config(tmp_path))
    assert outcome.code == 0, outcome.err
    assert outcome.err.count("unreachable, added all the same: F") == 20
    assert "unreachable, added all the same: 3 more, all of them with --json" in outcome.err
    assert "is this machine online?" in outcome.err


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot read"),
        (b"<html/>", "its first element is <html>, not <opml>"),
        (b'<!DOCTYPE opml [<!ENTITY a "b">]><opml/>', "document type declaration"),
        (b"<opml>" + b"<outline>" * 60, "folders in each other"),
        (b"\x00" * 10_000_001, "larger than the 10 MB"),
    ],
)
def test_what_is_no_opml_changes_nothing(tmp_path: Path, content: bytes | None, said: str) -> None:
    """A missing file, one of another kind, or a bomb: exit 2."""
    path, file = config(tmp_path), tmp_path / "feeds.opml"
    if content is not None:
        file.write_bytes(content)
    outcome = run("feeds", "import", file, "--config", path)
    assert outcome.code == 2
    assert "feeds.opml" in outcome.err
    assert said in outcome.err
    assert path.read_text() == CONFIG.format(url=WIRE)


def test_a_list_in_another_encoding_is_imported(tmp_path: Path) -> None:
    """As it declares; its folders are readable tags."""
    path, file = config(tmp_path), tmp_path / "feeds.opml"
    text = (
        '<?xml version="1.0" encoding="windows-1251"?><opml version="1.1"><body><outline text="Новости">'
        '<outline text="Газета" xmlUrl="https://gazeta.example/rss"/></outline></body></opml>'
    )
    file.write_bytes(text.encode("cp1251"))
    assert run("feeds", "import", file, "--no-check", "--config", path).code == 0
    assert feeds_of(path)["gazeta-example-rss"] == ("https://gazeta.example/rss", ("Новости",))


def test_names_of_an_export_that_cannot_be_kept_are_made_anew(tmp_path: Path) -> None:
    """One that is no name gives way to the default, one that is taken gets a number."""
    outlines = "".join(
        f'<outline xmlUrl="https://{host}.example/" tocsin:name="{name}"/>'
        for host, name in {"a": "a/b", "b": "wire", "c": "mine"}.items()
    )
    file = write(tmp_path, f'<opml xmlns:tocsin="urn:tocsin:opml"><body>{outlines}</body></opml>', "f.opml")
    path = config(tmp_path)
    assert run("feeds", "import", file, "--no-check", "--config", path).code == 0
    assert list(feeds_of(path)) == ["wire", "snow", "a-example", "wire-2", "mine"]


# --- out ---------------------------------------------------------------------------------------------


def test_an_export_holds_no_secret(tmp_path: Path) -> None:
    """A feed whose address holds a login or a token is left out, and it is said."""
    path = config(tmp_path)
    exported = run("feeds", "export", "--config", path)
    assert exported.code == 0
    assert f'text="wire" title="wire" xmlUrl="{WIRE}" tocsin:name="wire"' in exported.out
    assert '<outline text="world">' in exported.out
    assert "warning: snow is left out" in exported.err
    assert "sesame" not in exported.out + exported.err
    (one,) = run("feeds", "export", "--json", "--config", path).objects
    assert one == {"name": "wire", "url": WIRE, "tags": ["world"]}


TAGS = st.text(
    alphabet=st.one_of(
        st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"),
        st.sampled_from("\n\r\t <>&\"'\\"),
    ),
    min_size=1,
    max_size=8,
).filter(lambda text: bool(text.strip()))
FEEDS = st.lists(
    st.tuples(
        st.from_regex(r"[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,11}", fullmatch=True),
        st.from_regex(r"https://[a-z]{1,5}\.example/[a-z0-9%&+=?/.]{0,9}", fullmatch=True),
        st.lists(TAGS, max_size=3, unique=True),
    ),
    min_size=1,
    max_size=5,
    unique_by=(lambda one: one[0], lambda one: one[1]),
)


def file_of(folder: Path, name: str, feeds: Sequence[tuple[str, str, list[str]]]) -> Path:
    """A configuration of these feeds."""
    tables = ""
    for called, url, tags in feeds:
        tables += f"[[feeds]]\nname = {toml_value(called)}\nurl = {toml_value(url)}\n"
        tables += f"tags = {toml_value(tags)}\n" if tags else ""
    return write(folder, f"{tables}{CHANNEL}", name)


@settings(deadline=None, max_examples=40)
@given(FEEDS)
def test_what_is_exported_is_imported(feeds: list[tuple[str, str, list[str]]]) -> None:
    """Names, addresses and tags, in their order, whatever a configuration may hold."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        path = file_of(folder, "old.toml", feeds)
        exported = run("feeds", "export", "--config", path)
        assert exported.code == 0, exported.err
        kept = [one for one in feeds_of(path).items() if f"warning: {one[0]} is left out" not in exported.err]
        file = folder / "feeds.opml"
        file.write_bytes(exported.out.encode())
        new = write(folder, CHANNEL, "new.toml")
        imported = run("feeds", "import", file, "--no-check", "--config", new)
        assert imported.code == 0, imported.err
        assert list(feeds_of(new).items()) == kept
