"""From entries to articles: plain text, clean address, times, language, outlet."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from monitor.articles.normalise import normalise
from monitor.model import Article, Entry, FeedInfo, ParsedFeed

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ENTRY = Entry(
    guid="urn:1",
    link="https://www.example.org/a?utm_source=rss",
    title="Talks in <b>Doha</b> &amp; beyond",
    summary="<p>A short summary.</p>",
    content="<p>First paragraph.</p><p>Second paragraph.</p>",
    published=NOW - timedelta(hours=1),
)


def article(info: FeedInfo | None = None, feed_language: str | None = None, **changes: object) -> Article:
    """The article of one entry."""
    entry = replace(ENTRY, **changes)  # type: ignore[arg-type]
    parsed = ParsedFeed(info=info or FeedInfo(), entries=(entry,))
    return normalise(parsed, feed="desk", feed_language=feed_language, now=NOW)[0]


def test_texts_are_plain() -> None:
    """Title on one line, body in lines, no markup, address clean, outlet by host."""
    one = article()
    assert one.title == "Talks in Doha & beyond"
    assert one.summary == "A short summary."
    assert one.body == "First paragraph.\nSecond paragraph."
    assert one.url == "https://www.example.org/a"
    assert (one.feed, one.source, one.fetched) == ("desk", "example.org", NOW)


def test_a_title_is_one_line_of_bounded_length() -> None:
    """A title in blocks becomes one line, and a novel becomes five hundred characters."""
    assert article(title="<p>One</p><p>Two</p>").title == "One Two"
    assert len(article(title="word " * 1000).title) <= 500


def test_a_missing_title_is_taken_from_the_text() -> None:
    """An item without a title is called by its first words."""
    assert article(title="").title == "A short summary."
    assert article(title="<br>", summary="").title == "First paragraph. Second paragraph."
    assert article(title="", summary="", content="").title == ""


@pytest.mark.parametrize(
    ("published", "updated", "expected"),
    [
        (NOW - timedelta(hours=2), NOW - timedelta(hours=1), NOW - timedelta(hours=2)),
        (None, NOW - timedelta(hours=1), NOW - timedelta(hours=1)),
        (None, None, None),
        (NOW + timedelta(days=3), None, NOW),
        (None, NOW + timedelta(days=3), NOW),
    ],
)
def test_dates(published: datetime | None, updated: datetime | None, expected: datetime | None) -> None:
    """Published, else updated; what lies in the future counts from now."""
    assert article(published=published, updated=updated).published == expected


def test_a_date_in_the_future_does_not_move_the_identity() -> None:
    """The marks are made from the date the feed gave, so they are the same at the next poll."""
    entry = replace(ENTRY, published=NOW + timedelta(days=3))
    parsed = ParsedFeed(entries=(entry,))
    first = normalise(parsed, feed="desk", feed_language=None, now=NOW)[0]
    second = normalise(parsed, feed="desk", feed_language=None, now=NOW + timedelta(hours=1))[0]
    assert first.marks == second.marks
    assert first.dated == second.dated == entry.published


@pytest.mark.parametrize(
    ("entry", "document", "configured", "expected"),
    [
        ("fr-FR", "en", "de", "fr"),
        (None, "en_US", "de", "en"),
        (None, None, "de", "de"),
        (None, None, None, None),
        ("English", "und", "", None),
        ("", "zh-Hant-TW", None, "zh"),
    ],
)
def test_language(
    entry: str | None, document: str | None, configured: str | None, expected: str | None
) -> None:
    """The item's language, else the document's, else the configured one; only its first letters."""
    assert article(FeedInfo(language=document), configured, language=entry).language == expected


FRENCH = "<p>Les ministres se sont mis d'accord, et c'est la première fois depuis la guerre.</p>"


@pytest.mark.parametrize(
    ("declared", "document", "configured", "expected"),
    [
        (None, None, None, "fr"),
        ("und", "", "", "fr"),
        ("en", None, None, "en"),
        (None, "de", None, "de"),
        (None, None, "it", "it"),
    ],
)
def test_a_language_nobody_names_is_guessed(
    declared: str | None, document: str | None, configured: str | None, expected: str
) -> None:
    """The texts tell the language of an item that declares none; a declared one stays, right or wrong."""
    one = article(
        FeedInfo(language=document), configured, language=declared, title="Doha", summary="", content=FRENCH
    )
    assert one.language == expected


def test_a_text_given_twice_speaks_once() -> None:
    """A summary that repeats a short title does not make its few words many."""
    assert article(title="The envoys and Doha", summary="The envoys and Doha", content="").language is None


def test_the_outlet_is_the_source_that_the_entry_names() -> None:
    """An aggregator's item belongs to the outlet it was taken from."""
    assert article(source_url="https://www.other.example/rss").source == "other.example"
    assert article(source_url="not an address").source == "example.org"


def test_google_news_items() -> None:
    """The list of other headlines is dropped, and so is the outlet's name behind the title."""
    one = article(
        link="https://news.google.com/rss/articles/CBMiAAA?oc=5",
        title="Talks go on - The Example",
        source_title="The Example",
        source_url="https://www.example.org",
    )
    assert (one.title, one.summary, one.body, one.source) == ("Talks go on", "", "", "example.org")


def test_an_address_that_is_none_is_dropped() -> None:
    """A script in the link's place is neither stored nor an identity."""
    one = article(link="javascript:alert(1)")
    assert (one.url, one.source, one.marks.link) == ("", "", None)


def test_names_are_plain_and_each_once() -> None:
    """Authors and categories are text on one line."""
    one = article(authors=("Ann &amp; Bob", "", "Ann & Bob"), categories=("<b>World</b>", "Asia"))
    assert one.authors == ("Ann & Bob",)
    assert one.categories == ("World", "Asia")


def test_a_document_keeps_its_order_and_its_copies() -> None:
    """Nothing is sorted, merged or left out here; shared identifiers lose their marks."""
    entries = tuple(replace(ENTRY, title=title, content=title) for title in ("one", "two", "one"))
    articles = normalise(ParsedFeed(entries=entries), feed="desk", feed_language=None, now=NOW)
    assert [one.title for one in articles] == ["one", "two", "one"]
    assert [one.marks.guid for one in articles] == [None, None, None]
