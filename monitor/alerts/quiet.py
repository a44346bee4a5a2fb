"""
Quiet hours: when a channel holds what it would send, and when it opens again. Pure.

Held, never dropped. A window is what the clock on the wall shows, from the first time it shows the beginning
to the last time it shows the end, without a hole: where clocks are put back inside a window it is an hour
longer, where they are put forward it is an hour shorter, and one that lies wholly in the hour that does not
exist is not there that day. Windows that touch or overlap are one.

What `let_through` names passes, and so does whatever is more severe: an urgent alert is never held where a
high one is sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.alerts.walltime import first_showing, last_showing, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import date, tzinfo

    from monitor.model import Severity
    from monitor.settings import QuietHours

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WHOLE_DAY = "24:00"  # how the end of a day is written
EVERY_DAY = frozenset(range(7))
HORIZON = timedelta(days=8)  # windows that leave no gap for so long never open
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Window:
    """
    One daily window of quiet hours.

    It begins on `days` (Monday = 0) at `start` and ends at `end`, on the next day where that is not later.
    `passes` is the least severity that is sent all the same; None = everything is held.
    """

    name: str
    start: time
    end: time
    zone: tzinfo
    days: frozenset[int] = EVERY_DAY
    passes: Severity | None = None

    def holds(self, severity: Severity) -> bool:
        """Whether it holds an alert of this severity."""
        return self.passes is None or severity < self.passes


@dataclass(frozen=True, slots=True)
class Pause:
    """A channel is quiet: until when, and for which windows, the one that holds now first."""

    until: datetime
    names: tuple[str, ...]


def windows_of(quiet_hours: Iterable[QuietHours], timezone: str) -> Mapping[str, tuple[Window, ...]]:
    """The windows of each channel that has some; `timezone` is for those that name none."""
    found: dict[str, tuple[Window, ...]] = {}
    for quiet in quiet_hours:
        window = Window(
            name=quiet.name,
            start=time.fromisoformat(quiet.start),
            end=time() if quiet.end == WHOLE_DAY else time.fromisoformat(quiet.end),
            zone=ZoneInfo(quiet.timezone or timezone),
            days=frozenset(map(DAYS.index, quiet.days)) or EVERY_DAY,
            passes=min(quiet.let_through, default=None),
        )
        for channel in dict.fromkeys(quiet.channels):
            found[channel] = (*found.get(channel, ()), window)
    return found


def quiet_until(windows: Sequence[Window], now: datetime, severity: Severity) -> datetime | None:
    """When a channel with these windows may send an alert of this severity; None = now."""
    pause = paused(windows, now, severity)
    return pause.until if pause else None


def paused(windows: Sequence[Window], now: datetime, severity: Severity) -> Pause | None:
    """
    Until when a channel holds an alert of this severity, and which quiet hours say so; None = it is sent.

    Windows that leave no gap for eight days never open (`check` refuses them): then the end is that of a
    window over eight days ahead, at which the question is asked again.
    """
    names: dict[str, None] = {}
    until = now
    while until - now <= HORIZON:
        covering = [span for span in _spans(windows, until, severity) if span[0] <= until < span[1]]
        if not covering:
            break
        names |= dict.fromkeys(name for _, _, name in covering)
        until = max(end for _, end, _ in covering)
    return Pause(until, tuple(names)) if until > now else None


def never_opens(windows: Sequence[Window], severity: Severity, since: datetime) -> bool:
    """Whether windows leave no gap at all for an alert of this severity, seen from `since`."""
    until = quiet_until(windows, since, severity)
    return until is not None and until - since > HORIZON


def span_of(window: Window, day: date) -> tuple[datetime, datetime] | None:
    """The moments (UTC) between which the window that begins on `day` is quiet; None = not that day."""
    if day.weekday() not in window.days:
        return None
    begin, end = datetime.combine(day, window.start), datetime.combine(day, window.end)
    if end <= begin:
        end += _DAY
    opens, closes = first_showing(window.zone, begin), last_showing(window.zone, end)
    return (opens, closes) if opens < closes else None


def _spans(
    windows: Iterable[Window], moment: datetime, severity: Severity
) -> Iterator[tuple[datetime, datetime, str]]:
    """
    The windows near a moment that hold this severity.

    That of yesterday may still last; that of tomorrow may have begun where a clock is put back over midnight.
    """
    for window in windows:
        if not window.holds(severity):
            continue
        today = shown(window.zone, moment).date()
        for day in (today - _DAY, today, today + _DAY):
            span = span_of(window, day)
            if span is not None:
                yield (*span, window.name)
