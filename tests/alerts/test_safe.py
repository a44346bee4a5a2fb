"""Feed text is made harmless before anybody sees it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.safe import clean, cut, lines, one_line, quiet, safe_link
from tests.support.messages import HOSTILE


@pytest.mark.parametrize("text", HOSTILE)
def test_one_line_has_nothing_that_steers(text: str) -> None:
    """A title is one short line without control, bidi or surrogate characters."""
    made = one_line(text)
    assert len(made) <= 300
    assert not any(unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} for char in made)
    assert not any(
        char in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff" for char in made
    )


@given(st.text())
def test_cleaning_is_done_once(text: str) -> None:
    """What is clean stays as it is."""
    assert clean(clean(text)) == clean(text)


@given(st.text(), st.integers(min_value=0, max_value=50))
def test_cut_keeps_its_limit(text: str, limit: int) -> None:
    """A cut text is never longer than asked for, and whole where it fits."""
    assert len(cut(text, limit)) <= limit
    assert len(text) > limit or cut(text, limit) == text


@pytest.mark.parametrize(
    "text",
    [
        "Les talibans à Doha",
        "می\u200cخواهد",  # noqa: RUF001 - Persian is meant
        "👩\u200d🚒 brûle",
        "naïve café",
        "塔利班在多哈",
        "किताब की दुनिया",
    ],
)
def test_living_scripts_are_untouched(text: str) -> None:
    """Joiners and marks that people write with are kept."""
    assert one_line(text) == text


def test_lines_keep_paragraphs() -> None:
    """What Tocsin says about itself keeps its lines, and no more than one empty one in a row."""
    assert lines("a  b \r\n\n\n\nc\x00\n") == "a b\n\nc"


@pytest.mark.parametrize(
    ("text", "live"),
    [
        ("@everyone x", "@everyone"),
        ("foo@everyone x", "@everyone"),
        ("say @HERE now", "@HERE"),
        ("@user", "@user"),
        ("<!channel>", "<!channel"),
        ("<@U12>", "<@"),
        ("<#C1>", "<#"),
        ("[a](https://evil.example)", "]("),
        ("do /start now", " /start"),
    ],
)
def test_quiet_breaks_calls(text: str, live: str) -> None:
    """A mention, command or masked link loses the form that a service looks for, and nothing visible."""
    made = quiet(text)
    assert live not in made
    assert made.replace("\u2060", "") == text


@pytest.mark.parametrize(
    "text", ["write to desk@example.org", "and/or, 24/7, 1/2", "3 < 5 dead", "https://a.example/b"]
)
def test_quiet_leaves_plain_text(text: str) -> None:
    """Addresses, fractions and comparisons are nobody's call."""
    assert quiet(text) == text


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://www.example.org/a?b=c#d", "https://www.example.org/a?b=c#d"),
        ("HTTPS://Example.ORG/A", "https://example.org/A"),
        ("https://bank.example@evil.example/x", "https://evil.example/x"),
        ("https://user:pass@example.org:8443/x", "https://example.org:8443/x"),
        ("https://xn--80ak6aa92e.com/", "https://xn--80ak6aa92e.com/"),
        ("https://аррӏе.com/", "https://xn--80ak6aa92e.com/"),  # noqa: RUF001 - the look-alike is the point
        ("https://example.org/à propos", "https://example.org/%C3%A0%20propos"),
        ("https://example.org/@everyone", "https://example.org/%40everyone"),
        ("http://[::1]:80/x", "http://[::1]:80/x"),
        ("https://example.org/\x1b[31m", "https://example.org/%1B[31m"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("ftp://example.org/x", ""),
        ("https://", ""),
        ("//example.org/x", ""),
        ("https://exa mple.org/", ""),
        ("https://example.org:99999/", ""),
        ("https://[bad/", ""),
        ("https://example.org/" + "a" * 3000, ""),
        ("", ""),
    ],
)
def test_links_show_where_they_lead(url: str, shown: str) -> None:
    """Only http and https, without user names, with the true host, or no link at all."""
    assert safe_link(url) == shown


@given(st.text())
def test_no_text_breaks_a_link(url: str) -> None:
    """Whatever a feed gives, the result is a short ASCII address without blanks, or nothing."""
    link = safe_link(url)
    assert link.isascii()
    assert len(link) <= 2048
    assert not any(char.isspace() for char in link)
