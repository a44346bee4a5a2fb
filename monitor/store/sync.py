"""
Bringing the database in line with a configuration that was just loaded.

State belongs to a feed's *name*: a changed URL keeps it, a changed name with the same URL moves it, a removed
feed is retired with its seen marks and comes back as if never gone within a day. Rows of a channel that is no
longer configured become dead(channel_removed) and come back to life when the name returns.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.feeds.schedule import farthest, not_before
from monitor.model import OutboxState, Reason, State, value
from monitor.store import sql
from monitor.store.confidential import keep_rules
from monitor.store.rows import FeedState, read, to_db, write

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from monitor.settings import RuleConfig
    from monitor.store.tx import Tx

FORGIVEN = timedelta(hours=24)


@value
class FeedWanted:
    """A configured feed, as far as the database knows it; without `url_hash` its URL is not to be had now."""

    name: str
    url_hash: int | None
    enabled: bool = True
    interval: float = 900.0  # seconds between two polls, where the feed's row says nothing
    merged: bool = False  # another feed is polled where this one has moved to


def sync(
    tx: Tx,
    feeds: Sequence[FeedWanted],
    rules: Mapping[str, int],
    channels: Sequence[str],
    now: datetime,
    *,
    configured: Sequence[RuleConfig] = (),
) -> None:
    """
    Make feeds, rules and channels of the database those of the configuration.

    No feed is due earlier because of it: one that was away, disabled, or being asked when a process died
    waits for what is left of its interval and of what its server asked for. `configured` are all rules,
    enabled or not, for what is remembered of secret ones and of `allow_channels`.
    """
    _sync_feeds(tx, feeds, now)
    _sync_rules(tx, rules, now)
    _sync_channels(tx, channels, now)
    secret = [rule.name for rule in configured if rule.secret]
    allowed = {rule.name: rule.allow_channels for rule in configured if rule.allow_channels is not None}
    keep_rules(tx, secret, allowed, {*rules, *(rule.name for rule in configured)}, now)


def _sync_feeds(tx: Tx, wanted: Sequence[FeedWanted], now: datetime) -> None:
    states = {row["name"]: read(FeedState, row) for row in tx.rows(sql.FEEDS)}
    names = {w.name for w in wanted}
    unnamed = [s for s in states.values() if s.name not in names]
    # Several may have had one URL: the one that was polled last is the one to go on with.
    unnamed.sort(key=lambda s: (s.retired_at is None, s.retired_at or now))
    homeless = {s.url_hash: s for s in unnamed}
    for feed in wanted:
        state = states.get(feed.name)
        if state is None:
            moved = homeless.pop(feed.url_hash, None) if feed.url_hash else None
            if moved is None:
                _insert(tx, feed, now)
                continue
            tx.run(
                sql.FEED_RENAME,
                feed_id=moved.id,
                name=feed.name,
                retired_at=to_db(moved.retired_at),
                next_poll_at=to_db(moved.next_poll_at),
            )
            unnamed.remove(moved)
            state = moved
        _bring_up(tx, state, feed, now)
    for state in unnamed:
        if state.retired_at is None:
            tx.run(sql.FEED_RETIRE, feed_id=state.id, retired_at=to_db(now), next_poll_at=None)


def _insert(tx: Tx, feed: FeedWanted, now: datetime) -> None:
    state = FeedState(
        id=tx.next_id("feeds"),
        name=feed.name,
        url_hash=feed.url_hash or 0,
        added_at=now,
        next_poll_at=now if feed.enabled else None,
    )
    tx.run(sql.FEED_INSERT, **write(state))


def _bring_up(tx: Tx, state: FeedState, feed: FeedWanted, now: datetime) -> None:
    next_poll_at, gone = state.next_poll_at, state.gone
    if state.retired_at is not None:
        baseline_at = state.baseline_at if now - state.retired_at <= FORGIVEN else None
        next_poll_at = _resumed(state, feed, now)
        tx.run(
            sql.FEED_REVIVE,
            feed_id=state.id,
            retired_at=None,
            baseline_at=to_db(baseline_at),
            next_poll_at=to_db(next_poll_at),
        )
    moved = feed.url_hash is not None and state.url_hash != feed.url_hash
    if moved:
        next_poll_at, gone = now, False
        tx.run(
            sql.FEED_MOVE,
            feed_id=state.id,
            url_hash=feed.url_hash,
            moved_since=to_db(state.last_good_at),
            etag=None,
            last_modified=None,
            body_hash=None,
            gone=False,
            next_poll_at=to_db(now),
            forbidden_until=None,
            asked_at=None,
            # What another address promised, asked for or led to holds for this one no longer.
            final_hash=None,
            moved_to=None,
            moved_hash=None,
            moved_seen=0,
            moved_at=None,
            floor=None,
            floor_why="",
            skip_hours=0,
            skip_days=0,
            whole_at=None,
            validators_lie=False,
            items="",
            final_domain=None,
        )
    due = next_poll_at
    if not feed.enabled or gone or (feed.merged and not moved):
        due = None
    elif due is None:
        due = _resumed(state, feed, now)
    elif not moved and _broken_off(state):
        due = max(due, _resumed(state, feed, now))
    if due is not None:
        interval = max(feed.interval, state.interval or 0.0)
        due = min(due, now + farthest(interval, state.skip_hours, state.skip_days))
    if due != next_poll_at:
        tx.run(sql.FEED_SCHEDULE, feed_id=state.id, next_poll_at=to_db(due))


def _resumed(state: FeedState, feed: FeedWanted, now: datetime) -> datetime:
    """When a feed may be asked that was not scheduled for a while."""
    return max(now, not_before(state, feed.interval) or now)


def _broken_off(state: FeedState) -> bool:
    """Whether a request to the feed began of which nobody knows how it ended."""
    asked, polled = state.asked_at, state.last_poll_at
    return asked is not None and (polled is None or asked > polled)


def _sync_rules(tx: Tx, wanted: Mapping[str, int], now: datetime) -> None:
    known = {row["name"]: row for row in tx.rows(sql.RULES)}
    for name, hashed in wanted.items():
        row = known.get(name)
        if row is not None and row["hash"] == hashed and row["retired_at"] is None:
            continue
        first = row["first_loaded_at"] if row else to_db(now)
        tx.run(
            sql.RULE_UPSERT,
            name=name,
            hash=hashed,
            first_loaded_at=first,
            loaded_at=to_db(now),
            retired_at=None,
        )
    for name, row in known.items():
        if name not in wanted and row["retired_at"] is None:
            tx.run(sql.RULE_RETIRE, rule_name=name, retired_at=to_db(now))


def _sync_channels(tx: Tx, wanted: Sequence[str], now: datetime) -> None:
    removed = Reason.CHANNEL_REMOVED.word
    for row in tx.rows(sql.OUTBOX_OF_CHANNELS):
        dead = row["state"] == OutboxState.DEAD.value
        if row["channel"] not in wanted and not dead:
            tx.run(sql.OUTBOX_BURY, outbox=row["id"], reason=removed)
            tx.run(sql.LEDGER_SETTLE, outbox=row["id"], state=State.DEAD.value, reason=removed, at=to_db(now))
        elif row["channel"] in wanted and dead and row["reason"] == removed:
            tx.run(sql.OUTBOX_REVIVE, outbox=row["id"], next_attempt_at=to_db(now))
            tx.run(
                sql.LEDGER_SETTLE,
                outbox=row["id"],
                state=State.WAITING.value,
                reason=Reason.REQUEUED.word,
                at=to_db(now),
            )
