"""
Why a rule holds for a document, or does not: its tree with a verdict and a sentence at every node. Pure.

Built on what the judge says of each node; misses.py says why a part fails, and what came nearest to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.model import Strength
from monitor.rules.binding import as_written
from monitor.rules.engine import confirmed
from monitor.rules.lists import source_trees
from monitor.rules.misses import Misses
from monitor.rules.printer import print_query
from monitor.rules.tree import And, AtLeast, DocumentTerm, Near, Node, Not, Or

if TYPE_CHECKING:
    from monitor.model import Document, Hit
    from monitor.rules.engine import CompiledRule, Engine


@dataclass(frozen=True, slots=True)
class NodeVerdict:
    """
    One node of a rule's tree, judged.

    `text` is the node in normal form; `kind` is "all", "any", "not", "near", "count" or "term". `why` says in
    words why the node fails ("" where it holds, but for an unknown language, which passes). `hits` are the
    places of a term, or of the parts of a NEAR or count.
    """

    text: str
    kind: str
    holds: bool
    why: str = ""
    hits: tuple[Hit, ...] = ()
    children: tuple[NodeVerdict, ...] = ()

    def first_failure(self) -> NodeVerdict | None:
        """The first part that keeps this one from holding; an OR fails as a whole."""
        if self.holds:
            return None
        if self.kind == "all":
            return next(part for child in self.children if (part := child.first_failure()) is not None)
        return self


@dataclass(frozen=True, slots=True)
class Explained:
    """
    A rule's verdict on a document, part by part.

    `sources` are what its lang, feeds and tags ask of the article's source; `wish` is what it asks of the
    text, None for a rule of sources alone. `strength` is None where the rule does not hold; of a weak match,
    `weak` says what fails without the unconfirmed lines.
    """

    rule: str
    holds: bool
    strength: Strength | None
    sources: tuple[NodeVerdict, ...]
    wish: NodeVerdict | None
    weak: str = ""

    @property
    def wrong_source(self) -> NodeVerdict | None:
        """The first of the sources asked for that the article does not come from."""
        return next((source for source in self.sources if not source.holds), None)

    @property
    def failed(self) -> NodeVerdict | None:
        """The first part that keeps the rule from holding: a source, else a part of the text's tree."""
        return self.wrong_source or (self.wish.first_failure() if self.wish else None)


def explain(rule: CompiledRule, document: Document, engine: Engine) -> Explained:
    """The rule, which must be one of the engine's, judged on the document with every part of it shown."""
    return Explainer(engine, document).explain(rule)


class Explainer:
    """Explains the rules of an engine on one document, with the work that they share done once."""

    def __init__(self, engine: Engine, document: Document) -> None:
        self._document = document
        self._matches = {match.rule: match for match in engine.match(document)}
        self._whole = _Reader(engine, document)
        # What is not confirmed may break a rule that holds without it, so a strong match is shown without it.
        doubtful = document.unconfirmed or document.doubtful
        self._confirmed = _Reader(engine, confirmed(document)) if doubtful else self._whole

    def explain(self, rule: CompiledRule) -> Explained:
        """The rule's verdict with every part of it shown."""
        match = self._matches.get(rule.name)
        strength = match.strength if match else None
        reader = self._confirmed if strength is Strength.STRONG else self._whole
        wish = reader.verdict(rule.wish) if rule.wish is not None else None
        weak = ""
        if strength is Strength.WEAK and rule.wish is not None:
            missed = self._confirmed.verdict(rule.wish).first_failure()
            weak = f"{missed.text}: {missed.why}" if missed else ""
        return Explained(
            rule=rule.name,
            holds=match is not None,
            strength=strength,
            sources=tuple(reader.verdict(source) for source in source_trees(rule.config)),
            wish=wish,
            weak=weak,
        )

    def verdict(self, node: Node) -> NodeVerdict:
        """A node of a tree of this engine, judged on the whole of the document with all its parts."""
        return self._whole.verdict(node)


class _Reader:
    """Judges the nodes of trees on one text of a document."""

    def __init__(self, engine: Engine, document: Document) -> None:
        self._document = document
        self._judge = engine.judge(document)
        self._misses = Misses(self._judge, engine.entities)

    def verdict(self, node: Node) -> NodeVerdict:
        text, holds = print_query(as_written(node)), self._judge.holds(node)
        if isinstance(node, And | Or):
            children = tuple(self.verdict(child) for child in node.children)
            kind = "all" if isinstance(node, And) else "any"
            why = "" if holds else self._why_not_joined(node, children)
            return NodeVerdict(text, kind, holds, why, children=children)
        if isinstance(node, Not):
            child = self.verdict(node.child)
            return NodeVerdict(text, "not", holds, "" if holds else _there(child), children=(child,))
        kind = "near" if isinstance(node, Near) else "count" if isinstance(node, AtLeast) else "term"
        hits = self._judge.hits(node) if holds else ()
        why = self._why_passing(node) if holds else self._misses.why_not(node)
        return NodeVerdict(text, kind, holds, why, hits)

    def _why_not_joined(self, node: And | Or, children: tuple[NodeVerdict, ...]) -> str:
        if isinstance(node, And):
            return next(child.why for child in children if not child.holds)
        facts = [child for child in node.children if isinstance(child, DocumentTerm)]
        if len(facts) == len(node.children) and len({fact.field for fact in facts}) == 1:
            return self._misses.fact(facts[0])
        return f"none of its {len(children)} alternatives holds"

    def _why_passing(self, node: Node) -> str:
        if isinstance(node, DocumentTerm) and node.field == "lang" and not self._document.language:
            return "the article's language is not known, which passes"
        return ""


def _there(child: NodeVerdict) -> str:
    """Why a NOT fails: where what must not be there is."""
    hits = _hits(child)
    return f"“{hits[0].text}” is in the {hits[0].field}" if hits else f"{child.text} holds"


def _hits(verdict: NodeVerdict) -> tuple[Hit, ...]:
    """The hits of what holds below a node."""
    return verdict.hits + tuple(hit for child in verdict.children if child.holds for hit in _hits(child))
