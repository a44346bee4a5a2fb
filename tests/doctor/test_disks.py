"""Real disks: full, without inodes, read-only, in memory; and a user who may not write."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor.doctor.disk import DiskFacts, judge_disk
from tests.support.configs import SMALL
from tests.support.disks import Disk, needs_mounts, tmpfs

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
needs_setpriv = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("setpriv") is None,
    reason="another user needs root and setpriv: a folder that may not be written is NOT tested here",
)


def doctor(config: Path, under: Sequence[str] = (), group: str = "disk") -> list[dict[str, Any]]:
    """What `tocsin doctor` finds about the disk, or another group, run by this command."""
    done = subprocess.run(
        [
            *under,
            sys.executable,
            "-m",
            "monitor",
            "doctor",
            "--offline",
            "--json",
            "--config",
            str(config),
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert found, done.stderr
    assert done.returncode == (1 if any(one["level"] == "failure" for one in found) else 0)
    return [one for one in found if one["check"] == group or one["code"] == "check_forbidden"]


def on_disk(disk: Disk, text: str = SMALL) -> Path:
    """A configuration on a disk, with a database that was used."""
    path = disk.outside / "config.toml"
    path.write_text(f'[monitor]\ndatabase = "{disk.path}/tocsin.db"\n{text}', encoding="utf-8")
    path.chmod(0o600)
    command = [
        *disk.under,
        sys.executable,
        "-m",
        "monitor",
        "db",
        "migrate",
        "--config",
        str(disk.path / "config.toml"),
    ]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True, timeout=60)
    return disk.path / "config.toml"


def codes(found: list[dict[str, Any]]) -> set[str]:
    """The codes alone."""
    return {one["code"] for one in found}


@needs_mounts
def test_a_disk_that_fills(tmp_path: Path) -> None:
    """In memory, which is said; then low; then full."""
    with tmpfs(tmp_path / "disk", 400) as disk:
        config = on_disk(disk)
        assert codes(doctor(config, disk.under)) == {"volatile_disk", "no_reserve"}
        with (disk.outside / "much").open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, 200 << 20)
        assert codes(doctor(config, disk.under)) == {"volatile_disk", "no_reserve", "disk_low"}
        disk.fill()
        found = doctor(config, disk.under)
        assert codes(found) == {"volatile_disk", "disk_full"}
        [full] = [one for one in found if one["code"] == "disk_full"]
        assert (full["level"], full["where"]) == ("failure", str(disk.path))
        assert full["remedy"].startswith(f"free some space on {disk.path}")


@needs_mounts
def test_a_disk_without_inodes(tmp_path: Path) -> None:
    """There is space, and no file can be made."""
    with tmpfs(tmp_path / "disk", 400) as disk:
        subprocess.run(
            [*disk.under, "mount", "-o", "remount,nr_inodes=12", str(disk.path)],
            check=True,
            capture_output=True,
        )
        config = on_disk(disk)
        assert "inodes_out" in codes(doctor(config, disk.under))


@needs_mounts
def test_a_disk_that_is_read_only(tmp_path: Path) -> None:
    """Said with its mount, and with the command that makes it writable."""
    with tmpfs(tmp_path / "disk", 400) as disk:
        config = on_disk(disk)
        subprocess.run(
            [*disk.under, "mount", "-o", "remount,ro", str(disk.path)], check=True, capture_output=True
        )
        found = doctor(config, disk.under)
        assert codes(found) == {"volatile_disk", "read_only_disk"}
        [one] = [one for one in found if one["code"] == "read_only_disk"]
        assert one["remedy"].startswith(f"mount -o remount,rw {disk.path}")


@needs_setpriv
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    """By another user than its owner."""
    folder = Path("/var/tmp") / f"tocsin-doctor-{os.getpid()}"  # where others may look into
    folder.mkdir(mode=0o755)
    try:
        folder.chmod(0o755)
        config = folder / "config.toml"
        config.write_text(f'[monitor]\ndatabase = "{folder}/tocsin.db"\n{SMALL}', encoding="utf-8")
        config.chmod(0o644)
        nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        probe = subprocess.run(
            [*nobody, sys.executable, "-c", ""], check=False, capture_output=True, timeout=20
        )
        if probe.returncode or not os.access(ROOT, os.R_OK):
            pytest.skip("this Python is out of reach for another user: NOT tested here")
        tried = subprocess.run(
            [*nobody, sys.executable, "-c", "import monitor"],
            cwd=ROOT,
            check=False,
            capture_output=True,
            timeout=20,
        )
        if tried.returncode:
            pytest.skip("this checkout is out of reach for another user: NOT tested here")
        assert codes(doctor(config, nobody)) == {"folder_not_writable"}
        config.write_text(f'[monitor]\ndatabase = "{folder}/no/such/tocsin.db"\n{SMALL}', encoding="utf-8")
        assert codes(doctor(config, nobody)) == {"folder_missing"}
        shut = folder / "shut"
        shut.mkdir(mode=0o700)
        config.write_text(f'[monitor]\ndatabase = "{shut}/tocsin.db"\n{SMALL}', encoding="utf-8")
        found = doctor(config, nobody, group="database")
        assert [(one["code"], one["level"]) for one in found[:1]] == [("check_forbidden", "note")]
        assert found[0]["remedy"].endswith("sudo tocsin doctor")
        config.chmod(0o600)
        found = doctor(config, nobody)
        assert [one["code"] for one in found] == ["check_forbidden"]
        assert found[0]["what"].startswith("this user may not read the configuration")
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"kind": "nfs4"}, "network_disk"),
        ({"kind": "fuse.sshfs"}, "network_disk"),
        ({"kind": "overlay"}, "container_disk"),
        ({"kind": "ramfs"}, "volatile_disk"),
        ({"kind": "ext4"}, "ok"),
        ({"writable": False, "who": "tocsin"}, "folder_not_writable"),
        ({"file_writable": False}, "database_not_writable"),
        ({"free": 20 << 20}, "disk_full"),
        ({"free": 1 << 30, "size": 1 << 30}, "disk_low"),
        ({"inodes": 100_000, "inodes_free": 99}, "inodes_out"),
        ({"inodes": 100_000, "inodes_free": 900}, "inodes_low"),
        ({"inodes": 100_000, "inodes_free": 50_000}, "ok"),
        ({"reserve": 0}, "no_reserve"),
        ({"reserve": 8 << 20}, "ok"),
    ],
)
def test_what_a_disk_s_facts_mean(facts: dict[str, Any], code: str) -> None:
    """Kinds of disks that no test can mount, and the edges of what is enough."""
    database = Path("/var/lib/tocsin/tocsin.db")
    assert [one.code for one in judge_disk(DiskFacts(database, **facts))] == [code]
