"""`tocsin entities`: the named things that rules ask for as @name, and how to get more of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli import context, output
from monitor.cli.veil import veil
from monitor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.rules.wikidata import Dropped, Imported
    from monitor.settings import EntityConfig

LARGEST = 50_000_000  # bytes of a file of Wikidata items
WIDTH = 110


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    from monitor.cli.app import SETTINGS

    group = typer.Typer(help="The entities: named things with all their spellings.", **SETTINGS)
    group.command("list", epilog="Example: tocsin entities list --pack world georgia")(list_entities)
    group.command("import", epilog="Example: tocsin entities import Q23681.json --lang fr --lang en")(import_)
    app.add_typer(group, name="entities")


def list_entities(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]…", help="These, in full.")] = None,
    pack: Annotated[
        str | None,
        typer.Option("--pack", metavar="NAME", help="Those of this pack, whether or not it is in use."),
    ] = None,
) -> None:
    """List the entities that rules can name, with where they come from; or show some in full."""
    from monitor.cli.words import known

    entities = _entities(pack)
    by_name = {entity.name: entity for entity in entities}
    if names:
        entities = tuple(by_name[known(name.removeprefix("@"), by_name, "entity")] for name in names)
    hidden = [entity for entity in entities if veil().hides_entity(entity.name)]
    if hidden:
        entities = tuple(entity for entity in entities if entity not in hidden)
        output.say(f"{len(hidden)} left out that only confidential rules ask for: --reveal shows all")
    if context.given.json:
        for entity in entities:
            output.emit(_described(entity))
    elif names:
        for entity in entities:
            _show(entity)
    else:
        output.table(
            ("NAME", "SOURCE", "ALIASES", "MASKS", "CONTEXT", "LANGUAGES"),
            [
                (
                    entity.name,
                    _source(entity),
                    len(entity.aliases),
                    len(entity.not_in),
                    "yes" if entity.context else "no",
                    " ".join(_languages(entity)),
                )
                for entity in entities
            ],
            empty='there are no entities: add [entities.NAME] with aliases, or entity_packs = ["world"]',
        )


def import_(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Saved JSON of wbgetentities; - = stdin.")],
    items: Annotated[
        list[str] | None, typer.Option("--id", metavar="Q…", help="Only this item; may be repeated.")
    ] = None,
    languages: Annotated[
        list[str] | None,
        typer.Option("--lang", metavar="fr", help="Names in this language; default: those configured, en."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write here (a new file), not to stdout.")
    ] = None,
) -> None:
    """Turn saved Wikidata items into entities (TOML); tells on stderr which names were left out, and why."""
    from monitor.rules.wikidata import import_entities

    config = context.config_if_any()
    chosen = languages or list(dict.fromkeys((*(config.languages if config else ()), "en")))
    existing = config.entities if config else ()
    try:
        imported, dropped = import_entities(
            _read(file),
            languages=[_language(code) for code in chosen],
            wanted=items or (),
            taken=_taken(existing),
            names=[entity.name for entity in existing],
        )
    except UsageError as error:
        raise UsageError(f"{_named(file)}: {error.message}", hint=error.hint) from None
    for drop in dropped:
        output.say(_drop_line(drop))
    text = _toml(imported)
    if out is not None and imported:
        _write(out, text)
    if context.given.json:
        for entity in imported:
            output.emit(_imported_shape(entity, dropped))
    elif out is None and imported:
        output.out(text.rstrip("\n"))
    aliases = sum(len(entity.aliases) for entity in imported)
    where = f" into {out}" if out is not None and imported else ""
    output.say(f"{len(imported)} entities with {aliases} aliases{where}, {len(dropped)} names left out")
    if not imported:
        raise typer.Exit(1)


def _entities(pack: str | None) -> tuple[EntityConfig, ...]:
    from monitor.cli.words import known
    from monitor.config.packs import PACKS, pack_entities

    if pack is None:
        return context.config().entities
    return pack_entities(known(pack, PACKS, "entity pack"))


def _described(entity: EntityConfig) -> dict[str, Any]:
    return {
        "name": entity.name,
        "source": _source(entity),
        "pack": entity.pack,
        "aliases": list(entity.aliases),
        "languages": _languages(entity),
        "not_in": list(entity.not_in),
        "context": {
            key: list(value) if isinstance(value, tuple) else value for key, value in entity.context.items()
        },
    }


def _show(entity: EntityConfig) -> None:
    output.out(f"{output.colour('@' + entity.name, 'bold')}  {_source(entity)}")
    parts: list[tuple[str, Sequence[str]]] = [("aliases", entity.aliases), ("not in", entity.not_in)]
    for key, value in entity.context.items():
        parts.append((key.replace("_", " "), (str(value),) if isinstance(value, int) else _strings(value)))
    for title, texts in parts:
        for number, line in enumerate(_filled(texts, "; ")):
            output.out(f"  {title if not number else '':12}  {line}")


def _strings(value: object) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)  # type: ignore[arg-type]  # checked on loading


def _source(entity: EntityConfig) -> str:
    if entity.pack:
        return f"pack {entity.pack}"
    return entity.origin.file if entity.origin else "-"


def _languages(entity: EntityConfig) -> list[str]:
    """The languages that aliases are bound to."""
    from monitor.rules.entities import compile_alias

    aliases = [compile_alias(text) for text in entity.aliases]
    return sorted({code for alias in aliases if alias for code in alias.languages})


def _taken(entities: Sequence[EntityConfig]) -> dict[tuple[str, ...], str]:
    """The folded aliases that entities answer to already."""
    from monitor.rules.entities import compile_alias
    from monitor.text.tokens import folded_tokens

    aliases = [(compile_alias(text), entity.name) for entity in entities for text in entity.aliases]
    return {tuple(folded_tokens(alias.written)): name for alias, name in aliases if alias}


def _language(code: str) -> str:
    from monitor.config.checks import language
    from monitor.config.words import WrongValueError

    try:
        return language(code).lower()
    except WrongValueError as wrong:
        raise UsageError(f"--lang {code!r} {wrong.message}", hint=wrong.hint) from None


def _read(file: str) -> object:
    """The JSON of a file or of standard input."""
    try:
        if file == "-":
            content = sys.stdin.buffer.read(LARGEST + 1)
        else:
            with Path(file).open("rb") as opened:
                content = opened.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}") from None
    if len(content) > LARGEST:
        raise UsageError("larger than 50 MB", hint="split it; the API gives at most 50 items at a time")
    try:
        return json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UsageError("not UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise UsageError(f"not JSON: {error.msg} (line {error.lineno}, column {error.colno})") from None
    except (ValueError, RecursionError):
        raise UsageError("not JSON that can be read") from None


def _write(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} exists already, and is left as it is", hint="name a new file") from None
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror}") from None


def _toml(imported: Sequence[Imported]) -> str:
    lines: list[str] = []
    for entity in imported:
        lines += [f"# {entity.item}: {entity.label}", f"[entities.{entity.name}]", "aliases = ["]
        lines += [f"  {line}," for line in _filled(_quoted(entity.aliases))]
        lines += ["]", ""]
    return "\n".join(lines)


def _quoted(texts: Sequence[str]) -> list[str]:
    from monitor.config.tomltext import toml_value

    return [toml_value(text) for text in texts]


def _filled(texts: Sequence[str], between: str = ", ") -> list[str]:
    """The texts in lines that can be read."""
    lines: list[str] = []
    for text in texts:
        if lines and len(lines[-1]) + len(text) + len(between) <= WIDTH:
            lines[-1] += f"{between}{text}"
        else:
            lines.append(text)
    return lines


def _imported_shape(entity: Imported, dropped: Sequence[Dropped]) -> dict[str, Any]:
    return {
        "name": entity.name,
        "id": entity.item,
        "label": entity.label,
        "aliases": entity.aliases,
        "dropped": [
            {"name": drop.name, "language": drop.language, "reason": drop.reason}
            for drop in dropped
            if drop.item == entity.item
        ],
    }


def _drop_line(drop: Dropped) -> str:
    what = f"'{drop.name}' ({drop.language}) left out" if drop.name or drop.language else "left out"
    return f"{output.printable(drop.item)}: {what}: {drop.reason}"


def _named(file: str) -> str:
    return "stdin" if file == "-" else file
