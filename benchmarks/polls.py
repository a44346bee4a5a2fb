"""
What polling costs: `tocsin run --once` beside a naive poller, on the same feeds, in one run.

Prints CPU seconds of whole process trees and the ratio; the machine may be shared, the ratio holds. Each
phase is run in turn by both: cold (first poll), unchanged (all 304), a tenth with one new matching item.
Then the daemon: from the moment the world served a new item to the alert's arrival.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
FEEDS = int(os.environ.get("FEEDS", "500"))


def cpu_of(*command: str) -> float:
    """CPU seconds of a command and all its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def write_config(folder: Path, port: int) -> Path:
    """Feeds of the world, one rule, alerts into a file."""
    text = '[monitor]\ndatabase = "t.db"\n[polling]\nper_host = 32\nper_host_gap = "0s"\n'
    text += 'allow_private = ["127.0.0.0/8"]\n[[rules]]\nname = "doha"\nquery = "doha"\n'
    text += '[channels.file]\ntype = "file"\npath = "alerts.jsonl"\n'
    text += "".join(f'[[feeds]]\nurl = "http://127.0.0.1:{port}/feed/{k}"\n' for k in range(FEEDS))
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def main() -> None:
    """Run all phases and print a table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        world = subprocess.Popen(
            [sys.executable, str(HERE / "world.py"), str(FEEDS)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert world.stdin
        assert world.stdout
        port = int(world.stdout.readline())
        config = write_config(folder, port)
        urls = folder / "urls"
        urls.write_text(
            "\n".join(f"http://127.0.0.1:{port}/feed/{k}" for k in range(FEEDS)), encoding="utf-8"
        )
        ours = (sys.executable, "-m", "monitor", "run", "--once", "--force", "--config", str(config))
        naive = (sys.executable, str(HERE / "naive.py"), str(urls), str(folder / "state.json"))
        print(f"{FEEDS} feeds; CPU seconds of the whole process tree")
        print(f"{'phase':<12}{'tocsin':>9}{'naive':>9}{'ratio':>8}{'ms a feed':>12}")
        for phase in ("cold", "unchanged", "unchanged", "a tenth new"):
            if phase == "a tenth new":
                for feed in range(0, FEEDS, 10):
                    world.stdin.write(f"{feed}\n")
                    world.stdin.flush()
                    world.stdout.readline()
            one, other = cpu_of(*ours), cpu_of(*naive)
            print(f"{phase:<12}{one:>9.2f}{other:>9.2f}{one / other:>8.2f}{one / FEEDS * 1000:>12.2f}")
        alerts = len((folder / "alerts.jsonl").read_text(encoding="utf-8").splitlines())
        print(f"alerts: {alerts} of {len(range(0, FEEDS, 10))}")
        world.stdin.close()
        world.wait(10)


if __name__ == "__main__":
    main()
