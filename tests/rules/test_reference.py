"""The engine against a slow evaluator, written straight from the grammar, sharing only the tokeniser."""

from __future__ import annotations

import fnmatch
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from monitor.model import Document
from monitor.rules.engine import compile_rules
from monitor.rules.printer import print_query
from monitor.rules.tree import (
    TEXT_FIELDS,
    And,
    DocumentTerm,
    Node,
    Not,
    Or,
    Term,
    all_of,
    any_of,
    needs_a_term,
)
from monitor.settings import RuleConfig
from monitor.text.tokens import folded_tokens
from tests.support.trees import terms

_facts = st.sampled_from([DocumentTerm("feed", "f*"), DocumentTerm("feed", "x"), DocumentTerm("tag", "t")])


def _joined(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(children, min_size=2, max_size=3)
    return st.one_of(several.map(all_of), several.map(any_of), children.map(Not))


trees: st.SearchStrategy[Node] = st.recursive(st.one_of(terms, terms, _facts), _joined, max_leaves=6)
texts = st.lists(
    st.sampled_from(["a", "b", "c", "doha", "Etats", "unis", "talks", "color", "24", "7", "塔利班", "and"]),
    max_size=8,
).map(" ".join)
documents = st.builds(
    Document, title=texts, summary=texts, body=texts, feed=st.just("f"), tags=st.just(("t",))
)


def runs(term: Term, text: str) -> set[tuple[int, int]]:
    """First and last token of every way to lay the elements over the text, in order, within the slop."""
    tokens = folded_tokens(text)
    size = len(term.elements)
    found = set()
    for places in combinations(range(len(tokens)), size):
        fits = all(fnmatch.fnmatchcase(tokens[p], e) for p, e in zip(places, term.elements, strict=True))
        if fits and places[-1] - places[0] + 1 - size <= term.slop:
            found.add((places[0], places[-1]))
    return found


def reference(node: Node, document: Document) -> bool:
    """The verdict, word by word from the language's description."""
    if isinstance(node, And):
        return all(reference(child, document) for child in node.children)
    if isinstance(node, Or):
        return any(reference(child, document) for child in node.children)
    if isinstance(node, Not):
        return not reference(node.child, document)
    if isinstance(node, DocumentTerm):
        facts = [document.feed] if node.field == "feed" else list(document.tags)
        return any(fnmatch.fnmatchcase(fact, node.value) for fact in facts)
    assert isinstance(node, Term)
    fields = TEXT_FIELDS if node.scope == "text" else (node.scope,)
    return any(runs(node, getattr(document, field)) for field in fields)


@given(st.lists(trees.filter(needs_a_term), min_size=1, max_size=4), documents)
def test_the_engine_agrees_with_the_slow_evaluator(rules: list[Node], document: Document) -> None:
    """Anchors, wildcard index and shared positions change no verdict."""
    engine, problems = compile_rules([RuleConfig(str(n), print_query(t)) for n, t in enumerate(rules)], ())
    assert not [problem for problem in problems if problem.level == "error"]
    expected = {str(n) for n, tree in enumerate(rules) if reference(tree, document)}
    assert {match.rule for match in engine.match(document)} == expected


@given(terms, texts)
def test_phrase_hits_are_the_tightest_runs(term: Term, text: str) -> None:
    """Each hit is one of the possible runs, and every end that a run can have is reached by the tightest."""
    engine, _ = compile_rules([RuleConfig("r", print_query(Term(term.elements, term.slop)))], ())
    found = engine.match(Document(body=text))
    spans = {(hit.start, hit.end) for match in found for hit in match.hits}
    possible = runs(term, text)
    assert bool(spans) == bool(possible)
    assert len(spans) <= len(possible)
