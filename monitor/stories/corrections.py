"""Whether a version says that it corrects or withdraws another: at its head, at its end, in its headline."""
# ruff: noqa: RUF001 - signs of many scripts and quotation marks

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from monitor.stories.versions import is_known
from monitor.text.tokens import folded_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.stories.versions import Reading
    from monitor.stories.vocabulary import Phrase

_NEAR_END = 60  # words at either end of a text in which a correction is told
_OPENS = re.compile(r"^\W*([^\W\d_][^:–—|.\n-]{0,40}?)\s*(?:[:–—|]|\s-\s|$)")


def corrected(new: Reading, others: Sequence[Reading]) -> str:
    """The words by which a version corrects another, where no other says so; "" if it does not."""
    said = _correction(new)
    if not said:
        return ""
    tokens = folded_tokens(said)
    before = [folded_tokens(_correction(other)) for other in others]
    if tokens in before or (any(before) and is_known(new, others)):
        return ""
    return said


def _correction(reading: Reading) -> str:
    """The words by which a version says that it corrects or withdraws another; "" if it does not."""
    known, version = reading.known, reading.version
    paragraphs = [stripped for part in reading.body.splitlines() if (stripped := part.strip())]
    for stated in (*paragraphs[:2], *paragraphs[-1:], version.title):
        opening = _OPENS.match(stated)
        if opening and _bounds(tuple(folded_tokens(opening[1])), known.corrections):
            return stated
    tokens = folded_tokens(reading.body)
    for part in (tokens[:_NEAR_END], tokens[-_NEAR_END:]):
        if _contains(part, known.corrected):
            return next(
                (p for p in paragraphs if _contains(folded_tokens(p), known.corrected)), version.title
            )
    return ""


def _bounds(tokens: Phrase, wanted: frozenset[Phrase]) -> bool:
    """Whether a phrase stands at the beginning or at the end of an opening."""
    return any(phrase in (tokens[: len(phrase)], tokens[-len(phrase) :]) for phrase in wanted)


def _contains(tokens: Sequence[str], wanted: frozenset[Phrase]) -> bool:
    text = f" {' '.join(tokens)} "
    return any(f" {' '.join(phrase)} " in text for phrase in wanted)
