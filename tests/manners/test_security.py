"""Statements S1 to S9, S12, S13 and S15: what no feed and no server can make us do, over real sockets."""

from __future__ import annotations

import ast
import gzip
import shutil
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import monitor
from monitor.feeds.addresses import STANDARD_PORTS, ports_of
from monitor.feeds.lean_httpx import httpx
from monitor.feeds.problem import FetchError
from monitor.feeds.targets import _plain, _read, target_of
from monitor.model import FetchStatus
from tests.hostile.test_bad_servers import peak, start_measuring
from tests.support.documents import Item, rss
from tests.support.webserver import (
    Endless,
    FakeResolver,
    Hang,
    WebServer,
    answer,
    make_certificate,
    tls_server,
    trusting,
)
from tests.support.wired import LOOPBACK, fetch, wired

PAGE = rss(Item("Old talks", guid="old", link="https://n.example/old", age=48))
REFUSED = FetchStatus.REFUSED
LIMIT = 10_000_000


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://a.test/", "gopher://a.test/1", "data:,x", "unix:///run/x", "feed:a"]
)
def test_s1_only_http_and_https_are_asked(web: WebServer, url: str) -> None:
    """As a feed's own address and behind a redirect."""
    web.on("/a", answer(301, Location=url))
    for result in (fetch(url), fetch(web.url("/a"))):
        assert (result.status, "only http" in result.message) == (REFUSED, True)
    assert len(web.seen) == 1


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.2", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
        *(
            "192.0.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "[::1]",
            "[::]",
            "[fe80::1]",
        ),
        *("[fc00::1]", "[ff02::1]", "[::ffff:10.0.0.1]", "[64:ff9b::10.0.0.1]", "[2002:a00:1::]"),
        *("[2001:0:a00:1::]", "[::10.0.0.1]", "[fec0::1]"),
    ],
)
def test_s2_what_is_not_public_is_not_asked(web: WebServer, host: str) -> None:
    """Nothing is permitted by itself; the same address behind a redirect is refused as well."""
    web.on("/a", answer(302, Location=f"http://{host}/"))
    assert fetch(f"http://{host}/", options={"allow_private": ()}).status is REFUSED
    assert fetch(web.url("/a"), options={"allow_private": ["127.0.0.1/32"]}).status is REFUSED


@pytest.mark.parametrize(
    "url",
    [
        *("http://evil.test\\@127.0.0.1/", "http:\\\\a.test/", "http:/\\a.test/", "http://a.test\\b/"),
        *(
            "http://a@b@a.test/",
            "http://a:b@c@a.test/",
            "http://\uff11\uff12\uff17.0.0.1/",
            "http://127\u30020.0.1/",
        ),
        *("http://\u2460.test/", "http://a\u200b.test/", "http://\uff41.test/", "\\\\a.test/"),
    ],
)
def test_s3_what_can_be_read_in_two_ways_is_refused(web: WebServer, url: str) -> None:
    """Backslashes, a second @, letters of another width: no name is looked up, nothing connected to."""
    names = FakeResolver()
    web.on("/a", answer(302, Location=url.encode().decode("latin-1")))
    assert fetch(url, options={"resolver": names}).status is REFUSED
    behind = fetch(web.url("/a"), options={"resolver": names})
    assert (behind.status, len(web.seen)) == (REFUSED, 1)
    assert names.asked == []


@pytest.mark.parametrize(
    ("host", "seen_as"),
    [
        *(("2130706433", "127.0.0.1"), ("0x7f.1", "127.0.0.1"), ("127.1", "127.0.0.1"), ("A.TEST", "a.test")),
        *(("127.0.0.1.", "127.0.0.1"), ("a.test.", "a.test"), ("user@a.test", "a.test")),
        ("\u0646\u0627\u0645\u0647\u200c\u0627\u06cc.test", "xn--mgba3gch31f060k.test"),
        *(("b\xfccher.test", "xn--bcher-kva.test"), ("B\xdcCHER.test", "xn--bcher-kva.test")),
    ],
)
def test_s3_every_lawful_spelling_is_judged_as_it_is_connected_to(host: str, seen_as: str) -> None:
    """What is judged, looked up and connected to is one plain form."""
    assert target_of(f"http://{host}/").host == seen_as


@given(
    st.text("abz019-_.~!$&'()*+,;=:@/?%AF# \\[]\u00e9", max_size=30),
    st.sampled_from(
        ["http://a.test", "https://a.b-c.test:8080", "http://127.0.0.1", "http://1.2.3.4.5", "http://"]
    ),
)
@example("/a/../b", "http://a.test")
@example("/a?b=c#d", "http://a.test")
@example("/%2e%2e/b", "http://a.test")
@example("/a'b?c'd", "http://a.test")
def test_s3_the_short_way_reads_an_address_as_the_long_one_does(rest: str, start: str) -> None:
    """Where an address is plain enough to be read by one expression, httpx reads the same in it."""
    text = f"{start}{rest}"
    plain = _plain(text)
    if plain is None:
        return
    try:
        long = _read(httpx.URL(text))
    except (FetchError, httpx.InvalidURL) as problem:
        pytest.fail(f"{text!r} was read as {plain}, and is {problem}")
    assert plain == long


def test_s4_an_answer_that_changes_reaches_nothing_private(web: WebServer) -> None:
    """One look-up a connection; public and private together are refused."""
    web.on("/a", answer(200, PAGE))
    names = FakeResolver(a_test=[["127.0.0.1"], ["127.0.0.2"]], b_test=["127.0.0.1", "127.0.0.2"])
    options = {"resolver": names, "allow_private": ["127.0.0.1/32"]}
    assert fetch(web.url("/a", "a.test"), options=options).status is FetchStatus.NEW
    assert names.asked == ["a.test"]
    assert fetch(web.url("/a", "a.test"), options=options).status is REFUSED
    assert fetch(web.url("/a", "b.test"), options=options).status is REFUSED
    assert len(web.seen) == 1


@pytest.mark.parametrize("port", [1, 22, 25, 53, 81, 3306, 5432, 6379, 8081, 65535])
def test_s5_a_port_nobody_named_is_not_asked(web: WebServer, port: int) -> None:
    """As an address and at every hop; a sentence says which are asked."""
    web.on("/a", answer(302, Location="/b"))
    web.on("/b", answer(302, Location=f"http://a.test:{port}/"))
    for result in (fetch(f"http://a.test:{port}/", ports=frozenset()), fetch(web.url("/a"))):
        assert result.status is REFUSED
        assert f"port {port} is none of the web's usual ones" in result.message
    assert web.targets() == ["/a", "/b"]


def test_s5_the_configuration_s_own_ports_are_asked(web: WebServer, tmp_path: Path) -> None:
    """A feed may be on any port, and may lead to one that another feed's address names, and to no third."""
    with WebServer() as other, WebServer() as third:
        web.on("/a", answer(302, Location=other.url("/b")))
        web.on("/c", answer(302, Location=third.url("/d")))
        other.on("/b", answer(200, PAGE))
        with wired(tmp_path, web.url("/a"), other.url("/b"), web.url("/c")) as desk:
            assert desk.plan.ports == {web.port, other.port}
            desk.poll()
            assert [desk.state(name).last_status for name in "abc"] == ["new", "new", "refused"]
        assert third.connections == 0
    assert ports_of(["http://a.test", "http://a.test:8080/", "http://a.test:81/", "nonsense:x"]) == {81}
    odd = [
        "http://u:99@a.test/",
        "http://[::1]:82?x",
        "http://[::1]/",
        "http://a.test/:83",
        "http://a.test:99999/",
    ]
    assert ports_of(odd) == {82}
    assert {80, 443, 8080, 8443} == STANDARD_PORTS


def test_s5_hops_are_few_and_secrets_stay_at_home(web: WebServer) -> None:
    """Five at most, a loop ends at once, and the login goes to its own origin."""
    for hop in range(7):
        web.on(f"/{hop}", answer(302, Location=f"/{hop + 1}"))
    web.on("/self", answer(302, Location="/self"))
    web.on("/out", answer(302, Location=web.url("/in", "b.test")))
    web.on("/in", answer(200, PAGE))
    assert "more than 5 times" in fetch(web.url("/0")).message
    assert "loop" in fetch(web.url("/self")).message
    assert web.targets() == [*(f"/{hop}" for hop in range(6)), "/self"]
    fetch(web.url("/out", "a.test"), auth=("user", "x"), headers={"X-Key": "k", "Cookie": "a=b"})
    assert web.seen[-1].names == ["host", "user-agent", "accept", "accept-encoding", "connection"]


WAYS_OUT = {
    "create_connection",
    "connect_ex",
    "open_connection",
    "create_default_context",
    "HTTPConnection",
    "HTTPSConnection",
    "urlopen",
    "AsyncClient",
    "Client",
    "sock_connect",
    "start_tls",
}
# Not because of a feed: alerts go where the user says, the supervisor's socket and the demo's own server.
# What opens sockets and never asks a feed or a page: deliveries, and what talks to this machine alone.
NOT_FOR_FEEDS = ("delivery", "demo", "service/systemd.py", "service/journal.py", "service/knock.py")


def test_s6_there_is_one_way_out() -> None:
    """Nothing but the transport opens a connection: pages and discovery can only go through `HttpFetcher`."""
    root = Path(monitor.__file__).parent
    found = set()
    for file in root.rglob("*.py"):
        place = file.relative_to(root).as_posix()
        if place.startswith(NOT_FOR_FEEDS):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", None)
            if name in WAYS_OUT:
                found.add(place)
    assert found == {"feeds/transport.py", "feeds/exchange.py", "feeds/plain.py"}


def bomb(times: int) -> bytes:
    """Two hundred megabytes, packed so many times."""
    data = gzip.compress(bytes(200_000_000), 1)
    for _ in range(times - 1):
        data = gzip.compress(data)
    return data


@pytest.mark.parametrize(
    ("coding", "times"), [("gzip", 1), ("gzip, gzip", 2), ("gzip, gzip, gzip", 3), ("br", 1), ("zstd", 1)]
)
def test_s7_a_bomb_never_gets_its_memory(web: WebServer, coding: str, times: int) -> None:
    """The process grows by less than three times the limit, whatever is packed how often."""
    packed = bomb(times)
    web.on("/a", answer(200, b"", length=False, Content_Encoding=coding), packed)
    before = start_measuring()
    result = fetch(web.url("/a"), options={"max_body": LIMIT})
    grown = peak() - before
    assert result.status in (FetchStatus.TOO_BIG, FetchStatus.BAD_BODY)
    assert grown < 3 * LIMIT


@pytest.mark.parametrize("length", [LIMIT + 1, 10**12])
def test_s7_an_announced_giant_is_not_read(web: WebServer, length: int) -> None:
    """Its length ends the fetch, and what comes with the head is dropped."""
    web.on("/a", f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode(), Endless(bytes(1000), 0.01))
    result = fetch(web.url("/a"), options={"max_body": LIMIT})
    assert (result.status, result.wire_bytes < 200_000) == (FetchStatus.TOO_BIG, True)


@pytest.mark.parametrize(
    "steps",
    [
        (Hang(),),
        (b"HTTP/1.1 200 OK\r\n", Endless(b"X: y\r\n", 0.05)),
        (Endless(b"HTTP/1.1 100 Continue\r\n\r\n", 0.1),),
        (b"HTTP/1.1 200 OK\r\n\r\n", Endless(b"x", 0.05)),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;", Endless(b"x", 0.05)),
    ],
)
def test_s8_a_fetch_is_over_at_its_deadline(web: WebServer, steps: tuple[Any, ...]) -> None:
    """Slow heads, interim answers without end, one byte at a time: not a second more."""
    web.on("/a", *steps)
    began = time.monotonic()
    result = fetch(web.url("/a"), options={"deadline": 0.5})
    assert result.status is FetchStatus.NETWORK
    assert 0.5 <= result.seconds < 1.5
    assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("etag", ['"a\x01"', '"\x7f"', '"' + "x" * 2048 + '"', '"' + "\x1b[31m" * 800 + '"'])
def test_s9_odd_validators_never_go_back(web: WebServer, tmp_path: Path, etag: str) -> None:
    """Control characters and novels are neither stored nor sent."""
    web.on("/a", answer(200, PAGE, ETag=etag, Last_Modified="x\x0by"))
    with wired(tmp_path, web.url("/a")) as desk:
        desk.poll()
        assert (desk.state("a").etag, desk.state("a").last_modified) == (None, None)
        desk.poll()
    assert [seen.header("if-none-match") for seen in web.seen] == [None, None]
    assert [seen.header("if-modified-since") for seen in web.seen] == [None, None]


@pytest.mark.parametrize(
    "head", [b"X: " + b"y" * 66_000 + b"\r\n", b"X: y\r\n" * 101, b"X: a\0b\r\n", b"X: a\rb\r\n"]
)
def test_s9_heads_are_bounded(web: WebServer, head: bytes) -> None:
    """64 KB, a hundred fields, and no character that HTTP forbids."""
    web.on("/a", b"HTTP/1.1 200 OK\r\n" + head + b"Content-Length: 1\r\n\r\nx")
    assert fetch(web.url("/a")).status in (FetchStatus.TOO_BIG, FetchStatus.NETWORK)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """For a.test: one that is good and one that ended yesterday; one for other.test."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl command to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    return {
        "good": make_certificate(folder, "a.test"),
        "expired": make_certificate(folder / "old", "a.test", days=-1),
        "another name": make_certificate(folder, "other.test"),
    }


@pytest.mark.parametrize("kind", ["good", "expired", "another name", "nobody we know", "TLS 1.1"])
def test_s12_a_certificate_must_be_valid_and_tls_new(certificates: dict[str, Path], kind: str) -> None:
    """Ended, for another name, self-signed, or spoken over TLS 1.1: the request is not sent."""
    shown = certificates.get(kind, certificates["good"])
    known = partial(trusting, *([] if kind == "nobody we know" else [shown]))
    with WebServer(tls_server(shown, old=kind == "TLS 1.1")) as secure:
        secure.on("/a", answer(200, PAGE))
        result = fetch(secure.url("/a", "a.test"), options={"tls": known})
        assert len(secure.seen) == (kind == "good")
    assert result.status is (FetchStatus.NEW if kind == "good" else FetchStatus.NETWORK), result.message
    if kind != "TLS 1.1":
        assert ("certificate is not valid" in result.message) is (kind != "good")


def test_s13_the_environment_gives_neither_proxy_nor_login(
    web: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What curl would take from the environment and a `.netrc` is not looked at."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login user password hunter2\n")
    (tmp_path / ".netrc").chmod(0o600)
    with WebServer() as proxy:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url(""))
            monkeypatch.setenv(name.upper(), proxy.url(""))
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
        web.on("/a", answer(200, PAGE))
        with wired(tmp_path, web.url("/a")) as desk:
            desk.poll()
            assert desk.state("a").last_status == "new"
        assert proxy.connections == 0
    assert web.seen[0].header("authorization") is None
    assert web.targets() == ["/a"]


@pytest.mark.parametrize(
    "path", ["/missing", "/broken", "/loop", "/private", "/scheme", "/port", "/two", "/slow"]
)
def test_s15_no_message_shows_a_login_or_a_token(
    web: WebServer, tmp_path: Path, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Not the address's login or query, not a header, not what a redirect repeats of them."""
    web.on("/broken", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx")
    web.on("/loop", answer(302, Location=f"{path}?token=hunter2"))
    web.on("/private", answer(302, Location="http://user:hunter2@10.0.0.1/?token=hunter2"))
    web.on("/scheme", answer(302, Location="ftp://user:hunter2@a.test/?token=hunter2"))
    web.on("/port", answer(302, Location="http://user:hunter2@a.test:25/?token=hunter2"))
    web.on("/two", answer(302, Location="http://hunter2@hunter2@a.test/?token=hunter2"))
    web.on("/slow", Hang())
    url = f"http://user:hunter2@127.0.0.1:{web.port}{path}?token=hunter2"
    with caplog.at_level("DEBUG"):
        result = fetch(
            url, headers={"X-Key": "hunter2"}, options={"deadline": 0.5, "allow_private": LOOPBACK}
        )
    assert result.message
    assert "hunter2" not in result.message
    assert "user:" not in repr(result)
    assert "hunter2" not in caplog.text
    assert str(tmp_path) not in result.message
