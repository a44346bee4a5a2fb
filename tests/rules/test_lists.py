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
    "near": (
        RuleConfig("r", near=({"a": ["talk*", "peace"], "b": ["qatar"], "within": 10, "ordered": False},)),
        "(talk* OR peace) NEAR/10 qatar",
    ),
    "near of single texts": (
        RuleConfig("r", all=("x",), near=({"a": "a", "b": "b c", "ordered": True},), scope="title"),
        'title:x AND title:(a ONEAR/5 "b c")',
    ),
    "atleast": (
        RuleConfig("r", atleast={"count": 2, "of": ["@taliban", "x y"]}),
        'ATLEAST/2(@taliban OR "x y")',
    ),
    "everything": (
        RuleConfig(
            "r",
            any=("a",),
            all=("b",),
            none=("c",),
            near=({"a": "d", "b": "e"},),
            atleast={"count": 1, "of": "f"},
            lang=("en",),
        ),
        "a AND b AND d NEAR/5 e AND ATLEAST/1(f) AND NOT c AND lang:en",
    ),
    "lead": (RuleConfig("r", any=("a",), none=("b",), scope="lead"), "lead:a AND NOT lead:b"),
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
    "near": (RuleConfig("r", near=({"a": ["x", "y OR z"], "b": ["y"]},)), ("near", 0, "a"), 3, "found OR"),
    "field in near": (
        RuleConfig("r", near=({"a": "title:x", "b": "y"},)),
        ("near", 0),
        None,
        "the field title: cannot stand",
    ),
    "fact in near": (
        RuleConfig("r", near=({"a": "x", "b": "lang:en"},)),
        ("near", 0),
        None,
        "the field lang: cannot stand",
    ),
    "atleast": (RuleConfig("r", atleast={"count": 2, "of": ["..."]}), ("atleast", "of"), 1, "no letter"),
    "field in atleast": (
        RuleConfig("r", atleast={"count": 2, "of": "body:x"}),
        ("atleast",),
        None,
        "the field body: cannot stand",
    ),
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
