"""Blind spots: 28 of 240 feeds broken in seven ways; each rule says exactly of how many it hears nothing."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from monitor.blindness import TOLD
from monitor.feeds.rhythm import Rhythm, learn, write_rhythm
from monitor.model import FetchResult, FetchStatus
from monitor.seeing import Reach, Sight, feed_sights
from monitor.service.health import read_seen
from monitor.settings import RuleConfig
from monitor.store import sql
from monitor.store.rows import to_db
from monitor.watching import Lookout
from tests.support.cli import run
from tests.support.documents import Item, rss
from tests.support.newsdesk import Desk
from tests.support.watching import look, notices

if TYPE_CHECKING:
    from pathlib import Path

FEEDS = [f"f{n:03}" for n in range(240)]
PRESS, RADIO = frozenset(FEEDS[:100]), frozenset(FEEDS[60:170])
FRENCH = frozenset(FEEDS[30:80])
FIRST_TEN = frozenset(FEEDS[:10])
HEARS = {  # each rule, and the feeds it hears of: worked out here, not by the program
    "all": frozenset(FEEDS),
    "press": PRESS,
    "either": PRESS | RADIO,
    "french-press": FRENCH & PRESS,
    "ten": FIRST_TEN,
    "one": frozenset({FEEDS[239]}),
}
RULES = (
    RuleConfig(name="all", query="doha"),
    RuleConfig(name="press", query="doha", tags=("press",)),
    RuleConfig(name="either", query="doha", tags=("press", "radio")),
    RuleConfig(name="french-press", query="doha", tags=("press",), lang=("fr",)),
    RuleConfig(name="ten", query="doha", feeds=("f00?",)),
    RuleConfig(name="one", query="doha", feeds=(FEEDS[239],)),
    RuleConfig(name="off", query="doha", enabled=False),
)
WAYS: dict[str, FetchResult | None] = {
    "missing": FetchResult(FetchStatus.HTTP_ERROR, 404, message="HTTP 404"),
    "gone": FetchResult(FetchStatus.GONE, 410, message="HTTP 410"),
    "login": FetchResult(FetchStatus.HTTP_ERROR, 401, message="HTTP 401"),
    "failing": FetchResult(FetchStatus.NETWORK, message="DNS: no such name", unreachable=True),
    "webpage": FetchResult(FetchStatus.NEW, 200, body=b"<!DOCTYPE html><html><body>Hello</body></html>"),
    "silent": None,
    "frozen": None,
}


@dataclass
class Broken:
    """Which feed is broken in which way, and which answer from elsewhere and are seen all the same."""

    ways: dict[str, str]
    moved: frozenset[str]

    def of(self, *ways: str) -> frozenset[str]:
        return frozenset(name for name, way in self.ways.items() if way in ways)


def broken_newsroom(folder: Path) -> tuple[Desk, Broken]:
    """A day and a half after 28 of 240 feeds broke; four more moved to another domain."""
    chosen = random.Random(20).sample(FEEDS[:239], 32)
    broken = Broken(dict(zip(chosen[:28], list(WAYS) * 4, strict=True)), frozenset(chosen[28:]))
    feeds = [
        Desk.feed(
            name,
            tags=tuple(tag for tag, there in (("press", PRESS), ("radio", RADIO)) if name in there),
            language="fr" if name in FRENCH else "en",
        )
        for name in FEEDS
    ]
    desk = Desk(folder, feeds=feeds, rules=RULES, notices=())
    for name in FEEDS:
        desk.publish(name, Item("Old talks", guid=f"old {name}"))
    desk.poll()
    look(desk)  # a digest's hour that passed before is none to tell anything in
    for name, way in broken.ways.items():
        if (result := WAYS[way]) is not None:
            desk.answer(name, result)
        else:
            hourly_until_now(desk, name)
    for name in broken.moved:
        body = rss(Item("Old talks", guid=f"old {name}"))
        elsewhere = FetchResult(FetchStatus.NEW, 200, body=body, final_url="http://parked.invalid/feed")
        desk.answer(name, elsewhere)
    quiet = sorted(broken.of("silent", "frozen"))
    lookout = Lookout()
    for number in range(18):
        desk.now += timedelta(minutes=59)
        for name in broken.of("silent"):
            desk.documents.bodies[f"http://{name}.example/feed"] += b"<!-- %d -->" % number
        desk.poll(*quiet)
        suspects = [s for batch in lookout.suspects(desk.database.reader, desk.now) for s in batch]
        look(desk, *suspects)
    asked = sorted((broken.ways.keys() - set(quiet) - broken.of("gone")) | broken.moved)
    desk.poll(*asked, *broken.of("gone"))
    desk.now += timedelta(hours=3)
    desk.poll(*asked)
    return desk, broken


def hourly_until_now(desk: Desk, name: str) -> None:
    """Let the feed have had news each hour for forty days, and none since."""
    times = [desk.now - timedelta(hours=n) for n in range(40 * 24)][::-1]
    rhythm = Rhythm(at=times[0].timestamp(), since=times[0].timestamp(), ref=times[0].timestamp())
    for day in range(40):
        chosen = times[day * 24 : (day + 1) * 24]
        rhythm = learn(rhythm, chosen, chosen[-1])
    values = {"name": name, "rhythm": write_rhythm(rhythm), "last": to_db(desk.now)}
    statement = "UPDATE feeds SET rhythm = :rhythm, last_item_at = :last WHERE name = :name"
    desk.database.writer.submit(lambda tx: tx.run(statement, **values)).result()


def config_for(desk: Desk, folder: Path) -> Path:
    """The same newsroom as a file, for the command line."""
    lines = [f'[monitor]\ndatabase = "{desk.config.database}"\n[channels.desk]\ntype = "terminal"']
    for feed in desk.config.feeds:
        lines.append(f'[[feeds]]\nname = "{feed.name}"\nurl = "{feed.url.reveal()}"')
        lines.append(f'language = "{feed.language}"')
        lines += [f"tags = {json.dumps(feed.tags)}"] if feed.tags else []
    for rule in desk.config.rules:
        lines.append(f'[[rules]]\nname = "{rule.name}"\nquery = "{rule.query}"')
        lines += [
            f"{key} = {json.dumps(value)}"
            for key, value in (("tags", rule.tags), ("lang", rule.lang), ("feeds", rule.feeds))
            if value
        ]
        lines.append(f"enabled = {str(rule.enabled).lower()}")
    path = folder / "config.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    path.chmod(0o600)
    return path


def expected(broken: Broken) -> dict[str, dict[str, Any]]:
    """What each rule must say, worked out from what was broken."""
    silent = broken.of("silent", "frozen")
    failing = broken.ways.keys() - silent
    return {
        rule: {
            "rule": rule,
            "feeds": len(hears),
            "seen": len(hears - broken.ways.keys()),
            "failing": len(hears & failing),
            "silent": len(hears & silent),
            "new": 0,
            "changed": len(hears & broken.moved),
            "blind": sorted(hears & broken.ways.keys()),
        }
        for rule, hears in HEARS.items()
    }


def test_the_count_of_every_rule_is_exact(tmp_path: Path) -> None:
    """In `status`, in the metrics' figures and in the digest of notices."""
    desk, broken = broken_newsroom(tmp_path)
    with desk:
        wanted = expected(broken)
        [shape] = run("status", "--json", "--config", config_for(desk, tmp_path)).objects
        assert shape["config"]["error"] is None
        assert shape["feeds"] == {"total": 240, "ok": 212, "failing": 20, "silent": 8, "disabled": 0}
        assert (shape["feeds_blind"], shape["feeds_changed"]) == (28, 4)
        assert {rule["rule"]: rule for rule in shape["blind"]} == {
            name: rule for name, rule in wanted.items() if rule["blind"]
        }
        partly = {name: rule for name, rule in wanted.items() if rule["blind"] or rule["changed"]}
        assert {rule["rule"]: rule for rule in shape["sight"]} == {
            name: rule | {"blind": len(rule["blind"])} for name, rule in partly.items()
        }
        whole = len(HEARS) - len(partly)
        assert shape["rules"] == {
            "total": 6,
            "whole": whole,
            "blind": sum(bool(r["blind"]) for r in wanted.values()),
        }
        by_kind = {(t["feed"], t["kind"]) for t in shape["troubles"]}
        assert {
            (name, way) for name, way in broken.ways.items() if way in ("silent", "frozen", "gone")
        } <= by_kind

        reach = Reach(desk.plan.rules.values(), desk.plan.feeds.values())
        seen = read_seen(desk.config.database, reach, 240, datetime.now(UTC))
        assert {r.rule: (r.feeds, r.seen, r.failing, r.silent, list(r.blind)) for r in seen.rules} == {
            name: (r["feeds"], r["seen"], r["failing"], r["silent"], r["blind"]) for name, r in wanted.items()
        }

        desk.change(notices=("desk",))
        desk.now = desk.now.replace(hour=8, minute=1) + timedelta(days=1)
        look(desk)
        told = [line for _, body in notices(desk) for line in body.splitlines() if line.startswith("rule ")]
        lines = {line.split()[1]: line for line in told}
        assert lines.keys() == {name for name, rule in wanted.items() if rule["blind"]}
        for name, line in lines.items():
            rule = wanted[name]
            assert line.startswith(f"rule {name} hears {rule['seen']} of its {rule['feeds']} feeds (")
            assert f"over 2 h from {len(rule['blind'])}: " in line


# --- when the digest says so


MISSING = FetchResult(FetchStatus.HTTP_ERROR, 404, message="HTTP 404")


def mornings(desk: Desk, days: int) -> list[str]:
    """The titles of what each of so many mornings told, after a poll in the night."""
    for _ in range(days):
        desk.now = (desk.now + timedelta(days=1)).replace(hour=5)
        desk.poll()
        desk.now = desk.now.replace(hour=8, minute=5)
        look(desk)
    return [title for title, _ in notices(desk)]


def test_what_stays_blind_is_said_again_after_a_week_and_no_sooner(tmp_path: Path) -> None:
    """With the trouble first, by itself once a week; and when another feed goes blind, with that."""
    with Desk(tmp_path, feeds=["a", "b"], notices=("desk",)) as desk:
        for name in "ab":
            desk.publish(name, Item("Old talks", guid=f"old {name}"))
        desk.poll()
        look(desk)
        desk.answer("a", MISSING)
        titles = mornings(desk, 3)
        assert len(titles) == 1
        assert titles[0].startswith("feed a is not found (404)")
        assert len(mornings(desk, 6)) == 1
        assert mornings(desk, 3)[1:] == ["the rule does not hear all of its feeds"]
        desk.answer("a", None)
        assert mornings(desk, 1)[2].startswith("feed a is well again")
        assert len(mornings(desk, 9)) == 3


def test_a_confidential_rule_is_counted_and_not_named(tmp_path: Path) -> None:
    """Its name stays on this machine."""
    rules = (RuleConfig(name="hush", query="doha", secret=True), RuleConfig(name="open", query="doha"))
    with Desk(tmp_path, feeds=["a"], rules=rules, notices=()) as desk:
        desk.publish("a", Item("Old talks", guid="old"))
        desk.poll()
        look(desk)
        desk.answer("a", MISSING)
        desk.poll()
        desk.change(notices=("desk",))
        mornings(desk, 3)
        body = notices(desk)[-1][1]
        assert "rule open hears 0 of its 1 feeds (1 failing)" in body
        assert "2 of 2 rules do not hear all of their feeds" in body
        assert "and 1 more: tocsin status" in body
        lines = [line for line in body.splitlines() if line.startswith(("rule ", "2 of"))]
        assert "hush" not in "".join(lines)


def test_a_short_failure_is_no_news(tmp_path: Path) -> None:
    """A feed that fails since the night is blind in `status`, and nothing is said in the morning."""
    with Desk(tmp_path, feeds=["a"], notices=("desk",)) as desk:
        desk.publish("a", Item("Old talks", guid="old"))
        desk.poll()
        look(desk)
        desk.answer("a", FetchResult(FetchStatus.HTTP_ERROR, 500, message="HTTP 500"))
        assert mornings(desk, 1) == []
        sights = feed_sights(desk.database.reader, {"a"}, desk.now)
        assert (sights["a"].sight, sights["a"].blind, sights["a"].sure) == (Sight.FAILING, True, False)
        assert desk.database.reader.row(sql.FACT, name=TOLD) is None
