"""
The engine against a slow evaluator that shares nothing with it: every verdict, every hit.

Random rules in the words of the articles, over all operators, on real articles (where the corpus is at hand)
and on sentences written for this in 19 languages. 7,200 pairs in every run, 100,000 in the slow ones, a
million in `make prove`.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from itertools import count

import pytest

from monitor.rules.compiling import compile_rules
from monitor.settings import RuleConfig
from tests.support.articles import real_articles, written_article
from tests.support.randomrules import Maker, as_judged
from tests.support.reference import articles, judged

LANGUAGES = ("en", "fr")
_ARTICLES, _RULES = 12, 50
_MEMO_SIZES = (0, 100, 300_000)


@dataclass
class Tally:
    """How many pairs were compared, in how many the rule held, and what differed."""

    pairs: int = 0
    held: int = 0
    differences: list[str] = field(default_factory=list)


def compare(seed: int, real: bool) -> Tally:
    """One round: some articles, rules in their words, engine and reference side by side."""
    rng = random.Random(seed)
    known = real_articles()
    pool = [
        as_judged(rng, rng.choice(known) if real and rng.random() < 0.5 else written_article(rng))
        for _ in range(_ARTICLES)
    ]
    maker = Maker(rng, pool)
    rules = maker.rules(_RULES)
    engine, problems = compile_rules(
        [RuleConfig(str(number), query) for number, (query, _) in enumerate(rules)],
        maker.entities,
        languages=LANGUAGES,
        memo_size=rng.choice(_MEMO_SIZES),
    )
    assert not [problem for problem in problems if problem.level == "error"]
    tally = Tally()
    for document in pool:
        found = {match.rule: (match.strength, match.hits) for match in engine.match(document)}
        read = articles(document, maker.entities, LANGUAGES)
        for number, (query, tree) in enumerate(rules):
            expected = judged(tree, read)
            tally.pairs += 1
            tally.held += expected is not None
            if found.get(str(number)) != expected:
                tally.differences.append(
                    f"seed {seed}: {query!r}\n {document!r}\n {maker.entities!r}\n"
                    f" expected {expected}\n found {found.get(str(number))}"
                )
    return tally


def compare_many(first_seed: int, pairs: int) -> Tally:
    """Rounds until so many pairs were compared; a difference ends it with the whole case."""
    total = Tally()
    for seed in count(first_seed):
        tally = compare(seed, real=bool(real_articles()))
        assert not tally.differences, tally.differences[0]
        total.pairs += tally.pairs
        total.held += tally.held
        if total.pairs >= pairs:
            break
    assert total.held >= 0.05 * total.pairs, "rules that never hold prove nothing"
    assert total.held <= 0.5 * total.pairs
    return total


def test_engine_and_reference_agree_on_written_articles() -> None:
    """No verdict and no hit differs, in 19 languages, with full, small and empty memos."""
    tallies = [compare(seed, real=False) for seed in range(6)]
    assert [difference for tally in tallies for difference in tally.differences] == []


@pytest.mark.skipif(not real_articles(), reason="needs ../shared/corpus: real articles")
def test_engine_and_reference_agree_on_real_articles() -> None:
    """No verdict and no hit differs where half of the articles are real ones."""
    compare_many(1_000, 3_600)


@pytest.mark.slow
def test_engine_and_reference_agree_on_a_hundred_thousand_pairs() -> None:
    """No verdict and no hit differs in 100,000 pairs of rule and article."""
    compare_many(10_000, 100_000)


@pytest.mark.prove
def test_engine_and_reference_agree_on_a_million_pairs() -> None:
    """No verdict and no hit differs in a million pairs; prints how many rules held."""
    total = compare_many(1_000_000, 1_000_000)
    real = "half of the articles real" if real_articles() else "no real articles at hand"
    print(f"\n{total.pairs:,} pairs, {total.held / total.pairs:.1%} held, 0 differences ({real})")  # noqa: T201
