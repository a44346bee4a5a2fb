"""`tocsin rules` as a user types it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.cli import run
from tests.support.configs import write

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
    }
    assert "talks AND @doha" in talks["query"]
    assert (rain["enabled"], rain["query"]) == (False, 'rain OR "heavy shower"')


def test_rules_are_listed_in_columns(tmp_path: Path) -> None:
    """A person gets a table; a rule that cannot be used says so."""
    text = GOOD + '[[rules]]\nname = "bad"\nquery = "rain AND ("\n'
    outcome = run("rules", "list", "--config", write(tmp_path, text))
    assert outcome.code == 0, outcome.err
    header, talks, rain, bad = outcome.out.splitlines()
    assert header.split() == ["name", "severity", "enabled", "tests", "query"]
    assert talks.split()[:4] == ["talks", "high", "yes", "2"]
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
