"""What moves when the clock was set, and what a clock that ran ahead may not have done to us."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.feeds.schedule import FARTHEST
from monitor.pages.wanted import Purpose
from monitor.store import sql
from monitor.store.clock import STEPPED, mend_future, move_due_times, note_clock, noted_clock
from monitor.store.connection import open_writer
from monitor.store.leasing import lease_next
from monitor.store.outbox import channel_state, save_channel
from monitor.store.pages import queue_page
from monitor.store.rows import ChannelState, Episode, FeedState, HostPause, read, to_db
from tests.support.store import (
    NOW,
    add_article,
    add_feed,
    add_notification,
    committed,
    new_database,
    outbox_row,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.store.tx import Tx

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Tx]:
    """A transaction on a fresh database."""
    with closing(open_writer(new_database(tmp_path))) as con, committed(con) as transaction:
        yield transaction


def feed(tx: Tx, feed_id: int) -> FeedState:
    """The feed's row."""
    row = tx.row(sql.FEED, id=feed_id)
    assert row is not None
    return read(FeedState, row)


def polled(tx: Tx, name: str, last: datetime, due: datetime | None, **values: object) -> int:
    """A feed that was polled then and is due then."""
    return add_feed(tx, name, last_poll_at=last, last_good_at=last, next_poll_at=due, **values)


@pytest.mark.parametrize("step", [HOUR, -HOUR, timedelta(days=400), timedelta(days=-400)])
def test_everything_due_moves_with_the_clock(tx: Tx, step: timedelta) -> None:
    """Feeds, what a server forbade, retries, the age of what waits, pauses: all keep their distance."""
    soon = polled(tx, "soon", NOW - 10 * MINUTE, NOW + 5 * MINUTE, forbidden_until=NOW + MINUTE)
    overdue = polled(tx, "overdue", NOW - 20 * MINUTE, NOW - 5 * MINUTE)
    never = add_feed(tx, "never")
    retry = add_notification(tx, state="retry", next_attempt_at=NOW + MINUTE, created_at=NOW - HOUR)
    held = add_notification(tx, state="held", next_attempt_at=NOW + 9 * MINUTE)
    tx.run("UPDATE ledger SET state = 'held' WHERE outbox_id = :id", id=held)
    sent = add_notification(tx, state="sent", next_attempt_at=None)
    tx.run("UPDATE ledger SET state = 'sent' WHERE outbox_id = :id", id=sent)
    save_channel(tx, ChannelState("desk", paused_until=NOW + 3 * MINUTE, last_ok_at=NOW - HOUR))

    assert move_due_times(tx, step, NOW + step) == len(tx.rows(sql.FEEDS))

    assert feed(tx, soon).next_poll_at == NOW + 5 * MINUTE + step
    assert feed(tx, soon).forbidden_until == NOW + MINUTE + step
    assert feed(tx, overdue).next_poll_at == NOW - 5 * MINUTE + step
    assert feed(tx, never).next_poll_at is None
    assert outbox_row(tx, retry).next_attempt_at == NOW + MINUTE + step
    assert outbox_row(tx, retry).created_at == NOW - HOUR + step
    assert outbox_row(tx, held).next_attempt_at == NOW + 9 * MINUTE + step
    assert outbox_row(tx, sent).created_at == NOW
    assert channel_state(tx, "desk").paused_until == NOW + 3 * MINUTE + step
    assert channel_state(tx, "desk").last_ok_at == NOW - HOUR
    fact = tx.row(sql.FACT, name=STEPPED)
    assert fact is not None
    assert int(fact["value"]) == step.total_seconds()


def test_the_last_good_poll_never_lies_in_the_future_and_never_gets_younger(tx: Tx) -> None:
    """Set back it moves too; set forward it stays, for the machine may have stood still for all that time."""
    one = polled(tx, "one", NOW - 10 * MINUTE, NOW + 5 * MINUTE)
    move_due_times(tx, 72 * HOUR, NOW + 72 * HOUR)
    assert feed(tx, one).last_good_at == NOW - 10 * MINUTE
    move_due_times(tx, -72 * HOUR, NOW)
    assert feed(tx, one).last_good_at == NOW - 10 * MINUTE - 72 * HOUR
    assert feed(tx, one).next_poll_at == NOW + 5 * MINUTE


def test_a_step_forward_that_is_taken_back_unseen_leaves_the_interval(tx: Tx) -> None:
    """Set forward by a day, then right while the machine is off: due after its interval, no later."""
    one = polled(tx, "one", NOW - 10 * MINUTE, NOW + 5 * MINUTE)
    move_due_times(tx, 24 * HOUR, NOW + 24 * HOUR)
    mend_future(tx, NOW)
    assert feed(tx, one).next_poll_at == NOW + 15 * MINUTE


def test_a_clock_that_ran_ahead_is_mended_at_the_start(tx: Tx) -> None:
    """What it wrote keeps its interval from now, and the next start changes nothing more."""
    ahead = polled(
        tx, "ahead", NOW + 50 * HOUR, NOW + 50 * HOUR + 15 * MINUTE, forbidden_until=NOW + 51 * HOUR
    )
    honest = polled(tx, "honest", NOW - 10 * MINUTE, NOW + 5 * MINUTE)
    far = polled(tx, "far", NOW - HOUR, NOW + 300 * HOUR)
    waiting = add_notification(tx, next_attempt_at=NOW + 50 * HOUR, created_at=NOW + 50 * HOUR)
    pause = ChannelState("phone", paused_until=NOW + 51 * HOUR, last_error_at=NOW + 50 * HOUR)
    save_channel(tx, pause)

    assert mend_future(tx, NOW) == 2
    assert feed(tx, ahead).next_poll_at == NOW + 15 * MINUTE
    assert feed(tx, ahead).forbidden_until == NOW + HOUR
    assert feed(tx, ahead).last_good_at == NOW
    assert feed(tx, honest).next_poll_at == NOW + 5 * MINUTE
    assert feed(tx, far).next_poll_at == NOW + FARTHEST
    assert channel_state(tx, "phone").paused_until == NOW + HOUR
    row = lease_next(tx, "desk", NOW)
    assert row is not None, "an alert does not wait for the clock to come round again"
    assert row.id == waiting
    assert mend_future(tx, NOW) == 0


LEARNT = ("moved_at", "whole_at", "last_item_at", "asked_at")


def troubled(tx: Tx, since: datetime, until: datetime) -> None:
    """A trouble that is open and told of, one that ended, and a paused host."""
    one = add_feed(tx, "troubled")
    for number, ended in ((1, None), (2, since)):
        values = {"told_at": to_db(since), "ended_at": to_db(ended), "end_told_at": None}
        insert = {"id": number, "feed_id": one, "kind": "silent", "since": to_db(since), "detail": ""}
        tx.run(sql.EPISODE_INSERT, **insert, **values)
    tx.run(sql.HOST_PAUSE_UPSERT, host="a.example", until=to_db(until), why="429")


def troubles(tx: Tx) -> list[Episode]:
    """All troubles, by id."""
    rows = tx.rows("SELECT * FROM episodes ORDER BY id")
    return [read(Episode, row) for row in rows]


def pause_of_host(tx: Tx) -> datetime:
    """Until when the host is paused."""
    return read(HostPause, tx.rows(sql.HOST_PAUSES)[0]).until


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_what_is_learnt_of_a_feed_moves_with_the_clock(tx: Tx, step: timedelta) -> None:
    """Its times, open troubles and pauses of hosts keep their distance; what has ended is history."""
    one = add_feed(tx, "one", **dict.fromkeys(LEARNT, NOW - HOUR))
    troubled(tx, NOW - 3 * HOUR, NOW + HOUR)
    move_due_times(tx, step, NOW + step)
    assert {getattr(feed(tx, one), name) for name in LEARNT} == {NOW - HOUR + step}
    assert [(t.since, t.told_at) for t in troubles(tx)] == [
        (NOW - 3 * HOUR + step, NOW - 3 * HOUR + step),
        (NOW - 3 * HOUR, NOW - 3 * HOUR),
    ]
    assert pause_of_host(tx) == NOW + HOUR + step


def test_what_was_learnt_under_a_clock_that_ran_ahead_is_not_of_the_future(tx: Tx) -> None:
    """At the start it is taken to be of now."""
    one = add_feed(tx, "one", **dict.fromkeys(LEARNT, NOW + 50 * HOUR))
    troubled(tx, NOW + 50 * HOUR, NOW + 500 * HOUR)
    assert mend_future(tx, NOW) == 1
    assert {getattr(feed(tx, one), name) for name in LEARNT} == {NOW}
    assert (troubles(tx)[0].since, troubles(tx)[0].told_at) == (NOW, NOW)
    assert pause_of_host(tx) == NOW + FARTHEST
    assert mend_future(tx, NOW) == 0


def test_the_steady_clock_is_noted(tx: Tx) -> None:
    """A mark comes back with its time."""
    assert noted_clock(tx) is None
    note_clock(tx, "boot-1 17.5", NOW)
    note_clock(tx, "boot-1 18.5", NOW + MINUTE)
    assert noted_clock(tx) == ("boot-1 18.5", NOW + MINUTE)


def queued(tx: Tx, at: datetime) -> tuple[int, int]:
    """A page that was queued then, for which an alert waits; its article and feed."""
    feed_id = add_feed(tx, "pages")
    article = add_article(tx, feed_id)
    queue_page(
        tx,
        article_id=article,
        feed_id=feed_id,
        url="https://n.example/1",
        purpose=Purpose.DECIDE,
        now=at,
        deadline=6 * HOUR,
        hold=timedelta(seconds=30),
    )
    return article, feed_id


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_pages_that_are_wanted_move_with_the_clock(tx: Tx, step: timedelta) -> None:
    """What waits for one waits no longer, and its deadline stays as far away."""
    article, feed_id = queued(tx, NOW - MINUTE)
    move_due_times(tx, step, NOW + step)
    page = tx.row(sql.PAGE, article=article, feed=feed_id)
    assert page is not None
    assert page["deadline"] == to_db(NOW - MINUTE + 6 * HOUR + step)
    assert page["hold_until"] == to_db(NOW - MINUTE + timedelta(seconds=30) + step)
    assert page["asked_at"] is None


def test_a_page_that_was_wanted_in_the_future_is_wanted_now(tx: Tx) -> None:
    """A clock that ran ahead makes no alert wait for days."""
    article, feed_id = queued(tx, NOW + 50 * HOUR)
    mend_future(tx, NOW)
    page = tx.row(sql.PAGE, article=article, feed=feed_id)
    assert page is not None
    assert page["created_at"] == to_db(NOW)
    assert page["hold_until"] == to_db(NOW + timedelta(seconds=30))


@pytest.mark.parametrize(
    ("step", "due"),
    [(HOUR, 2 * HOUR), (-HOUR, 2 * HOUR), (timedelta(days=-400), timedelta(days=-400) + 2 * HOUR)],
)
def test_a_digest_goes_when_the_clock_shows_its_hour(tx: Tx, step: timedelta, due: timedelta) -> None:
    """It does not move with the clock, unless it would be more than a day off then."""
    values = {"state": "held", "reason": "digest", "bin": "digest:2026-01-01T08:00"}
    held = add_notification(tx, next_attempt_at=NOW + 2 * HOUR, **values)
    move_due_times(tx, step, NOW + step)
    assert outbox_row(tx, held).next_attempt_at == NOW + due
    tx.run("UPDATE ledger SET state = 'held'")
