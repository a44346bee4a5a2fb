"""The engine: what holds for which text, with which hits, and the laws that hold for any query."""
# ruff: noqa: RUF001 - many scripts are what is tested

from __future__ import annotations

import unicodedata
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from monitor.errors import QueryError
from monitor.model import Document, Hit, Strength
from monitor.rules.engine import Engine, compile_query, compile_rules
from monitor.rules.printer import print_query
from monitor.rules.tree import TEXT_FIELDS, DocumentTerm, Node, Not, all_of, needs_a_term
from monitor.settings import EntityConfig, RuleConfig
from monitor.text.tokens import folded_tokens
from tests.support.trees import ENTITIES, nodes, terms

if TYPE_CHECKING:
    from collections.abc import Callable

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


WORKED = [
    ("talibans", "Les Talibans reviennent", True),
    ("taliban", "Les talibans reviennent", False),
    ("taliban*", "Les talibans reviennent", True),
    ("afghanistan", "le retrait d'Afghanistan", True),
    ("afghanistan", "le retrait d’Afghanistan", True),
    ('"etats unis"', "Les États-Unis", True),
    ("États-Unis", "les etats unis d'Amérique", True),
    ("États-Unis", "les etats tres unis", False),
    ("{US}", "Tell us about it", False),
    ("{US}", "A US envoy", True),
    ("{US}", "A US-led force", True),
    ("{US}", "AUS and USA", False),
    ("{é}", "e\u0301", True),
    ("{é}", "e", False),
    ("{C++}", "Learn C++ now", True),
    ("{C++}", "Learn C++17 now", True),
    ("{C}", "Learn C++ now", False),
    ("{C}", "Learn C# now", False),
    ("{C}", "Learn C.", True),
    ("{New York}", "New\n  York", True),
    ("{New York}", "New-York", False),
    ("{塔利班}", "阿富汗塔利班代表团", True),
    ("a OR b c", "b", False),
    ("a OR b c", "c b", True),
    ("a OR b c", "a", True),
    ("a -b", "a b", False),
    ("a -b", "a c", True),
    ('"talk* qatar"~1', "talks in Qatar", True),
    ('"talk* qatar"~1', "talks held in Qatar", False),
    ('"talk* qatar"~1', "Qatar talks", False),
    ('"a b c"~2', "a x b x c", True),
    ('"a b c"~1', "a x b x c", False),
    ("colo?r", "colour", True),
    ("colo?r", "color", False),
    ("*stan", "Afghanistan", True),
    ("gas*leitung", "Gasfernleitung", True),
    ("@paris", "Paris Hilton in Paris", True),
    ("@paris", "Paris Hilton", False),
    ("@paris", "Paris Hilton Foundation", True),
    ("@paris", "in Paris, Texas", False),
    ("@paris", "in paris, texas", True),
    ("@doha", "the Doha Round of talks", False),
    ("@doha", "محادثات في الدوحه", True),
    ("@taliban", "Талибан", True),
    ("@who", "who is it", False),
    ("@who", "the WHO said", True),
    ("WHO", "who is it", True),
    ("塔利班", "阿富汗塔利班代表团", True),
    ("塔利班", "塔班利", False),
    ("الدوحة", "محادثات في الدوحه", True),
    ("Ёлкин", "Елкин приехал", True),
    ("Толстой", "Толстои", False),
    ("ガザ", "ｶﾞｻﾞ", True),
    ("ガザ", "カサ", False),
    ("AT&T", "AT&T and AT & T", True),
    ("feed:*", "anything", True),
    ("feed:x", "anything", False),
]


@pytest.mark.parametrize("field", TEXT_FIELDS)
@pytest.mark.parametrize(("query", "text", "holds"), WORKED)
def test_worked_cases(query: str, text: str, holds: bool, field: str) -> None:
    """The table of the query language, in each text field."""
    documents = {
        "title": Document(title=text),
        "summary": Document(summary=text),
        "body": Document(body=text),
    }
    assert (hits(query, documents[field]) is not None) is holds


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


FACTS = Document(
    title="t", language="en-US", feed="lemonde-une", tags=("FR", "general"), categories=("World News",),
    source="lemonde.fr", authors=("Jane Doe", "A. N. Other"), url="https://www.lemonde.fr/Une/a.html",
)  # fmt: skip


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ("lang:en", True), ("lang:EN-us", True), ("lang:fr", False), ("lang:e*", True),
        ("t -lang:fr", True), ("t -lang:en", False), ("feed:lemonde-une", True),
        ("feed:LeMonde-*", True), ("feed:lemonde", False), ("tag:fr", True), ("tag:g*", True),
        ("tag:sport", False), ('category:"world news"', True), ("category:world", False),
        ("source:lemonde.fr", True), ("source:*.fr", True), ("source:monde.fr", False),
        ('author:"jane doe"', True), ("author:jane*", True), ("author:doe", False),
        ("url:*/une/*", True), ("url:https://www.lemonde.fr/*", True),
        ("t feed:(x OR lemonde-une)", True), ("feed:l?monde-une", True),
    ],
)  # fmt: skip
def test_document_fields_are_equal_or_glob(query: str, holds: bool) -> None:
    """Facts are compared whole, case-blind, with wildcards; they leave no hits."""
    found = hits(query, FACTS)
    assert (found is not None) is holds
    assert not found or all(hit.term == "t" for hit in found)


def test_an_unknown_language_passes_but_never_satisfies_not() -> None:
    """A missing language is no reason to miss an article."""
    document = Document(title="t")
    assert hits("t lang:en", document) is not None
    assert hits("t NOT lang:en", document) is None


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


@pytest.mark.parametrize(("language", "holds"), [("fr", True), ("es-MX", True), (None, True), ("en", False)])
def test_an_alias_may_be_bound_to_languages(language: str | None, holds: bool) -> None:
    """`OMS:fr|es` counts in French, in Spanish, and where the language is unknown."""
    assert (hits("@who", Document(title="L'OMS", language=language)) is not None) is holds


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
    assert len(found) == 50_000
    assert hits("a*a*a*a*a*a*b", Document(body="a" * 5_000)) is None


def test_surrogates_and_nul_are_only_characters() -> None:
    """Broken text is judged like any other."""
    document = Document(title="\ud800 a\x00b \udfff", body="\U0010ffff")
    assert hits("a {b}", document) is not None


# --- laws

_text = st.lists(
    st.sampled_from(
        [
            "a",
            "b",
            "c",
            "Doha",
            "doha",
            "ÉTATS-unis",
            "talks",
            "color",
            "塔利班",
            "النص",
            "WHO",
            "24/7",
            "and",
            ".",
        ]
    ),
    max_size=8,
).map(" ".join)
documents = st.builds(
    Document,
    title=_text,
    summary=_text,
    body=_text,
    language=st.sampled_from([None, "en", "fr"]),
    feed=st.just("f"),
)


def engine_of(*trees: Node) -> Engine:
    """An engine with one rule per tree, named by number."""
    rules = [RuleConfig(str(n), print_query(tree)) for n, tree in enumerate(trees)]
    engine, problems = compile_rules(rules, ENTITY_CONFIGS)
    assert not [p for p in problems if p.level == "error"]
    return engine


def names(engine: Engine, document: Document) -> set[str]:
    """The rules that hold."""
    return {match.rule for match in engine.match(document)}


def respell(document: Document, how: Callable[[str], str]) -> Document:
    """The document with each text spelt otherwise."""
    return replace(
        document, title=how(document.title), summary=how(document.summary), body=how(document.body)
    )


@given(terms, documents)
def test_spelling_of_the_document_does_not_matter(tree: Node, document: Document) -> None:
    """Normal form and case of the text change nothing for folded terms."""
    engine = engine_of(tree)
    expected = names(engine, document)
    assert names(engine, respell(document, partial(unicodedata.normalize, "NFD"))) == expected
    assert names(engine, respell(document, partial(unicodedata.normalize, "NFC"))) == expected
    assert names(engine, respell(document, str.upper)) == expected
    assert (
        names(engine, respell(document, lambda text: "\u200d".join(text).replace("\u200d \u200d", " ")))
        == expected
    )


@given(nodes, nodes, documents)
def test_or_never_loses_and_never_gains(left: Node, right: Node, document: Document) -> None:
    """Another OR branch never loses a match; another AND never gains one."""
    assume(needs_a_term(left))
    assume(needs_a_term(right))
    a, b = print_query(left), print_query(right)
    rules = [RuleConfig(name, query) for name, query in
             {"left": a, "right": b, "or": f"({a}) OR ({b})", "and": f"({a}) AND ({b})"}.items()]  # fmt: skip
    engine, _ = compile_rules(rules, ENTITY_CONFIGS)
    found = names(engine, document)
    assert ("or" in found) == bool({"left", "right"} & found)
    assert ("and" in found) == ({"left", "right"} <= found)


@given(nodes, documents)
def test_a_query_and_its_negation_part_the_documents(tree: Node, document: Document) -> None:
    """Of x and NOT x exactly one holds."""
    assume(needs_a_term(tree))
    negated = print_query(all_of([DocumentTerm("feed", "f"), Not(tree)]))
    plain = print_query(all_of([DocumentTerm("feed", "f"), tree]))
    engine, _ = compile_rules([RuleConfig("x", plain), RuleConfig("not x", negated)], ENTITY_CONFIGS)
    assert len(names(engine, document)) == 1


@given(st.lists(nodes.filter(needs_a_term), min_size=2, max_size=4), documents)
def test_a_rule_is_judged_the_same_alone_and_in_company(trees: list[Node], document: Document) -> None:
    """Shared work and anchors change no verdict and no hit."""
    together = engine_of(*trees).match(document)
    alone = [
        replace(match, rule=str(n))
        for n, tree in enumerate(trees)
        for match in engine_of(tree).match(document)
    ]
    assert list(together) == alone


@given(nodes.filter(needs_a_term), documents)
def test_hits_are_the_text_they_point_to(tree: Node, document: Document) -> None:
    """Round trip: text is the slice of the field, in order, and a folded term's tokens stand in it."""
    for match in engine_of(tree).match(document):
        order = [(TEXT_FIELDS.index(hit.field), hit.start, hit.end) for hit in match.hits]
        assert order == sorted(order)
        for hit in match.hits:
            assert hit.text == getattr(document, hit.field)[hit.start : hit.end]
            assert hit.text
            if hit.entity is None and "{" not in hit.term and "*" not in hit.term and "?" not in hit.term:
                assert set(folded_tokens(hit.term)) <= set(folded_tokens(hit.text))


def test_the_laws_speak_of_known_entities() -> None:
    """Every entity that random trees name is configured here."""
    assert set(ENTITIES) <= {entity.name for entity in ENTITY_CONFIGS}
