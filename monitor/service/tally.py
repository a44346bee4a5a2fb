"""What this process has done since it began: counted here where no other part counts it already."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

from monitor.errors import StoreError
from monitor.store.process import ProcessFigures

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from monitor.alerts.latency import Histogram, Stage
    from monitor.rules.engine import Engine
    from monitor.rules.size import EngineSize
    from monitor.store.database import Reader

APPLIED, REFUSED = "applied", "refused"
STATUS = "status_"  # how the poller names its counts of polls by their end


class Tally:
    """
    Counts since the start; `timed` = somebody asks how fast alerts are, so that this is looked up.

    What only a daemon does loads what it needs then: a one-shot run starts without it.
    """

    def __init__(self, since: datetime) -> None:
        self.since = since
        self.timed = False
        self.attempts: Counter[str] = Counter()
        self.reloads: Counter[str] = Counter({APPLIED: 0, REFUSED: 0})
        self._latency: Mapping[Stage, Histogram] | None = None
        self._engine: Engine | None = None
        self._size: EngineSize | None = None

    @property
    def latency(self) -> Mapping[Stage, Histogram]:
        """How long what was sent took, stage by stage."""
        if self._latency is None:
            from monitor.alerts.latency import Histogram, Stage  # noqa: PLC0415 - see the class

            self._latency = {stage: Histogram() for stage in Stage}
        return self._latency

    def sent(self, outbox_id: int, reader: Reader) -> None:
        """A receiver took a notification: note how long its alerts took."""
        if not self.timed:
            return
        from monitor.alerts.latency import stages  # noqa: PLC0415 - see the class
        from monitor.store.figures import ways_of  # noqa: PLC0415 - the same

        try:
            ways = ways_of(reader, outbox_id)
        except StoreError:
            return  # a figure less; the keeper says what is wrong
        for way in ways:
            for stage, seconds in stages(way).items():
                self.latency[stage].add(seconds)

    def weigh(self, engine: Engine) -> None:
        """Weigh the engine in force, its rules only once."""
        from monitor.rules.size import size_of  # noqa: PLC0415 - see the class

        known = self._size.rules_bytes if self._size and self._engine is engine else None
        try:
            size = size_of(engine, known)
        except RuntimeError:  # another thread learnt a word meanwhile: the next time will do
            return
        self._engine, self._size = engine, size

    def figures(self, polled: Mapping[str, int], pages: Mapping[str, int], rules: int) -> ProcessFigures:
        """Everything that was counted, with the poller's and the page worker's own counts."""
        return ProcessFigures(
            pid=os.getpid(),
            since=self.since.isoformat(timespec="seconds").replace("+00:00", "Z"),
            polls={k.removeprefix(STATUS): n for k, n in sorted(polled.items()) if k.startswith(STATUS)},
            polls_unrecorded=polled.get("unrecorded", 0),
            polls_offline=polled.get("offline", 0),
            items_new=polled.get("new", 0),
            matches=polled.get("matched", 0) + pages.get("matched", 0),
            pages_asked=pages.get("asked", 0),
            attempts=dict(sorted(self.attempts.items())),
            reloads=dict(self.reloads),
            rules=rules,
            rules_bytes=self._size.rules_bytes if self._size else 0,
            memo_pieces=self._size.pieces if self._size else 0,
            memo_bytes=self._size.memo_bytes if self._size else 0,
        )
