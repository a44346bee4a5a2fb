"""Which rules hear nothing, or nothing from some of their feeds. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.doctor.findings import Finding, counted, found, named, well

if TYPE_CHECKING:
    from collections.abc import Sequence

SHOWN = 10


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """A rule, how many enabled feeds it looks at, and which of them nothing comes from."""

    name: str
    feeds: int
    blind: Sequence[str] = ()


def judge_rules(rules: Sequence[RuleFacts]) -> list[Finding]:
    """The rules that are blind, wholly ones first."""
    wholly = [rule for rule in rules if rule.feeds and len(rule.blind) >= rule.feeds]
    partly = [rule for rule in rules if rule.blind and rule not in wholly]
    findings = [
        found(
            "rule_blind",
            f"nothing comes from {'its only feed' if rule.feeds == 1 else f'any of its {rule.feeds} feeds'}: "
            + named(rule.blind),
            where=rule.name,
            remedy=f"mend these feeds, or give the rule others: tocsin rules show {rule.name}",
        )
        for rule in wholly
    ]
    findings += [
        found(
            "rule_partly_blind",
            f"nothing comes from {len(rule.blind)} of its {rule.feeds} feeds: {named(rule.blind)}",
            where=rule.name,
            remedy="see what is the matter with these feeds: tocsin feeds list",
        )
        for rule in partly[:SHOWN]
    ]
    if len(partly) > SHOWN:
        more = f"and {len(partly) - SHOWN} more rules that miss some of their feeds"
        findings.append(found("rule_partly_blind", more, remedy="see all of them: tocsin status --json"))
    return findings or (
        [well("rules", f"{counted(len(rules), 'rule')}, none of them blind")] if rules else []
    )
