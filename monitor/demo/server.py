"""A small HTTP/1.1 server on loopback: enough for a feed reader and a browser, and no more."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping


HOSTS = ("127.0.0.1", "127.0.0.2")  # two, since a server that asks to be left alone is so with all it serves


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked; header names in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Response:
    """What it is answered."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Server:
    """Serves `answer` on one free port of all HOSTS between entering and leaving the context."""

    def __init__(self, answer: Callable[[Request], Awaitable[Response]]) -> None:
        self._answer = answer
        self._listeners: list[asyncio.Server] = []
        self._connections: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        port = 0
        for host in HOSTS:
            listener = await asyncio.start_server(self._connected, host, port)
            self._listeners.append(listener)
            port = self.port
        return self

    async def __aexit__(self, *_: object) -> None:
        for listener in self._listeners:
            listener.close()
        for task in self._connections:
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        for listener in self._listeners:
            await listener.wait_closed()

    @property
    def port(self) -> int:
        """The port it was given."""
        return int(self._listeners[0].sockets[0].getsockname()[1])

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._converse(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await _read(reader):
                last = request.headers.get("connection", "").lower() == "close"
                writer.write(_serialised(request, await self._answer(request), last=last))
                await writer.drain()
                if last:
                    break
        except (OSError, ValueError, EOFError, asyncio.LimitOverrunError):
            pass  # the client went away or does not speak HTTP: its own affair
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


async def _read(reader: asyncio.StreamReader) -> Request | None:
    """The next request, or None where a client that keeps its connection open has no more."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _version = first.split(" ")
    fields = (line.partition(":") for line in lines if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in fields}
    if headers.get("content-length", "0") != "0" or "transfer-encoding" in headers:
        headers["connection"] = "close"  # we read no bodies, so the next request could not be found
    return Request(method, target.partition("?")[0], headers)


def _serialised(request: Request, response: Response, *, last: bool) -> bytes:
    headers = dict(response.headers)
    if response.status != HTTPStatus.NOT_MODIFIED:
        headers["Content-Length"] = str(len(response.body))
    headers["Connection"] = "close" if last else "keep-alive"
    head = f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return head.encode("latin-1") + b"\r\n" + (b"" if request.method == "HEAD" else response.body)
