"""`tocsin alerts`: what rang, in the contract's shape and for people."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor.model import Answer, AnswerClass, OutboxState, Reason
from monitor.settings import RuleConfig
from tests.support.cli import run
from tests.support.documents import Item
from tests.support.installed import answered, configured, delivered
from tests.support.newsdesk import Desk
from tests.support.store import transaction

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = (
    *(
        "id",
        "rule",
        "severity",
        "title",
        "url",
        "feed",
        "story",
        "article",
        "also",
        "published",
        "fetched",
        "matched",
    ),
    *("sent", "state", "reason", "deliveries", "kind", "outlets"),
)
TALKS = Item("Talks in Doha", guid="1", link="http://a.example/1", text="The envoys met at noon.")


def rung(folder: Path, *items: Item, ago: timedelta = timedelta(hours=1), **desk: Any) -> Path:
    """A database in which these items rang, some time ago, in feed a; returns the configuration's path."""
    with Desk(folder, **desk) as room:
        room.now = datetime.now(UTC) - ago
        for feed in room.config.feeds:
            room.publish(feed.name)
        room.poll()
        for feed in room.config.feeds:
            room.publish(feed.name, *items)
            room.poll(feed.name)
        return configured(folder, room.config.database)


def listed(config: Path, *options: str) -> list[dict[str, Any]]:
    """The objects of `alerts list --json`."""
    outcome = run("alerts", "list", "--json", "--config", config, *options)
    assert (outcome.code, outcome.err) == (0, "")
    return outcome.objects


def shown(config: Path, number: int = 1) -> str:
    """What `alerts show` prints."""
    outcome = run("alerts", "show", str(number), "--config", config)
    assert (outcome.code, outcome.err) == (0, "")
    return outcome.out


def test_an_alert_has_the_shape_of_the_contract(tmp_path: Path) -> None:
    """Every field is there; what was sent says when, and who else carried it."""
    config = rung(tmp_path, TALKS, feeds=["a", "b"])
    delivered(tmp_path / "desk.db")
    (alert,) = listed(config)
    assert tuple(alert) == SHAPE
    assert (alert["rule"], alert["severity"], alert["title"]) == ("watch", "normal", "Talks in Doha")
    assert (alert["feed"], alert["also"], alert["url"]) == ("a", ["b"], "http://a.example/1")
    assert (alert["state"], alert["reason"]) == ("sent", "delivered")
    assert alert["sent"].endswith("Z")
    states = [(d["channel"], d["state"], d["reason"]) for d in alert["deliveries"]]
    assert states == [("desk", "sent", "delivered"), ("desk", "suppressed", "duplicate")]


def test_what_waits_is_not_sent(tmp_path: Path) -> None:
    """Before its first delivery an alert waits, without a time of sending."""
    (alert,) = listed(rung(tmp_path, TALKS))
    assert (alert["state"], alert["reason"], alert["sent"]) == ("waiting", "first", None)


def test_the_best_channel_speaks_for_the_alert(tmp_path: Path) -> None:
    """Sent on one channel and dead on the other is sent."""
    config = rung(tmp_path, TALKS, channels=["desk", "phone"])
    refused = Answer(AnswerClass.REFUSED, "no such room")
    answered(tmp_path / "desk.db", "desk", refused, OutboxState.DEAD, Reason.REFUSED)
    delivered(tmp_path / "desk.db", "phone")
    (alert,) = listed(config)
    assert (alert["state"], alert["reason"]) == ("sent", "delivered")


def test_the_newest_come_first_up_to_the_limit(tmp_path: Path) -> None:
    """--limit counts from the newest."""
    items = [Item(f"News {n}", guid=str(n), link=f"http://a.example/{n}", age=n) for n in range(4)]
    config = rung(tmp_path, *items)
    ids = [a["id"] for a in listed(config)]
    assert ids == sorted(ids, reverse=True)
    assert [a["id"] for a in listed(config, "--limit", "2")] == ids[:2]


def test_a_rules_alerts_are_picked_before_they_are_counted(tmp_path: Path) -> None:
    """--rule with --limit gives that rule's newest, however many others are newer."""
    rules = [RuleConfig(name="doha", query="doha"), RuleConfig(name="all", query="feed:*")]
    items = [Item("Rain", guid="2", link="http://a.example/2"), TALKS]
    config = rung(tmp_path, *items, rules=rules)
    assert [a["title"] for a in listed(config, "--rule", "doha", "--limit", "1")] == ["Talks in Doha"]


def test_older_alerts_are_left_out(tmp_path: Path) -> None:
    """--since is seven days unless told otherwise."""
    config = rung(tmp_path, TALKS, ago=timedelta(days=8))
    assert listed(config) == []
    assert len(listed(config, "--since", "9d")) == 1
    assert "no alerts in the last 7d" in run("alerts", "list", "--config", config).err


def test_people_get_a_table(tmp_path: Path) -> None:
    """A line an alert, with the number of other feeds behind its own."""
    outcome = run("alerts", "list", "--config", rung(tmp_path, TALKS, feeds=["a", "b"]))
    header, line = outcome.out.splitlines()
    assert header.split() == ["ID", "WHEN", "SEVERITY", "RULE", "STATE", "FEED", "TITLE"]
    assert "a +1 feed " in line
    assert line.endswith("Talks in Doha")


@pytest.mark.parametrize("text", ["a week", "", "-1d", "999999999999w"])
def test_a_wrong_span_is_a_usage_error(tmp_path: Path, text: str) -> None:
    """What is no time span is refused with exit 2, not with a traceback."""
    outcome = run("alerts", "list", f"--since={text}", "--config", rung(tmp_path, TALKS))
    assert outcome.code == 2
    assert "is not a time span" in outcome.err


def test_show_explains_hits_deliveries_and_attempts(tmp_path: Path) -> None:
    """Each hit with its context, each delivery with a sentence, each attempt with the receiver's answer."""
    rules = [RuleConfig(name="doha", query="doha OR envoys")]
    config = rung(tmp_path, TALKS, rules=rules, feeds=["a", "b", "c"])
    delivered(tmp_path / "desk.db")
    text = shown(config)
    assert "title: Talks in Doha\n" in text
    assert "summary: The envoys met at noon." in text
    assert "also reported by b, c" in text
    assert "desk: sent, the receiver accepted it" in text
    assert ": ok: accepted" in text
    assert "desk: suppressed (2 times), the same story was told on this channel, or will be" in text


def test_show_gives_long_texts_only_around_the_hit(tmp_path: Path) -> None:
    """Forty characters on either side, with dots where something was left out."""
    item = Item("News", guid="1", link="http://a.example/1", text=f"{'x' * 50} Doha {'y' * 50}")
    text = shown(rung(tmp_path, item, rules=[RuleConfig(name="doha", query="doha")]))
    assert f"summary: …{'x' * 39} Doha {'y' * 39}…\n" in text


def test_a_hit_in_a_text_that_changed_stands_alone(tmp_path: Path) -> None:
    """Offsets into a text that is no longer stored would show the wrong words."""
    config = rung(tmp_path, TALKS, rules=[RuleConfig(name="doha", query="doha")])
    with transaction(tmp_path / "desk.db") as tx:
        tx.run("UPDATE articles SET title = 'Corrected: nothing of the kind'")
    assert "title: Doha\n" in shown(config)


def test_nothing_from_a_feed_steers_the_terminal(tmp_path: Path) -> None:
    """Control characters in titles reach the terminal neither from list nor from show."""
    config = rung(tmp_path, TALKS)
    with transaction(tmp_path / "desk.db") as tx:
        tx.run("UPDATE articles SET title = 'Ring' || char(7) || char(27) || '[2J'")
    outcome = run("alerts", "list", "--config", config)
    assert not {"\x07", "\x1b"} & set(outcome.out + shown(config))


def test_show_as_json_has_hits_and_attempts(tmp_path: Path) -> None:
    """The shape of the list, with more in it."""
    config = rung(tmp_path, TALKS)
    delivered(tmp_path / "desk.db")
    (alert,) = run("alerts", "show", "1", "--json", "--config", config).objects
    assert tuple(alert) == (*SHAPE, "hits", "independent", "timeline", "related")
    (delivery,) = alert["deliveries"]
    assert [(t["number"], t["answer"]) for t in delivery["attempts"]] == [(1, "ok")]


@pytest.mark.parametrize(("number", "code"), [("77", 1), (str(2**63 - 1), 1), (str(2**70), 1), ("x", 2)])
def test_an_alert_that_is_not_there(tmp_path: Path, number: str, code: int) -> None:
    """An unknown number fails with a remedy; what is no number is a usage error."""
    outcome = run("alerts", "show", number, "--config", rung(tmp_path, TALKS))
    assert outcome.code == code
    assert "bug" not in outcome.err


def test_without_a_database_there_is_a_remedy(tmp_path: Path) -> None:
    """Before the first run nothing can have rung, and the message says how to begin."""
    outcome = run("alerts", "list", "--config", configured(tmp_path, tmp_path / "none.db"))
    assert outcome.code == 1
    assert "tocsin run" in outcome.err
