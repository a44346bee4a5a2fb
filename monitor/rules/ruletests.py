"""
Rule tests: the worked examples that stand beside a rule, judged as `tocsin check` and `rules test` do.

A text goes through the furniture guard, as what feeds and pages say does. A rule "matches" an example if it
would ring for it: what holds only in lines that may be furniture is a match only for a rule with
`weak = "alert"`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from monitor.model import Document, Hit, Strength
from monitor.rules.engine import confirmed
from monitor.text.furniture import without_furniture
from monitor.text.lines import unconfirmed_spans

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.rules.engine import Engine
    from monitor.settings import RuleConfig, RuleTest


@dataclass(frozen=True, slots=True)
class TestFailure:
    """A worked example that came out otherwise; `index` counts the rule's tests from 0."""

    __test__: ClassVar[bool] = False  # its name makes pytest think that it is a test

    rule: str
    index: int
    test: RuleTest
    message: str
    hits: tuple[Hit, ...] = ()


def run_rule_tests(engine: Engine, rules: Sequence[RuleConfig]) -> tuple[TestFailure, ...]:
    """
    The tests that fail, in the order of the configuration.

    The text is judged whatever its source: a rule's lang, feeds and tags are left out. Rules that the engine
    does not hold (disabled, or refused) are passed over; their problems are told elsewhere.
    """
    failures: list[TestFailure] = []
    for rule in rules:
        if rule.name not in engine.rules:
            continue
        for index, test in enumerate(rule.tests):
            strength, hits = judged(engine, rule.name, text_document(test.text))
            if rings(rule, strength) == test.match:
                continue
            if test.match:
                does = "does so only weakly, in lines that may be furniture" if strength else "does not"
                message = f"rule '{rule.name}' should match, and {does}: {test.text!r}"
            else:
                found = ", ".join(dict.fromkeys(hit.text for hit in hits)) or "its document terms"
                message = f"rule '{rule.name}' should not match, and does ({found}): {test.text!r}"
            failures.append(TestFailure(rule.name, index, test, message, hits))
    return tuple(failures)


def judged(engine: Engine, name: str, document: Document) -> tuple[Strength | None, tuple[Hit, ...]]:
    """How a rule holds for a text whatever its source, None = it does not; and its hits."""
    holds, hits = engine.judge_text(name, confirmed(document))
    if holds:
        return Strength.STRONG, hits
    if document.unconfirmed or document.doubtful:
        holds, hits = engine.judge_text(name, document)
    return (Strength.WEAK if holds else None), hits


def rings(rule: RuleConfig, strength: Strength | None) -> bool:
    """Whether a rule that holds like this pushes an alert by itself."""
    return strength is Strength.STRONG or (strength is Strength.WEAK and rule.weak == "alert")


def text_document(text: str) -> Document:
    """
    A text as a document: the first line that is not empty is the title, the rest the body.

    Labels ("Lire aussi") are cut from the body; what they announce, and what speaks of the site, is kept and
    not confirmed.
    """
    title, _, rest = text.strip().partition("\n")
    kept, _ = without_furniture([line for line in map(str.strip, rest.split("\n")) if line], title)
    return Document(
        title=title.strip(),
        body="\n".join(line.text for line in kept),
        unconfirmed=unconfirmed_spans(kept),
    )
