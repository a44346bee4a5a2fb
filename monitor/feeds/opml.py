"""
Lists of feeds as OPML (1.0, 1.1 and 2.0), the format that feed readers export and import. Pure.

What programs write under this name differs: attributes in any case, the title as `title` or as `text`, the
address as `xmlUrl` or as `url`, any encoding, no `type`. All of it is read. What is refused is what no honest
list has: a document type (how small files ask for much memory), and more bytes, folders in each other, or
feeds than anybody follows.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from monitor.feeds.document import decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_BYTES = 10_000_000
MAX_DEPTH = 50
MAX_FEEDS = 50_000
NAMESPACE = "urn:tocsin:opml"  # of our own attribute: the feed's name in the configuration it came from
_OUR_NAME = "tocsin:name"
_ILLEGAL_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_BARE_AMPERSAND = re.compile(r"&(?!#?\w{1,31};)")
_BREAKS = re.compile(r"\s*[\t\n\r\v\f\x85\u2028\u2029]\s*")
# What `type` says where the address stands in `url`; lists and pages have other types (link, include).
_FEED_TYPES = frozenset({"rss", "rss1", "atom", "feed", "rdf", "pie", "json", "jsonfeed", "subscription"})


@dataclass(frozen=True, slots=True)
class OpmlFeed:
    """
    A feed in a list: its address, its title, and the folders it lies in as tags, outermost first.

    `name` is its name in the configuration that was exported, where Tocsin wrote the list.
    """

    url: str
    title: str = ""
    tags: tuple[str, ...] = ()
    name: str = ""


@dataclass(slots=True)
class _Listed:
    """What is known of one address while the list is read; tags as keys, in their order."""

    title: str
    name: str
    tags: dict[str, None]


@dataclass(slots=True)
class _Reader:
    """Collects the feeds while the XML parser walks over the outlines."""

    feeds: dict[str, _Listed] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)
    is_opml: bool = False
    is_ours: bool = False  # written by write_opml: every value is meant as it stands
    commented: int = 0  # how deep inside an outline that is commented out

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Enter an element: a feed, a folder, or anything else that a list may hold."""
        name = name.rpartition(":")[2].lower()
        if not self.is_opml:
            if name != "opml":
                raise ValueError(f"its first element is <{name[:40]}>, not <opml>")
            self.is_opml = True
            self.is_ours = attributes.get("xmlns:tocsin") == NAMESPACE
        if name != "outline":
            return
        if len(self.folders) == MAX_DEPTH:
            raise ValueError(f"it has more than {MAX_DEPTH} folders in each other")
        values = {k.lower(): v if self.is_ours else _one_line(v) for k, v in attributes.items()}
        if self.commented or values.get("iscomment", "").lower() == "true":
            self.commented += 1
        title = values.get("title") or values.get("text") or ""
        url = _address(values)
        if url and not self.commented:
            self._add(url, title, values.get(_OUR_NAME, ""))
        # A feed is no folder, but its end tag takes one away.
        self.folders.append("" if url else title)

    def end(self, name: str) -> None:
        """Leave an element."""
        if name.rpartition(":")[2].lower() == "outline":
            self.folders.pop()
            self.commented = max(0, self.commented - 1)

    def refuse(self, *_: object) -> None:
        """A document type has no place in a list of feeds."""
        raise ValueError("it has a document type declaration (<!DOCTYPE …>), which is not read")

    def _add(self, url: str, title: str, name: str) -> None:
        """Note a feed; one that lies in several folders is one feed with several tags."""
        listed = self.feeds.get(url)
        if listed is None:
            if len(self.feeds) == MAX_FEEDS:
                raise ValueError(f"it lists more than {MAX_FEEDS:,} feeds")
            listed = self.feeds[url] = _Listed(title, name, {})
        listed.title = listed.title or title
        listed.name = listed.name or name
        listed.tags.update(dict.fromkeys(filter(None, self.folders)))


def read_opml(document: bytes | str) -> tuple[OpmlFeed, ...]:
    """
    The feeds of an OPML document, in its order, each address once.

    Raises ValueError, with a sentence that names the line where it can, if it is no OPML or too large.
    """
    if len(document) > MAX_BYTES:
        raise ValueError(f"it is larger than the {MAX_BYTES // 1_000_000} MB a list of feeds may have")
    text = document if isinstance(document, str) else decode(document, "")[0]
    text = _ILLEGAL_IN_XML.sub("", text).lstrip("\ufeff \t\r\n")
    try:
        return _parsed(text)
    except expat.ExpatError as error:
        # Addresses with a bare "&" in them are the commonest fault of home-made lists.
        mended = _BARE_AMPERSAND.sub("&amp;", text)
        if mended != text:
            with contextlib.suppress(expat.ExpatError):
                return _parsed(mended)
        raise ValueError(f"line {error.lineno}: {expat.ErrorString(error.code)}") from None


def _parsed(text: str) -> tuple[OpmlFeed, ...]:
    """The feeds of a text; ExpatError where it is no XML, ValueError where it is no list of feeds."""
    reader = _Reader()
    parser = expat.ParserCreate("utf-8")  # it is decoded already, whatever it declares
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.StartDoctypeDeclHandler = reader.refuse
    try:
        parser.Parse(text.encode(), True)
    except ValueError as error:
        raise ValueError(f"line {parser.CurrentLineNumber}: {error}") from None
    return tuple(OpmlFeed(url, one.title, tuple(one.tags), one.name) for url, one in reader.feeds.items())


def write_opml(feeds: Iterable[OpmlFeed]) -> str:
    """An OPML 2.0 document; a feed with tags lies in folders of these names, the first outermost."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<opml version="2.0" xmlns:tocsin="{NAMESPACE}">',
        "<head><title>Feeds</title></head>",
        "<body>",
    ]
    open_folders: tuple[str, ...] = ()
    for feed in feeds:
        # One with more tags than folders may lie in each other is listed again, in the folders of the rest.
        for start in range(0, len(feed.tags) or 1, MAX_DEPTH - 1):
            folders = feed.tags[start : start + MAX_DEPTH - 1]
            if folders != open_folders:
                lines += ["</outline>"] * len(open_folders)
                lines += [f"<outline text={_attribute(tag)}>" for tag in folders]
                open_folders = folders
            lines.append(_outline(feed))
    lines += ["</outline>"] * len(open_folders)
    return "\n".join([*lines, "</body>", "</opml>", ""])


def _outline(feed: OpmlFeed) -> str:
    title = _attribute(feed.title or feed.url)
    name = f" {_OUR_NAME}={_attribute(feed.name)}" if feed.name else ""
    return f'<outline type="rss" text={title} title={title} xmlUrl={_attribute(feed.url)}{name}/>'


def _attribute(text: str) -> str:
    return quoteattr(_ILLEGAL_IN_XML.sub("", text))


def _one_line(text: str) -> str:
    """A value as one line; spaces inside it are the writer's."""
    return _BREAKS.sub(" ", text).strip()


def _address(values: Mapping[str, str]) -> str:
    """The address of an outline that is a feed; "" for a folder and for anything else."""
    url = values.get("xmlurl") or values.get("feedurl") or ""
    if not url and values.get("type", "").lower() in _FEED_TYPES:
        url = values.get("url", "")
    return _http(url)


def _http(url: str) -> str:
    """An address as it is fetched: `feed:` in front of it only tells a browser to start a reader."""
    if url[:7].lower() == "feed://":
        return "http://" + url[7:]
    return url[5:] if url[:5].lower() == "feed:" else url
