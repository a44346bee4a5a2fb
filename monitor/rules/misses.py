"""
Why a node does not hold, in words, with what came nearest to it. Pure.

For people who ask why an article did not ring: the article has the word, but elsewhere; another form of it;
the two words of a NEAR, but farther apart. Nothing here decides anything.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.rules import regexes
from monitor.rules.binding import as_written, plain
from monitor.rules.facts import speaks
from monitor.rules.globs import INFLECTED, has_wildcard
from monitor.rules.judge import summary_repeats
from monitor.rules.printer import print_query
from monitor.rules.spans import hulls, phrase_runs
from monitor.rules.tree import (
    LEAD_WORDS,
    TEXT_FIELDS,
    AtLeast,
    DocumentTerm,
    EntityTerm,
    Exact,
    Near,
    Node,
    Or,
    Regex,
    Term,
    TextTerm,
    start_words,
)
from monitor.rules.vocabulary import leaf_of
from monitor.rules.wording import few, forms_of, in_words, quoted, where_of
from monitor.text.tokens import folded_tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.rules.entities import Alias, Entity
    from monitor.rules.judge import Judge, Occurrence
    from monitor.rules.reading import Place
    from monitor.rules.spans import Run

_NEAR_MISS = 4  # letters a word has before longer words that begin like it are worth naming
_LONGER = 3  # letters that an ending has at most
_LOOSEST = 8  # words more than a phrase has, so that it is still worth naming
_MOST_PLACES = 50  # of a name that does not count, looked at for the reason


class Misses:
    """Says of the nodes of an engine's trees why they do not hold for one document."""

    def __init__(self, judge: Judge, entities: Mapping[str, Entity]) -> None:
        self._judge = judge
        self._document = judge.document
        self._entities = entities
        self._words: tuple[str, ...] | None = None

    def why_not(self, node: Node) -> str:
        """Why a leaf, a NEAR or a count does not hold; "" for the other kinds, whose parts tell."""
        if isinstance(node, DocumentTerm):
            return self.fact(node)
        if isinstance(node, Near):
            return self._near(node)
        if isinstance(node, AtLeast):
            return self._count(node)
        return self._text(node) if isinstance(node, TextTerm) else ""

    def fact(self, node: DocumentTerm) -> str:
        """What the document has in place of a fact that it lacks."""
        document = self._document
        if node.field == "lang":
            return f"the article's language is {document.language}"
        several = {
            "tag": ("feed", "tags", document.tags),
            "category": ("article", "categories", document.categories),
            "author": ("article", "authors", document.authors),
        }
        if node.field in several:
            whose, what, values = several[node.field]
            return f"the {whose}'s {what}: {', '.join(values)}" if values else f"the {whose} has no {what}"
        one = {"feed": document.feed, "source": document.source, "url": document.url}[node.field]
        return f"the article's {node.field} is {one or 'not known'}"

    # --- terms

    def _text(self, node: TextTerm) -> str:
        if node.scope != "text":
            anywhere = self._judge.occurrences(replace(node, scope="text"))
            if anywhere:
                return _out_of_scope(node.scope, anywhere, self._judge.reading.fields[2].first)
        if isinstance(node, Term):
            return self._term(node)
        if isinstance(node, Exact):
            return self._exact(node)
        if isinstance(node, Regex):
            return self._regex(node)
        return self._entity(node)

    def _term(self, node: Term) -> str:
        where = where_of(node.scope)
        if len(node.elements) > 1:
            keys = zip(node.elements, leaf_of(node).parts, strict=True)
            missing = [plain(word) for word, key in keys if key not in self._judge.reading.keys]
            if missing:
                return f"{quoted(missing)} not in the article"
            allowed = f" with {in_words(node.slop)} between" if node.slop else ""
            return f"its words are there, but not as this phrase{allowed} in {where}{self._loose(node)}"
        element = node.elements[0]
        if INFLECTED in element:
            looked_for = few(forms_of(element))
            return f"none of its forms is in {where}: {looked_for}"
        alike = self._words_like(element)
        if alike:
            return f"not in {where}; {quoted(alike)} is, which {element}* would take"
        return f"not in {where}"

    def _loose(self, node: Term) -> str:
        """The place where the words of a phrase stand in its order with fewest others between them."""
        reading = self._judge.reading
        runs: list[Run] = []
        places = [reading.positions(key) for key in leaf_of(node).parts]
        for number in range(len(TEXT_FIELDS)):
            low, high = reading.field_bounds(number)
            here = [found[bisect_left(found, low) : bisect_left(found, high)] for found in places]
            if all(here):
                runs += phrase_runs(here, _LOOSEST)
        if not runs or node.scope != "text":
            return ""
        first, last = min(runs, key=lambda run: run[1] - run[0])
        extra = last - first + 1 - len(node.elements)
        return f'; “{self._said((first, last))}” is there, which "…"~{extra} would take'

    def _words_like(self, word: str) -> list[str]:
        """Words of the article that begin with `word` and are a little longer: most often its plural."""
        if len(word) < _NEAR_MISS or has_wildcard(word):
            return []
        return [t for t in self._tokens() if t.startswith(word) and 0 < len(t) - len(word) <= _LONGER][:3]

    def _tokens(self) -> tuple[str, ...]:
        """All different folded words of the article."""
        if self._words is None:
            document = self._document
            text = f"{document.title}\n{document.summary}\n{document.body}"
            self._words = tuple(dict.fromkeys(folded_tokens(text)))
        return self._words

    def _exact(self, node: Exact) -> str:
        where = where_of(node.scope)
        if set(folded_tokens(node.literal)) <= set(self._tokens()):
            return f"its words are there, but not spelt exactly so in {where}"
        return f"not in {where}"

    def _regex(self, node: Regex) -> str:
        where = where_of(node.scope)
        if "i" not in node.flags:
            blind = "".join(sorted(f"{node.flags}i"))
            for field in self._judge.reading.fields:
                found = self._matching(node.pattern, blind, field.text)
                if found:
                    return f"not in {where}; “{found}” is, which the flag i would take"
        return f"not found in {where}" if "s" in node.flags else f"no word in {where} is matched by it"

    def _matching(self, pattern: str, flags: str, text: str) -> str:
        """The first piece of a text that a regular expression matches; "" if none."""
        if "s" in flags:
            found = regexes.places(pattern, flags, text)
            return text[found[0][0] : found[0][1]] if found else ""
        words = (word.strip(".,;:!?()[]«»“”\"'’") for word in text.split())  # noqa: RUF001 - quotes are meant
        return next((word for word in words if word and regexes.whole(pattern, flags, word)), "")

    # --- entities

    def _entity(self, node: EntityTerm) -> str:
        entity = self._entities[node.name]
        found = [(alias, place) for alias in entity.aliases for place in self._judge.places_of(alias)]
        if found:
            reasons = [self._discounted(entity, alias, place) for alias, place in found[:_MOST_PLACES]]
            return min(reasons)[1]
        where = where_of(node.scope)
        names = list(dict.fromkeys(alias.written for alias in entity.aliases))
        number = "its name is not" if len(names) == 1 else f"none of its {len(names)} names is"
        alike = [word for name in names for word in self._words_like(name.casefold())]
        named = f"; {quoted(list(dict.fromkeys(alike))[:3])} is, which is no name of it" if alike else ""
        return f"{number} in {where}{named}"

    def _discounted(self, entity: Entity, alias: Alias, place: Place) -> tuple[int, str]:
        """Why an alias that is there does not count; a lower number came nearer to counting."""
        there = f"“{self._surface(place)}” is in the {TEXT_FIELDS[place.field]}"
        if alias.languages and not any(speaks(self._document.language, code) for code in alias.languages):
            languages = ", ".join(alias.languages)
            return 3, f"{there}, but counts only in {languages}: this article is in {self._document.language}"
        for mask in entity.masks:
            for over in self._judge.places_of(mask):
                if over.field == place.field and over.start <= place.start and place.end <= over.end:
                    return (
                        2,
                        f"{there}, but inside “{self._surface(over)}”, which not_in of @{entity.name} names",
                    )
        waived = any(self._judge.places_of(other) for other in entity.unless)
        if entity.company and not waived:
            nearest = self._nearest_company(entity, place)
            asked = few([other.written for other in entity.company])
            reach = "in the same field" if entity.near is None else f"within {in_words(entity.near)} of it"
            return 1, f"{there}, but its context asks for one of {asked} {reach}; {nearest}"
        return 0, (
            f"{there}, in a text all in capitals, where it may be a common word: "
            "it counts beside a certain name of an entity"
        )

    def _nearest_company(self, entity: Entity, place: Place) -> str:
        distances = [
            (_between((place.first, place.last), (other.first, other.last)), self._surface(other))
            for company in entity.company
            for other in self._judge.places_of(company)
            if other.field == place.field
        ]
        if not distances:
            return "there is none in this field"
        distance, text = min(distances)
        return f"the nearest, “{text}”, is {in_words(distance)} away"

    def _surface(self, place: Place) -> str:
        return " ".join(self._judge.reading.fields[place.field].text[place.start : place.end].split())

    # --- NEAR and ATLEAST

    def _near(self, node: Near) -> str:
        sides = [self._runs(side) for side in (node.left, node.right)]
        for side, runs in zip((node.left, node.right), sides, strict=True):
            if not runs:
                return f"{print_query(as_written(side))}: {self._why_side(side)}"
        operator = f"{'ONEAR' if node.ordered else 'NEAR'}/{node.within}"
        pairs = self._pairs(*sides)
        if not pairs:
            if sides[0] == sides[1]:
                return f"it stands there once, and {operator} asks for two places"
            places = ", ".join(self._place_of(runs[0]) for runs in sides)
            return f"they stand in different fields: {places}"
        distance, left, right = min(pairs)
        field = TEXT_FIELDS[self._judge.reading.field_of(left[0])]
        if node.ordered:
            right_way = [pair for pair in pairs if pair[1] < pair[2]]
            if distance <= node.within or not right_way:
                said = f"“{self._said(left)}” stands after “{self._said(right)}”"
                return f"in the {field} {said}: {operator} asks for the other order"
            distance, left, right = min(right_way)
            field = TEXT_FIELDS[self._judge.reading.field_of(left[0])]
        return (
            f"in the {field} “{self._said(right)}” is {in_words(distance)} away from “{self._said(left)}”, "
            f"{operator} allows {node.within}"
        )

    def _why_side(self, side: Node) -> str:
        if isinstance(side, Or):
            return f"none of its {len(side.children)} alternatives is there"
        return self.why_not(side)

    def _runs(self, node: Node) -> list[Run]:
        """Where a side of NEAR stands, in all fields."""
        if isinstance(node, Or):
            return sorted({run for child in node.children for run in self._runs(child)})
        if isinstance(node, Near):
            left, right = self._runs(node.left), self._runs(node.right)
            found = [
                (a, b)
                for number in range(len(TEXT_FIELDS))
                for a, b in hulls(
                    self._inside(left, number), self._inside(right, number), node.within, ordered=node.ordered
                )
            ]
            return sorted(found)
        assert isinstance(node, TextTerm), "the parser lets nothing else stand beside NEAR"
        return sorted({occurrence.run for occurrence in self._judge.occurrences(node)})

    def _inside(self, runs: Sequence[Run], field: int) -> list[Run]:
        return [run for run in runs if self._judge.reading.field_of(run[0]) == field]

    def _pairs(self, left: Sequence[Run], right: Sequence[Run]) -> list[tuple[int, Run, Run]]:
        """Neighbours of either side in one field, with the words between them."""
        field_of = self._judge.reading.field_of
        neighbours = ((run, bisect_left(right, run)) for run in left)
        return [
            (_between(run, other), run, other)
            for run, at in neighbours
            for other in right[max(at - 1, 0) : at + 2]  # also where it is one of them itself
            if other != run and field_of(other[0]) == field_of(run[0])
        ]

    def _place_of(self, run: Run) -> str:
        return f"“{self._said(run)}” in the {TEXT_FIELDS[self._judge.reading.field_of(run[0])]}"

    def _said(self, run: Run) -> str:
        """The text of a run of tokens."""
        field = self._judge.reading.fields[self._judge.reading.field_of(run[0])]
        if run[1] < run[0]:  # a raw regular expression that touches no token
            return ""
        start, end = field.offsets(run[0] - field.first, run[1] - field.first)
        return " ".join(field.text[start:end].split())

    def _count(self, node: AtLeast) -> str:
        found = [o for term in node.terms for o in self._judge.occurrences(term)]
        counts = range(1, min(node.count, len(found) + 1))
        number = bisect_left(counts, True, key=lambda n: not self._judge.holds(replace(node, count=n)))
        repeated = ""
        in_summary = node.terms[0].scope == "text" and any(o.place.field == 1 for o in found)
        if in_summary and summary_repeats(self._document):
            repeated = " (the summary stands in the body too, and is counted once)"
        where = "" if node.terms[0].scope == "text" else f" in {where_of(node.terms[0].scope)}"
        return f"found {number} of the {node.count} asked for{where}{repeated}"


def _out_of_scope(scope: str, found: Sequence[Occurrence], body: int) -> str:
    """A term that the article has, but not where it is looked for."""
    words = LEAD_WORDS if scope == "lead" else start_words(scope)
    in_body = [o.place for o in found if o.place.field == 2]
    if words is not None and in_body:
        number = in_body[0].first - body + 1
        return f"in the article, but after the first {words} words of the body: it is word {number}"
    places = list(dict.fromkeys(TEXT_FIELDS[o.place.field] for o in found))
    return f"in the article, but not in {where_of(scope)}: it stands in the {' and the '.join(places)}"


def _between(left: Run, right: Run) -> int:
    """How many words stand between two places."""
    return max(0, max(left[0], right[0]) - min(left[1], right[1]) - 1)
