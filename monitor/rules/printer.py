"""The normal form of a tree as query text: parsing it gives the same tree."""

from __future__ import annotations

import re

from monitor.rules.tree import And, DocumentTerm, EntityTerm, Exact, Node, Not, Or, Term

_BARE = re.compile(r"[\w*?.][\w*?.-]*")


def print_query(node: Node) -> str:
    """One spelling for all queries of one meaning, as far as the tree tells; stable over versions."""
    if isinstance(node, And):
        return " AND ".join(_bracketed(child, Or) for child in node.children)
    if isinstance(node, Or):
        return " OR ".join(_bracketed(child, And) for child in node.children)
    if isinstance(node, Not):
        return "NOT " + _bracketed(node.child, And, Or, Not)
    if isinstance(node, DocumentTerm):
        bare = _BARE.fullmatch(node.value)
        return f"{node.field}:{node.value}" if bare else f'{node.field}:"{node.value}"'
    prefix = "" if node.scope == "text" else f"{node.scope}:"
    return prefix + _term(node)


def _bracketed(node: Node, *kinds: type[Node]) -> str:
    text = print_query(node)
    return f"({text})" if isinstance(node, kinds) else text


def _term(node: Term | Exact | EntityTerm) -> str:
    if isinstance(node, Exact):
        return "{" + node.literal + "}"
    if isinstance(node, EntityTerm):
        return f"@{node.name}"
    if len(node.elements) == 1:
        return node.elements[0]
    slop = f"~{node.slop}" if node.slop else ""
    return f'"{" ".join(node.elements)}"{slop}'
