r"""
What matching costs: articles the engine has not seen, after it has read all others, against a floor.

    python -m benchmarks.rules              ratios at 10, 10,000 and 100,000 rules, real and made-up text
    python -m benchmarks.rules --agree      verdicts of 10,000 rules on 600 documents against the naive engine

The floor is what Python needs to look at the words at all: `casefold` and a findall of `\w+`. Engine and
floor are timed by turns in one process, in CPU seconds, and the least of several rounds counts; before each
round the memo forgets the articles measured. "with hits" adds the places of all hits of the rules that hold.
"""

from __future__ import annotations

import gc
import random
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.naive_rules import NaiveEngine
from benchmarks.newsstand import document, invented_texts, measured, real_texts, rules_for
from monitor.rules.compiling import compile_rules
from monitor.rules.frequency import learn

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.model import Document
    from monitor.rules.engine import Engine

COUNTS = (10, 10_000, 100_000)
PROMISED = {10: 2.2, 10_000: 3.0, 100_000: 7.0}
UNSEEN = 250
ROUNDS = 7
_WORD = re.compile(r"\w+")


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds that a piece of work takes."""
    start = time.process_time()
    work()
    return time.process_time() - start


def resident() -> int:
    """Resident memory in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


def floor(documents: list[Document]) -> None:
    """Look at every word."""
    for one in documents:
        _WORD.findall(one.title.casefold())
        _WORD.findall(one.body.casefold())


def measure(kind: str, texts: list[str]) -> None:
    """Print a row for each number of rules."""
    random.Random(7).shuffle(texts)
    unseen = measured(texts)[:UNSEEN]
    rest = sorted(set(texts) - set(unseen))
    tested, warm = [document(text) for text in unseen], [document(text) for text in rest]
    words = sum(len(text.split()) for text in unseen) / len(unseen)
    print(f"{kind}: {len(tested)} unseen articles of {words:.0f} words, after {len(warm)} others")
    frequencies = learn(rest)
    rules = rules_for(rest, max(COUNTS))
    costs = {}
    for count in COUNTS:
        gc.collect()
        before = resident()
        start = time.process_time()
        engine, _ = compile_rules(rules[:count], (), frequencies=frequencies)
        build = time.process_time() - start
        gc.collect()
        grown = resident() - before
        gc.freeze()
        for one in warm:
            engine.match(one)
        costs[count] = row(engine, tested, count, build, grown)
        del engine
        gc.unfreeze()
    times = costs[max(COUNTS)] / costs[min(COUNTS)]
    print(f"  {max(COUNTS):,} rules cost {times:.1f} times what {min(COUNTS)} do\n")


def row(engine: Engine, tested: list[Document], count: int, build: float, grown: int) -> float:
    """Time one engine by turns with the floor; returns seconds an article."""
    known = engine.remembered()
    best = least = hits = float("inf")
    matches = 0
    for _ in range(ROUNDS):
        engine.forget(known)
        best = min(best, cpu(lambda: [engine.holding(one) for one in tested]))
        least = min(least, cpu(lambda: floor(tested)))
        engine.forget(known)
        hits = min(hits, cpu(lambda: [engine.match(one) for one in tested]))
    matches = sum(len(engine.holding(one)) for one in tested)
    share = 1e6 / len(tested)
    print(
        f"  {count:>7,} rules: {best * share:6.0f} us, floor {least * share:4.0f}, ratio {best / least:5.2f} "
        f"(promised {PROMISED[count]}), with hits {hits / least:5.2f}; {matches / len(tested):.1f} hold; "
        f"built in {build / count * 1e6:.0f} us and {max(grown, 0) / count / 1000:.2f} kB a rule"
    )
    return best / len(tested)


def agree() -> None:
    """Compare the verdicts of ten thousand rules on six hundred documents with the naive engine's."""
    texts = real_texts() or invented_texts(1500)
    random.Random(11).shuffle(texts)
    rules = rules_for(texts, 10_000, seed=5)
    engine, _ = compile_rules(rules, ())
    naive = NaiveEngine(rules)
    different = held = 0
    spent = [0.0, 0.0]
    for text in measured(texts)[:600]:
        one = document(text)
        start = time.process_time()
        ours = engine.holding(one)
        middle = time.process_time()
        theirs = naive.holding(one)
        spent[0] += middle - start
        spent[1] += time.process_time() - middle
        held += len(theirs)
        different += len(set(ours) ^ set(theirs))
    print(
        f"10,000 rules, 600 documents, {held} verdicts that hold, {different} differ; "
        f"{spent[1] / spent[0]:.0f} times the engine's CPU for the naive one"
    )
    if different:
        sys.exit(1)


if __name__ == "__main__":
    if "--agree" in sys.argv:
        agree()
    else:
        real = real_texts()
        if real:
            measure("real text", real)
        else:
            print("real text: skipped, ../shared/corpus is not there")
        measure("made-up text (Zipf)", invented_texts(1500))
