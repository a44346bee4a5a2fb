"""Statements 8 to 13 and 15: no request comes before its time, whatever happens in between."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor.feeds.pacing import host_of
from monitor.feeds.patience import Wishes, said
from monitor.feeds.schedule import PollFacts, PollPolicy, next_poll
from monitor.model import FetchResult, FetchStatus, Hop
from monitor.polled import host_pauses
from monitor.settings import FeedConfig, Secret
from monitor.store.asked import note_asked, settle_asked
from monitor.store.pauses import note_pauses, paused_hosts
from tests.support.documents import NOON, Item, rss
from tests.support.newsdesk import Desk, InProcessParser
from tests.support.webserver import WebServer, answer
from tests.support.websitedesk import WebsiteDesk

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.model import ParsedFeed

EVERY = 900.0
OLD = Item("Old", guid="old", link="https://n.example/old", age=48)


def with_ttl(minutes: int) -> bytes:
    """A document that asks for so many minutes between two polls."""
    return rss(OLD).replace(b"<description>", f"<ttl>{minutes}</ttl><description>".encode(), 1)


# --- 8


def test_disabling_and_enabling_brings_no_poll_forward(tmp_path: Path) -> None:
    """Statement 8: neither does taking a feed out and putting it back, under its name or another."""
    with WebServer() as web, WebsiteDesk(tmp_path, web) as desk:
        desk.serve(rss(OLD))
        desk.ask()
        due = desk.now + timedelta(seconds=EVERY)
        feed = desk.config.feeds[0]
        desk.now += timedelta(minutes=1)
        for feeds in (
            (replace(feed, enabled=False),),
            (feed,),
            (),
            (feed,),
            (),
            (replace(feed, name="b"),),
            (feed,),
        ):
            desk.change(feeds=feeds)
        state = desk.state("a")
        assert state.next_poll_at is not None
        assert due <= state.next_poll_at <= due + timedelta(seconds=0.1 * EVERY)


def test_what_a_server_forbade_outlasts_removal(tmp_path: Path) -> None:
    """Statement 8: a Retry-After of two hours and a back-off are heeded by a feed that was away."""
    with WebServer() as web, WebsiteDesk(tmp_path, web) as desk:
        desk.serve(b"", status=429, Retry_After="7200")
        desk.ask()
        feed = desk.config.feeds[0]
        desk.change(feeds=())
        desk.now += timedelta(minutes=5)
        desk.change(feeds=(feed,))
        assert desk.wait() >= 7200 - 300
        desk.serve(b"", status=500)
        for _ in range(4):
            desk.ask(after=10_000)
        desk.change(feeds=(replace(feed, enabled=False),))
        desk.change(feeds=(feed,))
        assert desk.wait() >= 8 * EVERY


def test_a_request_under_way_when_the_process_died_counts(tmp_path: Path) -> None:
    """Statement 8: its feed waits for its interval from then on; see the crash loop in tests/simulation."""
    with Desk(tmp_path) as desk:
        desk.publish("a", OLD)
        desk.poll()
        desk.now += timedelta(hours=1)  # it has been due for long
        at = desk.now
        desk.database.writer.submit(lambda tx: note_asked(tx, [1], at)).result()
        desk.now += timedelta(seconds=5)
        desk.database.writer.submit(settle_asked).result()
        desk.restart()
        due = desk.state("a").next_poll_at
        assert due is not None
        assert due >= at + timedelta(seconds=EVERY)


# --- 9


def test_the_longest_wish_holds_until_it_is_taken_back(tmp_path: Path) -> None:
    """Statement 9: ttl and max-age are both kept over a 304, and the longer one counts."""
    with WebServer() as web, WebsiteDesk(tmp_path, web) as desk:
        desk.serve(with_ttl(60), ETag='"a"', Cache_Control="max-age=1800")
        desk.ask()
        assert 3600 <= desk.wait() <= 3690
        desk.serve(b"", status=304)
        desk.ask(after=4000)
        assert 3600 <= desk.wait() <= 3690
        assert desk.state("a").floor_why == "ttl 3600, cache 1800"
        desk.serve(b"", status=304, Cache_Control="max-age=7200")
        desk.ask(after=4000)
        assert 7200 <= desk.wait() <= 7290
        desk.serve(b"", status=304, Cache_Control="no-cache")
        desk.ask(after=8000)
        assert 3600 <= desk.wait() <= 3690
        desk.serve(rss(OLD), ETag='"b"')
        desk.ask(after=4000)
        assert EVERY <= desk.wait() <= 990


@pytest.mark.parametrize(
    "fields",
    [
        {"Cache_Control": "max-age=31536000"},
        {"Expires": "Fri, 01 Jan 2038 00:00:00 GMT"},
        {"Expires": "Fri, 01 Jan 2038 00:00:00 GMT", "Cache_Control": "max-age=60, max-age=999999"},
    ],
)
def test_no_header_silences_a_feed(tmp_path: Path, fields: dict[str, str]) -> None:
    """Statement 9: six hours of a server's wish are heeded, no more, and the reason says so."""
    with WebServer() as web, WebsiteDesk(tmp_path, web) as desk:
        desk.serve(with_ttl(100_000), **fields)  # type: ignore[arg-type]
        desk.ask()
        assert 6 * 3600 <= desk.wait() <= 6 * 3600 + 90
        assert "of which 6 h are heeded" in desk.state("a").next_why


@pytest.mark.parametrize("value", ["no-cache", "no-store", "max-age=0"])
def test_do_not_cache_changes_nothing(tmp_path: Path, value: str) -> None:
    """Statement 9: neither later nor sooner."""
    with WebServer() as web, WebsiteDesk(tmp_path, web) as desk:
        desk.serve(rss(OLD), Cache_Control=value)
        desk.ask()
        assert EVERY <= desk.wait() <= 1.1 * EVERY


# --- 10


class SkippingParser(InProcessParser):
    """Reads documents that ask to be left alone at times."""

    hours: frozenset[int] = frozenset()
    days: frozenset[int] = frozenset()

    async def parse(self, body: bytes, **about: Any) -> ParsedFeed:
        parsed = await super().parse(body, **about)
        return replace(parsed, info=replace(parsed.info, skip_hours=self.hours, skip_days=self.days))


@pytest.mark.parametrize(
    ("hours", "days", "due"),
    [
        ({12}, set(), 13),  # it is noon, a Tuesday
        ({12, 13, 14}, set(), 15),
        (set(), {1}, 24),
        ({0, 12}, {1}, 25),
        (set(range(24)), set(), 12),
        (set(), set(range(7)), 12),
    ],
)
def test_hours_and_days_to_skip_are_kept(tmp_path: Path, hours: set[int], days: set[int], due: int) -> None:
    """Statement 10: in GMT; over a 304, too; and all of them at once are not heeded, which is said."""
    with Desk(tmp_path) as desk:
        parser = SkippingParser()
        parser.hours, parser.days = frozenset(hours), frozenset(days)
        desk._deps = replace(desk._deps, parser=parser)  # type: ignore[arg-type]
        desk.publish("a", OLD)
        for _ in range(2):  # the document, then a 304
            desk.poll()
            at = desk.state("a").next_poll_at
            assert at is not None
            midnight = NOON.replace(hour=0)
            assert int((at - midnight).total_seconds() // 3600) == due
            all_listed = len(hours) == 24 or len(days) == 7
            assert ("not heeded" in desk.state("a").next_why) is all_listed
        desk.restart()  # what is far off because it was asked for is not taken for a clock's mistake
        assert desk.state("a").next_poll_at == at


# --- 11


@pytest.mark.parametrize("status", [304, 404, 429, 503])
def test_retry_after_holds_for_the_feed_with_any_status(tmp_path: Path, status: int) -> None:
    """Statement 11: seconds as asked for, over a restart."""
    with WebServer() as web, WebsiteDesk(tmp_path, web) as desk:
        desk.serve(rss(OLD), ETag='"a"')
        desk.ask()
        desk.serve(b"", status=status, Retry_After="10000")
        desk.ask(after=1000)
        assert 10_000 <= desk.wait() <= 10_090
        desk.restart()
        assert desk.wait() >= 10_000


def test_retry_after_on_a_redirect_holds(tmp_path: Path) -> None:
    """Statement 11: the longest that any answer on the way asked for."""
    with Desk(tmp_path) as desk:
        hops = (Hop("a.example", 301, 5000.0, permanent=True), Hop("b.example", 200))
        desk.answer("a", FetchResult(FetchStatus.NEW, 200, body=rss(OLD), hops=hops))
        desk.poll()
        state = desk.state("a")
        assert state.next_poll_at is not None
        assert state.next_poll_at - desk.now >= timedelta(seconds=5000)
        assert state.forbidden_until == desk.now + timedelta(seconds=5000)


@pytest.mark.parametrize(
    ("result", "paused"),
    [
        (FetchResult(FetchStatus.RATE_LIMITED, 429, retry_after=90.0), {"h": 90.0}),
        (FetchResult(FetchStatus.RATE_LIMITED, 429), {"h": 60.0}),
        (FetchResult(FetchStatus.RATE_LIMITED, 503, retry_after=90.0), {"h": 90.0}),
        (FetchResult(FetchStatus.RATE_LIMITED, 503), {}),
        (FetchResult(FetchStatus.NOT_MODIFIED, 304, retry_after=90.0), {}),
        (FetchResult(FetchStatus.HTTP_ERROR, 404, retry_after=90.0), {}),
        (
            FetchResult(
                FetchStatus.RATE_LIMITED, 429, hops=(Hop("h", 301, 50.0, permanent=True), Hop("i", 429, 90.0))
            ),
            {"h": 50.0, "i": 90.0},
        ),
    ],
)
def test_only_who_says_so_is_left_alone_as_a_host(result: FetchResult, paused: dict[str, float]) -> None:
    """Statement 11: a 429 or 503 speaks for its host, after a redirect another; nothing else does."""
    assert host_pauses(result, "h") == paused


def test_a_host_s_pause_outlives_a_restart(tmp_path: Path) -> None:
    """Statement 11: the minute of a bare 429, too; a shorter one does not end a longer one."""
    with WebServer() as web, WebsiteDesk(tmp_path, web) as desk:
        desk.serve(b"", status=429)
        desk.ask()
        desk.restart()
        assert paused_hosts(desk.database.reader, desk.now) == {"127.0.0.1": 60.0}
        desk.serve(b"", status=503, Retry_After="4000")
        desk.ask()
        desk.database.writer.submit(lambda tx: note_pauses(tx, {"127.0.0.1": 5.0}, "", desk.now)).result()
        assert paused_hosts(desk.database.reader, desk.now) == {"127.0.0.1": 4000.0}
        assert paused_hosts(desk.database.reader, desk.now + timedelta(seconds=4001)) == {}


# --- 12, 13, 15


@pytest.mark.parametrize("status", [429, 503, 500, 404])
def test_failures_double_the_wait_and_one_success_ends_it(tmp_path: Path, status: int) -> None:
    """Statement 12: from the interval (twice that where we were too fast) to a day, without a Retry-After."""
    with WebServer() as web, WebsiteDesk(tmp_path, web) as desk:
        first = 2 * EVERY if status in (429, 503) else EVERY
        desk.serve(b"", status=status)
        for number in range(9):
            desk.ask(after=100_000)
            least = min(first * 2**number, 86_400.0)
            assert least <= desk.wait() <= least + 0.1 * EVERY
        desk.serve(rss(OLD))
        desk.ask(after=100_000)
        assert EVERY <= desk.wait() <= 1.1 * EVERY
        assert desk.state("a").failures == 0


def test_a_feed_keeps_its_own_small_delay() -> None:
    """Statement 13: within a tenth, spread evenly, the same after a restart, and never negative."""
    policy = PollPolicy(EVERY, 300, 3600)
    facts = PollFacts(FetchStatus.NOT_MODIFIED)
    twice = []
    for _ in range(2):
        dues = [next_poll(policy, facts, 0, NOON, f"feed-{n}/7")[0] for n in range(2000)]
        twice.append([(due - NOON).total_seconds() - EVERY for due in dues if due is not None])
    assert twice[0] == twice[1]
    tenths = Counter(int(late // (0.01 * EVERY)) for late in twice[0])
    assert set(tenths) == set(range(10))
    assert max(tenths.values()) < 2 * min(tenths.values())


def test_polls_missed_in_a_sleep_are_one(tmp_path: Path) -> None:
    """Statement 15: after two days the feed is asked once, and then after its interval."""
    with WebServer() as web, WebsiteDesk(tmp_path, web) as desk:
        desk.serve(rss(OLD))
        desk.ask()
        desk.ask(after=2 * 86_400)
        assert len(web.seen) == 2
        assert desk.wait() >= EVERY


# --- words


def test_lengths_of_time_are_said_as_people_say_them() -> None:
    """In the largest unit that suits."""
    assert [said(s) for s in (45, 60, 90, 900, 3600, 5400, 86_400, 172_800)] == [
        "45 s", "1 min", "90 s", "15 min", "1 h", "90 min", "24 h", "2 days"
    ]  # fmt: skip
    assert Wishes.of(Wishes(60, 5).kept) == Wishes(60, 5)
    assert Wishes.of("") == Wishes()


def test_a_feed_beside_a_paused_one_is_not_asked(tmp_path: Path) -> None:
    """Statement 11: what one feed was told is written down for its whole host."""
    with WebServer() as web:
        other = FeedConfig("b", Secret(web.url("/other")))
        with WebsiteDesk(tmp_path, web, other) as desk:
            web.on("/other", answer(503, b"", Retry_After="500"))
            recorded = desk.ask("b")
            assert recorded.host_pauses == {host_of(web.url("/")): 500.0}
