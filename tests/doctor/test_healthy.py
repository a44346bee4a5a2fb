"""On a healthy system the doctor finds nothing: a real daemon, real feeds on loopback, a real unit file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from monitor.doctor.findings import GROUPS, Level
from monitor.store.rows import to_db
from tests.doctor.clinic import Clinic, told
from tests.support.daemon import DaemonProcess

if TYPE_CHECKING:
    from pathlib import Path


def test_nothing_is_wrong_with_a_healthy_installation(tmp_path: Path) -> None:
    """The stand-in for a daemon: what every planted fault is measured against."""
    with Clinic(tmp_path) as clinic:
        findings = clinic.look(feeds=8)
        assert [f for f in findings if f.level >= Level.WARNING] == [], told(findings)
        assert {f.code for f in findings if f.level is Level.NOTE} <= {
            "sqlite_old",
            "container_disk",
            "unwatched",
        }
        assert {f.group for f in findings} == set(GROUPS), told(findings)
        # Both stand at one site; a conditional question would need validators that this database has not.
        assert len(clinic.web.seen) in (1, 2)


def test_nothing_is_wrong_beside_a_real_daemon(tmp_path: Path) -> None:
    """At first no feed may be asked again; twenty minutes later both are, and answer "unchanged"."""
    with Clinic(tmp_path, daemon=False) as clinic:
        for path in ("/a", "/b"):
            clinic.web.on(path, *clinic.not_modified())
        with DaemonProcess(clinic.config) as daemon:
            daemon.wait_for("feed=a")
            daemon.wait_for_each("feed=b")
            daemon.wait_for_each("started")
            asked = len(clinic.web.seen)
            early = clinic.look(feeds=None)
            assert [f for f in early if f.level >= Level.WARNING] == [], told(early)
            assert len(clinic.web.seen) == asked, "they were asked a moment ago"
            ago, later = (to_db(datetime.now(UTC) + timedelta(minutes=m)) for m in (-20, 10))
            clinic.sql("UPDATE feeds SET last_poll_at = :p0, floor = 60.0, next_poll_at = :p1", ago, later)
            late = clinic.look(feeds=None)
            assert [f for f in late if f.level >= Level.WARNING] == [], told(late)
            assert "2 of 2 asked, each gave what it should" in told(late)
            assert [seen.header("if-none-match") for seen in clinic.web.seen[asked:]] == ['"1"', '"1"']
            assert "agrees with" in told(late)
            deep = clinic.look(deep=True)
            assert [f for f in deep if f.level >= Level.WARNING] == [], told(deep)
