"""
Signs of life: whether tick, writer and deliveries move, and in which words that is told.

The manager's watchdog kills a daemon it does not hear from. So nothing is said while one part stands still:
a process that is there and does nothing is the worst kind of monitor. Everything is measured on a monotonic
clock that stands still while the machine sleeps; a wake-up is no hang.
"""

from __future__ import annotations

import faulthandler
from typing import TYPE_CHECKING

from monitor.errors import StoreError
from monitor.store.writer import Priority

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future
    from datetime import datetime

    from monitor.store.writer import Writer

TICK, WRITER, SENDER = "tick", "writer", "sender"
# Seconds without a sign of life that are taken for a hang. The writer may wait ten seconds for a verb's
# transaction and then for a slow disk; the sender looks at the outbox every five.
LIMITS: Mapping[str, float] = {TICK: 15.0, WRITER: 30.0, SENDER: 20.0}
WORDS = {
    TICK: "the schedule was not looked at",
    WRITER: "the database's writer has not answered",
    SENDER: "the outbox was not looked at",
}
ASLEEP = 5.0  # seconds between two looks after which the whole process is taken to have been stopped
ASK_EVERY = 5.0  # seconds between an answer of the writer and the next question


def prepare_for_death() -> None:
    """
    Leave a trace when the manager's watchdog aborts the process (PYTHONFAULTHANDLER in the unit).

    At that moment only the main thread is written down: walking the others' frames while they run can crash
    half-way and lose even that. `show_threads` writes down all of them while it is safe.
    """
    if faulthandler.is_enabled():
        faulthandler.enable(all_threads=False)


def show_threads() -> None:
    """Write down where every thread stands; no frame changes while it holds the lock."""
    if faulthandler.is_enabled():
        faulthandler.dump_traceback(all_threads=True)


def stale(now: float, seen: Mapping[str, float], limits: Mapping[str, float] = LIMITS) -> str | None:
    """
    What has stood still for too long, as a sentence for people, or None where every part moves.

    `seen` holds the moment of each part's last sign of life, on the clock of `now`; of several parts that
    stand still, the one that is longest beyond its limit is named.
    """
    late = {part: now - at - limits[part] for part, at in seen.items() if now - at > limits[part]}
    if not late:
        return None
    part = max(late, key=lambda name: late[name])
    return f"{WORDS[part]} for {now - seen[part]:.0f} s"


class WriterPulse:
    """
    Asks the writer for a sign of life: an empty unit of work that has to come back.

    A refusal is an answer too: on a full disk the writer lives, and a new start would not free the disk.
    """

    def __init__(self, writer: Writer, clock: Callable[[], float]) -> None:
        self._writer = writer
        self._clock = clock
        self._question: Future[None] | None = None
        self.last_answer = clock()

    def beat(self) -> float:
        """Note the answer if it has come, ask again if it is time; returns when the writer answered last."""
        now = self._clock()
        if self._question is not None and self._question.done():
            self._question = None
            self.last_answer = now
        if self._question is None and now - self.last_answer >= ASK_EVERY:
            self._ask(now)
        return self.last_answer

    def _ask(self, now: float) -> None:
        try:
            self._question = self._writer.submit(lambda _: None, Priority.DELIVERY)
        except StoreError:
            if self._writer.running:
                self.last_answer = now


class Watchdog:
    """
    Decides at each look whether the manager gets a sign of life, and what has changed in what it is told.

    `interval` is the time between two signs of life, in seconds; None where nobody waits for them.
    """

    def __init__(self, interval: float | None) -> None:
        self._interval = interval
        self._fed: float | None = None
        self._looked: float | None = None
        self.stuck: str | None = None

    @property
    def pause(self) -> float:
        """Seconds between two looks: short enough that no sign of life comes late."""
        return 1.0 if self._interval is None else max(min(1.0, self._interval / 4), 0.01)

    def look(self, now: float, seen: Mapping[str, float]) -> tuple[bool, bool]:
        """
        Returns whether to send a sign of life, and whether a part stopped or began to move again.

        After a pause of the whole process (SIGSTOP, a halted virtual machine) one look is let pass: no part
        had a chance to move.
        """
        looked, self._looked = self._looked, now
        if looked is not None and now - looked > ASLEEP:
            return False, False
        before, self.stuck = self.stuck, stale(now, seen)
        changed = (before is None) != (self.stuck is None)
        if self.stuck is not None or self._interval is None:
            return False, changed
        if self._fed is not None and now - self._fed < self._interval - self.pause and not changed:
            return False, changed
        self._fed = now
        return True, changed


def status_line(
    *, feeds: int, failing: int, rules: int, waiting: int, last_alert: datetime | None, trouble: str = ""
) -> str:
    """
    What `systemctl status` shows in its one line; `trouble` goes first, for the line may be cut.

    It holds no age, only moments: so it changes when something has happened, not with every look.
    """
    text = f"watching {_count(feeds, 'feed')}"
    text += f" ({failing} failing)" if failing else ""
    text += f" with {_count(rules, 'rule')}"
    text += f", {waiting} to deliver" if waiting else ""
    text += f", last alert {last_alert:%Y-%m-%d %H:%M} UTC" if last_alert else ""
    return f"{trouble}; {text}" if trouble else text


def _count(number: int, word: str) -> str:
    return f"{number} {word}" + ("" if number == 1 else "s")
