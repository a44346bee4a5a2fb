"""
What unusual sets of rules cost beside the ordinary rules of a news desk, as many.

    python -m benchmarks.rule_shapes

Thousands of rules on one entity, one rule with thousands of alternatives, and thousands of entities of five
names each read articles that they have not seen, by turns with ordinary rules of the same number, in one
process and in CPU seconds; the least of several rounds counts.
"""

from __future__ import annotations

import random
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.newsstand import Maker, document, invented_texts, measured, real_texts, rules_for
from benchmarks.rules import UNSEEN, cpu
from monitor.rules.compiling import compile_rules
from monitor.rules.frequency import learn
from monitor.settings import EntityConfig, RuleConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.model import Document
    from monitor.rules.engine import Engine

PROMISED = 1.5
ROUNDS = 7
NAMES_EACH = 5


def shapes(texts: list[str]) -> Iterator[tuple[str, list[RuleConfig], list[EntityConfig]]]:
    """The unusual sets; each has as many rules, alternatives or entities as it says."""
    maker = Maker(texts, seed=3)
    one = EntityConfig("one", tuple(maker.word().strip('"') for _ in range(NAMES_EACH)))
    yield (
        "5,000 rules on one entity",
        [RuleConfig(f"r{n}", f"@one AND ({maker.query()})") for n in range(5_000)],
        [one],
    )
    yield (
        "one rule of 5,000 alternatives",
        [RuleConfig("any", " OR ".join(maker.name() for _ in range(5_000)))],
        [],
    )
    entities = [
        EntityConfig(f"e{n}", tuple(maker.name().strip('"') for _ in range(NAMES_EACH)))
        for n in range(20_000)
    ]
    yield (
        "20,000 entities of five names",
        [RuleConfig(f"r{n}", f"@{entity.name}") for n, entity in enumerate(entities)],
        entities,
    )


def holding(engine: Engine, tested: list[Document]) -> None:
    """Ask which rules hold, of each article."""
    for one in tested:
        engine.holding(one)


def compared(odd: Engine, plain: Engine, tested: list[Document]) -> tuple[float, float]:
    """CPU seconds that each needs for all articles, the least of several rounds by turns."""
    best = [float("inf"), float("inf")]
    known = odd.remembered(), plain.remembered()
    for _ in range(ROUNDS):
        for number, engine in enumerate((odd, plain)):
            engine.forget(known[number])
            best[number] = min(best[number], cpu(partial(holding, engine, tested)))
    return best[0], best[1]


def main() -> None:
    """Print a line for each shape."""
    texts = real_texts() or invented_texts(1500)
    random.Random(7).shuffle(texts)
    unseen = measured(texts)[:UNSEEN]
    rest = sorted(set(texts) - set(unseen))
    tested, warm = [document(text) for text in unseen], [document(text) for text in rest]
    frequencies = learn(rest)
    for name, rules, entities in shapes(rest):
        number = max(len(entities), len(rules), 5_000)
        odd, problems = compile_rules(rules, entities, frequencies=frequencies)
        assert not [problem for problem in problems if problem.level == "error"]
        plain, _ = compile_rules(rules_for(rest, number), (), frequencies=frequencies)
        for one in warm:
            odd.match(one)
            plain.match(one)
        cost, ordinary = compared(odd, plain, tested)
        held = sum(len(odd.holding(one)) for one in tested) / len(tested)
        print(
            f"{name}: {cost / len(tested) * 1e6:.0f} us an article, {number:,} ordinary rules "
            f"{ordinary / len(tested) * 1e6:.0f}; {cost / ordinary:.2f} times (promised {PROMISED}); "
            f"{held:.1f} hold"
        )


if __name__ == "__main__":
    main()
