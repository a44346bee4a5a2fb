"""What follows an answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.delivery.policy import (
    GIVE_UP_AFTER,
    LONGEST_REST,
    LONGEST_WAIT,
    after,
    backoff,
    passes_over,
    rest,
)
from monitor.model import Answer, AnswerClass, OutboxState, Reason

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RETRIED = [kind for kind in AnswerClass if kind not in {AnswerClass.OK, AnswerClass.REFUSED}]


def middle() -> float:
    """Give a jitter of one half."""
    return 0.5


@pytest.mark.parametrize(
    ("kind", "plain", "state", "reason", "pauses", "plain_next", "repeat", "notice"),
    [
        (AnswerClass.OK, False, OutboxState.SENT, Reason.DELIVERED, False, False, False, False),
        (AnswerClass.TRANSIENT, False, OutboxState.RETRY, None, False, False, False, False),
        (AnswerClass.RATE, False, OutboxState.RETRY, None, True, False, False, False),
        (AnswerClass.CONFIG, False, OutboxState.RETRY, None, True, False, False, True),
        (AnswerClass.CONTENT, False, OutboxState.RETRY, None, False, True, False, False),
        (AnswerClass.CONTENT, True, OutboxState.DEAD, Reason.REFUSED, False, False, False, True),
        (AnswerClass.REFUSED, False, OutboxState.DEAD, Reason.REFUSED, False, False, False, True),
        (AnswerClass.UNKNOWN, False, OutboxState.RETRY, None, False, False, True, False),
        (AnswerClass.TRANSIENT, True, OutboxState.RETRY, None, False, True, False, False),
    ],
)
def test_each_class_has_one_action(  # noqa: PLR0917 - the columns of a table
    kind: AnswerClass,
    plain: bool,
    state: OutboxState,
    reason: Reason | None,
    pauses: bool,
    plain_next: bool,
    repeat: bool,
    notice: bool,
) -> None:
    """The table of answer classes and what is done."""
    verdict = after(Answer(kind), 1, NOW, NOW, middle, plain=plain)
    assert (verdict.state, verdict.reason) == (state, reason)
    assert (verdict.channel_pause is not None) is pauses
    assert (verdict.plain_next, verdict.maybe_repeat, verdict.notice) == (plain_next, repeat, notice)
    assert (verdict.next_attempt is not None) is (state is OutboxState.RETRY)


def test_a_server_error_is_retried_within_seconds() -> None:
    """The first retry of a passing failure comes soon, the tenth after many minutes."""
    assert 1 <= backoff(AnswerClass.TRANSIENT, 1, middle) <= 2
    assert backoff(AnswerClass.TRANSIENT, 10, middle) >= 400


def test_a_pause_holds_the_channel_until_retry_after() -> None:
    """The whole channel pauses for as long as its receiver asked."""
    verdict = after(Answer(AnswerClass.RATE, retry_after=3600.0), 1, NOW, NOW, middle)
    assert verdict.channel_pause == 3600.0
    assert verdict.next_attempt == NOW + timedelta(hours=1)


def test_seven_days_are_enough() -> None:
    """What was not accepted within seven days is given up, and said so."""
    answer = Answer(AnswerClass.TRANSIENT)
    assert after(answer, 900, NOW - GIVE_UP_AFTER, NOW, middle).reason is Reason.GAVE_UP
    young = NOW - GIVE_UP_AFTER + timedelta(seconds=1)
    assert after(answer, 900, young, NOW, middle).state is OutboxState.RETRY


@given(
    st.sampled_from(list(AnswerClass)),
    st.none() | st.floats(0, 86_400),
    st.integers(0, 10_000),
    st.timedeltas(timedelta(0), timedelta(days=9)),
    st.floats(0, 1, exclude_max=True),
    st.booleans(),
)
def test_laws_of_the_policy(  # noqa: PLR0917 - one argument for each thing that varies
    kind: AnswerClass, wait: float | None, attempts: int, age: timedelta, jitter: float, plain: bool
) -> None:
    """Never before Retry-After, never in the past, dead only after seven days or a refusal."""
    verdict = after(Answer(kind, retry_after=wait), attempts, NOW - age, NOW, lambda: jitter, plain=plain)
    if verdict.next_attempt is not None:
        assert verdict.next_attempt > NOW
        assert verdict.next_attempt >= NOW + timedelta(seconds=wait or 0)
        assert verdict.next_attempt <= NOW + timedelta(seconds=max(wait or 0, LONGEST_WAIT))
    if verdict.state is OutboxState.DEAD:
        refused = kind is AnswerClass.REFUSED or (kind is AnswerClass.CONTENT and plain)
        assert refused or age >= GIVE_UP_AFTER
    if kind is AnswerClass.OK:
        assert verdict.state is OutboxState.SENT


@given(st.sampled_from(RETRIED), st.integers(1, 5000), st.floats(0, 1, exclude_max=True))
def test_the_back_off_grows_to_its_cap(kind: AnswerClass, attempts: int, jitter: float) -> None:
    """Each wait is at least as long as the one before, under the same jitter, and never above the cap."""
    now, later = (backoff(kind, count, lambda: jitter) for count in (attempts, attempts + 1))
    assert 0 < now <= later <= LONGEST_WAIT


# --- the circuit of a channel ------------------------------------------------------------------------

GONE = Answer(AnswerClass.TRANSIENT, "the receiver refuses connections", unreached=True)


def test_no_connection_is_about_the_channel_and_not_about_the_message() -> None:
    """It rests at once; its message waits as long as it does, so that it is the first again."""
    verdict = after(GONE, 1, NOW, NOW, middle)
    assert verdict.channel_pause is not None
    assert verdict.next_attempt == NOW + timedelta(seconds=verdict.channel_pause)
    assert verdict.plain_next is False


@pytest.mark.parametrize("kind", [AnswerClass.TRANSIENT, AnswerClass.UNKNOWN, AnswerClass.CONTENT])
def test_the_third_failure_in_a_row_is_about_the_channel(kind: AnswerClass) -> None:
    """Whatever it was; the first two are the messages' own."""
    pauses = [after(Answer(kind), 1, NOW, NOW, middle, streak=n).channel_pause for n in (1, 2, 3, 4)]
    assert [pause is not None for pause in pauses] == [False, False, True, True]


@pytest.mark.parametrize("kind", [AnswerClass.TRANSIENT, AnswerClass.UNKNOWN, AnswerClass.CONFIG])
def test_what_fails_where_others_are_taken_goes_plain_and_holds_up_nobody(kind: AnswerClass) -> None:
    """From its third attempt on, if the answer before was a yes."""
    assert after(Answer(kind), 2, NOW, NOW, middle, streak=1).plain_next is False
    verdict = after(Answer(kind), 3, NOW, NOW, middle, streak=1)
    assert (verdict.plain_next, verdict.channel_pause) == (True, None)
    assert after(Answer(kind), 3, NOW, NOW, middle, streak=2).plain_next is False


@given(st.floats(0, 1e6), st.floats(0, 1, exclude_max=True))
def test_a_rest_grows_to_two_minutes_and_no_further(rested: float, jitter: float) -> None:
    """From about a second on, doubling on average; a new alert never waits longer than that."""
    found = rest(rested, lambda: jitter)
    assert 1 <= found <= LONGEST_REST
    assert rest(1e9, lambda: jitter) >= LONGEST_REST / 2


def test_another_message_is_tried_seldom() -> None:
    """Once soon, to find out whether it is the message, and then each few hours."""
    assert [n for n in range(60) if passes_over(n)] == [2, 24, 48]
