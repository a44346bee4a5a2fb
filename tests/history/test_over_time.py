"""Feeds over days and months: what comes back, what is pruned meanwhile, what changes its name."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.model import FetchResult, FetchStatus
from monitor.store import sql
from monitor.store.rows import from_db
from tests.support.documents import Item
from tests.support.newsdesk import Desk

if TYPE_CHECKING:
    from datetime import datetime

DAY = timedelta(days=1)
OLD = Item("Old news", guid="old", link="https://n.example/old", text="before us", age=48)
NEW = Item("Talks in Doha", guid="g1", link="https://n.example/1", text="They met on Friday.", age=1)
FILLER = Item("Weather", guid="w", link="https://n.example/w", text="Rain.", age=0.5)


def started(folder: Path, **options: object) -> Desk:
    """A desk whose feeds have their baseline behind them."""
    desk = Desk(folder, **options)  # type: ignore[arg-type]
    for feed in desk.config.feeds:
        desk.publish(feed.name, OLD)
    desk.poll()
    return desk


def show(desk: Desk, *items: Item, feed: str = "a") -> list[str]:
    """Let the feed list these and poll it; returns what rang anew."""
    before = len(desk.told())
    desk.publish(feed, *items)
    desk.poll(feed)
    return desk.told()[before:]


def left_and_pruned(folder: Path, **options: object) -> Desk:
    """A desk that told NEW, whose feed then dropped it, and that pruned it a hundred days later."""
    desk = started(folder, **options)
    assert show(desk, NEW, OLD) == ["Talks in Doha"]
    desk.deliver_all()
    show(desk, FILLER, OLD)
    desk.deliver_all()
    desk.now += 100 * DAY
    desk.publish("a", OLD)
    desk.poll()
    desk.prune(90 * DAY)
    assert "Talks in Doha" not in titles(desk)
    return desk


def titles(desk: Desk) -> list[str]:
    """The titles of the stored articles."""
    return [row["title"] for row in desk.database.reader.rows(sql.ARTICLES_SINCE, since="")]


def last_seen(desk: Desk, title: str) -> datetime | None:
    """When the item of this title was last seen."""
    statement = (
        "SELECT last_seen_at FROM sightings JOIN articles ON id = article_id WHERE articles.title = :t"
    )
    (row,) = desk.database.reader.rows(statement, t=title)
    return from_db(row[0])


# --- leaving and coming back --------------------------------------------------------------------------


@pytest.mark.parametrize("days", [1, 100, 1000])
def test_an_item_that_comes_back_does_not_ring_again(tmp_path: Path, days: int) -> None:
    """It left the feed for a day, or for years in which nobody polled: still the same item."""
    with started(tmp_path) as desk:
        assert show(desk, NEW, OLD) == ["Talks in Doha"]
        show(desk, FILLER)
        desk.now += days * DAY
        assert show(desk, NEW, FILLER) == []
        assert desk.adds_up()


def test_an_item_that_comes_back_after_its_mark_went_is_new(tmp_path: Path) -> None:
    """A year and more after it was last seen nobody remembers it."""
    with left_and_pruned(tmp_path) as desk:
        desk.now += 270 * DAY
        show(desk, FILLER, OLD)
        assert desk.prune(90 * DAY)["sightings"] == 1
        assert show(desk, NEW, OLD) == ["Talks in Doha"]


def test_an_empty_document_is_a_baseline_and_forgets_nothing(tmp_path: Path) -> None:
    """After an empty first document everything is new; an empty one between two full ones changes nothing."""
    with Desk(tmp_path) as desk:
        assert show(desk) == []
        assert show(desk, NEW, OLD) == ["Old news", "Talks in Doha"]
        assert show(desk) == []
        assert show(desk, NEW, OLD) == []
        assert show(desk, FILLER, NEW, OLD) == ["Weather"]


# --- known items whose article was pruned -------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "rings"),
    [
        pytest.param({}, False, id="as it was"),
        pytest.param({"age": -2000.0}, False, id="another date"),
        pytest.param({"link": "https://n.example/1?utm_source=x"}, False, id="another tracking link"),
        pytest.param({"guid": "g1-v2"}, False, id="another guid"),
        pytest.param({"text": "They met again: the truce holds."}, True, id="another text"),
        pytest.param({"title": "Doha talks end"}, True, id="another title"),
    ],
)
def test_a_pruned_item_that_returns_changed_is_new(
    tmp_path: Path, changes: dict[str, object], rings: bool
) -> None:
    """Nobody knows any more what its old text was: a new one is news, a date, link or guid is not."""
    back = replace(NEW, **changes)  # type: ignore[arg-type]
    with left_and_pruned(tmp_path) as desk:
        assert show(desk, back, OLD) == ([back.title] if rings else [])
        assert (back.title in titles(desk)) is rings
        assert show(desk, back, FILLER, OLD) == []
        assert show(desk, replace(back, text=back.text + " Corrected."), OLD) == (
            [] if rings else [back.title]
        )
        assert desk.adds_up()


def test_a_pruned_item_rings_only_for_rules_that_hold(tmp_path: Path) -> None:
    """A new text that no rule looks for is stored and silent."""
    with left_and_pruned(tmp_path, query="doha") as desk:
        assert show(desk, replace(NEW, title="Elsewhere", text="Nothing of the kind."), OLD) == []
        assert "Elsewhere" in titles(desk)


def test_a_copy_of_a_pruned_article_in_another_feed_is_new(tmp_path: Path) -> None:
    """It rings through the feed that shows it now; the first feed's mark goes on to mean the same article."""
    with left_and_pruned(tmp_path, feeds=["a", "b"]) as desk:
        copy = replace(NEW, guid="b:1")
        assert show(desk, copy, OLD, feed="b") == ["Talks in Doha"]
        assert show(desk, NEW, OLD) == []
        assert titles(desk).count("Talks in Doha") == 1
        assert desk.adds_up()


def test_a_copy_of_a_pruned_article_in_a_baseline_is_silent(tmp_path: Path) -> None:
    """The first poll of another feed rings for nobody, but stores what it saw."""
    with left_and_pruned(tmp_path) as desk:
        desk.change(feeds=(*desk.config.feeds, desk.feed("c")))
        assert show(desk, replace(NEW, guid="c:1"), feed="c") == []
        assert titles(desk).count("Talks in Doha") == 1
        assert desk.adds_up()


def test_an_item_that_is_always_listed_is_never_pruned(tmp_path: Path) -> None:
    """Over two years of changing documents it stays, and its edit is still judged against its old text."""
    with started(tmp_path, query="doha") as desk:
        show(desk, NEW, OLD)
        for month in range(24):
            desk.now += 30 * DAY
            desk.deliver_all()
            show(desk, replace(FILLER, guid=f"w{month}", link=f"https://n.example/w{month}"), NEW)
            desk.prune(90 * DAY)
        assert show(desk, replace(NEW, text="They met on Friday, in Doha."), OLD) == []
        assert desk.told() == ["Talks in Doha"]


# --- when an item was last seen -----------------------------------------------------------------------


def test_marks_are_refreshed_once_a_day(tmp_path: Path) -> None:
    """Documents that change each hour write nothing for what they go on listing, until a day has passed."""
    with started(tmp_path) as desk:
        seen = {last_seen(desk, "Old news")}
        for hour in range(50):
            desk.now += timedelta(hours=1)
            show(desk, replace(FILLER, title=f"Weather {hour}"), OLD)
            seen.add(last_seen(desk, "Old news"))
        assert len(seen) == 3
        moments = sorted(moment for moment in seen if moment)
        assert all(later - earlier > DAY for earlier, later in pairwise(moments))


@pytest.mark.parametrize("answer", ["304", "the same bytes"])
def test_what_an_unchanged_document_listed_was_seen_until_it_changed(tmp_path: Path, answer: str) -> None:
    """For a year it is not touched; when another takes its place, the marks tell the last poll before."""
    with started(tmp_path) as desk:
        show(desk, NEW, OLD)
        desk.deliver_all()
        read_at = desk.now
        for _ in range(12):
            desk.now += 35 * DAY
            if answer == "304":
                desk.answer("a", FetchResult(FetchStatus.NOT_MODIFIED, 304))
            else:
                body = desk.documents.bodies["http://a.example/feed"]
                desk.answer("a", FetchResult(FetchStatus.NEW, 200, body=body))
            desk.poll()
            assert last_seen(desk, NEW.title) == read_at
            assert desk.prune(90 * DAY) == {}, "listed all the time"
        unchanged = desk.now
        desk.answer("a", None)
        desk.now += DAY
        show(desk, FILLER, OLD)
        assert last_seen(desk, NEW.title) == unchanged
        assert last_seen(desk, OLD.title) == desk.now
        desk.now += 360 * DAY
        assert "sightings" not in desk.prune(90 * DAY), "a year after it was last seen, not before"
        assert show(desk, NEW, FILLER) == []


# --- re-issued feeds, reused names --------------------------------------------------------------------


def report(number: int) -> Item:
    """An item of its own for each number."""
    return Item(
        f"Report {number}",
        guid=f"g{number}",
        link=f"https://n.example/{number}",
        text=f"text {number}",
        age=number,
    )


def moved(item: Item) -> Item:
    """The item after its publisher moved house: another guid and link, the rest as it was."""
    return replace(item, guid=f"v2-{item.guid}", link=f"{item.link}/v2")


@pytest.mark.parametrize(
    ("known", "new", "merged"),
    [(3, 2, True), (6, 4, True), (4, 0, False), (2, 3, False), (5, 4, False), (5, 0, True)],
)
def test_a_re_issue_is_five_items_of_which_six_in_ten_are_known(
    tmp_path: Path, known: int, new: int, merged: bool
) -> None:
    """From there on what is known merges with one notice and the rest rings; below, all of it rings."""
    items = [report(n) for n in range(known)]
    fresh = [report(100 + n) for n in range(new)]
    with Desk(tmp_path) as desk:
        assert show(desk, *items) == []
        rang = show(desk, *fresh, *(moved(item) for item in items))
        expected = fresh if merged else [*fresh, *items]
        assert sorted(rang) == sorted(item.title for item in expected)
        assert show(desk, *fresh, *(moved(item) for item in items), OLD) == ["Old news"]
        notices = desk.database.reader.rows(sql.NOTICES_SINCE, since="")
        assert [row["kind"] for row in notices] == (["feed_reissued"] if merged else [])


def test_a_re_issue_after_pruning_merges_too(tmp_path: Path) -> None:
    """Marks are enough: the articles they speak of need not be there."""
    items = [report(n) for n in range(6)]
    with Desk(tmp_path) as desk:
        show(desk, *items)
        show(desk, FILLER)
        desk.deliver_all()
        desk.now += 200 * DAY
        desk.prune(90 * DAY)
        assert show(desk, *(moved(item) for item in items)) == []


def test_guids_that_number_the_places_of_a_document(tmp_path: Path) -> None:
    """Where each guid moves to the next item at every poll, each new item rings once all the same."""
    with started(tmp_path) as desk:
        rang: list[str] = []
        for newest in range(12):
            window = [report(100 - n) for n in range(newest, max(newest - 4, -1), -1)]
            listed = [replace(item, guid=str(place)) for place, item in enumerate(window, start=1)]
            rang += show(desk, *listed)
        assert rang == [f"Report {100 - n}" for n in range(12)]


@pytest.mark.parametrize("link", ["https://n.example/1", None])
def test_guids_made_anew_with_each_document(tmp_path: Path, link: str | None) -> None:
    """With an address or without one, a dated item that only ever changes its guid rings once."""
    with started(tmp_path) as desk:
        rang = [show(desk, replace(NEW, guid=f"random-{poll}", link=link), OLD) for poll in range(4)]
        assert rang == [["Talks in Doha"], [], [], []]


def test_titles_that_change_with_each_poll(tmp_path: Path) -> None:
    """A feed that counts readers in its titles rings once an item, with a guid, a link, or both."""
    with started(tmp_path) as desk:
        for poll in range(5):
            show(
                desk,
                Item(f"Live ({poll} readers)", guid="l", age=1),
                Item(f"Page ({poll} readers)", link="https://n.example/p", age=2),
                Item(f"Both ({poll} readers)", guid="b", link="https://n.example/b", age=3),
            )
        assert desk.told() == ["Both (0 readers)", "Page (0 readers)", "Live (0 readers)"]


def test_a_link_that_several_items_share_from_some_poll_on(tmp_path: Path) -> None:
    """A live page gets a second item: the first stays known by its guid, the second rings, neither twice."""
    live = "https://n.example/live"
    first, second = Item("Live: one", guid="l1", link=live, age=2), Item("Live: two", guid="l2", link=live)
    with started(tmp_path) as desk:
        assert show(desk, first, OLD) == ["Live: one"]
        assert show(desk, second, first, OLD) == ["Live: two"]
        assert show(desk, second, OLD) == []
        assert show(desk, first, OLD) == []


# --- dates --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("age", [None, -24.0 * 365 * 70, 24.0 * 365 * 30])
def test_undated_and_wrongly_dated_items_ring_once(tmp_path: Path, age: float | None) -> None:
    """No date, one in seventy years, one thirty years ago: new when first seen, never later than found."""
    odd = replace(NEW, age=age)
    with started(tmp_path) as desk:
        assert show(desk, odd, OLD) == ["Talks in Doha"]
        for _ in range(3):
            desk.now += DAY
            assert show(desk, OLD, odd) == []
        (row,) = [
            r for r in desk.database.reader.rows(sql.ARTICLES_SINCE, since="") if r["title"] == NEW.title
        ]
        published = from_db(row["published"])
        assert published is None if age is None else published is not None and published <= desk.now


def test_dates_that_are_those_of_the_poll(tmp_path: Path) -> None:
    """A generator that dates every item anew at each poll rings once an item."""
    with started(tmp_path) as desk:
        rang = [
            show(desk, replace(NEW, age=-24.0 * poll), replace(OLD, age=-24.0 * poll)) for poll in range(4)
        ]
        assert rang == [["Talks in Doha"], [], [], []]


def test_alerts_come_in_the_order_of_events(tmp_path: Path) -> None:
    """Whether a feed lists the newest first or last; without dates the newest is taken to be first."""
    items = [report(n) for n in range(4)]  # report 0 is the newest
    for number, listed in enumerate((items, items[::-1])):
        folder = tmp_path / str(number)
        folder.mkdir()
        with started(folder) as desk:
            assert show(desk, *listed) == ["Report 3", "Report 2", "Report 1", "Report 0"]
            undated = [replace(report(n), age=None) for n in range(10, 13)]
            assert show(desk, *undated, *listed) == ["Report 12", "Report 11", "Report 10"]


# --- a law --------------------------------------------------------------------------------------------

CHANGES: tuple[dict[str, object], ...] = (
    {},
    {"age": 0.5},
    {"age": None},
    {"link": "http://n.example/{n}?utm_medium=rss"},
    {"link": None},
    {"guid": None},
    {"guid": "v2-{n}"},
)
documents = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(CHANGES)), max_size=6, unique_by=lambda shown: shown[0]
)
walks = st.lists(
    st.tuples(documents, st.sampled_from([0, 1, 30, 44]), st.sampled_from(["", "prune", "restart", "304"])),
    min_size=2,
    max_size=8,
)


@settings(max_examples=25, deadline=None)
@given(walks)
def test_whatever_comes_and_goes_an_item_rings_once(
    walk: list[tuple[list[tuple[int, dict[str, object]]], int, str]],
) -> None:
    """
    A law: items that leave, return and change one mark at a time ring once, whatever lies between.

    Less than a year does, for so long are marks kept; months, restarts, prunings and unchanged documents do.
    """
    told: list[str] = []
    with TemporaryDirectory() as folder, started(Path(folder)) as desk:
        for listed, days, between in walk:
            desk.now += days * DAY
            items = [replace(report(n), **_filled(change, n)) for n, change in listed]
            rang = show(desk, *items)
            assert set(rang) == {item.title for item in items} - set(told)
            told += rang
            desk.deliver_all()
            if between == "prune":
                desk.prune(30 * DAY)
            elif between == "restart":
                desk.restart()
            elif between == "304":
                desk.now += 5 * DAY
                desk.answer("a", FetchResult(FetchStatus.NOT_MODIFIED, 304))
                desk.poll()
                desk.answer("a", None)
            assert desk.adds_up()
    assert len(told) == len(set(told))


def _filled(change: dict[str, object], number: int) -> dict[str, Any]:
    """The change with the item's number in its texts."""
    return {k: v.format(n=number) if isinstance(v, str) else v for k, v in change.items()}
