"""Applying the schema to one parsed file, each table by itself, so that one mistake hides no other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from monitor.config import schema
from monitor.config.mistakes import Mistake, explain, unknown_key
from monitor.config.schema import LISTED, NAMED, PLAIN, SINGLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from monitor.config.words import KeyPath, Problem


@dataclass(slots=True)
class Tables:
    """What of one file has the right form. Lists keep each table's index in the file."""

    include: list[str] = field(default_factory=list)
    entity_packs: list[str] = field(default_factory=list)
    monitor: schema.Monitor = field(default_factory=schema.Monitor)
    polling: schema.Polling = field(default_factory=schema.Polling)
    stories: schema.Stories = field(default_factory=schema.Stories)
    alerts: schema.Alerts = field(default_factory=schema.Alerts)
    pages: schema.Pages = field(default_factory=schema.Pages)
    notices: schema.Notices | None = None
    log: schema.Log = field(default_factory=schema.Log)
    metrics: schema.Metrics = field(default_factory=schema.Metrics)
    deadman: schema.Deadman | None = None
    canary: schema.Canary | None = None
    feeds: list[tuple[int, schema.Feed]] = field(default_factory=list)
    opml: list[tuple[int, schema.Opml]] = field(default_factory=list)
    rules: list[tuple[int, schema.Rule]] = field(default_factory=list)
    routes: list[tuple[int, schema.Route]] = field(default_factory=list)
    entities: dict[str, schema.Entity] = field(default_factory=dict)
    channels: dict[str, schema.Channel] = field(default_factory=dict)
    quiet_hours: dict[str, schema.Quiet] = field(default_factory=dict)


def validate(data: Mapping[str, Any], file: str) -> tuple[Tables, list[Problem]]:
    """The tables of one parsed file that have the right form, and every mistake of form in it."""
    reading = _Reading(file)
    for key, value in data.items():
        if key in PLAIN:
            reading.plain(key, value)
        elif key in SINGLE:
            reading.single(key, value)
        elif key in LISTED:
            reading.listed(key, value)
        elif key in NAMED:
            reading.named(key, value)
        else:
            reading.problems.append(unknown_key((key,), file, keys_of))
    return reading.tables, reading.problems


class _Reading:
    """One file on its way from data to tables."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.tables = Tables()
        self.problems: list[Problem] = []

    def plain(self, key: str, value: object) -> None:
        found, mistakes = schema.read_texts(value, (key,))
        self._tell(mistakes)
        if found is not None:
            setattr(self.tables, key, found)

    def single(self, key: str, value: object) -> None:
        found, mistakes = schema.read_table(SINGLE[key], value, (key,))
        self._tell(mistakes, value)
        if found is not None:
            setattr(self.tables, key, found)

    def listed(self, key: str, value: object) -> None:
        if not isinstance(value, list):
            self._tell([Mistake((key,), "list_type", value)])
            return
        taken = getattr(self.tables, key)
        for i, item in enumerate(value):
            found, mistakes = schema.read_table(LISTED[key], item, (key, i))
            self._tell(mistakes, item)
            if found is not None:
                taken.append((i, found))

    def named(self, key: str, value: object) -> None:
        if not isinstance(value, dict):
            self._tell([Mistake((key,), "dict_type", value)])
            return
        for name, item in value.items():
            wrong = schema.wrong_name(key, name)
            found, mistakes = schema.read_table(NAMED[key], item, (key, name))
            self._tell([*wrong, *mistakes], item)
            if found is not None and not wrong:
                getattr(self.tables, key)[name] = found

    def _tell(self, mistakes: Iterable[Mistake], table: object = None) -> None:
        self.problems += [explain(mistake, self.file, keys_of, table) for mistake in mistakes]


def keys_of(path: KeyPath) -> dict[str, Any]:
    """The keys the table at `path` may hold; nothing where it is not a table."""
    if not path:
        return dict.fromkeys((*PLAIN, *SINGLE, *LISTED, *NAMED))
    first, *rest = path
    if first in NAMED:
        if not rest:
            return {}
        rest = rest[1:]
    model: Any = {**SINGLE, **LISTED, **NAMED}.get(str(first))
    for part in rest:
        if not isinstance(part, int):
            model = schema.fields_of(model).get(part)
    return schema.fields_of(model)
