"""Small disks of a test's own, in a mount namespace of their own: they can be filled, frozen and freed."""

from __future__ import annotations

import os
import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

needs_mounts = pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which("unshare") is None or shutil.which("nsenter") is None,
    reason="mounting needs root, unshare and nsenter: faults of real disks are NOT tested here",
)
needs_strace = pytest.mark.skipif(
    shutil.which("strace") is None, reason="no strace: faults of real system calls are NOT tested here"
)


class Disk:
    """A mounted disk; `path` is where processes `under` it see it, `outside` where this process does."""

    def __init__(self, path: Path, pid: int) -> None:
        self.path = path
        self.outside = type(path)(f"/proc/{pid}/root{path}")
        self.under = ("nsenter", "-t", str(pid), "-m", "--")

    def fill(self) -> None:
        """Take every byte that is left."""
        number = sum(1 for _ in self.outside.glob("filler-*"))
        with (self.outside / f"filler-{number}").open("wb", buffering=0) as file:
            for size in (1 << 20, 4096, 1):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    continue

    def free(self) -> None:
        """Give all of it back."""
        for filler in self.outside.glob("filler-*"):
            filler.unlink()

    def fail(self) -> None:
        """Let the kernel find an error on an ext4, after which nothing can be written any more."""
        found = [*self.under, "findmnt", "-no", "SOURCE", str(self.path)]
        device = subprocess.run(found, check=True, capture_output=True, text=True).stdout.strip()
        trigger = type(self.path)("/sys/fs/ext4") / device.rpartition("/")[2] / "trigger_fs_error"
        if not trigger.exists():
            pytest.skip(f"no {trigger}: a disk that turns read-only is NOT tested here")
        trigger.write_text("1")


@contextmanager
def tmpfs(path: Path, megabytes: int) -> Iterator[Disk]:
    """Mount memory as a disk of this size."""
    with _mounted(path, f"mount -t tmpfs -o size={megabytes}m none '{path}'") as disk:
        yield disk


@contextmanager
def ext4(path: Path, image: Path, megabytes: int) -> Iterator[Disk]:
    """Mount a file as a disk that turns read-only at its first error, as system disks do."""
    if not image.exists():
        with image.open("wb") as file:
            file.truncate(megabytes << 20)
        subprocess.run(["mkfs.ext4", "-q", "-O", "^has_journal", str(image)], check=True)
    with _mounted(path, f"mount -o loop,errors=remount-ro '{image}' '{path}'") as disk:
        yield disk


@contextmanager
def _mounted(path: Path, mount: str) -> Iterator[Disk]:
    path.mkdir(exist_ok=True)
    holder = subprocess.Popen(
        ["unshare", "-m", "sh", "-c", f"{mount} && echo mounted && exec cat"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert holder.stdin
    assert holder.stdout
    assert holder.stderr
    try:
        if holder.stdout.readline() != "mounted\n":
            pytest.skip(f"cannot mount here, so this fault is NOT tested: {holder.stderr.read().strip()}")
        yield Disk(path, holder.pid)
    finally:
        holder.communicate(timeout=20)
