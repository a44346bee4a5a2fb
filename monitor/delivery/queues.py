"""Long queues and dead channels, inside the transaction: a digest of what waits, and who takes over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.alerts import payload
from monitor.alerts.digest import collecting
from monitor.alerts.fallback import heir_of
from monitor.alerts.quiet import quiet_until
from monitor.delivery.bucket import FEW, Waiting, settle_backlog
from monitor.model import OutboxState, Reason, Severity, State
from monitor.store import sql
from monitor.store.digests import drop
from monitor.store.matches import Fate, write_fate
from monitor.store.outbox import channel_state, enqueue
from monitor.store.rows import from_db, to_db

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from datetime import datetime

    from monitor.delivery.terms import Terms
    from monitor.store.rows import ChannelState, OutboxRow
    from monitor.store.tx import Tx

BACKLOG = "backlog"
WAITED = timedelta(minutes=1)  # what was due for longer had to wait, for its receiver or for us
_TOLD = (State.SENT.value, State.WAITING.value, State.HELD.value)


def gather_backlog(tx: Tx, channel: str, fits: int | None, terms: Terms, now: datetime) -> int:
    """
    Make digests of what is due on a channel, where that is more than may go; returns how many.

    `fits` is how many may go at once, None = no limit. After a pause or an outage all that waits is one; what
    was tried in vain is part of it, each at a time of its own, as soon as the channel takes something again.
    """
    if channel not in terms.gathers:
        return 0
    state = channel_state(tx, channel)
    was_away = _was_away(state)
    is_back = not was_away and _many_waited(tx, channel, now)
    if fits is None and not (was_away or is_back):
        return 0
    rows = tx.rows(sql.OUTBOX_BACKLOG if is_back else sql.OUTBOX_DUE, channel=channel, now=to_db(now))
    if len(rows) <= FEW:
        return 0
    windows = terms.quiet.get(channel, ())
    due = {r["id"]: r for r in rows if quiet_until(windows, now, Severity(r["severity"])) is None}
    found = settle_backlog([_waiting(row) for row in due.values()], fits, was_paused=was_away or is_back)
    for one in found.singly if found.merged else ():
        _goes_first(tx, due[one], now)
    for ids in found.merged:
        severity = max(Severity(due[one]["severity"]) for one in ids)
        message = collecting(severity, late=True)
        into = enqueue(tx, channel, message, now, bin_name=BACKLOG)
        values = {"state": State.WAITING.value, "reason": Reason.BACKLOG.word, "at": to_db(now)}
        for one in sorted(ids):
            tx.run(sql.LEDGER_POUR, outbox=one, into=into, **values)
            tx.run(sql.ATTEMPTS_POUR, outbox=one, into=into)
            drop(tx, one, now)
    return len(found.merged)


def _many_waited(tx: Tx, channel: str, now: datetime) -> bool:
    """Whether more than a few wait on a channel that is well, for it was not, or nobody was there to send."""
    return len(tx.rows(sql.OUTBOX_WAITED, channel=channel, since=to_db(now - WAITED), count=FEW + 1)) > FEW


def _goes_first(tx: Tx, row: sqlite3.Row, now: datetime) -> None:
    """What stays by itself goes before the digests, and not at the time of its next attempt."""
    if row["state"] == OutboxState.RETRY.value:
        same = {name: row[name] for name in ("reason", "bin")}
        ready = OutboxState.READY.value
        tx.run(sql.OUTBOX_WAIT, outbox=row["id"], state=ready, **same, next_attempt_at=to_db(now))


def _was_away(state: ChannelState) -> bool:
    """Whether the channel took nothing since it last failed, or was told to wait."""
    failed, ok = state.last_error_at, state.last_ok_at
    return state.paused_until is not None or (failed is not None and (ok is None or ok < failed))


def _waiting(row: sqlite3.Row) -> Waiting:
    """What waits, as a value; what may have arrived, or is to be sent in another form, stays by itself."""
    created = from_db(row["created_at"])
    assert created is not None
    story = row["story_id"]
    apart = row["maybe_repeat"] or row["plain"] or row["reason"] == Reason.REQUEUED.word
    whole = bool(row["kind"] != "alert" or apart)
    stories = frozenset([story]) if story is not None else frozenset()
    return Waiting(row["id"], Severity(row["severity"]), created, stories, whole)


def hand_over(tx: Tx, row: OutboxRow, terms: Terms, now: datetime) -> frozenset[str]:
    """What a channel gave up goes to its fallback, where rules allow it; returns who got it."""
    if not terms.fallbacks.get(row.channel):
        return frozenset()
    entries: dict[str, list[sqlite3.Row]] = {}
    for entry in tx.rows(sql.LEDGER_HEIRS, outbox=row.id):
        told, dead = _known(tx.rows(sql.STORY_CHANNELS, story=entry["story_id"]))
        allowed = terms.allowed.get(entry["rule"])
        heir = heir_of(row.channel, terms.fallbacks, allowed=allowed, told=told, dead=dead)
        if heir.channel:
            entries.setdefault(heir.channel, []).append(entry)
    message = payload.load(row.payload)
    for channel, those in entries.items():
        severity = max(Severity(entry["severity"]) for entry in those)
        if message.kind == "alert":
            rules = tuple(dict.fromkeys(entry["rule"] for entry in those))
            given = replace(message, rules=rules, severity=severity, late=True)
        else:
            given = collecting(severity, late=True)
        story = row.story_id if message.kind == "alert" else None
        into = enqueue(tx, channel, given, now, story_id=story, bin_name=BACKLOG)
        for entry in those:
            fate = Fate(channel, State.WAITING, Reason.FALLBACK, entry["alert_id"], into)
            write_fate(tx, entry["match_id"], fate, now)
    return frozenset(entries)


def _known(rows: Iterable[sqlite3.Row]) -> tuple[set[str], set[str]]:
    """The channels that know of a story or are about to, and those that gave it up."""
    told, dead = set(), set()
    for row in rows:
        if row["state"] in _TOLD:
            told.add(row["channel"])
        elif row["state"] == State.DEAD.value:
            dead.add(row["channel"])
    return told, dead
