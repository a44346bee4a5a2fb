"""Rule tests: worked examples beside a rule."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.model import Document
from monitor.rules.compiling import compile_rules
from monitor.rules.ruletests import TestFailure, run_rule_tests, text_document
from monitor.settings import RuleConfig, RuleTest


def failures(*rules: RuleConfig) -> tuple[TestFailure, ...]:
    """What fails of the rules' own examples."""
    engine, _ = compile_rules(rules, ())
    return run_rule_tests(engine, rules)


def test_good_examples_give_no_failure() -> None:
    """A rule that does what its examples say passes."""
    tests = (RuleTest("Talks in Doha", match=True), RuleTest("Talks in Oslo", match=False))
    assert failures(RuleConfig("r", "doha", tests=tests)) == ()


def test_each_wrong_example_is_a_failure_with_its_place() -> None:
    """Failures name rule, number and text, and show what was hit."""
    tests = (RuleTest("Oslo", match=True), RuleTest("fine doha", match=True), RuleTest("Doha!", match=False))
    first, second = failures(RuleConfig("r", "doha", tests=tests))
    assert (first.rule, first.index, first.hits) == ("r", 0, ())
    assert first.message == "rule 'r' should match, and does not: 'Oslo'"
    assert (second.index, second.hits[0].text) == (2, "Doha")
    assert second.message == "rule 'r' should not match, and does (Doha): 'Doha!'"


def test_the_source_of_an_example_does_not_matter() -> None:
    """lang, feeds and tags are left out: an example is text alone."""
    rule = RuleConfig("r", "doha", tags=("fr",), feeds=("x",), tests=(RuleTest("Doha", match=True),))
    assert failures(rule) == ()
    assert failures(RuleConfig("r", feeds=("x",), tests=(RuleTest("Doha", match=True),))) == ()


def test_rules_that_are_not_loaded_are_passed_over() -> None:
    """A refused or disabled rule has other problems than its examples."""
    wrong = (RuleTest("Oslo", match=True),)
    assert (
        failures(RuleConfig("r", "doha", tests=wrong, enabled=False), RuleConfig("s", "(", tests=wrong)) == ()
    )


@pytest.mark.parametrize(
    ("text", "title", "body"),
    [
        ("one line", "one line", ""),
        ("\n\n title \nbody\nmore\n", "title", "body\nmore"),
        ("", "", ""),
    ],
)
def test_the_first_line_is_the_title(text: str, title: str, body: str) -> None:
    """The first line that is not empty is the title, the rest the body."""
    assert text_document(text) == Document(title=title, body=body)


FURNISHED = "Talks go on\n\nThey met in Oslo.\nLire aussi\nDoha waits\nLire aussi : Paris waits"


def test_furniture_in_a_text_is_not_confirmed() -> None:
    """Labels are cut, what they announce is kept and told apart."""
    document = text_document(FURNISHED)
    assert document.body == "They met in Oslo.\nDoha waits"
    assert [document.body[start:end] for start, end in document.unconfirmed] == ["Doha waits"]


def test_an_example_is_a_match_if_it_would_ring() -> None:
    """What holds in furniture alone is none, except for a rule that rings for such."""
    strong, weak = RuleTest("Doha", match=True), RuleTest(FURNISHED, match=True)
    assert failures(RuleConfig("r", "doha", tests=(strong, replace(weak, match=False)))) == ()
    [failure] = failures(RuleConfig("r", "doha", tests=(weak,)))
    assert "only weakly, in lines that may be furniture" in failure.message
    assert failures(RuleConfig("r", "doha", weak="alert", tests=(weak,))) == ()
    assert failures(RuleConfig("r", "paris", weak="alert", tests=(replace(weak, match=False),))) == ()
