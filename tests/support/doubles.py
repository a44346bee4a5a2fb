"""
Doubles of services under their real names, with TLS: each answers as its service does, or from a script.

What services say is written down here as their documents and their servers say it.
"""

from __future__ import annotations

import json
import socket
import socketserver
import struct
import sys
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.privatenet import Authority, PrivateNet

TELEGRAM, SLACK, SLACK_API = "api.telegram.org", "hooks.slack.com", "slack.com"
DISCORD, NTFY, HOOK, WIRE, MAIL = (
    "discord.com",
    "ntfy.sh",
    "hooks.example",
    "wire.example",
    "mail.example.org",
)
SERVICES = (TELEGRAM, SLACK, SLACK_API, DISCORD, NTFY, HOOK)
HOSTS = (*SERVICES, WIRE, MAIL)
PATIENCE = 30.0  # seconds before a test that waits for a request gives up


@dataclass(frozen=True)
class Says:
    """An answer; `instead` of one it may "hang" or "reset" the connection."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    instead: str = ""


HANG, RESET = Says(0, instead="hang"), Says(0, instead="reset")
YES = {
    TELEGRAM: Says(
        200, {"ok": True, "result": {"message_id": 7, "date": 1795770000, "chat": {"id": 12315544}}}
    ),
    SLACK: Says(200, "ok"),
    SLACK_API: Says(200, {"ok": True, "channel": "C024BE91L", "ts": "1795770000.000100", "message": {}}),
    DISCORD: Says(204),
    NTFY: Says(200, {"id": "sPs71M8A2T", "time": 1795770000, "event": "message", "topic": "desk"}),
    HOOK: Says(202, ""),
}


def telegram_says(status: int, words: str, **more: Any) -> Says:
    """Telegram's way to say no."""
    return Says(status, {"ok": False, "error_code": status, "description": words} | more)


def refusals(status: int) -> dict[str, Says]:
    """How each service says no with this status: 400, 401, 403, 404 or 429."""
    return dict(_NO[status])


_NO: dict[int, dict[str, Says]] = {
    400: {
        TELEGRAM: telegram_says(400, "Bad Request: can't parse entities: Unsupported start tag"),
        SLACK: Says(400, "invalid_payload"),
        SLACK_API: Says(200, {"ok": False, "error": "invalid_blocks"}),
        DISCORD: Says(400, {"message": "Invalid Form Body", "code": 50035, "errors": {}}),
        NTFY: Says(400, {"code": 40024, "http": 400, "error": "invalid request: body must be JSON"}),
        HOOK: Says(400, "no"),
    },
    401: {
        TELEGRAM: telegram_says(401, "Unauthorized"),
        SLACK: Says(401, "invalid_token"),
        SLACK_API: Says(200, {"ok": False, "error": "invalid_auth"}),
        DISCORD: Says(401, {"message": "Invalid Webhook Token", "code": 50027}),
        NTFY: Says(401, {"code": 40101, "http": 401, "error": "unauthorized"}),
        HOOK: Says(401, "no"),
    },
    403: {
        TELEGRAM: telegram_says(403, "Forbidden: bot was blocked by the user"),
        SLACK: Says(403, "action_prohibited"),
        SLACK_API: Says(200, {"ok": False, "error": "not_in_channel"}),
        DISCORD: Says(403, {"message": "Missing Access", "code": 50001}),
        NTFY: Says(403, {"code": 40301, "http": 403, "error": "forbidden"}),
        HOOK: Says(403, "no"),
    },
    404: {
        TELEGRAM: telegram_says(404, "Not Found"),
        SLACK: Says(404, "no_service"),
        SLACK_API: Says(200, {"ok": False, "error": "channel_not_found"}),
        DISCORD: Says(404, {"message": "Unknown Webhook", "code": 10015}),
        NTFY: Says(404, {"code": 40401, "http": 404, "error": "page not found"}),
        HOOK: Says(404, "no"),
    },
    429: {
        TELEGRAM: telegram_says(
            429, "Too Many Requests: retry after 1000", parameters={"retry_after": 1000}
        ),
        SLACK: Says(429, "rate_limited", {"Retry-After": "1000"}),
        SLACK_API: Says(429, {"ok": False, "error": "ratelimited"}, {"Retry-After": "1000"}),
        DISCORD: Says(
            429,
            {"message": "You are being rate limited.", "retry_after": 1000.0, "global": False},
            {"Retry-After": "1000", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "1000"},
        ),
        NTFY: Says(
            429,
            {"code": 42901, "http": 429, "error": "limit reached: too many requests"},
            {"Retry-After": "1000"},
        ),
        HOOK: Says(429, "no", {"Retry-After": "1000"}),
    },
}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """A request that came in."""

    host: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> dict[str, Any]:
        """Its body's JSON object."""
        said = json.loads(self.body)
        assert isinstance(said, dict)
        return said


class Doubles:
    """All services at once, told apart by the name they are called by; and a feed on plain HTTP."""

    def __init__(self, net: PrivateNet, authority: Authority) -> None:
        self.requests: list[Asked] = []
        self.script: dict[str, list[Says]] = {}
        self.decide: dict[str, Callable[[Asked], Says]] = {}  # after its script, instead of a yes
        self.feeds: dict[str, bytes] = {}
        self.served: list[float] = []  # when a feed was asked for, on the steady clock
        self.broken: list[str] = []  # handshakes that failed
        self._came = threading.Condition()
        self._over = threading.Event()
        self._servers = net.inside(lambda: [_Server(self, port) for port in (443, 80)])
        tls = self._servers[0]
        tls.socket = authority.context().wrap_socket(
            tls.socket, server_side=True, do_handshake_on_connect=False
        )
        self._threads = [
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
            for server in self._servers
        ]

    def say(self, host: str, *answers: Says) -> None:
        """Answer so, one after another; after that as the service does when all is well."""
        self.script[host] = list(answers)

    def of(self, host: str) -> list[Asked]:
        """What this service was asked."""
        return [request for request in self.requests if request.host == host]

    def wait_for(self, host: str, count: int) -> list[Asked]:
        """Block until this service was asked so often."""
        with self._came:
            assert self._came.wait_for(lambda: len(self.of(host)) >= count, PATIENCE), self.requests
        return self.of(host)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """Serve one request."""
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        host = handler.headers["Host"]
        handler.close_connection = True
        if handler.command == "GET" and handler.path in self.feeds:
            self.served.append(time.monotonic())
            _write(handler, Says(200, self.feeds[handler.path], {"Content-Type": "application/rss+xml"}))
            return
        with self._came:
            asked = Asked(host, handler.path, dict(handler.headers.items()), body)
            self.requests.append(asked)
            self._came.notify_all()
            script = self.script.get(host, [])
            decide = self.decide.get(host)
            yes = decide(asked) if decide and not script else YES.get(host, Says(404))
            says = script.pop(0) if script else yes
        if says.instead == "hang":
            self._over.wait(PATIENCE)
        elif says.instead == "reset":
            # Lingering for no time at all: what is closed is broken off.
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        else:
            _write(handler, says)

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._over.set()
        for server, thread in zip(self._servers, self._threads, strict=True):
            server.shutdown()
            server.server_close()
            thread.join()


def _write(handler: BaseHTTPRequestHandler, says: Says) -> None:
    if isinstance(says.body, bytes):
        body = says.body
    elif isinstance(says.body, dict):
        body = json.dumps(says.body).encode()
    else:
        body = (says.body or "").encode()
    kind = "application/json" if isinstance(says.body, dict) else "text/plain"
    handler.send_response(says.status)
    for name, value in ({"Content-Type": kind, "Content-Length": str(len(body))} | says.headers).items():
        handler.send_header(name, value)
    handler.end_headers()
    if says.status != 204:
        handler.wfile.write(body)


class _Server(ThreadingHTTPServer):
    def __init__(self, doubles: Doubles, port: int) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                doubles.answer(self)

            do_GET = do_POST  # noqa: N815 - the names http.server calls
            do_PUT = do_POST  # noqa: N815 - the same

            def log_message(self, *args: Any) -> None:
                """Stay silent."""

        self._doubles = doubles
        super().__init__(("127.0.0.1", port), Handler)

    def server_bind(self) -> None:
        # http.server would ask for the full name of the host it stands on.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = "doubles", self.server_address[1]

    def shutdown_request(self, request: Any) -> None:
        # No farewell first: where the connection is to be broken off, it would be one.
        self.close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        self._doubles.broken.append(type(sys.exc_info()[1]).__name__)
