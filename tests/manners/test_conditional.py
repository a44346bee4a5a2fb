"""Statements 1 to 7: conditional requests, over real sockets, each test named after its statement."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from monitor import pipeline
from monitor.settings import FeedConfig, Secret
from tests.support.documents import Item, rss
from tests.support.webserver import WebServer, answer
from tests.support.wired import validators, wired

if TYPE_CHECKING:
    from pathlib import Path

OLD = Item("Old talks", guid="old", link="https://n.example/old", age=48)
NEW = Item("Talks in Doha", guid="g1", link="https://n.example/1")
DATE = "Tue, 24 Nov 2026 09:00:00 GMT"


@pytest.mark.parametrize(
    ("etag", "date"),
    [
        ('"abc"', DATE),
        ('W/"a-1"', "yesterday"),
        ("bare", "Tue,24 nov 2026  9:00 \xe9"),
        ('"\xe9\xff\xa0"', ""),
        ("", DATE),
    ],
)
def test_1_validators_go_back_byte_for_byte(web: WebServer, tmp_path: Path, etag: str, date: str) -> None:
    """The first request has none; each later one has what was sent, quotes and W/ and odd dates included."""
    fields = {"ETag": etag, "Last-Modified": date}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items() if value)
    web.on("/a", f"HTTP/1.1 200 OK\r\n{head}\r\n".encode("latin-1") + rss(OLD))
    web.on("/a", answer(304, length=False))
    with wired(tmp_path, web.url("/a")) as desk:
        for _ in range(3):
            desk.poll()
    sent = (etag or None, date or None)
    assert validators(web) == [(None, None), sent, sent]


def test_2_validators_belong_to_the_address_that_gave_them(web: WebServer, tmp_path: Path) -> None:
    """Behind a redirect the answering address gets them, not the one that redirects, nor a later one."""
    web.on("/a", answer(302, Location="/one"))
    web.on("/a", answer(302, Location="/one"))
    web.on("/a", answer(302, Location=web.url("/two", "b.test")))
    web.on("/one", answer(200, rss(OLD), ETag='"1"'))
    web.on("/one", answer(304, length=False))
    web.on("/two", answer(200, rss(OLD), ETag='"2"'))
    web.on("/two", answer(304, length=False))
    with wired(tmp_path, web.url("/a", "a.test")) as desk:
        for _ in range(4):
            desk.poll()
        assert desk.state("a").failures == 0
    asked = [(seen.target, seen.header("if-none-match")) for seen in web.seen]
    assert asked == [
        *(("/a", None), ("/one", None)),
        *(("/a", None), ("/one", '"1"')),
        *(("/a", None), ("/two", None)),
        *(("/a", None), ("/two", '"2"')),
    ]


def test_2_they_outlive_a_restart_and_a_304_that_has_none(web: WebServer, tmp_path: Path) -> None:
    """A 304 may bring new ones and never clears them."""
    web.on("/a", answer(200, rss(OLD), ETag='"1"', Last_Modified=DATE))
    web.on("/a", answer(304, length=False))
    web.on("/a", answer(304, length=False, ETag='"2"'))
    web.on("/a", answer(304, length=False))
    with wired(tmp_path, web.url("/a")) as desk:
        desk.poll()
        desk.restart()
        for _ in range(3):
            desk.poll()
    assert validators(web) == [(None, None), ('"1"', DATE), ('"1"', DATE), ('"2"', DATE)]


def test_2_they_go_with_the_address_and_with_an_answer_without_them(web: WebServer, tmp_path: Path) -> None:
    """A changed address is asked plainly, and so is a server that stopped sending any."""
    web.on("/a", answer(200, rss(OLD), ETag='"1"'))
    web.on("/a", answer(200, rss(NEW, OLD)))
    web.on("/b", answer(200, rss(NEW, OLD), ETag='"b"'))
    with wired(tmp_path, web.url("/a")) as desk:
        for _ in range(3):
            desk.poll()
        web.only("/a", answer(200, rss(OLD), ETag='"3"'))
        desk.poll()
        desk.change(feeds=(FeedConfig(name="a", url=Secret(web.url("/b"))),))
        desk.poll()
    assert [etag for etag, _ in validators(web)] == [None, '"1"', None, None, None]


def test_3_after_a_304_nothing_is_read_and_the_feed_is_well(
    web: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A body that a 304 must not have is not waited for, nothing is parsed, and failures are over."""
    web.on("/a", answer(200, rss(OLD), ETag='"1"'))
    web.on("/a", answer(500))
    web.on("/a", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 999999999\r\n\r\n" + rss(NEW))
    with wired(tmp_path, web.url("/a")) as desk:
        desk.poll()
        desk.poll()
        assert desk.state("a").failures == 1

        def refuse(*_: object, **__: object) -> None:
            raise AssertionError("a 304 was parsed")

        monkeypatch.setattr(desk._deps.parser, "parse", refuse)
        desk.poll()
        state = desk.state("a")
        assert (state.last_http, state.failures, state.first_failure_at) == (304, 0, None)
        assert state.next_poll_at is not None
        assert state.next_poll_at > desk.now
        assert desk.told() == []


def test_4_the_same_bytes_are_neither_parsed_nor_told(
    web: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server without validators sends all of it each time; the first time is the last."""
    web.on("/a", answer(200, rss(NEW, OLD)))
    with wired(tmp_path, web.url("/a")) as desk:
        desk.poll()
        monkeypatch.setattr(desk._deps.parser, "parse", None)
        desk.poll()
        assert desk.state("a").last_status == "new"
        assert desk.told() == []


def test_5_validators_are_stored_with_the_items_or_not_at_all(
    web: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What breaks while a poll is recorded leaves the old ones: the news is fetched again and rings."""
    web.on("/a", answer(200, rss(OLD), ETag='"1"'))
    web.on("/a", answer(200, rss(NEW, OLD), ETag='"2"'))
    with wired(tmp_path, web.url("/a")) as desk:
        desk.poll()

        def breaks(*_: object) -> None:
            raise RuntimeError("the power is gone")

        with monkeypatch.context() as patch:
            patch.setattr(pipeline, "record", breaks)
            with pytest.raises(RuntimeError):
                desk.poll()
        assert desk.state("a").etag == '"1"'
        desk.poll()
        assert desk.state("a").etag == '"2"'
        assert desk.told() == ["Talks in Doha"]
    assert [etag for etag, _ in validators(web)] == [None, '"1"', '"1"']


def test_6_a_document_that_cannot_be_read_leaves_the_old_validators(web: WebServer, tmp_path: Path) -> None:
    """The old ones go on being sent, so the next whole document is news and not "not modified"."""
    web.on("/a", answer(200, rss(OLD), ETag='"1"'))
    web.on("/a", answer(200, b"<html>Please log in</html>", ETag='"2"'))
    web.on("/a", answer(200, rss(NEW, OLD), ETag='"3"'))
    with wired(tmp_path, web.url("/a")) as desk:
        desk.poll()
        desk.poll()
        assert desk.state("a").failures == 1
        desk.poll()
        assert desk.told() == ["Talks in Doha"]
        assert desk.state("a").etag == '"3"'
    assert [etag for etag, _ in validators(web)] == [None, '"1"', '"1"']


def test_7_an_etag_that_changes_each_time_rings_once_and_is_asked_no_faster(
    web: WebServer, tmp_path: Path
) -> None:
    """The same items under ever new validators and in ever new bytes."""
    web.on("/a", answer(200, rss(OLD), ETag='"0"'))
    for number in range(1, 5):
        web.on("/a", answer(200, rss(NEW, OLD, title=f"A feed {number}"), ETag=f'"{number}"'))
    with wired(tmp_path, web.url("/a")) as desk:
        desk.change(polling=replace(desk.config.polling, every=1800.0, fastest=1800.0, slowest=1800.0))
        for _ in range(5):
            desk.poll()
            state = desk.state("a")
            assert state.next_poll_at is not None
            assert (state.next_poll_at - desk.now).total_seconds() >= 1800.0
        assert desk.told() == ["Talks in Doha"]
    assert [etag for etag, _ in validators(web)] == [None, '"0"', '"1"', '"2"', '"3"']
