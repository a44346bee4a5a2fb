"""Channels in trouble: what waits keeps its order, a bad message keeps no other, people hear of it once."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from monitor.alerts import payload
from monitor.delivery import sending
from monitor.delivery.bucket import Limit
from monitor.delivery.policy import LONGEST_REST
from monitor.delivery.terms import Terms
from monitor.model import Answer, AnswerClass, Severity
from monitor.store import outbox as moves
from monitor.store import sql
from monitor.store.clock import move_due_times
from monitor.store.leasing import lease_next
from monitor.store.rows import to_db
from tests.support.channels import OK, FakeChannel, Picky
from tests.support.desk import Desk, begun, desk
from tests.support.messages import message
from tests.support.store import do, insert

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime
    from pathlib import Path

    from monitor.store.tx import Tx

GONE = Answer(AnswerClass.TRANSIENT, "the receiver refuses connections", unreached=True)
BROKEN = Answer(AnswerClass.TRANSIENT, "HTTP 500: the receiver has a problem", 500)
LOST = Answer(AnswerClass.UNKNOWN, "the connection ended without an answer; it may have arrived")
FORBIDDEN = Answer(AnswerClass.CONFIG, "HTTP 403: the receiver forbids it", 403)
REVOKED = Answer(AnswerClass.CONFIG, "HTTP 401: “invalid_auth”: the token is not accepted", 401)
SLOW_DOWN = Answer(AnswerClass.RATE, "HTTP 429: too many messages", 429, 300.0)


def of_story(d: Desk, story: int, count: int = 1, **values: Any) -> list[int]:
    """Alerts of one story."""

    def unit(tx: Tx) -> None:
        if not tx.rows("SELECT 1 FROM stories WHERE id = :id", id=story):
            insert(tx, "stories", sql.STORY_INSERT, id=story)

    do(d.database, unit)
    return d.ring(count=count, story_id=story, **values)


# --- order -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_hand", [True, False])
def test_after_a_revoked_credential_all_goes_in_its_order(tmp_path: Path, *, by_hand: bool) -> None:
    """The token is refused in the middle of a queue; mended, the rest goes as it came in."""
    good = True
    channel = Picky(lambda out: OK if good or out.outbox_id < 3 else REVOKED)
    with desk(tmp_path, channel) as d:
        good = False
        ids = d.ring(count=4)
        d.finish()
        assert channel.taken == ids[:2]
        assert len(channel.given) == 3, "the first no stops it"
        ids += d.ring(count=2, created_at=d.clock.now)
        d.passes(30)
        assert len(channel.given) < 12
        good = True
        if by_hand:
            for one in (5, 3, 6, 4):  # in whatever order they are asked for
                do(d.database, partial(moves.retry_by_hand, outbox_id=one, now=d.clock.now))
            d.finish()
        else:
            d.passes(20)
        assert channel.taken == ids


@pytest.mark.parametrize("trouble", [BROKEN, LOST, GONE, SLOW_DOWN, REVOKED])
def test_a_story_keeps_its_order_whatever_fails(tmp_path: Path, trouble: Answer) -> None:
    """An update waits while the report is tried again; other stories go on where the channel takes them."""
    bad = True
    channel = Picky(lambda out: trouble if bad and out.outbox_id == 1 else OK)
    with desk(tmp_path, channel) as d:
        (report,) = of_story(d, 7000)
        d.finish()
        update, other = of_story(d, 7000)[0], d.ring()[0]
        d.finish()
        assert update not in channel.taken
        if trouble in (BROKEN, LOST):
            assert channel.taken == [other]
        bad = False
        d.passes(30)
        assert sorted(channel.taken) == [report, update, other]
        assert channel.taken.index(report) < channel.taken.index(update)


def test_an_urgent_update_at_night_takes_along_what_was_tried(tmp_path: Path) -> None:
    """The report failed and waits for the morning; its urgent update does not overtake it."""
    channel = FakeChannel(answers=[BROKEN])
    with desk(tmp_path, channel) as d:
        (report,) = of_story(d, 7000, severity=int(Severity.NORMAL))
        d.finish()
        waits = {"state": "retry", "reason": "", "next_attempt_at": sql_time(d, hours=8), "bin": "quiet"}
        do(d.database, lambda tx: tx.run(sql.OUTBOX_WAIT, outbox=report, **waits))
        (update,) = of_story(d, 7000, severity=int(Severity.URGENT))
        d.clock.advance(minutes=1)
        d.finish()
        assert [out.outbox_id for out in channel.given] == [report, report, update]


def test_what_goes_along_at_night_may_be_mended_first(tmp_path: Path) -> None:
    """A reload took a rule out of the report: neither it nor its urgent update waits for the morning."""
    with desk(tmp_path, FakeChannel(answers=[BROKEN])) as d:
        (report,) = of_story(d, 7000, severity=int(Severity.NORMAL))
        d.finish()
        waits = {"state": "retry", "reason": "", "next_attempt_at": sql_time(d, hours=8), "bin": "quiet"}
        do(d.database, lambda tx: tx.run(sql.OUTBOX_WAIT, outbox=report, **waits))
        of_story(d, 7000, severity=int(Severity.URGENT))
        mended: list[int] = []

        def fit(_tx: Tx, row: sqlite3.Row, _now: datetime) -> bool:
            mended.append(row["id"])
            return len(mended) > 1

        leased = do(d.database, lambda tx: lease_next(tx, "desk", d.clock.now, fit=fit))
        assert leased is not None
        assert (leased.id, mended) == (report, [report, report])


def sql_time(d: Desk, **later: float) -> str | None:
    """A time as the database holds it."""
    return to_db(d.clock.now + timedelta(**later))


# --- one bad message ---------------------------------------------------------------------------------


@pytest.mark.parametrize("trouble", [BROKEN, LOST, FORBIDDEN])
def test_a_message_that_never_passes_keeps_no_other_back(tmp_path: Path, trouble: Answer) -> None:
    """A firewall that dislikes one headline: the others arrive, and that one is tried in plainer words."""
    channel = Picky(lambda out: trouble if out.outbox_id == 1 and not out.plain else OK)
    with desk(tmp_path, channel) as d:
        ids = d.ring(count=9)
        d.passes(10)
        assert sorted(channel.taken)[-8:] == ids[1:]
        ids += d.ring(count=3, created_at=d.clock.now)
        d.passes(60)
        assert sorted(channel.taken) == ids
        assert [out.plain for out in channel.given if out.outbox_id == 1][-1]


def test_a_message_that_never_passes_at_all_is_given_up_after_seven_days(tmp_path: Path) -> None:
    """Meanwhile it costs its channel next to nothing."""
    channel = Picky(lambda out: FORBIDDEN if out.outbox_id == 1 else OK)
    with desk(tmp_path, channel) as d:
        d.ring()
        for _ in range(7 * 24 + 2):
            d.ring(created_at=d.clock.now, next_attempt_at=d.clock.now)
            d.passes(60, step=15)
        assert d.row(1).state == "dead"
        assert len(channel.taken) == 7 * 24 + 2
        assert max(out.attempt for out in channel.given if out.outbox_id == 1) <= 7 * 24 * 4 + 8


# --- a channel out of reach --------------------------------------------------------------------------


def test_a_dead_receiver_is_asked_with_one_message_and_ever_more_seldom(tmp_path: Path) -> None:
    """Two hundred that wait are no two hundred attempts; at most two minutes pass until it is asked again."""
    up = False
    channel = Picky(lambda _: OK if up else GONE)
    with desk(tmp_path, channel) as d:
        ids = d.ring(count=200)
        times = []
        for _ in range(900):
            d.clock.advance(seconds=4)
            before = len(channel.given)
            d.finish()
            times += [d.clock.now] * (len(channel.given) - before)
        assert {out.outbox_id for out in channel.given} == {ids[0]}
        waits = [(b - a).total_seconds() for a, b in pairwise(times)]
        assert waits == sorted(waits)
        assert len(times) < 45
        assert max(waits) <= LONGEST_REST + 4
        up = True
        d.clock.advance(seconds=LONGEST_REST)
        d.finish()
        assert channel.taken == ids


def test_what_fails_three_times_in_a_row_is_left_alone(tmp_path: Path) -> None:
    """Of fifty that wait three are tried, then one at a time; the first yes lets all go, in their order."""
    up = False
    channel = Picky(lambda _: OK if up else BROKEN)
    with desk(tmp_path, channel) as d:
        ids = d.ring(count=50)
        d.finish()
        assert len(channel.given) == 3
        d.passes(60)
        assert len(channel.given) < 60
        up = True
        d.passes(3)
        assert sorted(channel.taken) == ids
        assert channel.taken[1:] == sorted(channel.taken[1:])


def test_what_was_rested_is_remembered_over_a_restart(tmp_path: Path) -> None:
    """A crash loop does not ask a dead receiver each time anew."""
    channel = Picky(lambda _: GONE)
    with desk(tmp_path, channel) as d:
        d.ring()
        d.passes(60)
        again = Desk(d.database, channel)
        again.clock.now = d.clock.now
        before = len(channel.given)
        again.finish()
        again.passes(10)
        assert len(channel.given) - before <= 11


def test_a_clock_that_is_set_while_a_channel_waits(tmp_path: Path) -> None:
    """Set back a day, it waits no day; set forward, it is not early."""
    for step in (timedelta(days=-1), timedelta(days=1)):
        folder = tmp_path / str(step.days)
        folder.mkdir()
        channel = FakeChannel(answers=[SLOW_DOWN])
        with desk(folder, channel) as d:
            (one,) = d.ring()
            d.finish()
            d.clock.now += step
            do(d.database, partial(move_due_times, step=step, now=d.clock.now))
            d.passes(4)
            assert len(channel.given) == 1
            d.passes(2)
            assert d.row(one).state == "sent"


def test_a_hanging_receiver_cannot_fill_the_daemon_with_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four sends may hang; then nothing more is begun on it, and one that ends makes room again."""
    gate = threading.Event()
    channel = FakeChannel(gate=gate)
    with desk(tmp_path, channel, deadline=0.01) as d:
        (one,) = d.ring()
        for _ in range(12):
            d.clock.advance(minutes=20)
            d.finish()
        assert len(channel.given) == sending.MOST_HANGING
        assert "still hang" in d.row(one).last_error
        gate.set()
        for thread in [t for t in threading.enumerate() if t.name == "send-desk"]:
            thread.join()
        d.worker._sender.deadline = 30
        d.clock.advance(minutes=20)
        d.finish()
        assert d.row(one).state == "sent"


def test_channels_that_hang_or_are_dead_take_no_turn_from_others(tmp_path: Path) -> None:
    """While one hangs and one refuses, three get all of theirs, in order, one at a time each."""
    gate = threading.Event()
    stuck, dead = FakeChannel("stuck", gate=gate), Picky(lambda _: GONE, "dead")
    good = [FakeChannel(name) for name in ("a", "b", "c")]
    with desk(tmp_path, stuck, dead, *good) as d:
        d.ring("stuck", 20)
        d.ring("dead", 20)
        for channel in good:
            d.ring(channel.name, 20)

        async def story() -> None:
            await begun(stuck)
            await asyncio.gather(*(begun(channel, 20) for channel in good))
            assert len(stuck.given) == 1
            assert len(dead.given) <= 2
            gate.set()

        d.run(story)
        for channel in good:
            assert channel.at_once == 1
            assert len(channel.titles) == 20


def test_channels_of_one_credential_wait_together(tmp_path: Path) -> None:
    """A 429 on one closes the other, also after a restart."""
    one, other = FakeChannel("one", [SLOW_DOWN]), FakeChannel("other")
    terms = Terms(paces={"one": ("key", Limit(5, 1)), "other": ("key", Limit(5, 1))})
    with desk(tmp_path, one, other) as d:
        d.worker.use({"one": one, "other": other}, (), terms)
        d.ring("one")
        d.finish()
        again = Desk(d.database)
        again.clock.now = d.clock.now + timedelta(seconds=10)
        again.worker.use({"one": one, "other": other}, (), terms)
        again.ring("other")
        again.finish()
        assert (len(one.given), len(other.given)) == (1, 0)


def test_what_nobody_can_have_seen_is_brought_up_to_date(tmp_path: Path) -> None:
    """An update joins a report that was refused for certain, and not one that may have arrived."""
    for trouble, joined in ((BROKEN, True), (LOST, False)):
        folder = tmp_path / trouble.kind.value
        folder.mkdir()
        channel = FakeChannel(answers=[trouble])
        with desk(folder, channel) as d:
            (report,) = of_story(d, 7000)
            d.finish()
            newer = replace(message(title="12 dead"), changes=("12 dead",))
            now = d.clock.now
            joins = partial(moves.renew, story_id=7000, channel="desk", message=newer, until=now)
            found = do(d.database, joins)
            assert (found == report) is joined
            d.clock.advance(hours=1)
            d.finish()
            told = channel.given[-1].message.title
            assert told == ("12 dead" if joined else payload.load(d.row(report).payload).title)
