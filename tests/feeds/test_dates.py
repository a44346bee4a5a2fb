"""Dates as feeds write them, in UTC."""

from __future__ import annotations

import pytest

from monitor.feeds.dates import email_date, rfc3339, utc_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon, 23 Nov 2026 12:00:00 GMT", "2026-11-23T12:00:00Z"),
        ("Mon, 23 Nov 2026 12:00:00", "2026-11-23T12:00:00Z"),
        ("3 November 2026 9:05", "2026-11-03T09:05:00Z"),
        ("Mon, 23 Nov 2026 12:00:00 +0200", "2026-11-23T10:00:00Z"),
        ("Mon, 23 Nov 2026 12:00:00 -03:30", "2026-11-23T15:30:00Z"),
        ("Mon, 23 Nov 2026 12:00:00 CET", "2026-11-23T11:00:00Z"),
        ("Mon, 23 Nov 2026 12:00:00 EST", "2026-11-23T17:00:00Z"),
        ("Seg, 24 Set 2018 19:42:40 -0300", "2018-09-24T22:42:40Z"),
        ("lun., 23 févr. 2026 12:00:00 +0100", "2026-02-23T11:00:00Z"),
        ("30 juin 2026 12:00", "2026-06-30T12:00:00Z"),
        ("30 juillet 2026 12:00", "2026-07-30T12:00:00Z"),
        ("23. Dezember 2026 12:00", "2026-12-23T12:00:00Z"),
        ("Mon, 01 Jan 0001 00:00:00 +0100", None),
        ("Mon, 32 Nov 2026 12:00:00 GMT", None),
        ("Mon, 23 Nov 2026 25:00:00 GMT", None),
        ("Mon, 23 Nov 2026 12:00:00 XYZ", None),
        ("Mon, 23 Foo 2026 12:00:00 GMT", None),
        ("2026-11-23T12:00:00Z", None),
        ("", None),
    ],
)
def test_email_date(text: str, expected: str | None) -> None:
    """The form that RSS asks for, with and without zones, in several languages; no other form."""
    assert utc_text(email_date(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23T12:00:00Z", "2026-11-23T12:00:00Z"),
        ("2026-11-23T12:00:00.123-05:30", "2026-11-23T17:30:00Z"),
        ("2026-11-23", "2026-11-23T00:00:00Z"),
        ("0001-01-01T00:00:00Z", None),
        ("0001-01-01T00:00:00+10:00", None),
        ("9999-12-31T23:59:59-10:00", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_rfc3339(text: str, expected: str | None) -> None:
    """Times come out in UTC; without a zone they are taken as UTC; absurd years are none."""
    assert rfc3339(text) == expected


def test_no_time_is_no_text() -> None:
    """What could not be read stays unread."""
    assert utc_text(None) is None
