"""
The lines of a text that was looked at: those that stay, each with what speaks against it, and those cut away.

A web page and what a feed carries of an article come out of their cleaning as such lines. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """
    One line of an article. `why` says why it is not confirmed; "" = it is.

    Rules may match confirmed lines (strong); what holds only with the others is weak.
    """

    text: str
    why: str = ""

    @property
    def confirmed(self) -> bool:
        """Whether nothing speaks against the line."""
        return not self.why


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece of the page or text that is not article text, and why it is thought so."""

    text: str
    why: str


def unconfirmed_spans(lines: tuple[Line, ...]) -> tuple[tuple[int, int], ...]:
    """The (start, end) spans of unconfirmed lines in the lines joined by line feeds, neighbours as one."""
    spans: list[tuple[int, int]] = []
    start = 0
    for line in lines:
        end = start + len(line.text)
        if line.why:
            if spans and spans[-1][1] + 1 == start:
                spans[-1] = (spans[-1][0], end)
            else:
                spans.append((start, end))
        start = end + 1
    return tuple(spans)
