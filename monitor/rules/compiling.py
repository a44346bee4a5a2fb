"""From the rules and entities of a configuration, or one query typed by hand, to an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.rules.binding import Binder, spoken
from monitor.rules.engine import CompiledRule, Engine
from monitor.rules.entities import compile_entities
from monitor.rules.lists import rule_trees
from monitor.rules.memo import MOST_PIECES
from monitor.rules.parser import parse
from monitor.rules.printer import print_query
from monitor.rules.tree import EntityTerm, Node, leaves
from monitor.rules.vocabulary import Vocabulary
from monitor.settings import RuleConfig
from monitor.text.hashes import hash64
from monitor.text.language import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.rules.entities import Entity
    from monitor.rules.frequency import Frequencies
    from monitor.rules.problems import RuleProblem
    from monitor.settings import EntityConfig


def compile_rules(
    rules: Sequence[RuleConfig],
    entities: Sequence[EntityConfig],
    *,
    languages: Sequence[str] = (),
    frequencies: Frequencies | None = None,
    memo_size: int = MOST_PIECES,
) -> tuple[Engine, tuple[RuleProblem, ...]]:
    """
    The engine for all enabled rules, and what is wrong with rules and entities.

    A rule with an error is left out and reported. `languages` are the configured ones, for inflections of
    rules that name none, and for acronyms; `frequencies` tell which words are rare.
    """
    compiled_entities, problems = compile_entities(entities, languages)
    found = list(problems)
    vocabulary = Vocabulary()
    binder = Binder(vocabulary, compiled_entities)
    compiled: list[CompiledRule] = []
    for config in rules:
        if not config.enabled:
            continue
        tree, wish, rule_problems = rule_trees(config, compiled_entities.keys())
        found += rule_problems
        if tree is None:
            continue
        own = config.lang or languages or LANGUAGES
        whole = spoken(tree, own)
        number = _hash(whole, compiled_entities)
        # Bound at once: what parsing left behind need not pile up over a hundred thousand rules.
        bound = binder.bind(whole)
        if wish is not None and wish is not tree:
            wish = binder.bind(spoken(wish, own))
        compiled.append(CompiledRule(config, bound, bound if wish is tree else wish, number))
    engine = Engine(compiled, vocabulary, compiled_entities, frequencies, memo_size=memo_size)
    return engine, tuple(found)


def compile_query(
    text: str, entities: Sequence[EntityConfig], name: str = "query", *, languages: Sequence[str] = ()
) -> Engine:
    """An engine of one rule, for a query typed by hand. Raises QueryError."""
    compiled_entities, _ = compile_entities(entities, languages)
    tree = spoken(parse(text, compiled_entities.keys()), languages or LANGUAGES)
    vocabulary = Vocabulary()
    bound = Binder(vocabulary, compiled_entities).bind(tree)
    rule = CompiledRule(RuleConfig(name=name, query=text), bound, bound, _hash(tree, compiled_entities))
    return Engine([rule], vocabulary, compiled_entities)


def _hash(tree: Node, entities: Mapping[str, Entity]) -> int:
    names = sorted({leaf.name for leaf in leaves(tree) if isinstance(leaf, EntityTerm)})
    text = "\n".join([print_query(tree), *(entities[name].normal_form for name in names)])
    return hash64(text.encode("utf-8", "surrogatepass"))
