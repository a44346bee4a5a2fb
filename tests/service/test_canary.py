"""The canary: a round takes the whole way and leaves no trace; what stands still is told in two periods."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor.alerts.silences import Silence
from monitor.model import FetchRequest, FetchStatus
from monitor.plan import build_plan
from monitor.service.parts import Parts
from monitor.settings import CANARY, RuleConfig
from monitor.store.canary import last_round
from monitor.store.lock import fault_of
from monitor.store.silences import add_silence
from tests.support.aviary import REFUSES, STEP, Aviary
from tests.support.documents import Item, rss

if TYPE_CHECKING:
    from pathlib import Path

STOPS = {
    "scheduler": "the schedule begins no round",
    "places": "it waits for its turn",
    "fetcher": "its feed, on this machine itself, is not fetched",
    "parser": "the parser does not answer",
    "matcher": "its rule does not hold",
    "matcher_by_a_bug": "the rules do not answer: ZeroDivisionError",
    "matcher_for_good": "the rules do not answer",
    "writer": "the database's writer does not answer",
    "sender": "the outbox is not delivered",
}


def contents(database: Path) -> dict[str, list[Any]]:
    """Every row of every table but the daemon's own facts."""
    with closing(sqlite3.connect(database)) as con:
        tables = [name for (name,) in con.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {
            name: con.execute(f"SELECT * FROM {name}").fetchall()
            for name in tables
            if name not in ("facts", "feeds", "sqlite_sequence")
        }


def test_a_round_takes_the_whole_way_and_leaves_no_trace(tmp_path: Path) -> None:
    """Fetched, parsed, matched, recorded, sent; afterwards every table is as it was, and nobody was told."""
    with Aviary(tmp_path) as aviary:
        aviary.documents.bodies["http://a.example/feed"] = rss(Item("Old", guid="old"))
        aviary.wind(8.0)
        before = contents(aviary.config.database)
        aviary.wind(5 * aviary.every)
        assert contents(aviary.config.database) == before
        aviary.app.database.writer.submit(lambda _: None).result()  # what was noted last is there
        found = last_round(aviary.app.database.reader)
        assert found is not None
        assert set(found.stages) == {"turn", "fetch", "parse", "match", "write", "send"}
        assert (aviary.now() - found.at).total_seconds() <= aviary.every + STEP
        assert aviary.canary.well
        assert aviary.heard.said == []
        assert aviary.app.poller.counts["polled"] == 1, "the feed of the user, and nothing else"
        assert not aviary.app.tally.attempts


@pytest.mark.parametrize("part", STOPS)
def test_what_stands_still_is_told_within_two_periods(tmp_path: Path, part: str) -> None:
    """Once, with the part by its name; and once that it is over."""
    with Aviary(tmp_path) as aviary:
        aviary.wind(2.5 * aviary.every)
        with aviary.stopped(part):
            assert aviary.until_alarm() <= 2 * aviary.every
            assert STOPS[part] in aviary.heard.said[0][1]
            aviary.wind(3 * aviary.every)
            assert aviary.heard.alarms == ["desk"], "once for a fault, not for each period"
            assert json.loads(fault_of(aviary.config.database))["told"] == ["desk"]
            assert not aviary.canary.well
        aviary.wind(2 * aviary.every)
        assert aviary.heard.ends == ["desk"]
        assert aviary.heard.alarms == ["desk"]
        assert aviary.canary.well
        assert fault_of(aviary.config.database) == ""


@pytest.mark.parametrize("when", [0.1, 0.5, 0.99])
@pytest.mark.parametrize("part", ["scheduler", "matcher", "writer", "sender"])
def test_it_does_not_matter_when_in_a_period_it_stops(tmp_path: Path, part: str, when: float) -> None:
    """Just after a round or just before the next."""
    with Aviary(tmp_path) as aviary:
        aviary.wind((2 + when) * aviary.every)
        with aviary.stopped(part):
            assert aviary.until_alarm() <= 2 * aviary.every


def test_the_alarm_is_on_record(tmp_path: Path) -> None:
    """As a notice, once the writer writes again: when it failed, and that it is over."""
    with Aviary(tmp_path) as aviary:
        aviary.wind(1.5 * aviary.every)
        with aviary.stopped("writer"):
            aviary.until_alarm()
        aviary.wind(2 * aviary.every)
        kinds = [row[2] for row in contents(aviary.config.database)["notices"]]
        assert kinds == ["canary_failed", "canary_back"]


def test_a_channel_that_does_not_take_the_alarm_is_not_the_last_word(tmp_path: Path) -> None:
    """Then the other channels, one after the other, until one takes it; it hears of the end as well."""
    with Aviary(tmp_path, channels=("desk", "phone", "pager"), notices=("desk", "pager")) as aviary:
        aviary.wind(1.5 * aviary.every)
        aviary.heard.answers["desk"] = REFUSES
        with aviary.stopped("sender"):
            aviary.until_alarm()
            assert aviary.heard.alarms == ["desk", "pager"], "those of [notices] first"
        aviary.wind(2 * aviary.every)
        assert aviary.heard.ends == ["pager"]


def test_the_alarm_is_given_again_until_somebody_takes_it(tmp_path: Path) -> None:
    """Each minute, to all; and then not any more."""
    with Aviary(tmp_path, every=600.0) as aviary:
        aviary.wind(700.0)
        for name in ("desk", "phone"):
            aviary.heard.answers[name] = REFUSES
        with aviary.stopped("sender"):
            aviary.until_alarm()
            aviary.wind(130.0)
            assert aviary.heard.alarms == ["desk", "phone"] * 3
            del aviary.heard.answers["desk"]
            aviary.wind(600.0)
            assert aviary.heard.alarms == ["desk", "phone"] * 3 + ["desk"]


def test_without_canary_there_is_none(tmp_path: Path) -> None:
    """No rule in the engine, no rounds, no alarm."""
    with Aviary(tmp_path, every=None) as aviary:
        assert CANARY not in aviary.app.plan.engine.rules
        aviary.wind(300.0)
        assert aviary.canary.last is None
        assert not aviary.canary.due()
        assert aviary.heard.said == []


def test_a_new_process_neither_repeats_the_alarm_nor_forgets_it(tmp_path: Path) -> None:
    """The lock file tells it, although nothing could be written into the database."""
    with Aviary(tmp_path) as first:
        first.wind(1.5 * first.every)
        with first.stopped("writer"):
            first.until_alarm()
            line = first.app._lock.fault
        first.app._lock.note_fault(line)  # it was killed here: nothing was said at its end
    with Aviary(tmp_path, again=first) as second:
        assert second.alarm.words
        with second.stopped("sender"):
            second.wind(3 * second.every)
            assert second.heard.alarms == ["desk"]
        second.wind(2 * second.every)
        assert second.heard.ends == ["desk"]


def test_restarts_do_not_put_off_the_alarm(tmp_path: Path) -> None:
    """A process that the watchdog starts anew again and again is late by the last whole round of them all."""
    with Aviary(tmp_path, every=3600.0) as aviary:
        aviary.wind(10.0)
        since = aviary.steady
    for _ in range(100):
        with Aviary(tmp_path, again=aviary) as aviary:
            aviary.canary._start_patience = 60.0  # as under a manager that kills
            with aviary.stopped("writer"):
                aviary.wind(90.0)
        if aviary.heard.alarms:
            break
    assert aviary.heard.alarms == ["desk"]
    assert aviary.steady - since <= 2 * 3600.0


def test_a_machine_that_was_off_raises_no_alarm(tmp_path: Path) -> None:
    """The first round after three days is due at once, and has its time."""
    with Aviary(tmp_path, every=3600.0) as first:
        first.wind(10.0)
    with Aviary(tmp_path, again=first, asleep=3 * 86_400.0) as second:
        second.alarm.look()
        second.wind(8.0)
        assert second.canary.well
        assert second.heard.said == []


def test_a_process_that_was_stopped_raises_no_alarm(tmp_path: Path) -> None:
    """SIGSTOP, a suspended machine: nobody had a chance to move."""
    with Aviary(tmp_path) as aviary:
        aviary.wind(1.5 * aviary.every)
        aviary.steady += 10 * aviary.every
        aviary.alarm.look()
        aviary.wind(2 * aviary.every)
        assert aviary.heard.said == []
        assert aviary.canary.well


def test_what_fails_once_is_tried_again_before_anybody_hears(tmp_path: Path) -> None:
    """A round that failed is followed by another well before the alarm."""
    with Aviary(tmp_path) as aviary:
        aviary.wind(1.5 * aviary.every)
        with aviary.stopped("matcher"):
            aviary.wind(0.6 * aviary.every)
            assert aviary.canary._round is not None
            assert aviary.canary._round.failed
        aviary.wind(2 * aviary.every)
        assert aviary.heard.said == []
        assert aviary.canary.well


def test_it_goes_on_while_the_network_is_away(tmp_path: Path) -> None:
    """Feeds wait; the canary needs nobody else."""
    with Aviary(tmp_path) as aviary:
        aviary.wind(1.5 * aviary.every)
        reach = aviary.app.poller.outage
        reach._reach = type(
            "Cut", (), {"offline": True, "offline_since": 0.0, "may_probe": lambda *_: False}
        )()
        aviary.wind(3 * aviary.every)
        assert aviary.canary.well
        assert aviary.heard.said == []


def test_the_walls_around_users_feeds_stay_as_they_are(tmp_path: Path) -> None:
    """The canary's fetcher may ask 127.0.0.1; that of users' feeds may not for all that."""
    with Aviary(tmp_path) as aviary:
        config = aviary.config
    walled = type(config.polling)(allow_private=())

    async def ask(fetcher: Any) -> Any:
        return await fetcher.fetch(FetchRequest(url="http://127.0.0.1:8080/x"))

    parts, closed = Parts(), replace(config, polling=walled)
    denied = asyncio.run(ask(parts.fetcher(closed, aviary.now)))
    assert denied.status is FetchStatus.REFUSED
    own = parts.canary_fetcher(closed, aviary.now)
    assert asyncio.run(ask(own)).status is FetchStatus.NETWORK, "nobody listens there, but it may ask"

    async def elsewhere() -> Any:
        return await own.fetch(FetchRequest(url="http://127.0.0.2/x"))

    assert asyncio.run(elsewhere()).status is FetchStatus.REFUSED


def test_nobody_s_article_passes_for_the_canary(tmp_path: Path) -> None:
    """Its words in a user's feed are words; and its own item rings no rule of a user."""
    rules = (RuleConfig(name="all", query="feed:*"),)
    with Aviary(tmp_path, rules=rules) as aviary:
        url = "http://a.example/feed"
        aviary.documents.bodies[url] = rss(Item("Old", guid="old"))
        aviary.wind(8.0)
        aviary.documents.bodies[url] = rss(Item("tocsincanary sings", guid="new"), Item("Old", guid="old"))
        aviary.wind(1000.0)
        found = contents(aviary.config.database)
        assert {row[3] for row in found["matches"]} == {"all"} or CANARY not in str(found["matches"])
        assert CANARY not in str(found)
        assert [title for _, title in aviary.heard.said].count("tocsincanary sings") == 2


def test_it_is_compiled_with_the_rules_of_the_user_and_counted_with_none(tmp_path: Path) -> None:
    """The plan's own rules are those of the configuration."""
    with Aviary(tmp_path) as aviary:
        plan, problems = build_plan(aviary.config)
        assert aviary.app.figures().rules == 1
    assert not problems
    assert CANARY in plan.engine.rules
    assert plan.rules_in_force == len(plan.rules) == 1
    assert CANARY not in plan.rules


def test_a_reload_switches_it_on_and_off(tmp_path: Path) -> None:
    """On: a round at once, and no alarm over the time before. Off: no rounds, no alarm, and no end told."""
    with Aviary(tmp_path, every=None) as aviary:
        aviary.wind(1000.0)
        on = replace(aviary.config, canary={"every": 60.0, "channels": ("desk",)})
        aviary.ask(aviary.app.reload(build_plan(on)[0]))
        aviary.alarm.look()
        aviary.wind(200.0)
        assert aviary.canary.well
        assert aviary.heard.said == []
        with aviary.stopped("sender"):
            aviary.until_alarm()
        aviary.ask(aviary.app.reload(build_plan(replace(on, canary=None))[0]))
        aviary.wind(200.0)
        assert (aviary.heard.alarms, aviary.heard.ends) == (["desk"], [])
        assert aviary.alarm.fault is None


def test_a_shorter_period_holds_at_once(tmp_path: Path) -> None:
    """Nobody waits for the end of the longer one."""
    with Aviary(tmp_path, every=3600.0) as aviary:
        aviary.wind(8.0)
        assert aviary.canary.rounds == 1
        soon = replace(aviary.config, canary={"every": 60.0, "channels": ("desk",)})
        aviary.ask(aviary.app.reload(build_plan(soon)[0]))
        aviary.wind(120.0)
        assert aviary.canary.rounds >= 2
        assert aviary.heard.said == []


def test_a_silence_over_everything_is_no_fault(tmp_path: Path) -> None:
    """Who wants quiet from news wants none from the canary; the silence stays as it was."""
    with Aviary(tmp_path) as aviary:
        aviary.wind(8.0)
        silence = Silence(
            match={"severity": ("normal",)},
            author="desk",
            comment="",
            starts=aviary.now(),
            ends=aviary.now() + timedelta(days=1),
            created=aviary.now(),
        )
        aviary.app.database.writer.submit(lambda tx: add_silence(tx, silence)).result()
        before, rounds = contents(aviary.config.database), aviary.canary.rounds
        aviary.wind(3 * aviary.every)
        assert aviary.canary.rounds >= rounds + 2
        assert contents(aviary.config.database) == before
