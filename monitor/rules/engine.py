"""
The engine: which rules hold for a document, and where.

Theory of operation. Compiling turns each rule into a tree and gives it *anchors*: a small set of keys (folded
tokens or wildcards) of which a document must have at least one for the rule to hold. An AND is anchored by
its best child, an OR by all of its children together; NOT and document fields anchor nothing. Matching a
document then takes three steps:

1. tokens (quick, from a memo) are reduced to the keys that some rule asks for (vocabulary.py);
2. the inverted index key -> rules names the candidates; rules without an anchor (`feed:*`) always are;
3. each candidate's tree is evaluated (judge.py), sharing what was worked out for the document.

So a rule that shares no anchor with an article costs nothing. An engine never changes after it was built,
except for its memo: a changed configuration builds a new one, which replaces the old.

Not in this version: weak hits (every match is strong), entity context, NEAR, ATLEAST, regular expressions,
inflection, `lead` and `start/N`; rules that ask for them are refused with a sentence that says so.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from monitor.model import Hit, RuleMatch, Strength
from monitor.rules.entities import Entity, compile_entities
from monitor.rules.globs import has_wildcard
from monitor.rules.judge import Judge
from monitor.rules.lexer import nearest
from monitor.rules.lists import rule_trees
from monitor.rules.parser import parse
from monitor.rules.printer import print_query
from monitor.rules.problems import RuleProblem
from monitor.rules.tree import And, DocumentTerm, EntityTerm, Exact, Node, Or, Term, leaves
from monitor.rules.vocabulary import Vocabulary
from monitor.settings import RuleConfig

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.model import Document
    from monitor.settings import EntityConfig

__all__ = ["CompiledRule", "Engine", "RuleProblem", "compile_query", "compile_rules"]


_LIKE_OPERATORS = frozenset({"and", "or", "not", "near"})


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """
    A rule ready to be judged.

    `wish` is the tree without the rule's lang, feeds and tags (None if it has only these). `hash` (signed 64
    bits) changes when, and only when, something that decides the verdict changes: the normal form of the
    query, the sources, the aliases and masks of the entities used.
    """

    config: RuleConfig
    tree: Node
    wish: Node | None
    hash: int

    @property
    def name(self) -> str:
        """The rule's name, which is its id."""
        return self.config.name


class Engine:
    """All rules of a configuration, compiled. Safe to share between threads; never changes its verdicts."""

    def __init__(self, rules: Sequence[CompiledRule], entities: Mapping[str, Entity]) -> None:
        self.rules: Mapping[str, CompiledRule] = MappingProxyType({rule.name: rule for rule in rules})
        self._entities = entities
        self._ordered = tuple(self.rules.values())
        self._vocabulary = Vocabulary(form for rule in self._ordered for form in _forms(rule.tree, entities))
        self._by_anchor: dict[str, list[int]] = defaultdict(list)
        self._always: list[int] = []
        for number, rule in enumerate(self._ordered):
            anchors = _anchors(rule.tree, entities, self._vocabulary)
            if anchors is None:
                self._always.append(number)
            for key in anchors or ():
                self._by_anchor[key].append(number)

    def match(self, document: Document) -> tuple[RuleMatch, ...]:
        """The rules that hold for a document, in the order of the configuration, with their hits."""
        judge = self.judge(document)
        candidates = set(self._always)
        for key in judge.present & self._by_anchor.keys():
            candidates.update(self._by_anchor[key])
        return tuple(
            RuleMatch(rule.name, Strength.STRONG, judge.hits(rule.tree))
            for rule in map(self._ordered.__getitem__, sorted(candidates))
            if judge.holds(rule.tree)
        )

    def judge_text(self, name: str, document: Document) -> tuple[bool, tuple[Hit, ...]]:
        """Whether a rule holds for a text whatever its source (lang, feeds, tags left out), and its hits."""
        wish = self.rules[name].wish
        if wish is None:
            return True, ()
        judge = self.judge(document)
        return (True, judge.hits(wish)) if judge.holds(wish) else (False, ())

    @property
    def entities(self) -> Mapping[str, Entity]:
        """The compiled entities by name."""
        return self._entities

    def judge(self, document: Document) -> Judge:
        """The document under judgement, for trees of this engine's rules."""
        return Judge(document, self._vocabulary, self._entities)


def compile_rules(
    rules: Sequence[RuleConfig], entities: Sequence[EntityConfig], feeds: Sequence[str] = ()
) -> tuple[Engine, tuple[RuleProblem, ...]]:
    """
    The engine for all enabled rules, and what is wrong with rules and entities.

    A rule with an error is left out and reported. `feeds` are the names of the configured feeds: where they
    are given, a query that names another feed is warned about.
    """
    compiled_entities, problems = compile_entities(entities)
    found = list(problems)
    compiled: list[CompiledRule] = []
    for config in rules:
        if not config.enabled:
            continue
        tree, wish, rule_problems = rule_trees(config, compiled_entities.keys())
        found += rule_problems
        if tree is None:
            continue
        if config.query is not None:
            found += _words_like_operators(config, tree)
        if wish is not None and feeds:
            found += _unknown_feeds(config, wish, feeds)
        compiled.append(CompiledRule(config, tree, wish, _hash(tree, compiled_entities)))
    return Engine(compiled, compiled_entities), tuple(found)


def compile_query(text: str, entities: Sequence[EntityConfig], name: str = "query") -> Engine:
    """An engine of one rule, for a query typed by hand. Raises QueryError."""
    compiled_entities, _ = compile_entities(entities)
    tree = parse(text, compiled_entities.keys())
    config = RuleConfig(name=name, query=text)
    return Engine([CompiledRule(config, tree, tree, _hash(tree, compiled_entities))], compiled_entities)


def _words_like_operators(config: RuleConfig, tree: Node) -> list[RuleProblem]:
    """`doha or qatar` asks for three words, and next to nothing holds them all."""
    words = {leaf.written for leaf in leaves(tree) if isinstance(leaf, Term)} & _LIKE_OPERATORS
    return [
        RuleProblem(
            rule=config.name,
            message=f"rule '{config.name}': '{word}' is a word here, not an operator",
            hint=f'did you mean {word.upper()}? the word itself is written "{word}"',
            level="warning",
            key=("query",),
        )
        for word in sorted(words)
        if f'"{word}"' not in (config.query or "")
    ]


def _unknown_feeds(config: RuleConfig, wish: Node, feeds: Sequence[str]) -> list[RuleProblem]:
    names = {feed.casefold() for feed in feeds}
    return [
        RuleProblem(
            rule=config.name,
            message=f"rule '{config.name}': no feed is named '{leaf.value}'",
            hint=nearest(leaf.value, feeds),
            level="warning",
            key=("query",) if config.query is not None else (),
        )
        for leaf in leaves(wish)
        if isinstance(leaf, DocumentTerm)
        and leaf.field == "feed"
        and not has_wildcard(leaf.value)
        and leaf.value not in names
    ]


def _hash(tree: Node, entities: Mapping[str, Entity]) -> int:
    names = sorted({leaf.name for leaf in leaves(tree) if isinstance(leaf, EntityTerm)})
    text = "\n".join([print_query(tree), *(entities[name].normal_form for name in names)])
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)


def _forms(tree: Node, entities: Mapping[str, Entity]) -> list[Term | Exact]:
    """Every term whose tokens must be found to judge the tree: its own, and those of its entities."""
    forms: list[Term | Exact] = []
    for leaf in leaves(tree):
        if isinstance(leaf, EntityTerm):
            entity = entities[leaf.name]
            forms += [alias.form for alias in (*entity.aliases, *entity.masks)]
        elif not isinstance(leaf, DocumentTerm):
            forms.append(leaf)
    return forms


def _anchors(node: Node, entities: Mapping[str, Entity], vocabulary: Vocabulary) -> frozenset[str] | None:
    """Keys of which a document must have one for the node to hold; None if it may hold without any."""
    if isinstance(node, Term | Exact):
        return frozenset({max(vocabulary.elements(node), key=_rarity)})
    if isinstance(node, EntityTerm):
        forms = [alias.form for alias in entities[node.name].aliases]
        return frozenset(max(vocabulary.elements(form), key=_rarity) for form in forms)
    if isinstance(node, And | Or):
        children = [_anchors(child, entities, vocabulary) for child in node.children]
        known = [anchors for anchors in children if anchors is not None]
        if isinstance(node, And):
            return max(known, key=_selectivity) if known else None
        return frozenset().union(*known) if len(known) == len(children) else None
    return None


def _rarity(key: str) -> tuple[bool, int]:
    """Plain words before wildcards, long ones before short ones: a guess at which word is rarer."""
    return not has_wildcard(key), len(key)


def _selectivity(anchors: frozenset[str]) -> tuple[bool, int, int]:
    """Few keys before many, and among equals the one whose shortest key is longest."""
    plain = not any(has_wildcard(key) for key in anchors)
    return plain, -len(anchors), min((len(key) for key in anchors), default=0)
