"""`tocsin status --latency`, and what a daemon leaves of its counters."""

from __future__ import annotations

import json
import os
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.cli.status_latency import bar, histogram, span
from monitor.store.lock import DaemonLock
from monitor.store.process import ProcessFigures, note_process
from tests.support.cli import run
from tests.support.configs import SMALL, write
from tests.support.store import (
    add_article,
    add_feed,
    add_ledger,
    add_match,
    insert,
    new_database,
    transaction,
)

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.store.tx import Tx

NOW = datetime.now(UTC)


def told(
    tx: Tx,
    feed: int,
    rule: str,
    seconds: tuple[float, float, float],
    *,
    age: float = 3600.0,
    **article: object,
) -> None:
    """An alert that took so long to be fetched, matched and sent."""
    from monitor.store import sql

    published = NOW - timedelta(seconds=age)
    fetched = published + timedelta(seconds=seconds[0])
    matched = fetched + timedelta(seconds=seconds[1])
    values = {"published": published, "fetched_at": fetched, **article}
    article_id = add_article(tx, feed, **values)
    match = add_match(tx, article_id, feed, rule, matched_at=matched)
    alert = tx.next_id("alerts")
    row = {"id": alert, "story_id": article_id, "article_id": article_id, "rule": rule, "severity": 1}
    insert(tx, "alerts", sql.ALERT_INSERT, **row, kind="first", created_at=matched)
    sent = matched + timedelta(seconds=seconds[2])
    add_ledger(tx, match, "screen", "sent", "delivered", alert_id=alert, at=sent)


def newsroom(folder: Path) -> Path:
    """Twenty quick alerts of one rule and feed, and one slow one of others."""
    path = write(folder, f'[monitor]\ndatabase = "{folder}/tocsin.db"\n{SMALL}')
    with transaction(new_database(folder)) as tx:
        feed = add_feed(tx, "lemonde", baseline_at=NOW - timedelta(days=9))
        slow = add_feed(tx, "slow", baseline_at=NOW - timedelta(days=9))
        for n in range(20):
            told(tx, feed, "talks", (60.0 + n, 0.2, 1.5))
        told(tx, slow, "floods", (7200.0, 1.0, 3600.0), age=20_000)
        told(tx, slow, "old", (1.0, 1.0, 1.0), age=20 * 86_400)
        told(tx, feed, "undated", (1.0, 1.0, 9.0), published=None)
    return path


def test_each_rule_and_feed_says_how_long_it_took(tmp_path: Path) -> None:
    """Half and 95 of 100, stage by stage, the slowest first; what cannot be known has none."""
    [shape] = run("status", "--latency", "--json", "--config", newsroom(tmp_path)).objects
    latency = shape["latency"]
    assert latency["sent"] == 22
    stages = {s["stage"]: s for s in latency["stages"]}
    assert {name: s["n"] for name, s in stages.items()} == {"fetch": 21, "match": 22, "send": 22, "total": 21}
    assert (stages["fetch"]["p50"], stages["fetch"]["p95"]) == (70.0, 79.0)
    assert sum(b["n"] for b in stages["send"]["buckets"]) == 22
    assert [r["rule"] for r in latency["rules"]] == ["floods", "talks", "undated"]
    floods = latency["rules"][0]
    assert floods["total"] == {"n": 1, "p50": 10_801.0, "p95": 10_801.0}
    assert latency["rules"][2]["total"] == {"n": 0, "p50": None, "p95": None}
    assert [f["feed"] for f in latency["feeds"]] == ["slow", "lemonde"]
    [longer] = run(
        "status", "--latency", "--since", "30d", "--json", "--config", tmp_path / "config.toml"
    ).objects
    assert longer["latency"]["sent"] == 23


def test_people_see_a_histogram_and_tables(tmp_path: Path) -> None:
    """Bars of the whole way, then rules and feeds."""
    outcome = run("status", "--latency", "--config", newsroom(tmp_path))
    assert outcome.code == 0
    assert "published to sent, 21 alerts:" in outcome.out
    assert f"    ≤ 2 min {'█' * 40} 20\n" in outcome.out
    assert f"      ≤ 6 h {'██':<40} 1\n" in outcome.out
    assert re.search(
        r"^floods +1 +2 h / 2 h +1 s / 1 s +60 min / 60 min +3 h / 3 h$", outcome.out, re.MULTILINE
    )
    assert re.search(r"^undated +1 +- / -", outcome.out, re.MULTILINE)
    assert outcome.out.index("RULE") < outcome.out.index("FEED  ")


def test_nothing_sent_is_said_in_words(tmp_path: Path) -> None:
    """With what to try."""
    path = write(tmp_path, f'[monitor]\ndatabase = "{tmp_path}/tocsin.db"\n{SMALL}')
    new_database(tmp_path)
    outcome = run("status", "--latency", "--config", path)
    assert (outcome.code, outcome.out) == (0, "")
    assert "nothing was sent" in outcome.err
    assert run("status", "--latency", "--since", "yesterday", "--config", path).code == 2
    without = run("status", "--since", "1d", "--config", path)
    assert (without.code, "--since goes with --latency" in without.err) == (2, True)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "-"),
        (0.04, "0 s"),
        (0.4, "0.4 s"),
        (2.0, "2 s"),
        (119, "119 s"),
        (300, "5 min"),
        (9000, "2 h"),
        (3e5, "3 d"),
    ],
)
def test_seconds_are_said_as_people_do(seconds: float | None, said: str) -> None:
    """Two digits are enough."""
    assert span(seconds) == said


def test_bars_are_drawn_from_the_first_to_the_last_that_has_any() -> None:
    """The longest fills the width; one of a thousand still shows."""
    buckets = [{"up_to": up, "n": n} for up, n in ((1, 0), (2, 1000), (4, 0), (8, 1), (None, 0))]
    lines = histogram(buckets)
    assert [line.split()[-1] for line in lines] == ["1000", "0", "1"]
    assert "█" * 40 in lines[0]
    assert "▏" in lines[2]
    assert histogram([{"up_to": None, "n": 0}]) == []
    assert "> 8 s" in histogram([*buckets[:-1], {"up_to": None, "n": 3}])[-1]
    assert (bar(0), len(bar(1.0))) == ("", 40)


# --- what a daemon leaves of its counters


FIGURES = ProcessFigures(
    pid=os.getpid(),
    since=(NOW - timedelta(hours=3)).isoformat(timespec="seconds"),
    polls={"new": 30, "not_modified": 1200, "network": 4},
    polls_unrecorded=2,
    attempts={"ok": 5},
    reloads={"applied": 1, "refused": 0},
    rules=120,
    rules_bytes=4_100_000,
    memo_pieces=33_000,
    memo_bytes=5_000_000,
)


def test_status_shows_the_running_daemon_s_own_counters(tmp_path: Path) -> None:
    """Of the process that holds the lock, and of no other."""
    path = newsroom(tmp_path)
    with transaction(tmp_path / "tocsin.db") as tx:
        note_process(tx, FIGURES, NOW)
    assert run("status", "--json", "--config", path).objects[0]["process"] is None
    lock = DaemonLock(tmp_path / "tocsin.db")
    lock.acquire()
    try:
        [shape] = run("status", "--json", "--config", path).objects
        people = run("status", "--config", path).out
    finally:
        lock.release()
    assert shape["process"]["polls"] == FIGURES.polls
    assert shape["process"]["as_of"] is not None
    assert (
        "polls    1234 since its start 3 h ago: 1200 unchanged, 30 read, 4 network;"
        " 2 could not be recorded and are made again" in people
    )
    assert "rules    120 in 4.1 MB; 33000 pieces of text remembered in 5.0 MB" in people


def test_what_a_newer_version_adds_is_passed_over(tmp_path: Path) -> None:
    """And another process's figures are none of ours."""
    from monitor.store import sql
    from monitor.store.database import Reader
    from monitor.store.process import noted_process
    from monitor.store.rows import to_db

    database = new_database(tmp_path)
    with transaction(database) as tx:
        note_process(tx, FIGURES, NOW)
        text = tx.rows(sql.FACT, name="process")[0]["value"]
        more = json.dumps(json.loads(text) | {"news": 1})
        tx.run(sql.FACT_UPSERT, name="process", value=more, at=to_db(NOW))
    reader = Reader(database)
    assert noted_process(reader, FIGURES.pid) == (FIGURES, NOW)
    assert noted_process(reader, FIGURES.pid + 1) is None
    assert noted_process(reader, None) is None
    reader.close()
