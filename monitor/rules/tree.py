"""
The query tree: frozen nodes that parser and TOML lists build, and the evaluator walks.

A tree is in normal form by construction: scopes are pushed down to the leaves (`title:(a OR b)` holds two
title terms), AND and OR are flat, terms are folded tokens. `written` keeps how the user spelt a term, for
hits; it takes no part in equality.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TypeAlias

TEXT_FIELDS = ("title", "summary", "body")  # in the order of hits
SCOPES = (*TEXT_FIELDS, "text")  # text = all three, the default
DOCUMENT_FIELDS = ("lang", "feed", "tag", "category", "source", "author", "url")


@dataclass(frozen=True, slots=True)
class Term:
    """A word or phrase: folded tokens (with wildcards) in this order, up to `slop` extra words in all."""

    elements: tuple[str, ...]
    slop: int = 0
    scope: str = "text"
    written: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Exact:
    """A case- and accent-exact literal, bounded by tokens."""

    literal: str
    scope: str = "text"


@dataclass(frozen=True, slots=True)
class EntityTerm:
    """Any alias of a configured entity."""

    name: str
    scope: str = "text"


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


TextTerm: TypeAlias = Term | Exact | EntityTerm
Node: TypeAlias = TextTerm | DocumentTerm | Not | And | Or


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
    return replace(node, scope=scope)


def leaves(node: Node) -> list[TextTerm | DocumentTerm]:
    """All terms of a tree from left to right, those under NOT included."""
    if isinstance(node, And | Or):
        return [leaf for child in node.children for leaf in leaves(child)]
    return leaves(node.child) if isinstance(node, Not) else [node]


def needs_a_term(node: Node, truth: bool = True) -> bool:
    """Whether the node can only come out as `truth` when some term holds; else a query matches everything."""
    if isinstance(node, Not):
        return needs_a_term(node.child, not truth)
    if isinstance(node, And | Or):
        every_child_must = isinstance(node, And) == truth
        needs = [needs_a_term(child, truth) for child in node.children]
        return any(needs) if every_child_must else all(needs)
    return truth
