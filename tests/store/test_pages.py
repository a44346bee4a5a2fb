"""The queue of pages as it is stored."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor.pages.boilerplate import Seen
from monitor.pages.wanted import Purpose
from monitor.store import sql
from monitor.store.clock import mend_future, move_due_times
from monitor.store.pages import (
    MANY,
    PageCounts,
    PageRow,
    asked_since,
    due_pages,
    finish,
    give_back,
    hold_no_longer,
    host_row,
    last_asked,
    lease,
    next_work,
    note_alias,
    note_host,
    note_paragraphs,
    overdue_pages,
    page_counts,
    paragraphs_seen,
    put_off,
    put_off_host,
    queue_page,
    release_held,
    tried_elsewhere,
    waiting_pages,
)
from monitor.store.retention import Place, Stage, limits, prune_step
from monitor.store.rows import read, to_db
from tests.support.store import NOW, add_article, add_feed, insert, new_database, transaction

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from monitor.store.tx import Tx

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Tx]:
    """A transaction on a fresh database with a feed."""
    with transaction(new_database(tmp_path)) as tx:
        add_feed(tx, "a")
        add_feed(tx, "b")
        yield tx


def want(
    tx: Tx,
    url: str = "https://n.example/1",
    *,
    article: int = 0,
    feed: int = 1,
    purpose: Purpose = Purpose.MATCH,
    now: datetime = NOW,
    deadline: timedelta = 6 * HOUR,
    **values: Any,
) -> PageRow:
    """Want the page of an article, a new one if there is none; returns the row."""
    article = article or add_article(tx, feed, url=url)
    queue_page(
        tx, article_id=article, feed_id=feed, url=url, purpose=purpose, now=now, deadline=deadline, **values
    )
    return row(tx, article, feed)


def row(tx: Tx, article: int, feed: int = 1) -> PageRow:
    """The row of a page."""
    found = tx.row(sql.PAGE, article=article, feed=feed)
    assert found is not None
    return read(PageRow, found)


def due(tx: Tx, now: datetime = NOW) -> list[int]:
    """The articles whose pages are due, in their order."""
    return [found.article_id for found, _ in due_pages(tx, now)]


def test_a_page_is_queued_once(tx: Tx) -> None:
    """Asked again it is the same row; once it was read it is not wanted a second time."""
    first = want(tx, "https://www.n.example:8443/1")
    assert (first.host, first.attempts, first.deadline) == ("n.example", 0, NOW + 6 * HOUR)
    assert want(tx, article=first.article_id, now=NOW + HOUR) == first
    finish(tx, first, NOW + HOUR)
    again = {"article_id": first.article_id, "feed_id": 1, "url": "https://n.example/1", "deadline": HOUR}
    assert not queue_page(tx, **again, purpose=Purpose.MATCH, now=NOW)  # type: ignore[arg-type]
    assert row(tx, first.article_id).done_at == NOW + HOUR
    assert due(tx, NOW + DAY) == []


def test_a_page_without_a_host_is_not_queued(tx: Tx) -> None:
    """Nobody could be asked."""
    article = add_article(tx, 1)
    assert not queue_page(
        tx, article_id=article, feed_id=1, url="", purpose=Purpose.MATCH, now=NOW, deadline=HOUR
    )


def test_a_page_that_waits_may_be_wanted_the_more(tx: Tx) -> None:
    """An alert that waits for it brings it forward; what asks for less takes nothing away."""
    first = want(tx, priority=200)
    held = want(tx, article=first.article_id, purpose=Purpose.DECIDE, priority=303, hold=30 * MINUTE / 60)
    assert (held.purpose, held.priority) == ("decide", 303)
    assert held.hold_until == NOW + timedelta(seconds=30)
    assert want(tx, article=first.article_id, purpose=Purpose.COMPARE, priority=101) == held


def test_the_first_of_each_host_by_priority_then_age(tx: Tx) -> None:
    """What is not due yet, or past its deadline, is not among them."""
    old = want(tx, "https://a.example/1", now=NOW - HOUR)
    want(tx, "https://a.example/2", now=NOW - HOUR / 2)
    high = want(tx, "https://b.example/1", priority=200)
    want(tx, "https://b.example/2", priority=100)
    late = want(tx, "https://c.example/1", now=NOW - 7 * HOUR)
    later = want(tx, "https://d.example/1")
    put_off(tx, later, NOW + MINUTE)
    assert due(tx) == [high.article_id, old.article_id]
    assert due(tx, NOW + MINUTE) == [high.article_id, old.article_id, later.article_id]
    assert [o.article_id for o in overdue_pages(tx, NOW)] == [late.article_id]
    assert next_work(tx).attempt == NOW - 7 * HOUR
    assert next_work(tx).deadline == NOW - HOUR
    finish(tx, old, NOW)
    assert due(tx)[1] == old.article_id + 1
    assert waiting_pages(tx) == 5


def test_no_more_than_a_few_are_given_up_at_once(tx: Tx) -> None:
    """A transaction is short."""
    for _ in range(MANY + 1):
        want(tx, now=NOW - DAY)
    assert len(overdue_pages(tx, NOW)) == MANY


def test_a_request_counts_from_its_beginning(tx: Tx) -> None:
    """And is repeated only after a while, longer each time."""
    first = want(tx)
    assert lease(tx, first, NOW)
    leased = row(tx, first.article_id)
    assert (leased.attempts, leased.asked_at, leased.next_attempt_at) == (1, NOW, NOW + MINUTE)
    assert lease(tx, leased, NOW + MINUTE)
    assert row(tx, first.article_id).next_attempt_at == NOW + 11 * MINUTE
    assert asked_since(tx, NOW) == [("n.example", 2, NOW + MINUTE)]
    assert asked_since(tx, NOW + MINUTE) == []
    assert last_asked(tx, "n.example") == NOW + MINUTE
    assert last_asked(tx, "other.example") is None
    give_back(tx, leased, NOW + 5 * MINUTE)
    given = row(tx, first.article_id)
    assert (given.attempts, given.next_attempt_at) == (1, NOW + 5 * MINUTE)
    finish(tx, given, NOW)
    assert not lease(tx, given, NOW + HOUR), "it is settled"
    assert not finish(tx, given, NOW + HOUR)


def test_all_pages_of_a_host_wait(tx: Tx) -> None:
    """Those that wait longer anyway do not come earlier."""
    first, second, third = want(tx), want(tx), want(tx, "https://other.example/1")
    put_off(tx, second, NOW + 2 * HOUR, "the server answered 503")
    put_off_host(tx, "n.example", NOW + HOUR)
    times = [row(tx, one.article_id).next_attempt_at for one in (first, second, third)]
    assert times == [NOW + HOUR, NOW + 2 * HOUR, NOW]
    found = tx.row(sql.ARTICLE, id=second.article_id)
    assert found is not None
    assert found["page_why"] == "the server answered 503"


def test_another_feed_s_attempt_counts_once_it_is_over(tx: Tx) -> None:
    """One that was given up without a request does not."""
    first = want(tx)
    second = want(tx, article=first.article_id, feed=2)
    assert not tried_elsewhere(tx, second)
    lease(tx, first, NOW)
    assert not tried_elsewhere(tx, second)
    finish(tx, first, NOW)
    assert tried_elsewhere(tx, second)
    third = want(tx)
    fourth = want(tx, article=third.article_id, feed=2)
    finish(tx, third, NOW)
    assert not tried_elsewhere(tx, fourth)


def test_alerts_wait_no_longer_than_they_should(tx: Tx) -> None:
    """The first to be decided is known; once it is, nobody asks again."""
    first = want(tx, hold=timedelta(seconds=30))
    second = want(tx, hold=timedelta(seconds=20))
    assert next_work(tx).hold == NOW + timedelta(seconds=20)
    release_held(tx, NOW + timedelta(seconds=20))
    assert row(tx, second.article_id).hold_until is None
    assert next_work(tx).hold == NOW + timedelta(seconds=30)
    assert page_counts(tx, NOW).held == 1
    hold_no_longer(tx, NOW)
    assert row(tx, first.article_id).hold_until == NOW
    release_held(tx, NOW)
    assert next_work(tx).hold is None


def test_the_counts(tx: Tx) -> None:
    """What waits, what was read, and why what was not was not."""
    assert page_counts(tx, NOW) == PageCounts()
    rows = [want(tx) for _ in range(5)]
    whys = ["", "robots", "robots", "404"]
    for one, why in zip(rows, whys, strict=False):
        known = {"id": one.article_id, "page": "" if why else "text", "why": why}
        tx.run("UPDATE articles SET page = :page, page_why = :why WHERE id = :id", **known)
        finish(tx, one, NOW)
    assert page_counts(tx, NOW) == PageCounts(1, 0, 1, {"robots": 2, "404": 1})
    assert page_counts(tx, NOW + MINUTE) == PageCounts(1)


def test_what_hosts_are_known_for(tx: Tx) -> None:
    """Robots, and on which pages a paragraph stood within a week."""
    assert host_row(tx, "n.example") is None
    note_host(tx, "n.example", "", None, NOW)
    note_host(tx, "n.example", "User-agent: *", 200, NOW)
    known = host_row(tx, "n.example")
    assert known is not None
    assert (known.robots, known.status, known.at) == ("User-agent: *", 200, NOW)
    note_paragraphs(tx, "n.example", [Seen(7, 1, NOW - 8 * DAY), Seen(7, 2, NOW), Seen(8, 2, NOW)])
    note_paragraphs(tx, "n.example", [Seen(7, 2, NOW)])
    note_paragraphs(tx, "other.example", [Seen(7, 3, NOW)])
    assert paragraphs_seen(tx, "n.example", [7, 9], NOW) == {7: (Seen(7, 2, NOW),), 9: ()}


@pytest.mark.parametrize("step", [HOUR, -HOUR, 400 * DAY, -400 * DAY])
def test_what_waits_moves_with_the_clock(tx: Tx, step: timedelta) -> None:
    """Nothing is early or late; what is over stays where it was."""
    held, done = want(tx, hold=timedelta(seconds=30)), want(tx)
    lease(tx, held, NOW)
    finish(tx, done, NOW)
    before = row(tx, held.article_id)
    move_due_times(tx, step, NOW + step)
    after = row(tx, held.article_id)
    assert after.deadline - before.deadline == step
    assert after.next_attempt_at - before.next_attempt_at == step
    assert after.hold_until == NOW + timedelta(seconds=30) + step
    assert after.asked_at == NOW + step
    assert row(tx, done.article_id).done_at == NOW


def test_at_a_start_nothing_lies_in_the_future_for_long(tx: Tx) -> None:
    """A clock that ran ahead for a year wrote this."""
    ahead, right = want(tx, now=NOW + 365 * DAY), want(tx)
    mend_future(tx, NOW)
    mended = row(tx, ahead.article_id)
    assert (mended.created_at, mended.next_attempt_at) == (NOW, NOW)
    assert mended.deadline == NOW + 6 * HOUR
    assert row(tx, right.article_id) == right


def prune(tx: Tx, now: datetime) -> Mapping[str, int]:
    """Take all steps; returns what went."""
    place, limit = Place(), limits(90 * 86_400, now)
    while place.stage is not Stage.DONE:
        place = prune_step(tx, place, limit)
    return place.removed


def test_what_hosts_are_known_for_grows_old(tx: Tx) -> None:
    """Robots after a day, paragraphs after a week, addresses after a year; and in steps."""
    note_host(tx, "old.example", "", 404, NOW - DAY - MINUTE)
    note_host(tx, "n.example", "", 404, NOW - HOUR)
    note_paragraphs(tx, "n.example", [Seen(n, 1, NOW - 9 * DAY) for n in range(2500)])
    note_paragraphs(tx, "n.example", [Seen(1, 2, NOW - 6 * DAY)])
    note_alias(tx, 1, 1, NOW - 366 * DAY)
    note_alias(tx, 2, 1, NOW - 364 * DAY)
    note_alias(tx, 2, 1, NOW - 363 * DAY)
    assert prune(tx, NOW) == {"paragraphs": 2500, "aliases": 1}
    left = {
        table: [tuple(found) for found in tx.rows(f"SELECT {columns} FROM {table}")]
        for table, columns in (("page_hosts", "host"), ("paragraphs", "page"), ("aliases", "link"))
    }
    assert left == {"page_hosts": [("n.example",)], "paragraphs": [(2,)], "aliases": [(2,)]}


def test_a_row_lives_as_long_as_its_article(tx: Tx) -> None:
    """However long ago it was read: that it is there is why nobody asks again."""
    first = want(tx)
    finish(tx, first, NOW)
    seen = {
        "feed_id": 1,
        "article_id": first.article_id,
        "first_seen_at": NOW,
        "last_seen_at": NOW + 100 * DAY,
    }
    insert(tx, "sightings", sql.SIGHTING_INSERT, **seen)
    assert prune(tx, NOW + 110 * DAY) == {}
    assert row(tx, first.article_id).done_at == NOW
    assert prune(tx, NOW + 191 * DAY)["pages"] == 1
    assert tx.rows("PRAGMA foreign_key_check") == []


def test_a_feed_that_goes_takes_its_rows_with_it(tx: Tx) -> None:
    """Also those of articles that stay because another feed lists them still."""
    first = want(tx)
    finish(tx, want(tx, article=first.article_id, feed=2), NOW)
    seen = {"feed_id": 1, "article_id": first.article_id, "first_seen_at": NOW}
    insert(tx, "sightings", sql.SIGHTING_INSERT, **seen, last_seen_at=NOW + 400 * DAY)
    tx.run("UPDATE feeds SET retired_at = :at WHERE id = 2", at=to_db(NOW))
    assert prune(tx, NOW + 400 * DAY) == {"pages": 1, "feeds": 1}
    assert tx.rows("PRAGMA foreign_key_check") == []
