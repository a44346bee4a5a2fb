"""`tocsin extract`: the clean article of a page, and what was cut away and why. Nothing is stored."""

from __future__ import annotations

import os
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli import context, output
from monitor.errors import TocsinError, UsageError

if TYPE_CHECKING:
    from monitor.pages.values import Extracted


_KIND = 9  # characters of "confirmed"
_LEAST = 30  # characters of text on a line, however narrow the terminal


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command(epilog="Example: tocsin extract https://www.example.org/news/talks-in-doha")(extract)


def extract(
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="A page's address, or an .html or .txt file.")
    ],
) -> None:
    """Show a page's clean article, what was cut, and why. Stores nothing; exit 1 if it is no page."""
    import asyncio

    path = Path(target)
    if "://" in target:
        found = asyncio.run(_from_web(target))
    elif path.suffix.lower() == ".txt" and path.is_file():
        found = _of_text(_read(path), target)
    elif path.is_file():
        found = asyncio.run(_extracted(_read(path), "", ""))
    else:
        said = f"{output.printable(target)!r} is neither an address nor a file"
        raise UsageError(said, hint=_hint(target))
    if found.error:
        raise TocsinError(f"{output.printable(target)}: {found.error}")
    if context.given.json:
        output.emit(_shape(found))
    else:
        _show(found)
    from monitor.pages.values import usable

    if not found.lines:
        output.say("no article was found on this page")
    elif path.suffix.lower() != ".txt" and (why := usable(found, "")):
        output.say(f"teaser only: {why}")


def _of_text(content: bytes, name: str) -> Extracted:
    """A plain text: its first line is the title; the others go through the furniture guard."""
    from monitor.pages.values import Extracted
    from monitor.text.furniture import without_furniture
    from monitor.text.language import UNKNOWN, guess

    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{name} is not UTF-8 text", hint="save it as UTF-8") from None
    title, *lines = [line for line in map(str.strip, text.split("\n")) if line] or [""]
    kept, cut = without_furniture(lines, title)
    language = guess("\n".join([title, *lines]))
    return Extracted(title, kept, cut, language=None if language == UNKNOWN else language)


async def _from_web(target: str) -> Extracted:
    from monitor.feeds.addresses import ports_of
    from monitor.feeds.fetch import HttpFetcher, user_agent
    from monitor.model import FetchRequest, FetchStatus

    config = context.config_if_any()
    ranges = config.polling.allow_private if config else ()
    fetcher = HttpFetcher(user_agent(config.contact if config else None), allow_private=ranges)
    result = await fetcher.fetch(FetchRequest(target, ports=ports_of([target])))
    if result.status is not FetchStatus.NEW:
        code = f" (HTTP {result.http_status})" if result.http_status else ""
        raise TocsinError(f"{target}: {result.message or result.status.value}{code}")
    return await _extracted(result.body, result.content_type, result.final_url)


async def _extracted(body: bytes, content_type: str, url: str) -> Extracted:
    from monitor.pages.extractor import Extractor

    extractor = Extractor()
    try:
        return await extractor.extract(body, content_type=content_type, url=url)
    finally:
        await extractor.close()


def _read(path: Path) -> bytes:
    from monitor.pages.extractor import MAX_PAGE

    try:
        if path.stat().st_size > MAX_PAGE:
            raise TocsinError(f"{path} is larger than the {MAX_PAGE // 1_000_000} MB a page may have")
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from None


def _hint(target: str) -> str:
    if Path(target).suffix.lower() in (".html", ".htm"):
        return "there is no file of this name; an address begins with https://"
    if "." in target.partition("/")[0].strip("."):
        return f"for an address write https://{target}"
    return "give a page's address with its https://, or the path of a file"


def _shape(found: Extracted) -> dict[str, Any]:
    return {
        "title": found.title,
        "text": found.text,
        "confirmed": found.confirmed,
        "language": found.language,
        "published": output.rfc3339(found.published),
        "updated": output.rfc3339(found.updated),
        "authors": list(found.authors),
        "canonical": found.canonical,
        "live": found.live,
        "paywalled": found.paywalled,
        "weak": [{"text": line.text, "why": line.why} for line in found.lines if line.why],
        "cut": [{"text": cut.text, "why": cut.why} for cut in found.cut],
    }


def _show(found: Extracted) -> None:
    """The same for people: facts, then each piece of text with what became of it."""
    output.out(output.colour(output.printable(found.title) or "(no title)", "bold"))
    facts = [
        found.language or "no language",
        output.rfc3339(found.published) or "undated",
        *(f"by {', '.join(found.authors)}" for _ in found.authors[:1]),
        *("live blog" for _ in range(found.live)),
        *("behind a paywall" for _ in range(found.paywalled)),
    ]
    output.out(output.printable(", ".join(facts)))
    if found.canonical:
        output.out(output.printable(found.canonical))
    if not found.lines and not found.cut:
        return
    output.out()
    wide = os.get_terminal_size().columns if sys.stdout.isatty() else 0
    for line in found.lines:
        kind, colour = ("weak", "yellow") if line.why else ("confirmed", "green")
        _piece(kind, colour, line.text, line.why, wide)
    for cut in found.cut:
        _piece("cut", "dim", cut.text, cut.why, wide)
    weak = sum(bool(line.why) for line in found.lines)
    sure = len(found.lines) - weak
    output.say(f"{sure} confirmed, {weak} weak, {len(found.cut)} cut")


def _piece(kind: str, colour: str, text: str, why: str, wide: int) -> None:
    """A piece of the page with what became of it: on one line or, where `wide` is a width, wrapped to it."""
    said = output.printable(" ".join(text.split()))
    reason = f"({output.printable(why)})" if why else ""
    head = output.colour(f"{kind:<{_KIND}}", colour)
    if not wide:
        output.out(f"{head}  {said}{'  ' if reason else ''}{reason}")
        return
    room = max(wide - _KIND - 2, _LEAST)
    if kind == "cut":  # nobody reads it whole: enough to know what it is
        said = textwrap.shorten(said, room, placeholder=" …")
    rows = [*textwrap.wrap(said, room), *(output.colour(row, "dim") for row in textwrap.wrap(reason, room))]
    for number, row in enumerate(rows):
        output.out(f"{' ' * _KIND if number else head}  {row}")
