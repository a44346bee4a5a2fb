"""
Trees made ready for one engine: equal terms are one object, known to the engine by its identity.

Thousands of rules share words and entities. A term that is one object in all of them is found, counted and
kept once, and is looked up by its id, which is several times quicker than by its value.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.rules.globs import INFLECTED
from monitor.rules.tree import (
    And,
    AtLeast,
    DocumentTerm,
    EntityTerm,
    Near,
    Node,
    Not,
    Or,
    Term,
    TextTerm,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.rules.entities import Entity
    from monitor.rules.vocabulary import Vocabulary


def spoken(node: Node, languages: Sequence[str]) -> Node:
    """The tree with the languages of its inflected words written into them: `talk~` becomes `talk~en,fr`."""
    if isinstance(node, And | Or):
        children = tuple(spoken(child, languages) for child in node.children)
        return node if children == node.children else type(node)(children)
    if isinstance(node, Not):
        return Not(spoken(node.child, languages))
    if isinstance(node, Near):
        return replace(node, left=spoken(node.left, languages), right=spoken(node.right, languages))
    if isinstance(node, AtLeast):
        return replace(node, terms=tuple(spoken(t, languages) for t in node.terms))  # type: ignore[misc]
    if isinstance(node, Term) and any(element.endswith(INFLECTED) for element in node.elements):
        tail = ",".join(languages)
        return replace(node, elements=tuple(e + tail if e.endswith(INFLECTED) else e for e in node.elements))
    return node


def as_written(node: Node) -> Node:
    """The opposite of `spoken`: the tree as the user wrote it."""
    if isinstance(node, And | Or):
        return type(node)(tuple(map(as_written, node.children)))
    if isinstance(node, Not):
        return Not(as_written(node.child))
    if isinstance(node, Near):
        return replace(node, left=as_written(node.left), right=as_written(node.right))
    if isinstance(node, AtLeast):
        return replace(node, terms=tuple(map(as_written, node.terms)))  # type: ignore[arg-type]
    if isinstance(node, Term) and any(INFLECTED in element for element in node.elements):
        return replace(node, elements=tuple(map(plain, node.elements)))
    return node


def plain(element: str) -> str:
    """An element of a term without the languages behind its ~."""
    word, sign, _ = element.partition(INFLECTED)
    return word + sign


class Binder:
    """Binds trees to a vocabulary; used while rules are compiled, then dropped."""

    def __init__(self, vocabulary: Vocabulary, entities: Mapping[str, Entity]) -> None:
        self._vocabulary = vocabulary
        self._entities = entities
        self._terms: dict[tuple[Node, str], Node] = {}
        self._texts: dict[str, str] = {}

    def bind(self, node: Node) -> Node:
        """The same tree, of shared terms with their leaves."""
        if isinstance(node, And | Or):
            return type(node)(tuple(map(self.bind, node.children)))
        if isinstance(node, Not):
            return Not(self.bind(node.child))
        if isinstance(node, Near):
            return Near(self.bind(node.left), self.bind(node.right), node.within, node.ordered)
        if isinstance(node, AtLeast):
            return AtLeast(node.count, tuple(map(self.bind, node.terms)))  # type: ignore[arg-type]
        key = (node, node.written) if isinstance(node, Term) else (node, "")
        known = self._terms.get(key)
        if known is None:
            known = node if isinstance(node, DocumentTerm) else self._bound(node)
            self._terms[known, key[1]] = known
        return known

    def _bound(self, node: TextTerm) -> TextTerm:
        if isinstance(node, EntityTerm):
            return replace(node, leaf=self._vocabulary.entity(self._entities[node.name]))
        if isinstance(node, Term):
            share = self._texts.setdefault
            elements = tuple(share(element, element) for element in node.elements)
            node = Term(elements, node.slop, node.scope, share(node.written, node.written))
        return replace(node, leaf=self._vocabulary.make_leaf(node))
