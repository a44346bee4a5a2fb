"""
The hits of a query tree that holds: the places of its terms that the reader is shown. Pure.

A rule shows its first thousand hits in an article and no more. Nobody reads further, an alert keeps the first
two hundred (ringing.py), and a hostile text of nothing but a rule's words would have hundreds of thousands.
As each term adds its first thousand, the first thousand of all are the right ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from monitor.model import Hit
from monitor.rules.spans import inside
from monitor.rules.tree import TEXT_FIELDS, And, AtLeast, Near, Node, Or, TextTerm

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from monitor.rules.judge import Judge, Occurrence
    from monitor.rules.spans import Run

MOST_HITS = 1_000

# What a hit is sorted by, and the hit.
_Mark: TypeAlias = tuple[int, int, int, str, str, Hit]


class Marking:
    """The hits in one document under judgement; what was found for a term is shared by all rules."""

    def __init__(self, judge: Judge) -> None:
        self._judge = judge
        self._marks: dict[int, list[_Mark]] = {}

    def hits(self, node: Node) -> tuple[Hit, ...]:
        """The first hits of a tree that holds, in field and offset order; none from what failed."""
        if isinstance(node, TextTerm):  # most have one term, whose marks are in order
            return tuple([mark[-1] for mark in self._marks_of(node)])
        found: set[_Mark] = set()
        self._collect(node, found)
        return tuple([mark[-1] for mark in sorted(found)[:MOST_HITS]])

    def _marks_of(self, node: TextTerm) -> list[_Mark]:
        known = self._marks.get(id(node))
        if known is None:
            known = self._marks[id(node)] = self._first(self._judge.shown(node))
        return known

    def _first(self, places: Iterable[Occurrence]) -> list[_Mark]:
        """The marks of the first places: a thousand different ones."""
        marks: dict[_Mark, None] = {}
        for (_, _, field, start, end), term, entity in places:
            text = self._judge.reading.fields[field].text[start:end]
            hit = Hit(TEXT_FIELDS[field], start, end, text, term, entity)
            marks[field, start, end, term, entity or "", hit] = None
            if len(marks) >= MOST_HITS:
                break
        return list(marks)

    def _collect(self, node: Node, found: set[_Mark]) -> None:
        if isinstance(node, TextTerm):
            found.update(self._marks_of(node))
        elif isinstance(node, And | Or):
            for child in node.children if isinstance(node, And) else self._judge.worth_asking(node):
                # A term that does not hold has no marks anyway; the parts of an AND that holds all do.
                if isinstance(child, TextTerm) or self._judge.holds(child):
                    self._collect(child, found)
        elif isinstance(node, AtLeast):
            for occurrences in self._judge.counted(node):
                found.update(self._first(occurrences))
        elif isinstance(node, Near):
            for field in range(3):
                self._collect_near(node, found, field, None)

    def _collect_near(self, node: Near, found: set[_Mark], field: int, spans: Sequence[Run] | None) -> None:
        """The parts of a NEAR that are near each other; in a larger NEAR, those inside one of its `spans`."""
        sides = self._judge.near(node, field)
        if spans is not None:
            sides = inside(sides[0], spans), inside(sides[1], spans)
        for side, runs in zip((node.left, node.right), sides, strict=True):
            if runs:
                self._collect_side(side, set(runs), found, field)

    def _collect_side(self, node: Node, chosen: AbstractSet[Run], found: set[_Mark], field: int) -> None:
        """What a side of NEAR shows, of which the `chosen` runs are near the other side."""
        if isinstance(node, Or):
            for child in self._judge.worth_asking(node):
                self._collect_side(child, chosen, found, field)
        elif isinstance(node, Near):
            self._collect_near(node, found, field, sorted(chosen & set(self._judge.runs(node, field))))
        else:
            assert isinstance(node, TextTerm)
            found.update(self._first(self._judge.shown(node, chosen)))
