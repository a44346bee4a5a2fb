"""What the head of an answer means."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from monitor.feeds.answer import Head, cache_seconds, retry_after, validator, verdict
from monitor.model import FetchStatus

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def head(status: int = 200, /, **fields: str) -> Head:
    """An answer's head; `cache_control="x"` becomes the field cache-control."""
    return Head(status, [(key.replace("_", "-").encode(), value.encode()) for key, value in fields.items()])


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        *(("120", 120.0), (" 5 ", 5.0), ("0", 0.0), ("86401", 86_400.0), ("9" * 4000, 86_400.0)),
        ("Tue, 24 Nov 2026 12:10:00 GMT", 600.0),
        ("Tue, 24 Nov 2026 14:10:00 +0200", 600.0),
        ("Tuesday, 24-Nov-26 12:10:00 GMT", 600.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400.0),
        ("Fri, 31 Dec 9999 23:59:59 -1200", None),
        *(("soon", None), ("", None), ("-5", None), ("1e9", None), ("٣", None)),
    ],
)
def test_retry_after(value: str, seconds: float | None) -> None:
    """Seconds and dates are understood, the past is now, more than a day is a day, nonsense is nothing."""
    fields = [(b"retry-after", value.encode("utf-8"))]
    assert retry_after(Head(429, fields), NOW) == seconds


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({}, None),
        ({"cache_control": "max-age=300"}, 300.0),
        ({"cache_control": 'public, Max-Age="300", x=1'}, 300.0),
        ({"cache_control": "max-age=300", "age": "100"}, 200.0),
        ({"cache_control": "max-age=300", "age": "900"}, 0.0),
        ({"cache_control": "max-age=300", "age": "old"}, 300.0),
        ({"cache_control": "s-maxage=300"}, None),
        ({"cache_control": "max-age=300, no-cache"}, 0.0),
        ({"cache_control": "no-store"}, 0.0),
        ({"cache_control": "max-age=soon"}, None),
        ({"expires": "Tue, 24 Nov 2026 13:00:00 GMT"}, 3600.0),
        ({"expires": "Tue, 24 Nov 2026 13:00:00 GMT", "date": "Tue, 24 Nov 2026 12:30:00 GMT"}, 1800.0),
        ({"expires": "Tue, 24 Nov 2026 13:00:00 GMT", "cache_control": "max-age=5"}, 5.0),
        ({"expires": "0"}, 0.0),
        ({"expires": "Mon, 01 Jan 1990 00:00:00 GMT"}, 0.0),
    ],
)
def test_cache_seconds(fields: dict[str, str], seconds: float | None) -> None:
    """max-age minus Age wins over Expires minus Date; what must not be reused is fresh for no time."""
    assert cache_seconds(head(**fields), NOW) == seconds


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        *(('"a"', True), ('W/"a\'b c"', True), ("unquoted", True), ("\xe9\xff", True), ("x" * 2048, True)),
        *(("x" * 2049, False), ('"a\x01b"', False), ("a\x7f", False), ("a\x85", False), ("", False)),
    ],
)
def test_validators_worth_keeping(value: str, kept: bool) -> None:
    """Odd validators are kept as they are; long ones and control characters are not kept at all."""
    assert validator(value) == (value if kept else None)
    assert validator(None) is None


@pytest.mark.parametrize(
    ("status", "conditional", "expected", "words"),
    [
        (200, False, FetchStatus.NEW, ""),
        (304, True, FetchStatus.NOT_MODIFIED, ""),
        (203, False, FetchStatus.NEW, ""),
        (304, False, FetchStatus.HTTP_ERROR, "asked for the whole"),
        (429, True, FetchStatus.RATE_LIMITED, "429 Too Many Requests"),
        (503, True, FetchStatus.RATE_LIMITED, "503 Service Unavailable"),
        (410, True, FetchStatus.GONE, "gone for good"),
        (401, False, FetchStatus.HTTP_ERROR, "wants a login"),
        (404, False, FetchStatus.HTTP_ERROR, "the server answered 404 Not Found"),
        (302, False, FetchStatus.HTTP_ERROR, "does not say where to"),
        *((code, False, FetchStatus.HTTP_ERROR, str(code)) for code in (201, 204, 206, 226, 300, 500, 799)),
    ],
)
def test_every_status_has_a_verdict(
    status: int, conditional: bool, expected: FetchStatus, words: str
) -> None:
    """A 200 or 203 is news; each other status says what it was."""
    got, message = verdict(head(status), conditional=conditional)
    assert got is expected
    assert words in message
    assert bool(message) is (words != "")


def test_a_list_field_may_stand_on_several_lines() -> None:
    """Cache-Control on two lines counts as one; of an ETag only the first line counts."""
    two = Head(
        200,
        [(b"cache-control", b"public"), (b"cache-control", b"max-age=9"), (b"etag", b"1"), (b"etag", b"2")],
    )
    assert cache_seconds(two, NOW) == 9.0
    assert two.first(b"etag") == "1"
