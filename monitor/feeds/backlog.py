"""
What is due and not yet begun, host by host, so that one busy host keeps nobody else waiting. Pure.

Hosts take turns, each with its longest overdue feed first; a host with enough in hand is passed over until
one of its polls ends. Ten thousand due feeds of one host, paced to one a second, leave room for fifty others.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Backlog:
    """Hands out feed ids, at most `per_host` of one host at a time."""

    def __init__(self, per_host: int) -> None:
        self._per_host = per_host
        self._waiting: dict[str, deque[int]] = {}
        self._in_hand: dict[str, set[int]] = {}
        self._host_of: dict[int, str] = {}  # of what is in hand
        self._turns: deque[str] = deque()  # hosts that may be served now, each once
        self._listed: set[str] = set()
        self.count = 0

    def limit(self, per_host: int) -> None:
        """Another limit from now on."""
        self._per_host = per_host

    def fill(self, due: Iterable[tuple[int, str]]) -> None:
        """Forget what waits and take these (feed id, host) instead, in order; what is in hand stays."""
        self._waiting.clear()
        self._turns.clear()
        self._listed.clear()
        self.count = 0
        for feed_id, host in due:
            self._waiting.setdefault(host, deque()).append(feed_id)
            self.count += 1
        for host in self._waiting:
            self._list(host)

    def take(self) -> int | None:
        """The next feed to begin, now in hand; None where nothing may be begun."""
        if not self._turns:
            return None
        host = self._turns.popleft()
        self._listed.discard(host)
        feed_id = self._waiting[host].popleft()
        if not self._waiting[host]:
            del self._waiting[host]
        self.count -= 1
        self._in_hand.setdefault(host, set()).add(feed_id)
        self._host_of[feed_id] = host
        self._list(host)
        return feed_id

    @property
    def ready(self) -> bool:
        """Whether `take` would give one."""
        return bool(self._turns)

    def done_with(self, feed_id: int) -> None:
        """A feed is in hand no longer; nothing happens if it was not."""
        host = self._host_of.pop(feed_id, None)
        if host is None:
            return
        self._in_hand[host].discard(feed_id)
        if not self._in_hand[host]:
            del self._in_hand[host]
        self._list(host)

    def drop(self, host: str) -> None:
        """Forget what waits for this host: it is not to be asked for now."""
        self.count -= len(self._waiting.pop(host, ()))
        if host in self._listed:
            self._listed.discard(host)
            self._turns.remove(host)

    def _list(self, host: str) -> None:
        full = len(self._in_hand.get(host, ())) >= self._per_host
        if host in self._waiting and host not in self._listed and not full:
            self._turns.append(host)
            self._listed.add(host)
