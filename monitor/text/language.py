"""
The words every text is made of, and what they say about its language.

Nine languages have word lists (package data in `stopwords/`): stop-words, and beside them everyday words so
short that an acronym could be mistaken for one (ICE, AIDS, SUR). The neighbours of these languages have lists
too, for one purpose only: that Catalan is not taken for Spanish, nor Persian for Arabic.

How a language is guessed: each of the first tokens speaks for the languages whose frequent words hold it, for
each the less the more languages share it. A guess is given only if it rests on enough words, if these are a
fair share of the text, and if no other language comes near. Everything else is "und": a rule with `lang:fr`
lets an unknown language pass, so a wrong guess can lose an alert where none at all cannot.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from functools import cache
from typing import TYPE_CHECKING

from monitor.text.tokens import folded_tokens

if TYPE_CHECKING:
    from collections.abc import Iterable
    from importlib.resources.abc import Traversable

LANGUAGES = ("ar", "de", "en", "es", "fr", "it", "nl", "pt", "ru")
UNKNOWN = "und"

_CHARACTERS = 1_200  # of a text that are looked at: some 150 to 200 words
_TOKENS = 150
_LEAST_EVIDENCE = 2.0  # whole words' worth
_LEAST_SHARE = 0.15  # of the tokens that are frequent words of the guessed language
_LEAST_VARIETY = 0.08  # different ones for each token: other languages have our short words by chance
_RIVALS = 3  # next best languages that are compared with the best
_LEAST_LEAD = 3  # words that the best has and a rival has not
_LEAD = 3  # such words for each that only the rival has

# Letters that none of our languages writes, and the most of them that foreign names bring into a text.
_FOREIGN = re.compile(
    "[ąęłńśźżćčďěňřšťůžőűğışțșţăđåøæðþāēīūķļņģėįųіїєґўјљњћђџѓќѕәғқңөұүһҳҷӣӯپچژگکیٹڈےۆەێڕڵںھہۂېډړښځ]"
)
_FOREIGN_SHARE = 0.015

_ARTICLE = "ال"


@cache
def stopwords(language: str) -> frozenset[str]:
    """The stop-words of a language ("fr", "pt-BR") as folded tokens; none for a language without a list."""
    code = _code(language)
    return _read(_lists() / f"{code}.txt") if code in LANGUAGES else frozenset()


@cache
def _short_words(language: str) -> frozenset[str]:
    code = _code(language)
    return _read(_lists() / "short" / f"{code}.txt") if code in LANGUAGES else frozenset()


def is_common(folded: str, languages: Iterable[str]) -> bool:
    """Whether a folded token is a stop-word or an everyday short word of any of these languages."""
    return any(folded in stopwords(code) or folded in _short_words(code) for code in languages)


def guess(text: str) -> str:
    """The language of a text, as one of `LANGUAGES`; "und" where the first words do not tell it clearly."""
    start = text[:_CHARACTERS]
    if not start.isascii() and len(_FOREIGN.findall(start.lower())) > _FOREIGN_SHARE * len(start):
        return UNKNOWN
    tokens = folded_tokens(start)[:_TOKENS]
    group_of, groups = _speakers()
    found = [group for group in map(group_of.get, tokens) if group is not None]
    counts = [(groups[group], count) for group, count in Counter(found).items()]
    if _ARTICLE in start:
        counts.append((("ar",), sum(_has_article(token) and token not in group_of for token in tokens)))
    evidence: dict[str, float] = defaultdict(float)
    for languages, count in counts:
        for language in languages:
            evidence[language] += count / len(languages)
    best, *rivals = sorted(evidence, key=evidence.__getitem__, reverse=True)[: 1 + _RIVALS] or [UNKNOWN]
    if best not in LANGUAGES or evidence[best] < _LEAST_EVIDENCE:
        return UNKNOWN
    if sum(count for languages, count in counts if best in languages) < max(3, _LEAST_SHARE * len(tokens)):
        return UNKNOWN
    if len(_words_of(best, tokens)) < _LEAST_VARIETY * len(tokens):
        return UNKNOWN
    return best if all(_beats(best, rival, counts) for rival in rivals) else UNKNOWN


def _has_article(token: str) -> bool:
    """Whether an Arabic noun carries its article: as good as a stop-word, and rare in Persian and Urdu."""
    return token.startswith(_ARTICLE) and len(token) > 4


def _words_of(language: str, tokens: list[str]) -> set[str]:
    """The different frequent words of a language among the tokens."""
    words = set(stopwords(language).intersection(tokens))
    return words.union(filter(_has_article, tokens)) if language == "ar" else words


def _beats(best: str, rival: str, counts: list[tuple[tuple[str, ...], int]]) -> bool:
    """Whether the words that only one of two languages has speak for the first beyond doubt."""
    won = sum(count for languages, count in counts if best in languages and rival not in languages)
    lost = sum(count for languages, count in counts if rival in languages and best not in languages)
    return won >= _LEAST_LEAD + _LEAD * lost


def _code(language: str) -> str:
    """The first part of a language tag: "en" for "en-US"."""
    return language.partition("-")[0].lower()


def _lists() -> Traversable:
    from importlib.resources import files  # noqa: PLC0415 - 10 ms, and most commands need no list

    return files("monitor.text") / "stopwords"


def _read(path: Traversable) -> frozenset[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return frozenset(token for line in lines if line[:1] != "#" for token in folded_tokens(line))


@cache
def _speakers() -> tuple[dict[str, int], list[tuple[str, ...]]]:
    """For each frequent word the number of its group, and for each group the languages it speaks for."""
    lists = {code: stopwords(code) for code in LANGUAGES}
    for path in (_lists() / "neighbours").iterdir():
        lists[path.name.removesuffix(".txt")] = _read(path)
    found: dict[str, list[str]] = defaultdict(list)
    for code, words in sorted(lists.items()):
        for word in words:
            found[word].append(code)
    numbers: dict[tuple[str, ...], int] = {}
    group_of = {word: numbers.setdefault(tuple(codes), len(numbers)) for word, codes in found.items()}
    return group_of, list(numbers)
