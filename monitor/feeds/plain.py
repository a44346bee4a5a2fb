"""
A connection without TLS, as bare as one question and its answer need it.

asyncio's own way to the same (`create_connection` and its transport) serves every protocol there is: until
the question is sent it takes six turns of the event loop and a dozen objects, which cost more than all else
in a fetch. Here the socket is watched by the loop itself: once until it stands, when the question goes out at
once, and then for what comes.

It does what `Exchange` asks of an `asyncio.Transport`, and has its duties: it calls `connection_made`,
`data_received`, `eof_received` and `connection_lost`, and none of them after it was aborted.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.feeds.exchange import Exchange

_UNDER_WAY = (0, errno.EINPROGRESS)
_AT_MOST = 65_536  # bytes taken at a time: a larger piece of memory would be mapped and given back each time


async def connect(address: str, port: int, exchange: Exchange, patience: float) -> None:
    """
    Connect to an address (no name) and have the exchange begin; raises OSError.

    `patience` is in seconds; TimeoutError is an OSError.
    """
    sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    sock.setblocking(False)
    connection = PlainConnection(asyncio.get_running_loop(), sock, exchange)
    try:
        await connection.stands(address, port, patience)
    except BaseException:
        connection.abort()
        raise


class PlainConnection:
    """A socket that is connected or will soon be; see `connect`."""

    def __init__(self, loop: asyncio.AbstractEventLoop, sock: socket.socket, exchange: Exchange) -> None:
        self._loop = loop
        self._sock: socket.socket | None = sock
        self._number = sock.fileno()
        self._exchange = exchange
        self._unsent = b""
        self._writing = False  # the loop watches whether it can be written to
        self._reading = False
        self._ended = False  # the server will send no more
        self._connected: asyncio.Future[None] = loop.create_future()

    async def stands(self, address: str, port: int, patience: float) -> None:
        """Connect, and wait until it stands; raises OSError."""
        assert self._sock is not None
        problem = self._sock.connect_ex((address, port))
        if problem not in _UNDER_WAY:
            raise OSError(problem, os.strerror(problem))
        self._writing = True
        self._loop.add_writer(self._number, self._stood)
        late = self._loop.call_later(patience, self._too_late)
        try:
            await self._connected
        finally:
            late.cancel()

    def write(self, data: bytes) -> None:
        """Send a question; what does not go out at once follows."""
        if self._sock is None:
            return
        try:
            self._unsent = data[self._sock.send(data) :]
        except BlockingIOError:
            self._unsent = data
        except OSError as problem:
            self._lose(problem)
            return
        if self._unsent:
            self._writing = True
            self._loop.add_writer(self._number, self._more_room)

    def pause_reading(self) -> None:
        """Take nothing until `resume_reading`."""
        if self._reading:
            self._reading = False
            self._loop.remove_reader(self._number)

    def resume_reading(self) -> None:
        """Take what comes."""
        if not self._reading and self._sock is not None and not self._ended:
            self._reading = True
            self._loop.add_reader(self._number, self._readable)

    def abort(self) -> None:
        """Drop the connection; nothing is called any more."""
        sock, self._sock = self._sock, None
        if sock is None:
            return
        self.pause_reading()
        self._watch_no_more()
        sock.close()

    def detach(self) -> socket.socket:
        """Give the socket away; nothing is called any more."""
        sock, self._sock = self._sock, None
        assert sock is not None
        self.pause_reading()
        self._watch_no_more()
        return sock

    def _watch_no_more(self) -> None:
        if self._writing:
            self._writing = False
            self._loop.remove_writer(self._number)

    # --- called by the event loop

    def _stood(self) -> None:
        if self._sock is None or self._connected.done():
            return
        problem = self._sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        self._watch_no_more()
        if problem:
            self._connected.set_exception(OSError(problem, os.strerror(problem)))
            return
        self._connected.set_result(None)
        self.resume_reading()
        self._exchange.connection_made(self)

    def _too_late(self) -> None:
        if not self._connected.done():
            self._connected.set_exception(TimeoutError())

    def _more_room(self) -> None:
        if self._sock is not None:
            self._watch_no_more()
            self.write(self._unsent)

    def _readable(self) -> None:
        if self._sock is None or not self._reading:
            return
        try:
            data = self._sock.recv(_AT_MOST)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as problem:
            self._lose(problem)
            return
        if data:
            self._exchange.data_received(data)
        else:
            self._ended = True
            self.pause_reading()
            self._exchange.eof_received()

    def _lose(self, problem: OSError) -> None:
        self.abort()
        self._exchange.connection_lost(problem)
