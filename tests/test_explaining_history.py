"""The law of explanations: over any history they name the stage that the ledger names, or a true reason."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from monitor.alerts.silences import Silence
from monitor.model import FetchResult, FetchStatus, Severity
from monitor.settings import QuietHours, RouteConfig, RuleConfig
from monitor.store import sql
from monitor.store.digests import release
from monitor.store.silences import add_silence
from tests.support.documents import Item
from tests.support.newsdesk import Desk
from tests.support.ways import do, dropped, explanations, ledger_states, put_off, refused, sent, with_rule

if TYPE_CHECKING:
    from datetime import datetime

    from monitor.explaining import Explanation, RuleWay
    from monitor.stages import No

FEEDS = ("a", "b", "c")
CHANNELS = ("desk", "phone")
# The order of stages, and what the ledger's words stand for: written down here once more, on their own.
ORDER = (
    *("source", "text", "rule", "baseline", "route", "told", "silence", "quiet", "gathered", "delivery"),
)
PAGES = dict.fromkeys(
    ("page", "teaser"), "text"
)  # the rule fails; whether a page could help is no matter here
WORDS = {"baseline": "baseline", "no_route": "route", "duplicate": "told", "already_told": "told"}
WORDS |= {"silenced": "silence"}
HELD = {"quiet_hours": "quiet", "gathered": "gathered"}
ROUTES = (
    (),
    (RouteConfig(channels=()),),
    (RouteConfig({"feed": ("a",)}, ("desk",)), RouteConfig(channels=("phone",))),
    (RouteConfig({"severity": ("high",)}, ("phone",)), RouteConfig(channels=())),
    (RouteConfig({"rule": ("one",)}, ("desk",), group=300.0), RouteConfig(channels=("phone",))),
)
feeds = st.sampled_from(FEEDS)
numbers = st.integers(1, 4)
texts = st.lists(st.sampled_from(["doha", "talks", "rain", "qatar"]), max_size=3).map(" ".join)
names = st.sampled_from(["one", "two", "three"])
queries = st.sampled_from(
    ["doha", "talks AND doha", "doha -rain", "rain OR qatar", "feed:a", "report -talks"]
)


class NewsroomWalk(RuleBasedStateMachine):
    """Feeds that publish, edit, copy and fail; rules and routes that change; receivers of all kinds."""

    @initialize(baseline=st.booleans())
    def begin(self, baseline: bool) -> None:
        self.folder = tempfile.TemporaryDirectory()
        rules = [RuleConfig("one", query="doha"), RuleConfig("two", query="rain", severity=Severity.HIGH)]
        self.desk = Desk(Path(self.folder.name), feeds=FEEDS, rules=rules, channels=CHANNELS)
        self.lists: dict[str, dict[int, Item]] = {feed: {} for feed in FEEDS}
        self.loaded = {rule.name: self.desk.now for rule in rules}
        self.changed = dict(self.loaded)
        self.seen: dict[tuple[str, int], datetime] = {}
        self.edited: set[tuple[str, int]] = set()
        self.texts: dict[int, set[str]] = {}
        for feed in FEEDS:
            self.desk.publish(feed)
            if baseline:
                self.desk.poll(feed)

    def teardown(self) -> None:
        if hasattr(self, "desk"):
            for number in range(1, 5):
                for found in explanations(self.desk, f"http://n.example/{number}?utm_source=x"):
                    self.agrees(found, number)
            self.desk.database.close()
            self.folder.cleanup()

    @rule(feed=feeds, number=numbers, text=texts)
    def publish(self, feed: str, number: int, text: str) -> None:
        """An item is new in a feed, or there in another form; perhaps other feeds have it already."""
        item = Item(f"Report {number}", guid=f"{feed}{number}", link=f"https://n.example/{number}", text=text)
        before = self.lists[feed].get(number)
        self.lists[feed][number] = item
        self.desk.publish(feed, *self.lists[feed].values())
        self.desk.poll(feed)
        self.seen.setdefault((feed, number), self.desk.now)
        self.texts.setdefault(number, set()).add(text)
        if before is not None and before != item:
            self.edited.add((feed, number))

    @rule(feed=feeds, number=numbers)
    def withdraw(self, feed: str, number: int) -> None:
        """An item is no longer listed."""
        if self.lists[feed].pop(number, None):
            self.desk.publish(feed, *self.lists[feed].values())
            self.desk.poll(feed)
            # What comes back may come back edited: the test does not remember its last form.
            self.edited.add((feed, number))

    @rule(feed=feeds)
    def fail(self, feed: str) -> None:
        """A feed's server is away for one poll."""
        self.desk.answer(feed, FetchResult(FetchStatus.NETWORK, message="no route to host"))
        self.desk.poll(feed)
        self.desk.answer(feed, None)

    @rule(name=names, query=queries, only=st.sampled_from([(), ("a",), ("b", "c")]), enabled=st.booleans())
    def change_rule(self, name: str, query: str, only: tuple[str, ...], enabled: bool) -> None:
        """A rule is added, changed or switched."""
        severity = Severity.HIGH if name == "two" else Severity.NORMAL
        self.reload(
            with_rule(self.desk.config, name, query=query, feeds=only, severity=severity, enabled=enabled)
        )
        if enabled:
            self.loaded.setdefault(name, self.desk.now)
            self.changed[name] = self.desk.now

    @rule(name=names)
    def remove_rule(self, name: str) -> None:
        """A rule is taken out of the file, if another one stays."""
        rules = tuple(r for r in self.desk.config.rules if r.name != name)
        if rules:
            self.reload(replace(self.desk.config, rules=rules))

    @rule(routes=st.sampled_from(ROUTES))
    def change_routes(self, routes: tuple[RouteConfig, ...]) -> None:
        """Alerts go elsewhere from now on."""
        self.reload(replace(self.desk.config, routes=routes))

    @rule(channel=st.sampled_from(CHANNELS), how=st.sampled_from([sent, sent, refused, put_off]))
    def receive(self, channel: str, how: Any) -> None:
        """A receiver answers, if there is something to answer."""
        due = self.desk.database.reader.rows(sql.OUTBOX_WAITING)
        if channel in {row["channel"] for row in due}:
            do(self.desk, lambda tx: how(tx, self.desk.now, channel))

    @rule(name=names, minutes=st.sampled_from([3, 60]))
    def hush(self, name: str, minutes: int) -> None:
        """Somebody silences a rule for a while."""
        now = self.desk.now
        silence = Silence({"rule": (name,)}, "ann", "", now, now + timedelta(minutes=minutes), now)
        do(self.desk, lambda tx: add_silence(tx, silence))

    @rule(channels=st.sampled_from([(), ("phone",), CHANNELS]))
    def be_quiet(self, channels: tuple[str, ...]) -> None:
        """Channels have quiet hours from now on, or none; what these held is let go when they are over."""
        hours = (QuietHours("day", channels, "00:00", "24:00"),) if channels else ()
        self.reload(replace(self.desk.config, quiet_hours=hours))
        windows = self.desk.plan.windows
        do(self.desk, lambda tx: release(tx, self.desk.now, overdue=False, quiet=windows))

    @rule()
    def drop(self) -> None:
        """A person gives up whatever waits."""
        do(self.desk, lambda tx: dropped(tx, self.desk.now))

    def reload(self, config: Any) -> None:
        self.desk.now += timedelta(minutes=1)
        self.desk.load(config)

    # --- the law ---------------------------------------------------------------------------------------

    def agrees(self, found: Explanation, number: int) -> None:
        """Each rule's way through each feed is what the ledger, or this test's own memory, says."""
        ledger = ledger_states(self.desk)
        assert {c.shown.feed for c in found.carried} == {f for f, n in self.seen if n == number}
        for way in found.rules:
            expected: list[str | None] = []
            for feed, no in way.ways.items():
                rows = ledger.get((found.id, feed, way.rule.name))
                if rows:
                    stage = self.of_ledger(rows)
                    assert (no.stage.value if no else None) == stage
                else:
                    assert no is not None
                    stage = self.of_verdict(found, way, feed, no, number)
                expected.append(stage)
            farthest = None if None in expected else max((s for s in expected if s), key=ORDER.index)
            assert (stage_of(way.no) if way.no else None) == farthest

    def of_ledger(self, rows: set[tuple[str, str]]) -> str | None:
        """The stage that a match's rows stand for."""
        if any(state == "sent" for state, _ in rows):
            return None
        words = {"suppressed": WORDS, "held": HELD}
        return max((words.get(s, {}).get(reason, "delivery") for s, reason in rows), key=ORDER.index)

    def of_verdict(self, found: Explanation, way: RuleWay, feed: str, no: No, number: int) -> str:
        """The stage of a pair that never matched: the verdict is no, or the reason why not is true."""
        config = next((r for r in self.desk.config.rules if r.name == way.rule.name), None)
        if config is None:
            assert "no longer configured" in no.why
            return "rule"
        assert found.document is not None
        document = replace(found.document, feed=feed)
        switched_on = with_rule(self.desk.config, config.name, enabled=True)
        rule_holds = config.name in {m.rule for m in engine_of(switched_on).match(document)}
        if not rule_holds:
            stage = "source" if config.feeds and feed not in config.feeds else "text"
            assert stage_of(no) == stage
            return stage
        seen = self.seen[feed, number]
        true = {
            "is disabled": not config.enabled,
            "is younger": self.loaded.get(config.name, seen) > seen,
            "was changed, or switched on again": self.changed.get(config.name, seen) > seen,
            "another text": len(self.texts[number]) > 1,
            "an edit rings only": (feed, number) in self.edited,
        }
        assert [fact for words, fact in true.items() if words in no.why] == [True], no
        assert no.stage.value == "rule"
        return "rule"


def stage_of(no: No) -> str:
    """The stage in the words of this test."""
    return PAGES.get(no.stage.value, no.stage.value)


def engine_of(config: Any) -> Any:
    """The rules of a configuration, compiled."""
    from monitor.rules.compiling import compile_rules

    return compile_rules(config.rules, config.entities)[0]


class LongWalk(NewsroomWalk):
    """The same, for many long histories."""


TestHistory = NewsroomWalk.TestCase
TestHistory.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestLongHistory = pytest.mark.slow(LongWalk.TestCase)
TestLongHistory.settings = settings(
    max_examples=300, stateful_step_count=50, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
