"""`tocsin rules`: the rules as they are understood, and whether they do what they should."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli import context, output

if TYPE_CHECKING:
    from monitor.plan import Plan


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    from monitor.cli.app import SETTINGS

    group = typer.Typer(
        help="The rules as they are understood, and whether they do what they should.", **SETTINGS
    )
    group.command("list", epilog="Example: tocsin rules list --json")(list_rules)
    group.command("test", epilog='Example: tocsin rules test talks-in-doha --text "Talks resume in Doha"')(
        test
    )
    app.add_typer(group, name="rules")


def list_rules() -> None:
    """List rules with their queries in normal form."""
    from monitor.rules.printer import print_query

    plan = _plan()
    found = []
    for rule in plan.config.rules:
        compiled = plan.engine.rules.get(rule.name)
        found.append(
            {
                "name": rule.name,
                "severity": rule.severity.label,
                "enabled": rule.enabled,
                "query": print_query(compiled.tree) if compiled else None,
                "tests": len(rule.tests),
            }
        )
    if context.given.json:
        for one in found:
            output.emit(one)
        return
    output.table(
        ("NAME", "SEVERITY", "ENABLED", "TESTS", "QUERY"),
        [
            (
                r["name"],
                r["severity"],
                "yes" if r["enabled"] else "no",
                r["tests"],
                r["query"] or "(not in force)",
            )
            for r in found
        ],
        empty="no rules: add a [[rules]] table to the configuration",
    )


def test(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Only this rule.")] = None,
    text: Annotated[
        str | None, typer.Option("--text", help="Try this text instead; its first line is the title.")
    ] = None,
) -> None:
    """Run the rules' own tests; exit 1 if one fails. With --text: which rules hold for it, and why."""
    from monitor.cli.words import known
    from monitor.rules.ruletests import run_rule_tests

    plan = _plan()
    rules = [r for r in plan.config.rules if r.name in plan.engine.rules]
    if name is not None:
        known(name, [r.name for r in rules], "rule")
        rules = [r for r in rules if r.name == name]
    if text is not None:
        _try([r.name for r in rules], text, plan)
        return
    failures = run_rule_tests(plan.engine, rules)
    count = sum(len(r.tests) for r in rules)
    for failure in failures:
        if context.given.json:
            output.emit(
                {"rule": failure.rule, "test": failure.index, "ok": False, "message": failure.message}
            )
        else:
            output.out(f"{failure.rule}, test {failure.index + 1}: {failure.message}")
    if not context.given.json:
        output.out(f"{count - len(failures)} of {count} rule tests passed")
    if failures:
        raise typer.Exit(1)


def _try(names: list[str], text: str, plan: Plan) -> None:
    from monitor.rules.ruletests import text_document

    document = text_document(text)
    for name in names:
        holds, hits = plan.engine.judge_text(name, document)
        shown: dict[str, Any] = {"rule": name, "holds": holds, "hits": [hit_shape(h) for h in hits]}
        if context.given.json:
            output.emit(shown)
        else:
            why = ", ".join(f"{h.field}: {h.text}" for h in hits)
            output.out(f"{name}: {'holds' if holds else 'does not hold'}" + (f" ({why})" if why else ""))


def hit_shape(hit: Any) -> dict[str, Any]:
    """A hit in the contract's shape."""
    shape = {"field": hit.field, "start": hit.start, "end": hit.end, "text": hit.text, "term": hit.term}
    return shape | ({"entity": hit.entity} if hit.entity else {})


def _plan() -> Plan:
    from monitor.plan import build_plan

    return build_plan(context.config())[0]
