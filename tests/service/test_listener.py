"""The small listener: what it answers, whom it does not, and what becomes of a place that cannot be had."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import stat
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

import pytest

from monitor.config.serving import Place
from monitor.service import listener as module
from monitor.service.listener import Listener, Question, Reply, remedy_for
from tests.support.asking import ask

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path


async def echo(question: Question) -> Reply:
    """Say what was asked; one path is a bug."""
    if question.path == "/bug":
        raise ValueError("a bug")
    return Reply(200, f"{question.path} {question.accept}".encode())


@asynccontextmanager
async def listening(place: Place | None) -> AsyncIterator[Listener]:
    """A listener at a place."""
    listener = Listener(lambda: place, echo)
    try:
        await listener.look()
        yield listener
    finally:
        listener.close()


def at_port(ask_it: Callable[[int], object]) -> object:
    """What `ask_it`, in a thread, gets from a listener on a free port."""

    async def body() -> object:
        async with listening(Place(host="127.0.0.1", port=0)) as listener:
            assert listener.address is not None
            return await asyncio.to_thread(ask_it, listener.address[1])

    return asyncio.run(body())


def test_it_answers_on_a_port() -> None:
    """The path without its query, and what is accepted."""
    found = at_port(partial(ask, path="/metrics?x=1", headers={"Accept": "text/plain"}))
    assert found == (200, "text/plain; charset=utf-8", b"/metrics text/plain")


def test_a_head_has_no_body() -> None:
    """HEAD is GET without it."""
    assert at_port(partial(ask, path="/x", method="HEAD")) == (200, "text/plain; charset=utf-8", b"")


@pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS"])
def test_nothing_can_be_changed(method: str) -> None:
    """Only GET and HEAD."""
    found = at_port(partial(ask, path="/x", method=method))
    assert isinstance(found, tuple)
    assert found[0] == 405


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("evil.example", 421),
        ("evil.example:9464", 421),
        ("localhost:9464", 200),
        ("127.0.0.1", 200),
        ("[::1]:80", 200),
        ("[::1]", 200),
    ],
)
def test_a_name_that_points_here_is_not_answered(host: str, status: int) -> None:
    """A page in a browser of this machine cannot read it by a name of its own."""
    found = at_port(partial(ask, path="/x", headers={"Host": host}))
    assert isinstance(found, tuple)
    assert found[0] == status


def raw(port: int, data: bytes) -> bytes:
    """Send bytes, and read until the end."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as sock:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        return sock.makefile("rb").read()


@pytest.mark.parametrize("data", [b"", b"\x00\xff" * 20, b"GET", b"GET /x HTTP/1.1\r\n" + b"a: b\r\n" * 5000])
def test_what_is_no_request_gets_no_answer(data: bytes) -> None:
    """Nor does it cost anything: the next one is answered."""

    def talk(port: int) -> object:
        first = b""
        with suppress(ConnectionError):
            first = raw(port, data)
        return first, ask(port, "/x")[0]

    assert at_port(talk) == (b"", 200)


def test_a_page_that_fails_costs_its_own_answer() -> None:
    """And no more."""

    def talk(port: int) -> object:
        return raw(port, b"GET /bug HTTP/1.1\r\n\r\n"), ask(port, "/x")[0]

    assert at_port(talk) == (b"", 200)


def test_whoever_says_nothing_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while, and meanwhile the others are answered."""
    monkeypatch.setattr(module, "PATIENCE", 0.2)

    def talk(port: int) -> object:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as sock:
            answered = ask(port, "/x")[0]
            return answered, sock.recv(10)

    assert at_port(talk) == (200, b"")


def test_a_crowd_is_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """One above the number that is served at once."""
    monkeypatch.setattr(module, "MOST", 1)

    def talk(port: int) -> object:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as first:
            first.sendall(b"GET /x HT")
            try:
                second = raw(port, b"GET /x HTTP/1.1\r\n\r\n")
            except ConnectionError:
                second = b""
            first.sendall(b"TP/1.1\r\n\r\n")
            return second, b"200" in first.makefile("rb").read()

    assert at_port(talk) == (b"", True)


# --- a socket in the file system


def test_a_socket_is_for_owner_and_group_and_goes_with_us(tmp_path: Path) -> None:
    """Mode 0660, whatever the umask says."""
    path = tmp_path / "m.sock"

    async def body() -> tuple[int, str, bytes]:
        before = os.umask(0o077)
        try:
            async with listening(Place(path=path)):
                assert stat.S_IMODE(path.stat().st_mode) == 0o660
                return await asyncio.to_thread(ask, path, "/healthz")
        finally:
            os.umask(before)

    assert asyncio.run(body())[0] == 200
    assert not path.exists()


def test_a_socket_that_a_crash_left_makes_room(tmp_path: Path) -> None:
    """Nobody listens there any more."""
    path = tmp_path / "m.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as left:
        left.bind(str(path))

    async def body() -> int:
        async with listening(Place(path=path)):
            return (await asyncio.to_thread(ask, path, "/x"))[0]

    assert asyncio.run(body()) == 200


def test_a_socket_in_use_and_a_file_stay(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What stands there is somebody's; nobody listens then, and everything else goes on."""
    path, file = tmp_path / "m.sock", tmp_path / "file"
    file.write_text("mine")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as other:
        other.bind(str(path))
        other.listen()

        async def body() -> None:
            for taken in (path, file):
                async with listening(Place(path=taken)) as listener:
                    await listener.look()  # it is not said again

        asyncio.run(body())
        assert path.exists()
    assert file.read_text() == "mine"


def test_a_socket_that_another_made_in_our_place_stays(tmp_path: Path) -> None:
    """A second daemon that took the path over is not cut off by the first one's end."""
    path = tmp_path / "m.sock"

    async def body() -> None:
        async with listening(Place(path=path)):
            path.unlink()
            path.write_text("another's")

    asyncio.run(body())
    assert path.read_text() == "another's"


# --- places that cannot be had, and others


def test_a_place_that_comes_free_is_taken_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried again by itself."""
    monkeypatch.setattr(module, "AGAIN", 0.0)

    async def body() -> int:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            listener = Listener(lambda: Place(host="127.0.0.1", port=port), echo)
            await listener.look()
            assert listener.address is None
            assert listener._complaint == f"127.0.0.1:{port}: {os.strerror(errno.EADDRINUSE)}"
        await listener.look()
        try:
            return (await asyncio.to_thread(ask, port, "/x"))[0]
        finally:
            listener.close()

    assert asyncio.run(body()) == 200


def test_a_reload_moves_it(tmp_path: Path) -> None:
    """The old place is given up; off is off."""
    places: list[Place | None] = [Place(path=tmp_path / "one"), Place(path=tmp_path / "two"), None]

    async def body() -> list[list[str]]:
        wanted = places[0]
        listener = Listener(lambda: wanted, echo)
        found = []
        for place in places:
            wanted = place
            await listener.look()
            found.append(sorted(os.listdir(tmp_path)))  # noqa: PTH208 - nothing waits for the disk
        return found

    assert asyncio.run(body()) == [["one"], ["two"], []]


def test_each_refusal_has_its_remedy(tmp_path: Path) -> None:
    """Whatever the system says."""
    long = Place(path=tmp_path / ("x" * 120))
    nowhere = Place(path=tmp_path / "no" / "m.sock")
    for place, word in (
        (long, "shorter"),
        (nowhere, "folder"),
        (Place(host="203.0.113.7", port=1), "127.0.0.1"),
    ):

        async def body(place: Place = place) -> str:
            try:
                await Listener(lambda: None, echo)._listen(place)
            except OSError as error:
                return remedy_for(error, place)
            return ""

        assert word in asyncio.run(body())
    assert "1023" in remedy_for(PermissionError(13, "no"), Place(host="127.0.0.1", port=80))
