"""
An address explained: what became of it and why; and which address of several is the article's. Pure.

`urls.py` does the work, quickly and for every item; what is here is asked now and then: by people
(`tocsin url`), and for a page that names its own address.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from monitor.articles.urls import clean_url, key_is_bare, url_key
from monitor.text.domains import registrable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from urllib.parse import SplitResult

_LONGEST = 60  # characters of a value that are shown


@dataclass(frozen=True, slots=True)
class Weblink:
    """An address, its clean form (safe to open), its key (what makes it one with others), and why."""

    url: str
    clean: str
    key: str
    why: tuple[str, ...]


def explained(url: str) -> Weblink:
    """What becomes of an address; `clean` and `key` are "" for what is no web address. Never raises."""
    clean, key = clean_url(url), url_key(url)
    if not clean:
        return Weblink(url, "", "", ("no http or https address with a host",))
    return Weblink(url, clean, key, (*_cleaned(url, clean), *_compared(clean, key)))


def canonical_of(page: str, named: str) -> str:
    """
    The clean address that a page names as its own (`rel=canonical`, `og:url`), if it may speak for the page.

    "" if it names a home page, or an address of another registrable domain: a careless template and a hostile
    page do both. `page` is where it was read, after redirects.
    """
    clean, own = clean_url(named), clean_url(page)
    if not clean or not own or key_is_bare(url_key(clean)):
        return ""
    same = registrable(_parts(clean).hostname or "") == registrable(_parts(own).hostname or "")
    return clean if same else ""


def _cleaned(url: str, clean: str) -> Iterator[str]:
    """What was taken away to open it."""
    before, after = _parts(url.strip()), _parts(clean)
    host = before.hostname or ""
    if host.rstrip(".") != (after.hostname or "") and host.isascii():
        yield f"{_shown(host)} only leads to another address"
        return
    if "@" in before.netloc:
        yield "a login is no part of an address"
    kept = set(_pairs(after.query))
    for pair in dict.fromkeys(_pairs(before.query)):
        if pair not in kept:
            yield f"{_shown(pair)} counts readers"
    if before.fragment and not after.fragment:
        yield f"#{_shown(before.fragment)} counts readers, or marks a place"


def _compared(clean: str, key: str) -> Iterator[str]:
    """What was left out to compare it."""
    parts = _parts(clean)
    host = parts.hostname or ""
    if not key.startswith(host):
        yield f"key: {host} is a form of {re.split(r'[/?#:]', key, maxsplit=1)[0]}"
    before, after = _pairs(parts.query), _pairs(_parts(f"x://{key}").query)
    if len(after) < len(before):
        yield "key: without the parameters of its AMP form"
    elif after != before:
        yield "key: parameters in one order and one spelling"
    path = _parts(f"x://{key}").path
    if path != parts.path and (path or parts.path != "/"):
        yield f"key: the path is compared as {path or '/'}"
    if parts.fragment and "#" not in key:
        yield f"key: #{_shown(parts.fragment)} is a place on the page"


def _pairs(query: str) -> list[str]:
    return [pair.removeprefix("amp;") for pair in query.split("&") if pair.removeprefix("amp;")]


def _parts(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        return urlsplit("")


def _shown(text: str) -> str:
    text = "".join(character if character.isprintable() else "\ufffd" for character in text)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"
