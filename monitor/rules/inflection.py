"""
`word~`: the light inflections of a word. Plural, gender, common cases; never a stemmer. Pure.

A stemmer cuts words to stems and matches whatever it cuts alike: the Arabic Taliban become a student. Here
forms are added to the word instead, by rules of the language, so that a reader can be shown the whole list. A
form that is a stop-word of the language is never added: "Seite" must not find every "seit".
"""
# ruff: noqa: RUF001 - Cyrillic and Arabic letters are what this is about

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from monitor.rules import endings
from monitor.rules.cases import arabic, russian
from monitor.text.folding import fold
from monitor.text.language import stopwords
from monitor.text.tokens import folded_tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

_MOST_FORMS = 40  # of a word in one language
_LEAST_LETTERS = 3

_LATIN = re.compile("[a-z]+")
_CYRILLIC = re.compile("[а-я]+")
_ARABIC = re.compile("[\u0620-\u064a\u0671-\u06d3]+")

_RULES: dict[str, tuple[re.Pattern[str], Callable[[str], Iterable[str]]]] = {
    "ar": (_ARABIC, arabic),
    "de": (_LATIN, endings.german),
    "en": (_LATIN, endings.english),
    "es": (_LATIN, endings.spanish),
    "fr": (_LATIN, endings.french),
    "it": (_LATIN, endings.italian),
    "nl": (_LATIN, endings.dutch),
    "pt": (_LATIN, endings.portuguese),
    "ru": (_CYRILLIC, russian),
}


def forms(word: str, languages: Sequence[str]) -> tuple[str, ...]:
    """
    The folded forms of one token in these languages ("fr", "pt-BR"), the word itself first.

    At most forty a language. Words under three letters, with digits, or in a script that none of the
    languages writes have no other form, and a language without rules adds none.
    """
    codes = tuple(dict.fromkeys(language.partition("-")[0].lower() for language in languages))
    return _forms(fold(word), codes)


@lru_cache(maxsize=4096)
def _forms(folded: str, codes: tuple[str, ...]) -> tuple[str, ...]:
    found = {folded: None}
    if len(folded) >= _LEAST_LETTERS and folded_tokens(folded) == [folded]:
        for code in codes:
            script, rule = _RULES.get(code, (None, None))
            if script and rule and script.fullmatch(folded):
                kept = [form for form in dict.fromkeys(rule(folded)) if _may_stand(form, folded, code)]
                found |= dict.fromkeys(kept[: _MOST_FORMS - 1])
    return tuple(found)


def _may_stand(form: str, word: str, language: str) -> bool:
    return form != word and len(form) >= _LEAST_LETTERS and form not in stopwords(language)
