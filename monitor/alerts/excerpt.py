"""
The sentence that tells why an article matters: a part of the text around the most telling hits. Pure.

A sentence tells the more the more *different* terms hit in it; among equals the earlier one wins, the
summary before the body. Where only the title was hit, the lead sentence says what happened.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.model import Document, Hit

Span = tuple[int, int]
Marks = tuple[Span, ...]

# A sentence ends at its mark, with closing quotes, before white space; CJK marks need no space.
_END = re.compile(r"[.!?…؟۔]+[\"'»”’)\]]*(?=\s)|[。！？]+[”」』]*|\n+")  # noqa: RUF001 - CJK marks are meant
_ABBREVIATION = re.compile(r"(?:^|[\s(.])(?:[A-Za-zÀ-ÿ]|MM|Mr|Mrs|Ms|Dr|St|No|Gen|Sen|Rep|vs|etc)\.$")


def excerpt(document: Document, hits: Sequence[Hit], limit: int = 240) -> tuple[str, Marks]:
    """
    Give one sentence of at most `limit` characters and the (start, end) spans of the hits inside it.

    White space is squeezed to single spaces; an ellipsis shows where a long sentence was cut.
    """
    best = (0, 0)
    chosen: tuple[str, int, int, list[Hit]] | None = None
    for name in ("summary", "body"):
        text: str = getattr(document, name)
        inside = sorted((hit for hit in hits if hit.field == name), key=lambda hit: hit.start)
        starts = [hit.start for hit in inside]
        if not inside:
            continue
        for start, end in _uncut(sentences(text), inside):
            among = inside[bisect_left(starts, start) : bisect_left(starts, end)]
            here = [hit for hit in among if hit.end <= end]
            score = (len({hit.entity or hit.term for hit in here}), len(here))
            if score > best:
                best, chosen = score, (text, start, end, here)
    if chosen is None:
        return _lead(document, limit)
    text, start, end, here = chosen
    spans = [(hit.start, hit.end) for hit in here]
    return _shown(text, (start, end), spans, limit)


def _uncut(spans: list[Span], hits: Sequence[Hit]) -> list[Span]:
    """Join the sentences that a hit reaches across: a phrase may have a full stop inside."""
    ends = [end for _, end in spans]
    joined: set[int] = set()  # numbers of sentences that go on in the next one
    for hit in hits:
        first, last = bisect_right(ends, hit.start), bisect_left(ends, hit.end)
        joined.update(range(first, min(last, len(spans) - 1)))
    if not joined:
        return spans
    found: list[Span] = []
    for number, (start, end) in enumerate(spans):
        if number - 1 in joined:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def sentences(text: str) -> list[Span]:
    """Find the (start, end) spans of sentences and lines, without the white space around them."""
    found: list[Span] = []
    start = 0
    for mark in _END.finditer(text):
        if mark.group() == "." and _ABBREVIATION.search(text, max(0, mark.end() - 8), mark.end()):
            continue
        _append(found, text, start, mark.end())
        start = mark.end()
    _append(found, text, start, len(text))
    return found


def _append(found: list[Span], text: str, start: int, end: int) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        found.append((start, end))


def _lead(document: Document, limit: int) -> tuple[str, Marks]:
    """Give the first sentence that says more than the title does."""
    said = _folded(document.title)
    for text in (document.summary, document.body):
        for start, end in sentences(text):
            if _folded(text[start:end]) != said:
                return _shown(text, (start, end), [], limit)
    return "", ()


def _folded(text: str) -> str:
    return " ".join(text.split()).rstrip(".").casefold()


def _shown(text: str, sentence: Span, spans: list[Span], limit: int) -> tuple[str, Marks]:
    """Cut a sentence to its best `limit` characters, squeeze its white space, carry the spans along."""
    start, end = sentence if sentence[1] - sentence[0] <= limit else _window(text, sentence, spans, limit)
    out: list[str] = ["…"] if start > sentence[0] else []
    place: dict[int, int] = {}  # offset in `text` -> offset in what is written
    for index in range(start, end):
        char = text[index]
        if char.isspace():
            if out and out[-1] == " ":
                place[index] = len(out) - 1
                continue
            char = " "
        place[index] = len(out)
        out.append(char)
    place[end] = len(out)
    cut = [(max(s, start), min(e, end)) for s, e in spans]  # a hit may be longer than what is shown
    marks = sorted({(place[s], place[e]) for s, e in cut if s < e})
    if end < sentence[1]:
        out.append("…")
    return "".join(out), tuple(apart(marks))


def _window(text: str, sentence: Span, spans: list[Span], limit: int) -> Span:
    """Choose the part of a long sentence that holds most hits, cut at words, with room for two ellipses."""
    start, end = sentence
    room = max(limit - 2, 1)
    left = start
    if spans:
        # Each hit may open the window, with a fifth of it kept for what stands before the hit.
        openings = [max(start, min(s - room // 5, end - room)) for s, _ in spans]
        fitting = [(s, e) for s, e in spans if e - s <= room]
        starts, ends = sorted(s for s, _ in fitting), sorted(e for _, e in fitting)
        # Of those that end in time, those that begin too early: a text may have a hundred thousand hits.
        left = max(openings, key=lambda at: (bisect_right(ends, at + room) - bisect_left(starts, at), -at))
    right = min(end, left + room)
    held = [(s, e) for s, e in spans if left <= s and e <= right]
    if left > start:
        space = text.find(" ", left, min((s for s, _ in held), default=right))
        left = space + 1 if space >= 0 else left
    if right < end:
        space = text.rfind(" ", max((e for _, e in held), default=left + 1), right + 1)
        right = space if space >= 0 else right
    return left, right


def apart(marks: Iterable[Span]) -> list[Span]:
    """Join spans that overlap, so that no letter is marked twice."""
    joined: list[Span] = []
    for start, end in sorted(marks):
        if joined and start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined
