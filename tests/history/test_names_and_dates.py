"""Feeds that change, reuse or lack what identifies their items, and dates that say nothing true."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from monitor.store import sql
from monitor.store.rows import from_db
from tests.support.documents import Item
from tests.support.newsdesk import Desk
from tests.support.overtime import DAY, FILLER, NEW, OLD, report, show, started

if TYPE_CHECKING:
    from pathlib import Path

# --- re-issued feeds, reused names --------------------------------------------------------------------


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
            r
            for r in desk.database.reader.rows(sql.ARTICLES_SHOWN, since="", after=0, page=1000)
            if r["title"] == NEW.title
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
