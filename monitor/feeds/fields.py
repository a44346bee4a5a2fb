"""
What the elements mean that fast.py finds: a feed's facts, and the entry that an item becomes. Pure.

Elements are known by the words of WORDS, one word for all that mean the same. The values are those that
worker.py makes of feedparser's answer. Whatever cannot be read with certainty raises DoubtError.

Where feedparser answers differently we prefer what is right, see docs/parsing.md: an item's own link before
others, the first alternate link before the last, an item's description before the caption of its picture.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from monitor.feeds.dates import feed_date
from monitor.feeds.document import PLAIN_ADDRESS, absolute
from monitor.feeds.tree import MAX_DEPTH, DepthError, DoubtError, check_depth, inner_markup
from monitor.feeds.wishes import skip_days, skip_hours, waiting_time

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from monitor.feeds.tree import Names

    Found = dict[str, list[Element]]

XML_LANG = "http://www.w3.org/XML/1998/namespace lang"
XML_BASE = "http://www.w3.org/XML/1998/namespace base"
_RDF_ABOUT = "http://www.w3.org/1999/02/22-rdf-syntax-ns# about"

DOUBT = "doubt"
WORDS = {
    **{word: word for word in ("channel", "item", "entry", "title", "link", "language", "source")},
    **{word: word for word in ("name", "email", "ttl", "skiphours", "skipdays", "hour", "day")},
    **{word: word for word in ("sy:updateperiod", "sy:updatefrequency", "feedburner:origlink")},
    **dict.fromkeys(("guid", "id"), "guid"),
    "dc:title": "title",
    "media:title": "media:title",
    **dict.fromkeys(("description", "summary"), "summary"),
    **dict.fromkeys(("dc:description", "itunes:summary", "media:description"), "caption"),
    **dict.fromkeys(("content", "content:encoded"), "content"),
    **dict.fromkeys(("published", "pubdate", "issued", "dcterms:issued"), "published"),
    **dict.fromkeys(("updated", "modified", "lastbuilddate", "dc:date", "dcterms:modified"), "updated"),
    **dict.fromkeys(("created", "dcterms:created"), "created"),
    **dict.fromkeys(("author", "dc:author", "dc:creator", "itunes:author", "managingeditor"), "author"),
    **dict.fromkeys(("category", "dc:subject", "keywords", "media:category", "itunes:category"), "category"),
    **dict.fromkeys(("media:keywords", "itunes:keywords"), "keywords"),
    "dc:language": "language",
    **dict.fromkeys(("media:group", "media:content", "categories"), "media"),
    **dict.fromkeys(("body", "xhtml:body", "fullitem", "abstract", "tags"), DOUBT),
}

XHTML = "application/xhtml+xml"
_TEXT_TYPES = {
    **dict.fromkeys(("text", "plain", "text/plain"), "text/plain"),
    **dict.fromkeys(("html", "text/html"), "text/html"),
    **dict.fromkeys(("xhtml", XHTML), XHTML),
}
_WAITING = ("ttl", "sy:updateperiod", "sy:updatefrequency")
_PAGES = ("text/html", XHTML)
# In Atom. RSS says nothing about its texts, so they are markup.
_PLAIN = frozenset({"text/plain", "title", "summary", "content", "media:title", "itunes:summary"})
_IN_MEDIA = frozenset({"media:title", "caption", "category", "keywords", DOUBT, "item", "entry"})
# They give an item its address in ways that feedparser knows.
_SIMPLE = frozenset({"guid", "title", "summary", "content", "published", "updated", "author"})
_NOT_IN_ITEMS = frozenset({DOUBT, "item", "entry"})
_ODD_ATTRIBUTES = frozenset({"href", "lastmod"})

_MAIL_ADDRESS = re.compile(r"[\w.+-]{1,100}@[\w.-]{1,100}")
_NAME_CHARS = 300
_ITEM_DEPTH = 3
_NONE: Sequence[Element] = ()


def feed_info(found: Found, version: str, language: str, base: str, names: Names) -> dict[str, Any]:
    """What the document says about itself; `language` is its xml:lang, `base` resolves its links."""
    links = found.get("link", _NONE)
    link = next(iter([*_texts_of_links(links), *_alternates(links)]), None)
    return {
        "title": _plain_title(found.get("title", _NONE)),
        "link": absolute(based(base, link[1]), link[0])
        if link
        else absolute("", _last(found.get("guid", _NONE))),
        "language": _last(found.get("language", _NONE)) or language.replace("_", "-") or None,
        "format": version,
        "ttl": waiting_time(*[_last(found.get(word, _NONE)) for word in _WAITING])
        if "ttl" in found or _WAITING[1] in found
        else None,
        "updated": _date(_last(found.get("updated", _NONE))) or _date(_last(found.get("published", _NONE))),
        "skip_hours": skip_hours(_inside(found["skiphours"], names)) if "skiphours" in found else [],
        "skip_days": skip_days(_inside(found["skipdays"], names)) if "skipdays" in found else [],
        "self_url": _self_url(links, base),
    }


def _plain_title(elements: Sequence[Element]) -> str:
    """The first title that is not empty; one in no form of text is for feedparser to read."""
    for element in elements:
        if element.keys():
            _kind(element)
    return _first(elements)


def based(base: str, element: Element) -> str:
    """The base of what stands in an element, inside something with the given base."""
    own = element.get(XML_BASE) or element.get("base")
    return (absolute(base, own) or base) if own else base


def _self_url(links: Sequence[Element], base: str) -> str | None:
    """What the document calls its own address."""
    for link in links:
        address = link.get("href")
        if address and link.get("rel", "").lower() == "self":
            return absolute(based(base, link), address)
    return None


def _inside(places: Sequence[Element], names: Names) -> list[str]:
    """The texts of <hour> or <day> inside some places."""
    return [_text(child) for place in places for child in place if names[child.tag] in {"hour", "day"}]


def entry(item: Element, base: str, language: str, names: Names, plain: Names | None) -> dict[str, Any]:
    """
    One item as plain values; `base` resolves its links, `language` is the xml:lang around it.

    `plain` are the names in an Atom document, where some texts are plain, and None in others.
    """
    found: dict[str, Element] = {}
    categories = []
    links = []
    for child in item:
        word = names[child.tag]
        if not word:
            if len(child):
                check_depth(child, _ITEM_DEPTH, names)
        elif word == "category":
            categories.append(child)
        elif word == "link":
            links.append(child)
        elif word == "media" and not len(child):
            pass
        elif word in found:
            return _any_entry(item, base, language, names, plain)
        else:
            found[word] = child
    if not _SIMPLE.issuperset(found) or item.keys():
        return _any_entry(item, base, language, names, plain)
    get = found.get
    guid = _text(found["guid"]) if "guid" in found else ""
    element = get("title")
    title = title_language = ""
    if element is None:
        title_language = language
    elif title := _as_markup(element, plain):
        title_language = _language(element, language)
    element = get("content")
    content = content_language = ""
    if element is not None and (content := _as_markup(element, plain)):
        content_language = _language(element, language)
    element = get("summary")
    summary = _as_markup(element, plain) if element is not None else ""
    published, updated, author = get("published"), get("updated"), get("author")
    return {
        "guid": guid or None,
        "link": _usual_link(links, get("guid")) or _link(links, [found["guid"]] if guid else [], guid, base),
        "title": title,
        "summary": "" if summary == content else summary,
        "content": content,
        "published": _date(_text(published)) if published is not None else None,
        "updated": _date(_text(updated)) if updated is not None else None,
        "authors": _people((author,), names) if author is not None else [],
        "categories": _categories(categories, names) if categories else [],
        "language": content_language or title_language or None,
        "source_title": None,
        "source_url": None,
    }


def _usual_link(links: Sequence[Element], guid: Element | None) -> str | None:
    """What `_link` finds in an item with one link that is an ordinary address, or None."""
    if len(links) != 1:
        return None
    link = links[0]
    address = link.get("href")
    if address:
        usual = link.get("rel", "alternate") == "alternate" and not link.text
        usual = usual and (guid is None or not guid.keys())
    else:
        address = _text(link)
        usual = not link.keys()
    return address if usual and PLAIN_ADDRESS.fullmatch(address) else None


def _any_entry(item: Element, base: str, language: str, names: Names, plain: Names | None) -> dict[str, Any]:
    """The entry of an item of any kind."""
    found = fields_of(item, names)
    about = ""
    if item.keys():
        language, base, about = _around(item, language, base)
    guid = (_last(found["guid"]) if "guid" in found else "") or about
    title, title_language = _title(found, language, plain)
    summary, content, content_language = _texts(found, language, plain)
    source = found.get("source")
    source_title, source_url = _source(source[-1], base, names) if source else (None, None)
    published = _date(_last(found.get("published", _NONE))) or _date(_last(found.get("created", _NONE)))
    categories = _categories(found.get("category", _NONE), names) + _keywords(found.get("keywords", _NONE))
    return {
        "guid": guid or None,
        "link": _original(found, base)
        or _link(found.get("link", _NONE), found.get("guid", _NONE), guid, base),
        "title": title,
        "summary": "" if summary == content else summary,
        "content": content,
        "published": published,
        "updated": _date(_last(found.get("updated", _NONE))),
        "authors": _people(found.get("author", _NONE), names),
        "categories": list(dict.fromkeys(categories)),
        "language": _last(found.get("language", _NONE)) or content_language or title_language or None,
        "source_title": source_title,
        "source_url": source_url,
    }


def stub(item: Element, base: str, names: Names) -> dict[str, Any]:
    """Only what identifies an item, in two fields of `entry`."""
    found = fields_of(item, names)
    about = ""
    if item.keys():
        _, base, about = _around(item, "", base)
    guid = (_last(found["guid"]) if "guid" in found else "") or about
    links, guids = found.get("link", _NONE), found.get("guid", _NONE)
    return {"guid": guid or None, "link": _original(found, base) or _link(links, guids, guid, base)}


def fields_of(item: Element, names: Names) -> Found:
    """The elements of an item by their words; those of pictures and films, and in groups, are the item's."""
    found: Found = {}
    for child in item:
        word = names[child.tag]
        if word:
            if word in found:
                found[word].append(child)
            else:
                found[word] = [child]
        elif len(child):
            check_depth(child, _ITEM_DEPTH, names)
    if "media" in found:
        for place in found["media"]:
            if len(place):
                _add_media(place, found, names, _ITEM_DEPTH + 1)
    if not _NOT_IN_ITEMS.isdisjoint(found):
        raise DoubtError
    return found


def _add_media(place: Element, found: Found, names: Names, depth: int) -> None:
    """Count what a picture, a film or a group of them says as the item's own."""
    if depth > MAX_DEPTH:
        raise DepthError
    for child in place:
        word = names[child.tag]
        if word in _IN_MEDIA:
            found.setdefault(word, []).append(child)
        elif len(child):
            if word == "media":
                _add_media(child, found, names, depth + 1)
            else:
                check_depth(child, depth, names)


def _around(item: Element, language: str, base: str) -> tuple[str, str, str]:
    """The language and the base that an item's attributes give it, and its RDF address."""
    if not _ODD_ATTRIBUTES.isdisjoint(item.attrib):
        raise DoubtError
    return item.get(XML_LANG, language), based(base, item), item.get(_RDF_ABOUT, "").strip()


def _text(element: Element) -> str:
    """A text that is no markup."""
    if len(element):
        raise DoubtError
    text = element.text
    return text.strip() if text else ""


def _first(elements: Sequence[Element]) -> str:
    """The first text that is not empty."""
    return next(filter(None, map(_text, elements)), "")


def _last(elements: Sequence[Element]) -> str:
    """The last text that is not empty."""
    if len(elements) == 1:
        return _text(elements[0])
    return next(filter(None, map(_text, reversed(elements))), "")


def _title(found: Found, language: str, plain: Names | None) -> tuple[str, str]:
    """The item's title, else that of its picture or film, and its language."""
    for word in ("title", "media:title"):
        if word in found:
            for element in found[word]:
                text = _as_markup(element, plain)
                if text:
                    return text, _language(element, language)
    return "", language


def _texts(found: Found, language: str, plain: Names | None) -> tuple[str, str, str]:
    """
    The summary, the longest content, and the content's language.

    A second summary is the content if there is no other, as is a caption; a caption alone is the summary.
    """
    summary, content, content_language = "", "", ""
    for element in found.get("content", _NONE):
        text = _as_markup(element, plain)
        if len(text) > len(content):
            content, content_language = text, _language(element, language)
    rest = found.get("summary", _NONE)
    if "caption" in found and not (content and len(rest) == 1):
        rest = [*rest, *found["caption"]]
    for element in rest:
        text = _as_markup(element, plain)
        if not summary:
            summary = text
        elif content:
            break
        else:
            content, content_language = text, _language(element, language)
    return summary, content, content_language


def _as_markup(element: Element, plain: Names | None) -> str:
    """A text as markup, by the rules of worker._markup; `plain` is for Atom, where some texts are not."""
    kind = ""
    if len(element) or element.keys():
        kind = _kind(element)
        if kind == XHTML:
            check_depth(element, _ITEM_DEPTH + 1)
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
    if (written and not kind) or element.get("src"):
        # A picture, or a text that is elsewhere: nothing, if there is nothing here.
        if len(element) or (element.text and not element.text.isspace()):
            raise DoubtError
    return kind


def _language(element: Element, around: str) -> str:
    """The language of a text: its own, else that of what is around it."""
    language = element.get(XML_LANG, around)
    return language.replace("_", "-") if language else ""


def _original(found: Found, base: str) -> str | None:
    """The address behind that of FeedBurner."""
    original = _last(found["feedburner:origlink"]) if "feedburner:origlink" in found else ""
    return absolute(base, original) if original else None


def _link(links: Sequence[Element], guids: Sequence[Element], guid: str, base: str) -> str | None:
    """The address of the item: its link, a guid that says it is one, an alternate page, any guid that is one."""
    for link, element in _texts_of_links(links):
        address = _resolved(link.replace("&amp;", "&"), element, base)
        if address:
            return address
    for one in guids:
        if one.get("isPermaLink") == "true":
            address = absolute("", _text(one))
            if address:
                return address
    for link, element in _alternates(links):
        address = _resolved(link, element, base)
        if address:
            return address
    return absolute("", guid) if " " not in guid else None


def _resolved(link: str, element: Element, base: str) -> str | None:
    """The absolute address of what an element gives as a link."""
    return absolute(based(base, element), link)


def _texts_of_links(links: Sequence[Element]) -> list[tuple[str, Element]]:
    """Addresses written as texts."""
    return [
        (text, link)
        for link in links
        if (text := _text(link)) and link.get("rel", "alternate") == "alternate"
    ]


def _alternates(links: Sequence[Element]) -> list[tuple[str, Element]]:
    """Addresses of the pages that a feed or an item stands for, web pages first."""
    found = [
        (address, link)
        for link in links
        if (address := link.get("href")) and link.get("rel", "alternate").lower() == "alternate"
    ]
    if len(found) > 1:
        found.sort(key=lambda one: one[1].get("type", "text/html").lower() not in _PAGES)
    return found


def _people(elements: Sequence[Element], names: Names) -> list[str]:
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
        return _last(inside.get("name", _NONE)) or _last(inside.get("email", _NONE))
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
            check_depth(child, _ITEM_DEPTH + 1, names)
        inside.setdefault(names[child.tag], []).append(child)
    return inside


def _categories(elements: Sequence[Element], names: Names) -> list[str]:
    """Each category once, by its label, its term or its text; iTunes puts one into another."""
    words: list[str] = []
    for element in elements:
        if element.keys():
            word = element.get("label") or element.get("term") or element.get("text")
            if word:
                words.append(word)
        if len(element):
            check_depth(element, _ITEM_DEPTH + 1, names)
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


def _keywords(elements: Sequence[Element]) -> list[str]:
    """The words of lists with commas."""
    texts = map(_text, elements)
    return [word for text in texts for part in text.split(",") if (word := part.strip())]


def _source(element: Element, base: str, names: Names) -> tuple[str | None, str | None]:
    """Title and address of the feed that an item was taken from."""
    inside = _children(element, names)
    title = _plain_title(inside.get("title", _NONE)) or (element.text or "").strip()
    links = inside.get("link", _NONE)
    named = element.get("url")
    found = [(named, element)] if named else [*_texts_of_links(links), *_alternates(links)]
    return title or None, absolute(based(base, found[0][1]), found[0][0]) if found else None


def _date(text: str) -> str | None:
    """A date as RFC 3339 in UTC; None for no date and for absurd years."""
    if not text:
        return None
    try:
        return feed_date(text)
    except ValueError:
        raise DoubtError from None
