"""
Our own webhook: POST one JSON object, signed, and take any 2xx for a yes.

The object is `render_json`'s. Headers: `X-Tocsin-Id` (the same over all attempts: collapse copies by it)
and, with a secret, `X-Tocsin-Timestamp` (Unix seconds) and `X-Tocsin-Signature`: `sha256=` and the
hexadecimal HMAC-SHA256 of the secret over `<timestamp>.<body>`. A receiver should refuse old timestamps.

The standard library's client is used as it is: no redirects, no proxies from the environment, and we
know whether the request had left when something failed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import ssl
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, quote, unquote, urlsplit

from monitor import __version__
from monitor.alerts.renderers.objects import render_json
from monitor.delivery import classify
from monitor.model import Answer, AnswerClass

if TYPE_CHECKING:
    from monitor.model import Outgoing
    from monitor.settings import ChannelConfig

TIMEOUT = 10.0


class WebhookChannel:
    """Delivers to one HTTP address. `timeout` is seconds for connecting and for each read."""

    def __init__(
        self, config: ChannelConfig, *, contact: str | None = None, timeout: float = TIMEOUT
    ) -> None:
        self.name = config.name
        self._config = config
        self._timeout = timeout
        known = "".join(char for char in contact or "" if " " <= char <= "~")
        self._agent = f"Tocsin/{__version__}" + (f" (+{known})" if known else "")
        self._tls: ssl.SSLContext | None = None

    def send(self, outgoing: Outgoing) -> Answer:
        """Post one notification."""
        try:
            url = self._config.url.reveal() if self._config.url else ""
            secret = self._config.secret.reveal() if self._config.secret else ""
        except LookupError as missing:
            return Answer(AnswerClass.CONFIG, str(missing))
        if problem := check_address(url):
            return Answer(AnswerClass.CONFIG, problem)
        body = json.dumps(render_json(outgoing), ensure_ascii=False, separators=(",", ":")).encode()
        parts = urlsplit(url)
        headers = self._headers(outgoing, body, secret, parts)
        return self._post(parts, body, headers)

    def close(self) -> None:
        """Nothing stays open between two posts."""

    def _headers(self, outgoing: Outgoing, body: bytes, secret: str, parts: SplitResult) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": self._agent,
            "X-Tocsin-Id": outgoing.message_id,
            "Connection": "close",
        }
        if secret:
            stamp = str(int(time.time()))
            headers["X-Tocsin-Timestamp"] = stamp
            headers["X-Tocsin-Signature"] = signature(secret, stamp, body)
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode("ascii")
        return headers

    def _post(self, parts: SplitResult, body: bytes, headers: dict[str, str]) -> Answer:
        sent = False
        connection: http.client.HTTPConnection | None = None
        try:
            connection = self._connection(parts)
            connection.connect()
            sent = True
            target = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~") + (
                f"?{parts.query}" if parts.query else ""
            )
            connection.request("POST", target, body=body, headers=headers)
            response = connection.getresponse()
            wait = classify.retry_after_seconds(response.getheader("Retry-After"), datetime.now(UTC))
            return classify.from_http(response.status, retry_after=wait)
        except (OSError, http.client.HTTPException, ValueError) as error:
            return classify.from_exception(error, sent=sent)
        finally:
            if connection is not None:
                connection.close()

    def _connection(self, parts: SplitResult) -> http.client.HTTPConnection:
        host = parts.hostname or ""
        if parts.scheme == "http":
            return http.client.HTTPConnection(host, parts.port, timeout=self._timeout)
        if self._tls is None:
            # Loading the system's certificates costs 20 ms: only where https is used.
            self._tls = ssl.create_default_context()
        return http.client.HTTPSConnection(host, parts.port, timeout=self._timeout, context=self._tls)


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Sign a body as the header carries it; receivers compute the same and compare."""
    mac = hmac.new(secret.encode(), timestamp.encode("ascii") + b"." + body, hashlib.sha256)
    return f"sha256={mac.hexdigest()}"


def check_address(url: str) -> str | None:
    """Say why this cannot be a webhook's address, or None. The address itself is not repeated."""
    try:
        parts = urlsplit(url)
        usable = parts.port is None or parts.port > 0
    except ValueError:
        return "the webhook's url is not a valid address"
    if parts.scheme not in ("http", "https"):
        return "the webhook's url must begin with https:// or http://"
    if not parts.hostname or not usable or not url.isascii() or any(char <= " " for char in url):
        return "the webhook's url is not a valid address"
    return None
