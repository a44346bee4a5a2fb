"""Token buckets that keep to what services publish, and backlogs that become digests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.delivery.bucket import (
    LIMITS,
    MOST_DIGESTS,
    Backlog,
    Bucket,
    Limit,
    Waiting,
    credential_of,
    limit_of,
    room,
    settle_backlog,
    taken,
    told_to_wait,
    wait_for,
    within,
)
from monitor.model import Severity

LOW, NORMAL, HIGH, URGENT = Severity
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
TELEGRAM = LIMITS["tgram"]


def sent(limit: Limit | None, asked: list[float], bucket: Bucket | None = None) -> list[float]:
    """When messages go that somebody wants to send at these times, in order, one after another."""
    bucket, now, times = bucket or Bucket(), 0.0, []
    for wanted in asked:
        now = max(now, wanted)
        now += wait_for(bucket, limit, now)
        bucket = taken(bucket, limit, now)
        times.append(now)
    return times


def test_a_few_go_at_once_and_the_rest_at_the_services_pace() -> None:
    """Telegram takes twenty a minute: five at once, then one each four seconds."""
    assert sent(TELEGRAM, [0.0] * 8) == [0, 0, 0, 0, 0, 4, 8, 12]


def test_two_hundred_never_break_the_published_limit() -> None:
    """In no minute more than twenty, over the whole queue; and hardly fewer."""
    times = sent(TELEGRAM, [0.0] * 200)
    assert 18 <= max(sum(start <= t < start + 60 for t in times) for start in times) <= 20
    assert times[-1] <= 200 / 15 * 60


def test_discord_keeps_both_of_its_limits() -> None:
    """Thirty a minute, and five in two seconds."""
    times = sent(LIMITS["discord"], [0.0] * 100)
    assert max(sum(start <= t < start + 60 for t in times) for start in times) <= 30
    assert max(sum(start <= t < start + 2 for t in times) for start in times) <= 5


def test_without_a_limit_nothing_waits() -> None:
    """A webhook of your own takes what comes, until it says that it does not."""
    assert sent(None, [0.0] * 50) == [0.0] * 50
    assert room(Bucket(), None, 0.0) is None
    asked = told_to_wait(Bucket(), None, 30.0, 0.0)
    assert (wait_for(asked, None, 10.0), room(asked, None, 10.0)) == (20.0, 0)
    assert (wait_for(asked, None, 30.0), room(asked, None, 30.0)) == (0.0, None)


def test_a_service_that_asks_to_wait_is_left_alone_and_then_met_gently() -> None:
    """Nothing goes before; afterwards one message, not a burst; the longest of several wishes counts."""
    bucket = told_to_wait(told_to_wait(Bucket(), TELEGRAM, 40.0, 0.0), TELEGRAM, 10.0, 5.0)
    assert wait_for(bucket, TELEGRAM, 0.0) == 40.0
    assert room(bucket, TELEGRAM, 40.0) == 1
    assert sent(TELEGRAM, [40.0] * 3, bucket) == [40, 44, 48]


def test_room_is_what_the_bucket_holds() -> None:
    """It empties message by message and fills with time."""
    bucket = Bucket()
    assert room(bucket, TELEGRAM, 0.0) == 5
    for left in (4, 3, 2, 1, 0):
        bucket = taken(bucket, TELEGRAM, 0.0)
        assert room(bucket, TELEGRAM, 0.0) == left
    assert [room(bucket, TELEGRAM, now) for now in (3.9, 4.0, 19.0, 20.0, 99.0)] == [0, 1, 4, 5, 5]


@pytest.mark.parametrize(
    ("address", "known"),
    [("tgram://1:a/2", True), ("SLACK://a/b/c", True), ("json://x.example/", False), ("nothing", False)],
)
def test_a_limit_is_found_by_the_scheme(address: str, known: bool) -> None:
    """Whatever the case; what is not known has none."""
    assert (limit_of(address) is not None) is known


def test_addresses_that_share_a_credential_share_a_bucket() -> None:
    """How a message looks does not matter, another chat does; and nothing of it can be read."""
    one = credential_of("tgram://123:secret/42?format=html")
    assert one == credential_of("tgram://123:secret/42/")
    assert one != credential_of("tgram://123:secret/43")
    assert "secret" not in one


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("ntfy://desk", "ntfy://alarms", True),  # the public server counts visitors, not topics
        ("ntfy://desk", "ntfy://ntfy.example/desk", False),
        ("ntfys://me:pw@ntfy.example/a", "ntfys://me:pw@ntfy.example/b", True),
        ("matrix://u:p@m.example/!one:m", "matrix://u:p@m.example/!two:m", True),
        ("mailtos://u:p@mail.example?to=a@b.example", "mailtos://u:p@mail.example/?to=c@b.example", True),
        ("pover://user@token/phone", "pover://user@token/tablet", True),
        ("tgram://1:a/42", "tgram://1:a/-100", False),  # it counts by the chat
        ("discord://1/a", "discord://2/b", False),
        ("slack://xoxb-1/#a", "slack://xoxb-1/#b", False),
    ],
)
def test_buckets_are_shared_as_services_count(one: str, other: str, *, shared: bool) -> None:
    """By account, visitor, chat or channel, as each publishes it."""
    assert (credential_of(one) == credential_of(other)) is shared


def test_each_limit_says_where_it_comes_from() -> None:
    """What the service publishes and where it was read."""
    assert all(limit.published and limit.source for limit in LIMITS.values())


@given(
    st.integers(1, 60),
    st.floats(1, 3600),
    st.lists(st.floats(0, 7200), min_size=1, max_size=120).map(sorted),
)
def test_no_window_holds_more_than_was_allowed(count: int, seconds: float, asked: list[float]) -> None:
    """Whatever is asked and when: `within` keeps its word in every window."""
    limit = within(count, seconds, "", "")
    times = sent(limit, asked)
    for start in times:
        assert sum(start <= t < start + seconds - 1e-6 for t in times) <= count


@given(st.integers(1, 60), st.floats(1, 3600), st.lists(st.floats(0, 7200), max_size=60).map(sorted))
def test_room_is_how_many_go_without_waiting(count: int, seconds: float, asked: list[float]) -> None:
    """After any history, exactly so many can be sent at the same moment."""
    limit, bucket, now = within(count, seconds, "", ""), Bucket(), 0.0
    for wanted in asked:
        now = max(now, wanted)
        now += wait_for(bucket, limit, now)
        bucket = taken(bucket, limit, now)
    fits = room(bucket, limit, now)
    assert fits is not None
    for _ in range(fits):
        assert wait_for(bucket, limit, now) <= 1e-6
        bucket = taken(bucket, limit, now)
    assert wait_for(bucket, limit, now) > 0


# --- backlog -----------------------------------------------------------------------------------------


def queue(*severities: Severity) -> list[Waiting]:
    """Notifications of these severities, one a second, with ids from 1."""
    return [Waiting(n, severity, NOON + timedelta(seconds=n)) for n, severity in enumerate(severities, 1)]


def test_what_fits_goes_singly() -> None:
    """As many as the service takes at once, and five more; the most severe first."""
    assert settle_backlog(queue(NORMAL, URGENT, HIGH), 5) == Backlog((2, 3, 1))
    assert settle_backlog(queue(*[NORMAL] * 10), 5).merged == ()
    assert settle_backlog(queue(*[NORMAL] * 11), 5).merged == (tuple(range(1, 12)),)


def test_two_hundred_are_an_urgent_one_and_eight_digests() -> None:
    """The urgent one goes first and alone, then the most severe, and nothing is missing."""
    rows = queue(*[NORMAL] * 150, URGENT, *[HIGH] * 49)
    found = settle_backlog(rows, 5)
    assert found.singly == (151,)
    assert [len(digest) for digest in found.merged] == [25] * 7 + [24]
    assert set(found.merged[0]) <= set(range(152, 201))
    assert sorted([*found.singly, *(i for digest in found.merged for i in digest)]) == list(range(1, 201))


def test_after_a_pause_all_that_waits_is_a_backlog() -> None:
    """A channel that was away gets six alerts as one digest, five as five."""
    assert settle_backlog(queue(*[NORMAL] * 6), None, was_paused=True).merged == ((1, 2, 3, 4, 5, 6),)
    assert settle_backlog(queue(*[NORMAL] * 5), None, was_paused=True).singly == (1, 2, 3, 4, 5)


def test_a_channel_without_a_limit_that_was_not_away_has_no_backlog() -> None:
    """A file or a webhook takes two hundred lines."""
    assert len(settle_backlog(queue(*[NORMAL] * 200), None).singly) == 200


def test_of_many_urgent_ones_five_go_singly() -> None:
    """A hundred urgent alerts are a digest, too."""
    found = settle_backlog(queue(*[URGENT] * 100), 5)
    assert found.singly == (1, 2, 3, 4, 5)
    assert sum(map(len, found.merged)) == 95


def test_a_story_keeps_its_order() -> None:
    """An urgent update does not overtake the first report: both go, in order, before the others."""
    rows = [
        *queue(*[NORMAL] * 9),
        Waiting(10, NORMAL, NOON - timedelta(hours=1), stories=frozenset({7})),
        Waiting(11, URGENT, NOON + timedelta(hours=1), stories=frozenset({7})),
    ]
    found = settle_backlog(rows, 0)
    assert found.singly == (10, 11)
    assert found.merged == (tuple(range(1, 10)),)


def test_a_digest_goes_before_what_follows_up_its_stories() -> None:
    """An urgent update does not overtake the digest that holds the first report."""
    digest = Waiting(1, NORMAL, NOON, frozenset({7, 8, 9}), whole=True)
    update = Waiting(99, URGENT, NOON + timedelta(hours=1), frozenset({9}))
    found = settle_backlog([update, digest, *queue(*[HIGH] * 9)[1:]], 0)
    assert found.singly == (1, 99)


def test_what_may_have_arrived_and_what_is_a_digest_already_goes_as_it_is() -> None:
    """It keeps its message id, so that a repeat can be recognised; so does its story's order."""
    rows = [*queue(*[NORMAL] * 7), Waiting(8, LOW, NOON, whole=True)]
    found = settle_backlog(rows, 0)
    assert found.singly == (8,)
    assert found.merged == ((1, 2, 3, 4, 5, 6, 7),)


def test_a_part_of_a_digest_never_goes_singly() -> None:
    """An urgent one that a digest took in stays in one: there is no message of its own any more."""
    rows = [replace(row, apart=row.id <= 7) for row in queue(*[URGENT] * 9)]
    found = settle_backlog(rows, 0)
    assert found.singly == (8, 9)
    assert found.merged == (tuple(range(1, 8)),)


def test_one_alone_is_no_digest() -> None:
    """Five urgent ones and one other: the other goes by itself."""
    found = settle_backlog(queue(*[URGENT] * 5, NORMAL), 0)
    assert found == Backlog((1, 2, 3, 4, 5, 6))


rows_of = st.lists(
    st.tuples(
        st.sampled_from(Severity),
        st.integers(0, 60),
        st.frozensets(st.integers(1, 5), max_size=2) | st.just(frozenset()),
        st.sampled_from([False] * 9 + [True]),
    ),
    max_size=260,
).map(
    lambda rows: [
        Waiting(n, severity, NOON + timedelta(seconds=second), stories, whole)
        for n, (severity, second, stories, whole) in enumerate(rows, 1)
    ]
)


@given(rows_of, st.none() | st.integers(0, 20), st.booleans(), st.integers(1, 40))
def test_nothing_is_lost_or_told_twice(
    rows: list[Waiting], fits: int | None, paused: bool, per_digest: int
) -> None:
    """Each row goes exactly once; never more than eight digests."""
    found = settle_backlog(rows, fits, was_paused=paused, per_digest=per_digest)
    ids = [*found.singly, *(i for digest in found.merged for i in digest)]
    assert sorted(ids) == [row.id for row in rows]
    assert len(found.merged) <= MOST_DIGESTS


@given(rows_of, st.none() | st.integers(0, 20), st.booleans())
def test_stories_are_told_in_their_order(rows: list[Waiting], fits: int | None, paused: bool) -> None:
    """What was put in first is told no later, whatever became of it."""
    found = settle_backlog(rows, fits, was_paused=paused)
    place = {one: n for n, one in enumerate(found.singly)}
    place |= {one: len(place) + n for n, digest in enumerate(found.merged) for one in digest}
    for story in range(1, 6):
        told = sorted((row for row in rows if story in row.stories), key=lambda row: (row.created, row.id))
        places = [place[row.id] for row in told]
        assert places == sorted(places)


@given(rows_of, st.integers(0, 20))
def test_digests_go_from_the_most_severe_to_the_least(rows: list[Waiting], fits: int) -> None:
    """By the most severe of each story: no later digest holds one that is above all of an earlier one."""
    found = settle_backlog(rows, fits)
    by_id = {row.id: row for row in rows}
    tops = [max(by_id[i].severity for i in digest) for digest in found.merged]
    assert tops == sorted(tops, reverse=True)
