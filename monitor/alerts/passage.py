"""
From routes to the outbox: when what rings on a channel goes, and with what. Pure.

The stages, in their one order:

    rule -> story -> route -> silence -> budget -> quiet hours -> group or digest -> outbox

Those up to the silence say whether an alert rings and where. This module is the rest, for one channel: all
rules that ring in one decision share one message there, which goes in the soonest way that any of them asks
for.

What has to wait is collected in a *bin*: one outbox row of the channel that is still held and becomes one
message. Its name says what it is for:

    ""                          no bin: a message of its own, at once
    "budget"                    rules over their budget; goes within the hour
    "group:rule=flood"          a group that waits for company
    "digest:2026-11-28T08:00"   the digest of a local date and time
    "quiet"                     all that quiet hours held; goes when they end
    "late"                      old news of a feed that was away; goes once all feeds were asked

A bin that falls due while its channel is quiet is poured into "quiet", whatever it waited for before: when
quiet hours end there is one message. That is asked when it is due, not before, for quiet hours may have been
changed by then. Only what would go by itself at once spends a budget.

What is held of a story on a channel travels together, in the soonest way that any part of it asks for: an
urgent alert of a story that quiet hours hold takes along what was held of it, so that nobody reads the report
after its update, and the story is told once. What is due and was not begun to be sent takes in what comes of
its story without being asked here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from monitor.alerts.budgets import Budget, Spending, Spent, Use, flush_at, spend_together
from monitor.alerts.calendar import next_digest
from monitor.alerts.groups import PREFIX, group_goes, group_key
from monitor.alerts.quiet import paused, quiet_until
from monitor.model import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime, tzinfo

    from monitor.alerts.quiet import Window
    from monitor.alerts.route import Way
    from monitor.model import Severity

SINGLE = ""
OVERFLOW = "budget"
QUIET = "quiet"
LATE = "late"
DIGEST_PREFIX = "digest:"
_REASONS = {
    OVERFLOW: Reason.BUDGET,
    QUIET: Reason.QUIET_HOURS,
    PREFIX: Reason.GATHERED,
    DIGEST_PREFIX: Reason.DIGEST,
    LATE: Reason.LATE,
}


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

    `zone` is that of digest times; `bins` are its open ones, with when each goes; `story_bin` is the one that
    holds something of the story already, "" = none does.
    """

    windows: Sequence[Window]
    zone: tzinfo
    bins: Mapping[str, datetime] = field(default_factory=dict)
    story_bin: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """
    Where a message stands in the outbox, and when it goes.

    `reason` is why it waits; None = it does not. `told_at` is when people hear of it if nothing changes:
    later than `goes_at` where the channel will be quiet then. `takes` is the bin whose entries of this story
    go along; "" = there are none. `spendings` are to be written back, by rule; `why` is a sentence for each
    stage that had something to say.
    """

    bin: str
    goes_at: datetime
    told_at: datetime
    reason: Reason | None = None
    spendings: Mapping[str, Spending] = field(default_factory=dict)
    why: tuple[str, ...] = ()
    takes: str = ""

    @property
    def waits(self) -> bool:
        """Whether it is collected in a bin."""
        return self.bin != SINGLE


@dataclass(frozen=True, slots=True)
class Release:
    """
    What becomes of a bin that is looked at: it goes now (`due`), or waits in the bin `bin` until `goes_at`.

    Another name than before: its entries go into the channel's bin of that name, or it takes that name.
    """

    due: bool
    bin: str
    goes_at: datetime


def place(calls: Sequence[Call], *, story: str, feed: str, channel: ChannelNow, now: datetime) -> Place:
    """Where the message of these calls (at least one, all on this channel) goes; see the theory above."""
    severity = max(call.severity for call in calls)
    choices = list(_choices(calls, severity, channel, now, story=story, feed=feed))
    soonest = min(choices, key=lambda choice: choice.told_at)
    spendings = {rule: one for choice in choices for rule, one in choice.spendings.items()}
    return replace(_with_its_story(soonest, severity, channel), spendings=spendings)


def place_in_digest(
    times: Sequence[str], reason: Reason, severity: Severity, *, channel: ChannelNow, now: datetime
) -> Place:
    """
    Where something goes that waits for a digest whatever its route says: weak hits, silences that ended.

    It shares the message of that time with what routes put there, and quiet hours hold it like the rest.
    """
    digest = next_digest(times, channel.zone, now)
    why = f"told in the digest of {digest.key.replace('T', ' ')}"
    return _waiting(f"{DIGEST_PREFIX}{digest.key}", digest.at, reason, severity, channel, why=why)


def release(
    name: str, goes_at: datetime, severity: Severity, windows: Sequence[Window], now: datetime
) -> Release:
    """
    What becomes now of a bin that was to go at `goes_at`.

    What quiet hours held goes as soon as they are over, also where they ended early or were taken out of the
    configuration. Anything else waits for its time; if the channel is quiet then, for the end of that.
    """
    if name != QUIET and goes_at > now:
        return Release(due=False, bin=name, goes_at=goes_at)
    until = quiet_until(windows, now, severity)
    if until is None:
        return Release(due=True, bin=name, goes_at=now)
    return Release(due=False, bin=QUIET, goes_at=until)


def reason_of(name: str) -> Reason:
    """Why something waits in a bin of this name."""
    return next(reason for start, reason in _REASONS.items() if name.startswith(start))


def _choices(
    calls: Sequence[Call], severity: Severity, channel: ChannelNow, now: datetime, *, story: str, feed: str
) -> Iterator[Place]:
    """Each way in which the message might go. One that goes at once comes first, and so wins."""
    at_once = [call for call in calls if not call.way.digest and call.way.group is None]
    if at_once:
        yield _at_once(at_once, severity, channel, now)
    for call in calls:
        route = f"route {call.way.number}"
        if call.way.group is not None:
            name = group_key(call.way, rule=call.rule, story=story, feed=feed)
            goes_at = group_goes(channel.bins.get(name), call.way.group, now)
            yield _waiting(name, goes_at, Reason.GATHERED, severity, channel, why=f"{route} gathers alerts")
        elif call.way.digest:
            found = place_in_digest(call.way.digest, Reason.DIGEST, severity, channel=channel, now=now)
            yield replace(found, why=(f"{route}: {found.why[0]}", *found.why[1:]))


def _with_its_story(found: Place, severity: Severity, channel: ChannelNow) -> Place:
    """The place, or the bin that holds the story already where that goes no later."""
    name = channel.story_bin
    if not name or name == found.bin:
        return found
    reason = reason_of(name)
    there = _waiting(name, channel.bins[name], reason, severity, channel, why="its story waits there already")
    if found.waits and there.told_at <= found.told_at:
        return replace(there, why=(*found.why, *there.why))
    return replace(found, takes=name)


def _at_once(calls: Sequence[Call], severity: Severity, channel: ChannelNow, now: datetime) -> Place:
    """What becomes of rules whose routes send at once: sent, over their budgets, or held."""
    pause = paused(channel.windows, now, severity)
    if pause is not None:
        why = f"held by quiet hours {' and '.join(pause.names)}"
        return Place(QUIET, pause.until, pause.until, Reason.QUIET_HOURS, why=(why,))
    spendings = spend_together({call.rule: (call.spent, call.budget) for call in calls}, now)
    if any(one.use is Use.SINGLE for one in spendings.values()):
        return Place(SINGLE, now, now, spendings=spendings)
    goes_at = flush_at(channel.bins.get(OVERFLOW), severity, now)
    why = f"rule {' and '.join(spendings)} spent its budget here: told in a digest"
    found = _waiting(OVERFLOW, goes_at, Reason.BUDGET, severity, channel, why=why)
    return replace(found, spendings=spendings)


def _waiting(
    name: str, goes_at: datetime, reason: Reason, severity: Severity, channel: ChannelNow, *, why: str
) -> Place:
    """A place in a bin; where the channel will be quiet when that is due, it is told later."""
    pause = paused(channel.windows, goes_at, severity)
    if pause is None:
        return Place(name, goes_at, goes_at, reason, why=(why,))
    held = f"then held by quiet hours {' and '.join(pause.names)}"
    return Place(name, goes_at, pause.until, reason, why=(why, held))
