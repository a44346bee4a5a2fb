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
from tests.support.newsdesk import Desk
from tests.support.overtime import DAY, FILLER, NEW, OLD, report, show, started

if TYPE_CHECKING:
    from datetime import datetime


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
    rows = desk.database.reader.rows(sql.NEWEST_TEXTS, before=2**62, page=1000)
    return [row["title"] for row in reversed(rows)]


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


def test_marks_are_refreshed_twice_a_day(tmp_path: Path) -> None:
    """Documents that change each hour write nothing for what they go on listing, for half a day."""
    with started(tmp_path) as desk:
        seen = {last_seen(desk, "Old news")}
        for hour in range(50):
            desk.now += timedelta(hours=1)
            show(desk, replace(FILLER, title=f"Weather {hour}"), OLD)
            seen.add(last_seen(desk, "Old news"))
        assert len(seen) == 5
        moments = sorted(moment for moment in seen if moment)
        assert all(DAY / 2 <= later - earlier < DAY for earlier, later in pairwise(moments))


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
