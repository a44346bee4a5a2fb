"""
One document judged against query trees: whether a tree holds, and where its terms stand.

All work that depends on the document alone is done once and shared by all rules: token positions, token
spans (only where a term is found), the occurrences of each term and entity.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from monitor.model import Hit
from monitor.rules.exact import CleanText
from monitor.rules.facts import fact_holds, speaks
from monitor.rules.tree import (
    TEXT_FIELDS,
    And,
    DocumentTerm,
    EntityTerm,
    Exact,
    Node,
    Not,
    Or,
    Term,
    TextTerm,
)
from monitor.text.tokens import folded_tokens, spans_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.model import Document
    from monitor.rules.entities import Alias, Entity
    from monitor.rules.vocabulary import Vocabulary

Span: TypeAlias = tuple[int, int]


class Occurrence(NamedTuple):
    """A place of a term in a field; `term` is the spelling to show, `entity` the name it stands for."""

    start: int
    end: int
    term: str
    entity: str | None


class FieldText:
    """One text of a document: where its interesting tokens stand."""

    __slots__ = ("_clean", "positions", "text")

    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        self.text = text
        self.positions = vocabulary.positions(folded_tokens(text)) if text else {}
        self._clean: CleanText | None = None

    def find(self, form: Term | Exact, elements: tuple[str, ...]) -> list[Span]:
        """The spans of a phrase or literal whose folded tokens are `elements`."""
        if any(element not in self.positions for element in elements):
            return []
        if isinstance(form, Exact):
            if self._clean is None:
                self._clean = CleanText(self.text)
            return self._clean.places(form.literal)
        runs = self._runs(form)
        if not runs:
            return []
        spans = spans_of(self.text, sorted({index for run in runs for index in run}))
        return [(spans[first][0], spans[last][1]) for first, last in runs]

    def has(self, form: Term | Exact, elements: tuple[str, ...]) -> bool:
        """Whether `find` would find anything: offsets are worth their price only for hits."""
        if any(element not in self.positions for element in elements):
            return False
        if isinstance(form, Exact):
            return bool(self.find(form, elements))
        return len(elements) == 1 or bool(self._runs(form))

    def _runs(self, term: Term) -> list[Span]:
        """
        The (first, last) token of each occurrence of a phrase.

        From each place of the first element, the nearest place of each next one gives the tightest run, so no
        other choice can do with fewer extra words.
        """
        first, *rest = (self.positions[element] for element in term.elements)
        longest = len(rest) + term.slop
        runs: list[Span] = []
        for start in first:
            last = start
            for places in rest:
                index = bisect_right(places, last)
                if index == len(places) or places[index] - start > longest:
                    break
                last = places[index]
            else:
                if runs and runs[-1][1] == last:
                    runs.pop()  # the same end from a later start is tighter
                runs.append((start, last))
        return runs


class Judge:
    """
    A document under judgement.

    `present` holds the interesting tokens and wildcards of the document: what rules are looked up by.
    """

    def __init__(self, document: Document, vocabulary: Vocabulary, entities: Mapping[str, Entity]) -> None:
        self.document = document
        self._entities = entities
        self._vocabulary = vocabulary
        self._fields = {name: FieldText(getattr(document, name), vocabulary) for name in TEXT_FIELDS}
        self._found: dict[tuple[str, Term | Exact], list[Span]] = {}
        self._named: dict[tuple[str, str], list[Occurrence]] = {}
        self._facts: dict[DocumentTerm, bool] = {}
        self.present = {token for field in self._fields.values() for token in field.positions}

    def holds(self, node: Node) -> bool:
        """Whether the tree holds for the document."""
        if isinstance(node, And):
            return all(self.holds(child) for child in node.children)
        if isinstance(node, Or):
            return any(self.holds(child) for child in node.children)
        if isinstance(node, Not):
            return not self.holds(node.child)
        if isinstance(node, DocumentTerm):
            known = self._facts.get(node)
            if known is None:
                known = self._facts[node] = fact_holds(node, self.document)
            return known
        return any(self._stands(node, field) for field in _fields_of(node))

    def _stands(self, node: TextTerm, field: str) -> bool:
        """Whether a term stands in a field; what may be masked has to be found to be sure."""
        if not isinstance(node, EntityTerm):
            return self._fields[field].has(node, self._vocabulary.elements(node))
        entity = self._entities[node.name]
        if entity.masks:
            return bool(self._entity(node.name, field))
        return any(
            self._in_language(alias)
            and self._fields[field].has(alias.form, self._vocabulary.elements(alias.form))
            for alias in entity.aliases
        )

    def hits(self, node: Node) -> tuple[Hit, ...]:
        """The hits of a tree that holds, in field and offset order; none from NOT or a branch that failed."""
        found: set[tuple[int, Occurrence]] = set()
        self._collect(node, found)
        return tuple(
            Hit(
                field=TEXT_FIELDS[order],
                start=place.start,
                end=place.end,
                text=self._fields[TEXT_FIELDS[order]].text[place.start : place.end],
                term=place.term,
                entity=place.entity,
            )
            for order, place in sorted(found, key=_hit_order)
        )

    def _collect(self, node: Node, found: set[tuple[int, Occurrence]]) -> None:
        if isinstance(node, And | Or):
            for child in node.children:
                if isinstance(node, And) or self.holds(child):
                    self._collect(child, found)
        elif not isinstance(node, Not | DocumentTerm):
            for field in _fields_of(node):
                order = TEXT_FIELDS.index(field)
                found.update((order, place) for place in self.occurrences(node, field))

    def occurrences(self, node: TextTerm, field: str) -> list[Occurrence]:
        """Where a term stands in a field."""
        if isinstance(node, EntityTerm):
            return self._entity(node.name, field)
        shown = "{" + node.literal + "}" if isinstance(node, Exact) else node.written
        return [Occurrence(start, end, shown, None) for start, end in self._spans(node, field)]

    def _spans(self, form: Term | Exact, field: str) -> list[Span]:
        key = (field, form)
        known = self._found.get(key)
        if known is None:
            elements = self._vocabulary.elements(form)
            known = self._found[key] = self._fields[field].find(form, elements)
        return known

    def _entity(self, name: str, field: str) -> list[Occurrence]:
        key = (field, name)
        known = self._named.get(key)
        if known is None:
            known = self._named[key] = self._find_entity(self._entities[name], field)
        return known

    def _find_entity(self, entity: Entity, field: str) -> list[Occurrence]:
        """
        The places of an entity, but for those inside a mask or a longer alias.

        A mask counts only against what lies inside it, so a longer alias beats a shorter mask.
        """
        found = [
            (start, end, alias.written)
            for alias in entity.aliases
            if self._in_language(alias)
            for start, end in self._spans(alias.form, field)
        ]
        if not found:
            return []
        masks = [
            (start, end, "")
            for mask in entity.masks
            if self._in_language(mask)
            for start, end in self._spans(mask.form, field)
        ]
        kept: list[Occurrence] = []
        covered = -1  # how far the spans seen reach: what encloses a place starts no later, so it came before
        for start, end, written in sorted(found + masks, key=lambda span: (span[0], -span[1], span[2])):
            if end > covered and written:
                kept.append(Occurrence(start, end, written, entity.name))
            covered = max(covered, end)
        return kept

    def _in_language(self, alias: Alias) -> bool:
        return not alias.languages or any(speaks(self.document.language, code) for code in alias.languages)


def _fields_of(node: TextTerm) -> tuple[str, ...]:
    return TEXT_FIELDS if node.scope == "text" else (node.scope,)


def _hit_order(hit: tuple[int, Occurrence]) -> tuple[int, int, int, str, str]:
    order, place = hit
    return order, place.start, place.end, place.term, place.entity or ""
