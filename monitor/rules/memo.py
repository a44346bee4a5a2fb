"""
From raw pieces of text to codes: what a word is to the rules, worked out at the first sight of it.

Theory of operation. A text is split at white space, and each piece ("l'Afghanistan,") is looked up in a dict:
its codes, one a token. News repeats its words, so cutting, folding, wildcards, exact spellings and token
regexes cost only where a piece is new; a piece in other punctuation is found under its bare form. A token
that has keys beside its word (talks is also talk*) gets a *mixed* code of its own, shared by all tokens with
the same keys; `mixed` tells what it stands for.

The memo is bounded, never holds long pieces (an attacker's) nor pieces in the scripts of one token a
character (whole sentences, which do not repeat), and changes no verdict, full or empty. It grows while
documents are read; whoever reads keeps to the generation it began with.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from typing import TYPE_CHECKING

from monitor.rules import regexes
from monitor.rules.vocabulary import BORDER, NOTHING
from monitor.text.folding import SINGLE, classes, fold_letters, without_ignorables
from monitor.text.tokens import cut, cut_folded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from monitor.rules.vocabulary import Vocabulary

MOST_PIECES = 300_000
BORDER_PIECE = " "  # stands for the border between two fields: no piece of a text is a space
_LONGEST_PIECE = 64
_MOST_MIXED = 50_000  # kinds of tokens that are several things at once
# What may stand around a word and splits: stripping it changes no token. No + and #: {C} is not in C++.
EDGES = "".join(
    map(chr, (*range(0x21, 0x23), *range(0x24, 0x2B), *range(0x2C, 0x30), *range(0x3A, 0x41)))
) + (
    "[]{}_`|~«»‘’“”„…–—¡¿،؛؟。、「」"  # noqa: RUF001 - look-alikes are meant
)
_ASCII_EDGES = "".join(filter(str.isascii, EDGES))


class Memo:
    """One generation of remembered pieces; `mixed` maps a mixed code to its word's code and all its keys."""

    def __init__(self, vocabulary: Vocabulary, most: int = MOST_PIECES) -> None:
        self.codes: dict[str, str] = {BORDER_PIECE: BORDER}
        self.mixed: dict[str, tuple[str, tuple[str, ...]]] = {}
        self.bearers: defaultdict[str, set[str]] = defaultdict(set)  # key -> the mixed codes that have it
        self._most = most
        self._words = vocabulary.words
        self._implied = vocabulary.implied
        self._finder = _KeyFinder(vocabulary) if _KeyFinder.is_needed(vocabulary) else None
        self._by_keys: dict[tuple[str, tuple[str, ...]], str] = {}
        self._next = vocabulary.next_code

    @property
    def is_full(self) -> bool:
        """Whether a new generation should begin."""
        return len(self.codes) >= self._most or len(self.mixed) >= _MOST_MIXED

    def learn(self, piece: str) -> str:
        """The codes of a piece that is not remembered, which it then is."""
        codes = self.codes
        if piece.isascii():
            bare = piece if piece.isalnum() else piece.strip(_ASCII_EDGES)
            known = None  # folding is as quick as looking up
        else:
            bare = piece.strip(EDGES)
            known = codes.get(bare)
        if known is not None:
            found = known
        elif (folded := fold_letters(bare)) is None:
            found = self._cut(bare)
            if not bare.isascii() and SINGLE in classes(bare):
                return found
        else:  # one plain word, as most are
            found = self._words.get(folded, NOTHING)
            if self._finder is not None:
                keys = self._finder.keys(folded, self._finder.spelt(bare, 0, len(bare)))
                found = self._mix(found, keys) if keys else found
        if len(piece) <= _LONGEST_PIECE:
            codes[piece] = found
            if not piece.isascii():
                codes[bare] = found  # it comes in other punctuation too
        return found

    def prefill(self, pieces: Iterable[str], still: Callable[[], bool] = lambda: True) -> None:
        """Learn pieces beforehand, as long as `still` says so."""
        for number, piece in enumerate(pieces):
            if self.is_full or (not number % 256 and not still()):
                return
            if piece not in self.codes:
                self.learn(piece)

    def _cut(self, bare: str) -> str:
        get = self._words.get
        finder = self._finder
        if finder is None:
            return "".join([get(folded, NOTHING) for folded in cut_folded(bare)])
        out = []
        span: tuple[int, int] = (0, 0)
        spelt: tuple[str, ...] = ()
        known: dict[str, str] = {}
        for start, end, folded in cut(bare):
            if (start, end) != span:  # one token may unfold to thousands of words, mostly the same few
                span, spelt, known = (start, end), finder.spelt(bare, start, end), {}
            if folded not in known:
                word = get(folded, NOTHING)
                keys = finder.keys(folded, spelt)
                known[folded] = self._mix(word, keys) if keys else word
            out.append(known[folded])
        return "".join(out)

    def _mix(self, word: str, keys: tuple[str, ...]) -> str:
        """The mixed code of a token that has `keys` beside its word."""
        known = self._by_keys.get((word, keys))
        if known is None:
            known = self._by_keys[word, keys] = chr(self._next)
            self._next += 1
            direct = keys if word == NOTHING else (word, *keys)
            every = dict.fromkeys(direct)
            for key in direct:
                every |= dict.fromkeys(self._implied.get(key, ()))
            self.mixed[known] = (word, tuple(every))
            for key in every:
                self.bearers[key].add(known)
        return known


class _KeyFinder:
    """Tells the keys of a token beside its word: those of its spelling, and those of its folded form."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._heads = sorted({len(head) for head in vocabulary.prefixes})
        self._tails = sorted({len(tail) for tail in vocabulary.suffixes})
        patterns = [(pattern, flags) for pattern, flags, _ in vocabulary.regexes]
        self._anything = regexes.alternation(patterns)

    @staticmethod
    def is_needed(vocabulary: Vocabulary) -> bool:
        """Whether any rule asks for more than words."""
        v = vocabulary
        return bool(v.spellings or v.alone or v.prefixes or v.suffixes or v.globs or v.regexes)

    def spelt(self, piece: str, start: int, end: int) -> tuple[str, ...]:
        """The keys of the token `piece[start:end]` as it is spelt."""
        spellings, alone = self._vocabulary.spellings, self._vocabulary.alone
        found: list[str] = []
        surface = piece[start:end]
        if spellings or alone:
            spelt = surface
            if not surface.isascii():
                spelt = unicodedata.normalize("NFC", without_ignorables(surface))
            if spelt in spellings:
                found.append(spellings[spelt])
            if spelt in alone and not _goes_on(piece, end):
                found.append(alone[spelt])
        patterns = self._vocabulary.regexes
        if patterns and (self._anything is None or regexes.fits(self._anything, surface)):
            found += [key for pattern, flags, key in patterns if regexes.whole(pattern, flags, surface)]
        return tuple(found)

    def keys(self, folded: str, spelt: tuple[str, ...]) -> tuple[str, ...]:
        """All keys of a token, given those of its spelling."""
        v = self._vocabulary
        found = [*spelt]
        found += [v.prefixes[folded[:n]] for n in self._heads if folded[:n] in v.prefixes]
        found += [v.suffixes[folded[-n:]] for n in self._tails if folded[-n:] in v.suffixes]
        if v.globs:
            for letter in (folded[:1], ""):
                found += [key for pattern, key in v.globs.get(letter, ()) if pattern.fullmatch(folded)]
        return tuple(dict.fromkeys(found))


def _goes_on(piece: str, end: int) -> bool:
    """Whether a sign of a name follows, as in C++ and C#; what is not there for the eye stands in between."""
    while end < len(piece) and piece[end] not in "+#" and not without_ignorables(piece[end]):
        end += 1
    return piece.startswith(("+", "#"), end)
