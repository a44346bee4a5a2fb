"""
Places in a text as runs of tokens, and what NEAR, ATLEAST and phrases with extra words make of them. Pure.

A run is (first, last): the numbers of its first and last token. Runs of one field come in rising order. All
functions here take time close to linear in the number of runs: a hostile text may hold fifty thousand.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

Run: TypeAlias = tuple[int, int]
FAR = 1 << 62  # words: farther than any two in a text


def phrase_runs(places: Sequence[Sequence[int]], slop: int) -> list[Run]:
    """
    Where elements stand one after another with at most `slop` other tokens between them in all.

    `places` holds the rising token numbers of each element. From each place of the first element, the nearest
    place of each next one gives the tightest run, so no other choice can do with fewer extra tokens; of runs
    with one end only the shortest stays.
    """
    first, *rest = places
    longest = len(rest) + slop
    runs: list[Run] = []
    for start in first:
        last = start
        for following in rest:
            index = bisect_right(following, last)
            if index == len(following) or following[index] - start > longest:
                break
            last = following[index]
        else:
            if runs and runs[-1][1] == last:
                runs.pop()  # the same end from a later start is tighter
            runs.append((start, last))
    return runs


def near(left: Run, right: Run, within: int, *, ordered: bool) -> bool:
    """
    Whether two runs of one field are near: at most `within` tokens between them, or overlapping.

    A run is not near itself: `x NEAR x` needs two. `ordered`: the left one begins first.
    """
    if left == right or (ordered and left > right):
        return False
    return right[0] - left[1] - 1 <= within and left[0] - right[1] - 1 <= within


def partners(
    left: Sequence[Run], right: Sequence[Run], within: int, *, ordered: bool
) -> tuple[list[Run], list[Run]]:
    """The runs of each side that are near one of the other side."""
    if len(left) * len(right) <= _FEW:
        pairs = [(a, b) for a in left for b in right if near(a, b, within, ordered=ordered)]
        return sorted({a for a, _ in pairs}), sorted({b for _, b in pairs})
    lefts, rights = _Side(left), _Side(right)
    if ordered:
        return (
            [a for a in left if rights.begins_after(a, within)],
            [b for b in right if lefts.ends_before(b, within)],
        )
    return [a for a in left if rights.touches(a, within)], [b for b in right if lefts.touches(b, within)]


def hulls(left: Sequence[Run], right: Sequence[Run], within: int, *, ordered: bool) -> list[Run]:
    """
    The spans from the first to the last part of near pairs, rising, for a NEAR that is a part of another.

    Where there are many pairs, only the shortest and the longest span from each start are given: whatever is
    near one between them is near one of these.
    """
    if len(left) * len(right) <= _FEW:
        pairs = ((a, b) for a in left for b in right if near(a, b, within, ordered=ordered))
        return sorted({(min(a[0], b[0]), max(a[1], b[1])) for a, b in pairs})
    ends: dict[int, tuple[int, int]] = {}
    for firsts, seconds in ((left, right),) if ordered else ((left, right), (right, left)):
        for start, shortest, longest in _spans_from(firsts, seconds, within):
            low, high = ends.get(start, (shortest, longest))
            ends[start] = min(low, shortest), max(high, longest)
    return sorted({(start, end) for start, both in ends.items() for end in both})


def inside(runs: Iterable[Run], spans: Sequence[Run]) -> list[Run]:
    """The runs that lie inside one of the spans."""
    outer = _outermost(spans)
    starts = [first for first, _ in outer]
    # The last span that begins in time reaches farthest.
    return [run for run in runs if (at := bisect_right(starts, run[0])) and run[1] <= outer[at - 1][1]]


_FEW = 256  # pairs; up to here each is looked at


class _Side:
    """The runs of one side of a NEAR, ready to be asked for partners in logarithmic time."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self.runs = runs
        # For each length of a beginning of `runs`: its two runs that end last, the last one at the end.
        self.last: list[tuple[Run, ...]] = [()]
        two: tuple[Run, ...] = ()
        for run in runs:
            if not two or run[1] >= two[-1][1]:
                two = (*two[-1:], run)
            elif len(two) == 1 or run[1] > two[0][1]:
                two = (run, two[-1])
            self.last.append(two)

    def touches(self, run: Run, within: int) -> bool:
        """Whether another run is near this one, on whichever side."""
        reachable = bisect_right(self.runs, (run[1] + 1 + within, FAR))
        return any(other != run and run[0] - other[1] - 1 <= within for other in self.last[reachable])

    def begins_after(self, run: Run, within: int) -> bool:
        """Whether a run that begins after this one is near it."""
        index = bisect_right(self.runs, run)
        return index < len(self.runs) and self.runs[index][0] - run[1] - 1 <= within

    def ends_before(self, run: Run, within: int) -> bool:
        """Whether a run that begins before this one is near it."""
        return any(run[0] - other[1] - 1 <= within for other in self.last[bisect_left(self.runs, run)])


def _outermost(runs: Sequence[Run]) -> list[Run]:
    """The runs that lie inside no other: then ends rise as starts do."""
    kept: list[Run] = []
    for run in sorted(runs, key=lambda r: (r[0], -r[1])):
        if not kept or run[1] > kept[-1][1]:
            kept.append(run)
    return kept


def _spans_from(firsts: Sequence[Run], seconds: Sequence[Run], within: int) -> Iterable[tuple[int, int, int]]:
    """For each first run its start, and where the shortest and the longest span to a later second one end."""
    ends = [last for _, last in seconds]
    least, most = _Ranges(ends, min), _Ranges(ends, max)
    for run in firsts:
        nearest = bisect_right(seconds, run)
        behind = bisect_right(seconds, (run[1] + 1 + within, FAR))
        if nearest < behind:
            yield run[0], max(run[1], least(nearest, behind)), max(run[1], most(nearest, behind))


class _Ranges:
    """The least or the greatest of any stretch of a list, from those of all stretches of 1, 2, 4, 8, … ."""

    def __init__(self, values: list[int], choose: Callable[[int, int], int]) -> None:
        self._choose = choose
        self._levels = [values]
        step = 1
        while 2 * step <= len(values):
            level = self._levels[-1]
            self._levels.append(list(map(choose, level, level[step:])))
            step *= 2

    def __call__(self, start: int, end: int) -> int:
        size = (end - start).bit_length() - 1
        level = self._levels[size]
        return self._choose(level[start], level[end - (1 << size)])


def count_apart(spans: Iterable[tuple[tuple[int, int], tuple[int, int]]]) -> int:
    """
    How many spans can be counted so that none overlaps another.

    A span is the places where it starts and ends, each a field's number and an offset: two occurrences in one
    word are two, and one character that unfolds to several words is not several.
    """
    counted = 0
    covered = (-1, 0)
    for start, end in sorted(spans, key=lambda span: span[1]):
        if start >= covered:
            counted += 1
            covered = end
    return counted
