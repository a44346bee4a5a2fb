"""
EXACT terms: case- and accent-exact literals, bounded by tokens ({WHO}, {US}, {C++}, {New York}).

The text is compared in a clean spelling (NFC, ignorable marks dropped, white space as one space), and each
place found is mapped back to the original text. A place counts if it does not begin or end inside a token,
and if no `+` or `#` follows: {C} is not in "C++" or "C#".
"""

from __future__ import annotations

import unicodedata

from monitor.text.folding import IGNORABLE, MARK, SINGLE, SPLIT, classes, without_ignorables

_NAME_SIGNS = ("+", "#")


def exact_literal(text: str) -> str:
    """The clean spelling of what stands between braces."""
    return " ".join(unicodedata.normalize("NFC", without_ignorables(text)).split())


class CleanText:
    """A text in clean spelling, with the way back to the original offsets."""

    __slots__ = ("_ends", "_kinds", "_starts", "text")

    def __init__(self, original: str) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        pieces: list[str] = []
        for start, end, piece in _clusters(original):
            pieces.append(piece)
            self._starts += [start] * len(piece)
            self._ends += [end] * len(piece)
        self.text = "".join(pieces)
        self._kinds = classes(self.text)

    def places(self, literal: str) -> list[tuple[int, int]]:
        """The (start, end) of each occurrence in the original text, overlapping ones included."""
        found: list[tuple[int, int]] = []
        start = self.text.find(literal)
        while start >= 0:
            end = start + len(literal)
            if self._is_edge(start) and self._is_edge(end) and not self.text.startswith(_NAME_SIGNS, end):
                found.append((self._starts[start], self._ends[end - 1]))
            start = self.text.find(literal, start + 1)
        return found

    def _is_edge(self, at: int) -> bool:
        """Whether no token runs over the border before the character `at`."""
        if at in (0, len(self.text)):
            return True
        before, after = self._kinds[at - 1], self._kinds[at]
        if after == MARK:
            return before == SPLIT
        return SPLIT in (before, after) or SINGLE in (before, after)


def _clusters(original: str) -> list[tuple[int, int, str]]:
    """
    The text cut into pieces that compose for themselves, each with its original span.

    A piece is a character with its marks (Hangul vowels and finals join their syllable), or a run of white
    space. Ignorable characters belong to no piece.
    """
    pieces: list[tuple[int, int, str]] = []
    for at, (character, kind) in enumerate(zip(original, classes(original), strict=True)):
        if kind == IGNORABLE:
            continue
        if character.isspace():
            if pieces and pieces[-1][2] == " ":
                pieces[-1] = (pieces[-1][0], at + 1, " ")
            else:
                pieces.append((at, at + 1, " "))
        elif pieces and (kind == MARK or "\u1160" <= character <= "\u11ff"):
            start, _, piece = pieces[-1]
            pieces[-1] = (start, at + 1, piece + character)
        else:
            pieces.append((at, at + 1, character))
    return [(start, end, unicodedata.normalize("NFC", piece)) for start, end, piece in pieces]
