"""
What texts are compared by: runs of four words as numbers, and how much of one text stands in another.

A *shingle* is the hash of four words that follow each other; the set of all of them says how much of the
shorter text is copied (`containment`), wherever the copy begins or ends and whatever was put around it. Only
a part of the shingles is kept in the index (`sketch`): many of the first words, because teasers are cut from
there, and the fewer of the rest the longer it is. Which ones is decided by the hash itself; a text is looked
up by all that any other might have kept (`probe`).

In scripts written without spaces a token is a character: there a shingle is longer (`WIDE`), and a word
counts as so many characters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitor.text.folding import SINGLE, WORD, classes
from monitor.text.hashes import hash64
from monitor.text.tokens import folded_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 4  # words in a shingle
WIDE = 6  # characters in a shingle, where characters are tokens
CHARACTERS = 1.7  # of these that make a word

LONGEST = 100_000  # characters of a text that count: a book is no dispatch
LEAD = 60  # words at the beginning of which much is kept
LEAD_PARTS = 2  # one of so many shingles of the lead is kept in the sketch
REST_PARTS = (4, 16)  # of the rest, one of so many, by its length: powers of two, so that they are nested
REST = 40  # shingles of the rest that a sketch has room for
KEPT_WHOLE = 30  # words of a text of which every shingle is kept: few are left to choose from

_MASK = (1 << 64) - 1
_SIGN = 1 << 63
_MOST_WORDS = 200_000  # remembered hashes of words
_FACTOR = 0x9E3779B97F4A7C15  # odd, without pattern
_LOOKED_AT = 600  # characters by which the script is told


@dataclass(frozen=True, slots=True)
class Shingles:
    """The shingles of a text, in the order of the text, and how many words it has."""

    order: tuple[int, ...]
    words: int
    all: frozenset[int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "all", frozenset(self.order))


_hashes: dict[str, int] = {}


def shingles(text: str) -> Shingles:
    """The shingles of a text, possibly none; equal at every run and on every machine."""
    return shingled(folded_tokens(text[:LONGEST]), wide=without_spaces(text))


def shingled(tokens: Sequence[str], *, wide: bool = False) -> Shingles:
    """The shingles of folded tokens; `wide` = in a script whose characters are tokens."""
    numbers = _numbers(tokens)
    width = WIDE if wide else WIDTH
    words = round(len(numbers) / CHARACTERS) if wide else len(numbers)
    rolled = numbers
    for step in range(1, width):
        rolled = [(high * _FACTOR + low) & _MASK for high, low in zip(rolled, numbers[step:], strict=False)]
    if len(numbers) < width:
        return Shingles((), words)
    return Shingles(tuple([(number ^ _SIGN) - _SIGN for number in rolled]), words)


def without_spaces(text: str) -> bool:
    """Whether most of a text is in a script written without spaces, as far as its beginning tells."""
    if text.isascii():
        return False
    kinds = classes(text[:_LOOKED_AT])
    return kinds.count(SINGLE) > kinds.count(WORD)


def sketch(found: Shingles) -> frozenset[int]:
    """The shingles under which a text is filed: some 60 of a page, all of a short teaser's."""
    order = found.order
    if found.words <= KEPT_WHOLE:
        return found.all
    lead = len(order) * LEAD // max(found.words, LEAD)
    parts, most = REST_PARTS
    while parts < most and (len(order) - lead) // parts > REST:
        parts *= 2
    kept = [number for number in order[:lead] if not number & (LEAD_PARTS - 1)]
    kept += [number for number in order[lead:] if not number & (parts - 1)]
    return frozenset(kept)


def probe(found: Shingles) -> frozenset[int]:
    """The shingles by which a text is looked up: most of those under which a text that has them is filed."""
    order = found.order
    if found.words <= KEPT_WHOLE:
        return found.all
    lead = len(order) * LEAD // max(found.words, LEAD)
    asked = [number for number in order[:lead] if not number & (LEAD_PARTS - 1)]
    asked += [number for number in order[lead:] if not number & (REST_PARTS[0] - 1)]
    return frozenset(asked)


def shared(one: frozenset[int], other: frozenset[int]) -> int:
    """How many different shingles two texts have in common."""
    return len(one & other)


def containment(one: frozenset[int], other: frozenset[int]) -> float:
    """How much of the shorter text stands in the longer one, from 0 to 1; 0 if either has no shingle."""
    least = min(len(one), len(other))
    return len(one & other) / least if least else 0.0


def coverage(one: frozenset[int], other: frozenset[int]) -> float:
    """How much of `one` stands in `other`, from 0 to 1; 0 if it has no shingle."""
    return len(one & other) / len(one) if one else 0.0


def _numbers(tokens: Sequence[str]) -> list[int]:
    """A 64-bit number for each token, from memory where it can be."""
    if len(_hashes) > _MOST_WORDS:
        _hashes.clear()
    try:
        return [_hashes[token] for token in tokens]
    except KeyError:
        for token in tokens:
            if token not in _hashes:
                _hashes[token] = hash64(token.encode("utf-8", "surrogatepass")) & _MASK
        return [_hashes[token] for token in tokens]
