"""
A small HTTP listener for those who look after Tocsin: on a port or on a socket in the file system.

It answers GET and HEAD, one request a connection, and nothing that comes in changes anything. Neither what
comes in nor what goes wrong here may cost the daemon more than this answer: the head is bounded in bytes and
time, and so are the connections. A place that cannot be had (a port in use) is said once and tried again;
another one in the configuration is taken up after a reload. A web page in a browser of this machine must not
read it by a name that it makes point to loopback: on loopback only addresses and "localhost" are answered to.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import socket
import stat
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from monitor.config.serving import is_loopback
from monitor.service.log import event, failure, get_logger

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from monitor.config.serving import Place

LOOK = 2.0  # seconds between two looks whether another place is wanted
AGAIN = 30.0  # seconds until a place that could not be had is tried again
PATIENCE = 5.0  # seconds for a request's head to come, and for its answer to be taken
LONGEST_HEAD = 8192  # bytes
MOST = 16  # connections at once
SOCKET_MODE = 0o660
_log = get_logger("health")


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered."""

    status: int
    body: bytes
    kind: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a path without its query, and what the asker would like to get."""

    path: str
    accept: str = ""


class Listener:
    """Listens where `wanted` says, and has `answer` answer."""

    def __init__(
        self, wanted: Callable[[], Place | None], answer: Callable[[Question], Awaitable[Reply]]
    ) -> None:
        self._wanted = wanted
        self._answer = answer
        self._place: Place | None = None
        self._server: asyncio.Server | None = None
        self._ours: tuple[int, int] | None = None  # the socket file that we made
        self._retry_at = 0.0
        self._complaint = ""
        self._open = 0
        self.address: tuple[str, int] | None = None  # where it listens, if that is a port

    async def run(self) -> None:
        """Listen until cancelled."""
        try:
            while True:
                await self.look()
                await asyncio.sleep(LOOK)
        finally:
            self.close()

    async def look(self) -> None:
        """Listen where that is wanted now."""
        wanted, now = self._wanted(), asyncio.get_running_loop().time()
        if wanted != self._place:
            self.close()
            self._place, self._retry_at, self._complaint = wanted, 0.0, ""
        if wanted is None or self._server is not None or now < self._retry_at:
            return
        try:
            await self._listen(wanted)
        except OSError as error:
            self._retry_at = now + AGAIN
            self._complain(wanted, error)
        else:
            self._complaint = ""
            event(_log, "info", "health and metrics can be read", at=str(wanted))

    def close(self) -> None:
        """Listen no more; a socket file that we made goes."""
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._place is not None and self._place.path is not None and self._ours is not None:
            with contextlib.suppress(OSError):
                if _identity(self._place.path) == self._ours:
                    self._place.path.unlink()
        self._ours = self.address = None

    async def _listen(self, place: Place) -> None:
        if place.path is not None:
            sock = _unix_socket(place.path)
            self._ours = _identity(place.path)
            self._server = await asyncio.start_unix_server(self._serve, sock=sock, limit=LONGEST_HEAD)
        else:
            self._server = await asyncio.start_server(self._serve, place.host, place.port, limit=LONGEST_HEAD)
            self.address = self._server.sockets[0].getsockname()[:2]

    def _complain(self, place: Place, error: OSError) -> None:
        why = _why(error)
        said = f"{place}: {why}"
        if said == self._complaint:
            return
        self._complaint = said
        event(
            _log,
            "warning",
            "health and metrics cannot be read: nobody listens; everything else goes on",
            at=str(place),
            error=why,
            remedy=remedy_for(error, place),
        )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._open >= MOST:
            writer.transport.abort()
            return
        self._open += 1
        try:
            async with asyncio.timeout(PATIENCE):
                await self._converse(reader, writer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever asked is gone, or never asked
        except Exception as error:  # noqa: BLE001 - a page that fails must not cost the daemon anything
            failure(_log, "a health page failed", error)
        finally:
            self._open -= 1
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        method, _, rest = first.partition(" ")
        fields = {n.strip().lower(): v.strip() for n, _, v in (line.partition(":") for line in lines)}
        reply = await self._reply(method, rest.partition(" ")[0], fields)
        written = (
            f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}\r\nContent-Type: {reply.kind}\r\n"
            f"Content-Length: {len(reply.body)}\r\nCache-Control: no-store\r\n"
            "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
        )
        writer.write(written.encode("latin-1") + (b"" if method == "HEAD" else reply.body))
        await writer.drain()

    async def _reply(self, method: str, target: str, fields: dict[str, str]) -> Reply:
        if method not in ("GET", "HEAD"):
            return Reply(405, b"only GET and HEAD are answered here\n")
        if not self._is_meant(fields.get("host", "")):
            return Reply(421, b"ask by an address of this machine, or by localhost\n")
        path = target.partition("?")[0]
        return await self._answer(Question(path, fields.get("accept", "")))

    def _is_meant(self, host: str) -> bool:
        """Whether a request may have come from where this place is known; see the top."""
        place = self._place
        if place is None or place.path is not None or not place.on_loopback:
            return True
        name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
        return name == "" or is_loopback(name.strip("[]"))


def _why(error: OSError) -> str:
    """The system's own words; asyncio wraps them in a sentence with the address, which is told anyway."""
    number = error.errno
    if isinstance(error, socket.gaierror) or number is None or number not in errno.errorcode:
        return error.strerror or str(error)
    return os.strerror(number)


def remedy_for(error: OSError, place: Place) -> str:
    """What to do where a place cannot be had."""
    if error.errno == errno.EADDRINUSE:
        return (
            f"see who listens there (ss -lptn, ss -lx), or give [metrics] listen another place than {place}"
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return "take a port above 1023, or a folder that Tocsin may write to (under systemd: /run/tocsin)"
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return "make its folder, or take one that is there (under systemd: /run/tocsin)"
    # Since Python 3.13 asyncio keeps the number to itself where none of a host's addresses is ours.
    if error.errno == errno.EADDRNOTAVAIL or (place.path is None and error.errno is None):
        return "this machine has no such address: take 127.0.0.1"
    if place.path is not None and error.errno is None:
        return "take a shorter path: a socket's may have some hundred characters"
    return "see [metrics] listen in the configuration"


def _unix_socket(path: Path) -> socket.socket:
    """
    A socket bound to the path, for owner and group; one that nobody listens on any more makes room.

    The event loop's own way would take away one that somebody listens on.
    """
    if path.is_symlink() or path.exists():
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise OSError(errno.EADDRINUSE, "a file stands there that is no socket")
        if _answers(path):
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        path.unlink()
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(str(path))
        path.chmod(SOCKET_MODE)  # nobody is answered before it listens
        sock.listen(MOST)
        sock.setblocking(False)
    except OSError:
        sock.close()
        raise
    return sock


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        return True


def _identity(path: Path) -> tuple[int, int]:
    found = path.lstat()
    return found.st_dev, found.st_ino
