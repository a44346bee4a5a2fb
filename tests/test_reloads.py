"""What a reload means for feeds and rules that have a past, and for a poll that is under way."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.settings import RuleConfig, Secret
from monitor.store import sql
from tests.support.documents import Item
from tests.support.newsdesk import Desk

if TYPE_CHECKING:
    from pathlib import Path

OLD = Item("Old talks", guid="1", link="https://n.example/1", age=30)
KNOWN = Item("Talks", guid="2", link="https://n.example/2", age=2)
YOUNG = Item("New talks", guid="3", link="https://n.example/3", age=-1)
OTHER = Item("Other talks", guid="4", link="https://n.example/4", age=20)


def begun(desk: Desk, *, feed: str = "a") -> None:
    """The feed is known, with two items in it."""
    desk.publish(feed, KNOWN, OLD)
    desk.poll(feed)
    assert desk.told() == []


# --- feeds -------------------------------------------------------------------------------------------


def test_a_renamed_feed_keeps_what_it_knows(tmp_path: Path) -> None:
    """Same address, another name: nothing rings twice, no second baseline, what is new rings."""
    with Desk(tmp_path) as desk:
        begun(desk)
        named = replace(desk.config.feeds[0], name="b")
        desk.change(feeds=(named,))
        desk.publish("b", YOUNG, KNOWN, OLD)
        desk.poll()
        assert desk.told() == ["New talks"]
        assert desk.adds_up()


def test_a_moved_feed_is_silent_about_what_was_there(tmp_path: Path) -> None:
    """Another address under the name: items older than the last good poll are baseline, younger ones ring."""
    with Desk(tmp_path) as desk:
        begun(desk)
        desk.change(feeds=(replace(desk.config.feeds[0], url=Secret("http://elsewhere.example/feed")),))
        desk.publish("a", YOUNG, OTHER, KNOWN)
        desk.poll()
        assert desk.told() == ["New talks"]
        assert desk.ledger()["baseline"] == 3
        assert desk.adds_up()


@pytest.mark.parametrize(("hours", "told"), [(23.9, ["Other talks", "New talks"]), (24.5, [])])
def test_a_feed_that_was_away(tmp_path: Path, hours: float, told: list[str]) -> None:
    """Back within a day it rings for what came meanwhile; later its first poll is silent again."""
    with Desk(tmp_path, feeds=["a", "b"]) as desk:
        begun(desk)
        both = desk.config.feeds
        desk.change(feeds=both[1:])
        desk.now += timedelta(hours=hours)
        desk.change(feeds=both)
        desk.publish("a", YOUNG, OTHER, KNOWN, OLD)
        desk.poll("a")
        assert [m["title"] for m in desk.messages()] == told
        later = Item("Newest talks", guid="9", link="https://n.example/9", age=-2)
        desk.publish("a", later, YOUNG, OTHER, KNOWN, OLD)
        desk.poll("a")
        assert [m["title"] for m in desk.messages()] == [*told, "Newest talks"]
        assert desk.adds_up()


def test_a_disabled_feed_rings_for_what_came_meanwhile(tmp_path: Path) -> None:
    """Switched off and on again it goes on where it was."""
    with Desk(tmp_path) as desk:
        begun(desk)
        (feed,) = desk.config.feeds
        desk.change(feeds=(replace(feed, enabled=False),))
        assert desk.state("a").next_poll_at is None
        desk.change(feeds=(feed,))
        desk.publish("a", YOUNG, KNOWN)
        desk.poll()
        assert desk.told() == ["New talks"]


# --- rules -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "before",
    [
        pytest.param((), id="new"),
        pytest.param((RuleConfig(name="other name", query="talks"),), id="renamed"),
        pytest.param((RuleConfig(name="late", query="talks", enabled=False),), id="disabled before"),
        pytest.param((RuleConfig(name="late", query="nothing"),), id="edited"),
    ],
)
def test_a_rule_acts_on_what_is_first_seen_after_it_was_loaded(
    tmp_path: Path, before: tuple[RuleConfig, ...]
) -> None:
    """A new, renamed, enabled or edited rule leaves alone what is known, also when only its date moves."""
    with Desk(tmp_path, rules=before or (RuleConfig(name="unrelated", query="nothing"),)) as desk:
        begun(desk)
        desk.change(rules=(RuleConfig(name="late", query="talks"),))
        desk.publish("a", replace(KNOWN, age=1), OLD)
        desk.poll()
        assert desk.told() == []
        desk.publish("a", YOUNG, KNOWN)
        desk.poll()
        assert [n.rules for n in desk.notifications()] == [("late",)]


def test_a_disabled_rule_rings_no_more(tmp_path: Path) -> None:
    """Neither alone nor in the company of another."""
    loud, quiet = RuleConfig(name="loud", query="talks"), RuleConfig(name="quiet", query="new")
    with Desk(tmp_path, rules=(loud, quiet)) as desk:
        begun(desk)
        desk.change(rules=(loud, replace(quiet, enabled=False)))
        desk.publish("a", YOUNG, KNOWN)
        desk.poll()
        assert [n.rules for n in desk.notifications()] == [("loud",)]


# --- a poll that is under way ------------------------------------------------------------------------


def test_a_poll_of_the_old_address_is_forgotten(tmp_path: Path) -> None:
    """It would spend the new address's silence on the old one's document, and then old news would ring."""
    with Desk(tmp_path) as desk:
        begun(desk)
        moved = replace(desk.config.feeds[0], url=Secret("http://elsewhere.example/feed"))
        desk.publish("a", YOUNG, KNOWN)
        desk.documents.meanwhile = lambda: desk.change(feeds=(moved,))
        (recorded,) = desk.poll()
        assert recorded.message == "the feed was renamed or moved meanwhile"
        state = desk.state("a")
        assert (state.etag, state.moved_since is None) == (None, False)
        desk.publish("a", OTHER, KNOWN)
        desk.poll()
        assert desk.told() == [], "what the new address always had does not ring"
        desk.publish("a", YOUNG, OTHER)
        desk.poll()
        assert desk.told() == ["New talks"]
        assert desk.adds_up()


def test_a_poll_of_a_removed_feed_is_forgotten(tmp_path: Path) -> None:
    """A feed that is taken away while its server answers rings no more."""
    with Desk(tmp_path, feeds=["a", "b"]) as desk:
        begun(desk)
        desk.publish("a", YOUNG, KNOWN)
        rest = desk.config.feeds[1:]
        desk.documents.meanwhile = lambda: desk.change(feeds=rest)
        (recorded,) = desk.poll("a")
        assert recorded.message == "the feed was removed meanwhile"
        assert desk.told() == []


def test_a_poll_of_a_renamed_feed_is_done_again(tmp_path: Path) -> None:
    """Under its new name it finds the same news."""
    with Desk(tmp_path) as desk:
        begun(desk)
        named = replace(desk.config.feeds[0], name="b")
        desk.publish("a", YOUNG, KNOWN)
        desk.documents.meanwhile = lambda: desk.change(feeds=(named,))
        desk.poll()
        assert desk.told() == []
        desk.poll()
        assert desk.told() == ["New talks"]


def test_what_was_fetched_is_judged_by_the_rules_in_force(tmp_path: Path) -> None:
    """A rule loaded while the server answered does not miss the item, a removed one is silent."""
    with Desk(tmp_path, rules=(RuleConfig(name="old", query="talks"),)) as desk:
        begun(desk)
        desk.publish("a", YOUNG, KNOWN)
        desk.documents.meanwhile = lambda: desk.change(rules=(RuleConfig(name="new", query="new"),))
        desk.poll()
        assert [n.rules for n in desk.notifications()] == [("new",)]


def test_an_alert_never_stays_on_a_channel_that_is_gone(tmp_path: Path) -> None:
    """Removed: dead, and not sent elsewhere; named again: due, once."""
    with Desk(tmp_path, channels=["desk", "phone"]) as desk:
        begun(desk)
        desk.publish("a", YOUNG, KNOWN)
        desk.poll()
        both = desk.config.channels
        desk.change(channels=both[:1])
        states = {r["channel"]: (r["state"], r["reason"]) for r in _outbox(desk)}
        assert states == {"desk": ("ready", ""), "phone": ("dead", "channel_removed")}
        desk.change(channels=both)
        assert [(r["channel"], r["state"]) for r in _outbox(desk)] == [("phone", "ready"), ("desk", "ready")]
        assert desk.adds_up()


def _outbox(desk: Desk) -> list[dict[str, str]]:
    return [dict(row) for row in desk.database.reader.rows(sql.OUTBOX_ALL, count=9)]
