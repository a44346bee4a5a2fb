"""
Reports published again in eight ways, and real reports of different events.

The real ones are the English articles of ECB+, which are not part of this project: two similar events a topic
(two earthquakes in one province, two stars in one clinic), so that what merges wrongly merges here.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path

import pytest

from monitor.stories.likeness import DUPLICATE_AT, Facts, Relation, of_article, relate
from monitor.stories.replay import Desk
from monitor.stories.shingles import containment
from tests.support.republish import GROUPED, SUPPRESSED, teaser
from tests.support.wires import clusters

ECB = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "stories" / "ecbplus.jsonl"
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
needs_ecb = pytest.mark.skipif(not ECB.is_file(), reason="needs ../shared/corpus/stories/ecbplus.jsonl")


def real() -> list[tuple[str, Facts]]:
    """The articles with the event that each reports; the first sentence stands for the headline."""
    found = []
    for number, line in enumerate(ECB.read_text("utf-8").splitlines()):
        row = json.loads(line)
        title, *rest = [sentence for sentence in row["sentences"] if not sentence.startswith("http")]
        facts = of_article(number, title, "\n".join(rest), f"o{number}.example", NOON, language="en")
        found.append((row["story"], replace(facts, story=number + 1, head=True)))
    return found


def published_again(sources: list[Facts], seed: int) -> tuple[Counter[str], Counter[str], int]:
    """How many of each form were put to their story, and how many of them do not ring."""
    dice = random.Random(seed)
    pool = [word for source in sources for word in source.text.split()]
    desk = Desk()
    for source in sources:
        desk.remember(source)
    grouped: Counter[str] = Counter()
    silent: Counter[str] = Counter()
    for source in sources:
        for form in GROUPED:
            text = " ".join(form(source.text.split(), dice, pool))
            at = source.at + timedelta(minutes=20)
            copy = of_article(
                10**9,
                source.title,
                text,
                "copy.example",
                at,
                language=source.language,
                full=form is not teaser,
            )
            found = desk.likeness(copy)
            grouped[form.__name__] += found.relation is not Relation.NEW
            silent[form.__name__] += not found.relation.rings
    return grouped, silent, len(sources)


def hold(grouped: Counter[str], silent: Counter[str], count: int) -> None:
    """The promises: 98 % of all forms find their story, 95 % of four forms do not ring."""
    assert grouped.total() >= 0.98 * count * len(GROUPED), grouped
    for form in SUPPRESSED:
        assert silent[form.__name__] >= 0.95 * count, (form.__name__, silent)


def test_own_reports_published_again() -> None:
    """The first reports of half of the clusters, written for this project, by eight seeds."""
    sources: list[Facts] = []
    for group in clusters("first_en", "first_fr"):
        first = group[0].facts
        if first.shingles.words >= 80:
            sources.append(replace(first, id=len(sources), story=len(sources) + 1, head=True))
    grouped, silent, count = Counter[str](), Counter[str](), 0
    for seed in range(8):
        more, quiet, articles = published_again(sources, seed)
        grouped, silent, count = grouped + more, silent + quiet, count + articles
    assert count >= 130
    hold(grouped, silent, count)


@needs_ecb
@pytest.mark.slow
def test_real_reports_published_again() -> None:
    """Three hundred real ones, of which many report the same event."""
    sources = [facts for _, facts in real() if facts.shingles.words >= 100][:300]
    hold(*published_again(sources, seed=4))


@needs_ecb
@pytest.mark.slow
def test_no_other_story_is_suppressed() -> None:
    """Every pair of articles of different events, in both orders."""
    pairs = 0
    for (story, one), (other_story, other) in combinations(real(), 2):
        if story != other_story:
            pairs += 1
            assert relate(one, [other]).relation.rings, (one.title, other.title)
            assert relate(other, [one]).relation.rings, (other.title, one.title)
    assert pairs > 100_000


@needs_ecb
@pytest.mark.slow
def test_copies_of_the_same_story_are_suppressed() -> None:
    """Pairs of one event that share 60 %: silent, unless the update test says what changed."""
    copies = changed = 0
    for (story, one), (other_story, other) in combinations(real(), 2):
        if story != other_story or containment(one.shingles.all, other.shingles.all) < DUPLICATE_AT:
            continue
        if min(one.shingles.words, other.shingles.words) < 25:
            continue
        for new, old in ((one, other), (other, one)):
            found = relate(new, [old])
            copies += 1
            changed += found.relation is Relation.UPDATE
            assert not found.relation.rings or found.signals, (new.title, old.title, found.reason)
    assert copies >= 60
    assert changed <= 0.05 * copies
