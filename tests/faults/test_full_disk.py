"""A disk that is full to the last byte under a real daemon, and has room again later."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.daemon import ROOT, DaemonProcess
from tests.support.disks import Disk, needs_mounts, tmpfs
from tests.support.watch import Watch

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, needs_mounts]
STOPPED, GOES_ON = "polling is stopped", "can be written again"


def tocsin(disk: Disk, watch: Watch, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a verb where the disk is."""
    return subprocess.run(
        [*disk.under, sys.executable, "-m", "monitor", *arguments, "--config", str(watch.config)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_reserve_lets_what_matched_be_delivered_and_polling_resumes_by_itself(tmp_path: Path) -> None:
    """Filled twice, reserve included, then freed: each item rings once, and nobody is asked meanwhile."""
    with tmpfs(tmp_path / "disk", 48) as disk, Watch(tmp_path, disk.path / "t.db", feeds=3) as watch:
        with DaemonProcess(watch.config, under=disk.under) as daemon:
            daemon.wait_for("already in your feeds")
            reserve = disk.outside / "t.db.reserve"
            assert reserve.stat().st_blocks * 512 >= 8 << 20
            assert reserve.stat().st_mode & 0o077 == 0

            disk.fill()
            watch.publish("first")
            said = daemon.wait_for(STOPPED)
            assert "is full" in said
            assert f"free some space on {disk.path}" in said
            watch.receiver.wait_for(b"is full")
            assert not reserve.exists()
            status = tocsin(disk, watch, "status")
            assert "is full" in status.stdout
            assert STOPPED in json.loads(tocsin(disk, watch, "status", "--json").stdout)["trouble"]

            asked = len(watch.web.seen)
            disk.fill()
            watch.publish("second")
            assert len(watch.web.seen) == asked, "servers are not asked for what cannot be recorded"
            disk.free()
            daemon.wait_for(GOES_ON)
            watch.wait_for("second")
            watch.wait_for("first")
            watch.receiver.wait_for(b"can be written again")
            assert reserve.stat().st_blocks * 512 >= 8 << 20, "it is set aside anew"
            assert tocsin(disk, watch, "status", "--json").stdout.count('"trouble": null') == 1
            daemon.send(signal.SIGTERM)
            assert daemon.ended() == 0, daemon.lines
        assert watch.told() == watch.expected("first", "second")
        assert len(watch.notices()) == 2, watch.notices()
        assert sum(STOPPED in line for line in daemon.lines) == 1, daemon.lines
        watch.adds_up(disk.outside / "t.db")


def test_a_small_disk_without_a_reserve_loses_nothing_either(tmp_path: Path) -> None:
    """Nothing can be recorded, so nothing is said or sent; once there is room everything rings once."""
    with tmpfs(tmp_path / "disk", 4) as disk, Watch(tmp_path, disk.path / "t.db", feeds=3) as watch:
        with DaemonProcess(watch.config, under=disk.under) as daemon:
            daemon.wait_for("already in your feeds")
            assert not (disk.outside / "t.db.reserve").exists()
            disk.fill()
            watch.publish("first")
            assert "is full" in daemon.wait_for(STOPPED)
            watch.publish("second")
            disk.free()
            daemon.wait_for(GOES_ON)
            watch.wait_for("second")
            daemon.send(signal.SIGTERM)
            assert daemon.ended() == 0, daemon.lines
        assert watch.told() == watch.expected("first", "second")
        watch.adds_up(disk.outside / "t.db")


def test_a_start_on_a_full_disk_lives_on_the_reserve(tmp_path: Path) -> None:
    """Stopped, then the disk fills up: the next start says so instead of failing, and goes on when freed."""
    with tmpfs(tmp_path / "disk", 48) as disk, Watch(tmp_path, disk.path / "t.db") as watch:
        with DaemonProcess(watch.config, under=disk.under) as daemon:
            daemon.wait_for("already in your feeds")
            daemon.send(signal.SIGTERM)
            assert daemon.ended() == 0
        disk.fill()
        watch.publish("first")
        with DaemonProcess(watch.config, under=disk.under) as daemon:
            assert "is full" in daemon.wait_for(STOPPED)
            watch.receiver.wait_for(b"is full")
            disk.free()
            watch.wait_for("first")
            daemon.send(signal.SIGTERM)
            assert daemon.ended() == 0
        assert watch.told() == watch.expected("first")
        watch.adds_up(disk.outside / "t.db")


def test_one_shot_runs_on_a_full_disk_fail_in_one_sentence(tmp_path: Path) -> None:
    """With and without a database: exit 1, cause and remedy, no traceback; freed, the item rings once."""
    with tmpfs(tmp_path / "disk", 4) as disk, Watch(tmp_path, disk.path / "t.db") as watch:
        disk.fill()
        done = tocsin(disk, watch, "run", "--once")
        assert (done.returncode, "is full" in done.stderr, "free some" in done.stderr) == (1, True, True)
        disk.free()
        assert tocsin(disk, watch, "run", "--once").returncode == 0
        disk.fill()
        watch.publish("first")
        done = tocsin(disk, watch, "run", "--once", "--force")
        assert (done.returncode, "is full" in done.stderr) == (1, True), done.stderr
        assert "Traceback" not in done.stderr
        for verb in (
            ["status"],
            ["feeds", "list"],
            ["alerts", "list"],
            ["db", "backup"],
            ["outbox", "retry", "--all"],
        ):
            done = tocsin(disk, watch, *verb)
            assert "Traceback" not in done.stderr
            assert "unexpected" not in done.stderr, (verb, done.stderr)
        disk.free()
        assert tocsin(disk, watch, "run", "--once", "--force").returncode == 0
        assert watch.told() == watch.expected("first")
        watch.adds_up(disk.outside / "t.db")
