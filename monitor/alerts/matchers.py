"""
Matchers: which alerts a route takes and which a silence covers. Pure.

Keys are AND, the values of one key are OR. Values may be globs, case does not matter, and what is not known
of an alert fits nothing: an article without a language is not of the language "*".
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.model import Severity

KEYS = ("severity", "rule", "tag", "feed", "lang", "entity", "kind")


@dataclass(frozen=True, slots=True)
class RouteFacts:
    """What a matcher may ask about an alert; `kind` is "first" or "update"."""

    severity: Severity
    rule: str
    feed: str
    tags: tuple[str, ...] = ()
    lang: str | None = None
    entities: tuple[str, ...] = ()
    kind: str = "first"

    def values(self, key: str) -> tuple[str, ...]:
        """The alert's values under a matcher's key; none where nothing is known."""
        if key == "severity":
            return (self.severity.label,)
        if key == "tag":
            return self.tags
        if key == "entity":
            return self.entities
        value = {"rule": self.rule, "feed": self.feed, "kind": self.kind, "lang": self.lang}[key]
        return (value,) if value else ()


@dataclass(frozen=True, slots=True)
class Misfit:
    """The first key of a matcher that an alert does not fit, with what was wanted and what it has."""

    key: str
    wanted: tuple[str, ...]
    found: tuple[str, ...]

    def __str__(self) -> str:
        wanted, name = " or ".join(self.wanted), _said(self.key)
        if not self.found:
            return f"it has no {name}, wanted {wanted}"
        return f"its {name} is {', '.join(self.found)}, wanted {wanted}"


def misfit(match: Mapping[str, tuple[str, ...]], facts: RouteFacts) -> Misfit | None:
    """Why the alert does not fit the matcher; None where it fits. A matcher without keys fits all."""
    for key, wanted in match.items():
        found = facts.values(key)
        if not any(_same(key, pattern, value) for pattern in wanted for value in found):
            return Misfit(key, tuple(wanted), found)
    return None


def in_words(match: Mapping[str, tuple[str, ...]]) -> str:
    """The matcher as people say it: "rule flood, tag fr or en"; "everything" for one without keys."""
    return ", ".join(f"{_said(key)} {' or '.join(values)}" for key, values in match.items()) or "everything"


def _said(key: str) -> str:
    return "language" if key == "lang" else key


def _same(key: str, wanted: str, value: str) -> bool:
    """Whether the value is the one that is wanted; en also means en-GB, @doha is doha."""
    wanted, value = wanted.casefold(), value.casefold()
    if key == "entity":
        wanted = wanted.removeprefix("@")
    if key == "lang" and value.startswith(wanted + "-"):
        return True
    return fnmatchcase(value, wanted)
