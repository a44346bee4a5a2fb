"""The transport by httpx's interface: for an `httpx.AsyncClient` with the same walls. Polls go without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.feeds.lean_httpx import httpx
from monitor.feeds.targets import target_of_url

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from monitor.feeds.exchange import Exchange
    from monitor.feeds.transport import FeedTransport


class ClientTransport(httpx.AsyncBaseTransport):
    """A `FeedTransport` as httpx calls one; raises FetchError."""

    def __init__(self, transport: FeedTransport) -> None:
        self._transport = transport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request without a body; returns with the head of the answer, its stream is a `Body`."""
        target = target_of_url(request.url)
        exchange = await self._transport.ask(target, request.headers.raw, method=request.method.encode())
        try:
            status, fields = await exchange.head()
        except BaseException:
            exchange.abort()
            raise
        return httpx.Response(status, headers=fields, stream=Body(exchange))


class Body(httpx.AsyncByteStream):
    """The body of an answer, piece by piece as it arrives, still packed."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while piece := await self._exchange.read():
            yield piece

    async def aclose(self) -> None:
        """Drop the connection, whatever is still to come."""
        self._exchange.abort()
