"""`tocsin explain` as a user types it: what it finds, what it says, and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.settings import RuleConfig
from monitor.store.outbox import save_channel
from monitor.store.rows import ChannelState
from tests.support.cli import Outcome, run
from tests.support.documents import Item
from tests.support.installed import delivered
from tests.support.newsdesk import Desk
from tests.support.store import transaction
from tests.support.ways import put_off, refused

ROOT = Path(__file__).parents[2]
URL = "https://n.example/doha?id=7"
TALKS = Item("Talks in Doha", guid="1", link=URL, text="The envoys met at noon in Qatar.")
RULES = """\
[[rules]]
name = "talks"
query = "doha AND (kabul OR qatar)"
[[rules]]
name = "rain"
query = "rain AND doha"
[[rules]]
name = "off"
query = "doha"
enabled = false
"""
CHANNELS = '[channels.desk]\ntype = "terminal"\n[channels.phone]\ntype = "terminal"\n'


def configured(folder: Path, rules: str = RULES) -> Path:
    """The configuration beside the desk's database."""
    path = folder / "config.toml"
    feeds = "".join(f'[[feeds]]\nname = "{name}"\nurl = "http://{name}.example/feed"\n' for name in "ab")
    path.write_text(f'[monitor]\ndatabase = "desk.db"\n{feeds}{rules}{CHANNELS}', encoding="utf-8")
    return path


def rung(folder: Path, *items: Item, channels: tuple[str, ...] = ("desk",)) -> Path:
    """A newsroom in which feed a, then feed b showed these items, an hour ago; returns the configuration."""
    rules = [
        RuleConfig("talks", query="doha AND (kabul OR qatar)"),
        RuleConfig("rain", query="rain AND doha"),
    ]
    with Desk(folder, feeds=["a", "b"], rules=rules, channels=channels) as desk:
        desk.now = datetime.now(UTC) - timedelta(hours=1)
        for feed in "ab":
            desk.publish(feed)
        desk.poll()
        for feed in "ab":
            desk.publish(feed, *(items or (TALKS,)))
            desk.poll(feed)
    return configured(folder)


def explain(config: Path, *arguments: str | Path) -> Outcome:
    """Run the verb."""
    return run("explain", *arguments, "--config", config)


def shape(config: Path, *arguments: str | Path) -> dict[str, Any]:
    """The one object it prints with --json."""
    (found,) = explain(config, *arguments, "--json").objects
    assert isinstance(found, dict)
    return found


# --- what is found ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target",
    [
        URL,
        "http://n.example/doha?id=7",
        "https://www.n.example/doha?id=7&utm_source=rss#xtor=RSS-1",
        "n.example/doha?id=7",
        "HTTPS://N.EXAMPLE:443/doha/?id=7",
        "1",
        "article:1",
        "alert:1",
    ],
)
def test_an_article_is_found_by_any_spelling(tmp_path: Path, target: str) -> None:
    """Scheme, www., counters and a last slash make no difference; numbers do as well."""
    found = shape(rung(tmp_path), target)
    assert (found["target"], found["found"], found["article"]["id"]) == (target, True, 1)
    assert found["article"]["title"] == "Talks in Doha"


def test_an_item_whose_address_identifies_nothing_is_found(tmp_path: Path) -> None:
    """Items of one document that share a link are all found under it, the newest first."""
    live = [Item(f"Live {n}", guid=str(n), link="https://n.example/live", age=n) for n in range(2)]
    outcome = explain(rung(tmp_path, *live), "http://www.n.example/live", "--json")
    assert [one["article"]["title"] for one in outcome.objects] == ["Live 0", "Live 1"] * 2
    shown = explain(configured(tmp_path), "http://www.n.example/live")
    assert shown.out.count("article ") == 4


def test_an_alert_shows_its_own_rule_alone(tmp_path: Path) -> None:
    """`alert:1` asks why that alert rang."""
    config = rung(tmp_path)
    assert [r["rule"] for r in shape(config, "alert:1")["rules"]] == ["talks"]
    assert [r["rule"] for r in shape(config, "1")["rules"]] == ["talks", "rain"]
    assert [r["rule"] for r in shape(config, "alert:1", "--rule", "rain")["rules"]] == ["rain"]


def test_a_bare_number_is_an_articles_and_says_so(tmp_path: Path) -> None:
    """Where an alert of that number is another article's, the way to it is told."""
    rain = Item("Rain", guid="2", link="https://n.example/2", age=3)
    outcome = explain(rung(tmp_path, TALKS, rain), "1")
    assert "\n\nRain\n" in outcome.out
    assert outcome.err == "this is article 1; alert 1 is another: tocsin explain alert:1\n"


def test_an_unknown_address_names_the_feeds_that_could_have(tmp_path: Path) -> None:
    """Exit 1, with the feeds of its site, how they fare, and what stopped it."""
    config = rung(tmp_path)
    outcome = explain(config, "https://a.example/else")
    assert outcome.code == 1
    assert "  a  ok; is of the same site; last good poll " in outcome.out
    assert outcome.out.startswith("Not told: feed a has not shown it; it was last read ")
    assert "\n    tocsin fetch a\n" in outcome.out
    found = explain(config, "https://a.example/else?utm_source=x", "--json")
    assert found.code == 1
    (one,) = found.objects
    assert tuple(one) == ("target", "found", "answer", "url", "key", "elsewhere", "feeds", "first_no")
    assert (one["found"], one["url"]) == (False, "https://a.example/else")
    assert [(f["feed"], f["state"]) for f in one["feeds"]] == [("a", "ok")]
    no = one["first_no"]
    assert (no["stage"], no["cause"], no["feed"]) == ("entry", "not_listed", "a")
    assert one["answer"]["command"] == "tocsin fetch a"


def test_a_site_without_a_feed_says_how_to_add_one(tmp_path: Path) -> None:
    """Where no feed could have carried it, the remedy is another feed."""
    outcome = explain(rung(tmp_path), "https://else.example/x")
    assert outcome.code == 1
    assert outcome.out.startswith("Not told: no configured feed is of else.example")
    assert "\n    tocsin feeds discover https://else.example/x\n" in outcome.out


def test_an_article_whose_text_was_pruned_is_told_by_its_marks(tmp_path: Path) -> None:
    """Seen marks outlive an article: which feed showed it, and when, is still known."""
    config = rung(tmp_path)
    with transaction(tmp_path / "desk.db") as tx:
        for table in ("ledger", "outbox", "alerts", "matches", "articles"):
            tx.run(f"DELETE FROM {table}")
    outcome = explain(config, URL)
    assert outcome.code == 0
    assert "feed a: ok" in outcome.out
    assert outcome.out.startswith("Seen, but what became of it is no longer kept ([monitor] retention)\n")
    found = shape(config, URL)
    assert (found["article"], found["rules"]) == ({"id": 1, "stored": False}, [])


# --- what is said ----------------------------------------------------------------------------------------


def test_the_way_is_told_from_feed_to_receiver(tmp_path: Path) -> None:
    """Feeds, tree and hits, match, the ledger's sentences, the receiver's answer; other rules in a line."""
    config = rung(tmp_path)
    delivered(tmp_path / "desk.db")
    outcome = explain(config, URL)
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert lines[0].startswith("Told: rule talks rang on desk, 20")
    assert lines[1:4] == ["", "Talks in Doha", URL]
    for part in [
        "article 1 · published ",
        "feed a: ok",
        ", not baseline",
        "feed b: ok",
        "rule talks · holds now",
        "  ✓ all of",
        "    ✓ doha     title: Talks in Doha",
        "    ✓ one of",
        "      ✗ kabul  not in title, summary, body",
        "      ✓ qatar  summary: The envoys met at noon in Qatar.",
        "through feed a, by the rule as it is now",
        "    desk: sent, the receiver accepted it (",
        ": ok: accepted",
        "    desk: suppressed, the same story was told on this channel, or will be",
        "  ✓ told on desk",
        "other rules",
        "  ✗ rain  no match (1 of 2): rain: not in title, summary, body",
    ]:
        assert part in outcome.out, part
    assert "rule off" not in outcome.out


def test_what_waits_says_when_it_is_tried_again(tmp_path: Path) -> None:
    """The last answer, the next attempt and the channel's pause."""
    rung(tmp_path, channels=("desk", "phone"))
    config = configured(tmp_path)
    now = datetime.now(UTC)
    with transaction(tmp_path / "desk.db") as tx:
        put_off(tx, now, "desk")
        refused(tx, now, "phone")
        save_channel(tx, ChannelState("desk", paused_until=now + timedelta(hours=2), pause_reason="rate"))
    out = explain(config, URL).out
    assert "attempt 1 " in out
    assert ": transient: connection refused" in out
    assert "      next attempt " in out
    assert "      channel desk is paused until " in out
    assert ": refused 404: no such room" in out
    assert "  ✗ first no: not delivered: desk: its channel is paused until " in out
    assert "its service asked to wait; the last answer was transient: connection refused" in out


def test_json_has_the_documented_shape(tmp_path: Path) -> None:
    """Fields may be added, never renamed."""
    config = rung(tmp_path)
    delivered(tmp_path / "desk.db")
    found = shape(config, URL)
    assert set(found) == {"target", "found", "answer", "article", "feeds", "rules"}
    assert set(found["answer"]) == {
        *("told", "pending", "rule", "channels", "not_on", "at", "maybe_repeat", "stage", "cause"),
        *("sentence", "remedy", "command"),
    }
    article = {
        "id",
        "stored",
        "title",
        "url",
        "language",
        "source",
        "published",
        "updated",
        "fetched",
        "story",
        *("page", "teaser_only", "unconfirmed", "joined", "reports", "outlets"),
    }
    assert set(found["article"]) == article
    assert set(found["feeds"][0]) == {
        *("feed", "state", "first_seen", "last_seen", "baseline", "same_text", "last_poll", "last_good"),
        *("last_status", "message", "gaps"),
    }
    talks, rain = found["rules"]
    assert set(talks) == {
        *("rule", "enabled", "error", "now", "judged_as", "loaded", "first_loaded", "matches", "ways"),
        *("first_no", "near", "routes"),
    }
    assert set(talks["now"]) == {"holds", "strength", "weak", "sources", "tree", "failed"}
    assert talks["now"]["tree"]["text"] == "doha AND (kabul OR qatar)"
    first = talks["matches"][0]
    assert set(first) == {"feed", "matched", "strength", "rule_form", "hits", "deliveries"}
    assert first["rule_form"] == "same"
    assert set(first["deliveries"][0]) == {
        *(
            "channel",
            "state",
            "reason",
            "sentence",
            "at",
            "outbox",
            "next_attempt",
            "paused_until",
            "maybe_repeat",
            "attempts",
        ),
    }
    assert set(first["deliveries"][0]["attempts"][0]) == {"number", "at", "answer", "status", "detail"}
    assert [w["first_no"] and w["first_no"]["stage"] for w in talks["ways"]] == [None, "told"]
    assert talks["first_no"] is None
    assert (rain["first_no"]["stage"], rain["first_no"]["cause"]) == ("text", "missing")
    assert rain["near"] == {"holds": 1, "of": 2, "share": 0.5}
    assert rain["now"]["failed"] == {"text": "rain", "why": "not in title, summary, body"}


def test_a_rule_that_is_switched_off_is_explained_when_named(tmp_path: Path) -> None:
    """--rule asks for it whatever its state; its tree is judged, and what stopped it is that it is off."""
    outcome = explain(rung(tmp_path), URL, "--rule", "off")
    assert "rule off · disabled · holds now" in outcome.out
    assert "first no: rule not in force: the rule is disabled" in outcome.out


def test_a_rule_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    """A broken rule is the first no of its articles."""
    rung(tmp_path)
    config = configured(tmp_path, '[[rules]]\nname = "bad"\nquery = "doha AND"\n')
    out = explain(config, URL).out
    assert "bad" in out
    assert "rule not in force: the rule cannot be used: expected a term after AND" in out
    assert "rule talks · no longer configured" in out


def test_an_unknown_rule_is_a_usage_error(tmp_path: Path) -> None:
    """With the nearest one named."""
    outcome = explain(rung(tmp_path), URL, "--rule", "talk")
    assert (outcome.code, outcome.out) == (2, "")
    assert "did you mean talks?" in outcome.err


def test_nothing_from_a_feed_steers_the_terminal(tmp_path: Path) -> None:
    """Control and bidi characters of titles and texts are not printed."""
    bad = Item("Doha \x9b31m\u202etalks", guid="1", link=URL, text="in Qatar \x85\x9d0;x\u2066 now")
    out = explain(rung(tmp_path, bad), URL).out
    assert not {"\x9b", "\x9d", "\x85", "\u202e", "\u2066", "\x1b"} & set(out)


def test_a_pipe_of_plain_letters_gets_words(tmp_path: Path) -> None:
    """Where the output cannot show ✓ and ✗ it says yes and no, without colours."""
    config = rung(tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "explain", URL, "--config", config],
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=60,
        env={**os.environ, "PYTHONIOENCODING": "ascii:replace"},
    )
    text = done.stdout.decode("ascii")
    assert "  yes all of" in text
    assert "no  kabul" in text
    assert "\x1b" not in text
