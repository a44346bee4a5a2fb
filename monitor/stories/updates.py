"""
What changed: whether a near copy of a told report says something that its readers would want to know.

Six signs, each with words for people: a number on the same noun that nobody told yet, an outcome that nobody
told yet, many new sentences an hour later or one of which the headline tells, a correction, and the new
paragraphs of a page that grows. What a member of the story said already is no news, whoever says it again; so
a late copy of an old version does not ring, nor does the second copy of a new one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from monitor.stories.corrections import corrected
from monitor.stories.figures import PEOPLE
from monitor.stories.headlines import headlined
from monitor.stories.shingles import coverage, shingles
from monitor.stories.versions import SEEN, has_room, is_known, outcomes_in, reading_of, room, unseen
from monitor.text.tokens import folded_tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.stories.figures import Figure
    from monitor.stories.versions import Reading, Version

ZONE = 90  # words after the title in which a number counts as news
OUTCOME_ZONE = 60
LATER = timedelta(minutes=60)  # before that, more sentences are only a longer copy
NEW_SHARE = 0.4
NEW_SENTENCES = 3
_LOST = frozenset({1e3, 1e6, 1e9})
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

_CHANGED = re.compile(r"(?:(?P<was>\S+) -> )?(?P<now>\S+) (?P<what>.+)")  # a number's change in words


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


def signals(
    new: Version, told: Sequence[Version], *, language: str | None = None, updates: str = "substance"
) -> tuple[Signal, ...]:
    """
    What `new` says that no version in `told` said; empty if nothing, or if `updates` is "none".

    `updates`: "substance" = number, outcome, material or a passage that the headline tells of, correction;
    "all" = any new sentence besides. The first of `told` is the head, by whose time the hour is counted.
    `language` None = unknown.
    """
    if updates == "none" or not told:
        return ()
    reading = reading_of(new, language)
    others = [reading_of(version, language) for version in told]
    found = [*_corrections(reading, others), *_outcomes(reading, others), *_numbers(reading, others)]
    if new.at - told[0].at > LATER and has_room(reading, others):
        fresh, count = unseen(reading, others)
        found += _material(fresh, count) or (_headline(reading, fresh, others) if not found else [])
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


# --- numbers ------------------------------------------------------------------------------------------


def _numbers(new: Reading, others: Sequence[Reading]) -> list[Signal]:
    fresh = new.figures(room(others, ZONE))
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


def _outcomes(new: Reading, others: Sequence[Reading]) -> list[Signal]:
    known = new.known
    zone = new.zone(room(others, OUTCOME_ZONE))
    said = outcomes_in(zone, known.outcomes, known)
    spoken = outcomes_in(new.title, known.mentions, known)
    if not said and not spoken:
        return []
    before = [other.stated() for other in others]
    mentioned = [other.stated(mentioned=True) for other in others]
    said = {c: words for c, words in said.items() if not any(c in each for each in before)}
    spoken = {c: words for c, words in spoken.items() if not any(c in each for each in (*before, *mentioned))}
    if (spoken or not STRONG.issuperset(said)) and is_known(new, others):
        below = outcomes_in(
            new.text, known.outcomes, known
        )  # anywhere: nobody stated it, so it is in what changed
        said = {c: words for c, words in said.items() if c in STRONG or c in below}
        spoken = {}
    return [Signal(Change.OUTCOME, f"new: {words}") for words in (spoken | said).values()]


# --- new material -------------------------------------------------------------------------------------


def _material(fresh: Sequence[str], count: int) -> list[Signal]:
    if len(fresh) < NEW_SENTENCES or len(fresh) < NEW_SHARE * count:
        return []
    return [Signal(Change.MATERIAL, f"{len(fresh)} of {count} sentences are new: {_short(fresh[0])}")]


def _headline(new: Reading, fresh: Sequence[str], others: Sequence[Reading]) -> list[Signal]:
    lead = new.lead()
    later = [sentence for sentence in fresh if sentence not in lead]
    if not later:
        return []
    told = [f"{other.version.title}\n{other.body}" for other in others]
    gone = (sentence for other in others for sentence in unseen(other, [new])[0])  # seldom asked for
    said = headlined(new.version.title, later, told, gone)
    return [Signal(Change.MATERIAL, f"new, and in the headline: {_short(said)}")] if said else []


def _corrections(new: Reading, others: Sequence[Reading]) -> list[Signal]:
    said = corrected(new, others)
    return [Signal(Change.CORRECTION, _short(said))] if said else []


def _anything(new: Reading, others: Sequence[Reading]) -> list[Signal]:
    fresh, _ = unseen(new, others)
    return [Signal(Change.ANY, f"new: {_short(fresh[0])}")] if fresh else []


def _short(text: str, most: int = 80) -> str:
    """The beginning of a text, cut at a word."""
    text = " ".join(text.split())
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0] + " …"
