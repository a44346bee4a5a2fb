"""
Where what rings on a channel is put, inside the transaction: at once, or into one of its bins.

`alerts.passage` decides; here is read what it has to know (what the channel holds, what budgets have left),
and written what follows. What was held of the story goes along, so that nobody reads the report after its
update.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.alerts import budgets
from monitor.alerts.confidential import KIND
from monitor.alerts.digest import collecting
from monitor.alerts.passage import LATE, QUIET, Call, ChannelNow, place, place_in_digest, reason_of
from monitor.model import Reason, State
from monitor.store import sql
from monitor.store.confidential import names_of
from monitor.store.digests import LONGEST_HOLD, take_along
from monitor.store.outbox import enqueue, keep, notice
from monitor.store.rows import from_db, to_db

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from monitor.alerts.budgets import Spending
    from monitor.alerts.passage import Place
    from monitor.alerts.route import Way
    from monitor.model import Message
    from monitor.plan import Plan
    from monitor.store.tx import Tx

SAID_AGAIN = timedelta(hours=1)  # after so long it is said again that a rule spends its budget


@dataclass(frozen=True, slots=True)
class Put:
    """The notification that tells of something on a channel; `reason` is why it waits, None = it does not."""

    outbox_id: int
    reason: Reason | None = None

    def fate(self, reason: Reason) -> tuple[State, Reason]:
        """The ledger's state and reason of what rings for this reason."""
        if self.reason is None or self.reason is Reason.LATE:
            return State.WAITING, reason
        return State.HELD, self.reason


@dataclass(frozen=True, slots=True)
class Ringing:
    """
    What rings: a story in a feed, `fresh` = nothing can be held of it yet.

    `until` is when it goes at the earliest, where it would go at once.
    """

    story_id: int
    feed: str
    now: datetime
    fresh: bool = False
    until: datetime | None = None


def put(
    tx: Tx,
    channel: str,
    message: Message,
    ways: Mapping[str, Way],
    what: Ringing,
    *,
    plan: Plan,
) -> Put:
    """
    Put a message for rules that ring together on one channel where it belongs.

    `ways` are how the routes want it, by rule.
    """
    calls = [_call(tx, channel, rule, way, plan) for rule, way in ways.items()]
    sealed = message.kind == KIND
    held = None
    if not what.fresh:
        held = tx.row(sql.BIN_OF_STORY, story=what.story_id, channel=channel, sealed=sealed)
    there = _now(tx, channel, plan, story_bin=held["bin"] if held else "", sealed=sealed)
    found = place(calls, story=str(what.story_id), feed=what.feed, channel=there, now=what.now)
    budgeted = {call.rule for call in calls if call.budget is not None}
    _spend(tx, channel, {r: s for r, s in found.spendings.items() if r in budgeted}, what.now, plan)
    done = _write(tx, channel, message, found, what)
    if found.takes and held is not None:
        state, reason = done.fate(Reason.FIRST)
        take_along(tx, held["id"], what.story_id, done.outbox_id, state=state, reason=reason, now=what.now)
    return done


def put_weak(tx: Tx, channel: str, message: Message, what: Ringing, plan: Plan) -> Put:
    """Put what rests on unconfirmed text into the digest of [alerts]."""
    there = _now(tx, channel, plan, sealed=message.kind == KIND)
    times = (plan.config.digest,)
    found = place_in_digest(times, Reason.WEAK, message.severity, channel=there, now=what.now)
    return _write(tx, channel, message, found, what)


def put_late(tx: Tx, channel: str, message: Message, what: Ringing) -> Put:
    """
    Put old news into the digest that goes once all feeds were asked.

    Where something of its story is held already it goes with that, for a story is told once.
    """
    sealed = message.kind == KIND
    held = None
    if not what.fresh:
        held = tx.row(sql.BIN_OF_STORY, story=what.story_id, channel=channel, sealed=sealed)
    if held is not None:
        name, until = held["bin"], from_db(held["next_attempt_at"]) or what.now
        why, story = reason_of(name), None if sealed else what.story_id
        kept = keep(tx, channel, name, message, what.now, why=why, until=until, story_id=story)
        return Put(kept, why)
    row = tx.row(sql.OUTBOX_BIN, channel=channel, bin=LATE, sealed=sealed)
    until = (from_db(row["next_attempt_at"]) if row else None) or what.now + LONGEST_HOLD
    entry = message if sealed else collecting(message.severity, late=True)
    kept = keep(tx, channel, LATE, entry, what.now, why=Reason.LATE, until=until)
    return Put(kept, Reason.LATE)


def _write(tx: Tx, channel: str, message: Message, found: Place, what: Ringing) -> Put:
    if not found.waits:
        story = None if message.kind == KIND else what.story_id
        return Put(enqueue(tx, channel, message, what.now, story_id=story, until=what.until))
    assert found.reason is not None
    if found.bin == QUIET:
        message = replace(message, late=True)
    story = what.story_id if message.kind == "alert" else None
    now, why = what.now, found.reason
    kept = keep(tx, channel, found.bin, message, now, why=why, until=found.goes_at, story_id=story)
    return Put(kept, why)


def _now(tx: Tx, channel: str, plan: Plan, *, story_bin: str = "", sealed: bool = False) -> ChannelNow:
    """What is known of a channel now; `sealed`: of what it holds of secret rules."""
    bins: dict[str, datetime] = {}
    for row in tx.rows(sql.OUTBOX_BINS, channel=channel, sealed=sealed):
        at = from_db(row["next_attempt_at"])
        if at is not None:
            bins[row["bin"]] = at
    return ChannelNow(plan.windows.get(channel, ()), plan.zone, bins, story_bin)


def _call(tx: Tx, channel: str, rule: str, way: Way, plan: Plan) -> Call:
    severity, budget = plan.rules[rule].severity, plan.budget(rule, channel)
    if budget is None:
        return Call(rule, severity, way)
    row = tx.row(sql.BUDGET, rule_name=rule, channel=channel)
    return Call(rule, severity, way, budget, budgets.load(row["spent"] if row else ""))


def _spend(tx: Tx, channel: str, spendings: Mapping[str, Spending], now: datetime, plan: Plan) -> None:
    """Write down what rules have spent; say once that one spent all."""
    for rule, spending in spendings.items():
        tx.run(sql.BUDGET_UPSERT, rule=rule, channel=channel, spent=budgets.dump(spending.spent))
        budget = plan.budget(rule, channel)
        if not spending.went_over or budget is None:
            continue
        since = to_db(now - SAID_AGAIN)
        if tx.row(sql.NOTICE_SINCE, kind="budget", subject=rule, since=since) is not None:
            continue
        said = names_of(tx, [rule], now)[rule] if plan.rules[rule].secret else rule
        notice(tx, "budget", rule, budgets.said_once(said, budget), now, to=plan.notices_to)
