"""Statements 11, 14 and 19 to 24: what is asked, of whom, and what odd answers mean, over real sockets."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import pytest

from monitor import __version__
from monitor.feeds.answer import BARE_429, origin_pauses
from monitor.feeds.fetch import user_agent
from monitor.model import FetchStatus
from monitor.service.app import App
from monitor.service.parts import Parts
from monitor.settings import Config, FeedConfig, Polling, RuleConfig, Secret
from tests.support.documents import Item, rss
from tests.support.newsdesk import InProcessParser, fresh_database
from tests.support.webserver import WebServer, answer
from tests.support.wired import CONTACT, LOOPBACK, fetch, fetcher, wired

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.feeds.fetch import Fetcher

PAGE = rss(Item("Old talks", guid="old", link="https://n.example/old", age=48))
GAP = 0.2  # seconds


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_11_a_redirect_s_retry_after_holds_for_the_host_that_said_it(
    web: WebServer, tmp_path: Path, code: int
) -> None:
    """The document behind it is read; the feed waits, and so does the host that asked, not the other one."""
    web.on("/a", answer(code, Location=web.url("/b", "b.test"), Retry_After="7200"))
    web.on("/b", answer(200, PAGE))
    result = fetch(web.url("/a", "a.test"))
    assert (result.status, result.retry_after) == (FetchStatus.NEW, 7200.0)
    assert [(hop.host, hop.status, hop.retry_after) for hop in result.hops] == [
        ("a.test", code, 7200.0),
        ("b.test", 200, None),
    ]
    assert origin_pauses(result) == {"a.test": 7200.0}
    with wired(tmp_path, web.url("/a", "a.test")) as desk:
        desk.poll()
        state = desk.state("a")
        assert state.next_poll_at is not None
        assert (state.next_poll_at - desk.now).total_seconds() >= 7200.0
        assert state.forbidden_until is not None


@pytest.mark.parametrize(
    ("status", "retry", "pauses"),
    [
        *((429, "60", {"b.test": 60.0}), (503, "60", {"b.test": 60.0}), (429, None, {"b.test": BARE_429})),
        *((429, "0", {"b.test": BARE_429}), (503, None, {}), (404, "60", {}), (200, "60", {})),
        (429, "99999999", {"b.test": 86_400.0}),
    ],
)
def test_11_a_busy_answer_pauses_the_host_that_gave_it(
    web: WebServer, status: int, retry: str | None, pauses: dict[str, float]
) -> None:
    """It is the host behind a redirect that is busy; with other statuses the wish is this feed's alone."""
    web.on("/a", answer(302, Location=web.url("/b", "b.test")))
    web.on("/b", answer(status, Retry_After=retry) if retry else answer(status))
    result = fetch(web.url("/a", "a.test"))
    assert origin_pauses(result) == pauses
    assert result.retry_after == (min(float(retry), 86_400.0) if retry else None)


def test_11_a_304_s_retry_after_is_the_feed_s_own(web: WebServer) -> None:
    """The feed is asked later; the host is not paused."""
    web.on("/a", answer(304, length=False, Retry_After="60"))
    result = fetch(web.url("/a"), etag='"1"')
    assert (result.status, result.retry_after) == (FetchStatus.NOT_MODIFIED, 60.0)
    assert origin_pauses(result) == {}


class Wired(Parts):
    """Feeds on loopback, parsed at once; remembers when each request began."""

    def __init__(self) -> None:
        self.began: list[float] = []

    def fetcher(self, config: Config, clock: Any) -> Fetcher:
        inner, began = fetcher(), self.began

        class Timed:
            async def fetch(self, request: Any) -> Any:
                began.append(time.monotonic())
                return await inner.fetch(request)

        return Timed()

    def parser(self) -> Any:
        return InProcessParser()


def test_14_after_a_redirect_the_host_behind_it_is_paced(web: WebServer, tmp_path: Path) -> None:
    """Two feeds of two hosts lead to one: from the second poll on they keep its gap."""
    hosts = ("a.test", "b.test")
    for number in range(2):
        web.on(f"/{number}", answer(301, Location=web.url("/farm", "c.test")))
    web.on("/farm", answer(200, PAGE))
    config = Config(
        path=tmp_path / "config.toml",
        files=(),
        database=fresh_database(tmp_path),
        timezone="UTC",
        polling=Polling(allow_private=LOOPBACK, per_host_gap=GAP),
        feeds=tuple(
            FeedConfig(name=f"f{number}", url=Secret(web.url(f"/{number}", host)))
            for number, host in enumerate(hosts)
        ),
        rules=(RuleConfig(name="all", query="doha"),),
    )
    parts = Wired()

    async def story() -> None:
        async with App(config, parts=parts) as app:
            await app.poller.poll_all(force=True)
            await app.poller.poll_all(force=True)

    asyncio.run(story())
    second = sorted(parts.began)[2:]
    assert len(second) == 2
    assert second[1] - second[0] >= GAP * 0.99


def test_19_a_304_to_a_plain_request_is_followed_by_one_plain_request(web: WebServer, tmp_path: Path) -> None:
    """The second answer counts: a document is news, another 304 a failure; who asks for patience gets it."""
    web.on("/a", answer(304, length=False))
    web.on("/a", answer(200, PAGE, ETag='"1"'))
    web.on("/b", answer(304, length=False))
    web.on("/c", answer(304, length=False, Retry_After="60"))
    with wired(tmp_path, web.url("/a"), web.url("/b"), web.url("/c")) as desk:
        desk.poll("a")
        assert (desk.state("a").last_status, desk.state("a").etag) == ("new", '"1"')
        desk.poll("b")
        assert (desk.state("b").last_status, desk.state("b").failures) == ("http_error", 1)
        desk.poll("c")
    assert web.targets() == ["/a", "/a", "/b", "/b", "/c"]
    assert all(seen.header("if-none-match") is None for seen in web.seen)


def test_19_an_unconditional_request_sends_no_validators(web: WebServer) -> None:
    """Whoever doubts a server's validators gets the whole document."""
    web.on("/a", answer(200, PAGE, ETag='"1"'))
    assert fetch(web.url("/a"), etag='"1"', last_modified="x", unconditional=True).body == PAGE
    assert web.seen[0].names == ["host", "user-agent", "accept", "accept-encoding", "connection"]


@pytest.mark.parametrize("status", [200, 203])
def test_19_a_document_changed_on_the_way_is_a_document(web: WebServer, tmp_path: Path, status: int) -> None:
    """203 comes from proxies that repack what they carry."""
    web.on("/a", answer(status, PAGE))
    with wired(tmp_path, web.url("/a")) as desk:
        desk.poll()
        assert desk.state("a").last_status == "new"


@pytest.mark.parametrize("status", [201, 204, 205, 206, 226, 300, 305, 306, 402, 418, 451, 599, 999])
def test_19_no_status_ends_in_a_crash(web: WebServer, tmp_path: Path, status: int) -> None:
    """What is no document is a failure of that feed, with its number in the sentence."""
    web.on("/a", answer(status, b"" if status in (204, 205) else PAGE, length=status != 204))
    with wired(tmp_path, web.url("/a")) as desk:
        desk.poll()
        state = desk.state("a")
        assert (state.last_status, state.last_http, state.failures) == ("http_error", status, 1)
        assert str(status) in state.last_message


@pytest.mark.parametrize(
    "steps",
    [
        (b'HTTP/1.1 200 OK\r\nETag: "2"\r\nContent-Length: 9999\r\n\r\n' + PAGE,),
        (b'HTTP/1.1 200 OK\r\nETag: "2"\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n<rss vers',),
        (answer(200, PAGE[:-40], ETag='"2"'),),
    ],
)
def test_20_the_validators_of_half_a_body_are_not_kept(
    web: WebServer, tmp_path: Path, steps: tuple[bytes, ...]
) -> None:
    """Cut off by the connection, by the framing or by the server: the next poll asks for all of it."""
    web.on("/a", *steps)
    with wired(tmp_path, web.url("/a")) as desk:
        desk.poll()
        desk.poll()
    assert [seen.header("if-none-match") for seen in web.seen] == [None, None]


@pytest.mark.parametrize(
    ("contact", "words"),
    [
        ("desk@example.org", "(+desk@example.org)"),
        ("https://example.org/bot", "(+https://example.org/bot)"),
        (None, "(a news feed reader)"),
    ],
)
def test_21_every_request_says_who_asks(contact: str | None, words: str) -> None:
    """Name and version, then how to reach whoever runs it or at least what it is; never a browser's name."""
    assert user_agent(contact) == f"Tocsin/{__version__} {words}"


def test_21_it_is_the_same_with_every_request(web: WebServer, tmp_path: Path) -> None:
    """At the first poll, at later ones and behind a redirect."""
    web.on("/a", answer(302, Location="/b"))
    web.on("/b", answer(200, PAGE, ETag='"1"'))
    with wired(tmp_path, web.url("/a")) as desk:
        desk.poll()
        desk.poll()
    assert {seen.header("user-agent") for seen in web.seen} == {f"Tocsin/{__version__} (+{CONTACT})"}
    assert len(web.seen) == 4


def test_22_nothing_is_added_to_a_request(web: WebServer, tmp_path: Path) -> None:
    """GET; no cookie that was set, no Referer behind a redirect, no Range, and the query as it is."""
    web.on("/a?x=1&utm=%20", answer(302, Location="/b", Set_Cookie="id=1"))
    web.on("/b", answer(200, PAGE, Set_Cookie="id=2"))
    with wired(tmp_path, web.url("/a?x=1&utm=%20")) as desk:
        desk.poll()
        desk.poll()
    assert web.targets() == ["/a?x=1&utm=%20", "/b"] * 2
    for seen in web.seen:
        assert seen.method == "GET"
        assert seen.names == ["host", "user-agent", "accept", "accept-encoding", "connection"]


def test_23_feeds_are_asked_for_first_and_only_what_is_read_is_offered(web: WebServer) -> None:
    """Kinds of feeds, then anything at the least weight; gzip and deflate, which are unpacked."""
    web.on("/a", answer(200, PAGE))
    fetch(web.url("/a"))
    accept = (web.seen[0].header("accept") or "").split(", ")
    assert accept[:3] == ["application/rss+xml", "application/atom+xml", "application/feed+json"]
    assert accept[-1] == "*/*;q=0.1"
    assert web.seen[0].header("accept-encoding") == "gzip, deflate"


def test_24_fragment_and_login_stay_out_of_the_address(
    web: WebServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The login becomes a header for its origin alone, and is in no log and no row."""
    web.on("/a", answer(302, Location="/b"))
    web.on("/b", answer(302, Location=web.url("/c", "b.test")))
    web.on("/c", answer(404))
    url = web.url("/a#part", "user:hunter2@a.test")
    with wired(tmp_path, url) as desk, caplog.at_level("DEBUG"):
        desk.poll()
        assert "hunter2" not in repr(desk.state("a"))
    assert web.targets() == ["/a", "/b", "/c"]
    logins = [seen.header("authorization") for seen in web.seen]
    assert logins == ["Basic dXNlcjpodW50ZXIy", "Basic dXNlcjpodW50ZXIy", None]
    assert web.seen[0].header("host") == f"a.test:{web.port}"
    assert "hunter2" not in caplog.text
