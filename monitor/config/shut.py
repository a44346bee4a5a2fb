"""Quiet hours that leave no gap: what they hold would be held for ever."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from monitor.config.words import Problem, shown
from monitor.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from monitor.settings import Config

_SOME_MONDAY = datetime(2026, 1, 5, tzinfo=UTC)  # no zone changes its clocks in the days after it


def shut_for_good(config: Config) -> Iterator[Problem]:
    """An error for each channel whose quiet hours together leave no gap for some severity."""
    if not config.quiet_hours:
        return
    from monitor.alerts.quiet import never_opens, windows_of  # noqa: PLC0415 - start-up is measured

    right = [quiet for quiet in config.quiet_hours if quiet.start != quiet.end]  # else told of already
    last = {channel: quiet for quiet in right for channel in quiet.channels}
    for channel, windows in windows_of(right, config.timezone).items():
        held = [s.label for s in Severity if never_opens(windows, s, _SOME_MONDAY)]
        origin = last[channel].origin
        if not held or origin is None:
            continue
        names = " and ".join(dict.fromkeys(window.name for window in windows))
        which = "all alerts" if len(held) == len(Severity) else f"alerts of severity {', '.join(held)}"
        message = f"quiet hours {names} leave no gap on channel {shown(channel)}: {which} would never be sent"
        hint = "leave a gap; what a channel should not get at all is kept from it by [[routes]]"
        yield Problem(origin.file, origin.path, "never_opens", message, hint)
