"""Warnings: what is lawful and seldom meant is told, with its place and a remedy; what is sane is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.rules.frequency import Frequencies
from monitor.rules.lint import MOST_RAW_REGEXES, lint
from monitor.settings import EntityConfig, FeedConfig, RuleConfig, Secret

if TYPE_CHECKING:
    from monitor.rules.problems import RuleProblem

DOHA = EntityConfig("doha", ("Doha",))
FEEDS = (
    FeedConfig("lemonde", Secret("https://a.example"), tags=("general", "fr"), language="fr"),
    FeedConfig("afp-world", Secret("https://b.example"), tags=("wire",), language="fr"),
)
STORED = Frequencies(
    1000, {"attentat": 9, "attentats": 14, "police": 212, "polices": 4, "talks": 50, "siege": 300}
)


def linted(*rules: RuleConfig, **options: Any) -> tuple[RuleProblem, ...]:
    """The warnings about these rules, which ask for the entity @doha as well as for what they say."""
    user = RuleConfig("user of doha", "@doha NEAR zzyzx")
    return lint([*rules, user], options.pop("entities", [DOHA]), languages=["en"], **options)


def said(query: str, **options: Any) -> list[tuple[int | None, str, str]]:
    """Column, message and remedy of the warnings about a query."""
    found = linted(RuleConfig("r", query), **options)
    assert {(p.level, p.rule, p.key) for p in found} <= {("warning", "r", ("query",))}
    return [(p.column, p.message.removeprefix("rule 'r': "), p.hint) for p in found]


# The query, the column, a part of the message, a part of the remedy.
SLIPS = [
    (
        "talks AND doha OR qatar",
        16,
        "AND and OR stand side by side",
        "it is read as: (talks AND doha) OR qatar",
    ),
    ("talks OR doha qatar", 15, "AND and OR stand side by side", "talks OR (doha AND qatar)"),
    ("talks OR doha -qatar", 15, "AND and OR stand side by side", "talks OR (doha AND NOT qatar)"),
    ("x1 (talks OR doha qatar)", 19, "AND and OR stand side by side", "put brackets around"),
    ("doha|qatar", 1, "'doha|qatar' is one phrase: | is an operator only", "did you mean doha | qatar?"),
    ("x1 doha&qatar", 4, "'doha&qatar' is one phrase: & is", "did you mean doha & qatar?"),
    ("x1 Paris Hilton", 4, "Paris Hilton asks for these words anywhere", 'did you mean "Paris Hilton"?'),
    ("x1 (Al Capone Junior)", 5, "Al Capone Junior asks for these words", '"Al Capone Junior"?'),
    ("doha or qatar", 6, "'or' is a word here, not an operator", "did you mean OR?"),
    ("not qatar", 1, "'not' is a word here", 'the word itself is written "not"'),
    ("doha near/5 qatar", 6, "'near/5' is a word here", "did you mean NEAR/5?"),
    ("ta* doha", 1, "'ta*' takes a great many words", "write more letters"),
    ("doha 塔?班", 6, "'塔?' never holds: each such character is a word", "leave the ? out"),
    ('"peace t?" doha', 1, "'t?' takes a great many words", "write more letters"),
    ("WHO doha", 1, "WHO also takes the common word 'who'", "write {WHO} for these capitals alone"),
    ("it", 1, "it holds only common words, and is enough", "ask for a name or a rarer word"),
    ("doha OR who", 9, "who holds only common words, and is enough", "ask for a name or a rarer word"),
    ('"who may"', 1, '"who may" holds only common words', "ask for a name or a rarer word"),
    ("feed:lemonde (us OR it)", 15, "us holds only common words", "ask for a name"),
    ("feed:lemond x1", 6, "no feed is named 'lemond'", "did you mean 'lemonde'?"),
    ("doha tag:wires", 10, "no feed has the tag 'wires'", "did you mean 'wire'?"),
    ("police", 1, "police stands in 212 of the newest 1000 articles", "police AND …"),
    ("doha OR poli*", 9, "poli* stands in 212 of the newest 1000", "ask for more beside it"),
    (
        "x1 attentat",
        4,
        "attentat does not take 'attentats', which stands in 14",
        "write attentat~ for all its forms",
    ),
]


@pytest.mark.parametrize(("query", "column", "message", "hint"), SLIPS, ids=[s[0] for s in SLIPS])
def test_a_slip_is_told_with_its_place_and_a_remedy(query: str, column: int, message: str, hint: str) -> None:
    """What was typed is seldom what was meant."""
    found = [one for one in said(query, feeds=FEEDS, stored=STORED) if message in one[1]]
    assert len(found) == 1, said(query, feeds=FEEDS, stored=STORED)
    assert found[0][0] == column
    assert hint in found[0][2]


@pytest.mark.parametrize(
    "query",
    [
        "(talks AND doha) OR qatar",
        "talks OR (doha qatar)",
        "(talks OR doha) (qatar OR kabul) -sport",
        "(talks OR doha) NEAR/3 qatar",
        "talks AND AT&T AND 24/7",
        "R&B talks",
        "Doha AND Qatar AND McKinsey",
        '"Paris Hilton" doha',
        "title:Doha Qatar",
        '"or" AND doha',
        "{WHO} doha",
        "NATO doha",
        "talk* doha",
        "塔*",
        "who doha",
        "doha -who",
        "it NEAR/3 doha",
        "title:who",
        "{it} doha",
        "@doha who",
        "feed:LEMONDE doha",
        "feed:lemonde",
        "feed:afp-* doha",
        "tag:FR doha",
        "doha -police",
        "police doha",
        "police NEAR siege",
        "police AND siege",
        "title:police",
        "talks",
        "doha attentat~",
        "attentat OR attentats",
        '"attentat" kabul',
        "attentat* doha",
        "doha -attentat",
        "police polices doha",
        "",
        "doha AND (",
    ],
)
def test_what_is_sane_is_left_alone(query: str) -> None:
    """A warning that is wrong teaches to read over the others."""
    assert said(query, feeds=FEEDS, stored=STORED) == []


def test_few_stored_articles_say_nothing() -> None:
    """What stands in three of ten articles is not common."""
    assert said("police", stored=Frequencies(10, {"police": 3})) == []
    assert said("attentat", stored=Frequencies(10, {"attentats": 9})) == []


def test_many_missed_forms_are_told_three_at_a_time() -> None:
    """The most frequent ones first."""
    words = ["boat", "camp", "river", "border", "soldier", "village", "bridge", "harbour", "attack"]
    stored = Frequencies(100, {f"{word}s": 2 + n for n, word in enumerate(words)})
    found = said(" ".join(words), stored=stored)
    assert [message.split()[0] for _, message, _ in found] == ["attack", "harbour", "bridge"]


def test_the_language_of_a_rule_tells_its_common_words() -> None:
    """Each rule in its own languages, else in the configured ones."""
    assert len(said("WHO")) == 1
    with_lang = lint([RuleConfig("r", "x1 WHO", lang=("en",))], [], languages=["fr"])
    assert [p.column for p in with_lang] == [4]


def test_lists_are_looked_at_too() -> None:
    """Each string with its own place."""
    rule = RuleConfig(
        "r",
        any=("doha", "talks|peace"),
        all=("WHO",),
        none=("ab*",),
        near=({"a": ["st*", "peace"], "b": "q?"},),
        atleast={"count": 2, "of": ["US", "qatar"]},
    )
    assert [(p.key, p.column, p.hint) for p in linted(rule)] == [
        (("any", 1), 1, "write each as a string of its own"),
        (("all", 0), 1, "write {WHO} for these capitals alone"),
        (("none", 0), 1, "write more letters beside the wildcard"),
        (("near", 0, "a", 0), 1, "write more letters beside the wildcard"),
        (("near", 0, "b"), 1, "write more letters beside the wildcard"),
        (("atleast", "of", 0), 1, "write {US} for these capitals alone"),
    ]


def test_a_list_of_sane_terms_is_left_alone() -> None:
    """Several words in a string are a phrase, whatever they are called."""
    rule = RuleConfig(
        "r", any=("Paris Hilton", "law and order"), all=("@doha",), lang=("fr",), feeds=("afp-*",)
    )
    assert linted(rule, feeds=FEEDS) == ()


def test_disabled_rules_are_not_looked_at() -> None:
    """Nobody wants to hear of what is switched off."""
    assert linted(RuleConfig("r", "a or b", enabled=False)) == ()


# --- sources ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "asked"),
    [
        ({"lang": ("en",)}, "lang"),
        ({"lang": ("de",), "feeds": ("lemonde",)}, "feeds and lang"),
        ({"tags": ("wire",), "feeds": ("lemonde",)}, "feeds and tags"),
    ],
)
def test_a_rule_that_no_feed_meets_is_told(options: dict[str, Any], asked: str) -> None:
    """Each of its sources may be there, and yet no feed be all that it asks for."""
    (problem,) = linted(RuleConfig("r", "doha", **options), feeds=FEEDS)
    assert problem.message == f"rule 'r': no feed meets its {asked}, so it never holds"


@pytest.mark.parametrize(
    "options",
    [
        {"lang": ("fr",)},
        {"lang": ("en", "f*")},
        {"tags": ("WIRE",), "feeds": ("afp-*",)},
        {"tags": ("unknown",)},  # told where the configuration is checked
        {"feeds": ("unknown",)},
    ],
)
def test_a_rule_that_some_feed_meets_is_left_alone(options: dict[str, Any]) -> None:
    """Case does not count, globs do."""
    assert linted(RuleConfig("r", "doha", **options), feeds=FEEDS) == ()


def test_a_feed_without_a_language_may_bring_any() -> None:
    """Its articles say what they are in, or pass."""
    rule = RuleConfig("r", "doha", lang=("en",))
    assert linted(rule, feeds=(*FEEDS, FeedConfig("bbc", Secret("https://c.example")))) == ()
    assert linted(rule) == ()


# --- side by side ----------------------------------------------------------------------------------------


def test_two_rules_of_one_query_are_told() -> None:
    """In whatever spelling; other sources make another rule."""
    one = RuleConfig("one", "doha AND (qatar OR kabul)")
    (problem,) = linted(one, RuleConfig("two", "(Doha) (qatar | KABUL)"))
    assert (problem.rule, problem.message) == ("two", "rule 'two': asks for the same as rule 'one'")
    assert linted(one, RuleConfig("two", "doha AND (kabul OR qatar)")) == ()
    assert linted(one, RuleConfig("two", one.query, feeds=("afp-*",))) == ()


def test_many_raw_regular_expressions_are_told_once() -> None:
    """At the rule that is one too many."""
    rules = [RuleConfig(f"r{n}", f"/peace{n} treaty/s") for n in range(MOST_RAW_REGEXES + 5)]
    (problem,) = linted(*rules)
    assert problem.rule == f"r{MOST_RAW_REGEXES}"
    assert linted(*rules[:MOST_RAW_REGEXES]) == ()
    assert linted(*[RuleConfig(f"r{n}", f"/peace{n}/") for n in range(MOST_RAW_REGEXES + 5)]) == ()


# --- entities --------------------------------------------------------------------------------------------


def test_an_entity_nobody_asks_for_is_told() -> None:
    """One that a disabled or mistaken rule names is asked for; those of packs are left alone."""
    idle = EntityConfig("idle", ("idle",))
    (problem,) = linted(entities=[DOHA, idle])
    assert (problem.entity, problem.rule, problem.level) == ("idle", "", "warning")
    assert linted(RuleConfig("r", "@idle", enabled=False), entities=[DOHA, idle]) == ()
    assert linted(RuleConfig("r", "(-@idle AND"), entities=[DOHA, idle]) == ()
    assert linted(RuleConfig("r", any=("x1", "@idle")), entities=[DOHA, idle]) == ()
    assert linted(entities=[DOHA, idle], own={"doha"}) == ()
    assert lint([], [idle]) == ()


@pytest.mark.parametrize(
    ("first", "second", "index"),
    [
        (EntityConfig("a", ("Georgia",)), EntityConfig("b", ("Tbilisi", "georgia")), 1),
        (EntityConfig("a", ("OMS:fr",)), EntityConfig("b", ("OMS",)), 0),
        (EntityConfig("a", ("OMS:fr|es",)), EntityConfig("b", ("OMS:es",)), 0),
        (EntityConfig("a", ("Georgia",), context={"require_any": ["x"]}), EntityConfig("b", ("Georgia",)), 0),
    ],
)
def test_a_name_of_two_entities_is_told(first: EntityConfig, second: EntityConfig, index: int) -> None:
    """At the later one."""
    (problem,) = lint([RuleConfig("r", "@a NEAR @b")], [first, second])
    assert (problem.entity, problem.key) == ("b", ("aliases", index))
    assert "is a name of entity 'a' too" in problem.message


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (EntityConfig("a", ("Georgia", "georgia")), EntityConfig("b", ("Tbilisi",))),
        (EntityConfig("a", ("OMS:fr",)), EntityConfig("b", ("OMS:es",))),
        (EntityConfig("a", ("{WHO}",)), EntityConfig("b", ("who",))),
        (
            EntityConfig("a", ("Georgia",), context={"require_any": ["x"]}),
            EntityConfig("b", ("Georgia",), context={"require_any": ["y"]}),
        ),
        (EntityConfig("a", ("...",)), EntityConfig("b", ("...",))),
    ],
)
def test_names_that_are_told_apart_are_left_alone(first: EntityConfig, second: EntityConfig) -> None:
    """By language, by spelling, by their company."""
    assert lint([RuleConfig("r", "@a NEAR @b")], [first, second]) == ()


# --- laws ------------------------------------------------------------------------------------------------

_pieces = st.sampled_from(
    [
        "a",
        "WHO",
        "Paris",
        "Hilton",
        "or",
        "OR",
        "AND",
        "NOT",
        "-",
        "(",
        ")",
        "{",
        "}",
        "/x/s",
        "|",
        "ta*",
        "title:",
        "feed:x",
        "@doha",
        "near/5",
        "NEAR/3",
        "ATLEAST/2(",
        "a|bc",
        "é~",
        "塔?",
        "start/3:",
        '"',
        "�",
        "\x00",
    ]
)


@given(st.lists(_pieces, max_size=12).map(" ".join) | st.text(max_size=40))
def test_whatever_is_typed_only_warnings_come_of_it(text: str) -> None:
    """Nothing is raised, each place is inside the text, each warning has a remedy."""
    rules = [RuleConfig("r", text), RuleConfig("l", any=(text, "a"), near=({"a": text, "b": [text]},))]
    for problem in lint(rules, [DOHA], feeds=FEEDS, languages=["en"], stored=STORED):
        assert problem.level == "warning"
        assert problem.hint
        assert problem.column is None or 1 <= problem.column <= len(text)
