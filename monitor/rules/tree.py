"""
The query tree: frozen nodes that parser and TOML lists build, and the evaluator walks.

A tree is in normal form by construction: scopes are pushed down to the leaves (`title:(a OR b)` holds two
title terms), AND and OR are flat, terms are folded tokens. `written` keeps how the user spelt a term, for
hits, and `leaf` what an engine knows it by (binding.py); neither takes part in equality.

Only leaves stand in text: a scope says where a leaf is looked for. `text` is all three fields, `lead` title,
summary and the first 60 words of the body, `start/N` the first N words of the body.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from monitor.rules.vocabulary import Leaf

TEXT_FIELDS = ("title", "summary", "body")  # in the order of hits
SCOPES = (*TEXT_FIELDS, "lead", "text")  # text = all three, the default; start/N comes beside them
START = "start/"
LEAD_WORDS = 60
DOCUMENT_FIELDS = ("lang", "feed", "tag", "category", "source", "author", "url")
NEAR_WORDS = 5  # what NEAR means without a number


@dataclass(frozen=True, slots=True)
class Term:
    """
    A word or phrase: folded tokens in this order, up to `slop` extra words in all.

    An element may hold the wildcards `*` and `?`, or end in `~`: then it stands for its inflections too.
    """

    elements: tuple[str, ...]
    slop: int = 0
    scope: str = "text"
    written: str = field(default="", compare=False)
    leaf: Leaf | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Exact:
    """A case- and accent-exact literal, bounded by tokens."""

    literal: str
    scope: str = "text"
    leaf: Leaf | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Regex:
    """
    A regular expression: the whole of one token of the original text, or with flag `s` any part of a field.

    `flags` is a sorted string of i (case-blind) and s.
    """

    pattern: str
    flags: str = ""
    scope: str = "text"
    leaf: Leaf | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class EntityTerm:
    """Any alias of a configured entity."""

    name: str
    scope: str = "text"
    leaf: Leaf | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class DocumentTerm:
    """A fact about the article: equal to `value` or matched by it as a glob, case-blind. Leaves no hits."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Not:
    """Holds where its child does not."""

    child: Node


@dataclass(frozen=True, slots=True)
class And:
    """Holds where all its children hold; two or more."""

    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Holds where any of its children holds; two or more."""

    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Near:
    """
    Holds where a span of `left` and another of `right` have at most `within` words between them.

    Both stand in one field; overlapping spans are near; with `ordered` the left one begins first. The two
    sides are made of text terms, OR and NEAR. A NEAR has spans itself: from the first part to the last.
    """

    left: Node
    right: Node
    within: int = NEAR_WORDS
    ordered: bool = False


@dataclass(frozen=True, slots=True)
class AtLeast:
    """Holds where the terms occur `count` times in all; overlapping occurrences count once."""

    count: int
    terms: tuple[TextTerm, ...]


TextTerm: TypeAlias = Term | Exact | Regex | EntityTerm
Node: TypeAlias = TextTerm | DocumentTerm | Not | And | Or | Near | AtLeast


def all_of(children: list[Node]) -> Node:
    """The flat AND of one or more nodes."""
    return children[0] if len(children) == 1 else And(_flat(And, children))


def any_of(children: list[Node]) -> Node:
    """The flat OR of one or more nodes."""
    return children[0] if len(children) == 1 else Or(_flat(Or, children))


def _flat(kind: type[And | Or], children: list[Node]) -> tuple[Node, ...]:
    out: list[Node] = []
    for child in children:
        out += child.children if isinstance(child, kind) else (child,)
    return tuple(out)


def scoped(node: TextTerm, scope: str) -> TextTerm:
    """The same term, looked for in `scope`."""
    return node if node.scope == scope else replace(node, scope=scope)


def start_words(scope: str) -> int | None:
    """N of the scope `start/N`; None for the others."""
    return int(scope[len(START) :]) if scope.startswith(START) else None


def children_of(node: Node) -> tuple[Node, ...]:
    """The nodes directly below a node; none below a leaf."""
    if isinstance(node, And | Or):
        return node.children
    if isinstance(node, Near):
        return (node.left, node.right)
    if isinstance(node, AtLeast):
        return node.terms
    return (node.child,) if isinstance(node, Not) else ()


def leaves(node: Node) -> list[TextTerm | DocumentTerm]:
    """All terms of a tree from left to right, those under NOT included."""
    if isinstance(node, And | Or | Near | AtLeast | Not):
        return [leaf for child in children_of(node) for leaf in leaves(child)]
    return [node]


def asked_for(node: Node, truth: bool = True) -> list[TextTerm]:
    """The text terms whose presence speaks for the node, not against it: those under a NOT are left out."""
    if isinstance(node, Not):
        return asked_for(node.child, not truth)
    if isinstance(node, TextTerm):
        return [node] if truth else []
    return [term for child in children_of(node) for term in asked_for(child, truth)]


def needs_a_term(node: Node, truth: bool = True) -> bool:
    """Whether the node can only come out as `truth` when some term holds; else a query matches everything."""
    if isinstance(node, Not):
        return needs_a_term(node.child, not truth)
    if isinstance(node, And | Or):
        every_child_must = isinstance(node, And) == truth
        needs = [needs_a_term(child, truth) for child in node.children]
        return any(needs) if every_child_must else all(needs)
    return truth
