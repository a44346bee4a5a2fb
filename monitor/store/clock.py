"""Moving what is due when the clock was set, in one transaction: nothing is early, nothing waits an hour."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.alerts.passage import DIGEST_PREFIX
from monitor.feeds.schedule import farthest, trusted
from monitor.store import sql
from monitor.store.pages import mend_pages, move_pages
from monitor.store.rows import (
    ChannelState,
    Episode,
    FeedState,
    HostPause,
    OutboxRow,
    from_db,
    read,
    to_db,
    write,
)

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.store.tx import Tx

CLOCK = "clock"  # the fact that ties stored times to the steady clock of one boot
OFFLINE = "offline_since"  # the fact that tells that we are cut off
_DIGEST_WITHIN = timedelta(hours=25)  # the longest day: no digest is farther off
STEPPED = "clock_step"  # the fact that tells of the last step


def note_clock(tx: Tx, mark: str, now: datetime) -> None:
    """Remember how the steady clock stood at this time (see `service.clock.Clock.mark`)."""
    tx.run(sql.FACT_UPSERT, name=CLOCK, value=mark, at=to_db(now))


def noted_clock(tx: Tx) -> tuple[str, datetime] | None:
    """What `note_clock` remembered last."""
    row = tx.row(sql.FACT, name=CLOCK)
    at = from_db(row["at"]) if row else None
    return (row["value"], at) if row and at else None


def move_due_times(tx: Tx, step: timedelta, now: datetime) -> int:
    """
    The clock was set by `step` and is `now`: move every due time with it; returns how many feeds there were.

    The last poll moves as well, so that the interval from it to the next stays what it is. The last *good*
    one stays where the clock is set forward: whether the clock was wrong or the (virtual) machine stood still
    cannot be told, and a feed not seen for long has to count as such. Set back, it would lie in the future,
    so it moves.
    """
    back = min(timedelta(0), step)
    feeds = [read(FeedState, row) for row in tx.rows(sql.FEEDS)]
    tx.run_many(
        sql.FEED_CLOCK,
        [
            {
                "feed_id": feed.id,
                "next_poll_at": _moved(feed.next_poll_at, step),
                "forbidden_until": _moved(feed.forbidden_until, step),
                "last_poll_at": _moved(feed.last_poll_at, step),
                "last_good_at": _moved(feed.last_good_at, back),
                "first_failure_at": _moved(feed.first_failure_at, step),
                "moved_at": _moved(feed.moved_at, step),
                "whole_at": _moved(feed.whole_at, step),
                "last_item_at": _moved(feed.last_item_at, step),
                "asked_at": _moved(feed.asked_at, step),
            }
            for feed in feeds
        ],
    )
    for row in _unsent(tx):
        tx.run(
            sql.OUTBOX_CLOCK,
            outbox=row.id,
            next_attempt_at=_moved(row.next_attempt_at, timedelta(0) if _by_the_wall(row, now) else step),
            created_at=_moved(row.created_at, step),
        )
    for found in tx.rows(sql.CHANNELS):
        values = write(read(ChannelState, found))
        tx.run(
            sql.CHANNEL_UPSERT, **(values | {"paused_until": _moved(from_db(values["paused_until"]), step)})
        )
    for found in tx.rows(sql.HOST_PAUSES):
        values = write(read(HostPause, found))
        tx.run(sql.HOST_PAUSE_UPSERT, **(values | {"until": _moved(from_db(values["until"]), step)}))
    for found in tx.rows(sql.EPISODES_OPEN):
        trouble = read(Episode, found)
        since, told = _moved(trouble.since, step), _moved(trouble.told_at, step)
        tx.run(sql.EPISODE_CLOCK, episode=trouble.id, since=since, told_at=told)
    move_pages(tx, step)
    tx.run(sql.FACT_UPSERT, name=STEPPED, value=f"{step.total_seconds():.0f}", at=to_db(now))
    return len(feeds)


def mend_future(tx: Tx, now: datetime) -> int:
    """
    At a start: what a clock that ran ahead has written keeps its interval, from now; returns how many feeds.

    A due time that no honest clock can have made is brought near as well.
    """
    mended = 0
    for row in tx.rows(sql.FEEDS):
        feed = read(FeedState, row)
        seen = feed.last_poll_at
        asked = feed.asked_at
        far = farthest(feed.interval or 0.0, feed.skip_hours, feed.skip_days)
        # The due time was set after the last poll, or after a request whose answer was lost (`store.sync`).
        written = max((t for t in (seen, asked) if t is not None), default=None)
        due, forbidden = (
            trusted(feed.next_poll_at, written, now, far),
            trusted(feed.forbidden_until, seen, now),
        )
        future = (seen is not None and seen > now) or (asked is not None and asked > now)
        if not future and (due, forbidden) == (feed.next_poll_at, feed.forbidden_until):
            continue
        mended += 1
        tx.run(
            sql.FEED_CLOCK,
            feed_id=feed.id,
            next_poll_at=to_db(due),
            forbidden_until=to_db(forbidden),
            last_poll_at=_not_after(seen, now),
            last_good_at=_not_after(feed.last_good_at, now),
            first_failure_at=_not_after(feed.first_failure_at, now),
            moved_at=_not_after(feed.moved_at, now),
            whole_at=_not_after(feed.whole_at, now),
            last_item_at=_not_after(feed.last_item_at, now),
            asked_at=_not_after(asked, now),
        )
    for message in _unsent(tx):
        at = trusted(message.next_attempt_at, message.created_at, now)
        if at != message.next_attempt_at or message.created_at > now:
            created = _not_after(message.created_at, now)
            tx.run(sql.OUTBOX_CLOCK, outbox=message.id, next_attempt_at=to_db(at), created_at=created)
    for found in tx.rows(sql.CHANNELS):
        state = read(ChannelState, found)
        until = trusted(state.paused_until, state.last_error_at, now)
        if until != state.paused_until:
            tx.run(sql.CHANNEL_UPSERT, **(write(state) | {"paused_until": to_db(until)}))
    _mend_hosts_and_troubles(tx, now)
    mend_pages(tx, now)
    return mended


def _mend_hosts_and_troubles(tx: Tx, now: datetime) -> None:
    for found in tx.rows(sql.HOST_PAUSES):
        pause = read(HostPause, found)
        until = trusted(pause.until, None, now)
        if until != pause.until:
            tx.run(sql.HOST_PAUSE_UPSERT, **(write(pause) | {"until": to_db(until)}))
    for found in tx.rows(sql.EPISODES_OPEN):
        trouble = read(Episode, found)
        if trouble.since > now:
            since, told = _not_after(trouble.since, now), _not_after(trouble.told_at, now)
            tx.run(sql.EPISODE_CLOCK, episode=trouble.id, since=since, told_at=told)


def _by_the_wall(row: OutboxRow, now: datetime) -> bool:
    """Whether a message goes when the clock shows a time of day, and not only in a year, by the new clock."""
    due = row.next_attempt_at
    return row.bin.startswith(DIGEST_PREFIX) and due is not None and due - now <= _DIGEST_WITHIN


def _unsent(tx: Tx) -> list[OutboxRow]:
    rows = (read(OutboxRow, row) for row in tx.rows(sql.OUTBOX_UNSENT))
    return [row for row in rows if row.state != "dead"]


def _moved(moment: datetime | None, step: timedelta) -> str | None:
    return to_db(moment + step) if moment is not None else None


def _not_after(moment: datetime | None, now: datetime) -> str | None:
    return to_db(min(moment, now)) if moment is not None else None
