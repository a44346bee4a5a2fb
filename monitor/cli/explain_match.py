"""A match as it was recorded: by which form of the rule, what the ledger says, what receivers answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.alerts.safe import one_line
from monitor.cli import output
from monitor.cli.explain_lines import line, when
from monitor.config.durations import format_duration
from monitor.model import State

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.alerts.route import Routed
    from monitor.matched import Matched
    from monitor.stages import Entered

MOST_ATTEMPTS = 5  # the last ones; a receiver that was down for days has hundreds


def tell_match(match: Matched, now: datetime, *, same_text: bool) -> None:
    """The match, its fate on each channel, and what receivers answered."""
    forms = {
        "same": "by the rule as it is now",
        "changed": "by another form of the rule: it was changed since",
        "gone": "by a rule that is no longer configured",
    }
    weak = " · weak: not by confirmed text alone" if match.strength == "weak" else f" · {match.strength}"
    line(f"  matched {when(match.at, now)} through feed {match.feed}, {forms[match.form]}{weak}")
    moved = [hit["text"] for hit, there in zip(match.hits, match.in_place, strict=True) if not there]
    if moved and same_text:
        words = ", ".join(f"“{one_line(text)}”" for text in dict.fromkeys(moved[:3]))
        line(f"    the text was edited since: {words} no longer stands where it stood")
    # Copies say the same of every channel: one line for all of them.
    plain = [row for row in match.entered if not row.tried and row.next_attempt is None]
    for state, reason in dict.fromkeys((row.state, row.reason) for row in plain):
        same = [row for row in plain if (row.state, row.reason) == (state, reason)]
        channels = ", ".join(row.channel for row in same if row.channel)
        _tell_state(channels, same[-1])
    for row in match.entered:
        if row not in plain:
            _tell_state(row.channel, row)
            _tell_attempts(row, now)


def _tell_state(channels: str, row: Entered) -> None:
    word = f"{channels}: {row.state.value}" if channels else row.state.value
    line(f"    {word}, {row.reason.sentence} ({output.rfc3339(row.at)})")


def _tell_attempts(row: Entered, now: datetime) -> None:
    if len(row.tried) > MOST_ATTEMPTS:
        output.out(f"      {len(row.tried)} attempts, of which the last are")
    for tried in row.tried[-MOST_ATTEMPTS:]:
        status = f" {tried.status}" if tried.status else ""
        detail = f": {one_line(tried.detail)}" if tried.detail else ""
        line(f"      attempt {tried.number} {output.rfc3339(tried.at)}: {tried.answer}{status}{detail}")
    if row.next_attempt is not None:
        what = "due" if row.state is State.HELD else "next attempt"
        output.out(f"      {what} {when(row.next_attempt, now)}")
    if row.paused_until is not None and row.paused_until > now:
        line(f"      channel {row.channel} is paused until {when(row.paused_until, now)}")


def tell_routes(routed: Routed) -> None:
    """Where the routes, as they are now, send it."""
    for number in dict.fromkeys(found.number for found in routed.ways):
        ways = [found for found in routed.ways if found.number == number]
        channels = ", ".join(found.channel for found in ways)
        first = ways[0]
        how = f", in the digest of {', '.join(first.digest)}" if first.digest else ""
        how += f", gathered for {format_duration(first.group)}" if first.group is not None else ""
        route = f"by route {number} ({output.printable(first.why)})" if number else "without routes"
        line(f"  {route} it goes to {channels}{how}")
    if not routed.ways:
        line(f"  no route sends it anywhere: {routed.why_nowhere}")
