"""
Which lines of a text are furniture, told from the text alone: labels, titles below them, words on the site.

Used on what an extractor kept of a page, on what a feed calls its content, and on plain text copied from a
browser. A label is cut, and with it what it announces on its own line. The short lines below a label are
other articles' titles: they are kept, but not confirmed, until a line that reads like a paragraph. After a
label that ends articles ("Most read") it must be a long one. Several lines like titles at the very end are
not confirmed either. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.text.labels import Label, has_label, label_of, may_hold_phrase, phrase_in
from monitor.text.lines import Cut, Line

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONG_LINE = 600  # characters: words about the site come in short paragraphs
_PARAGRAPH = 20  # words of a line that is the article going on
_LONG_PARAGRAPH = 30  # after a label that ends articles
_LIST_LINES = 12  # titles that one label announces at most
_LEAST_TITLE, _LONGEST_TITLE, _WORDS_A_TITLE = 4, 25, 7  # words of a title: at least, at most, on average
_LEAST_TITLES, _MOST_TITLES = 3, 12  # behind an article
_BEGUN = 2  # paragraphs after which an article has begun, and can end
# The last two stops are Arabic and Urdu, the last two quotes are closing ones.
_SENTENCE_END = re.compile("[.!?…。\u061f\u06d4][\"'»)\\]\u201d\u2019]*$")
_STOPS, _CLOSING = ".…。\u06d4", "\"'»)]\u201d\u2019"
_COOKIE = re.compile(r"\bcookies?\b", re.IGNORECASE)
_NO_SPACES = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True, slots=True)
class Mark:
    """What the texts around a line, and its own words, say against it; `cut`: it is a label."""

    why: str = ""
    cut: bool = False


_NOTHING = Mark()


def without_furniture(lines: Sequence[str], title: str = "") -> tuple[tuple[Line, ...], tuple[Cut, ...]]:
    """The lines that stay, each with what speaks against it, and those that are cut."""
    marked = list(zip(lines, marks(lines, title), strict=True))
    kept = tuple([Line(text, mark.why) for text, mark in marked if not mark.cut])
    return kept, tuple([Cut(text, mark.why) for text, mark in marked if mark.cut])


def is_clean(lines: Sequence[str], *, ends_in_text: bool = False) -> bool:
    """
    Whether surely nothing speaks against any of these lines: told quickly, as of most texts of feeds.

    `ends_in_text`: the last one is known to be no label.
    """
    if not lines:
        return True
    if len(lines) >= _BEGUN + _LEAST_TITLES and all(map(_may_be_title, lines[-_LEAST_TITLES:])):
        return False
    if has_label(lines[:-1] if ends_in_text else lines):
        return False
    short = [text for text in lines if len(text) <= _LONG_LINE]
    return not (short and may_hold_phrase("\n".join(short)))


def _may_be_title(line: str) -> bool:
    return not _stops(line) and _LEAST_TITLE <= words(line) <= _LONGEST_TITLE


def marks(lines: Sequence[str], title: str = "", reach: Sequence[int] | None = None) -> list[Mark]:
    """
    A mark for each line; in an article about cookies (by its `title`) those are news.

    `reach` bounds what labels announce: one in line n speaks of lines before `reach[n]`, in the same box.
    """
    announced = _Announced()
    found: list[Mark] = []
    notice = False
    for number, text in enumerate(lines):
        label = label_of(text)
        if label:
            announced.begin(label, reach[number] if reach else len(lines))
            found.append(Mark(f"label “{label.text}”", cut=True))
            continue
        below = announced.above(number, text)
        phrase = _said_of_the_site(text, title) if not below else ""
        notice = notice or bool(phrase and _COOKIE.search(text))
        if announced.paragraphs < _BEGUN and not below and not phrase:
            announced.paragraphs += has_words(text, _PARAGRAPH)
        why = f"about the site: “{phrase}”" if phrase else below
        found.append(Mark(why) if why else _NOTHING)
    if notice and not _COOKIE.search(title):
        # A sentence that asks for consent is seldom alone.
        for number, text in enumerate(lines):
            if not found[number].why and _COOKIE.search(text):
                found[number] = Mark("about the site: the page has a cookie notice")
    if announced.paragraphs >= _BEGUN:
        for number in _titles_at_the_end(lines, found):
            found[number] = Mark("one of several titles behind the article")
    return found


def _said_of_the_site(text: str, title: str) -> str:
    """The words about the site that a short paragraph holds, or ""; of cookies, unless the title is, too."""
    phrase = phrase_in(text) if len(text) <= _LONG_LINE else ""
    return "" if phrase and _COOKIE.search(phrase) and _COOKIE.search(title) else phrase


def _titles_at_the_end(lines: Sequence[str], found: Sequence[Mark]) -> list[int]:
    """The last lines that speak for themselves, where they look like titles of other articles."""
    tail: list[int] = []
    for number in range(len(lines) - 1, -1, -1):
        if found[number].why:
            continue
        if not _may_be_title(lines[number]):
            break
        tail.append(number)
    # Results of a race are lines without a full stop too, but shorter ones and more of them.
    told = sum(words(lines[number]) for number in tail)
    titles = _LEAST_TITLES <= len(tail) <= _MOST_TITLES and told >= _WORDS_A_TITLE * len(tail)
    return tail if titles else []


class _Announced:
    """What the last label announces, and for how long."""

    def __init__(self) -> None:
        self.paragraphs = 0  # of the article so far
        self._label = ""
        self._ending = False
        self._listed = 0
        self._until = 0

    def begin(self, label: Label, until: int) -> None:
        """A label; one that stands alone, or before its title on the same line, announces nothing below."""
        if label.kind == "alone" or label.rest:
            return
        # A list of related articles inside what follows the end does not bring the article back; and nothing
        # ends before it has begun: "Most read" in a menu is only a label.
        self._ending = self._ending or (label.kind == "ends" and self.paragraphs >= _BEGUN)
        self._label, self._listed, self._until = label.text, 0, until

    def above(self, number: int, text: str) -> str:
        """What the label above this line says of it; "" where the article goes on."""
        if not self._label:
            return ""
        over = number >= self._until or (not self._ending and self._listed >= _LIST_LINES)
        if over or _goes_on(text, ending=self._ending):
            self._label, self._ending = "", False
            return ""
        self._listed += 1
        return f"below the label “{self._label}”"


def words(text: str) -> int:
    """About how many words a text has, also in scripts without spaces."""
    spaced = len(text.split())
    return spaced if text.isascii() else max(spaced, len(_NO_SPACES.findall(text)) // 2)


def has_words(text: str, least: int) -> bool:
    """Whether a text has so many words, `words(text) >= least`, without counting all of a long one."""
    return len(text.split(None, least - 1)) >= least or words(text) >= least


def _stops(text: str) -> bool:
    """Whether a line ends in a full stop."""
    end = text.rstrip(_CLOSING)[-1:]
    return end != "" and end in _STOPS


def _goes_on(text: str, *, ending: bool) -> bool:
    """Whether a line below a label is the article going on, rather than the title of another one."""
    if ending:
        return has_words(text, _LONG_PARAGRAPH) and bool(_SENTENCE_END.search(text))
    return _stops(text) and has_words(text, _PARAGRAPH)
