"""
What verbs show of secret rules: their public names, unless somebody asks for more.

`--reveal` shows all. A rule whose name was typed is shown on a terminal, to the one who typed it, and not in
a pipe, which may end in a bug report. Where there is no database yet, public names are numbers in the order
of the file.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from monitor.alerts.confidential import HIDDEN, PREFIX, public_name
from monitor.cli import context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from monitor.explaining import Explanation
    from monitor.settings import Config
    from monitor.store.confidential import Kept
    from monitor.store.database import Reader
    from monitor.timeline import Timeline

ASK = "--reveal shows it"


@dataclass(slots=True)
class Veil:
    """
    Secret rules by name with what is shown in their place, and entities that only they ask for.

    `shown` are those that somebody asked to see.
    """

    names: Mapping[str, str] = field(default_factory=dict)
    entities: frozenset[str] = frozenset()
    shown: set[str] = field(default_factory=set)

    def hides(self, rule: str) -> bool:
        """Whether nothing but its public name is shown of a rule."""
        return rule in self.names and rule not in self.shown

    def rule(self, name: str) -> str:
        """A rule's name as it is shown."""
        return self.names[name] if self.hides(name) else name

    def rules(self, names: Iterable[str]) -> list[str]:
        """The same for several."""
        return [self.rule(name) for name in names]

    def hides_entity(self, name: str) -> bool:
        """Whether an entity is hidden: no open rule asks for it, and a hidden one does."""
        return name in self.entities

    def meant(self, typed: str) -> str:
        """The rule meant by who typed its name, or its public one; shown to a person from now on."""
        name = next((rule for rule, public in self.names.items() if public == typed), typed)
        if name in self.names and sys.stdout.isatty():
            self.shown.add(name)
        return name

    def ways(self, found: Explanation) -> Explanation:
        """What is known of an article, without its dealings with hidden rules."""
        return replace(found, rules=tuple(way for way in found.rules if not self.hides(way.rule.name)))

    def timeline(self, story: Timeline) -> Timeline:
        """A story as it would be told if there were no hidden rules."""
        reports = tuple(
            replace(report, told=tuple(t for t in report.told if not all(map(self.hides, t.rules))))
            for report in story.reports
        )
        return replace(story, reports=reports)


def veil() -> Veil:
    """What is hidden by this command; nothing with --reveal, or where no configuration was read."""
    found: Veil | None = context.made.get("veil")
    if found is None:
        found = context.made["veil"] = Veil() if context.given.reveal else _veil_of(_config())
    return found


def hidden_note(number: int) -> str:
    """What is said where rules are left out."""
    return f"{number} confidential {'rule is' if number == 1 else 'rules are'} left out: --reveal shows more"


def left_in(names: Sequence[str], say: Callable[[str], None]) -> list[str]:
    """The rules of these that are shown; what is left out is said."""
    rest = [name for name in names if not veil().hides(name)]
    if len(rest) < len(names):
        say(hidden_note(len(names) - len(rest)))
    return rest


def _config() -> Config | None:
    """The configuration that was read last, as far as it could be."""
    loaded = context.last()
    return loaded.partial if loaded is not None else None


def _veil_of(config: Config | None) -> Veil:
    if config is None:
        return Veil()
    secret = [rule.name for rule in config.rules if rule.secret]
    key, kept = _remembered(config)
    configured = {rule.name for rule in config.rules}
    secret += sorted(kept.secret - configured) if kept else []
    if not secret:
        return Veil()
    from monitor.config.confidential import veil_of

    names = {
        name: public_name(name, key) if key else f"{PREFIX}{number}"
        for number, name in enumerate(secret, start=1)
    }
    return Veil(names, veil_of(config).entities)


def _remembered(config: Config) -> tuple[bytes | None, Kept | None]:
    """The key of public names and what is remembered of rules; None where no database can be read."""
    from monitor.errors import StoreError
    from monitor.store.confidential import kept_rules, key_of
    from monitor.store.database import Reader
    from monitor.store.schema import HEAD, version_of

    if opened := context.opened():  # the one that is read: a broken file does not say where it is
        return key_of(opened), kept_rules(opened)
    reader: Reader | None = None
    try:
        if version_of(config.database) != HEAD:
            return None, None
        reader = Reader(config.database)
        return key_of(reader), kept_rules(reader)
    except (StoreError, OSError, ValueError):
        return None, None
    finally:
        if reader is not None:
            reader.close()


__all__ = ["ASK", "HIDDEN", "Veil", "hidden_note", "left_in", "veil"]
