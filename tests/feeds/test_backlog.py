"""Who is asked next among many that are due."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.backlog import Backlog


def taken(backlog: Backlog) -> list[int]:
    """Everything that may be begun now."""
    found = []
    while (feed_id := backlog.take()) is not None:
        found.append(feed_id)
    return found


def test_hosts_take_turns() -> None:
    """The one that is due first begins, then each other host has its turn."""
    backlog = Backlog(per_host=3)
    backlog.fill([(1, "a"), (2, "a"), (3, "a"), (4, "b"), (5, "c"), (6, "b")])
    assert taken(backlog) == [1, 4, 5, 2, 6, 3]


def test_a_host_with_enough_in_hand_is_passed_over() -> None:
    """Until one of its polls ends; then its next one comes."""
    backlog = Backlog(per_host=2)
    backlog.fill([(n, "busy") for n in range(100)] + [(200, "b")])
    assert taken(backlog) == [0, 200, 1]
    assert not backlog.ready
    backlog.done_with(0)
    backlog.done_with(0)
    backlog.done_with(999)
    assert taken(backlog) == [2]
    assert backlog.count == 97


def test_what_is_in_hand_counts_after_a_fresh_look() -> None:
    """Filling it again does not let a host have more at once."""
    backlog = Backlog(per_host=1)
    backlog.fill([(1, "a"), (2, "a")])
    assert taken(backlog) == [1]
    backlog.fill([(2, "a"), (3, "b")])
    assert taken(backlog) == [3]
    backlog.done_with(1)
    assert taken(backlog) == [2]


def test_a_host_can_be_dropped() -> None:
    """What waits for it is forgotten, the others stay."""
    backlog = Backlog(per_host=1)
    backlog.fill([(1, "a"), (2, "a"), (3, "b")])
    backlog.drop("a")
    backlog.drop("nobody")
    assert backlog.count == 1
    assert taken(backlog) == [3]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=80), st.integers(1, 3))
def test_nobody_is_lost_and_nobody_is_too_many(moves: list[tuple[str, bool]], per_host: int) -> None:
    """Each feed is handed out once, in the order of its host, with at most so many of a host in hand."""
    due = [(number, host) for number, (host, _) in enumerate(moves)]
    host_of = dict(due)
    backlog = Backlog(per_host)
    backlog.fill(due)
    order: list[int] = []
    in_hand: list[int] = []
    for _, finish in [*moves, *[("a", True)] * (len(moves) + 1)]:
        feed_id = backlog.take()
        if feed_id is not None:
            order.append(feed_id)
            in_hand.append(feed_id)
        assert max(Counter(host_of[f] for f in in_hand).values(), default=0) <= per_host
        if finish and in_hand:
            backlog.done_with(in_hand.pop(0))
    assert sorted(order) == [number for number, _ in due]
    for host in "abc":
        mine = [f for f in order if host_of[f] == host]
        assert mine == sorted(mine)
    assert backlog.count == 0
