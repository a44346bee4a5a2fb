"""
From what a clock on the wall shows to moments, in a zone whose clocks are changed. Pure.

People write "22:00" and mean their clock. Twice a year that is not one moment: in spring an hour is never
shown, in autumn one is shown twice. Both functions here answer with a moment of a *first* or *last* showing,
so that what begins or ends in such an hour has one beginning and one end:

- a time that is never shown counts as shown when the clock jumps over it;
- of a time that is shown twice a beginning is the first showing, an end the last.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import tzinfo

_SECOND = timedelta(seconds=1)


def shown(zone: tzinfo, moment: datetime) -> datetime:
    """What the clock shows at a moment, as a naive time."""
    return moment.astimezone(zone).replace(tzinfo=None)


def first_showing(zone: tzinfo, wall: datetime) -> datetime:
    """The first moment (UTC) at which the clock shows `wall`, or jumps over it; `wall` is naive."""
    early, late = _showings(zone, wall)
    return early if shown(zone, early) == wall else _jump(zone, wall, early, late)


def last_showing(zone: tzinfo, wall: datetime) -> datetime:
    """
    The first moment (UTC) from which on the clock never again shows a time before `wall`.

    That is the second showing of a time that is shown twice; but where the clock is put back *to* `wall`, it
    is the first one: after it nothing earlier is shown.
    """
    early, late = _showings(zone, wall)
    if early == late:
        return early
    if shown(zone, early) != wall:
        return _jump(zone, wall, early, late)
    return late if shown(zone, late - _SECOND) < wall else early


def _showings(zone: tzinfo, wall: datetime) -> tuple[datetime, datetime]:
    """The moment of `wall` by the offsets before and after a change of clocks, in order; mostly the same."""
    both = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    early, late = sorted(both)
    return early, late


def _jump(zone: tzinfo, wall: datetime, before: datetime, after: datetime) -> datetime:
    """The moment, to the second, at which the clock jumps over `wall`; it shows less at `before`."""
    while after - before > _SECOND:
        middle = before + timedelta(seconds=(after - before) // _SECOND // 2)
        if shown(zone, middle) < wall:
            before = middle
        else:
            after = middle
    return after
