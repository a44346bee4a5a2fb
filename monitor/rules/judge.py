"""
One document judged against query trees: whether a tree holds, and where its terms stand.

The judge answers for any node of any tree, exactly; the engine asks it only about rules that are left after
the quick tests on keys. What was found for a term or an entity is shared by all rules.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from monitor.rules.facts import fact_holds, speaks
from monitor.rules.hits import Marking
from monitor.rules.spans import FAR, count_apart, hulls, partners
from monitor.rules.tree import (
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
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from monitor.model import Document, Hit
    from monitor.rules.entities import Alias, Entity
    from monitor.rules.reading import Place, Reading
    from monitor.rules.spans import Run
    from monitor.rules.vocabulary import Vocabulary

_CAPITAL_SHARE = 0.7
_FIRST_TIMES = 4  # as many occurrences as are counted for are looked at before all others


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
        self._marking = Marking(self)
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
            return any(self.holds(child) for child in self.worth_asking(node))
        if isinstance(node, Not):
            return not self.holds(node.child)
        if isinstance(node, DocumentTerm):
            return self.fact(node)
        if isinstance(node, Near):
            return any(self.near(node, field)[0] for field in range(3))
        if isinstance(node, AtLeast):
            return self._enough(node)
        return self._stands(node)

    def fact(self, node: DocumentTerm) -> bool:
        """Whether the document has a fact."""
        known = self._facts.get(node)
        if known is None:
            known = self._facts[node] = fact_holds(node, self.document)
        return known

    def worth_asking(self, node: Or) -> Iterable[Node]:
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
            shown = shown_term(node)
            found = [Occurrence(place, shown, None) for place in self.reading.places(leaf)]
        if node.scope == "text":
            return found
        low, high = self.reading.bounds(node.scope)
        return [o for o in found if low <= o.place.first and o.place.last < high]

    def shown(self, node: TextTerm, chosen: AbstractSet[Run] | None = None) -> Iterator[Occurrence]:
        """The same one by one, of all or the chosen runs: whoever needs only the first stops early."""
        if isinstance(node, EntityTerm):
            yield from (o for o in self.occurrences(node) if chosen is None or o.run in chosen)
            return
        leaf = leaf_of(node)
        if leaf.key in self.reading.keys:
            term = shown_term(node)
            for place in self.reading.each_place(leaf, node.scope, chosen):
                yield Occurrence(place, term, None)

    def runs(self, node: Node, field: int) -> list[Run]:
        """The runs of a side of NEAR in one field, rising."""
        if isinstance(node, Near):
            known = self._hulls.get((id(node), field))
            if known is None:
                left, right = self._sides(node, field)
                found = hulls(left, right, node.within, ordered=node.ordered) if left and right else []
                known = self._hulls[id(node), field] = found
            return known
        if isinstance(node, Or):
            return sorted({run for child in node.children for run in self.runs(child, field)})
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
        left = self.runs(node.left, field)
        return left, self.runs(node.right, field) if left else []

    def near(self, node: Near, field: int) -> tuple[list[Run], list[Run]]:
        """The runs of either side that are near the other."""
        known = self._pairs.get((id(node), field))
        if known is None:
            left, right = self._sides(node, field)
            found = partners(left, right, node.within, ordered=node.ordered) if left and right else ([], [])
            known = self._pairs[id(node), field] = found
        return known

    def counted(self, node: AtLeast) -> list[Iterator[Occurrence]]:
        """The occurrences of each of a count's terms, but for those in a summary that the body repeats."""
        repeated = node.terms[0].scope == "text" and self._body_has_the_summary()
        found = map(self.shown, node.terms)
        return [(o for o in each if o.place.field != 1) if repeated else each for each in found]

    def _enough(self, node: AtLeast) -> bool:
        """Whether a count is reached: mostly the first occurrences of each term settle it."""
        for most in (_FIRST_TIMES * node.count, None):
            some = [o for found in self.counted(node) for o in islice(found, most)]
            if count_apart(map(_span, some)) >= node.count:
                return True
        return False

    def _body_has_the_summary(self) -> bool:
        if self._summary_repeats is None:
            self._summary_repeats = summary_repeats(self.document)
        return self._summary_repeats

    def hits(self, node: Node) -> tuple[Hit, ...]:
        """The first hits of a tree that holds, in field and offset order; none from what failed (hits.py)."""
        return self._marking.hits(node)

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


def shown_term(form: TextTerm) -> str:
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
