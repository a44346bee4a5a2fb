"""What the reasons why a rule fails are made of: places, numbers of words, lists of them. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.rules.globs import INFLECTED
from monitor.rules.inflection import forms
from monitor.rules.tree import LEAD_WORDS, TEXT_FIELDS, start_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_MOST_NAMED = 6  # forms or names that are listed


def where_of(scope: str) -> str:
    """A scope, as the place where something is not."""
    if scope == "lead":
        return f"title, summary, first {LEAD_WORDS} words of the body"
    words = start_words(scope)
    if words is not None:
        return f"the first {words} words of the body"
    return ", ".join(TEXT_FIELDS) if scope == "text" else scope


def forms_of(element: str) -> tuple[str, ...]:
    """The forms that an inflected word stands for; its languages are written behind the ~."""
    word, _, languages = element.partition(INFLECTED)
    return forms(word, languages.split(",") if languages else ())


def in_words(number: int) -> str:
    """So many words, in words."""
    return f"{number} word{'' if number == 1 else 's'}"


def few(texts: Iterable[str]) -> str:
    """The first of many texts, and how many more there are."""
    listed = list(dict.fromkeys(texts))
    more = len(listed) - _MOST_NAMED
    shown = listed if more <= 0 else listed[:_MOST_NAMED]
    return ", ".join(shown) + (f" and {more} more" if more > 0 else "")


def quoted(texts: Sequence[str]) -> str:
    """Texts, as they stand in an article."""
    return ", ".join(f"“{text}”" for text in texts)
