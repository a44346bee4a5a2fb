"""Statements 17 and 18: what is told of a feed that is gone, missing, locked or a page; over real sockets."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.feeds.fetch import HttpFetcher, user_agent
from monitor.settings import FeedConfig, Secret
from monitor.store import sql
from monitor.watching import sweep
from tests.support.documents import Item, rss
from tests.support.newsdesk import Desk
from tests.support.webserver import WebServer, answer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OLD = Item("Old talks", guid="old", link="https://n.example/old", age=48)
NEW = Item("Talks in Doha", guid="g1", link="https://n.example/1")
LOCKED = "locked (401 or 403)"
PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>"


@pytest.fixture
def web() -> Iterator[WebServer]:
    """A server on loopback that has a feed."""
    with WebServer() as server:
        server.on("/feed", answer(200, rss(OLD), Content_Type="application/rss+xml"))
        yield server


@pytest.fixture
def desk(tmp_path: Path, web: WebServer) -> Iterator[Desk]:
    """A desk that has read the feed once, and has a channel for notices."""
    feed = FeedConfig("a", Secret(web.url("/feed")))
    with Desk(tmp_path, feeds=[feed], notices=("desk",)) as one:
        fetcher = HttpFetcher(user_agent(None), allow_private=("127.0.0.0/8",), clock=lambda: one.now)
        one._deps = replace(one._deps, fetcher=fetcher)
        one.poll()
        yield one


def passes(desk: Desk, **span: float) -> None:
    """Time passes, the feed is polled if it still is, and somebody looks."""
    desk.now += timedelta(**span)
    if desk.state("a").next_poll_at is not None:
        desk.poll()
    desk.database.writer.submit(lambda tx: sweep(tx, desk.plan, desk.now)).result()


def heard(desk: Desk) -> list[str]:
    """The titles of the notices about feeds, oldest first; what rules hear is told beside them."""
    rows = desk.database.reader.rows(sql.OUTBOX_ALL, count=100)
    messages = [json.loads(row["payload"]) for row in reversed(rows)]
    titles = [m["title"] for m in messages if m["kind"] == "notice"]
    return [title for title in titles if title.startswith("feed ")]


def test_17_a_410_is_told_once_and_nothing_more_is_asked(desk: Desk, web: WebServer) -> None:
    """At once, whatever the feed said before."""
    web.only("/feed", answer(410))
    for _ in range(5):
        passes(desk, hours=20)
    assert heard(desk) == ["feed a is gone for good (410)"]
    assert web.targets() == ["/feed"] * 2


@pytest.mark.parametrize(
    ("status", "words"),
    [(404, "not found (404)"), (401, "locked (401 or 403)"), (403, "locked (401 or 403)")],
)
def test_17_a_404_401_or_403_is_told_once_after_two_days_and_goes_on(
    desk: Desk, web: WebServer, status: int, words: str
) -> None:
    """It is asked ever more seldom and never switched off; its end is told, too."""
    web.only("/feed", answer(status))
    for hours in (1, 23, 23):
        passes(desk, hours=hours)
    assert heard(desk) == []
    for hours in (2, 24, 24):
        passes(desk, hours=hours)
    assert heard(desk) == [f"feed a is {words} (for 2 d)"]
    due = desk.state("a").next_poll_at
    assert due is not None
    assert due > desk.now + timedelta(hours=6)
    web.only("/feed", answer(200, rss(NEW, OLD), Content_Type="application/rss+xml"))
    passes(desk, hours=24)
    assert heard(desk)[1:] == [f"feed a is well again: it was {words} for 5 d"]
    assert [message["title"] for message in desk.messages()] == ["Talks in Doha"]


def test_18_a_web_page_is_told_and_nothing_is_forgotten(desk: Desk, web: WebServer) -> None:
    """A page to sign in is no feed without items: what was known is known afterwards, and rings no more."""
    web.only("/feed", answer(200, PAGE, Content_Type="text/html"))
    for _ in range(3):
        passes(desk, minutes=20)
    (title,) = heard(desk)
    assert title.startswith("feed a is a web page instead of a feed (for ")
    web.only("/feed", answer(200, rss(NEW, OLD), Content_Type="application/rss+xml"))
    passes(desk, minutes=20)
    assert heard(desk)[1].startswith("feed a is well again: it was a web page instead of a feed for ")
    assert desk.told() == ["Talks in Doha"]


def test_18_a_redirect_to_a_page_is_no_new_address(desk: Desk, web: WebServer) -> None:
    """A home page behind a permanent redirect is told as a page, and nothing is learnt from it."""
    web.only("/feed", answer(301, Location="/"))
    web.on("/", answer(200, PAGE, Content_Type="text/html"))
    for _ in range(6):
        passes(desk, hours=1)
    (title,) = heard(desk)
    assert title.startswith("feed a is a web page instead of a feed (for ")
    state = desk.state("a")
    assert (state.moved_to, state.next_poll_at is None) == (None, False)
    assert web.targets()[-2:] == ["/feed", "/"]
