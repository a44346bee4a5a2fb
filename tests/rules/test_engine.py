"""The engine: what holds for which text, with which hits, and the laws that hold for any query."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monitor.errors import QueryError
from monitor.model import Document, Hit, Strength
from monitor.rules.compiling import compile_query, compile_rules
from monitor.rules.hits import MOST_HITS
from monitor.settings import EntityConfig, RuleConfig

ENTITY_CONFIGS = (
    EntityConfig("taliban", ("taliban", "talibans", "Талибан", "طالبان")),
    EntityConfig("doha", ("Doha", "الدوحة"), ("Doha Round",)),
    EntityConfig("who", ("{WHO}", "World Health Organization", "OMS:fr|es")),
    EntityConfig("paris", ("Paris", "Paris Hilton Foundation"), ("Paris Hilton", "{Paris, Texas}")),
)


def hits(query: str, document: Document) -> tuple[Hit, ...] | None:
    """The hits of a query, or None where it does not hold."""
    found = compile_query(query, ENTITY_CONFIGS).match(document)
    return found[0].hits if found else None


def test_a_query_that_matches_everything_is_refused() -> None:
    """NOT alone asks for nothing."""
    with pytest.raises(QueryError, match="matches everything"):
        compile_query("NOT doha", ())


def test_terms_in_different_fields_meet_in_and() -> None:
    """AND looks over the whole article, a phrase stays within one field."""
    document = Document(title="Doha", body="talks")
    assert hits("doha talks", document) is not None
    assert hits('"doha talks"', document) is None
    assert hits("doha -talks", document) is None


def test_a_text_field_looks_only_there() -> None:
    """`title:` does not see the body."""
    document = Document(title="Talks", body="in Doha")
    assert hits("title:doha", document) is None
    assert hits("body:doha", document) is not None
    assert hits("title:(talks OR doha)", document) == (Hit("title", 0, 5, "Talks", "talks"),)
    assert hits("body:{Doha} title:talks", document) is not None
    assert hits("title:@doha", document) is None


def test_hits_come_in_field_and_offset_order() -> None:
    """Title, summary, body, and by offset within each; a phrase gives its whole span."""
    document = Document(title="b a", summary="a", body="x a tres b")
    assert hits('a AND b OR "a b"~1', document) == (
        Hit("title", 0, 1, "b", "b"),
        Hit("title", 2, 3, "a", "a"),
        Hit("summary", 0, 1, "a", "a"),
        Hit("body", 2, 3, "a", "a"),
        Hit("body", 2, 10, "a tres b", "a b"),
        Hit("body", 9, 10, "b", "b"),
    )


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("a -b", ["a"]),
        ("a OR (b c)", ["a"]),
        ("a OR (x NOT b)", ["a"]),
        ("a OR (d NOT b)", ["a", "d"]),
        ("a NOT (NOT d)", ["a"]),
        ("a d", ["a", "d"]),
        ("a OR a", ["a"]),
    ],
)
def test_hits_come_only_from_branches_that_hold(query: str, expected: list[str]) -> None:
    """None from under NOT, none from an OR branch that failed."""
    found = hits(query, Document(body="a c d"))
    assert found is not None
    assert [hit.text for hit in found] == expected


def test_slop_gives_the_tightest_span() -> None:
    """Of two starts with one end the nearer is taken."""
    found = hits('"a b"~3', Document(body="a a x b"))
    assert found is not None
    assert [(hit.start, hit.end) for hit in found] == [(2, 7)]


def test_entity_hits_name_alias_and_entity() -> None:
    """An entity's hit carries its name and the alias as it was written; the longest alias wins."""
    document = Document(title="Paris Hilton lands in Paris", body="Paris Hilton Foundation")
    assert hits("@paris", document) == (
        Hit("title", 22, 27, "Paris", "Paris", "paris"),
        Hit("body", 0, 23, "Paris Hilton Foundation", "Paris Hilton Foundation", "paris"),
    )
    assert hits("@who", Document(title="The WHO")) == (Hit("title", 4, 7, "WHO", "{WHO}", "who"),)


def test_exact_hits_point_into_the_original() -> None:
    """Ignorables, decomposed letters and runs of white space do not shift an exact hit."""
    body = "\u200fx\u00ad e\u0301\u00ad {}: New\u00a0\n York\u200f."
    found = hits("{é} {New York}", Document(body=body))
    assert found is not None
    assert [hit.text for hit in found] == ["e\u0301", "New\u00a0\n York"]


def test_each_rule_shows_its_own_spelling() -> None:
    """Two rules that share a term share the work, not the words."""
    engine, _ = compile_rules([RuleConfig("a", "Talks"), RuleConfig("b", "talks")], ())
    found = engine.match(Document(title="TALKS"))
    assert [(m.rule, m.hits[0].term, m.hits[0].text) for m in found] == [
        ("a", "Talks", "TALKS"),
        ("b", "talks", "TALKS"),
    ]


def test_matches_come_in_the_order_of_the_rules() -> None:
    """Rules with and without an anchor keep the order of the configuration; all matches are strong."""
    rules = [
        RuleConfig("z", "feed:*"),
        RuleConfig("y", "doha"),
        RuleConfig("no", "oslo"),
        RuleConfig("x", "d*"),
    ]
    engine, problems = compile_rules(rules, ())
    found = engine.match(Document(title="Doha"))
    assert not problems
    assert [match.rule for match in found] == ["z", "y", "x"]
    assert {match.strength for match in found} == {Strength.STRONG}


def test_a_rule_without_a_common_word_is_not_evaluated() -> None:
    """The inverted index leaves out every rule whose anchors the document lacks."""
    engine, _ = compile_rules([RuleConfig(f"r{n}", f"word{n} AND a") for n in range(50)], ())
    words = engine._vocabulary.words
    assert not engine._always
    assert set(engine._tests) == {words[f"word{n}"] for n in range(50)}


def test_a_disabled_rule_is_left_out() -> None:
    """`enabled = false` keeps a rule out of the engine."""
    engine, problems = compile_rules([RuleConfig("off", "doha", enabled=False)], ())
    assert not engine.rules
    assert not problems


def test_a_rule_with_an_error_is_reported_and_left_out() -> None:
    """The other rules work on."""
    engine, problems = compile_rules([RuleConfig("bad", "a AND OR b"), RuleConfig("good", "a")], ())
    assert list(engine.rules) == ["good"]
    (problem,) = problems
    assert (problem.rule, problem.key, problem.column, problem.level) == ("bad", ("query",), 7, "error")
    assert problem.message == "rule 'bad': expected a term after AND, found OR"
    assert problem.hint


def rule_hash(rule: RuleConfig, entities: tuple[EntityConfig, ...] = ()) -> int:
    """The hash that a match would be stored with."""
    engine, problems = compile_rules([rule], entities)
    assert not problems
    return engine.rules[rule.name].hash


def test_the_hash_is_stable() -> None:
    """A stored hash must mean the same after an upgrade: this value never changes."""
    assert rule_hash(RuleConfig("r", "Doha AND (talks OR {WHO})")) == 6907898600431418070


def test_the_hash_tells_whether_the_verdict_can_differ() -> None:
    """Spelling, name and severity leave the hash; terms, sources and aliases change it."""
    base = RuleConfig("r", "doha AND talks")
    assert -(2**63) <= rule_hash(base) < 2**63
    for same in (replace(base, query="Dohá  talks"), replace(base, name="s"), replace(base, secret=True)):
        assert rule_hash(same) == rule_hash(base)
    for other in (replace(base, query="doha"), replace(base, feeds=("x",)), replace(base, tags=("x",))):
        assert rule_hash(other) != rule_hash(base)
    mine = RuleConfig("r", "@e")
    assert rule_hash(mine, (EntityConfig("e", ("a",)),)) != rule_hash(mine, (EntityConfig("e", ("a", "b")),))
    assert rule_hash(mine, (EntityConfig("e", ("a",)),)) != rule_hash(
        mine, (EntityConfig("e", ("a",), ("a b",)),)
    )


def test_hostile_texts_are_judged_in_bounded_time() -> None:
    """A text of one repeated name, and one of endless near misses, do not hang."""
    body = "Paris " * 50_000
    found = hits('@paris OR "paris hilton"~5', Document(body=body))
    assert found is not None
    assert len(found) == MOST_HITS
    assert hits("a*a*a*a*a*a*b", Document(body="a" * 5_000)) is None


def test_surrogates_and_nul_are_only_characters() -> None:
    """Broken text is judged like any other."""
    document = Document(title="\ud800 a\x00b \udfff", body="\U0010ffff")
    assert hits("a {b}", document) is not None


TOUCHES = [
    ("doha talks", "Doha", True),
    ("doha talks", "Riyadh", False),
    ("doha -talks", "Talks", False),  # it speaks against the rule
    ("doha OR (lisbon NEAR/3 summit)", "a summit", True),
    ('"peace talks"', "peace", False),  # a phrase is one term
    ('"peace talks" rome', "peace talks", True),
    ("title:doha x", "doha", True),  # wherever it stands: it may be in the body on the page
    ("@taliban x", "les talibans", True),
    ("@doha x", "Doha Round", True),  # the masks of an entity are not looked at
    ("talib* x", "talibans", True),
    ("feed:a", "doha", False),
]


@pytest.mark.parametrize(("query", "title", "touched"), TOUCHES)
def test_a_rule_touches_a_document_that_has_one_of_its_terms(query: str, title: str, touched: bool) -> None:
    """Whether all it asks for is there is another question."""
    engine = compile_query(query, ENTITY_CONFIGS)
    assert engine.touches(Document(title=title)) is touched
    assert engine.touches(Document(summary=f"and {title}")) is touched


def test_what_matches_by_a_term_is_touched() -> None:
    """Of several rules, one is enough."""
    rules = [RuleConfig("a", "doha"), RuleConfig("b", "lisbon summit")]
    engine, _ = compile_rules(rules, ())
    for title in ("Doha", "Lisbon", "A summit"):
        assert engine.touches(Document(title=title))
    assert not engine.touches(Document(title="Rome"))
    assert not compile_rules([], ())[0].touches(Document(title="Rome"))
