"""Long queues and dead channels, inside the transaction: a digest of what waits, and who takes over."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.alerts import payload
from monitor.alerts.confidential import KIND, collecting_notice
from monitor.alerts.digest import collecting
from monitor.alerts.fallback import heir_of
from monitor.alerts.quiet import quiet_until
from monitor.delivery.bucket import FEW, MOST_DIGESTS, Waiting, settle_backlog
from monitor.delivery.noting import failing
from monitor.model import OutboxState, Reason, Severity, State
from monitor.store import sql
from monitor.store.confidential import kept_rules
from monitor.store.digests import drop
from monitor.store.leasing import stories_of
from monitor.store.matches import Fate, write_fate
from monitor.store.outbox import channel_state, enqueue
from monitor.store.rows import from_db, to_db

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

    from monitor.delivery.terms import Terms
    from monitor.store.rows import ChannelState, OutboxRow
    from monitor.store.tx import Tx

BACKLOG = "backlog"
REMADE_WITHIN = timedelta(hours=48)
_TOLD = (State.SENT.value, State.WAITING.value, State.HELD.value)


def gather_backlog(
    tx: Tx, channel: str, fits: int | None, terms: Terms, now: datetime, *, back: bool = False
) -> int:
    """
    Make digests of what is due on a channel, where that is more than may go; returns how many.

    `fits` is how many may go at once, None = no limit. After a pause or an outage all that waits is one;
    `back` says that one ended a moment ago. A digest made here that nobody can have seen is made again with
    what came since: a day's outage ends in eight messages, not in eight for each attempt.
    """
    if channel not in terms.gathers:
        return 0
    was_away = back or _was_away(channel_state(tx, channel))
    if fits is None and not was_away:
        return 0
    rows = tx.rows(sql.OUTBOX_DUE, channel=channel, now=to_db(now))
    if len(rows) <= FEW:
        return 0
    windows = terms.quiet.get(channel, ())
    due = {
        r["id"]: r
        for r in rows
        if r["reason"] == Reason.REQUEUED.word or quiet_until(windows, now, Severity(r["severity"])) is None
    }
    sealed = [due.pop(one) for one in [r["id"] for r in due.values() if r["kind"] == KIND]]
    _merge_notices(tx, channel, sealed, now)
    parts = _parts(tx, due.values(), now)
    found = settle_backlog([part.as_waiting for part in parts], fits, was_paused=was_away)
    groups = _groups(parts, found.merged)
    for group in groups:
        _merge(tx, channel, group, now)
    for digest in {part.row["id"]: part.row for group in groups for part in group if part.story}.values():
        drop(tx, digest["id"], now)
    return len(groups)


@dataclass(frozen=True, slots=True)
class _Part:
    """What waits, as a value; of a digest that is made again each `story` is one."""

    row: sqlite3.Row
    as_waiting: Waiting
    story: int | None = None


def _groups(parts: Sequence[_Part], merged: Sequence[Sequence[int]]) -> list[list[_Part]]:
    """What becomes one digest each; nothing, where that is what there is already."""
    by_id = {part.as_waiting.id: part for part in parts}
    groups = [[by_id[one] for one in ids] for ids in merged]
    of_row = Counter(part.row["id"] for part in parts)
    if all(len(group) == of_row[group[0].row["id"]] and _one_row(group) for group in groups):
        return []
    taken = {one for ids in merged for one in ids}
    torn = {part.row["id"] for group in groups for part in group if part.story}
    left = [p for p in parts if p.story and p.row["id"] in torn and p.as_waiting.id not in taken]
    return [left, *groups] if left else groups


def _one_row(group: Sequence[_Part]) -> bool:
    return len({part.row["id"] for part in group}) == 1


def _merge(tx: Tx, channel: str, group: Sequence[_Part], now: datetime) -> None:
    """One digest of all that these tell; it is given up no sooner than the youngest of them would be."""
    severity = max(part.as_waiting.severity for part in group)
    rows = {part.row["id"]: part.row for part in group}
    created = max(filter(None, (from_db(row["created_at"]) for row in rows.values())), default=now)
    message = collecting(severity, late=True)
    into = enqueue(tx, channel, message, now, bin_name=BACKLOG, created=created)
    values = {"state": State.WAITING.value, "reason": Reason.BACKLOG.word, "at": to_db(now)}
    for part in sorted(group, key=lambda part: part.row["id"]):
        outbox = part.row["id"]
        tx.run(sql.ATTEMPTS_POUR, outbox=outbox, into=into)
        if part.story:
            tx.run(sql.LEDGER_POUR_STORY, outbox=outbox, story=part.story, into=into, **values)
        else:
            tx.run(sql.LEDGER_POUR, outbox=outbox, into=into, **values)
            drop(tx, outbox, now)
    if any(row["reason"] == Reason.REQUEUED.word for row in rows.values()):  # asked for, quiet hours or not
        waits = {"state": OutboxState.READY.value, "bin": BACKLOG, "next_attempt_at": to_db(now)}
        tx.run(sql.OUTBOX_WAIT, outbox=into, reason=Reason.REQUEUED.word, **waits)


def _merge_notices(tx: Tx, channel: str, rows: Sequence[sqlite3.Row], now: datetime) -> None:
    """Of several notices of secret rules that nobody has begun to send, one: it has room for all."""
    mild = [r for r in rows if r["severity"] < Severity.URGENT and not (r["attempts"] or r["maybe_repeat"])]
    if len(mild) < 2:
        return
    severity = max(Severity(row["severity"]) for row in mild)
    into = enqueue(tx, channel, collecting_notice(severity), now, bin_name=BACKLOG)
    values = {"state": State.WAITING.value, "reason": Reason.BACKLOG.word, "at": to_db(now)}
    for row in mild:
        tx.run(sql.LEDGER_POUR, outbox=row["id"], into=into, **values)
        drop(tx, row["id"], now)


def _was_away(state: ChannelState) -> bool:
    """Whether the channel took nothing since it last failed, or was told to wait."""
    return state.paused_until is not None or failing(state)


def _parts(tx: Tx, rows: Collection[sqlite3.Row], now: datetime) -> list[_Part]:
    """
    What waits; what may have arrived, or is to be sent in another form, stays by itself.

    So does what few were asked for by hand, and a digest of ours, unless there is much to join it with.
    """
    asked_for = sum(row["reason"] == Reason.REQUEUED.word for row in rows) <= FEW
    ours = sum(row["kind"] == "digest" and row["bin"] == BACKLOG for row in rows)
    fresh = sum(row["kind"] == "alert" and not (row["maybe_repeat"] or row["plain"]) for row in rows)
    again = fresh > FEW or ours > MOST_DIGESTS
    found: list[_Part] = []
    for row in rows:
        apart = row["maybe_repeat"] or row["plain"] or (asked_for and row["reason"] == Reason.REQUEUED.word)
        told = tx.rows(sql.OUTBOX_STORIES, outbox=row["id"])
        if again and not apart and row["kind"] == "digest" and row["bin"] == BACKLOG and _young(told, now):
            for one in told:
                came, story = from_db(one["created_at"]) or now, one["story_id"]
                waits = Waiting(len(found), Severity(one["severity"]), came, frozenset([story]), apart=True)
                found.append(_Part(row, waits, story))
            continue
        created, stories = from_db(row["created_at"]) or now, stories_of(tx, row)
        whole = bool(apart or row["kind"] != "alert")
        found.append(_Part(row, Waiting(len(found), Severity(row["severity"]), created, stories, whole)))
    return found


def _young(told: Sequence[sqlite3.Row], now: datetime) -> bool:
    """Whether a digest may be made again: for ever, and nothing in it would be given up after seven days."""
    return min(filter(None, (from_db(r["created_at"]) for r in told)), default=now) > now - REMADE_WITHIN


def hand_over(tx: Tx, row: OutboxRow, terms: Terms, now: datetime) -> frozenset[str]:
    """What a channel gave up goes to its fallback, where rules allow it; returns who got it."""
    if not terms.fallbacks.get(row.channel):
        return frozenset()
    kept = kept_rules(tx)
    entries: dict[str, list[sqlite3.Row]] = {}
    for entry in tx.rows(sql.LEDGER_HEIRS, outbox=row.id):
        told, dead = _known(
            other
            for other in tx.rows(sql.STORY_CHANNELS, story=entry["story_id"])
            if (other["rule"] in kept.secret) is (entry["rule"] in kept.secret)
        )
        # A rule that was removed may go no further than it might while it was there.
        allowed = terms.allowed.get(entry["rule"], kept.allowed.get(entry["rule"]))
        heir = heir_of(row.channel, terms.fallbacks, allowed=allowed, told=told, dead=dead)
        if heir.channel:
            entries.setdefault(heir.channel, []).append(entry)
    message = payload.load(row.payload)
    for channel, those in entries.items():
        severity = max(Severity(entry["severity"]) for entry in those)
        if message.kind == "alert":
            rules = tuple(dict.fromkeys(entry["rule"] for entry in those))
            given = replace(message, rules=rules, severity=severity, late=True)
        elif message.kind == KIND:
            given = collecting_notice(severity)
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
