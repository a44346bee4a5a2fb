"""A real daemon in a process of its own; its log tells when something has happened, so nothing sleeps."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    import signal
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0  # seconds before a test that waits for a log line gives up


class DaemonProcess:
    """
    `tocsin run` on a configuration; `wait_for` reads its log until a line says so.

    `under` is a command that runs it, strace for instance.
    """

    def __init__(
        self,
        config: Path | None,
        *arguments: str,
        env: dict[str, str] | None = None,
        cwd: Path = ROOT,
        under: Sequence[str] = (),
    ) -> None:
        self.lines: list[str] = []
        given = ["--config", str(config)] if config else []
        self._process = subprocess.Popen(
            [*under, sys.executable, "-m", "monitor", "run", *given, *arguments],
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        )

    @property
    def pid(self) -> int:
        """The daemon's process id."""
        return self._process.pid

    def wait_for(self, *words: str) -> str:
        """The next log line that holds all these words; fails with the whole log if there is none in time."""
        return next_line(self._process, self.lines, words)

    def wait_for_each(self, *words: str) -> str:
        """As `wait_for`, but a line that was read already will do: for events whose order is not known."""
        known = next((line for line in self.lines if all(word in line for word in words)), None)
        return known or self.wait_for(*words)

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    def ended(self) -> int:
        """Read the log to its end; returns the exit status."""
        assert self._process.stdout
        guard = threading.Timer(PATIENCE, self._process.kill)
        guard.start()
        try:
            self.lines += [line.rstrip() for line in self._process.stdout]
            return self._process.wait()
        finally:
            guard.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()


def next_line(process: subprocess.Popen[str], lines: list[str], words: Sequence[str]) -> str:
    """The next line of a process's log with all these words, read to `lines`; it is killed if none comes."""
    assert process.stdout
    guard = threading.Timer(PATIENCE, process.kill)
    guard.start()
    try:
        for line in process.stdout:
            lines.append(line.rstrip())
            if all(word in line for word in words):
                return line
    finally:
        guard.cancel()
    raise AssertionError(f"no line with {words} in:\n" + "\n".join(lines))


def delivered(folder: Path) -> list[str]:
    """The titles that a channel of the type file wrote to alerts.jsonl in this folder, in order."""
    path = folder / "alerts.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [json.loads(line)["title"] for line in lines]
