"""
What the fields mean that fast.py collects: a feed's facts, and the entry that an item becomes. Pure.

A field is a name (fast.py gives one name to all elements that mean the same), a text, the element's
attributes, and the fields inside it. The values are those that worker.py makes of feedparser's answer.
Whatever cannot be read with certainty raises DoubtError.

Where feedparser answers differently we prefer what is right: an item's own link before others, the first
alternate link before the last, an item's description before the caption of its picture.
"""

from __future__ import annotations

import contextlib
import math
import re
from typing import TYPE_CHECKING, Any

from monitor.feeds.dates import email_moment, moment_text, rfc3339
from monitor.feeds.document import absolute

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Attributes = dict[str, str]
Field = tuple[str, str, Attributes, list[Any]]
_Found = dict[str, list[Field]]

XML_LANG = "http://www.w3.org/XML/1998/namespace lang"
_RDF_ABOUT = "http://www.w3.org/1999/02/22-rdf-syntax-ns# about"

XHTML = "application/xhtml+xml"
TEXT_TYPES = {
    **dict.fromkeys(("text", "plain", "text/plain"), "text/plain"),
    **dict.fromkeys(("html", "text/html"), "text/html"),
    **dict.fromkeys(("xhtml", XHTML), XHTML),
}
_PAGES = ("text/html", XHTML)

_SUMMARIES = frozenset({"description", "summary"})
_OTHER_SUMMARIES = frozenset({"dc:description", "itunes:summary", "media:description"})
_CONTENTS = frozenset({"content", "content:encoded"})
TYPED = frozenset({"title", "media:title", *_SUMMARIES, *_OTHER_SUMMARIES, *_CONTENTS})
# In Atom. RSS says nothing about its texts, so they are markup.
_PLAIN_UNLESS_TYPED = frozenset({"title", "summary", "content", "media:title", "itunes:summary"})

# Control characters that stand for characters of Windows, and texts that were encoded twice. Both are rare,
# so texts are mended, as feedparser does, only in documents where one of these is found.
_DAMAGED = re.compile(rb"\xc2[\x80-\x9f]")
_ENCODED_TWICE = re.compile(rb"\xc3[\x82-\x9f]\xc2")
_DAMAGED_REFERENCE = re.compile(rb"&#(?:1[2-5]\d;|[xX]0*[89][\da-fA-F];|(?:19[4-9]|2[0-4]\d);&#1[2-9]\d;)")
_WINDOWS = {n: bytes([n]).decode("cp1252", "ignore") or chr(n) for n in range(0x80, 0xA0)}

_W3C_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?", re.ASCII)
# What urljoin would hand back as it is, in the time of our whole work on an item.
_PLAIN_ADDRESS = re.compile(r"https?://[a-zA-Z0-9.-]+(?:/[!-\"$-:<->@-~]*)?(?:\?[!-\"$-~]+)?")
_MAIL_ADDRESS = re.compile(r"[\w.+-]{1,100}@[\w.-]{1,100}")
_NAME_CHARS = 300
_SECONDS = {"hourly": 3_600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}


class DoubtError(Exception):
    """A document is not to be read by us. Stops expat, which calls us and can be stopped in no other way."""


def feed_info(fields: list[Field], version: str, language: str, url: str) -> dict[str, Any]:
    """What the document says about itself; `language` is its xml:lang, `url` its address."""
    found = _grouped(fields)
    link = _feed_link(found.get("link", ()))
    return {
        "title": _first(found, "title"),
        "link": absolute(url, link) if link else absolute("", _last(found, "guid")),
        "language": _last(found, "language") or language.replace("_", "-") or None,
        "format": version,
        "ttl": waiting_time(
            _last(found, "ttl"), _last(found, "sy:updateperiod"), _last(found, "sy:updatefrequency")
        ),
        "updated": _date(_last(found, "updated")) or _date(_last(found, "published")),
    }


def is_damaged(data: bytes) -> bool:
    """Whether some texts of a document may need mending."""
    if b"\xc2" in data and (_DAMAGED.search(data) or _ENCODED_TWICE.search(data)):
        return True
    return _DAMAGED_REFERENCE.search(data) is not None


def mended(text: str) -> str:
    """A text in UTF-8 that was taken for Latin-1 as it was meant, Windows' characters in their places."""
    with contextlib.suppress(UnicodeError):
        text = text.encode("latin-1").decode("utf-8")
    return text.translate(_WINDOWS)


def waiting_time(ttl: str, period: str, frequency: str) -> float | None:
    """How many seconds the publisher asks to wait: RSS `ttl` (minutes), else the syndication module."""
    try:
        minutes = float(ttl or 0)
        often = max(1.0, float(frequency or 1))
    except ValueError:
        return None
    seconds = minutes * 60 if minutes > 0 else _SECONDS.get(period.strip().lower(), 0) / often
    return seconds if 0 < seconds < math.inf else None


def _feed_link(links: Sequence[Field]) -> str:
    """The feed's own page: the text of a link, else the first alternate page."""
    return next(iter([*_texts_of_links(links), *_alternates(links)]), "")


def entry(
    fields: list[Field], attributes: Attributes, base: str, language: str, is_atom: bool
) -> dict[str, Any]:
    """One item as plain values; `base` resolves its links, `language` is the xml:lang around it."""
    found = _grouped(fields)
    language = attributes.get(XML_LANG, language)
    guid = _last(found, "guid") or attributes.get(_RDF_ABOUT, "").strip()
    link = _link(found, guid, base)
    if not guid and not link:
        raise DoubtError
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


def _grouped(fields: list[Field]) -> _Found:
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


def _texts(fields: list[Field], language: str, is_atom: bool) -> tuple[str, str, str]:
    """
    The summary, the longest content, and the content's language.

    A second summary is the content if there is no other, as is a caption; a caption alone is the summary.
    """
    summary, content, content_language = "", "", ""
    rest: list[Field] = []
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


def _as_markup(field: Field, is_atom: bool) -> str:
    """A text as markup, by the rules of worker._markup."""
    name, text, attributes, _ = field
    if is_atom and "<" in text:
        default = "text" if name in _PLAIN_UNLESS_TYPED else "html"
        if TEXT_TYPES[attributes.get("type", default).lower()] == "text/plain":
            return text.replace("<", "&lt;")
    return text


def _language(field: Field, around: str) -> str:
    """The language of a text: its own, else that of what is around it."""
    return field[2].get(XML_LANG, around).replace("_", "-")


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
    links = found.get("link", ())
    for link in _texts_of_links(links):
        yield link.replace("&amp;", "&")
    for _, text, attributes, _ in found.get("guid", ()):
        if attributes.get("isPermaLink") == "true" and absolute("", text):
            yield text
    yield from _alternates(links)


def _texts_of_links(links: Sequence[Field]) -> list[str]:
    """Addresses written as texts."""
    return [
        text for _, text, attributes, _ in links if text and attributes.get("rel", "alternate") == "alternate"
    ]


def _alternates(links: Sequence[Field]) -> list[str]:
    """Addresses of the pages that a feed or an item stands for, web pages first."""
    found = [
        attributes
        for _, _, attributes, _ in links
        if attributes.get("href") and attributes.get("rel", "alternate").lower() == "alternate"
    ]
    found.sort(key=lambda attributes: attributes.get("type", "text/html").lower() not in _PAGES)
    return [attributes["href"] for attributes in found]


def _person(field: Field) -> str:
    """The name of an author, else the mail address."""
    _, text, _, children = field
    if children:
        inside = _grouped(children)
        return _last(inside, "name") or _last(inside, "email")
    mail = _MAIL_ADDRESS.search(text, 0, _NAME_CHARS) if "@" in text else None
    if mail is None:
        return text
    return text.replace(mail[0], "").strip(" ()<>") or mail[0]


def _categories(fields: list[Field]) -> list[str]:
    """Each category once, by its label, its term or its text."""
    names: list[str] = []
    for name, text, attributes, _ in fields:
        if name == "category":
            named = attributes.get("label") or attributes.get("term") or attributes.get("text")
            names.extend(part for part in (named, text) if part)
        elif name == "media:keywords":
            names.extend(part.strip() for part in text.split(",") if part.strip())
    return list(dict.fromkeys(names))


def _source(field: Field) -> tuple[str | None, str | None]:
    """Title and address of the feed that an item was taken from."""
    _, text, attributes, children = field
    inside = _grouped(children)
    title = _first(inside, "title") or text
    return title or None, attributes.get("url") or _feed_link(inside.get("link", ())) or None


def _date(text: str) -> str | None:
    """A date as RFC 3339 in UTC; None for no date and for absurd years."""
    if not text:
        return None
    if text[4:5] != "-":
        moment = email_moment(text)
        if moment is None:
            raise DoubtError
        return moment_text(moment)
    found = rfc3339(text) if _W3C_DATE.fullmatch(text) else None
    if found is None and "1990" <= text[:4] <= "2100":
        raise DoubtError
    return found
