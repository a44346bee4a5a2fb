"""
How much memory an engine takes, roughly: walked by samples, for all of it would take seconds.

Of a large container some entries are weighed, evenly chosen, and stand for all. What several share may be
counted once for each; so the figure is of the right size, not exact. The tests hold it against tracemalloc.
"""

from __future__ import annotations

import sys
from itertools import chain, islice
from typing import TYPE_CHECKING, TypeVar

from monitor.model import value

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from monitor.rules.engine import Engine

T = TypeVar("T")
SAMPLE = 64  # entries of a container that are weighed
DEEPEST = 30


@value
class EngineSize:
    """Compiled rules, pieces of text whose meaning to them is remembered, and the bytes that each takes."""

    rules: int
    rules_bytes: int
    pieces: int
    memo_bytes: int


def size_of(engine: Engine, rules_bytes: int | None = None) -> EngineSize:
    """Weigh an engine, some milliseconds; what its rules weigh, which does not change, may be given."""
    tables, memo = engine.contents
    return EngineSize(
        rules=len(engine.rules),
        rules_bytes=round(weigh(tables)) if rules_bytes is None else rules_bytes,
        pieces=len(memo.codes),
        memo_bytes=round(weigh((memo.codes, memo.mixed, memo.bearers))),
    )


def weigh(thing: object) -> float:
    """The bytes of an object with all that it holds, by samples; classes and functions weigh nothing."""
    return _weigh(thing, set(), 0)


def _weigh(thing: object, seen: set[int], depth: int) -> float:
    if id(thing) in seen or depth > DEEPEST or isinstance(thing, type) or callable(thing):
        return 0.0
    seen.add(id(thing))
    own = float(sys.getsizeof(thing))
    if isinstance(thing, (str, bytes, int, float, bool)) or thing is None:
        return own
    parts, share = _parts(thing)
    return own + share * sum(_weigh(part, seen, depth + 1) for part in parts)


def _parts(thing: object) -> tuple[Iterable[object], float]:
    """Some of what an object holds, and for how many each of them stands."""
    if isinstance(thing, dict):
        pairs = _chosen(thing.items(), len(thing))
        return chain.from_iterable(pairs), len(thing) / max(len(pairs), 1)
    if isinstance(thing, (list, tuple, set, frozenset)):
        chosen = _chosen(thing, len(thing))
        return chosen, len(thing) / max(len(chosen), 1)
    return _fields(thing), 1.0


def _chosen(entries: Iterable[T], count: int) -> list[T]:
    return list(islice(entries, 0, None, max(count // SAMPLE, 1)))


def _fields(thing: object) -> Iterator[object]:
    if hasattr(thing, "__dict__"):
        yield thing.__dict__
    for kind in type(thing).__mro__:
        names = getattr(kind, "__slots__", ())
        for name in (names,) if isinstance(names, str) else names:
            yield getattr(thing, name, None)
