"""
Articles in files: `.txt`, `.html`, and `.jsonl` with one article a line.

A web page is read as the daemon reads pages: only lines that are confirmed as its article make a rule hold
strongly. What is no article, or says too little to be one, is told with its reason, and nothing is lost:
where no article is found, all text of the page stands as a body of which nothing is confirmed.
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.cli import output
from monitor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from monitor.model import Document
    from monitor.pages.values import Extracted
    from monitor.settings import FeedConfig

STDIN = "-"
LINES = (".jsonl", ".ndjson")
KINDS = (".txt", ".html", ".htm", *LINES)
# JSON may hold halves of characters, which cannot be printed. The stand-in is as long, so offsets hold.
_HALF = re.compile("[\ud800-\udfff]")
_TITLE = re.compile(r"<title\b[^>]*>(.*?)</title\s*>", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Judged:
    """A document to be judged, with the name it has in the output; `note` says what a page's text lacks."""

    id: str | int
    document: Document
    published: datetime | None = None
    note: str = ""


def from_files(files: list[str], feeds: Mapping[str, FeedConfig]) -> Iterator[Judged]:
    """The documents of these files, in order; UsageError at once for what cannot be read."""
    for name in files:
        if name != STDIN:
            _refuse_unreadable(name)
    return _all(files, feeds)


def _all(files: list[str], feeds: Mapping[str, FeedConfig]) -> Iterator[Judged]:
    with contextlib.ExitStack() as until_the_end:
        pages = _Pages(until_the_end)
        for name in files:
            yield from _from_file(name, feeds, pages)


def _refuse_unreadable(name: str) -> None:
    """Say what cannot be read before anything is printed."""
    path = Path(name)
    if path.suffix.lower() not in KINDS:
        raise UsageError(f"{name}: not one of {', '.join(KINDS)}", hint="its ending says how to read a file")
    if not path.is_file():
        raise UsageError(f"there is no file {name}")


def _from_file(name: str, feeds: Mapping[str, FeedConfig], pages: _Pages) -> Iterator[Judged]:
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
            yield pages.read(name, path.read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {name}: {error.strerror}") from None


def _text_file(content: bytes, name: str) -> Document:
    from monitor.rules.ruletests import text_document

    try:
        return text_document(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UsageError(f"{name} is not UTF-8 text", hint="save it as UTF-8") from None


# --- web pages ---------------------------------------------------------------------------------------


class _Pages:
    """Reads pages in the killable process, which is started for the first and ends with `until_the_end`."""

    def __init__(self, until_the_end: contextlib.ExitStack) -> None:
        self._stack = until_the_end
        self._extract: Callable[[bytes], Extracted] | None = None

    def read(self, name: str, content: bytes) -> Judged:
        """A page's article, or what there is instead; says on standard error where that is not the whole."""
        from monitor.pages.values import usable

        if self._extract is None:
            self._extract = self._started()
        found = self._extract(content)
        note = usable(found, "")
        judged = _article(name, found) if found.lines else _whole_page(name, content)
        if not note:
            return judged
        what = "teaser only" if found.lines else "no article was found, so nothing of its text is confirmed"
        note = f"{what}: {note}"
        output.say(f"warning: {output.printable(name)}: {note}")
        return replace(judged, note=note)

    def _started(self) -> Callable[[bytes], Extracted]:
        import asyncio

        from monitor.pages.extractor import Extractor

        runner = self._stack.enter_context(asyncio.Runner())
        extractor = Extractor()
        self._stack.callback(lambda: runner.run(extractor.close()))
        return lambda content: runner.run(extractor.extract(content))


def _article(name: str, found: Extracted) -> Judged:
    """The article that was found on a page."""
    from monitor.articles.urls import clean_url, source_of
    from monitor.model import Document

    url = found.canonical or found.og_url or ""
    document = Document(
        title=found.title,
        body=found.text,
        language=found.language,
        source=source_of(url),
        authors=found.authors,
        url=clean_url(url) or url,
        unconfirmed=found.unconfirmed,
    )
    return Judged(name, document, found.published)


def _whole_page(name: str, content: bytes) -> Judged:
    """A page without an article: its <title>, and all other text as a body that nobody confirmed."""
    from monitor.model import Document
    from monitor.pages.charset import decode
    from monitor.text.html import html_to_text

    markup = decode(content, "")
    title = _TITLE.search(markup)
    rest = markup[: title.start()] + markup[title.end() :] if title else markup
    body = html_to_text(rest)
    document = Document(
        title=" ".join(html_to_text(title[1]).split()) if title else "",
        body=body,
        unconfirmed=((0, len(body)),) if body else (),
    )
    return Judged(name, document)


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
        yield Judged(item.id(), item.document(feeds.get(feed)), item.time("published"))
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
        return self._whole(value)

    def time(self, key: str) -> datetime | None:
        """A moment; without a zone it is UTC, as in feeds. None if it is missing or cannot be read."""
        from datetime import UTC, datetime

        try:
            moment = datetime.fromisoformat(self.text(key))
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            return None

    def body(self) -> str:
        """The body; without one, the sentences of a corpus that is kept as a list of them, a line each."""
        if "body" not in self._values and "sentences" in self._values:
            return "\n".join(self.texts("sentences", each=True))
        return self.text("body")

    def texts(self, *keys: str, each: bool = False) -> tuple[str, ...]:
        """The values of all these keys, one text or a list; `each`: those that come twice stay."""
        found: list[str] = []
        for key in keys:
            value = self._values.get(key)
            values = [value] if isinstance(value, str) else value or []
            if not isinstance(values, list) or not all(isinstance(text, str) for text in values):
                raise UsageError(f"{self._where}: '{key}' must be text or a list of texts")
            found += [self._whole(text) for text in values]
        return tuple(found if each else dict.fromkeys(found))

    @staticmethod
    def _whole(text: str) -> str:
        return text if text.isascii() else _HALF.sub("\ufffd", text)

    def document(self, feed: FeedConfig | None) -> Document:
        """The document, with what its configured feed brings."""
        from monitor.articles.urls import clean_url, source_of
        from monitor.model import Document

        url = self.text("url")
        return Document(
            title=self.text("title"),
            summary=self.text("summary"),
            body=self.body(),
            language=self.text("language") or (feed.language if feed else None),
            feed=self.text("feed"),
            tags=tuple(dict.fromkeys((*(feed.tags if feed else ()), *self.texts("tags")))),
            categories=self.texts("category", "categories"),
            source=source_of(url) or self.text("outlet"),
            authors=self.texts("author", "authors"),
            url=clean_url(url) or url,
        )
