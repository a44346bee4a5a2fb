"""System calls that fail under a real process, by strace: EIO and ENOSPC on write, EIO on fdatasync."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from monitor.store.lock import holder_of
from tests.support.daemon import ROOT, DaemonProcess
from tests.support.disks import needs_strace
from tests.support.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, needs_strace]
FAULTS = {
    "fdatasync:error=EIO": "failed \\(",
    "pwrite64:error=EIO": "failed \\(",
    "pwrite64:error=ENOSPC": "is full|failed \\(",  # a -shm file that cannot grow is an I/O error to SQLite
    "pwrite64:error=EROFS": "failed \\(",
}


def strace(log: Path, fault: str, when: str) -> list[str]:
    """The command that runs another with this fault at these calls of any thread."""
    traced = fault.partition(":")[0]
    return [
        "strace",
        "-f",
        "-qq",
        "-o",
        str(log),
        "-e",
        f"trace={traced}",
        "-e",
        f"inject={fault}:when={when}",
    ]


def once(watch: Watch, *under: str) -> subprocess.CompletedProcess[str]:
    """One forced one-shot run."""
    command = [
        *under,
        sys.executable,
        "-m",
        "monitor",
        "run",
        "--once",
        "--force",
        "--config",
        str(watch.config),
    ]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


@contextmanager
def killed_at_the_end(database: Path) -> Iterator[None]:
    """Whatever happens, leave no daemon behind when its strace is killed."""
    try:
        yield
    finally:
        if holder := holder_of(database):
            os.kill(holder, signal.SIGKILL)


def struck(log: Path) -> int:
    """How many calls were made to fail."""
    return log.read_text(errors="replace").count("(INJECTED)")


def faults_at(folder: Path, fault: str, calls: range) -> Counter[str]:
    """Give one-shot runs the fault at each of these calls, then one run none; returns what was met."""
    met: Counter[str] = Counter()
    for nth in calls:
        trial = folder / str(nth)
        trial.mkdir()
        with Watch(trial, trial / "t.db", feeds=2) as watch:
            assert once(watch).returncode == 0
            watch.publish("first", "second")
            done = once(watch, *strace(trial / "strace", fault, str(nth)))
            assert "Traceback" not in done.stderr, done.stderr
            assert "unexpected" not in done.stderr, done.stderr
            assert done.returncode in (0, 1), done
            met["points"] += 1
            met["struck"] += struck(trial / "strace")
            if done.returncode == 1:
                met["noticed"] += 1
                assert re.search(FAULTS[fault], done.stderr), done.stderr
                assert re.search("journalctl -k|free some space|raise the quota", done.stderr), done.stderr
            assert once(watch).returncode == 0
            told, expected = watch.told(), watch.expected("first", "second")
            met["repeats"] += (told - expected).total()
            met["lost"] += (expected - told).total()
            assert set(told) == set(expected), f"{nth}: {told}"
            assert (told - expected).total() <= 1, f"at most the one that was in mid-send: {told}"
            watch.adds_up()
    return met


@pytest.mark.parametrize("fault", FAULTS)
def test_one_shot_runs_lose_nothing(tmp_path: Path, fault: str) -> None:
    """The fault at some calls: told in words where it mattered; the next run does what this one could not."""
    met = faults_at(tmp_path, fault, range(2, 16, 3) if "sync" in fault else range(1, 64, 13))
    assert met["struck"] >= 3


@pytest.mark.prove
@pytest.mark.parametrize("fault", FAULTS)
def test_one_shot_runs_lose_nothing_at_any_call(
    tmp_path: Path, fault: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The fault at every call that a run makes."""
    met = faults_at(tmp_path, fault, range(1, 18 if "sync" in fault else 80))
    with capsys.disabled():
        print(f"\n{fault}: {dict(met)}")  # noqa: T201 - a figure for the record
    assert met["lost"] == 0


@pytest.mark.parametrize("fault", FAULTS)
def test_a_daemon_recovers_by_itself(tmp_path: Path, fault: str) -> None:
    """A fault that lasts for some calls: said once, polling stops and resumes, each item rings once."""
    with Watch(tmp_path, tmp_path / "t.db", feeds=2) as watch:
        assert once(watch).returncode == 0
        calls = "12..14" if "sync" in fault else "30..36"
        under = strace(tmp_path / "strace", fault, calls)
        with DaemonProcess(watch.config, under=under) as daemon, killed_at_the_end(watch.database):
            daemon.wait_for("info started")
            said = daemon.wait_for("polling is stopped")
            assert "remedy=" in said
            watch.publish("first", "second")
            watch.wait_for("second")
            watch.wait_for("first")
            if not any("can be written again" in line for line in daemon.lines):
                daemon.wait_for("can be written again")
            # To the daemon itself: strace would end and leave it behind.
            holder = holder_of(watch.database)
            assert holder
            os.kill(holder, signal.SIGTERM)
            assert daemon.ended() == 0, daemon.lines
        assert struck(tmp_path / "strace") > 0
        assert watch.told() == watch.expected("first", "second")
        watch.adds_up()
