"""
What polling costs beside `reader`, the best feed library of Python: the same phases, by turns, and promises.

    READER=V/bin/python WORLD=../shared/world python -m benchmarks.reader_polls

FEEDS=1000, ROUNDS=3 and PHASES (names, by comma) are optional; see `reader_world` for the others. Every
figure is CPU seconds of a whole process tree, the least of the rounds, for the machine may be shared; the
promises are ratios. Memory is the peak of all resident pages of the tree.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from benchmarks.reader_world import READER, SCRIPT, Costs, Peer, Tocsin, around

if TYPE_CHECKING:
    from benchmarks.reader_world import Feedworld, Program

FEEDS = int(os.environ.get("FEEDS", "1000"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
PHASES = ("cold", "all-304", "new10", "touch")
# At most so many times what reader takes.
PROMISES = {"cold": 0.35, "all-304": 0.45, "new10": 0.45, "touch": 0.15}
MARGINAL = 0.3
MEMORY = 90.0  # megabytes


def rounds(programs: list[Program], world: Feedworld, count: int, phases: tuple[str, ...]) -> None:
    """All phases, each by both in turn, so many times as told, each time from nothing."""
    for number in range(ROUNDS):
        world.tell("reset")
        for program in programs:
            program.setup(count)
        turns = programs[:: -1 if number % 2 else 1]
        for phase in dict.fromkeys(("cold", *phases)):
            if phase == "new10":
                world.tell(f"publish_many?n={count}&every=10&match=1")
            if phase == "touch":
                world.tell(f"touch?n={count}")
                time.sleep(1)  # so that Last-Modified is another second
            for program in turns:
                program.run(phase)


def report(ours: Costs, others: Costs, single: tuple[Costs, Costs]) -> list[str]:
    """Print a table; what was promised and is not so."""
    broken = []
    print(f"{FEEDS} feeds, least CPU seconds of {ROUNDS} rounds, whole process trees; peak MB")
    print(f"{'phase':<16}{'tocsin':>9}{'reader':>9}{'ratio':>8}{'at most':>9}{'MB':>7}{'MB':>7}")

    def line(name: str, one: float, other: float, promise: float, memory: str = "") -> None:
        ratio = one / other if other > 0 else float("inf")
        mark = "" if ratio <= promise else "  BROKEN"
        print(f"{name:<16}{one:>9.2f}{other:>9.2f}{ratio:>8.2f}{promise:>9.2f}{memory}{mark}")
        if mark:
            broken.append(name)

    for phase in (p for p in PHASES if p in ours.cpu):
        memory = f"{ours.memory[phase]:>7.0f}{others.memory[phase]:>7.0f}"
        line(phase, ours.cpu[phase], others.cpu[phase], PROMISES[phase], memory)
    if "all-304" in single[0].cpu and "all-304" in ours.cpu:
        line(
            "marginal, all-304",
            ours.cpu["all-304"] - single[0].cpu["all-304"],
            others.cpu["all-304"] - single[1].cpu["all-304"],
            MARGINAL,
        )
    peak = max(ours.memory.values())
    if peak > MEMORY:
        broken.append("memory")
    print(f"peak memory {peak:.0f} MB, at most {MEMORY:.0f}{'' if peak <= MEMORY else '  BROKEN'}")
    return broken


def main() -> None:
    """Print a table; exit 1 if a promise is broken."""
    if not SCRIPT.is_file() or not READER:
        print("skipped: set WORLD (the folder of feedworld.py) and READER (a Python that has reader[cli])")
        return
    phases = tuple(os.environ.get("PHASES", ",".join(PHASES)).split(","))
    with around(FEEDS) as (folder, world):

        def both() -> list[Program]:
            return [Tocsin(folder / "ours", world), Peer(folder / "peer", world)]

        for program in both():  # so that every module is compiled
            program.setup(1)
            program.run("")
        one, many = both(), both()
        rounds(one, world, 1, ("all-304",))
        rounds(many, world, FEEDS, phases)
    broken = report(many[0].costs, many[1].costs, (one[0].costs, one[1].costs))
    if broken:
        raise SystemExit(f"not kept: {', '.join(broken)}")


if __name__ == "__main__":
    main()
