"""
What the running daemon costs: CPU per thousand quiet polls beside `reader`, and ten thousand feeds.

    READER=V/bin/python WORLD=../shared/world python -m benchmarks.daemon_polls

See `reader_world` for both variables; FEEDS=1000, MANY=10000 and SECONDS=30 are optional. `reader` has no
daemon: its figure is what a round of all feeds costs more than one of a single feed, least of three.
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

from benchmarks.reader_world import ENVIRONMENT, READER, ROOT, SCRIPT, Peer, Tocsin, around, cost_of, resident

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.reader_world import Feedworld, Program

FEEDS = int(os.environ.get("FEEDS", "1000"))
MANY = int(os.environ.get("MANY", "10000"))
SECONDS = float(os.environ.get("SECONDS", "30"))
QUIET = 0.25  # of reader's CPU for as many polls
MEMORY = 200.0  # megabytes with MANY feeds
LINEAR = 1.15  # a feed's share of a round with MANY feeds, beside one with FEEDS
TICK = 0.01  # of a core, while nothing is due
_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of(process: int) -> float:
    """CPU seconds of a process so far, its children that ended included."""
    fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
    return sum(map(int, fields[11:15])) / _TICKS


def polls(program: Tocsin) -> int:
    """How many polls its database knows of."""
    try:
        with closing(sqlite3.connect(f"file:{program.folder / 't.db'}?mode=ro", uri=True)) as con:
            return int(con.execute("SELECT coalesce(sum(polls), 0) FROM feeds").fetchone()[0])
    except sqlite3.Error:  # it is being made
        return 0


@contextmanager
def running(program: Tocsin) -> Iterator[int]:
    """The daemon at work; its process."""
    daemon = subprocess.Popen(
        program.daemon(), cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield daemon.pid
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait(60)


def quiet(program: Tocsin, *, least: int) -> tuple[float, int, float]:
    """CPU seconds, polls and megabytes of some seconds, once a daemon has done so many polls."""
    with running(program) as process:
        while polls(program) < least:
            time.sleep(0.5)
        time.sleep(2)
        cpu, before = cpu_of(process), polls(program)
        peak, end = 0.0, time.monotonic() + SECONDS
        while time.monotonic() < end:
            time.sleep(1)
            peak = max(peak, resident(process))
        return cpu_of(process) - cpu, polls(program) - before, peak


def of_rounds(program: Program, count: int) -> float:
    """CPU seconds of a quiet round of so many feeds: the least of three."""
    program.setup(count)
    return min([cost_of(*program.command(), cwd=program.cwd)[0] for _ in range(4)][1:])


def thousand(world: Feedworld, folder: Path) -> list[str]:
    """A daemon that has much to do, beside reader; what was promised and is not so."""
    peer = Peer(folder / "peer", world)
    other = (of_rounds(peer, FEEDS) - of_rounds(peer, 1)) / FEEDS * 1000
    program = Tocsin(folder / "ours", world, every="20s")
    program.setup(FEEDS)
    cost_of(*program.command(), cwd=program.cwd)
    cpu, done, _ = quiet(program, least=2 * FEEDS)
    ours = cpu / max(done, 1) * 1000
    print(f"daemon, {done} quiet polls of {FEEDS} feeds: {ours:.2f} CPU s a thousand; reader {other:.2f}")
    print(f"ratio {ours / other:.2f}, at most {QUIET}")
    return ["daemon"] if ours > QUIET * other else []


def ten_thousand(world: Feedworld, folder: Path) -> list[str]:
    """Many feeds: memory, whether cost is linear, and what a daemon costs that has nothing to do."""
    few, many = Tocsin(folder / "few", world), Tocsin(folder / "many", world, every="6h")
    one, some, all_of_them = of_rounds(few, 1), of_rounds(few, FEEDS), of_rounds(many, MANY)
    grown = (all_of_them - one) / (some - one) / (MANY / FEEDS)
    cpu, done, memory = quiet(many, least=MANY)
    print(f"{MANY} feeds: a quiet round {all_of_them:.2f} CPU s, {FEEDS} feeds {some:.2f}, one {one:.2f}")
    print(f"a feed's share grows by {grown:.2f}, at most {LINEAR}; {memory:.0f} MB, at most {MEMORY:.0f}")
    share = cpu / SECONDS
    print(
        f"daemon with nothing due ({done} polls meanwhile): {100 * share:.2f} % of a core, at most {TICK:.0%}"
    )
    broken = {"linear": grown > LINEAR, "memory": memory > MEMORY, "tick": share > TICK and not done}
    return [name for name, is_so in broken.items() if is_so]


def main() -> None:
    """Print all figures; exit 1 if a promise is broken."""
    if not SCRIPT.is_file() or not READER:
        print("skipped: set WORLD (the folder of feedworld.py) and READER (a Python that has reader[cli])")
        return
    with around(FEEDS) as (folder, world):
        broken = thousand(world, folder)
    with around(MANY, items=2) as (folder, world):
        broken += ten_thousand(world, folder)
    if broken:
        raise SystemExit(f"not kept: {', '.join(broken)}")


if __name__ == "__main__":
    main()
