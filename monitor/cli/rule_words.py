"""What one rule is, in words and as JSON: its query as a tree, its options, entities and anchors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from monitor.cli import context, output

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.rules.engine import CompiledRule, Engine
    from monitor.rules.entities import Entity
    from monitor.rules.frequency import Frequencies
    from monitor.rules.tree import Node
    from monitor.settings import RuleConfig


def tell_wanted(rule: CompiledRule, entities: Mapping[str, Entity], frequencies: Frequencies) -> None:
    """Print what a rule looks for, whatever the text."""
    from monitor.rules.frequency import LEAST_ARTICLES
    from monitor.rules.wanted import wanted

    found = wanted(rule, entities, frequencies)
    counted = frequencies.articles >= LEAST_ARTICLES
    if context.given.json:
        output.emit(
            {
                "rule": rule.name,
                "query": query_of(rule),
                "inflected": [{"term": word, "forms": list(forms)} for word, forms in found.inflected],
                "entities": [_entity_shape(entity) for entity in found.entities],
                "anchors": [
                    {"term": term, "share": round(share, 4) if counted else None}
                    for term, share in found.anchors
                ],
            }
        )
        return
    output.out(f"{output.colour(rule.name, 'bold')}  {query_of(rule)}")
    for word, forms in found.inflected:
        output.out(f"  {output.printable(word)} stands for: {output.printable(', '.join(forms))}")
    for entity in found.entities:
        tell_entity(entity)
    if not found.anchors:
        output.out("  looked at for every article: no term is in all that it takes")
        return
    output.out("  looked at where an article has" + (" one of" if len(found.anchors) > 1 else ""))
    for term, share in found.anchors:
        common = f"in {share:.1%} of the newest {frequencies.articles} articles" if counted else ""
        output.out(f"    {output.printable(term).ljust(24)}  {common}".rstrip())
    output.say("what it makes of a text: add --text 'T', --text FILE or --article ID")


def tell_tree(node: Node, depth: int) -> None:
    """Print a tree, a line for each part."""
    from monitor.rules.wanted import shape_of

    kind, text, parts = shape_of(node)
    heads = {"all": "all of", "any": "one of", "not": "not"}
    lead = "  " * depth
    if kind not in heads:
        output.out(f"{lead}{output.printable(text)}")
        return
    output.out(f"{lead}{heads[kind]}")
    for part in parts:
        tell_tree(part, depth + 1)


def tell_entity(entity: Entity) -> None:
    """Print what is known of an entity."""
    from monitor.rules.wanted import spelt

    output.out(f"  @{entity.name}: {output.printable(', '.join(spelt(entity.aliases)))}")
    if entity.masks:
        output.out(f"    not inside {output.printable(', '.join(spelt(entity.masks)))}")
    if entity.company:
        reach = "in the same field" if entity.near is None else f"within {entity.near} words"
        output.out(f"    only with one of {output.printable(', '.join(spelt(entity.company)))} {reach}")
    if entity.unless:
        output.out(f"    or anywhere with {output.printable(', '.join(spelt(entity.unless)))}")


def entities_of(rule: CompiledRule, entities: Mapping[str, Entity]) -> tuple[Entity, ...]:
    """The entities that a rule asks for."""
    from monitor.rules.frequency import Frequencies
    from monitor.rules.wanted import wanted

    return wanted(rule, entities, Frequencies()).entities


def query_of(rule: CompiledRule) -> str:
    """A rule's query in its normal form."""
    from monitor.rules.wanted import shape_of

    return output.printable(shape_of(rule.tree)[1])


def options(rule: RuleConfig) -> list[tuple[str, str]]:
    """What a rule asks for beside its query, in words."""
    found = [("severity", rule.severity.label)]
    found += [(key, ", ".join(getattr(rule, key))) for key in ("lang", "feeds", "tags") if getattr(rule, key)]
    found += [("weak hits", rule.weak), ("updates", rule.updates)]
    if rule.budget:
        found.append(("budget", rule.budget))
    if rule.allow_channels is not None:
        found.append(("only to", ", ".join(rule.allow_channels)))
    return found + ([("secret", "yes")] if rule.secret else [])


def loaded(memory: Mapping[str, Any] | None, rule: CompiledRule) -> str:
    """When the rule was loaded, as the database knows it."""
    from monitor.store.rows import from_db

    if memory is None:
        return "never loaded by a daemon"
    form = "" if memory["hash"] == rule.hash else "; the form in force is another: reload"
    first, last = (output.rfc3339(from_db(memory[key])) for key in ("first_loaded_at", "loaded_at"))
    return f"first loaded {first}, last {last}{form}"


def told(states: Mapping[str, int] | None) -> str:
    """How often it matched, by what became of that."""
    if states is None:
        return "not known: there is no database yet"
    parts = [f"{number} {state}" for state, number in states.items() if state != "total"]
    return f"{states['total']}" + (f" ({', '.join(parts)})" if parts else "")


def shape(
    rule: RuleConfig,
    compiled: CompiledRule,
    engine: Engine,
    memory: Mapping[str, Any] | None,
    states: Mapping[str, int] | None,
) -> dict[str, Any]:
    """A rule in full, for JSON."""
    from monitor.store.rows import from_db

    return {
        "severity": rule.severity.label,
        "query": query_of(compiled),
        "tree": _tree_shape(compiled.wish) if compiled.wish is not None else None,
        "sources": {key: list(getattr(rule, key)) for key in ("lang", "feeds", "tags")},
        "weak": rule.weak,
        "updates": rule.updates,
        "budget": rule.budget,
        "secret": rule.secret,
        "allow_channels": None if rule.allow_channels is None else list(rule.allow_channels),
        "tests": [{"text": one.text, "expected": "match" if one.match else "no_match"} for one in rule.tests],
        "entities": [_entity_shape(entity) for entity in entities_of(compiled, engine.entities)],
        "hash": compiled.hash,
        "first_loaded": output.rfc3339(from_db(memory["first_loaded_at"])) if memory else None,
        "loaded": output.rfc3339(from_db(memory["loaded_at"])) if memory else None,
        "matches_7d": states,
    }


def _tree_shape(node: Node) -> dict[str, Any]:
    from monitor.rules.wanted import shape_of

    kind, text, parts = shape_of(node)
    shape: dict[str, Any] = {"text": text, "kind": kind}
    if parts:
        shape["children"] = [_tree_shape(part) for part in parts]
    return shape


def _entity_shape(entity: Entity) -> dict[str, Any]:
    from monitor.rules.wanted import spelt

    shape: dict[str, Any] = {"name": entity.name, "aliases": spelt(entity.aliases)}
    shape["not_in"] = spelt(entity.masks)
    if entity.company:
        company, unless = spelt(entity.company), spelt(entity.unless)
        shape["context"] = {"require_any": company, "near": entity.near, "unless": unless}
    return shape
