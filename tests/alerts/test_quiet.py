"""Quiet hours: when a channel opens, also in the nights in which clocks are changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.quiet import (
    EVERY_DAY,
    HORIZON,
    Window,
    never_opens,
    paused,
    quiet_until,
    span_of,
    windows_of,
)
from monitor.alerts.walltime import shown
from monitor.model import Severity
from monitor.settings import QuietHours

LOW, NORMAL, HIGH, URGENT = Severity
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PARIS, NEW_YORK, LORD_HOWE = map(ZoneInfo, ("Europe/Paris", "America/New_York", "Australia/Lord_Howe"))
ST_JOHNS, APIA = ZoneInfo("America/St_Johns"), ZoneInfo("Pacific/Apia")
# A day around each change of clocks: an hour forward, an hour back, half an hour of each on Lord Howe, over
# midnight in St John's (at 00:01), and the Friday that Samoa never had.
CHANGES = [
    (PARIS, date(2026, 3, 29)),
    (PARIS, date(2026, 10, 25)),
    (NEW_YORK, date(2026, 3, 8)),
    (NEW_YORK, date(2026, 11, 1)),
    (LORD_HOWE, date(2026, 4, 5)),
    (LORD_HOWE, date(2026, 10, 4)),
    (ST_JOHNS, date(2006, 4, 2)),
    (ST_JOHNS, date(2006, 10, 29)),
    (APIA, date(2011, 12, 30)),
]


def window(start: str = "22:00", end: str = "07:00", **changes: Any) -> Window:
    """Quiet hours in Paris, every night, for everything."""
    values: dict[str, Any] = {"name": "night", "zone": PARIS, **changes}
    return Window(start=time.fromisoformat(start), end=time.fromisoformat(end), **values)


def at(text: str, zone: tzinfo = PARIS, fold: int = 0) -> datetime:
    """A moment by the clock of a zone; `fold` = 1 is the second time it is shown."""
    return datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold).astimezone(UTC)


def opens(windows: Window | list[Window], now: str, severity: Severity = NORMAL) -> str | None:
    """When the channel opens, by the clock in Paris; `now` is of that clock, too."""
    chosen = [windows] if isinstance(windows, Window) else windows
    until = quiet_until(chosen, at(now), severity)
    return f"{shown(PARIS, until):%a %d %H:%M}" if until else None


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-27 21:59", None),
        ("2026-11-27 22:00", "Sat 28 07:00"),
        ("2026-11-28 02:00", "Sat 28 07:00"),
        ("2026-11-28 06:59", "Sat 28 07:00"),
        ("2026-11-28 07:00", None),
    ],
)
def test_a_night_lasts_over_midnight(now: str, expected: str | None) -> None:
    """From its first minute on, and open again at its end."""
    assert opens(window(), now) == expected


def test_a_window_within_a_day() -> None:
    """An afternoon is quiet between its times, and the night is not."""
    siesta = window("13:00", "15:00")
    assert opens(siesta, "2026-11-27 14:00") == "Fri 27 15:00"
    assert opens(siesta, "2026-11-28 02:00") is None


def test_days_are_those_a_window_begins_on() -> None:
    """Friday's night lasts into Saturday; on Saturday evening none begins."""
    weekdays = window(days=frozenset(range(5)))
    assert opens(weekdays, "2026-11-28 03:00") == "Sat 28 07:00"
    assert opens(weekdays, "2026-11-28 23:00") is None
    assert opens(weekdays, "2026-11-29 23:00") is None
    assert opens(weekdays, "2026-11-30 23:00") == "Tue 01 07:00"


def test_windows_that_touch_are_one() -> None:
    """A quiet weekend between two nights opens on Monday morning, and names all that held it shut."""
    weekend = window("00:00", "00:00", name="weekend", days=frozenset({5, 6}))
    nights = window()
    assert opens([nights, weekend], "2026-11-27 23:00") == "Mon 30 07:00"
    pause = paused([nights, weekend], at("2026-11-27 23:00"), NORMAL)
    assert pause is not None
    assert pause.names == ("night", "weekend")
    assert opens([weekend], "2026-11-29 23:59") == "Mon 30 00:00"


def test_windows_with_a_minute_between_them_are_two() -> None:
    """Whatever waits goes out in the gap."""
    assert opens([window("22:00", "02:00"), window("02:01", "07:00")], "2026-11-28 01:00") == "Sat 28 02:00"


@pytest.mark.parametrize(
    ("passes", "severity", "held"),
    [
        (None, URGENT, True),
        (URGENT, URGENT, False),
        (URGENT, HIGH, True),
        (HIGH, URGENT, False),
        (HIGH, HIGH, False),
        (HIGH, NORMAL, True),
        (LOW, LOW, False),
    ],
)
def test_what_is_let_through_and_whatever_is_more_severe(
    passes: Severity | None, severity: Severity, held: bool
) -> None:
    """The severity that passes is a threshold."""
    assert (quiet_until([window(passes=passes)], at("2026-11-28 02:00"), severity) is not None) is held


def test_an_urgent_alert_waits_only_for_the_windows_that_hold_it() -> None:
    """Two windows overlap, and one lets urgent alerts through: they wait for the other alone."""
    windows = [window("22:00", "07:00", passes=URGENT), window("23:00", "01:00")]
    assert opens(windows, "2026-11-28 00:00", URGENT) == "Sat 28 01:00"
    assert opens(windows, "2026-11-28 00:00", NORMAL) == "Sat 28 07:00"


@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [
        # In spring the clock shows 01:59, then 03:00.
        ("02:30", "05:00", "01:00", "03:00"),  # begins at the jump
        ("22:00", "02:30", "21:00", "01:00"),  # ends at the jump
        ("01:30", "04:00", "00:30", "02:00"),  # an hour and a half
    ],
)
def test_a_time_that_is_never_shown_is_that_of_the_jump(start: str, end: str, first: str, last: str) -> None:
    """Where 02:30 does not exist it is when the clock jumps over it (times of the answer in UTC)."""
    day = date(2026, 3, 29) - (DAY if start > end else timedelta())
    span = span_of(window(start, end), day)
    assert span is not None
    assert [f"{moment:%H:%M}" for moment in span] == [first, last]


def test_a_window_within_the_hour_that_does_not_exist_is_not_there() -> None:
    """Nothing between 02:15 and 02:45 is ever shown that night."""
    assert span_of(window("02:15", "02:45"), date(2026, 3, 29)) is None
    assert span_of(window("02:15", "02:45"), date(2026, 3, 30)) is not None


@pytest.mark.parametrize(
    ("start", "end", "hours"),
    [
        # In autumn the clock shows 02:59, then 02:00 again.
        ("22:00", "07:00", 10),
        ("02:30", "05:00", 3.5),  # begins at the first showing
        ("22:00", "02:30", 5.5),  # ends at the second
        ("02:15", "02:45", 1.5),  # from the first 02:15 to the second 02:45
        ("22:00", "02:00", 4),  # the clock is put back to 02:00: nothing earlier comes after it
        ("03:00", "05:00", 2),
    ],
)
def test_a_time_that_is_shown_twice_makes_the_window_longer(start: str, end: str, hours: float) -> None:
    """It begins at the first showing and ends at the last, with no hole in between."""
    day = date(2026, 10, 25) - (DAY if start > "12:00" else timedelta())
    span = span_of(window(start, end), day)
    assert span is not None
    assert span[1] - span[0] == timedelta(hours=hours)


def test_a_clock_that_is_put_back_over_midnight_stays_quiet() -> None:
    """In St John's 00:01 became 23:01 of the day before: the window from 00:00 had begun."""
    night = window("00:00", "07:00", zone=ST_JOHNS, days=frozenset({6}))
    again = at("2006-10-28 23:30", ST_JOHNS, fold=1)
    assert quiet_until([night], again, NORMAL) == at("2006-10-29 07:00", ST_JOHNS)
    assert quiet_until([night], at("2006-10-28 23:30", ST_JOHNS), NORMAL) is None


def test_each_channel_has_its_own_windows() -> None:
    """From the configuration: zones, days, severities, and the end of a day as 24:00."""
    night = QuietHours("night", ("phone", "desk"), "22:00", "07:00", let_through=(URGENT, HIGH))
    weekend = QuietHours("weekend", ("desk",), "00:00", "24:00", days=("sat", "sun"), timezone="Asia/Tokyo")
    found = windows_of((night, weekend), "Europe/Paris")
    assert list(found) == ["phone", "desk"]
    assert found["phone"] == (window(passes=HIGH),)
    assert found["desk"][1] == window(
        "00:00", "00:00", name="weekend", zone=ZoneInfo("Asia/Tokyo"), days=frozenset({5, 6})
    )


def test_windows_without_a_gap_never_open() -> None:
    """Two halves of every day: what they hold is asked about again after eight days."""
    halves = [window("00:00", "12:00", passes=URGENT), window("12:00", "00:00")]
    now = at("2026-11-28 02:00")
    assert never_opens(halves, NORMAL, now)
    assert not never_opens(halves, URGENT, now)
    assert not never_opens([window()], NORMAL, now)
    until = quiet_until(halves, now, NORMAL)
    assert until is not None
    assert HORIZON < until - now <= HORIZON + DAY


times = st.times().map(lambda t: t.replace(second=0, microsecond=0))
changes = st.sampled_from(CHANGES)
days = st.frozensets(st.integers(0, 6), min_size=1)
minutes = st.integers(-36 * 60, 36 * 60)


def shown_inside(one: Window, day: date, around: datetime) -> list[datetime]:
    """The naive oracle: every minute of five days whose time on the clock lies in the window of a day."""
    begin, end = datetime.combine(day, one.start), datetime.combine(day, one.end)
    end += DAY if end <= begin else timedelta()
    walk = (around + n * MINUTE for n in range(-60 * 60, 60 * 60))
    return [moment for moment in walk if begin <= shown(one.zone, moment) < end]


@pytest.mark.parametrize(("zone", "day"), CHANGES, ids=str)
@pytest.mark.parametrize("offset", [-1, 0])
@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("22:00", "07:00"),
        ("01:30", "02:30"),
        ("02:15", "02:45"),
        ("02:30", "22:00"),
        ("23:15", "00:15"),
        ("00:00", "00:00"),
        ("12:00", "02:00"),
        ("00:30", "23:45"),
    ],
)
def test_a_window_is_what_the_clock_shows_without_a_hole(
    zone: ZoneInfo, day: date, offset: int, start: str, end: str
) -> None:
    """From the first minute inside to the last one, by walking every minute around each change of clocks."""
    one, begins = window(start, end, zone=zone, days=EVERY_DAY), day + offset * DAY
    inside = shown_inside(one, begins, datetime.combine(day, time(12), UTC))
    assert span_of(one, begins) == ((min(inside), max(inside) + MINUTE) if inside else None)


@given(changes, times, times, days, minutes)
def test_quiet_is_whatever_a_window_of_some_day_covers(
    change: tuple[ZoneInfo, date], start: time, end: time, on: frozenset[int], minute: int
) -> None:
    """One window: quiet until the end of the day's window that covers now, and open where none does."""
    zone, day = change
    now = datetime.combine(day, time(12), UTC) + minute * MINUTE
    one = Window("w", start, end, zone, on)
    spans = [span for n in range(-4, 5) if (span := span_of(one, day + n * DAY))]
    covering = [end for begin, end in spans if begin <= now < end]
    until = quiet_until([one], now, NORMAL)
    assert (until is None) == (not covering)
    if until is not None:
        assert until >= max(covering)


@given(changes, times, times, minutes)
def test_one_window_is_never_longer_than_a_day_and_the_hour(
    change: tuple[ZoneInfo, date], start: time, end: time, minute: int
) -> None:
    """Twenty-four hours and what clocks are put back by, unless it touches its own next day."""
    zone, day = change
    one = Window("w", start, end, zone, frozenset({day.weekday()}))
    now = datetime.combine(day, time(12), UTC) + minute * MINUTE
    until = quiet_until([one], now, NORMAL)
    assert until is None or until - now <= DAY + HOUR


some_windows = st.lists(
    st.builds(
        Window,
        name=st.sampled_from(["a", "b"]),
        start=times,
        end=times,
        zone=st.sampled_from([PARIS, NEW_YORK, LORD_HOWE, ST_JOHNS]),
        days=days,
        passes=st.none() | st.sampled_from(Severity),
    ),
    max_size=3,
)
severities = st.sampled_from(Severity)


@given(some_windows, changes, minutes, st.integers(0, 3000), severities)
def test_who_comes_later_goes_no_earlier(
    windows: list[Window], change: tuple[ZoneInfo, date], minute: int, later: int, severity: Severity
) -> None:
    """Monotone in time: an alert held now never waits longer than one that comes after it."""
    now = datetime.combine(change[1], time(12), UTC) + minute * MINUTE
    then = now + later * MINUTE
    first = quiet_until(windows, now, severity) or now
    second = quiet_until(windows, then, severity) or then
    if first - now <= HORIZON:
        assert first <= second


@given(some_windows, changes, minutes, severities)
def test_when_it_opens_it_is_open(
    windows: list[Window], change: tuple[ZoneInfo, date], minute: int, severity: Severity
) -> None:
    """At the moment of the answer nothing holds any more, and before it something did."""
    now = datetime.combine(change[1], time(12), UTC) + minute * MINUTE
    until = quiet_until(windows, now, severity)
    if until is not None and until - now <= HORIZON:
        assert quiet_until(windows, until, severity) is None
        assert quiet_until(windows, until - MINUTE / 60, severity) == until


@given(some_windows, changes, minutes, severities, severities)
def test_a_more_severe_alert_never_waits_longer(
    windows: list[Window], change: tuple[ZoneInfo, date], minute: int, one: Severity, other: Severity
) -> None:
    """Whatever quiet hours let through, urgent goes no later than high, and high no later than low."""
    now = datetime.combine(change[1], time(12), UTC) + minute * MINUTE
    waits = [quiet_until(windows, now, severity) or now for severity in sorted((one, other))]
    assert waits[1] <= waits[0]
