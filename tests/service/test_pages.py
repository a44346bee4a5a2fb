"""Pages over real sockets: what is wanted is read once, politely, and whatever goes wrong costs one text."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor.articles.identity import digest
from monitor.articles.urls import url_key
from monitor.feeds.fetch import HttpFetcher
from monitor.meeting import Rung
from monitor.model import FetchResult, FetchStatus
from monitor.pages.extractor import Extractor
from monitor.pages.wanted import Purpose
from monitor.paging import record_page
from monitor.service import pagefetch, pagereader, pages
from monitor.settings import Secret
from monitor.store import sql
from monitor.store.database import Database
from monitor.store.pages import page_counts, waiting_pages
from tests.support.pagedesk import FILLING, NOW, Scripted, page, page_desk
from tests.support.store import FullDisk, Refusals, new_database
from tests.support.webserver import FakeResolver, Hang, Reset, WebServer, answer

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.paging import PageRead

DOHA = "The delegations of both sides meet again in Doha on Thursday, the ministry of the host country said."
NO_FILE = FetchResult(FetchStatus.HTTP_ERROR, 404)
ALLOWED = b"User-agent: *\nDisallow: /private\n"


def test_a_page_is_read_and_matched(tmp_path: Path) -> None:
    """What the teaser did not say rings; the text is stored; robots.txt and the page are asked for once."""
    with page_desk(tmp_path) as desk:
        desk.serve("/1", page(DOHA), robots=ALLOWED)
        first = desk.want("/1")
        assert desk.work() == 1
        stored = desk.article(first)
        assert DOHA in stored["page"]
        assert (stored["page_why"], desk.matches()) == ("", [(first, "a", "doha")])
        assert desk.web.targets() == ["/robots.txt", "/1"]
        assert "text/html" in (desk.web.seen[1].header("accept") or "")
        assert desk.row(first).done_at is not None
        assert sum(rung.notifications for rung in desk.rungs) == 1
        assert desk.work() == 0, "never twice"
        assert page_counts(desk.database.reader, NOW).read == 1


def test_an_article_of_two_feeds_is_fetched_once_and_matched_for_both(tmp_path: Path) -> None:
    """The text that is there is judged as the other feed shows it."""
    with page_desk(tmp_path) as desk:
        desk.serve("/1", page(DOHA))
        first = desk.want("/1", feeds=("a", "b"))
        assert desk.work() == 2
        assert desk.pages_asked == ["/1"]
        assert desk.matches() == [(first, "a", "doha"), (first, "b", "doha")]
        assert desk.row(first, "b").attempts == 0


def test_a_page_that_failed_for_one_feed_is_not_asked_for_again_for_another(tmp_path: Path) -> None:
    """And both know why."""
    with page_desk(tmp_path) as desk:
        first = desk.want("/gone", feeds=("a", "b"))
        assert desk.work() == 2
        assert desk.pages_asked == ["/gone"]
        assert desk.article(first)["page_why"] == "the server answered 404 Not Found"


def test_the_severest_come_first_and_equals_in_their_order(tmp_path: Path) -> None:
    """One host, so they follow one another."""
    with page_desk(tmp_path) as desk:
        for path, priority in (("/1", 0), ("/2", 0), ("/3", 300), ("/4", 200)):
            desk.serve(path, page(DOHA))
            desk.want(path, priority=priority)
        assert desk.work() == 4
        assert desk.pages_asked == ["/3", "/4", "/1", "/2"]


def test_what_robots_forbid_is_not_fetched(tmp_path: Path) -> None:
    """The article goes without, and says why; other pages of the host are read."""
    with page_desk(tmp_path) as desk:
        desk.serve("/private/1", page(DOHA), robots=ALLOWED)
        desk.serve("/2", page(DOHA))
        desk.web.on("/3", answer(302, Location="/private/3"))
        kept, read, led = desk.want("/private/1"), desk.want("/2"), desk.want("/3")
        assert desk.work() == 3
        assert desk.web.targets() == ["/robots.txt", "/2", "/3"]
        assert desk.article(kept)["page_why"] == pagefetch.FORBIDDEN
        assert "robots.txt" in desk.article(led)["page_why"]
        assert desk.article(read)["page"]
        assert page_counts(desk.database.reader, NOW).given_up[pagefetch.FORBIDDEN] == 1


def test_robots_are_asked_once_a_day_also_over_restarts(tmp_path: Path) -> None:
    """The answer is in the store."""
    with page_desk(tmp_path) as desk:
        for number in range(4):
            desk.serve(f"/{number}", page(DOHA), robots=ALLOWED if not number else None)
        for number in range(3):
            desk.want(f"/{number}")
            desk.work()
            desk.later(hours=11)
            desk.worker = desk.new_worker()
        assert desk.web.targets().count("/robots.txt") == 1
        desk.later(hours=11)
        desk.want("/3")
        desk.work()
        assert desk.web.targets().count("/robots.txt") == 2


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_site_in_trouble_is_left_alone(tmp_path: Path, status: int) -> None:
    """Its robots.txt cannot be asked for: pages wait, no attempt counts; ten minutes later it is."""
    with page_desk(tmp_path) as desk:
        desk.web.on("/robots.txt", answer(status))
        desk.web.on("/robots.txt", answer(404))
        desk.serve("/1", page(DOHA))
        first = desk.want("/1")
        desk.work()
        assert (desk.row(first).attempts, desk.row(first).done_at) == (0, None)
        assert desk.article(first)["page_why"] == f"robots.txt could not be asked for (HTTP {status})"
        desk.later(minutes=9)
        assert desk.work() == 0
        desk.later(minutes=2)
        assert desk.work() == 1
        assert desk.article(first)["page"]
        assert desk.article(first)["page_why"] == ""


def test_a_crawl_delay_is_kept_over_restarts(tmp_path: Path) -> None:
    """Counted from the last page of the host that was asked for."""
    with page_desk(tmp_path) as desk:
        desk.serve("/1", page(DOHA), robots=b"User-agent: *\nCrawl-delay: 90\n")
        desk.serve("/2", page(DOHA))
        desk.want("/1")
        second = desk.want("/2")
        desk.work()
        assert desk.pages_asked == ["/1"]
        desk.worker = desk.new_worker()
        desk.later(seconds=80)
        desk.work()
        assert desk.pages_asked == ["/1"]
        assert desk.row(second).attempts == 0
        desk.later(seconds=11)
        desk.work()
        assert desk.pages_asked == ["/1", "/2"]


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ((answer(404),), "the server answered 404 Not Found"),
        ((answer(410),), "the server answered 410 Gone"),
        ((answer(403),), "the server answered 403 Forbidden"),
        (
            (answer(200, b"%PDF-1.7", Content_Type="application/pdf"),),
            "this is no web page but application/pdf",
        ),
        ((answer(200, b"", Content_Type="text/html"),), "the page is empty"),
        ((answer(200, b"<html><p>Log in", Content_Type="text/html"),), "fewer than 250"),
        ((answer(302, Location="http://inside.test/"),), "a private address"),
        ((answer(302, Location="http://127.0.0.1:1/"),), "port"),
        ((answer(302, Location="/1"),), "in a loop"),
        ((b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 9000000\r\n\r\n", Hang()), "5 MB"),
    ],
)
def test_what_will_not_get_better_is_asked_for_once(
    tmp_path: Path, steps: tuple[bytes, ...], why: str
) -> None:
    """The article keeps its teaser and says why; a day later nothing was asked again."""
    with page_desk(tmp_path) as desk:
        desk.web.on("/1", *steps)
        first = desk.want("/1")
        assert desk.work() == 1
        assert why in desk.article(first)["page_why"]
        desk.later(hours=1)
        assert desk.work() == 0
        assert desk.row(first).done_at == NOW
        assert desk.matches() == []


@pytest.mark.parametrize(
    "step",
    [
        (answer(500),),
        (Reset(),),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 50\r\n\r\n<p>",),
    ],
)
def test_what_may_pass_is_asked_for_three_times(tmp_path: Path, step: tuple[bytes, ...]) -> None:
    """After a minute, after ten more, then the article goes without."""
    with page_desk(tmp_path) as desk:
        desk.web.on("/1", *step)
        first = desk.want("/1")
        asked = []
        for _ in range(40):
            desk.work()
            asked.append(len(desk.pages_asked))
            desk.later(minutes=1)
        assert [asked.count(n) for n in (1, 2)] == [1, 10]
        assert asked[-1] == 3
        assert desk.article(first)["page_why"].endswith("(asked 3 times)")
        assert desk.row(first).done_at is not None


def test_a_second_attempt_may_succeed(tmp_path: Path) -> None:
    """Then nothing is left of the first."""
    with page_desk(tmp_path) as desk:
        desk.web.on("/1", answer(502))
        desk.serve("/1", page(DOHA))
        first = desk.want("/1")
        desk.work()
        assert desk.article(first)["page_why"] == "the server answered 502 Bad Gateway"
        desk.later(minutes=1)
        desk.work()
        assert DOHA in desk.article(first)["page"]
        assert desk.article(first)["page_why"] == ""


def test_retry_after_is_kept_by_all_pages_of_the_host_and_by_no_feed(tmp_path: Path) -> None:
    """Also by those whose turn had not come, and after a restart; the pacer of the feeds knows nothing."""
    with page_desk(tmp_path) as desk:
        desk.web.on("/1", answer(429, Retry_After="3600"))
        desk.serve("/1", page(DOHA))
        desk.serve("/2", page(DOHA))
        first, second = desk.want("/1"), desk.want("/2")
        desk.work()
        assert desk.pages_asked == ["/1"]
        assert desk.pacer.paused_for("127.0.0.1") == 0.0
        desk.worker = desk.new_worker()
        desk.later(minutes=59)
        assert desk.work() == 0
        desk.later(minutes=2)
        desk.work()
        assert desk.pages_asked == ["/1", "/1", "/2"]
        assert (desk.row(first).attempts, desk.row(second).attempts) == (2, 1)


def test_a_page_that_has_moved_to_another_site_is_read_there_as_that_site_wishes(tmp_path: Path) -> None:
    """Its robots.txt is asked as well; what it forbids is not fetched."""
    with page_desk(tmp_path) as desk:
        there = desk.web.url("/there", "b.test")
        desk.web.on("/1", answer(302, Location=there))
        desk.web.on("/2", answer(302, Location=desk.web.url("/private/2", "b.test")))
        desk.serve("/there", page(DOHA), robots=ALLOWED)
        desk.serve("/private/2", page(DOHA))
        first, second = desk.want("/1", host="a.test"), desk.want("/2", host="a.test")
        desk.work()
        assert DOHA in desk.article(first)["page"]
        assert desk.article(second)["page_why"] == pagefetch.FORBIDDEN
        hosts = [(seen.header("host") or "").partition(":")[0] + seen.target for seen in desk.web.seen]
        assert hosts == ["a.test/robots.txt", "a.test/1", "b.test/robots.txt", "b.test/there", "a.test/2"]


def test_a_page_sent_on_from_site_to_site_is_given_up(tmp_path: Path) -> None:
    """Two sites that send one to each other."""
    with page_desk(tmp_path) as desk:
        here, there = (desk.web.url("/1", host) for host in ("a.test", "b.test"))
        desk.web.on("/1", answer(302, Location=there))
        desk.web.on("/1", answer(302, Location=here))
        desk.web.on("/1", answer(302, Location=there))
        first = desk.want("/1", host="a.test")
        desk.work()
        assert desk.article(first)["page_why"] == "it is sent on from site to site, more than 2 times"
        assert len(desk.pages_asked) == 3


def test_the_budget_holds_over_restarts(tmp_path: Path) -> None:
    """Two pages of a host an hour: the third waits, is read when there is room again, others meanwhile."""
    with page_desk(tmp_path, pages={"per_host": "2/1h"}) as desk:
        for number in range(3):
            desk.serve(f"/{number}", page(DOHA))
            desk.want(f"/{number}")
        desk.serve("/other", page(DOHA))
        desk.want("/other", host="a.test")
        desk.work()
        assert sorted(desk.pages_asked) == ["/0", "/1", "/other"]
        desk.later(minutes=59)
        desk.worker = desk.new_worker()
        assert desk.work() == 0
        desk.later(minutes=1)
        assert desk.work() == 1
        assert desk.pages_asked[-1] == "/2"


def test_the_budget_of_all_hosts_together(tmp_path: Path) -> None:
    """Whatever host they are of; a reload that gives more takes effect at once."""
    with page_desk(tmp_path, pages={"total": "3/1d"}) as desk:
        for number in range(5):
            desk.serve(f"/{number}", page(DOHA))
            desk.want(f"/{number}", host=("127.0.0.1", "a.test")[number % 2])
        assert desk.work() == 3
        assert waiting_pages(desk.database.reader) == 2
        desk.load(pages={"total": "4/1d"})
        assert desk.work() == 1


def test_over_budget_the_deadline_ends_it(tmp_path: Path) -> None:
    """The article is judged on its teaser, and says so."""
    with page_desk(tmp_path, pages={"total": "1/1d"}) as desk:
        for number in range(2):
            desk.serve(f"/{number}", page(DOHA))
            desk.want(f"/{number}")
        desk.work()
        desk.later(hours=6)
        desk.work()
        assert desk.article(2)["page_why"].startswith("its turn did not come within 6h")
        assert desk.row(2).done_at is not None


def test_while_cut_off_pages_wait_and_nothing_counts(tmp_path: Path) -> None:
    """Neither before a request nor where it fails for that reason."""
    with page_desk(tmp_path) as desk:
        first = desk.want("/1")
        desk.cut_off = True
        assert desk.work() == 0
        assert desk.web.seen == []
        desk.cut_off = False
        lost = FetchResult(FetchStatus.NETWORK, message="DNS: no answer", unreachable=True)
        desk.fetcher = Scripted(lost, robots=NO_FILE, meanwhile=lambda: setattr(desk, "cut_off", True))
        assert desk.work() == 1
        assert len(desk.fetcher.requests) == 2
        assert (desk.row(first).attempts, desk.row(first).done_at) == (0, None)


def test_nothing_is_asked_while_nothing_can_be_recorded(tmp_path: Path) -> None:
    """A full disk, or a clock that was just set: pages stay where they are."""
    with page_desk(tmp_path) as desk:
        desk.want("/1")
        desk.closed = True
        assert desk.work() == 0
        assert desk.web.seen == []


def test_an_alert_that_waits_is_decided_on_time_though_the_page_hangs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a minute, whatever the server does."""
    decided: list[object] = []

    def decide(tx: object, plan: object, now: object) -> Rung:
        decided.append(now)
        return Rung(notifications=1)

    monkeypatch.setattr(pages, "decide_held", decide)
    with page_desk(tmp_path) as desk:
        desk.web.on("/1", Hang())
        first = desk.want("/1", purpose=Purpose.DECIDE, hold=timedelta(seconds=30))

        async def story() -> None:
            desk.worker.start_due()
            await asyncio.to_thread(desk.web.wait_for_a_request, "/1")
            desk.later(seconds=29)
            desk.worker.wake()
            desk.worker.start_due()
            assert decided == []
            desk.later(seconds=1)
            desk.worker.start_due()
            await desk.rang.wait()
            await desk.worker.stop()

        desk.run(story())
        assert decided == [NOW + timedelta(seconds=30)]
        assert desk.row(first).hold_until is None
        assert desk.row(first).done_at is None, "the page is still wanted"


@pytest.mark.parametrize("why", ["no robots to be had", "a pause", "no budget"])
def test_no_alert_waits_for_a_page_that_cannot_come_in_time(tmp_path: Path, why: str) -> None:
    """Its host asked for patience, does not answer, or was asked enough: it is decided at once."""
    budget = {"pages": {"per_host": "1/1d"}} if why == "no budget" else {}
    with page_desk(tmp_path, **budget) as desk:
        if why == "no budget":
            desk.serve("/0", page(DOHA))
            desk.want("/0")
            desk.work()
        waits = [desk.want(f"/{n}", purpose=Purpose.DECIDE, hold=timedelta(seconds=30)) for n in (1, 2)]
        if why == "a pause":
            desk.pacer.pause("127.0.0.1", 600.0)
        if why == "no robots to be had":
            desk.fetcher = Scripted(
                robots=FetchResult(FetchStatus.NETWORK, message="refused", unreachable=True)
            )
        for _ in range(3):
            desk.worker.wake()
            desk.work()
        assert [desk.row(one).hold_until for one in waits] == [None, None]
        assert [desk.row(one).done_at for one in waits] == [None, None], "the pages are still wanted"


def test_a_bug_while_alerts_are_let_go_ends_no_care_for_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their time comes, and they are decided."""

    def fails(*_: object, **__: object) -> int:
        message = "a bug"
        raise RuntimeError(message)

    with page_desk(tmp_path) as desk:
        waits = desk.want("/1", purpose=Purpose.DECIDE, hold=timedelta(seconds=30))
        desk.pacer.pause("127.0.0.1", 600.0)
        monkeypatch.setattr(pages, "wait_no_longer", fails)
        desk.work()
        desk.later(seconds=31)
        desk.worker.wake()
        desk.work()
        assert desk.row(waits).hold_until is None


def test_a_stop_breaks_off_and_the_next_start_goes_on(tmp_path: Path) -> None:
    """The row is there with the attempt that was made; a minute later it is asked for again."""
    with page_desk(tmp_path) as desk:
        desk.web.on("/1", Hang())
        desk.serve("/1", page(DOHA))
        first = desk.want("/1")

        async def story() -> None:
            desk.worker.start_due()
            await asyncio.to_thread(desk.web.wait_for_a_request, "/1")
            await desk.worker.stop()

        desk.run(story())
        assert (desk.row(first).attempts, desk.row(first).done_at) == (1, None)
        desk.worker = desk.new_worker()
        assert desk.work() == 0
        desk.later(minutes=1)
        assert desk.work() == 1
        assert DOHA in desk.article(first)["page"]


def test_hosts_do_not_wait_for_one_another(tmp_path: Path) -> None:
    """One that hangs holds one of four places and nobody else's page."""
    with page_desk(tmp_path) as desk:
        desk.web.on("/hangs", Hang())
        desk.serve("/1", page(DOHA))
        desk.want("/hangs", host="a.test", priority=300)
        second = desk.want("/1", host="b.test")

        async def story() -> None:
            desk.worker.start_due()
            await asyncio.to_thread(desk.web.wait_for_a_request, "/hangs")
            await desk.rang.wait()
            assert desk.article(second)["page"]
            await desk.worker.stop()

        desk.run(story())


def test_a_one_shot_run_reads_what_is_due_and_ends(tmp_path: Path) -> None:
    """Pages that are to wait are left to the next run; what alerts wait for is decided."""
    with page_desk(tmp_path) as desk:
        desk.serve("/1", page(DOHA))
        desk.web.on("/2", answer(503))
        first = desk.want("/1")
        second = desk.want("/2", hold=timedelta(seconds=30))
        desk.run(desk.worker.drain(60.0))
        assert desk.article(first)["page"]
        assert (desk.row(second).done_at, desk.row(second).hold_until) == (None, None)
        assert desk.worker.counts["asked"] == 2


def test_what_a_reload_took_away_is_not_fetched(tmp_path: Path) -> None:
    """A feed that is gone, and one whose pages are not wanted any more."""
    with page_desk(tmp_path) as desk:
        first = desk.want("/1")
        desk.load(feeds=())
        desk.work()
        assert desk.article(first)["page_why"] == "its feed is no longer watched"
    with page_desk(tmp_path, full_text="never") as desk:
        second = desk.want("/2")
        desk.work()
        assert "never" in desk.article(second)["page_why"]
        assert desk.web.seen == []


def test_what_a_host_repeats_is_neither_matched_nor_kept(tmp_path: Path) -> None:
    """From its third page on."""
    box = (
        "Read our great newsletter from Doha every morning, with all that matters, free of charge for a year."
    )
    with page_desk(tmp_path) as desk:
        for number in range(4):
            own = f"On day {number} of the conference {number + 4} ministers spoke of fish, grain and oil."
            desk.serve(f"/{number}", page(own, box))
            desk.want(f"/{number}")
        desk.work()
        texts = [desk.article(n)["page"] for n in range(1, 5)]
        assert [box in text for text in texts] == [True, True, False, False]
        # The filling is the same on all pages, so by then too little is left of these.
        assert [FILLING in text for text in texts] == [True, True, False, False]


def test_the_canonical_address_is_remembered(tmp_path: Path) -> None:
    """If it is another one, and of the article's own domain."""
    with page_desk(tmp_path) as desk:
        for number, canonical in enumerate(("http://a.test/true", "http://else.test/x", "http://a.test/")):
            desk.serve(f"/{number}", page(DOHA, head=f"<link rel='canonical' href='{canonical}'>"))
            desk.want(f"/{number}", host="a.test")
        desk.work()
        rows = desk.database.reader.rows("SELECT link, article_id FROM aliases")
        assert [tuple(row) for row in rows] == [(digest(url_key("http://a.test/true")), 1)]


def test_a_bug_costs_one_page_some_time_and_nobody_else_any(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next page of the host is read; the first is tried again later."""

    def record(tx: Any, read: PageRead, plan: Any, now: Any) -> Rung:
        if read.article_id == 1:
            raise ZeroDivisionError
        return record_page(tx, read, plan, now)

    with page_desk(tmp_path) as desk:
        for path in ("/1", "/2"):
            desk.serve(path, page(DOHA))
            desk.want(path)
        with monkeypatch.context() as patch:
            patch.setattr(pagereader, "record_page", record)
            desk.work()
        assert desk.row(1).done_at is None
        assert desk.article(2)["page"]
        desk.later(minutes=15)
        desk.work()
        assert desk.article(1)["page"]


def test_a_bug_cannot_keep_a_page_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Past its deadline the row is settled all the same."""

    def record(*_: object) -> Rung:
        raise ZeroDivisionError

    monkeypatch.setattr(pagereader, "record_page", record)
    with page_desk(tmp_path) as desk:
        first = desk.want("/1")
        desk.later(hours=6)
        desk.work()
        assert desk.row(first).done_at is not None


def test_a_redirect_of_robots_to_nowhere_forbids_nothing(tmp_path: Path) -> None:
    """What we would not ask for is not there; half a file forbids all."""
    with page_desk(tmp_path) as desk:
        desk.web.on("/robots.txt", answer(302, Location="http://inside.test/robots.txt"))
        desk.serve("/1", page(DOHA))
        first = desk.want("/1")
        desk.work()
        assert desk.article(first)["page"]
        half = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 500\r\n\r\nUser-agent: *\n"
        desk.web.only("/robots.txt", half)
        second = desk.want("/1", host="a.test")
        desk.work()
        assert "robots.txt could not be asked for" in desk.article(second)["page_why"]


def test_large_robots_are_read_aside(tmp_path: Path) -> None:
    """Its wishes count as those of a small one."""
    with page_desk(tmp_path) as desk:
        many = b"".join(b"Disallow: /x%d\n" % n for n in range(5000))
        desk.serve("/private/1", page(DOHA), robots=b"User-agent: *\nDisallow: /private\n" + many)
        first = desk.want("/private/1")
        desk.work()
        assert desk.article(first)["page_why"] == pagefetch.FORBIDDEN


def test_an_article_that_was_pruned_is_forgotten(tmp_path: Path) -> None:
    """Its row went with it, in the midst of a look."""
    with page_desk(tmp_path) as desk:
        first = desk.want("/1")
        row = desk.row(first)
        desk.database.writer.submit(lambda tx: tx.run("DELETE FROM pages")).result()
        desk.database.writer.submit(lambda tx: tx.run("DELETE FROM articles")).result()

        async def story() -> None:
            assert (await desk.worker._reader.read(row, "a")).notifications == 0

        desk.run(story())
        assert desk.database.reader.rows(sql.PAGES_WAITING) == []


def test_a_page_that_its_reader_cannot_take_costs_its_article_the_text(tmp_path: Path) -> None:
    """The process that reads it is killed; the next page of the host is read by one of its own."""
    with page_desk(tmp_path, extractor=Extractor(cpu_seconds=0.001)) as desk:
        desk.serve("/1", page(*[f"{DOHA} {number}" for number in range(2000)]))
        first = desk.want("/1")

        async def story() -> None:
            desk.worker.start_due()
            await desk.worker.settled()
            await desk.worker.stop()

        desk.run(story())
        assert desk.article(first)["page_why"] == "reading the page took more than 0.001 s of processor time"
        assert desk.row(first).done_at == NOW
        assert desk.worker._reader._suspects == {"127.0.0.1"}


def test_the_processes_that_read_pages_end_after_a_while(tmp_path: Path) -> None:
    """They take memory; the next page starts them again."""
    with page_desk(tmp_path) as desk:
        desk.serve("/1", page(DOHA))
        desk.want("/1")
        desk.work()
        assert desk.extractor.closed == 0
        desk.later(minutes=4)
        desk.work()
        assert desk.extractor.closed == 0
        desk.later(minutes=2)
        desk.work()
        desk.work()
        assert desk.extractor.closed == 1


def test_no_page_is_asked_for_that_could_not_be_written_down(tmp_path: Path) -> None:
    """The request does not begin; a quarter of an hour later it does."""
    plan = Refusals()
    path = new_database(tmp_path)
    with page_desk(tmp_path, database=Database(path, FullDisk(path, plan))) as desk:
        desk.serve("/1", page(DOHA))
        first = desk.want("/1")
        plan.let_through, plan.left = 2, 1  # robots.txt
        desk.work()
        assert plan.refused == 1
        assert desk.pages_asked == []
        assert (desk.row(first).attempts, desk.row(first).done_at) == (0, None)
        desk.later(minutes=15)
        desk.work()
        assert desk.article(first)["page"]


def test_a_page_that_could_not_be_recorded_is_asked_for_again(tmp_path: Path) -> None:
    """It counts as an attempt."""
    plan = Refusals()
    path = new_database(tmp_path)
    with page_desk(tmp_path, database=Database(path, FullDisk(path, plan))) as desk:
        desk.serve("/1", page(DOHA))
        first = desk.want("/1")
        plan.let_through, plan.left = 3, 1  # robots.txt, the lease
        desk.work()
        assert plan.refused == 1
        assert desk.article(first)["page"] == ""
        desk.later(minutes=15)
        desk.work()
        assert desk.article(first)["page"]
        assert desk.pages_asked == ["/1", "/1"]
        assert desk.matches() == [(first, "a", "doha")]


def test_an_address_that_is_none_is_given_up(tmp_path: Path) -> None:
    """With the sentence that the fetcher has for it."""
    with page_desk(tmp_path) as desk:
        desk.serve("/1", page(DOHA))
        first = desk.want("/1")
        wrong = "http://127.0.0.1:99999/1"
        desk.database.writer.submit(lambda tx: tx.run("UPDATE articles SET url = :u", u=wrong)).result()
        desk.work()
        assert desk.article(first)["page_why"]
        assert desk.row(first).done_at == NOW


def test_a_pause_that_a_feed_was_told_to_keep_is_kept_by_pages(tmp_path: Path) -> None:
    """Nothing is asked of the host, and no attempt counts."""
    with page_desk(tmp_path) as desk:
        desk.serve("/1", page(DOHA))
        first = desk.want("/1")
        desk.pacer.pause("127.0.0.1", 120)  # as the poller does when a feed was told to wait
        assert desk.work() == 0
        assert desk.row(first).attempts == 0
        assert desk.web.seen == []


def test_a_page_that_is_being_read_at_its_deadline_is_read(tmp_path: Path) -> None:
    """What waits behind it on its host is given up when it is over, and says what stood in its way."""
    with page_desk(tmp_path) as desk:
        there = FetchResult(
            FetchStatus.NEW, 200, body=page(DOHA), content_type="text/html", final_url=desk.web.url("/1")
        )

        def meanwhile() -> None:
            desk.later(hours=7)
            desk.worker.wake()
            desk.worker.start_due()

        desk.fetcher = Scripted(there, robots=NO_FILE, meanwhile=meanwhile)
        first, second = desk.want("/1"), desk.want("/2")
        desk.work()
        assert DOHA in desk.article(first)["page"]
        assert desk.article(second)["page_why"].startswith("its turn did not come")


def test_what_stood_in_the_way_is_the_reason_at_the_deadline(tmp_path: Path) -> None:
    """Not the time that passed."""
    with page_desk(tmp_path) as desk:
        desk.web.on("/robots.txt", answer(500))
        first = desk.want("/1")
        desk.work()
        desk.later(hours=6)
        desk.work()
        assert desk.article(first)["page_why"] == "robots.txt could not be asked for (HTTP 500)"


def test_a_page_gets_nothing_of_its_feed_s_secrets(tmp_path: Path) -> None:
    """Neither login nor header fields, though it is of the same server."""
    with page_desk(tmp_path) as desk:
        feed = desk.config.feeds[0]
        fields = {"X-Token": Secret("tok3n")}
        desk.load(feeds=(replace(feed, user="u", password=Secret("p"), headers=fields),))
        desk.serve("/1", page(DOHA))
        first = desk.want("/1")
        desk.work()
        assert desk.article(first)["page"]
        names = ["host", "user-agent", "accept", "accept-encoding", "connection"]
        assert [seen.names for seen in desk.web.seen] == [names, names]


def test_a_page_is_asked_for_through_its_feed_s_proxy(tmp_path: Path) -> None:
    """Its robots.txt as well; without the proxy's address there is no page."""
    with page_desk(tmp_path) as desk, WebServer() as proxy:
        feed = desk.config.feeds[0]
        desk.load(feeds=(replace(feed, proxy=Secret(proxy.url(""))),))
        proxy.on(desk.web.url("/1", "a.test"), answer(200, page(DOHA), Content_Type="text/html"))
        first = desk.want("/1", host="a.test")
        desk.work()
        assert desk.article(first)["page"]
        assert [target.rpartition("/")[2] for target in proxy.targets()] == ["robots.txt", "1"]
        assert desk.web.seen == []
        desk.load(feeds=(replace(feed, proxy=Secret(None, missing="the variable PROXY is not set")),))
        second = desk.want("/2")
        desk.work()
        assert desk.article(second)["page_why"] == "the variable PROXY is not set"


def test_there_is_room_for_a_page_that_an_alert_waits_for(tmp_path: Path) -> None:
    """Three that hang leave it; a fourth of their kind waits."""
    with page_desk(tmp_path) as desk:
        names = {f"{letter}.test": ["127.0.0.1"] for letter in "cdefg"}
        desk.fetcher = HttpFetcher("t", allow_private=["127.0.0.0/8"], resolver=FakeResolver(**names))
        desk.web.on("/hangs", Hang())
        for letter in "cdef":
            desk.want("/hangs", host=f"{letter}.test", priority=200)

        async def story() -> None:
            assert desk.worker.start_due() == 3
            desk.serve("/1", page(DOHA))
            last = desk.want("/1", host="g.test", priority=300, hold=timedelta(seconds=30))
            desk.worker.wake()
            assert desk.worker.start_due() == 1
            await desk.rang.wait()
            assert desk.article(last)["page"]
            await desk.worker.stop()

        desk.run(story())
