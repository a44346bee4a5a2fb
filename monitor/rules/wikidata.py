"""
From saved Wikidata answers (`wbgetentities`) to entities, and why each name that was left out was left out.

A name that is no use for matching, or that would ring for something else, is dropped and told: a number, two
letters, a common word, what another entity already answers to. Acronyms become {EXACT}. A name that is a
common word of another of the languages keeps to its own (`Mai:de`); all other names count everywhere.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from monitor.errors import UsageError
from monitor.rules.entities import compile_alias
from monitor.rules.facts import speaks
from monitor.text.folding import SINGLE, classes
from monitor.text.language import is_common
from monitor.text.tokens import folded_tokens

Folded: TypeAlias = tuple[str, ...]
Common: TypeAlias = Callable[[str, Sequence[str]], bool]

_LONGEST = 200  # code points of a name
_FEWEST = 3  # letters of a name that is no acronym
_ACRONYM = 5  # letters of the longest acronym
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Dropped:
    """A name (or, without one, a whole item) that was left out, in which language, and why."""

    item: str
    name: str
    language: str
    reason: str


@dataclass(slots=True)
class Imported:
    """One item as an entity: its name after @, its Wikidata id, aliases as TOML writes them."""

    name: str
    item: str
    label: str
    aliases: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Name:
    """A name of an item as it goes into the file, with the languages that use it."""

    text: str
    languages: list[str]
    only_there: bool = False

    @property
    def written(self) -> str:
        """The alias."""
        return f"{self.text}:{'|'.join(self.languages)}" if self.only_there else self.text


def import_entities(
    data: object,
    *,
    languages: Sequence[str],
    wanted: Collection[str] = (),
    taken: Mapping[Folded, str] | None = None,
    names: Collection[str] = (),
    common: Common = is_common,
) -> tuple[list[Imported], list[Dropped]]:
    """
    The items of an answer as entities, in its order, and everything that was left out.

    `data` is parsed JSON: {"entities": {…}} or one item. `wanted` are item ids, none = all. `taken` maps the
    folded aliases of entities that exist to their names, `names` are the names themselves. Raises UsageError
    if `data` is not of this form, or has not what is wanted.
    """
    items = dict(_items(data))
    missing = [item for item in wanted if item not in items]
    if missing:
        raise UsageError(f"the file has no item {missing[0]}", hint=f"it has: {_some(items)}")
    imported: list[Imported] = []
    dropped: list[Dropped] = []
    answered = dict(taken or {})
    used = set(names)
    for item, table in items.items():
        if wanted and item not in wanted:
            continue
        found = _Item(item, languages, answered, common, dropped)
        entity = found.entity(table, used)
        if entity is None:
            dropped.append(Dropped(item, "", "", found.why_nothing))
            continue
        used.add(entity.name)
        answered.update(dict.fromkeys(found.names, entity.name))
        imported.append(entity)
    return imported, dropped


class _Item:
    """The names of one item, kept or dropped one after the other."""

    def __init__(
        self,
        item: str,
        languages: Sequence[str],
        taken: Mapping[Folded, str],
        common: Common,
        dropped: list[Dropped],
    ) -> None:
        self.item = item
        self.languages = languages
        self.taken = taken
        self.common = common
        self.dropped = dropped
        self.names: dict[Folded, _Name] = {}
        self.why_nothing = "no name in the chosen languages was left"

    def entity(self, table: Mapping[str, Any], used: Collection[str]) -> Imported | None:
        """The item as an entity; None if there is no name to find it by."""
        if "missing" in table:
            self.why_nothing = "Wikidata has no such item"
            return None
        first = ""
        for language, raw in _names(table, self.item):
            if not any(speaks(language, wanted) for wanted in self.languages):
                continue
            text = " ".join(unicodedata.normalize("NFC", raw).split())
            reason = self.take(text, language)
            first = first or text
            if reason:
                self.dropped.append(Dropped(self.item, _shown(text), language, reason))
        if not self.names:
            return None
        label = _label(table) or first
        return Imported(
            _entity_name(label, self.item, used),
            self.item,
            _shown(label),
            [name.written for name in self.names.values()],
        )

    def take(self, text: str, language: str) -> str:
        """Keep a name, or say why not."""
        folded = tuple(folded_tokens(text))
        reason = _no_name(text, folded) or self.of_others(folded, text, language)
        if reason:
            return reason
        acronym = _is_acronym(text)
        name = _Name(f"{{{text}}}" if acronym else text, [language])
        elsewhere = [code for code in self.languages if not speaks(language, code)]
        name.only_there = len(folded) == 1 and self.common(folded[0], elsewhere)
        known = self.names.get(folded)
        if known is not None:
            if known.only_there and language not in known.languages:
                known.languages.append(language)
                return ""
            return "" if known.text == name.text else f"the same as '{_shown(known.text)}' after folding"
        if not _is_read_back(name, folded):
            return "cannot be written as an alias"
        self.names[folded] = name
        return ""

    def of_others(self, folded: Folded, text: str, language: str) -> str:
        """Why a lawful name would ring for something else; "" if it would not."""
        if folded in self.taken:
            return f"already an alias of @{self.taken[folded]}"
        if len(folded) == 1 and not _is_acronym(text) and self.common(folded[0], [language]):
            return f"a common word in '{language}'; write it by hand, with a context"
        return ""


def _no_name(text: str, folded: Folded) -> str:
    """Why a text is no use as a name; "" if it is."""
    letters = [c for c in text if c.isalpha()]
    if len(text) > _LONGEST:
        return f"longer than {_LONGEST} characters"
    if not all(c.isprintable() or unicodedata.category(c) == "Cf" for c in text):
        return "holds control characters"
    if not folded:
        return "no letter or digit"
    if not letters:
        return "only digits"
    few = len(letters) < (2 if SINGLE in classes(text) else _FEWEST)
    return "shorter than three letters" if few and not _is_acronym(text) else ""


def _is_acronym(text: str) -> bool:
    return 2 <= len(text) <= _ACRONYM and text.isalnum() and text.isupper()


def _is_read_back(name: _Name, folded: Folded) -> bool:
    """Whether the alias is read as it was meant: braces and colons in names have a meaning of their own."""
    alias = compile_alias(name.written)
    if alias is None or alias.written != name.text:
        return False
    exact = name.text.startswith("{")
    return tuple(folded_tokens(name.text)) == folded and (
        exact or getattr(alias.form, "elements", ()) == folded
    )


def _items(data: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The items of an answer by id."""
    hint = "save the answer of Special:EntityData/Q….json, or of the API's wbgetentities with format=json"
    if not isinstance(data, dict):
        raise UsageError("expected a JSON object of Wikidata items", hint=hint)
    if "error" in data:
        raise UsageError("the file holds an error that Wikidata answered, and no items", hint=hint)
    items = data.get("entities", {data["id"]: data} if isinstance(data.get("id"), str) else None)
    if not isinstance(items, dict) or not items:
        raise UsageError("the file has no 'entities'", hint=hint)
    for key, table in items.items():
        if not isinstance(table, dict):
            raise UsageError(f"{_shown(key)}: expected an object, found {type(table).__name__}", hint=hint)
        yield key, table


def _names(table: Mapping[str, Any], item: str) -> Iterator[tuple[str, str]]:
    """Every name of an item with its language: labels, then aliases, then titles of Wikipedia's articles."""
    for language, label in _part(table, "labels", item).items():
        yield language, _value(label, "value", f"{item}: labels.{_shown(language)}")
    for language, aliases in _part(table, "aliases", item).items():
        if not isinstance(aliases, list):
            raise UsageError(f"{item}: aliases.{_shown(language)}: expected a list")
        for alias in aliases:
            yield language, _value(alias, "value", f"{item}: aliases.{_shown(language)}")
    for site, link in _part(table, "sitelinks", item).items():
        language = site.removesuffix("wiki").replace("_", "-")
        if site.endswith("wiki") and 2 <= len(language) <= 3:
            title = _value(link, "title", f"{item}: sitelinks.{_shown(site)}")
            yield language, title.partition(" (")[0]  # "Doha (city)": what tells articles apart is no name


def _part(table: Mapping[str, Any], key: str, item: str) -> Mapping[str, Any]:
    part = table.get(key) or {}  # an empty part comes as []
    if not isinstance(part, dict):
        raise UsageError(f"{_shown(item)}: '{key}' must be an object, by language")
    return part


def _value(table: object, key: str, where: str) -> str:
    value = table.get(key) if isinstance(table, dict) else None
    if not isinstance(value, str):
        raise UsageError(f"{where}: expected an object with '{key}'")
    return "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in value)


def _label(table: Mapping[str, Any]) -> str:
    label = (table.get("labels") or {}).get("en")
    return str(label["value"]) if label else ""


def _entity_name(label: str, item: str, used: Collection[str]) -> str:
    """What stands after @: the label where it is Latin, else the id; with the id where the name is taken."""
    words = "-".join(folded_tokens(label))[:_SHOWN].strip("-")
    own = "".join(c for c in item.lower() if c.isascii() and c.isalnum()) or "item"
    name = words if words and words.isascii() else own
    while name in used:
        name = f"{name}-{own}"
    return name


def _shown(text: str) -> str:
    """A text of others for people: one line, printable, not too long."""
    plain = "".join(c if c.isprintable() else "\ufffd" for c in text)
    return plain if len(plain) <= _SHOWN else f"{plain[: _SHOWN - 1]}…"


def _some(items: Collection[str]) -> str:
    first = [_shown(item) for item in list(items)[:5]]
    return ", ".join(first) + (f" and {len(items) - 5} more" if len(items) > 5 else "")
