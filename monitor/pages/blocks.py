"""
The pieces of text of a web page, each with the place it stands in: what a reader sees before any judgement.

A page's tree is walked once, without recursion. Text of inline elements runs together; each block element
begins a new piece. A place is the innermost enclosing element that says what it is for: by its tag (`nav`,
`aside`, `footer`), its role, or a word in its class or id ("most-read", "cookie-banner"). Many pages say
nothing at all; then the place is "". Pure; no library is imported, a tree is whatever looks like lxml's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

_TAGS = {
    "nav": "navigation",
    "aside": "beside the article",
    "footer": "page footer",
    "form": "a form",
    "dialog": "a dialog",
    "button": "a button",
    "figcaption": "a caption",
    "menu": "a menu",
}
_ROLES = {
    "navigation": "navigation",
    "complementary": "beside the article",
    "contentinfo": "page footer",
    "dialog": "a dialog",
    "alertdialog": "a dialog",
    "search": "a form",
    "menu": "a menu",
    "menubar": "a menu",
}
# Words of a class or an id, by the place they name. A word counts between signs, not inside other words.
_WORDS = {
    "a cookie notice": "cookie cookies consent gdpr rgpd didomi onetrust cmp cookiebar cookiebanner",
    "most read": "mostread most-read most-popular mostpopular plus-lus top-stories trending meistgelesen"
    " mas-leido",
    "related articles": "related read-also readmore read-more lire-aussi same-topic also-read see-also"
    " recommended recommendation recommendations recirculation teaser teasers outbrain taboola",
    "comments": "comments comment-list disqus respond",
    "sharing": "share sharing social socials share-buttons social-links",
    "a newsletter box": "newsletter newsletters signup sign-up",
    "an advertisement": "ad ads advert advertisement ad-slot sponsored",
    "navigation": "breadcrumb breadcrumbs navbar nav menu pagination",
    "beside the article": "sidebar",
    "page footer": "footer",
}
_PLACE_OF = {word: place for place, words in _WORDS.items() for word in words.split()}
_NAMED = re.compile(
    r"(?<![a-z0-9])(" + "|".join(sorted(map(re.escape, _PLACE_OF), key=len, reverse=True)) + r")(?![a-z0-9])",
    re.IGNORECASE,
)
_HIDDEN = re.compile(r"(?:^|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)", re.IGNORECASE)

_INLINE_TAGS = """
    a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark q rp rt ruby s samp
    small span strike strong sub sup time tt u var wbr
"""
_UNREAD_TAGS = """
    script style template noscript svg iframe object head select option textarea audio video canvas math
"""
_INLINE = frozenset(_INLINE_TAGS.split())
_UNREAD = frozenset(_UNREAD_TAGS.split())
_ATTRIBUTE_CHARS = 300
_MOST_BLOCKS = 20_000


@dataclass(frozen=True, slots=True)
class Block:
    """
    A piece of text; `place` names what encloses it, `linked` is the share of its characters in links.

    `box` is the number of the first piece behind the smallest element that holds more than this piece.
    """

    text: str
    place: str
    linked: float
    hidden: bool
    box: int


@dataclass(slots=True)
class _Open:
    """What holds for everything inside an element."""

    place: str
    hidden: bool
    link: bool


class _Gathering:
    """The pieces gathered so far, and the text that will be the next one."""

    def __init__(self) -> None:
        self.pieces: list[tuple[str, _Open, float]] = []
        self.boxes: list[int] = []  # parallel to the pieces: 0 = not known yet
        self._open: list[int] = []  # pieces whose box is not known yet
        self._parts: list[str] = []
        self._linked = 0
        self._inside: _Open | None = None

    def add(self, text: str | None, inside: _Open) -> None:
        if not text or (not self._parts and text.isspace()):
            return
        if not self._parts:
            self._inside = inside
        self._parts.append(text)
        if inside.link:
            self._linked += len("".join(text.split()))

    def end(self) -> None:
        """What comes next is another piece."""
        if not self._parts:
            return
        text = " ".join("".join(self._parts).split())
        if text and self._inside and len(self.pieces) < _MOST_BLOCKS:
            letters = len(text) - text.count(" ")
            self._open.append(len(self.pieces))
            self.pieces.append((text, self._inside, min(self._linked / letters, 1.0)))
            self.boxes.append(0)
        self._parts.clear()
        self._linked = 0

    def close(self, start: int) -> None:
        """An element ends that began before piece `start`."""
        if len(self.pieces) - start < 2:
            return
        while self._open and self._open[-1] >= start:
            self.boxes[self._open.pop()] = len(self.pieces)

    def blocks(self) -> list[Block]:
        whole = len(self.pieces)
        return [
            Block(text, inside.place, linked, inside.hidden, box or whole)
            for (text, inside, linked), box in zip(self.pieces, self.boxes, strict=True)
        ]


def blocks_of(tree: Any) -> list[Block]:
    """All pieces of text of a tree, in the order of the page."""
    found = _Gathering()
    # An entry is an element to enter (start < 0), or one whose end has come, with its first piece's number.
    waiting: list[tuple[Any, _Open, int]] = [(tree, _Open("", hidden=False, link=False), -1)]
    while waiting:
        element, around, start = waiting.pop()
        tag = element.tag if isinstance(element.tag, str) else ""
        if start >= 0:
            if tag not in _INLINE:
                found.end()
                found.close(start)
            found.add(element.tail, around)
            continue
        if not tag or tag in _UNREAD:  # a comment, or what nobody reads
            found.add(element.tail, around)
            continue
        inside = _entered(element, tag, around)
        if tag not in _INLINE:
            found.end()
        waiting.append((element, around, len(found.pieces)))
        found.add(element.text, inside)
        waiting.extend((child, inside, -1) for child in reversed(element))
    found.end()
    return found.blocks()


def _entered(element: Any, tag: str, around: _Open) -> _Open:
    """What holds inside an element."""
    place = _TAGS.get(tag) or _ROLES.get(element.get("role") or "", "") or _named(element, tag)
    style = element.get("style") or ""
    hidden = element.get("hidden") is not None or bool(style and _HIDDEN.search(style[:_ATTRIBUTE_CHARS]))
    if not place and not hidden and (tag != "a" or around.link):
        return around
    return _Open(place or around.place, around.hidden or hidden, around.link or tag == "a")


def _named(element: Any, tag: str) -> str:
    """The place that an element's class or id names."""
    if tag in ("html", "body", "article", "main"):
        return ""  # "has-sidebar", "with-newsletter": said of the whole page
    for attribute in ("id", "class"):
        value = element.get(attribute)
        found = _NAMED.search(value[:_ATTRIBUTE_CHARS]) if value else None
        if found:
            return _PLACE_OF[found[1].lower()]
    return ""
