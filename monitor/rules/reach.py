"""Which feeds a rule can hear of: its `feeds`, `tags` and `lang` beside what a feed is. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.rules.facts import document_value, speaks
from monitor.rules.globs import glob

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.settings import FeedConfig, RuleConfig


def reaches(rule: RuleConfig, feed: FeedConfig) -> bool:
    """
    Whether articles of the feed may pass the rule's feeds, tags and lang.

    Only these are looked at: neither whether the rule is enabled nor what its query asks for.
    """
    return meets(feed, rule.feeds, rule.tags, rule.lang)


def meets(feed: FeedConfig, feeds: Sequence[str], tags: Sequence[str], lang: Sequence[str]) -> bool:
    """Whether a feed is one of `feeds` by name, has one of `tags`, may speak one of `lang`; empty = any."""
    return (
        (not feeds or any(any_fits(document_value(value), [feed.name]) for value in feeds))
        and (not tags or any(any_fits(document_value(value), feed.tags) for value in tags))
        and (not lang or any(speaks(feed.language, document_value(code)) for code in lang))
    )


def any_fits(value: str, known: Iterable[str]) -> bool:
    """Whether a value asked for, which may be a glob, fits any of the known ones; case does not count."""
    fits = glob(value).fullmatch
    return any(fits(document_value(name)) for name in known)
