"""Random query trees, built as parser and lists build them."""

from __future__ import annotations

from hypothesis import strategies as st

from monitor.rules.exact import exact_literal
from monitor.rules.facts import document_value
from monitor.rules.tree import (
    DOCUMENT_FIELDS,
    SCOPES,
    DocumentTerm,
    EntityTerm,
    Exact,
    Node,
    Not,
    Term,
    all_of,
    any_of,
)
from monitor.text.tokens import folded_tokens, pattern_tokens

ENTITIES = ("doha", "taliban", "who")
_WORDS = st.sampled_from(
    ["a", "b", "c", "Doha", "États-Unis", "talk*", "col?r", "塔利班", "النص", "AND", "24/7"]
)
_SCOPES = st.sampled_from(SCOPES)


def _term(words: list[str], slop: int, scope: str) -> Term:
    elements = pattern_tokens(" ".join(words))
    return Term(elements, slop if len(elements) > 1 else 0, scope, written=" ".join(words))


_inside = st.text(st.characters(exclude_characters='{}"“”„‟«»＂｛｝'), max_size=8)  # noqa: RUF001 - all that closes
terms = st.builds(_term, st.lists(_WORDS, min_size=1, max_size=3), st.integers(0, 3), _SCOPES)
exacts = st.builds(
    Exact, _inside.map(exact_literal).filter(lambda literal: bool(folded_tokens(literal))), _SCOPES
)
entities = st.builds(EntityTerm, st.sampled_from(ENTITIES), _SCOPES)
facts = st.builds(DocumentTerm, st.sampled_from(DOCUMENT_FIELDS), _inside.map(document_value).filter(bool))
text_terms = st.one_of(terms, exacts, entities)


def _joined(children: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    several = st.lists(children, min_size=2, max_size=3)
    return st.one_of(several.map(all_of), several.map(any_of), children.map(Not))


nodes: st.SearchStrategy[Node] = st.recursive(st.one_of(text_terms, facts), _joined, max_leaves=8)
