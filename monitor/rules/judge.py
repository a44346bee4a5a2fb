"""
One document judged against query trees: whether a tree holds, and where its terms stand.

The judge answers for any node of any tree, exactly; the engine asks it only about rules that are left after
the quick tests on keys. What was found for a term or an entity is shared by all rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from monitor.model import Hit
from monitor.rules.facts import fact_holds, speaks
from monitor.rules.spans import FAR, count_apart, hulls, inside, partners
from monitor.rules.tree import (
    TEXT_FIELDS,
    And,
    AtLeast,
    DocumentTerm,
    EntityTerm,
    Exact,
    Near,
    Node,
    Not,
    Or,
    Regex,
    Term,
    TextTerm,
)
from monitor.rules.vocabulary import leaf_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from monitor.model import Document
    from monitor.rules.entities import Alias, Entity
    from monitor.rules.reading import Place, Reading
    from monitor.rules.spans import Run
    from monitor.rules.vocabulary import Vocabulary

_CAPITAL_SHARE = 0.7


# What a hit is sorted by, and the hit.
_Mark: TypeAlias = tuple[int, int, int, str, str, Hit]


class Occurrence(NamedTuple):
    """A place of a term; `term` is the spelling to show, `entity` the name it stands for."""

    place: Place
    term: str
    entity: str | None

    @property
    def run(self) -> Run:
        """Its tokens."""
        return self.place.first, self.place.last


class Judge:
    """
    A document under judgement.

    `elsewhere` tells whether entities that no rule asks for are named in it.
    """

    def __init__(
        self,
        reading: Reading,
        vocabulary: Vocabulary,
        entities: Mapping[str, Entity],
        elsewhere: Callable[[Document], bool] = lambda _: False,
    ) -> None:
        self.reading = reading
        self.document = reading.document
        self._vocabulary = vocabulary
        self._entities = entities
        self._elsewhere = elsewhere
        self._named: dict[str, tuple[list[Occurrence], list[Occurrence]]] = {}
        self._facts: dict[DocumentTerm, bool] = {}
        self._marks: dict[int, list[_Mark]] = {}
        self._hulls: dict[tuple[int, int], list[Run]] = {}  # of NEAR nodes, by field
        self._pairs: dict[tuple[int, int], tuple[list[Run], list[Run]]] = {}
        self._supported: bool | None = None
        self._summary_repeats: bool | None = None

    # --- whether a node holds

    def holds(self, node: Node) -> bool:
        """Whether the node holds for the document."""
        if isinstance(node, And):
            return all(self.holds(child) for child in node.children)
        if isinstance(node, Or):
            return any(self.holds(child) for child in self._worth_asking(node))
        if isinstance(node, Not):
            return not self.holds(node.child)
        if isinstance(node, DocumentTerm):
            return self.fact(node)
        if isinstance(node, Near):
            return any(self._near(node, field)[0] for field in range(3))
        if isinstance(node, AtLeast):
            return count_apart(map(_span, self._countable(node))) >= node.count
        return self._stands(node)

    def fact(self, node: DocumentTerm) -> bool:
        """Whether the document has a fact."""
        known = self._facts.get(node)
        if known is None:
            known = self._facts[node] = fact_holds(node, self.document)
        return known

    def _worth_asking(self, node: Or) -> Iterable[Node]:
        """The alternatives that may hold; of thousands, only those whose key the document has."""
        return self._vocabulary.alternatives(node, self.reading.keys)

    def _stands(self, node: TextTerm) -> bool:
        leaf = leaf_of(node)
        if leaf.key not in self.reading.keys:
            return False
        if leaf.sure and node.scope == "text":
            return True
        if isinstance(node, EntityTerm):
            return bool(self.occurrences(node))
        return bool(self.reading.within(leaf, node.scope))

    # --- where terms stand

    def occurrences(self, node: TextTerm) -> list[Occurrence]:
        """Where a term stands in its scope, rising."""
        leaf = leaf_of(node)
        if leaf.key not in self.reading.keys:
            return []
        if isinstance(node, EntityTerm):
            found = self._entity(node.name)
        else:
            shown = _shown(node)
            found = [Occurrence(place, shown, None) for place in self.reading.places(leaf)]
        if node.scope == "text":
            return found
        low, high = self.reading.bounds(node.scope)
        return [o for o in found if low <= o.place.first and o.place.last < high]

    def _runs(self, node: Node, field: int) -> list[Run]:
        """The runs of a side of NEAR in one field, rising."""
        if isinstance(node, Near):
            known = self._hulls.get((id(node), field))
            if known is None:
                left, right = self._sides(node, field)
                found = hulls(left, right, node.within, ordered=node.ordered) if left and right else []
                known = self._hulls[id(node), field] = found
            return known
        if isinstance(node, Or):
            return sorted({run for child in node.children for run in self._runs(child, field)})
        assert isinstance(node, TextTerm), "the parser lets nothing else stand beside NEAR"
        leaf = leaf_of(node)
        if leaf.key not in self.reading.keys:
            return []
        low, high = self.reading.field_bounds(field)
        if isinstance(node, EntityTerm):
            return sorted({o.run for o in self.occurrences(node) if low <= o.place.first < high})
        # Dots at the end of a field stand before its border: a run of no token, still within the field.
        return sorted({run for run in self.reading.within(leaf, node.scope) if low <= run[0] <= high})

    def _sides(self, node: Near, field: int) -> tuple[list[Run], list[Run]]:
        left = self._runs(node.left, field)
        return left, self._runs(node.right, field) if left else []

    def _near(self, node: Near, field: int) -> tuple[list[Run], list[Run]]:
        """The runs of either side that are near the other."""
        known = self._pairs.get((id(node), field))
        if known is None:
            left, right = self._sides(node, field)
            found = partners(left, right, node.within, ordered=node.ordered) if left and right else ([], [])
            known = self._pairs[id(node), field] = found
        return known

    def _countable(self, node: AtLeast) -> list[Occurrence]:
        """All occurrences of a count's terms; a summary that the body repeats is not counted twice."""
        found = [o for term in node.terms for o in self.occurrences(term)]
        if node.terms[0].scope == "text" and self._body_has_the_summary():
            found = [o for o in found if o.place.field != 1]
        return found

    def _body_has_the_summary(self) -> bool:
        if self._summary_repeats is None:
            self._summary_repeats = summary_repeats(self.document)
        return self._summary_repeats

    # --- hits

    def hits(self, node: Node) -> tuple[Hit, ...]:
        """The hits of a tree that holds, in field and offset order; none from NOT or a branch that failed."""
        if isinstance(node, TextTerm):  # most have one term, whose marks are in order
            return tuple(dict.fromkeys([mark[-1] for mark in self._marks_of(node)]))
        found: set[_Mark] = set()
        self._collect(node, found)
        return tuple([mark[-1] for mark in sorted(found)])

    def _marks_of(self, node: TextTerm) -> list[_Mark]:
        known = self._marks.get(id(node))
        if known is None:
            known = self._marks[id(node)] = [self._mark(occurrence) for occurrence in self.occurrences(node)]
        return known

    def _mark(self, occurrence: Occurrence) -> _Mark:
        (_, _, field, start, end), term, entity = occurrence
        text = self.reading.fields[field].text[start:end]
        hit = Hit(TEXT_FIELDS[field], start, end, text, term, entity)
        return field, start, end, term, entity or "", hit

    def _collect(self, node: Node, found: set[_Mark]) -> None:
        if isinstance(node, TextTerm):
            found.update(self._marks_of(node))
        elif isinstance(node, And):
            for child in node.children:
                self._collect(child, found)
        elif isinstance(node, Or):
            for child in self._worth_asking(node):
                # A term that does not hold has no marks anyway.
                if isinstance(child, TextTerm) or self.holds(child):
                    self._collect(child, found)
        elif isinstance(node, Near):
            for field in range(3):
                self._collect_near(node, found, field, None)
        elif isinstance(node, AtLeast):
            found.update(map(self._mark, self._countable(node)))

    def _collect_near(self, node: Near, found: set[_Mark], field: int, spans: Sequence[Run] | None) -> None:
        """The parts of a NEAR that are near each other; in a larger NEAR, those inside one of its `spans`."""
        sides = self._near(node, field)
        if spans is not None:
            sides = inside(sides[0], spans), inside(sides[1], spans)
        for side, runs in zip((node.left, node.right), sides, strict=True):
            if runs:
                self._collect_side(side, set(runs), found, field)

    def _collect_side(self, node: Node, chosen: AbstractSet[Run], found: set[_Mark], field: int) -> None:
        """What a side of NEAR shows, of which the `chosen` runs are near the other side."""
        if isinstance(node, Or):
            for child in self._worth_asking(node):
                self._collect_side(child, chosen, found, field)
        elif isinstance(node, Near):
            self._collect_near(node, found, field, sorted(chosen & set(self._runs(node, field))))
        else:
            assert isinstance(node, TextTerm)
            found.update(self._mark(o) for o in self.occurrences(node) if o.run in chosen)

    # --- entities

    def _entity(self, name: str) -> list[Occurrence]:
        """The hits of an entity: the certain ones, and the doubtful ones where something speaks for them."""
        certain, doubtful = self.found(name)
        if doubtful and not certain and not self._has_support():
            return []
        return sorted([*certain, *doubtful], key=_hit_order) if doubtful else certain

    def found(self, name: str) -> tuple[list[Occurrence], list[Occurrence]]:
        """The certain and the doubtful places of an entity."""
        known = self._named.get(name)
        if known is None:
            known = self._named[name] = self._find_entity(self._entities[name])
        return known

    def _find_entity(self, entity: Entity) -> tuple[list[Occurrence], list[Occurrence]]:
        """
        The certain and the doubtful places of an entity, but for those inside a mask or a longer alias.

        A mask counts only against what lies inside it, so a longer alias beats a shorter mask.
        """
        found = [(place, alias) for alias in entity.aliases for place in self._alias(alias)]
        if not found:
            return [], []
        masks = [(place, None) for mask in entity.masks for place in self._alias(mask)]
        certain: list[Occurrence] = []
        doubtful: list[Occurrence] = []
        waived = not entity.company or any(self._alias(alias) for alias in entity.unless)
        # Even where no company is asked for, it makes a doubtful place certain.
        company = [place for alias in entity.company for place in self._alias(alias)]
        accompanied = _in_company([place for place, _ in found], company, entity.near)
        field, covered = -1, -1  # how far the spans seen reach: what encloses a place starts no later
        for place, alias in sorted((*found, *masks), key=_outer_first):
            if place.field != field:
                field, covered = place.field, -1
            outside, covered = place.end > covered, max(covered, place.end)
            if not outside or alias is None:
                continue
            has_company = place[:2] in accompanied
            if not (waived or has_company):
                continue
            occurrence = Occurrence(place, alias.written, entity.name)
            unsure = alias.doubtful and not has_company and self._is_shouted(place.field)
            (doubtful if unsure else certain).append(occurrence)
        return certain, doubtful

    def _alias(self, alias: Alias) -> list[Place]:
        if alias.languages and not any(speaks(self.document.language, code) for code in alias.languages):
            return []
        return self.places_of(alias)

    def places_of(self, alias: Alias) -> list[Place]:
        """Where an alias, a mask or a word of the company stands, whatever the article's language."""
        leaf = self._vocabulary.of_entities[alias.form]
        return self.reading.places(leaf) if leaf.key in self.reading.keys else []

    def _is_shouted(self, field: int) -> bool:
        """Whether a text is all in capitals, so that those of an acronym prove nothing."""
        text = self.reading.fields[field].text
        letters = [c for c in text if c.isalpha()]
        return sum(c.isupper() for c in letters) > _CAPITAL_SHARE * len(letters)

    def _has_support(self) -> bool:
        """Whether any entity has a certain hit in the document."""
        if self._supported is None:
            entities = self._vocabulary.entities
            names = [entities[key] for key in self.reading.keys & entities.keys()]
            self._supported = any(self.found(name)[0] for name in names) or self._elsewhere(self.document)
        return self._supported


def _span(occurrence: Occurrence) -> tuple[tuple[int, int], tuple[int, int]]:
    """Its characters, as places that can be compared over all fields."""
    place = occurrence.place
    return (place.field, place.start), (place.field, place.end)


def summary_repeats(document: Document) -> bool:
    """Whether the body holds the summary's text, but for white space and an ellipsis at its end."""
    summary = " ".join(document.summary.split()).removesuffix("[…]").removesuffix("[...]")
    summary = summary.rstrip(". …")
    return bool(summary) and summary in " ".join(document.body.split())


def _in_company(places: Iterable[Place], company: Iterable[Place], within: int | None) -> set[Run]:
    """The runs of the places that have company; what is the alias itself is none."""
    found: set[Run] = set()
    for field in range(3):
        here, others = (
            sorted({(p.first, p.last) for p in side if p.field == field}) for side in (places, company)
        )
        found.update(partners(here, others, FAR if within is None else within, ordered=False)[0])
    return found


def _shown(form: TextTerm) -> str:
    """How a hit names its term."""
    if isinstance(form, Exact):
        return "{" + form.literal + "}"
    if isinstance(form, Regex):
        return f"/{form.pattern}/{form.flags}"
    assert isinstance(form, Term), "entities name the alias"
    return form.written


def _outer_first(found: tuple[Place, Alias | None]) -> tuple[int, int, int, str]:
    place, alias = found
    return place.field, place.start, -place.end, alias.written if alias else ""


def _hit_order(occurrence: Occurrence) -> tuple[int, int, int, str, str]:
    place, term, entity = occurrence
    return place.field, place.start, place.end, term, entity or ""
