"""
What the elements mean that fast.py finds: a feed's facts, and the entry that an item becomes. Pure.

Elements are known by the words of WORDS, one word for all that mean the same. Where feedparser answers
differently we prefer what is right, see docs/parsing.md: an item's own link before others, the first
alternate link before the last, an item's description before the caption of its picture.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from monitor.feeds.document import PLAIN_ADDRESS, absolute
from monitor.feeds.fields import (
    ITEM_DEPTH,
    NONE,
    XML_LANG,
    alternates,
    as_markup,
    based,
    categories_of,
    date_of,
    keywords_of,
    language_of,
    last,
    link_of,
    people,
    plain_title,
    source_of,
    text_of,
    texts_of_links,
)
from monitor.feeds.tree import MAX_DEPTH, DepthError, DoubtError, check_depth
from monitor.feeds.wishes import skip_days, skip_hours, waiting_time

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from monitor.feeds.fields import Found
    from monitor.feeds.tree import Names

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

_WAITING = ("ttl", "sy:updateperiod", "sy:updatefrequency")
# With one of each, and no others but links, categories and pictures, an item is an ordinary one.
_SIMPLE = frozenset({"guid", "title", "summary", "content", "published", "updated", "author"})
_IN_MEDIA = frozenset({"media:title", "caption", "category", "keywords", DOUBT, "item", "entry"})
_IDENTIFIERS = frozenset({"guid", "link", "feedburner:origlink"})
_NOT_IN_ITEMS = frozenset({DOUBT, "item", "entry"})
# They give an item its address in ways that feedparser knows.
_ODD_ATTRIBUTES = frozenset({"href", "lastmod"})


def feed_info(found: Found, version: str, language: str, base: str, names: Names) -> dict[str, Any]:
    """What the document says about itself; `language` is its xml:lang, `base` resolves its links."""
    links = found.get("link", NONE)
    link = next(iter([*texts_of_links(links), *alternates(links)]), None)
    return {
        "title": plain_title(found.get("title", NONE)),
        "link": absolute(based(base, link[1]), link[0])
        if link
        else absolute("", last(found.get("guid", NONE))),
        "language": last(found.get("language", NONE)) or language.replace("_", "-") or None,
        "format": version,
        "ttl": waiting_time(*[last(found.get(word, NONE)) for word in _WAITING])
        if "ttl" in found or _WAITING[1] in found
        else None,
        "updated": date_of(last(found.get("updated", NONE))) or date_of(last(found.get("published", NONE))),
        "skip_hours": skip_hours(_inside(found["skiphours"], names)) if "skiphours" in found else [],
        "skip_days": skip_days(_inside(found["skipdays"], names)) if "skipdays" in found else [],
        "self_url": _self_url(links, base),
    }


def _self_url(links: Sequence[Element], base: str) -> str | None:
    """What the document calls its own address."""
    for link in links:
        address = link.get("href")
        if address and link.get("rel", "").lower() == "self":
            return absolute(based(base, link), address)
    return None


def _inside(places: Sequence[Element], names: Names) -> list[str]:
    """The texts of <hour> or <day> inside some places."""
    return [text_of(child) for place in places for child in place if names[child.tag] in {"hour", "day"}]


def entry(  # noqa: C901  the hottest place: one pass, and no call that can be spared
    item: Element, base: str, language: str, names: Names, plain: Names | None
) -> dict[str, Any]:
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
                check_depth(child, ITEM_DEPTH, names)
        elif word == "category":
            categories.append(child)
        elif word == "link":
            links.append(child)
        elif word == "media":
            if len(child) and not _is_named(child, names):
                return _any_entry(item, base, language, names, plain)
        elif word in found:
            return _any_entry(item, base, language, names, plain)
        else:
            found[word] = child
    if not _SIMPLE.issuperset(found) or "title" not in found or item.keys():
        return _any_entry(item, base, language, names, plain)
    get = found.get
    guid = text_of(found["guid"]) if "guid" in found else ""
    title = as_markup(found["title"], plain)
    if not title:
        return _any_entry(item, base, language, names, plain)
    body, lead, published, updated = get("content"), get("summary"), get("published"), get("updated")
    content = as_markup(body, plain) if body is not None else ""
    summary = as_markup(lead, plain) if lead is not None else ""
    of_content = language_of(body, language) if content and body is not None else ""
    author = get("author")
    return {
        "guid": guid or None,
        "link": _usual_link(links, get("guid"))
        or link_of(links, [found["guid"]] if guid else [], guid, base),
        "title": title,
        "summary": "" if summary == content else summary,
        "content": content,
        "published": date_of(text_of(published)) if published is not None else None,
        "updated": date_of(text_of(updated)) if updated is not None else None,
        "authors": people((author,), names) if author is not None else [],
        "categories": categories_of(categories, names) if categories else [],
        "language": of_content or language_of(found["title"], language) or None,
        "source_title": None,
        "source_url": None,
    }


def _is_named(picture: Element, names: Names) -> bool:
    """Whether a picture says nothing that an item with a title of its own would take over."""
    return all(not len(child) and names[child.tag] in ("", "media:title") for child in picture)


def _usual_link(links: Sequence[Element], guid: Element | None) -> str | None:
    """What `link_of` finds in an item with one link that is an ordinary address, or None."""
    if len(links) != 1:
        return None
    link = links[0]
    address = link.get("href")
    if address:
        usual = link.get("rel", "alternate") == "alternate" and not link.text
        usual = usual and (guid is None or not guid.keys())
    else:
        address = text_of(link)
        usual = not link.keys()
    return address if usual and PLAIN_ADDRESS.fullmatch(address) else None


def _any_entry(item: Element, base: str, language: str, names: Names, plain: Names | None) -> dict[str, Any]:
    """The entry of an item of any kind."""
    found = fields_of(item, names)
    about = ""
    if item.keys():
        language, base, about = _around(item, language, base)
    guid = (last(found["guid"]) if "guid" in found else "") or about
    title, title_language = _title(found, language, plain)
    summary, content, content_language = _texts(found, language, plain)
    source = found.get("source")
    source_title, source_url = source_of(source[-1], base, names) if source else (None, None)
    published = date_of(last(found.get("published", NONE))) or date_of(last(found.get("created", NONE)))
    categories = categories_of(found.get("category", NONE), names) + keywords_of(found.get("keywords", NONE))
    return {
        "guid": guid or None,
        "link": _original(found, base)
        or link_of(found.get("link", NONE), found.get("guid", NONE), guid, base),
        "title": title,
        "summary": "" if summary == content else summary,
        "content": content,
        "published": published,
        "updated": date_of(last(found.get("updated", NONE))),
        "authors": people(found.get("author", NONE), names),
        "categories": list(dict.fromkeys(categories)),
        "language": last(found.get("language", NONE)) or content_language or title_language or None,
        "source_title": source_title,
        "source_url": source_url,
    }


def stub(item: Element, base: str, names: Names) -> dict[str, Any]:
    """Only what identifies an item, in two fields of `entry`; nothing else of it is looked at."""
    found: Found = {}
    for child in item:
        word = names[child.tag]
        if word in _IDENTIFIERS:
            found.setdefault(word, []).append(child)
        elif word in _NOT_IN_ITEMS:
            raise DoubtError
    about = ""
    if item.keys():
        _, base, about = _around(item, "", base)
    guids, links = found.get("guid", NONE), found.get("link", NONE)
    guid = last(guids) or about
    link = _original(found, base) or _usual_link(links, guids[-1] if guids else None)
    return {"guid": guid or None, "link": link or link_of(links, guids, guid, base)}


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
            check_depth(child, ITEM_DEPTH, names)
    if "media" in found:
        for place in found["media"]:
            if len(place):
                _add_media(place, found, names, ITEM_DEPTH + 1)
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


def _title(found: Found, language: str, plain: Names | None) -> tuple[str, str]:
    """The item's title, else that of its picture or film, and its language."""
    for word in ("title", "media:title"):
        if word in found:
            for element in found[word]:
                text = as_markup(element, plain)
                if text:
                    return text, language_of(element, language)
    return "", language


def _texts(found: Found, language: str, plain: Names | None) -> tuple[str, str, str]:
    """
    The summary, the longest content, and the content's language.

    A second summary is the content if there is no other, as is a caption; a caption alone is the summary.
    """
    summary, content, content_language = "", "", ""
    for element in found.get("content", NONE):
        text = as_markup(element, plain)
        if len(text) > len(content):
            content, content_language = text, language_of(element, language)
    rest = found.get("summary", NONE)
    if "caption" in found and not (content and len(rest) == 1):
        rest = [*rest, *found["caption"]]
    for element in rest:
        text = as_markup(element, plain)
        if not summary:
            summary = text
        elif content:
            break
        else:
            content, content_language = text, language_of(element, language)
    return summary, content, content_language


def _original(found: Found, base: str) -> str | None:
    """The address behind that of FeedBurner."""
    original = last(found["feedburner:origlink"]) if "feedburner:origlink" in found else ""
    return absolute(base, original) if original else None
