"""What is wrong with a rule or an entity, as a value that the configuration side turns into file:line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuleProblem:
    """
    One problem of a rule, or of an entity (`rule` is "" then).

    `key` is the path inside the rule's or entity's table, e.g. ("query",) or ("any", 2); `column` counts code
    points from 1 inside the text that stands there. A rule with an error is left out of the engine.
    """

    rule: str
    message: str
    column: int | None = None
    hint: str = ""
    level: str = "error"  # "error" | "warning"
    key: tuple[str | int, ...] = ()
    entity: str | None = None
