"""Durations and rates as text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config.durations import duration_hint, format_duration, parse_duration, parse_rate


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("15m", 900),
        ("72h", 259200),
        ("30d", 2592000),
        ("2w", 1209600),
        ("1h30m", 5400),
        ("0s", 0),
    ],
)
def test_a_duration_is_read_as_seconds(text: str, seconds: int) -> None:
    """Every unit, and several of them together."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "15", "m", "15 m", "-5m", "1.5h", "5m5m", "15M", "999999999w", "\uff15m"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    """Bare numbers, signs, fractions, blanks and units that stand twice."""
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@given(st.integers(min_value=0, max_value=10**9))
def test_a_formatted_duration_reads_back(seconds: int) -> None:
    """Formatting loses nothing."""
    assert parse_duration(format_duration(seconds)) == seconds


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (900, 'write "900s" for seconds or "900m" for minutes'),
        ("90", 'a unit is missing: write "90s" for seconds or "90m" for minutes'),
        ("15 min", 'write "15m"'),
        ("10 Minutes", 'write "10m"'),
        ("2 hours", 'write "2h"'),
        ("3 days", 'write "3d"'),
        ("1 week", 'write "1w"'),
        ("30 seconds", 'write "30s"'),
    ],
)
def test_a_near_miss_gets_the_right_spelling(value: object, hint: str) -> None:
    """What was probably meant is proposed."""
    assert duration_hint(value) == hint


@pytest.mark.parametrize(
    ("text", "rate"), [("20/1h", (20, 3600.0)), ("30/10m", (30, 600.0)), ("5/h", (5, 3600.0))]
)
def test_a_rate_is_read_as_count_and_seconds(text: str, rate: tuple[int, float]) -> None:
    """A number per time; a lone unit is one of it."""
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["20", "0/1h", "x/1h", "20/", "20/0s", "20 per hour"])
def test_what_is_no_rate_is_refused(text: str) -> None:
    """No count, no time, or a time of nothing."""
    with pytest.raises(ValueError, match=r"expected|zero"):
        parse_rate(text)
