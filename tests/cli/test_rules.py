"""`tocsin rules` as a user types it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from monitor.settings import EntityConfig, RuleConfig
from tests.support.cli import run
from tests.support.configs import write
from tests.support.documents import Item
from tests.support.newsdesk import Desk

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """\
[entities.doha]
aliases = ["Doha"]
[[rules]]
name = "talks"
query = "(talks   AND @doha)"
severity = "high"
tags = ["world"]
[[rules.tests]]
match = "Talks in Doha"
[[rules.tests]]
no_match = "Talks in Paris"
[[rules]]
name = "rain"
any = ["rain", "heavy shower"]
enabled = false
"""
FAILING = GOOD + '[[rules]]\nname = "sun"\nquery = "sun"\n[[rules.tests]]\nno_match = "The sun over Doha"\n'


def test_rules_are_listed_in_normal_form(tmp_path: Path) -> None:
    """Disabled ones too, each with its whole query."""
    outcome = run("rules", "list", "--json", "--config", write(tmp_path, GOOD))
    assert outcome.code == 0, outcome.err
    talks, rain = outcome.objects
    assert talks == {
        "name": "talks",
        "severity": "high",
        "enabled": True,
        "query": talks["query"],
        "tests": 2,
        "matches_7d": None,
    }
    assert "talks AND @doha" in talks["query"]
    assert (rain["enabled"], rain["query"]) == (False, 'rain OR "heavy shower"')


def test_rules_are_listed_in_columns(tmp_path: Path) -> None:
    """A person gets a table; a rule that cannot be used says so."""
    text = GOOD + '[[rules]]\nname = "bad"\nquery = "rain AND ("\n'
    outcome = run("rules", "list", "--config", write(tmp_path, text))
    assert outcome.code == 0, outcome.err
    header, talks, rain, bad = outcome.out.splitlines()
    assert header.split() == ["name", "severity", "enabled", "tests", "7", "days", "query"]
    assert talks.split()[:5] == ["talks", "high", "yes", "2", "-"]
    assert rain.split()[:4] == ["rain", "normal", "no", "0"]
    assert "cannot be used" in bad


def test_passing_tests_are_exit_0(tmp_path: Path) -> None:
    """All tests of all rules are run; a rule's sources do not count."""
    path = write(tmp_path, GOOD)
    outcome = run("rules", "test", "--config", path)
    assert (outcome.code, outcome.out) == (0, "2 tests: all pass\n")
    assert [shape["passed"] for shape in run("rules", "test", "--json", "--config", path).objects] == [
        True
    ] * 2


def test_a_failing_test_is_exit_1(tmp_path: Path) -> None:
    """What was expected is told with the hits."""
    path = write(tmp_path, FAILING)
    outcome = run("rules", "test", "--config", path)
    assert outcome.code == 1
    assert "failed sun: should not match, and does" in outcome.out
    assert "hit:  sun (sun in the title)" in outcome.out
    assert outcome.out.endswith("3 tests: 1 failed\n")
    shape = run("rules", "test", "sun", "--json", "--config", path)
    assert shape.code == 1
    [only] = shape.objects
    assert (only["rule"], only["index"], only["expected"], only["passed"]) == ("sun", 0, "no_match", False)
    assert [hit["text"] for hit in only["hits"]] == ["sun"]


def test_one_rule_can_be_tested(tmp_path: Path) -> None:
    """The failing test of another rule does not matter then."""
    outcome = run("rules", "test", "talks", "--config", write(tmp_path, FAILING))
    assert (outcome.code, outcome.out) == (0, "2 tests: all pass\n")


def test_rules_without_tests_say_so(tmp_path: Path) -> None:
    """It is no failure, but nothing passed either."""
    outcome = run("rules", "test", "rain", "--config", write(tmp_path, GOOD))
    assert (outcome.code, outcome.out) == (0, "")
    assert "no tests" in outcome.err


def test_a_text_is_tried_on_every_rule(tmp_path: Path) -> None:
    """Whether each enabled rule holds, and where."""
    path = write(tmp_path, GOOD)
    text = "Peace talks\nin Doha"
    outcome = run("rules", "test", "--text", text, "--json", "--config", path)
    [shape] = outcome.objects
    assert (outcome.code, shape["rule"], shape["holds"]) == (0, "talks", True)
    assert [(h["field"], h["text"], h.get("entity")) for h in shape["hits"]] == [
        ("title", "talks", None),
        ("body", "Doha", "doha"),
    ]
    shown = run("rules", "test", "talks", "--text", text, "--config", path).out
    assert shown.splitlines()[0] == "talks: holds"
    assert "in the body: in Doha" in shown


def test_a_file_is_tried_and_furniture_is_weak(tmp_path: Path) -> None:
    """Its text is read as `match` reads it."""
    path = write(
        tmp_path, '[[rules]]\nname = "talks"\nquery = "doha"\n[[rules]]\nname = "rain"\nquery = "rain"\n'
    )
    file = tmp_path / "a.txt"
    file.write_text("News\nThey met in Doha.\nRead more\nRain again\n")
    outcome = run("rules", "test", "--text", file, "--json", "--config", path)
    assert [(shape["rule"], shape["holds"], shape["strength"]) for shape in outcome.objects] == [
        ("talks", True, "strong"),
        ("rain", True, "weak"),
    ]
    assert "rain: holds weakly" in run("rules", "test", "--text", file, "--config", path).out


def test_a_named_rule_is_tried_even_if_disabled(tmp_path: Path) -> None:
    """Whoever names it wants to see it."""
    path = write(tmp_path, GOOD)
    assert (
        run("rules", "test", "rain", "--text", "Heavy showers", "--config", path).out
        == "rain: does not hold\n"
    )
    assert run("rules", "test", "rain", "--text", "Rain", "--config", path).out.startswith("rain: holds\n")


@pytest.mark.parametrize(
    ("text", "name", "said"),
    [
        (GOOD, "talk", "did you mean talks?"),
        (GOOD + '[[rules]]\nname = "bad"\nquery = "rain AND ("\n', "bad", "config.toml:"),
    ],
)
def test_what_cannot_be_tested_is_exit_2(tmp_path: Path, text: str, name: str, said: str) -> None:
    """An unknown name, or a rule that cannot be used."""
    outcome = run("rules", "test", name, "--config", write(tmp_path, text))
    assert outcome.code == 2
    assert said in outcome.err


# --- show ------------------------------------------------------------------------------------------------

FULL = """\
[monitor]
languages = ["en"]
[[feeds]]
name = "wire"
url = "https://wire.example/feed"
tags = ["world"]
[entities.jordan]
aliases = ["Jordan", "{JO}"]
not_in = ["Michael Jordan"]
context = { require_any = ["Amman", "king"], near = 20, unless = "Hashemite" }
[[rules]]
name = "river"
query = "(@jordan AND talks~) OR river NEAR/3 bank"
tags = ["world"]
severity = "urgent"
budget = "3/1h"
allow_channels = []
secret = true
enabled = false
"""


def test_a_rule_is_shown_in_full(tmp_path: Path) -> None:
    """All that the file says of it, its entities included; a disabled one too."""
    outcome = run("rules", "show", "river", "--reveal", "--json", "--config", write(tmp_path, FULL))
    assert outcome.code == 0, outcome.err
    [shape] = outcome.objects
    assert (shape["name"], shape["enabled"], shape["severity"]) == ("river", False, "urgent")
    assert shape["query"] == "((@jordan AND talks~) OR river NEAR/3 bank) AND tag:world"
    tree = shape["tree"]
    assert (tree["kind"], [child["kind"] for child in tree["children"]]) == ("any", ["all", "near"])
    assert [leaf["text"] for leaf in tree["children"][0]["children"]] == ["@jordan", "talks~"]
    assert shape["sources"] == {"lang": [], "feeds": [], "tags": ["world"]}
    assert (shape["budget"], shape["secret"], shape["allow_channels"]) == ("3/1h", True, [])
    assert shape["entities"] == [
        {
            "name": "jordan",
            "aliases": ["Jordan", "{JO}"],
            "not_in": ["Michael Jordan"],
            "context": {"require_any": ["Amman", "king"], "near": 20, "unless": ["Hashemite"]},
        }
    ]
    assert (shape["matches_7d"], shape["first_loaded"]) == (None, None)
    assert isinstance(shape["hash"], int)


def test_people_see_the_rule_as_a_tree(tmp_path: Path) -> None:
    """Indented by its brackets, with its tests and what is not known yet."""
    outcome = run("rules", "show", "talks", "--config", write(tmp_path, GOOD))
    assert outcome.code == 0, outcome.err
    assert "  all of\n    talks\n    @doha\n" in outcome.out
    assert "test: matches  Talks in Doha" in outcome.out
    assert "matches in 7 days: not known: there is no database yet" in outcome.out
    river = run("rules", "show", "river", "--reveal", "--config", write(tmp_path, FULL)).out
    assert "only with one of Amman, king within 20 words" in river
    assert "not inside Michael Jordan" in river
    assert river.startswith("river (disabled)  ")


def stocked(folder: Path) -> str:
    """A configuration whose database holds two articles, one of them matched."""
    rule = RuleConfig("talks", "talks AND @doha")
    with Desk(folder, feeds=["a"], entities=[EntityConfig("doha", ("Doha",))], rules=[rule]) as desk:
        desk.now = datetime.now(UTC)
        desk.publish("a", Item("Old talks in Doha", guid="0", link="https://a.example/0"))
        desk.poll()
        desk.publish(
            "a",
            Item("Old talks in Doha", guid="0", link="https://a.example/0"),
            Item("Talks in Doha", guid="1", link="https://a.example/1"),
        )
        desk.poll()
    return GOOD.replace('tags = ["world"]\n', "") + f'[monitor]\ndatabase = "{desk.config.database}"\n'


def test_the_matches_of_a_week_are_counted(tmp_path: Path) -> None:
    """In the list, and by what became of them for one rule."""
    path = write(tmp_path, stocked(tmp_path))
    assert [r["matches_7d"] for r in run("rules", "list", "--json", "--config", path).objects] == [2, 0]
    [shape] = run("rules", "show", "talks", "--json", "--config", path).objects
    states = shape["matches_7d"]
    assert states["total"] == 2
    assert states["suppressed"] == 1
    assert shape["first_loaded"]
    assert "matches in 7 days: 2 (" in run("rules", "show", "talks", "--config", path).out


# --- explain ---------------------------------------------------------------------------------------------


def test_what_a_rule_looks_for_is_told(tmp_path: Path) -> None:
    """Forms, names and anchors, before any text is at hand."""
    path = write(tmp_path, FULL)
    [shape] = run("rules", "explain", "river", "--reveal", "--json", "--config", path).objects
    [talks] = shape["inflected"]
    assert talks["term"] == "talks~"
    assert "talks" in talks["forms"]
    assert [entity["name"] for entity in shape["entities"]] == ["jordan"]
    assert {anchor["term"] for anchor in shape["anchors"]} <= {"@jordan", "talks~", "river", "bank"}
    assert {anchor["share"] for anchor in shape["anchors"]} == {None}
    said = run("rules", "explain", "river", "--reveal", "--config", path)
    assert "talks~ stands for: talks" in said.out
    assert "looked at where an article has one of" in said.out
    assert "--article ID" in said.err


def test_a_rule_without_anchors_says_so(tmp_path: Path) -> None:
    """It costs a look at every article."""
    text = '[[rules]]\nname = "all"\nquery = "feed:*"\n'
    assert (
        "looked at for every article" in run("rules", "explain", "all", "--config", write(tmp_path, text)).out
    )


def test_a_text_is_explained(tmp_path: Path) -> None:
    """Each part's truth, and the first no with what came nearest; from the line, or from a file."""
    path = write(tmp_path, FULL)
    near = "The river is far from its own broken bank"
    file = tmp_path / "a.txt"
    file.write_text(near, encoding="utf-8")
    for text in (near, str(file)):
        outcome = run("rules", "explain", "river", "--reveal", "--text", text, "--json", "--config", path)
        [shape] = outcome.objects
        assert (outcome.code, shape["now"]["holds"]) == (0, False)
        assert shape["title"] == near
        assert shape["now"]["tree"]["children"][1]["why"] == (
            "in the title “bank” is 6 words away from “river”, NEAR/3 allows 3"
        )
    shown = run("rules", "explain", "river", "--reveal", "--text", near, "--config", path).out
    assert "✗ river NEAR/3 bank" in shown
    assert "first no: tag:world: the feed has no tags" in shown


def test_a_stored_article_is_explained(tmp_path: Path) -> None:
    """By its number or its address; one that is not there is exit 1."""
    path = write(tmp_path, stocked(tmp_path))
    for target in ("2", "https://a.example/1", "a.example/1"):
        outcome = run("rules", "explain", "talks", "--article", target, "--json", "--config", path)
        [shape] = outcome.objects
        assert (shape["title"], shape["now"]["holds"]) == ("Talks in Doha", True), target
        assert shape["of"].endswith("as feed a shows it")
    missing = run("rules", "explain", "talks", "--article", "77", "--config", path)
    assert missing.code == 1
    assert "there is no stored article 77" in missing.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("talk",), "did you mean talks?"),
        (("talks", "--text", "a", "--article", "1"), "give one of them"),
        (("talks", "--text", "missing.txt"), "there is no file missing.txt"),
    ],
)
def test_what_cannot_be_explained_is_exit_2(tmp_path: Path, arguments: tuple[Any, ...], said: str) -> None:
    """With what to do instead."""
    outcome = run("rules", "explain", *arguments, "--config", write(tmp_path, GOOD))
    assert outcome.code == 2
    assert said in outcome.err
