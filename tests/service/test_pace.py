"""The pace of all polls: reckoned from what is stored, kept as a fact, and what severities do to it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.feeds.pace import interval, solve, tally
from monitor.feeds.rhythm import UNKNOWN, Rhythm, learn, write_rhythm
from monitor.model import Severity
from monitor.plan import build_plan
from monitor.service.app import App
from monitor.service.clock import Clock
from monitor.service.pace import PACE, kept_pace, reckon
from monitor.service.parts import Parts
from monitor.settings import Config, FeedConfig, Polling, RuleConfig, Secret
from monitor.store import sql
from tests.support.documents import NOON, Item
from tests.support.newsdesk import Desk, Documents, InProcessParser
from tests.support.store import feed_states


class FakeParts(Parts):
    """Documents instead of servers."""

    def __init__(self, documents: Documents) -> None:
        self.documents = documents

    def fetcher(self, *_: Any) -> Any:
        return self.documents

    def parser(self) -> Any:
        return InProcessParser()


def test_a_new_database_is_polled_as_configured(tmp_path: Path) -> None:
    """Nothing is known of any feed, so each is asked every quarter of an hour; the pace is kept."""
    with Desk(tmp_path, feeds=["a", "b"]) as desk:
        config, documents = desk.config, desk.documents
        desk.publish("a", Item("Old", guid="old", age=None))
        desk.publish("b", Item("Old", guid="old", age=None))

    async def story() -> None:
        async with App(config, clock=Clock(), parts=FakeParts(documents)) as app:
            reader = app.database.reader
            expected = solve(tally([(UNKNOWN, 1.0, 0.0)] * 2), 2 / 900, 300, 3600)
            assert expected is not None
            assert kept_pace(reader, app.clock()) == pytest.approx(expected)
            assert kept_pace(reader, app.clock() + timedelta(minutes=61)) is None
            await app.tick()
            await app.poller.drain()
            for state in feed_states(app.database.reader):
                assert state.interval is not None
                assert 600 < state.interval < 1200
                assert state.next_why.startswith("every ")

    asyncio.run(story())


def test_what_is_fixed_is_not_in_the_budget(tmp_path: Path) -> None:
    """A feed's own interval and its rhythm leave the others' pace alone; a server's floor frees requests."""
    now = NOON
    busy = learn(Rhythm(), [now - timedelta(hours=n) for n in range(1, 200)], now)
    fixed = FeedConfig("fixed", Secret("http://fixed.example/feed"), every=600.0)
    with Desk(tmp_path, feeds=["a", "b", fixed]) as desk:
        alone = reckon(desk.database.reader, desk.plan)

        def learnt(name: str, floor: float | None) -> None:
            text, values = "UPDATE feeds SET rhythm = :r, floor = :f WHERE name = :n", (name, floor)
            desk.database.writer.submit(
                lambda tx: tx.run(text, r=write_rhythm(busy), f=values[1], n=values[0])
            ).result()

        learnt("fixed", None)
        assert reckon(desk.database.reader, desk.plan) == alone
        learnt("a", None)
        both = reckon(desk.database.reader, desk.plan)
        learnt("a", 3000.0)
        with_floor = reckon(desk.database.reader, desk.plan)
        assert alone is not None
        assert both is not None
        assert with_floor is not None
        assert both > alone
        assert with_floor < both
        policy = desk.plan.policy(desk.config.feeds[0])
        assert interval(policy, Rhythm(), 1.0, with_floor, now)[0] < 900


def test_severity_makes_a_feed_weigh_more() -> None:
    """The most severe rule that can hear of it counts, and only one that is enabled and compiles."""
    feeds = tuple(FeedConfig(n, Secret(f"http://{n}.example/"), tags=(n,)) for n in ("a", "b", "c", "d"))
    with_rules = (
        RuleConfig(name="all", query="x"),
        RuleConfig(name="urgent", query="x", tags=("a",), severity=Severity.URGENT),
        RuleConfig(name="high", query="x", tags=("a", "b"), severity=Severity.HIGH),
        RuleConfig(name="off", query="x", tags=("c",), severity=Severity.URGENT, enabled=False),
        RuleConfig(name="broken", query="x AND", tags=("d",), severity=Severity.URGENT),
    )
    config = replace(CONFIG, feeds=feeds, rules=with_rules)
    plan, _ = build_plan(config)
    assert [plan.weight(feed) for feed in feeds] == [4.0, 2.0, 1.0, 1.0]
    assert [plan.weight(feed) for feed in feeds] == [4.0, 2.0, 1.0, 1.0], "remembered"


def test_intervals_under_a_minute_are_for_home_labs(tmp_path: Path) -> None:
    """Statement 8: a minute at least, unless private networks may be asked."""
    feed = FeedConfig("a", Secret("http://a.example/"), every=5.0)
    for allowed, least in (((), 60.0), (("127.0.0.0/8",), 5.0)):
        config = replace(CONFIG, feeds=(feed,), polling=Polling(fastest=1.0, allow_private=allowed))
        policy = build_plan(config)[0].policy(feed)
        assert policy.interval == least
        assert policy.fastest == (60.0 if least == 60.0 else 1.0)


def test_a_kept_pace_that_makes_no_sense_is_reckoned_anew(tmp_path: Path) -> None:
    """As after a change of versions."""
    with Desk(tmp_path) as desk:
        stored = {"name": PACE, "value": "fast", "at": "2026-11-24 11:59:00.000000"}
        desk.database.writer.submit(lambda tx: tx.run(sql.FACT_UPSERT, **stored)).result()
        assert kept_pace(desk.database.reader, NOON) is None


CONFIG = Config(path=Path("c.toml"), files=(), database=Path("x.db"), timezone="UTC")
