"""
A well-formed document as a tree of elements, and names for these that know no namespaces. Pure.

The tree is built by expat and the standard library's TreeBuilder, both in C, and no line of Python runs for
an element: that is three times as quick as handlers of our own, and text of escaped markup, which is all
references, arrives in one piece. Declarations are refused, so there are no entities to expand and no files
to read; nothing here recurses, so depth costs nothing but memory.
"""

from __future__ import annotations

import contextlib
from html import escape
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

MAX_DEPTH = 200

_BUFFER = 16_384
_ITEMS = frozenset({"item", "entry"})

_NAMESPACES = {
    "": "",
    "http://www.w3.org/2005/atom": "",
    "http://purl.org/atom/ns#": "",
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


class DoubtError(Exception):
    """A document is not to be read by us."""


class DepthError(DoubtError):
    """A document is nested deeper than any parser should have to follow."""

    def __init__(self) -> None:
        super().__init__(f"its elements are nested more than {MAX_DEPTH} deep")


class Names(dict[str, str]):
    """
    What each tag means: known namespaces only, letters small, one word for one meaning; "" is of no use.

    A tag is what expat calls it, namespace and name with a space between. `words` says what the names mean
    (a namespace has a short prefix there); `defaults` are namespaces that count as that of RSS.
    """

    # A process that reads documents for months must not keep every tag that anybody ever thought up.
    _MAX = 5_000

    def __init__(self, words: Mapping[str, str], defaults: Collection[str] = ()) -> None:
        super().__init__()
        self.words = words
        self.defaults = defaults

    def __missing__(self, tag: str) -> str:
        if len(self) >= self._MAX:
            self.clear()
        self[tag] = word = self.words.get(self.full_name(tag), "")
        return word

    def full_name(self, tag: str) -> str:
        """A tag in small letters, with our prefix for its namespace."""
        uri, _, local = tag.rpartition(" ")
        uri = uri.lower()
        if "backend.userland.com/rss" in uri:
            uri = ""
        prefix = _NAMESPACES.get(uri, "" if uri in self.defaults else "?")
        return prefix + local.lower()


def grown(data: bytes) -> tuple[Element, set[str]]:
    """
    The tree of a document in UTF-8 that starts with its root, and the unknown default namespaces it declares.

    Raises expat.ExpatError if it is not well-formed, DoubtError if it declares entities or a type.
    """
    unknown: set[str] = set()

    def declare(prefix: str | None, uri: str | None) -> None:
        if prefix is None and uri and uri.lower() not in _NAMESPACES:
            unknown.add(uri.lower())

    parser = expat.ParserCreate("utf-8", " ")
    parser.buffer_size = _BUFFER
    parser.buffer_text = True
    builder = TreeBuilder()
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.data
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartNamespaceDeclHandler = declare
    parser.Parse(data, True)
    return builder.close(), unknown


def _refuse(*_: object) -> None:
    raise DoubtError


def check_depth(element: Element, depth: int, names: Names | None = None) -> None:
    """
    Raise DepthError if an element at so great a depth holds others that are too deep.

    With `names`, raise DoubtError if an item is among them: it is out of place here.
    """
    level = [element]
    while level := [child for parent in level for child in parent]:
        depth += 1
        if depth > MAX_DEPTH:
            raise DepthError
        if names is not None and any(names[child.tag] in _ITEMS for child in level):
            raise DoubtError


def depth_before_error(data: bytes) -> int:
    """How deep a document is nested before its first error, if it has one; no more than MAX_DEPTH + 1."""
    parser = expat.ParserCreate("utf-8")
    depth = deepest = 0

    def start(*_: object) -> None:
        nonlocal depth, deepest
        depth += 1
        deepest = max(deepest, depth)
        if depth > MAX_DEPTH:
            raise DepthError

    def end(_: object) -> None:
        nonlocal depth
        depth -= 1

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    with contextlib.suppress(expat.ExpatError, DepthError):
        parser.Parse(data, True)
    return deepest


def inner_markup(element: Element) -> str:
    """What an element of XHTML holds, as HTML, without the one <div> that Atom puts around it."""
    only = element[0] if len(element) == 1 else None
    if only is not None and _local(only.tag) == "div" and not _shows(element.text) and not _shows(only.tail):
        element = only
    pieces: list[str] = [_escaped(element.text)]
    # What is still to be written, the next at the end: an element, or the text that follows one.
    rest: list[Element | str] = []
    rest.extend(reversed(element))
    while rest:
        one = rest.pop()
        if isinstance(one, str):
            pieces.append(one)
            continue
        name = _local(one.tag)
        attributes = one.items()
        shown = (
            "".join([f' {_local(key)}="{_quoted(value)}"' for key, value in attributes]) if attributes else ""
        )
        pieces.append(f"<{name}{shown}>{_escaped(one.text)}")
        if len(one):
            rest.append(f"</{name}>{_escaped(one.tail)}")
            rest.extend(reversed(one))
        else:
            pieces.append(f"</{name}>{_escaped(one.tail)}")
    return "".join(pieces)


def _escaped(text: str | None) -> str:
    """A text as it stands between tags."""
    if not text:
        return ""
    return escape(text, quote=False) if "&" in text or "<" in text or ">" in text else text


def _shows(text: str | None) -> bool:
    """Whether there is anything but space."""
    return bool(text and not text.isspace())


def _local(name: str) -> str:
    """The last part of a name with a namespace."""
    return name.rpartition(" ")[2].lower()


def _quoted(value: str) -> str:
    """A value as it stands between double quotes."""
    return escape(value, quote=False).replace('"', "&quot;")
