"""
The answer to "was I told, and if not, why not?", over all rules and feeds: one rule speaks. Pure.

Where any rule was told the answer is yes. Else the rule that came farthest speaks; of those that do not hold
for the text, the one that comes nearest to it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.model import State
from monitor.stages import Cause, No, Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.explaining import Explanation, RuleWay
    from monitor.rules.explain import Explained, NodeVerdict
    from monitor.stages import Entered

_NOT_HELD = (Stage.SOURCE, Stage.PAGE, Stage.TEASER, Stage.TEXT)


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What became of an article: `told` is None where that is no longer known.

    `rule` speaks for all of them ("" = there is none), `no` is its first no. `sent` are the ledger's rows of
    what was told, `not_on` the channels that were to hear of it under the same rule and have not, or not yet;
    `tried` is how many rules were asked, where none of them holds for the text, else 0, and
    `near` how near that one comes, from 0 to 1.
    """

    told: bool | None
    rule: str = ""
    no: No | None = None
    sent: tuple[Entered, ...] = ()
    not_on: tuple[str, ...] = ()
    tried: int = 0
    near: float = 0.0

    @property
    def pending(self) -> bool:
        """Whether it may be told yet, if nothing is done."""
        return self.no is not None and self.no.pending


def conclude(found: Explanation) -> Answer:
    """The answer for an article that was seen."""
    if found.document is None:
        return Answer(None)
    if not found.rules:
        return Answer(told=False, no=No(Stage.RULE, "no rule is enabled", "", Cause.NO_RULES))
    for way in found.rules:
        if way.no is None:
            rows = [row for match in way.matches for row in match.entered]
            sent = tuple(row for row in rows if row.state is State.SENT)
            return Answer(told=True, rule=way.rule.name, sent=sent, not_on=untold(rows))
    best = max(found.rules, key=_distance)
    assert best.no is not None
    holds_none = all(way.no is not None and way.no.stage in _NOT_HELD for way in found.rules)
    tried = len(found.rules) if holds_none else 0
    return Answer(told=False, rule=best.rule.name, no=best.no, tried=tried, near=nearness(best.judged))


def untold(rows: Sequence[Entered]) -> tuple[str, ...]:
    """The channels, in their order, to which nothing came of what is to be told them, or not yet."""
    told = {row.channel for row in rows if row.state is State.SENT}
    return tuple(dict.fromkeys(r.channel for r in rows if is_untold(r) and r.channel not in told))


def is_untold(row: Entered) -> bool:
    """Whether a row of the ledger is one of a notification that did not arrive, or not yet."""
    return row.state in (State.WAITING, State.HELD, State.DEAD, State.DROPPED)


def _distance(way: RuleWay) -> tuple[int, bool, float]:
    """How far a rule came: the stage, whether it goes on, and how near its tree is to holding."""
    assert way.no is not None
    stage = way.no.stage
    # What does not hold is told by how near it comes, whatever it is that fails.
    rank = Stage.TEXT.rank if stage in _NOT_HELD else stage.rank
    return rank, way.no.pending and stage not in _NOT_HELD, nearness(way.judged)


def nearest(ways: Sequence[RuleWay]) -> list[RuleWay]:
    """Rules that said no, those that came farthest and nearest first."""
    return sorted((way for way in ways if way.no is not None), key=_distance, reverse=True)


def nearness(judged: Explained | None) -> float:
    """How much of a rule holds, from 0 to 1: a part that must hold counts as much as each of its like."""
    if judged is None:
        return 0.0
    parts = [1.0 if source.holds else 0.0 for source in judged.sources]
    if judged.wish is not None:
        parts += _conditions(judged.wish)
    return sum(parts) / len(parts) if parts else 0.0


def _conditions(node: NodeVerdict) -> list[float]:
    """How near each condition of a tree is to holding."""
    if node.kind == "all":
        return [each for child in node.children for each in _conditions(child)]
    return [_near(node)]


def _near(node: NodeVerdict) -> float:
    if node.holds:
        return 1.0
    if node.kind == "all":
        return sum(_near(child) for child in node.children) / len(node.children)
    return max((_near(child) for child in node.children if node.kind == "any"), default=0.0)


def never_shown(no: No) -> Answer:
    """The answer for an article that no feed has shown."""
    return Answer(told=False, no=no)


def conditions_met(judged: Explained | None) -> tuple[int, int]:
    """How many of the conditions of a rule are met, and how many it has."""
    if judged is None:
        return 0, 0
    parts = [source.holds for source in judged.sources]
    parts += [each == 1.0 for each in _conditions(judged.wish)] if judged.wish is not None else []
    return sum(parts), len(parts)
