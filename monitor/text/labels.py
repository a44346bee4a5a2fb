"""
What the short lines between paragraphs announce: "Lire aussi", "Most read", "Publicité". Pure.

The labels are data (`labels.toml`), in the nine languages of `monitor.text.language`; a page is compared with
all of them, as many pages carry furniture in another language than their text.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal

from monitor.text.tokens import folded_tokens

if TYPE_CHECKING:
    from collections.abc import Iterable

Kind = Literal["lists", "ends", "alone"]

_LONGEST_HEAD = 80  # characters before the sign that parts a label from what it announces
_SIGN = re.compile(r"\s*(?:[:|>»→\u2192]|\s[-\u2013\u2014])\s*")
_BEFORE = " \t-\u2013\u2014•*·>»→▶►+#"  # bullets
_BEHIND = " \t:>»→▶►…?.!"
_LONGEST_CHUNK = 64
_MOST_CHUNKS = 30_000

# Whether a label may begin with this raw piece of text; news repeats its words (see tokens.py).
_may_begin: dict[str, bool] = {}

# What a letter begins with, in UTF-8, that Latin-1 has not: combining marks, Cyrillic, Arabic, wide forms.
_OTHER_LETTERS = b"\xcc\xcd\xd0\xd1\xd8\xd9\xef"
_USUAL = bytes(set(range(256)) - set(_OTHER_LETTERS))


@dataclass(frozen=True, slots=True)
class Label:
    """A label that a line is or begins with; `rest` is what it announces on the same line."""

    kind: Kind
    text: str
    rest: str = ""


@dataclass(frozen=True, slots=True)
class _Book:
    kinds: dict[tuple[str, ...], Kind]
    phrases: dict[str, tuple[tuple[str, ...], ...]]  # by their first word
    longest: int
    begins: frozenset[str]  # first words of labels
    latin: dict[bytes, tuple[bytes, ...]]  # phrases in Latin letters, by their longest word
    telling: frozenset[bytes]  # these words
    letters: bytes  # what each byte of Latin-1 folds to, a space where it is no letter


def label_of(line: str) -> Label | None:
    """The label that a line is ("Lire aussi :"), or begins with ("Lire aussi : l'opposition proteste")."""
    # Looked up here, without a call: this is asked of lines of all news.
    if not _may_begin.get(line.partition(" ")[0], True) or not _may_be_label(line):
        return None
    plain = line.lstrip(_BEFORE).rstrip(_BEHIND)
    book = _book()
    if len(plain) <= _LONGEST_HEAD and plain.count(" ") <= book.longest:
        kind = book.kinds.get(_key(plain))
        if kind:
            return Label(kind, plain)
    sign = _SIGN.search(plain, 2, _LONGEST_HEAD)
    if sign and sign.end() < len(plain):
        head = plain[: sign.start()]
        kind = book.kinds.get(_key(head))
        if kind in ("lists", "alone"):
            return Label(kind, head, plain[sign.end() :])
    return None


def has_label(lines: Iterable[str]) -> bool:
    """Whether any of these lines is a label or begins with one."""
    get = _may_begin.get
    return any(get(line.partition(" ")[0], True) and label_of(line) for line in lines)


def _may_be_label(line: str) -> bool:
    """Whether the first word is one that labels begin with; True where that is not known quickly."""
    piece = line.partition(" ")[0]
    known = _may_begin.get(piece)
    if known is None:
        tokens = folded_tokens(piece)
        known = not tokens or tokens[0] in _book().begins
        if len(piece) <= _LONGEST_CHUNK:
            if len(_may_begin) >= _MOST_CHUNKS:
                _may_begin.clear()
            _may_begin[piece] = known
    return known


def phrase_in(line: str) -> str:
    """The words about the site that a line holds ("accepter tous les cookies"), or ""."""
    if not may_hold_phrase(line):
        return ""
    tokens = folded_tokens(line)
    phrases = _book().phrases
    for at, token in enumerate(tokens):
        for phrase in phrases.get(token, ()):
            if tuple(tokens[at : at + len(phrase)]) == phrase:
                return " ".join(phrase)
    return ""


def may_hold_phrase(text: str) -> bool:
    """
    False where no line of a text holds such words; told ten times as quickly as by `phrase_in`.

    Folding all words of all news is too dear for what one in fifty holds. In Latin-1 it is a table's work.
    """
    if not text.isascii() and ("\xad" in text or text.encode("utf-8", "replace").translate(None, _USUAL)):
        return True
    book = _book()
    folded = text.encode("latin-1", "replace").translate(book.letters)
    words = folded.split()
    telling = book.telling.intersection(words)
    if not telling:
        return False
    tried = [phrase for word in telling for phrase in book.latin[word]]
    if not any(all(word in folded for word in phrase.split()) for phrase in tried):
        return False
    spoken = b" ".join([b"", *words, b""])
    return any(phrase in spoken for phrase in tried)


@cache
def _book() -> _Book:
    from importlib.resources import files  # noqa: PLC0415 - 10 ms, and most commands need no label

    languages = tomllib.loads((files("monitor.text") / "labels.toml").read_text(encoding="utf-8"))
    kinds: dict[tuple[str, ...], Kind] = {}
    phrases: dict[str, list[tuple[str, ...]]] = {}
    latin: dict[bytes, list[bytes]] = {}
    for lists in languages.values():
        for kind in ("lists", "ends", "alone"):
            kinds.update(dict.fromkeys(_keys(lists[kind]), kind))
        for phrase in _keys(lists["phrases"]):
            phrases.setdefault(phrase[0], []).append(phrase)
            latin.setdefault(max(phrase, key=len).encode(), []).append(f" {' '.join(phrase)} ".encode())
    return _Book(
        kinds,
        {word: tuple(found) for word, found in phrases.items()},
        longest=max(map(len, kinds)),
        begins=frozenset(key[0] for key in kinds),
        latin={word: tuple(found) for word, found in latin.items()},
        telling=frozenset(latin),
        letters=bytes(map(_letter, range(256))),
    )


def _letter(number: int) -> int:
    """The letter or digit that a character folds to, or a space."""
    folded = "".join(folded_tokens(chr(number)))
    return ord(folded) if len(folded) == 1 and folded.isascii() else ord(" ")


def _keys(texts: Iterable[str]) -> list[tuple[str, ...]]:
    return [_key(text) for text in texts]


def _key(text: str) -> tuple[str, ...]:
    return tuple(folded_tokens(text))
