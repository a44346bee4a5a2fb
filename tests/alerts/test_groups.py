"""Group wait: which group an alert joins, and when it goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.groups import group_goes, group_key
from monitor.alerts.route import Way

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("by", "key"),
    [
        (None, "group:all"),
        ("rule", "group:rule=flood"),
        ("story", "group:story=12"),
        ("feed", "group:feed=lemonde"),
    ],
)
def test_company_is_what_the_route_asks_for(by: str | None, key: str) -> None:
    """Alerts of one rule, story or feed, or all of the route."""
    way = Way("desk", 3, "", group=600.0, group_by=by)
    assert group_key(way, rule="flood", story="12", feed="lemonde") == key


def test_two_routes_that_ask_for_the_same_share_a_group() -> None:
    """The number of a route is no part of it, for a reload may change the order."""
    ways = (Way("desk", n, "", group=n * 60.0, group_by="rule") for n in (1, 2))
    assert len({group_key(way, rule="flood", story="1", feed="a") for way in ways}) == 1


def test_the_first_sets_the_time_and_nobody_puts_it_off() -> None:
    """A later one goes with it; one whose route waits for less brings it forward."""
    first = group_goes(None, 600.0, NOON)
    assert first == NOON + 10 * MINUTE
    assert group_goes(first, 600.0, NOON + 9 * MINUTE) == first
    assert group_goes(first, 60.0, NOON + 3 * MINUTE) == NOON + 4 * MINUTE


@given(st.lists(st.tuples(st.integers(0, 10), st.integers(1, 30)), min_size=1, max_size=20))
def test_nobody_waits_longer_than_the_route_says(arrivals: list[tuple[int, int]]) -> None:
    """Each alert goes within its own route's wait, whatever joins later."""
    now, going = NOON, None
    latest: list[datetime] = []
    for pause, wait in arrivals:
        now += pause * MINUTE
        if going is not None and going <= now:
            assert all(going <= limit for limit in latest)
            going, latest = None, []
        going = group_goes(going, wait * 60.0, now)
        latest.append(now + wait * MINUTE)
    assert going is not None
    assert all(going <= limit for limit in latest)
