"""The first lines of `tocsin explain`: told or not, why, what to type; at 80 columns; with names hidden."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor.cli import explain_lines, explain_names
from monitor.cli.explain_answer import sentence
from monitor.conclusion import Answer, untold
from monitor.model import Reason, State
from monitor.settings import RuleConfig
from monitor.stages import Entered
from monitor.store import sql
from monitor.store.rows import to_db
from tests.cli.test_explain import CHANNELS, TALKS, URL, configured, explain, rung, shape
from tests.support.documents import Item
from tests.support.installed import delivered
from tests.support.newsdesk import Desk
from tests.support.store import transaction
from tests.support.ways import refused

if TYPE_CHECKING:
    from pathlib import Path

OTHER = Item("Bakers strike", guid="2", link="https://n.example/bakers", text="Bread is late.", age=2)


def first(folder: Path, *arguments: str) -> str:
    """The first line."""
    return explain(configured(folder), *arguments).out.splitlines()[0]


def test_the_first_line_is_the_answer(tmp_path: Path) -> None:
    """Not told yet while it waits and nobody sends; not told once it is refused; told once it is taken."""
    rung(tmp_path)
    waits = first(tmp_path, URL)
    assert waits == ("Not told yet: rule talks on desk: it waits to be sent, and Tocsin is not running")
    with transaction(tmp_path / "desk.db") as tx:
        refused(tx, datetime.now(UTC))
    said = first(tmp_path, URL)
    assert said.startswith("Not told: rule talks on desk: dead, the receiver refused it for good")
    assert said.endswith("after 1 attempt (refused 404: no such room)")
    assert "\n    tocsin outbox retry 1\n" in explain(configured(tmp_path), URL).out


def test_a_yes_names_channel_and_time(tmp_path: Path) -> None:
    """In words and in JSON, where a yes has no cause and no remedy."""
    rung(tmp_path)
    delivered(tmp_path / "desk.db")
    assert first(tmp_path, URL).startswith("Told: rule talks rang on desk, 20")
    answer = shape(configured(tmp_path), URL)["answer"]
    assert (answer["told"], answer["pending"], answer["channels"]) == (True, False, ["desk"])
    assert (answer["stage"], answer["cause"], answer["remedy"], answer["command"]) == (None,) * 4


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (
            "doha AND zebra",
            "Not told: none of 2 rules holds, the nearest is one: zebra: not in title, summary",
        ),
        ("zebra", "Not told: none of 2 rules holds, or comes near it"),
    ],
)
def test_of_rules_that_do_not_hold_the_nearest_speaks(query: str, said: str, tmp_path: Path) -> None:
    """Or it is said that none comes near."""
    rung(tmp_path)
    rules = f'[[rules]]\nname = "far"\nquery = "puma"\n[[rules]]\nname = "one"\nquery = "{query}"\n'
    (tmp_path / "config.toml").unlink()
    config = configured(tmp_path, rules)
    with transaction(tmp_path / "desk.db") as tx:
        for table in ("ledger", "outbox", "alerts", "matches"):
            tx.run(f"DELETE FROM {table}")
    assert explain(config, URL).out.startswith(said)


def test_without_rules_that_is_the_answer(tmp_path: Path) -> None:
    """Nothing is judged, and the remedy is a rule."""
    rung(tmp_path)
    with transaction(tmp_path / "desk.db") as tx:
        for table in ("ledger", "outbox", "alerts", "matches"):
            tx.run(f"DELETE FROM {table}")
    config = configured(tmp_path, '[[rules]]\nname = "off"\nquery = "doha"\nenabled = false\n')
    assert explain(config, URL).out.startswith("Not told: no rule is enabled\n  what to do: write a rule")


# --- addresses nobody showed -----------------------------------------------------------------------------


def test_an_article_of_that_name_elsewhere_is_offered(tmp_path: Path) -> None:
    """Sites move their articles: the end of the address stays."""
    item = Item("Talks", guid="1", link="https://n.example/world/talks-in-doha-go-on_1", text="doha qatar")
    config = rung(tmp_path, item)
    outcome = explain(config, "https://www.n.example/news/2026/talks-in-doha-go-on_1")
    assert outcome.code == 1
    assert "\n  tocsin explain 1  https://n.example/world/talks-in-doha-go-on_1\n" in outcome.out
    (found,) = explain(config, "https://n.example/news/talks-in-doha-go-on_1", "--json").objects
    assert found["elsewhere"] == [{"article": 1, "url": "https://n.example/world/talks-in-doha-go-on_1"}]
    (other,) = explain(config, "https://n.example/news/talks-in-dohaxgo-on_1", "--json").objects
    assert other["elsewhere"] == []


@pytest.mark.parametrize(
    ("days", "clock", "cause"),
    [(7, "", "gap"), (7, " 08:30+00:00", "gap"), (5, "", "not_listed"), (None, "", "not_listed")],
)
def test_the_time_of_publication_tells_which_gap_matters(
    days: int | None, clock: str, cause: str, tmp_path: Path
) -> None:
    """As --at gives it; without it an old gap is shown and not blamed."""
    config = rung(tmp_path)
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    ago = timedelta(days=7 if days else 60)
    since, until = today - ago + timedelta(hours=6), today - ago + timedelta(hours=13)
    with transaction(tmp_path / "desk.db") as tx:
        feed = next(row["id"] for row in tx.rows(sql.FEEDS) if row["name"] == "a")
        gap = tx.next_id("gaps")
        tx.run(sql.GAP_INSERT, id=gap, feed_id=feed, since=to_db(since), until=to_db(until))
        tx.run("UPDATE feeds SET baseline_at = :at", at=to_db(today - timedelta(days=90)))
    options = ("--at", f"{today - timedelta(days=days):%Y-%m-%d}{clock}") if days else ()
    (found,) = explain(config, "https://a.example/lost", *options, "--json").objects
    assert found["first_no"]["cause"] == cause
    assert ("since" in found["first_no"]["facts"]) is (cause == "gap")
    assert len(found["feeds"][0]["gaps"]) == 1


def test_the_day_in_an_address_counts_as_its_time(tmp_path: Path) -> None:
    """What is older than the first poll was never to be told."""
    (found,) = explain(rung(tmp_path), "https://a.example/2019/03/04/talks", "--json").objects
    assert found["first_no"]["cause"] == "before_us"


def test_a_time_that_is_none_is_a_usage_error(tmp_path: Path) -> None:
    """With an example."""
    outcome = explain(rung(tmp_path), URL, "--at", "yesterday")
    assert (outcome.code, outcome.out) == (2, "")
    assert "'yesterday' is not a time" in outcome.err


# --- how it looks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "target", [URL, "https://n.example/bakers", "https://a.example/2019/03/04/talks", "2"]
)
def test_a_terminal_of_80_columns_shows_whole_lines(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is longer is folded and indented; nothing is lost but spaces, and commands stay on one line."""
    config = rung(tmp_path, TALKS, OTHER)
    whole = explain(config, target).out
    monkeypatch.setattr(explain_lines, "columns", lambda: 80)
    folded = explain(config, target).out
    assert max(map(len, folded.splitlines())) <= 80
    assert folded.split() == whole.split()


@pytest.fixture
def hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rule's name that must not be read."""

    class Masking:
        def rule(self, name: str) -> str:
            return "a confidential rule" if name == "zq-tip" else name

    monkeypatch.setattr(explain_names, "veil", Masking)


@pytest.mark.parametrize("options", [(), ("--json",), ("--rule", "zq-tip")])
def test_each_rule_is_named_through_one_place(options: Any, tmp_path: Path, hidden: None) -> None:
    """So that a name can be kept from whoever reads: told, not told, in words and in JSON."""
    with Desk(tmp_path, rules=[RuleConfig("zq-tip", query="doha")]) as desk:
        desk.now = datetime.now(UTC) - timedelta(hours=1)
        desk.publish("a")
        desk.poll()
        desk.publish("a", TALKS, OTHER)
        desk.poll()
    rules = '[[rules]]\nname = "zq-tip"\nquery = "doha"\n[[rules]]\nname = "rain"\nquery = "rain"\n'
    config = configured(tmp_path, rules)
    for target in (URL, "https://n.example/bakers"):
        outcome = explain(config, target, *options)
        assert outcome.code == 0
        assert "zq-tip" not in outcome.out
        assert "a confidential rule" in outcome.out
    article = tmp_path / "a.jsonl"
    article.write_text(json.dumps({"id": 1, "title": "Doha"}), encoding="utf-8")
    outcome = explain(config, article, *options)
    assert "zq-tip" not in outcome.out
    assert CHANNELS  # the configuration is that of the other tests of this verb


def test_a_yes_says_where_it_is_still_owed() -> None:
    """Told on one channel, refused or waiting on others; a copy that was told there before owes nothing."""
    at = datetime.now(UTC)
    rows = [
        Entered("desk", State.SENT, Reason.DELIVERED, at),
        Entered("phone", State.WAITING, Reason.FIRST, at),
        Entered("pager", State.DEAD, Reason.FIRST, at),
        Entered("desk", State.HELD, Reason.FIRST, at),
        Entered("mail", State.SUPPRESSED, Reason.DUPLICATE, at),
    ]
    assert untold(rows) == ("phone", "pager")
    answer = Answer(told=True, rule="talks", sent=(rows[0],), not_on=untold(rows))
    assert sentence(answer, at).startswith("Told: rule talks rang on desk, ")
    assert sentence(answer, at).endswith("; not on phone, pager")
