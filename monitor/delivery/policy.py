"""
What to do after a receiver's answer: the decision of the outbox worker, as a pure function.

One class of answer, one action. A notification is given up only when its receiver refused it for good
or did not take it within seven days; everything else is tried again, ever more slowly, spread by
jitter so that a receiver that comes back is not met by all of us at once.

Each channel has a circuit. An answer that is about the channel and not about the message opens it: no
connection, a credential that is refused, a 429, or the third failure in a row whatever it was. Then the
channel is left alone for a while and tried with one message at a time; the first that is taken closes it.
Where a channel takes others and fails on one message, that one waits by itself, and in a plainer form.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.model import AnswerClass, OutboxState, Reason

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from monitor.model import Answer

GIVE_UP_AFTER = timedelta(days=7)
LONGEST_WAIT = 15 * 60.0
CIRCUIT_AFTER = 3  # failures of a channel in a row, of whatever kind
LONGEST_REST = (
    120.0  # seconds that a channel out of reach is left alone: a new alert waits no longer than that
)
AT_FAULT_AFTER = 3  # attempts after which a message is at fault that fails where others are taken
PASS_OVER = (2, 24)  # after the second refusal in a row another message is tried, then each so many probes

# Seconds before the second attempt; doubled for each further one up to LONGEST_WAIT.
# A 500 is often gone in a moment. Where the answer was lost, each attempt may be one more copy.
_FIRST_WAIT = {
    AnswerClass.TRANSIENT: 2.0,
    AnswerClass.CONTENT: 2.0,
    AnswerClass.RATE: 30.0,
    AnswerClass.CONFIG: 60.0,
    AnswerClass.UNKNOWN: 60.0,
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    What becomes of a notification after one attempt.

    `reason` is None for a retry: the reason it has stays. `channel_pause` is seconds for which nothing
    at all should go to this channel. `plain_next` asks for the short plain rendering, `maybe_repeat`
    for the mark, at the next attempt. `notice` = a person should hear of it; the caller sees to it
    that one is not told of the same channel again and again.
    """

    state: OutboxState
    next_attempt: datetime | None = None
    reason: Reason | None = None
    channel_pause: float | None = None
    plain_next: bool = False
    maybe_repeat: bool = False
    notice: bool = False


def after(
    answer: Answer,
    attempts: int,
    created: datetime,
    now: datetime,
    rng: Callable[[], float],
    *,
    plain: bool = False,
    streak: int = 1,
    rested: float = 0.0,
) -> Verdict:
    """
    Decide what follows an answer.

    `attempts` counts the attempts made, this one included; `plain` says that this one was already the
    short plain rendering; `rng` gives floats in [0, 1), e.g. `random.random`. `streak` is how many answers
    of the channel in a row were no, this one included; `rested` how many seconds it was left alone last.
    """
    kind = answer.kind
    if kind is AnswerClass.OK:
        return Verdict(OutboxState.SENT, reason=Reason.DELIVERED)
    if kind is AnswerClass.REFUSED or (kind is AnswerClass.CONTENT and plain):
        return Verdict(OutboxState.DEAD, reason=Reason.REFUSED, notice=True)
    if now - created >= GIVE_UP_AFTER:
        return Verdict(OutboxState.DEAD, reason=Reason.GAVE_UP, notice=True)

    wait = max(backoff(kind, attempts, rng), answer.retry_after or 0.0)
    # The channel took others since this one failed: it is not the channel.
    at_fault = attempts >= AT_FAULT_AFTER and streak == 1 and not answer.unreached
    pause = None
    if kind is AnswerClass.RATE or (kind is AnswerClass.CONFIG and not at_fault):
        pause = wait
    elif answer.unreached or streak >= CIRCUIT_AFTER:
        pause = max(rest(rested, rng), answer.retry_after or 0.0)
        if answer.unreached:
            wait = pause
    return Verdict(
        OutboxState.RETRY,
        next_attempt=now + timedelta(seconds=wait),
        channel_pause=pause,
        plain_next=plain or kind is AnswerClass.CONTENT or (at_fault and kind is not AnswerClass.RATE),
        maybe_repeat=kind is AnswerClass.UNKNOWN,
        notice=kind is AnswerClass.CONFIG,
    )


def backoff(kind: AnswerClass, attempts: int, rng: Callable[[], float]) -> float:
    """Give seconds until the next attempt: doubling, capped, spread over the upper half."""
    doubled = _FIRST_WAIT[kind] * 2.0 ** min(max(attempts, 1) - 1, 20)
    ceiling = min(doubled, LONGEST_WAIT)
    return ceiling * (0.5 + 0.5 * rng())


def rest(rested: float, rng: Callable[[], float]) -> float:
    """Give seconds that a channel out of reach is left alone, after `rested` the last time; as `backoff`."""
    doubled = max(_FIRST_WAIT[AnswerClass.TRANSIENT], 2.5 * rested)  # on average twice what it was
    return min(doubled, LONGEST_REST) * (0.5 + 0.5 * rng())


def passes_over(streak: int) -> bool:
    """
    Whether a channel that refuses its first message is to be tried with another one.

    A message that a firewall forbids looks like a credential that is refused, and would keep back all others.
    Seldom: whoever mends a credential wants what waited in its order.
    """
    soon, then = PASS_OVER
    return streak == soon or (streak > 0 and streak % then == 0)
