"""
How common words are: what makes one word of a query a better anchor than another. Pure.

A rule is looked up by its rarest words, so that an article meets few rules that it does not match. Rareness
is counted in stored articles where there are some (`learn`), else guessed from the length of a word: wrong
guesses cost time, never a match.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitor.text.tokens import folded_tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LEAST_ARTICLES = 50  # fewer say nothing about what is common
_GUESSES = (0.6, 0.6, 0.4, 0.25, 0.12, 0.06, 0.03, 0.02)  # share of articles, by the length of a word
_RARE = 0.01


@dataclass(frozen=True, slots=True)
class Frequencies:
    """In how many of `articles` each word stands."""

    articles: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def says_something(self) -> bool:
        """Whether there were enough articles to count in."""
        return self.articles >= LEAST_ARTICLES

    def share(self, word: str) -> float:
        """The share of articles that hold a folded word: counted, or guessed; never zero."""
        if self.says_something:
            return (self.counts.get(word, 0) + 0.5) / (self.articles + 1)
        return _GUESSES[len(word)] if len(word) < len(_GUESSES) else _RARE


def learn(texts: Iterable[str]) -> Frequencies:
    """Count in how many texts each folded word stands."""
    counts: Counter[str] = Counter()
    articles = 0
    for text in texts:
        counts.update(set(folded_tokens(text)))
        articles += 1
    return Frequencies(articles, counts)
