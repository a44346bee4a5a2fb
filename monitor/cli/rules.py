"""`tocsin rules`: what is watched for, and whether the rules do what their tests say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli import complete, context, output, rules_show
from monitor.cli.veil import ASK, HIDDEN, left_in, veil
from monitor.errors import ConfigError
from monitor.model import Strength

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.model import Document, Hit
    from monitor.rules.engine import Engine
    from monitor.settings import Config, RuleConfig


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    from monitor.cli.app import SETTINGS

    group = typer.Typer(help="The rules: what is watched for.", **SETTINGS)
    group.command("list", epilog="Example: tocsin rules list --json")(list_rules)
    group.command(epilog="Example: tocsin rules show talks-in-doha")(rules_show.show)
    group.command(epilog='Example: tocsin rules explain talks-in-doha --text "Les talibans à Doha"')(
        rules_show.explain
    )
    group.command(epilog='Example: tocsin rules test talks-in-doha --text "Les talibans à Doha"')(test)
    app.add_typer(group, name="rules")


def list_rules() -> None:
    """List the rules with their queries in normal form, and how often each matched in 7 days."""
    config = context.config()
    counts = rules_show.matches_by_rule()
    found = [_described(rule, config, counts) for rule in config.rules]
    if context.given.json:
        for rule in found:
            output.emit(rule)
        return
    output.table(
        ("name", "severity", "enabled", "tests", "7 days", "query"),
        [
            (
                rule["name"],
                rule["severity"],
                "yes" if rule["enabled"] else "no",
                rule["tests"],
                rule["matches_7d"],
                rule.get("error") or rule["query"],
            )
            for rule in found
        ],
        empty="there are no rules: add [[rules]] with a name and a query",
    )


def test(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="Only this rule.", autocompletion=complete.rules)
    ] = None,
    text: Annotated[
        str | None,
        typer.Option(
            "--text", metavar="T|FILE", help="This text or file instead; its first line is the title."
        ),
    ] = None,
) -> None:
    """Run the rules' tests (exit 1 if one fails), or show which rules hold for a text."""
    config = context.config()
    rules = chosen_rules(config, [name] if name else [])
    engine = engine_of(replace(config, rules=rules))
    rules = tuple(rule for rule in rules if rule.name in engine.rules)
    if text is not None:
        left = left_in([rule.name for rule in rules], output.say)
        rules = tuple(rule for rule in rules if rule.name in left)
        for document, told in rules_show.typed(text, config):
            _judge(engine, rules, document, told)
    elif not _run_tests(engine, rules):
        raise typer.Exit(1)


def chosen_rules(config: Config, names: Sequence[str]) -> tuple[RuleConfig, ...]:
    """The rules of these names, enabled or not, or all; UsageError for a name that none has."""
    from monitor.cli.words import known

    if not names:
        return config.rules
    names = [known(name, [rule.name for rule in config.rules], "rule") for name in names]
    # Whoever names a rule wants to see it judged, also while it is switched off.
    return tuple(replace(rule, enabled=True) for rule in config.rules if rule.name in names)


def engine_of(config: Config) -> Engine:
    """The rules compiled; ConfigError with the places if one cannot be used."""
    from monitor.plan import build_plan

    plan, problems = build_plan(replace(config, canary=None))  # nobody asks for a rule that is no one's
    errors = [problem for problem in problems if problem.level == "error"]
    if errors:
        from monitor.cli.check import rule_findings

        raise ConfigError(rule_findings(config, errors))
    return plan.engine


def _described(rule: RuleConfig, config: Config, counts: Mapping[str, int] | None) -> dict[str, Any]:
    from monitor.rules.lists import rule_trees
    from monitor.rules.printer import print_query

    tree, _, problems = rule_trees(rule, {entity.name for entity in config.entities})
    hidden = veil().hides(rule.name)
    shape: dict[str, Any] = {
        "name": veil().rule(rule.name),
        "severity": rule.severity.label,
        "enabled": rule.enabled,
        "query": HIDDEN if hidden else print_query(tree) if tree is not None else None,
        "tests": len(rule.tests),
        "matches_7d": counts.get(rule.name, 0) if counts is not None else None,
    }
    if rule.secret:
        shape["secret"] = True
    if tree is None:
        shape["error"] = "cannot be used" if hidden else f"cannot be used: {problems[0].message}"
    return shape


def _judge(engine: Engine, rules: Sequence[RuleConfig], document: Document, told: str) -> None:
    """Which rules hold for a document, and why; `told` names one of a file."""
    from monitor.cli.match import hit_shape, snippet
    from monitor.rules.ruletests import judged

    for rule in rules:
        strength, hits = judged(engine, rule.name, document)
        if context.given.json:
            output.emit(
                {
                    "rule": rule.name,
                    "of": told,
                    "holds": strength is not None,
                    "strength": strength,
                    "hits": [hit_shape(hit) for hit in hits],
                }
            )
            continue
        word, shade = _VERDICTS[strength]
        output.out(f"{rule.name}: {output.colour(word, shade) if shade else word}")
        for hit in hits:
            output.out(f"    {_named(hit)}: {snippet(document, hit)}")


_VERDICTS = {
    Strength.STRONG: ("holds", "green"),
    Strength.WEAK: ("holds weakly, in text that may be furniture", "yellow"),
    None: ("does not hold", ""),
}


def _run_tests(engine: Engine, rules: Sequence[RuleConfig]) -> bool:
    """Run all tests and tell of them; True if all pass."""
    from monitor.cli.match import hit_shape
    from monitor.rules.ruletests import judged, rings, text_document

    ran = failed = 0
    for rule in rules:
        hidden = veil().hides(rule.name)
        for index, worked in enumerate(rule.tests):
            strength, hits = judged(engine, rule.name, text_document(worked.text))
            passed = rings(rule, strength) == worked.match
            ran += 1
            failed += not passed
            if context.given.json:
                output.emit(
                    {
                        "rule": veil().rule(rule.name),
                        "index": index,
                        "expected": "match" if worked.match else "no_match",
                        "text": HIDDEN if hidden else worked.text,
                        "passed": passed,
                        "strength": strength,
                        "hits": [] if hidden else [hit_shape(hit) for hit in hits],
                    }
                )
            elif not passed:
                _tell_failure(rule, index, strength, hits)
    if not context.given.json:
        if not ran:
            output.say("no tests to run: add [[rules.tests]] with match or no_match below a rule")
        else:
            end = f"{failed} failed" if failed else "all pass"
            output.out(output.colour(f"{ran} {'test' if ran == 1 else 'tests'}: {end}", _shade(failed)))
    return not failed


def _tell_failure(rule: RuleConfig, index: int, strength: Strength | None, hits: Sequence[Hit]) -> None:
    worked = rule.tests[index]
    does = {Strength.STRONG: "does", Strength.WEAK: "does only weakly", None: "does not"}[strength]
    should = "should match" if worked.match else "should not match"
    named = output.colour("failed", "red") + f" {veil().rule(rule.name)}"
    if veil().hides(rule.name):
        output.out(f"{named}: test {index + 1} {should}, and {does}; {ASK}")
        return
    output.out(f"{named}: {should}, and {does}")
    output.out(f"    text: {output.printable(worked.text)}")
    for hit in hits:
        output.out(f"    hit:  {output.printable(hit.text)} ({_named(hit)})")


def _named(hit: Hit) -> str:
    """Which term was found where."""
    term = f"@{hit.entity}: {hit.term}" if hit.entity else hit.term
    return f"{term} in the {hit.field}"


def _shade(failed: int) -> str:
    return "red" if failed else "green"
