"""
The queue of pages: what waits, who goes first, what was asked, and what hosts and their pages are known for.

A row stays for as long as its article does: that it is there is why a page is never asked for twice. It waits
until `done_at`; `attempts` and `asked_at` are written before a request begins, so that a process that dies
with it asks later, and three times at most. What is in the queue is the queue: nothing of it stands anywhere
else, so a crash forgets nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.pages.answers import back_off
from monitor.pages.boilerplate import WINDOW, Seen
from monitor.store import sql
from monitor.store.rows import from_db, read, to_db

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from monitor.pages.wanted import Purpose
    from monitor.store.database import Reader
    from monitor.store.tx import Tx

MANY = 50  # rows in one transaction


@dataclass(frozen=True, slots=True)
class PageRow:
    """A page that is wanted, see `tables.Page`."""

    article_id: int
    feed_id: int
    host: str
    purpose: str
    priority: int
    attempts: int
    created_at: datetime
    next_attempt_at: datetime
    deadline: datetime
    hold_until: datetime | None = None
    late: bool = False
    asked_at: datetime | None = None
    done_at: datetime | None = None

    @property
    def key(self) -> dict[str, int]:
        """What names the row in statements."""
        return {"article": self.article_id, "feed": self.feed_id}


@dataclass(frozen=True, slots=True)
class Next:
    """When something is to be done first: a page asked for, given up, a held alert decided; None = never."""

    attempt: datetime | None = None
    deadline: datetime | None = None
    hold: datetime | None = None


@dataclass(frozen=True, slots=True)
class HostRow:
    """What a site said when it was asked for its robots.txt, see `tables.PageHost`."""

    host: str
    robots: str
    status: int | None
    at: datetime


@dataclass(frozen=True, slots=True)
class PageCounts:
    """How the queue stands: for `held` pages alerts wait; `given_up` counts those never read, by reason."""

    waiting: int = 0
    held: int = 0
    read: int = 0
    given_up: Mapping[str, int] = field(default_factory=dict)


# --- the queue


def queue_page(
    tx: Tx,
    *,
    article_id: int,
    feed_id: int,
    url: str,
    purpose: Purpose,
    now: datetime,
    priority: int = 0,
    deadline: timedelta,
    hold: timedelta | None = None,
    late: bool = False,
) -> bool:
    """
    Want an article's page; returns whether it will be read: False where that was tried already.

    It is read within `deadline`, or the article goes without. With `hold` an alert waits for it, so long at
    most. A page that waits already is wanted the more if this asks for more. `late` = what matches on it is
    old news, for a digest.
    """
    from monitor.feeds.pacing import host_of, site_of  # noqa: PLC0415 - it brings asyncio, and verbs read this

    host = site_of(host_of(url))
    if not host:
        return False
    hold_until = now + hold if hold is not None else None
    known = tx.row(sql.PAGE, article=article_id, feed=feed_id)
    if known is None:
        tx.run(
            sql.PAGE_INSERT,
            article_id=article_id,
            feed_id=feed_id,
            host=host,
            purpose=purpose.value,
            priority=priority,
            attempts=0,
            created_at=to_db(now),
            next_attempt_at=to_db(now),
            deadline=to_db(now + deadline),
            hold_until=to_db(hold_until),
            late=late,
            asked_at=None,
            done_at=None,
        )
        return True
    row = read(PageRow, known)
    if row.done_at is not None:
        return False
    if priority > row.priority or hold_until is not None:
        higher = priority > row.priority
        tx.run(
            sql.PAGE_RAISE,
            **row.key,
            purpose=purpose.value if higher else row.purpose,
            priority=max(priority, row.priority),
            hold_until=to_db(hold_until or row.hold_until),
        )
    return True


def next_work(source: Tx | Reader) -> Next:
    """When something of the queue is to be done first."""
    row = source.row(sql.PAGES_NEXT)
    return Next(*map(from_db, row)) if row is not None else Next()


def due_pages(source: Tx | Reader, now: datetime) -> list[tuple[PageRow, str]]:
    """The first page of each host that may be asked for, with its feed's name: by priority, then by age."""
    return [(read(PageRow, row), row["feed"]) for row in source.rows(sql.PAGES_DUE, now=to_db(now))]


def overdue_pages(source: Tx | Reader, now: datetime) -> list[PageRow]:
    """Pages that were not read within their deadline, a few of them."""
    return [read(PageRow, row) for row in source.rows(sql.PAGES_OVERDUE, now=to_db(now), count=MANY)]


def asked_since(source: Tx | Reader, since: datetime) -> list[tuple[str, int, datetime]]:
    """Which hosts were asked for pages: how often, and when last; all attempts count as of the last."""
    rows = source.rows(sql.PAGES_ASKED, since=to_db(since))
    return [(row["host"], row["attempts"], at) for row in rows if (at := from_db(row["asked_at"]))]


def last_asked(source: Tx | Reader, host: str) -> datetime | None:
    """When a page of this host was last asked for."""
    row = source.row(sql.PAGE_HOST_ASKED, host=host)
    return from_db(row[0]) if row is not None else None


def tried_elsewhere(source: Tx | Reader, row: PageRow) -> bool:
    """Whether another feed shows the article and its page was asked for already, to its end."""
    return source.row(sql.PAGE_ASKED_ELSEWHERE, **row.key) is not None


def lease(tx: Tx, row: PageRow, now: datetime) -> bool:
    """
    A request begins: it counts, whatever becomes of it. False where the page is not wanted any more.

    If nothing becomes of it at all, the next one comes after a while.
    """
    later = now + timedelta(seconds=back_off(row.attempts + 1))
    return tx.run(sql.PAGE_LEASE, **row.key, now=to_db(now), next=to_db(later)) > 0


def give_back(tx: Tx, row: PageRow, until: datetime) -> None:
    """The request that was begun led nowhere through no fault of the page's: it does not count."""
    tx.run(sql.PAGE_UNLEASE, **row.key, next=to_db(until))


def put_off(tx: Tx, row: PageRow, until: datetime, why: str = "") -> None:
    """Ask for the page later; `why` says what stands in its way, until it is read."""
    tx.run(sql.PAGE_LATER, **row.key, next=to_db(until))
    if why:
        tx.run(sql.ARTICLE_PAGE_WHY, article=row.article_id, why=why)


def put_off_host(tx: Tx, host: str, until: datetime) -> None:
    """Ask for no page of a host before then."""
    tx.run(sql.PAGES_OF_HOST_LATER, host=host, next=to_db(until))


def finish(tx: Tx, row: PageRow, now: datetime) -> bool:
    """The page was read, or it will not be. False where that was settled already."""
    return tx.run(sql.PAGE_DONE, **row.key, now=to_db(now)) > 0


def hold_no_longer(tx: Tx, now: datetime) -> None:
    """Alerts that wait for pages wait until now and no longer."""
    tx.run(sql.PAGES_HOLD_NO_LONGER, now=to_db(now))


def wait_no_longer(tx: Tx, host: str, now: datetime, until: datetime, *, alone: PageRow | None = None) -> int:
    """No page of a host, or not this one, will come before `until`: no alert waits for it. How many did."""
    times = {"now": to_db(now), "next": to_db(until)}
    if alone is not None:
        return tx.run(sql.PAGE_NO_HOLD, **alone.key, **times)
    return tx.run(sql.PAGES_OF_HOST_NO_HOLD, host=host, **times)


def release_held(tx: Tx, now: datetime) -> None:
    """No alert waits any longer for pages that were waited for until now."""
    tx.run(sql.PAGES_RELEASE, now=to_db(now))


def page_counts(source: Tx | Reader, since: datetime) -> PageCounts:
    """How the queue stands, and what became of pages since then, in articles."""
    row = source.row(sql.PAGE_COUNTS)
    ended = source.rows(sql.PAGES_ENDED, since=to_db(since))
    return PageCounts(
        waiting=int(row["waiting"]) if row else 0,
        held=int(row["held"]) if row else 0,
        read=sum(int(one["read"]) for one in ended),
        given_up={one["page_why"]: left for one in ended if (left := int(one["n"] - one["read"]))},
    )


def waiting_pages(source: Tx | Reader) -> int:
    """How many articles wait for their pages."""
    row = source.row(sql.PAGE_COUNTS)
    return int(row["waiting"]) if row else 0


# --- what is known of hosts and their pages


def host_row(source: Tx | Reader, host: str) -> HostRow | None:
    """What a site said of robots, if it was asked."""
    row = source.row(sql.PAGE_HOST, host=host)
    return read(HostRow, row) if row is not None else None


def note_host(tx: Tx, host: str, robots: str, status: int | None, now: datetime) -> None:
    """Remember what a site said of robots; a status of None = it is being asked, or did not answer."""
    tx.run(sql.PAGE_HOST_UPSERT, host=host, robots=robots, status=status, at=to_db(now))


def paragraphs_seen(
    source: Tx | Reader, host: str, hashes: Iterable[int], now: datetime
) -> dict[int, tuple[Seen, ...]]:
    """On which pages of a host these paragraphs stood lately."""
    since = to_db(now - WINDOW)
    found: dict[int, tuple[Seen, ...]] = {}
    for paragraph in hashes:
        rows = source.rows(sql.PARAGRAPHS_OF, host=host, paragraph=paragraph, since=since)
        seen = ((row["page"], from_db(row["at"])) for row in rows)
        found[paragraph] = tuple(Seen(paragraph, page, at) for page, at in seen if at is not None)
    return found


def note_paragraphs(tx: Tx, host: str, seen: Iterable[Seen]) -> None:
    """Remember where paragraphs stood."""
    tx.run_many(
        sql.PARAGRAPH_UPSERT,
        [{"host": host, "paragraph": one.paragraph, "page": one.page, "at": to_db(one.at)} for one in seen],
    )


def note_alias(tx: Tx, link: int, article_id: int, now: datetime) -> None:
    """Remember another address (its mark, as in `Marks.link`) of an article."""
    tx.run(sql.ALIAS_UPSERT, link=link, article_id=article_id, at=to_db(now))


# --- when the clock was set


def move_pages(tx: Tx, step: timedelta) -> None:
    """The clock was set by `step`: what waits moves with it."""
    for row in _waiting(tx):
        _moved(tx, row, step)


def mend_pages(tx: Tx, now: datetime) -> None:
    """At a start: what a clock that ran ahead has written keeps its intervals, from now."""
    for row in _waiting(tx):
        written = max(row.created_at, row.asked_at or row.created_at)
        if written > now:
            _moved(tx, row, now - written)


def _waiting(tx: Tx) -> list[PageRow]:
    return [read(PageRow, row) for row in tx.rows(sql.PAGES_WAITING)]


def _moved(tx: Tx, row: PageRow, step: timedelta) -> None:
    times = {
        name: to_db(at + step) if (at := getattr(row, name)) is not None else None
        for name in ("created_at", "next_attempt_at", "deadline", "hold_until", "asked_at")
    }
    tx.run(sql.PAGE_CLOCK, **row.key, **times)
