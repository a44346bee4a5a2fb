"""
What single elements of a feed say: texts, links, people, categories, dates. Pure.

The values are those that worker.py makes of feedparser's answer. Whatever cannot be read with certainty
raises DoubtError.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from monitor.feeds.dates import feed_date
from monitor.feeds.document import absolute
from monitor.feeds.tree import DoubtError, check_depth, inner_markup

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from monitor.feeds.tree import Names

    Found = dict[str, list[Element]]

XML_LANG = "http://www.w3.org/XML/1998/namespace lang"
XML_BASE = "http://www.w3.org/XML/1998/namespace base"
NONE: Sequence[Element] = ()
ITEM_DEPTH = 3

XHTML = "application/xhtml+xml"
_TEXT_TYPES = {
    **dict.fromkeys(("text", "plain", "text/plain"), "text/plain"),
    **dict.fromkeys(("html", "text/html"), "text/html"),
    **dict.fromkeys(("xhtml", XHTML), XHTML),
}
_PAGES = ("text/html", XHTML)
# In Atom. RSS says nothing about its texts, so they are markup.
_PLAIN = frozenset({"text/plain", "title", "summary", "content", "media:title", "itunes:summary"})

_MAIL_ADDRESS = re.compile(r"[\w.+-]{1,100}@[\w.-]{1,100}")
_NAME_CHARS = 300


def plain_title(elements: Sequence[Element]) -> str:
    """The first title that is not empty; one in no form of text is for feedparser to read."""
    for element in elements:
        if element.keys():
            _kind(element)
    return first(elements)


def based(base: str, element: Element) -> str:
    """The base of what stands in an element, inside something with the given base."""
    own = element.get(XML_BASE) or element.get("base")
    return (absolute(base, own) or base) if own else base


def text_of(element: Element) -> str:
    """A text that is no markup."""
    if len(element):
        raise DoubtError
    text = element.text
    return text.strip() if text else ""


def first(elements: Sequence[Element]) -> str:
    """The first text that is not empty."""
    return next(filter(None, map(text_of, elements)), "")


def last(elements: Sequence[Element]) -> str:
    """The last text that is not empty."""
    if len(elements) == 1:
        return text_of(elements[0])
    return next(filter(None, map(text_of, reversed(elements))), "")


def as_markup(element: Element, plain: Names | None) -> str:
    """A text as markup, by the rules of worker._markup; `plain` is for Atom, where some texts are not."""
    kind = ""
    if len(element) or element.keys():
        kind = _kind(element)
        if kind == XHTML:
            check_depth(element, ITEM_DEPTH + 1)
            return inner_markup(element).strip()
        if len(element):
            raise DoubtError
    text = element.text
    if not text:
        return ""
    text = text.strip()
    if plain is not None and "<" in text and (kind or plain.full_name(element.tag)) in _PLAIN:
        return text.replace("<", "&lt;")
    return text


def _kind(element: Element) -> str:
    """The type that a text gives itself; "" if it gives none."""
    written = element.get("type")
    kind = _TEXT_TYPES.get(written.lower(), "") if written else ""
    if element.get("mode") == "base64":
        raise DoubtError
    # A picture, or a text that is elsewhere: nothing, if there is nothing here.
    is_here = len(element) or (element.text and not element.text.isspace())
    if is_here and ((written and not kind) or element.get("src")):
        raise DoubtError
    return kind


def language_of(element: Element, around: str) -> str:
    """The language of a text: its own, else that of what is around it."""
    language = element.get(XML_LANG, around)
    return language.replace("_", "-") if language else ""


def link_of(links: Sequence[Element], guids: Sequence[Element], guid: str, base: str) -> str | None:
    """The address of the item: its link, a guid that says so, an alternate page, any guid that is one."""
    for link, element in texts_of_links(links):
        address = _resolved(link.replace("&amp;", "&"), element, base)
        if address:
            return address
    for one in guids:
        if one.get("isPermaLink") == "true":
            address = absolute("", text_of(one))
            if address:
                return address
    for link, element in alternates(links):
        address = _resolved(link, element, base)
        if address:
            return address
    return absolute("", guid) if " " not in guid else None


def _resolved(link: str, element: Element, base: str) -> str | None:
    """The absolute address of what an element gives as a link."""
    return absolute(based(base, element), link)


def texts_of_links(links: Sequence[Element]) -> list[tuple[str, Element]]:
    """Addresses written as texts."""
    return [
        (text, link)
        for link in links
        if (text := text_of(link)) and link.get("rel", "alternate") == "alternate"
    ]


def alternates(links: Sequence[Element]) -> list[tuple[str, Element]]:
    """Addresses of the pages that a feed or an item stands for, web pages first."""
    found = [
        (address, link)
        for link in links
        if (address := link.get("href")) and link.get("rel", "alternate").lower() == "alternate"
    ]
    if len(found) > 1:
        found.sort(key=lambda one: one[1].get("type", "text/html").lower() not in _PAGES)
    return found


def people(elements: Sequence[Element], names: Names) -> list[str]:
    """The names of authors, else their mail addresses."""
    people = []
    for element in elements:
        text = _name_inside(element, names) if len(element) else element.text
        if text:
            text = text.strip()
            if "@" in text:
                text = _without_address(text)
            if text:
                people.append(text)
    return people


def _name_inside(element: Element, names: Names) -> str:
    """The name of a person that has more than one."""
    inside = _children(element, names)
    if "name" in inside or "email" in inside:
        return last(inside.get("name", NONE)) or last(inside.get("email", NONE))
    raise DoubtError


def _without_address(text: str) -> str:
    """A name without the mail address beside it, or the address alone."""
    mail = _MAIL_ADDRESS.search(text, 0, _NAME_CHARS)
    return (text.replace(mail[0], "").strip(" ()<>") or mail[0]) if mail else text


def _children(element: Element, names: Names) -> Found:
    """The elements inside a person or a source by their words."""
    inside: Found = {}
    for child in element:
        if len(child):
            check_depth(child, ITEM_DEPTH + 1, names)
        inside.setdefault(names[child.tag], []).append(child)
    return inside


def categories_of(elements: Sequence[Element], names: Names) -> list[str]:
    """Each category once, by its label, its term or its text; iTunes puts one into another."""
    words: list[str] = []
    for element in elements:
        if element.keys():
            word = element.get("label") or element.get("term") or element.get("text")
            if word:
                words.append(word)
        if len(element):
            check_depth(element, ITEM_DEPTH + 1, names)
            if any(names[child.tag] != "category" for child in element.iter()):
                raise DoubtError
            inner = list(element.iter())[1:]
            words.extend(
                found for child in inner if (found := child.get("text") or (child.text or "").strip())
            )
            continue
        text = element.text
        if text and (text := text.strip()):
            words.append(text)
    return list(dict.fromkeys(words)) if len(words) > 1 else words


def keywords_of(elements: Sequence[Element]) -> list[str]:
    """The words of lists with commas."""
    texts = map(text_of, elements)
    return [word for text in texts for part in text.split(",") if (word := part.strip())]


def source_of(element: Element, base: str, names: Names) -> tuple[str | None, str | None]:
    """Title and address of the feed that an item was taken from."""
    inside = _children(element, names)
    title = plain_title(inside.get("title", NONE)) or (element.text or "").strip()
    links = inside.get("link", NONE)
    named = element.get("url")
    found = [(named, element)] if named else [*texts_of_links(links), *alternates(links)]
    return title or None, absolute(based(base, found[0][1]), found[0][0]) if found else None


def date_of(text: str) -> str | None:
    """A date as RFC 3339 in UTC; None for no date and for absurd years."""
    if not text:
        return None
    try:
        return feed_date(text)
    except ValueError:
        raise DoubtError from None
