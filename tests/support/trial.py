"""One fault on a real daemon: what was published before, during and after it, and what `status` said."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any, Self

from tests.support.daemon import ROOT, DaemonProcess
from tests.support.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

PATIENCE = 60.0
CYCLE = 15.0  # seconds in which a fault has to be named: feeds are polled each second, parts looked at each 5


class Trial:
    """
    `with Trial(folder, "kill") as t:` strike, `t.named(…)`, heal, `t.ends_well()`.

    `under` is the command that the daemon and the verbs run under (nsenter, prlimit), `env` their
    environment; `inside` makes feeds and receiver where these look for them (a network namespace).
    """

    def __init__(
        self,
        folder: Path,
        name: str,
        *,
        database: Path | None = None,
        under: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        feeds: int = 3,
        broken: bool = False,
        inside: Callable[[Callable[[], Any]], Any] = lambda make: make(),
    ) -> None:
        self.name = name
        self.folder = folder
        self._inside = inside
        self.watch: Watch = inside(
            lambda: Watch(folder, database or folder / "t.db", feeds=feeds, broken=broken)
        )
        self.under, self.env = list(under), dict(env or {})
        self.outside = self.watch.database  # where this process sees the file
        self.named_after: float | None = None
        self.said = ""
        self._published: list[str] = []
        self._daemons: list[DaemonProcess] = []

    def __enter__(self) -> Self:
        self._inside(self.watch.__enter__)
        return self

    def __exit__(self, *exc: object) -> None:
        for daemon in self._daemons:
            daemon.__exit__()
        self.watch.__exit__(None, None, None)

    @property
    def daemon(self) -> DaemonProcess:
        """The one that was started last."""
        return self._daemons[-1]

    def start(self, under: Sequence[str] | None = None) -> None:
        """Start the daemon, and another when that one is gone."""
        self._daemons.append(
            DaemonProcess(self.watch.config, under=self.under if under is None else under, env=self.env)
        )

    def begin(self, under: Sequence[str] | None = None) -> None:
        """Start, let the baseline pass, and see one alert arrive."""
        self.start(under)
        self.daemon.wait_for("already in your feeds")
        self.publish("before")
        self.watch.wait_for("before")

    def publish(self, title: str) -> None:
        """Let every feed have an item of this title."""
        self._published.append(title)
        self.watch.publish(title)

    def tocsin(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a verb where the daemon lives."""
        return subprocess.run(
            [*self.under, sys.executable, "-m", "monitor", *arguments, "--config", str(self.watch.config)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), **self.env},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def status(self) -> dict[str, Any]:
        """What `status --json` says."""
        found: dict[str, Any] = json.loads(self.tocsin("status", "--json").stdout)
        return found

    def named(self, sees: Callable[[dict[str, Any]], object], words: str) -> None:
        """`status` names the fault within a cycle: `sees` finds it in the JSON, `words` stand in the text."""
        began = time.monotonic()
        while not sees(self.status()):
            assert time.monotonic() - began < CYCLE, f"{self.name} is not named: {self.status()}"
        self.named_after = time.monotonic() - began
        text = self.tocsin("status").stdout
        found = [line.strip() for line in text.splitlines() if words in line]
        assert found, f"{words!r} does not stand in:\n{text}"
        self.said = found[0]

    def wait(self, true: Callable[[], object], what: str) -> None:
        """Until something is so; fails after a minute."""
        until = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < until, (
                f"{self.name}: {what} did not come to be: {self.daemon.lines[-20:]}"
            )

    def ends_well(self, repeats: int = 0) -> str:
        """What was published after it rings too, all of it once; the file is whole. Returns figures."""
        self.publish("after")
        began = time.monotonic()
        expected = self.watch.expected(*self._published)
        self.wait(lambda: set(expected) <= set(self.told()), "every alert")
        took = time.monotonic() - began
        self.daemon.send(signal.SIGTERM)
        assert self.daemon.ended() == 0, self.daemon.lines
        told = self.told()
        assert {title for title in expected if title not in told} == set()
        more = sum(told.values()) - sum(expected.values())
        assert 0 <= more <= repeats, told
        assert self._marked() == more, "what came again is marked as such"
        assert "Traceback" not in "\n".join(line for daemon in self._daemons for line in daemon.lines)
        self.watch.adds_up(self.outside)
        after = "" if self.named_after is None else f", named after {self.named_after:.1f} s: {self.said}"
        return (
            f"{self.name}: 0 of {len(expected)} lost, {more} repeats, all there {took:.1f} s after it{after}"
        )

    def _marked(self) -> int:
        """How many messages are marked as perhaps a repeat, of those that hold something that came twice."""
        twice = {title for title, times in self.told().items() if times > 1}
        bodies = [json.loads(request.body) for request in self.watch.receiver.requests]
        return sum(1 for body in bodies if body["title"] in twice and body["maybe_repeat"])

    def told(self) -> dict[str, int]:
        """How often each title came, in a message of its own or as an entry of a digest."""
        found: dict[str, int] = {}
        for request in list(self.watch.receiver.requests):
            body = json.loads(request.body)
            titles = [entry["title"] for entry in body.get("entries", ())] or [body["title"]]
            for title in titles if body["kind"] != "notice" else ():
                found[title] = found.get(title, 0) + 1
        return found
