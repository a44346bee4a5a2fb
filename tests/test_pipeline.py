"""Poll after poll through the whole pipeline, on a real database: what rings, what does not, and why."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from monitor.model import FetchResult, FetchStatus, Severity
from monitor.settings import EntityConfig, RouteConfig, RuleConfig, Secret
from tests.support.documents import Item
from tests.support.newsdesk import Desk

if TYPE_CHECKING:
    from pathlib import Path

OLD = Item("Old news", guid="old", link="https://n.example/old", text="before us", age=48)
NEW = Item("Talks in Doha", guid="g1", link="https://n.example/1", text="They met on Friday.", age=1)


def started(folder: Path, **options: object) -> Desk:
    """A desk whose feeds have their baseline behind them."""
    desk = Desk(folder, **options)  # type: ignore[arg-type]
    for feed in desk.config.feeds:
        desk.publish(feed.name, OLD)
    desk.poll()
    return desk


def test_the_first_poll_is_silent_and_recorded(tmp_path: Path) -> None:
    """What was in a feed before us is matched and recorded as baseline, and rings for nobody."""
    with started(tmp_path) as desk:
        assert desk.told() == []
        assert desk.ledger() == {"baseline": 1}
        assert desk.adds_up()


def test_a_new_item_rings_once(tmp_path: Path) -> None:
    """A new item rings at the next poll and never again."""
    with started(tmp_path) as desk:
        desk.publish("a", NEW, OLD)
        for _ in range(3):
            desk.poll()
        assert desk.told() == ["Talks in Doha"]
        assert desk.adds_up()


@pytest.mark.parametrize(
    "edited",
    [
        pytest.param(replace(NEW, text="They met on Friday. Paragraph corrected."), id="body"),
        pytest.param(replace(NEW, title="UPDATED - Talks in Doha"), id="title"),
        pytest.param(replace(NEW, age=0.5), id="date"),
        pytest.param(replace(NEW, age=None), id="date gone"),
        pytest.param(replace(NEW, age=-5), id="date in the future"),
        pytest.param(replace(NEW, link="https://n.example/1?utm_source=rss&utm_campaign=c1"), id="tracking"),
        pytest.param(replace(NEW, link="http://n.example/1"), id="scheme"),
        pytest.param(replace(NEW, link="https://n.example/moved/1"), id="link"),
        pytest.param(replace(NEW, link=None), id="link gone"),
        pytest.param(replace(NEW, guid="g1-v2"), id="guid"),
        pytest.param(replace(NEW, guid=None), id="guid gone"),
    ],
)
def test_an_edit_of_a_told_item_does_not_ring_again(tmp_path: Path, edited: Item) -> None:
    """The same item with another date, guid, link or text is no news, at once or on the way back."""
    with started(tmp_path) as desk:
        for document in ([NEW, OLD], [edited, OLD], [OLD, edited], [NEW, OLD]):
            desk.publish("a", *document)
            desk.poll()
        assert desk.told() == ["Talks in Doha"]
        assert desk.adds_up()


def test_edits_that_follow_each_other_do_not_ring(tmp_path: Path) -> None:
    """Guid, then link, then title, each changed alone: still the same item."""
    with started(tmp_path) as desk:
        step = NEW
        for change in (
            {},
            {"guid": "g2"},
            {"link": "https://n.example/2"},
            {"title": "Doha talks"},
            {"age": 0.1},
        ):
            step = replace(step, **change)
            desk.publish("a", step, OLD)
            desk.poll()
        assert desk.told() == ["Talks in Doha"]


def test_a_back_dated_item_never_seen_rings(tmp_path: Path) -> None:
    """An item dated forty days ago that was never there is new."""
    with started(tmp_path) as desk:
        desk.publish("a", OLD, replace(NEW, age=40 * 24))
        desk.poll()
        assert desk.told() == ["Talks in Doha"]


def test_a_recycled_guid_is_a_new_item(tmp_path: Path) -> None:
    """The same guid with another link, title and date is another item."""
    with started(tmp_path) as desk:
        desk.publish("a", replace(OLD, title="Flood", link="https://n.example/flood", age=0.2))
        desk.poll()
        assert desk.told() == ["Flood"]


def test_a_shared_link_identifies_nothing(tmp_path: Path) -> None:
    """Items of one document that share a link are told apart by their guids."""
    live = "https://n.example/live"
    with started(tmp_path) as desk:
        items = [Item(f"Live {n}", guid=f"l{n}", link=live, age=n) for n in range(3)]
        desk.publish("a", *items)
        desk.poll()
        assert sorted(desk.told()) == ["Live 0", "Live 1", "Live 2"]


def test_an_item_without_guid_and_link_rings_once(tmp_path: Path) -> None:
    """Where nothing names an item, the whole of it does."""
    bare = Item("No name", text="but a text")
    with started(tmp_path) as desk:
        for document in ([bare, OLD], [OLD, bare], [bare]):
            desk.publish("a", *document)
            desk.poll()
        assert desk.told() == ["No name"]


@pytest.mark.parametrize("orders", [40, pytest.param(200, marks=pytest.mark.slow)])
def test_the_same_item_in_fifteen_feeds_rings_once_in_any_order(tmp_path: Path, orders: int) -> None:
    """Other guids, http and https, with and without utm_*: one alert, in seeded orders of one tick."""
    feeds = [f"f{n:02}" for n in range(15)]
    links = [
        f"{s}://n.example/1{q}"
        for s in ("http", "https")
        for q in ("", "?utm_source=rss", "?utm_medium=x#xtor=RSS-1")
    ]
    for seed in range(orders):
        rng = random.Random(seed)
        folder = tmp_path / str(seed)
        folder.mkdir()
        with started(folder, feeds=feeds) as desk:
            for number, feed in enumerate(feeds):
                desk.publish(feed, replace(NEW, guid=f"{feed}:1", link=links[number % len(links)]), OLD)
            order = rng.sample(feeds, len(feeds))
            desk.poll(*order)
            assert desk.told() == ["Talks in Doha"], f"seed {seed}"
            assert desk.ledger()["duplicate"] == 14
            assert desk.adds_up()


def test_an_item_of_the_baseline_elsewhere_still_rings(tmp_path: Path) -> None:
    """What was silent in one feed's baseline has told nobody: it rings when another feed brings it as new."""
    with started(tmp_path, feeds=["a", "b"]) as desk:
        desk.publish("b", replace(OLD, guid="b:1"), replace(OLD, guid="old", link="https://n.example/else"))
        desk.publish("b", Item("Elsewhere old", guid="x", link="https://n.example/x"), OLD)
        desk.publish("a", Item("Elsewhere old", guid="y", link="https://n.example/x"), OLD)
        desk.poll("b")
        assert desk.told() == ["Elsewhere old"]
        desk.poll("a")
        assert desk.told() == ["Elsewhere old"]


def test_a_reissued_feed_is_recognised(tmp_path: Path) -> None:
    """When all items come back under new guids and links they merge; the one that is really new rings."""
    items = [
        Item(f"Report {n}", guid=f"g{n}", link=f"https://n.example/{n}", text=f"text {n}", age=n)
        for n in range(8)
    ]
    with Desk(tmp_path) as desk:
        desk.publish("a", *items)
        desk.poll()
        moved = [replace(i, guid=f"new-{i.guid}", link=i.link and i.link.replace("/", "/v2/")) for i in items]
        desk.publish("a", Item("Really new", guid="new", link="https://n.example/v2/new"), *moved)
        desk.poll()
        assert desk.told() == ["Really new"]
        desk.poll()
        assert desk.told() == ["Really new"]


def test_an_edit_that_brings_the_term_rings(tmp_path: Path) -> None:
    """A stub that matched nothing rings when its text comes to hold what a rule looks for."""
    with started(tmp_path, query="doha AND talibans") as desk:
        stub = Item("Diplomacy", guid="g", link="https://n.example/g", text="More soon.")
        desk.publish("a", stub, OLD)
        desk.poll()
        assert desk.told() == []
        desk.publish("a", replace(stub, text="The talibans arrived in Doha."), OLD)
        desk.poll()
        assert desk.told() == ["Diplomacy"]
        assert desk.adds_up()


def test_a_rule_younger_than_the_article_does_not_ring_on_an_edit(tmp_path: Path) -> None:
    """A new rule acts on what comes after it: an old item it would have matched stays silent when edited."""
    with started(tmp_path, query="nothing") as desk:
        desk.publish("a", NEW, OLD)
        desk.poll()
        desk.change(rules=(RuleConfig(name="young", query="doha"),))
        desk.publish("a", replace(NEW, text="They met on Friday, again."), OLD)
        desk.poll()
        assert desk.told() == []


def test_rules_that_fire_together_share_one_message(tmp_path: Path) -> None:
    """One notification per channel lists all rules, at the highest severity."""
    rules = (
        RuleConfig(name="place", query="@doha", severity=Severity.LOW),
        RuleConfig(name="talks", query="talks", severity=Severity.URGENT),
    )
    entities = (EntityConfig(name="doha", aliases=("Doha",)),)
    with started(tmp_path, rules=rules, entities=entities, channels=["one", "two"]) as desk:
        desk.publish("a", NEW, OLD)
        desk.poll()
        assert [(n.channel, n.rules, n.severity) for n in desk.notifications()] == [
            ("one", ("place", "talks"), "urgent"),
            ("two", ("place", "talks"), "urgent"),
        ]


def test_a_later_rule_on_a_told_story_is_suppressed_unless_more_severe(tmp_path: Path) -> None:
    """A copy that another rule catches is already told; a more severe rule rings all the same."""
    rules = (
        RuleConfig(name="a-only", query="doha", feeds=("a",)),
        RuleConfig(name="b-only", query="doha", feeds=("b",)),
        RuleConfig(name="c-only", query="doha", feeds=("c",), severity=Severity.URGENT),
    )
    with started(tmp_path, feeds=["a", "b", "c"], rules=rules) as desk:
        for feed in "abc":
            desk.publish(feed, replace(NEW, guid=feed), OLD)
            desk.poll(feed)
        assert [n.rules for n in desk.notifications()] == [("a-only",), ("c-only",)]
        assert desk.ledger()["already_told"] == 1
        assert desk.adds_up()


def test_without_a_route_a_match_is_stored_with_its_reason(tmp_path: Path) -> None:
    """A catch-all without channels stores the match and says why nobody was told."""
    with started(tmp_path, routes=(RouteConfig(channels=()),)) as desk:
        desk.publish("a", NEW, OLD)
        desk.poll()
        assert desk.told() == []
        assert desk.ledger()["no_route"] == 1


def test_first_poll_alert_rings_for_everything(tmp_path: Path) -> None:
    """`first_poll = "alert"` asks for what is there already."""
    with Desk(tmp_path, feeds=[Desk.feed("a", first_poll="alert")]) as desk:
        desk.publish("a", NEW, OLD)
        desk.poll()
        assert desk.told() == ["Old news", "Talks in Doha"], "oldest first, as things happened"


def test_first_poll_with_a_span_rings_for_what_is_younger(tmp_path: Path) -> None:
    """`first_poll = "6h"` rings for the last six hours; what is undated counts as old."""
    with Desk(tmp_path, feeds=[Desk.feed("a", first_poll="6h")]) as desk:
        desk.publish("a", NEW, OLD, Item("Undated", guid="u", age=None))
        desk.poll()
        assert desk.told() == ["Talks in Doha"]


def test_a_changed_url_rings_only_for_what_is_younger_than_the_last_good_poll(tmp_path: Path) -> None:
    """The feed keeps its memory under its name; unknown old items of the new address stay silent."""
    with started(tmp_path) as desk:
        moved = replace(desk.feed("a"), url=Secret("http://moved.example/feed"))
        desk.change(feeds=(moved,))
        desk.publish("a", Item("After", guid="n", age=-0.05), Item("Archive", guid="o", age=30), OLD)
        desk.poll()
        assert desk.told() == ["After"]
        desk.publish("a", Item("Back-dated", guid="b", age=50), Item("After", guid="n", age=-0.05))
        desk.poll()
        assert desk.told() == ["After", "Back-dated"], "the exception ends with the first document"


def test_validators_are_kept_with_every_document_and_sent_back(tmp_path: Path) -> None:
    """The second poll is conditional; a document that could not be read changes no validator."""
    with started(tmp_path) as desk:
        desk.poll()
        assert desk.documents.requests[-1].etag is not None
        kept = desk.state("a").etag
        desk.answer(
            "a", FetchResult(FetchStatus.NEW, 200, body=b"<html><p>log in</p></html>", etag='"login"')
        )
        desk.poll()
        state = desk.state("a")
        assert (state.etag, state.failures, state.baseline_at is not None) == (kept, 1, True)
        desk.answer("a", None)
        desk.poll()
        assert desk.state("a").failures == 0


def test_gone_stops_a_feed_and_says_so(tmp_path: Path) -> None:
    """After a 410 the feed has no next poll."""
    with started(tmp_path) as desk:
        desk.answer("a", FetchResult(FetchStatus.GONE, 410))
        (recorded,) = desk.poll()
        assert recorded.next_poll_at is None
        assert desk.state("a").gone


def test_retry_after_is_remembered(tmp_path: Path) -> None:
    """A 429 with Retry-After forbids the feed until then, forced or not."""
    with started(tmp_path) as desk:
        desk.answer("a", FetchResult(FetchStatus.RATE_LIMITED, 429, retry_after=3600.0))
        (recorded,) = desk.poll()
        state = desk.state("a")
        assert state.forbidden_until is not None
        assert (state.forbidden_until - desk.now).total_seconds() == 3600
        assert dict(recorded.host_pauses) == {"a.example": 3600}


def test_a_missing_secret_is_the_feeds_own_failure(tmp_path: Path) -> None:
    """A feed whose URL is not to be had fails with the remedy and asks nobody."""
    feed = replace(Desk.feed("a"), url=Secret(None, source="env:FEED", missing="set FEED"))
    with Desk(tmp_path) as desk:
        desk.plan = replace(desk.plan, feeds={"a": feed})
        (recorded,) = desk.poll()
        assert (recorded.ok, recorded.message, desk.documents.requests) == (False, "set FEED", [])
