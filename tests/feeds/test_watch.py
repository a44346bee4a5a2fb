"""Signs, and what they make of a feed's record of troubles."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.document import decode, prepare
from monitor.feeds.watch import (
    BLINDING,
    QUIET,
    SEVERAL,
    SURE,
    WEB_PAGE,
    Changes,
    Known,
    Seen,
    Sign,
    Trouble,
    is_back_and_forth,
    judge,
    ripe,
    signs,
)
from monitor.model import FetchStatus
from tests.support.documents import NOON

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

HOUR = timedelta(hours=1)
GOOD = Seen(FetchStatus.NEW, good=True, now=NOON)
BAD = Seen(FetchStatus.HTTP_ERROR, good=False, now=NOON, http=500, message="HTTP 500", since=NOON - HOUR)


def on(seen: Seen) -> set[Trouble]:
    """The troubles that a poll shows."""
    return {sign.kind for sign in signs(seen) if sign.on}


def off(seen: Seen) -> set[Trouble]:
    """Those that it shows not to be there."""
    return {sign.kind for sign in signs(seen) if not sign.on}


@pytest.mark.parametrize(
    ("seen", "kind"),
    [
        pytest.param(BAD, Trouble.FAILING, id="500"),
        pytest.param(replace(BAD, status=FetchStatus.NETWORK, http=None), Trouble.FAILING, id="network"),
        pytest.param(replace(BAD, status=FetchStatus.RATE_LIMITED, http=429), Trouble.FAILING, id="429"),
        pytest.param(replace(BAD, status=FetchStatus.BAD_BODY, http=200), Trouble.FAILING, id="broken"),
        pytest.param(replace(BAD, http=401), Trouble.LOGIN, id="401"),
        pytest.param(replace(BAD, http=403), Trouble.LOGIN, id="403"),
        pytest.param(replace(BAD, http=404), Trouble.MISSING, id="404"),
        pytest.param(replace(BAD, status=FetchStatus.GONE, http=410), Trouble.GONE, id="410"),
        pytest.param(
            replace(BAD, status=FetchStatus.BAD_BODY, http=200, message="this is a web page, not a feed"),
            Trouble.HTML,
            id="html",
        ),
    ],
)
def test_each_failure_is_a_sign_of_one_trouble(seen: Seen, kind: Trouble) -> None:
    """Since the run of failures began; and it says nothing of the others."""
    (sign,) = signs(seen)
    assert (sign.kind, sign.on, sign.since) == (kind, True, NOON - HOUR)


def test_a_web_page_is_known_by_the_parser_s_word() -> None:
    """The sentence in which a web page is refused holds the words that this goes by."""
    text, _ = decode(b"<!DOCTYPE html><html><body>Welcome</body></html>", "text/html")
    assert WEB_PAGE in prepare(text).error


def test_a_good_poll_ends_what_kept_the_feed_from_being_read() -> None:
    """Silence ends with news alone, and of language and domain it says only what it knows."""
    assert off(GOOD) == set(BLINDING)
    assert off(replace(GOOD, news=True)) == BLINDING | QUIET
    assert on(GOOD) == set()


def test_another_domain_is_a_sign() -> None:
    """Another than before; the configured one never is, and the first that answers is right."""
    here = replace(GOOD, domain="a.example", home="a.example")
    assert Trouble.DOMAIN in off(here)
    assert Trouble.DOMAIN in off(replace(here, domain="b.example", known_domain="b.example"))
    moved = replace(here, domain="b.example", known_domain="a.example")
    assert on(moved) == {Trouble.DOMAIN}
    assert Trouble.DOMAIN in off(replace(moved, known_domain=None))
    assert Trouble.DOMAIN in off(replace(moved, known_domain="b.example", domain="a.example"))


def test_another_language_is_a_sign() -> None:
    """Where both are known, and the feed is not known to speak several."""
    seen = replace(GOOD, news=True, language="en", known_language="fr")
    assert on(seen) == {Trouble.LANGUAGE}
    assert Trouble.LANGUAGE in off(replace(seen, language="fr"))
    for silent in (
        replace(seen, language=None),
        replace(seen, known_language=None),
        replace(seen, known_language=SEVERAL),
    ):
        assert Trouble.LANGUAGE not in on(silent) | off(silent)


# --- records


class Record:
    """A feed's record of troubles, kept as the store keeps it."""

    def __init__(self) -> None:
        self.known: list[Known] = []
        self.told: list[tuple[str, Trouble]] = []
        self._keys = 0
        self._polled: datetime | None = None

    def take(self, found: Sequence[Sign], now: datetime) -> Changes:
        """Judge the signs of one poll, and write down what they change."""
        changes = judge(self.known, found, now)
        gone = {k.key for k in changes.dropped}
        ended = {k.key for k in changes.ended}
        replaced = {k.key for k in changes.replaced}
        reopened = {k.key for k in changes.reopened}
        details = {k.key: detail for k, detail in changes.changed}
        kept = [k for k in self.known if k.key not in gone]
        kept = [replace(k, detail=details.get(k.key, k.detail)) for k in kept]
        kept = [replace(k, ended=now) if k.key in ended | replaced else k for k in kept]
        kept = [replace(k, end_told=True) if k.key in replaced else k for k in kept]
        kept = [replace(k, ended=None) if k.key in reopened else k for k in kept]
        for sign in changes.opened:
            self._keys += 1
            kept.append(Known(self._keys, sign.kind, sign.since, sign.detail))
        self.known = kept
        return changes

    def tell(self, seen: datetime) -> None:
        """Tell what is ripe."""
        for at, known in enumerate(self.known):
            begins = not known.told and ripe(known, seen)
            ends = (known.told or begins) and known.ended is not None and not known.end_told
            self.told += [("began", known.kind)] * begins + [("over", known.kind)] * ends
            self.known[at] = replace(known, told=known.told or begins, end_told=known.end_told or ends)

    def poll(self, seen: Seen, after: timedelta) -> None:
        """Take a poll that long after noon, and tell."""
        now = NOON + after
        self.take(signs(replace(seen, now=now, since=seen.since and NOON, before=self._polled)), now)
        self.tell(now)
        self._polled = now

    @property
    def open(self) -> list[Trouble]:
        """The troubles it is in."""
        return [k.kind for k in self.known if k.ended is None]


def test_a_plain_failure_is_told_after_a_day() -> None:
    """Once, and once when it is over."""
    record = Record()
    for hours in (0, 1, 5, 23):
        record.poll(BAD, hours * HOUR)
        assert record.told == []
    for hours in (24, 30, 90):
        record.poll(BAD, hours * HOUR)
    assert record.told == [("began", Trouble.FAILING)]
    record.poll(GOOD, 91 * HOUR)
    record.poll(GOOD, 92 * HOUR)
    assert record.told == [("began", Trouble.FAILING), ("over", Trouble.FAILING)]


def test_a_short_failure_leaves_no_trace() -> None:
    """What ends before its grace is over was no trouble."""
    record = Record()
    record.poll(BAD, 0 * HOUR)
    record.poll(GOOD, 20 * HOUR)
    assert (record.known, record.told) == ([], [])


def test_a_failure_is_as_old_as_the_last_poll_that_saw_it() -> None:
    """Two days off, or cut off, between a failed poll and a good one are no failure of two days."""
    record = Record()
    record.poll(BAD, 0 * HOUR)
    record.poll(BAD, 1 * HOUR)
    record.poll(GOOD, 49 * HOUR)
    assert (record.known, record.told) == ([], [])


@pytest.mark.parametrize(("http", "kind"), [(401, "login"), (403, "login"), (404, "missing")])
def test_a_locked_or_missing_feed_is_told_after_two_days(http: int, kind: str) -> None:
    """However often it is polled, and whatever else fails in between."""
    record = Record()
    for hours in (0, 10, 30, 47):
        record.poll(replace(BAD, http=http), hours * HOUR)
        record.poll(BAD, hours * HOUR + HOUR / 2)
    assert (record.open, record.told) == ([kind], [])
    record.poll(replace(BAD, http=http), 48 * HOUR)
    assert record.told == [("began", kind)]


def test_gone_is_told_at_once_whatever_was_told_before() -> None:
    """It takes the place of what was told, of whose end nothing is said."""
    record = Record()
    for hours in (0, 25):
        record.poll(BAD, hours * HOUR)
    record.poll(replace(BAD, status=FetchStatus.GONE, http=410), 26 * HOUR)
    assert record.told == [("began", Trouble.FAILING), ("began", Trouble.GONE)]
    assert record.open == [Trouble.GONE]


def test_a_feed_that_was_gone_and_fails_has_another_address() -> None:
    """Nobody asks the old one any more: what fails now began now."""
    record = Record()
    record.poll(replace(BAD, status=FetchStatus.GONE, http=410), 0 * HOUR)
    changes = record.take(signs(replace(BAD, since=NOON + 9 * HOUR)), NOON + 9 * HOUR)
    assert [(s.kind, s.since) for s in changes.opened] == [(Trouble.FAILING, NOON + 9 * HOUR)]
    record.tell(NOON + 10 * HOUR)
    assert record.told == [("began", Trouble.GONE)]


def test_a_reason_that_becomes_known_takes_over_the_time() -> None:
    """A feed that fails, then is missing, was blind since the first failure."""
    record = Record()
    record.poll(BAD, 0 * HOUR)
    record.poll(replace(BAD, http=404), 1 * HOUR)
    (known,) = record.known
    assert (known.kind, known.since) == (Trouble.MISSING, NOON)


def test_a_web_page_is_told_when_a_second_poll_sees_it() -> None:
    """One answer may be a captcha or a page of maintenance."""
    page = replace(BAD, status=FetchStatus.BAD_BODY, http=200, message="this is a web page, not a feed")
    record = Record()
    record.poll(page, 0 * HOUR)
    assert record.told == []
    record.poll(page, HOUR / 4)
    assert record.told == [("began", Trouble.HTML)]


def test_what_comes_back_within_a_day_is_the_same_trouble() -> None:
    """A feed that goes to and fro is told of once, and its end once."""
    page = replace(BAD, status=FetchStatus.BAD_BODY, http=200, message="this is a web page, not a feed")
    record = Record()
    for hours in range(0, 60, 6):
        record.poll(page, hours * HOUR)
        record.poll(page, (hours + 1) * HOUR)
        record.poll(GOOD, (hours + 3) * HOUR)
    assert record.told == [("began", Trouble.HTML), ("over", Trouble.HTML)]
    record.poll(page, 100 * HOUR)
    record.poll(page, 101 * HOUR)
    assert record.told[2:] == [("began", Trouble.HTML)]


def test_a_language_is_sure_after_three_looks_in_a_row() -> None:
    """One odd item is none; to and fro shows a feed of several languages."""
    french = replace(GOOD, news=True, language="fr", known_language="fr")
    english = replace(french, language="en")
    record = Record()
    record.poll(english, 0 * HOUR)
    record.poll(french, 1 * HOUR)
    assert (record.known, record.told) == ([], [])
    for hours in range(2, 2 + SURE):
        assert record.told == []
        record.poll(english, hours * HOUR)
    assert record.told == [("began", Trouble.LANGUAGE)]
    assert record.known[0].detail == "fr en 3"
    two = Known(1, Trouble.LANGUAGE, NOON, "fr en 2")
    assert is_back_and_forth(two)
    assert not is_back_and_forth(replace(two, detail="fr en 1"))
    assert not is_back_and_forth(replace(two, kind=Trouble.DOMAIN))


def test_one_kind_of_silence_at_a_time() -> None:
    """Frozen does not become silent nor the other way round, until there is news."""
    record = Record()
    record.take([Sign(Trouble.FROZEN, on=True, since=NOON)], NOON)
    record.take([Sign(Trouble.SILENT, on=True, since=NOON)], NOON)
    assert record.open == [Trouble.FROZEN]
    record.poll(replace(GOOD, news=True), HOUR)
    assert record.open == []


SEEN = st.sampled_from(
    [
        BAD,
        replace(BAD, http=404),
        replace(BAD, http=403),
        replace(BAD, status=FetchStatus.GONE, http=410),
        replace(BAD, status=FetchStatus.BAD_BODY, message="this is a web page, not a feed"),
        GOOD,
        replace(GOOD, news=True, domain="b.example", known_domain="a.example"),
        replace(GOOD, news=True, domain="a.example", known_domain="a.example"),
        replace(GOOD, news=True, language="en", known_language="fr"),
    ]
)


@given(st.lists(st.tuples(SEEN, st.integers(1, 60 * 40)), max_size=40))
def test_begin_and_end_are_told_in_turn(polls: list[tuple[Seen, int]]) -> None:
    """Of each kind: never twice the same in a row, never an end first; and one blinding trouble at a time."""
    record, minutes = Record(), 0
    for seen, later in polls:
        minutes += later
        record.poll(seen, timedelta(minutes=minutes))
        assert sum(kind in BLINDING for kind in record.open) <= 1
        assert len(set(record.open)) == len(record.open)
    for kind in Trouble:
        told = [what for what, of in record.told if of is kind]
        assert not any(a == b == "over" for a, b in pairwise(told))
        assert told[:1] in ([], ["began"])
