"""The normal form of a tree as query text: parsing it gives the same tree."""

from __future__ import annotations

import re

from monitor.rules.tree import (
    And,
    AtLeast,
    DocumentTerm,
    EntityTerm,
    Exact,
    Near,
    Node,
    Not,
    Or,
    Regex,
    TextTerm,
    leaves,
)

_BARE = re.compile(r"[\w*?.][\w*?.-]*")


def print_query(node: Node) -> str:
    """One spelling for all queries of one meaning, as far as the tree tells; stable over versions."""
    if isinstance(node, And):
        return " AND ".join(_bracketed(child, Or) for child in node.children)
    if isinstance(node, Or):
        return " OR ".join(_bracketed(child, And) for child in node.children)
    if isinstance(node, Not):
        return "NOT " + _bracketed(node.child, And, Or, Not)
    if isinstance(node, Near | AtLeast):
        return _scoped(node)
    if isinstance(node, DocumentTerm):
        bare = _BARE.fullmatch(node.value)
        return f"{node.field}:{node.value}" if bare else f'{node.field}:"{node.value}"'
    prefix = "" if node.scope == "text" else f"{node.scope}:"
    return prefix + _term(node)


def _bracketed(node: Node, *kinds: type[Node]) -> str:
    text = print_query(node)
    return f"({text})" if isinstance(node, kinds) else text


def _scoped(node: Near | AtLeast) -> str:
    """A field stands before the whole of a NEAR or count: within, it has no place."""
    first = leaves(node)[0]
    assert isinstance(first, TextTerm), "NEAR and ATLEAST are made of text terms"
    scope = first.scope
    if isinstance(node, AtLeast):
        text = f"ATLEAST/{node.count}({' OR '.join(map(_term, node.terms))})"
        return text if scope == "text" else f"{scope}:{text}"
    text = _near(node)
    return text if scope == "text" else f"{scope}:({text})"


def _near(node: Near) -> str:
    operator = "ONEAR" if node.ordered else "NEAR"
    return f"{_side(node.left, left=True)} {operator}/{node.within} {_side(node.right, left=False)}"


def _side(node: Node, *, left: bool) -> str:
    if isinstance(node, Near):
        return _near(node) if left else f"({_near(node)})"
    if isinstance(node, Or):
        return f"({' OR '.join(_side(child, left=True) for child in node.children)})"
    assert isinstance(node, TextTerm), "a side of NEAR is made of text terms"
    return _term(node)


def _term(node: TextTerm) -> str:
    """A term without its scope."""
    if isinstance(node, Exact):
        return "{" + node.literal + "}"
    if isinstance(node, Regex):
        return f"/{node.pattern}/{node.flags}"
    if isinstance(node, EntityTerm):
        return f"@{node.name}"
    if len(node.elements) == 1:
        return node.elements[0]
    slop = f"~{node.slop}" if node.slop else ""
    return f'"{" ".join(node.elements)}"{slop}'
