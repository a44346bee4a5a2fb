"""Laws that hold for any query and any article."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from hypothesis import assume, given
from hypothesis import strategies as st

from monitor.model import Document, RuleMatch, Strength
from monitor.rules.compiling import compile_rules
from monitor.rules.parser import parse
from monitor.rules.printer import print_query
from monitor.rules.tree import TEXT_FIELDS, DocumentTerm, Node, Not, Term, all_of, needs_a_term
from monitor.settings import EntityConfig, RuleConfig
from monitor.text.tokens import folded_tokens
from tests.support.trees import ENTITIES, inflected, nodes, terms

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from monitor.rules.engine import Engine

ENTITY_CONFIGS = (
    EntityConfig("taliban", ("taliban", "talks", "塔利", "النص")),
    EntityConfig("doha", ("Doha", "a b"), ("Doha talks",), {"require_any": ["b", "c"], "near": 3}),
    EntityConfig("who", ("{WHO}", "color:fr|es", "IT")),
)

_text = st.lists(
    st.sampled_from(
        ["a", "b", "c", "Doha", "doha", "ÉTATS-unis", "talks", "color", "塔利班", "النص", "WHO",
         "24/7", "and", "."]
    ),
    max_size=8,
).map(" ".join)  # fmt: skip
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


def _between_letters(sign: str) -> Callable[[str], str]:
    """A respelling that puts an ignorable sign between any two characters of a word."""
    return lambda text: " ".join(sign.join(word) for word in text.split(" "))


RESPELLINGS: dict[str, Callable[[str], str]] = {
    "NFC": partial(unicodedata.normalize, "NFC"),
    "NFD": partial(unicodedata.normalize, "NFD"),
    "NFKC": partial(unicodedata.normalize, "NFKC"),
    "upper case": str.upper,
    "lower case": str.lower,
    "tatweel": _between_letters("\u0640"),
    "ZWNJ": _between_letters("\u200c"),
    "ZWJ": _between_letters("\u200d"),
    "bidi marks": _between_letters("\u202b"),
    "soft hyphens": _between_letters("\u00ad"),
}
_folded: st.SearchStrategy[Node] = st.one_of(terms, inflected)


@given(_folded, documents)
def test_spelling_of_the_document_does_not_matter(tree: Node, document: Document) -> None:
    """Normal form, case and ignorable signs of the text change nothing for folded terms."""
    engine = engine_of(tree)
    expected = names(engine, document)
    for how, respelling in RESPELLINGS.items():
        assert names(engine, respell(document, respelling)) == expected, how


@given(terms, documents)
def test_a_hit_of_plain_words_folds_to_the_term(tree: Term, document: Document) -> None:
    """fold(text[start:end]) is what was asked for."""
    assume(not tree.slop and not any(set(element) & set("*?") for element in tree.elements))
    for match in engine_of(tree).match(document):
        assert match.hits
        assert {tuple(folded_tokens(hit.text)) for hit in match.hits} == {tree.elements}


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
            if hit.entity is None and not set(hit.term) & set("{*?~/"):
                assert set(folded_tokens(hit.term)) <= set(folded_tokens(hit.text))


_rules = st.lists(nodes.filter(needs_a_term), min_size=1, max_size=4)


def found(engine: Engine, document: Document) -> dict[str, RuleMatch]:
    """The matches of a document by the name of the rule."""
    return {match.rule: match for match in engine.match(document)}


@given(_rules, documents, st.randoms(use_true_random=False))
def test_the_order_of_rules_does_not_matter(
    trees: list[Node], document: Document, shuffled: random.Random
) -> None:
    """Matches come in the order of the rules, and are the same in any order."""
    rules = [RuleConfig(str(n), print_query(tree)) for n, tree in enumerate(trees)]
    expected = found(compile_rules(rules, ENTITY_CONFIGS)[0], document)
    shuffled.shuffle(rules)
    engine, _ = compile_rules(rules, ENTITY_CONFIGS)
    assert found(engine, document) == expected
    assert [match.rule for match in engine.match(document)] == [r.name for r in rules if r.name in expected]


@given(_rules, st.lists(documents, min_size=1, max_size=4))
def test_the_state_of_the_memo_does_not_matter(trees: list[Node], articles: list[Document]) -> None:
    """Cold, warm, full, or taken over from another engine: verdicts and hits are the same."""
    rules = [RuleConfig(str(n), print_query(tree)) for n, tree in enumerate(trees)]
    cold = [compile_rules(rules, ENTITY_CONFIGS)[0].match(article) for article in articles]
    warm, _ = compile_rules(rules, ENTITY_CONFIGS)
    for _ in range(2):
        assert [warm.match(article) for article in articles] == cold
    for size in (0, 1, 100):
        small, _ = compile_rules(rules, ENTITY_CONFIGS, memo_size=size)
        assert [small.match(article) for article in articles] == cold
    heir, _ = compile_rules(rules, ENTITY_CONFIGS)
    heir.take_over(warm)
    heir.take_over(compile_rules([RuleConfig("other", "a* {b} doha")], ())[0])
    assert [heir.match(article) for article in articles] == cold


@given(_rules, documents, st.data())
def test_unconfirmed_lines_only_make_matches_weak(
    trees: list[Node], document: Document, data: st.DataObject
) -> None:
    """Strong is what holds with them blanked out, weak what holds only with them; no other rule matches."""
    start = data.draw(st.integers(0, len(document.body)))
    end = data.draw(st.integers(start, len(document.body)))
    engine = engine_of(*trees)
    whole = found(engine, document)
    blanked = document.body[:start] + " " * (end - start) + document.body[end:]
    strong = found(engine, replace(document, body=blanked))
    both = found(engine, replace(document, unconfirmed=((start, end),)))
    assert both.keys() == whole.keys() | strong.keys()
    for name, match in both.items():
        assert match.strength is (Strength.STRONG if name in strong else Strength.WEAK)
        assert match.hits == (strong[name] if name in strong else whole[name]).hits


@given(nodes.filter(needs_a_term))
def test_a_printed_query_means_the_same(tree: Node) -> None:
    """parse(print(tree)) == tree, and printing it again gives the same text."""
    printed = print_query(tree)
    assert parse(printed, ENTITIES) == tree
    assert print_query(parse(printed, ENTITIES)) == printed


def test_the_laws_speak_of_known_entities() -> None:
    """Every entity that random trees name is configured here."""
    assert set(ENTITIES) <= {entity.name for entity in ENTITY_CONFIGS}
