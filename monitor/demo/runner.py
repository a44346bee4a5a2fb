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
from zoneinfo import ZoneInfo

from monitor.config.load import load_config, require
from monitor.delivery.channels import build_channel
from monitor.demo.newsroom import Newsroom
from monitor.demo.script import demo_config, expected
from monitor.errors import TocsinError
from monitor.model import Reason
from monitor.service.app import App
from monitor.service.daemon import Daemon
from monitor.service.parts import Parts
from monitor.store import sql

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TextIO

    from monitor.delivery.channels import Channel
    from monitor.settings import ChannelConfig, Config

LIMIT = 60.0  # seconds for the whole demo; it takes about ten
SETTLE = 10.0  # seconds for what is in hand after the last publication
QUIET = 1.2  # one more poll of every feed: what is uncalled for would come now


@dataclass(frozen=True, slots=True)
class Scene:
    """Where the demo plays: the newsroom's address, and the files the daemon works with."""

    base_url: str
    config: Path
    database: Path
    alerts: Path


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


class _Parts(Parts):
    """The parts of a real daemon, but for where cards are shown."""

    def __init__(self, cards: TextIO) -> None:
        self._cards = cards

    def channel(self, channel: ChannelConfig, config: Config) -> Channel:
        return build_channel(channel, zone=ZoneInfo(config.timezone), stream=self._cards)


async def run_demo(*, keep: bool, cards: TextIO, ready: Callable[[Outcome, Scene], None]) -> Outcome:
    """
    Run newsroom and daemon in a temporary folder until the script is over, then sum up.

    Alerts are shown on `cards`. `ready` is told of the outcome before the daemon stops; with `keep` both go
    on until SIGINT or SIGTERM.
    Raises TocsinError, saying what was awaited, where that takes more than a minute.
    """
    folder = Path(tempfile.mkdtemp(prefix="tocsin-demo-"))
    try:
        async with Newsroom() as room:
            scene = Scene(room.base_url, folder / "config.toml", folder / "demo.db", folder / "alerts.jsonl")
            text = demo_config(room.base_url, folder, scene.database)
            scene.config.write_text(text, encoding="utf-8")
            config = require(load_config(scene.config, env={}))
            async with App(config, parts=_Parts(cards)) as app:
                daemon = Daemon(app)
                running = asyncio.create_task(daemon.run())
                story = asyncio.create_task(_play(room, app, scene))
                try:
                    # Ctrl-C ends the daemon, and with it the demo.
                    await asyncio.wait({running, story}, return_when=asyncio.FIRST_COMPLETED)
                    if not story.done():
                        await running
                        raise KeyboardInterrupt
                    outcome = story.result()
                    ready(outcome, scene)
                    if keep:
                        await running
                    return outcome
                finally:
                    story.cancel()
                    await asyncio.gather(story, return_exceptions=True)
                    daemon.stop()
                    await running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _play(room: Newsroom, app: App, scene: Scene) -> Outcome:
    """Let the newsroom publish its day, and count what came of it."""
    start = time.monotonic()
    first = asyncio.create_task(_first_alert(scene, start))
    try:
        await _published(room)
        await _settled(app, scene)
        await asyncio.sleep(QUIET)
        return _count(room, app, scene, time.monotonic() - start, first)
    finally:
        first.cancel()


async def _published(room: Newsroom) -> None:
    """Wait until the script is over and somebody fetched all of it."""
    awaited = "each feed to be asked once"
    try:
        async with asyncio.timeout(LIMIT):
            await room.polled()
            room.begin()
            awaited = "each publication to be fetched"
            await room.finished()
    except TimeoutError:
        raise TocsinError(
            f"the demo waited {LIMIT:g} s for {awaited}, in vain",
            hint="tocsin demo --debug shows what the daemon does meanwhile",
        ) from None


async def _first_alert(scene: Scene, start: float) -> float:
    while not _rung(scene):  # noqa: ASYNC110 - what is watched is a file
        await asyncio.sleep(0.05)
    return time.monotonic() - start


async def _settled(app: App, scene: Scene) -> None:
    """Wait until all that is expected is there, or as long as anything could still be on its way."""
    wanted = {(a.rule, a.path) for a in expected().alerts}
    deadline = time.monotonic() + SETTLE
    while time.monotonic() < deadline:
        if wanted <= set(_rung(scene)) and _silent(app) == _silent_expected():
            return
        await asyncio.sleep(0.05)


def _rung(scene: Scene) -> list[tuple[str, str]]:
    """(rule, path of the link) of every alert that reached the file channel."""
    text = scene.alerts.read_text(encoding="utf-8") if scene.alerts.exists() else ""
    whole = text[: text.rfind("\n") + 1]  # the last line may be in the writing
    alerts = [json.loads(line) for line in whole.splitlines()]
    return [(rule, urlsplit(a["url"]).path) for a in alerts for rule in a["rules"]]


def _silent(app: App) -> dict[str, int]:
    """How many matches stayed silent, by the word of their reason."""
    rows = app.database.reader.rows(sql.SUPPRESSED_MATCHES)
    return {row["reason"]: int(row["n"]) for row in rows}


def _silent_expected() -> dict[str, int]:
    return {reason.word: number for reason, number in expected().suppressed.items()}


def _count(room: Newsroom, app: App, scene: Scene, seconds: float, first: asyncio.Task[float]) -> Outcome:
    rung = _rung(scene)
    wanted = [(a.rule, a.path) for a in expected().alerts]
    surplus = list(rung)
    for alert in wanted:
        if alert in surplus:
            surplus.remove(alert)
    suppressed = _silent(app)
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
        suppressed_as_expected=suppressed == _silent_expected(),
    )
