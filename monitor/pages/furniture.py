"""
Which lines of a text are furniture, told from the text alone: labels, titles below them, words on the site.

Used on what an extractor kept of a page, on what a feed calls its content, and on plain text copied from a
browser. A label is cut, and with it what it announces on its own line. The short lines below a label are
other articles' titles: they are kept, but not confirmed, until a line that reads like a paragraph. After a
label that ends articles ("Most read") it must be a long one. Pure.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from monitor.pages.labels import label_of, phrase_in
from monitor.pages.values import Cut, Line

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONG_LINE = 600  # characters: words about the site come in short paragraphs
_PARAGRAPH = 20  # words of a line that is the article going on
_LONG_PARAGRAPH = 30  # after a label that ends articles
_LIST_LINES = 12  # titles that one label announces at most
# The last two stops are Arabic and Urdu, the last two quotes “ and ‘ closed.
_SENTENCE_END = re.compile("[.!?…。\u061f\u06d4][\"'»)\\]\u201d\u2019]*$")
_FULL_STOP = re.compile("[.…。\u06d4][\"'»)\\]\u201d\u2019]*$")
_NO_SPACES = re.compile("[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def without_furniture(lines: Iterable[str]) -> tuple[tuple[Line, ...], tuple[Cut, ...]]:
    """The lines that stay, each with what speaks against it, and those that are cut."""
    kept: list[Line] = []
    cut: list[Cut] = []
    label, ending, listed = "", False, 0
    for text in lines:
        found = label_of(text)
        if found:
            why = f"label “{found.text}”"
            cut.append(Cut(text, why))
            if found.kind != "alone" and not found.rest:
                # A list of related articles inside what follows the end does not bring the article back.
                ending = ending or found.kind == "ends"
                label, listed = found.text, 0
            continue
        if label and _goes_on(text, ending=ending):
            label, ending = "", False
        if label and not ending and listed >= _LIST_LINES:
            label = ""
        why = ""
        if label:
            listed += 1
            why = f"below the label “{label}”"
        elif len(text) <= _LONG_LINE:
            phrase = phrase_in(text)
            why = f"about the site: “{phrase}”" if phrase else ""
        kept.append(Line(text, why))
    return tuple(kept), tuple(cut)


def words(text: str) -> int:
    """About how many words a text has, also in scripts without spaces."""
    spaced = len(text.split())
    alone = len(_NO_SPACES.findall(text))
    return max(spaced, alone // 2) if alone else spaced


def _goes_on(text: str, *, ending: bool) -> bool:
    """Whether a line below a label is the article going on, rather than the title of another one."""
    if ending:
        return words(text) >= _LONG_PARAGRAPH and bool(_SENTENCE_END.search(text))
    return words(text) >= _PARAGRAPH and bool(_FULL_STOP.search(text))
