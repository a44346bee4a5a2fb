"""`tocsin fetch` and `tocsin url` as a user types them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.cli import run
from tests.support.configs import write
from tests.support.documents import Item, rss
from tests.support.webserver import WebServer, answer

if TYPE_CHECKING:
    from pathlib import Path

ITEMS = (
    Item(
        "Talks &amp; rain", guid="1", link="https://news.example/1", text="<p>Both <b>sides</b></p><p>met</p>"
    ),
    Item("Undated", guid="2", age=None),
)


def config(folder: Path, url: str) -> Path:
    """A configuration with one feed, which may be asked on loopback."""
    return write(
        folder,
        f'[polling]\nallow_private = ["127.0.0.0/8"]\n[[feeds]]\nname = "wire"\nurl = "{url}"\n'
        'headers = { "X-Key" = "sesame" }\n',
    )


@pytest.mark.parametrize("by_name", [True, False])
def test_a_feed_is_fetched_by_name_or_address(tmp_path: Path, by_name: bool) -> None:
    """Both give the contract's JSON; only the configured feed gets its own header fields."""
    with WebServer() as web:
        web.on("/feed", answer(200, rss(*ITEMS, title="The Wire"), Content_Type="application/rss+xml"))
        path = config(tmp_path, web.url("/feed"))
        outcome = run("fetch", "wire" if by_name else web.url("/feed"), "--json", "--config", path)
    assert outcome.code == 0, outcome.err
    [shape] = outcome.objects
    assert shape["feed"] == {
        "title": "The Wire",
        "link": "https://news.example/",
        "language": "en",
        "format": shape["feed"]["format"],
    }
    assert shape["entries"][0] == {
        "id": "1",
        "link": "https://news.example/1",
        "title": "Talks & rain",
        "published": "2026-11-24T11:00:00Z",
        "updated": None,
        "summary": "Both sides\nmet",
        "content": "",
        "authors": [],
        "categories": [],
    }
    assert shape["entries"][1]["published"] is None
    assert shape["parser"] in ("fast", "feedparser")
    assert shape["warnings"] == []
    assert web.seen[0].header("x-key") == ("sesame" if by_name else None)


def test_a_file_is_parsed_and_shown_to_a_person(tmp_path: Path) -> None:
    """A local file needs no server; times, titles and links stand on lines, without control characters."""
    file = tmp_path / "feed.xml"
    file.write_bytes(rss(*ITEMS, title="The Wire").replace(b"Undated", "Un\x9bdated".encode()))
    outcome = run("fetch", file, "--config", write(tmp_path, ""))
    assert outcome.code == 0, outcome.err
    assert outcome.out.startswith("The Wire\n")
    assert "2026-11-24T11:00:00Z  Talks & rain\n" in outcome.out
    assert "https://news.example/1" in outcome.out
    assert "\x9b" not in outcome.out


def test_a_feed_that_is_down_is_exit_1(tmp_path: Path) -> None:
    """What the server said is told; nothing stands on standard output."""
    with WebServer() as web:
        outcome = run("fetch", "wire", "--json", "--config", config(tmp_path, web.url("/missing")))
    assert (outcome.code, outcome.out) == (1, "")
    assert "404" in outcome.err


def test_a_private_address_needs_permission(tmp_path: Path) -> None:
    """Without allow_private loopback is not asked."""
    with WebServer() as web:
        outcome = run("fetch", web.url("/feed"), "--config", write(tmp_path, ""))
    assert outcome.code == 1
    assert web.connections == 0


def test_what_is_no_feed_is_exit_1(tmp_path: Path) -> None:
    """A document that cannot be read as a feed is refused with the reason."""
    file = tmp_path / "page.html"
    file.write_text("<html><body>Hello</body></html>")
    outcome = run("fetch", file, "--config", write(tmp_path, ""))
    assert (outcome.code, outcome.out) == (1, "")
    assert "page.html: " in outcome.err


@pytest.mark.parametrize(
    ("target", "hint"),
    [("wirre", "did you mean 'wire'?"), ("www.lemonde.fr/rss", "https://www.lemonde.fr/rss")],
)
def test_a_target_that_is_nothing_is_exit_2(tmp_path: Path, target: str, hint: str) -> None:
    """Neither address, feed nor file: the nearest right thing is named."""
    outcome = run("fetch", target, "--config", config(tmp_path, "https://news.example/feed"))
    assert outcome.code == 2
    assert hint in outcome.err


def test_a_missing_secret_is_exit_2(tmp_path: Path) -> None:
    """A feed whose address cannot be had is not asked; the message says where it was looked for."""
    path = write(tmp_path, '[[feeds]]\nname = "wire"\nurl = { env = "TOCSIN_TEST_NOT_SET" }\n')
    outcome = run("fetch", "wire", "--config", path)
    assert outcome.code == 2
    assert "TOCSIN_TEST_NOT_SET" in outcome.err


def test_addresses_are_cleaned() -> None:
    """Trackers go; two forms of one address have one key; what is no address has neither."""
    one, two = "https://www.example.org/a?utm_source=rss", "http://example.org/a/"
    outcome = run("url", one, two, "mailto:x", "--json")
    assert outcome.code == 0
    assert [shape["url"] for shape in outcome.objects] == [one, two, "mailto:x"]
    assert outcome.objects[0]["clean"] == "https://www.example.org/a"
    assert outcome.objects[0]["key"] == outcome.objects[1]["key"] == "example.org/a"
    assert outcome.objects[2] == {
        "url": "mailto:x",
        "clean": "",
        "key": "",
        "why": ["no http or https address with a host"],
    }


def test_addresses_are_shown_to_people() -> None:
    """What is opened, the key, what was changed, and whether one before it has the same key."""
    one = "https://www.example.org/a?utm_source=rss"
    outcome = run("url", one, "http://example.org/a", "nonsense\x1b")
    assert outcome.out.splitlines() == [
        one,
        "  clean  https://www.example.org/a",
        "  key    example.org/a",
        "  why    utm_source=rss counts readers",
        "         key: www.example.org is a form of example.org",
        "",
        "http://example.org/a",
        "  clean  http://example.org/a",
        f"  key    example.org/a  equal to that of {one}",
        "",
        "nonsense ",
        "  not a web address: no http or https address with a host",
    ]
