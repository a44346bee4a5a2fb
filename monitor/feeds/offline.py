"""
Whether it is we who are cut off: judged from what the last attempts met. Pure.

A dead server fails alone; when nearly every host fails before a connection stands, the fault is nearer than
any of them: a cable, a router, a name server. Then nothing should be held against the feeds. Each host counts
once, with its latest attempt, so one large host that is down makes no outage; fewer than three never can.
"""

from __future__ import annotations

from dataclasses import replace

from monitor.model import value

# Seconds for which an attempt counts as recent. Failures are slow and come last: the quick answers of their
# round must still count. Where few feeds are asked seldom, only the longer one holds enough of them.
SHORT, LONG = 120.0, 900.0
MOST_HOSTS = 64
LEAST_HOSTS = 3
SHARE = 0.8
PROBE_EVERY = 30.0


@value
class Attempt:
    """The latest attempt at one host. `at` is seconds on a clock that never steps."""

    host: str
    at: float
    unreachable: bool


@value
class Reach:
    """
    What the last attempts say: `offline_since` is when they began to say that we are cut off, or None.

    `recent` holds one attempt a host, the latest last.
    """

    recent: tuple[Attempt, ...] = ()
    offline_since: float | None = None
    probed_at: float | None = None
    probed: frozenset[str] = frozenset()  # hosts asked since the outage began, in this turn

    @property
    def offline(self) -> bool:
        """Whether we are taken for cut off."""
        return self.offline_since is not None

    def record(self, host: str, now: float, *, unreachable: bool) -> Reach:
        """The state after one more attempt; any answer at all ends an outage."""
        attempt = Attempt(host, now, unreachable)
        kept = [a for a in self.recent if a.host != host and now - a.at <= LONG]
        recent = (*kept[-(MOST_HOSTS - 1) :], attempt)
        if not unreachable:
            if self.offline:
                return Reach(recent=(attempt,))  # what failed during the outage says nothing of today
            return Reach(recent, self.offline_since, self.probed_at, self.probed)
        if self.offline:
            return replace(self, recent=recent)
        lately = tuple(a for a in recent if now - a.at <= SHORT)
        cut_off = _nearly_all_failed(lately) or _nearly_all_failed(recent)
        return replace(self, recent=recent, offline_since=now if cut_off else None)

    @property
    def unreached(self) -> frozenset[str]:
        """The hosts whose recent failures made the outage known."""
        return frozenset(a.host for a in self.recent if a.unreachable)

    def may_probe(self, now: float) -> bool:
        """Whether it is time for the next probe: the first at once, then one each 30 s."""
        return self.offline and (self.probed_at is None or now - self.probed_at >= PROBE_EVERY)

    def probe(self, host: str, now: float) -> Reach:
        """The state after a probe at this host was begun."""
        return replace(self, probed_at=now, probed=self.probed | {host})

    def another_turn(self) -> Reach:
        """Every host that could be asked was: begin with the first again."""
        return replace(self, probed=frozenset())


def _nearly_all_failed(attempts: tuple[Attempt, ...]) -> bool:
    failed = sum(a.unreachable for a in attempts)
    return failed >= LEAST_HOSTS and failed >= SHARE * len(attempts)
