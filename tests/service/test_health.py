"""What `/healthz` and `/metrics` say: the watchdog's truth, and figures whose number is bounded."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.alerts.confidential import SOME_RULE as CONFIDENTIAL
from monitor.alerts.latency import Histogram, Stage
from monitor.config.secrets import secrets_of
from monitor.plan import build_plan
from monitor.seeing import FeedSight, Reach, Sight
from monitor.service import health as module
from monitor.service.health import HealthPages, Pulse, Seen, Snapshot, Sources, healthz, read_seen
from monitor.service.listener import Question
from monitor.service.log import redact
from monitor.service.metrics import MOST_NAMED, exposition
from monitor.settings import ChannelConfig, Config, FeedConfig, Polling, RuleConfig, Secret
from monitor.store import sql
from monitor.store.figures import StoreFigures
from monitor.store.process import ProcessFigures
from monitor.store.rows import Episode, to_db
from monitor.store.rows import write as as_row
from tests.support.store import add_feed, add_notification, new_database, transaction

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from monitor.feeds.watch import Trouble
    from monitor.plan import Plan

ROOT = Path(__file__).parents[2]
NOW = datetime.now(UTC)
PULSE = Pulse(now=NOW, last_tick=NOW - timedelta(seconds=0.3))
PROCESS = ProcessFigures(pid=1, since="2026-11-24T12:00:00Z", polls={"new": 3}, reloads={"applied": 2})
EMPTY = StoreFigures(
    outbox={},
    oldest_waiting=None,
    ledger={},
    matches=0,
    alerts=0,
    last_alert=None,
    pages_waiting=0,
    refusing=(),
)


def plan_of(*rules: RuleConfig, feeds: int = 1) -> Plan:
    """A plan of these rules and so many feeds."""
    config = Config(
        path=Path("config.toml"),
        files=(),
        database=Path("t.db"),
        timezone="UTC",
        polling=Polling(),
        feeds=tuple(
            FeedConfig(name=f"f{n}", url=Secret(f"http://f{n}.example/?key=SESAME-{n:05}"))
            for n in range(feeds)
        ),
        rules=rules or (RuleConfig(name="watch", query="doha"),),
        channels=(ChannelConfig(name="screen", type="terminal"),),
    )
    return build_plan(config)[0]


def scrape(plan: Plan, seen: Seen | None, **changed: Any) -> dict[str, float]:
    """The samples by their names and labels."""
    latency: Mapping[Stage, Histogram] = {stage: Histogram([0.2, 40.0]) for stage in Stage}
    snapshot = replace(Snapshot("1.2.3", PULSE, PROCESS, latency, plan, seen), **changed)
    body, kind = exposition(snapshot, "")
    assert kind.startswith("text/plain")
    found = {}
    for family in text_string_to_metric_families(body.decode()):
        assert family.documentation, family.name
        for sample in family.samples:
            labels = ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))
            name = f"{sample.name}{{{labels}}}" if labels else sample.name
            assert name not in found
            found[name] = sample.value
    return found


def seen_of(plan: Plan, sights: Mapping[str, FeedSight], store: StoreFigures = EMPTY) -> Seen:
    """As if the database had said so."""
    report = Reach(plan.rules.values(), plan.feeds.values()).report(sights)
    return Seen(store, sights, tuple(report), 0, 4096)


# --- /healthz


def test_health_is_what_the_watchdog_goes_by() -> None:
    """200 and ok; 503 with the part that stands still, or with what keeps polls from being recorded."""
    well = healthz(PULSE, NOW)
    assert (well.status, json.loads(well.body)["status"], json.loads(well.body)["reason"]) == (
        200,
        "ok",
        None,
    )
    stuck = replace(PULSE, stuck="the outbox was not looked at for 44 s")
    stopped = replace(PULSE, stopped="polling is stopped: the disk is full")
    for pulse, word in ((stuck, "outbox"), (stopped, "disk")):
        ill = healthz(pulse, NOW)
        assert (ill.status, json.loads(ill.body)["status"]) == (503, "failing")
        assert word in json.loads(ill.body)["reason"]


def test_remarks_make_nobody_ill_and_hold_no_secret() -> None:
    """A refused file, an outage of the network: worth a look, no reason for a new start."""
    redact(secrets_of(plan_of().config))
    refused = "configuration refused: http://f0.example/?key=SESAME-00000"
    ill = replace(PULSE, offline=True, refused=refused, damaged="the file is damaged", canary="the canary …")
    reply = healthz(ill, NOW)
    assert reply.status == 200
    assert len(json.loads(reply.body)["remarks"]) == 4
    assert b"SESAME" not in reply.body


# --- /metrics


def test_the_names_are_those_of_the_document() -> None:
    """Each family stands in docs/health.md, and that names no other; conventions of Prometheus are kept."""
    plan = plan_of()
    sights = {"f0": FeedSight("f0", Sight.FAILING, blind=True, trouble=_trouble(), since=NOW)}
    store = replace(EMPTY, ledger={("sent", "delivered"): 1})
    names = {
        re.sub(r"(_bucket|_count|_sum)?(\{.*)?$", "", n) for n in scrape(plan, seen_of(plan, sights, store))
    }
    ours = {name for name in names if name.startswith("tocsin_")}
    assert names - ours == {n for n in names if n.startswith("process_")}
    text = (ROOT / "docs" / "health.md").read_text(encoding="utf-8")
    assert ours == set(re.findall(r"^\| `(tocsin_\w+)", text, re.MULTILINE))


def _trouble() -> Trouble:
    from monitor.feeds.watch import Trouble

    return Trouble.MISSING


def test_counters_start_at_nought_and_histograms_add_up() -> None:
    """A rate needs a first value, also of what has not happened yet."""
    found = scrape(plan_of(), None)
    assert found["tocsin_polls_total{result=new}"] == 3
    assert found["tocsin_polls_total{result=network}"] == 0
    assert found["tocsin_delivery_attempts_total{answer=ok}"] == 0
    assert found["tocsin_alert_latency_seconds_count{stage=total}"] == 2
    assert found["tocsin_alert_latency_seconds_bucket{le=0.5,stage=total}"] == 1
    assert found["tocsin_build_info{version=1.2.3}"] == 1
    assert found["tocsin_database_readable"] == 0
    assert "tocsin_dead_letters" not in found  # unknown is not nought


def test_ten_thousand_feeds_and_rules_make_no_more_series_than_a_hundred() -> None:
    """The longest troubles are named; the totals count all."""
    rules = [RuleConfig(name=f"r{n}", query=f"doha{n}") for n in range(300)]
    plan = plan_of(*rules, feeds=3000)
    sights = {
        f"f{n}": FeedSight(
            f"f{n}", Sight.FAILING, blind=True, trouble=_trouble(), since=NOW - timedelta(minutes=n), due=True
        )
        for n in range(3000)
    }
    found = scrape(plan, seen_of(plan, sights))
    named = [name for name in found if name.startswith("tocsin_feed_trouble_timestamp_seconds")]
    assert len(named) == MOST_NAMED
    assert any("feed=f2999," in name for name in named)
    assert sum(name.startswith("tocsin_rule_feeds_blind{") for name in found) == MOST_NAMED
    assert (found["tocsin_feeds{state=failing}"], found["tocsin_feeds_blind"]) == (3000, 3000)
    assert (found["tocsin_rules_blind"], found["tocsin_feeds_due"]) == (300, 3000)
    assert len(found) < 450
    assert "SESAME" not in "".join(found)


def test_rules_that_must_not_be_named_share_one_series() -> None:
    """Their names stay on this machine."""
    rules = [RuleConfig(name=f"hush-{n}", query="doha", secret=True) for n in range(3)]
    plan = plan_of(*rules, RuleConfig(name="open", query="doha"))
    found = scrape(plan, seen_of(plan, {"f0": FeedSight("f0", Sight.FAILING, blind=True)}))
    named = {name for name in found if name.startswith("tocsin_rule_feeds_blind{")}
    assert named == {f"tocsin_rule_feeds_blind{{rule={label}}}" for label in (CONFIDENTIAL, "open")}
    assert found["tocsin_rules_blind"] == 4


# --- the pages


def pages_on(database: Path, plan: Plan) -> HealthPages:
    """Pages with their figures from a database."""
    latency: Mapping[Stage, Histogram] = {stage: Histogram() for stage in Stage}
    sources = Sources(lambda: PULSE, lambda: PROCESS, lambda: latency, lambda: plan, database)
    return HealthPages(sources, lambda: NOW)


def get(pages: HealthPages, *paths: str) -> list[tuple[int, str]]:
    """Status and text of each page."""

    async def body() -> list[tuple[int, str]]:
        replies = [await pages.answer(Question(path)) for path in paths]
        return [(reply.status, reply.body.decode()) for reply in replies]

    return asyncio.run(body())


def test_the_database_s_figures_are_on_the_page(tmp_path: Path) -> None:
    """Outbox, feeds, blind rules; other paths say what there is."""
    database = new_database(tmp_path)
    with transaction(database) as tx:
        feed = add_feed(tx, "f0", polls=2, failures=2, next_poll_at=NOW)
        add_notification(tx, "screen", state="dead", created_at=NOW)
        add_notification(tx, "screen", created_at=NOW)
        tx.run(
            sql.EPISODE_INSERT, **as_row(Episode(1, feed, "failing", NOW - timedelta(hours=30), "HTTP 500"))
        )
        tx.run(sql.FACT_UPSERT, name="x", value="", at=to_db(NOW))
    answers = get(pages_on(database, plan_of()), "/", "/nowhere", "/healthz", "/metrics")
    assert [status for status, _ in answers] == [200, 404, 200, 200]
    text = answers[-1][1]
    for line in (
        'tocsin_outbox{state="dead"} 1.0',
        "tocsin_dead_letters 1.0",
        'tocsin_outbox{state="ready"} 1.0',
        'tocsin_feeds{state="failing"} 1.0',
        "tocsin_rules_blind 1.0",
        'tocsin_rule_feeds_blind{rule="watch"} 1.0',
        "tocsin_database_readable 1.0",
    ):
        assert f"\n{line}\n" in text
    (oldest,) = re.findall(r"^tocsin_outbox_oldest_timestamp_seconds (.*)$", text, re.MULTILINE)
    assert float(oldest) == pytest.approx(NOW.timestamp())


def test_a_database_that_cannot_be_read_costs_its_figures_alone(tmp_path: Path) -> None:
    """The counters are there, and one figure says what is the matter."""
    ((status, text),) = get(pages_on(tmp_path / "none.db", plan_of()), "/metrics")
    assert status == 200
    assert "tocsin_database_readable 0.0" in text
    assert "tocsin_polls_total" in text


def test_many_scrapes_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reading serves for some seconds."""
    readings = []

    def read(*arguments: Any) -> Seen:
        readings.append(1)
        return read_seen(*arguments)

    monkeypatch.setattr(module, "read_seen", read)
    pages = pages_on(new_database(tmp_path), plan_of())
    assert [status for status, _ in get(pages, *["/metrics"] * 5)] == [200] * 5
    assert len(readings) == 1


def test_a_disk_that_hangs_is_waited_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scrapes meanwhile have the counters, and begin no other reading."""
    gate, readings = threading.Event(), []

    def read(*arguments: Any) -> Seen:
        readings.append(1)
        gate.wait(20)
        return read_seen(*arguments)

    monkeypatch.setattr(module, "read_seen", read)
    monkeypatch.setattr(module, "LONGEST", 0.05)
    pages = pages_on(new_database(tmp_path), plan_of())

    async def body() -> list[bool]:
        found = [b"database_readable 0.0" in (await pages.answer(Question("/metrics"))).body for _ in "ab"]
        gate.set()
        assert pages._reading is not None
        await pages._reading
        return [*found, b"database_readable 1.0" in (await pages.answer(Question("/metrics"))).body]

    assert asyncio.run(body()) == [True, True, True]
    assert len(readings) == 1


def test_without_the_extra_health_is_told_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And /metrics says what to install."""
    monkeypatch.delitem(sys.modules, "monitor.service.metrics", raising=False)
    monkeypatch.delattr("monitor.service.metrics", raising=False)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    answers = get(pages_on(new_database(tmp_path), plan_of()), "/healthz", "/metrics")
    assert [status for status, _ in answers] == [200, 501]
    assert "tocsin[metrics]" in answers[1][1]
