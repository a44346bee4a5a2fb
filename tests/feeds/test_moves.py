"""Which permanent redirects are believed, and how little is kept of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.moves import Led, Move, Seen, Verdict, learnt_address, observe_move, storable
from monitor.text.hashes import hash64

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
OLD, NEW = "http://old.example/feed.xml", "https://new.example/rss"


def follow(*leds: Led, seen: Seen | None = None, configured: str = OLD, guarded: bool = False) -> list[Move]:
    """What these polls, an hour apart, teach one after the other."""
    found, seen = [], seen or Seen()
    for number, led in enumerate(leds):
        now = NOW + timedelta(hours=number)
        move = observe_move(seen, led, configured, now, lambda u: hash64(u.encode()), guarded=guarded)
        seen = move.seen
        found.append(move)
    return found


THERE = Led(NEW, readable=True)


def test_three_polls_that_agree_teach_an_address() -> None:
    """Not one, not two; a fourth teaches nothing more."""
    moves = follow(THERE, THERE, THERE, THERE)
    assert [m.verdict for m in moves] == [Verdict.KEEP, Verdict.KEEP, Verdict.LEARN, Verdict.KEEP]
    assert moves[1].seen.to is None
    assert moves[3].seen.to == NEW
    assert moves[3].seen.at == NOW


@pytest.mark.parametrize(
    "between",
    [
        pytest.param(Led("https://elsewhere.example/rss", readable=True), id="another target"),
        pytest.param(Led(None, readable=True), id="a temporary redirect, or none"),
    ],
)
def test_one_that_differs_begins_the_count_anew(between: Led) -> None:
    """Three in a row means in a row."""
    moves = follow(THERE, THERE, between, THERE, THERE)
    assert {m.verdict for m in moves} == {Verdict.KEEP}


def test_what_is_no_feed_teaches_nothing() -> None:
    """A page, a failure: however often the redirect says that it is for good."""
    moves = follow(*[Led(NEW, readable=False, dead=True, failures=n) for n in range(1, 9)])
    assert moves[-1] == Move(Seen())


def test_a_learnt_address_without_a_feed_is_unlearnt() -> None:
    """At once where the server there answers with something else; after three times where it is silent."""
    learnt = follow(THERE, THERE, THERE)[-1].seen
    (dead,) = follow(Led(None, readable=False, dead=True, failures=1), seen=learnt)
    assert dead == Move(Seen(), Verdict.UNLEARN)
    silent = follow(*[Led(None, readable=False, failures=n) for n in (1, 2, 3)], seen=learnt)
    assert [m.verdict for m in silent] == [Verdict.KEEP, Verdict.KEEP, Verdict.UNLEARN]


def test_a_learnt_address_that_works_stays() -> None:
    """Straight answers there are what was hoped for; a second move is learnt as the first was."""
    learnt = follow(THERE, THERE, THERE)[-1].seen
    assert follow(Led(None, readable=True), seen=learnt)[-1].seen == learnt
    on = Led("https://third.example/a", readable=True)
    assert follow(on, on, on, seen=learnt)[-1].seen.to == "https://third.example/a"


@pytest.mark.parametrize(
    ("configured", "target", "kept"),
    [
        ("http://a.example/f", "https://a.example/f", "https://a.example"),
        ("http://a.example/f?key=s", "https://b.example/f?key=s", "https://b.example"),
        ("http://a.example", "https://b.example/", "https://b.example"),
        ("http://a.example/f", "https://b.example:8443/g/h", "https://b.example:8443/g/h"),
        ("http://a.example/f?x=1", "https://b.example/g", "https://b.example/g"),
        ("http://a.example/f", "https://b.example/f?t=1", None),
        ("http://a.example/f?x=1", "https://b.example/g?x=1", None),
        ("http://a.example/f", "https://u:p@b.example/f", None),
        ("http://u:p@a.example/f", "https://a.example/f", None),
        ("http://a.example/0123456789abcdef/f", "https://b.example/x/0123456789abcdef/g", None),
        ("http://a.example/f?0123456789", "https://b.example/0123456789", None),
        ("http://a.example/f", "https://[::1/f", None),
    ],
)
def test_what_may_be_kept(configured: str, target: str, kept: str | None) -> None:
    """No login, no query of its own, and of what was configured nothing at all."""
    assert storable(configured, target) == kept


def test_what_may_not_be_kept_is_reported_once() -> None:
    """And so is every move of a feed that comes with a login or headers."""
    tracked = Led(NEW + "?from=old", readable=True)
    for moves in (follow(*[tracked] * 5), follow(*[THERE] * 5, guarded=True)):
        assert [m.verdict for m in moves].count(Verdict.REPORT) == 1
        assert moves[-1].seen.to is None


paths = st.from_regex(r"(/[a-z0-9]{1,20}){0,3}", fullmatch=True)
queries = st.from_regex(r"(\?[a-z]=[a-z0-9]{1,20})?", fullmatch=True)


@given(paths, queries, paths, queries)
def test_a_learnt_address_is_the_one_that_was_seen(path: str, query: str, to: str, other: str) -> None:
    """Whatever is learnt, what is asked is the target; and no long part of the old one is in what is kept."""
    configured, target = f"http://old.example{path}{query}", f"https://new.example{to}{other}"
    kept = storable(configured, target)
    if kept is None:
        return
    asked = learnt_address(configured, kept)
    assert asked in (target, target.replace("new.example", "new.example/", 1))
    assert not any(part in kept for part in path.split("/") if len(part) >= 12)
    assert "?" not in kept
    assert learnt_address(configured, None) == configured
