"""
What outlets wrote of a story, taken apart once: words, numbers and outcomes, and what none of them said.

Where only teasers are known of the story, no more of a new text is judged than they had room for.
"""
# ruff: noqa: RUF001 - signs of many scripts and quotation marks

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from monitor.stories.figures import Item, figures_of, items_of
from monitor.stories.shingles import coverage, shingles
from monitor.stories.vocabulary import vocabulary
from monitor.text.tokens import folded_tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from monitor.stories.figures import Figure
    from monitor.stories.vocabulary import Phrase, Vocabulary

LONGEST = 20_000  # characters of a text that are judged: some three thousand words
SEEN = 0.5  # of a sentence's shingles that make it known
_KNOWN = 0.95
_LEAD = 2  # sentences of a text in one paragraph that are taken for its first
_SHORT = 5  # words under which a sentence says nothing
_END = Item("end")  # of a title
_BEFORE = 3  # words before an outcome in which a "not" or a "may" is looked for

_SENTENCE = re.compile(r"(?<=[.!?…])[\"”»’)]*\s+|\n+|(?<=[。！？])")


@dataclass(frozen=True, slots=True)
class Version:
    """What one outlet wrote. `full` = its whole text is known, not a teaser alone."""

    title: str
    text: str
    at: datetime
    full: bool = True


@lru_cache(maxsize=64)
def reading_of(version: Version, language: str | None) -> Reading:
    """Remembered: the versions of a story that many outlets print are read again for each of them."""
    return Reading(version, vocabulary(language))


class Reading:
    """A version taken apart once."""

    def __init__(self, version: Version, known: Vocabulary) -> None:
        self.version = version
        self.known = known
        self.title = items_of(version.title, known)
        self.body = version.text[:LONGEST]
        self.text = items_of(self.body, known)
        self.words = sum(item.kind in ("word", "number") for item in self.text)
        self._figures: dict[int | None, list[Figure]] = {}
        self._stated: dict[bool, dict[str, str]] = {}

    def zone(self, most: int) -> list[Item]:
        """The title and the first words of the text."""
        return self.whole()[: self._reach(most)]

    def whole(self) -> list[Item]:
        """Title and text."""
        return [*self.title, _END, *self.text]

    def figures(self, most: int | None = None) -> list[Figure]:
        """The numbers of it; of the title and the first words alone."""
        found = self._figures.get(most)
        if found is None:
            reach = None if most is None else self._reach(most)
            found = self._figures[most] = figures_of(self.whole(), self.known, reach)
        return found

    def stated(self, *, mentioned: bool = False) -> dict[str, str]:
        """The outcomes that title and text state anywhere; those that they speak of at all."""
        found = self._stated.get(mentioned)
        if found is None:
            outcomes = self.known.mentions if mentioned else self.known.outcomes
            found = self._stated[mentioned] = outcomes_in(self.whole(), outcomes, self.known)
        return found

    def _reach(self, most: int) -> int:
        """How many items the title and the first words are."""
        left = most
        for place, item in enumerate(self.text):
            left -= item.kind in ("word", "number")
            if left < 0:
                return len(self.title) + 1 + place
        return len(self.title) + 1 + len(self.text)

    def sentences(self) -> list[str]:
        """The sentences of the text that are long enough to say something."""
        parts = _SENTENCE.split(self.body)
        return [part for part in parts if part and len(folded_tokens(part)) >= _SHORT]

    def lead(self) -> list[str]:
        """The sentences of the first paragraph; of a text in one paragraph the first two."""
        first, *others = [part for part in self.body.splitlines() if part.strip()] or [""]
        parts = _SENTENCE.split(first)
        return parts if others else parts[:_LEAD]


def room(others: Sequence[Reading], most: int) -> int:
    """How many first words can be judged: all asked for, or what the longest of mere teasers had room for."""
    if any(other.version.full for other in others):
        return most
    return min(most, max(other.words for other in others))


def has_room(new: Reading, others: Sequence[Reading]) -> bool:
    """Whether what is new in a text is so because nobody wrote it, and not because only teasers are known."""
    return any(other.version.full or other.words >= new.words for other in others)


def is_known(new: Reading, others: Sequence[Reading]) -> bool:
    """Whether a text holds nothing new: then its headline is one more way to say the same."""
    told = frozenset[int]().union(*(shingles(other.body).all for other in others))
    return coverage(shingles(new.body).all, told) >= _KNOWN


def outcomes_in(
    items: Sequence[Item], outcomes: Mapping[str, frozenset[Phrase]], known: Vocabulary
) -> dict[str, str]:
    """The outcomes that a text states, neither denied nor merely possible, with the words that do it."""
    starts: dict[str, list[tuple[Phrase, str]]] = {}
    for concept, phrases in outcomes.items():
        for phrase in phrases:
            starts.setdefault(phrase[0], []).append((phrase, concept))
    found: dict[str, str] = {}
    words = [item.word if item.kind == "word" else "" for item in items]
    for place, word in enumerate(words):
        for phrase, concept in starts.get(word, ()):
            if concept in found or tuple(words[place : place + len(phrase)]) != phrase:
                continue
            if len(phrase) == 1 and _is_other(words, place, known):
                continue
            before = _just_before(words, place)
            if not before & known.negations and not before & known.perhaps:
                found[concept] = " ".join(phrase)
    return found


def _is_other(words: Sequence[str], place: int, known: Vocabulary) -> bool:
    """Whether a word only looks like an outcome beside its neighbour: "la relaxe", "un arrêté"."""
    pairs = (tuple(words[max(0, place - 1) : place + 1]), tuple(words[place : place + 2]))
    return not known.homographs.isdisjoint(pairs)


def _just_before(words: Sequence[str], place: int) -> set[str]:
    found: set[str] = set()
    for word in reversed(words[max(0, place - _BEFORE) : place]):
        if not word:
            break
        found.add(word)
    return found


def unseen(new: Reading, others: Sequence[Reading]) -> tuple[list[str], int]:
    """The sentences that no other version has, and how many there are in all."""
    known = frozenset[int]().union(*(shingles(other.body).all for other in others))
    sentences = new.sentences()
    return [each for each in sentences if coverage(shingles(each).all, known) < SEEN], len(sentences)
