"""Bad servers through the whole poll path: refused, or bounded in time and memory; the next feed is fine."""

from __future__ import annotations

import asyncio
import shutil
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor.feeds.fetch import MAX_BODY, HttpFetcher, user_agent
from monitor.feeds.parse import Parser
from monitor.feeds.problem import FetchError
from monitor.feeds.transport import default_tls
from monitor.model import FetchStatus
from monitor.service.app import App
from monitor.service.parts import Parts
from monitor.settings import ChannelConfig, Config, FeedConfig, Polling, RuleConfig, Secret
from monitor.store import sql
from monitor.store.rows import FeedState, read
from tests.hostile.badservers import BODIES, HEADS, NEW, PAGE, PLACES
from tests.support.newsdesk import fresh_database
from tests.support.webserver import FakeResolver, WebServer, answer, make_certificate, tls_server, trusting

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator

DEADLINE = 1.0  # seconds; a user's is 30
PATIENT = 10.0  # where something else ends the poll, however busy the machine is
GROWTH = 3 * MAX_BODY  # bytes the process may grow by meanwhile
GOOD = "127.0.0.1"
STATUS = Path("/proc/self/status")


class Names:
    """A name server for the tests' names: one changes its answer after the first question, one is silent."""

    def __init__(self) -> None:
        self._fake = FakeResolver(
            good_test=[GOOD],
            a_test=[GOOD],
            other_test=[GOOD],
            turns_test=[[GOOD], ["127.0.0.2"]],
            mixed_test=[GOOD, "127.0.0.2"],
        )
        self.asked = self._fake.asked

    async def __call__(self, host: str) -> list[str]:
        if host == "dead.test":
            await asyncio.Event().wait()
        if host == "none.test":
            raise FetchError(FetchStatus.NETWORK, "DNS: no such host", unreachable=True)
        return await self._fake(host)


class Kept(Parser):
    """A parser that lasts longer than one run, since it takes a while to start."""

    async def close(self) -> None:
        """Not yet."""


class Wired(Parts):
    """The real parts, with a shorter deadline and the tests' names."""

    def __init__(
        self, parser: Parser, names: Names, tls: Callable[[], ssl.SSLContext], deadline: float
    ) -> None:
        self._parser = parser
        self._names = names
        self._tls = tls
        self._deadline = deadline

    def fetcher(self, config: Config, clock: Any) -> HttpFetcher:
        return HttpFetcher(
            user_agent(config.contact),
            allow_private=config.polling.allow_private,
            clock=clock,
            deadline=self._deadline,
            resolver=self._names,
            tls=self._tls,
        )

    def parser(self) -> Parser:
        return self._parser


@dataclass(frozen=True)
class Polled:
    """What became of the bad feed."""

    state: FeedState
    seconds: float
    growth: int  # bytes
    names: Names


class Bench:
    """Polls one bad feed beside a good one, each time with a new database and the real App."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        self._parser = Kept()

    def poll(
        self,
        folder: Path,
        web: WebServer,
        url: str,
        tls: Callable[[], ssl.SSLContext] = default_tls,
        deadline: float = DEADLINE,
    ) -> Polled:
        """Poll both once; the good one has to be fine, and asyncio must not have complained."""
        web.only("/good", answer(200, PAGE))
        config = Config(
            path=folder / "config.toml",
            files=(),
            database=fresh_database(folder),
            timezone="UTC",
            polling=Polling(allow_private=(f"{GOOD}/32",), per_host_gap=0.0),
            feeds=(
                FeedConfig(name="bad", url=Secret(url)),
                FeedConfig(name="good", url=Secret(web.url("/good", "good.test"))),
            ),
            rules=(RuleConfig(name="all", query="feed:*"),),
            channels=(ChannelConfig(name="desk", type="file", path=folder / "alerts"),),
        )
        names = Names()
        parts = Wired(self._parser, names, tls, deadline)
        return self._runner.run(self._poll(config, parts, names))

    async def _poll(self, config: Config, parts: Parts, names: Names) -> Polled:
        complaints: list[Any] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        async with App(config, parts=parts) as app:
            before = start_measuring()
            began = time.monotonic()
            await app.poller.poll_all(force=True)
            seconds = time.monotonic() - began
            growth = peak() - before
            rows = {row["name"]: read(FeedState, row) for row in app.database.reader.rows(sql.FEEDS)}
        assert rows["good"].last_status == "new", rows["good"].last_message
        assert complaints == []
        return Polled(rows["bad"], seconds, growth, names)

    async def close(self) -> None:
        await Parser.close(self._parser)


def start_measuring() -> int:
    """Forget the peak; returns the bytes in memory now."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak()


def peak() -> int:
    """The most bytes this process had in memory since."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """What has polled once, so that what is loaded late is loaded."""
    with asyncio.Runner() as runner:
        ready = Bench(runner)
        with WebServer() as web:
            web.on("/bad", answer(200, PAGE))
            ready.poll(tmp_path_factory.mktemp("first"), web, web.url("/bad"))
        yield ready
        runner.run(ready.close())


def assert_bounded(polled: Polled, deadline: float = DEADLINE) -> None:
    """In time and memory."""
    assert polled.seconds < deadline + 1.0
    assert polled.growth < GROWTH


@pytest.mark.parametrize("name", [*HEADS, *BODIES])
def test_a_bad_answer(
    bench: Bench, web: WebServer, tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Heads, framings and bodies that are wrong, endless, slow or bombs."""
    bad = (HEADS | BODIES)[name]
    web.on("/bad", *bad.steps)
    deadline = DEADLINE if bad.slow else PATIENT
    polled = bench.poll(tmp_path, web, web.url("/bad"), deadline=deadline)
    assert_bounded(polled, deadline)
    state = polled.state
    assert (state.last_status, state.failures) == (bad.status.value, 1)
    assert bad.word in state.last_message
    assert state.last_message
    assert (state.etag, state.last_modified, state.body_hash) == (None, None, None)
    assert (polled.seconds >= deadline) is bad.slow
    assert not any(record.exc_info for record in caplog.records)


@pytest.mark.parametrize("name", PLACES)
def test_a_redirect_to_a_bad_place(bench: Bench, web: WebServer, tmp_path: Path, name: str) -> None:
    """Other schemes, other machines in any spelling, ports nobody named: not one more connection is made."""
    location, word = PLACES[name]
    place = location.format(port=web.port)
    web.on("/bad", answer(302, Location=place))
    polled = bench.poll(tmp_path, web, web.url("/bad"))
    assert_bounded(polled)
    assert polled.state.last_status == FetchStatus.REFUSED.value
    assert word in polled.state.last_message
    assert set(web.targets()) <= {"/bad", "/good"}


@pytest.mark.parametrize("name", PLACES)
def test_a_bad_address(bench: Bench, web: WebServer, tmp_path: Path, name: str) -> None:
    """The same places as a feed's own address; only a port may be named there."""
    location, _ = PLACES[name]
    url = location.encode("latin-1").decode().format(port=web.port)
    polled = bench.poll(tmp_path, web, url)
    assert_bounded(polled)
    if name in ("the mail port", "a database's port"):
        assert polled.state.last_status != FetchStatus.REFUSED.value
        return
    assert polled.state.last_status == FetchStatus.REFUSED.value
    assert polled.state.last_message
    assert set(web.targets()) <= {"/good"}


def test_a_name_that_turns_private(bench: Bench, web: WebServer, tmp_path: Path) -> None:
    """Each hop asks and judges anew: a name that was fine for the first is refused for the second."""
    web.on("/bad", answer(302, Location="/again"))
    polled = bench.poll(tmp_path, web, web.url("/bad", "turns.test"))
    assert polled.state.last_status == FetchStatus.REFUSED.value
    assert "turns.test points to 127.0.0.2, a loopback address" in polled.state.last_message
    assert web.targets().count("/again") == 0


@pytest.mark.parametrize("etag", ['"' + "\x01\x1b" * 2000 + '"', '"' + "a" * 4096 + '"', '"\x7f"'])
def test_an_etag_that_is_none(bench: Bench, web: WebServer, tmp_path: Path, etag: str) -> None:
    """Four kilobytes, or control characters, are not stored, so they never go back; the document is news."""
    web.on("/bad", OK_WITH(etag) + PAGE)
    polled = bench.poll(tmp_path, web, web.url("/bad"))
    assert_bounded(polled)
    assert polled.state.last_status in (NEW.value, FetchStatus.NETWORK.value)
    assert polled.state.etag is None


def OK_WITH(etag: str) -> bytes:  # noqa: N802 - stands for a constant
    """A head with this ETag."""
    return f"HTTP/1.1 200 OK\r\nETag: {etag}\r\n\r\n".encode("latin-1")


def test_long_ways_and_loops(bench: Bench, web: WebServer, tmp_path: Path) -> None:
    """Six hops are one too many; two that point at each other end at once."""
    for hop in range(9):
        web.on(f"/long/{hop}", answer(302, Location=f"/long/{hop + 1}"))
    polled = bench.poll(tmp_path, web, web.url("/long/0"))
    assert_bounded(polled)
    assert "more than 5 times" in polled.state.last_message


@pytest.mark.parametrize(("host", "status"), [("dead.test", "network"), ("none.test", "network")])
def test_a_bad_name(bench: Bench, web: WebServer, tmp_path: Path, host: str, status: str) -> None:
    """A name server that says nothing costs the deadline, one that says no costs nothing."""
    polled = bench.poll(tmp_path, web, f"http://{host}/")
    assert_bounded(polled)
    assert polled.state.last_status == status


def test_a_name_that_changes_between_check_and_connect(bench: Bench, web: WebServer, tmp_path: Path) -> None:
    """It is asked once: what was judged is what is connected to."""
    web.on("/bad", answer(200, PAGE))
    polled = bench.poll(tmp_path, web, web.url("/bad", "turns.test"))
    assert polled.state.last_status == NEW.value
    assert polled.names.asked.count("turns.test") == 1


# --- TLS --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One that is good, one that ended yesterday, one for another name."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl command to make a certificate with")
    folder = tmp_path_factory.mktemp("tls")
    return {
        "good": make_certificate(folder, "a.test"),
        "expired": make_certificate(folder / "x", "a.test", days=-1),
        "other": make_certificate(folder, "other.test"),
    }


def test_the_good_certificate_is_good(
    bench: Bench, web: WebServer, tmp_path: Path, certificates: dict[str, Path]
) -> None:
    """Else the next test would show nothing."""
    polled = over_tls(bench, web, tmp_path, certificates, "good")
    assert polled.state.last_status == NEW.value, polled.state.last_message


BAD_TLS = {
    "expired": "certificate has expired",
    "other": "Hostname mismatch",
    "unknown": "self-signed",
    "old TLS": "",  # the server says why, or merely hangs up
    "no TLS": "did not answer",
}


@pytest.mark.parametrize("kind", BAD_TLS)
def test_bad_tls(
    bench: Bench, web: WebServer, tmp_path: Path, certificates: dict[str, Path], kind: str
) -> None:
    """Ended, for another name, signed by nobody we know, TLS 1.1, or no TLS at all: nothing is asked."""
    polled = over_tls(bench, web, tmp_path, certificates, kind)
    assert_bounded(polled)
    assert polled.state.last_status == FetchStatus.NETWORK.value
    assert BAD_TLS[kind] in polled.state.last_message


def over_tls(bench: Bench, web: WebServer, folder: Path, certificates: dict[str, Path], kind: str) -> Polled:
    """Poll a.test from a server with such a certificate."""
    if kind == "no TLS":
        return bench.poll(folder, web, web.url("/good", "a.test").replace("http:", "https:"))
    shown = certificates.get(kind, certificates["good"])
    known = partial(trusting, *([] if kind == "unknown" else [shown]))
    with WebServer(tls_server(shown, old=kind == "old TLS")) as secure:
        secure.on("/bad", answer(200, PAGE))
        polled = bench.poll(folder, web, secure.url("/bad", "a.test"), known)
        assert len(secure.seen) == (1 if kind == "good" else 0)
    return polled
