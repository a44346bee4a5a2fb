"""A process killed between a teaser and its page, in the request, in the reading, at each commit."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from monitor.store import sql
from tests.support.crash import Crasher
from tests.support.pagecrash import POINTS
from tests.support.pagedesk import PageDesk, page, page_desk

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOHA = "The delegations of both sides meet again in Doha on Thursday, the ministry of the host country said."


@pytest.fixture(scope="module")
def crasher() -> Iterator[Crasher]:
    """One forking process for all crashes."""
    process = Crasher("tests.support.pagecrash")
    yield process
    process.close()


def live(
    crasher: Crasher, desk: PageDesk, folder: Path, *, point: str = "", nth: int = 0, minutes: int = 0
) -> int:
    """One life of a process that reads pages; returns how it ended (negative = its signal)."""
    ended = crasher.run(folder=str(folder), port=desk.web.port, point=point, nth=nth, minutes=minutes)
    assert ended in (0, -signal.SIGKILL)
    return ended


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("nth", [1, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, 3, 4))])
def test_a_process_killed_anywhere_loses_no_page_and_tells_nothing_twice(
    crasher: Crasher, tmp_path: Path, point: str, nth: int
) -> None:
    """The next lives finish it: one text, one match, one notification, and few requests."""
    with page_desk(tmp_path) as desk:
        desk.serve("/1", page(DOHA))
        first = desk.want("/1")
        ends = [live(crasher, desk, tmp_path, point=point, nth=nth)]
        ends += [live(crasher, desk, tmp_path, minutes=minutes) for minutes in (11, 22)]
        assert ends[1:] == [0, 0]
        assert DOHA in desk.article(first)["page"]
        assert desk.row(first).done_at is not None
        assert desk.matches() == [(first, "a", "doha")]
        assert len(desk.database.reader.rows(sql.OUTBOX_ALL, count=10)) == 1
        assert desk.pages_asked in (["/1"], ["/1", "/1"])
        assert desk.web.targets().count("/robots.txt") <= 2


@pytest.mark.slow
def test_a_page_that_kills_each_time_is_asked_for_three_times(crasher: Crasher, tmp_path: Path) -> None:
    """Then its article goes without, and the process lives."""
    with page_desk(tmp_path) as desk:
        desk.serve("/1", page(DOHA))
        first = desk.want("/1")
        ends = [
            live(crasher, desk, tmp_path, point="in_extraction", nth=1, minutes=minutes)
            for minutes in (0, 40, 80, 120)
        ]
        assert ends == [-signal.SIGKILL] * 3 + [0]
        assert desk.pages_asked == ["/1"] * 3
        assert desk.article(first)["page_why"] == "asked 3 times, and never read"
