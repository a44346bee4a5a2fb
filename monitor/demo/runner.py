"""Running the demo: newsroom and daemon in one process, and the count at the end."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from monitor.config.load import load_config, require
from monitor.demo.newsroom import Newsroom
from monitor.demo.script import demo_config, expected
from monitor.model import Reason
from monitor.service.app import App
from monitor.service.daemon import Daemon
from monitor.store import sql

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LIMIT = 60.0  # seconds for the whole demo; it takes about ten
SETTLE = 10.0  # seconds for what is in hand after the last publication
QUIET = 1.2  # one more poll of every feed: what is uncalled for would come now


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the demo did; `missing` and `uncalled_for` are (rule, path of the link)."""

    seconds: float
    first_alert: float | None
    feeds: int
    requests: int
    not_modified: int
    seen: int
    matched: int
    alerts: int
    suppressed: Mapping[str, int]
    missing: tuple[tuple[str, str], ...]
    uncalled_for: tuple[tuple[str, str], ...]
    suppressed_as_expected: bool

    @property
    def good(self) -> bool:
        """Whether exactly the expected alerts came, and exactly the expected matches stayed silent."""
        return not self.missing and not self.uncalled_for and self.suppressed_as_expected


async def run_demo(*, keep: bool, ready: Callable[[Outcome, Path], None]) -> Outcome:
    """
    Run newsroom and daemon in a temporary folder until the script is over, then sum up.

    `ready` is told of the outcome before the daemon stops; with `keep` both go on until SIGINT or SIGTERM.
    Raises TimeoutError after a minute.
    """
    folder = Path(tempfile.mkdtemp(prefix="tocsin-demo-"))
    try:
        async with Newsroom() as room:
            path = folder / "config.toml"
            path.write_text(demo_config(room.base_url, folder, folder / "demo.db"), encoding="utf-8")
            config = require(load_config(path, env={}))
            async with App(config) as app:
                daemon = Daemon(app)
                running = asyncio.create_task(daemon.run())
                story = asyncio.create_task(_play(room, app, folder))
                # Ctrl-C ends the daemon, and with it the demo.
                await asyncio.wait({running, story}, return_when=asyncio.FIRST_COMPLETED)
                if not story.done():
                    story.cancel()
                    await running
                    raise KeyboardInterrupt
                outcome = story.result()
                ready(outcome, folder)
                if not keep:
                    daemon.stop()
                await running
                return outcome
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _play(room: Newsroom, app: App, folder: Path) -> Outcome:
    """Let the newsroom publish its day, and count what came of it."""
    start = time.monotonic()
    async with asyncio.timeout(LIMIT):
        await room.polled()
        room.begin()
        first = asyncio.create_task(_first_alert(folder, start))
        await room.finished()
        await _settled(folder)
        if not first.done():
            first.cancel()
    await asyncio.sleep(QUIET)
    return _count(room, app, folder, time.monotonic() - start, first)


async def _first_alert(folder: Path, start: float) -> float:
    while not _rung(folder):  # noqa: ASYNC110 - what is watched is a file
        await asyncio.sleep(0.05)
    return time.monotonic() - start


async def _settled(folder: Path) -> None:
    """Wait until the expected alerts are there, or as long as anything could still be on its way."""
    wanted = {(a.rule, a.path) for a in expected().alerts}
    deadline = time.monotonic() + SETTLE
    while not wanted <= set(_rung(folder)) and time.monotonic() < deadline:  # noqa: ASYNC110 - the same
        await asyncio.sleep(0.05)


def _rung(folder: Path) -> list[tuple[str, str]]:
    """(rule, path of the link) of every alert that reached the file channel."""
    path = folder / "alerts.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    alerts = [json.loads(line) for line in lines]
    return [(rule, urlsplit(a["url"]).path) for a in alerts for rule in a["rules"]]


def _count(room: Newsroom, app: App, folder: Path, seconds: float, first: asyncio.Task[float]) -> Outcome:
    rung = _rung(folder)
    wanted = [(a.rule, a.path) for a in expected().alerts]
    surplus = list(rung)
    for alert in wanted:
        if alert in surplus:
            surplus.remove(alert)
    rows = app.database.reader.rows(sql.SUPPRESSED_MATCHES)
    suppressed = {row["reason"]: int(row["n"]) for row in rows}
    tally = room.tally()
    return Outcome(
        seconds=round(seconds, 1),
        first_alert=round(first.result(), 1) if first.done() and not first.cancelled() else None,
        feeds=len(app.plan.feeds),
        requests=tally.polls,
        not_modified=tally.not_modified,
        seen=app.poller.counts["new"],
        matched=app.poller.counts["matched"],
        alerts=len(rung),
        suppressed={Reason.of(word).sentence: n for word, n in sorted(suppressed.items())},
        missing=tuple(a for a in wanted if a not in rung),
        uncalled_for=tuple(surplus),
        suppressed_as_expected=suppressed == {r.word: n for r, n in expected().suppressed.items()},
    )
