r"""
A web server on loopback that answers exactly the bytes a test wrote, however wrong they are.

    with WebServer() as web:
        web.on("/feed", answer(200, b"<rss/>", ETag='"a"'))
        web.on("/drip", b"HTTP/1.1 200 OK\r\n\r\n", Endless(b"x", every=0.01))
        ... ask web.url("/feed") ...
        assert web.seen[0].header("if-none-match") is None

It runs in a thread of its own, so that it serves plain tests, `asyncio.run` and other processes alike.
An answer is a list of steps; bytes are sent as they are, and after the last step the connection is
closed. Several answers for one path (`web.on` called again) are given in turn, the last one for ever.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import subprocess
import threading
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, TypeAlias

from monitor.feeds.transport import default_tls

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Endless:
    """Send the same bytes until the client leaves, `every` so many seconds (0.0: as fast as it reads)."""

    data: bytes
    every: float = 0.0


@dataclass(frozen=True)
class Hang:
    """Say nothing more and keep the connection open until the client leaves."""


@dataclass(frozen=True)
class Reset:
    """Break the connection off, as a crashed server does."""


@dataclass(frozen=True)
class Pipe:
    """Carry bytes to and from another port on loopback: the far end of a proxy's CONNECT."""

    port: int


Step: TypeAlias = bytes | Endless | Hang | Reset | Pipe


@dataclass(frozen=True)
class Seen:
    """A request as it came: field names as sent, values as bytes."""

    method: str
    target: str
    fields: tuple[tuple[bytes, bytes], ...]

    def header(self, name: str) -> str | None:
        """The value of one field, each byte as one character; None if it was not sent."""
        found = [
            value.decode("latin-1") for key, value in self.fields if key.decode().lower() == name.lower()
        ]
        assert len(found) <= 1, f"{name} was sent {len(found)} times"
        return found[0] if found else None

    @property
    def names(self) -> list[str]:
        """The names of all fields, in lower case."""
        return [key.decode().lower() for key, _ in self.fields]


def answer(status: int = 200, body: bytes = b"", /, *, length: bool = True, **fields: str) -> bytes:
    """A whole, proper answer; `Content_Type="x"` becomes the field Content-Type."""
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name.replace('_', '-')}: {v}" for name, v in fields.items())]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


class WebServer:
    """Serves on 127.0.0.1 from `__enter__` to `__exit__`; with a TLS context it speaks https."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.seen: list[Seen] = []
        self.connections = 0
        self._asked = threading.Condition()
        self._tls = tls
        self._answers: dict[str, list[tuple[Step, ...]]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def on(self, path: str, *steps: Step) -> None:
        """Answer requests for a path (or for an exact target, query included) with these steps."""
        self._answers.setdefault(path, []).append(steps)

    def only(self, path: str, *steps: Step) -> None:
        """From now on answer requests for a path with these steps, whatever was planned before."""
        self._answers[path] = [steps]

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """The address of a path on this server."""
        return f"{'https' if self._tls else 'http'}://{host}:{self.port}{path}"

    def targets(self) -> list[str]:
        """What was asked for, in order."""
        return [seen.target for seen in self.seen]

    def wait_for_a_request(self, target: str | None = None, times: int = 1) -> None:
        """Block until so many requests, or so many for one target, have come."""
        with self._asked:
            assert self._asked.wait_for(
                lambda: sum(target in (None, seen.target) for seen in self.seen) >= times, 20
            )

    def __enter__(self) -> Self:
        self._thread.start()
        self._listener.setblocking(False)
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(5)
        return self

    def __exit__(self, *exc: object) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    async def _start(self) -> None:
        # A client that leaves in mid-handshake or in mid-answer is what these tests are about.
        self._loop.set_exception_handler(lambda _loop, _context: None)
        self._server = await asyncio.start_server(self._serve, sock=self._listener, ssl=self._tls)

    async def _stop(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self.connections += 1
        try:
            for step in await self._read_question(reader):
                await self._do(step, reader, writer)
            writer.close()
            await writer.wait_closed()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client left, or the test is over
        finally:
            writer.transport.abort()

    async def _read_question(self, reader: asyncio.StreamReader) -> tuple[Step, ...]:
        block = await reader.readuntil(b"\r\n\r\n")
        first, *lines = block[:-4].split(b"\r\n")
        method, target, _ = first.decode("latin-1").split(" ")
        fields = tuple((key, value) for key, _, value in (line.partition(b": ") for line in lines))
        with self._asked:
            self.seen.append(Seen(method, target, fields))
            self._asked.notify_all()
        found = self._answers.get(target) or self._answers.get(target.partition("?")[0])
        if found is None:
            return (answer(404),)
        return found.pop(0) if len(found) > 1 else found[0]

    async def _do(self, step: Step, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if isinstance(step, bytes):
            writer.write(step)
            await writer.drain()
        elif isinstance(step, Endless):
            while True:
                writer.write(step.data)
                await writer.drain()
                await asyncio.sleep(step.every)  # also lets the loop notice that the client has left
        elif isinstance(step, Hang):
            await reader.read()
        elif isinstance(step, Reset):
            sock = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        else:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", step.port)
            try:
                await asyncio.gather(_carry(reader, far_writer), _carry(far_reader, writer))
            finally:
                far_writer.transport.abort()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.write_eof()


class FakeResolver:
    """Answers from a table and remembers every question; a list of lists is answered in turn."""

    def __init__(self, **hosts: list[str] | list[list[str]]) -> None:
        self._hosts = {name.replace("_", "."): answers for name, answers in hosts.items()}
        self.asked: list[str] = []

    async def __call__(self, host: str) -> list[str]:
        self.asked.append(host)
        answers = self._hosts[host]
        nested = [one for one in answers if isinstance(one, list)]
        if nested:
            return nested[min(self.asked.count(host), len(nested)) - 1]
        return [one for one in answers if isinstance(one, str)]


def make_certificate(folder: Path, *names: str, days: int = 2) -> Path:
    """A new self-signed certificate with its key, in one PEM file; with `days=-1` it ended yesterday."""
    folder.mkdir(exist_ok=True)
    pem, request, extensions = (folder / f"{names[0]}.{kind}" for kind in ("pem", "csr", "ext"))
    extensions.write_text(f"subjectAltName={','.join(f'DNS:{name}' for name in names)}\n")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(pem)]
    _openssl("req", "-new", *key, "-subj", f"/CN={names[0]}", "-out", str(request))
    signed = _openssl(
        *("x509", "-req", "-in", str(request), "-signkey", str(pem)),
        *("-days", str(days), "-extfile", str(extensions)),
    )
    with pem.open("ab") as file:
        file.write(signed)
    return pem


def _openssl(*arguments: str) -> bytes:
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True).stdout


def tls_server(certificate: Path, *, old: bool = False) -> ssl.SSLContext:
    """What a server shows over TLS; `old` = it speaks TLS 1.1 and nothing newer."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if old:
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings(action="ignore"):
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.load_cert_chain(certificate)
    return context


def trusting(*certificates: Path) -> ssl.SSLContext:
    """Our own strict TLS, which also trusts these certificates."""
    ours = default_tls()
    for certificate in certificates:
        ours.load_verify_locations(certificate)
    return ours
