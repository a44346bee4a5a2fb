"""Fifty bad servers at once, and nine hundred and fifty good feeds that must not notice."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from monitor.feeds.fetch import MAX_BODY, HttpFetcher, user_agent
from monitor.feeds.lanes import PATIENCE
from monitor.service.app import App
from monitor.service.parts import Parts
from monitor.settings import ChannelConfig, Config, FeedConfig, Polling, RuleConfig, Secret
from monitor.store import sql
from monitor.store.rows import FeedState, read
from tests.hostile.badservers import BODIES, HEADS, PAGE
from tests.hostile.test_bad_servers import peak, start_measuring
from tests.support.newsdesk import fresh_database
from tests.support.webserver import WebServer, answer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from monitor.recording import Recorded
    from tests.hostile.badservers import Bad

pytestmark = pytest.mark.slow
DEADLINE = 15.0  # seconds; a user's is 30
GOOD, BAD = 950, 50
SLOW = [bad for bad in (HEADS | BODIES).values() if bad.slow]
KINDS: dict[str, Sequence[Bad]] = {
    "all slow": [SLOW[number % len(SLOW)] for number in range(BAD)],
    "all different": list((HEADS | BODIES).values())[-BAD:],
}


class Loopback:
    """Every name is this machine."""

    async def __call__(self, host: str) -> list[str]:
        return ["127.0.0.1"]


class Wired(Parts):
    """The real parts, with a shorter deadline."""

    def fetcher(self, config: Config, clock: Any) -> HttpFetcher:
        return HttpFetcher(
            user_agent(None),
            allow_private=["127.0.0.0/8"],
            clock=clock,
            deadline=DEADLINE,
            resolver=Loopback(),
        )


@dataclass
class Round:
    """One poll of everything: seconds from its start, for each feed that was recorded."""

    began: float
    ended: dict[str, float]

    def last(self, kind: str) -> float:
        return max(at for name, at in self.ended.items() if name.startswith(kind))


def feed(name: str, web: WebServer) -> FeedConfig:
    """A feed on a host of its own."""
    return FeedConfig(name=name, url=Secret(web.url(f"/{name}", f"{name}.test")))


def poll(folder: Path, good: WebServer, bad: WebServer, kinds: Sequence[Bad], rounds: int) -> list[Round]:
    """Poll all feeds so many times with the real App, one bad among nineteen good ones."""
    names = [f"good{number}" for number in range(GOOD)]
    for number in range(len(kinds)):
        names.insert(20 * number, f"bad{number}")
    config = Config(
        path=folder / "config.toml",
        files=(),
        database=fresh_database(folder),
        timezone="UTC",
        polling=Polling(allow_private=("127.0.0.0/8",)),
        feeds=tuple(feed(name, good if name.startswith("good") else bad) for name in names),
        rules=(RuleConfig(name="doha", query="doha"),),
        channels=(ChannelConfig(name="desk", type="file", path=folder / "alerts"),),
    )
    done: list[Round] = []

    async def story() -> None:
        async with App(config, parts=Wired()) as app:

            def note(recorded: Recorded) -> None:
                done[-1].ended[recorded.feed] = time.monotonic() - done[-1].began

            app.on_polled = note
            for _ in range(rounds):
                done.append(Round(time.monotonic(), {}))
                await app.poller.poll_all(force=True)
            rows = [read(FeedState, row) for row in app.database.reader.rows(sql.FEEDS)]
        assert all(row.last_status in ("new", "not_modified") for row in rows if row.name.startswith("good"))
        assert all(row.failures == rounds for row in rows if row.name.startswith("bad"))

    asyncio.run(story())
    return done


@pytest.mark.parametrize("kind", KINDS)
def test_fifty_bad_servers_leave_the_good_feeds_on_time(
    tmp_path: Path, kind: str, record_property: Callable[[str, object], None]
) -> None:
    """
    Beside them the good feeds are done as soon as without them.

    But for the patience that the first poll has with those it does not know yet, twice since there are more
    of them than rooms; the second poll knows them.
    """
    kinds = KINDS[kind]
    with WebServer() as good, WebServer() as bad:
        for number in range(GOOD):
            good.on(f"/good{number}", answer(200, PAGE, ETag='"1"'))
            good.on(f"/good{number}", answer(304, ETag='"1"'))
            good.on(f"/good{number}", answer(200, PAGE, ETag='"1"'))
            good.on(f"/good{number}", answer(304, ETag='"1"'))
        for number, one in enumerate(kinds):
            bad.on(f"/bad{number}", *one.steps)
        (tmp_path / "alone").mkdir()
        alone = poll(tmp_path / "alone", good, bad, (), rounds=2)
        before = start_measuring()
        beside = poll(tmp_path, good, bad, kinds, rounds=2)
        growth = peak() - before
    for name, rounds in (("alone", alone), ("beside", beside)):
        record_property(f"last good feed, {name}", [round(r.last("good"), 1) for r in rounds])
    record_property("growth, MB", growth / 1e6)
    machine = 2.0 + alone[0].last("good")  # what others do on it meanwhile
    assert beside[0].last("good") < machine + alone[0].last("good") + 2 * PATIENCE
    assert beside[1].last("good") < machine + alone[1].last("good")
    assert max(r.last("good") for r in beside) < max(r.last("bad") for r in beside)
    assert growth < 10 * MAX_BODY
