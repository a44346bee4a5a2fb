"""
Whether a headline tells what stands in a new passage alone: the sign of news that no list of words knows.

"Crown of Lindow recovered" over the text of the robbery says nothing new; over the same text with one more
sentence, "The crown was recovered from a van", it does. So a word counts that the headline and a new sentence
share and nobody told before. Outlets give a dispatch first sentences of their own, and headlines that go with
them: a new sentence counts only behind the first paragraph. They also say a sentence in their own words: one
that shares half of its words with a sentence that went is taken for that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.text.tokens import folded_tokens

if TYPE_CHECKING:
    from collections.abc import Iterable

_LEAST = 5  # letters of a headline's word that says something
_SHORTEST = 4  # letters of the words by which two sentences are compared
_STEM = 5  # letters that two forms of a longer word share
_REWORDED = 0.5  # of a sentence's words that stand in one that went


def headlined(title: str, passages: Iterable[str], told: Iterable[str], gone: Iterable[str]) -> str:
    """
    The first of some new passages of which the headline tells, in a word that nobody told; "" if none.

    `told` are headlines and texts of the story, `gone` the sentences of these that the new text has not.
    """
    known = {stem for text in told for stem in _stems(text, _LEAST)}
    fresh = _stems(title, _LEAST) - known
    if not fresh:
        return ""
    old = [_stems(sentence, _SHORTEST) for sentence in gone]
    for passage in passages:
        said = _stems(passage, _SHORTEST)
        if fresh & said and all(len(said & each) < _REWORDED * len(said) for each in old):
            return passage
    return ""


def _stems(text: str, least: int) -> set[str]:
    """The words of a text with so many letters, without what may be their endings."""
    tokens = folded_tokens(text)
    return {token[:_STEM] for token in tokens if len(token) >= least and not token.isdigit()}
