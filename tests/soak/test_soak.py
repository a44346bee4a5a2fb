"""A long run under load and abuse: nothing lost, nothing leaking, alerts in time, the ledger adding up."""

from __future__ import annotations

import json
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.soak import SoakWorld

if TYPE_CHECKING:
    from tests.support.soak import Arrival

ROOT = Path(__file__).parents[2]
FEEDS = 1000
EVERY = 20.0  # seconds between two polls of a feed
A_SECOND = 4  # items published
LATEST = 1.5  # seconds from the answer that carried an item to its alert, for 99 of 100
GROWTH = 1.15  # of memory, between the first minute of a process's life and its end


@dataclass
class Life:
    """What one daemon process used, second by second: resident KiB, open files, threads."""

    used: list[tuple[int, int, int]] = field(default_factory=list)


def write_config(path: Path, world: SoakWorld, turn: int) -> None:
    """A configuration of all feeds; each turn differs a little, as an edited one does."""
    lines = [
        "[monitor]",
        'database = "soak.db"',
        "[polling]",
        f'every = "{EVERY:g}s"',
        'fastest = "5s"',
        'first_poll = "alert"',
        'per_host_gap = "0s"',
        'allow_private = ["127.0.0.0/8"]',
        "[alerts]",
        'budget = "off"',  # each alert is counted by itself
        "[channels.steady]",
        'type = "webhook"',
        f'url = "{world.receiver("steady")}"',
        "[channels.flapping]",
        'type = "webhook"',
        f'url = "{world.receiver("flapping")}"',
        "[notices]",
        "channels = []",
        "[[rules]]",
        'name = "talks"',
        'query = "talks"',
        "[[rules]]",
        f'name = "turn-{turn}"',
        'query = "nothing such"',
        "[log]",
        'format = "json"',
    ]
    for number in range(world.feeds):
        lines += ["[[feeds]]", f'name = "f{number}"', f'url = "{world.url(number)}"']
        lines += ['full_text = "never"']  # what is counted is the way of an alert that waits for no page
    path.write_text("\n".join(lines))


class Soak:
    """The daemon under test, started as often as it is killed, and what is seen of it."""

    def __init__(self, folder: Path, world: SoakWorld) -> None:
        self.config = folder / "config.toml"
        self.log = folder / "log.jsonl"
        self.world = world
        self.lives: list[Life] = []
        self.blind: list[tuple[float, float]] = []  # when no daemon was at work
        self.reloads = 0
        self._turn = 0
        self._pause = threading.Event()
        write_config(self.config, world, 0)
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        self.lives.append(Life())
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "monitor", "run", "--config", str(self.config)]
            return subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)

    def tocsin(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One command of the command line on this configuration."""
        command = [sys.executable, "-m", "monitor", *arguments, "--config", str(self.config)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    def second(self) -> None:
        """Let a second pass, and note what the process uses."""
        self._pause.wait(1.0)
        assert self.process.poll() is None, self.log.read_text()[-3000:]
        self.lives[-1].used.append(usage(self.process.pid))

    def reload(self) -> None:
        """Edit the configuration and have it read again; every third edit is wrong and must be refused."""
        self._turn += 1
        self.reloads += 1
        if self._turn % 3:
            write_config(self.config, self.world, self._turn)
        else:
            self.config.write_text(self.config.read_text().replace("[log]", "[lgo]"))
        self.process.send_signal(signal.SIGHUP)

    def kill(self) -> None:
        """Kill the daemon where it stands, and start it again on a lawful file."""
        at = time.monotonic()
        self.process.kill()
        self.process.wait()
        write_config(self.config, self.world, self._turn)
        self.process = self._start()
        self.blind.append((at - LATEST, at + 12.0))  # starting takes a while on a busy machine

    def stop(self) -> int:
        """End it in order."""
        self.process.terminate()
        return self.process.wait(60)

    def drain(self, seconds: int) -> None:
        """Wait until every receiver has everything, helping waiting notifications along."""
        for number in range(seconds):
            if not any(self.world.missing().values()):
                return
            if number % 10 == 9:
                self.tocsin("outbox", "retry", "--all")
            self.second()


def usage(pid: int) -> tuple[int, int, int]:
    """Resident memory in KiB, open files and threads of a process and its children."""
    resident = files = threads = 0
    for one in [pid, *children(pid)]:
        try:
            status = Path(f"/proc/{one}/status").read_text()
            files += sum(1 for _ in Path(f"/proc/{one}/fd").iterdir())
        except (OSError, ProcessLookupError):
            continue
        values = dict(line.split(":", 1) for line in status.splitlines())
        resident += int(values.get("VmRSS", "0").split()[0])
        threads += int(values["Threads"])
    return resident, files, threads


def children(pid: int) -> list[int]:
    """The children of a process."""
    try:
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def soak(folder: Path, *, seconds: int, reload_every: int, kill_every: int) -> None:
    """Run the story and hold it to its promises; what was seen is printed."""
    rng = random.Random(5)
    with SoakWorld(FEEDS) as world:
        run = Soak(folder, world)
        try:
            for number in range(1, seconds + 1):
                run.second()
                world.publish(A_SECOND)
                world.down = number % 25 >= 15
                if number % reload_every == 0:
                    run.reload()
                # The last third is left alone, so that what leaks has time to show.
                if number % kill_every == 0 and number < seconds * 2 / 3:
                    run._pause.wait(rng.random())
                    run.kill()
            world.down = False
            write_config(run.config, world, run.reloads)  # the last edit may have been a wrong one
            run.drain(90)
            assert run.stop() == 0
        finally:
            if run.process.poll() is None:
                run.process.kill()
                run.process.wait()
        check = run.tocsin("db", "check", "--json")
        tell(run, world, check.stdout)
        assert world.missing() == {"steady": set(), "flapping": set()}
        assert check.returncode == 0, check.stdout
        check_repeats(world, run)
        assert percentile(latencies(world, run), 0.99) <= LATEST
        check_flat(run.lives[-1])
        assert '"traceback"' not in run.log.read_text()


def latencies(world: SoakWorld, run: Soak) -> list[float]:
    """Seconds from the answer that carried an item to its alert, where a daemon was at work all the while."""
    first: dict[str, Arrival] = {}
    for arrival in world.arrivals["steady"]:
        first.setdefault(arrival.token, arrival)
    return [
        first[token].at - at
        for token, at in world.served.items()
        if not any(start <= first[token].at and at <= end for start, end in run.blind)
    ]


def check_repeats(world: SoakWorld, run: Soak) -> None:
    """A message comes twice only where its outcome was never learnt, with the same id, and marked."""
    for found in world.arrivals.values():
        times = Counter(a.token for a in found)
        again = [a for a in found if times[a.token] > 1]
        ids = {
            token: {a.message_id for a in again if a.token == token} for token in times if times[token] > 1
        }
        assert all(len(one) == 1 for one in ids.values()), ids
        assert all(sum(not a.marked for a in again if a.token == token) <= 1 for token in ids)
        # One send may be in flight at each kill, one more where the receiver hung up.
        assert sum(times.values()) - len(times) <= len(run.blind) + 1


def check_flat(life: Life) -> None:
    """Memory, files and threads of the last process do not grow once it has settled."""
    used = life.used
    early, late = used[len(used) // 3 : len(used) // 2], used[-len(used) // 6 :]
    memory, files, threads = (
        (statistics.median(row[n] for row in early), statistics.median(row[n] for row in late))
        for n in range(3)
    )
    assert memory[1] <= memory[0] * GROWTH, memory
    assert files[1] <= files[0] + 10, files
    assert threads[1] <= threads[0] + 5, threads


def percentile(values: list[float], share: float) -> float:
    """The value below which so large a share lies."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def tell(run: Soak, world: SoakWorld, check: str) -> None:
    """Print what was seen, for the record."""
    late = latencies(world, run)
    peak = max(row[0] for life in run.lives for row in life.used) / 1024
    last = run.lives[-1].used
    print(  # noqa: T201 - figures to be read
        f"\n{len(world.published)} items, {len(run.blind)} kills, {run.reloads} reloads, requests "
        f"{dict(world.requests)}, lost { {n: len(m) for n, m in world.missing().items()} }, messages "
        f"{ {n: len(a) for n, a in world.arrivals.items()} }, latency p50 {percentile(late, 0.5):.3f} s "
        f"p99 {percentile(late, 0.99):.3f} s of {len(late)}, peak {peak:.0f} MB, last life "
        f"{[last[len(last) // 3], last[-1]]}, db check {json.loads(check)['ok']}"
    )


@pytest.mark.slow
def test_two_minutes_of_abuse_lose_nothing(tmp_path: Path) -> None:
    """A thousand feeds, bad ones among them, a flapping receiver, reloads and kills: all alerts arrive."""
    soak(tmp_path, seconds=120, reload_every=20, kill_every=35)


@pytest.mark.prove
def test_twenty_minutes_of_abuse_lose_nothing(tmp_path: Path) -> None:
    """The same for twenty minutes, with a reload each minute and a kill every other."""
    soak(tmp_path, seconds=1200, reload_every=60, kill_every=120)
