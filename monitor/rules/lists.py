"""
A rule's table as a query tree.

Either `query`, or the lists any, all and none with a scope; and beside either the sources `lang`, `feeds` and
`tags`, which are ANDed with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.errors import QueryError
from monitor.rules.facts import document_value
from monitor.rules.parser import parse, parse_term
from monitor.rules.problems import RuleProblem
from monitor.rules.tree import SCOPES, DocumentTerm, Node, Not, all_of, any_of, needs_a_term

if TYPE_CHECKING:
    from collections.abc import Collection

    from monitor.settings import RuleConfig


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
        for key, there in (("near", bool(config.near)), ("atleast", config.atleast is not None)):
            if there:
                self.refuse(f"{key}: not in this version", (key,), hint="use all, or a phrase in query")
        scope = config.scope or "text"
        if scope not in SCOPES:
            known = ", ".join(SCOPES)
            message = (
                "scope 'lead': not in this version" if scope == "lead" else f"there is no scope '{scope}'"
            )
            self.refuse(message, ("scope",), hint=f"use one of {known}")
            scope = "text"
        wanted = [*self.terms("all", scope)]
        alternatives = self.terms("any", scope)
        if alternatives:
            wanted.insert(0, any_of(alternatives))
        wanted += [Not(term) for term in self.terms("none", scope)]
        return all_of(wanted) if wanted else None

    def terms(self, key: str, scope: str) -> list[Node]:
        found: list[Node] = []
        texts: tuple[str, ...] = getattr(self.config, key)
        for index, text in enumerate(texts):
            try:
                found.append(parse_term(text, self.entities, scope))
            except QueryError as error:
                self.refuse(error.message, (key, index), hint=error.hint, column=error.column)
        return found

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
