"""`tocsin match`: which rules hold for files or for what is stored; changes nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.alerts.excerpt import apart, excerpt
from monitor.cli import complete, context, output
from monitor.cli.veil import left_in
from monitor.errors import QueryError, UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from monitor.cli.files import Judged
    from monitor.model import Document, Hit, RuleMatch
    from monitor.rules.engine import Engine
    from monitor.settings import Config, FeedConfig

AROUND = 40  # characters shown on either side of a hit
SENTENCE = 240  # characters of a sentence


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(epilog="Example: tocsin match --query '@taliban AND doha' articles.jsonl --json")(match)


def match(
    files: Annotated[
        list[str] | None, typer.Argument(metavar="FILE…", help=".txt, .html or .jsonl; - = stdin as .jsonl.")
    ] = None,
    stored: Annotated[
        str | None, typer.Option("--stored", metavar="7d", help="Articles fetched in the last 7d instead.")
    ] = None,
    rules: Annotated[
        list[str] | None,
        typer.Option(
            "--rule", metavar="NAME", help="Only this rule; may be repeated.", autocompletion=complete.rules
        ),
    ] = None,
    query: Annotated[
        str | None, typer.Option("--query", metavar="Q", help="This query instead of the rules.")
    ] = None,
) -> None:
    """Run the rules over files, or over what is stored. Or one query; changes nothing."""
    if bool(files) == bool(stored):
        raise UsageError("name files, or --stored 7d", hint="tocsin match article.txt")
    if query is not None and rules:
        raise UsageError("--query stands instead of --rule: give one of them")
    config = context.config_if_any() if query is not None else context.config()
    engine = _engine(config, rules or [], query)
    from monitor.cli.files import from_files

    feeds = {feed.name: feed for feed in config.feeds} if config else {}
    if stored:
        counts = _over_stored(engine, stored, feeds)
    else:
        counts = _over_files(engine, from_files(files or [], feeds))
    if not context.given.json:
        _sum_up(counts, engine)


@dataclass(slots=True)
class _Counts:
    """How many articles were judged, how many matched, and how often each rule held, or held only weakly."""

    total: int = 0
    matched: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    weak: Counter[str] = field(default_factory=Counter)

    def add(self, matches: Collection[RuleMatch]) -> None:
        names = [match.rule for match in matches]
        self.weak.update(match.rule for match in matches if match.strength == "weak")
        self.total += 1
        self.matched += bool(names)
        self.rules.update(names)


def _over_files(engine: Engine, judged: Iterable[Judged]) -> _Counts:
    counts = _Counts()
    for item in judged:
        matches = engine.match(item.document)
        counts.add(matches)
        if context.given.json:
            noted = {"note": item.note} if item.note else {}
            output.emit(as_json(item.id, matches) | noted)
        elif matches:
            output.out(f"{output.printable(str(item.id))}  {_titled(item.document, matches)}")
            _tell(item.document, matches)
    return counts


def _over_stored(engine: Engine, age: str, feeds: Mapping[str, FeedConfig]) -> _Counts:
    """What the rules would have caught; an article that several feeds showed is judged through each."""
    from monitor.cli.stored import articles_since
    from monitor.cli.words import span

    since = datetime.now(UTC) - timedelta(seconds=span(age))
    reader = context.reader()
    counts, bar = _Counts(), output.Bar("articles")
    for row, documents in articles_since(reader, since, feeds, bar):
        found = {match.rule: match for one in documents for match in engine.match(one)}
        matches = tuple(found[name] for name in engine.rules if name in found)
        counts.add(matches)
        if matches or context.given.json:
            bar.clear()
        if context.given.json:
            shown = {"article": row["id"], "title": row["title"], "fetched": _told(row["fetched_at"])}
            feeds_shown = [document.feed for document in documents]
            output.emit(as_json(row["url"] or row["id"], matches) | shown | {"feeds": feeds_shown})
        elif matches:
            when = _told(row["published"] or row["fetched_at"])
            through = ", ".join(document.feed for document in documents)
            output.out(f"{when}  {output.printable(through)}  {_titled(documents[0], matches)}")
            _tell(documents[0], matches)
            output.out(f"    {output.printable(row['url'] or '(no link)')}  article {row['id']}")
    bar.clear()
    return counts


def _told(moment: str) -> str | None:
    """A time of the database as people and programs read it."""
    from monitor.store.rows import from_db

    return output.rfc3339(from_db(moment))


def _sum_up(counts: _Counts, engine: Engine) -> None:
    noun = "article matches" if counts.total == 1 else "articles match"
    output.say(f"{counts.matched} of {counts.total} {noun}")
    if len(engine.rules) > 1:
        width = max(len(name) for name in engine.rules)
        for name in engine.rules:
            weak = f", {counts.weak[name]} weak" if counts.weak[name] else ""
            output.say(f"  {name.ljust(width)}  {counts.rules[name]}{weak}")


def as_json(name: str | int, matches: Iterable[RuleMatch]) -> dict[str, Any]:
    """An article's matches in the shape of `match --json`."""
    return {
        "id": name,
        "matches": [
            {"rule": m.rule, "strength": m.strength.value, "hits": [hit_shape(hit) for hit in m.hits]}
            for m in matches
        ],
    }


def hit_shape(hit: Hit) -> dict[str, Any]:
    """A hit in the shape of `match --json`."""
    shape: dict[str, Any] = {
        "field": hit.field,
        "start": hit.start,
        "end": hit.end,
        "text": hit.text,
        "term": hit.term,
    }
    if hit.entity is not None:
        shape["entity"] = hit.entity
    return shape


def snippet(document: Document, hit: Hit) -> str:
    """The hit in its surroundings, on one line."""
    text: str = getattr(document, hit.field)
    start, end = max(hit.start - AROUND, 0), min(hit.end + AROUND, len(text))
    before, after = output.printable(text[start : hit.start]), output.printable(text[hit.end : end])
    found = output.colour(output.printable(hit.text), "bold")
    return f"{'…' if start else ''}{before}{found}{after}{'…' if end < len(text) else ''}"


def _titled(document: Document, matches: Iterable[RuleMatch]) -> str:
    """The title with its hits marked."""
    spans = apart({(h.start, h.end) for m in matches for h in m.hits if h.field == "title"})
    return marked(document.title, spans) or "(no title)"


def _tell(document: Document, matches: Iterable[RuleMatch]) -> None:
    """Each rule with the sentence that tells most of it."""
    for match in matches:
        elsewhere = [hit for hit in match.hits if hit.field != "title"]
        text, marks = excerpt(document, elsewhere, SENTENCE) if elsewhere else ("", ())
        weak = " (weak)" if match.strength == "weak" else ""
        output.out(f"    {match.rule}{weak}: {marked(text, marks) or 'in the title'}")


def marked(text: str, marks: Iterable[tuple[int, int]]) -> str:
    """A text on one line with parts in bold; between asterisks where nothing is bold."""
    made, at = "", 0
    for start, end in marks:
        found = output.printable(text[start:end])
        shown = output.colour(found, "bold")
        made += output.printable(text[at:start]) + (f"*{found}*" if shown == found else shown)
        at = end
    return made + output.printable(text[at:])


def _engine(config: Config | None, names: list[str], query: str | None) -> Engine:
    from monitor.rules.compiling import compile_query

    if query is not None:
        from monitor.config.packs import hint_with_pack

        try:
            if config is None:
                return compile_query(query, ())
            return compile_query(query, config.entities, languages=config.languages)
        except QueryError as error:
            error.hint = hint_with_pack(error.message, error.hint, config)
            raise
    assert config is not None, "without a query the configuration was required"
    from monitor.cli.rules import chosen_rules, engine_of

    chosen = chosen_rules(config, names)
    left = left_in([rule.name for rule in chosen if rule.enabled], output.say)
    return engine_of(replace(config, rules=tuple(rule for rule in chosen if rule.name in left)))
