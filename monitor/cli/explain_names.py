"""The one place through which `explain` names rules: whoever must not read a name is shown another here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.cli.veil import veil

if TYPE_CHECKING:
    from monitor.stages import No

_OF_RULES = ("rule", "by")  # facts of a no that are names of rules


def rule_name(name: str) -> str:
    """A rule's name as it is shown."""
    return veil().rule(name)


def named(no: No) -> No:
    """A no whose facts name rules as they are shown."""
    shown = {key: rule_name(value) if key in _OF_RULES else value for key, value in no.facts.items()}
    return replace(no, facts=shown)
