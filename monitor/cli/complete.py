"""
What the shell offers for a name: feeds, rules and channels of the configuration in use.

A shell asks while somebody types, so nothing here may fail or print: without a configuration nothing is
offered. A --config that stands on the line already is kept to. Confidential rules are not offered.
"""

from __future__ import annotations

import shlex
from contextlib import suppress
from typing import TYPE_CHECKING

from monitor.cli import context

if TYPE_CHECKING:
    from collections.abc import Iterable, MutableMapping

    from monitor.settings import Config


ASKED = "_TOCSIN_COMPLETE"  # set by the shell's script when it asks
_LINE = "_TYPER_COMPLETE_ARGS"  # zsh and fish hand over the line, bash its words


def prepare(env: MutableMapping[str, str]) -> None:
    """Take the common options out of the line a shell asks about, as they are taken out of one that runs."""
    with suppress(Exception):  # a half-typed line: it is completed as it is
        if "COMP_WORDS" in env:
            words, at = env["COMP_WORDS"].split("\n"), int(env["COMP_CWORD"])
            before = context.take(words[1:at])
            env["COMP_WORDS"] = "\n".join([words[0], *before, *words[at:]])
            env["COMP_CWORD"] = str(1 + len(before))
        elif _LINE in env:
            line = env[_LINE]
            typed = "" if line.endswith(" ") else line.split(" ")[-1]
            before = context.take(shlex.split(line.removesuffix(typed))[1:])
            env[_LINE] = " ".join(["tocsin", *map(shlex.quote, before), typed])


def feeds(incomplete: str) -> list[str]:
    """Names of feeds that begin so."""
    config = _config()
    return _beginning(incomplete, (feed.name for feed in config.feeds) if config else ())


def rules(incomplete: str) -> list[str]:
    """Names of rules that begin so."""
    config = _config()
    return _beginning(incomplete, (rule.name for rule in config.rules if not rule.secret) if config else ())


def channels(incomplete: str) -> list[str]:
    """Names of channels that begin so."""
    config = _config()
    return _beginning(incomplete, (channel.name for channel in config.channels) if config else ())


def severities(incomplete: str) -> list[str]:
    """The four severities."""
    return _beginning(incomplete, ("low", "normal", "high", "urgent"))


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]


def _config() -> Config | None:
    with suppress(Exception):
        return context.load(strict=False).partial
    return None
