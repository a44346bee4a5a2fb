"""
How many pages may be asked for: so many of one host, so many in all, in any span of a given length. Pure.

Times are seconds on a clock that never steps; what was asked before a restart is told again by its age, so a
restart gives nobody a new budget.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in so many seconds."""

    count: int
    seconds: float


class Budget:
    """Counts requests. `asked` are those of before: host, how many, and when the last began."""

    def __init__(self, per_host: Rate, total: Rate, asked: Iterable[tuple[str, int, float]] = ()) -> None:
        self._per_host = per_host
        self._total = total
        self._all: deque[float] = deque()
        self._hosts: dict[str, deque[float]] = {}
        for host, count, at in sorted(asked, key=lambda one: one[2]):
            for _ in range(count):
                self.spend(host, at)

    def spend(self, host: str, now: float) -> None:
        """A page of this host is asked for."""
        self._all.append(now)
        self._hosts.setdefault(host, deque()).append(now)

    def spent(self, now: float, coming: int = 0) -> bool:
        """Whether no page at all may be asked for now; `coming` requests are about to begin."""
        _let_go(self._all, now - self._total.seconds)
        return len(self._all) + coming >= self._total.count

    def spent_on(self, host: str, now: float) -> bool:
        """Whether no page of this host may be asked for now."""
        asked = self._hosts.get(host)
        if asked is None:
            return False
        _let_go(asked, now - self._per_host.seconds)
        if not asked:
            del self._hosts[host]
        return len(asked) >= self._per_host.count


def _let_go(asked: deque[float], before: float) -> None:
    while asked and asked[0] <= before:
        asked.popleft()
