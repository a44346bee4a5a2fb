"""
The names and numbers by which a form filled twice gives itself away: the weather of two towns, or two roads.

Such texts are equal but for a name and some numbers, so that no count of copied words tells them apart. The
name stands in the headline *and* in the text of its own article, and nowhere in the other; a copy under
another headline has no such word, because its text is the other's. Where the headlines are one and the texts
are short, what stands in the texts alone has to tell. In scripts without capitals every word may be a name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from monitor.text.tokens import folded_tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

Report = tuple[str, str]  # title and text

_LETTERS = 2  # of a name, at least
_NAME = re.compile(r"\b[A-ZÀ-ÞĀ-Ž\u0386-\u03ab\u0400-\u042f][^\W\d_]+")
_AGENCY = re.compile(r"^([^(]{0,40})\([^)]{2,20}\)")  # "DOHA, 24 Nov (Reuters) - ..."
_SIGN = 4  # letters of a word that a headline has from its text


def swapped(one: Report, other: Report) -> str:
    """The names of two articles (title and text each) if both have one: "Ashford / Colby"; else ""."""
    return _pair(one, other, _own_name)


def renumbered(one: Report, other: Report) -> str:
    """The same for numbers, and for what has digits: "A7 / A8"."""
    return _pair(one, other, _own_number)


def differing(one: str, other: str) -> str:
    """The names or numbers that each of two short texts has for itself, agencies' aside; else ""."""
    one, other = _AGENCY.sub(r"\1", one), _AGENCY.sub(r"\1", other)
    mine, theirs = _apart(one, other), _apart(other, one)
    return f"{mine} / {theirs}" if mine and theirs else ""


def foreign(report: Report) -> bool:
    """Whether a headline has not one word from its text: what stands below it is no report of it."""
    title, text = report
    wanted = {token for token in folded_tokens(title) if len(token) >= _SIGN}
    if len(wanted) < 3:
        return False
    known = {token[:_SIGN] for token in folded_tokens(text)}  # in whatever form
    return not any(token[:_SIGN] in known for token in wanted)


def _pair(one: Report, other: Report, own: Callable[[Report, Report], str]) -> str:
    mine = own(one, other)
    theirs = own(other, one) if mine else ""
    return f"{mine} / {theirs}" if mine and theirs else ""


def _title_alone(one: Report, other: Report) -> set[str]:
    return set(folded_tokens(one[0])) - {token for part in other for token in folded_tokens(part)}


def _own_name(one: Report, other: Report) -> str:
    in_title = _title_alone(one, other)
    if not in_title:
        return ""
    for name in _NAME.findall(one[1]):
        folded = folded_tokens(name)
        if len(name) >= _LETTERS and folded and folded[0] in in_title:
            return str(name)
    return _without_capitals(folded_tokens(one[0]), in_title & set(folded_tokens(one[1])))


def _own_number(one: Report, other: Report) -> str:
    in_title = _title_alone(one, other)
    numbers = {token for token in in_title if any(map(str.isdigit, token))}
    if not numbers:
        return ""
    text = set(folded_tokens(one[1]))
    return next((token for token in folded_tokens(one[0]) if token in numbers and token in text), "")


def _without_capitals(order: Sequence[str], wanted: Collection[str]) -> str:
    """The first word of scripts that have no capitals; of single characters two in a row count as one."""
    for token in order:
        if token in wanted and token.isalpha() and token.upper() == token.lower():
            return token
    return ""


def _apart(one: str, other: str) -> str:
    known = set(folded_tokens(other))
    for surface in re.findall(r"\w+", one):
        telling = surface[0].isupper() or any(map(str.isdigit, surface))
        if telling and len(surface) >= 2 and known.isdisjoint(folded_tokens(surface)):
            return str(surface)
    order = folded_tokens(one)
    return _without_capitals(order, set(order) - known)
