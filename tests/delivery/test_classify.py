"""What receivers say, and what it means."""

from __future__ import annotations

import http.client
import socket
import ssl
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.delivery.classify import from_exception, from_http, from_smtp, retry_after_seconds
from monitor.model import AnswerClass

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, AnswerClass.OK),
        (204, AnswerClass.OK),
        (302, AnswerClass.CONFIG),
        (400, AnswerClass.CONTENT),
        (401, AnswerClass.CONFIG),
        (403, AnswerClass.CONFIG),
        (404, AnswerClass.CONFIG),
        (405, AnswerClass.CONFIG),
        (408, AnswerClass.TRANSIENT),
        (410, AnswerClass.CONFIG),
        (413, AnswerClass.CONTENT),
        (422, AnswerClass.CONTENT),
        (425, AnswerClass.TRANSIENT),
        (429, AnswerClass.RATE),
        (500, AnswerClass.TRANSIENT),
        (503, AnswerClass.TRANSIENT),
        (599, AnswerClass.TRANSIENT),
    ],
)
def test_http_statuses(status: int, kind: AnswerClass) -> None:
    """The table of HTTP statuses; the detail names the status."""
    answer = from_http(status)
    assert answer.kind is kind
    assert answer.status == status
    assert str(status) in answer.detail


@pytest.mark.parametrize(
    ("status", "body", "kind", "wait"),
    [
        (429, {"ok": False, "parameters": {"retry_after": 31}}, AnswerClass.RATE, 31.0),
        (429, {"retry_after": 0.5}, AnswerClass.RATE, 0.5),
        (429, {"parameters": {"retry_after": "soon"}}, AnswerClass.RATE, None),
        (429, {"parameters": {"retry_after": float("nan")}}, AnswerClass.RATE, None),
        (429, {"parameters": {"retry_after": 1e12}}, AnswerClass.RATE, 86_400.0),
        (400, {"description": "Bad Request: chat not found"}, AnswerClass.CONFIG, None),
        (400, {"description": "Bad Request: message is too long"}, AnswerClass.CONTENT, None),
        (200, {"ok": True}, AnswerClass.OK, None),
        (200, {"ok": False, "error": "invalid_auth"}, AnswerClass.CONFIG, None),
        (200, {"ok": False, "error": "ratelimited"}, AnswerClass.RATE, None),
        (200, {"ok": False, "error": "msg_too_long"}, AnswerClass.CONTENT, None),
        (200, {"ok": False, "error": "fatal_error"}, AnswerClass.TRANSIENT, None),
    ],
)
def test_words_in_bodies(status: int, body: dict[str, Any], kind: AnswerClass, wait: float | None) -> None:
    """Telegram's and Slack's own words are understood where the status says too little."""
    answer = from_http(status, body=body)
    assert (answer.kind, answer.retry_after) == (kind, wait)


def test_bodies_are_never_quoted() -> None:
    """What a receiver wrote does not get into the detail."""
    assert "canary" not in from_http(400, body={"description": "chat not found: canary"}).detail


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("7", 7.0),
        (" 120 ", 120.0),
        ("1.5", 1.5),
        ("999999999", 86_400.0),
        ("Sun, 01 Mar 2026 12:01:00 GMT", 60.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("Sun, 01 Mar 2026 12:01:00 -0000", None),
        ("soon", None),
        ("-5", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read(value: str | None, seconds: float | None) -> None:
    """Seconds and dates are read, clamped to a day; anything else is no wish."""
    assert retry_after_seconds(value, NOW) == seconds


@given(st.text())
def test_no_retry_after_breaks_anything(value: str) -> None:
    """Whatever stands in the header, the result is seconds within a day, or nothing."""
    seconds = retry_after_seconds(value, NOW)
    assert seconds is None or 0 <= seconds <= 86_400


@pytest.mark.parametrize(
    ("code", "stage", "kind"),
    [
        (250, "data", AnswerClass.OK),
        (421, "connect", AnswerClass.RATE),
        (450, "rcpt", AnswerClass.RATE),
        (451, "data", AnswerClass.TRANSIENT),
        (452, "rcpt", AnswerClass.TRANSIENT),
        (454, "login", AnswerClass.TRANSIENT),
        (530, "mail", AnswerClass.CONFIG),
        (534, "login", AnswerClass.CONFIG),
        (535, "login", AnswerClass.CONFIG),
        (550, "rcpt", AnswerClass.REFUSED),
        (551, "rcpt", AnswerClass.REFUSED),
        (553, "rcpt", AnswerClass.REFUSED),
        (550, "mail", AnswerClass.CONFIG),
        (550, "data", AnswerClass.CONTENT),
        (552, "data", AnswerClass.CONTENT),
        (552, "mail", AnswerClass.CONTENT),
        (554, "data", AnswerClass.CONTENT),
        (554, "connect", AnswerClass.CONFIG),
    ],
)
def test_smtp_codes(code: int, stage: str, kind: AnswerClass) -> None:
    """The table of SMTP codes; the same code means different things at different stages."""
    assert from_smtp(code, stage).kind is kind


def test_smtp_details_keep_only_the_enhanced_code() -> None:
    """Of a server's text only the enhanced status code is repeated."""
    detail = from_smtp(550, "rcpt", b"5.1.1 <secret@example.org> unknown").detail
    assert "550 5.1.1" in detail
    assert "secret" not in detail


class ConnectTimeoutError(Exception):
    """Named like the one that hides inside requests' errors."""


def nested(inner: Exception) -> Exception:
    """Wrap an error as urllib3 and requests do: in args, without a cause."""
    return OSError(OSError("Max retries exceeded with url: /bot123:canary", inner))


@pytest.mark.parametrize(
    ("error", "sent", "kind", "word"),
    [
        (ConnectionRefusedError(111, "refused"), False, AnswerClass.TRANSIENT, "refuses"),
        (nested(ConnectionRefusedError(111, "refused")), True, AnswerClass.TRANSIENT, "refuses"),
        (socket.gaierror(-2, "unknown"), False, AnswerClass.TRANSIENT, "host name"),
        (TimeoutError("timed out"), False, AnswerClass.TRANSIENT, "in time"),
        (nested(ConnectTimeoutError()), True, AnswerClass.TRANSIENT, "in time"),
        (TimeoutError("timed out"), True, AnswerClass.UNKNOWN, "may have arrived"),
        (ConnectionResetError(104, "reset"), True, AnswerClass.UNKNOWN, "may have arrived"),
        (http.client.RemoteDisconnected("closed"), True, AnswerClass.UNKNOWN, "may have arrived"),
        (ConnectionResetError(104, "reset"), False, AnswerClass.TRANSIENT, "no connection"),
        (ssl.SSLCertVerificationError("certificate verify failed"), True, AnswerClass.CONFIG, "certificate"),
        (ssl.SSLError("wrong version number"), True, AnswerClass.TRANSIENT, "encrypted"),
        (ssl.SSLEOFError("eof"), True, AnswerClass.UNKNOWN, "may have arrived"),
        (http.client.InvalidURL("canary"), False, AnswerClass.CONFIG, "URL"),
    ],
)
def test_exceptions(error: Exception, sent: bool, kind: AnswerClass, word: str) -> None:
    """Only a failure after the request left, and of no earlier kind, leaves the outcome unknown."""
    answer = from_exception(error, sent=sent)
    assert answer.kind is kind
    assert word in answer.detail
    assert "canary" not in answer.detail
