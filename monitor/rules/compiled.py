"""
A rule as the engine tests it: the keys a document must have, before its tree is looked at. Pure.

A rule is filed under its anchors: the rarest group of keys of which a document must have one. So whoever
comes by an anchor knows that this group is there, and the test asks for the rest:

`needs`: every one of these keys. `groups`: one of each group. `excluded`: none of these. `facts`: these hold.
For most rules that is all there is (`tree` is None then); the others have a tree to be judged afterwards, and
`needs` and `groups` are what it cannot hold without. Where all are empty the anchor says it all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from monitor.rules.tree import And, AtLeast, DocumentTerm, Near, Node, Not, Or, TextTerm
from monitor.rules.vocabulary import leaf_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# A few keys are a tuple, which is smaller and shares its strings with the vocabulary; many are a set, because
# then the smaller of the two is walked.
Keys: TypeAlias = "tuple[str, ...] | frozenset[str]"
_FEW = 16


class Test(NamedTuple):
    """What the engine asks of a document for one rule; `number` is the rule's place in the configuration."""

    number: int
    is_open: bool  # False: nothing more is asked
    needs: tuple[str, ...]
    groups: tuple[Keys, ...]
    excluded: Keys
    facts: tuple[Node, ...]
    tree: Node | None


def compile_test(
    number: int, tree: Node, cost: Callable[[str], float]
) -> tuple[Test, tuple[str, ...] | None]:
    """The test of a bound tree, and its anchors: keys of which a document must have one; None if none."""
    maker = _Maker()
    whole = maker.simple(tree)
    needs = tuple(dict.fromkeys(key for group in maker.groups if len(group) == 1 for key in group))
    groups = [group for group in maker.groups if len(group) > 1 and not set(group) & set(needs)]
    choices = [*((key,) for key in needs), *groups]
    anchors = min(choices, key=lambda keys: (sum(map(cost, keys)), keys), default=None)
    if anchors is not None:
        needs = tuple([key for key in needs if (key,) != anchors])
        groups = [group for group in groups if group != anchors]
    excluded, facts = maker.excluded, tuple(maker.facts)
    is_open = bool(needs or groups or excluded or facts or not whole or anchors is None)
    known = tuple([_keys(group) for group in groups])
    return Test(number, is_open, needs, known, _keys(excluded), facts, None if whole else tree), anchors


def _keys(keys: Sequence[str]) -> Keys:
    return tuple(keys) if len(keys) <= _FEW else frozenset(keys)


class _Maker:
    """Takes a tree apart; `groups` collects what is necessary, the rest what is said exactly."""

    def __init__(self) -> None:
        self.groups: list[tuple[str, ...]] = []
        self.excluded: list[str] = []
        self.facts: list[Node] = []

    def simple(self, tree: Node) -> bool:
        """Collect what a tree needs; True if that says all that the tree says."""
        children = tree.children if isinstance(tree, And) else (tree,)
        said = [self._part(child) for child in children]  # each, also behind one that is not simple
        return all(said)

    def _part(self, node: Node) -> bool:
        if isinstance(node, DocumentTerm) or _is_fact(node):
            self.facts.append(node)
            return True
        if isinstance(node, Not):
            inner = node.child.children if isinstance(node.child, Or) else (node.child,)
            keys = [self._sure_key(child) for child in inner]
            if all(keys):
                self.excluded += [key for key in keys if key]
                return True
            return False
        self.groups += self.needed(node)
        alternatives = node.children if isinstance(node, Or) else (node,)
        return all(self._sure_key(child) for child in alternatives)

    def _sure_key(self, node: Node) -> str | None:
        """The key of a leaf whose presence is its truth; None for anything else."""
        if not isinstance(node, TextTerm) or node.scope != "text":
            return None
        leaf = leaf_of(node)
        return leaf.key if leaf.sure else None

    def needed(self, node: Node) -> list[tuple[str, ...]]:
        """Groups of keys: the node cannot hold in a document that lacks one of the groups."""
        if isinstance(node, TextTerm):
            return [(leaf_of(node).key,)]
        if isinstance(node, And | Near):
            children = node.children if isinstance(node, And) else (node.left, node.right)
            return [group for child in children for group in self.needed(child)]
        if isinstance(node, Or | AtLeast):
            alternatives = node.children if isinstance(node, Or) else node.terms
            groups = [self.needed(child) for child in alternatives]
            if not all(groups):
                return []
            # One group of each alternative, the smallest, together: one of these keys must be there.
            smallest = (min(found, key=len) for found in groups)
            return [tuple(dict.fromkeys(key for group in smallest for key in group))]
        return []


def _is_fact(node: Node) -> bool:
    """Whether a node is made of facts about the document alone."""
    if isinstance(node, DocumentTerm):
        return True
    if isinstance(node, Not):
        return _is_fact(node.child)
    return isinstance(node, And | Or) and all(map(_is_fact, node.children))
