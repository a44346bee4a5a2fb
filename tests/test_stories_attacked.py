"""Ways to lose an alert, to be told too often, or to keep the writer busy: each was one once."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.settings import RuleConfig
from monitor.store.digests import release
from monitor.store.leasing import lease_next
from tests import test_pages_told as pages
from tests.support.documents import Item
from tests.support.newsdesk import Desk
from tests.test_stories_told import DISPATCH, LIVE, TALKS_LIVE, TITLE, copy, show, started

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.store.rows import OutboxRow

TOLL = DISPATCH.replace("Farmers", "The police said that 12 people were killed on the road. Farmers")
LONG = (
    "<p>"
    + "The ministers met again at the lake for the third time this year, and spoke of roads. " * 20
    + "</p>"
)
LIST = (
    "<p>Read more</p><ul>" + "<li><a href='https://a.example/1'>Volcano erupts again</a></li>" * 6 + "</ul>"
)
ERUPTED = "<p>A volcano erupted at the lake, the ministers said on Monday in the evening.</p>"


def toll(people: int) -> str:
    """The dispatch with this toll."""
    return TOLL.replace("12 people", f"{people} people")


def leased(desk: Desk) -> list[OutboxRow]:
    """All that a worker would send now."""
    found = []
    while row := desk.database.writer.submit(lambda tx: lease_next(tx, "desk", desk.now)).result():
        found.append(row)
    return found


# --- weak, then strong


@pytest.mark.parametrize("sent", [False, True])
def test_an_edit_that_confirms_a_weak_match_rings(tmp_path: Path, *, sent: bool) -> None:
    """Whether or not the digest that listed it has gone; one that would be empty goes nowhere."""
    with started(tmp_path, feeds=("a",), rules=[RuleConfig("volcano", query="volcano")]) as desk:
        show(desk, "a", copy("a", LONG + LIST))
        assert desk.ledger() == {"weak": 1}
        if sent:
            desk.deliver_all()
            desk.database.writer.submit(lambda tx: tx.run("UPDATE ledger SET state = 'sent'")).result()
        show(desk, "a", copy("a", LONG + ERUPTED + LIST))
        assert desk.ledger() == {"new_text": 1}
        assert len(desk.told()) == 1
        assert desk.adds_up()
        desk.now += timedelta(days=1)
        desk.database.writer.submit(lambda tx: release(tx, desk.now, overdue=False)).result()
        assert [row.kind for row in leased(desk)] == ["alert"]


def test_a_page_that_confirms_a_weak_match_rings(tmp_path: Path) -> None:
    """The teaser had the word in a list; its own place in the digest stands against nothing."""
    with pages.started(tmp_path, query="volcano") as desk:
        link = "https://www.a-news.example/1"
        item = Item("The day in the town by the lake", "a:1", link, f"<p>Short words.</p>{LIST}", -9)
        desk.publish("a", item)
        desk.poll("a")
        assert desk.ledger() == {"weak": 1}
        pages.read(desk, 1, f"A volcano erupted at the lake. {DISPATCH}")
        assert desk.ledger() == {"first": 1}
        assert desk.adds_up()


# --- what was told already


def test_an_item_that_goes_to_and_fro_is_told_once(tmp_path: Path) -> None:
    """Two servers give two versions by turns; a third toll is news."""
    with started(tmp_path, feeds=("a",)) as desk:
        for people in (12, 30, 12, 30, 12, 31):
            show(desk, "a", copy("a", toll(people)))
            desk.deliver_all()
        assert [m["changes"] for m in desk.messages()] == [[], ["12 -> 30 dead"], ["12 -> 31 dead"]]
        assert desk.adds_up()


def test_a_late_copy_of_an_early_toll_is_no_news(tmp_path: Path) -> None:
    """However many told the next one since, and if the first report was edited."""
    feeds = [f"f{n}" for n in range(32)]
    with started(tmp_path, feeds=feeds) as desk:
        for people, name in zip((12, 30), feeds, strict=False):
            show(desk, name, copy(name, toll(people)))
            desk.deliver_all()
        show(desk, "f0", copy("f0", toll(30)))
        for name in feeds[2:31]:
            show(desk, name, copy(name, toll(30)))
        show(desk, "f31", copy("f31", toll(12)))
        assert [m["changes"] for m in desk.messages()] == [[], ["12 -> 30 dead"]]


@pytest.mark.parametrize(("people", "rings"), [(12, 1), (30, 2)])
def test_another_feed_may_have_the_item_as_it_was_edited(tmp_path: Path, people: int, rings: int) -> None:
    """The first feed dropped it before that; a third that shows the same is silent."""
    with started(tmp_path, feeds=("a", "b", "c")) as desk:
        show(desk, "a", copy("a", toll(12)))
        desk.deliver_all()
        for feed in ("b", "c"):
            show(desk, feed, copy("a", toll(people)))
            desk.deliver_all()
        assert len(desk.told()) == rings
        assert desk.adds_up()


def test_what_waits_half_an_hour_goes_with_real_news(tmp_path: Path) -> None:
    """A live page grew and is told of later; then people die."""
    with started(tmp_path, feeds=("a",)) as desk:
        show(desk, "a", copy("a", f"<p>{LIVE}</p>", TALKS_LIVE))
        desk.deliver_all()
        more = "At ten a first round about the reserves of the bank began behind closed doors."
        more = f"<p>{LIVE}</p><p>{more}</p>"
        show(desk, "a", copy("a", more, TALKS_LIVE))
        assert leased(desk) == []
        show(desk, "a", copy("a", f"<p>Police said 12 people were killed at the gate.</p>{more}", TALKS_LIVE))
        assert len(leased(desk)) == 1


# --- what waits for its page


@pytest.mark.parametrize("back", [False, True])
def test_what_waits_rings_though_its_feed_was_removed(tmp_path: Path, *, back: bool) -> None:
    """It held before; an alert that did not look like another would have gone out by then."""
    with pages.started(tmp_path) as desk:
        pages.show(desk, "a", "The third meeting since the summer.")
        pages.show(desk, "b", "No agreement was reached.")
        feeds = desk.config.feeds
        desk.change(feeds=tuple(feed for feed in feeds if feed.name != "b"))
        if back:
            desk.change(feeds=feeds)
        pages.wait(desk, 31)
        assert len(desk.told()) == 2
        assert desk.ledger() == {"first": 2}
        assert desk.adds_up()


def test_thirty_that_look_alike_all_ring_in_half_a_minute(tmp_path: Path) -> None:
    """Their headlines have a word in common, and none of their pages comes."""
    names = [f"f{n}" for n in range(30)]
    with Desk(tmp_path, feeds=[Desk.feed(name, full_text="auto") for name in names]) as desk:
        for name in names:
            desk.publish(name)
        desk.poll()
        for n, name in enumerate(names):
            title = f"Marvania: report of the day {n * 37}"
            desk.publish(name, Item(title, name, f"https://{name}.example/1", f"Short {n}.", -9))
        desk.poll()
        assert desk.ledger() == {"first": 1, "comparing": 29}
        pages.wait(desk, 31)
        assert desk.ledger() == {"first": 30}
        assert desk.adds_up()


def test_what_waited_marks_nothing_that_is_not_its_word(tmp_path: Path) -> None:
    """It was found in the feed's text, and an edit or the page stands in its place when it rings."""
    with pages.started(tmp_path, query="envoys AND lake") as desk:
        pages.show(desk, "a", "The lake was calm.")
        pages.show(desk, "b", "Before that there was a long wait in the house by the lake.")
        assert desk.ledger() == {"first": 1, "comparing": 1}
        pages.show(desk, "b", "Nobody said where they went from there, nor who had called them to it.")
        pages.wait(desk, 31)
        message = desk.messages()[-1]
        assert message["excerpt"].startswith("Nobody said")
        assert message["marks"] == []
        assert "lake" in message["why"]


# --- what may take time


def test_a_form_that_hundreds_fill_takes_little_time(tmp_path: Path) -> None:
    """What each has in common with hundreds is counted and not read."""
    text = (
        "The weather service expects heavy rain in {} from the afternoon on, with gusts of storm force in "
        "the evening. Drivers should leave early and stay away from the river, the city said. Schools "
        "close at noon and buses run until eight. Whoever needs help can call the number of the fire service."
    )
    towns = ["".join(chr(97 + int(digit)) for digit in f"{n:04}").capitalize() for n in range(600)]
    with started(tmp_path, feeds=("a",)) as desk:
        items = [
            Item(f"Storm warning for {town} today", town, f"https://n{n}.example/{n}", text.format(town), -9)
            for n, town in enumerate(towns)
        ]
        began = time.process_time()
        show(desk, "a", *items)
        assert time.process_time() - began < 3.0  # 1.0 on a quiet machine; it was 4.5
        assert len(desk.told()) == 600


def test_a_story_of_hundreds_costs_little_to_keep(tmp_path: Path) -> None:
    """Whether it may be pruned is asked once for it and not once for each of its articles."""
    with started(tmp_path, feeds=("a",)) as desk:
        show(
            desk,
            "a",
            *(Item(TITLE, f"g{n}", f"https://n{n}.example/1", f"{DISPATCH} {n}", None) for n in range(500)),
        )
        desk.deliver_all()
        desk.now += timedelta(days=40)
        began = time.process_time()
        desk.prune(timedelta(days=30))
        assert time.process_time() - began < 0.5
        desk.publish("a")
        desk.poll("a")
        desk.now += timedelta(days=40)
        desk.poll("a")
        assert desk.prune(timedelta(days=30))["articles"] == 500
        assert desk.adds_up()


@pytest.mark.parametrize(
    "text",
    [
        "\u0301" * 9_000,
        "1," * 20_000,
        "a" * 100_000,
        "9" * 400 + " people killed",
        "(" * 20_000,
        f"{DISPATCH} " * 3_000,
    ],
    ids=["marks", "numbers", "one word", "a long number", "brackets", "a megabyte"],
)
def test_hostile_texts_are_compared_like_others(tmp_path: Path, text: str) -> None:
    """As headline and as text, twice."""
    with started(tmp_path, feeds=("a", "b")) as desk:
        began = time.process_time()
        for feed in ("a", "b"):
            show(desk, feed, copy(feed, f"{text} and so on", text[:30_000]))
        assert time.process_time() - began < 3.0
        assert sum(desk.ledger().values()) == 2
        assert desk.adds_up()
