"""
Processes, as /proc tells of them: who holds the database's lock, who else has it open, and their limits.

The kernel lists locks, so none has to be tried. What may not be read is left out: another user's processes,
and those of another container.
"""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.store.faults import mount_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

PROC = Path("/proc")
WRITE_LOCK = 120  # the byte of the -shm file that a writer of SQLite's log keeps locked
_INITIAL = "pid:[4026531836]"  # the namespace of a machine itself, from which every process is seen
_LOCK = re.compile(
    r"\d+: (?:-> )?(FLOCK|POSIX|OFDLCK)\s+\S+\s+(\S+)\s+(-?\d+)\s+(\w+):(\w+):(\d+)\s+(\d+)\s+(\S+)"
)


@dataclass(frozen=True, slots=True)
class Holder:
    """A process: its command, whether that is Tocsin (None = not to be told), since when it runs."""

    pid: int
    program: str = ""
    ours: bool | None = None
    started: datetime | None = None
    uid: int | None = None
    groups: tuple[int, ...] = ()
    program_gone: bool = False
    prefix: Path = Path("/nowhere")  # of the Python it runs: a virtual environment, mostly
    env: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock as the kernel lists it; `first` and `last` are bytes, the last None = to the end."""

    kind: str
    mode: str
    pid: int
    first: int
    last: int | None


def holder_of(database: Path) -> Holder | None:
    """The process that holds the lock beside a database, if one is to be seen."""
    lock = database.with_name(database.name + ".lock")
    held = next((one for one in locks_on(lock) if one.kind == "FLOCK" and one.mode == "WRITE"), None)
    return None if held is None else describe(held.pid)


def installed_at(holder: Holder | None = None) -> datetime | None:
    """When the youngest file of this program, or of a process's, was written; None = not known."""
    package = Path(__file__).parents[2]
    if holder is not None:
        other = next(iter(sorted(holder.prefix.glob("lib/python3*/site-packages/monitor"))), None)
        if other is None and holder.prefix != Path(sys.prefix):
            return None  # another installation, which cannot be found: nothing can be said of it
        package = other or package
    try:
        youngest = max(path.stat().st_mtime for path in package.rglob("*.py"))
    except (OSError, ValueError):
        return None
    return datetime.fromtimestamp(youngest, UTC)


def sees_all() -> bool:
    """Whether the processes of the whole machine are seen from here: not from inside a container."""
    try:
        return str((PROC / "self/ns/pid").readlink()) == _INITIAL
    except OSError:
        return False


def locks_on(path: Path) -> list[Lock]:
    """Who holds locks on a file; nothing where that cannot be read."""
    try:
        there = path.stat()
        text = (PROC / "locks").read_text(encoding="ascii", errors="replace")
    except OSError:
        return []
    found = []
    for line in text.splitlines():
        matched = _LOCK.match(line)
        if matched is None or int(matched[6]) != there.st_ino or "->" in line:
            continue
        device = os.makedev(int(matched[4], 16), int(matched[5], 16))
        if device != there.st_dev and not _device_is_hidden(path):
            continue
        last = None if matched[8] == "EOF" else int(matched[8])
        found.append(Lock(matched[1], matched[2], int(matched[3]), int(matched[7]), last))
    return found


def writers_of(database: Path) -> set[int]:
    """The processes that are in the middle of a transaction that writes."""
    locks = locks_on(database.with_name(database.name + "-shm"))
    return {
        one.pid
        for one in locks
        if one.mode == "WRITE" and one.first <= WRITE_LOCK and (one.last is None or one.last >= WRITE_LOCK)
    }


def users_of(database: Path) -> list[Holder]:
    """The processes, other than ourselves, that have a file open."""
    target = str(database.resolve())
    found = []
    for folder in _processes():
        pid = int(folder.name)
        if pid == os.getpid():
            continue
        try:
            if any(os.readlink(link) == target for link in (folder / "fd").iterdir()):  # noqa: PTH115 - quicker
                found.append(describe(pid))
        except OSError:
            continue  # another user's, or it has just ended
    return found


def describe(pid: int) -> Holder:
    """What can be told of a process."""
    words = _command(pid)
    status = dict(re.findall(r"^(\w+):[ \t]*(.*)$", _text(pid, "status"), re.MULTILINE))
    uids = status.get("Uid", "").split()
    return Holder(
        pid,
        program=_called(words) or status.get("Name", ""),
        ours=is_tocsin(words) if words else None,
        started=_started(pid),
        uid=int(uids[1]) if len(uids) > 1 else None,
        groups=tuple(int(group) for group in status.get("Groups", "").split()),
        program_gone=_is_deleted(pid),
        prefix=Path(words[0]).parent.parent if words and words[0][0] == "/" else Path("/nowhere"),
        env=dict(pair.split("=", 1) for pair in _text(pid, "environ").split("\0") if "=" in pair),
    )


def is_tocsin(words: Sequence[str]) -> bool:
    """Whether a command line is Tocsin's: `tocsin …`, by whatever Python, or `python -m monitor …`."""
    script = _script(words)
    return script == "-m monitor" or Path(script).name == "tocsin"


def open_files(pid: int) -> int | None:
    """How many files a process may have open."""
    matched = re.search(r"^Max open files\s+(\S+)", _text(pid, "limits"), re.MULTILINE)
    return int(matched[1]) if matched and matched[1].isdigit() else None


def memory_of(pid: int | str, cgroups: Path = Path("/sys/fs/cgroup")) -> tuple[int | None, int | None]:
    """The least limit of a process's control groups, and what that group uses beside caches; in bytes."""
    matched = re.search(r"^0::(/.*)$", _text(pid, "cgroup"), re.MULTILINE)
    if matched is None:
        return None, None
    limit = used = None
    folder = cgroups / matched[1].lstrip("/")
    while folder != cgroups.parent:
        most = _number(folder / "memory.max")
        if most is not None and (limit is None or most < limit):
            limit = most
            now, cached = _number(folder / "memory.current"), _cached(folder)
            used = None if now is None else max(0, now - cached)
        folder = folder.parent
    return limit, used


def _processes() -> Iterator[Path]:
    try:
        yield from (folder for folder in PROC.iterdir() if folder.name.isdigit())
    except OSError:
        return


def _command(pid: int) -> list[str]:
    return [word for word in _text(pid, "cmdline").split("\0") if word]


def _called(words: Sequence[str]) -> str:
    """A command by its name, with what it runs where it is an interpreter; no argument is shown."""
    if not words:
        return ""
    name, script = Path(words[0]).name, _script(words)
    return name if script in (words[0], "") else f"{name} {script if script[0] == '-' else Path(script).name}"


def _script(words: Sequence[str]) -> str:
    """What a command runs: itself or, where it is Python, a script or "-m MODULE"; "" for neither."""
    if not words or not Path(words[0]).name.startswith("python"):
        return words[0] if words else ""
    rest = list(words[1:])
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option == "-m":
            return f"-m {rest[0]}" if rest else ""
        if option in ("-W", "-X") and rest:
            rest.pop(0)
        if option == "-c":
            return ""
    return rest[0] if rest else ""


def _text(pid: int | str, name: str) -> str:
    try:
        return (PROC / str(pid) / name).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _is_deleted(pid: int) -> bool:
    try:
        return str((PROC / str(pid) / "exe").readlink()).endswith(" (deleted)")
    except OSError:
        return False


def _started(pid: int) -> datetime | None:
    fields = _text(pid, "stat").rpartition(")")[2].split()
    booted = re.search(r"^btime (\d+)$", _text("", "stat"), re.MULTILINE)
    if len(fields) < 20 or booted is None:
        return None
    return datetime.fromtimestamp(int(booted[1]) + int(fields[19]) / os.sysconf("SC_CLK_TCK"), UTC)


def _device_is_hidden(path: Path) -> bool:
    """Whether the kernel lists locks under another device number than files show: on btrfs, in containers."""
    mount = str(mount_of(path))
    lines = (line.partition(" - ") for line in _text("self", "mountinfo").splitlines())
    kinds = [kind.split()[0] for place, _, kind in lines if place.split()[4] == mount]
    return kinds[-1:] in (["btrfs"], ["overlay"])


def _number(path: Path) -> int | None:
    try:
        text = path.read_text(encoding="ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdigit() else None


def _cached(folder: Path) -> int:
    try:
        text = (folder / "memory.stat").read_text(encoding="ascii")
    except OSError:
        return 0
    matched = re.search(r"^inactive_file (\d+)$", text, re.MULTILINE)
    return int(matched[1]) if matched else 0
