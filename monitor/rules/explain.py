"""
Why a rule holds for a document, or does not: its tree with a verdict and a sentence at every node. Pure.

Built on what the judge says of each node. A kind of node that is not known here is explained as one line: its
printed form, whether it holds, and its hits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.rules.globs import has_wildcard
from monitor.rules.lists import source_trees
from monitor.rules.printer import print_query
from monitor.rules.tree import TEXT_FIELDS, And, DocumentTerm, EntityTerm, Exact, Node, Not, Or, Term
from monitor.text.tokens import folded_tokens

if TYPE_CHECKING:
    from monitor.model import Document, Hit, Strength
    from monitor.rules.engine import CompiledRule, Engine
    from monitor.rules.judge import Judge

_NEAR_MISS = 4  # letters a word has before longer words that begin like it are worth naming
_LONGER = 3  # letters that an ending has at most


@dataclass(frozen=True, slots=True)
class NodeVerdict:
    """
    One node of a rule's tree, judged.

    `text` is the node in normal form; `kind` is "all", "any", "not" or "term". `why` says in words why the
    node fails ("" where it holds, but for an unknown language, which passes). `hits` are a term's places.
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
    text, None for a rule of sources alone. `strength` is None where the rule does not hold.
    """

    rule: str
    holds: bool
    strength: Strength | None
    sources: tuple[NodeVerdict, ...]
    wish: NodeVerdict | None

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
        self._engine = engine
        self._judge: Judge = engine.judge(document)
        self._words: tuple[str, ...] | None = None
        self._matches = {match.rule: match for match in engine.match(document)}

    def explain(self, rule: CompiledRule) -> Explained:
        """The rule's verdict with every part of it shown."""
        match = self._matches.get(rule.name)
        return Explained(
            rule=rule.name,
            holds=match is not None,
            strength=match.strength if match else None,
            sources=tuple(self.verdict(source) for source in source_trees(rule.config)),
            wish=self.verdict(rule.wish) if rule.wish is not None else None,
        )

    def verdict(self, node: Node) -> NodeVerdict:
        """A node of a tree of this engine, judged with all its parts."""
        text, holds = print_query(node), self._judge.holds(node)
        if isinstance(node, And | Or):
            children = tuple(self.verdict(child) for child in node.children)
            kind = "all" if isinstance(node, And) else "any"
            why = "" if holds else self._why_not_joined(node, children)
            return NodeVerdict(text, kind, holds, why, children=children)
        if isinstance(node, Not):
            child = self.verdict(node.child)
            return NodeVerdict(text, "not", holds, "" if holds else _there(child), children=(child,))
        hits = self._judge.hits(node) if holds else ()
        why = self._why_passing(node) if holds else self._why_not(node)
        return NodeVerdict(text, "term", holds, why, hits)

    def _why_not_joined(self, node: And | Or, children: tuple[NodeVerdict, ...]) -> str:
        if isinstance(node, And):
            return next(child.why for child in children if not child.holds)
        facts = [child for child in node.children if isinstance(child, DocumentTerm)]
        if len(facts) == len(node.children) and len({fact.field for fact in facts}) == 1:
            return self._fact(facts[0])
        return f"none of its {len(children)} alternatives holds"

    def _why_passing(self, node: Node) -> str:
        if isinstance(node, DocumentTerm) and node.field == "lang" and not self._document.language:
            return "the article's language is not known, which passes"
        return ""

    def _why_not(self, node: Node) -> str:
        if isinstance(node, DocumentTerm):
            return self._fact(node)
        if isinstance(node, Term):
            return self._term(node)
        if isinstance(node, Exact):
            return self._exact(node)
        if isinstance(node, EntityTerm):
            return self._entity(node)
        return "does not hold"

    def _fact(self, node: DocumentTerm) -> str:
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

    def _term(self, node: Term) -> str:
        where = _where(node.scope)
        there = [element in self._judge.present for element in node.elements]
        if len(node.elements) > 1:
            if all(there):
                return f"its words are there, but not as this phrase in {where}"
            missing = [word for word, found in zip(node.elements, there, strict=True) if not found]
            return f"{_quoted(missing)} not in the article"
        if all(there):
            return f"in the article, but not in {where}"
        alike = self._words_like(node.elements[0])
        if alike:
            return f"not in {where}; {_quoted(alike)} is, which {node.elements[0]}* would take"
        return f"not in {where}"

    def _words_like(self, word: str) -> list[str]:
        """Words of the article that begin with `word` and are a little longer: most often its plural."""
        if len(word) < _NEAR_MISS or has_wildcard(word):
            return []
        if self._words is None:
            document = self._document
            text = f"{document.title}\n{document.summary}\n{document.body}"
            self._words = tuple(dict.fromkeys(folded_tokens(text)))
        return [t for t in self._words if t.startswith(word) and 0 < len(t) - len(word) <= _LONGER][:3]

    def _exact(self, node: Exact) -> str:
        where = _where(node.scope)
        if all(token in self._judge.present for token in folded_tokens(node.literal)):
            return f"its words are there, but not spelt exactly so in {where}"
        return f"not in {where}"

    def _entity(self, node: EntityTerm) -> str:
        where = _where(node.scope)
        aliases = self._engine.entities[node.name].aliases
        fields = TEXT_FIELDS if node.scope == "text" else (node.scope,)
        for alias in aliases:
            for field in fields:
                if field in TEXT_FIELDS and self._judge.occurrences(alias.form, field):
                    return f"“{alias.written}” is there, but does not count as @{node.name}: see its entity"
        number = "its name is not" if len(aliases) == 1 else f"none of its {len(aliases)} names is"
        return f"{number} in {where}"


def _where(scope: str) -> str:
    return ", ".join(TEXT_FIELDS) if scope == "text" else scope


def _quoted(words: list[str]) -> str:
    return ", ".join(f"“{word}”" for word in words)


def _there(child: NodeVerdict) -> str:
    """Why a NOT fails: where what must not be there is."""
    hits = _hits(child)
    return f"“{hits[0].text}” is in the {hits[0].field}" if hits else f"{child.text} holds"


def _hits(verdict: NodeVerdict) -> tuple[Hit, ...]:
    """The hits of what holds below a node."""
    return verdict.hits + tuple(hit for child in verdict.children if child.holds for hit in _hits(child))
