"""
Whether the page of an article is wanted, what for, and whose page comes first. Pure.

The ordinary item of a feed is a headline and a few words. Rules that look at more than headlines may hold on
the page and not on that; and later copies of a dispatch are known again only if its text is known. Where the
feed gives the whole text, its page would tell nothing new.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from monitor.model import Article, Severity

_OPAQUE_HOST = "news.google.com"  # its addresses lead to a page of scripts, never to the article
FIRST = 300  # from here on an alert waits for a page
_TOUCHED, _MATCHED = 200, 100


class Purpose(StrEnum):
    """What a page is wanted for."""

    MATCH = "match"  # rules may hold on it
    COMPARE = "compare"  # later copies are compared with it
    DECIDE = "decide"  # something alike was told, and an alert waits for it


def wanted(mode: str, article: Article, *, matched: bool, reads_bodies: bool) -> Purpose | None:
    """
    What the article's page is wanted for; None where it is not to be fetched.

    `mode` is the feed's `full_text`; `matched` = a rule holds on what the feed gives; `reads_bodies` = a rule
    may hold on the page that does not hold on that (`Plan.reads_bodies`). Not asked of baseline items.
    """
    if mode == "never" or not _has_page(article):
        return None
    always = mode == "always"
    if matched:
        return Purpose.COMPARE if always or not article.whole else None
    worth = always or (article.short and not article.whole)
    return Purpose.MATCH if reads_bodies and worth else None


def priority(purpose: Purpose, severities: Iterable[Severity] = (), *, touched: bool = False) -> int:
    """
    Where a page stands in the queue: the highest first, the oldest of equals first.

    An alert waits for it; then what may ring and has a word of a rule in its teaser (`touched`, see
    `Engine.touches`); then what has rung, by the severest of its matches; then the rest.
    """
    severest = max((int(severity) for severity in severities), default=0)
    if purpose is Purpose.DECIDE:
        return FIRST + severest
    if purpose is Purpose.COMPARE:
        return _MATCHED + severest
    return _TOUCHED if touched else 0


def _has_page(article: Article) -> bool:
    """Whether the article's address leads to a page of its own that can be read."""
    try:
        parts = urlsplit(article.url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and _OPAQUE_HOST not in (host, article.source)
