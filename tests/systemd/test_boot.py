"""Tocsin under a true systemd: boot.sh boots one, inside.py lives there, and here its report is read."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]

EXPECTED = {
    # installed as the README says
    "init": "0",
    "init again": "nothing to do: everything is there already",
    # the first start: ready, baseline, an alert to a receiver inside
    "start": "0",
    "active": "active",
    "status": "watching 1 feed with 1 rule",
    "baseline": "yes",
    "alert": "yes",
    # who it is, and who may read what
    "user": "its own",
    "modes": "700 600",
    "file is there": "yes",
    "file for others": "refused",
    "credential is there": "yes",
    "credential for others": "refused",
    "the doctor finds": "unit_not_enabled",
    # reloads: taken, refused by the check, refused by the daemon, mended
    "good reload": "0",
    "good reload is in force": "yes",
    "status names the alert": "yes",
    "bad reload": "refused",
    "after bad reload": "active running",
    "bad reload says why": "yes",
    "direct reload is refused": "yes",
    "after direct reload": "yes",
    "the refusal is told": "yes",
    "old rules ring": "yes",
    "mended reload": "0",
    "status is mended": "yes",
    "same process": "yes",
    # killed, and frozen so that only the watchdog can tell
    "kill leads to a new start": "yes",
    "kill ends well": "yes",
    "alert after kill": "yes",
    "freeze leads to a new start": "yes",
    "freeze ends well": "yes",
    "alert after freeze": "yes",
    "watchdog struck": "yes",
    "the journal says where it stood": "yes",
    # one part alone stands still
    "stuck writer leads to a new start": "yes",
    "stuck writer ends well": "yes",
    "alert after stuck writer": "yes",
    "the journal names the writer": "yes",
    "stuck sender leads to a new start": "yes",
    "stuck sender ends well": "yes",
    "alert after stuck sender": "yes",
    "the journal names the sender": "yes",
    # restarted and stopped
    "restart": "0",
    "alert after restart": "yes",
    "stop": "0",
    "result": "inactive success 0",
    "write-ahead log": "folded in",
    "credential after stop": "gone",
    "journal identifier": "tocsin",
    "canary in the journal": "0",
    # a wrong configuration at the start, and root at work on the service's database
    "wrong start": "refused",
    "wrong start is": "failed exit-code 2",
    "wrong start is not tried again": "yes",
    "round by root": "0",
    "start after root": "0",
    "status for root": "running 1",
    "poll by root": "0",
    "alert after root": "yes",
    "check by root": "0",
    # three versions in a row, a step back, and the oldest database with a migration that takes its time
    "upgrade 1": "0",
    "schema after upgrade 1": "1",
    "alert after upgrade 1": "yes",
    "upgrade 2": "0",
    "schema after upgrade 2": "2",
    "alert after upgrade 2": "yes",
    "upgrade 3": "0",
    "schema after upgrade 3": "3",
    "alert after upgrade 3": "yes",
    "backups of upgrades": "3",
    "going back": "refused",
    "going back says why": "yes",
    "restarts of what cannot start": "few",
    "long migration": "0",
    "longer than the unit allows a start": "yes",
    "schema after the long migration": "the newest",
    "what was on its way then": "yes",
    # and as a service of a user
    "user init": "0",
    "user start": "0",
    "user baseline": "yes",
    "user alert": "yes",
    "user reload": "0",
    "user stop": "0",
    "user result": "success",
    "finished": "yes",
}


def why_not() -> str:
    """What this machine lacks for a boot, in words."""
    if sys.platform != "linux":
        return "this is no Linux"
    if os.geteuid() != 0:
        return "only root may mount an overlay and boot systemd-nspawn"
    for command, package in (("systemd-nspawn", "systemd-container"), ("unshare", "util-linux")):
        if shutil.which(command) is None:
            return f"{command} is missing (apt install {package})"
    if "overlay" not in Path("/proc/filesystems").read_text(encoding="ascii"):
        return "the kernel has no overlay file system"
    return ""


@pytest.mark.slow
def test_a_service_survives_its_administrator(tmp_path: Path) -> None:
    """
    A freshly booted systemd with the shipped unit: started, reloaded well and badly, killed, frozen, stopped.

    Every alert came to the receiver inside; once more only with its mark, where a kill kept its answer from
    being noted. The secret stood in no journal.
    """
    if reason := why_not():
        pytest.skip(f"NOT TESTED under a true systemd: {reason}")
    command = [HERE / "boot.sh", ROOT, sys.executable, sysconfig.get_path("purelib"), tmp_path]
    done = subprocess.run(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    if not (tmp_path / "talk").exists():
        pytest.skip(f"NOT TESTED under a true systemd: this machine boots none: {done.stderr[-500:]}")
    talk = (tmp_path / "talk").read_text(encoding="utf-8", errors="replace")
    lines = (
        (tmp_path / "lines").read_text(encoding="utf-8").splitlines() if (tmp_path / "lines").exists() else []
    )
    seen = dict(line.split(": ", 1) for line in lines)
    received = json.loads(seen.get("received", "[]"))
    seen = {name: value for name, value in seen.items() if name in EXPECTED or name == "stopped by"}
    if seen != EXPECTED:
        print(done.stderr, talk, (tmp_path / "journal").read_text(encoding="utf-8"), sep="\n")  # noqa: T201
    assert seen == EXPECTED
    told = received.pop(1)
    assert told.startswith("the configuration is refused, the old one stays in force: ")
    assert "unknown key or table 'ruels'" in told
    assert received == [
        "Talks in Doha",
        "Kabul and Doha",
        "Doha after kill",
        "Doha after freeze",
        "Doha beside a stuck writer",
        "Doha beside a stuck sender",
        "Last of Doha",
        "Doha after root",
        "Doha after upgrade 1",
        "Doha after upgrade 2",
        "Doha after upgrade 3",
        "[high] Dockers announce a strike",  # what the oldest database had on its way
        "Doha for the reader",
    ]
