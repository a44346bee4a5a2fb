"""Whether a page is wanted, what for, and whose comes first."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.model import Article, Marks, Severity
from monitor.pages.wanted import Purpose, priority, wanted
from tests.support.documents import NOON

MATCH, COMPARE, DECIDE = Purpose


def article(url: str = "https://n.example/1", **values: Any) -> Article:
    """An article with this address."""
    full: dict[str, Any] = {
        "feed": "a",
        "title": "Talks",
        "summary": "",
        "body": "",
        "url": url,
        "published": None,
        "updated": None,
        "fetched": NOON,
        "language": None,
        "authors": (),
        "categories": (),
        "source": "n.example",
        "marks": Marks(None, None, 0, 0, 0),
    }
    return Article(**(full | values))


SHORT, LONG, WHOLE = article(short=True), article(), article(whole=True)
CASES = [
    # mode, article, matched, a rule looks at bodies, what for
    ("auto", SHORT, False, True, MATCH),
    ("auto", SHORT, False, False, None),
    ("auto", LONG, False, True, None),
    ("auto", WHOLE, False, True, None),
    ("auto", article(short=True, whole=True), False, True, None),
    ("auto", SHORT, True, True, COMPARE),
    ("auto", SHORT, True, False, COMPARE),
    ("auto", LONG, True, True, COMPARE),
    ("auto", WHOLE, True, True, None),
    ("always", SHORT, False, True, MATCH),
    ("always", LONG, False, True, MATCH),
    ("always", WHOLE, False, True, MATCH),
    ("always", WHOLE, False, False, None),
    ("always", WHOLE, True, False, COMPARE),
    ("never", SHORT, False, True, None),
    ("never", SHORT, True, True, None),
]


@pytest.mark.parametrize(("mode", "item", "matched", "reads", "purpose"), CASES)
def test_what_a_page_is_wanted_for(
    mode: str, item: Article, matched: bool, reads: bool, purpose: Purpose | None
) -> None:
    """As the feed's full_text has it, what it gives, and what rules look at."""
    assert wanted(mode, item, matched=matched, reads_bodies=reads) is purpose


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://n.example/1",
        "mailto:a@n.example",
        "https://news.google.com/rss/articles/CBMi",
        "http://[x",
        "//n/1",
    ],
)
def test_what_has_no_page_of_its_own_is_not_fetched(url: str) -> None:
    """No address of the web, or one that hides where it leads."""
    assert wanted("always", article(url, short=True), matched=True, reads_bodies=True) is None


def test_an_item_of_google_news_has_no_page() -> None:
    """Whatever its address says."""
    item = article(short=True, source="news.google.com")
    assert wanted("auto", item, matched=False, reads_bodies=True) is None


def test_who_goes_first() -> None:
    """An alert that waits, what may ring, what has rung, the rest; the severest of each first."""
    urgent, low = Severity.URGENT, Severity.LOW
    order = [
        priority(DECIDE, [low, urgent]),
        priority(DECIDE, [low]),
        priority(MATCH, touched=True),
        priority(COMPARE, [urgent]),
        priority(COMPARE, [low]),
        priority(MATCH),
    ]
    assert all(first > second for first, second in pairwise(order))


@given(st.sampled_from(Purpose), st.lists(st.sampled_from(Severity)), st.booleans())
def test_an_alert_that_waits_is_never_behind_one_that_does_not(
    purpose: Purpose, severities: list[Severity], touched: bool
) -> None:
    """Whatever else is known of the others."""
    assert priority(DECIDE, severities) >= priority(purpose, [], touched=touched)
