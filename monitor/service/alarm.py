"""
The canary's alarm: a thread of its own that nothing else in the daemon can stop, and a way out of its own.

It looks once a second whether the canary is late (`service.canary`). If so it tells the channels of
[canary] itself, in threads of this moment and with channels built for it: without the loop, the writer
and the outbox, any of which may be what stands still. Where none of them takes it the other channels are
tried, one after the other, and all again each minute until one has. What it told is told once: a fault
lasts until a round has come through, which the same channels then hear. It is written down in the lock
file, for which nothing has to work but the disk; so a process that the manager's watchdog has started
anew knows of it, and neither tells it again nor forgets to say that it is over.
"""

from __future__ import annotations

import json
import threading
import uuid
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from monitor.errors import StoreError
from monitor.model import AnswerClass, Message, Outgoing, Severity
from monitor.service import systemd
from monitor.service.log import event, failure, get_logger
from monitor.store.outbox import notice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from monitor.delivery.channels import Channel
    from monitor.model import Answer
    from monitor.plan import Plan
    from monitor.service.canary import Canary, Overdue
    from monitor.settings import ChannelConfig, Config
    from monitor.store.database import Database
    from monitor.store.lock import DaemonLock

LOOK = 1.0  # seconds between two looks, less where rounds follow each other quickly
ASLEEP = 5.0  # seconds between two looks after which the whole process is taken to have been stopped
DEADLINE = 60.0  # seconds for which a channel's answer is waited for
AGAIN = 60.0  # seconds until the channels are tried again, where none took the alarm
FAILED, BACK = "canary_failed", "canary_back"  # kinds of notices
_log = get_logger("canary")


@dataclass(frozen=True, slots=True)
class Fault:
    """A canary that does not come through: since when, why, and who was told of it when."""

    since: datetime
    why: str
    alarmed_at: datetime | None = None
    told: tuple[str, ...] = ()

    def dump(self) -> str:
        """The fault as one line."""
        at = self.alarmed_at.isoformat() if self.alarmed_at else None
        return json.dumps(asdict(self) | {"since": self.since.isoformat(), "alarmed_at": at})

    @staticmethod
    def load(line: str) -> Fault | None:
        """The fault that `dump` wrote; None where there is none, or something else stands there."""
        try:
            data = json.loads(line)
            at = data["alarmed_at"]
            return Fault(
                datetime.fromisoformat(data["since"]),
                str(data["why"]),
                datetime.fromisoformat(at) if at else None,
                tuple(map(str, data["told"])),
            )
        except (ValueError, TypeError, KeyError):
            return None


class Alarm:
    """
    Looks after the canary.

    `make` builds a channel; `clock` is the wall clock, `steady` gives seconds that never step; `say` sets the
    manager's status line at once, whether the loop moves or not. `look` may be called by hand in place of
    `start`.
    """

    def __init__(
        self,
        canary: Canary,
        *,
        database: Database,
        lock: DaemonLock,
        plan: Callable[[], Plan],
        make: Callable[[ChannelConfig, Config], Channel],
        clock: Callable[[], datetime],
        steady: Callable[[], float],
        say: Callable[[str], object] = systemd.status,
    ) -> None:
        self._canary = canary
        self._database = database
        self._lock = lock
        self._plan = plan
        self._make = make
        self._clock = clock
        self._steady = steady
        self.say = say
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._looked: float | None = None
        self._next_try = float("-inf")
        self._rounds = 0  # that had come through when the fault began
        self.fault = Fault.load(lock.fault)

    def start(self) -> None:
        """Look from now on, in a thread of its own."""
        self._thread = threading.Thread(target=self._run, name="alarm", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more; a message under way is not waited for."""
        self._stop.set()

    @property
    def words(self) -> str:
        """The fault for a status line; "" = there is none."""
        fault = self.fault
        return f"the {_told_of(fault)}" if fault else ""

    def _run(self) -> None:
        while not self._stop.wait(min(LOOK, (self._canary.every or LOOK) / 10)):
            try:
                self.look()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next look may do better
                failure(_log, "the canary could not be looked after", error)

    def look(self) -> None:
        """Tell what is to be told."""
        before, now = self._looked, self._steady()
        self._looked = now
        if before is not None and now - before > ASLEEP:
            self._canary.slept(now - before)
        late = self._canary.overdue(now)
        if late is None:
            # Not late is not yet well: a process that was started anew has made no round so far.
            if self.fault is not None and (self._canary.rounds > self._rounds or self._canary.every is None):
                self._end(self.fault)
        elif self.fault is None:
            self._begin(late)
        elif not self.fault.told and now >= self._next_try:
            self._tell_of(self.fault)
        self._looked = self._steady()  # what telling took is no sleep

    # --- a fault

    def _begin(self, late: Overdue) -> None:
        self._rounds = self._canary.rounds
        fault = Fault(late.since, late.why)
        self._note(fault)
        event(_log, "error", "the canary has not come through", since=fault.since, why=fault.why)
        self.say(self.words)
        self._write_down(FAILED, _title(fault))
        self._tell_of(fault)

    def _tell_of(self, fault: Fault) -> None:
        message = Message(
            kind="notice",
            title=_title(fault),
            severity=Severity.URGENT,
            excerpt="Alerts may be late or missing until it does. Look at it with: tocsin status",
            why="notice: canary",
        )
        told = self._tell(message, self._listed(), others=True)
        self._next_try = self._steady() + AGAIN
        if told:
            self._note(replace(fault, alarmed_at=self._clock(), told=told))
            event(_log, "warning", "the canary's alarm was given", channels=told)
        else:
            event(_log, "error", "no channel takes the canary's alarm: it is tried again", seconds=AGAIN)

    def _end(self, fault: Fault) -> None:
        self.fault = None
        self._lock.note_fault()
        if self._canary.every is None:
            return  # it was switched off
        text = f"Tocsin's canary comes through again, after {_span(self._clock() - fault.since)}"
        event(_log, "warning", "the canary comes through again", since=fault.since)
        self._write_down(BACK, text)
        if fault.told:
            self._tell(Message(kind="notice", title=text, why="notice: canary"), fault.told, others=False)

    def _note(self, fault: Fault) -> None:
        self.fault = fault
        self._lock.note_fault(fault.dump())

    def _write_down(self, kind: str, text: str) -> None:
        """Leave a notice for `status`, as soon as the writer writes; it is not waited for."""
        at = self._clock()
        with suppress(StoreError):
            done = self._database.writer.submit(lambda tx: notice(tx, kind, "", text, at))
            done.add_done_callback(lambda done: done.exception())

    # --- telling, past everything

    def _listed(self) -> tuple[str, ...]:
        table = self._plan().config.canary
        names = table["channels"] if table is not None else ()
        return tuple(names) if isinstance(names, tuple) else ()

    def _tell(self, message: Message, first: Sequence[str], *, others: bool) -> tuple[str, ...]:
        """Send to all of `first`; where none takes it and `others` may, to those one by one. Who took it."""
        plan = self._plan()
        known = [name for name in first if name in plan.channels]
        told = self._send(message, known, plan)
        rest = [name for name in (*plan.notices_to, *plan.channels) if name not in known] if others else []
        for name in dict.fromkeys(rest):
            if told or self._stop.is_set():
                break
            told = self._send(message, [name], plan)
        return told

    def _send(self, message: Message, names: Iterable[str], plan: Plan) -> tuple[str, ...]:
        """Try these at once, each in a thread; returns those that took it in time."""
        answers: dict[str, Answer] = {}
        threads = []
        for name in names:
            outgoing = Outgoing(0, f"canary.{uuid.uuid4().hex[:16]}", name, message, created=self._clock())
            threads.append(
                threading.Thread(
                    target=self._send_one, args=(outgoing, plan, answers), name=f"alarm-{name}", daemon=True
                )
            )
            threads[-1].start()
        until = self._steady() + DEADLINE
        for thread in threads:
            thread.join(max(0.0, until - self._steady()))
        return tuple(name for name, answer in list(answers.items()) if answer.kind is AnswerClass.OK)

    def _send_one(self, outgoing: Outgoing, plan: Plan, answers: dict[str, Answer]) -> None:
        name = outgoing.channel
        try:
            channel = self._make(plan.channels[name], plan.config)
            try:
                answer = channel.send(outgoing)
            finally:
                channel.close()
        except Exception as error:  # noqa: BLE001 - a plugin's bug must not keep the others from hearing
            failure(_log, "a channel failed with the canary's alarm", error, channel=name)
            return
        answers[name] = answer
        if answer.kind is not AnswerClass.OK:
            event(
                _log, "warning", "a channel did not take the canary's alarm", channel=name, why=answer.detail
            )


def _title(fault: Fault) -> str:
    return f"Tocsin's {_told_of(fault)}"


def _told_of(fault: Fault) -> str:
    return f"canary has not come through since {fault.since:%Y-%m-%d %H:%M} UTC: {fault.why}"


def _span(lasted: timedelta) -> str:
    minutes = int(lasted.total_seconds()) // 60
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else "less than a minute"
