"""`tocsin match`: which rules hold for files or for what is stored; changes nothing."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli import context, output
from monitor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from monitor.model import Document, Hit, RuleMatch
    from monitor.rules.engine import Engine
    from monitor.settings import Config, FeedConfig

STDIN = "-"
LINES = (".jsonl", ".ndjson")
KINDS = (".txt", ".html", ".htm", *LINES)
AROUND = 40  # characters shown on either side of a hit
# JSON may hold halves of characters, which cannot be printed. The stand-in is as long, so offsets hold.
_HALF = re.compile("[\ud800-\udfff]")
_TITLE = re.compile(r"<title\b[^>]*>(.*?)</title\s*>", re.IGNORECASE | re.DOTALL)
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]{2,20})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Judged:
    """A document to be judged, with the name it has in the output."""

    id: str | int
    document: Document


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
        list[str] | None, typer.Option("--rule", metavar="NAME", help="Only this rule; may be repeated.")
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
    feeds = {feed.name: feed for feed in config.feeds} if config else {}
    judged = _stored(stored, feeds) if stored else from_files(files or [], feeds)
    matched = total = 0
    for item in judged:
        matches = engine.match(item.document)
        total += 1
        matched += bool(matches)
        if context.given.json:
            output.emit(as_json(item.id, matches))
        elif matches:
            output.out(_line(item, matches))
    if not context.given.json:
        output.say(f"{matched} of {total} {'article matches' if total == 1 else 'articles match'}")


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


def _line(item: Judged, matches: tuple[RuleMatch, ...]) -> str:
    title = output.printable(item.document.title)
    hits = [hit for m in matches for hit in m.hits]
    shown = next((hit for hit in hits if hit.field != "title"), hits[0]) if hits else None
    where = f'  "{snippet(item.document, shown)}"' if shown else ""
    return f"{output.printable(str(item.id))}  {title}  [{', '.join(m.rule for m in matches)}]{where}"


def _engine(config: Config | None, names: list[str], query: str | None) -> Engine:
    from monitor.rules.engine import compile_query

    if query is not None:
        if config is None:
            return compile_query(query, ())
        return compile_query(query, config.entities, languages=config.languages)
    assert config is not None, "without a query the configuration was required"
    from monitor.cli.rules import chosen_rules, engine_of

    return engine_of(replace(config, rules=chosen_rules(config, names)))


# --- files -------------------------------------------------------------------------------------------


def from_files(files: list[str], feeds: Mapping[str, FeedConfig]) -> Iterator[Judged]:
    """The documents of these files, in order; UsageError at once for what cannot be read."""
    for name in files:
        if name != STDIN:
            _refuse_unreadable(name)
    return (item for name in files for item in _from_file(name, feeds))


def _refuse_unreadable(name: str) -> None:
    """Say what cannot be read before anything is printed."""
    path = Path(name)
    if path.suffix.lower() not in KINDS:
        raise UsageError(f"{name}: not one of {', '.join(KINDS)}", hint="its ending says how to read a file")
    if not path.is_file():
        raise UsageError(f"there is no file {name}")


def _from_file(name: str, feeds: Mapping[str, FeedConfig]) -> Iterator[Judged]:
    if name == STDIN:
        yield from _from_lines(sys.stdin.buffer, "stdin", feeds)
        return
    path = Path(name)
    try:
        if path.suffix.lower() in LINES:
            with path.open("rb") as lines:
                yield from _from_lines(lines, name, feeds)
        elif path.suffix.lower() == ".txt":
            yield Judged(name, _text_file(path.read_bytes(), name))
        else:
            yield Judged(name, _page(path.read_bytes()))
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror}") from None


def _text_file(content: bytes, name: str) -> Document:
    from monitor.rules.ruletests import text_document

    try:
        return text_document(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UsageError(f"{name} is not UTF-8 text", hint="save it as UTF-8") from None


def _page(content: bytes) -> Document:
    """A web page as it is: its <title>, and all other text as the body."""
    from monitor.model import Document
    from monitor.text.html import html_to_text

    markup = _decoded(content)
    title = _TITLE.search(markup)
    if title is None:
        return Document(body=html_to_text(markup))
    rest = markup[: title.start()] + markup[title.end() :]
    return Document(title=" ".join(html_to_text(title[1]).split()), body=html_to_text(rest))


def _decoded(content: bytes) -> str:
    """A page as text: UTF-8 where it is that, else what it says it is, else what browsers assume."""
    named = _CHARSET.search(content[:2048])
    for encoding in ("utf-8-sig", named[1].decode() if named else "cp1252"):
        try:
            return content.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    return content.decode("cp1252", "replace")


# --- lines of JSON -----------------------------------------------------------------------------------


def _from_lines(lines: Iterable[bytes], name: str, feeds: Mapping[str, FeedConfig]) -> Iterator[Judged]:
    unknown: set[str] = set()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        where = f"{name}:{number}"
        item = _Item(_object(line, where), where)
        feed = item.text("feed")
        if feed and feed not in feeds:
            unknown.add(feed)
        yield Judged(item.id(), item.document(feeds.get(feed)))
    if feeds and unknown:
        listed = ", ".join(output.printable(feed) for feed in sorted(unknown)[:5])
        more = f" and {len(unknown) - 5} more" if len(unknown) > 5 else ""
        output.say(f"warning: {name}: not configured, so without tags: feed {listed}{more}")


def _object(line: bytes, where: str) -> dict[str, Any]:
    try:
        value = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UsageError(f"{where}: not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise UsageError(f"{where}: not JSON: {error.msg} (column {error.colno})") from None
    except (ValueError, RecursionError):
        raise UsageError(f"{where}: not JSON that can be read") from None
    if not isinstance(value, dict):
        raise UsageError(f"{where}: a line must be an object", hint='for example {"id": "1", "title": "…"}')
    return value


class _Item:
    """One line's object, read with care: a wrong kind of value is told with its place."""

    def __init__(self, values: dict[str, Any], where: str) -> None:
        self._values = values
        self._where = where

    def id(self) -> str | int:
        value = self._values.get("id")
        if value is None:
            return self._where
        if isinstance(value, str):
            return _HALF.sub("\ufffd", value)
        if isinstance(value, int):
            return value
        raise UsageError(f"{self._where}: 'id' must be text or a whole number")

    def text(self, key: str) -> str:
        value = self._values.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise UsageError(f"{self._where}: '{key}' must be text")
        return value if value.isascii() else _HALF.sub("\ufffd", value)

    def texts(self, *keys: str) -> tuple[str, ...]:
        """The values of all these keys; each may be one text or a list of them."""
        found: list[str] = []
        for key in keys:
            value = self._values.get(key)
            values = [value] if isinstance(value, str) else value or []
            if not isinstance(values, list) or not all(isinstance(text, str) for text in values):
                raise UsageError(f"{self._where}: '{key}' must be text or a list of texts")
            found += values
        return tuple(dict.fromkeys(found))

    def document(self, feed: FeedConfig | None) -> Document:
        """The document, with what its configured feed brings."""
        from monitor.articles.urls import clean_url, source_of
        from monitor.model import Document

        url = self.text("url")
        return Document(
            title=self.text("title"),
            summary=self.text("summary"),
            body=self.text("body"),
            language=self.text("language") or (feed.language if feed else None),
            feed=self.text("feed"),
            tags=tuple(dict.fromkeys((*(feed.tags if feed else ()), *self.texts("tags")))),
            categories=self.texts("category", "categories"),
            source=source_of(url) or self.text("outlet"),
            authors=self.texts("author", "authors"),
            url=clean_url(url) or url,
        )


# --- the database ------------------------------------------------------------------------------------


def _stored(age: str, feeds: Mapping[str, FeedConfig]) -> Iterator[Judged]:
    from monitor.cli.words import span
    from monitor.model import Document
    from monitor.store import sql
    from monitor.store.rows import to_db

    since = datetime.now(UTC) - timedelta(seconds=span(age))
    reader = context.reader()
    try:
        for row in reader.rows(sql.ARTICLES_SINCE, since=to_db(since)):
            feed = feeds.get(row["feed"])
            yield Judged(
                row["url"] or row["id"],
                Document(
                    title=row["title"],
                    summary=row["summary"],
                    body=row["body"],
                    language=row["language"],
                    feed=row["feed"],
                    tags=feed.tags if feed else (),
                    categories=tuple(json.loads(row["categories"] or "[]")),
                    source=row["source"],
                    authors=tuple(json.loads(row["authors"] or "[]")),
                    url=row["url"],
                ),
            )
    finally:
        reader.close()
