"""`tocsin fetch`: what a feed gives. Nothing is stored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli import context, output
from monitor.errors import TocsinError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.model import Entry, FetchResult, ParsedFeed
    from monitor.settings import Config, FeedConfig


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(epilog="Example: tocsin fetch https://www.lemonde.fr/rss/une.xml")(fetch)


def fetch(
    target: Annotated[str, typer.Argument(help="A URL, a configured feed's name, or a local file.")],
) -> None:
    """Fetch and parse a feed and show what it gives; stores nothing. Exit 1 if it is down or no feed."""
    import asyncio

    config = context.config_if_any()
    feeds = {f.name: f for f in config.feeds} if config else {}
    path = Path(target)
    if target in feeds or "://" in target:
        parsed = asyncio.run(_from_web(target, feeds.get(target), config))
    elif path.is_file():
        parsed = asyncio.run(_parse(_read(path), "", ""))
    else:
        raise UsageError(
            f"{target!r} is neither an address, nor a configured feed, nor a file", hint=_hint(target, feeds)
        )
    if parsed.error:
        raise TocsinError(f"{target}: {parsed.error}")
    _show(parsed)


async def _from_web(target: str, feed: FeedConfig | None, config: Config | None) -> ParsedFeed:
    from monitor.config.show import public_url
    from monitor.feeds.addresses import ports_of
    from monitor.feeds.fetch import HttpFetcher, user_agent
    from monitor.model import FetchRequest, FetchStatus
    from monitor.pipeline import request_for
    from monitor.service.clock import utc_now
    from monitor.store.rows import FeedState

    ranges = config.polling.allow_private if config else ()
    fetcher = HttpFetcher(user_agent(config.contact if config else None), allow_private=ranges)
    try:
        if feed:
            named = ports_of([feed.url.reveal()])
            request = request_for(feed, FeedState(0, feed.name, 0, utc_now()), named)
        else:
            request = FetchRequest(target, ports=ports_of([target]))
    except LookupError as missing:
        raise UsageError(f"feed {target}: {missing.args[0]}") from None
    result: FetchResult = await fetcher.fetch(request)
    if result.status is not FetchStatus.NEW:
        code = f" (HTTP {result.http_status})" if result.http_status else ""
        raise TocsinError(f"{target}: {result.message or result.status.value}{code}")
    if result.permanent_url:
        output.say(f"warning: it has moved for good to {public_url(result.permanent_url)}")
    return await _parse(result.body, result.content_type, result.final_url)


def _read(path: Path) -> bytes:
    from monitor.feeds.fetch import MAX_BODY

    try:
        if path.stat().st_size > MAX_BODY:
            raise TocsinError(f"{path} is larger than the {MAX_BODY // 1_000_000} MB a feed may have")
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None


def _hint(target: str, feeds: Mapping[str, FeedConfig]) -> str:
    from monitor.config.words import did_you_mean

    host = target.partition("/")[0]
    if "/" in target and "." in host.strip("."):
        return f"for an address write https://{target}"
    return did_you_mean(target, feeds) or "tocsin feeds list shows the names"


async def _parse(body: bytes, content_type: str, address: str) -> ParsedFeed:
    from monitor.feeds.parse import Parser

    parser = Parser()
    try:
        return await parser.parse(body, content_type=content_type, url=address)
    finally:
        await parser.close()


def _show(parsed: ParsedFeed) -> None:
    entries = [_entry(e) for e in parsed.entries]
    info = parsed.info
    if context.given.json:
        feed = {
            "title": _line(info.title),
            "link": info.link,
            "language": info.language,
            "format": info.format,
        }
        output.emit(
            {"feed": feed, "entries": entries, "parser": parsed.parser, "warnings": list(parsed.warnings)}
        )
        return
    output.out(output.colour(_line(info.title) or "(no title)", "bold"))
    facts = (_line(info.format) or "unknown format", _line(info.language or "") or "no language")
    output.out(f"{', '.join(facts)}, {len(entries)} entries")
    for entry in entries:
        output.out(f"{entry['published'] or entry['updated'] or 'undated':<20}  {entry['title']}")
        output.out(f"{'':<20}  {output.printable(entry['link'] or '(no link)')}")
    for warning in parsed.warnings:
        output.say(f"warning: {warning}")


def _entry(entry: Entry) -> dict[str, Any]:
    from monitor.text.html import html_to_text, one_line

    return {
        "id": entry.guid,
        "link": entry.link,
        "title": one_line(html_to_text(entry.title), 500),
        "published": output.rfc3339(entry.published),
        "updated": output.rfc3339(entry.updated),
        "summary": html_to_text(entry.summary),
        "content": html_to_text(entry.content),
        "authors": list(entry.authors),
        "categories": list(entry.categories),
    }


def _line(markup: str) -> str:
    """A piece of markup as plain text on one line."""
    from monitor.text.html import html_to_text

    return " ".join(html_to_text(markup).split())
