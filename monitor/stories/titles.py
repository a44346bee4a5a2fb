"""
How alike two headlines are, and when they are one.

Outlets put their name behind a headline ("… - Radio Lund"), which is taken away before comparing: where the
name is that of the outlet's domain, or where the other headline is the same without it. The score is what
RapidFuzz calls token_set_ratio; it is needed for a handful of pairs an article, for which forty lines here
serve as well as a compiled library of several megabytes.
"""
# ruff: noqa: RUF001 - signs of many scripts and quotation marks

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from monitor.stories.shingles import CHARACTERS, without_spaces
from monitor.text.hashes import hash64
from monitor.text.tokens import folded_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST_WORDS = 5  # of a headline that says enough to be told apart by

_SEPARATOR = re.compile(r" [-–—|•·]+ ")
_CLOSE = 90.0
_LONGEST = 500  # characters of a headline
_MOST_SUFFIX = 4  # words of an outlet's name


def title_words(title: str, outlet: str = "") -> tuple[str, ...]:
    """The folded words of a headline, without the name of its outlet where that can be told."""
    bare, suffix = _split(title)
    return tuple(folded_tokens(bare if suffix and _is_name_of(suffix, outlet) else title[:_LONGEST]))


def same_title(one: str, other: str, outlet: str = "", other_outlet: str = "") -> bool:
    """Whether two headlines of at least five words are equal, outlet suffixes aside."""
    first, second = title_words(one, outlet), title_words(other, other_outlet)
    if first != second:
        if tuple(folded_tokens(_split(one)[0])) == second:
            first = second
        elif tuple(folded_tokens(_split(other)[0])) == first:
            second = first
    return first == second and _says_enough(first)


def title_marks(title: str, outlet: str = "") -> frozenset[int]:
    """The numbers under which a headline of at least five words is filed: with and without a suffix."""
    forms = {
        title_words(title, outlet),
        tuple(folded_tokens(title[:_LONGEST])),
        tuple(folded_tokens(_split(title)[0])),
    }
    return frozenset(hash64("\n".join(form).encode()) for form in forms if _says_enough(form))


def title_score(one: Sequence[str], other: Sequence[str]) -> float:
    """How alike two headlines are, from 0 to 100, whatever the order of their words and what one adds."""
    first, second = set(one), set(other)
    common = " ".join(sorted(first & second))
    left, right = (" ".join(sorted(words)) for words in (first - second, second - first))
    if common and (not left or not right):
        return 100.0
    if not first or not second:
        return 0.0
    longer, other_longer = f"{common} {left}".strip(), f"{common} {right}".strip()
    scores = [_ratio(longer, other_longer)]
    if common:
        scores += [_ratio(common, longer), _ratio(common, other_longer)]
    return max(scores)


def close_titles(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two headlines are one but for a typo or a word: no number differs, no part is added."""
    numbers, others = ({word for word in words if word.isdigit()} for words in (one, other))
    return numbers == others and _ratio(" ".join(sorted(one)), " ".join(sorted(other))) >= _CLOSE


def _says_enough(words: Sequence[str]) -> bool:
    """Whether a headline has five words, a character of Chinese being part of one."""
    wide = without_spaces("".join(words))
    return len(words) >= LEAST_WORDS * (CHARACTERS if wide else 1)


def _split(title: str) -> tuple[str, str]:
    """A headline and the few words behind its last separator; those are "" if there is none."""
    title = " ".join(title[:_LONGEST].split())
    found = list(_SEPARATOR.finditer(title))
    if not found:
        return title, ""
    bare, suffix = title[: found[-1].start()], title[found[-1].end() :]
    if len(folded_tokens(suffix)) > _MOST_SUFFIX:
        return title, ""
    return bare, suffix


def _is_name_of(suffix: str, outlet: str) -> bool:
    """Whether words could name a domain: "Le Monde" and `lemonde.fr`, "BBC News" and `bbc.co.uk`."""
    words = folded_tokens(suffix)
    label = "".join(folded_tokens(outlet.split(".", maxsplit=1)[0]))
    if not words or not label:
        return False
    whole = "".join(words)
    dotted = "".join(folded_tokens(outlet))
    initials = "".join(word[0] for word in words)
    return label in whole or whole in dotted or (len(label) > 2 and label == initials)


def _ratio(one: str, other: str) -> float:
    """Twice the longest common subsequence for the length of both, in percent."""
    total = len(one) + len(other)
    return 200.0 * _common(one, other) / total if total else 100.0


def _common(one: str, other: str) -> int:
    """The length of the longest common subsequence (Hyyrö's bit-parallel form)."""
    masks: dict[str, int] = {}
    for place, character in enumerate(one):
        masks[character] = masks.get(character, 0) | 1 << place
    full = (1 << len(one)) - 1
    row = full
    for character in other:
        hits = row & masks.get(character, 0)
        row = (row + hits | row - hits) & full
    return len(one) - row.bit_count()
