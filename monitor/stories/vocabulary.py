"""
What the update tests know of a language: number words, casualties, outcomes, dates, corrections.

Every word stands folded, as tokens are (`text.tokens`). The lists are closed and short on purpose: what they
miss is found by other signals (a number, new sentences), what they hold rings.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, TypeVar

from monitor.text.tokens import folded_tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LANGUAGES = ("de", "en", "es", "fr", "it", "pt")

Phrase = tuple[str, ...]
_Word = TypeVar("_Word")


def words(text: str) -> frozenset[str]:
    """The folded tokens of a list written with spaces."""
    return frozenset(folded_tokens(text))


def phrases(text: str) -> frozenset[Phrase]:
    """The folded phrases of a list written with commas."""
    found = (tuple(folded_tokens(part)) for part in text.split(","))
    return frozenset(phrase for phrase in found if phrase)


def numbered(text: str) -> dict[str, float]:
    """Number words: "two=2 three=3"."""
    pairs = (item.split("=") for item in text.split())
    return {folded_tokens(word)[0]: float(value) for word, value in pairs}


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words of one language, or of several."""

    numbers: Mapping[str, float] = field(default_factory=dict)
    multipliers: Mapping[str, float] = field(default_factory=dict)
    ones: frozenset[str] = frozenset()  # articles that may be the number one
    joints: frozenset[str] = frozenset()  # "and" inside a number
    casualties: Mapping[str, frozenset[str]] = field(default_factory=dict)  # class: its words
    people: frozenset[str] = frozenset()  # nouns that say no more than that persons are counted
    outcomes: Mapping[str, frozenset[Phrase]] = field(default_factory=dict)  # what is the case: its phrases
    mentions: Mapping[str, frozenset[Phrase]] = field(default_factory=dict)  # what is talked of: weaker
    homographs: frozenset[Phrase] = frozenset()  # two words of which one only looks like an outcome
    negations: frozenset[str] = frozenset()
    perhaps: frozenset[str] = frozenset()  # what makes an outcome a possibility, or a wish
    months: frozenset[str] = frozenset()
    days: frozenset[str] = frozenset()
    times: frozenset[str] = frozenset()  # units of time, and what follows the time of day
    at: frozenset[str] = frozenset()  # what stands before a time of day, a date or an age
    empty: frozenset[str] = frozenset()  # words that are no noun to count
    corrections: frozenset[Phrase] = frozenset()  # how a correction begins
    corrected: frozenset[Phrase] = frozenset()  # how it is told further on


def vocabulary(language: str | None) -> Vocabulary:
    """The words of a language ("fr", "pt-BR"); of all together if it is unknown; none of another one."""
    if language is None:
        return _several(LANGUAGES)
    code = language.partition("-")[0].lower()
    return _several((code,)) if code in LANGUAGES else Vocabulary()


@cache
def _several(codes: tuple[str, ...]) -> Vocabulary:
    parts = [_one(code) for code in codes]
    if len(parts) == 1:
        return parts[0]
    return Vocabulary(
        numbers=_merged(part.numbers for part in parts),
        multipliers=_merged(part.multipliers for part in parts),
        ones=frozenset().union(*(part.ones for part in parts)),
        joints=frozenset().union(*(part.joints for part in parts)),
        casualties=_joined(part.casualties for part in parts),
        people=frozenset().union(*(part.people for part in parts)),
        outcomes=_joined(part.outcomes for part in parts),
        mentions=_joined(part.mentions for part in parts),
        homographs=frozenset().union(*(part.homographs for part in parts)),
        negations=frozenset().union(*(part.negations for part in parts)),
        perhaps=frozenset().union(*(part.perhaps for part in parts)),
        months=frozenset().union(*(part.months for part in parts)),
        days=frozenset().union(*(part.days for part in parts)),
        times=frozenset().union(*(part.times for part in parts)),
        at=frozenset().union(*(part.at for part in parts)),
        empty=frozenset().union(*(part.empty for part in parts)),
        corrections=frozenset().union(*(part.corrections for part in parts)),
        corrected=frozenset().union(*(part.corrected for part in parts)),
    )


def _one(code: str) -> Vocabulary:
    found = import_module(f"monitor.stories.languages.{code}").WORDS
    assert isinstance(found, Vocabulary)
    return found


def _merged(maps: Iterable[Mapping[str, float]]) -> dict[str, float]:
    out: dict[str, float] = {}
    for each in maps:
        for word, value in each.items():
            out.setdefault(word, value)
    return out


def _joined(maps: Iterable[Mapping[str, frozenset[_Word]]]) -> dict[str, frozenset[_Word]]:
    out: dict[str, frozenset[_Word]] = {}
    for each in maps:
        for name, values in each.items():
            out[name] = out.get(name, frozenset()) | values
    return out
