"""Lists of feeds as OPML, the format that feed readers export and import. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_ILLEGAL_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class OpmlFeed:
    """A feed in a list: its address, its title, and the folders it lies in as tags, outermost first."""

    url: str
    title: str = ""
    tags: tuple[str, ...] = ()


class _Reader:
    """Collects the feeds while the XML parser walks over the outlines."""

    def __init__(self) -> None:
        self.feeds: dict[str, OpmlFeed] = {}
        self._folders: list[str] = []
        self._is_opml = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Enter an element: a feed, a folder, or anything else that a list may hold."""
        if not self._is_opml:
            if name.lower() != "opml":
                raise ValueError(f"its first element is <{name[:40]}>, not <opml>")
            self._is_opml = True
        if name.lower() != "outline":
            return
        values = {key.lower(): " ".join(value.split()) for key, value in attributes.items()}
        title = values.get("title") or values.get("text") or ""
        url = _http(values.get("xmlurl", ""))
        if url:
            self._add(OpmlFeed(url, title, tuple(dict.fromkeys(filter(None, self._folders)))))
        # A feed is no folder, but its end tag takes one away.
        self._folders.append("" if url else title)

    def end(self, name: str) -> None:
        """Leave an element."""
        if name.lower() == "outline":
            self._folders.pop()

    def refuse(self, *_: object) -> None:
        """A document type has no place in a list of feeds, and is how small files ask for much memory."""
        raise ValueError("it has a document type declaration (<!DOCTYPE …>), which is not read")

    def _add(self, feed: OpmlFeed) -> None:
        """Note a feed; one that lies in several folders is one feed with several tags."""
        earlier = self.feeds.get(feed.url)
        if earlier is not None:
            feed = OpmlFeed(
                feed.url, earlier.title or feed.title, tuple(dict.fromkeys(earlier.tags + feed.tags))
            )
        self.feeds[feed.url] = feed


def read_opml(text: str) -> tuple[OpmlFeed, ...]:
    """
    The feeds of an OPML document, in its order, each address once.

    Raises ValueError, with a sentence that names the line where it can, if the text is no OPML.
    """
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.StartDoctypeDeclHandler = reader.refuse
    try:
        parser.Parse(text.lstrip("\ufeff \t\r\n"), True)
    except expat.ExpatError as error:
        raise ValueError(f"line {error.lineno}: {expat.ErrorString(error.code)}") from None
    return tuple(reader.feeds.values())


def write_opml(feeds: Iterable[OpmlFeed]) -> str:
    """An OPML 2.0 document; a feed with tags lies in folders of these names, the first outermost."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<opml version="2.0">',
        "<head><title>Feeds</title></head>",
        "<body>",
    ]
    open_folders: tuple[str, ...] = ()
    for feed in feeds:
        if feed.tags != open_folders:
            lines += ["</outline>"] * len(open_folders)
            lines += [f"<outline text={_attribute(tag)}>" for tag in feed.tags]
            open_folders = feed.tags
        title = _attribute(feed.title or feed.url)
        lines.append(f'<outline type="rss" text={title} title={title} xmlUrl={_attribute(feed.url)}/>')
    lines += ["</outline>"] * len(open_folders)
    return "\n".join([*lines, "</body>", "</opml>", ""])


def _attribute(text: str) -> str:
    return quoteattr(_ILLEGAL_IN_XML.sub("", text))


def _http(url: str) -> str:
    """An address as it is fetched: `feed:` in front of it only tells a browser to start a reader."""
    if url[:7].lower() == "feed://":
        return "http://" + url[7:]
    return url[5:] if url[:5].lower() == "feed:" else url
