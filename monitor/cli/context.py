"""
What every verb may be told: --config, --json, --debug, --reveal, --database, --log-level.

They are taken out of the arguments before the verbs are parsed, so each may stand anywhere on the line.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from monitor.config.load import Loaded
    from monitor.settings import Config
    from monitor.store.database import Reader

_WITH_VALUE = {"--config": "config", "-c": "config", "--database": "database", "--log-level": "log_level"}
_FLAGS = {"--json": "json", "--debug": "debug", "--reveal": "reveal"}


@dataclass(slots=True)
class Context:
    """The options common to all verbs, as given."""

    config: str | None = None
    database: str | None = None
    log_level: str | None = None
    json: bool = False
    debug: bool = False
    reveal: bool = False


given = Context()
_loaded: list[Loaded] = []
_open: list[Reader] = []
made: dict[str, Any] = {}  # what modules remember for this command line


def take(arguments: list[str]) -> list[str]:
    """Note the common options in `given`; returns the other arguments."""
    _loaded.clear()
    made.clear()
    rest: list[str] = []
    queue = list(arguments)
    while queue:
        argument = queue.pop(0)
        name, sign, value = argument.partition("=")
        if argument == "--":
            return [*rest, argument, *queue]
        if argument in _FLAGS:
            setattr(given, _FLAGS[argument], True)
        elif name in _WITH_VALUE and sign:
            setattr(given, _WITH_VALUE[name], value)
        elif argument in _WITH_VALUE:
            if not queue:
                raise UsageError(f"{argument} needs a value", hint=f"for example: {argument} config.toml")
            setattr(given, _WITH_VALUE[argument], queue.pop(0))
        else:
            rest.append(argument)
    return rest


def config_path() -> Path:
    """The configuration file in use; UsageError if there is none."""
    from monitor.config.load import find_config

    return find_config(given.config, os.environ, Path.cwd())


def load(*, strict: bool = True, path: Path | None = None) -> Loaded:
    """Read the configuration, or the one at `path`; `strict=False` lets verbs work that need no secrets."""
    from monitor.config.load import Overrides, load_config

    overrides = Overrides(given.database, given.log_level)
    loaded = load_config(
        path or config_path(), env=os.environ, overrides=overrides, strict_secrets=strict, reveal=given.reveal
    )
    _loaded[:] = [loaded]
    return loaded


def last() -> Loaded | None:
    """What was read last; None where nothing was."""
    return _loaded[0] if _loaded else None


def hide_secrets() -> None:
    """Register the secrets of what was loaded, before an output that could hold anything: a traceback."""
    from monitor.service.hush import hush

    for loaded in _loaded:
        if loaded.partial is not None:
            hush(loaded.partial, veil=loaded.veil)


def config(*, strict: bool = False) -> Config:
    """The configuration, or ConfigError with all that is wrong; warnings are left to `check`."""
    from monitor.config.load import require

    return require(load(strict=strict))


def config_if_any() -> Config | None:
    """The configuration where one is found and lawful, for verbs that can do without."""
    try:
        return config()
    except (UsageError, ConfigError):
        if given.config is not None:
            raise
        return None


def reader(path: Path | None = None) -> Reader:
    """A reader of the configured database, or of this one; StoreError with a remedy if there is none yet."""
    from monitor.store.database import Reader
    from monitor.store.schema import HEAD, version_of

    path = path or config().database
    version = version_of(path)
    if version is not None and version != HEAD:
        from monitor.errors import StoreError

        raise StoreError(
            f"{path} has schema {version}, this version needs {HEAD}",
            hint="run `tocsin db migrate`"
            if version < HEAD
            else "it was written by a newer Tocsin: use that one",
        )
    opened = Reader(path)
    _open.append(opened)
    return opened


def opened() -> Reader | None:
    """The database that this command reads, where it has opened one."""
    return _open[-1] if _open else None


def close() -> None:
    """Close the readers that verbs opened, also those of verbs that ended early."""
    while _open:
        _open.pop().close()


def interactive() -> bool:
    """Whether a person is looking at standard output."""
    return sys.stdout.isatty()
