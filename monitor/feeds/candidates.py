"""
Where a site's feeds may be: what a page links to, the usual places, what robots.txt and sitemaps name. Pure.

Nothing here is a feed yet: each address is to be fetched and parsed. All reading is linear in the length of
its input and bounded in what it gives, for the pages come from anywhere.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

PAGE_LIMIT = 2_000_000  # characters of a page that are looked at
MOST_LINKS = 200  # of each kind
LONGEST_URL = 2000
FEED_TYPES = frozenset(
    {
        "application/rss+xml",
        "application/atom+xml",
        "application/feed+json",
        "application/rdf+xml",
        "application/x-rss+xml",
        "application/rss",
        "application/atom",
        "text/rss+xml",
        "text/atom+xml",
        "text/rss",
    }
)
# Also used for other things than feeds, so only a name that speaks of a feed makes them one.
_VAGUE_TYPES = frozenset({"application/xml", "text/xml", "application/json"})
USUAL_PLACES = (
    *("/feed", "/rss", "/feed.xml", "/rss.xml", "/atom.xml", "/index.xml", "/feed/", "/feeds"),
    *("/index.rdf", "/feed.json", "/blog/feed", "/news/rss"),
)

# What has no closing end swallows the rest, once; of a tag's values only quoted ones may hold `<` and `>`.
_MARKUP = re.compile(
    r"""
      <!--(?:(?s:.*?)-->|(?s:.*))
    | <(?P<unread>script|style|textarea|template)\b (?:(?s:.*?)</(?P=unread)\s*>|(?s:.*))
    | <(?P<name>a|area|base|link|meta)(?=[\s/]) (?P<values>(?:[^<>"']|"[^"]*+"|'[^']*+')*+)
      (?:> (?P<text>[^<]{0,200}))?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_VALUE = re.compile(r"""([a-zA-Z:-]{1,40})\s*=\s*(?:"([^"]*+)"|'([^']*+)'|([^\s"'>]{1,2000}))""")
_LOOKS_LIKE_A_FEED = re.compile(
    r"(?:^|[/._=-])(?:rss2?|atom|feeds?|rdf|xmlfeed)(?:$|[/._=&-])|\.(?:rss|atom|rdf)$|(?:^|/)index\.xml$",
    re.IGNORECASE,
)
_FEED_HOST = re.compile(r"^(?:feeds?|rss|feedproxy|feedburner)[.0-9]|\.feedburner\.com$")
_OTHER_FILES = re.compile(
    r"\.(?:png|jpe?g|gif|svg|ico|webp|css|js|pdf|zip|mp3|mp4|ogg|woff2?)$", re.IGNORECASE
)
# Buttons of other readers carry the address they would subscribe to; feedproxy's /~3/ leads to an article.
_SUBSCRIBE = re.compile(r"^https?://(?:www\.)?(?:feedly|inoreader|netvibes|newsblur|bazqux)\.", re.IGNORECASE)
_SITEMAP_LINE = re.compile(r"^[ \t]*sitemap[ \t]*:[ \t]*(\S{1,2000})", re.IGNORECASE | re.MULTILINE)
_LOCATION = re.compile(r"<(?:\w{1,20}:)?loc>\s*+(?:<!\[CDATA\[\s*+)?([^<>\s\]]{1,2000})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An address that may be a feed's, and how it was come by (a phrase for people)."""

    url: str
    how: str


@dataclass(slots=True)
class PageLinks:
    """What a page says of feeds: those it declares, links that look like one, the program that made it."""

    declared: list[str] = field(default_factory=list)
    linked: list[str] = field(default_factory=list)
    generator: str = ""


def links_of(text: str, address: str) -> PageLinks:
    """The feeds a page of this address declares and links to, in its order, each once, as whole addresses."""
    found = PageLinks()
    base, has_base = address, False
    links: list[tuple[str, bool]] = []
    for name, values, label in _tags(text[:PAGE_LIMIT]):
        target = values.get("href", "")
        if name == "base":
            base, has_base = (absolute(address, target) or address, True) if not has_base else (base, True)
        elif name == "meta":
            if values.get("name", "").lower() == "generator":
                found.generator = found.generator or values.get("content", "").strip()[:100]
        elif name == "link":
            if _declares_a_feed(values):
                links.append((target, True))
        elif _links_to_a_feed(target, label):
            links.append((target, False))
    for target, declared in links:
        url = absolute(base, target)
        into = found.declared if declared else found.linked
        if url and url not in found.declared and url not in into and len(into) < MOST_LINKS:
            into.append(url)
    found.linked = [url for url in found.linked if url not in found.declared]
    return found


def usual_places(address: str) -> tuple[str, ...]:
    """Where feeds lie on most sites: below the address's own folder first, then at the root."""
    parts = urlsplit(address)
    root = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    folder = parts.path if parts.path.endswith("/") else parts.path.rpartition("/")[0]
    if "." not in parts.path.rpartition("/")[2]:
        folder = parts.path  # no file: a section such as /world
    folder = folder.rstrip("/")
    below = tuple(f"{root}{folder}/{name}" for name in ("feed", "rss", "rss.xml")) if folder else ()
    return tuple(dict.fromkeys((*below, *(root + place for place in USUAL_PLACES))))


def sitemaps_of(robots: str, address: str) -> tuple[str, ...]:
    """The sitemaps that a robots.txt names; those that seem to be about news or feeds first."""
    named = [absolute(address, match[1]) for match in _bounded(_SITEMAP_LINE, robots)]
    urls = dict.fromkeys(url for url in named if url)
    return tuple(sorted(urls, key=lambda url: not re.search(r"news|rss|feed", url, re.IGNORECASE)))


def feeds_in_sitemap(sitemap: str, address: str) -> tuple[str, ...]:
    """Addresses in a sitemap, or in an index of sitemaps, that look like a feed's."""
    found = (
        absolute(address, html.unescape(match[1])) for match in _LOCATION.finditer(sitemap, 0, PAGE_LIMIT)
    )
    urls = dict.fromkeys(url for url in found if url and looks_like_a_feed(url))
    return tuple(urls)[:MOST_LINKS]


def looks_like_a_feed(url: str) -> bool:
    """Whether an address speaks of a feed by its host, its path or its query."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    if _OTHER_FILES.search(parts.path) or "/~3/" in parts.path or _SUBSCRIBE.match(url):
        return False
    if _FEED_HOST.search(host) and parts.path.strip("/"):
        return True
    return bool(_LOOKS_LIKE_A_FEED.search(parts.path) or _LOOKS_LIKE_A_FEED.search(parts.query))


def absolute(base: str, target: str) -> str | None:
    """A link as a whole web address without fragment and login; None if it leads nowhere on the web."""
    target = html.unescape(target).strip()
    if target[:5].lower() == "feed:":
        target = "http:" + target[5:] if target[5:7] == "//" else target[5:]
    try:
        parts = urlsplit(urljoin(base, "".join(target.split())))
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0:
            return None
    except ValueError:
        return None
    if "\\" in parts.netloc:
        return None  # programs differ in which host that is
    url = parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl()
    return url if url.isprintable() and len(url) <= LONGEST_URL else None


def _tags(text: str) -> Iterator[tuple[str, dict[str, str], str]]:
    """The tags that may matter: name, values by lower-case name (the first of equals), the text behind."""
    for match in _MARKUP.finditer(text):
        if match["name"] is None:
            continue
        values: dict[str, str] = {}
        for key, double, single, bare in _VALUE.findall(match["values"]):
            values.setdefault(key.lower(), double or single or bare)
        yield match["name"].lower(), values, match["text"] or ""


def _declares_a_feed(values: dict[str, str]) -> bool:
    relations = values.get("rel", "").lower().split()
    kind = values.get("type", "").lower().partition(";")[0].strip()
    if "alternate" not in relations and "feed" not in relations:
        return False
    if kind in FEED_TYPES or ("feed" in relations and not kind):
        return True
    return kind in _VAGUE_TYPES and looks_like_a_feed(html.unescape(values.get("href", "")))


def _links_to_a_feed(target: str, label: str) -> bool:
    if not target or target.startswith("#"):
        return False
    if target[:5].lower() == "feed:":
        return True
    target = html.unescape(target)
    if looks_like_a_feed(target):
        return True
    return bool(re.search(r"\brss\b|\batom\b", label, re.IGNORECASE)) and target.endswith(".xml")


def _bounded(pattern: re.Pattern[str], text: str) -> Iterable[re.Match[str]]:
    for count, match in enumerate(pattern.finditer(text, 0, PAGE_LIMIT)):
        if count == MOST_LINKS:
            return
        yield match
