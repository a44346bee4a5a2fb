"""
What a page says about itself for machines: addresses, dates, language, kind. Pure.

Only what is stated counts: `<link>`, `<meta>`, JSON-LD, `<html lang>`. A date that stands in the visible text
is left alone: it may be another article's.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from monitor.text.domains import registrable
from monitor.text.html import html_to_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PUBLISHED = (
    "article:published_time",
    "og:article:published_time",
    "og:published_time",
    "datepublished",
    "parsely-pub-date",
    "dc.date.issued",
    "dcterms.created",
    "dc.date",
    "date",
    "pubdate",
)
_UPDATED = ("article:modified_time", "og:updated_time", "datemodified", "dcterms.modified", "last-modified")
_ARTICLE = re.compile(r"(?:article|posting|report|review)$", re.IGNORECASE)
_LIVE = "liveblogposting"
_LANGUAGE_TAG = re.compile(r"\s*([a-zA-Z]{2,3})(?![a-zA-Z])")
_NO_LANGUAGE = frozenset({"und", "mul", "zxx", "mis"})
_INSIDE = ("liveBlogUpdate", "mainEntity", "@graph")  # keys under which an article's own parts stand
_JSON_CHARS = 1_000_000
_JSON_NODES = 2_000
_ADDRESS_CHARS = 4_000
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Stated:
    """What the page states. `heading` is its `<title>`, `body` its article's text in JSON-LD."""

    heading: str = ""
    headline: str = ""
    body: str = ""
    language: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    canonical: str | None = None
    og_url: str | None = None
    live: bool = False
    paywalled: bool = False


def stated(tree: Any, url: str) -> Stated:
    """The facts a page states; `url` is where it came from, "" for a file."""
    metas = _metas(tree)
    nodes = list(_json_articles(tree))
    first: Mapping[str, Any] = nodes[0] if nodes else {}
    bodies = [node["articleBody"] for node in nodes if isinstance(node.get("articleBody"), str)]
    links = [link for link in tree.iter("link") if "canonical" in (link.get("rel") or "").lower().split()]
    heading = next(tree.iter("title"), None)
    return Stated(
        heading=" ".join((heading.text or "").split()) if heading is not None else "",
        headline=_text(first.get("headline")) or metas.get("og:title", ""),
        body="\n".join(map(html_to_text, bodies)),
        language=_language(tree, metas, first),
        published=_moment(first.get("datePublished"), *(metas.get(name) for name in _PUBLISHED)),
        updated=_moment(first.get("dateModified"), *(metas.get(name) for name in _UPDATED)),
        canonical=own_address(url, next((link.get("href") or "" for link in links), "")),
        og_url=own_address(url, metas.get("og:url", "")),
        live=any(_LIVE in _types(node) for node in nodes),
        paywalled=any(str(node.get("isAccessibleForFree")).lower() == "false" for node in nodes),
    )


def own_address(url: str, named: str) -> str | None:
    """
    The address a page gives itself, absolute, if it may be believed: it lies within the page's own domain.

    Of an article that names its site's front page nothing is believed. Without `url` there is nothing to
    compare with, and an absolute address is taken as it is.
    """
    try:
        address = urljoin(url, named.strip()[:_ADDRESS_CHARS]) if named.strip() else ""
        parts, own = urlsplit(address), urlsplit(url)
        host = (parts.hostname or "").lower()
        if parts.scheme not in ("http", "https") or not host:
            return None
        if not url:
            return address
        front = parts.path in ("", "/") and not parts.query and own.path not in ("", "/")
        same = registrable(host) == registrable((own.hostname or "").lower())
    except ValueError:
        return None
    return address if same and not front else None


def _metas(tree: Any) -> dict[str, str]:
    """The values of `<meta>` by their names in lower case, and of `itemprop`; the first of a name counts."""
    found: dict[str, str] = {}
    for meta in tree.iter("meta"):
        content = (meta.get("content") or "").strip()
        name = (
            meta.get("property") or meta.get("name") or meta.get("itemprop") or meta.get("http-equiv") or ""
        )
        if content and name:
            found.setdefault(name.strip().lower(), content)
    return found


def _json_articles(tree: Any) -> Iterator[Mapping[str, Any]]:
    """The JSON-LD objects that are articles."""
    for script in tree.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower() or not script.text:
            continue
        try:
            value = json.loads(script.text[:_JSON_CHARS], strict=False)
        except (ValueError, RecursionError):
            continue
        waiting = [value]
        for _ in range(_JSON_NODES):
            if not waiting:
                break
            node = waiting.pop()
            if isinstance(node, list):
                waiting += reversed(node)
            elif isinstance(node, dict):
                if any(_ARTICLE.search(kind) for kind in _types(node)):
                    yield node
                waiting += [node[key] for key in _INSIDE if key in node]


def _types(node: Mapping[str, Any]) -> list[str]:
    named = node.get("@type")
    return [str(kind).lower() for kind in (named if isinstance(named, list) else [named])]


def _language(tree: Any, metas: Mapping[str, str], article: Mapping[str, Any]) -> str | None:
    """The language the page declares, as the letters its tag begins with."""
    root = tree if tree.tag == "html" else next(tree.iter("html"), tree)
    tags = (
        _text(article.get("inLanguage")),
        root.get("lang") or root.get("xml:lang"),
        metas.get("content-language"),
        metas.get("og:locale"),
    )
    for tag in tags:
        found = _LANGUAGE_TAG.match((tag or "").replace("_", "-"))
        if found and found[1].lower() not in _NO_LANGUAGE:
            return found[1].lower()
    return None


def _moment(*texts: Any) -> datetime | None:
    """The first text that is a time, in UTC; a time without a zone is UTC."""
    for text in texts:
        if not isinstance(text, str) or not text.strip():
            continue
        try:
            moment = datetime.fromisoformat(text.strip())
            moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError):
            continue
        if moment >= _EARLIEST:
            return moment
    return None


def _text(value: Any) -> str:
    return " ".join(html_to_text(value).split()) if isinstance(value, str) else ""
