"""The bare connection: it stands or says why not, sends all of a question, and is silent once dropped."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import ExitStack
from typing import TYPE_CHECKING, cast

import pytest

from monitor.feeds.plain import PlainConnection, connect

if TYPE_CHECKING:
    from monitor.feeds.exchange import Exchange


class Heard:
    """Stands for an exchange: sends what it is given, and notes what is called."""

    def __init__(self, question: bytes = b"hello") -> None:
        self.question = question
        self.connection: PlainConnection | None = None
        self.calls: list[object] = []
        self.over, self.data = asyncio.Event(), asyncio.Event()

    def connection_made(self, connection: PlainConnection) -> None:
        """Send the question."""
        self.connection = connection
        connection.write(self.question)

    def data_received(self, data: bytes) -> None:
        """Note it."""
        self.calls.append(data)
        self.data.set()

    def eof_received(self) -> None:
        """Note it."""
        self.calls.append("end")
        self.over.set()

    def connection_lost(self, problem: OSError) -> None:
        """Note it."""
        self.calls.append(type(problem))
        self.over.set()


async def connected(heard: Heard, listener: socket.socket, patience: float = 5.0) -> socket.socket:
    """Both ends: the exchange's has begun, the server's is returned."""
    port = listener.getsockname()[1]
    await connect("127.0.0.1", port, cast("Exchange", heard), patience)
    served, _ = await asyncio.to_thread(listener.accept)
    return served


def test_a_question_larger_than_all_buffers_goes_out_whole() -> None:
    """What the system does not take at once follows when there is room."""
    question = bytes(range(256)) * 40_000

    async def story(listener: socket.socket) -> bytes:
        heard = Heard(question)
        with await connected(heard, listener) as served:
            reading = asyncio.to_thread(take, served, len(question))
            got = await reading
            served.sendall(b"answer")
            served.shutdown(socket.SHUT_WR)
            await heard.over.wait()
        assert heard.calls == [b"answer", "end"]
        assert heard.connection is not None
        heard.connection.abort()
        heard.connection.abort()  # once more does nothing
        return got

    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert asyncio.run(story(listener)) == question


def take(served: socket.socket, size: int) -> bytes:
    """So many bytes."""
    got = bytearray()
    while len(got) < size:
        got += served.recv(65_536)
    return bytes(got)


def test_a_reset_is_told_once() -> None:
    """The peer's rudeness ends the exchange, and nothing is called after it."""

    async def story(listener: socket.socket) -> list[object]:
        heard = Heard()
        served = await connected(heard, listener)
        served.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        served.close()
        await heard.over.wait()
        await asyncio.sleep(0)
        return heard.calls

    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert asyncio.run(story(listener)) == [ConnectionResetError]


def test_what_comes_while_reading_pauses_waits() -> None:
    """It is taken once reading is resumed; nothing at all is once the connection is dropped."""

    async def story(listener: socket.socket) -> list[object]:
        heard = Heard()
        with await connected(heard, listener) as served:
            assert heard.connection is not None
            heard.connection.pause_reading()
            await asyncio.to_thread(served.sendall, b"later")
            for _ in range(5):
                await asyncio.sleep(0)
            assert not heard.calls
            heard.connection.resume_reading()
            await heard.data.wait()
            heard.connection.abort()
            heard.connection.resume_reading()
            heard.connection.write(b"more")
        return heard.calls

    with socket.create_server(("127.0.0.1", 0)) as listener:
        assert asyncio.run(story(listener)) == [b"later"]


def test_who_refuses_and_who_is_silent() -> None:
    """A closed port is refused; where nobody takes the connection, patience ends."""

    async def story() -> None:
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            with pytest.raises(ConnectionRefusedError):
                await connect("127.0.0.1", closed.getsockname()[1], cast("Exchange", Heard()), 5.0)
        with ExitStack() as stack:
            full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
            address = full.getsockname()
            for _ in range(4):  # those beyond its queue wait for ever
                waits = stack.enter_context(socket.socket())
                waits.setblocking(False)
                waits.connect_ex(address)
            with pytest.raises(TimeoutError):
                await connect("127.0.0.1", address[1], cast("Exchange", Heard()), 0.05)
            task = asyncio.create_task(connect("127.0.0.1", address[1], cast("Exchange", Heard()), 5.0))
            await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()

    asyncio.run(story())
