"""What is asked, which redirects are followed, and what becomes of the answer."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from monitor import __version__
from monitor.feeds.addresses import ports_of
from monitor.feeds.fetch import HttpFetcher, user_agent
from monitor.model import FetchRequest, FetchResult, FetchStatus, Hop
from monitor.text.hashes import hash64
from tests.support.webserver import Endless, FakeResolver, WebServer, answer

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NAMES = FakeResolver(a_test=["127.0.0.1"], b_test=["127.0.0.1"])
LOGIN = "Basic dXNlcjpww6Rzcw=="  # user:päss


def fetch(url: str, *, max_body: int = 1_000_000, deadline: float = 10.0, **request: Any) -> FetchResult:
    """Fetch one address from loopback, whatever its port; a.test and b.test are names for it."""
    request.setdefault("ports", ports_of([url]))
    fetcher = HttpFetcher(
        user_agent("desk@example.org"),
        allow_private=["127.0.0.0/8"],
        clock=lambda: NOW,
        resolver=NAMES,
        max_body=max_body,
        deadline=deadline,
    )
    return asyncio.run(fetcher.fetch(FetchRequest(url, **request)))


# --- the request ------------------------------------------------------------------------------------------


def test_the_first_request_is_plain_and_polite(web: WebServer) -> None:
    """Who we are, what we want and can unpack, and nothing else: no cookies, no referer, no validators."""
    web.on("/feed", answer(200, b"x"))
    result = fetch(web.url("/feed?a=1&b=%20#part"))
    assert result.final_url == web.url("/feed?a=1&b=%20")
    seen = web.seen[0]
    assert (seen.method, seen.target) == ("GET", "/feed?a=1&b=%20")
    assert seen.names == ["host", "user-agent", "accept", "accept-encoding", "connection"]
    assert seen.header("host") == f"127.0.0.1:{web.port}"
    assert seen.header("user-agent") == f"Tocsin/{__version__} (+desk@example.org)"
    assert seen.header("accept-encoding") == "gzip, deflate"
    assert seen.header("connection") == "close"
    accept = seen.header("accept") or ""
    assert accept.startswith("application/rss+xml, application/atom+xml")
    assert accept.endswith("*/*;q=0.1")


@pytest.mark.parametrize(
    ("contact", "agent"),
    [
        (None, f"Tocsin/{__version__} (a news feed reader)"),
        ("", f"Tocsin/{__version__} (a news feed reader)"),
        ("https://example.org/bot", f"Tocsin/{__version__} (+https://example.org/bot)"),
        ("a)\r\nX: (b", f"Tocsin/{__version__} (+aX: b)"),
        ("Żółw", f"Tocsin/{__version__} (+w)"),
    ],
)
def test_user_agent(contact: str | None, agent: str) -> None:
    """The contact stands in parentheses; nothing in it can break out of them."""
    assert user_agent(contact) == agent


@pytest.mark.parametrize(
    "etag",
    [
        '"abc"',
        'W/"abc"',
        "abc",
        '"a\'b c"',
        '"\xe9\xff\xa0x"',
        '""',
        'W/"a","b"',
        '"' + "x" * 2000 + '"',
        "0",
    ],
)
def test_validators_go_back_byte_for_byte(web: WebServer, etag: str) -> None:
    """Whatever a server calls its ETag, and however it writes a date, it gets the same bytes back."""
    date = "Tue,24 nov 2026  9:00 \xe9"
    web.on("/", answer(200, b"x", ETag=etag, Last_Modified=date), answer(304))
    web.on("/", answer(304))
    first = fetch(web.url("/"))
    assert (first.etag, first.last_modified) == (etag, date)
    second = fetch(web.url("/"), etag=first.etag, last_modified=first.last_modified)
    assert (second.status, second.body) == (FetchStatus.NOT_MODIFIED, b"")
    assert web.seen[1].header("if-none-match") == etag
    assert web.seen[1].header("if-modified-since") == date


@pytest.mark.parametrize("etag", ['"a\x01b"', '"' + "x" * 3000 + '"', ""])
def test_validators_that_are_not_kept(web: WebServer, etag: str) -> None:
    """Control characters and novels are no validators; the body is still news."""
    web.on("/", answer(200, b"x", ETag=etag))
    result = fetch(web.url("/"))
    assert (result.status, result.etag) == (FetchStatus.NEW, None)


def test_a_stored_validator_cannot_inject(web: WebServer) -> None:
    """A validator or header field with a line break in it is never sent."""
    web.on("/", answer(200, b"x"))
    for request in (
        {"etag": '"a"\r\nX-Evil: 1'},
        {"last_modified": "x\ny"},
        {"headers": {"X-Key": "a\r\nb: c"}},
        {"headers": {"X Key": "a"}},
    ):
        result = fetch(web.url("/"), **request)
        assert result.status is FetchStatus.REFUSED
        assert "characters" in result.message
    assert web.connections == 0


def test_own_fields_and_login(web: WebServer) -> None:
    """A feed's own fields are sent and may replace ours where that is harmless."""
    web.on("/", answer(200, b"x"))
    headers = {"X-Key": "k\u2713", "accept": "text/html", "Cookie": "a=b"}
    fetch(web.url("/"), headers=headers, auth=("user", "päss"))
    seen = web.seen[0]
    assert seen.header("x-key") == "k\u2713".encode().decode("latin-1")
    assert (seen.header("accept"), seen.header("cookie")) == ("text/html", "a=b")
    assert seen.header("authorization") == LOGIN


@pytest.mark.parametrize(
    "name", ["Host", "Content-Length", "transfer-encoding", "Connection", "Range", "IF-NONE-MATCH"]
)
def test_fields_that_are_not_a_feeds_to_set(web: WebServer, name: str) -> None:
    """What frames the request, or breaks its manners, is refused by name."""
    result = fetch(web.url("/"), headers={name: "1"})
    assert (result.status, web.connections) == (FetchStatus.REFUSED, 0)
    assert name in result.message


def test_a_login_in_the_address(web: WebServer) -> None:
    """It becomes Basic authentication and shows nowhere else; a configured login wins."""
    web.on("/", answer(200, b"x"))
    url = f"http://user:p%C3%A4ss@127.0.0.1:{web.port}/"
    result = fetch(url)
    assert web.seen[0].header("authorization") == LOGIN
    assert web.seen[0].header("host") == f"127.0.0.1:{web.port}"
    assert result.final_url == web.url("/")
    fetch(url, auth=("other", "x"))
    assert web.seen[1].header("authorization") == "Basic b3RoZXI6eA=="


@pytest.mark.parametrize(
    "url",
    [
        *(
            "file:///etc/passwd",
            "ftp://a.test/",
            "gopher://a.test/",
            "data:text/xml,x",
            "unix:///run/x",
            "feed:x",
        ),
        *("", "a.test/feed", "//a.test/", "http://", "http:///x", "http://[::1", "http://a.test:99999/"),
        *("http://a.test:x/", "http://a\tb/", "http://1.2.3.4.5.6:-1/", "http://a.test:0/", "x" * 70_000),
    ],
)
def test_what_is_no_web_address_is_refused(url: str) -> None:
    """Only http and https, a host and a lawful port."""
    result = fetch(url)
    assert result.status is FetchStatus.REFUSED
    assert result.message


# --- the answer -------------------------------------------------------------------------------------------


def test_a_new_document(web: WebServer) -> None:
    """All that the caller wants to know of a 200."""
    page = answer(
        200,
        b"<rss/>",
        Content_Type="application/rss+xml; charset=utf-8",
        ETag='"a"',
        Last_Modified="Tue, 24 Nov 2026 09:00:00 GMT",
        Cache_Control="max-age=300",
        Age="60",
    )
    web.on("/feed", page)
    result = fetch(web.url("/feed"))
    assert 0.0 < result.seconds < 5.0
    assert replace(result, seconds=0.0) == FetchResult(
        FetchStatus.NEW,
        http_status=200,
        body=b"<rss/>",
        content_type="application/rss+xml; charset=utf-8",
        etag='"a"',
        last_modified="Tue, 24 Nov 2026 09:00:00 GMT",
        cache_seconds=240.0,
        final_url=web.url("/feed"),
        wire_bytes=len(page),
        hops=(Hop("127.0.0.1", 200),),
        final_hash=hash64(web.url("/feed").encode()),
    )


def test_not_modified(web: WebServer) -> None:
    """A 304 may bring new validators and cache times, and has no body."""
    web.on("/", answer(304, length=False, ETag='"b"', Cache_Control="max-age=60", Retry_After="5"))
    result = fetch(web.url("/"), etag='"a"')
    assert (result.status, result.http_status) == (FetchStatus.NOT_MODIFIED, 304)
    assert (result.etag, result.last_modified, result.cache_seconds, result.retry_after) == (
        '"b"',
        None,
        60.0,
        5.0,
    )


def test_a_304_nobody_asked_for(web: WebServer) -> None:
    """Without validators a 304 is asked once more, and then an error."""
    web.on("/", answer(304, length=False))
    result = fetch(web.url("/"))
    assert (result.status, result.http_status) == (FetchStatus.HTTP_ERROR, 304)
    assert len(web.seen) == 2


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        *((429, FetchStatus.RATE_LIMITED), (503, FetchStatus.RATE_LIMITED), (410, FetchStatus.GONE)),
        *((code, FetchStatus.HTTP_ERROR) for code in (201, 204, 206, 226, 300, 305, 400, 403, 404, 500, 599)),
    ],
)
def test_errors_bring_no_body_and_no_validators(web: WebServer, status: int, expected: FetchStatus) -> None:
    """Only a 200 is read; a Retry-After is passed on with any status."""
    body = b"" if status == 204 else b"<rss/>"
    web.on(
        "/",
        answer(status, body, length=status != 204, ETag='"a"', Retry_After="60", Cache_Control="max-age=9"),
    )
    result = fetch(web.url("/"))
    assert (result.status, result.http_status, result.body) == (expected, status, b"")
    assert (result.etag, result.cache_seconds, result.retry_after) == (None, None, 60.0)
    assert str(status) in result.message


def test_retry_after_as_a_date(web: WebServer) -> None:
    """The fetcher's clock says how far a date is."""
    web.on("/", answer(503, Retry_After="Tue, 24 Nov 2026 12:30:00 GMT"))
    assert fetch(web.url("/")).retry_after == 1800.0


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(b"hello")),
        ("deflate", zlib.compress(b"hello")),
        ("GZIP", gzip.compress(b"hello")),
    ],
)
def test_packed_bodies(web: WebServer, coding: str, packed: bytes) -> None:
    """Bodies are unpacked as they arrive; the bytes on the wire are the packed ones."""
    page = answer(200, packed, Content_Encoding=coding)
    web.on("/", page[:-10], page[-10:])
    result = fetch(web.url("/"))
    assert (result.body, result.wire_bytes) == (b"hello", len(page))


@pytest.mark.parametrize(
    ("page", "status", "sentence"),
    [
        (answer(200, b"x", Content_Encoding="br"), FetchStatus.BAD_BODY, "br"),
        (answer(200, gzip.compress(b"hello")[:-3], Content_Encoding="gzip"), FetchStatus.BAD_BODY, "cut off"),
        (answer(200, b"<rss/>", Content_Encoding="gzip"), FetchStatus.BAD_BODY, "not valid gzip"),
        (answer(200, gzip.compress(bytes(2_000_000)), Content_Encoding="gzip"), FetchStatus.TOO_BIG, "1 MB"),
        (answer(200, bytes(1_000_001)), FetchStatus.TOO_BIG, "1 MB"),
        (answer(200, bytes(1_000_001), length=False), FetchStatus.TOO_BIG, "1 MB"),
    ],
)
def test_bodies_that_are_refused(web: WebServer, page: bytes, status: FetchStatus, sentence: str) -> None:
    """Damaged and oversized bodies are no news, and their validators are not kept."""
    web.on("/", page)
    result = fetch(web.url("/"))
    assert (result.status, result.body, result.etag) == (status, b"", None)
    assert sentence in result.message
    assert result.wire_bytes > 0


def test_an_announced_giant_is_not_read(web: WebServer) -> None:
    """A Content-Length over the limit ends the fetch with the head."""
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000001\r\n\r\n"
    web.on("/", head, Endless(b"x" * 1000, every=0.01))
    result = fetch(web.url("/"))
    assert result.status is FetchStatus.TOO_BIG
    assert result.wire_bytes < 100_000


def test_a_bomb_stops_early(web: WebServer) -> None:
    """Of a hundred megabytes packed into a hundred kilobytes, hardly more than the limit is produced."""
    packed = gzip.compress(bytes(100_000_000), 1)
    half = len(packed) // 2
    web.on(
        "/", answer(200, b"", length=False, Content_Encoding="gzip"), packed[:half], Endless(b"", every=0.01)
    )
    assert fetch(web.url("/")).status is FetchStatus.TOO_BIG


# --- redirects --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codes", "permanent"),
    [
        *(((301,), True), ((308,), True), ((301, 308, 301, 308, 301), True), ((302,), False)),
        *(((303,), False), ((307,), False), ((301, 302), False), ((302, 301), False)),
    ],
)
@pytest.mark.parametrize("conditional", [False, True])
def test_chains(web: WebServer, codes: tuple[int, ...], permanent: bool, conditional: bool) -> None:
    """Up to five hops are followed; only a chain of permanent ones teaches a new address."""
    for hop, code in enumerate(codes):
        web.on(f"/{hop}", answer(code, b"moved", Location=f"/{hop + 1}#part"))
    web.on(f"/{len(codes)}", answer(304, length=False) if conditional else answer(200, b"x"))
    last = web.url(f"/{len(codes)}")
    result = fetch(web.url("/0"), etag='"a"' if conditional else None, validators_of=hash64(last.encode()))
    assert result.status is (FetchStatus.NOT_MODIFIED if conditional else FetchStatus.NEW)
    assert result.final_url == web.url(f"/{len(codes)}")
    assert result.permanent_url == (result.final_url if permanent else None)
    assert web.targets() == [f"/{hop}" for hop in range(len(codes) + 1)]
    assert [seen.header("if-none-match") for seen in web.seen[:-1]] == [None] * len(codes)
    assert web.seen[-1].header("if-none-match") == ('"a"' if conditional else None)
    assert [hop.status for hop in result.hops] == [*codes, 304 if conditional else 200]
    assert result.wire_bytes > 60 * len(codes)


def test_a_moved_feed_that_fails_teaches_nothing(web: WebServer) -> None:
    """A permanent redirect to a 404 is no new address."""
    web.on("/a", answer(301, Location="/b"))
    result = fetch(web.url("/a"))
    assert (result.status, result.permanent_url) == (FetchStatus.HTTP_ERROR, None)


@pytest.mark.parametrize(
    ("location", "target"),
    [
        *(("?page=2", "/dir/feed?page=2"), ("other", "/dir/other"), ("../up", "/up"), ("/a b", "/a%20b")),
        *(("/caf\xc3\xa9", "/caf%C3%A9"), ("/caf\xe9", "/caf%C3%A9"), (" /spaced ", "/spaced")),
    ],
)
def test_relative_and_odd_locations(web: WebServer, location: str, target: str) -> None:
    """Locations are resolved against the address that sent them; foreign letters are encoded."""
    web.on("/dir/feed", answer(302, Location=location))
    web.on(target, answer(200, b"x"))
    assert fetch(web.url("/dir/feed")).status is FetchStatus.NEW
    assert web.targets()[1] == target


@pytest.mark.parametrize(
    ("location", "sentence"),
    [
        *(("file:///etc/passwd", "only http"), ("ftp://a.test/", "only http"), ("javascript:x", "only http")),
        *(("http://", "loop"), ("http://[::1", "no URL"), ("http://a.test:77777/", "port")),
        *(
            ("http://a.test:25/", "port 25 is none"),
            ("//a@b@a.test/", "two ways"),
            ("\\\\a.test/", "two ways"),
        ),
        *(("http://10.0.0.1/", "10.0.0.1 is a private address"), ("//169.254.169.254/x", "link-local")),
        *(("http://0xa.1/", "10.0.0.1 is a private address"), ("/dir/feed", "loop"), ("", "loop")),
    ],
)
def test_redirects_that_are_not_followed(web: WebServer, location: str, sentence: str) -> None:
    """Each hop is checked like a first address."""
    web.on("/dir/feed", answer(301, Location=location))
    result = fetch(web.url("/dir/feed"))
    assert (result.status, len(web.seen)) == (FetchStatus.REFUSED, 1)
    assert sentence in result.message


def test_loops_and_long_ways(web: WebServer) -> None:
    """Two that point at each other, and a chain of six, end as refused."""
    web.on("/a", answer(302, Location="/b"))
    web.on("/b", answer(302, Location="/a"))
    result = fetch(web.url("/a"))
    assert (result.status, result.message) == (FetchStatus.REFUSED, "the server redirects in a loop")
    assert len(web.seen) == 2
    for hop in range(7):
        web.on(f"/{hop}", answer(302, Location=f"/{hop + 1}"))
    result = fetch(web.url("/0"))
    assert (result.status, result.message) == (FetchStatus.REFUSED, "the server redirects more than 5 times")
    assert len(web.seen) == 2 + 6


def test_a_redirect_without_a_target(web: WebServer) -> None:
    """A 302 without Location is an error of the server."""
    web.on("/", answer(302))
    result = fetch(web.url("/"))
    assert result.status is FetchStatus.HTTP_ERROR
    assert "does not say where to" in result.message


def test_secrets_stay_with_their_origin(web: WebServer) -> None:
    """Login and own fields go to the first origin alone, and are not taken up again behind it."""
    web.on("/a", answer(302, Location="/b"))
    web.on("/b", answer(302, Location=web.url("/c", "b.test")))
    web.on("/c", answer(302, Location=web.url("/d", "a.test")))
    web.on("/d", answer(200, b"x", ETag='"new"'))
    url = f"http://user:p%C3%A4ss@a.test:{web.port}/a"
    headers = {"X-Key": "k", "User-Agent": "special"}
    result = fetch(url, etag='"a"', last_modified="then", headers=headers)
    assert (result.status, result.etag) == (FetchStatus.NEW, '"new"')
    for seen in web.seen[:2]:
        assert (seen.header("authorization"), seen.header("x-key")) == (LOGIN, "k")
    validators = [(seen.header("if-none-match"), seen.header("if-modified-since")) for seen in web.seen]
    assert validators == [('"a"', "then"), (None, None), (None, None), (None, None)]
    for seen in web.seen[2:]:
        assert seen.names == ["host", "user-agent", "accept", "accept-encoding", "connection"]
        assert (seen.header("user-agent") or "").startswith("Tocsin/")


def test_another_port_is_another_origin(web: WebServer) -> None:
    """The same host on another port does not get the login."""
    with WebServer() as other:
        web.on("/", answer(302, Location=other.url("/")))
        other.on("/", answer(200, b"x"))
        assert fetch(web.url("/"), auth=("user", "x"), ports={web.port, other.port}).status is FetchStatus.NEW
        assert other.seen[0].header("authorization") is None


def test_a_login_in_a_redirect_is_not_used(web: WebServer) -> None:
    """A server cannot make us log in somewhere, nor get its login into what is stored."""
    web.on("/a", answer(301, Location=f"http://evil:pw@127.0.0.1:{web.port}/b"))
    web.on("/b", answer(200, b"x"))
    result = fetch(web.url("/a"))
    assert web.seen[1].header("authorization") is None
    assert result.permanent_url == result.final_url == web.url("/b")


def test_a_304_behind_another_origin_is_not_believed(web: WebServer) -> None:
    """Where no validators were sent, "not modified" means nothing."""
    web.on("/a", answer(302, Location=web.url("/b", "b.test")))
    web.on("/b", answer(304, length=False))
    assert fetch(web.url("/a", "a.test"), etag='"a"').status is FetchStatus.HTTP_ERROR


def test_the_deadline_covers_later_hops(web: WebServer) -> None:
    """A redirect does not start the clock anew: the silent server behind it ends the fetch in time."""
    web.on("/a", answer(302, Location="/b"))
    web.on("/b", b"HTTP/1.1 302 Found\r\n", Endless(b"X: y\r\n", every=0.1))
    result = fetch(web.url("/a"), deadline=0.3)
    assert (result.status, result.message) == (FetchStatus.NETWORK, "the server did not answer within 0.3 s")
    assert result.final_url == web.url("/b")


# --- messages ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/missing", "/broken", "/loop", "/private", "/scheme", "/big", "/slow"])
def test_no_message_holds_a_secret(web: WebServer, path: str) -> None:
    """Neither the login nor the query of an address, nor a configured field, shows in a message."""
    web.on("/broken", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx")
    web.on("/loop", answer(302, Location=f"{path}?token=hunter2"))
    web.on("/private", answer(302, Location="http://user:hunter2@10.0.0.1/?token=hunter2"))
    web.on("/scheme", answer(302, Location="ftp://user:hunter2@a.test/?token=hunter2"))
    web.on("/big", answer(200, bytes(2_000_000)))
    web.on("/slow", Endless(b"", every=0.05))
    url = f"http://user:hunter2@127.0.0.1:{web.port}{path}?token=hunter2"
    result = fetch(url, headers={"X-Key": "hunter2"}, deadline=0.5)
    assert result.status not in (FetchStatus.NEW, FetchStatus.NOT_MODIFIED)
    assert result.message
    assert "hunter2" not in result.message
    assert "user:" not in repr(result)


# --- web pages --------------------------------------------------------------------------------------------


def test_a_page_is_asked_for_as_a_page(web: WebServer) -> None:
    """What is wanted is HTML; all else is as for a feed."""
    web.on("/1", answer(200, b"x"))
    fetch(web.url("/1"), page=True)
    seen = web.seen[0]
    assert (seen.header("accept") or "").startswith("text/html")
    assert seen.names == ["host", "user-agent", "accept", "accept-encoding", "connection"]


def test_a_page_that_moved_within_its_site_is_followed(web: WebServer) -> None:
    """With and without "www." it is one site."""
    names = FakeResolver(www_a_test=["127.0.0.1"], a_test=["127.0.0.1"])
    web.on("/1", answer(301, Location=web.url("/2", "www.a.test")))
    web.on("/2", answer(302, Location="/3"))
    web.on("/3", answer(200, b"x"))
    fetcher = HttpFetcher("t", allow_private=["127.0.0.0/8"], resolver=names)
    request = FetchRequest(web.url("/1", "a.test"), page=True, ports=ports_of([web.url("/")]))
    result = asyncio.run(fetcher.fetch(request))
    assert (result.body, result.final_url, result.elsewhere) == (b"x", web.url("/3", "www.a.test"), "")


def test_a_page_that_moved_to_another_site_is_told(web: WebServer) -> None:
    """Nobody is asked there: that site may not want it. A feed is followed as ever."""
    web.on("/1", answer(302, Location=web.url("/2", "b.test")))
    web.on("/2", answer(200, b"x"))
    result = fetch(web.url("/1", "a.test"), page=True)
    assert (result.status, result.elsewhere) == (FetchStatus.REFUSED, web.url("/2", "b.test"))
    assert web.targets() == ["/1"]
    assert fetch(web.url("/1", "a.test")).body == b"x"


def test_a_page_may_be_smaller_than_a_feed(web: WebServer) -> None:
    """5 MB, also where the server says nothing of its length, or packs it."""
    much = b" " * 5_000_001
    web.on("/1", answer(200, much, length=False))
    web.on("/2", answer(200, gzip.compress(much), Content_Encoding="gzip"))
    for path in ("/1", "/2"):
        assert fetch(web.url(path), max_body=10_000_000, page=True).status is FetchStatus.TOO_BIG
        assert fetch(web.url(path), max_body=10_000_000).status is FetchStatus.NEW
