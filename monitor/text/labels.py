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


def label_of(line: str) -> Label | None:
    """The label that a line is ("Lire aussi :"), or begins with ("Lire aussi : l'opposition proteste")."""
    book = _book()
    plain = line.lstrip(_BEFORE).rstrip(_BEHIND)
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


def phrase_in(line: str) -> str:
    """The words about the site that a line holds ("accepter tous les cookies"), or ""."""
    tokens = folded_tokens(line)
    phrases = _book().phrases
    for at, token in enumerate(tokens):
        for phrase in phrases.get(token, ()):
            if tuple(tokens[at : at + len(phrase)]) == phrase:
                return " ".join(phrase)
    return ""


@cache
def _book() -> _Book:
    from importlib.resources import files  # noqa: PLC0415 - 10 ms, and most commands need no label

    languages = tomllib.loads((files("monitor.text") / "labels.toml").read_text(encoding="utf-8"))
    kinds: dict[tuple[str, ...], Kind] = {}
    phrases: dict[str, list[tuple[str, ...]]] = {}
    for lists in languages.values():
        for kind in ("lists", "ends", "alone"):
            kinds.update(dict.fromkeys(_keys(lists[kind]), kind))
        for phrase in _keys(lists["phrases"]):
            phrases.setdefault(phrase[0], []).append(phrase)
    return _Book(kinds, {word: tuple(found) for word, found in phrases.items()}, max(map(len, kinds)))


def _keys(texts: Iterable[str]) -> list[tuple[str, ...]]:
    return [_key(text) for text in texts]


def _key(text: str) -> tuple[str, ...]:
    return tuple(folded_tokens(text))
