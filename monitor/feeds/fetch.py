"""
Fetching: one request in, one result out, whatever the server does.

This is the one way out to other people's servers: whatever is fetched because of a feed, be it the feed, a
page of it or what `discover` tries, goes through `HttpFetcher.fetch` and so meets the same address check,
ports, redirect rules and limits. Nothing else in the package opens a connection for them.

`HttpFetcher` follows redirects by itself, because each hop is a new decision: is the scheme lawful, may
the address be contacted (the transport's part), is this still the origin that the user's login and header
fields were meant for, and is it the address that gave the validators? It paces nothing and repeats nothing
but one question: a "not modified" to a request without validators is asked again, once. (A connection carries
one request and is never used again, so there is no stale one whose read error would be worth a second try.)
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from monitor import __version__
from monitor.feeds.answer import Head, cache_seconds, retry_after, validator, verdict
from monitor.feeds.inflate import Inflater, too_big
from monitor.feeds.pacing import site_of
from monitor.feeds.problem import FetchError
from monitor.feeds.targets import proxy_of, redirected, same_origin, target_of
from monitor.feeds.transport import MAX_WIRE, FeedTransport, basic_login, default_tls
from monitor.model import FetchRequest, FetchResult, FetchStatus, Hop
from monitor.text.hashes import hash64

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Mapping

    from monitor.feeds.exchange import Exchange, Fields
    from monitor.feeds.resolve import Resolver
    from monitor.feeds.targets import Target

MAX_BODY = 10_000_000
MAX_HOPS = 5
DEADLINE = 30.0
MAX_PAGE = 5_000_000  # of a web page, and what a fetch of one may take: nobody waits for it as for a feed
PAGE_DEADLINE = 20.0
ACCEPT_PAGE = "text/html, application/xhtml+xml, application/xml;q=0.9, text/plain;q=0.8, */*;q=0.1"
ACCEPT = (
    "application/rss+xml, application/atom+xml, application/feed+json, application/rdf+xml, "
    "application/xml;q=0.9, text/xml;q=0.9, application/json;q=0.8, */*;q=0.1"
)
ABOUT = "a news feed reader"  # said of us where there is no contact: we have no page on the web yet
# What makes a request safe, polite and decodable is not for a feed's own header fields to change.
_OURS = frozenset(
    (
        *("accept-encoding", "connection", "content-length", "expect", "host", "keep-alive", "range"),
        *("if-match", "if-modified-since", "if-none-match", "if-range", "if-unmodified-since"),
        *("proxy-authorization", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"),
    )
)


class Fetcher(Protocol):
    """Whatever can turn a request into a result; never raises, except when cancelled."""

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Ask for one address."""
        ...


def user_agent(contact: str | None) -> str:
    """Who we say we are; `contact` (a mail or web address) lets an annoyed server owner reach the user."""
    shown = "".join(c for c in contact or "" if c.isascii() and c.isprintable() and c not in "()\\").strip()
    return f"Tocsin/{__version__} (+{shown})" if shown else f"Tocsin/{__version__} ({ABOUT})"


@dataclass(slots=True)
class _Trip:
    """Where a fetch has got to: what a result can say even if the deadline strikes."""

    target: Target | None = None
    hops: list[Hop] = field(default_factory=list)
    redirects: int = 0
    permanent: bool = True
    at_home: bool = True  # still at the origin the user named, without having left it
    answered: bool = False
    connected: bool = False  # to this server, or to one that redirected here
    conditional: bool = False  # the question in hand sent validators
    again: bool = False  # a "not modified" that nobody asked for was met already
    began: float = 0.0
    wire_bytes: int = 0
    elsewhere: str = ""  # the page has moved to another site


class HttpFetcher:
    """
    The `Fetcher` that asks real servers.

    `agent` is the User-Agent (see `user_agent`); `allow_private`, `resolver` and `tls` are the
    transport's. `deadline` is in seconds for the whole fetch, redirects and body included; `max_body` in
    decoded bytes, `max_wire` in bytes on the wire per hop. `clock` dates a Retry-After. `on_head` is told of
    each answer's head, with the host that gave it.
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
        on_head: Callable[[str, Head], None] | None = None,
    ) -> None:
        self._fields, self._page_fields = (
            [
                (b"User-Agent", _encode(agent)),
                (b"Accept", accept.encode()),
                (b"Accept-Encoding", b"gzip, deflate"),
                (b"Connection", b"close"),
            ]
            for accept in (ACCEPT, ACCEPT_PAGE)
        )
        self._clock = clock
        self._on_head = on_head
        self._deadline = deadline
        self._max_body = max_body
        self._max_wire = max_wire
        self._transport = FeedTransport(
            allow_private=allow_private, resolver=resolver, tls=tls, max_wire=max_wire
        )

    async def fetch(self, request: FetchRequest) -> FetchResult:
        """Ask for a feed or a page; the result's message says in a sentence what went wrong."""
        loop = asyncio.get_running_loop()
        trip = _Trip(began=loop.time())
        deadline = min(self._deadline, PAGE_DEADLINE) if request.page else self._deadline
        try:
            async with asyncio.timeout(deadline):
                return await self._follow(request, trip)
        except FetchError as problem:
            status, message, unreachable = problem.status, problem.message, problem.unreachable
        except TimeoutError:
            late = "did not finish its answer" if trip.answered else "did not answer"
            status, message = FetchStatus.NETWORK, f"the server {late} within {deadline:g} s"
            unreachable = True
        return FetchResult(
            status,
            message=message,
            retry_after=_longest(trip),
            final_url=trip.target.url if trip.target else "",
            wire_bytes=trip.wire_bytes,
            unreachable=unreachable and not trip.connected,
            hops=tuple(trip.hops),
            seconds=loop.time() - trip.began,
            elsewhere=trip.elsewhere,
        )

    async def _follow(self, request: FetchRequest, trip: _Trip) -> FetchResult:
        target = trip.target = target_of(request.url, request.ports)
        proxy = proxy_of(request.proxy) if request.proxy else None
        login = request.auth or target.login
        giver = _giver(request, target)
        seen: set[str] = set()
        while True:
            trip.conditional = giver is not None and giver == hash64(target.url.encode())
            asked = self._question(target, request, login if trip.at_home else None, trip)
            trip.answered = False
            exchange = await self._transport.ask(target, asked, proxy=proxy)
            trip.connected = True
            try:
                head = Head(*await exchange.head())
                trip.answered = True
                if self._on_head is not None:
                    self._on_head(target.host, head)
                now = self._clock()
                redirect = head.redirects_to
                is_permanent = redirect is not None and head.is_permanent
                patience = retry_after(head, now)
                trip.hops.append(Hop(target.host, head.status, patience, is_permanent))
                if head.is_stray(conditional=trip.conditional) and not (trip.again or patience):
                    trip.again = True
                    continue
                if redirect is None:
                    return await self._conclude(head, exchange, request, trip, now)
            finally:
                trip.wire_bytes += exchange.wire_bytes
                exchange.abort()
            seen.add(target.url)
            target = self._next(target, redirect, request, seen, trip)
            trip.permanent = trip.permanent and is_permanent

    def _next(
        self, target: Target, location: str, request: FetchRequest, seen: set[str], trip: _Trip
    ) -> Target:
        """Decide on a redirect: the address to ask next; raises FetchError if it is not to be followed."""
        following = redirected(target, location, request.ports)
        if target.scheme == "https" and following.scheme == "http":
            raise FetchError(
                FetchStatus.REFUSED, "the server redirects from https to http, which is not followed"
            )
        if following.url in seen:
            raise FetchError(FetchStatus.REFUSED, "the server redirects in a loop")
        if request.page and site_of(following.host) != site_of(target.host):
            trip.elsewhere = following.url  # that site has wishes of its own
            raise FetchError(FetchStatus.REFUSED, "the server redirects to another site")
        if request.permits is not None and not request.permits(following.url):
            raise FetchError(
                FetchStatus.REFUSED, "the site's robots.txt does not allow where it redirects to"
            )
        trip.redirects += 1
        if trip.redirects > MAX_HOPS:
            raise FetchError(FetchStatus.REFUSED, f"the server redirects more than {MAX_HOPS} times")
        trip.target = following
        trip.at_home = trip.at_home and same_origin(target, following)
        return following

    def _question(
        self, target: Target, request: FetchRequest, login: tuple[str, str] | None, trip: _Trip
    ) -> Fields:
        fields = [(b"Host", target.netloc), *(self._page_fields if request.page else self._fields)]
        if login is not None:
            fields.append((b"Authorization", basic_login(*login)))
        if trip.at_home and request.headers:
            fields = _with_own(fields, request.headers)
        if trip.conditional:
            if request.etag:
                fields.append((b"If-None-Match", _encode(request.etag)))
            if request.last_modified:
                fields.append((b"If-Modified-Since", _encode(request.last_modified)))
        return fields

    async def _conclude(
        self, head: Head, exchange: Exchange, request: FetchRequest, trip: _Trip, now: datetime
    ) -> FetchResult:
        assert trip.target is not None
        status, message = verdict(head, conditional=trip.conditional)
        good = status in (FetchStatus.NEW, FetchStatus.NOT_MODIFIED)
        most = min(self._max_body, MAX_PAGE) if request.page else self._max_body
        content = await self._read(head, exchange, most) if status is FetchStatus.NEW else b""
        url = trip.target.url
        return FetchResult(
            status,
            http_status=head.status,
            body=content,
            content_type=head.first(b"content-type") or "",
            etag=validator(head.first(b"etag")) if good else None,
            last_modified=validator(head.first(b"last-modified")) if good else None,
            retry_after=_longest(trip),
            cache_seconds=cache_seconds(head, now) if good else None,
            final_url=url,
            permanent_url=url if good and trip.redirects and trip.permanent else None,
            message=message,
            wire_bytes=trip.wire_bytes + exchange.wire_bytes,
            hops=tuple(trip.hops),
            final_hash=hash64(url.encode()),
            seconds=asyncio.get_running_loop().time() - trip.began,
        )

    async def _read(self, head: Head, exchange: Exchange, most: int) -> bytes:
        coding = head.joined(b"content-encoding")
        limit = self._max_wire if coding else most
        if head.content_length > limit:
            raise too_big(limit)
        inflater = Inflater(coding, most)
        while piece := await exchange.read():
            inflater.add(piece)
        return inflater.finish()


def _giver(request: FetchRequest, target: Target) -> int | None:
    """The hash of the address that gave the validators, which are sent to no other; None = send none."""
    if request.unconditional or not (request.etag or request.last_modified):
        return None
    return hash64(target.url.encode()) if request.validators_of is None else request.validators_of


def _with_own(fields: Fields, own: Mapping[str, str]) -> Fields:
    """The feed's own fields beside ours, or in their place where that is harmless."""
    merged = {name.lower(): (name, value) for name, value in fields}
    for name, value in own.items():
        if name.lower() in _OURS:
            raise FetchError(
                FetchStatus.REFUSED, f"the header {name} is set by Tocsin itself: remove it from the feed"
            )
        merged[_encode(name.lower())] = (_encode(name), _encode(value))
    return list(merged.values())


def _longest(trip: _Trip) -> float | None:
    """What the most patient of all answers on the way asked for: the feed's own host is one of them."""
    return max((hop.retry_after for hop in trip.hops if hop.retry_after is not None), default=None)


def _encode(text: str) -> bytes:
    """A field's value as bytes: what a server sent was read as latin-1, what users write may be more."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")
