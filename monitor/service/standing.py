"""Whether the daemon that holds the database moves: a process that is there and does nothing looks well."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

QUIET = timedelta(minutes=2)  # six heartbeats; the database's writer may be waited for half a minute
PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Standstill:
    """What is wrong with a daemon that is there and does not move; `go_on` lets it, where a signal does."""

    what: str
    go_on: str = ""


def stands_still(
    pid: int | None, last_sign: datetime | None, now: datetime, proc: Path = PROC
) -> Standstill | None:
    """
    What is wrong with a running daemon; None where it moves or there is none.

    A stopped process (SIGSTOP, a debugger) is seen at once, by its state in `proc` (proc(5)); one that hangs
    in some other way by a heartbeat that does not come.
    """
    if pid is None:
        return None
    if _state(pid, proc) in ("T", "t"):
        return Standstill(f"stands still: process {pid} was stopped by a signal", f"kill -CONT {pid}")
    if last_sign is not None and now - last_sign > QUIET:
        minutes = int((now - last_sign).total_seconds() // 60)
        return Standstill(f"stands still: no sign of life for {minutes} min")
    return None


def _state(pid: int, proc: Path) -> str:
    """The letter of a process's state; "" where there is no such process, or no proc."""
    try:
        text = (proc / str(pid) / "stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
    return text.rpartition(")")[2].split()[0]
