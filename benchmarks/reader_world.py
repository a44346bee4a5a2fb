"""
The small world of feeds of `../shared/world`, and the programs that poll it: for benchmarks beside `reader`.

WORLD is the folder with feedworld.py; READER an interpreter of a venv of its own in which `reader[cli]` is
installed. Without them these benchmarks say so and end.
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
SCRIPT = Path(os.environ.get("WORLD", ROOT.parent / "shared" / "world")) / "feedworld.py"
READER = os.environ.get("READER", "")
# As a user runs them: compiled modules are kept from one run to the next.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
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

    def __init__(self, folder: Path, port: int, sink: int, feeds: int, items: int) -> None:
        self._port = port
        self._sink = sink
        seeds = SCRIPT.parent.parent / "corpus" / "seed"
        self.process = subprocess.Popen(
            [
                sys.executable,
                str(SCRIPT.absolute()),
                f"--feeds={feeds}",
                f"--items={items}",
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

    def config(self, count: int, every: str = "") -> str:
        """Our configuration: one rule, alerts to the sink, no pages fetched, no pauses between polls."""
        more = 'full_text = "never"\n' + (f'every = "{every}"\n' if every else "")
        return (
            '[monitor]\ndatabase = "t.db"\nlanguages = ["fr", "en"]\n'
            '[polling]\nfirst_poll = "baseline"\nper_host = 8\nper_host_gap = "0s"\n'
            'allow_private = ["127.0.0.0/8"]\n[stories]\nwindow = "off"\n[alerts]\nbudget = "off"\n'
            '[[rules]]\nname = "watch"\nupdates = "none"\nquery = "talibans AND doha"\n'
            f'[channels.sink]\nurl = "json://127.0.0.1:{self._sink}/x"\n'
            + "".join(f"[[feeds]]\nurl = {json.dumps(url)}\n{more}" for url in self.urls(count))
        )


@contextmanager
def around(feeds: int, items: int = 30) -> Iterator[tuple[Path, Feedworld]]:
    """A folder to work in and a world of so many feeds, as long as the block lasts."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as name, sink() as to:
        world = Feedworld(Path(name), port, to, feeds, items)
        try:
            yield Path(name), world
        finally:
            world.process.kill()
            world.process.wait()


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
    """Ours; `every` is the interval of a daemon's polls."""

    def __init__(self, folder: Path, world: Feedworld, every: str = "") -> None:
        super().__init__(folder, world)
        self.cwd = ROOT
        self.every = every

    def follow(self, count: int) -> None:
        """A configuration file."""
        config = self.folder / "config.toml"
        config.write_text(self.world.config(count, self.every), encoding="utf-8")
        config.chmod(0o600)

    def command(self) -> tuple[str, ...]:
        """A run of this working copy."""
        return (*self.daemon(), "--once", "--force")

    def daemon(self) -> tuple[str, ...]:
        """What polls for ever."""
        return (sys.executable, "-m", "monitor", "run", "--config", str(self.folder / "config.toml"))


class Peer(Program):
    """reader, with its ten threads."""

    def __init__(self, folder: Path, world: Feedworld) -> None:
        super().__init__(folder, world)
        self.python = str(Path(READER).absolute())  # not resolved: a venv's interpreter is a link

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
