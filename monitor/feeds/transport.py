"""
The way to a server: check its addresses, connect to a checked one, ask.

The address check lives here because every other place proved wrong: a URL has too many spellings, a name
may answer differently the second time it is asked, and a connection pool may reuse a connection for
another name. Here one lookup gives the addresses, all of them are judged, and exactly these are connected
to, one connection a request; TLS still proves the *name*.
"""

from __future__ import annotations

import asyncio
import base64
import os
import ssl
from typing import TYPE_CHECKING

from monitor.feeds.addresses import parse_ranges
from monitor.feeds.exchange import Exchange, question
from monitor.feeds.plain import connect
from monitor.feeds.problem import FetchError
from monitor.feeds.resolve import DnsPool, check, checked_addresses
from monitor.model import FetchStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from monitor.feeds.exchange import Fields, Question
    from monitor.feeds.resolve import Resolver
    from monitor.feeds.targets import Target

MAX_WIRE = 12_000_000


def default_tls() -> ssl.SSLContext:
    """The system's trusted certificates, names checked, TLS 1.2 or newer. Costs 20 ms: build it once."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def basic_login(user: str, password: str) -> bytes:
    """The value of an Authorization field."""
    return b"Basic " + base64.b64encode(f"{user}:{password}".encode())


class FeedTransport:
    """
    Connects only to permitted addresses, and bounds what comes back.

    `allow_private` are address ranges that may be contacted although they are not public. `max_wire` is
    in bytes, `connect_timeout` in seconds per address. `tls` is called at the first https request.

    `client.ClientTransport` makes an httpx transport of it, for whoever wants an `httpx.AsyncClient` with the
    same walls; docs/decisions.md has what each way costs.
    """

    def __init__(
        self,
        *,
        allow_private: Iterable[str] = (),
        resolver: Resolver | None = None,
        tls: Callable[[], ssl.SSLContext] = default_tls,
        max_wire: int = MAX_WIRE,
        connect_timeout: float = 8.0,
    ) -> None:
        self._allowed = parse_ranges(allow_private)
        self._resolver = resolver or DnsPool()
        self._make_context = tls
        self._context: ssl.SSLContext | None = None
        self._max_wire = max_wire
        self._connect_timeout = connect_timeout

    async def ask(
        self, target: Target, fields: Fields, *, proxy: Target | None = None, method: bytes = b"GET"
    ) -> Exchange:
        """
        Send a request without a body; returns once it is on its way. Raises FetchError.

        Whoever calls this aborts the exchange in the end.
        """
        if proxy is not None:
            return await self._through(proxy, target, method, fields)
        return await self._direct(target, method, fields)

    async def _direct(self, target: Target, method: bytes, fields: Fields) -> Exchange:
        if target.address is not None:
            check(target.address, self._allowed)
            addresses = [target.host]
        else:
            addresses = await checked_addresses(target.host, self._resolver, self._allowed)
        asked = question(method, target.path, fields)
        return await self._connect(addresses, target.port, asked, self._context_for(target), target.host)

    async def _through(self, proxy: Target, target: Target, method: bytes, fields: Fields) -> Exchange:
        """By way of a proxy: the whole address in the request for http, a tunnel for https."""
        # The proxy looks names up itself, so only what is written as an address can be judged here.
        if target.address is not None:
            check(target.address, self._allowed)
        login: Fields = []
        if proxy.login is not None:
            login = [(b"Proxy-Authorization", basic_login(*proxy.login))]
        context = self._context_for(target)
        if context is None:
            whole = b"http://" + target.netloc + target.path
            return await self._to_proxy(proxy, question(method, whole, [*fields, *login]))
        inner = question(method, target.path, fields)
        name = f"[{target.host}]" if ":" in target.host else target.host
        place = f"{name}:{target.port}".encode()
        door = await self._to_proxy(proxy, question(b"CONNECT", place, [(b"Host", place), *login]))
        try:
            async with asyncio.timeout(self._connect_timeout):
                return await self._tunnel(door, inner, context, target.host)
        except OSError as problem:
            door.abort()
            raise self._explain(problem) from None
        except BaseException:
            door.abort()
            raise

    async def _tunnel(self, door: Exchange, inner: Question, context: ssl.SSLContext, name: str) -> Exchange:
        status, _ = await door.head()
        if not 200 <= status < 300:
            raise FetchError(FetchStatus.NETWORK, f"the proxy answered {status} instead of connecting")
        exchange = Exchange(inner, self._max_wire)
        await exchange.take_over(door, context, name)
        return exchange

    async def _to_proxy(self, proxy: Target, asked: Question) -> Exchange:
        # The user named the proxy, so it may stand anywhere: its address is not judged.
        written = proxy.address is not None
        addresses = [proxy.host] if written else list(await self._resolver(proxy.host))[:4]
        return await self._connect(addresses, proxy.port, asked, None, proxy.host)

    async def _connect(
        self,
        addresses: Sequence[str],
        port: int,
        asked: Question,
        context: ssl.SSLContext | None,
        name: str,
    ) -> Exchange:
        """Connect to the first of the addresses that takes the connection, and send."""
        last = FetchError(FetchStatus.NETWORK, "DNS: the name has no address", unreachable=True)
        for address in addresses:
            try:
                if context is None:
                    exchange = Exchange(asked, self._max_wire)
                    await connect(address, port, exchange, self._connect_timeout)
                else:
                    exchange = await self._securely(address, port, asked, context, name)
            except ssl.SSLError as problem:
                # The server was reached: its other addresses would show the same certificate.
                raise self._explain(problem) from None
            except OSError as problem:
                last = self._explain(problem)
                # A reset comes from somebody: of the server, or of what stands before it.
                last.unreachable = not isinstance(problem, ConnectionResetError)
            else:
                return exchange
        raise last

    async def _securely(
        self, address: str, port: int, asked: Question, context: ssl.SSLContext, name: str
    ) -> Exchange:
        """Connect by TLS to a server that proves to be the one of this name, and send."""
        async with asyncio.timeout(self._connect_timeout):
            _, exchange = await asyncio.get_running_loop().create_connection(
                lambda: Exchange(asked, self._max_wire), address, port, ssl=context, server_hostname=name
            )
            return exchange

    def _context_for(self, target: Target) -> ssl.SSLContext | None:
        if target.scheme != "https":
            return None
        if self._context is None:
            self._context = self._make_context()
        return self._context

    def _explain(self, problem: OSError) -> FetchError:
        if isinstance(problem, ssl.SSLCertVerificationError):
            why = problem.verify_message.rstrip(".")
            sentence = f"the server's certificate is not valid: {why}"
        elif isinstance(problem, ssl.SSLError):
            sentence = "the server and we could not agree on TLS"
        elif isinstance(problem, TimeoutError):
            sentence = f"could not connect within {self._connect_timeout:g} s"
        elif isinstance(problem, ConnectionRefusedError):
            sentence = "the server refused the connection"
        elif isinstance(problem, ConnectionError):
            sentence = "the connection was reset"
        else:
            why = os.strerror(problem.errno).lower() if problem.errno else "unknown error"
            sentence = f"could not connect: {why}"
        return FetchError(FetchStatus.NETWORK, sentence)
