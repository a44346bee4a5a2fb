"""Invented dispatches on their way through the outlets: what rings and what does not."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.support.wires import Wanted, clusters, judged

FILES = ("first_en", "first_fr", "second_en", "second_fr", "third", "fourth", "fifth_en", "fifth_fr")
GROUPS = [(name, group) for name in FILES for group in clusters(name)]


def test_there_are_enough() -> None:
    """At least forty, each of three to six versions, in two languages."""
    assert len(GROUPS) >= 40
    assert all(3 <= len(group) <= 6 for _, group in GROUPS)
    assert {group[0].facts.language for _, group in GROUPS} == {"en", "fr"}


@pytest.mark.parametrize(
    ("name", "group"), GROUPS, ids=[f"{name}-{group[0].cluster}" for name, group in GROUPS]
)
def test_the_first_report_rings(name: str, group: list[Wanted]) -> None:
    """Nothing is ever lost at its first report, nor a version that is another story."""
    for wanted, verdict in judged(group):
        if wanted.want == "new":
            assert verdict.rings, (wanted.facts.title, verdict.reason)


def test_how_many_verdicts_are_right() -> None:
    """At least 95 % of what is new or an update rings, at least 95 % of the duplicates do not."""
    wanted_of: Counter[str] = Counter()
    right: Counter[str] = Counter()
    wrong = []
    for name, group in GROUPS:
        for wanted, verdict in judged(group):
            wanted_of[wanted.want] += 1
            right[wanted.want] += wanted.fulfilled_by(verdict)
            if not wanted.fulfilled_by(verdict):
                wrong.append((name, wanted.cluster, wanted.facts.title, wanted.want, verdict.reason))
    assert all(right[want] >= 0.95 * wanted_of[want] for want in wanted_of), (right, wanted_of, wrong)
