"""
The names by which a form filled twice gives itself away: the weather of two towns, the results of two firms.

Such texts are equal but for a name and some numbers, so that no count of copied words tells them apart. The
name stands in the headline *and* in the text of its own article, and nowhere in the other; a copy under
another headline has no such word, because its text is the other's.
"""

from __future__ import annotations

import re

from monitor.text.tokens import folded_tokens

_LETTERS = 4  # of a name, at least
_NAME = re.compile(r"\b[A-ZÀ-ÞĀ-Ž\u0386-\u03ab\u0400-\u042f][^\W\d_]+")


def swapped(one: tuple[str, str], other: tuple[str, str]) -> str:
    """The names of two articles (title and text each) if both have one: "Ashford / Colby"; else ""."""
    mine, theirs = _own(one, other), _own(other, one)
    return f"{mine} / {theirs}" if mine and theirs else ""


def _own(one: tuple[str, str], other: tuple[str, str]) -> str:
    title, text = one
    in_title = set(folded_tokens(title)) - {token for part in other for token in folded_tokens(part)}
    if not in_title:
        return ""
    for name in _NAME.findall(text):
        folded = folded_tokens(name)
        if len(name) >= _LETTERS and folded and folded[0] in in_title:
            return str(name)
    return ""
