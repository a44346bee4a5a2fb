"""
Entity packs: entities that come with Tocsin, for configurations that name them in `entity_packs`.

A pack is a folder of TOML files in the form of a configuration's own, `rules/packs/NAME/*.toml`. It is read
when it is named and not before, once a process. Tests hold the files to the form; here they are trusted.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.settings import EntityConfig, Origin

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from monitor.settings import Config

PACKS = ("world",)

_FOLDER = Path(__file__).parents[1] / "rules" / "packs"
_NO_ENTITY = re.compile(r"there is no entity '([a-z0-9_-]+)'")
_DID_YOU_MEAN = re.compile(r"did you mean '([a-z0-9_-]+)'\?")


@cache
def pack_entities(pack: str) -> tuple[EntityConfig, ...]:
    """The entities of one of PACKS, in the order of its files."""
    found: list[EntityConfig] = []
    for file in sorted((_FOLDER / pack).glob("*.toml")):
        for name, table in tomllib.loads(file.read_text(encoding="utf-8"))["entities"].items():
            found.append(_entity(name, table, pack, Origin(str(file), ("entities", name))))
    return tuple(found)


def entities_of(packs: Iterable[str], own: Collection[str]) -> list[EntityConfig]:
    """
    The entities that these packs add to a configuration's `own` (by name): whose name is taken stays out.

    What two packs have, the first one gives. Unknown packs give nothing: `references.packs_known` tells.
    """
    taken = set(own)
    found = []
    for pack in packs:
        for entity in pack_entities(pack) if pack in PACKS else ():
            if entity.name not in taken:
                taken.add(entity.name)
                found.append(entity)
    return found


def hint_with_pack(message: str, hint: str, config: Config | None) -> str:
    """
    The hint to a message about an unknown entity, with the pack that it or the nearest name comes from.

    A pack that the configuration does not name, and that has the entity, is the remedy itself. Without any
    configuration (None) that pack is for the one to be written.
    """
    missing = _NO_ENTITY.search(message)
    if missing is None:
        return hint
    for pack in PACKS:
        named = config is not None and pack in config.entity_packs
        if not named and any(entity.name == missing[1] for entity in pack_entities(pack)):
            return f"the pack '{pack}' has it: write entity_packs = [\"{pack}\"] at the top of " + (
                "the main file" if config else "a config.toml"
            )
    near = _DID_YOU_MEAN.fullmatch(hint)
    for entity in config.entities if config and near else ():
        if near and entity.name == near[1] and entity.pack:
            return f"did you mean '{near[1]}', of the pack '{entity.pack}'?"
    return hint


def _entity(name: str, table: Mapping[str, object], pack: str, origin: Origin) -> EntityConfig:
    context = table.get("context", {})
    assert isinstance(context, dict), "the pack's tests have looked"
    return EntityConfig(
        name=name,
        aliases=_texts(table["aliases"]),
        not_in=_texts(table.get("not_in", ())),
        context={key: value if isinstance(value, int) else _texts(value) for key, value in context.items()},
        origin=origin,
        pack=pack,
    )


def _texts(value: object) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)  # type: ignore[arg-type]  # a list of texts
