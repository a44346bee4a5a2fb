"""Articles in files: `.txt`, `.html`, and `.jsonl` with one article a line."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.cli import output
from monitor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from monitor.model import Document
    from monitor.settings import FeedConfig

STDIN = "-"
LINES = (".jsonl", ".ndjson")
KINDS = (".txt", ".html", ".htm", *LINES)
# JSON may hold halves of characters, which cannot be printed. The stand-in is as long, so offsets hold.
_HALF = re.compile("[\ud800-\udfff]")
_TITLE = re.compile(r"<title\b[^>]*>(.*?)</title\s*>", re.IGNORECASE | re.DOTALL)
_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_-]{2,20})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Judged:
    """A document to be judged, with the name it has in the output."""

    id: str | int
    document: Document
    published: datetime | None = None


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
