"""
The canary's feed: one document on a port of loopback that is open for as long as the request takes.

It is fetched by the same transport as everybody's, through a fetcher of its own that may ask 127.0.0.1 and
nothing else beside the public: what may be asked for the sake of users' feeds is not widened by it.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from email.utils import format_datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

HOST = "127.0.0.1"
MAY_ASK = (f"{HOST}/32",)  # the canary's fetcher alone
_PATIENCE = 10.0  # seconds for a request to be read


def document(token: str, now: datetime) -> bytes:
    """A feed of one item that the canary's rule holds for; `token` makes it a new one."""
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>Canary</title>'
        f"<item><title>tocsincanary sings</title><guid isPermaLink='false'>{token}</guid>"
        f"<link>http://{HOST}/canary/{token}</link><pubDate>{format_datetime(now)}</pubDate>"
        "<description>This is what Tocsin sends itself to see that it hears.</description></item>"
        "</channel></rss>"
    ).encode()


@asynccontextmanager
async def served(body: bytes, token: str) -> AsyncIterator[tuple[str, int]]:
    """Serve the document inside this block; gives its address and port. Raises OSError."""
    path = f"/canary/{token}"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            async with asyncio.timeout(_PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
            known = head.startswith(f"GET {path} ".encode())
            status, content = ("200 OK", body) if known else ("404 Not Found", b"")
            writer.write(
                f"HTTP/1.1 {status}\r\nContent-Type: application/rss+xml\r\n"
                f"Content-Length: {len(content)}\r\nConnection: close\r\n\r\n".encode()
                + content
            )
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, HOST, 0, limit=65_536)
    port = int(server.sockets[0].getsockname()[1])
    try:
        yield f"http://{HOST}:{port}{path}", port
    finally:
        server.close()
