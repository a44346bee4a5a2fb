"""
A rule's table as a query tree.

Either `query`, or the lists any, all, none, near and atleast with a scope; and beside either the sources
`lang`, `feeds` and `tags`, which are ANDed with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.errors import QueryError
from monitor.rules.facts import document_value
from monitor.rules.parser import parse, parse_term
from monitor.rules.problems import RuleProblem
from monitor.rules.tree import (
    NEAR_WORDS,
    SCOPES,
    AtLeast,
    DocumentTerm,
    Near,
    Node,
    Not,
    TextTerm,
    all_of,
    any_of,
    needs_a_term,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from monitor.settings import RuleConfig


def _texts(value: object) -> list[str]:
    """One text, or a list of texts, as a list."""
    return [value] if isinstance(value, str) else [str(text) for text in value]  # type: ignore[attr-defined]


class _Builder:
    def __init__(self, config: RuleConfig, entities: Collection[str]) -> None:
        self.config = config
        self.entities = entities
        self.problems: list[RuleProblem] = []

    def refuse(
        self, message: str, key: tuple[str | int, ...], *, hint: str, column: int | None = None
    ) -> None:
        name = self.config.name
        self.problems.append(RuleProblem(name, f"rule '{name}': {message}", column, hint, key=key))

    def wish(self) -> Node | None:
        """What the rule asks of the text: its query or its lists; None if it names sources alone."""
        config = self.config
        if config.query is None:
            return self.lists()
        for key in ("any", "all", "none", "near", "atleast", "scope"):
            if getattr(config, key):
                self.refuse(
                    f"query may not stand beside {key}", (key,), hint=f"write {key} as part of the query"
                )
        try:
            return parse(config.query, self.entities)
        except QueryError as error:
            self.refuse(error.message, ("query",), hint=error.hint, column=error.column)
            return None

    def lists(self) -> Node | None:
        config = self.config
        scope = config.scope or "text"
        if scope not in SCOPES:
            self.refuse(f"there is no scope '{scope}'", ("scope",), hint=f"use one of {', '.join(SCOPES)}")
            scope = "text"
        wanted = [*self.terms("all", scope)]
        alternatives = self.terms("any", scope)
        if alternatives:
            wanted.insert(0, any_of(alternatives))
        wanted += self.pairs(scope)
        wanted += self.counted(scope)
        wanted += [Not(term) for term in self.terms("none", scope)]
        return all_of(wanted) if wanted else None

    def pairs(self, scope: str) -> list[Node]:
        """Each table of `near` as a NEAR of two OR-groups."""
        found: list[Node] = []
        for index, table in enumerate(self.config.near):
            sides = []
            for key in ("a", "b"):
                at = ("near", index, key)
                sides.append([self.term(text, at, scope) for text in _texts(table[key])])
            if not self.same_scope([term for side in sides for term in side], ("near", index), scope):
                continue
            left, right = ([term for term in side if term is not None] for side in sides)
            if left and right:
                within, ordered = table.get("within", NEAR_WORDS), table.get("ordered", False)
                assert isinstance(within, int), "the configuration has checked it"
                found.append(Near(any_of(left), any_of(right), within, ordered=bool(ordered)))
        return found

    def counted(self, scope: str) -> list[Node]:
        """The table `atleast` as a count."""
        table = self.config.atleast
        if table is None:
            return []
        terms = [self.term(text, ("atleast", "of"), scope) for text in _texts(table["of"])]
        if not self.same_scope(terms, ("atleast",), scope) or not terms or None in terms:
            return []
        count = table["count"]
        assert isinstance(count, int), "the configuration has checked it"
        return [AtLeast(count, tuple(term for term in terms if isinstance(term, TextTerm)))]

    def same_scope(self, terms: Sequence[Node | None], key: tuple[str | int, ...], scope: str) -> bool:
        """Whether all terms stand in the rule's scope: places in different fields are never near."""
        for term in terms:
            if term is not None and (isinstance(term, DocumentTerm) or getattr(term, "scope", "") != scope):
                field = term.field if isinstance(term, DocumentTerm) else getattr(term, "scope", "")
                self.refuse(
                    f"the field {field}: cannot stand in {key[0]}",
                    key,
                    hint="take the field out, and set scope for the whole rule",
                )
                return False
        return True

    def terms(self, key: str, scope: str) -> list[Node]:
        texts: tuple[str, ...] = getattr(self.config, key)
        found = [self.term(text, (key, index), scope) for index, text in enumerate(texts)]
        return [term for term in found if term is not None]

    def term(self, text: str, key: tuple[str | int, ...], scope: str) -> Node | None:
        try:
            return parse_term(text, self.entities, scope)
        except QueryError as error:
            self.refuse(error.message, key, hint=error.hint, column=error.column)
            return None

    def sources(self) -> list[Node]:
        """The document terms of `lang`, `feeds` and `tags`: values in one key are OR."""
        groups: list[Node] = []
        for key, field in (("lang", "lang"), ("feeds", "feed"), ("tags", "tag")):
            values = [document_value(text) for text in getattr(self.config, key)]
            if not all(values):
                self.refuse("an empty string", (key, values.index("")), hint="write a name, or remove it")
            elif values:
                groups.append(any_of([DocumentTerm(field, value) for value in values]))
        return groups


def rule_trees(
    config: RuleConfig, entities: Collection[str]
) -> tuple[Node | None, Node | None, tuple[RuleProblem, ...]]:
    """
    The whole tree of a rule, its tree without the sources, and what is wrong with it.

    The whole tree is None if there is an error; the second is None also for a rule of sources alone.
    """
    builder = _Builder(config, entities)
    wish = builder.wish()
    parts = ([wish] if wish else []) + builder.sources()
    if not builder.problems and not parts:
        builder.refuse("it asks for nothing", (), hint="write query, any, all, or name feeds, tags or lang")
    elif not builder.problems and not needs_a_term(all_of(parts)):
        builder.refuse(
            "it matches everything: none alone asks for no term",
            ("none",),
            hint="add any, all, feeds or tags",
        )
    if builder.problems:
        return None, None, tuple(builder.problems)
    return all_of(parts), wish, ()


def source_trees(config: RuleConfig) -> tuple[Node, ...]:
    """What a rule without errors asks of the source alone: a tree each for its `lang`, `feeds` and `tags`."""
    return tuple(_Builder(config, ()).sources())
