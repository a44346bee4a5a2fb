"""The outbox worker: order, isolation, pauses, giving up, and notices."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.alerts import payload
from monitor.delivery.bucket import Limit
from monitor.delivery.policy import GIVE_UP_AFTER
from monitor.delivery.terms import Terms
from monitor.model import Answer, AnswerClass
from monitor.store import outbox as moves
from tests.support.channels import OK, FakeChannel
from tests.support.desk import begun, desk
from tests.support.messages import message
from tests.support.store import GUARD, NOW, do

if TYPE_CHECKING:
    from pathlib import Path

RESET = Answer(AnswerClass.TRANSIENT, "connection reset")
REFUSED = Answer(AnswerClass.REFUSED, "no such chat", status=400)
BAD_TOKEN = Answer(AnswerClass.CONFIG, "401: the token is not valid", status=401)


# --- order and isolation -----------------------------------------------------------------------------


def test_messages_arrive_in_order_one_at_a_time(tmp_path: Path) -> None:
    """A channel gets its messages in the order of events, never two at once; the books say sent."""
    channel = FakeChannel()
    with desk(tmp_path, channel) as d:
        ids = d.ring(count=5)
        d.finish()
        assert channel.titles == [f"title {i}" for i in ids]
        assert channel.at_once == 1
        assert [d.row(i).state for i in ids] == ["sent"] * 5
        assert [d.ledger(i) for i in ids] == [[("sent", "delivered")]] * 5
        assert d.attempts == [(i, AnswerClass.OK) for i in ids]


def test_a_channel_is_told_what_the_row_holds(tmp_path: Path) -> None:
    """Message, stable id, number of the attempt and time of origin reach the channel."""
    channel = FakeChannel(answers=[RESET])
    with desk(tmp_path, channel) as d:
        (row_id,) = d.ring(payload=payload.dump(message(title="Talks")), message_id="7.abc")
        d.finish()
        d.clock.advance(minutes=1)
        d.finish()
        first, second = channel.given
    assert (first.outbox_id, first.message_id, first.channel) == (row_id, "7.abc", "desk")
    assert (first.message, first.created) == (message(title="Talks"), NOW)
    assert (first.attempt, second.attempt) == (1, 2)
    assert second.message_id == "7.abc"


def test_a_blocked_channel_delays_no_other(tmp_path: Path) -> None:
    """While one receiver hangs, the others get all of theirs."""
    gate = threading.Event()
    stuck, quick = FakeChannel("stuck", gate=gate), FakeChannel("quick")
    with desk(tmp_path, stuck, quick) as d:
        (held,) = d.ring("stuck")
        others = d.ring("quick", 3)

        async def story() -> None:
            await begun(stuck)
            await begun(quick, 3)
            late = d.ring("quick")
            d.worker.wake()
            await begun(quick, 4)
            assert d.row(held).state == "leased"
            others.extend(late)
            gate.set()

        d.run(story)
        assert quick.titles == [f"title {i}" for i in others]
        assert d.row(held).state == "sent"


def test_channels_that_are_not_configured_are_left_alone(tmp_path: Path) -> None:
    """A row without a channel waits, and keeps nobody from finishing."""
    channel = FakeChannel()
    with desk(tmp_path, channel) as d:
        (orphan,), (row_id,) = d.ring("nowhere"), d.ring()
        d.finish()
        assert (d.row(orphan).state, d.row(row_id).state) == ("ready", "sent")


def test_work_done_is_not_woken_again(tmp_path: Path) -> None:
    """With nothing due, finish returns at once and sends nothing."""
    channel = FakeChannel()
    with desk(tmp_path, channel) as d:
        d.finish()
        d.ring(next_attempt_at=NOW + timedelta(seconds=1))
        d.finish()
        assert channel.given == []
        d.clock.advance(seconds=1)
        d.finish()
        assert len(channel.given) == 1


# --- answers -----------------------------------------------------------------------------------------


def test_a_failed_message_is_tried_again_later(tmp_path: Path) -> None:
    """A one-shot run ends when was tried; the next attempt is on record, and the next run makes it."""
    channel = FakeChannel(answers=[RESET])
    with desk(tmp_path, channel) as d:
        failed, taken = d.ring(count=2)
        d.finish()
        row = d.row(failed)
        assert (row.state, row.last_error) == ("retry", "connection reset")
        assert row.next_attempt_at is not None
        assert row.next_attempt_at > NOW
        assert d.row(taken).state == "sent"
        d.clock.now = row.next_attempt_at
        d.finish()
        assert d.row(failed).state == "sent"
        assert [o.maybe_repeat for o in channel.given] == [False, False, False]


def test_no_answer_within_the_deadline_is_unknown(tmp_path: Path) -> None:
    """A send that takes too long is given up, tried again later and marked as a possible repeat."""
    gate = threading.Event()
    channel = FakeChannel(gate=gate)
    with desk(tmp_path, channel, deadline=0.02) as d:
        (row_id,) = d.ring()
        d.finish()
        row = d.row(row_id)
        assert (row.state, row.maybe_repeat) == ("retry", True)
        assert d.attempts == [(row_id, AnswerClass.UNKNOWN)]
        assert "no answer" in row.last_error
        gate.set()
        d.worker._sender.deadline = GUARD  # the second attempt may take its time on a busy machine
        d.clock.advance(hours=1)
        d.finish()
        assert d.row(row_id).state == "sent"
        first, second = channel.given
        assert (first.maybe_repeat, second.maybe_repeat) == (False, True)
        assert first.message_id == second.message_id


def test_a_channel_that_crashes_is_an_unknown_outcome(tmp_path: Path) -> None:
    """A plugin's bug costs one attempt and shows its kind, never its text, which may hold a secret."""
    channel = FakeChannel(answers=[ZeroDivisionError("token=s3cret")])
    with desk(tmp_path, channel) as d:
        (row_id,) = d.ring()
        d.finish()
        row = d.row(row_id)
        assert (row.state, row.maybe_repeat) == ("retry", True)
        assert "ZeroDivisionError" in row.last_error
        assert "s3cret" not in row.last_error


def test_refused_content_is_sent_plain(tmp_path: Path) -> None:
    """A receiver that does not like the form gets the short plain one next."""
    channel = FakeChannel(answers=[Answer(AnswerClass.CONTENT, "can't parse entities", status=400)])
    with desk(tmp_path, channel) as d:
        d.ring()
        d.finish()
        d.clock.advance(minutes=1)
        d.finish()
        assert [o.plain for o in channel.given] == [False, True]


def test_a_rate_limit_pauses_the_whole_channel(tmp_path: Path) -> None:
    """Nothing is sent to a channel before its Retry-After, while others go on; then all of it."""
    limited = FakeChannel(answers=[Answer(AnswerClass.RATE, "429", status=429, retry_after=300.0)])
    other = FakeChannel("phone")
    with desk(tmp_path, limited, other) as d:
        ids = d.ring(count=3)
        d.finish()
        assert len(limited.given) == 1
        d.ring("phone")
        d.clock.advance(seconds=299.9)
        d.finish()
        assert (len(limited.given), len(other.given)) == (1, 1)
        d.clock.advance(seconds=0.1)
        d.finish()
        assert [d.row(i).state for i in ids] == ["sent"] * 3
        assert len(limited.given) == 4


def test_an_accepted_message_ends_the_pause(tmp_path: Path) -> None:
    """After a channel worked again its pause is forgotten."""
    channel = FakeChannel(answers=[Answer(AnswerClass.RATE, "429", retry_after=60.0)])
    with desk(tmp_path, channel) as d:
        d.ring()
        d.finish()
        d.clock.advance(minutes=1)
        d.finish()
        state = do(d.database, lambda tx: moves.channel_state(tx, "desk"))
        assert (state.paused_until, state.pause_reason, state.last_ok_at) == (None, "", d.clock.now)
        assert (state.last_error_at, state.last_error) == (NOW, "429")


# --- giving up, and notices --------------------------------------------------------------------------


def test_a_message_dies_after_seven_days_and_another_channel_hears_of_it(tmp_path: Path) -> None:
    """It is dead in both books; one notice goes to every notice channel but the one it is about."""
    desk_, phone = FakeChannel(answers=[RESET] * 9), FakeChannel("phone")
    with desk(tmp_path, desk_, phone) as d:
        d.use(desk_, phone, notices_to=["desk", "phone"])
        (row_id,) = d.ring(created_at=NOW - GIVE_UP_AFTER + timedelta(seconds=1))
        d.finish()
        assert d.row(row_id).state == "retry"
        assert d.notices() == []
        d.clock.advance(minutes=1)
        d.finish()
        assert d.row(row_id).state == "dead"
        assert d.ledger(row_id) == [("dead", "gave_up")]
        ((kind, subject, text),) = d.notices()
        assert (kind, subject) == ("dead_letter", "desk")
        assert "connection reset" in text
        d.finish()
        assert phone.titles == [text]
        assert len(desk_.given) == 2


def test_many_deaths_of_one_channel_are_one_notice_an_hour(tmp_path: Path) -> None:
    """A receiver that refuses everything is told of once, and again after an hour."""
    channel, phone = FakeChannel(answers=[REFUSED] * 9), FakeChannel("phone")
    with desk(tmp_path, channel, phone) as d:
        d.use(channel, phone, notices_to=["phone"])
        ids = d.ring(count=3)
        d.finish()
        assert [d.ledger(i) for i in ids] == [[("dead", "refused")]] * 3
        assert len(d.notices()) == 1
        d.clock.advance(minutes=61)
        d.ring()
        d.finish()
        assert len(d.notices()) == 2


@pytest.mark.parametrize("before", [[], [RESET], [OK], [OK, RESET]])
def test_a_channel_that_needs_a_person_is_told_of_once(tmp_path: Path, before: list[Answer]) -> None:
    """The first refused token is a notice, whatever came before; the next are not, until it worked."""
    channel, phone = FakeChannel(answers=[*before, BAD_TOKEN, BAD_TOKEN, OK, BAD_TOKEN]), FakeChannel("phone")
    with desk(tmp_path, channel, phone) as d:
        d.use(channel, phone, notices_to=["desk", "phone"])
        told = []
        for _ in range(len(before) + 4):
            d.ring(created_at=d.clock.now)
            d.clock.advance(hours=1)
            # Only one attempt at a time, so that the story is that of the list.
            do(d.database, lambda tx: tx.run("UPDATE outbox SET state = 'held' WHERE state = 'retry'"))
            do(
                d.database,
                lambda tx: tx.run(
                    "UPDATE ledger SET state = 'held' WHERE state = 'waiting' AND "
                    "outbox_id IN (SELECT id FROM outbox WHERE state = 'held')"
                ),
            )
            d.finish()
            told.append(len(d.notices()))
        assert told == [*[0] * len(before), 1, 1, 1, 2]
        assert all(kind == "channel_failing" for kind, _, _ in d.notices())
        d.finish()
        assert [o.message.kind for o in phone.given] == ["notice", "notice"]
        assert all(o.message.kind == "alert" for o in channel.given)


def test_a_notice_about_a_notice_is_never_made(tmp_path: Path) -> None:
    """Two dead channels that should hear of each other do not talk for ever."""
    one, other = FakeChannel("one", [REFUSED] * 9), FakeChannel("other", [REFUSED] * 9)
    with desk(tmp_path, one, other) as d:
        d.use(one, other, notices_to=["one", "other"])
        d.ring("one")
        d.finish()
        d.clock.advance(hours=2)
        d.finish()
        assert [subject for _, subject, _ in d.notices()] == ["one"]
        assert (len(one.given), len(other.given)) == (1, 1)


# --- limits of services ------------------------------------------------------------------------------


def test_a_service_is_written_to_no_faster_than_it_allows(tmp_path: Path) -> None:
    """Two at once, then one each tenth of a second, for all channels of one credential together."""
    desk_channel, other = FakeChannel(), FakeChannel("other")
    with desk(tmp_path, desk_channel, other) as d:
        limit = Limit(2, 0.1)
        terms = Terms(paces={"desk": ("key", limit), "other": ("key", limit)})
        d.worker.use({"desk": desk_channel, "other": other}, (), terms)
        d.ring(count=3)
        d.ring("other", count=2)
        begun_at = time.monotonic()
        d.finish()
        assert len(desk_channel.given) + len(other.given) == 5
        assert time.monotonic() - begun_at >= 0.2  # two go at once on each channel that looks first
