"""The weight of an engine is of the right size, and costs little to find."""

from __future__ import annotations

import gc
import random
import tracemalloc

import pytest

from monitor.rules.compiling import compile_rules
from monitor.rules.size import size_of, weigh
from monitor.settings import RuleConfig

RNG = random.Random(4)
WORDS = ["".join(RNG.choices("abcdefghijklmnop", k=7)) for _ in range(6000)]


def rules(number: int) -> tuple[RuleConfig, ...]:
    """So many rules of four words."""
    pick = RNG.choice
    queries = (f'{pick(WORDS)} AND ({pick(WORDS)} OR "{pick(WORDS)} {pick(WORDS)}")' for _ in range(number))
    return tuple(RuleConfig(name=f"r{n}", query=query) for n, query in enumerate(queries))


@pytest.mark.parametrize("number", [10, 1500])
def test_rules_and_memo_weigh_what_they_take_within_a_factor_of_two(number: int) -> None:
    """Held against what Python says it gave out."""
    chosen = rules(number)
    gc.collect()
    tracemalloc.start()
    try:
        engine, problems = compile_rules(chosen, (), languages=("en",))
        assert not problems
        gc.collect()
        compiled = tracemalloc.get_traced_memory()[0]
        engine.contents[1].prefill([f"{word}," for word in WORDS])
        remembered = tracemalloc.get_traced_memory()[0] - compiled
    finally:
        tracemalloc.stop()
    size = size_of(engine)
    assert compiled / 2 <= size.rules_bytes <= compiled * 2
    assert remembered / 2 <= size.memo_bytes <= remembered * 2
    assert (size.rules, size.pieces) == (number, len(WORDS) + 1)
    assert size_of(engine, 5).rules_bytes == 5


def test_what_holds_itself_is_weighed_once() -> None:
    """A list that is its own entry, and deep nesting, come to an end."""
    ring: list[object] = []
    ring.append(ring)
    assert weigh(ring) < 200
    deep: object = ()
    for _ in range(5000):
        deep = (deep,)
    assert weigh(deep) < 5000
