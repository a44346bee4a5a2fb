"""
Entities: named things with aliases, and the spans in which an alias does not count.

An alias or mask is plain text (a phrase of folded tokens), `{EXACT}`, or either with languages: `OMS:fr|es`
counts only in articles of these languages, and where the language is unknown. Wildcards are plain characters
here, because imported names hold real question marks.

An alias in capitals of up to five letters (OTAN, G7) holds as it stands and capitalised (Otan). Where its
folded form is a common word of a configured language (WHO, US, IT, ICE), it holds only as it stands, and in a
headline all in capitals, where the spelling proves nothing, it is *doubtful*: it counts only with the
entity's context, or beside another hit of an entity.

`context` asks for company: one of `require_any` within `near` words of the alias, in the same field (anywhere
in it, where `near` is left out). `unless` names what makes the company needless.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from monitor.rules.exact import exact_literal
from monitor.rules.facts import document_value
from monitor.rules.printer import print_query
from monitor.rules.problems import RuleProblem
from monitor.rules.tree import Exact, Term
from monitor.text.language import LANGUAGES, is_common
from monitor.text.tokens import folded_tokens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.settings import EntityConfig

_CODE = r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*"
_WITH_LANGUAGES = re.compile(rf"(.*\S):({_CODE}(?:\|{_CODE})*)", re.DOTALL)


_CAPITALS = 5  # letters: a longer word in capitals is no acronym that a common word could be


@dataclass(frozen=True, slots=True)
class Alias:
    """
    One name: what to look for, in which languages (none = all), and how it was written.

    `doubtful`: in a headline all in capitals it may be a common word.
    """

    form: Term | Exact
    languages: tuple[str, ...]
    written: str
    doubtful: bool = False


@dataclass(frozen=True, slots=True)
class Entity:
    """A compiled entity."""

    name: str
    aliases: tuple[Alias, ...]
    masks: tuple[Alias, ...]
    company: tuple[Alias, ...] = ()
    near: int | None = None
    unless: tuple[Alias, ...] = ()

    @property
    def others(self) -> tuple[Alias, ...]:
        """What is looked for beside the aliases."""
        return (*self.masks, *self.company, *self.unless)

    @property
    def is_plain(self) -> bool:
        """Whether an alias that is there is all there is to know."""
        return not (self.masks or self.company or any(a.languages or a.doubtful for a in self.aliases))

    @property
    def normal_form(self) -> str:
        """A stable text of everything that decides where the entity is found."""
        parts = [
            ", ".join(sorted({f"{print_query(a.form)}:{'|'.join(a.languages)}" for a in side}))
            for side in (self.aliases, self.masks, self.company, self.unless)
        ]
        return f"@{self.name} = {' / '.join(parts)} / {self.near}"


def compile_entities(
    configs: Sequence[EntityConfig], languages: Sequence[str] = ()
) -> tuple[dict[str, Entity], tuple[RuleProblem, ...]]:
    """
    All entities by name, and what is wrong with them; a wrong alias is left out, its entity stays.

    `languages` are the configured ones (none = all that have word lists): their common words make acronyms
    doubtful.
    """
    languages = languages or LANGUAGES
    entities: dict[str, Entity] = {}
    problems: list[RuleProblem] = []
    for config in configs:
        context = config.context
        near = context.get("near")
        assert near is None or isinstance(near, int), "the configuration has checked it"
        aliases = _compile_all(config.name, ("aliases",), config.aliases, problems)
        entities[config.name] = Entity(
            config.name,
            tuple(spelt for alias in aliases for spelt in _spellings(alias, languages)),
            _compile_all(config.name, ("not_in",), config.not_in, problems),
            _compile_all(config.name, ("context", "require_any"), _texts(context, "require_any"), problems),
            near,
            _compile_all(config.name, ("context", "unless"), _texts(context, "unless"), problems),
        )
    return entities, tuple(problems)


def _texts(context: Mapping[str, object], key: str) -> Sequence[str]:
    value = context.get(key) or ()
    return [value] if isinstance(value, str) else [str(text) for text in value]  # type: ignore[attr-defined]


def _spellings(alias: Alias, languages: Sequence[str]) -> tuple[Alias, ...]:
    """An acronym as the exact spellings in which it holds; any other alias as it is."""
    exact = isinstance(alias.form, Exact)
    text = alias.form.literal if isinstance(alias.form, Exact) else alias.written
    folded = folded_tokens(text)
    if len(folded) != 1 or not text.isupper() or not text.isalnum() or len(text) > _CAPITALS:
        return (alias,)
    doubtful = is_common(folded[0], alias.languages or languages)
    as_it_stands = replace(alias, form=Exact(exact_literal(text)), doubtful=doubtful)
    if exact or doubtful or len(text) == 1:
        return (as_it_stands,)
    return as_it_stands, replace(alias, form=Exact(exact_literal(text.capitalize())))


def _compile_all(
    name: str, key: tuple[str, ...], texts: Sequence[str], problems: list[RuleProblem]
) -> tuple[Alias, ...]:
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
                    key=(*key, index),
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
    if len(name) > 1 and name[0] == name[-1] == '"':  # as a query would have it
        name = name[1:-1].strip()
    if name.startswith("{") and name.endswith("}"):
        literal = exact_literal(name[1:-1])
        return Alias(Exact(literal), languages, name) if folded_tokens(literal) else None
    elements = tuple(folded_tokens(name))
    return Alias(Term(elements), languages, name) if elements else None
