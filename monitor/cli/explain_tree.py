"""A rule's tree as `explain` shows it: a line for each node, its truth, and the words around its hits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from monitor.alerts.safe import clean, one_line
from monitor.cli import output
from monitor.cli.explain_lines import line, mark
from monitor.cli.explain_text import is_confirmed

if TYPE_CHECKING:
    from monitor.model import Document, Hit
    from monitor.rules.explain import Explained, NodeVerdict

AROUND = 40  # characters of context on each side of a hit
WIDEST = 28  # a term's column; longer ones push their line out


def tell_trees(judged: Explained, document: Document) -> None:
    """What the rule asks of sources and text, node by node."""
    trees = [*judged.sources, *([judged.wish] if judged.wish else [])]
    if judged.weak:
        line(f"  only with lines not confirmed as article text; without them {output.printable(judged.weak)}")
    width = min(max((_widest(tree, 0) for tree in trees), default=0), WIDEST)
    for tree in trees:
        _tell_node(tree, document, 0, width)


def _tell_node(node: NodeVerdict, document: Document, depth: int, width: int) -> None:
    """A node on a line of its own, its children below it."""
    lead = f"  {'  ' * depth}{mark(holds=node.holds)} "
    if node.children:
        heads = {"all": "all of", "any": "one of", "not": "not"}
        output.out(f"{lead}{heads.get(node.kind, node.kind)}")
        for child in node.children:
            _tell_node(child, document, depth + 1, width)
        return
    said = output.printable(node.why)
    if node.hits:
        first = node.hits[0]
        more = f" (+{len(node.hits) - 1})" if len(node.hits) > 1 else ""
        doubt = "" if is_confirmed(first, document) else " (not confirmed)"
        said = f"{first.field}: {in_context(first, document)}{doubt}{more}"
    text = output.printable(node.text)
    line(f"{lead}{text.ljust(width - 2 * depth)}  {said}".rstrip(), hang=4)


def _widest(node: NodeVerdict, depth: int) -> int:
    own = 0 if node.children else len(node.text) + 2 * depth
    return max((own, *(_widest(child, depth + 1) for child in node.children)))


def in_context(hit: Hit, document: Document) -> str:
    """A hit among the words around it, on one line."""
    text: str = getattr(document, hit.field)
    left, right = max(hit.start - AROUND, 0), hit.end + AROUND
    before, after = flat(text[left : hit.start]), flat(text[hit.end : right])
    shown = output.colour(one_line(hit.text), "bold")
    return f"{'…' if left else ''}{before}{shown}{after}{'…' if right < len(text) else ''}"


def flat(text: str) -> str:
    """A piece of text on one line; a space where it ends in one stays."""
    return re.sub(r"\s+", " ", clean(text))
