"""
The numbers of a text and what they count.

A number counts the noun behind it ("9,000 people"), or a casualty told of beside it ("killed four men", "the
toll rises to 30", "deux sont portés disparus"). All words for one sort of casualty are one class, so "12
dead" and "the toll rises to 30" speak of the same. Years, dates, times, spans of time, ages and
numbers that count nothing are left out: they differ between two copies of one report without saying anything.
"""
# ruff: noqa: RUF001 - signs of many scripts and quotation marks

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.text.folding import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.stories.vocabulary import Vocabulary

PEOPLE = "people"
PERCENT = "%"
MONEY = "money"
MAGNITUDE = "magnitude"

_LEX = re.compile(
    r"(?P<junk>\d{1,4}(?:[:/–-]\d{1,4})+|(?<=[^\W\d_])\d+)"
    r"|(?P<glued>\d++(?:[.,]\d++)*+[^\W\d_]\w*+)"
    r"|(?P<number>\d{1,3}(?:[ \u00a0\u202f'’]\d{3})+(?!\d)|\d++(?:[.,]\d++)*+)"
    r"|(?P<word>[^\W\d_]+)"
    r"|(?P<end>[.!?…;:\n。！？]+)"
    r"|(?P<money>[€$£¥])"
    r"|(?P<percent>%)"
    r"|(?P<other>[,()/=&_«»\"“”–—])"
)
_GLUED = re.compile(r"(\d+(?:[.,]\d+)*)(\D+)", re.DOTALL)
_GROUPED = re.compile(r"\d{1,3}(?:[.,]\d{3})+")
_MAGNITUDES = frozenset({"magnitude", "magnitud", "magnitudo", "starke"})
_PER_CENT = {("per", "cent"), ("pour", "cent"), ("por", "ciento"), ("por", "cento"), ("per", "cento")}
_PERCENTS = frozenset({"percent", "prozent", "pct", "percentage"})
_TOLLS = frozenset({"toll", "bilan", "balance", "bilancio", "balanco", "opferzahl", "count"})
_IDENTIFIER = 7  # digits in a row without a separator: a number of something, not of how many
_BEHIND = 6  # words before a number in which a casualty is looked for
_AHEAD = 5  # and after it
_STEM = 7


@dataclass(frozen=True, slots=True)
class Item:
    """A piece of a text: kind is "word", "number", "end", "comma", "money", "percent" or "junk"."""

    kind: str
    word: str = ""
    value: float = 0.0
    year: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and the class of what it counts."""

    what: str
    value: float
    casualty: bool = False

    @property
    def number(self) -> str:
        """The number as people write it."""
        return f"{self.value:g}" if self.value < 1_000_000 else f"{self.value:,.0f}"


def items_of(text: str, vocabulary: Vocabulary) -> list[Item]:
    """A text cut into words, numbers and what separates them; number words have become numbers."""
    raw = [_item(found.lastgroup or "", found.group(), vocabulary) for found in _LEX.finditer(text)]
    return _composed(raw, vocabulary)


def figures_of(items: Sequence[Item], vocabulary: Vocabulary, most: int | None = None) -> list[Figure]:
    """
    The numbers that count something, in the order of the text; those among the first `most` items alone.

    What they count is read from the whole text. A number that ends it was cut off from what it counts.
    """
    found = []
    for place, item in enumerate(items[:most]):
        if item.kind != "number" or place + 1 == len(items) or _is_time(items, place, vocabulary):
            continue
        figure = _figure(items, place, vocabulary)
        if figure is not None:
            found.append(figure)
    return found


def _item(kind: str, surface: str, vocabulary: Vocabulary) -> Item:
    if kind == "word":
        return Item("word", fold(surface))
    if kind == "number":
        if len(surface) >= _IDENTIFIER and surface.isdigit():
            return Item("junk", surface)
        return Item("number", surface, _value(surface), year=_is_year(surface))
    if kind == "glued":
        split = _GLUED.fullmatch(surface)
        factor = vocabulary.multipliers.get(fold(split[2])) if split else None
        if split is None or factor is None:
            return Item("junk", surface)
        return Item("number", surface, _value(split[1]) * factor)
    return Item("comma" if kind == "other" else kind, surface)


def _value(surface: str) -> float:
    surface = re.sub(r"[ \u00a0\u202f'’]", "", surface)
    if _GROUPED.fullmatch(surface):
        return float(re.sub(r"[.,]", "", surface))
    whole, separator, part = surface.replace(",", ".").rpartition(".")
    if not separator:
        return float(part)
    return float(f"{whole.replace('.', '')}.{part}")


def _is_year(surface: str) -> bool:
    return len(surface) == 4 and surface.isdigit() and 1900 <= int(surface) <= 2100


def _composed(raw: list[Item], vocabulary: Vocabulary) -> list[Item]:
    """Number words and multipliers put together: "two hundred and fifty", "3.5 million", "quatre-vingts"."""
    out: list[Item] = []
    place = 0
    while place < len(raw):
        item = raw[place]
        value = _small(item, vocabulary)
        if value is None:
            out.append(item)
            place += 1
            continue
        surface, year, place = item.word, item.year, place + 1
        while place < len(raw):
            step = 2 if raw[place].word in vocabulary.joints and place + 1 < len(raw) else 1
            following = raw[place + step - 1]
            joined = _joined(value, following, vocabulary) if following.kind == "word" else None
            if joined is None:
                break
            surface, value, year, place = f"{surface} {following.word}", joined, False, place + step
        out.append(Item("number", surface, value, year=year))
    return out


def _small(item: Item, vocabulary: Vocabulary) -> float | None:
    if item.kind == "number":
        return item.value
    if item.kind != "word":
        return None
    value = vocabulary.numbers.get(item.word)
    if value is None and vocabulary.multipliers.get(item.word) in (100.0, 1000.0) and len(item.word) > 1:
        return vocabulary.multipliers[item.word]
    return value


def _joined(value: float, following: Item, vocabulary: Vocabulary) -> float | None:
    """The value with the next number word, if the two are one number."""
    factor = vocabulary.multipliers.get(following.word)
    if factor is not None:
        return value * factor
    more = vocabulary.numbers.get(following.word)
    if more is None:
        return None
    if value == 4 and more == 20:  # quatre-vingts
        return 80.0
    if value >= 100 and value % 100 == 0 and more < 100:
        return value + more
    tens = value % 100
    if tens >= 20 and tens % 10 == 0 and (more < 10 or (tens in (60, 80) and more < 20)):
        return value + more
    return None


def _is_time(items: Sequence[Item], place: int, vocabulary: Vocabulary) -> bool:
    """Whether a number is a year, a date, a time of day, a span of time, an age, or a page."""
    before = items[place - 1] if place else Item("end")
    after = items[place + 1] if place + 1 < len(items) else Item("end")
    if after.kind == "word" and after.word in vocabulary.times | vocabulary.months:
        return True
    if before.kind == "word" and before.word in vocabulary.months | vocabulary.at | vocabulary.days:
        return True
    if before.word == "at" and (after.kind in ("end", "comma") or after.word in vocabulary.empty):
        behind = _words(reversed(items[max(0, place - _BEHIND) : place]), _BEHIND, vocabulary.joints)
        return _TOLLS.isdisjoint(behind)  # "dies at 91", but "the toll stands at 30"
    if before.kind == "comma" and after.kind == "comma":  # "Okoro, 27, has"
        return True
    if items[place].year:
        return not any(after.word in forms for forms in (*vocabulary.casualties.values(), vocabulary.people))
    following = items[place + 2] if place + 2 < len(items) else after
    return after.word in ("of", "de", "th", "st", "nd", "rd") and following.word in vocabulary.months


def _figure(items: Sequence[Item], place: int, vocabulary: Vocabulary) -> Figure | None:
    value = items[place].value
    after = items[place + 1] if place + 1 < len(items) else Item("end")
    before = items[place - 1] if place else Item("end")
    ahead = _words(items[place + 1 : place + 1 + _AHEAD], _AHEAD, frozenset())
    behind = _words(reversed(items[max(0, place - _BEHIND) : place]), _BEHIND, vocabulary.joints)
    if after.kind == "percent" or after.word in _PERCENTS or tuple(ahead[:2]) in _PER_CENT:
        return Figure(PERCENT, value)
    if "money" in (after.kind, before.kind):
        return Figure(MONEY, value)
    if not _MAGNITUDES.isdisjoint(behind[:2]):
        return Figure(MAGNITUDE, value)
    noun = ahead[0] if ahead else ""
    told = _casualty(noun, vocabulary)
    persons = noun in vocabulary.people
    if not told and (persons or not noun or noun in vocabulary.empty or _is_verb(noun, vocabulary)):
        told = _first_casualty(behind, vocabulary)
    if not told:
        told = _first_casualty(ahead[1:], vocabulary)
    if told or persons:
        return Figure(told or PEOPLE, value, casualty=bool(told)) if value.is_integer() else None
    if len(noun) < 3 or noun in vocabulary.empty:
        return None
    return Figure(noun.rstrip("sxn")[:_STEM], value)


def _is_verb(noun: str, vocabulary: Vocabulary) -> bool:
    return noun in vocabulary.perhaps or noun in vocabulary.days


def _words(items: Iterable[Item], most: int, joints: frozenset[str]) -> list[str]:
    """The next words before anything that separates."""
    found: list[str] = []
    for item in items:
        if item.kind != "word" or item.word in joints or len(found) == most:
            break
        found.append(item.word)
    return found


def _casualty(word: str, vocabulary: Vocabulary) -> str:
    return next((name for name, forms in vocabulary.casualties.items() if word in forms), "")


def _first_casualty(words: Sequence[str], vocabulary: Vocabulary) -> str:
    return next((told for word in words if (told := _casualty(word, vocabulary))), "")
