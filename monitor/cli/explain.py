"""`tocsin explain`: why an article rang, or did not, from its feed to the receiver's answer."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from monitor.cli import context, output
from monitor.cli.veil import ASK, left_in, veil
from monitor.cli.words import LARGEST
from monitor.errors import TocsinError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.explaining import Explanation
    from monitor.rules.engine import Engine
    from monitor.settings import Config
    from monitor.stages import RuleNow
    from monitor.store.database import Reader
    from monitor.unseen import Span

MOST_ARTICLES = 5  # told of one address: a live page may have carried hundreds of reports
_NUMBER = re.compile(r"(?:(article|alert):)?(\d+)")
_ADDRESS = re.compile(r"[\w-]+(\.[\w-]+)+(:\d+)?/\S*")  # typed without its scheme
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_A_DAY = timedelta(days=1)


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(epilog="Example: tocsin explain https://news.example/2026/talks-in-doha --rule talks")(
        explain
    )


def explain(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="An article's address or number, alert:NUMBER, or a .txt, .html or .jsonl file.",
        ),
    ],
    rules: Annotated[
        list[str] | None, typer.Option("--rule", metavar="NAME", help="Only this rule; may be repeated.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(help="When it was published, of an address no feed has shown: a date, or a time."),
    ] = None,
) -> None:
    """Say why an article rang or did not. Each stage, each term, and the first no; changes nothing."""
    config = context.config()
    rules = _meant(rules or [], config)
    published = _span(at, config) if at is not None else None
    number = _NUMBER.fullmatch(target)
    if number is not None:
        _explain_number(target, number[1] or "article", int(number[2]), config, rules or [])
    elif "://" in target:
        _explain_address(target, target, config, rules or [], published)
    elif _ADDRESS.fullmatch(target) and not Path(target).exists():
        _explain_address(target, f"https://{target}", config, rules or [], published)
    else:
        _explain_files(target, config, rules or [])


def _meant(names: list[str], config: Config) -> list[str]:
    """The rules that were named, hidden ones refused; what is left out of others is said."""
    for name in map(veil().meant, names):
        if veil().hides(name):
            raise UsageError(f"rule {veil().rule(name)} is confidential", hint=f"add --reveal: {ASK}")
    if not names:
        left_in([rule.name for rule in config.rules if rule.enabled], output.say)
    return list(map(veil().meant, names))


# --- what is meant ---------------------------------------------------------------------------------------


def _span(text: str, config: Config) -> Span:
    """The time that is meant by --at: a day for a date; a clock is the last time it showed that."""
    from monitor.cli.times import moment

    now = datetime.now(UTC)
    found = moment(text, now, ZoneInfo(config.timezone))
    if ":" in text and "-" not in text and found > now:
        found -= _A_DAY
    return found, found + (_A_DAY if _DATE.fullmatch(text.strip()) else timedelta())


def _running(config: Config) -> bool:
    """Whether a daemon is at work on the database."""
    from monitor.store.lock import holder_of

    return holder_of(config.database) is not None


def _explain_number(target: str, kind: str, number: int, config: Config, names: list[str]) -> None:
    from monitor.store import sql

    reader = context.reader()
    article = number
    alert = reader.row(sql.ALERT, id=number) if number <= LARGEST else None
    if kind == "alert":
        if alert is None:
            raise TocsinError(f"there is no alert {number}", hint="tocsin alerts list shows them")
        if veil().hides(alert["rule"]):
            raise TocsinError(f"alert {number} is of a confidential rule", hint=f"add --reveal: {ASK}")
        article, names = alert["article_id"], names or [alert["rule"]]
    found = _known(reader, article, config, names) if article <= LARGEST else None
    if found is None:
        hint = (
            f"alert {number} there is: tocsin explain alert:{number}" if alert else "give its address instead"
        )
        raise TocsinError(f"there is no article {number}", hint=hint)
    other = alert is not None and alert["article_id"] != number and not veil().hides(alert["rule"])
    if target == str(number) and other:
        output.say(f"this is article {number}; alert {number} is another: tocsin explain alert:{number}")
    _show(target, [found])


def _explain_address(target: str, url: str, config: Config, names: list[str], published: Span | None) -> None:
    from monitor.articles.urls import clean_url
    from monitor.carriers import article_ids

    if not clean_url(url):
        raise UsageError(f"{output.printable(target)} is no http or https address")
    reader = context.reader()
    ids = article_ids(reader, url)
    found = [one for i in ids[:MOST_ARTICLES] if (one := _known(reader, i, config, names)) is not None]
    if found:
        if len(ids) > MOST_ARTICLES:
            output.say(f"{len(ids)} articles had this address: the newest {MOST_ARTICLES} are shown")
        _show(target, found)
        return
    _never_seen(target, url, reader, config, published)
    raise typer.Exit(1)


def _explain_files(target: str, config: Config, names: list[str]) -> None:
    """Judge what a file holds; nothing of it is stored, so there is no way to tell of but the rules'."""
    from monitor.cli import explain_shape as shape
    from monitor.cli import explain_words as words
    from monitor.cli.explain_answer import file_sentence
    from monitor.cli.files import KINDS, from_files
    from monitor.rules.explain import Explainer

    if target != "-" and Path(target).suffix.lower() not in KINDS and not Path(target).is_file():
        raise UsageError(
            f"{output.printable(target)} is no address, number or file",
            hint="for example: tocsin explain https://news.example/talks, alert:12 or article.txt",
        )
    rules, engine = _rules(config, names, [], [])
    rules = [rule for rule in rules if not veil().hides(rule.name)]
    feeds = {feed.name: feed for feed in config.feeds}
    for item in from_files([target], feeds):
        judge = Explainer(engine, item.document)
        judged = [
            (rule, judge.explain(engine.rules[rule.name]) if rule.name in engine.rules else None)
            for rule in rules
        ]
        if context.given.json:
            output.emit(
                {
                    "target": target,
                    "found": True,
                    "answer": {
                        "holds": any(verdict is not None and verdict.holds for _, verdict in judged),
                        "sentence": file_sentence(judged),
                    },
                    "article": {
                        "id": item.id,
                        "title": item.document.title,
                        "url": item.document.url or None,
                    },
                    "feeds": [],
                    "rules": [shape.judged_rule(rule, one) for rule, one in judged],
                }
            )
        else:
            words.tell_file(str(item.id), item.document, judged, in_full=bool(names))


def _known(reader: Reader, article: int, config: Config, names: list[str]) -> Explanation | None:
    from monitor.explaining import explain_article, rules_that_matched
    from monitor.store import sql

    matched = rules_that_matched(reader, article)
    remembered = [row["name"] for row in reader.rows(sql.RULES)]
    rules, engine = _rules(config, names, matched, remembered)
    now = datetime.now(UTC)
    found = explain_article(reader, article, config, engine, rules, now=now, running=_running(config))
    return veil().ways(found) if found is not None else None


def _rules(
    config: Config, names: list[str], matched: Sequence[str], remembered: Sequence[str]
) -> tuple[list[RuleNow], Engine]:
    """The rules to explain (those named, else the enabled ones and all that matched), and their engine."""
    from monitor.cli.words import known
    from monitor.plan import build_plan
    from monitor.stages import RuleNow

    configured = [rule.name for rule in config.rules]
    for name in names:
        known(name, list(dict.fromkeys([*configured, *remembered])), "rule")
    # Whoever asks for a rule wants to see it judged, also while it is switched off.
    switched_on = tuple(replace(rule, enabled=True) for rule in config.rules)
    plan, problems = build_plan(replace(config, rules=switched_on))
    broken = {p.rule: p.message.removeprefix(f"rule '{p.rule}': ") for p in problems if p.level == "error"}
    compiled = plan.engine.rules
    wanted = [
        RuleNow(
            rule.name,
            hash=compiled[rule.name].hash if rule.name in compiled else None,
            enabled=rule.enabled,
            broken=broken.get(rule.name, ""),
        )
        for rule in config.rules
        if (rule.name in names if names else rule.enabled or rule.name in matched)
    ]
    wanted += [RuleNow(name) for name in names or matched if name not in configured]
    return wanted, plan.engine


# --- showing it ------------------------------------------------------------------------------------------


def _show(target: str, found: Sequence[Explanation]) -> None:
    from monitor.cli import explain_shape as shape
    from monitor.cli import explain_words as words

    for number, one in enumerate(found):
        if context.given.json:
            output.emit(shape.found(target, one, datetime.now(UTC)))
            continue
        if number:
            output.out()
        words.tell(one)


def _never_seen(target: str, url: str, reader: Reader, config: Config, published: Span | None) -> None:
    from monitor.articles.urls import clean_url, url_key
    from monitor.carriers import carriers_of, day_in, ids_elsewhere, removed_carriers, site_of
    from monitor.cli import explain_shape as shape
    from monitor.cli import explain_words as words
    from monitor.unseen import Asked, never_seen

    now = datetime.now(UTC)
    carriers = carriers_of(reader, url, config)
    asked = Asked(now, _running(config), published or day_in(url))
    no = never_seen(carriers, site_of(url), asked, removed_carriers(reader, url))
    elsewhere = ids_elsewhere(reader, url)
    clean = clean_url(url)
    if context.given.json:
        key = url_key(url)
        output.emit(shape.not_found(target, carriers, no, now, url=clean, key=key, elsewhere=elsewhere))
    else:
        words.tell_never_seen(clean, carriers, no, elsewhere)
