"""A rule's table: lists and query build the same trees, and every mistake is told with its place."""

from __future__ import annotations

import pytest

from monitor.rules.lists import rule_trees
from monitor.rules.printer import print_query
from monitor.settings import RuleConfig

ENTITIES = ("taliban", "doha")

TREES = {
    "query": (RuleConfig("r", "a OR b"), "a OR b"),
    "any": (RuleConfig("r", any=("@taliban", "{TTP}", "doha round")), '@taliban OR {TTP} OR "doha round"'),
    "all": (RuleConfig("r", all=("a", "b")), "a AND b"),
    "lists": (
        RuleConfig("r", any=("a", "b"), all=("c",), none=("d e", "title:f")),
        '(a OR b) AND c AND NOT "d e" AND NOT title:f',
    ),
    "scope": (
        RuleConfig("r", any=("a", "body:b"), none=("c",), scope="title"),
        "(title:a OR body:b) AND NOT title:c",
    ),
    "sources": (
        RuleConfig("r", "a OR b", lang=("fr", "EN"), feeds=("x-*",), tags=("t", "u")),
        "(a OR b) AND (lang:fr OR lang:en) AND feed:x-* AND (tag:t OR tag:u)",
    ),
    "sources alone": (RuleConfig("r", feeds=("x",)), "feed:x"),
    "none beside sources": (RuleConfig("r", none=("a",), tags=("t",)), "NOT a AND tag:t"),
}


@pytest.mark.parametrize(("config", "expected"), TREES.values(), ids=TREES.keys())
def test_lists_and_query_build_the_same_tree(config: RuleConfig, expected: str) -> None:
    """A table compiles to the tree of the query that says the same."""
    tree, _, problems = rule_trees(config, ENTITIES)
    assert not problems
    assert tree is not None
    assert print_query(tree) == expected


def test_the_wish_leaves_out_the_sources() -> None:
    """What the rule asks of the text is kept apart from where the text must come from."""
    _, wish, _ = rule_trees(RuleConfig("r", "a", feeds=("x",)), ())
    assert wish is not None
    assert print_query(wish) == "a"
    assert rule_trees(RuleConfig("r", feeds=("x",)), ())[1] is None


PROBLEMS = {
    "query beside any": (RuleConfig("r", "a", any=("b",)), ("any",), None, "may not stand beside any"),
    "query beside scope": (RuleConfig("r", "a", scope="title"), ("scope",), None, "beside scope"),
    "query error": (RuleConfig("r", "a @talban"), ("query",), 3, "no entity 'talban'"),
    "any": (RuleConfig("r", any=("a", "b", "c OR d")), ("any", 2), 3, "terms, not operators: found OR"),
    "minus": (RuleConfig("r", all=("-a",)), ("all", 0), 1, "terms, not operators: found -"),
    "none": (RuleConfig("r", any=("a",), none=("...",)), ("none", 0), 1, "no letter or digit"),
    "near": (RuleConfig("r", near=({"a": ["x"], "b": ["y"]},)), ("near",), None, "not in this version"),
    "atleast": (RuleConfig("r", atleast={"count": 2}), ("atleast",), None, "not in this version"),
    "lead": (RuleConfig("r", any=("a",), scope="lead"), ("scope",), None, "not in this version"),
    "scope": (RuleConfig("r", any=("a",), scope="titel"), ("scope",), None, "no scope 'titel'"),
    "empty query": (RuleConfig("r", ""), ("query",), 1, "the query is empty"),
    "nothing": (RuleConfig("r"), (), None, "asks for nothing"),
    "none alone": (RuleConfig("r", none=("a",)), ("none",), None, "matches everything"),
    "empty feed": (RuleConfig("r", "a", feeds=("x", " ")), ("feeds", 1), None, "an empty string"),
}


@pytest.mark.parametrize(("config", "key", "column", "message"), PROBLEMS.values(), ids=PROBLEMS.keys())
def test_a_mistake_is_told_with_its_place(
    config: RuleConfig, key: tuple[str | int, ...], column: int | None, message: str
) -> None:
    """Each problem has the path of its key, the column where there is one, a sentence and a remedy."""
    tree, wish, problems = rule_trees(config, ENTITIES)
    assert tree is None
    assert wish is None
    (problem,) = problems
    assert (problem.rule, problem.level, problem.key, problem.column) == ("r", "error", key, column)
    assert problem.message.startswith("rule 'r': ")
    assert message in problem.message
    assert problem.hint


def test_all_mistakes_are_told_at_once() -> None:
    """A person mends a rule in one go."""
    _, _, problems = rule_trees(RuleConfig("r", any=("-a", "b", "@x"), none=("{}",)), ())
    assert [problem.key for problem in problems] == [("any", 0), ("any", 2), ("none", 0)]
