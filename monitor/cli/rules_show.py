"""`tocsin rules show` and `rules explain`: one rule in full, and what it makes of one text."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli import complete, context, output, rule_words
from monitor.cli.veil import HIDDEN, veil
from monitor.cli.words import LARGEST
from monitor.errors import StoreError, TocsinError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.model import Document
    from monitor.rules.engine import CompiledRule, Engine
    from monitor.settings import Config, RuleConfig
    from monitor.store.database import Reader

WEEK = timedelta(days=7)


def show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The rule.", autocompletion=complete.rules)],
) -> None:
    """Show one rule in full: query, tree, sources, options, tests, entities, matches of the last 7 days."""
    config, rule, engine = _one(name)
    name = rule.name
    compiled = engine.rules[name]
    memory, states = _remembered(name)
    if veil().hides(name):
        enabled = next(one.enabled for one in config.rules if one.name == name)
        _tell_hidden(rule, states, enabled=enabled)
        return
    if context.given.json:
        enabled = next(one.enabled for one in config.rules if one.name == name)
        shape = rule_words.shape(rule, compiled, engine, memory, states)
        output.emit({"name": name, "enabled": enabled, **shape})
        return
    off = "" if next(one.enabled for one in config.rules if one.name == name) else " (disabled)"
    output.out(f"{output.colour(name, 'bold')}{off}  {rule_words.query_of(compiled)}")
    for word, said in rule_words.options(rule):
        output.out(f"  {word.ljust(14)}{output.printable(said)}")
    for test in rule.tests:
        word = "matches" if test.match else "does not match"
        output.out(f"  test: {word}  {output.printable(' '.join(test.text.split()))}")
    if compiled.wish is not None:
        output.out()
        rule_words.tell_tree(compiled.wish, 1)
    for entity in rule_words.entities_of(compiled, engine.entities):
        output.out()
        rule_words.tell_entity(entity)
    output.out()
    output.out(f"  hash {compiled.hash}, {rule_words.loaded(memory, compiled)}")
    output.out(f"  matches in 7 days: {rule_words.told(states)}")


def explain(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The rule.", autocompletion=complete.rules)],
    text: Annotated[
        str | None,
        typer.Option("--text", metavar="T|FILE", help="This text, or file; its first line is the title."),
    ] = None,
    article: Annotated[
        str | None,
        typer.Option("--article", metavar="ID|URL", help="This stored article: its number or address."),
    ] = None,
) -> None:
    """Show what a rule looks for. With a text: each part's truth, the hits, and what came nearest."""
    if text is not None and article is not None:
        raise UsageError("--text and --article each name a text: give one of them")
    config, rule, engine = _one(name)
    compiled = engine.rules[rule.name]
    if veil().hides(rule.name):
        raise UsageError(f"rule {veil().rule(rule.name)} is confidential", hint="--reveal explains it")
    if text is not None:
        for document, told in typed(text, config):
            _judge(compiled, engine, document, told)
    elif article is not None:
        _judge_best(compiled, engine, *_stored(article, config))
    else:
        from monitor.cli.stored import common_words
        from monitor.rules.frequency import Frequencies

        rule_words.tell_wanted(compiled, engine.entities, common_words(config) or Frequencies())


def _tell_hidden(rule: RuleConfig, states: Mapping[str, int] | None, *, enabled: bool) -> None:
    """What is shown of a secret rule: how loud it is, where it may go, and how often it matched."""
    only = None if rule.allow_channels is None else list(rule.allow_channels)
    known = {"severity": rule.severity.label, "budget": rule.budget, "secret": True, "allow_channels": only}
    name = veil().rule(rule.name)
    if context.given.json:
        output.emit({"name": name, "enabled": enabled, **known, "query": HIDDEN, "matches_7d": states})
        return
    off = "" if enabled else " (disabled)"
    output.out(f"{output.colour(name, 'bold')}{off}  {HIDDEN}")
    for word, said in known.items():
        if said not in (None, True):
            shown = ", ".join(said) if isinstance(said, list) else said
            output.out(f"  {word.replace('allow_channels', 'only to').ljust(14)}{shown}")
    output.out(f"  matches in 7 days: {rule_words.told(states)}")
    output.say(f"its name, query and tests: tocsin rules show {name} --reveal")


def matches_by_rule() -> Mapping[str, int] | None:
    """How often each rule matched in the last 7 days; None without a database."""
    from monitor.store import sql
    from monitor.store.rows import to_db

    reader = _reader()
    if reader is None:
        return None
    rows = reader.rows(sql.MATCHES_BY_RULE, since=to_db(datetime.now(UTC) - WEEK))
    return {row["rule"]: row["n"] for row in rows}


# --- reading ---------------------------------------------------------------------------------------------


def _one(name: str) -> tuple[Config, RuleConfig, Engine]:
    """The rule of this name, compiled alone; UsageError or ConfigError where that cannot be."""
    from monitor.cli.rules import chosen_rules, engine_of

    config = context.config()
    (rule,) = chosen_rules(config, [name])
    return config, rule, engine_of(replace(config, rules=(rule,)))


def _reader() -> Reader | None:
    try:
        return context.reader()
    except (StoreError, OSError):
        return None  # nothing was stored yet: what the file says can be shown all the same


def _remembered(name: str) -> tuple[dict[str, Any] | None, dict[str, int] | None]:
    """When the rule was loaded, and its matches of the last 7 days by what became of them."""
    from monitor.store import sql
    from monitor.store.rows import to_db

    reader = _reader()
    if reader is None:
        return None, None
    memory = next((dict(row) for row in reader.rows(sql.RULES) if row["name"] == name), None)
    since = to_db(datetime.now(UTC) - WEEK)
    by_state = {
        row["state"] or "unknown": row["n"]
        for row in reader.rows(sql.MATCHES_BY_STATE, since=since)
        if row["rule"] == name
    }
    total = next((r["n"] for r in reader.rows(sql.MATCHES_BY_RULE, since=since) if r["rule"] == name), 0)
    return memory, {"total": total, **by_state}


def typed(text: str, config: Config) -> list[tuple[Document, str]]:
    """The documents that --text means: those of a file where there is one, else the text itself."""
    from monitor.cli.files import KINDS, from_files
    from monitor.rules.ruletests import text_document

    if Path(text).suffix.lower() in KINDS and "\n" not in text:
        feeds = {feed.name: feed for feed in config.feeds}
        return [(item.document, str(item.id)) for item in from_files([text], feeds)]
    return [(text_document(text), "the text given")]


def _stored(target: str, config: Config) -> tuple[list[Document], str]:
    """A stored article as each feed shows it, and what to call it."""
    from monitor.carriers import article_ids
    from monitor.documents import stored_document
    from monitor.store import sql

    reader = context.reader()
    number = int(target) if target.isascii() and target.isdigit() else None
    if number is None:
        number = next(iter(article_ids(reader, target if "://" in target else f"https://{target}")), None)
    if number is None or number > LARGEST or reader.row(sql.ARTICLE, id=number) is None:
        raise TocsinError(
            f"there is no stored article {output.printable(target)}",
            hint="its number or address, as tocsin alerts list and tocsin match --stored 7d show them",
        )
    feeds = {feed.name: feed for feed in config.feeds}
    rows = reader.rows(sql.ARTICLES_SHOWN, since="", after=number - 1, page=1)
    return [stored_document(row, feeds.get(row["feed"]), row["feed"]) for row in rows], f"article {number}"


# --- one text --------------------------------------------------------------------------------------------


def _judge_best(rule: CompiledRule, engine: Engine, documents: Sequence[Document], told: str) -> None:
    """Through whichever feed the rule holds, else through the first."""
    best = next((one for one in documents if engine.match(one)), documents[0])
    _judge(rule, engine, best, f"{told}, as feed {best.feed} shows it")


def _judge(rule: CompiledRule, engine: Engine, document: Document, told: str) -> None:
    from monitor.cli import explain_shape as shape
    from monitor.cli import explain_words as words
    from monitor.cli.explain_lines import mark
    from monitor.rules.explain import explain as explained
    from monitor.stages import RuleNow

    judged = explained(rule, document, engine)
    now = RuleNow(rule.name, hash=rule.hash)
    if context.given.json:
        output.emit({"of": told, "title": document.title, **shape.judged_rule(now, judged)})
        return
    output.say(f"{output.printable(told)}: {output.printable(document.title)}")
    words.tell_judged(now, judged, document)
    if judged.failed is not None:
        text, why = output.printable(judged.failed.text), output.printable(judged.failed.why)
        output.out(f"  {mark(holds=False)} first no: {text}: {why}")
