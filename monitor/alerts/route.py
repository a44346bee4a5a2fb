"""Choosing channels: a flat list of routes, the first that matches wins unless it continues. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.model import Severity
    from monitor.settings import RouteConfig


@dataclass(frozen=True, slots=True)
class RouteFacts:
    """What a route may ask about an alert; `kind` is "first" or "update"."""

    severity: Severity
    rule: str
    feed: str
    tags: tuple[str, ...] = ()
    lang: str | None = None
    entities: tuple[str, ...] = ()
    kind: str = "first"

    def values(self, key: str) -> tuple[str, ...]:
        """The alert's values under a route's key."""
        if key == "severity":
            return (self.severity.label,)
        if key == "tag":
            return self.tags
        if key == "entity":
            return self.entities
        if key == "lang":
            return (self.lang,) if self.lang else ()
        return ({"rule": self.rule, "feed": self.feed, "kind": self.kind}[key],)


def route(
    routes: Sequence[RouteConfig],
    every_channel: Sequence[str],
    facts: RouteFacts,
    allowed: Sequence[str] | None = None,
) -> tuple[str, ...]:
    """
    The channels an alert goes to, in order, each once; empty = store only.

    Without routes every alert goes to every channel. `allowed` is a rule's own `allow_channels`.
    """
    chosen: list[str] = []
    if not routes:
        chosen = list(every_channel)
    for candidate in routes:
        if _matches(candidate, facts):
            chosen += candidate.channels
            if not candidate.continues:
                break
    wanted = dict.fromkeys(chosen)
    return tuple(c for c in wanted if allowed is None or c in allowed)


def _matches(candidate: RouteConfig, facts: RouteFacts) -> bool:
    """Keys are AND, the values of one key are OR; globs are allowed, en also means en-GB."""
    return all(
        any(_same(key, wanted, value) for wanted in patterns for value in facts.values(key))
        for key, patterns in candidate.match.items()
    )


def _same(key: str, wanted: str, value: str) -> bool:
    wanted, value = wanted.casefold().removeprefix("@"), value.casefold()
    if key == "lang" and value.startswith(wanted + "-"):
        return True
    return fnmatchcase(value, wanted)
