"""
A process that has imported everything and forks a Tocsin for each job, to be killed at a named point.

Reads one JSON job a line on standard input, answers with one JSON line: {"status": …} (negative = signal).
Forking from a process that has not started a thread yet makes a thousand crashes affordable. `Crasher` is the
test's end of it.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.config.load import load_config, require
from monitor.delivery.channels import build_channel
from monitor.service.once import run_once
from monitor.service.parts import Parts
from monitor.store.database import Database
from monitor.store.writer import Writer
from tests.support.newsdesk import InProcessParser

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from datetime import datetime

    from monitor.delivery.channels import Channel
    from monitor.feeds.fetch import Fetcher
    from monitor.model import Answer, FetchRequest, FetchResult, Outgoing
    from monitor.settings import ChannelConfig, Config

ROOT = Path(__file__).parents[2]
POINTS = ("after_fetch", "before_commit", "after_commit", "after_lease", "after_accept")


class Crasher:
    """A process of `module`, which ends in `serve`: it forks a child for each job."""

    def __init__(self, module: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, **job: Any) -> int:
        """Run one job to its end, or to its death; returns its exit status (negative = signal)."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(job) + "\n")
        self._process.stdin.flush()
        return int(json.loads(self._process.stdout.readline())["status"])

    def close(self) -> None:
        """Let it end."""
        self._process.communicate(timeout=20)


class Bomb:
    """Kills the process when its point is reached for the nth time."""

    def __init__(self, point: str, nth: int) -> None:
        self._point = point
        self._left = nth

    def at(self, point: str) -> None:
        """The process is at this point now."""
        if point == self._point:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


class WatchedWriter(Writer):
    bomb: Bomb

    def _commit(self, con: sqlite3.Connection) -> None:
        self.bomb.at("before_commit")
        super()._commit(con)
        self.bomb.at("after_commit")


class WatchedFetcher:
    def __init__(self, inner: Fetcher, bomb: Bomb) -> None:
        self._inner, self._bomb = inner, bomb

    async def fetch(self, request: FetchRequest) -> FetchResult:
        result = await self._inner.fetch(request)
        self._bomb.at("after_fetch")
        return result


class WatchedChannel:
    def __init__(self, inner: Channel, bomb: Bomb) -> None:
        self._inner, self._bomb, self.name = inner, bomb, inner.name

    def send(self, outgoing: Outgoing) -> Answer:
        self._bomb.at("after_lease")
        answer = self._inner.send(outgoing)
        self._bomb.at("after_accept")
        return answer

    def close(self) -> None:
        self._inner.close()


class CrashParts(Parts):
    """The real parts with a bomb at every named point."""

    def __init__(self, bomb: Bomb) -> None:
        self._bomb = bomb

    def database(self, path: Path) -> Database:
        WatchedWriter.bomb = self._bomb
        return Database(path, WatchedWriter(path))

    def fetcher(self, config: Config, clock: Callable[[], datetime]) -> Fetcher:
        return WatchedFetcher(super().fetcher(config, clock), self._bomb)

    def parser(self) -> Any:
        return InProcessParser()

    def channel(self, channel: ChannelConfig, config: Config) -> Channel:
        return WatchedChannel(build_channel(channel), self._bomb)


def run(job: dict[str, Any]) -> None:
    """Be the Tocsin of one job; does not return."""
    config = require(load_config(Path(job["config"]), env={}))
    bomb = Bomb(job.get("point", ""), job.get("nth", 0))
    if job.get("delay"):
        timer = threading.Timer(job["delay"], os.kill, (os.getpid(), signal.SIGKILL))
        timer.daemon = True
        timer.start()
    summary = asyncio.run(run_once(config, force=True, parts=CrashParts(bomb)))
    os._exit(summary.exit_code)


def serve(run: Callable[[dict[str, Any]], None]) -> None:
    """Fork a child for each job and say how it ended: 0 where `run` returns, 99 where it raises."""
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            try:
                run(json.loads(line))
            except BaseException:  # noqa: BLE001 - nothing of the parent's may run in the child
                traceback.print_exc()
                os._exit(99)
            os._exit(0)
        _, status = os.waitpid(pid, 0)
        print(json.dumps({"status": os.waitstatus_to_exitcode(status)}), flush=True)  # noqa: T201 - the protocol


if __name__ == "__main__":
    serve(run)
