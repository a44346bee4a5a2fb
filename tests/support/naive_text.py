"""
Folding, tokens and exact places once more, slowly, from the language's description.

Nothing is shared with the engine's text code: what that gets wrong, this gets wrong only by chance.
"""
# ruff: noqa: RUF001 - letters that look like others are the point

from __future__ import annotations

import unicodedata
from functools import cache
from typing import NamedTuple

_TATWEEL_AND_FILLERS = "\u0640\u034f\u115f\u1160\u3164\uffa0\u17b4\u17b5\u180b\u180c\u180d\u180f"
_APOSTROPHE_LETTERS = "\u02bb\u02bc\u02bd\u02be\u02bf"
_ONE_EACH = ("CJK ", "HIRAGANA ", "THAI ", "LAO ", "KHMER ", "MYANMAR ", "HENTAIGANA ")
_ODD_SINGLES = "\u3005\u3006\u3007\u3038\u3039\u303a\u303b" + "".join(map(chr, range(0x3021, 0x302A)))
_LOSES_MARKS = ("LATIN", "GREEK", "HEBREW", "ARABIC")
_SAME_LETTER = {
    "ł": "l", "ø": "o", "đ": "d", "ð": "d", "ı": "i", "œ": "oe", "æ": "ae", "þ": "th", "ħ": "h",
    "ŧ": "t", "ƀ": "b", "ɨ": "i", "ȷ": "j", "ɓ": "b", "ɗ": "d", "ɖ": "d", "ƙ": "k", "ƴ": "y",
    "\u0671": "\u0627", "\u0672": "\u0627", "\u0673": "\u0627",  # alefs
    "\u0649": "\u06cc", "\u064a": "\u06cc", "\u06d2": "\u06cc",  # yehs
    "\u0643": "\u06a9", "\u06aa": "\u06a9",  # kafs
    # hehs
    "\u0629": "\u0647", "\u06c1": "\u0647", "\u06c3": "\u0647", "\u06be": "\u0647", "\u06d5": "\u0647",
}  # fmt: skip


class Word(NamedTuple):
    """One token: `text[start:end]` folds to `folded`."""

    start: int
    end: int
    folded: str


@cache
def ignorable(character: str) -> bool:
    """Soft hyphens, tatweel, joiners, bidi marks, variation selectors: as if they were not there."""
    point = ord(character)
    return (
        unicodedata.category(character) == "Cf"
        or character in _TATWEEL_AND_FILLERS
        or 0xFE00 <= point <= 0xFE0F
        or 0xE0100 <= point <= 0xE01EF
    )


@cache
def is_mark(character: str) -> bool:
    """Whether a character belongs to the letter before it."""
    if ignorable(character):
        return False
    plain = unicodedata.normalize("NFKC", character)
    kind = unicodedata.category(character)[0]
    return kind == "M" or (kind in "LN" and unicodedata.category(plain[0])[0] == "M")


@cache
def is_letter(character: str) -> bool:
    """Whether a character is a letter or digit that can begin a token."""
    if ignorable(character) or is_mark(character) or character in _APOSTROPHE_LETTERS:
        return False
    return unicodedata.category(character)[0] in "LN"


@cache
def stands_alone(character: str) -> bool:
    """Whether a letter is a token of its own: Han, Hiragana, Thai, Lao, Khmer, Myanmar."""
    plain = unicodedata.normalize("NFKC", character)[0]
    return plain in _ODD_SINGLES or unicodedata.name(plain, "").startswith(_ONE_EACH)


def fold(token: str) -> str:
    """The folded form of a token, by the fold table."""
    kept = "".join(c for c in token if not ignorable(c))
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", kept).casefold())
    base = ""
    out: list[str] = []
    for character in unicodedata.normalize("NFD", "".join(c for c in folded if not ignorable(c))):
        if unicodedata.category(character)[0] != "M":
            base = character
            out.append(character)
        elif not base or unicodedata.name(base, "").startswith(_LOSES_MARKS) or base.isdecimal():
            if not base:
                out.append(character)
        elif unicodedata.name(base, "").startswith("CYRILLIC"):
            letter = unicodedata.normalize("NFC", base + character)
            if len(letter) == 1 and letter not in "ёѐѝ":
                out[-1] = base = letter
        else:
            out.append(character)
    return unicodedata.normalize("NFC", "".join(map(_same_letter, out)))


def _same_letter(character: str) -> str:
    if "\u0660" <= character <= "\u0669" or "\u06f0" <= character <= "\u06f9":
        return str(unicodedata.digit(character))
    return _SAME_LETTER.get(character, character)


def _spans(text: str) -> list[tuple[int, int]]:
    """Where tokens stand, character by character."""
    spans: list[tuple[int, int]] = []
    joins = alone = False  # whether a letter, or a mark, goes on with the token before
    for at, character in enumerate(text):
        if ignorable(character):
            continue
        if is_mark(character):
            if joins or alone:
                spans[-1] = (spans[-1][0], at + 1)
        elif not is_letter(character):
            joins = alone = False
        elif stands_alone(character):
            spans.append((at, at + 1))
            joins, alone = False, True
        else:
            if joins:
                spans[-1] = (spans[-1][0], at + 1)
            else:
                spans.append((at, at + 1))
            joins, alone = True, False
    return spans


def words(text: str) -> list[Word]:
    """All tokens of a text; a character that unfolds to several words is as many tokens."""
    found: list[Word] = []
    for start, end in _spans(text):
        folded = fold(text[start:end])
        parts = [folded[a:b] for a, b in _spans(folded)]
        found += [Word(start, end, fold(part) if len(parts) > 1 else part) for part in parts]
    return found


def clean(text: str) -> str:
    """What EXACT compares: NFC, ignorables dropped, each run of white space as one space."""
    kept = unicodedata.normalize("NFC", "".join(c for c in text if not ignorable(c)))
    out: list[str] = []
    for character in kept:
        if not character.isspace():
            out.append(character)
        elif not out or out[-1] != " ":
            out.append(" ")
    return "".join(out)


def exact_places(text: str, literal: str, tokens: list[Word]) -> list[tuple[int, int]]:
    """
    Where a clean literal stands: every stretch of the original that reads so, and cuts through no token.

    Tried from each character to each character; a sign that goes on with a name (C++, C#) is not cut off.
    """
    if literal not in clean(text):
        return []
    inside = {at for token in tokens for at in range(token.start + 1, token.end)}
    found = []
    begins = unicodedata.normalize("NFD", literal)[0]
    for start, first in enumerate(text):
        if start in inside or unicodedata.normalize("NFD", first)[0] != begins:
            continue
        for end in range(start + 1, len(text) + 1):
            read = clean(text[start:end])
            if len(read) > len(literal) + 3:
                break
            if read != literal or end in inside or ignorable(text[end - 1]):
                continue
            after = "".join(c for c in text[end : end + 40] if not ignorable(c))
            if not after.startswith(("+", "#")):
                found.append((start, end))
    return found
