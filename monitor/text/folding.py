"""
One spelling for many: what a character is, and how a token is folded.

Text and query terms pass through the same fold, so case, accents, width, ligatures and zero-width marks
make no difference, while letters that only look alike to an English eye stay apart. The fold works on one
token at a time (tokens.py cuts the original text), in this order:

1. drop ignorable characters (soft hyphen, tatweel, joiners, bidi marks, variation selectors);
2. NFKC and case folding: width, ligatures, presentation forms, final sigma, sharp s;
3. decompose, then decide mark by mark with a look at its base letter (`_strip_marks`);
4. map letters that Unicode does not decompose (l with stroke, dotless i, alef maqsura, Arabic digits);
5. compose again (NFC).

Why the base letter decides: stripping every mark turns the Cyrillic short i into i, the kana GA into KA
(so Gaza would read "kasa") and tears the vowel signs off Indic words. So marks go from Latin, Greek, Hebrew
and Arabic letters, and from digits; a Cyrillic letter keeps a mark that makes it another letter of an
alphabet, but not a stress mark and not the dots of yo; every other script keeps its marks.

One fold serves all languages (Turkish dotted and dotless i included), because the language a feed declares
is wrong too often to depend on it.
"""

from __future__ import annotations

import unicodedata

WORD = "W"  # part of a token: a letter or digit
SINGLE = "S"  # a token of its own: scripts written without spaces
MARK = "M"  # belongs to the character before it
IGNORABLE = "I"  # as if it were not there
SPLIT = " "  # everything else ends a token

# Blocks whose letters are one token each. Ends are included.
_SINGLE_BLOCKS = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3005, 0x3007),  # Han iteration mark and zero
    (0x3021, 0x3029),  # Hangzhou numerals
    (0x3038, 0x303B),
    (0x3041, 0x309F),  # Hiragana
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),
    (0xA9E0, 0xA9FF),  # Myanmar extended
    (0xAA60, 0xAA7F),
    (0xF900, 0xFAFF),  # Han compatibility
    (0x1B001, 0x1B11F),  # old Hiragana
    (0x1B150, 0x1B152),
    (0x20000, 0x3FFFF),  # Han, rare
)

# Letters of category Lm that writers use as apostrophes (U+02BC and its transliteration cousins).
_LETTER_APOSTROPHES = frozenset("\u02bb\u02bc\u02bd\u02be\u02bf")

# Ignorable besides category Cf: tatweel, combining grapheme joiner, Hangul fillers, Khmer inherent vowels,
# Mongolian and general variation selectors.
_IGNORABLE = frozenset(
    "\u0640\u034f\u115f\u1160\u3164\uffa0\u17b4\u17b5\u180b\u180c\u180d\u180f"
    + "".join(map(chr, range(0xFE00, 0xFE10)))
    + "".join(map(chr, range(0xE0100, 0xE01F0)))
)

# Scripts whose letters lose their marks (first and last code point). Digits lie in the first range.
_STRIPPED_BLOCKS = (
    (0x0000, 0x024F),  # Latin
    (0x0250, 0x036F),  # with the general accents
    (0x0370, 0x03FF),  # Greek
    (0x0590, 0x06FF),  # Hebrew, Arabic
    (0x0750, 0x077F),
    (0x0870, 0x08FF),
    (0x1D00, 0x1DBF),
    (0x1E00, 0x1FFF),
    (0x2C60, 0x2C7F),
    (0xA720, 0xA7FF),
    (0xAB30, 0xAB6F),
)
_CYRILLIC_BLOCKS = ((0x0400, 0x052F), (0x1C80, 0x1C8F), (0x2DE0, 0x2DFF), (0xA640, 0xA69F))

# Marked Cyrillic letters that are only a spelling of the bare one: io, ie and i with grave.
_CYRILLIC_SPELLINGS = frozenset("ёѐѝ")

_LETTERS = str.maketrans(
    {
        # Latin letters without a decomposition
        "ł": "l", "ø": "o", "đ": "d", "ð": "d", "\u0131": "i", "œ": "oe", "æ": "ae", "þ": "th", "ħ": "h",
        "ŧ": "t", "ƀ": "b", "ɨ": "i", "ȷ": "j", "ɓ": "b", "ɗ": "d", "ɖ": "d", "ƙ": "k", "ƴ": "y",
        # Arabic script: alef, yeh, kaf and heh variants of Arabic, Persian and Urdu keyboards
        "\u0671": "\u0627", "\u0672": "\u0627", "\u0673": "\u0627",
        "\u0649": "\u06cc", "\u064a": "\u06cc", "\u06d2": "\u06cc",
        "\u0643": "\u06a9", "\u06aa": "\u06a9",
        "\u0629": "\u0647", "\u06c1": "\u0647", "\u06c3": "\u0647", "\u06be": "\u0647", "\u06d5": "\u0647",
    }
    | {chr(zero + n): str(n) for zero in (0x0660, 0x06F0) for n in range(10)}
)  # fmt: skip

# Unicode's own bound for marks on one base (stream-safe text); more are an attack on normalisation.
_MOST_MARKS = 30


def _within(character: str, blocks: tuple[tuple[int, int], ...]) -> bool:
    point = ord(character)
    return any(first <= point <= last for first, last in blocks)


def _classify(character: str) -> str:
    if character in _IGNORABLE or unicodedata.category(character) == "Cf":
        return IGNORABLE
    if character in _LETTER_APOSTROPHES:
        return SPLIT
    kind = unicodedata.category(character)[0]
    if kind == "M":
        return MARK
    if kind not in "LN":
        return SPLIT
    plain = unicodedata.normalize("NFKC", character)
    if unicodedata.category(plain[0])[0] == "M":  # half-width kana voicing marks and Thai AM: letters by name
        return MARK
    return SINGLE if _within(plain[0], _SINGLE_BLOCKS) else WORD


class _Classes(dict[int, str]):
    """A translation table that fills itself: code point to class letter."""

    def __missing__(self, point: int) -> str:
        self[point] = found = _classify(chr(point))
        return found


_CLASSES = _Classes()


def classes(text: str) -> str:
    """The class letter of each character, as a string of the same length."""
    return text.translate(_CLASSES)


def without_ignorables(text: str) -> str:
    """The text without soft hyphens, tatweel, joiners, bidi marks and variation selectors."""
    if text.isascii():
        return text
    kinds = classes(text)
    if IGNORABLE not in kinds:
        return text
    return "".join(c for c, kind in zip(text, kinds, strict=True) if kind != IGNORABLE)


def _limit_marks(text: str) -> str:
    """Keep at most thirty marks in a row: sorting a million of them would take quadratic time."""
    kept: list[str] = []
    marks = 0
    for character, kind in zip(text, classes(text), strict=True):
        if kind == MARK:
            marks += 1
        elif kind != IGNORABLE:
            marks = 0
        if marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)


def _strip_marks(decomposed: str) -> str:
    """Drop the marks that are spelling and keep those that make another letter."""
    out: list[str] = []
    for character in decomposed:
        if not unicodedata.category(character).startswith("M"):
            out.append(character)
            continue
        base = out[-1] if out else character  # after a wildcard a mark stands alone and speaks for itself
        if _within(base, _STRIPPED_BLOCKS):
            continue
        if _within(base, _CYRILLIC_BLOCKS):
            letter = unicodedata.normalize("NFC", base + character)
            if len(letter) == 1 and letter not in _CYRILLIC_SPELLINGS:
                out[-1] = letter
            continue
        out.append(character)
    return "".join(out)


def fold(token: str) -> str:
    """
    The folded form of one token: what the index and the query compare.

    Folding twice changes nothing, and canonically equal spellings fold alike.
    """
    if token.isascii():
        return token.lower()
    folded = fold_letters(token)
    return fold_by_marks(token) if folded is None else folded


def fold_by_marks(token: str) -> str:
    """The fold of any token, by all the steps told above."""
    if len(token) > _MOST_MARKS:
        token = _limit_marks(token)
    text = unicodedata.normalize("NFKC", without_ignorables(token)).casefold()
    text = without_ignorables(unicodedata.normalize("NFKC", text))
    text = _strip_marks(unicodedata.normalize("NFD", text))
    return unicodedata.normalize("NFC", text.translate(_LETTERS))


class _Letters(dict[int, str]):
    """A translation table that fills itself: code point to fold, for characters that no neighbour changes."""

    def __missing__(self, point: int) -> str:
        self[point] = found = _fold_alone(chr(point))
        return found


_NEEDS_A_LOOK = "\uffff"  # a code point that is no character
_ALONE = _Letters()


def _fold_alone(character: str) -> str:
    """
    The fold of a letter or digit wherever it stands; the sign for a closer look at all others.

    A letter of the scripts below that is not a mark neither joins what stands before it nor changes it.
    """
    known = _within(character, (*_STRIPPED_BLOCKS, *_CYRILLIC_BLOCKS))
    if not known or _classify(character) != WORD:
        return _NEEDS_A_LOOK
    folded = fold_by_marks(character)
    parts = unicodedata.normalize("NFKD", character) + folded
    starts_well = unicodedata.category(parts[0])[0] in "LN"
    return folded if starts_well and set(classes(folded)) == {WORD} else _NEEDS_A_LOOK


def fold_letters(text: str) -> str | None:
    """
    The fold of a token of plain letters and digits; None where it takes a closer look, or is no token.

    Most words of most languages need no more than a table of letters, at a tenth of the cost.
    """
    if text.isascii():
        return text.lower() if text.isalnum() else None
    folded = text.translate(_ALONE)
    return None if _NEEDS_A_LOOK in folded else folded
