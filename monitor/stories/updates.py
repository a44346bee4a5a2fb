"""
What changed: whether a near copy of a told report says something that its readers would want to know.

Five signs, each with words for people: a number on the same noun that nobody told yet, an outcome that nobody
told yet, many new sentences an hour later, a correction, and the new paragraphs of a page that grows. What a
member of the story said already is no news, whoever says it again; so a late copy of an old version does not
ring, nor does the second copy of a new one. Where only teasers are known of the story, no more of the new
text is judged than they had room for.
"""
# ruff: noqa: RUF001 - signs of many scripts and quotation marks

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from monitor.stories.figures import PEOPLE, Item, figures_of, items_of
from monitor.stories.shingles import coverage, shingles
from monitor.stories.vocabulary import vocabulary
from monitor.text.tokens import folded_tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from monitor.stories.figures import Figure
    from monitor.stories.vocabulary import Phrase, Vocabulary

ZONE = 90  # words after the title in which a number counts as news
OUTCOME_ZONE = 60
LONGEST = 20_000  # characters of a text that are judged: some three thousand words
LATER = timedelta(minutes=60)  # before that, more sentences are only a longer copy
NEW_SHARE = 0.4
NEW_SENTENCES = 3
SEEN = 0.5  # of a sentence's shingles that make it known
_LOST = frozenset({1e3, 1e6, 1e9})
_KNOWN = 0.95
# What a headline alone may tell, over a text without news; others are figures of speech there ("ends up").
STRONG = frozenset(
    {"dead", "convicted", "acquitted", "arrested", "released", "resigned", "dismissed", "rescued"}
)
_GROWN = 10  # new words of a live page that are worth a word
# How live pages are called, in their headlines and addresses.
_LIVE = re.compile(
    r"\b(?:live|liveblog|live-blog|livestream|liveticker|ticker|minute by minute|minute-by-minute)\b"
    r"|\ben direct\b|^direct\b|minute par minute|\ben vivo\b|\ben directo\b|minuto a minuto"
    r"|\b(?:in )?diretta\b|\bao vivo\b|/live/|/direct/|/en-direct",
    re.IGNORECASE,
)
_SHORT = 5  # words under which a sentence says nothing
_BEFORE = 3  # words before an outcome in which a "not" or a "may" is looked for
_NEAR_END = 60  # words at either end of a text in which a correction is told

_CHANGED = re.compile(r"(?:(?P<was>\S+) -> )?(?P<now>\S+) (?P<what>.+)")  # a number's change in words
_SENTENCE = re.compile(r"(?<=[.!?…])[\"”»’)]*\s+|\n+|(?<=[。！？])")
_OPENS = re.compile(r"^\W*([^\W\d_][^:–—|.\n-]{0,40}?)\s*(?:[:–—|]|\s-\s|$)")


class Change(StrEnum):
    """What sort of news an update is."""

    NUMBER = "number"
    OUTCOME = "outcome"
    MATERIAL = "material"
    CORRECTION = "correction"
    LIVE = "live"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class Signal:
    """One thing that changed, in words: "12 -> 30 dead"."""

    kind: Change
    words: str

    def __str__(self) -> str:
        return self.words

    def in_words(self, told: Iterable[str]) -> bool:
        """Whether one of the changes that were told, in words, says this; a number it came from as well."""
        known = set(told)
        if self.kind is not Change.NUMBER:
            return self.words in known
        new = _CHANGED.fullmatch(self.words)
        return new is not None and any(
            old["what"] == new["what"] and new["now"] in (old["was"], old["now"])
            for words in known
            if (old := _CHANGED.fullmatch(words))
        )


@dataclass(frozen=True, slots=True)
class Version:
    """What one outlet wrote. `full` = its whole text is known, not a teaser alone."""

    title: str
    text: str
    at: datetime
    full: bool = True


def signals(
    new: Version, told: Sequence[Version], *, language: str | None = None, updates: str = "substance"
) -> tuple[Signal, ...]:
    """
    What `new` says that no version in `told` said; empty if nothing, or if `updates` is "none".

    `updates`: "substance" = number, outcome, material, correction; "all" = any new sentence besides. The
    first of `told` is the head, by whose time the hour is counted. `language` None = unknown.
    """
    if updates == "none" or not told:
        return ()
    reading = _reading(new, language)
    others = [_reading(version, language) for version in told]
    found = [*_corrections(reading, others), *_outcomes(reading, others), *_numbers(reading, others)]
    found += _material(reading, others, told[0].at)
    if not found and updates == "all":
        found += _anything(reading, others)
    return tuple(found)


def new_paragraphs(old: str, new: str) -> str:
    """The paragraphs of a page that its earlier text had not, in their order; "" if there is none."""
    before = shingles(old).all
    known = {tuple(folded_tokens(part)) for part in old.splitlines()}
    kept = []
    for part in map(str.strip, new.splitlines()):
        tokens = tuple(folded_tokens(part))
        if tokens and tokens not in known and coverage(shingles(part).all, before) < SEEN:
            kept.append(part)
    return "\n".join(kept)


def is_live(title: str, url: str = "") -> bool:
    """Whether an item is a page that grows, as far as its headline or its address says so."""
    return _LIVE.search(title) is not None or _LIVE.search(url) is not None


def grown(old: str, new: str) -> Signal | None:
    """The update of a live page: what was added to it, if its earlier text mostly stands."""
    before, after = shingles(old), shingles(new)
    if after.words <= before.words or coverage(before.all, after.all) < SEEN:
        return None
    added = new_paragraphs(old, new)
    words = len(folded_tokens(added))
    return Signal(Change.LIVE, f"{words} new words: {_short(added)}") if words >= _GROWN else None


@lru_cache(maxsize=64)
def _reading(version: Version, language: str | None) -> _Reading:
    """Remembered: the versions of a story that many outlets print are read again for each of them."""
    return _Reading(version, vocabulary(language))


class _Reading:
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
            found = self._stated[mentioned] = _stated(self.whole(), outcomes, self.known)
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


_END = Item("end")


def _room(others: Sequence[_Reading], most: int) -> int:
    """How many first words can be judged: all asked for, or what the longest of mere teasers had room for."""
    if any(other.version.full for other in others):
        return most
    return min(most, max(other.words for other in others))


def _has_room(new: _Reading, others: Sequence[_Reading]) -> bool:
    """Whether what is new in a text is so because nobody wrote it, and not because only teasers are known."""
    return any(other.version.full or other.words >= new.words for other in others)


# --- numbers ------------------------------------------------------------------------------------------


def _numbers(new: _Reading, others: Sequence[_Reading]) -> list[Signal]:
    fresh = new.figures(_room(others, ZONE))
    if not fresh:
        return []
    everywhere = [other.figures() for other in others]
    told = _by_class(figure for figures in everywhere for figure in figures)
    before = _by_class(figure for other in others for figure in other.figures(ZONE))
    now = _by_class(new.figures())
    found: dict[str, Signal] = {}
    for figure in fresh:
        what = figure.what
        if what in found or any(_same_value(figure.value, value) for value in told.get(what, ())):
            continue
        gone = [value for value in before.get(what, ()) if value not in now[what]]
        if figure.casualty and what not in told and figure.value in told.get(PEOPLE, ()):
            continue  # "two climbers were found", now "two survivors": whether that is news, an outcome says
        if figure.casualty or gone:
            was = gone or list(told.get(what, ()))
            change = f"{_number(was[0])} -> {figure.number}" if was else figure.number
            found[what] = Signal(Change.NUMBER, f"{change} {what}")
    return list(found.values())


def _by_class(figures: Iterable[Figure]) -> dict[str, dict[float, None]]:
    """For each class its values, in their order."""
    found: dict[str, dict[float, None]] = {}
    for figure in figures:
        found.setdefault(figure.what, {})[figure.value] = None
    return found


def _same_value(one: float, other: float) -> bool:
    """Whether two numbers are one, a "million" lost or added aside."""
    return one == other or (other != 0 and one / other in _LOST) or (one != 0 and other / one in _LOST)


def _number(value: float) -> str:
    return f"{value:g}" if value < 1_000_000 else f"{value:,.0f}"


# --- outcomes -----------------------------------------------------------------------------------------


def _outcomes(new: _Reading, others: Sequence[_Reading]) -> list[Signal]:
    known = new.known
    zone = new.zone(_room(others, OUTCOME_ZONE))
    said = _stated(zone, known.outcomes, known)
    spoken = _stated(new.title, known.mentions, known)
    if not said and not spoken:
        return []
    before = [other.stated() for other in others]
    mentioned = [other.stated(mentioned=True) for other in others]
    said = {c: words for c, words in said.items() if not any(c in each for each in before)}
    spoken = {c: words for c, words in spoken.items() if not any(c in each for each in (*before, *mentioned))}
    if (spoken or not STRONG.issuperset(said)) and _is_known(new, others):
        below = _stated(
            new.text, known.outcomes, known
        )  # anywhere: nobody stated it, so it is in what changed
        said = {c: words for c, words in said.items() if c in STRONG or c in below}
        spoken = {}
    return [Signal(Change.OUTCOME, f"new: {words}") for words in (spoken | said).values()]


def _is_known(new: _Reading, others: Sequence[_Reading]) -> bool:
    """Whether a text holds nothing new: then its headline is one more way to say the same."""
    told = frozenset[int]().union(*(shingles(other.body).all for other in others))
    return coverage(shingles(new.body).all, told) >= _KNOWN


def _stated(
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


# --- new material and corrections ---------------------------------------------------------------------


def _unseen(new: _Reading, others: Sequence[_Reading]) -> tuple[list[str], int]:
    """The sentences that no other version has, and how many there are in all."""
    known = frozenset[int]().union(*(shingles(other.body).all for other in others))
    sentences = new.sentences()
    return [each for each in sentences if coverage(shingles(each).all, known) < SEEN], len(sentences)


def _material(new: _Reading, others: Sequence[_Reading], since: datetime) -> list[Signal]:
    if new.version.at - since <= LATER or not _has_room(new, others):
        return []
    unseen, count = _unseen(new, others)
    if len(unseen) < NEW_SENTENCES or len(unseen) < NEW_SHARE * count:
        return []
    return [Signal(Change.MATERIAL, f"{len(unseen)} of {count} sentences are new: {_short(unseen[0])}")]


def _anything(new: _Reading, others: Sequence[_Reading]) -> list[Signal]:
    unseen, _ = _unseen(new, others)
    return [Signal(Change.ANY, f"new: {_short(unseen[0])}")] if unseen else []


def _corrections(new: _Reading, others: Sequence[_Reading]) -> list[Signal]:
    said = _correction(new)
    if not said:
        return []
    tokens = folded_tokens(said)
    before = [folded_tokens(_correction(other)) for other in others]
    if tokens in before or (any(before) and _is_known(new, others)):
        return []
    return [Signal(Change.CORRECTION, _short(said))]


def _correction(reading: _Reading) -> str:
    """The words by which a version says that it corrects or withdraws another; "" if it does not."""
    known, version = reading.known, reading.version
    paragraphs = [stripped for part in reading.body.splitlines() if (stripped := part.strip())]
    for stated in (*paragraphs[:2], *paragraphs[-1:], version.title):
        opening = _OPENS.match(stated)
        if opening and _bounds(tuple(folded_tokens(opening[1])), known.corrections):
            return stated
    tokens = folded_tokens(reading.body)
    for part in (tokens[:_NEAR_END], tokens[-_NEAR_END:]):
        if _contains(part, known.corrected):
            return next(
                (p for p in paragraphs if _contains(folded_tokens(p), known.corrected)), version.title
            )
    return ""


def _bounds(tokens: Phrase, wanted: frozenset[Phrase]) -> bool:
    """Whether a phrase stands at the beginning or at the end of an opening."""
    return any(phrase in (tokens[: len(phrase)], tokens[-len(phrase) :]) for phrase in wanted)


def _contains(tokens: Sequence[str], wanted: frozenset[Phrase]) -> bool:
    text = f" {' '.join(tokens)} "
    return any(f" {' '.join(phrase)} " in text for phrase in wanted)


def _short(text: str, most: int = 80) -> str:
    """The beginning of a text, cut at a word."""
    text = " ".join(text.split())
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0] + " …"
