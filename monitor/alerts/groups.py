"""
Group wait: a route with `group = "10m"` gathers what comes and tells it together. Pure.

The first alert opens a group and sets when it goes; whatever joins until then goes with it, and never puts it
off. Then the group is empty, and the next alert opens another: unlike a monitoring system's, it holds only
what is new. Alerts of two routes share a group if they ask for the same company, so that the order of routes
may change in a reload while a group is open.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.alerts.route import Way

PREFIX = "group:"


def group_key(way: Way, *, rule: str, story: str, feed: str) -> str:
    """
    Which group of its channel an alert joins, e.g. "group:rule=flood".

    `story` is anything that tells one story from another; without `group_by` a route has one group for all.
    """
    company = {"rule": rule, "story": story, "feed": feed}
    return f"{PREFIX}{way.group_by}={company[way.group_by]}" if way.group_by else f"{PREFIX}all"


def group_goes(going: datetime | None, wait: float, now: datetime) -> datetime:
    """When a group goes with one more alert in it, whose route waits so many seconds; None = it opens."""
    latest = now + timedelta(seconds=wait)
    return latest if going is None else min(going, latest)
