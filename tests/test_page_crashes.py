"""A process killed between a teaser and its page, in the request, in the reading, at each commit."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.store import sql
from tests.support.pagecrash import POINTS
from tests.support.pagedesk import PageDesk, page, page_desk

ROOT = Path(__file__).parents[1]
DOHA = "The delegations of both sides meet again in Doha on Thursday, the ministry of the host country said."


def live(desk: PageDesk, folder: Path, point: str, nth: int, minutes: int) -> int:
    """One life of a process that reads pages; returns how it ended (negative = its signal)."""
    job = {"folder": str(folder), "port": desk.web.port, "point": point, "nth": nth, "minutes": minutes}
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.pagecrash", json.dumps(job)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("nth", [1, *(pytest.param(n, marks=pytest.mark.slow) for n in (2, 3, 4))])
def test_a_process_killed_anywhere_loses_no_page_and_tells_nothing_twice(
    tmp_path: Path, point: str, nth: int
) -> None:
    """The next lives finish it: one text, one match, one notification, and few requests."""
    with page_desk(tmp_path) as desk:
        desk.serve("/1", page(DOHA))
        first = desk.want("/1")
        ends = [live(desk, tmp_path, point, nth, 0)]
        ends += [live(desk, tmp_path, "", 0, minutes) for minutes in (11, 22)]
        assert ends[1:] == [0, 0]
        assert DOHA in desk.article(first)["page"]
        assert desk.row(first).done_at is not None
        assert desk.matches() == [(first, "a", "doha")]
        assert len(desk.database.reader.rows(sql.OUTBOX_ALL, count=10)) == 1
        assert desk.pages_asked in (["/1"], ["/1", "/1"])
        assert desk.web.targets().count("/robots.txt") <= 2


@pytest.mark.slow
def test_a_page_that_kills_each_time_is_asked_for_three_times(tmp_path: Path) -> None:
    """Then its article goes without, and the process lives."""
    with page_desk(tmp_path) as desk:
        desk.serve("/1", page(DOHA))
        first = desk.want("/1")
        ends = [live(desk, tmp_path, "in_extraction", 1, minutes) for minutes in (0, 40, 80, 120)]
        assert ends == [-signal.SIGKILL] * 3 + [0]
        assert desk.pages_asked == ["/1"] * 3
        assert desk.article(first)["page_why"] == "asked 3 times, and never read"
