"""
What the outbox holds for company or for a better time, and how that becomes a message.

What is held stands in a *bin* of its channel (`alerts.passage`): one row, whose content is the ledger rows
that point at it. So it grows inside the transactions that find the alerts and survives any crash. As long as
it tells one story it is an ordinary message; with a second one it becomes a digest, put together at its first
lease. Notices, and what was tried already, are held as they are and never become part of a digest.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING

from monitor.alerts import payload
from monitor.alerts.confidential import KIND, collecting_notice
from monitor.alerts.digest import collecting, digest, why_of
from monitor.alerts.passage import LATE, QUIET
from monitor.alerts.passage import release as released
from monitor.model import DigestEntry, Message, OutboxState, Reason, Severity, State
from monitor.store import sql
from monitor.store.confidential import compose_notice
from monitor.store.rows import from_db, to_db

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from monitor.alerts.passage import Release
    from monitor.alerts.quiet import Window
    from monitor.store.tx import Tx

LATE_BINS = (LATE, QUIET, "backlog")
LONGEST_HOLD = timedelta(minutes=10)


def added(tx: Tx, row: sqlite3.Row, message: Message, story_id: int | None) -> None:
    """Put one more message into a bin: a digest from now on, unless it is of the same story."""
    severity = max(Severity(row["severity"]), message.severity)
    if row["kind"] == KIND:  # put together from the ledger when it is leased
        if severity != row["severity"]:
            _fill(tx, row["id"], collecting_notice(severity), None)
    elif row["kind"] == "alert" and message.kind == "alert" and row["story_id"] == story_id:
        filled = merged(payload.load(row["payload"]), message)
        _fill(tx, row["id"], filled, story_id)
    elif row["kind"] == "alert" or severity != row["severity"]:
        _fill(tx, row["id"], collecting(severity, late=row["bin"] in LATE_BINS), None)


def merged(before: Message, message: Message) -> Message:
    """The latest state of a story of which something waits already: told once, for all rules."""
    return replace(
        message,
        severity=max(before.severity, message.severity),
        late=before.late or message.late,
        rules=tuple(dict.fromkeys((*before.rules, *message.rules))),
        changes=tuple(dict.fromkeys((*before.changes, *message.changes))),
        told_at=before.told_at,
    )


def take_along(
    tx: Tx, from_id: int, story_id: int, into: int, *, state: State, reason: Reason, now: datetime
) -> None:
    """What a bin holds of a story goes with another message; a bin that holds nothing then is no more."""
    row, own = tx.row(sql.OUTBOX, id=from_id), tx.row(sql.OUTBOX, id=into)
    if row is None or own is None:
        return
    moving = [
        r
        for r in tx.rows(sql.DIGEST_ALERTS, outbox=from_id)
        if r["story_id"] == story_id and r["reason"] != Reason.WEAK.word
    ]
    if own["kind"] == KIND:
        severity = max([Severity(own["severity"]), *(Severity(r["severity"]) for r in moving)])
        _fill(tx, into, collecting_notice(severity), None)
    elif own["kind"] == "alert":
        message = payload.load(own["payload"])
        rules = tuple(dict.fromkeys((*(r["rule"] for r in moving), *message.rules)))
        severity = max([message.severity, *(Severity(r["severity"]) for r in moving)])
        _fill(tx, into, replace(message, rules=rules, severity=severity), story_id)
    tx.run(
        sql.LEDGER_POUR_STORY,
        outbox=from_id,
        story=story_id,
        into=into,
        state=state.value,
        reason=reason.word,
        at=to_db(now),
    )
    left = tx.rows(sql.DIGEST_ALERTS, outbox=from_id)
    if not left:
        drop(tx, from_id, now)
    elif row["kind"] in ("digest", KIND):
        severity = max(Severity(r["severity"]) for r in left)
        sealed = row["kind"] == KIND
        late = row["bin"] in LATE_BINS
        _fill(tx, from_id, collecting_notice(severity) if sealed else collecting(severity, late=late), None)


def pour(tx: Tx, row: sqlite3.Row, into: sqlite3.Row, *, state: State, reason: Reason, now: datetime) -> None:
    """All that one bin holds goes with another."""
    added(tx, into, _content(row), row["story_id"])
    values = {"state": state.value, "reason": reason.word, "at": to_db(now)}
    tx.run(sql.LEDGER_POUR, outbox=row["id"], into=into["id"], **values)
    drop(tx, row["id"], now)


def drop(tx: Tx, outbox_id: int, now: datetime) -> None:
    """Remove a message of which nobody has seen anything, and that no ledger row tells of any more."""
    tx.remember_ids(("outbox",), to_db(now))
    tx.run(sql.OUTBOX_DROP, outbox=outbox_id)


def hold(tx: Tx, row: sqlite3.Row, until: datetime, now: datetime) -> None:
    """A message's channel is quiet until then: it waits for that, with what waits there already."""
    if row["attempts"]:  # it keeps its id, for it may have arrived
        retry = OutboxState.RETRY.value
        _wait(tx, row["id"], state=retry, reason=row["reason"], bin=QUIET, next_attempt_at=to_db(until))
        return
    reason = Reason.QUIET_HOURS
    if row["kind"] != "notice":
        there = tx.row(sql.OUTBOX_BIN, channel=row["channel"], bin=QUIET, sealed=row["kind"] == KIND)
        if there is not None and there["id"] != row["id"]:
            pour(tx, row, there, state=State.HELD, reason=reason, now=now)
            return
        if row["kind"] == "alert":
            _fill(tx, row["id"], replace(payload.load(row["payload"]), late=True), row["story_id"])
    held = OutboxState.HELD.value
    _wait(tx, row["id"], state=held, reason=reason.word, bin=QUIET, next_attempt_at=to_db(until))
    tx.run(sql.LEDGER_SETTLE, outbox=row["id"], state=State.HELD.value, reason=reason.word, at=to_db(now))


def anything_due(
    rows: Iterable[sqlite3.Row], quiet: Mapping[str, Sequence[Window]], now: datetime, *, overdue: bool
) -> bool:
    """Whether `release` has something to do with these rows (of OUTBOX_HELD)."""
    return any(_changes(row, _next(row, quiet, now, overdue=overdue)) for row in rows)


def release(
    tx: Tx,
    now: datetime,
    *,
    overdue: bool,
    quiet: Mapping[str, Sequence[Window]] = MappingProxyType({}),
) -> int:
    """
    Let go what is held and whose time has come, late alerts where no feed is `overdue`; returns how many.

    `quiet` are the windows of each channel: what falls due in one waits for its end.
    """
    count = 0
    for one in tx.rows(sql.OUTBOX_HELD):
        row = tx.row(sql.OUTBOX_HELD_ROW, id=one["id"])  # as it is by now: another may have been poured in
        if row is None:
            continue
        found = _next(row, quiet, now, overdue=overdue)
        if found.due:
            count += 1
            _let_go(tx, row, now)
        elif found.bin != row["bin"]:
            hold(tx, row, found.goes_at, now)
        elif _changes(row, found):
            values = {name: row[name] for name in ("state", "reason", "bin")}
            _wait(tx, row["id"], **values, next_attempt_at=to_db(found.goes_at))
    return count


def compose(tx: Tx, outbox_id: int, now: datetime) -> bool:
    """Put the digest's message together from the alerts that the ledger gives it; False if there are none."""
    own = tx.row(sql.OUTBOX, id=outbox_id)
    if own is not None and own["kind"] == KIND:
        return compose_notice(tx, outbox_id, now, late=own["bin"] in LATE_BINS)
    entries: dict[int, DigestEntry] = {}
    reasons: list[Reason] = []
    for row in tx.rows(sql.DIGEST_ALERTS, outbox=outbox_id):
        so_far = entries.get(row["story_id"])
        severity = Severity(row["severity"])
        reasons.append(Reason.of(row["reason"]))
        entries[row["story_id"]] = DigestEntry(
            title=row["title"],
            url=row["url"],
            feed=row["feed"],
            published=from_db(row["published"]),
            severity=max(severity, so_far.severity) if so_far else severity,
            rules=tuple(dict.fromkeys((*(so_far.rules if so_far else ()), row["rule"]))),
            story=row["story_id"],
        )
    if own is None or not entries:
        return False
    late = own["bin"] in LATE_BINS
    _fill(tx, outbox_id, digest(entries.values(), late=late, why=why_of(own["bin"], reasons)), None)
    return True


def _next(
    row: sqlite3.Row, quiet: Mapping[str, Sequence[Window]], now: datetime, *, overdue: bool
) -> Release:
    """What is to become of a row that is held."""
    goes_at = from_db(row["next_attempt_at"]) or now
    if row["bin"] == LATE and not overdue:
        goes_at = now
    windows = quiet.get(row["channel"], ())
    severity = row["severity"]
    if row["bin"] == QUIET and row["kind"] == "digest" and row["least"] is not None:
        severity = row["least"]  # one that joined its story there does not take the others along
    return released(row["bin"], goes_at, Severity(severity), windows, now)


def _changes(row: sqlite3.Row, found: Release) -> bool:
    return found.due or found.bin != row["bin"] or found.goes_at != from_db(row["next_attempt_at"])


def _let_go(tx: Tx, row: sqlite3.Row, now: datetime) -> None:
    if row["state"] == OutboxState.RETRY.value:
        values = {"state": row["state"], "reason": row["reason"], "bin": ""}
        _wait(tx, row["id"], **values, next_attempt_at=to_db(now))
        return
    ready = OutboxState.READY.value
    _wait(tx, row["id"], state=ready, reason=row["reason"], bin=row["bin"], next_attempt_at=to_db(now))
    tx.run(sql.LEDGER_STATE, outbox=row["id"], state=State.WAITING.value, at=to_db(now))


def _wait(tx: Tx, outbox_id: int, **values: object) -> None:
    tx.run(sql.OUTBOX_WAIT, outbox=outbox_id, **values)


def _content(row: sqlite3.Row) -> Message:
    return payload.load(row["payload"])


def _fill(tx: Tx, outbox_id: int, message: Message, story_id: int | None) -> None:
    tx.run(
        sql.OUTBOX_FILL,
        outbox=outbox_id,
        kind=message.kind,
        story_id=story_id,
        payload=payload.dump(message),
        severity=int(message.severity),
    )
