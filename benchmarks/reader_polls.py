"""
What polling costs beside `reader`, the best feed library of Python: the same phases, by turns, and promises.

    READER=V/bin/python WORLD=../shared/world python benchmarks/reader_polls.py

WORLD is the folder with feedworld.py, READER an interpreter of a venv of its own in which `reader[cli]` is
installed; without either the benchmark says so and ends. FEEDS=1000, ROUNDS=3 and PHASES (names, by comma)
are optional. Every figure is CPU seconds of a whole process tree, the least of the rounds, for the machine
may be shared; the promises are ratios. Memory is the peak of all resident pages of the tree.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
FEEDS = int(os.environ.get("FEEDS", "1000"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
# As a user runs them: compiled modules are kept from one run to the next.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
PHASES = ("cold", "all-304", "new10", "touch")
# At most so many times what reader takes.
PROMISES = {"cold": 0.35, "all-304": 0.45, "new10": 0.45, "touch": 0.15}
MARGINAL = 0.3
MEMORY = 90.0  # megabytes
_ADD_FEEDS = """
import sys; from reader import make_reader
r = make_reader(sys.argv[1])
for u in sys.stdin: r.add_feed(u.strip())
"""


class Costs:
    """The least CPU seconds, and the highest memory, of each phase of one program."""

    def __init__(self) -> None:
        self.cpu: dict[str, float] = {}
        self.memory: dict[str, float] = {}

    def add(self, phase: str, cpu: float, memory: float) -> None:
        """One round of one phase."""
        self.cpu[phase] = min(cpu, self.cpu.get(phase, cpu))
        self.memory[phase] = max(memory, self.memory.get(phase, memory))


def resident(root: int) -> float:
    """Megabytes of a process and all below it, shared pages counted in each."""
    below: dict[int, list[int]] = {}
    pages = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            below.setdefault(int(fields[1]), []).append(int(entry.name))
            pages[int(entry.name)] = int(fields[21])
    todo, total = [root], 0
    while todo:
        process = todo.pop()
        total += pages.get(process, 0)
        todo += below.get(process, [])
    return total * resource.getpagesize() / 2**20


def cost_of(*command: str, cwd: Path) -> tuple[float, float]:
    """CPU seconds and peak megabytes of a command and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(
        command, cwd=cwd, env=ENVIRONMENT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, resident(process.pid))
        time.sleep(0.1)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode:
        raise SystemExit(f"{' '.join(command[:4])} ended with {process.returncode}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, peak


class Feedworld:
    """The small world of feeds, and the receiver of alerts, on loopback."""

    def __init__(self, script: Path, folder: Path, port: int, sink: int) -> None:
        self._port = port
        self._sink = sink
        seeds = script.parent.parent / "corpus" / "seed"
        self.process = subprocess.Popen(
            [
                sys.executable,
                str(script),
                f"--feeds={FEEDS}",
                f"--port={port}",
                f"--log={folder / 'world.jsonl'}",
                *([f"--seed-dir={seeds}"] if seeds.is_dir() else []),
            ],
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout
        self.process.stdout.readline()

    def tell(self, order: str) -> str:
        """Give the world an order; what it answers."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/_ctl/{order}") as answer:
            return str(answer.read().decode())

    def urls(self, count: int) -> list[str]:
        """The addresses of the first feeds."""
        return self.tell(f"urls?n={count}").split()

    def config(self, count: int) -> str:
        """Our configuration: one rule, alerts to the sink, no pages fetched, no pauses between polls."""
        return (
            '[monitor]\ndatabase = "t.db"\nlanguages = ["fr", "en"]\n'
            '[polling]\nfirst_poll = "baseline"\nper_host = 8\nper_host_gap = "0s"\n'
            'allow_private = ["127.0.0.0/8"]\n[stories]\nwindow = "off"\n[alerts]\nbudget = "off"\n'
            '[[rules]]\nname = "watch"\nupdates = "none"\nquery = "talibans AND doha"\n'
            f'[channels.sink]\nurl = "json://127.0.0.1:{self._sink}/x"\n'
            + "".join(f'[[feeds]]\nurl = {json.dumps(u)}\nfull_text = "never"\n' for u in self.urls(count))
        )


@contextmanager
def sink() -> Iterator[int]:
    """A web hook that says yes to everything; its port."""

    class Yes(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the parent's name for it
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Yes)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()


class Program:
    """One of the two: makes a fresh state, polls once."""

    def __init__(self, folder: Path, world: Feedworld) -> None:
        self.folder = folder
        self.cwd = folder
        self.world = world
        self.costs = Costs()

    def setup(self, count: int) -> None:
        """A fresh state that follows so many feeds."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir()
        self.follow(count)

    def follow(self, count: int) -> None:
        """Write down what is followed."""
        raise NotImplementedError

    def command(self) -> tuple[str, ...]:
        """What polls everything once."""
        raise NotImplementedError

    def run(self, phase: str) -> None:
        """One round of a phase."""
        self.costs.add(phase, *cost_of(*self.command(), cwd=self.cwd))


class Tocsin(Program):
    """Ours."""

    def __init__(self, folder: Path, world: Feedworld) -> None:
        super().__init__(folder, world)
        self.cwd = ROOT

    def follow(self, count: int) -> None:
        """A configuration file."""
        config = self.folder / "config.toml"
        config.write_text(self.world.config(count), encoding="utf-8")
        config.chmod(0o600)

    def command(self) -> tuple[str, ...]:
        """A run of this working copy."""
        config = str(self.folder / "config.toml")
        return (sys.executable, "-m", "monitor", "run", "--once", "--force", "--config", config)


class Peer(Program):
    """reader, with its ten threads."""

    def __init__(self, folder: Path, world: Feedworld, python: str) -> None:
        super().__init__(folder, world)
        self.python = python

    def follow(self, count: int) -> None:
        """Its own database."""
        (self.folder / "c.toml").write_text("[reader]\n", encoding="utf-8")
        urls = "\n".join(self.world.urls(count))
        subprocess.run(
            [self.python, "-c", _ADD_FEEDS, "db.sqlite"],
            input=urls,
            text=True,
            cwd=self.folder,
            env=ENVIRONMENT,
            check=True,
        )

    def command(self) -> tuple[str, ...]:
        """As its command line updates everything."""
        state = ("--config", "c.toml", "--db", "db.sqlite")
        return (self.python, "-m", "reader", *state, "update", "--no-scheduled", "--workers", "10", "-vv")


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
    script = Path(os.environ.get("WORLD", ROOT.parent / "shared" / "world")) / "feedworld.py"
    python = os.environ.get("READER", "")
    if not script.is_file() or not python:
        print("skipped: set WORLD (the folder of feedworld.py) and READER (a Python that has reader[cli])")
        return
    python = str(Path(python).absolute())  # not resolved: a venv's interpreter is a link
    phases = tuple(os.environ.get("PHASES", ",".join(PHASES)).split(","))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as name, sink() as to:
        folder = Path(name)
        world = Feedworld(script.absolute(), folder, port, to)

        def both() -> list[Program]:
            return [Tocsin(folder / "ours", world), Peer(folder / "peer", world, python)]

        try:
            for program in both():  # so that every module is compiled
                program.setup(1)
                program.run("")
            one = both()
            rounds(one, world, 1, ("all-304",))
            many = both()
            rounds(many, world, FEEDS, phases)
        finally:
            world.process.kill()
            world.process.wait()
    broken = report(many[0].costs, many[1].costs, (one[0].costs, one[1].costs))
    if broken:
        raise SystemExit(f"not kept: {', '.join(broken)}")


if __name__ == "__main__":
    main()
