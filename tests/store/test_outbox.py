"""The outbox's moves, one by one, each with what the ledger says afterwards."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor.model import Answer, AnswerClass, OutboxState, Reason, Severity
from monitor.store import sql
from monitor.store.leasing import lease_next, return_leases
from monitor.store.outbox import (
    channel_state,
    drop_by_hand,
    enqueue,
    notice,
    retry_by_hand,
    save_channel,
    settle,
)
from monitor.store.rows import ChannelState
from tests.support.messages import message
from tests.support.store import NOW, add_notification, ledger_of, new_database, outbox_row, transaction

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.store.rows import OutboxRow
    from monitor.store.tx import Tx

MINUTE = timedelta(minutes=1)
FAILED = Answer(AnswerClass.TRANSIENT, "connection reset", status=None)
TAKEN = Answer(AnswerClass.OK, "taken", status=200)


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Tx]:
    """A transaction on a fresh database; whatever happened in it, matches and ledger add up."""
    with transaction(new_database(tmp_path)) as tx:
        yield tx
        assert tx.rows(sql.LEDGER_STRAY) == []
        assert tx.rows(sql.LEDGER_ORPHANS) == []


def lease(tx: Tx, **later: float) -> OutboxRow:
    """Lease the channel's next row, which must be there."""
    row = lease_next(tx, "desk", NOW + timedelta(**later))
    assert row is not None
    return row


def settled(tx: Tx, row: OutboxRow, answer: Answer = TAKEN, **changes: Any) -> bool:
    """Settle a leased row: sent, unless the changes say otherwise."""
    values: dict[str, Any] = {
        "state": OutboxState.SENT,
        "reason": Reason.DELIVERED,
        "next_attempt": None,
        "maybe_repeat": False,
        "plain": False,
        "now": NOW + MINUTE,
    }
    return settle(tx, row, answer, **{**values, **changes})


def put_off(tx: Tx, row: OutboxRow, **changes: Any) -> bool:
    """Settle a leased row as one to be tried again in five minutes."""
    again = {"state": OutboxState.RETRY, "reason": None, "next_attempt": NOW + 5 * MINUTE}
    return settled(tx, row, FAILED, **{**again, **changes})


def test_a_message_waits_ready_and_due(tx: Tx) -> None:
    """What is put in is due at once, under an id of its own that receivers can recognise."""
    ids = [enqueue(tx, "desk", message(severity=Severity.URGENT), NOW) for _ in range(2)]
    rows = [outbox_row(tx, i) for i in ids]
    assert {(r.state, r.attempts, r.next_attempt_at, r.severity) for r in rows} == {("ready", 0, NOW, 3)}
    assert len({r.message_id for r in rows}) == 2


def test_a_lease_counts_its_attempt_before_the_send(tx: Tx) -> None:
    """The attempt is on record while its outcome is still open."""
    add_notification(tx)
    row = lease(tx)
    assert (row.state, row.attempts, row.leased_at) == ("leased", 1, NOW)
    assert outbox_row(tx, row.id) == row
    assert lease_next(tx, "desk", NOW) is None


def test_leases_come_in_the_order_of_their_coming(tx: Tx) -> None:
    """First in, first out, tried before or not; what is not due and others' rows stay."""
    retry = add_notification(tx, state="retry", next_attempt_at=NOW - 9 * MINUTE)
    late = add_notification(tx)
    early = add_notification(tx, next_attempt_at=NOW - MINUTE)
    add_notification(tx, "phone")
    add_notification(tx, next_attempt_at=NOW + MINUTE)
    order = []
    while (row := lease_next(tx, "desk", NOW)) is not None:
        order.append(row.id)
    assert order == [retry, late, early]


@pytest.mark.parametrize("state", ["held", "leased", "sent", "dead", "dropped"])
def test_only_what_waits_is_leased(tx: Tx, state: str) -> None:
    """No other state is ever sent."""
    row_id = add_notification(tx, state=state)
    ledger = "waiting" if state == "leased" else state
    tx.run("UPDATE ledger SET state = :state WHERE outbox_id = :id", state=ledger, id=row_id)
    assert lease_next(tx, "desk", NOW) is None


def test_a_paused_channel_gets_nothing_until_its_time(tx: Tx) -> None:
    """A pause holds every row of its channel, and no other's, to the very moment."""
    add_notification(tx)
    add_notification(tx, "phone")
    save_channel(tx, ChannelState("desk", paused_until=NOW + MINUTE, pause_reason="rate"))
    assert channel_state(tx, "desk").pause_reason == "rate"
    assert channel_state(tx, "phone") == ChannelState("phone")
    assert lease_next(tx, "desk", NOW + MINUTE - timedelta(microseconds=1)) is None
    assert lease_next(tx, "phone", NOW) is not None
    assert lease_next(tx, "desk", NOW + MINUTE) is not None


def test_an_answer_settles_row_ledger_and_attempt_together(tx: Tx) -> None:
    """One move writes what was sent, why, when, and what the receiver said."""
    row_id = add_notification(tx)
    assert settled(tx, lease(tx))
    row = outbox_row(tx, row_id)
    assert (row.state, row.reason, row.sent_at, row.leased_at) == ("sent", "delivered", NOW + MINUTE, None)
    assert ledger_of(tx, row_id) == [("sent", "delivered")]
    (attempt,) = tx.rows(sql.ATTEMPTS_OF, outbox=row_id)
    assert (attempt["number"], attempt["answer"], attempt["status"], attempt["detail"]) == (
        1,
        "ok",
        200,
        "taken",
    )


def test_a_row_tried_again_still_waits_for_its_first_reason(tx: Tx) -> None:
    """A failed attempt leaves the ledger as it was and remembers the error until it works."""
    row_id = add_notification(tx)
    assert put_off(tx, lease(tx), plain=True, maybe_repeat=True)
    row = outbox_row(tx, row_id)
    assert (row.state, row.next_attempt_at, row.last_error) == ("retry", NOW + 5 * MINUTE, "connection reset")
    assert (row.plain, row.maybe_repeat, row.sent_at) == (True, True, None)
    assert ledger_of(tx, row_id) == [("waiting", "first")]
    assert lease_next(tx, "desk", NOW + 4 * MINUTE) is None

    again = lease(tx, minutes=5)
    assert (again.attempts, again.plain, again.maybe_repeat) == (2, True, True)
    assert settled(tx, again)
    row = outbox_row(tx, row_id)
    assert (row.last_error, row.plain, row.maybe_repeat) == ("", True, True)
    assert [a["number"] for a in tx.rows(sql.ATTEMPTS_OF, outbox=row_id)] == [1, 2]


def test_a_row_given_up_is_dead_in_both_books(tx: Tx) -> None:
    """The ledger names the reason of the death."""
    row_id = add_notification(tx)
    assert settled(tx, lease(tx), FAILED, state=OutboxState.DEAD, reason=Reason.GAVE_UP)
    assert outbox_row(tx, row_id).state == "dead"
    assert ledger_of(tx, row_id) == [("dead", "gave_up")]


def test_a_late_answer_changes_nothing(tx: Tx) -> None:
    """An answer to an attempt that was settled, returned or followed by another is ignored."""
    row_id = add_notification(tx)
    first = lease(tx)
    assert put_off(tx, first)
    assert not settled(tx, first)
    second = lease(tx, minutes=5)
    assert not settled(tx, first)
    assert outbox_row(tx, row_id) == second
    return_leases(tx, NOW + 6 * MINUTE)
    assert not settled(tx, second)
    assert outbox_row(tx, row_id).state == "ready"
    assert len(tx.rows(sql.ATTEMPTS_OF, outbox=row_id)) == 1


def test_returned_leases_are_due_and_may_be_repeats(tx: Tx) -> None:
    """After a crash what was in mid-send is ready under its old id, marked; all else stays as it was."""
    row_id, waiting = add_notification(tx), add_notification(tx, next_attempt_at=NOW + MINUTE)
    before, other = lease(tx), outbox_row(tx, waiting)
    assert return_leases(tx, NOW + MINUTE) == 1
    row = outbox_row(tx, row_id)
    assert (row.state, row.next_attempt_at, row.leased_at, row.maybe_repeat) == (
        "ready",
        NOW + MINUTE,
        None,
        True,
    )
    assert (row.message_id, row.attempts) == (before.message_id, 1)
    assert ledger_of(tx, row_id) == [("waiting", "first")]
    assert outbox_row(tx, waiting) == other
    assert return_leases(tx, NOW) == 0


@pytest.mark.parametrize("state", ["retry", "dead", "held"])
def test_retry_by_hand_makes_it_due_now(tx: Tx, state: str) -> None:
    """What failed, died or is held can be sent now; row and ledger say that it was put back."""
    row_id = add_notification(tx, state=state, next_attempt_at=NOW + 99 * MINUTE, attempts=4)
    assert retry_by_hand(tx, row_id, NOW)
    row = outbox_row(tx, row_id)
    assert (row.state, row.reason, row.next_attempt_at, row.attempts) == ("ready", "requeued", NOW, 4)
    assert ledger_of(tx, row_id) == [("waiting", "requeued")]


@pytest.mark.parametrize("state", ["ready", "retry", "dead", "held"])
def test_drop_by_hand_ends_it(tx: Tx, state: str) -> None:
    """What was not sent can be given up; it is kept as dropped, and says by whom."""
    row_id = add_notification(tx, state=state)
    assert drop_by_hand(tx, row_id, NOW)
    row = outbox_row(tx, row_id)
    assert (row.state, row.reason, row.next_attempt_at) == ("dropped", "by_hand", None)
    assert ledger_of(tx, row_id) == [("dropped", "by_hand")]
    assert lease_next(tx, "desk", NOW + 99 * MINUTE) is None


@pytest.mark.parametrize(
    ("move", "state"),
    [
        (retry_by_hand, "ready"),
        (retry_by_hand, "leased"),
        (retry_by_hand, "sent"),
        (retry_by_hand, "dropped"),
        (drop_by_hand, "leased"),
        (drop_by_hand, "sent"),
        (drop_by_hand, "dropped"),
    ],
)
def test_moves_by_hand_that_make_no_sense_are_refused(tx: Tx, move: Any, state: str) -> None:
    """What is on its way, sent or dropped stays so: the answer is no, and nothing changes."""
    row_id = add_notification(tx, state=state)
    ledger = state if state in ("sent", "dropped") else "waiting"
    tx.run("UPDATE ledger SET state = :state WHERE outbox_id = :id", state=ledger, id=row_id)
    before = outbox_row(tx, row_id)
    assert move(tx, row_id, NOW) is False
    assert outbox_row(tx, row_id) == before


@pytest.mark.parametrize("move", [retry_by_hand, drop_by_hand])
def test_a_row_that_does_not_exist_is_refused(tx: Tx, move: Any) -> None:
    """An unknown id is a no, not an error."""
    assert move(tx, 404, NOW) is False


def test_a_notice_is_kept_and_sent_where_asked(tx: Tx) -> None:
    """Each channel named gets the notice as a message of its own; without any it is only written down."""
    notice(tx, "feed_gone", "a", "feed a is gone", NOW)
    notice(tx, "dead_letter", "desk", "channel desk gave up", NOW, to=["phone", "screen"])
    kept = [(row["kind"], row["text"]) for row in tx.rows(sql.NOTICES_SINCE, since="")]
    assert kept == [("feed_gone", "feed a is gone"), ("dead_letter", "channel desk gave up")]
    rows = [(row["channel"], row["kind"], row["state"]) for row in tx.rows(sql.OUTBOX_UNSENT)]
    assert rows == [("phone", "notice", "ready"), ("screen", "notice", "ready")]


@pytest.mark.parametrize(("reason", "paused_after"), [("config", False), ("rate", True)])
def test_retrying_by_hand_lifts_a_pause_that_a_person_can_mend(
    tx: Tx, reason: str, paused_after: bool
) -> None:
    """After a wrong password the channel is tried at once; a receiver's Retry-After still holds."""
    number = enqueue(tx, "desk", message(), NOW)
    row = lease_next(tx, "desk", NOW)
    assert row is not None
    retry_at = NOW + 5 * MINUTE
    settle(
        tx,
        row,
        FAILED,
        state=OutboxState.RETRY,
        reason=None,
        next_attempt=retry_at,
        maybe_repeat=False,
        plain=False,
        now=NOW,
    )
    save_channel(tx, ChannelState("desk", NOW + 10 * MINUTE, reason))
    assert retry_by_hand(tx, number, NOW)
    assert (lease_next(tx, "desk", NOW) is None) is paused_after
