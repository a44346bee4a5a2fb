"""
What starting costs: CPU milliseconds of quick commands beside a bare `python -c 'import asyncio'`.

`python benchmarks/startup.py`: the commands take turns, the median of the rounds counts; the machine may be
shared, the difference holds. The promise is about `--help`: at most 150 ms more than the bare interpreter.
The last two run on a database with one feed, whose server says that nothing has changed.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
ROUNDS = int(os.environ.get("ROUNDS", "20"))
PROMISE = 150.0  # milliseconds of --help beyond the bare interpreter
BARE = (sys.executable, "-c", "import asyncio")


def cpu_of(command: tuple[str, ...]) -> float:
    """CPU milliseconds of a command and all its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def write_config(folder: Path, port: int) -> Path:
    """One feed of the world, one rule, alerts into a file."""
    path = folder / "config.toml"
    path.write_text(
        '[monitor]\ndatabase = "t.db"\n[polling]\nper_host_gap = "0s"\nallow_private = ["127.0.0.0/8"]\n'
        f'[[feeds]]\nname = "a"\nurl = {json.dumps(f"http://127.0.0.1:{port}/feed/0")}\n'
        '[[rules]]\nname = "doha"\nquery = "doha"\n[channels.file]\ntype = "file"\npath = "alerts.jsonl"\n',
        encoding="utf-8",
    )
    return path


def measure(commands: dict[str, tuple[str, ...]]) -> dict[str, float]:
    """The median of each command's rounds; they take turns, so that what disturbs one disturbs all."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(ROUNDS):
        for name, command in commands.items():
            times[name].append(cpu_of(command))
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    """Print a table; exit 1 if --help costs more than promised."""
    ours = (sys.executable, "-m", "monitor")
    with tempfile.TemporaryDirectory() as name:
        world = subprocess.Popen(
            [sys.executable, str(HERE / "world.py"), "1"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert world.stdin
        assert world.stdout
        config = ("--config", str(write_config(Path(name), int(world.stdout.readline()))))
        subprocess.run((*ours, "run", "--once", *config), check=True, stdout=subprocess.DEVNULL)
        found = measure(
            {
                "bare python": BARE,
                "--version": (*ours, "--version"),
                "--help": (*ours, "--help"),
                "alerts list --help": (*ours, "alerts", "list", "--help"),
                "status": (*ours, "status", *config),
                "explain 1": (*ours, "explain", "1", *config),
                "run --once, 304": (*ours, "run", "--once", "--force", *config),
            }
        )
        world.stdin.close()
        world.wait(10)
    bare = found["bare python"]
    print(f"CPU ms of the whole process tree, median of {ROUNDS} rounds in turn")
    print(f"{'command':<20}{'ms':>7}{'more':>7}{'ratio':>7}")
    for command, cost in found.items():
        print(f"{command:<20}{cost:>7.0f}{cost - bare:>7.0f}{cost / bare:>7.2f}")
    if found["--help"] - bare > PROMISE:
        raise SystemExit(f"--help costs more than {PROMISE:.0f} ms beyond a bare interpreter")


if __name__ == "__main__":
    main()
