"""
From routes to the outbox: when what rings on a channel goes, and with what. Pure.

The stages, in their one order:

    rule -> story -> silence -> route -> budget -> quiet hours -> group or digest -> outbox

Those up to the route say whether an alert rings and where. This module is the rest, for one channel: all
rules that ring in one decision share one message there, which goes in the soonest way that any of them asks
for.

What has to wait is collected in a *bin*: one outbox row of the channel that is still held and becomes one
message. Its name says what it is for:

    ""                          no bin: a message of its own, at once
    "budget"                    rules over their budget; goes within the hour
    "group:rule=flood"          a group that waits for company
    "digest:2026-11-28T08:00"   the digest of a local date and time
    "quiet"                     all that quiet hours held; goes when they end

What would go while the channel is quiet waits in "quiet" instead, whatever else it waited for: when quiet
hours end there is one message. Only what would go by itself at once spends a budget.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitor.alerts.budgets import Budget, Spending, Spent, Use, flush_at, spend_together
from monitor.alerts.calendar import next_digest
from monitor.alerts.groups import group_goes, group_key
from monitor.alerts.quiet import paused, quiet_until
from monitor.model import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime, tzinfo

    from monitor.alerts.quiet import Pause, Window
    from monitor.alerts.route import Way
    from monitor.model import Severity

SINGLE = ""
OVERFLOW = "budget"
QUIET = "quiet"
DIGEST_PREFIX = "digest:"


@dataclass(frozen=True, slots=True)
class Call:
    """A rule that rings on a channel: how its route wants it, and what it may still send there singly."""

    rule: str
    severity: Severity
    way: Way
    budget: Budget | None = None
    spent: Spent = field(default_factory=Spent)


@dataclass(frozen=True, slots=True)
class ChannelNow:
    """
    What is known of a channel when something rings on it.

    `zone` is that of digest times; `bins` are its open ones, with when each goes.
    """

    windows: Sequence[Window]
    zone: tzinfo
    bins: Mapping[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """
    Where a message stands in the outbox, and when it goes.

    `reason` is why it waits; None = it does not. `spendings` are to be written back, by rule; `why` is a
    sentence for each stage that had something to say.
    """

    bin: str
    goes_at: datetime
    reason: Reason | None = None
    spendings: Mapping[str, Spending] = field(default_factory=dict)
    why: tuple[str, ...] = ()

    @property
    def waits(self) -> bool:
        """Whether it is collected in a bin."""
        return self.bin != SINGLE


def place(calls: Sequence[Call], *, story: str, feed: str, channel: ChannelNow, now: datetime) -> Place:
    """Where the message of these calls (at least one, all on this channel) goes; see the theory above."""
    severity = max(call.severity for call in calls)
    choices = list(_choices(calls, severity, channel, now, story=story, feed=feed))
    soonest = min(choices, key=lambda choice: choice.goes_at)
    if not soonest.waits:
        return soonest
    spendings = {rule: one for choice in choices for rule, one in choice.spendings.items()}
    why = soonest.why
    pause = paused(channel.windows, soonest.goes_at, severity)
    if pause is None:
        return Place(soonest.bin, soonest.goes_at, soonest.reason, spendings, why)
    return Place(QUIET, pause.until, Reason.QUIET_HOURS, spendings, (*why, _held_by(pause)))


def place_in_digest(
    times: Sequence[str], reason: Reason, severity: Severity, *, channel: ChannelNow, now: datetime
) -> Place:
    """
    Where something goes that waits for a digest whatever its route says: weak hits, silences that ended.

    It shares the message of that time with what routes put there, and quiet hours hold it like the rest.
    """
    digest = next_digest(times, channel.zone, now)
    pause = paused(channel.windows, digest.at, severity)
    if pause is None:
        return Place(f"{DIGEST_PREFIX}{digest.key}", digest.at, reason)
    return Place(QUIET, pause.until, reason, why=(_held_by(pause),))


def release_at(
    name: str, goes_at: datetime, severity: Severity, windows: Sequence[Window], now: datetime
) -> datetime:
    """
    When a bin goes, asked again now: it is due if that is not later than now.

    What only quiet hours held goes as soon as they are over, also where they ended early or were taken out of
    the configuration. Anything else waits for its time, and where the channel is quiet then, for the end of
    it.
    """
    if name != QUIET and goes_at > now:
        return goes_at
    return quiet_until(windows, now, severity) or now


def _choices(
    calls: Sequence[Call], severity: Severity, channel: ChannelNow, now: datetime, *, story: str, feed: str
) -> Iterator[Place]:
    """Each way in which the message might go. One that goes at once comes first, and so wins."""
    at_once = [call for call in calls if not call.way.digest and call.way.group is None]
    if at_once:
        yield _at_once(at_once, severity, channel, now)
    for call in calls:
        if call.way.group is not None:
            name = group_key(call.way, rule=call.rule, story=story, feed=feed)
            goes_at = group_goes(channel.bins.get(name), call.way.group, now)
            yield Place(name, goes_at, Reason.GATHERED, why=(f"route {call.way.number} gathers alerts",))
        elif call.way.digest:
            digest = next_digest(call.way.digest, channel.zone, now)
            why = f"route {call.way.number} tells it in the digest of {digest.key.replace('T', ' ')}"
            yield Place(f"{DIGEST_PREFIX}{digest.key}", digest.at, Reason.DIGEST, why=(why,))


def _at_once(calls: Sequence[Call], severity: Severity, channel: ChannelNow, now: datetime) -> Place:
    """What becomes of rules whose routes send at once: sent, over their budgets, or held."""
    pause = paused(channel.windows, now, severity)
    if pause is not None:
        return Place(QUIET, pause.until, Reason.QUIET_HOURS, why=(_held_by(pause),))
    spendings = spend_together({call.rule: (call.spent, call.budget) for call in calls}, now)
    if any(one.use is Use.SINGLE for one in spendings.values()):
        return Place(SINGLE, now, spendings=spendings)
    goes_at = flush_at(channel.bins.get(OVERFLOW), severity, now)
    rules = " and ".join(spendings)
    why = (f"rule {rules} spent its budget here: told in a digest",)
    return Place(OVERFLOW, goes_at, Reason.BUDGET, spendings, why)


def _held_by(pause: Pause) -> str:
    return f"held by quiet hours {' and '.join(pause.names)}"
