"""JSON Feed in the shape that the XML path produces."""

from __future__ import annotations

import json
from typing import Any

import pytest

from monitor.feeds.jsonfeed import looks_like_json, parse_json_feed

URL = "https://example.org/feeds/desk.json"


def parse(**changes: Any) -> dict[str, Any]:
    """The answer for a small feed with some of its fields changed."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Desk & co",
        "home_page_url": "https://example.org/",
        "language": "fr",
        "items": [],
    }
    return parse_json_feed(json.dumps({**feed, **changes}).encode(), URL)


def entry(**fields: Any) -> dict[str, Any]:
    """The one entry of a feed with one item."""
    return dict(parse(items=[fields])["entries"][0])


@pytest.mark.parametrize(
    ("body", "content_type", "expected"),
    [
        (b'{"version"', "text/plain", True),
        (b'\xef\xbb\xbf \n{"version"', "", True),
        (b"[]", "application/feed+json", True),
        (b"<rss", "application/json", False),
        (b"<rss", "text/xml", False),
        (b"words", "text/plain", False),
    ],
)
def test_looks_like_json(body: bytes, content_type: str, expected: bool) -> None:
    """The first character decides, and the type only where that is no `<`."""
    assert looks_like_json(body, content_type) is expected


def test_the_feed_itself() -> None:
    """Title as markup, link, language and format."""
    answer = parse()
    assert answer["info"] == {
        "title": "Desk &amp; co",
        "link": "https://example.org/",
        "language": "fr",
        "format": "json",
        "self_url": None,
    }
    assert (answer["entries"], answer["warnings"]) == ([], [])


def test_an_item() -> None:
    """All fields that an alert needs, texts as markup, times in UTC."""
    one = entry(
        id=12,
        url="/a",
        title="1 < 2",
        summary="plain & simple",
        content_html="<p>markup</p>",
        date_published="2026-11-23T12:00:00+02:00",
        date_modified="2026-11-23T13:00:00",
        authors=[{"name": "Ann"}, {"url": "x"}, "Bob"],
        tags=["world", 7, None],
        language="en",
    )
    assert one == {
        "guid": "12",
        "link": "https://example.org/a",
        "title": "1 &lt; 2",
        "summary": "plain &amp; simple",
        "content": "<p>markup</p>",
        "published": "2026-11-23T10:00:00Z",
        "updated": "2026-11-23T13:00:00Z",
        "authors": ["Ann", ""],
        "categories": ["world", "7", ""],
        "language": "en",
    }


def test_fallbacks() -> None:
    """Plain content keeps its lines, an outside link stands in for a missing one, one author is a list."""
    one = entry(
        id="x", external_url="https://other.example/a", content_text="one\n<two>", author={"name": "Ann"}
    )
    assert one["content"] == "one<br>&lt;two&gt;"
    assert one["link"] == "https://other.example/a"
    assert one["authors"] == ["Ann"]


def test_odd_items_do_no_harm() -> None:
    """Wrong types are no text, and what is no object is no item."""
    answer = parse(items=[1, None, "x", {"id": [], "title": {}, "url": True, "authors": 3, "tags": "x"}, {}])
    assert len(answer["entries"]) == 2
    assert answer["entries"][0]["guid"] is None
    assert answer["entries"][0]["link"] is None


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"{", "not valid JSON"),
        (b'{"a": "\xff"}', "not valid JSON"),
        (b"[" * 100_000, "not valid JSON"),
        (b'{"n": ' + b"9" * 5000 + b"}", "not valid JSON"),
        (b"{}", "not a JSON Feed"),
        (b"[]", "not a JSON Feed"),
        (b'{"version": "https://jsonfeed.org/version/1"}', "no list of items"),
    ],
)
def test_what_is_no_json_feed(body: bytes, error: str) -> None:
    """A truncated or foreign document is an error, never an empty feed."""
    assert error in parse_json_feed(body, URL)["error"]
