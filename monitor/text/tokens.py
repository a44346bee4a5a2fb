"""
Tokens: where the words of a text stand, and what they fold to.

Letters, marks and digits hold together; every apostrophe, hyphen, dash and underscore splits; Han, Hiragana,
Thai, Lao, Khmer and Myanmar letters (with their marks) are tokens of their own. The *original* text is cut
and each token is folded by itself, so offsets need no map back from a folded text, whose length may differ.

How it is quick: a text is split at white space, and a memo maps each raw chunk ("l'Afghanistan,") to its
folded tokens and their places. News repeats its words, so the slow and correct path below runs once for each
distinct chunk. The memo is bounded, and never holds long chunks (an attacker's) nor chunks in the scripts
of one token a character (whole sentences, which do not repeat).

How the slow path works: the chunk is translated to a string of class letters of the same length, on which a
plain regular expression finds the tokens. The word class of `re` would not do: it excludes combining marks.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from monitor.text.folding import SINGLE, classes, fold

if TYPE_CHECKING:
    from collections.abc import Sequence


class Token(NamedTuple):
    """One token: `text[start:end]` folds to `folded`. Offsets count code points."""

    start: int
    end: int
    folded: str


class _Chunk(NamedTuple):
    """The tokens of a chunk; spans count from its start."""

    folded: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]


_CHUNK = re.compile(r"\S+")
_ASCII_TOKEN = re.compile(r"[A-Za-z0-9]+")
_TOKEN = re.compile(r"S(?:I*+M)*+|W(?:I*+[WM])*+")
# In a query, X stands for a wildcard: part of the token it touches.
_PATTERN_TOKEN = re.compile(r"X*+S(?:I*+[MX])*+|[WX](?:I*+[WMX])*+")

_LONGEST_CHUNK = 64
_MOST_CHUNKS = 100_000

_memo: dict[str, _Chunk] = {}


def _cut(chunk: str, kinds: str, token: re.Pattern[str]) -> _Chunk:
    folded: list[str] = []
    spans: list[tuple[int, int]] = []
    for found in token.finditer(kinds):
        start, end = found.span()
        surface = chunk[start:end]
        forms = _known_forms(surface) if end - start <= _LONGEST_CHUNK else _forms(surface)
        for form in forms:
            folded.append(form)
            spans.append((start, end))
    return _Chunk(tuple(folded), tuple(spans))


def _forms(token: str) -> tuple[str, ...]:
    """
    The folded form of a token, mostly one.

    A few characters unfold to several words (the Arabic ligature of blessing, one half, the kana digraph
    yori): each word becomes a token with the span of the whole, as if the long spelling had been written.
    """
    folded = fold(token)
    kinds = classes(folded)
    if _TOKEN.fullmatch(kinds):
        return (folded,)
    parts = [folded[m.start() : m.end()] for m in _TOKEN.finditer(kinds)]
    again = {part: fold(part) for part in set(parts)}  # thousands of ligatures unfold to the same few words
    return tuple([again[part] for part in parts])


# The second level of the memo: one word with many sorts of punctuation around it is folded once.
_known_forms = lru_cache(maxsize=65536)(_forms)


def _look_up(chunk: str) -> _Chunk:
    """The slow path: cut and fold a chunk that the memo does not know, and remember it where that pays."""
    if chunk.isascii():
        found = list(_ASCII_TOKEN.finditer(chunk))
        cut = _Chunk(tuple(m.group().lower() for m in found), tuple(m.span() for m in found))
    else:
        kinds = classes(chunk)
        cut = _cut(chunk, kinds, _TOKEN)
        if SINGLE in kinds:
            return cut
    if len(chunk) <= _LONGEST_CHUNK:
        if len(_memo) >= _MOST_CHUNKS:
            _memo.clear()
        _memo[chunk] = cut
    return cut


def cut(chunk: str) -> list[Token]:
    """The tokens of a piece of text without white space; nothing is remembered: for those who do it."""
    known = _memo.get(chunk)
    if known is None:
        if chunk.isascii():
            return [Token(m.start(), m.end(), m.group().lower()) for m in _ASCII_TOKEN.finditer(chunk)]
        known = _cut(chunk, classes(chunk), _TOKEN)
    return [Token(start, end, form) for (start, end), form in zip(known.spans, known.folded, strict=True)]


def cut_folded(chunk: str) -> Sequence[str]:
    """The folded tokens of a piece of text without white space, without places; nothing is remembered."""
    if chunk.isascii():
        return _ASCII_TOKEN.findall(chunk.lower())
    known = _memo.get(chunk)
    return _cut(chunk, classes(chunk), _TOKEN).folded if known is None else known.folded


def folded_tokens(text: str) -> list[str]:
    """The folded tokens of a text, in order: the quick path, without places."""
    out: list[str] = []
    get = _memo.get
    for chunk in text.split():
        out += (get(chunk) or _look_up(chunk)).folded
    return out


def tokenise(text: str) -> list[Token]:
    """All tokens of a text with their places and folded forms."""
    out: list[Token] = []
    for found in _CHUNK.finditer(text):
        at = found.start()
        chunk = found.group()
        known = _memo.get(chunk) or _look_up(chunk)
        for (start, end), folded in zip(known.spans, known.folded, strict=True):
            out.append(Token(at + start, at + end, folded))
    return out


def pattern_tokens(term: str) -> tuple[str, ...]:
    """
    The folded tokens of a query term, in which `*` and `?` stay and belong to the token they touch.

    A run of `*` is one; `塔利班*` is three characters of which the last carries the wildcard.
    """
    if term.isascii() and term.isalnum():
        return (term.lower(),)
    out: list[str] = []
    for token in _cut_pattern(term):
        pieces = re.split(r"([*?]+)", token)
        folded = "".join(p if p[:1] in ("*", "?") else fold(p) for p in pieces)
        # What unfolds to several words is several tokens here as in a text.
        out += [re.sub(r"\*+", "*", part) for part in _cut_pattern(folded)]
    return tuple(out)


def _cut_pattern(term: str) -> list[str]:
    kinds = "".join("X" if c in "*?" else kind for c, kind in zip(term, classes(term), strict=True))
    return [term[m.start() : m.end()] for m in _PATTERN_TOKEN.finditer(kinds)]
