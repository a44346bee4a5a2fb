"""Times as users type them: "18:00", "2026-12-24", "2026-12-24 18:00", with an offset or without."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from monitor.errors import UsageError

if TYPE_CHECKING:
    from datetime import tzinfo

EXAMPLES = 'write 18:00, 2026-12-24 or "2026-12-24 18:00"'
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


def moment(text: str, now: datetime, zone: tzinfo, *, hint: str = EXAMPLES) -> datetime:
    """
    The moment (UTC) that is meant; UsageError with `hint` for what is no time.

    A time alone is the next one of that kind, a date alone the beginning of that day. Both are of `zone`,
    where a time that is never shown is the moment of the jump and one that is shown twice the first of the
    two.
    """
    from monitor.alerts.walltime import first_showing, shown

    if clock := _CLOCK.fullmatch(text.strip()):
        today = shown(zone, now).replace(hour=int(clock[1]), minute=int(clock[2]), second=0, microsecond=0)
        coming = (first_showing(zone, today + timedelta(days=n)) for n in (0, 1, 2))
        return next(one for one in coming if one > now)
    try:
        wall = datetime.fromisoformat(text.strip())
        return wall.astimezone(UTC) if wall.tzinfo else first_showing(zone, wall)
    except (ValueError, OverflowError):
        raise UsageError(f"{text!r} is not a time", hint=hint) from None
