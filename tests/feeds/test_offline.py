"""Whether it is we who are cut off, or only some of the hosts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.offline import LONG, PROBE_EVERY, SHORT, Reach


def after(*attempts: tuple[str, bool], start: float = 0.0, gap: float = 1.0) -> Reach:
    """What these attempts, a second apart, lead to; True = unreachable."""
    reach = Reach()
    for number, (host, unreachable) in enumerate(attempts):
        reach = reach.record(host, start + gap * number, unreachable=unreachable)
    return reach


def test_three_hosts_that_fail_alone_are_an_outage() -> None:
    """With nothing but failures, the third host makes it certain; two hosts never do."""
    assert not after(("a", True), ("b", True), ("a", True), ("b", True)).offline
    assert after(("a", True), ("b", True), ("c", True)).offline


def test_one_dead_host_with_many_feeds_is_no_outage() -> None:
    """A host counts once, however many of its feeds were asked."""
    assert not after(("b", False), ("c", True), ("d", True), *[("a", True)] * 50).offline


def test_four_of_five_are_an_outage_and_three_of_four_are_not() -> None:
    """The share is eighty of a hundred."""
    assert after(("a", False), ("b", True), ("c", True), ("d", True), ("e", True)).offline
    assert not after(("a", False), ("b", True), ("c", True), ("d", True)).offline


def test_dead_hosts_that_answer_last_are_no_outage() -> None:
    """In a first round the good ones answer at once, the dead ones after their time-out."""
    good = [(f"g{n}", False) for n in range(40)]
    dead = [(f"d{n}", True) for n in range(9)]
    assert not after(*good, *dead).offline


def test_what_worked_long_ago_does_not_count() -> None:
    """Answers from before the short window do not hide that now nothing answers."""
    reach = after(*[(f"g{n}", False) for n in range(40)])
    for number in range(3):
        reach = reach.record(f"d{number}", 50 + SHORT + number, unreachable=True)
    assert reach.offline


def test_feeds_asked_seldom_are_seen_as_well() -> None:
    """Three failures within a quarter of an hour count, if nothing answered meanwhile."""
    assert after(("a", True), ("b", True), ("c", True), gap=LONG / 3).offline
    assert not after(("a", True), ("b", True), ("c", True), gap=LONG).offline


def test_the_first_answer_ends_it() -> None:
    """Any answer; and what failed before is forgotten, so that one more failure does not begin it again."""
    reach = after(("a", True), ("b", True), ("c", True), ("d", True))
    assert reach.offline_since == 2.0
    reach = reach.record("a", 100.0, unreachable=False)
    assert not reach.offline
    assert not reach.record("b", 101.0, unreachable=True).offline


def test_probes_keep_their_distance() -> None:
    """The first at once, then one each half minute; the hosts tried are remembered for a turn."""
    reach = after(("a", True), ("b", True), ("c", True))
    assert reach.may_probe(3.0)
    reach = reach.probe("a", 3.0)
    assert not reach.may_probe(3.0 + PROBE_EVERY - 0.1)
    assert reach.may_probe(3.0 + PROBE_EVERY)
    assert reach.probe("b", 40.0).probed == {"a", "b"}
    assert reach.another_turn().probed == frozenset()
    assert not Reach().may_probe(0.0)


attempts = st.lists(st.tuples(st.sampled_from("abcdefgh"), st.booleans()), max_size=60)


@given(attempts)
def test_an_outage_needs_three_hosts_and_ends_with_an_answer(story: list[tuple[str, bool]]) -> None:
    """It never begins with an answer, never goes on after one, and never rests on fewer than three hosts."""
    reach = Reach()
    failed: set[str] = set()
    for at, (host, unreachable) in enumerate(story):
        before, reach = reach, reach.record(host, float(at), unreachable=unreachable)
        failed = failed | {host} if unreachable else failed - {host}
        if not unreachable:
            assert not reach.offline
        if reach.offline and not before.offline:
            assert len(failed) >= 3
        assert len(reach.recent) <= 64
