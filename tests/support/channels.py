"""A channel whose receiver answers what the test wrote down, when the test lets it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from monitor.model import Answer, AnswerClass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from monitor.model import Outgoing

OK = Answer(AnswerClass.OK, "taken")
GUARD = 30.0  # seconds after which a test that hangs fails


class FakeChannel:
    """
    Remembers what it was given and answers from a list, then always OK.

    With `gate` each send waits until the gate is open; an exception in the list is raised.
    """

    def __init__(
        self,
        name: str = "desk",
        answers: Iterable[Answer | Exception] = (),
        *,
        gate: threading.Event | None = None,
    ) -> None:
        self.name = name
        self.given: list[Outgoing] = []
        self.at_once = 0  # the most sends that were in hand at the same time
        self.closed = False
        self._answers = list(answers)
        self._gate = gate
        self._in_hand = 0
        self._changed = threading.Condition()

    def send(self, outgoing: Outgoing) -> Answer:
        with self._changed:
            self.given.append(outgoing)
            self._in_hand += 1
            self.at_once = max(self.at_once, self._in_hand)
            answer = self._answers.pop(0) if self._answers else OK
            self._changed.notify_all()
        if self._gate is not None:
            assert self._gate.wait(GUARD), "nobody opened the gate"
        with self._changed:
            self._in_hand -= 1
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self) -> None:
        self.closed = True

    def wait_for(self, count: int) -> None:
        """Block until that many sends have begun."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.given) >= count, GUARD), self.given

    @property
    def titles(self) -> list[str]:
        """The titles it was given, in order."""
        return [o.message.title for o in self.given]


class Picky(FakeChannel):
    """Answers by what it is given."""

    def __init__(self, judge: Callable[[Outgoing], Answer], name: str = "desk") -> None:
        super().__init__(name)
        self.judge = judge
        self.taken: list[int] = []

    def send(self, outgoing: Outgoing) -> Answer:
        super().send(outgoing)
        answer = self.judge(outgoing)
        if answer.kind is AnswerClass.OK:
            self.taken.append(outgoing.outbox_id)
        return answer
