"""
Entities: named things with aliases, and the spans in which an alias does not count.

An alias or mask is plain text (a phrase of folded tokens), `{EXACT}`, or either with languages: `OMS:fr|es`
counts only in articles of these languages, and where the language is unknown. Wildcards are plain characters
here, because imported names hold real question marks.

Not in this version: `context` (an entity that has one is used without it, and a warning says so), and the
rules for all-capital aliases and all-capital headlines; write `{WHO}` to be exact.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.rules.exact import exact_literal
from monitor.rules.facts import document_value
from monitor.rules.printer import print_query
from monitor.rules.problems import RuleProblem
from monitor.rules.tree import Exact, Term
from monitor.text.tokens import folded_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.settings import EntityConfig

_CODE = r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*"
_WITH_LANGUAGES = re.compile(rf"(.*\S):({_CODE}(?:\|{_CODE})*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Alias:
    """One name: what to look for, in which languages (none = all), and how it was written."""

    form: Term | Exact
    languages: tuple[str, ...]
    written: str


@dataclass(frozen=True, slots=True)
class Entity:
    """A compiled entity."""

    name: str
    aliases: tuple[Alias, ...]
    masks: tuple[Alias, ...]

    @property
    def normal_form(self) -> str:
        """A stable text of everything that decides where the entity is found."""
        aliases, masks = (
            sorted({f"{print_query(a.form)}:{'|'.join(a.languages)}" for a in side})
            for side in (self.aliases, self.masks)
        )
        return f"@{self.name} = {', '.join(aliases)} not in {', '.join(masks)}"


def compile_entities(
    configs: Sequence[EntityConfig],
) -> tuple[dict[str, Entity], tuple[RuleProblem, ...]]:
    """All entities by name, and what is wrong with them; a wrong alias is left out, its entity stays."""
    entities: dict[str, Entity] = {}
    problems: list[RuleProblem] = []
    for config in configs:
        aliases = _compile_all(config.name, "aliases", config.aliases, problems)
        masks = _compile_all(config.name, "not_in", config.not_in, problems)
        entities[config.name] = Entity(config.name, aliases, masks)
        if config.context:
            problems.append(
                RuleProblem(
                    rule="",
                    entity=config.name,
                    message=f"entity '{config.name}': context is not in this version and is not used",
                    hint="until then, join the entity and its company in the rule: @name AND (a OR b)",
                    level="warning",
                    key=("context",),
                )
            )
    return entities, tuple(problems)


def _compile_all(name: str, key: str, texts: Sequence[str], problems: list[RuleProblem]) -> tuple[Alias, ...]:
    compiled: list[Alias] = []
    for index, text in enumerate(texts):
        alias = compile_alias(text)
        message = hint = ""
        if alias is None:
            message, hint = f"{text!r} holds no letter or digit", "write a name, or remove it"
        elif "*" in text and isinstance(alias.form, Term):
            message, hint = f"the * in {text!r} is not a wildcard here", "write each form as an alias"
        if alias is not None:
            compiled.append(alias)
        if message:
            problems.append(
                RuleProblem(
                    rule="",
                    entity=name,
                    message=f"entity '{name}': {message}",
                    hint=hint,
                    level="error" if alias is None else "warning",
                    key=(key, index),
                )
            )
    return tuple(compiled)


def compile_alias(text: str) -> Alias | None:
    """The alias that a string stands for; None if it holds no token."""
    languages: tuple[str, ...] = ()
    found = _WITH_LANGUAGES.fullmatch(text.strip())
    name = text.strip()
    if found:
        name = found.group(1)
        languages = tuple(document_value(code) for code in found.group(2).split("|"))
    if name.startswith("{") and name.endswith("}"):
        literal = exact_literal(name[1:-1])
        return Alias(Exact(literal), languages, name) if folded_tokens(literal) else None
    elements = tuple(folded_tokens(name))
    return Alias(Term(elements), languages, name) if elements else None
