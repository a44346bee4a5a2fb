"""
Reads well-formed RSS and Atom documents many times quicker than feedparser. Pure; runs in the worker.

Theory of operation. `parse_fast` gives an answer only where it is certain, and None on every doubt, so that
feedparser, which has seen everything, decides: XML that is not well-formed, declarations, formats other than
RSS 0.9x, 1.0, 2.0 and Atom 1.0, dates nobody can read, addresses that need xml:base, markup where text is
due, a different number of items than their end tags promise.

expat calls us at each start, end and text. The grammar below says what is read where: a place is a table of
element names; a name leads to another place, to a text, or (if it is missing) to something that is skipped
with all it holds. So the handlers know no formats. They collect each item as a list of fields in document
order; when an item ends, ordinary functions turn its fields into the entry that worker.py describes. Nothing
recurses, and each character is looked at once.

Where feedparser answers differently we prefer what is right: an item's own link before others, the first
alternate link before the last, an item's description before the caption of its picture.
"""

from __future__ import annotations

import contextlib
import math
import re
from html import escape
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

from monitor.feeds.dates import email_date, rfc3339, utc_text
from monitor.feeds.document import absolute

if TYPE_CHECKING:
    from collections.abc import Iterator

_Place = dict[str, Any]
_Attributes = dict[str, str]
# Name, text, attributes, and the fields inside a field that has some.
_Field = tuple[str, str, _Attributes, list[Any]]
_Found = dict[str, list[_Field]]
_NONE: list[Any] = []

_MAX_DEPTH = 100
_BUFFER = 65_536

_NAMESPACES = {
    "": "",
    "http://www.w3.org/2005/atom": "",
    "http://purl.org/rss/1.0/": "",
    "http://my.netscape.com/rdf/simple/0.9/": "",
    "http://blogs.law.harvard.edu/tech/rss": "",
    "http://www.w3.org/1999/xhtml": "xhtml:",
    "http://purl.org/dc/elements/1.1/": "dc:",
    "http://purl.org/dc/terms/": "dcterms:",
    "http://purl.org/rss/1.0/modules/content/": "content:",
    "http://purl.org/rss/1.0/modules/syndication/": "sy:",
    "http://purl.org/rss/modules/syndication/": "sy:",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner:",
    "http://search.yahoo.com/mrss/": "media:",
    "http://search.yahoo.com/mrss": "media:",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes:",
}
_SAME = {
    "id": "guid",
    "pubdate": "published",
    "issued": "published",
    "dcterms:issued": "published",
    "dcterms:created": "created",
    "modified": "updated",
    "lastbuilddate": "updated",
    "dc:date": "updated",
    "dcterms:modified": "updated",
    "dc:author": "author",
    "dc:creator": "author",
    "itunes:author": "author",
    "managingeditor": "author",
    "dc:subject": "category",
    "keywords": "category",
    "media:category": "category",
    "itunes:category": "category",
    "itunes:keywords": "media:keywords",
    "dc:title": "title",
    "dc:language": "language",
}

_XML_BASE = "http://www.w3.org/XML/1998/namespace base"
_XML_LANG = "http://www.w3.org/XML/1998/namespace lang"
_RDF_ABOUT = "http://www.w3.org/1999/02/22-rdf-syntax-ns# about"

# The grammar: what is read at which place.
_TEXT: _Place = {}
_DOUBT: _Place = {}
_PERSON: _Place = dict.fromkeys(("name", "email"), _TEXT)
_SOURCE: _Place = dict.fromkeys(("title", "link"), _TEXT)
_MEDIA: _Place = dict.fromkeys(("media:title", "media:description", "category", "media:keywords"), _TEXT)
_MEDIA |= {"media:group": _MEDIA, "media:content": _MEDIA, "categories": _MEDIA}
_ITEM: _Place = {
    **dict.fromkeys(("title", "link", "guid", "description", "summary", "content", "content:encoded"), _TEXT),
    **dict.fromkeys(("published", "updated", "created", "language", "feedburner:origlink"), _TEXT),
    **dict.fromkeys(("dc:description", "itunes:summary"), _TEXT),
    **_MEDIA,
    "author": _PERSON,
    "source": _SOURCE,
    **dict.fromkeys(("item", "entry", "body", "xhtml:body", "fullitem", "abstract", "tags"), _DOUBT),
}
_FEED: _Place = {
    **dict.fromkeys(("title", "link", "guid", "published", "updated", "language"), _TEXT),
    **dict.fromkeys(("ttl", "sy:updateperiod", "sy:updatefrequency"), _TEXT),
}
_ATOM: _Place = {**_FEED, "entry": _ITEM, "item": _DOUBT}
_CHANNEL: _Place = {**_FEED, "item": _ITEM, "entry": _DOUBT}
_RSS: _Place = {"channel": _CHANNEL, "item": _ITEM, "entry": _DOUBT}

_ROOTS = {
    "rss": _RSS,
    "http://www.w3.org/1999/02/22-rdf-syntax-ns# RDF": _RSS,
    "http://www.w3.org/2005/Atom feed": _ATOM,
}
_RSS_VERSIONS = {"0.91": "rss091u", "0.92": "rss092", "0.93": "rss093", "0.94": "rss094"}

_TYPES = {
    "text": "text/plain",
    "plain": "text/plain",
    "text/plain": "text/plain",
    "html": "text/html",
    "text/html": "text/html",
    "xhtml": "application/xhtml+xml",
    "application/xhtml+xml": "application/xhtml+xml",
}
_MARKUP_TYPES = ("text/html", "application/xhtml+xml")
_SUMMARIES = frozenset({"description", "summary"})
_OTHER_SUMMARIES = frozenset({"dc:description", "itunes:summary", "media:description"})
_CONTENTS = frozenset({"content", "content:encoded"})
_TYPED = frozenset({"title", "media:title", *_SUMMARIES, *_OTHER_SUMMARIES, *_CONTENTS})
# In Atom. RSS says nothing about its texts, so they are markup.
_PLAIN_UNLESS_TYPED = frozenset({"title", "summary", "content", "media:title", "itunes:summary"})

# Control characters that stand for characters of Windows, and texts that were encoded twice. Both are rare,
# so texts are mended, as feedparser does, only in documents where one of these is found.
_DAMAGED = re.compile(rb"\xc2[\x80-\x9f]")
_ENCODED_TWICE = re.compile(rb"\xc3[\x82-\x9f]\xc2")
_DAMAGED_REFERENCE = re.compile(rb"&#(?:1[2-5]\d;|[xX]0*[89][\da-fA-F];|(?:19[4-9]|2[0-4]\d);&#1[2-9]\d;)")
_WINDOWS = {n: bytes([n]).decode("cp1252", "ignore") or chr(n) for n in range(0x80, 0xA0)}
_W3C_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?")
# What urljoin would hand back as it is, for more than our whole work on an item.
_PLAIN_ADDRESS = re.compile(r"https?://[a-zA-Z0-9.-]+(?:/[!-\"$-:<->@-~]*)?(?:\?[!-\"$-~]+)?")
_MAIL_ADDRESS = re.compile(r"[\w.+-]{1,100}@[\w.-]{1,100}")
_SECONDS = {"hourly": 3_600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}


class _DoubtError(Exception):
    """Stops the parser, which calls us and can be stopped in no other way; never leaves this module."""


class _Tag(str):
    """A tag among the pieces of a text that is markup."""

    __slots__ = ()


def parse_fast(text: str, items: int, url: str) -> dict[str, Any] | None:
    """
    The answer of worker.parse_document for a prepared document with so many items, or None on any doubt.

    `text` starts with the root element; `url` is the document's address. Never raises for what it holds.
    """
    parser = expat.ParserCreate("utf-8", " ")
    parser.buffer_size = _BUFFER
    parser.buffer_text = True
    reader = _Reader()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.pieces.append
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartNamespaceDeclHandler = reader.declare
    try:
        data = text.encode()
        reader.damaged = _is_damaged(data)
        parser.Parse(data, True)
        return _answer(reader, url) if len(reader.items) == items else None
    except (expat.ExpatError, UnicodeError, _DoubtError):
        return None


def _is_damaged(data: bytes) -> bool:
    """Whether some texts of a document may need mending."""
    if b"\xc2" in data and (_DAMAGED.search(data) or _ENCODED_TWICE.search(data)):
        return True
    return _DAMAGED_REFERENCE.search(data) is not None


def _refuse(*_: object) -> None:
    raise _DoubtError


class _Reader:
    """Collects the fields of the feed and of each item while expat calls `start` and `end`."""

    def __init__(self) -> None:
        self.root = ""
        self.channel = ""
        self.root_attributes: _Attributes = {}
        self.language = ""  # xml:lang of the root and the channel
        self.feed: list[_Field] = []
        self.items: list[tuple[_Attributes, list[_Field]]] = []
        self.pieces: list[str] = []  # the text since a text began
        self.damaged = False
        self._names: dict[str, str] = {}
        self._defaults: set[str] = set()
        self._depth = 0
        self._place: _Place = {}
        self._fields = self.feed
        self._outer: list[tuple[_Place, list[_Field], str, _Attributes]] = []
        self._leaf = 0  # the depth of an element whose children are no fields: a text, or one that is skipped
        self._text = ""  # the name of the text that is being read
        self._attributes: _Attributes = {}
        self._is_markup = False
        self._children = 0

    def declare(self, prefix: str | None, uri: str | None) -> None:
        """Remember a default namespace: like feedparser, we take an unknown one for that of RSS."""
        if prefix is None and uri:
            self._defaults.add(uri.lower())

    def start(self, tag: str, attributes: _Attributes) -> None:
        """Enter an element: a place, a text, something to skip, or a piece of markup inside a text."""
        self._depth += 1
        if self._leaf:
            if self._text or self._depth > _MAX_DEPTH:
                self._start_markup(tag, attributes)
            return
        name = self._names.get(tag) or self._learn(tag)
        inside = self._place.get(name)
        if inside is _TEXT:
            self._leaf = self._depth
            self._text = name
            self._attributes = attributes
            if attributes:
                self._check_text(name, attributes)
            self.pieces.clear()
        elif inside is None and self._depth > 1:
            self._leaf = self._depth
        else:
            self._enter(name, tag, inside, attributes)

    def end(self, _tag: str) -> None:
        """Leave an element; a text and a place become a field of what is around them."""
        depth = self._depth
        self._depth = depth - 1
        if self._leaf == depth:
            self._leaf = 0
            if self._text:
                text = (self._markup() if self._is_markup else "".join(self.pieces)).strip()
                if self.damaged:
                    text = _mended(text)
                self._fields.append((self._text, text, self._attributes, _NONE))
                self._text = ""
            else:
                self.pieces.clear()
        elif self._leaf:
            if self._text:
                self.pieces.append(_Tag(f"</{_local(_tag)}>"))
        else:
            self._leave()

    def _learn(self, tag: str) -> str:
        """Our name for an element: known namespaces only, letters small, one name for one meaning."""
        uri, _, local = tag.rpartition(" ")
        uri = uri.lower()
        prefix = (
            ""
            if "backend.userland.com/rss" in uri
            else _NAMESPACES.get(uri, "" if uri in self._defaults else "?")
        )
        name = prefix + local.lower()
        self._names[tag] = name = _SAME.get(name, name)
        return name

    def _enter(self, name: str, tag: str, inside: _Place | None, attributes: _Attributes) -> None:
        """Go into a place."""
        if self._depth == 1:
            inside = _ROOTS.get(tag)
            self.root, self.root_attributes = tag, attributes
        if inside is None or inside is _DOUBT or _XML_BASE in attributes or "base" in attributes:
            raise _DoubtError
        self._outer.append((self._place, self._fields, name, attributes))
        self._place = inside
        if inside is _ITEM or inside is _PERSON or inside is _SOURCE:
            self._fields = []
            self.pieces.clear()
        elif inside is not _MEDIA:
            self.channel = tag
            self.language = attributes.get(_XML_LANG, self.language)

    def _leave(self) -> None:
        """Go out of a place."""
        place, fields = self._place, self._fields
        self._place, self._fields, name, attributes = self._outer.pop()
        if place is _ITEM:
            self.items.append((attributes, fields))
        elif place is _PERSON or place is _SOURCE:
            text = "" if fields else "".join(self.pieces).strip()
            self._fields.append((name, text, attributes, fields))

    def _check_text(self, name: str, attributes: _Attributes) -> None:
        """Doubt texts in forms that we do not read; remember whether this one is markup of its own."""
        if name in _TYPED:
            kind = _TYPES.get(attributes.get("type", "text").lower())
            if kind is None or "mode" in attributes or "src" in attributes:
                raise _DoubtError
            self._is_markup = kind == "application/xhtml+xml"
            self._children = 0
        elif _XML_BASE in attributes:
            raise _DoubtError

    def _start_markup(self, tag: str, attributes: _Attributes) -> None:
        """A tag inside a text becomes part of it, if the text said that it would hold some."""
        if not self._is_markup or self._depth > _MAX_DEPTH:
            raise _DoubtError
        self._children += self._depth == self._leaf + 1
        shown = "".join(f' {_local(key)}="{_quoted(value)}"' for key, value in attributes.items())
        self.pieces.append(_Tag(f"<{_local(tag)}{shown}>"))

    def _markup(self) -> str:
        """The text that was read, its tags included, without the <div> that Atom puts around it."""
        self._is_markup = False
        pieces = [piece if isinstance(piece, _Tag) else escape(piece, quote=False) for piece in self.pieces]
        inner = [n for n, piece in enumerate(pieces) if piece.strip()]
        if self._children == 1 and inner:
            first, last = inner[0], inner[-1]
            if pieces[last] == "</div>" and isinstance(self.pieces[first], _Tag):
                pieces = pieces[first + 1 : last]
        return "".join(pieces)


def _local(name: str) -> str:
    """The last part of a name with a namespace."""
    return name.rpartition(" ")[2].lower()


def _quoted(value: str) -> str:
    """A value as it stands between double quotes."""
    return escape(value, quote=False).replace('"', "&quot;")


def _mended(text: str) -> str:
    """A text in UTF-8 that was taken for Latin-1 as it was meant, Windows' characters in their places."""
    with contextlib.suppress(UnicodeError):
        text = text.encode("latin-1").decode("utf-8")
    return text.translate(_WINDOWS)


def _answer(reader: _Reader, url: str) -> dict[str, Any]:
    """What worker.parse_document answers."""
    is_atom = reader.root.endswith("feed")
    found = _grouped(reader.feed)
    link = _feed_link(found.get("link", []))
    home = absolute(url, link) if link else absolute("", _last(found, "guid"))
    language = _last(found, "language") or (
        "" if reader.root.endswith("RDF") else reader.root_attributes.get(_XML_LANG, "").replace("_", "-")
    )
    return {
        "parser": "fast",
        "info": {
            "title": _first(found, "title"),
            "link": home,
            "language": language or None,
            "format": _version(reader, is_atom),
            "ttl": waiting_time(
                _last(found, "ttl"), _last(found, "sy:updateperiod"), _last(found, "sy:updatefrequency")
            ),
            "updated": _date(_last(found, "updated")) or _date(_last(found, "published")),
        },
        "entries": [
            _entry(fields, attributes, home or url, reader.language, is_atom)
            for attributes, fields in reader.items
        ],
        "warnings": [],
        "complete": True,
    }


def _version(reader: _Reader, is_atom: bool) -> str:
    """The name of the format, as feedparser gives it."""
    if is_atom:
        return "atom10"
    if reader.root == "rss" and reader.channel != "rss":
        version = reader.root_attributes.get("version", "")
        return _RSS_VERSIONS.get(version) or ("rss20" if version.startswith("2.") else "rss")
    if reader.channel == "http://purl.org/rss/1.0/ channel":
        return "rss10"
    raise _DoubtError


def waiting_time(ttl: str, period: str, frequency: str) -> float | None:
    """How many seconds the publisher asks to wait: RSS `ttl` (minutes), else the syndication module."""
    try:
        minutes = float(ttl or 0)
        often = max(1.0, float(frequency or 1))
    except ValueError:
        return None
    seconds = minutes * 60 if minutes > 0 else _SECONDS.get(period.strip().lower(), 0) / often
    return seconds if 0 < seconds < math.inf else None


def _feed_link(links: list[_Field]) -> str:
    """The feed's own page: the text of a link, else the first alternate page."""
    return next(iter([*_texts_of_links(links), *_alternates(links)]), "")


def _entry(
    fields: list[_Field], attributes: _Attributes, base: str, language: str, is_atom: bool
) -> dict[str, Any]:
    """One item as plain values."""
    found = _grouped(fields)
    language = attributes.get(_XML_LANG, language)
    guid = _last(found, "guid") or attributes.get(_RDF_ABOUT, "").strip()
    link = _link(found, guid, base)
    if not guid and not link:
        raise _DoubtError
    title, title_language = _title(found, language, is_atom)
    summary, content, content_language = _texts(fields, language, is_atom)
    source = found.get("source")
    source_title, source_url = _source(source[-1]) if source else (None, None)
    return {
        "guid": guid or None,
        "link": link,
        "title": title,
        "summary": "" if summary == content else summary,
        "content": content,
        "published": _date(_last(found, "published")) or _date(_last(found, "created")),
        "updated": _date(_last(found, "updated")),
        "authors": [name for name in map(_person, found.get("author", ())) if name],
        "categories": _categories(fields),
        "language": _last(found, "language") or content_language or title_language or None,
        "source_title": source_title,
        "source_url": absolute(base, source_url) if source_url else None,
    }


def _grouped(fields: list[_Field]) -> _Found:
    """Fields by their names."""
    found: _Found = {}
    for field in fields:
        found.setdefault(field[0], []).append(field)
    return found


def _first(found: _Found, name: str) -> str:
    """The first text of that name that is not empty."""
    for field in found.get(name, ()):
        if field[1]:
            return field[1]
    return ""


def _last(found: _Found, name: str) -> str:
    """The last text of that name that is not empty."""
    for field in reversed(found.get(name, ())):
        if field[1]:
            return field[1]
    return ""


def _title(found: _Found, language: str, is_atom: bool) -> tuple[str, str]:
    """The item's title, else that of its picture or film, and its language."""
    for name in ("title", "media:title"):
        for field in found.get(name, ()):
            if field[1]:
                return _as_markup(field, is_atom), _language(field, language)
    return "", language


def _texts(fields: list[_Field], language: str, is_atom: bool) -> tuple[str, str, str]:
    """
    The summary, the longest content, and the content's language.

    A second summary is the content if there is no other, as is a caption; a caption alone is the summary.
    """
    summary, content, content_language = "", "", ""
    rest: list[_Field] = []
    for field in fields:
        name, text, _, _ = field
        if name in _CONTENTS and len(text) > len(content):
            content, content_language = _as_markup(field, is_atom), _language(field, language)
        elif name in _SUMMARIES and not summary:
            summary = _as_markup(field, is_atom)
        elif name in _SUMMARIES or name in _OTHER_SUMMARIES:
            rest.append(field)
    for field in rest:
        if not summary:
            summary = _as_markup(field, is_atom)
        elif not content:
            content, content_language = _as_markup(field, is_atom), _language(field, language)
    return summary, content, content_language


def _as_markup(field: _Field, is_atom: bool) -> str:
    """A text as markup, by the rules of worker._markup."""
    name, text, attributes, _ = field
    if is_atom and "<" in text:
        default = "text" if name in _PLAIN_UNLESS_TYPED else "html"
        if _TYPES[attributes.get("type", default).lower()] == "text/plain":
            return text.replace("<", "&lt;")
    return text


def _language(field: _Field, around: str) -> str:
    """The language of a text: its own, else that of what is around it."""
    return field[2].get(_XML_LANG, around).replace("_", "-")


def _link(found: _Found, guid: str, base: str) -> str | None:
    """The address of the item: behind FeedBurner, its link, a guid that says it is one, an alternate page."""
    original = _last(found, "feedburner:origlink")
    if original:
        return absolute(base, original)
    for link in _links(found):
        address = link if _PLAIN_ADDRESS.fullmatch(link) else absolute(base, link)
        if address:
            return address
    return absolute("", guid) if " " not in guid else None


def _links(found: _Found) -> Iterator[str]:
    """What an item may mean by its address, best first."""
    links = found.get("link", _NONE)
    for link in _texts_of_links(links):
        yield link.replace("&amp;", "&")
    for _, text, attributes, _ in found.get("guid", ()):
        if attributes.get("isPermaLink") == "true" and absolute("", text):
            yield text
    yield from _alternates(links)


def _texts_of_links(links: list[_Field]) -> list[str]:
    """Addresses written as texts."""
    return [
        text for _, text, attributes, _ in links if text and attributes.get("rel", "alternate") == "alternate"
    ]


def _alternates(links: list[_Field]) -> list[str]:
    """Addresses of the pages that a feed or an item stands for, web pages first."""
    found = [
        attributes
        for _, _, attributes, _ in links
        if attributes.get("href") and attributes.get("rel", "alternate").lower() == "alternate"
    ]
    found.sort(key=lambda attributes: attributes.get("type", "text/html").lower() not in _MARKUP_TYPES)
    return [attributes["href"] for attributes in found]


def _person(field: _Field) -> str:
    """The name of an author, else the mail address."""
    _, text, _, children = field
    if children:
        inside = _grouped(children)
        return _last(inside, "name") or _last(inside, "email")
    mail = _MAIL_ADDRESS.search(text) if "@" in text else None
    if mail is None:
        return text
    return text.replace(mail[0], "").strip(" ()<>") or mail[0]


def _categories(fields: list[_Field]) -> list[str]:
    """Each category once, by its label, its term or its text."""
    names: list[str] = []
    for name, text, attributes, _ in fields:
        if name == "category":
            named = attributes.get("label") or attributes.get("term") or attributes.get("text")
            names.extend(part for part in (named, text) if part)
        elif name == "media:keywords":
            names.extend(part.strip() for part in text.split(",") if part.strip())
    return list(dict.fromkeys(names))


def _source(field: _Field) -> tuple[str | None, str | None]:
    """Title and address of the feed that an item was taken from."""
    _, text, attributes, children = field
    inside = _grouped(children)
    title = _first(inside, "title") or text
    return title or None, attributes.get("url") or _feed_link(inside.get("link", [])) or None


def _date(text: str) -> str | None:
    """A date as RFC 3339 in UTC; None for no date and for absurd years."""
    if not text:
        return None
    if text[4:5] != "-":
        moment = email_date(text)
        if moment is None:
            raise _DoubtError
        return utc_text(moment)
    found = rfc3339(text) if _W3C_DATE.fullmatch(text) else None
    if found is None and not text.startswith("0"):
        raise _DoubtError
    return found
