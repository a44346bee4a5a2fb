"""Stories through the whole pipeline: what rings, what joins in silence, and what is said of it."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor.model import Severity
from monitor.settings import RuleConfig
from monitor.store import sql
from tests.support.documents import NOON, Item, rss
from tests.support.newsdesk import Desk
from tests.support.wires import clusters

if TYPE_CHECKING:
    from pathlib import Path

DISPATCH = (
    "A delegation of the movement met envoys of four countries in Doha on Monday to talk about the "
    "frozen reserves of the central bank, two officials said. The meeting, the third since the summer, "
    "lasted six hours and ended without a statement. An aide to the foreign minister said that the parties "
    "had agreed to meet again before the end of the month and that aid deliveries would go on until then. "
    "Farmers in the north wait for seed that was promised in spring, and flour costs twice what it did then."
)
TITLE = "Envoys talk about frozen reserves with the movement in Doha"
FEEDS = ("a", "b", "c", "d")
TALKS_LIVE = "Live: the talks in Doha, minute by minute"
LIVE = "A live page about the talks in Doha. Doors opened at nine and the envoys went in one after another."


def copy(outlet: str, text: str = DISPATCH, title: str = TITLE) -> Item:
    """The dispatch as an outlet prints it, under an address of its own."""
    return Item(title, guid=f"{outlet}:1", link=f"https://www.{outlet}-news.example/1", text=text, age=-99)


def started(folder: Path, **options: Any) -> Desk:
    """A desk whose feeds have had their first poll."""
    desk = Desk(folder, **({"feeds": FEEDS} | options))
    for feed in desk.config.feeds:
        desk.publish(feed.name)
    desk.poll()
    return desk


def show(desk: Desk, feed: str, *items: Item) -> None:
    """Let a feed show items, and poll it."""
    desk.publish(feed, *items)
    desk.poll(feed)


def last(desk: Desk) -> dict[str, Any]:
    """The newest message."""
    return desk.messages()[-1]


# --- copies


def test_a_dispatch_rings_once(tmp_path: Path) -> None:
    """Whoever repeats it: the copies join its story, with reason, score and article."""
    with started(tmp_path) as desk:
        for feed in FEEDS:
            show(desk, feed, copy(feed, title=f"{feed}: {TITLE}"))
        assert len(desk.told()) == 1
        assert desk.ledger() == {"first": 1, "duplicate": 3}
        joins = [desk.database.reader.row(sql.STORY_JOIN, article=n) for n in (2, 3, 4)]
        assert all(j is not None and j["relation"] == "duplicate" and j["score"] > 0.9 for j in joins)
        assert desk.adds_up()


def test_without_a_window_every_article_is_a_story(tmp_path: Path) -> None:
    """`[stories] window = "off"`."""
    with started(tmp_path, story_window=None) as desk:
        for feed in FEEDS:
            show(desk, feed, copy(feed))
        assert len(desk.told()) == len(FEEDS)


def test_after_the_window_a_copy_joins_and_rings(tmp_path: Path) -> None:
    """For those who were told long ago it is news that the story is told again; the very item is not."""
    with started(tmp_path) as desk:
        show(desk, "a", copy("a"))
        desk.deliver_all()
        desk.now += timedelta(hours=73)
        desk.poll()
        show(desk, "b", copy("b"))
        show(desk, "c", copy("a"))  # another feed shows the first item, by its address
        assert len(desk.told()) == 2
        assert desk.ledger() == {"first": 2, "duplicate": 1}
        assert last(desk)["also"] == ["a-news.example"]
        assert last(desk)["story"] == desk.messages()[0]["story"]


def test_a_later_message_says_who_else_reports(tmp_path: Path) -> None:
    """And how many wrote for themselves: copies of one wire count once."""
    with started(tmp_path) as desk:
        for feed in ("a", "b", "c"):
            show(desk, feed, copy(feed))
        desk.deliver_all()
        changed = DISPATCH.replace("ended without a statement", "ended when 12 people were killed")
        show(desk, "d", copy("d", changed))
        assert last(desk)["also"] == ["a-news.example", "b-news.example", "c-news.example"]
        assert last(desk)["outlets"] == 1
        assert last(desk)["changes"]
        assert desk.adds_up()


def test_three_rules_on_one_article_are_one_message(tmp_path: Path) -> None:
    """At the highest severity; and a rule that fires later on the story only if it is more severe."""
    rules = [
        RuleConfig("envoys", query="envoys"),
        RuleConfig("doha", query="doha", severity=Severity.HIGH),
        RuleConfig("seed", query="seed"),
        RuleConfig("prices", query="flour", feeds=("b",), severity=Severity.NORMAL),
        RuleConfig("bank", query="bank", feeds=("c",), severity=Severity.URGENT),
    ]
    with started(tmp_path, rules=rules) as desk:
        for feed in ("a", "b", "c"):
            show(desk, feed, copy(feed))
        assert [(n.rules, n.severity) for n in desk.notifications()] == [
            (("envoys", "doha", "seed"), "high"),
            (("bank",), "urgent"),
        ]
        assert desk.ledger() == {"first": 3, "duplicate": 6, "already_told": 1, "higher_severity": 1}


def test_what_is_related_rings_and_says_to_what(tmp_path: Path) -> None:
    """Half of it is the other report's background, under another headline."""
    sentences = DISPATCH.split(". ")
    other = (
        "Bakers in the capital closed their shops on Tuesday in protest against new taxes on flour and oil, "
        "and several hundred of them marched to the ministry of trade, where nobody came out to meet them. "
    ) + ". ".join(sentences[2:])
    with started(tmp_path) as desk:
        show(desk, "a", copy("a"))
        show(desk, "b", copy("b", other, "Bakers close their shops in protest against new taxes"))
        assert len(desk.told()) == 2
        assert last(desk)["related"] == TITLE
        assert last(desk)["story"] != desk.messages()[0]["story"]
        assert desk.ledger() == {"first": 1, "related": 1}


def test_what_never_arrived_mutes_nothing(tmp_path: Path) -> None:
    """The first copy's message is dead: the second rings."""
    with started(tmp_path, feeds=("a", "b"), rules=[RuleConfig("doha", query="doha")]) as desk:
        show(desk, "a", copy("a"))
        dead = "UPDATE outbox SET state = 'dead'"
        desk.database.writer.submit(lambda tx: tx.run(dead)).result()
        desk.database.writer.submit(lambda tx: tx.run("UPDATE ledger SET state = 'dead'")).result()
        show(desk, "b", copy("b"))
        assert len(desk.told()) == 2


def test_what_was_there_before_we_were_mutes_nothing(tmp_path: Path) -> None:
    """The first copy is silent, and the second rings."""
    with Desk(tmp_path, feeds=("a", "b")) as desk:
        desk.publish("b")
        show(desk, "a", copy("a"))  # its first poll
        desk.poll("b")
        show(desk, "b", copy("b"))
        assert desk.ledger() == {"baseline": 1, "first": 1}


def test_a_text_that_hundreds_print_rings_once(tmp_path: Path) -> None:
    """It is found by its first copies, however many follow; the index holds a few of them."""
    copies = 250
    with started(tmp_path, feeds=("a",)) as desk:
        items = [
            Item(TITLE, f"g{n}", f"https://n{n}.example/{n}", f"{DISPATCH} {n}", None) for n in range(copies)
        ]
        show(desk, "a", *items)
        assert desk.ledger() == {"first": 1, "duplicate": copies - 1}
        most = "SELECT max(n) FROM (SELECT count(*) AS n FROM shingles GROUP BY h)"
        assert desk.database.reader.rows(most)[0][0] <= 16


@pytest.mark.parametrize("orders", [10, pytest.param(200, marks=pytest.mark.slow)])
def test_fifteen_outlets_and_one_dispatch_in_one_tick(tmp_path: Path, orders: int) -> None:
    """In any order, full texts and teasers mixed: exactly one alert rings, all the others join its story."""
    names = [f"o{n}" for n in range(15)]
    words = DISPATCH.split()
    with started(tmp_path, feeds=names) as desk:
        for seed in range(orders):
            dice = random.Random(seed)
            dice.shuffle(names)
            desk.now += timedelta(days=9)
            desk.poll(*names)
            new = f"On day {seed} of the talks observers counted {seed + 40} cars at the gate. " * 2
            for place, name in enumerate(names):
                text = f"{new} {DISPATCH}" if place % 3 else " ".join([*new.split(), *words[: 20 + place]])
                item = Item(
                    f"{TITLE}, day {seed}", f"{name}:{seed}", f"https://{name}.example/{seed}", text, None
                )
                desk.publish(name, item)
            told = len(desk.told())
            desk.poll(*names)
            assert len(desk.told()) == told + 1, seed
            desk.deliver_all()
        assert desk.adds_up()


# --- updates


def test_an_update_rings_in_its_thread_and_says_what_changed(tmp_path: Path) -> None:
    """With when the story was told before; the next copy of either version is silent."""
    first = DISPATCH.replace("Farmers", "The police said that 12 people were killed on the road. Farmers")
    with started(tmp_path) as desk:
        show(desk, "a", copy("a", first))
        desk.deliver_all()
        show(desk, "b", copy("b", first.replace("12 people", "30 people")))
        message = last(desk)
        assert message["changes"] == ["12 -> 30 dead"]
        assert message["told_at"] is not None
        assert message["story"] == desk.messages()[0]["story"]
        desk.deliver_all()
        show(desk, "c", copy("c", first.replace("12 people", "30 people")))
        show(desk, "d", copy("d", first))
        assert desk.ledger() == {"first": 1, "update": 1, "duplicate": 2}


def test_what_waits_is_brought_up_to_date(tmp_path: Path) -> None:
    """A message that nobody has begun to send becomes one with the latest state, at no lower severity."""
    first = DISPATCH.replace("Farmers", "The police said that 12 people were killed on the road. Farmers")
    with started(tmp_path) as desk:
        show(desk, "a", copy("a", first))
        show(desk, "b", copy("b", first.replace("12 people", "30 people")))
        assert len(desk.told()) == 1
        assert last(desk)["changes"] == ["12 -> 30 dead"]
        assert last(desk)["told_at"] is None
        assert desk.ledger() == {"first": 1, "update": 1}
        assert desk.adds_up()


@pytest.mark.parametrize(("updates", "rings"), [("substance", 1), ("all", 1), ("none", 0)])
def test_a_rule_may_want_no_updates(tmp_path: Path, updates: str, rings: int) -> None:
    """`updates` is the rule's."""
    first = DISPATCH.replace("Farmers", "The police said that 12 people were killed on the road. Farmers")
    rule = RuleConfig("doha", query="doha", updates=updates)
    with started(tmp_path, rules=[rule]) as desk:
        show(desk, "a", copy("a", first))
        desk.deliver_all()
        show(desk, "b", copy("b", first.replace("12 people", "30 people")))
        assert len(desk.told()) == 1 + rings


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ("12 people", "30 people", ["12 -> 30 dead"]),
        ("lasted six", "lasted about six", []),
        ("on Monday", "on Tuesday", []),
    ],
)
def test_an_edited_item_is_told_if_something_changed(
    tmp_path: Path, old: str, new: str, changes: list[str]
) -> None:
    """A typo, a date or a word is no news; and it is told once, however often the item comes back."""
    first = DISPATCH.replace("Farmers", "The police said that 12 people were killed on the road. Farmers")
    with started(tmp_path) as desk:
        show(desk, "a", copy("a", first))
        desk.deliver_all()
        for _ in range(2):
            show(desk, "a", copy("a", first.replace(old, new)))
        found = [message["changes"] for message in desk.messages()[1:]]
        assert found == ([changes] if changes else [])
        assert desk.ledger() == {"update" if changes else "first": 1}
        assert desk.adds_up()


def test_an_edit_of_what_was_never_told_is_no_update(tmp_path: Path) -> None:
    """The item was there before we were; its rule held then as it does now."""
    first = DISPATCH.replace("Farmers", "The police said that 12 people were killed on the road. Farmers")
    with Desk(tmp_path, feeds=("a",)) as desk:
        show(desk, "a", copy("a", first))
        show(desk, "a", copy("a", first.replace("12 people", "30 people")))
        assert desk.told() == []
        assert desk.ledger() == {"baseline": 1}


def test_a_live_page_rings_every_half_hour_at_most(tmp_path: Path) -> None:
    """What comes meanwhile is gathered in the message that waits for its time."""
    steps = [
        "At ten a first round about the reserves of the bank began behind closed doors.",
        "At eleven two envoys left the building by a side door and said nothing.",
        "Shortly before noon a spokesman promised a statement for the evening in the hotel.",
    ]
    with started(tmp_path, feeds=("a",)) as desk:
        text = LIVE
        show(desk, "a", copy("a", text, TALKS_LIVE))
        desk.deliver_all()
        begun = desk.now
        for step in steps:
            text = f"{text}\n{step}"
            show(desk, "a", copy("a", f"<p>{'</p><p>'.join(text.splitlines())}</p>", TALKS_LIVE))
        rows = desk.database.reader.rows(sql.OUTBOX_ALL, count=9)
        assert len(rows) == 2
        assert len(last(desk)["changes"]) == 3
        assert rows[0]["next_attempt_at"] >= (begun + timedelta(minutes=30)).strftime("%Y-%m-%d %H:%M")


# --- invented dispatches on their way


@pytest.mark.parametrize(
    "name",
    ["first_en", "first_fr", "second_en", "second_fr", "third", "fourth", "fifth_en", "fifth_fr"],
)
def test_invented_dispatches_are_told_as_they_should(tmp_path: Path, name: str) -> None:
    """Each version rings or stays silent as wanted: 19 of 20 of a kind, and every first report."""
    wanted: Counter[str] = Counter()
    right: Counter[str] = Counter()
    with started(tmp_path, feeds=[f"outlet{n}" for n in range(8)]) as desk:
        for group in clusters(name):
            desk.now += timedelta(days=10)
            begun, first = desk.now, group[0].facts.at
            for version in group:
                facts = version.facts
                desk.now = begun + (facts.at - first)
                age = (NOON - desk.now).total_seconds() / 3600
                item = Item(facts.title, str(facts.id), f"https://{facts.outlet}/{facts.id}", facts.text, age)
                feed = facts.outlet.partition(".")[0]
                url = f"http://{feed}.example/feed"
                desk.documents.bodies[url] = rss(item, language=facts.language or "en")
                told = len(desk.told())
                desk.poll(feed)
                desk.deliver_all()
                rang = len(desk.told()) > told
                assert rang or version is not group[0], f"{version.cluster}: the first report is silent"
                wanted[version.want] += 1
                right[version.want] += rang is (version.want != "duplicate")
        assert desk.adds_up()
    assert all(right[kind] >= 0.95 * count for kind, count in wanted.items()), (right, wanted)
