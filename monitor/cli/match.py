"""`tocsin match`: the rules on files, or on what is stored; changes nothing."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli import context, output

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from monitor.model import Document
    from monitor.rules.engine import Engine
    from monitor.settings import Config

EXAMPLE = "Example: tocsin match --query 'talibans AND doha' articles.jsonl --json"


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(epilog=EXAMPLE)(match)


def match(
    files: Annotated[
        list[str] | None, typer.Argument(metavar="FILE…", help=".txt, .html, .jsonl, or -")
    ] = None,
    stored: Annotated[
        str | None, typer.Option("--stored", help="What is stored of so long, e.g. 7d.")
    ] = None,
    rule: Annotated[list[str] | None, typer.Option("--rule", help="Only this rule; may be repeated.")] = None,
    query: Annotated[str | None, typer.Option("--query", help="This query instead of the rules.")] = None,
) -> None:
    """Run the rules over files or stored articles, in input order; changes nothing."""
    from monitor.errors import UsageError

    if bool(files) == bool(stored):
        raise UsageError("name files, or --stored with a time span", hint="tocsin match --stored 7d")
    config = context.config_if_any() if query is not None else context.config()
    engine = _engine(config, rule or [], query)
    articles = _stored(stored) if stored else _from_files(files or [], config)
    for identity, document in articles:
        found = engine.match(document)
        if rule and query is None:
            found = tuple(m for m in found if m.rule in rule)
        if context.given.json:
            output.emit({"id": identity, "matches": [_shape(m) for m in found]})
        elif found:
            names = ", ".join(m.rule for m in found)
            hits = ", ".join(dict.fromkeys(h.text for m in found for h in m.hits))
            output.out(f"{identity}: {document.title} [{names}] {hits}")


def _engine(config: Config | None, names: list[str], query: str | None) -> Engine:
    from monitor.cli.words import known
    from monitor.plan import build_plan
    from monitor.rules.engine import compile_query

    if query is not None:
        return compile_query(query, config.entities if config else ())
    assert config is not None
    engine = build_plan(config)[0].engine
    for name in names:
        known(name, engine.rules, "rule")
    return engine


def _shape(found: Any) -> dict[str, Any]:
    from monitor.cli.rules import hit_shape

    return {"rule": found.rule, "strength": found.strength.value, "hits": [hit_shape(h) for h in found.hits]}


def _stored(since: str | None) -> Iterator[tuple[Any, Document]]:
    from monitor.cli.words import span
    from monitor.model import Document
    from monitor.store import sql
    from monitor.store.rows import to_db

    tags = {f.name: f.tags for f in context.config().feeds}
    start = to_db(datetime.now(UTC) - timedelta(seconds=span(since or "7d")))
    reader = context.reader()
    for row in reader.rows(sql.ARTICLES_SINCE, since=start):
        yield (
            row["url"] or row["id"],
            Document(
                title=row["title"],
                summary=row["summary"],
                body=row["body"],
                language=row["language"],
                feed=row["feed"],
                tags=tags.get(row["feed"], ()),
                categories=tuple(json.loads(row["categories"] or "[]")),
                source=row["source"],
                authors=tuple(json.loads(row["authors"] or "[]")),
                url=row["url"],
            ),
        )
    reader.close()


def _from_files(names: Iterable[str], config: Config | None) -> Iterator[tuple[Any, Document]]:
    from monitor.errors import UsageError

    feeds = {f.name: f for f in config.feeds} if config else {}
    for name in names:
        suffix = Path(name).suffix.lower()
        try:
            if name == "-":
                yield from _lines("standard input", sys.stdin, feeds)
            elif suffix in (".jsonl", ".ndjson"):
                with Path(name).open(encoding="utf-8-sig") as file:
                    yield from _lines(name, file, feeds)
            else:
                yield (
                    name,
                    _document(Path(name).read_text(encoding="utf-8-sig"), html=suffix in (".html", ".htm")),
                )
        except OSError as error:
            raise UsageError(
                f"cannot read {name}: {error.strerror}", hint="name a .txt, .html or .jsonl file"
            ) from None
        except UnicodeDecodeError:
            raise UsageError(f"{name} is not UTF-8 text", hint="iconv -t utf-8 converts it") from None


def _document(text: str, *, html: bool) -> Document:
    """A text file: the first line that is not empty is the title. An HTML file: its title, and its text."""
    from monitor.model import Document
    from monitor.text.html import html_to_text, one_line

    if html:
        start, end = text.lower().find("<title"), text.lower().find("</title")
        title = one_line(html_to_text(text[text.find(">", start) + 1 : end]), 500) if 0 <= start < end else ""
        return Document(title=title, body=html_to_text(text[:start] + text[end:] if title else text))
    lines = text.strip().split("\n", 1)
    return Document(title=lines[0].strip(), body=lines[1].strip() if len(lines) > 1 else "")


def _lines(name: str, lines: Iterable[str], feeds: dict[str, Any]) -> Iterator[tuple[Any, Document]]:
    from monitor.errors import UsageError

    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            article = dict(json.loads(line))
            yield article.get("id", f"{name}:{number}"), _article(article, feeds)
        except (ValueError, TypeError):
            raise UsageError(
                f"{name}:{number}: not an article in JSON",
                hint='one line: {"id": "1", "title": "…", "body": "…"}',
            ) from None


def _article(article: dict[str, Any], feeds: dict[str, Any]) -> Document:
    from monitor.articles.urls import source_of
    from monitor.model import Document

    feed = feeds.get(str(article.get("feed", "")))
    url = str(article.get("url") or "")
    language = article.get("language") or (feed.language if feed else None)
    return Document(
        title=str(article.get("title") or ""),
        summary=str(article.get("summary") or ""),
        body=str(article.get("body") or ""),
        language=str(language) if language else None,
        feed=str(article.get("feed") or ""),
        tags=(*(feed.tags if feed else ()), *_words(article.get("tags"))),
        categories=_words(article.get("category")),
        source=str(article.get("outlet") or source_of(url)),
        authors=_words(article.get("author")),
        url=url,
    )


def _words(value: Any) -> tuple[str, ...]:
    """A text, a list of texts, or nothing, as texts."""
    if value is None:
        return ()
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)
