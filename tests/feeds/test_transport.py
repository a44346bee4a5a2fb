"""Hostile answers, connections, TLS and proxies, over real sockets on loopback."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import tracemalloc
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from monitor.feeds.addresses import ports_of
from monitor.feeds.client import ClientTransport
from monitor.feeds.fetch import HttpFetcher
from monitor.feeds.problem import FetchError
from monitor.feeds.transport import FeedTransport, default_tls
from monitor.model import FetchRequest, FetchResult, FetchStatus
from tests.support.webserver import (
    Endless,
    FakeResolver,
    Hang,
    Pipe,
    Reset,
    Step,
    WebServer,
    answer,
    make_certificate,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LOOPBACK = ("127.0.0.0/8", "::1/128")
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
LATE = 0.4  # seconds: the deadline of whatever only ends by it


def fetch(
    url: str, *, proxy: str | None = None, ports: frozenset[int] | None = None, **options: Any
) -> FetchResult:
    """Fetch one address, in a loop of its own; fails the test on anything asyncio complains about."""
    options.setdefault("allow_private", LOOPBACK)
    complaints: list[Any] = []

    async def story() -> FetchResult:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        return await HttpFetcher("test", **options).fetch(
            FetchRequest(url, proxy=proxy, ports=ports or ports_of([url]))
        )

    result = asyncio.run(story())
    assert complaints == []
    return result


# --- answers ----------------------------------------------------------------------------------------------

GOOD: dict[str, tuple[bytes, ...]] = {
    "length": (OK + b"Content-Length: 4\r\n\r\nbody",),
    "length in pieces": (OK + b"Content-", b"Length: 4\r\n", b"\r\nbo", b"dy"),
    "length twice, equal": (OK + b"Content-Length: 4\r\nContent-Length: 4\r\n\r\nbody",),
    "more than was announced": (OK + b"Content-Length: 4\r\n\r\nbodyHTTP/1.1 200 OK\r\n\r\n",),
    "chunked": (CHUNKED + b"2\r\nbo\r\n", b"2\r\ndy\r\n0\r\n\r\n"),
    "chunk extensions and trailers": (CHUNKED + b"4;a=b;c\r\nbody\r\n0\r\nX-Sum: 1\r\n\r\n",),
    "chunked wins over a length": (
        OK + b"Content-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
    ),
    "until the connection closes": (OK + b"\r\n", b"body"),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\nServer: old\r\n\r\nbody",),
    "bare line feeds": (b"HTTP/1.1 200 OK\nContent-Length: 4\n\nbody",),
    "no reason phrase": (b"HTTP/1.1 200\r\nContent-Length: 4\r\n\r\nbody",),
    "folded field": (OK + b"X-Long: a\r\n  b\r\nContent-Length: 4\r\n\r\nbody",),
    "interim answers": (b"HTTP/1.1 103 Early Hints\r\n\r\n" * 10 + OK + b"Content-Length: 4\r\n\r\nbody",),
    "a hundred fields": (OK + b"X: y\r\n" * 99 + b"Content-Length: 4\r\n\r\nbody",),
}


@pytest.mark.parametrize("name", GOOD)
def test_lawful_and_merely_old_answers_are_understood(web: WebServer, name: str) -> None:
    """Every framing of HTTP/1 gives the same body."""
    web.on("/", *GOOD[name])
    result = fetch(web.url("/"))
    assert (result.status, result.body, result.message) == (FetchStatus.NEW, b"body", "")
    assert web.connections == 1


BAD: dict[str, tuple[tuple[Step, ...], FetchStatus, str]] = {
    "nothing": ((), FetchStatus.NETWORK, "closed the connection without an answer"),
    "half a head": ((OK + b"Content-",), FetchStatus.NETWORK, "in the middle of its answer"),
    "not HTTP": ((b"SSH-2.0-OpenSSH_9.6\r\n\r\n",), FetchStatus.NETWORK, "proper HTTP"),
    "HTTP/0.9": ((b"<rss>an old server</rss>\r\n\r\n",), FetchStatus.NETWORK, "proper HTTP"),
    "NUL in a field": ((OK + b"ETag: a\0b\r\n\r\n",), FetchStatus.NETWORK, "proper HTTP"),
    "CR in a field": ((OK + b"ETag: a\rb\r\n\r\n",), FetchStatus.NETWORK, "proper HTTP"),
    "space before the colon": ((OK + b"ETag : a\r\n\r\n",), FetchStatus.NETWORK, "proper HTTP"),
    "field without a name": ((OK + b": a\r\n\r\n",), FetchStatus.NETWORK, "proper HTTP"),
    "two lengths": (
        (OK + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nbody",),
        FetchStatus.NETWORK,
        "proper HTTP",
    ),
    "negative length": ((OK + b"Content-Length: -4\r\n\r\nbody",), FetchStatus.NETWORK, "proper HTTP"),
    "length without end": ((OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n",), FetchStatus.NETWORK, ""),
    "unknown transfer coding": ((OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n",), FetchStatus.NETWORK, ""),
    "switching protocols": ((b"HTTP/1.1 101 X\r\nUpgrade: h2c\r\n\r\n", Hang()), FetchStatus.NETWORK, ""),
    "reset in the head": ((OK, Reset()), FetchStatus.NETWORK, ""),
    "reset in the body": ((OK + b"Content-Length: 9\r\n\r\nbody", Reset()), FetchStatus.NETWORK, "reset"),
    "one huge field": ((OK + b"X: " + b"y" * 70_000, Hang()), FetchStatus.TOO_BIG, "larger than 64 KB"),
    "a huge complete head": (
        (OK + (b"X: " + b"y" * 9_000 + b"\r\n") * 8 + b"\r\n",),
        FetchStatus.TOO_BIG,
        "",
    ),
    "too many fields": ((OK + b"X: y\r\n" * 101 + b"\r\n",), FetchStatus.TOO_BIG, "more than 100"),
    "fields without end": ((OK, Endless(b"X: y\r\n")), FetchStatus.TOO_BIG, "larger than 64 KB"),
    "status line without end": (
        (b"HTTP/1.1 200 ", Endless(b"O" * 100)),
        FetchStatus.TOO_BIG,
        "larger than 64 KB",
    ),
    "interim answers without end": (
        (Endless(b"HTTP/1.1 100 Continue\r\n\r\n"),),
        FetchStatus.TOO_BIG,
        "interim answers",
    ),
    "short body": ((OK + b"Content-Length: 9\r\n\r\nbody",), FetchStatus.BAD_BODY, "broke off"),
    "chunks without an end": ((CHUNKED + b"4\r\nbody\r\n",), FetchStatus.BAD_BODY, "broke off"),
    "half a chunk": ((CHUNKED + b"9\r\nbody",), FetchStatus.BAD_BODY, "broke off"),
    "chunk size is no number": ((CHUNKED + b"xyz\r\nbody\r\n",), FetchStatus.BAD_BODY, "framing"),
    "negative chunk": ((CHUNKED + b"-4\r\nbody\r\n",), FetchStatus.BAD_BODY, "framing"),
    "gigantic chunk size": ((CHUNKED + b"f" * 30 + b"\r\nbody",), FetchStatus.BAD_BODY, "framing"),
    "chunk longer than it said": ((CHUNKED + b"2\r\nbody\r\n0\r\n\r\n",), FetchStatus.BAD_BODY, "framing"),
    "a chunk extension without end": (
        (CHUNKED + b"4;x=", Endless(b"y" * 100)),
        FetchStatus.BAD_BODY,
        "framing",
    ),
    "chunk extensions without end": (
        (CHUNKED, Endless(b"1;" + b"x" * 60_000 + b"\r\na\r\n")),
        FetchStatus.TOO_BIG,
        "larger than 2000000 bytes",
    ),
    "trailers without end": ((CHUNKED + b"0\r\n", Endless(b"X: y\r\n")), FetchStatus.BAD_BODY, "framing"),
    "body without end": ((OK + b"\r\n", Endless(b"x" * 1000)), FetchStatus.TOO_BIG, "larger than"),
    "a silent server": ((Hang(),), FetchStatus.NETWORK, "the server did not answer within"),
    "a head in drips": ((OK, Endless(b"X: y\r\n", 0.02)), FetchStatus.NETWORK, "did not answer within"),
    "a body in drips": (
        (OK + b"\r\n", Endless(b"x", 0.02)),
        FetchStatus.NETWORK,
        "did not finish its answer",
    ),
    "a body that stops": (
        (OK + b"Content-Length: 9\r\n\r\nb", Hang()),
        FetchStatus.NETWORK,
        "did not finish",
    ),
    "interim answers in drips": (
        (Endless(b"HTTP/1.1 100 Continue\r\n\r\n", 0.1),),
        FetchStatus.NETWORK,
        "did not answer",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_hostile_answers_end_as_values(web: WebServer, name: str, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever a server does, the fetch ends within its deadline, with a sentence and without a traceback."""
    steps, status, sentence = BAD[name]
    web.on("/", *steps)
    slow = status is FetchStatus.NETWORK and "did not" in sentence
    result = fetch(web.url("/"), deadline=LATE if slow else 10.0, max_wire=2_000_000, max_body=1_000_000)
    assert (result.status, result.body) == (status, b"")
    assert sentence in result.message
    assert result.message
    assert caplog.records == []


def test_a_flood_of_tiny_chunks_stalls_nobody(web: WebServer) -> None:
    """A hundred thousand chunks of one byte end the fetch, and meanwhile the loop had time for others."""
    web.on("/flood", CHUNKED, Endless(b"1\r\na\r\n" * 10_000))

    async def story() -> tuple[FetchResult, int]:
        flood = asyncio.create_task(
            HttpFetcher("test", allow_private=LOOPBACK).fetch(
                FetchRequest(web.url("/flood"), ports=ports_of([web.url("")]))
            )
        )
        turns = 0
        while not flood.done():
            await asyncio.sleep(0)
            turns += bool(web.seen)
        return flood.result(), turns

    result, turns = asyncio.run(story())
    assert (result.status, result.message) == (FetchStatus.TOO_BIG, "the body comes in too many small pieces")
    assert turns > 300


def test_the_wire_is_not_kept(web: WebServer) -> None:
    """Eight megabytes of a body that is read and dropped never lie in memory together."""
    web.on("/", OK + b"Content-Length: 8000000\r\n\r\n", *[bytes(100_000)] * 80)

    async def story() -> int:
        transport = ClientTransport(FeedTransport(allow_private=LOOPBACK))
        response = await transport.handle_async_request(httpx.Request("GET", web.url("/")))
        total = 0
        assert isinstance(response.stream, httpx.AsyncByteStream)
        async for piece in response.stream:
            total += len(piece)
            await asyncio.sleep(0)
        return total

    tracemalloc.start()
    try:
        assert asyncio.run(story()) == 8_000_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4_000_000


def test_it_is_a_transport_like_any_other(web: WebServer) -> None:
    """An ordinary httpx client works over it."""
    web.on("/", answer(200, b"hello", Content_Type="text/plain"))

    async def story() -> str:
        ours = ClientTransport(FeedTransport(allow_private=LOOPBACK))
        async with httpx.AsyncClient(transport=ours) as client:
            return (await client.get(web.url("/"))).text

    assert asyncio.run(story()) == "hello"


def test_cancelling_leaves_nothing_behind(web: WebServer) -> None:
    """A fetch that is cancelled in mid-answer drops its connection."""
    web.on("/", OK + b"\r\n", Endless(b"x", 0.01))

    async def story() -> set[asyncio.Task[Any]]:
        task = asyncio.create_task(
            HttpFetcher("test", allow_private=LOOPBACK).fetch(
                FetchRequest(web.url("/"), ports=ports_of([web.url("")]))
            )
        )
        await asyncio.to_thread(web.wait_for_a_request)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        return asyncio.all_tasks() - {asyncio.current_task()}

    assert asyncio.run(story()) == set()


# --- addresses --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "2130706433", "0x7f.1", "0x7F000001", "127.0.0.1.", "0", "[::1]", "[::]"),
        *("[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[64:ff9b::127.0.0.1]", "[2002:7f00:1::]", "10.0.0.1"),
        *(
            "169.254.169.254",
            "100.64.0.1",
            "localhost",
            "LocalHost",
            "localhost.",
            "a@127.0.0.1",
            "a:b@127.1",
        ),
    ],
)
def test_no_spelling_reaches_a_private_address(web: WebServer, host: str) -> None:
    """Without a permitted range, nothing of this machine or its networks is contacted."""
    result = fetch(f"http://{host}:{web.port}/", allow_private=())
    assert result.status is FetchStatus.REFUSED
    assert "allow_private" in result.message
    assert web.connections == 0


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "127.0.0.1.", "LocalHost", "localhost."]
)
def test_the_permitted_range_holds_for_every_spelling(web: WebServer, host: str) -> None:
    """The same spellings are fetched once the range is permitted."""
    web.on("/", answer(200, b"x"))
    assert fetch(f"http://{host}:{web.port}/").status is FetchStatus.NEW


def test_a_name_is_looked_up_once_a_connect(web: WebServer) -> None:
    """
    A name that answers with a permitted address first and a denied one later is caught.

    The first fetch connects to what it judged, without a second question; the second one is refused.
    """
    web.on("/", answer(200, b"x"))
    resolver = FakeResolver(a_test=[["127.0.0.1"], ["127.0.0.2"]])
    options: dict[str, Any] = {"allow_private": ["127.0.0.1/32"], "resolver": resolver}
    assert fetch(web.url("/", "a.test"), **options).status is FetchStatus.NEW
    assert resolver.asked == ["a.test"]
    second = fetch(web.url("/", "a.test"), **options)
    assert second.status is FetchStatus.REFUSED
    assert second.message.startswith("a.test points to 127.0.0.2, a loopback address")
    assert web.connections == 1


@pytest.mark.parametrize("answers", [["127.0.0.1", "8.8.8.8"], ["8.8.8.8", "127.0.0.1"]])
def test_a_mixed_answer_connects_nowhere(web: WebServer, answers: list[str]) -> None:
    """A public address beside a private one does not make the name acceptable."""
    result = fetch(web.url("/", "a.test"), allow_private=(), resolver=FakeResolver(a_test=answers))
    assert result.status is FetchStatus.REFUSED
    assert web.connections == 0


def test_the_addresses_are_tried_in_turn(web: WebServer) -> None:
    """A dead first address costs one attempt; the Host field stays the name."""
    web.on("/", answer(200, b"x"))
    resolver = FakeResolver(a_test=["127.0.0.9", "127.0.0.1"])
    assert fetch(web.url("/", "a.test"), resolver=resolver).status is FetchStatus.NEW
    assert web.seen[0].header("host") == f"a.test:{web.port}"


def test_all_addresses_dead(web: WebServer) -> None:
    """When nobody takes the connection the sentence says so."""
    result = fetch(f"http://127.0.0.9:{web.port}/")
    assert (result.status, result.message) == (FetchStatus.NETWORK, "the server refused the connection")


class Silent:
    """A name server that says no, or nothing."""

    def __init__(self, problem: FetchError | None) -> None:
        self._problem = problem

    async def __call__(self, host: str) -> list[str]:
        if self._problem is None:
            await asyncio.Event().wait()
        assert self._problem is not None
        raise self._problem


def test_what_was_never_reached_is_told_apart(web: WebServer) -> None:
    """No name, nobody who takes the connection, or too late for that: it may be our own network."""
    no_name = FetchError(FetchStatus.NETWORK, "DNS: no such host", unreachable=True)
    assert fetch("http://a.test/", resolver=Silent(no_name)).unreachable
    assert fetch("http://a.test/", resolver=Silent(None), deadline=0.05).unreachable
    assert fetch("http://a.test/", resolver=FakeResolver(a_test=[])).unreachable
    assert fetch(f"http://127.0.0.9:{web.port}/").unreachable


def test_whoever_took_the_connection_was_reached(web: WebServer) -> None:
    """An error, silence, a redirect to nowhere, nonsense, or what we refuse to ask."""
    web.on("/500", b"HTTP/1.1 500 Broken\r\nContent-Length: 0\r\n\r\n")
    web.on("/away", b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.9/\r\nContent-Length: 0\r\n\r\n")
    web.on("/nonsense", b"SSH-2.0-OpenSSH_9\r\n")
    web.on("/silence", Hang())
    for path in ("/500", "/away", "/nonsense", "/silence"):
        assert not fetch(web.url(path), deadline=0.5).unreachable, path
    assert not fetch("http://10.0.0.1/").unreachable


@pytest.mark.parametrize("host", ["a..test", "-" * 64 + ".test", "a%00.test", "a*.test", "a." * 130 + "test"])
def test_impossible_names_are_not_looked_up(host: str) -> None:
    """What can be no host name reaches neither the resolver nor TLS."""
    resolver = FakeResolver()
    assert fetch(f"http://{host}/", resolver=resolver).status is FetchStatus.REFUSED
    assert resolver.asked == []


# --- TLS --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for a.test and b.test."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl command to make a certificate with")
    return make_certificate(tmp_path_factory.mktemp("tls"), "a.test", "b.test")


@pytest.fixture
def secure(certificate: Path) -> Iterator[WebServer]:
    """An https server on loopback."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with WebServer(context) as server:
        yield server


@pytest.fixture
def trusting(certificate: Path) -> Callable[[], ssl.SSLContext]:
    """The default TLS settings, plus trust in the certificate."""

    def make() -> ssl.SSLContext:
        context = default_tls()
        context.load_verify_locations(certificate)
        return context

    return make


NAMES = FakeResolver(a_test=["127.0.0.1"], b_test=["127.0.0.1"], other_test=["127.0.0.1"])


def test_tls_proves_the_name(secure: WebServer, trusting: Callable[[], ssl.SSLContext]) -> None:
    """The connection goes to the checked address, the certificate must be the name's."""
    secure.on("/", answer(200, b"x"))
    good = fetch(secure.url("/", "a.test"), resolver=NAMES, tls=trusting)
    assert (good.status, good.body, good.message) == (FetchStatus.NEW, b"x", "")
    wrong = fetch(secure.url("/", "other.test"), resolver=NAMES, tls=trusting)
    assert wrong.status is FetchStatus.NETWORK
    assert "certificate is not valid: Hostname mismatch" in wrong.message
    assert len(secure.seen) == 1


def test_an_unknown_certificate_is_refused(secure: WebServer) -> None:
    """A self-signed certificate is an error by default."""
    result = fetch(secure.url("/", "a.test"), resolver=NAMES)
    assert result.status is FetchStatus.NETWORK
    assert "certificate is not valid: self-signed certificate" in result.message
    assert not result.unreachable
    assert secure.seen == []


def test_default_tls_is_strict() -> None:
    """Certificates and names are checked and nothing older than TLS 1.2 is spoken."""
    context = default_tls()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


def test_the_context_is_built_once_and_late(
    web: WebServer, secure: WebServer, trusting: Callable[[], ssl.SSLContext]
) -> None:
    """Plain http builds no TLS context; two https requests build one."""
    built: list[ssl.SSLContext] = []

    def make() -> ssl.SSLContext:
        built.append(trusting())
        return built[-1]

    web.on("/", answer(200, b"x"))
    secure.on("/", answer(200, b"x"))

    async def story() -> list[int]:
        fetcher = HttpFetcher("test", allow_private=LOOPBACK, resolver=NAMES, tls=make)
        counts = []
        for url in (web.url("/"), secure.url("/", "a.test"), secure.url("/", "b.test")):
            assert (await fetcher.fetch(FetchRequest(url, ports=ports_of([url])))).status is FetchStatus.NEW
            counts.append(len(built))
        return counts

    assert asyncio.run(story()) == [0, 1, 1]


@pytest.mark.parametrize("name", ["a body until the connection closes", "short body", "body without end"])
def test_bodies_over_tls(secure: WebServer, trusting: Callable[[], ssl.SSLContext], name: str) -> None:
    """Ends and limits hold over TLS too."""
    steps: dict[str, tuple[tuple[Step, ...], FetchStatus]] = {
        "a body until the connection closes": ((OK + b"\r\n" + b"x" * 300_000,), FetchStatus.NEW),
        "short body": ((OK + b"Content-Length: 9\r\n\r\nbody",), FetchStatus.BAD_BODY),
        "body without end": ((OK + b"\r\n", Endless(b"x" * 1000)), FetchStatus.TOO_BIG),
    }
    secure.on("/", *steps[name][0])
    result = fetch(secure.url("/", "a.test"), resolver=NAMES, tls=trusting, max_body=1_000_000)
    assert result.status is steps[name][1]
    assert len(result.body) == (300_000 if result.status is FetchStatus.NEW else 0)


def test_https_to_a_server_that_speaks_none(web: WebServer) -> None:
    """A plain server on an https address is an error in words."""
    result = fetch(web.url("/").replace("http:", "https:"), deadline=LATE)
    assert result.status is FetchStatus.NETWORK


def test_a_downgrade_is_refused(
    web: WebServer, secure: WebServer, trusting: Callable[[], ssl.SSLContext]
) -> None:
    """A redirect from https to http is not followed."""
    secure.on("/", answer(301, Location=web.url("/")))
    ports = frozenset({web.port, secure.port})
    result = fetch(secure.url("/", "a.test"), resolver=NAMES, tls=trusting, ports=ports)
    assert (result.status, web.seen) == (FetchStatus.REFUSED, [])
    assert "from https to http" in result.message


# --- proxies ----------------------------------------------------------------------------------------------


def test_http_through_a_proxy(web: WebServer) -> None:
    """The proxy gets the whole address and its own login; nobody looks up the target's name here."""
    web.on("http://a.test/feed?x=1", answer(200, b"x"))
    resolver = FakeResolver()
    result = fetch(
        "http://a.test/feed?x=1",
        proxy=f"http://me:secret@127.0.0.1:{web.port}",
        allow_private=(),
        resolver=resolver,
    )
    assert result.status is FetchStatus.NEW
    assert web.seen[0].header("proxy-authorization") == "Basic bWU6c2VjcmV0"
    assert (web.seen[0].header("host"), resolver.asked) == ("a.test", [])


def test_https_through_a_proxy(
    web: WebServer, secure: WebServer, trusting: Callable[[], ssl.SSLContext]
) -> None:
    """The proxy opens a tunnel and sees the name alone; TLS runs from end to end."""
    place = f"a.test:{secure.port}"
    web.on(place, b"HTTP/1.1 200 Connected\r\n\r\n", Pipe(secure.port))
    secure.on("/feed", answer(200, b"x"))
    proxy = f"http://me:secret@127.0.0.1:{web.port}"
    result = fetch(secure.url("/feed", "a.test"), proxy=proxy, tls=trusting)
    assert (result.status, result.body) == (FetchStatus.NEW, b"x")
    assert (web.seen[0].method, web.seen[0].target) == ("CONNECT", place)
    assert secure.seen[0].header("proxy-authorization") is None
    wrong = fetch(secure.url("/feed", "a.test"), proxy=proxy)
    assert "certificate is not valid" in wrong.message


@pytest.mark.parametrize(
    ("steps", "status", "sentence"),
    [
        ((answer(407),), FetchStatus.NETWORK, "the proxy answered 407"),
        ((Reset(),), FetchStatus.NETWORK, ""),
        ((b"HTTP/1.1 200 Connected\r\n\r\nnot TLS at all",), FetchStatus.NETWORK, ""),
        ((b"HTTP/1.1 200 Connected\r\n\r\n", Reset()), FetchStatus.NETWORK, ""),
        ((b"HTTP/1.1 200 Connected\r\n\r\n", Hang()), FetchStatus.NETWORK, "did not answer"),
    ],
)
def test_a_proxy_that_fails(
    web: WebServer, steps: tuple[Step, ...], status: FetchStatus, sentence: str
) -> None:
    """What goes wrong in the tunnel ends as a value too."""
    web.on("a.test:443", *steps)
    result = fetch("https://a.test/", proxy=f"http://127.0.0.1:{web.port}", deadline=LATE)
    assert result.status is status
    assert sentence in result.message


def test_a_proxy_is_no_way_round_the_address_check(web: WebServer) -> None:
    """Addresses written in the URL are judged even though the proxy would connect to them."""
    result = fetch("http://0x7f.1/", proxy=f"http://127.0.0.1:{web.port}", allow_private=())
    assert (result.status, web.seen) == (FetchStatus.REFUSED, [])


@pytest.mark.parametrize(
    "proxy", ["socks5://127.0.0.1:1", "https://127.0.0.1:1", "127.0.0.1:1", "http://x:70000"]
)
def test_other_proxies_are_refused(proxy: str) -> None:
    """Only plain http proxies are supported, and the result says so."""
    result = fetch("http://a.test/", proxy=proxy)
    assert result.status is FetchStatus.REFUSED
    assert "proxy" in result.message
