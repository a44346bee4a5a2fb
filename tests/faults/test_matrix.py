"""
The matrix of faults: each on a real daemon between real feeds and a real receiver.

Whatever happens: no alert is lost, `status` names it within a cycle, and it is over by itself or by one
command. The figures of each are printed; `make prove` runs them.
"""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.faults.test_damage import overwrite
from tests.soak.test_soak import children
from tests.support.disks import needs_mounts, needs_strace, tmpfs
from tests.support.privatenet import PrivateNet, plain_environment, why_not
from tests.support.trial import Trial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.prove]
FAKETIME = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None)
needs_faketime = pytest.mark.skipif(FAKETIME is None, reason="no libfaketime (apt install faketime)")


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """Print a line of figures, whatever is captured."""

    def show(line: str) -> None:
        with capsys.disabled():
            print(f"\n{line}", end="")  # noqa: T201 - figures for the record

    return show


def test_kill_9(tmp_path: Path, tell: Callable[[str], None]) -> None:
    """Killed where it stands; what starts it again is the service manager, here the test."""
    with Trial(tmp_path, "kill -9") as trial:
        trial.begin()
        trial.daemon.send(signal.SIGKILL)
        trial.daemon.ended()
        trial.publish("during")
        trial.named(lambda s: s["daemon"] == "stopped", "stopped")
        trial.start()
        tell(trial.ends_well(repeats=1))  # one may have been in mid-send


def test_a_minute_of_standing_still(tmp_path: Path, tell: Callable[[str], None]) -> None:
    """SIGSTOP for a minute, without a watchdog: status does not call that running well."""
    with Trial(tmp_path, "SIGSTOP 60 s") as trial:
        trial.begin()
        trial.daemon.send(signal.SIGSTOP)
        trial.publish("during")
        until = time.monotonic() + 60.0
        trial.wait(lambda: time.monotonic() > until - 30.0, "half a minute")
        trial.named(lambda s: s["stuck"], "stands still")
        trial.wait(lambda: time.monotonic() > until, "a minute")
        trial.daemon.send(signal.SIGCONT)
        tell(trial.ends_well())


@needs_mounts
def test_a_full_disk(tmp_path: Path, tell: Callable[[str], None]) -> None:
    """The database's disk has not a byte left, then it has."""
    database = tmp_path / "disk" / "t.db"
    with (
        tmpfs(database.parent, 48) as disk,
        Trial(tmp_path, "ENOSPC database", database=database, under=disk.under) as trial,
    ):
        trial.outside = disk.outside / "t.db"
        trial.begin()
        disk.fill()
        trial.publish("during")
        trial.daemon.wait_for("polling is stopped")
        disk.fill()  # the reserve, too
        trial.named(lambda s: "full" in (s["trouble"] or ""), "is full")
        disk.free()
        tell(trial.ends_well())


@contextmanager
def failing(trial: Trial, fault: str, log: Path) -> Iterator[None]:
    """Let these calls of the running daemon fail; those that write, where they write its write-ahead log."""
    written = trial.watch.database.with_name(trial.watch.database.name + "-wal")
    place = [] if "exec" in fault else ["-P", str(written)]
    which = [*place, "-e", f"trace={fault.partition(':')[0]}", "-e", f"inject={fault}"]
    tracer = subprocess.Popen(
        ["strace", "-f", "-o", str(log), *which, "-p", str(trial.daemon.pid)], stderr=subprocess.PIPE
    )
    assert tracer.stderr
    try:
        assert b"attached" in tracer.stderr.readline()
        yield
    finally:
        tracer.terminate()
        tracer.communicate()


@needs_strace
@pytest.mark.parametrize(
    ("fault", "words"),
    [("pwrite64:error=ENOSPC", "full"), ("pwrite64:error=EIO", "failed"), ("fdatasync:error=EIO", "failed")],
    ids=["ENOSPC write-ahead log", "EIO at a write", "EIO at a sync"],
)
def test_writes_that_fail(fault: str, words: str, tmp_path: Path, tell: Callable[[str], None]) -> None:
    """The kernel refuses every write, or every sync, of the write-ahead log for a while."""
    with Trial(tmp_path, fault) as trial:
        log = tmp_path / "strace"
        trial.begin()
        with failing(trial, fault, log):
            trial.publish("during")
            trial.daemon.wait_for("polling is stopped")
            trial.named(lambda s: words in (s["trouble"] or ""), words)
        struck = log.read_text(errors="replace").count("(INJECTED)")
        assert struck >= 2
        tell(f"{trial.ends_well()} ({struck} calls failed)")


@needs_mounts
def test_a_backup_without_room(tmp_path: Path, tell: Callable[[str], None]) -> None:
    """The copy is refused with a sentence and leaves nothing behind; the daemon does not notice."""
    with tmpfs(tmp_path / "small", 1) as disk, Trial(tmp_path, "ENOSPC backup", under=disk.under) as trial:
        trial.begin()
        disk.fill()
        trial.publish("during")
        done = trial.tocsin("db", "backup", str(disk.path))
        assert done.returncode == 1
        assert "no room for a backup" in done.stderr
        assert [one.name for one in disk.outside.iterdir() if "filler" not in one.name] == []
        disk.free()
        trial.said, trial.named_after = done.stderr.strip().splitlines()[0], 0.0
        tell(trial.ends_well())


@pytest.fixture
def net(tmp_path: Path) -> PrivateNet:
    """A network of the test's own, where three feeds have names."""
    if reason := why_not():
        pytest.skip(f"NOT TESTED in a network of its own: {reason}")
    return PrivateNet(tmp_path, [f"f{n}.example" for n in range(3)])


def named_feeds(trial: Trial) -> None:
    """Let the configuration ask the feeds by their names."""
    text = trial.watch.config.read_text()
    for n in range(3):
        text = text.replace(
            f'"http://127.0.0.1:{trial.watch.web.port}/{n}"',
            f'"http://f{n}.example:{trial.watch.web.port}/{n}"',
        )
    trial.watch.config.write_text(text)


@pytest.mark.parametrize("what", ["DNS gone", "network down"])
def test_no_network(what: str, net: PrivateNet, tmp_path: Path, tell: Callable[[str], None]) -> None:
    """No name is found any more, or no packet goes anywhere; both end as they began."""
    with net:
        env = plain_environment(tmp_path)
        with Trial(tmp_path, what, under=net.under, env=env, inside=net.inside) as trial:
            named_feeds(trial)
            trial.begin()
            hosts = tmp_path / "hosts"
            names = hosts.read_text()
            if what == "DNS gone":
                hosts.write_text("127.0.0.1 localhost\n")
            else:
                subprocess.run([*net.under, "ip", "link", "set", "lo", "down"], check=True)
            trial.publish("during")
            trial.named(lambda s: s["offline_since"], "offline")
            if what == "DNS gone":
                hosts.write_text(names)
            else:
                subprocess.run([*net.under, "ip", "link", "set", "lo", "up"], check=True)
            tell(trial.ends_well())


def faked(clock: Path) -> dict[str, str]:
    """The environment in which the time of day is what a file says; other clocks are true."""
    return {
        "LD_PRELOAD": str(FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }


@needs_faketime
@pytest.mark.parametrize("step", ["+1h", "-1h"])
def test_a_set_clock(step: str, tmp_path: Path, tell: Callable[[str], None]) -> None:
    """The time of day jumps by an hour under a running daemon."""
    clock = tmp_path / "clock"
    clock.write_text("+0s\n")
    with Trial(tmp_path, f"clock {step}", env=faked(clock)) as trial:
        trial.begin()
        clock.write_text(f"{step[0]}3600s\n")
        trial.publish("during")
        trial.named(lambda s: s["clock_step"], "what was due moved with it")
        tell(trial.ends_well())


@needs_faketime
def test_three_days_off(tmp_path: Path, tell: Callable[[str], None]) -> None:
    """Stopped on one day and started three days later: what is there comes late, marked, and once."""
    clock = tmp_path / "clock"
    clock.write_text("+0s\n")
    with Trial(tmp_path, "3 days off", env=faked(clock)) as trial:
        trial.begin()
        trial.daemon.send(signal.SIGTERM)
        trial.daemon.ended()
        clock.write_text("+259200s\n")
        trial.publish("during")
        trial.named(lambda s: s["daemon"] == "stopped", "stopped")
        trial.start()
        line = trial.ends_well()
        late = [r for r in trial.watch.receiver.requests if b'"late":true' in r.body.replace(b" ", b"")]
        assert late, "what waited for three days is marked late"
        tell(line)


def test_a_limit_of_memory(tmp_path: Path, tell: Callable[[str], None]) -> None:
    """No process of the daemon's may have more than so much: the one that reads a huge feed dies alone."""
    with Trial(tmp_path, "memory limit", under=["prlimit", f"--as={600 << 20}", "--"]) as trial:
        trial.begin()
        huge = b"<rss version='2.0'><channel><title>x</title><item>" + b"<a>" * 3_000_000
        trial.watch.web.only("/0", b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(huge) + huge)
        trial.named(lambda s: s["feeds"]["failing"], "f0")
        trial.publish("during")
        tell(trial.ends_well())


@needs_strace
def test_a_worker_that_cannot_start(tmp_path: Path, tell: Callable[[str], None]) -> None:
    """The process that reads a doubtful feed is gone, and no program can be started; then one can."""
    with Trial(tmp_path, "worker that cannot start", broken=True) as trial:
        trial.begin()
        with failing(trial, "execve:error=EAGAIN", tmp_path / "strace"):
            for child in children(trial.daemon.pid):
                os.kill(child, signal.SIGKILL)
            trial.publish("during")
            trial.named(lambda s: "f0" in s["failing"], "could not be started")
        tell(trial.ends_well())


def test_a_corrupted_page(tmp_path: Path, tell: Callable[[str], None]) -> None:
    """Rubbish over a table while the daemon lay dead: named; the commands that `db check` prints mend it."""
    with Trial(tmp_path, "corrupted page") as trial:
        trial.begin()
        assert trial.tocsin("db", "backup").returncode == 0
        trial.daemon.send(signal.SIGKILL)
        trial.daemon.ended()
        with closing(sqlite3.connect(trial.watch.database)) as con:
            con.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        overwrite(trial.watch.database, "sightings")
        trial.publish("during")
        trial.start()
        trial.named(lambda s: "damaged" in (s["trouble"] or ""), "damaged")
        trial.daemon.send(signal.SIGTERM)
        trial.daemon.ended()
        check = trial.tocsin("db", "check")
        commands = (check.stdout + check.stderr).split("stop Tocsin, then: ")[1].split(" && tocsin")[0]
        subprocess.run(commands, shell=True, check=True)
        trial.start()
        tell(trial.ends_well(repeats=6))
