"""
What happens inside the transaction of one poll: identify, decide, route, write.

Runs in the writer's thread, inside BEGIN IMMEDIATE, so two copies of one item polled in the same tick
cannot both ring: the second sees the first. Everything that decides is a pure function over rows just
read (`articles.identity`, `alerts.decide`, `alerts.route`, `feeds.schedule`); this module, `items` and
`ringing` read for them and write what they say. A unit of work may be run twice (see `store.writer`), so it
touches nothing but its transaction.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from monitor.feeds import listed
from monitor.feeds.pacing import host_of
from monitor.items import Items, Tally
from monitor.moving import address_of, settle_move
from monitor.polled import asks_for_patience, host_pauses, next_state
from monitor.store import sql
from monitor.store.pauses import note_pauses
from monitor.store.retention import REFRESHED
from monitor.store.rows import FeedState, differing, read, to_db, write
from monitor.watching import observe

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from monitor.model import FetchStatus, ParsedFeed
    from monitor.plan import Plan
    from monitor.polled import Poll
    from monitor.settings import FeedConfig
    from monitor.store.tx import Tx

# The columns that every poll writes, and those that any poll may.
_ALWAYS = frozenset(re.findall(r"(\w+)=:\1\b", sql.FEED_POLLED_AGAIN))
_OF_POLLS = frozenset(re.findall(r"(\w+)=:\1\b", sql.FEED_POLLED))


@dataclass(frozen=True, slots=True)
class Recorded:
    """What one poll led to, for logs and summaries."""

    feed: str
    status: FetchStatus
    message: str = ""
    entries: int = 0
    new: int = 0
    matched: int = 0
    silent: int = 0
    notifications: int = 0
    collected: int = 0  # alerts put into a digest
    next_poll_at: datetime | None = None
    ok: bool = True
    host_pauses: Mapping[str, float] = field(default_factory=dict)  # seconds for which which hosts asked
    moved_to: str | None = None  # the address that was learnt, see `feeds.moves`


def record(tx: Tx, poll: Poll, plan: Plan) -> Recorded:
    """Write the poll's whole outcome: articles, seen marks, matches, alerts, ledger, outbox, validators."""
    row = tx.row(sql.FEED, id=poll.feed_id)
    config = plan.feeds.get(poll.feed)
    if row is None or config is None or row["retired_at"] is not None:
        return Recorded(poll.feed, poll.result.status, "the feed was removed meanwhile")
    if row["name"] != poll.feed or poll.url_hash not in (None, row["url_hash"]):
        # Its validators and its silence belong to another address; at the new one it is due anyway.
        return Recorded(poll.feed, poll.result.status, "the feed was renamed or moved meanwhile")
    state = read(FeedState, row)
    tally = Tally()
    if poll.parsed is not None and not poll.parsed.error:
        _refresh_marks(tx, poll, state)
        items = Items(tx, poll, plan, config, state)
        items.record()
        tally = items.tally
        poll = replace(poll, news=tuple(items.news), gap=items.gap)
    after, _ = next_state(state, poll, plan, config)
    if poll.parsed is not None and not poll.parsed.error:
        after = replace(after, items=_listed(state, poll, poll.parsed))
    after = settle_move(tx, state, after, plan, poll.now)
    pauses = _pauses(state, poll, config)
    note_pauses(tx, pauses, after.last_message, poll.now)
    _remember_poll(tx, state, after)
    observe(tx, state, after, poll, plan)
    return Recorded(
        feed=poll.feed,
        status=poll.result.status,
        message=after.last_message,
        entries=len(poll.parsed.entries) if poll.parsed else 0,
        new=tally.new,
        matched=tally.matched,
        silent=tally.silent,
        notifications=tally.notifications,
        collected=tally.collected,
        next_poll_at=after.next_poll_at,
        ok=after.failures == 0 and not after.gone,
        host_pauses=pauses,
        moved_to=after.moved_to,
    )


def _pauses(state: FeedState, poll: Poll, config: FeedConfig) -> Mapping[str, float]:
    if not asks_for_patience(poll.result) or config.url.missing:
        return {}
    return host_pauses(poll.result, host_of(address_of(config, state.moved_to)))


def _listed(state: FeedState, poll: Poll, parsed: ParsedFeed) -> str:
    """What the document listed, for the next poll; nothing of one that was cut short."""
    if not parsed.complete:
        return ""
    before = listed.whole_at(state.items) if parsed.skipped else None
    return listed.packed(parsed.items, before or poll.now)


def _remember_poll(tx: Tx, before: FeedState, after: FeedState) -> None:
    """Write down what the poll changed in the feed's row: mostly when it was, and when the next is."""
    if differing(before, after) <= _ALWAYS:
        tx.run(sql.FEED_POLLED_AGAIN, feed_id=after.id, **write(after, _ALWAYS))
    else:
        tx.run(sql.FEED_POLLED, feed_id=after.id, **write(after, _OF_POLLS))


def _refresh_marks(tx: Tx, poll: Poll, state: FeedState) -> None:
    """
    Note until when items were seen: those found again exactly as known, and those of the document before.

    While a feed's document stays the same nothing is noted of its items; once another takes its place, what
    it listed was seen until the last poll that found it unchanged.
    """
    read_at, good_at = state.document_at, state.last_good_at
    if read_at is not None and good_at is not None and good_at > read_at + REFRESHED:
        since = to_db(read_at - REFRESHED)
        seen = to_db(good_at)
        tx.run(sql.SIGHTINGS_SEEN_UNTIL, feed=poll.feed_id, listed_since=since, last_seen_at=seen)
    now = to_db(poll.now)
    tx.run_many(
        sql.SIGHTING_SEEN,
        [{"feed": poll.feed_id, "article": a, "last_seen_at": now} for a in poll.refreshed],
    )
