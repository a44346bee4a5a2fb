"""Which item is which, when publishers change, share, reuse or drop what identifies items."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.articles.identity import Item, Known, choose, digest, mark_document, reissued, same_item

if TYPE_CHECKING:
    from monitor.model import Marks

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=30)


def item(number: int = 1, /, **changes: Any) -> Item:
    """An item of its own for each number."""
    base = Item(
        guid=f"urn:item:{number}",
        link=f"https://example.org/{number}",
        title=f"Report {number}",
        summary=f"Summary {number}",
        body="",
        published=NOON + timedelta(minutes=number),
    )
    return replace(base, **changes)


def marks(one: Item) -> Marks:
    """The marks of an item that stands alone in its document."""
    return mark_document([one])[0]


def known(one: Item, *, article_id: int = 1, feed: str = "desk") -> Known:
    """The item as it was last seen."""
    mark = marks(one)
    return Known(article_id, feed, mark.guid, mark.link, mark.title, one.published, mark.text)


def test_marks_are_signed_64_bit() -> None:
    """A hash fits the column that both databases have."""
    values = [digest(str(n)) for n in range(200)]
    assert all(-(2**63) <= value < 2**63 for value in values)
    assert min(values) < 0 < max(values)


def test_borders_between_parts_count() -> None:
    """Moving a word from the title to the summary is another text."""
    assert digest("ab", "c") != digest("a", "bc")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://example.org/a", "https://www.example.org/a/?utm_source=rss"),
        ("https://example.org/a", " https://example.org/a "),
        ("urn:x:1", "\n urn:x:1\t"),
    ],
)
def test_guids_that_mean_the_same(one: str, other: str) -> None:
    """A permalink guid is compared as an address, any other guid as trimmed text."""
    assert marks(item(guid=one)).guid == marks(item(guid=other)).guid


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://example.org/a#1", "https://example.org/a#2"),
        ("https://example.org/?p=1", "https://example.org/?p=2"),
        ("urn:x:1", "urn:x:2"),
        ("urn:x:a", "urn:x:A"),
    ],
)
def test_guids_that_differ(one: str, other: str) -> None:
    """A fragment is part of a guid, and other guids count letter by letter."""
    assert marks(item(guid=one)).guid != marks(item(guid=other)).guid


def test_missing_identifiers_have_no_mark() -> None:
    """No guid, a blank guid and an address that is none identify nothing."""
    assert marks(item(guid=None)).guid is None
    assert marks(item(guid="  ")).guid is None
    assert marks(item(link="")).link is None


def test_title_mark_forgives_case_width_and_spaces() -> None:
    """Titles are compared as people read them."""
    assert marks(item(title="Talks in  DOHA")).title == marks(item(title="talks in \uff24oha ")).title


def test_text_mark_covers_title_summary_and_body() -> None:
    """A change in any text that rules read changes the text mark; date, link and guid do not."""
    base = marks(item()).text
    assert {marks(item(**{name: "new"})).text for name in ("title", "summary", "body")}.isdisjoint({base})
    assert marks(item(guid="new", link="https://example.org/new", published=LATER)).text == base


def test_content_mark_covers_title_date_and_text() -> None:
    """A re-issued item has the same content mark, whatever its guid and link."""
    base = marks(item()).content
    assert marks(item(guid="new", link="https://example.org/new")).content == base
    assert marks(item(published=LATER)).content != base
    assert marks(item(summary="new")).content != base


def test_a_shared_guid_identifies_nothing() -> None:
    """A guid or link of several different items is None for all of them, and only for them."""
    one, two, three = mark_document(
        [item(1, guid="feed"), item(2, guid="feed"), item(3, link="https://example.org/1")]
    )
    assert (one.guid, two.guid) == (None, None)
    assert (one.link, three.link) == (None, None)
    assert two.link is not None
    assert three.guid is not None


def test_an_item_listed_twice_keeps_its_marks() -> None:
    """A document that repeats one item does not make it unknown."""
    one, two = mark_document([item(1), item(1)])
    assert one == two == marks(item(1))


def test_a_home_page_identifies_only_with_its_title() -> None:
    """Items that link to a site's home page are told apart by title, over feeds too."""
    home = item(link="https://example.org/")
    assert marks(home).link == marks(replace(home, link="http://www.example.org")).link
    assert marks(home).link != marks(replace(home, title="Another report")).link


NEW = item(2)  # everything differs from item 1

SAME_FEED = [
    ("nothing changed", {}, True),
    ("the text was edited", {"summary": "new"}, True),
    ("the title was edited", {"title": "new"}, True),
    ("the date moved", {"published": LATER}, True),
    ("the link changed", {"link": NEW.link}, True),
    ("the guid changed", {"guid": NEW.guid}, True),
    ("title and date changed", {"title": NEW.title, "published": LATER}, True),
    ("link and date changed", {"link": NEW.link, "published": LATER}, True),
    ("the guid was recycled", {"link": NEW.link, "title": NEW.title, "published": LATER}, False),
    ("recycled, but undated", {"link": NEW.link, "title": NEW.title, "published": None}, True),
    ("recycled, but without link", {"link": "", "title": NEW.title, "published": LATER}, True),
    ("the page was reused", {"guid": NEW.guid, "title": NEW.title, "published": LATER}, False),
    ("the page was reused, undated", {"guid": NEW.guid, "title": NEW.title, "published": None}, True),
    ("the guid is gone", {"guid": None, "title": NEW.title, "published": LATER}, True),
    ("guid and link changed", {"guid": NEW.guid, "link": NEW.link}, False),
    ("only the title is equal", {"guid": None, "link": "", "published": LATER}, False),
    ("title and date are equal, the text is not", {"guid": None, "link": "", "summary": "new"}, False),
    ("title, date and text are all there is", {"guid": None, "link": ""}, True),
    ("a new guid, title, date and text are all there is", {"guid": NEW.guid, "link": ""}, True),
    ("a new guid and text", {"guid": NEW.guid, "link": "", "summary": "new"}, False),
]


@pytest.mark.parametrize(("case", "changes", "same"), SAME_FEED, ids=[case[0] for case in SAME_FEED])
def test_same_item_in_one_feed(case: str, changes: dict[str, object], same: bool) -> None:
    """Within a feed a guid or a link is believed unless everything else speaks against it."""
    entry = item(**changes)
    decision, reason = same_item(known(item()), marks(entry), entry.published, same_feed=True)
    assert decision is same
    assert reason


UNDATED = [
    ("title and link changed", {"title": NEW.title, "link": NEW.link}, False),
    ("title and guid changed", {"title": NEW.title, "guid": NEW.guid}, False),
    ("the title changed", {"title": NEW.title}, True),
    ("it was given a date", {"published": NOON, "title": NEW.title, "link": NEW.link}, True),
    ("the guid changed, there is no link", {"guid": NEW.guid, "link": ""}, False),
    ("there is neither guid nor link", {"guid": None, "link": ""}, True),
]


@pytest.mark.parametrize(("case", "changes", "same"), UNDATED, ids=[case[0] for case in UNDATED])
def test_same_item_without_dates(case: str, changes: dict[str, object], same: bool) -> None:
    """No date vouches for an item that has none: two of two other marks that changed make it a new one."""
    entry = replace(item(published=None), **changes)  # type: ignore[arg-type]
    decision, _ = same_item(known(item(published=None)), marks(entry), entry.published, same_feed=True)
    assert decision is same


OTHER_FEED = [
    ("the same link", {"guid": "other"}, True),
    ("the same link, another title", {"guid": "other", "title": "new"}, True),
    ("the same link, another day", {"guid": "other", "published": LATER}, True),
    ("the same link, another title and day", {"guid": "other", "title": "new", "published": LATER}, False),
    ("the same link, another title, undated", {"guid": "other", "title": "new", "published": None}, True),
    ("only the guid", {"link": NEW.link}, False),
    ("only the text", {"guid": "other", "link": NEW.link}, False),
    ("nothing to compare", {"guid": None, "link": ""}, False),
]


@pytest.mark.parametrize(("case", "changes", "same"), OTHER_FEED, ids=[case[0] for case in OTHER_FEED])
def test_same_item_in_another_feed(case: str, changes: dict[str, object], same: bool) -> None:
    """Across feeds only the link identifies, and not a page that got a new title on another day."""
    entry = item(**changes)
    assert same_item(known(item()), marks(entry), entry.published, same_feed=False)[0] is same


def test_home_pages_over_feeds() -> None:
    """Two feeds' items on one home page are one item only with one title."""
    home = item(link="https://example.org/")
    same = marks(replace(home, guid="other"))
    other = marks(replace(home, guid="other", title="Another report"))
    assert same_item(known(home), same, NOON, same_feed=False)[0]
    assert not same_item(known(home), other, NOON, same_feed=False)[0]


def test_choose_prefers_guid_then_link_then_other_feeds() -> None:
    """Of several candidates the surest one is taken, in whatever order they come."""
    entry = item()
    by_guid = known(item(link="https://example.org/old"), article_id=1)
    by_link = known(item(guid="old"), article_id=2)
    elsewhere = known(item(), article_id=3, feed="other")
    candidates = [elsewhere, by_link, by_guid]
    while candidates:
        chosen = choose(candidates, marks(entry), entry.published, "desk")
        assert chosen is candidates[-1]
        candidates.pop()
    assert choose([], marks(entry), entry.published, "desk") is None


def test_choose_passes_by_a_recycled_guid() -> None:
    """A candidate that is refused leaves room for the next one."""
    entry = item()
    recycled = known(item(2, guid=entry.guid), article_id=1)
    elsewhere = known(entry, article_id=2, feed="other")
    chosen = choose([recycled, elsewhere], marks(entry), entry.published, "desk")
    assert chosen is elsewhere


@pytest.mark.parametrize(
    ("new", "known_ones", "expected"),
    [(5, 3, True), (5, 2, False), (4, 4, False), (10, 6, True), (10, 5, False), (0, 0, False)],
)
def test_reissued(new: int, known_ones: int, expected: bool) -> None:
    """At least five new items of which sixty in a hundred have a known content: the feed was re-issued."""
    fresh = [marks(item(number)) for number in range(new)]
    contents = {mark.content for mark in fresh[:known_ones]}
    assert reissued(fresh, contents) is expected


@given(st.booleans(), st.sampled_from([None, NOON, LATER]))
def test_an_unchanged_item_is_always_the_same(same_feed: bool, published: datetime | None) -> None:
    """Whatever it has by way of date and feed, an item with a link is itself."""
    entry = item(published=published)
    assert same_item(known(entry), marks(entry), published, same_feed=same_feed)[0]
