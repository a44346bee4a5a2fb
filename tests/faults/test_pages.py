"""Each statement in the life of a page fails once: the page is read in the end, and rings once."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from monitor.model import FetchResult, FetchStatus
from monitor.store import sql
from monitor.store.database import Database
from tests.support.faults import DONE, REFUSED, TAKEN_BACK, FaultyWriter, Strike
from tests.support.pagedesk import Scripted, page, page_desk
from tests.support.store import new_database

if TYPE_CHECKING:
    from pathlib import Path

DOHA = "The delegations of both sides meet again in Doha on Thursday, the ministry of the host country said."
WAYS = [
    (sqlite3.SQLITE_FULL, TAKEN_BACK),
    (sqlite3.SQLITE_IOERR_FSYNC, DONE),
    (sqlite3.SQLITE_BUSY, REFUSED),
]


def life(folder: Path, strike: Strike) -> None:
    """A page is wanted and read while one statement fails, then again when all is well."""
    folder.mkdir()
    path = new_database(folder)
    armed = Strike(nth=-1)
    with page_desk(folder, database=Database(path, FaultyWriter(path, armed))) as desk:
        there = FetchResult(
            FetchStatus.NEW, 200, body=page(DOHA), content_type="text/html", final_url="http://a.test/1"
        )
        desk.fetcher = Scripted(there, robots=FetchResult(FetchStatus.HTTP_ERROR, 404))
        first = desk.want("/1")
        armed.nth, armed.code, armed.how, armed.seen = strike.nth, strike.code, strike.how, 0
        desk.work()
        strike.seen, strike.struck = armed.seen, armed.struck
        armed.nth = -1
        for _ in range(3):
            desk.database.health.over()
            desk.later(minutes=16)
            desk.work()
        assert DOHA in desk.article(first)["page"], strike
        assert desk.row(first).done_at is not None, strike
        assert desk.matches() == [(first, "a", "doha")], strike
        assert len(desk.database.reader.rows(sql.OUTBOX_ALL, count=9)) == 1, strike
        pages = [r for r in desk.fetcher.requests if not r.url.endswith("/robots.txt")]
        assert 1 <= len(pages) <= 2, strike


@pytest.mark.parametrize(("code", "how"), WAYS)
def test_a_statement_that_fails_costs_a_page_some_time(tmp_path: Path, code: int, how: str) -> None:
    """Nothing is lost, nothing rings twice, and nobody is asked more than once more."""
    quiet = Strike(nth=-1)
    life(tmp_path / "quiet", quiet)
    assert quiet.seen > 20
    struck = 0
    for nth in range(1, quiet.seen + 1):
        strike = Strike(nth, code, how)
        life(tmp_path / f"{nth}", strike)
        struck += strike.struck
    assert struck == quiet.seen
