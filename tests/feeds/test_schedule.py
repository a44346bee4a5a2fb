"""When a feed is asked again: never too early, never out of a hostile server's hands for long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.patience import ALL_DAYS, ALL_HOURS, Wishes
from monitor.feeds.schedule import (
    FARTHEST,
    NO_WISHES,
    PollFacts,
    PollPolicy,
    farthest,
    next_poll,
    start_rate,
    trusted,
    was_away,
)
from monitor.model import FetchStatus

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
POLICY = PollPolicy(default=900, fastest=300, slowest=3600)
HOUR = 3600.0


def wait(
    facts: PollFacts,
    *,
    policy: PollPolicy = POLICY,
    failures: int = 0,
    seed: str = "desk",
    wishes: Wishes = NO_WISHES,
) -> float:
    """Seconds until the next poll."""
    due, reason = next_poll(policy, facts, failures, NOW, seed, wishes=wishes)
    assert due is not None
    assert reason
    return (due - NOW).total_seconds()


@pytest.mark.parametrize(
    ("policy", "interval"),
    [
        (POLICY, 900),
        (PollPolicy(default=60, fastest=300, slowest=3600), 300),
        (PollPolicy(default=9000, fastest=300, slowest=3600), 3600),
        (PollPolicy(default=900, fastest=300, slowest=3600, every=60), 60),
        (PollPolicy(default=900, fastest=300, slowest=3600, every=86_400), 86_400),
    ],
)
def test_interval(policy: PollPolicy, interval: float) -> None:
    """The general interval is clamped, a feed's own is not; the spread adds at most a tenth."""
    for status in (FetchStatus.NEW, FetchStatus.NOT_MODIFIED):
        assert interval <= wait(PollFacts(status), policy=policy) <= interval * 1.1


@pytest.mark.parametrize(
    ("wishes", "least"),
    [
        (Wishes(cache=1800), 1800),
        (Wishes(ttl=2700), 2700),
        (Wishes(ttl=2700, cache=1800), 2700),
        (Wishes(cache=10), 900),
        (Wishes(cache=30 * 86_400), 6 * HOUR),
    ],
)
def test_the_server_may_ask_for_patience(wishes: Wishes, least: float) -> None:
    """Cache headers and ttl lengthen the wait, up to six hours; they never shorten it."""
    for status in (FetchStatus.NEW, FetchStatus.NOT_MODIFIED):
        assert least <= wait(PollFacts(status), wishes=wishes) <= least + 90


def test_what_a_server_asks_for_holds_while_it_fails() -> None:
    """A failure makes no feed faster; where no connection stood, nobody was asked."""
    wishes = Wishes(ttl=7200)
    assert wait(PollFacts(FetchStatus.HTTP_ERROR), failures=1, wishes=wishes) >= 7200
    assert wait(PollFacts(FetchStatus.NETWORK, unreachable=True), failures=1, wishes=wishes) < 330


def test_retry_after_holds_with_any_status() -> None:
    """With a 304 as well as with a 503."""
    for status in (FetchStatus.NOT_MODIFIED, FetchStatus.NEW, FetchStatus.RATE_LIMITED):
        assert 7200 <= wait(PollFacts(status, retry_after=7200), failures=1) <= 7290


def test_a_feeds_own_interval_still_heeds_the_server() -> None:
    """`every` is fixed, but not against what the server asks for."""
    policy = PollPolicy(default=900, fastest=300, slowest=3600, every=60)
    assert wait(PollFacts(FetchStatus.NEW), policy=policy, wishes=Wishes(cache=600)) >= 600


@pytest.mark.parametrize(
    ("status", "failures", "retry_after", "least"),
    [
        (FetchStatus.RATE_LIMITED, 1, 600, 1800),
        (FetchStatus.RATE_LIMITED, 1, 7200, 7200),
        (FetchStatus.RATE_LIMITED, 1, None, 1800),
        (FetchStatus.RATE_LIMITED, 3, None, 7200),
        (FetchStatus.HTTP_ERROR, 1, None, 900),
        (FetchStatus.HTTP_ERROR, 4, None, 7200),
        (FetchStatus.HTTP_ERROR, 1, 5000, 5000),
        (FetchStatus.BAD_BODY, 2, None, 1800),
        (FetchStatus.TOO_BIG, 2, None, 1800),
        (FetchStatus.REFUSED, 2, None, 1800),
        (FetchStatus.HTTP_ERROR, 500, None, 86_400),
        (FetchStatus.RATE_LIMITED, 500, None, 86_400),
    ],
)
def test_failures_double_the_wait(
    status: FetchStatus, failures: int, retry_after: float | None, least: float
) -> None:
    """Each failure in a row doubles the wait, up to a day, and Retry-After is waited for."""
    facts = PollFacts(status, retry_after=retry_after, first_failure_at=NOW)
    assert least <= wait(facts, failures=failures) <= least + 90


def test_an_outage_is_tried_hourly_for_two_days() -> None:
    """A feed that cannot be reached is missed for an hour at most, until it is clearly not our line."""
    early = PollFacts(FetchStatus.NETWORK, first_failure_at=NOW - timedelta(hours=47))
    late = PollFacts(FetchStatus.NETWORK, first_failure_at=NOW - timedelta(hours=49))
    assert HOUR <= wait(early, failures=40) <= HOUR + 90
    assert wait(late, failures=40) >= 86_400


def test_an_outage_never_makes_a_slow_feed_faster() -> None:
    """A feed with a long interval of its own keeps it while it fails."""
    policy = PollPolicy(default=900, fastest=300, slowest=3600, every=6 * HOUR)
    assert wait(PollFacts(FetchStatus.NETWORK, first_failure_at=NOW), policy=policy, failures=1) >= 6 * HOUR


def test_gone_is_never_asked_again() -> None:
    """After a 410 there is no next poll."""
    assert next_poll(POLICY, PollFacts(FetchStatus.GONE), 1, NOW, "desk")[0] is None


def test_reasons_name_the_cause() -> None:
    """The sentence says whose wish the wait is."""
    asked = next_poll(POLICY, PollFacts(FetchStatus.RATE_LIMITED, retry_after=6000), 1, NOW, "desk")[1]
    assert asked == "the server asked to be left alone for 100 min (Retry-After)"
    assert next_poll(POLICY, PollFacts(FetchStatus.NEW), 0, NOW, "desk")[1] == "every 15 min"
    failed = next_poll(POLICY, PollFacts(FetchStatus.HTTP_ERROR), 3, NOW, "desk")[1]
    assert failed == "failed 3 times in a row: waiting 1 h"
    quiet = PollFacts(FetchStatus.NEW)
    for wishes, why in (
        (Wishes(ttl=7200, cache=60), "the feed's ttl asked for 2 h"),
        (Wishes(cache=86_400), "the server's cache headers asked for 24 h, of which 6 h are heeded"),
        (Wishes(skip_hours=1 << 12), "the feed asked not to be read before (skipHours, skipDays)"),
        (Wishes(skip_days=ALL_DAYS), "every 15 min; its skipDays name all seven days: not heeded"),
    ):
        assert next_poll(POLICY, quiet, 0, NOW, "desk", wishes=wishes)[1] == why


def test_the_spread_is_even_and_the_same_after_a_restart() -> None:
    """Feeds added at once do not stay in step, and a restart moves none of them."""
    waits = [wait(PollFacts(FetchStatus.NEW), seed=f"feed-{n}") for n in range(500)]
    assert waits == [wait(PollFacts(FetchStatus.NEW), seed=f"feed-{n}") for n in range(500)]
    assert min(waits) < 910
    assert max(waits) > 980
    assert len(set(waits)) > 490


FACTS = st.builds(
    PollFacts,
    status=st.sampled_from([status for status in FetchStatus if status is not FetchStatus.GONE]),
    retry_after=st.none() | st.floats(0, 86_400),
)
WISHES = st.builds(
    Wishes,
    st.floats(0, 1e12),
    st.floats(0, 1e12),
    st.just(0) | st.integers(0, ALL_HOURS),
    st.just(0) | st.integers(0, ALL_DAYS),
)


@given(FACTS, WISHES, st.floats(1, 100_000), st.integers(0, 10_000), st.text(max_size=10))
def test_no_poll_comes_early_or_never(
    facts: PollFacts, wishes: Wishes, every: float, failures: int, seed: str
) -> None:
    """Whatever happened, the next poll is neither before the interval or a wish, nor out of sight."""
    policy = PollPolicy(default=900, fastest=300, slowest=3600, every=every)
    seconds = wait(facts, policy=policy, failures=failures, seed=seed, wishes=wishes)
    assert max(every, facts.retry_after or 0, wishes.floor) - 1e-3 <= seconds
    skips = farthest(every, wishes.skip_hours, wishes.skip_days) - farthest(every, 0, 0)
    assert seconds <= max(every, 86_400.0) * 1.1 + skips.total_seconds() + 1e-3
    due = NOW + timedelta(seconds=seconds)
    if 0 < wishes.skip_hours < ALL_HOURS:
        assert not wishes.skip_hours >> due.hour & 1
    if 0 < wishes.skip_days < ALL_DAYS:
        assert not wishes.skip_days >> due.weekday() & 1


def test_a_host_that_was_not_reached_is_tried_again_soon() -> None:
    """No connection stood, so nobody was bothered: five minutes, doubling, an hour at most for two days."""
    facts = PollFacts(FetchStatus.NETWORK, unreachable=True, first_failure_at=NOW)
    waits = [wait(facts, failures=n) for n in range(1, 8)]
    for got, least in zip(waits, [300, 600, 1200, 2400, 3600, 3600, 3600], strict=True):
        assert least <= got <= least * 1.1
    often = PollPolicy(default=900, fastest=300, slowest=3600, every=60)
    assert wait(facts, policy=often, failures=1) <= 66


@pytest.mark.parametrize(
    ("due", "written", "mended"),
    [
        (timedelta(minutes=-5), timedelta(minutes=-20), timedelta(minutes=-5)),
        (timedelta(minutes=10), timedelta(minutes=-5), timedelta(minutes=10)),
        (timedelta(days=3, minutes=15), timedelta(days=3), timedelta(minutes=15)),
        (timedelta(days=3), timedelta(minutes=-5), FARTHEST),
        (timedelta(days=99), timedelta(days=3), FARTHEST),
        (timedelta(days=3), None, FARTHEST),
    ],
)
def test_times_of_a_clock_that_ran_ahead_are_mended(
    due: timedelta, written: timedelta | None, mended: timedelta
) -> None:
    """What was written in the future keeps its interval from now; what is too far comes near."""
    assert trusted(NOW + due, NOW + written if written is not None else None, NOW) == NOW + mended
    assert trusted(None, NOW, NOW) is None


@pytest.mark.parametrize(
    ("hours", "interval", "away"),
    [(6.9, 900, False), (7.1, 900, True), (17, 6 * HOUR, False), (19, 6 * HOUR, True), (71, 86_400, False)],
)
def test_away_is_seven_hours_or_three_intervals(hours: float, interval: float, away: bool) -> None:
    """The longest wait that a server may ask for is no absence; nor is a feed's own long interval."""
    assert was_away(NOW - timedelta(hours=hours), interval, NOW) is away
    assert not was_away(None, interval, NOW)


def test_the_start_rate_follows_the_need() -> None:
    """Fifty a second, or twice what the feeds need."""
    assert start_rate([900.0] * 100) == 50.0
    assert start_rate([300.0] * 30_000) == pytest.approx(200.0)
    assert start_rate([]) == 50.0
