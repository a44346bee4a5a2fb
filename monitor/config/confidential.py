"""
What must not be said of secret rules: their names, their terms and tests, entities that only they ask for.

Messages about a configuration go to terminals, logs, bug reports and, where a reload is refused, to channels.
So they are made without what a secret rule asks for, from the tables as they stand in the files: also where a
mistake in a rule keeps it from being read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from monitor.alerts.confidential import LEAST_LETTERS, MASK, SOME_RULE, masked, spaced, words_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from monitor.config.words import KeyPath, Problem
    from monitor.settings import Config, EntityConfig, RuleConfig

REVEAL = "tocsin check --reveal shows all of it"
_HARMLESS_KEYS = frozenset(
    ("name", "severity", "weak", "updates", "budget", "secret", "allow_channels", "enabled", "scope", "lang")
)
_NO_TERMS = frozenset(
    (
        *("and", "or", "not", "near", "onear", "atleast"),
        *("title", "summary", "body", "text", "lead", "start"),
        *("feed", "tag", "lang", "category", "source", "author"),
    )
)
_ENTITY = re.compile(r"(?<![\w.])@([\w-]+)")
_NAMED = re.compile(r"\brule ['“]([^'”]+)['”]")
_QUOTED = re.compile(r"(?<!\w)['\"“\u2018«`(].*['\"”\u2019»`)](?!\w)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Asked:
    """A rule as far as this goes; its examples are quoted only where all that is quoted is left out."""

    name: str
    secret: bool
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Veil:
    """
    The names of secret rules, the entities that only they ask for, and the words of both.

    Entities that no rule asks for are taken for theirs. Words that stand in the open as well (in an open
    rule, or as a name of a feed or a channel) are not among these. `tables` are the places of those rules and
    entities: (file, "rules", 3), (file, "entities", name).
    """

    rules: frozenset[str] = frozenset()
    entities: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    tables: frozenset[tuple[str, str, str | int]] = frozenset()

    def covers(self, file: str, path: KeyPath) -> bool:
        """Whether a place in a file belongs to a secret rule, or to an entity of secret rules alone."""
        return len(path) > 1 and (file, str(path[0]), path[1]) in self.tables

    def said(self, text: str, *, inside: bool) -> str:
        """A message without names; of something that stands `inside` such a table without its words, too."""
        text = _NAMED.sub(lambda found: SOME_RULE if found[1] in self.rules else found[0], text)
        rules = dict.fromkeys(map(str.casefold, self.rules), SOME_RULE)
        hidden = dict.fromkeys(map(str.casefold, self.entities), MASK) | rules
        text = masked(text, hidden, spaced(hidden))
        if inside:
            text = _QUOTED.sub("…", text)
            text = masked(text, dict.fromkeys(self.words, "…"), {})
        return text

    def problem(self, problem: Problem) -> Problem:
        """A mistake of the configuration as it may be told anybody."""
        inside = self.covers(problem.file, problem.path)
        # A name that is not there may be that of a secret rule, as it was called before, or misspelt.
        unknown = bool(self.rules) and problem.code in ("unknown_rule", "unknown_entity")
        inside = inside or unknown
        hint = self.said(problem.hint, inside=inside)
        if inside:
            hint = f"{hint}; {REVEAL}" if hint else REVEAL
        return replace(problem, message=self.said(problem.message, inside=inside), hint=hint)


def veil_of(config: Config) -> Veil:
    """What must not be said of a configuration that was read."""
    if not any(rule.secret for rule in config.rules):
        return Veil()
    rules = [_asked(rule) for rule in config.rules]
    entities = {entity.name: _aliases(entity) for entity in config.entities}
    names = [feed.name for feed in config.feeds] + [channel.name for channel in config.channels]
    names += [tag for feed in config.feeds for tag in feed.tags]
    own = {entity.name for entity in config.entities if entity.pack is None}
    made = _veil(rules, entities, own, names)
    tables = {
        (rule.origin.file, "rules", rule.origin.path[1])
        for rule in config.rules
        if rule.secret and rule.origin is not None
    }
    tables |= {
        (entity.origin.file, "entities", entity.name)
        for entity in config.entities
        if entity.name in made.entities and entity.origin is not None
    }
    return replace(made, tables=frozenset(tables))


def veil_of_tables(files: Sequence[tuple[str, Mapping[str, Any]]]) -> Veil:
    """The same of files as they were parsed, whatever is wrong in them."""
    if not any(
        table and _is_secret(table) for _, data in files for table in _list_of_tables(data.get("rules"))
    ):
        return Veil()
    rules: list[Asked] = []
    secret_tables: set[tuple[str, str, str | int]] = set()
    entities: dict[str, tuple[str, ...]] = {}
    homes: dict[str, str] = {}
    names: list[str] = []
    for file, data in files:
        for index, table in enumerate(_list_of_tables(data.get("rules"))):
            if table is None:
                continue
            secret = _is_secret(table)
            asked = {k: v for k, v in table.items() if k not in _HARMLESS_KEYS and k != "tests"}
            rules.append(Asked(str(table.get("name", "")), secret, tuple(_strings(asked))))
            if secret:
                secret_tables.add((file, "rules", index))
        named = data.get("entities")
        for name, table in named.items() if isinstance(named, dict) else ():
            entities[name] = tuple(_strings(table))
            homes[name] = file
        channels = data.get("channels")
        names += list(channels) if isinstance(channels, dict) else []
        for feed in _list_of_tables(data.get("feeds")):
            names += [str(feed.get("name", "")), *_strings(feed.get("tags"))] if feed else []
    made = _veil(rules, entities, entities.keys(), names)
    secret_tables |= {(homes[name], "entities", name) for name in made.entities if name in homes}
    return replace(made, tables=frozenset(secret_tables))


def words_of(text: str) -> Iterator[str]:
    """The words of a rule's text that may be terms, folded: long enough, and no operator or field."""
    for word in words_in(text):
        if word not in _NO_TERMS and sum(map(str.isalnum, word)) >= LEAST_LETTERS:
            yield word


def _veil(
    rules: Sequence[Asked], entities: Mapping[str, Sequence[str]], own: Collection[str], names: Iterable[str]
) -> Veil:
    secret, rest = [r for r in rules if r.secret], [r for r in rules if not r.secret]
    openly = {name for rule in rest for text in rule.texts for name in _ENTITY.findall(text)}
    sealed = {name for rule in secret for text in rule.texts for name in _ENTITY.findall(text)} - openly
    # One that nobody asks for was written for a rule that is being changed: it may be a secret one.
    sealed |= set(own) - openly
    found = {word for rule in secret for text in rule.texts for word in words_of(text)}
    found |= {word for name in sealed for text in (name, *entities.get(name, ())) for word in words_of(text)}
    texts = (
        *names,
        *openly,
        *(alias for name in openly for alias in entities.get(name, ())),
        *(text for rule in rest for text in (rule.name, *rule.texts)),
    )
    for text in texts:  # thousands of open rules may stand beside a secret one: this is all that is done
        found.difference_update(words_in(text))
    return Veil(frozenset(rule.name for rule in secret if rule.name), frozenset(sealed), frozenset(found))


def _asked(rule: RuleConfig) -> Asked:
    texts = [*([rule.query] if rule.query else []), *rule.any, *rule.all, *rule.none, *rule.feeds, *rule.tags]
    texts += [text for near in rule.near for key in ("a", "b") for text in _strings(near.get(key))]
    texts += _strings(rule.atleast.get("of")) if rule.atleast else []
    return Asked(rule.name, rule.secret, tuple(texts))


def _aliases(entity: EntityConfig) -> tuple[str, ...]:
    return (*entity.aliases, *entity.not_in, *_strings(dict(entity.context)))


def _is_secret(table: Mapping[str, Any]) -> bool:
    """Whether a rule's table says so; a wrong value was meant to say yes."""
    return table.get("secret", False) is not False


def _list_of_tables(value: object) -> list[dict[str, Any] | None]:
    if not isinstance(value, list):
        return []
    return [item if isinstance(item, dict) else None for item in value]


def _strings(value: object) -> list[str]:
    """All texts in a value of TOML, however deep."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return [text for item in value.values() for text in _strings(item)]
    if isinstance(value, (list, tuple)):
        return [text for item in value for text in _strings(item)]
    return []
