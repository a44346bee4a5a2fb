"""
A digest with more entries than its message has room for: each is named, the first ones at length. Pure.

An alert that a digest leaves out is an alert that nobody was told. So before anything is left out all entries
shrink to their headlines; what room is left then goes to links, from the first entry to the last, and after
that to outlet, time and rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.alerts.digest import LISTED
from monitor.alerts.safe import one_line, safe_link
from monitor.model import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from monitor.alerts.renderers.layout import Markup
    from monitor.model import DigestEntry, Message

LONGEST_TITLE = 200
MOST_NAMED = 60  # nobody reads more headlines than that
LEAST_LINKED = 2  # entries that have their link; below that a few whole ones are better than all headlines


def all_named(
    message: Message, markup: Markup, room: int, starts: Iterable[str], blocks: Sequence[str]
) -> str:
    """Every entry by its headline at least, the first as in `blocks`; "" where there is no room for that."""
    if not 1 < message.count == len(blocks) <= MOST_NAMED:
        return ""
    end = markup.text(f"{LISTED} shows all links")
    for start in starts:
        for longest in (LONGEST_TITLE, 100, 60):
            forms = [
                (block, *_short(entry, markup, longest))
                for block, entry in zip(blocks, message.entries, strict=True)
            ]
            body = named(forms, room, markup.size, start=start, end=end, gap=markup.gap, line=markup.line)
            if body:
                return body
    return ""


def _short(entry: DigestEntry, markup: Markup, longest: int) -> tuple[str, ...]:
    """An entry with its link, and without."""
    label = f"[{entry.severity.label}] " if entry.severity >= Severity.HIGH else ""
    title = "• " + markup.text(label + (one_line(entry.title, longest) or "(no title)"))
    link = safe_link(entry.url)
    return (markup.lines((title, markup.indent + markup.link(link))), title) if link else (title, title)


def named(
    forms: Sequence[Sequence[str]],
    room: int,
    size: Callable[[str], int],
    *,
    start: str,
    end: str,
    gap: str,
    line: str,
) -> str:
    """
    One text of all entries in `room` units, or "" where they do not fit.

    `forms` are the three ways to write each entry, the longest first: whole, with its link, as a headline.
    `start` stands before them, `end` after them where links are missing. Whole entries have a `gap` around
    them, others only a `line`. At least the first few must have their links.
    """
    chosen = [len(form) - 1 for form in forms]
    most = size(gap)
    used = size(start) + size(end) + 2 * most + sum(size(form[-1]) + size(line) for form in forms)
    if used > room:
        return ""
    for step in range(max(chosen) - 1, -1, -1):
        for place, form in enumerate(forms):
            if chosen[place] != step + 1:
                continue
            more = size(form[step]) - size(form[step + 1]) + (2 * most if step == 0 else 0)
            if used + more > room:
                break  # those behind it are no more important, and a gap in the middle would look odd
            used += more
            chosen[place] = step
    if sum(place < 2 for place in chosen) < min(LEAST_LINKED, len(forms)):
        return ""
    text = start
    for place, form in enumerate(forms):
        apart = place == 0 or 0 in (chosen[place], chosen[place - 1])
        text += (gap if apart else line) if text else ""
        text += form[chosen[place]]
    return text + (gap + end if 2 in chosen else "")
