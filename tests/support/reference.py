"""
A slow evaluator of queries, written from the language's description alone.

It shares nothing with the engine but the nodes of the tree (and the parser that makes them): its own fold and
tokens (naive_text.py), its own wildcards, entities, NEAR over all pairs, ATLEAST by trying. Where engine and
reference differ, one of them is wrong.

Words used here: a *run* is (first, last), numbers of tokens within one field; a run that touches no token (a
raw regular expression may match dots alone) is (n, n - 1), before token n.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import re2

from monitor.model import Document, Hit, Strength
from monitor.rules.inflection import forms
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
from monitor.text.language import is_common
from tests.support.naive_text import Word, clean, exact_places, words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from monitor.settings import EntityConfig

FIELDS = ("title", "summary", "body")
MOST_HITS = 1_000  # a rule shows the first ones
LEAD = 60


class Place(NamedTuple):
    """A term where it stands: the field's number, its run, its characters, what a hit shows."""

    field: int
    first: int
    last: int
    start: int
    end: int
    shown: str
    entity: str | None = None

    @property
    def run(self) -> tuple[int, int]:
        """Its tokens."""
        return self.first, self.last


@lru_cache(maxsize=1 << 20)
def fits(pattern: str, token: str) -> bool:
    """Whether a token is what a pattern with `*` and `?` asks for."""
    if not pattern:
        return not token
    if pattern[0] == "*":
        return fits(pattern[1:], token) or (bool(token) and fits(pattern, token[1:]))
    return bool(token) and pattern[0] in ("?", token[0]) and fits(pattern[1:], token[1:])


@cache
def _pattern(pattern: str, flags: str) -> Any:
    """A regular expression; case-blind ones on RE2 itself, as `re` takes dotted and dotless i for one."""
    if "i" not in flags:
        return re.compile(pattern, re.DOTALL)
    options = re2.Options()
    options.case_sensitive, options.dot_nl = False, True
    return re2.compile(pattern, options)


def are_near(a: tuple[int, int], b: tuple[int, int], within: int, ordered: bool) -> bool:
    """At most `within` words between two different runs; they may overlap."""
    if a == b or (ordered and b < a):
        return False
    earlier, later = sorted((a, b))
    return max(0, later[0] - earlier[1] - 1) <= within


def most_apart(places: Iterable[Place]) -> int:
    """The largest number of places of which no two share a character, by trying with and without each."""
    spans = sorted({(place.field, place.start, place.end) for place in places})

    @cache
    def best(at: int, covered: tuple[int, int]) -> int:
        if at == len(spans):
            return 0
        which, start, end = spans[at]
        without = best(at + 1, covered)
        return max(without, 1 + best(at + 1, (which, end))) if (which, start) >= covered else without

    return best(0, (-1, 0))


def _same(text: str) -> str:
    """The form in which facts are compared."""
    return " ".join(unicodedata.normalize("NFC", unicodedata.normalize("NFD", text).casefold()).split())


def speaks(language: str | None, wanted: str) -> bool:
    """Whether an article's language passes; an unknown one does."""
    if language is None or not language:
        return True
    spoken, asked = _same(language).replace("_", "-"), wanted.replace("_", "-")
    return fits(asked, spoken) or fits(asked + "-*", spoken)


# --- entities


@dataclass(frozen=True)
class Name:
    """An alias, a mask or a company as it was written: what it asks for, and in which languages."""

    wanted: tuple[str, ...] | str  # folded tokens, or an exact literal
    shown: str
    languages: tuple[str, ...] = ()
    doubtful: bool = False


def read_name(text: str) -> Name:
    """An alias string: plain text, {EXACT}, either with `:fr|es` behind."""
    shown = text.strip()
    languages: tuple[str, ...] = ()
    head, colon, tail = shown.rpartition(":")
    codes = tail.split("|")
    if (
        colon
        and head
        and not head[-1].isspace()
        and all(re.fullmatch("[a-z]{2,3}(-[A-Za-z0-9]{2,8})*", c) for c in codes)
    ):
        shown, languages = head, tuple(map(_same, codes))
    if shown.startswith("{") and shown.endswith("}"):
        return Name(clean(shown[1:-1]).strip(), shown, languages)
    return Name(tuple(word.folded for word in words(shown)), shown, languages)


def spellings(name: Name, languages: Sequence[str]) -> list[Name]:
    """An acronym: capitals as they stand, and capitalised where that is no common word."""
    text = name.wanted if isinstance(name.wanted, str) else name.shown
    folded = [word.folded for word in words(text)]
    if len(folded) != 1 or not (text.isupper() and text.isalnum() and len(text) <= 5):
        return [name]
    doubtful = is_common(folded[0], name.languages or languages)
    found = [replace(name, wanted=clean(text), doubtful=doubtful)]
    if not doubtful and not isinstance(name.wanted, str) and len(text) > 1:
        found.append(replace(name, wanted=clean(text.capitalize())))
    return found


@dataclass
class Text:
    """One text of an article, cut into words once."""

    text: str
    words: list[Word] = field(init=False)

    def __post_init__(self) -> None:
        self.words = words(self.text)

    def run_of(self, start: int, end: int) -> tuple[int, int]:
        """The words that some characters touch."""
        before = sum(word.end <= start for word in self.words)
        return before, before + sum(word.start < end and word.end > start for word in self.words) - 1

    @property
    def shouted(self) -> bool:
        """Whether more than 70 % of the letters are capitals."""
        letters = [c for c in self.text if c.isalpha()]
        return sum(c.isupper() for c in letters) > 0.7 * len(letters)


class Article:
    """An article to be judged against any number of queries."""

    def __init__(
        self, document: Document, entities: Sequence[EntityConfig] = (), languages: Sequence[str] = ()
    ) -> None:
        self.document = document
        self.texts = [Text(document.title), Text(document.summary), Text(document.body)]
        self.entities = {config.name: config for config in entities}
        self.languages = tuple(languages)  # of inflected words and of common words
        self._places: dict[tuple[TextTerm, str], list[Place]] = {}
        self._positions: dict[tuple[str, int], list[int]] = {}
        self._named: dict[str, tuple[list[Place], list[Place]]] = {}

    # --- whether it holds

    def holds(self, node: Node) -> bool:
        """Whether a query holds."""
        if isinstance(node, And):
            return all(self.holds(child) for child in node.children)
        if isinstance(node, Or):
            return any(self.holds(child) for child in node.children)
        if isinstance(node, Not):
            return not self.holds(node.child)
        if isinstance(node, DocumentTerm):
            return self.fact(node)
        if isinstance(node, Near):
            return any(self.pairs(node, number) for number in range(3))
        if isinstance(node, AtLeast):
            return most_apart(self.counted(node)) >= node.count
        return bool(self.places(node))

    def fact(self, node: DocumentTerm) -> bool:
        """Whether a fact about the article is equal to, or matched by, what is asked for."""
        d = self.document
        if node.field == "lang":
            return speaks(d.language, node.value)
        facts = {
            "feed": (d.feed,), "tag": d.tags, "category": d.categories,
            "source": (d.source,), "author": d.authors, "url": (d.url,),
        }  # fmt: skip
        return any(fits(node.value, _same(fact)) for fact in facts[node.field])

    # --- where terms stand

    def places(self, node: TextTerm) -> list[Place]:
        """All places of a term in its scope."""
        key = (node, node.written if isinstance(node, Term) else "")
        if key not in self._places:
            if isinstance(node, EntityTerm):
                found = self.entity(node.name)
            else:
                found = [place for number in range(3) for place in self.term(node, number)]
            self._places[key] = sorted(p for p in found if self.in_scope(p, node.scope))
        return self._places[key]

    def in_scope(self, place: Place, scope: str) -> bool:
        """Whether a place lies in a scope, wholly."""
        name = FIELDS[place.field]
        if scope.startswith("start/"):
            return name == "body" and place.last < int(scope[6:])
        if scope == "lead":
            return name != "body" or place.last < LEAD
        return scope in ("text", name)

    def term(self, node: Term | Exact | Regex, number: int) -> list[Place]:
        """The places of a term in one text, whatever its scope."""
        text = self.texts[number]
        if isinstance(node, Exact):
            return self.exact(node.literal, number, "{" + node.literal + "}")
        if isinstance(node, Regex):
            pattern = _pattern(node.pattern, node.flags)
            shown = f"/{node.pattern}/{node.flags}"
            if "s" in node.flags:
                spans = [match.span() for match in pattern.finditer(text.text) if match.end() > match.start()]
                return [Place(number, *text.run_of(a, b), a, b, shown) for a, b in spans]
            return [
                Place(number, at, at, word.start, word.end, shown)
                for at, word in enumerate(text.words)
                if pattern.fullmatch(text.text[word.start : word.end])
            ]
        return [self.placed(number, run, node.written) for run in self.phrase(node, number)]

    def placed(self, number: int, run: tuple[int, int], shown: str) -> Place:
        """A run of words with its characters."""
        found = self.texts[number].words
        return Place(number, *run, found[run[0]].start, found[run[1]].end, shown)

    def exact(self, literal: str, number: int, shown: str) -> list[Place]:
        """The places of an exact literal."""
        text = self.texts[number]
        spans = exact_places(text.text, literal, text.words)
        return [Place(number, *text.run_of(a, b), a, b, shown) for a, b in spans]

    def phrase(self, node: Term, number: int) -> list[tuple[int, int]]:
        """
        The runs of a phrase: every way to lay its elements over the words, in order and within the slop.

        Of ways that begin or end at one word only the tightest is a run.
        """
        where = [self.positions(element, number) for element in node.elements]
        ways: list[tuple[int, ...]] = [(at,) for at in where[0]]
        for positions in where[1:]:
            ways = [
                (*way, at) for way in ways for at in positions
                if way[-1] < at <= way[0] + len(node.elements) - 1 + node.slop
            ]  # fmt: skip
        runs = {(way[0], way[-1]) for way in ways if way[-1] - way[0] + 1 - len(where) <= node.slop}
        shortest = {run for run in runs if not any(o[0] == run[0] and o[1] < run[1] for o in runs)}
        return [run for run in shortest if not any(o[1] == run[1] and o[0] > run[0] for o in shortest)]

    def positions(self, element: str, number: int) -> list[int]:
        """The words that an element of a phrase stands for."""
        key = (element, number)
        if key not in self._positions:
            bare = element.removesuffix("~")
            wanted = {bare, *forms(bare, self.languages)} if bare != element else set()
            self._positions[key] = [
                at
                for at, word in enumerate(self.texts[number].words)
                if (word.folded in wanted if wanted else fits(element, word.folded))
            ]
        return self._positions[key]

    # --- NEAR and ATLEAST

    def runs(self, node: Node, number: int) -> set[tuple[int, int]]:
        """The runs of a side of NEAR in one text; those of a NEAR reach from its first to its last part."""
        if isinstance(node, Near):
            return {(min(a[0], b[0]), max(a[1], b[1])) for a, b in self.pairs(node, number)}
        if isinstance(node, Or):
            return {run for child in node.children for run in self.runs(child, number)}
        assert isinstance(node, TextTerm)
        return {place.run for place in self.places(node) if place.field == number}

    def pairs(self, node: Near, number: int) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        """All pairs of runs, one of each side, that are near."""
        return [
            (a, b)
            for a in self.runs(node.left, number)
            for b in self.runs(node.right, number)
            if are_near(a, b, node.within, node.ordered)
        ]

    def counted(self, node: AtLeast) -> list[Place]:
        """The occurrences that ATLEAST counts."""
        found = [place for term in node.terms for place in self.places(term)]
        if node.terms[0].scope == "text" and self.summary_is_in_the_body():
            found = [place for place in found if FIELDS[place.field] != "summary"]
        return found

    def summary_is_in_the_body(self) -> bool:
        """Whether the body says what the summary says, but for white space and an ellipsis."""
        said = " ".join(self.document.summary.split())
        for ellipsis in ("[…]", "[...]"):
            said = said.removesuffix(ellipsis)
        said = said.rstrip(". …")
        return said != "" and said in " ".join(self.document.body.split())

    # --- entities

    def name(self, name: Name, number: int) -> list[Place]:
        """The places of an alias, mask or company in one text."""
        if name.languages and not any(speaks(self.document.language, code) for code in name.languages):
            return []
        if isinstance(name.wanted, str):
            return self.exact(name.wanted, number, name.shown)
        folded = [word.folded for word in self.texts[number].words]
        size = len(name.wanted)
        starts = [at for at in range(len(folded)) if tuple(folded[at : at + size]) == name.wanted]
        return [self.placed(number, (at, at + size - 1), name.shown) for at in starts]

    def entity(self, name: str) -> list[Place]:
        """The hits of an entity; doubtful ones only beside another hit of this or any other entity."""
        certain, doubtful = self.named(name)
        supported = any(self.named(other)[0] for other in self.entities) if doubtful else False
        return sorted(certain + doubtful) if supported else certain

    def named(self, name: str) -> tuple[list[Place], list[Place]]:
        """The certain and the doubtful places of an entity."""
        if name not in self._named:
            certain: list[Place] = []
            doubtful: list[Place] = []
            for number in range(3):
                for place, unsure in self.named_in(self.entities[name], number):
                    (doubtful if unsure else certain).append(place._replace(entity=name))
            self._named[name] = certain, doubtful
        return self._named[name]

    def named_in(self, config: EntityConfig, number: int) -> list[tuple[Place, bool]]:
        """The places of an entity in one text, and whether each is doubtful."""
        aliases = [s for text in config.aliases for s in spellings(read_name(text), self.languages)]
        found = [(place, alias) for alias in aliases for place in self.name(alias, number)]
        if not found:
            return []
        masks = [place for text in config.not_in for place in self.name(read_name(text), number)]
        company = [read_name(text) for text in _listed(config, "require_any")]
        unless = [read_name(text) for text in _listed(config, "unless")]
        waived = not company or any(self.name(name, n) for name in unless for n in range(3))
        present = [place for name in company for place in self.name(name, number)]
        within = config.context.get("near")
        assert within is None or isinstance(within, int)
        kept: dict[tuple[int, int], tuple[Place, bool]] = {}
        for place, alias in sorted(found, key=lambda pair: pair[1].shown):
            if any(_covers(mask, place) for mask in masks):
                continue
            if any(_covers(o, place) and (o.start, o.end) != (place.start, place.end) for o, _ in found):
                continue
            accompanied = any(
                other.run != place.run and (within is None or are_near(place.run, other.run, within, False))
                for other in present
            )
            if waived or accompanied:
                unsure = alias.doubtful and self.texts[number].shouted and not accompanied
                kept.setdefault((place.start, place.end), (place, unsure))
        return list(kept.values())

    # --- hits

    def hits(self, node: Node) -> tuple[Hit, ...]:
        """The first hits of a query that holds."""
        found = {(p.field, p.start, p.end, p.shown, p.entity or "") for p in self.marked(node)}
        return tuple(
            Hit(FIELDS[number], start, end, self.texts[number].text[start:end], shown, entity or None)
            for number, start, end, shown, entity in sorted(found)[:MOST_HITS]
        )

    def marked(self, node: Node) -> list[Place]:
        """The places that a node which holds shows: none from under NOT or a branch that failed."""
        if isinstance(node, And | Or):
            return [p for child in node.children if self.holds(child) for p in self.marked(child)]
        if isinstance(node, Near):
            return [p for number in range(3) for p in self.parts(node, number, None)]
        if isinstance(node, AtLeast):
            return self.counted(node)
        return self.places(node) if isinstance(node, TextTerm) else []

    def parts(self, node: Node, number: int, chosen: set[tuple[int, int]] | None) -> list[Place]:
        """
        What a side of NEAR shows: the places that are one of the `chosen` runs.

        A NEAR shows its parts that are near each other, and lie inside a chosen run of its own.
        """
        if isinstance(node, Or):
            return [place for child in node.children for place in self.parts(child, number, chosen)]
        if isinstance(node, Near):
            hulls = self.runs(node, number) if chosen is None else self.runs(node, number) & chosen
            pairs = self.pairs(node, number)
            shown = []
            for side, runs in ((node.left, {a for a, _ in pairs}), (node.right, {b for _, b in pairs})):
                inside = {r for r in runs if any(h[0] <= r[0] and r[1] <= h[1] for h in hulls)}
                shown += self.parts(side, number, inside)
            return shown
        assert isinstance(node, TextTerm)
        assert chosen is not None
        return [place for place in self.places(node) if place.field == number and place.run in chosen]


def _covers(outer: Place, inner: Place) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _listed(config: EntityConfig, key: str) -> list[str]:
    value = config.context.get(key) or ()
    return [value] if isinstance(value, str) else [str(text) for text in value]  # type: ignore[attr-defined]


def articles(
    document: Document, entities: Sequence[EntityConfig] = (), languages: Sequence[str] = ()
) -> list[tuple[Strength, Article]]:
    """The article as it is judged: with unconfirmed lines blanked out, and whole."""
    body = "".join(
        " " if any(start <= at < end for start, end in document.unconfirmed) else character
        for at, character in enumerate(document.body)
    )
    blanked = Article(replace(document, body=body), entities, languages)
    if not document.unconfirmed:
        return [(Strength.STRONG, blanked)]
    return [(Strength.STRONG, blanked), (Strength.WEAK, Article(document, entities, languages))]


def judged(
    node: Node, article: Sequence[tuple[Strength, Article]]
) -> tuple[Strength, tuple[Hit, ...]] | None:
    """Strength and hits of a query for an article; None where it does not hold."""
    for strength, text in article:
        if text.holds(node):
            return strength, text.hits(node)
    return None
