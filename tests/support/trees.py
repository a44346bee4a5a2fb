"""Random query trees, built as parser and lists build them."""

from __future__ import annotations

from hypothesis import strategies as st

from monitor.rules.exact import exact_literal
from monitor.rules.facts import document_value
from monitor.rules.tree import (
    DOCUMENT_FIELDS,
    SCOPES,
    AtLeast,
    DocumentTerm,
    EntityTerm,
    Exact,
    Near,
    Node,
    Not,
    Regex,
    Term,
    TextTerm,
    all_of,
    any_of,
    scoped,
)
from monitor.text.tokens import folded_tokens, pattern_tokens

ENTITIES = ("doha", "taliban", "who")
_WORDS = st.sampled_from(
    ["a", "b", "c", "Doha", "États-Unis", "talk*", "col?r", "塔利班", "النص", "AND", "24/7", "*stan", "d*a"]
)
_INFLECTED = st.sampled_from(["doha", "talk", "a b"])
_PATTERNS = st.sampled_from(
    [("do.a", ""), ("D.*", ""), ("[a-c]", "i"), (r"\/", ""), ("doha|talks", "i"), ("talk.{1}", "s"),
     ("DOHA t?", "is"), (r"unis\s", "is"), ("[)]|(a)", "")]
)  # fmt: skip
_SCOPES = st.sampled_from([*SCOPES, "start/1", "start/3", "start/50"])


def _term(words: list[str], slop: int, scope: str) -> Term:
    elements = pattern_tokens(" ".join(words))
    return Term(elements, slop if len(elements) > 1 else 0, scope, written=" ".join(words))


def _inflected(word: str, scope: str) -> Term:
    *before, last = pattern_tokens(word)
    return Term((*before, last + "~"), 0, scope, written=word + "~")


_inside = st.text(st.characters(exclude_characters='{}"“”„‟«»＂｛｝'), max_size=8)  # noqa: RUF001 - all that closes
_literals = st.one_of(
    st.sampled_from(["Doha", "ÉTATS", "a b", "WHO", "C++", "利"]), _inside.map(exact_literal)
)
terms = st.builds(_term, st.lists(_WORDS, min_size=1, max_size=3), st.integers(0, 3), _SCOPES)
inflected = st.builds(_inflected, _INFLECTED, _SCOPES)
exacts = st.builds(Exact, _literals.filter(lambda literal: bool(folded_tokens(literal))), _SCOPES)
regexes = st.builds(lambda found, scope: Regex(found[0], found[1], scope), _PATTERNS, _SCOPES)
entities = st.builds(EntityTerm, st.sampled_from(ENTITIES), _SCOPES)
facts = st.builds(DocumentTerm, st.sampled_from(DOCUMENT_FIELDS), _inside.map(document_value).filter(bool))
text_terms: st.SearchStrategy[TextTerm] = st.one_of(terms, terms, inflected, exacts, regexes, entities)


def _near(left: Node, right: Node, within: int, ordered: bool) -> Node:
    return Near(left, right, within, ordered=ordered)


def _sides(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(children, min_size=2, max_size=3)
    near = st.builds(_near, children, children, st.integers(0, 6), st.booleans())
    return st.one_of(several.map(any_of), near, near)


def _in(scope: str) -> st.SearchStrategy[Node]:
    """NEAR and ATLEAST in one scope."""
    here = text_terms.map(lambda term: scoped(term, scope))
    counts = st.builds(AtLeast, st.integers(1, 4), st.lists(here, min_size=1, max_size=3).map(tuple))
    nears = st.recursive(here, _sides, max_leaves=4).filter(lambda node: isinstance(node, Near))
    return st.one_of(counts, nears)


places = _SCOPES.flatmap(_in)


def _joined(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(children, min_size=2, max_size=3)
    return st.one_of(several.map(all_of), several.map(any_of), children.map(Not))


nodes: st.SearchStrategy[Node] = st.recursive(st.one_of(text_terms, places, facts), _joined, max_leaves=6)
