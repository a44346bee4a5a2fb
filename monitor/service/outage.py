"""
While it is we who are cut off: nothing is held against a feed, and one probe at a time looks for a way out.

What an outage is stands in `feeds.offline`; here it meets the database, the log and the poller.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from monitor.feeds.offline import LONG, Reach
from monitor.model import FetchStatus
from monitor.service.log import event, get_logger
from monitor.store import sql
from monitor.store.clock import OFFLINE
from monitor.store.rows import to_db
from monitor.store.writer import Priority

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from monitor.model import FetchResult
    from monitor.store.database import Database
    from monitor.store.rows import FeedState
    from monitor.store.tx import Tx

OFFLINE_WORDS = "offline: no server can be reached; feeds wait, and one is tried each 30 s"
REMEMBERED = 500  # failures that may have to be taken back
_log = get_logger("poll")


class Outage:
    """Knows whether we are cut off. `steady` gives seconds that never step; `back` hears of the end."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        steady: Callable[[], float],
        back: Callable[[int], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._steady = steady
        self._back = back
        self._reach = Reach()
        self._blamed: deque[tuple[float, str]] = deque(maxlen=REMEMBERED)

    @property
    def on(self) -> bool:
        """Whether we are cut off."""
        return self._reach.offline

    def heard(self, feed: str, host: str, result: FetchResult) -> bool:
        """
        Take note of how an attempt ended; True = we are cut off, and it is to be held against nobody.

        Where it is False for a failure, the caller records that at once: so it stands by the time that it may
        have to be taken back.
        """
        if not host or (result.status is FetchStatus.REFUSED and result.http_status is None):
            return False  # what we do not ask for says nothing about the network
        if not result.unreachable and result.http_status is None:
            return self.on  # a connection that led to nothing proves neither
        before, now = self._reach, self._steady()
        self._reach = before.record(host, now, unreachable=result.unreachable)
        if self.on and not before.offline:
            self._begin()
        elif before.offline and not self.on:
            self._end(now - (before.offline_since or now))
        if result.unreachable and not self.on:
            self._blamed.append((now, feed))
        return self.on

    def may_probe(self) -> bool:
        """Whether it is time to try one host."""
        return self._reach.may_probe(self._steady())

    def to_probe(self, due: Iterable[tuple[FeedState, str]]) -> FeedState | None:
        """
        Which of the due feeds (with their hosts) to try now, if there are any.

        The host is one not tried in this turn; those that worked last come first.
        """
        chosen = list(due)
        fresh = [(state, host) for state, host in chosen if host not in self._reach.probed]
        if not fresh:
            self._reach = self._reach.another_turn()
        state, host = max(fresh or chosen, key=lambda s: to_db(s[0].last_good_at) or "", default=(None, ""))
        if state is not None:
            self._reach = self._reach.probe(host, self._steady())
        return state

    def _begin(self) -> None:
        hosts = len(self._reach.unreached)
        event(_log, "warning", OFFLINE_WORDS, hosts=hosts)
        recent = self._steady() - LONG
        excused = [feed for at, feed in self._blamed if at >= recent]
        self._blamed.clear()

        def note(tx: Tx) -> None:
            now = to_db(self._clock())
            tx.run(sql.FACT_UPSERT, name=OFFLINE, value="", at=now)
            tx.run_many(sql.FEED_EXCUSE, [{"feed": feed, "now": now} for feed in excused])

        self._note(note)

    def _end(self, seconds: float) -> None:
        waiting = len(self._database.reader.rows(sql.FEEDS_DUE, now=to_db(self._clock())))
        text = "online again: the feeds that waited follow"
        event(_log, "warning", text, waiting=waiting, seconds=round(seconds))
        self._note(lambda tx: tx.run(sql.FACT_DELETE, name=OFFLINE))
        self._back(waiting)

    def _note(self, unit: Callable[[Tx], object]) -> None:
        """Write down what only people read; where the disk is full, the polls say so."""
        done = self._database.writer.submit(unit, Priority.POLL)
        done.add_done_callback(lambda done: done.exception())
