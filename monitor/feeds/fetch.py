"""
Fetching: one request in, one result out, whatever the server does.

`HttpFetcher` follows redirects by itself, because each hop is a new decision: is the scheme lawful, may
the address be contacted (the transport's part), and is this still the origin that the user's login,
header fields and validators were meant for? It paces nothing and retries nothing: its callers do.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from monitor import __version__
from monitor.feeds.answer import Head, cache_seconds, retry_after, validator, verdict
from monitor.feeds.inflate import Inflater, too_big
from monitor.feeds.lean_httpx import httpx
from monitor.feeds.problem import FetchError
from monitor.feeds.transport import MAX_WIRE, Body, FeedTransport, basic_login, default_tls, port_of
from monitor.model import FetchRequest, FetchResult, FetchStatus

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable

    from monitor.feeds.resolve import Resolver

MAX_BODY = 10_000_000
MAX_HOPS = 5
DEADLINE = 30.0
ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1"
)
# What makes a request safe, polite and decodable is not for a feed's own header fields to change.
_OURS = frozenset(
    (
        *("accept-encoding", "connection", "content-length", "expect", "host", "keep-alive", "range"),
        *("if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since"),
        *("proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"),
    )
)
_NO_BODY = httpx.ByteStream(b"")


class Fetcher(Protocol):
    """Whatever can turn a request into a result; never raises, except when cancelled."""

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Ask for one address."""
        ...


def user_agent(contact: str | None) -> str:
    """Who we say we are; `contact` (a mail or web address) lets an annoyed server owner reach the user."""
    shown = "".join(c for c in contact or "" if c.isascii() and c.isprintable() and c not in "()\\").strip()
    return f"Tocsin/{__version__} (+{shown})" if shown else f"Tocsin/{__version__}"


@dataclass(slots=True)
class _Trip:
    """Where a fetch has got to: what a result can say even if the deadline strikes."""

    url: httpx.URL | None = None
    hops: int = 0
    permanent: bool = True
    at_home: bool = True  # still at the origin the user named, without having left it
    answered: bool = False
    question: httpx.Request | None = None
    wire_bytes: int = 0

    @property
    def connected(self) -> bool:
        """Whether any connection stood: to this server, or to one that redirected here."""
        return self.hops > 0 or (self.question is not None and "connected" in self.question.extensions)


class HttpFetcher:
    """
    The `Fetcher` that asks real servers.

    `agent` is the User-Agent (see `user_agent`); `allow_private`, `resolver` and `tls` are the
    transport's. `deadline` is in seconds for the whole fetch, redirects and body included; `max_body` in
    decoded bytes, `max_wire` in bytes on the wire per hop. `clock` dates a Retry-After.
    """

    def __init__(
        self,
        agent: str,
        *,
        allow_private: Iterable[str] = (),
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        deadline: float = DEADLINE,
        max_body: int = MAX_BODY,
        max_wire: int = MAX_WIRE,
        resolver: Resolver | None = None,
        tls: Callable[[], ssl.SSLContext] = default_tls,
    ) -> None:
        self._agent = _encode(agent)
        self._clock = clock
        self._deadline = deadline
        self._max_body = max_body
        self._max_wire = max_wire
        self._transport = FeedTransport(
            allow_private=allow_private, resolver=resolver, tls=tls, max_wire=max_wire
        )

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Ask for a feed or a page; the result's message says in a sentence what went wrong."""
        trip = _Trip()
        try:
            async with asyncio.timeout(self._deadline):
                return await self._follow(request, trip)
        except FetchError as problem:
            status, message, unreachable = problem.status, problem.message, problem.unreachable
        except TimeoutError:
            late = "did not finish its answer" if trip.answered else "did not answer"
            status, message = FetchStatus.NETWORK, f"the server {late} within {self._deadline:g} s"
            unreachable = True
        return FetchResult(
            status,
            message=message,
            final_url=_without_login(trip.url) if trip.url else "",
            wire_bytes=trip.wire_bytes,
            unreachable=unreachable and not trip.connected,
        )

    async def _follow(self, request: FetchRequest, trip: _Trip) -> FetchResult:
        url = trip.url = _parse(request.url)
        proxy = _parse_proxy(request.proxy)
        login = request.auth or ((url.username, url.password) if url.userinfo else None)
        seen: set[str] = set()
        while True:
            question = self._question(url, request, login if trip.at_home else None, at_home=trip.at_home)
            if proxy is not None:
                question.extensions["proxy"] = proxy
            trip.answered, trip.question = False, question
            response = await self._transport.handle_async_request(question)
            body = response.stream
            assert isinstance(body, Body)
            trip.answered = True
            try:
                head = Head(response.status_code, response.headers.raw)
                target = head.redirects_to
                if target is None:
                    return await self._conclude(head, body, request, trip)
            finally:
                trip.wire_bytes += body.wire_bytes
                await body.aclose()
            seen.add(_without_login(url))
            url = _next_url(url, target, seen, trip)
            trip.permanent = trip.permanent and head.is_permanent

    def _question(
        self, url: httpx.URL, request: FetchRequest, login: tuple[str, str] | None, *, at_home: bool
    ) -> httpx.Request:
        fields = {
            "host": (b"Host", url.netloc),
            "user-agent": (b"User-Agent", self._agent),
            "accept": (b"Accept", ACCEPT.encode()),
            "accept-encoding": (b"Accept-Encoding", b"gzip, deflate"),
            "connection": (b"Connection", b"close"),
        }
        if login is not None:
            fields["authorization"] = (b"Authorization", basic_login(*login))
        if at_home:
            for name, value in request.headers.items():
                if name.lower() in _OURS:
                    raise FetchError(
                        FetchStatus.REFUSED,
                        f"the header {name} is set by Tocsin itself: remove it from the feed",
                    )
                fields[name.lower()] = (_encode(name), _encode(value))
            if request.etag:
                fields["if-none-match"] = (b"If-None-Match", _encode(request.etag))
            if request.last_modified:
                fields["if-modified-since"] = (b"If-Modified-Since", _encode(request.last_modified))
        return httpx.Request("GET", url, headers=list(fields.values()), stream=_NO_BODY)

    async def _conclude(self, head: Head, body: Body, request: FetchRequest, trip: _Trip) -> FetchResult:
        assert trip.url is not None
        conditional = trip.at_home and bool(request.etag or request.last_modified)
        status, message = verdict(head, conditional=conditional)
        good = status in (FetchStatus.NEW, FetchStatus.NOT_MODIFIED)
        content = await self._read(head, body) if status is FetchStatus.NEW else b""
        now = self._clock()
        final_url = _without_login(trip.url)
        return FetchResult(
            status,
            http_status=head.status,
            body=content,
            content_type=head.first(b"content-type") or "",
            etag=validator(head.first(b"etag")) if good else None,
            last_modified=validator(head.first(b"last-modified")) if good else None,
            retry_after=retry_after(head, now),
            cache_seconds=cache_seconds(head, now) if good else None,
            final_url=final_url,
            permanent_url=final_url if good and trip.hops and trip.permanent else None,
            message=message,
            wire_bytes=trip.wire_bytes + body.wire_bytes,
        )

    async def _read(self, head: Head, body: Body) -> bytes:
        coding = head.joined(b"content-encoding")
        limit = self._max_wire if coding else self._max_body
        if head.content_length > limit:
            raise too_big(limit)
        inflater = Inflater(coding, self._max_body)
        while piece := await body.read():
            inflater.add(piece)
        return inflater.finish()


def _parse(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text.strip().partition("#")[0])
    except (httpx.InvalidURL, ValueError):
        raise FetchError(FetchStatus.REFUSED, "the address is not a valid URL") from None
    return _lawful(url)


def _parse_proxy(text: str | None) -> httpx.URL | None:
    if not text:
        return None
    try:
        proxy = httpx.URL(text)
    except (httpx.InvalidURL, ValueError):
        raise FetchError(FetchStatus.REFUSED, "the proxy's address is not a valid URL") from None
    if proxy.scheme != "http" or not proxy.host or not 0 < port_of(proxy) < 65_536:
        raise FetchError(FetchStatus.REFUSED, "only a proxy with an http:// address can be used")
    return proxy


def _next_url(url: httpx.URL, target: str, seen: set[str], trip: _Trip) -> httpx.URL:
    """Decide on a redirect: the address to ask next; raises FetchError if it is not to be followed."""
    try:
        # A fragment is not sent, a login in a redirect is not ours to use.
        following = url.join(_location(target)).copy_with(fragment=None, userinfo=b"")
    except (httpx.InvalidURL, ValueError):
        raise FetchError(FetchStatus.REFUSED, "the server redirects to something that is no URL") from None
    following = _lawful(following)
    if url.scheme == "https" and following.scheme == "http":
        raise FetchError(
            FetchStatus.REFUSED, "the server redirects from https to http, which is not followed"
        )
    if _without_login(following) in seen:
        raise FetchError(FetchStatus.REFUSED, "the server redirects in a loop")
    trip.hops += 1
    if trip.hops > MAX_HOPS:
        raise FetchError(FetchStatus.REFUSED, f"the server redirects more than {MAX_HOPS} times")
    trip.url = following
    trip.at_home = trip.at_home and _same_origin(url, following)
    return following


def _location(raw: str) -> str:
    """A Location field as text: most servers mean UTF-8, some write latin-1."""
    try:
        return raw.encode("latin-1").decode()
    except UnicodeDecodeError:
        return raw


def _lawful(url: httpx.URL) -> httpx.URL:
    if url.scheme not in ("http", "https"):
        raise FetchError(FetchStatus.REFUSED, "only http and https addresses are fetched")
    if not url.host or not 0 < port_of(url) < 65_536:
        raise FetchError(FetchStatus.REFUSED, "the address names no host or no lawful port")
    return url


def _same_origin(one: httpx.URL, two: httpx.URL) -> bool:
    """Scheme, host and port agree, or the same host has merely moved from http to https."""
    if one.raw_host != two.raw_host:
        return False
    upgraded = (one.scheme, port_of(one), two.scheme, port_of(two)) == ("http", 80, "https", 443)
    return upgraded or (one.scheme, port_of(one)) == (two.scheme, port_of(two))


def _without_login(url: httpx.URL) -> str:
    return str(url.copy_with(userinfo=b"")) if url.userinfo else str(url)


def _encode(text: str) -> bytes:
    """A field's value as bytes: what a server sent was read as latin-1, what users write may be more."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")
