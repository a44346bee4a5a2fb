"""Rule tests: the worked examples that stand beside a rule, judged as `tocsin check` and `rules test` do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from monitor.model import Document, Hit

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
            held, hits = engine.judge_text(rule.name, text_document(test.text))
            if held == test.match:
                continue
            if test.match:
                message = f"rule '{rule.name}' should match, and does not: {test.text!r}"
            else:
                found = ", ".join(dict.fromkeys(hit.text for hit in hits)) or "its document terms"
                message = f"rule '{rule.name}' should not match, and does ({found}): {test.text!r}"
            failures.append(TestFailure(rule.name, index, test, message, hits))
    return tuple(failures)


def text_document(text: str) -> Document:
    """A text as a document: the first line that is not empty is the title, the rest the body."""
    title, _, body = text.strip().partition("\n")
    return Document(title=title.strip(), body=body.strip())
