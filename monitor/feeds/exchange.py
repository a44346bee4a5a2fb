"""
One connection with one request and its answer: h11 for the grammar, asyncio for the socket.

Theory of operation
-------------------
asyncio calls `data_received`; it reads a plain "not modified" itself (`heads`), else it feeds h11, and
`_pump` turns h11's events into a head and pieces of body. The coroutine that fetches waits in `head` and
`read` and takes the pieces as they come, so the wire bytes are never kept as a whole; while it is slow,
reading pauses. A hostile answer meets these walls:

* 64 KB for a head, and for anything else that is incomplete (a line, a chunk's header);
* the number of header fields, of interim (1xx) answers, and of pieces of body;
* the number of bytes on the wire;
* a turn's work: after some events the pump lets others run, so a flood of one-byte chunks stalls nobody;
* the caller's deadline, for everything that is merely slow.

Nothing may be raised out of asyncio's callbacks (it would log a traceback): an error is kept as `_problem`
and raised where the coroutine waits. A connection is always aborted and never closed politely, because a
polite end waits for the other side.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, NamedTuple, TypeAlias, cast

import h11

from monitor.feeds.heads import not_modified
from monitor.feeds.plain import PlainConnection
from monitor.feeds.problem import FetchError
from monitor.model import FetchStatus

if TYPE_CHECKING:
    import ssl

Fields: TypeAlias = "list[tuple[bytes, bytes]]"
MAX_HEAD = 65_536
MAX_FIELDS = 100
MAX_INTERIM = 10
MAX_PIECES = 100_000
_EVENTS_A_TURN = 256
_BACKLOG = 131_072  # bytes waiting to be taken, above which reading pauses


# RFC 9110 and 9112: a token, a request's target, a field's value.
_TOKEN = re.compile(rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
_TARGET = re.compile(rb"[\x21-\x7e]+")
_VALUE = re.compile(rb"(?:[\x21-\x7e\x80-\xff](?:[\x20-\x7e\x80-\xff\t]*[\x21-\x7e\x80-\xff])?)?")
# What h11 has to know of a question in order to read its answer; the rest it would only check and copy.
_PLAIN = h11.Request(method="GET", target="/", headers=[("Host", "x")])
_SPECIAL = {
    name: h11.Request(method=name, target="x:1", headers=[("Host", "x:1")]) for name in (b"CONNECT", b"HEAD")
}
_END = h11.EndOfMessage()


class Question(NamedTuple):
    """A request as it is sent; `kind` stands for it where the answer is read."""

    wire: bytes
    kind: h11.Request


def question(method: bytes, target: bytes, fields: Fields) -> Question:
    """
    A request that may be sent; raises FetchError if something in it would break HTTP's grammar.

    `fields` holds Host. There is no body.
    """
    lines = [method + b" " + target + b" HTTP/1.1"]
    lawful = _TARGET.fullmatch(target) is not None
    for name, value in fields:
        lawful = lawful and _TOKEN.fullmatch(name) is not None and _VALUE.fullmatch(value) is not None
        lines.append(name + b": " + value)
    if not lawful:
        raise FetchError(
            FetchStatus.REFUSED, "the address or a configured header holds characters HTTP does not allow"
        )
    lines.append(b"\r\n")
    return Question(b"\r\n".join(lines), _SPECIAL.get(method, _PLAIN))


class Exchange(asyncio.Protocol):
    """
    Sends a question when connected; gives the head of the answer, then its body piece by piece.

    `max_wire` is in bytes; `wire_bytes` is what has come so far, head and framing included.
    """

    def __init__(self, asked: Question, max_wire: int) -> None:
        self.wire_bytes = 0
        self._asked = asked
        self._max_wire = max_wire
        self._loop = asyncio.get_running_loop()
        self._http: h11.Connection | None = None  # made when there is something for it to read
        self._transport: asyncio.Transport | PlainConnection | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._head: tuple[int, Fields] | None = None
        self._problem: FetchError | None = None
        self._pieces: list[bytes] = []
        self._backlog = 0
        self._piece_count = 0
        self._interim_count = 0
        self._pump_due = False
        self._peer_ended = False
        self._over = False

    # --- for the coroutine that fetches

    async def head(self) -> tuple[int, Fields]:
        """Wait for the answer's status and header fields (names in lower case); raises FetchError."""
        while self._head is None:
            if self._problem is not None:
                raise self._problem
            await self._wait()
        return self._head

    async def read(self) -> bytes:
        """Wait for more of the body and take it; b"" at its end; raises FetchError."""
        while not self._pieces:
            if self._problem is not None:
                raise self._problem
            if self._over:
                return b""
            await self._wait()
        data = b"".join(self._pieces)
        self._pieces.clear()
        self._backlog = 0
        self._throttle()
        return data

    def abort(self) -> None:
        """Drop the connection."""
        self._over = True
        if self._transport is not None:
            self._transport.abort()

    async def take_over(self, door: Exchange, context: ssl.SSLContext, name: str) -> None:
        """Begin with TLS on the connection that a proxy has opened for us; raises OSError."""
        assert isinstance(door._transport, PlainConnection)
        door._over = True
        sock = door._transport.detach()
        try:
            await self._loop.create_connection(lambda: self, sock=sock, ssl=context, server_hostname=name)
        except BaseException:
            sock.close()
            raise

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        await self._waiter

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # --- called by asyncio: nothing may be raised

    def connection_made(self, transport: asyncio.BaseTransport | PlainConnection) -> None:
        """Send the request."""
        self._transport = cast("asyncio.Transport | PlainConnection", transport)
        self._transport.write(self._asked.wire)

    def data_received(self, data: bytes) -> None:
        """Take what the server sent."""
        self.wire_bytes += len(data)
        if self.wire_bytes > self._max_wire:
            self._end(FetchError(FetchStatus.TOO_BIG, f"the answer is larger than {self._max_wire} bytes"))
        if self._http is None and (fields := not_modified(data)) is not None:
            self._head = 304, fields
            self._end(None)
        else:
            self._feed(data)

    def eof_received(self) -> None:
        """The server will send no more: the end of some bodies, too early for others."""
        if not self._peer_ended:
            self._peer_ended = True
            self._feed(b"")

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        if exc is None:
            self.eof_received()
        else:
            self._end(FetchError(FetchStatus.NETWORK, "the connection was reset"))

    # --- from bytes to a head and pieces

    def _feed(self, data: bytes) -> None:
        if self._over:
            return
        try:
            self._reader().receive_data(data)
            if not self._pump_due:
                self._pump()
        except Exception as problem:  # noqa: BLE001 - whatever a hostile answer provokes ends this fetch only
            self._end(self._explain(problem))

    def _reader(self) -> h11.Connection:
        if self._http is None:
            self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEAD)
            self._http.send(self._asked.kind)
            self._http.send(_END)
        return self._http

    def _pump_later(self) -> None:
        self._pump_due = False
        if not self._over:
            try:
                self._pump()
            except Exception as problem:  # noqa: BLE001 - as above
                self._end(self._explain(problem))

    def _pump(self) -> None:
        http = self._reader()
        for _ in range(_EVENTS_A_TURN):
            event = http.next_event()
            if isinstance(event, h11.Data):
                self._take_piece(bytes(event.data))
            elif isinstance(event, h11.Response):
                self._take_head(event)
            elif isinstance(event, h11.InformationalResponse):
                self._interim_count += 1
                if self._interim_count > MAX_INTERIM:
                    raise FetchError(FetchStatus.TOO_BIG, "the server sends interim answers without end")
            elif isinstance(event, h11.EndOfMessage):
                self._end(None)
                return
            else:  # no whole event is left, or (in a proxy's tunnel) no HTTP
                break
        else:
            self._pump_due = True
            self._loop.call_soon(self._pump_later)
        self._throttle()
        self._wake()

    def _take_head(self, head: h11.Response) -> None:
        if len(head.headers) > MAX_FIELDS:
            raise FetchError(FetchStatus.TOO_BIG, f"the answer has more than {MAX_FIELDS} header fields")
        # h11 bounds only what is incomplete; where little has come at all there is nothing to add up.
        if (
            self.wire_bytes > MAX_HEAD
            and sum(len(name) + len(value) for name, value in head.headers) > MAX_HEAD
        ):
            raise _head_too_big()
        self._head = head.status_code, list(head.headers)

    def _take_piece(self, data: bytes) -> None:
        self._piece_count += 1
        if self._piece_count > MAX_PIECES:
            raise FetchError(FetchStatus.TOO_BIG, "the body comes in too many small pieces")
        self._pieces.append(data)
        self._backlog += len(data)

    def _throttle(self) -> None:
        if self._over or self._transport is None:
            return
        if self._pump_due or self._backlog > _BACKLOG:
            self._transport.pause_reading()
        else:
            self._transport.resume_reading()

    def _end(self, problem: FetchError | None) -> None:
        if not self._over:
            self._problem = problem
            self.abort()
            self._wake()

    def _explain(self, problem: Exception) -> FetchError:
        if isinstance(problem, FetchError):
            return problem
        if isinstance(problem, h11.RemoteProtocolError) and problem.error_status_hint == 431:
            return _head_too_big() if self._head is None else _bad("the body's framing is endless")
        if self._head is not None:
            return _bad(
                "the answer broke off: the connection was closed before the end of the body"
                if self._peer_ended
                else "the body's framing is damaged"
            )
        if not self._peer_ended:
            return FetchError(FetchStatus.NETWORK, "the server does not answer in proper HTTP")
        middle = "in the middle of its answer" if self.wire_bytes else "without an answer"
        return FetchError(FetchStatus.NETWORK, f"the server closed the connection {middle}")


def _head_too_big() -> FetchError:
    return FetchError(FetchStatus.TOO_BIG, f"the head of the answer is larger than {MAX_HEAD // 1024} KB")


def _bad(sentence: str) -> FetchError:
    return FetchError(FetchStatus.BAD_BODY, sentence)
