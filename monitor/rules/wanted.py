"""
What a rule looks for, whatever the text: forms of its words, names of its entities, its anchors. Pure.

The answer to "which words does this rule know?" before any article is at hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.rules.binding import Binder, as_written, plain
from monitor.rules.compiled import compile_test
from monitor.rules.costs import Costs
from monitor.rules.globs import INFLECTED
from monitor.rules.printer import print_query
from monitor.rules.tree import EntityTerm, Node, Term, children_of, leaves
from monitor.rules.vocabulary import Vocabulary
from monitor.rules.wording import forms_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.rules.engine import CompiledRule
    from monitor.rules.entities import Alias, Entity
    from monitor.rules.frequency import Frequencies


@dataclass(frozen=True, slots=True)
class Wanted:
    """
    What a rule looks for.

    `inflected` are the words with a ~ and their forms. `anchors` are terms of which an article must have one
    before the rule is looked at, each with the share of articles expected to have it; empty where the rule
    is looked at for every article.
    """

    inflected: tuple[tuple[str, tuple[str, ...]], ...]
    entities: tuple[Entity, ...]
    anchors: tuple[tuple[str, float], ...]


def wanted(rule: CompiledRule, entities: Mapping[str, Entity], frequencies: Frequencies) -> Wanted:
    """What a compiled rule looks for; `frequencies` tell how common its anchors are."""
    inflected: dict[str, tuple[str, ...]] = {}
    names: dict[str, None] = {}
    for leaf in leaves(rule.tree):
        if isinstance(leaf, EntityTerm):
            names[leaf.name] = None
        if isinstance(leaf, Term):
            inflected |= {plain(e): forms_of(e) for e in leaf.elements if INFLECTED in e}
    return Wanted(
        tuple(inflected.items()),
        tuple(entities[name] for name in names),
        _anchors(rule.tree, entities, frequencies),
    )


def shape_of(node: Node) -> tuple[str, str, tuple[Node, ...]]:
    """A node's kind as explanations name it, its text as the user wrote it, and its parts."""
    kinds = {"And": "all", "Or": "any", "Not": "not", "Near": "near", "AtLeast": "count"}
    kind = kinds.get(type(node).__name__, "term")
    return kind, print_query(as_written(node)), children_of(node)


def spelt(aliases: tuple[Alias, ...]) -> list[str]:
    """Names as they were written, each once."""
    return list(dict.fromkeys(alias.written for alias in aliases))


def _anchors(
    tree: Node, entities: Mapping[str, Entity], frequencies: Frequencies
) -> tuple[tuple[str, float], ...]:
    """The rule compiled alone tells them: an engine forgets the names of its keys."""
    vocabulary = Vocabulary()
    bound = Binder(vocabulary, entities).bind(tree)
    vocabulary.close()
    cost = Costs(vocabulary, entities, frequencies)
    _, anchors = compile_test(0, bound, cost)
    named = ((print_query(as_written(vocabulary.by_key[key].form)), cost(key)) for key in anchors or ())
    return tuple(sorted(named, key=lambda anchor: (-anchor[1], anchor[0])))
