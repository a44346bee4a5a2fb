"""Real receivers on loopback: HTTP and SMTP servers whose answers a test writes down, and a frozen one."""

from __future__ import annotations

import base64
import email
import email.policy
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterator
    from email.message import EmailMessage


PATIENCE = 30.0  # seconds before a test that waits for a request gives up

# --- HTTP --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reply:
    """
    One scripted HTTP answer; `hang_up` closes the connection after the request without answering.

    With `gate` it is given once that is open.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    hang_up: bool = False
    gate: threading.Event | None = None


@dataclass(frozen=True)
class Request:
    """What came in."""

    path: str
    headers: dict[str, str]
    body: bytes


class HttpReceiver:
    """Answers from a script, then as `decide` says, or 200; keeps every request. `port` must be free."""

    def __init__(
        self, *script: Reply | int, decide: Callable[[Request], Reply] | None = None, port: int = 0
    ) -> None:
        self.requests: list[Request] = []
        self._decide = decide or (lambda _: Reply())
        self._came = threading.Condition()
        self._script = [Reply(item) if isinstance(item, int) else item for item in script]
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver._answer(self)

            do_GET = do_POST  # noqa: N815 - the names http.server calls
            do_PUT = do_POST  # noqa: N815 - the same

            def log_message(self, *args: Any) -> None:
                """Stay silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def wait_for(self, words: bytes) -> Request:
        """Block until a request with these words in its body has come."""

        def found() -> Request | None:
            return next((r for r in self.requests if words in r.body), None)

        with self._came:
            assert self._came.wait_for(found, PATIENCE), f"{words!r} never came: {self.requests}"
        request = found()
        assert request is not None
        return request

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        request = Request(handler.path, dict(handler.headers.items()), body)
        with self._came:
            self.requests.append(request)
            reply = self._script.pop(0) if self._script else self._decide(request)
            self._came.notify_all()
        handler.close_connection = True
        if reply.gate is not None:
            reply.gate.wait(PATIENCE)
        if reply.hang_up:
            return
        handler.send_response(reply.status)
        for name, value in {"Content-Length": str(len(reply.body)), **reply.headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(reply.body)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


HANG_UP = "hang up"

# --- SMTP --------------------------------------------------------------------------------------------


@dataclass
class Mail:
    """One accepted message."""

    sender: str
    recipients: list[str]
    message: EmailMessage


class SmtpReceiver:
    """
    Answers each stage from a script, e.g. `SmtpReceiver(data=["451 later"], rcpt=["550 no such user"])`.

    `HANG_UP` at data takes the text and closes without a word. Where a script ends, the stage succeeds.
    With `password` a login is offered; with `tls` STARTTLS is asked for. `port` is one that is free.
    """

    def __init__(
        self,
        *,
        mail: list[str] | None = None,
        rcpt: list[str] | None = None,
        data: list[str] | None = None,
        password: str | None = None,
        tls: ssl.SSLContext | None = None,
        port: int = 0,
    ) -> None:
        self.mails: list[Mail] = []
        self.attempts: list[EmailMessage] = []  # also those that were answered with a no
        self._mail, self._rcpt, self._data = mail or [], rcpt or [], data or []
        self._password, self._tls = password, tls
        self._controller = _Controller(self, hostname="127.0.0.1", port=port or _free_port())

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._controller.port)

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._controller.stop()

    def options(self) -> dict[str, Any]:
        """Give aiosmtpd's options."""
        if self._tls is not None:
            return {"tls_context": self._tls, "require_starttls": True}
        if self._password is None:
            return {}
        return {"authenticator": self._check, "auth_require_tls": False}

    def _check(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        given = data.password.decode() if isinstance(data, LoginPassword) else ""
        return AuthResult(success=given == self._password, handled=False)

    async def handle_MAIL(  # noqa: N802 - the name aiosmtpd calls
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self._mail:
            return self._mail.pop(0)
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - the same
        self, server: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self._rcpt:
            return self._rcpt.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - the same
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        self.attempts.append(message)
        reply = self._data.pop(0) if self._data else "250"
        if reply == HANG_UP:
            server.transport.abort()
        if reply != "250":
            return reply
        self.mails.append(Mail(envelope.mail_from, list(envelope.rcpt_tos), message))
        return "250 taken"


class _Controller(Controller):
    def __init__(self, receiver: SmtpReceiver, *, hostname: str, port: int) -> None:
        super().__init__(receiver, hostname=hostname, port=port)
        self._receiver = receiver

    def factory(self) -> SMTP:
        return SMTP(self._receiver, hostname="receiver.test", **self._receiver.options())


def _free_port() -> int:
    # aiosmtpd probes its own port at start and so cannot be given port 0.
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


# --- neither -----------------------------------------------------------------------------------------


def dead_port() -> int:
    """Give a port on which nobody listens."""
    return _free_port()


@contextmanager
def frozen_receiver(greeting: bytes = b"") -> Iterator[int]:
    """Accept connections and never answer (beyond a greeting); gives the port."""
    server = socket.create_server(("127.0.0.1", 0))
    taken: list[socket.socket] = []

    def accept() -> None:
        while True:
            try:
                sock, _ = server.accept()
            except OSError:
                return
            sock.sendall(greeting)
            taken.append(sock)

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield int(server.getsockname()[1])
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()
        for sock in taken:
            sock.close()


def basic(user: str, password: str) -> str:
    """Give the Authorization header of a user."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
