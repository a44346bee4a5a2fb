"""What people see of a story that came from feeds: the alert's timeline, explanations, the status."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.settings import RuleConfig
from tests.support.cli import run
from tests.support.documents import Item
from tests.support.newsdesk import Desk
from tests.support.storyrows import QUAKE, RAIN

if TYPE_CHECKING:
    from pathlib import Path

FEEDS = ("one", "two", "three", "four")
TEXT = f"{QUAKE} {RAIN}"
OTHER = " ".join(f"Word{number} of another tale of Marvania." for number in range(40))


def show(desk: Desk, feed: str, title: str, text: str) -> None:
    """A feed of an outlet of its own shows one report."""
    desk.publish(feed, Item(title, guid=feed, link=f"https://www.{feed}.example/a", text=text, age=None))
    desk.poll(feed)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A report that rang, a copy, an update, a related one, and an edit of the first."""
    with Desk(tmp_path, feeds=FEEDS, rules=[RuleConfig("quake", query="marvania")]) as desk:
        desk.now = datetime.now(UTC) - timedelta(hours=3)
        for feed in FEEDS:
            desk.publish(feed)
        desk.poll()
        show(desk, "one", "Quake kills 12 in Marvania", TEXT)
        desk.deliver_all()
        show(desk, "two", "Strong quake in the hills", TEXT)
        desk.now += timedelta(minutes=80)
        show(desk, "three", "Toll rises to 30 in Marvania", TEXT.replace("12 people", "30 people"))
        show(desk, "four", "Weeks of rain in the south of Marvania", f"{RAIN} {OTHER}")
        show(desk, "one", "Quake kills 31 in Marvania", TEXT.replace("12 people", "31 people"))
    feeds = "".join(f'[[feeds]]\nname = "{f}"\nurl = "http://{f}.example/feed"\n' for f in FEEDS)
    rules = '[[rules]]\nname = "quake"\nquery = "marvania"\n[channels.desk]\ntype = "terminal"\n'
    path = tmp_path / "config.toml"
    path.write_text(f'[monitor]\ndatabase = "desk.db"\n{feeds}{rules}', encoding="utf-8")
    return path


def test_the_timeline(config: Path) -> None:
    """The first ring of an item that was edited since is kept; copy and update say what they are."""
    (found,) = run("alerts", "show", "1", "--json", "--config", config).objects
    assert [one["relation"] for one in found["timeline"]] == ["first", "duplicate", "update"]
    assert [one["outlet"] for one in found["related"]] == ["four.example"]
    fates = [[(d["state"], d["reason"]) for d in one["deliveries"]] for one in found["timeline"]]
    assert fates[0] == [("sent", "delivered"), ("waiting", "update")]
    assert fates[1] == [("suppressed", "duplicate")]
    assert fates[2] == [("waiting", "update")]
    text = run("alerts", "show", "1", "--config", config).out
    assert "story 1: 3 reports by 3 outlets" in text
    assert text.count("said anew: 12 -> 31 dead") == 1
    assert "of the shorter text is the same; 12 -> 30 dead" in text


def test_list_explain_and_status(config: Path) -> None:
    """Each speaks of the story in its own way."""
    assert "one +2 outlets" in run("alerts", "list", "--config", config).out
    copy = run("explain", "2", "--config", config).out
    assert "story  1, a copy: word for word the same text" in copy
    assert "first no: told already: desk: the same story was told" in copy
    related = run("explain", "4", "--config", config).out
    assert ", its own; related to story 1: " in related
    assert "stories  1 story was told by several outlets in 24 h" in run("status", "--config", config).out
