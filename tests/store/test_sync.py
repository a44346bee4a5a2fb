"""The database follows the configuration: feeds by name, rules with their memory, channels and their rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.feeds.schedule import FARTHEST
from monitor.store import sql
from monitor.store.leasing import lease_next
from monitor.store.rows import FeedState, from_db, read, write
from monitor.store.sync import FeedWanted, sync
from tests.support.store import (
    NOW,
    add_notification,
    ledger_of,
    new_database,
    outbox_row,
    transaction,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from monitor.store.tx import Tx

HOUR = timedelta(hours=1)
LATER = NOW + HOUR
POLLED = FeedState(
    id=1,
    name="a",
    url_hash=11,
    added_at=NOW - 9 * HOUR,
    baseline_at=NOW - 9 * HOUR,
    etag='"v1"',
    last_modified="Sun, 01 Mar 2026 10:00:00 GMT",
    body_hash=5,
    next_poll_at=NOW + HOUR / 2,
    polls=7,
    last_poll_at=NOW - HOUR,
    last_good_at=NOW - 2 * HOUR,
    failures=1,
)


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Tx]:
    """A transaction on a fresh database."""
    with transaction(new_database(tmp_path)) as tx:
        yield tx


def put(tx: Tx, *states: FeedState) -> None:
    """Store feeds as they were after earlier polls."""
    for state in states:
        tx.run(sql.FEED_INSERT, **write(state))


def follow(tx: Tx, *feeds: FeedWanted, now: datetime = NOW) -> dict[str, FeedState]:
    """Bring the feeds in line; returns what is stored, by name."""
    sync(tx, feeds, {}, (), now)
    return {row["name"]: read(FeedState, row) for row in tx.rows(sql.FEEDS)}


# --- feeds -------------------------------------------------------------------------------------------


def test_a_new_feed_is_due_at_once_and_has_no_past(tx: Tx) -> None:
    """A feed seen for the first time is polled now, silently."""
    feed = follow(tx, FeedWanted("a", 11))["a"]
    assert (feed.added_at, feed.next_poll_at, feed.baseline_at) == (NOW, NOW, None)


def test_a_feed_that_stays_keeps_everything(tx: Tx) -> None:
    """Syncing an unchanged configuration changes nothing, however often."""
    put(tx, POLLED)
    assert follow(tx, FeedWanted("a", 11), now=LATER) == {"a": POLLED}
    assert follow(tx, FeedWanted("a", 11), now=LATER) == {"a": POLLED}


def test_a_changed_url_keeps_the_name_s_memory(tx: Tx) -> None:
    """Validators of the old address are forgotten, the last good poll divides old items from young ones."""
    put(tx, POLLED)
    feed = follow(tx, FeedWanted("a", 99))["a"]
    assert feed == replace(
        POLLED,
        url_hash=99,
        moved_since=POLLED.last_good_at,
        etag=None,
        last_modified=None,
        body_hash=None,
        next_poll_at=NOW,
    )


def test_a_url_that_changes_twice_keeps_the_same_divide(tx: Tx) -> None:
    """Without a good poll between, a second change divides at the same moment."""
    put(tx, POLLED)
    follow(tx, FeedWanted("a", 98))
    assert follow(tx, FeedWanted("a", 99), now=LATER)["a"].moved_since == POLLED.last_good_at


def test_a_gone_feed_is_asked_again_at_another_url_only(tx: Tx) -> None:
    """410 holds for the address: the same one stays silent over restarts, another one is polled."""
    put(tx, replace(POLLED, gone=True, next_poll_at=None))
    assert follow(tx, FeedWanted("a", 11))["a"].next_poll_at is None
    moved = follow(tx, FeedWanted("a", 99))["a"]
    assert (moved.gone, moved.next_poll_at) == (False, NOW)


def test_a_changed_name_moves_the_state(tx: Tx) -> None:
    """Same URL under another name: one feed, all of its memory, no poll brought forward."""
    put(tx, POLLED)
    assert follow(tx, FeedWanted("b", 11)) == {"b": replace(POLLED, name="b")}


def test_swapped_urls_are_two_changed_urls(tx: Tx) -> None:
    """State belongs to the name: two feeds that swap addresses keep their own memory."""
    put(tx, POLLED, replace(POLLED, id=2, name="b", url_hash=22, polls=3))
    feeds = follow(tx, FeedWanted("a", 22), FeedWanted("b", 11))
    assert {n: (f.id, f.url_hash, f.polls) for n, f in feeds.items()} == {"a": (1, 22, 7), "b": (2, 11, 3)}
    assert all(f.moved_since == POLLED.last_good_at for f in feeds.values())


def test_a_removed_feed_is_retired(tx: Tx) -> None:
    """It is not polled any more, and the moment of its removal stands until it returns."""
    put(tx, POLLED)
    assert follow(tx) == {"a": replace(POLLED, retired_at=NOW, next_poll_at=None)}
    assert follow(tx, now=LATER)["a"].retired_at == NOW


@pytest.mark.parametrize(
    ("away", "remembered"),
    [
        (timedelta(0), True),
        (24 * HOUR, True),
        (24 * HOUR + timedelta(microseconds=1), False),
        (99 * HOUR, False),
    ],
)
def test_a_feed_that_returns(tx: Tx, away: timedelta, remembered: bool) -> None:
    """Within 24 h as if never gone; later its first poll is silent again; the id, so its seen marks, stay."""
    put(tx, POLLED)
    follow(tx)
    feed = follow(tx, FeedWanted("a", 11), now=NOW + away)["a"]
    assert feed == replace(
        POLLED,
        baseline_at=POLLED.baseline_at if remembered else None,
        next_poll_at=NOW + away,
    )


def test_a_retired_feed_returns_under_another_name(tx: Tx) -> None:
    """Removed first and renamed a day later is still the same feed."""
    put(tx, POLLED)
    follow(tx)
    feeds = follow(tx, FeedWanted("b", 11), now=LATER)
    assert feeds == {"b": replace(POLLED, name="b", next_poll_at=LATER)}


def test_all_feeds_of_one_url_are_retired(tx: Tx) -> None:
    """Two names that had one address are both retired when both leave."""
    put(tx, POLLED, replace(POLLED, id=2, name="b"))
    feeds = follow(tx)
    assert [f.retired_at for f in feeds.values()] == [NOW, NOW]
    assert [f.next_poll_at for f in feeds.values()] == [None, None]


@pytest.mark.parametrize("active", ["a", "b"])
def test_a_rename_goes_on_with_the_feed_that_was_polled_last(tx: Tx, active: str) -> None:
    """Of several leftovers with this URL the active one moves, a long retired one does not."""
    for state in (POLLED, replace(POLLED, id=2, name="b")):
        long_ago = replace(state, retired_at=NOW - 99 * HOUR, next_poll_at=None)
        put(tx, state if state.name == active else long_ago)
    feeds = follow(tx, FeedWanted("c", 11))
    assert feeds["c"].id == {"a": 1, "b": 2}[active]
    assert feeds["c"].baseline_at == POLLED.baseline_at
    assert len(feeds) == 2


def test_a_disabled_feed_keeps_its_memory_and_is_not_polled(tx: Tx) -> None:
    """Disabling takes the next poll away, enabling makes it due now; nothing else changes."""
    put(tx, POLLED)
    assert follow(tx, FeedWanted("a", 11, enabled=False)) == {"a": replace(POLLED, next_poll_at=None)}
    assert follow(tx, FeedWanted("a", 11), now=LATER) == {"a": replace(POLLED, next_poll_at=LATER)}


def test_a_feed_that_is_new_and_disabled_waits(tx: Tx) -> None:
    """It is known, and not polled before it is enabled."""
    assert follow(tx, FeedWanted("a", 11, enabled=False))["a"].next_poll_at is None
    assert follow(tx, FeedWanted("a", 11), now=LATER)["a"].next_poll_at == LATER


@pytest.mark.parametrize(
    ("planned", "kept"),
    [(NOW + 25 * HOUR, NOW + 25 * HOUR), (NOW + 9999 * HOUR, NOW + FARTHEST), (NOW - HOUR, NOW - HOUR)],
)
def test_a_poll_in_the_far_future_is_brought_near(tx: Tx, planned: datetime, kept: datetime) -> None:
    """What a jumped clock planned is capped; an honest plan, and an overdue one, stay."""
    put(tx, replace(POLLED, next_poll_at=planned))
    assert follow(tx, FeedWanted("a", 11))["a"].next_poll_at == kept


def test_a_feed_whose_url_is_not_to_be_had_keeps_its_memory(tx: Tx) -> None:
    """A missing secret is no changed URL; a feed that begins without one is new when it gets it."""
    put(tx, POLLED)
    feeds = follow(tx, FeedWanted("a", None), FeedWanted("b", None))
    assert feeds["a"] == POLLED
    feeds = follow(tx, FeedWanted("a", 11), FeedWanted("b", 22), now=LATER)
    assert feeds["a"] == POLLED
    assert (feeds["b"].url_hash, feeds["b"].baseline_at, feeds["b"].moved_since) == (22, None, None)


# --- rules -------------------------------------------------------------------------------------------


def test_a_rule_keeps_the_moment_it_was_first_loaded(tx: Tx) -> None:
    """Editing a rule changes its hash and its loading time, never when it began; leaving retires it."""

    def follow_rules(rules: dict[str, int], now: datetime) -> dict[str, object]:
        sync(tx, (), rules, (), now)
        (row,) = tx.rows(sql.RULES)
        times = (from_db(row[n]) for n in ("first_loaded_at", "loaded_at", "retired_at"))
        return {"hash": row["hash"], "times": tuple(times)}

    assert follow_rules({"r": 1}, NOW) == {"hash": 1, "times": (NOW, NOW, None)}
    assert follow_rules({"r": 1}, NOW + HOUR) == {"hash": 1, "times": (NOW, NOW, None)}
    assert follow_rules({"r": -2}, NOW + 2 * HOUR) == {"hash": -2, "times": (NOW, NOW + 2 * HOUR, None)}
    gone = NOW + 3 * HOUR
    assert follow_rules({}, gone) == {"hash": -2, "times": (NOW, NOW + 2 * HOUR, gone)}
    assert follow_rules({}, NOW + 4 * HOUR)["times"] == (NOW, NOW + 2 * HOUR, gone)
    assert follow_rules({"r": -2}, NOW + 5 * HOUR) == {"hash": -2, "times": (NOW, NOW + 5 * HOUR, None)}


# --- channels ----------------------------------------------------------------------------------------


def leave_ready(_: Tx, __: int) -> None:
    """The row as it was put in."""


def hold(tx: Tx, row_id: int) -> None:
    """The row as quiet hours hold it."""
    tx.run("UPDATE outbox SET state = 'held' WHERE id = :id", id=row_id)
    tx.run("UPDATE ledger SET state = 'held' WHERE outbox_id = :id", id=row_id)


def put_off(tx: Tx, row_id: int) -> None:
    """The row as a failed attempt leaves it."""
    tx.run("UPDATE outbox SET state = 'retry' WHERE id = :id", id=row_id)


@pytest.mark.parametrize("prepare", [leave_ready, hold, put_off])
def test_rows_of_a_removed_channel_die_and_return_with_it(tx: Tx, prepare: Callable[[Tx, int], None]) -> None:
    """Unsent rows become dead(channel_removed), in the ledger too; the name's return makes them due."""
    row_id = add_notification(tx, "desk")
    kept = add_notification(tx, "phone")
    prepare(tx, row_id)
    sync(tx, (), {}, ("phone",), NOW)
    row = outbox_row(tx, row_id)
    assert (row.state, row.reason) == ("dead", "channel_removed")
    assert ledger_of(tx, row_id) == [("dead", "channel_removed")]
    assert outbox_row(tx, kept).state == "ready"
    assert ledger_of(tx, kept) == [("waiting", "first")]

    sync(tx, (), {}, ("phone", "desk"), LATER)
    row = outbox_row(tx, row_id)
    assert (row.state, row.reason, row.next_attempt_at) == ("ready", "", LATER)
    assert ledger_of(tx, row_id) == [("waiting", "requeued")]
    assert tx.rows(sql.LEDGER_STRAY) == []


@pytest.mark.parametrize(
    ("state", "reason"),
    [("sent", "delivered"), ("dropped", "by_hand"), ("dead", "refused"), ("dead", "gave_up")],
)
def test_rows_with_another_fate_stay_what_they_are(tx: Tx, state: str, reason: str) -> None:
    """Removing and re-adding a channel touches nothing that was sent, dropped or refused."""
    row_id = add_notification(tx, "desk", state=state, reason=reason)
    before = outbox_row(tx, row_id)
    channels: Sequence[Sequence[str]] = ((), ("desk",))
    for wanted in channels:
        sync(tx, (), {}, wanted, LATER)
        assert outbox_row(tx, row_id) == before


def test_a_row_in_mid_send_is_left_to_its_answer(tx: Tx) -> None:
    """A leased row of a removed channel is not declared dead before its answer came."""
    row_id = add_notification(tx, "desk")
    assert lease_next(tx, "desk", NOW)
    sync(tx, (), {}, (), NOW)
    assert outbox_row(tx, row_id).state == "leased"


def test_a_long_interval_of_its_own_is_no_mistake_of_a_clock(tx: Tx) -> None:
    """A feed that is asked once a week stays so over restarts."""
    weekly = replace(POLLED, next_poll_at=NOW + timedelta(days=6), interval=7 * 86_400.0)
    put(tx, weekly)
    assert follow(tx, FeedWanted("a", 11, interval=7 * 86_400.0)) == {"a": weekly}


def test_a_feed_that_returns_waits_for_what_is_left(tx: Tx) -> None:
    """Of its interval, its floor and a Retry-After; enabled again, and put back."""
    away = replace(POLLED, failures=0, last_poll_at=NOW, floor=3000.0, interval=900.0, next_poll_at=None)
    put(tx, away, replace(away, id=2, name="b", url_hash=22, retired_at=NOW, forbidden_until=NOW + 9 * HOUR))
    feeds = follow(tx, FeedWanted("a", 11), FeedWanted("b", 22), now=NOW + timedelta(minutes=1))
    assert feeds["a"].next_poll_at == NOW + timedelta(seconds=3000)
    assert feeds["b"].next_poll_at == NOW + 9 * HOUR


def test_a_feed_that_is_elsewhere_already_is_not_polled(tx: Tx) -> None:
    """Until its address changes, or the other one goes."""
    put(tx, replace(POLLED, failures=0))
    assert follow(tx, FeedWanted("a", 11, merged=True))["a"].next_poll_at is None
    assert follow(tx, FeedWanted("a", 11), now=LATER)["a"].next_poll_at == LATER
    assert follow(tx, FeedWanted("a", 12, merged=True), now=LATER)["a"].next_poll_at == LATER
