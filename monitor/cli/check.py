"""`tocsin check`: everything that is wrong with a configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from monitor.cli import context, output
from monitor.config.words import Problem
from monitor.model import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from monitor.config.confidential import Veil
    from monitor.config.load import Loaded
    from monitor.rules.engine import Engine
    from monitor.rules.problems import RuleProblem
    from monitor.settings import Config, Origin


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(epilog="Example: tocsin check --config rules.toml --json")(check)


def check(
    quiet: Annotated[
        bool, typer.Option("--quiet", "-q", help="Errors only, and nothing if all is well.")
    ] = False,
) -> None:
    """Validate everything: settings, rules with their tests, slips. Exit 0: good; 2: refused."""
    loaded = context.load(strict=True)
    findings = all_findings(loaded, with_advice=not quiet)
    errors = [f for f in findings if f.level == "error"]
    shown = errors if quiet else findings
    if context.given.json:
        for finding in shown:
            output.emit(_as_json(finding))
    else:
        for finding in shown:
            _show(finding, loaded.texts)
        if not quiet or errors:
            _sum_up(loaded, len(errors), len(findings) - len(errors))
    if errors:
        raise typer.Exit(2)


def all_findings(loaded: Loaded, *, with_advice: bool = True) -> list[Finding]:
    """
    Everything there is to say about a configuration, by file and line.

    `with_advice`: also what is lawful and seldom meant, for which the newest stored articles are looked at.
    """
    from monitor.rules.compiling import compile_rules

    findings = list(loaded.findings)
    config = loaded.partial
    if config is not None:
        engine, problems = compile_rules(config.rules, config.entities, languages=config.languages)
        findings += rule_findings(config, problems, loaded.texts)
        if with_advice:
            findings += rule_findings(config, _advice(config), loaded.texts)
            findings += _narrow_findings(config, loaded.texts)
        findings += rule_test_findings(config, engine, loaded.texts)
        findings += channel_findings(config, loaded.texts)
        findings += listen_findings(config, loaded.texts)
    return sorted(findings, key=lambda f: (f.file, f.line, f.column or 0, f.message))


def _advice(config: Config) -> Sequence[RuleProblem]:
    """What the rules and the user's own entities say that is seldom meant."""
    from monitor.cli.stored import common_words
    from monitor.rules.lint import lint

    files = {str(path) for path in config.files}
    return lint(
        config.rules,
        config.entities,
        feeds=config.feeds,
        languages=config.languages,
        own={e.name for e in config.entities if e.origin is None or e.origin.file in files},
        stored=common_words(config) if config.rules else None,
    )


def rule_findings(
    config: Config, problems: Iterable[RuleProblem], texts: Mapping[str, str] | None = None
) -> list[Finding]:
    """Problems of rules and entities with their places."""
    from monitor.config.packs import hint_with_pack

    if texts is None:
        texts = _texts(config)
    veil = _veil(config)
    rules = {r.name: r.origin for r in config.rules}
    entities = {e.name: e.origin for e in config.entities}
    return [
        _finding(
            texts,
            entities.get(p.entity) if p.entity else rules.get(p.rule),
            p.key,
            "query" if p.key[:1] == ("query",) else "rule",
            p.message,
            level=p.level,
            column=p.column,
            hint=hint_with_pack(p.message, p.hint, config),
            veil=veil,
        )
        for p in problems
    ]


def rule_test_findings(
    config: Config, engine: Engine, texts: Mapping[str, str] | None = None
) -> list[Finding]:
    """The rules' worked examples that come out otherwise, each at its own line."""
    from monitor.rules.ruletests import run_rule_tests

    if texts is None:
        texts = _texts(config)
    rules = {rule.name: rule for rule in config.rules}
    veil = _veil(config)
    return [
        _finding(
            texts, rules[failed.rule].origin, ("tests", failed.index), "rule_test", failed.message, veil=veil
        )
        for failed in run_rule_tests(engine, config.rules)
    ]


def _narrow_findings(config: Config, texts: Mapping[str, str]) -> list[Finding]:
    """Routes that send a rule to no channel that it may go to; where no route does, loading says so."""
    from monitor.config.narrow import narrow_rules
    from monitor.settings import Origin

    veil = _veil(config)
    return [
        _finding(texts, Origin(p.file, p.path), (), p.code, p.message, level=p.level, hint=p.hint, veil=veil)
        for p in narrow_rules(config)
        if p.level == "warning"
    ]


def channel_findings(config: Config, texts: Mapping[str, str] | None = None) -> list[Finding]:
    """What is wrong with the addresses of channels, with their places. Loads Apprise."""
    if texts is None:
        texts = _texts(config)
    from monitor.delivery.channels import check_channel

    return [
        _finding(
            texts,
            channel.origin,
            p.key,
            p.code,
            f"channel '{channel.name}': {p.message}",
            level=p.level,
            hint=p.hint,
        )
        for channel in config.channels
        if channel.url is None or not channel.url.missing
        for p in check_channel(channel)
    ]


def _veil(config: Config) -> Veil:
    """What is not said of secret rules; nothing is kept back from those who ask for it."""
    from monitor.config.confidential import Veil, veil_of

    if context.given.reveal:
        return Veil()
    loaded = context.last()
    return loaded.veil if loaded is not None else veil_of(config)


def listen_findings(config: Config, texts: Mapping[str, str]) -> list[Finding]:
    """What is to be said of where health and metrics are served."""
    from monitor.config.serving import warnings
    from monitor.settings import Origin

    origin = Origin(str(config.path), ("metrics",))
    return [
        _finding(texts, origin, ("listen",), code, message, level="warning", hint=hint)
        for code, message, hint in warnings(config)
    ]


def _texts(config: Config) -> dict[str, str]:
    return {str(p): p.read_text(encoding="utf-8-sig") for p in config.files if p.exists()}


def _finding(
    texts: Mapping[str, str],
    origin: Origin | None,
    key: Sequence[str | int],
    code: str,
    message: str,
    *,
    level: str = "error",
    column: int | None = None,
    hint: str = "",
    veil: Veil | None = None,
) -> Finding:
    from monitor.config.load import locate

    if veil is not None and origin is not None:
        problem = Problem(origin.file, (*origin.path, *key), code, message, hint)
        told = veil.problem(problem)
        if veil.covers(origin.file, origin.path):
            column = None  # no line of it is quoted
        message, hint = told.message, told.hint
    if origin is None:
        return Finding(next(iter(texts), "config.toml"), 1, message, code, level, hint=hint)
    place = locate(texts, origin, tuple(key), column or 1)
    return Finding(place.file, place.line, message, code, level, place.column if column else None, hint)


def _show(finding: Finding, texts: Mapping[str, str]) -> None:
    where = f"{finding.file}:{finding.line}" + (f":{finding.column}" if finding.column else "")
    level = output.colour(finding.level, "red" if finding.level == "error" else "yellow")
    output.out(f"{where}: {level}: {finding.message}")
    lines = texts.get(finding.file, "").splitlines()
    # Only lines of rules are quoted: a line with any other mistake may hold a password or a token.
    if finding.column and finding.code in ("query", "rule") and finding.line <= len(lines):
        output.out(output.pointed(lines[finding.line - 1], finding.column))
    for line in finding.hint.splitlines():
        output.out(f"    {line}")


def _sum_up(loaded: Loaded, errors: int, warnings: int) -> None:
    config = loaded.partial
    if errors:
        output.out(f"{_count(errors, 'error')}, {_count(warnings, 'warning')}")
        return
    if config is None:
        return
    tests = sum(len(r.tests) for r in config.rules)
    checked = ", ".join(
        _count(n, word)
        for n, word in (
            (len(config.feeds), "feed"),
            (len(config.rules), "rule"),
            (len(config.channels), "channel"),
            (tests, "rule test"),
        )
    )
    end = f", {_count(warnings, 'warning')}" if warnings else ""
    output.out(output.colour(f"{checked}: all good{end}", "green"))


def _count(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")


def _as_json(finding: Finding) -> dict[str, object]:
    shape: dict[str, object] = {"file": finding.file, "line": finding.line}
    if finding.column:
        shape["column"] = finding.column
    shape |= {"level": finding.level, "code": finding.code, "message": finding.message}
    if finding.hint:
        shape["hint"] = finding.hint
    return shape
