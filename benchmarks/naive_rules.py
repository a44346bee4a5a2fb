"""
The rules engine's partner: the same verdicts by string search, with no memo, no anchors and no codes.

A text becomes one string of its folded tokens with a space around each; a term is there if that string holds
it. Slow and easy to believe. It knows words, phrases, AND, OR, NOT and NEAR, which is what is compared.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from monitor.rules.parser import parse
from monitor.rules.tree import And, Near, Node, Not, Or, Term
from monitor.text.tokens import folded_tokens

if TYPE_CHECKING:
    from monitor.model import Document
    from monitor.settings import RuleConfig


class NaiveEngine:
    """All rules, tried one after another."""

    def __init__(self, rules: list[RuleConfig]) -> None:
        self._trees = {rule.name: parse(rule.query or "") for rule in rules}

    def holding(self, document: Document) -> tuple[str, ...]:
        """The names of the rules that hold."""
        fields = [
            f" {' '.join(folded_tokens(text))} " for text in (document.title, document.summary, document.body)
        ]
        return tuple(name for name, tree in self._trees.items() if _holds(tree, fields))


def _holds(node: Node, fields: list[str]) -> bool:
    if isinstance(node, Term):
        wanted = f" {' '.join(node.elements)} "
        return any(wanted in field for field in fields)
    if isinstance(node, And):
        return all(_holds(child, fields) for child in node.children)
    if isinstance(node, Or):
        return any(_holds(child, fields) for child in node.children)
    if isinstance(node, Not):
        return not _holds(node.child, fields)
    assert isinstance(node, Near), f"{type(node).__name__} is not compared"
    return any(_near(node, field) for field in fields)


def _near(node: Near, field: str) -> bool:
    left, right = _spans(node.left, field), _spans(node.right, field)
    return any(
        one != two and one[0] - two[1] - 1 <= node.within and two[0] - one[1] - 1 <= node.within
        for one in left
        for two in right
    )


def _spans(node: Node, field: str) -> list[tuple[int, int]]:
    if isinstance(node, Or):
        return [span for child in node.children for span in _spans(child, field)]
    assert isinstance(node, Term)
    wanted = re.escape(" ".join(node.elements))
    spans = []
    for found in re.finditer(f"(?= {wanted} )", field):
        first = field.count(" ", 0, found.start() + 1) - 1
        spans.append((first, first + len(node.elements) - 1))
    return spans
