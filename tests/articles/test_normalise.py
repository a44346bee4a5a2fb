"""From entries to articles: plain text, clean address, times, language, outlet."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.articles.identity import Item, mark_document
from monitor.articles.normalise import normalise
from monitor.articles.summary import WHOLE_CHARS
from monitor.articles.urls import clean_url, source_of
from monitor.documents import document_of
from monitor.feeds.parse import parsed_feed
from monitor.feeds.worker import parse_document
from monitor.model import Article, Entry, FeedInfo, Marks, ParsedFeed, Strength
from monitor.rules.compiling import compile_query
from monitor.settings import FeedConfig, Secret
from monitor.text.html import html_to_text, one_line

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"
PAGES = Path(__file__).parents[1] / "pages" / "html"

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


# --- clean text --------------------------------------------------------------------------------------

SENTENCE = "Ministers of six countries met in the capital on Tuesday to talk about water and grain."


def test_furniture_of_a_feed_s_texts_is_neither_matched_nor_shown() -> None:
    """What systems add to them is cut, titles of other articles are kept and not confirmed."""
    one = article(
        summary=f"<p>{SENTENCE}</p><p>The post <a>Talks</a> appeared first on <a>The Post</a>.</p>",
        content=f"<p>{SENTENCE}</p><h3>Lire aussi</h3><ul><li>Covid-19 : la vague</li></ul>"
        '<a href="https://www.facebook.com/sharer/sharer.php?u=x">Post it there</a>'
        '<img src="http://feeds.feedburner.com/~r/x/~4/y" height="1" width="1" alt="pixel"/>',
    )
    assert one.summary == SENTENCE
    assert one.doubtful == ()
    assert one.body == f"{SENTENCE}\nCovid-19 : la vague"
    assert [one.body[start:end] for start, end in one.unconfirmed] == ["Covid-19 : la vague"]
    both = article(summary=f"{SENTENCE}<p>Lire aussi</p><p>Covid-19</p>", content="")
    assert [both.summary[start:end] for start, end in both.doubtful] == ["Covid-19"]


@pytest.mark.parametrize(
    ("summary", "content", "whole", "short"),
    [
        ("", f"<p>{SENTENCE}</p>" * 20, True, False),
        (f"<p>{SENTENCE}</p>" * 20, "", True, False),
        (f"{SENTENCE} [&#8230;]", f"<p>{SENTENCE}</p>" * 20, True, False),
        (f"<p>{SENTENCE}</p>" * 20, f"<p>{SENTENCE}</p>" * 3, False, False),
        ("", f"<p>{SENTENCE}</p>" * 20 + "<p>Read more</p>", False, True),
        (f"<p>{SENTENCE}</p>" * 3, "", False, False),
        (SENTENCE, "", False, True),
        (f"{SENTENCE * 3} [...]", "", False, True),
        ("", "", False, True),
    ],
)
def test_whether_a_feed_gives_the_whole_text(summary: str, content: str, whole: bool, short: bool) -> None:
    """Long enough and not cut off is whole; few words, or cut off, is short; the better text counts."""
    one = article(summary=summary, content=content)
    assert (one.whole, one.short) == (whole, short)
    assert not one.whole or max(len(one.body), len(one.summary)) >= WHOLE_CHARS


def test_a_title_taken_from_the_text_is_taken_from_what_is_clean() -> None:
    """Its mark is made from all of it, as it always was."""
    sharing = '<a href="https://www.facebook.com/sharer/sharer.php?u=x">Post it there</a> '
    one = article(title="", summary=f"{sharing}{SENTENCE}", content="")
    assert one.title == SENTENCE
    assert (
        one.marks
        == as_ever(
            ParsedFeed(entries=(replace(ENTRY, title="", summary=f"{sharing}{SENTENCE}", content=""),))
        )[0]
    )


def as_ever(parsed: ParsedFeed) -> tuple[Marks, ...]:
    """The marks of a document as they were made before texts were cleaned; stores are full of them."""
    items = []
    for entry in parsed.entries:
        url = clean_url(entry.link or "")
        title = one_line(html_to_text(entry.title), 500)
        summary, body = html_to_text(entry.summary), html_to_text(entry.content)
        if source_of(url) == "news.google.com":
            summary = body = ""
            if entry.source_title:
                title = title.removesuffix(f" - {entry.source_title.strip()}")
        title = title or one_line(summary or body, 100)
        items.append(
            Item(
                guid=entry.guid,
                link=url,
                title=title,
                summary=summary,
                body=body,
                published=entry.published or entry.updated,
            )
        )
    return mark_document(items)


def marks_of(parsed: ParsedFeed) -> tuple[Marks, ...]:
    """The marks of a document as they are made now."""
    return tuple(one.marks for one in normalise(parsed, feed="desk", feed_language=None, now=NOW))


FURNITURE = (
    *(
        SENTENCE,
        "<p>",
        "</p>",
        "\n",
        "<br>",
        "Lire aussi",
        "Covid-19 : la vague",
        "The post X appeared first on Y.",
    ),
    *(
        "Read more",
        "[&hellip;]",
        '<a href="https://t.me/share/url?u=x">Tell</a>',
        "We use cookies.",
        "Comments",
    ),
)
MARKUP = st.lists(st.sampled_from(FURNITURE) | st.text(max_size=20), max_size=8).map("".join)


@given(st.lists(st.builds(Entry, title=MARKUP, summary=MARKUP, content=MARKUP), max_size=4))
def test_cleaning_changes_no_identity(entries: list[Entry]) -> None:
    """An upgrade makes no known item look edited; and spans lie within their texts."""
    parsed = ParsedFeed(entries=tuple(entries))
    assert marks_of(parsed) == as_ever(parsed)
    for one in normalise(parsed, feed="desk", feed_language=None, now=NOW):
        for text, spans in ((one.summary, one.doubtful), (one.body, one.unconfirmed)):
            assert all(0 <= start < end <= len(text) for start, end in spans)


@pytest.mark.skipif(not (CORPUS / "feeds" / "real").is_dir(), reason="needs ../shared/corpus/feeds/real")
def test_cleaning_changes_no_identity_of_real_items() -> None:
    """The same over one in six of the real feeds at hand."""
    items = 0
    for path in sorted(path for path in (CORPUS / "feeds" / "real").rglob("*") if path.is_file())[::6]:
        parsed = parsed_feed(parse_document(path.read_bytes(), "", "https://example.org/feed"))
        assert marks_of(parsed) == as_ever(parsed)
        items += len(parsed.entries)
    assert items > 300


RULES = ("talibans OR taliban", "doha")
SILENT = ("covid-19", "bataclan", '"pneus hiver"', "cookies OR cookie", "sicile")


def strong(markup: str, field: str) -> list[str]:
    """Which of these rules hold strongly for an item of this content or summary."""
    texts = (markup, "") if field == "summary" else ("", markup)
    one = article(title="Monde", summary=texts[0], content=texts[1])
    document = document_of(one, FeedConfig("desk", Secret("https://feeds.example/desk")))
    return [
        query
        for query in (*RULES, *SILENT)
        for match in compile_query(query, ()).match(document)
        if match.strength is Strength.STRONG
    ]


@pytest.mark.parametrize("field", ["content", "summary"])
@pytest.mark.parametrize("page", ["most_read_inside", "no_tags", "cookies_first", "paywall"])
def test_a_page_served_as_a_feed_s_text(page: str, field: str) -> None:
    """One report, a heap of furniture, and rules on both: those on the report hold, the others are weak."""
    assert strong((PAGES / f"{page}.html").read_text(encoding="utf-8"), field) == [*RULES]


@pytest.mark.skipif(not (CORPUS / "pages").is_dir(), reason="needs ../shared/corpus/pages and seed")
@pytest.mark.parametrize("field", ["content", "summary"])
def test_the_page_this_project_was_born_from_as_a_feed_s_text(field: str) -> None:
    """As markup, as paragraphs, and as plain lines."""
    page = (CORPUS / "pages" / "talibans-doha.html").read_text(encoding="utf-8")
    seed = (CORPUS / "seed" / "talibans-doha.txt").read_text(encoding="utf-8")
    paragraphs = "".join(f"<p>{line}</p>" for line in seed.split("\n"))
    for markup in (page, paragraphs, seed):
        assert strong(markup, field) == [*RULES]
