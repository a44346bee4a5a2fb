"""Laws of routes, quiet hours, silences, budgets and deliveries, whatever happens in any order and time."""

from __future__ import annotations

import logging
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from monitor.model import Answer, AnswerClass
from tests.support.newsroom import DESK, NIGHT, PHONE, Newsroom

if TYPE_CHECKING:
    from tests.support.newsworld import Heard

NOTICES = '[notices]\nchannels = ["desk"]\n'
BUDGET = '[alerts]\nbudget = "2/1h"\n'
GATHERED = """
[[routes]]
match = { rule = ["chat", "flood"] }
channels = ["phone"]
group = "20m"
group_by = "rule"
continue = true
[[routes]]
match = { severity = ["normal", "high"] }
channels = ["desk", "phone"]
digest = ["02:30", "18:00"]
[[routes]]
channels = ["desk", "phone"]
"""
BY_KIND = """
[[routes]]
match = { kind = "update" }
channels = ["phone"]
digest = "12:00"
[[routes]]
match = { tag = "sport" }
channels = ["desk"]
group = "2h"
group_by = "story"
[[routes]]
channels = ["phone", "desk"]
"""
# Quiet hours and budgets change most of what can happen; each of these differs in more than one.
CONFIGURATIONS = (
    PHONE + DESK,
    PHONE + DESK + NIGHT + BUDGET,
    PHONE + DESK + NOTICES + NIGHT.replace('"07:00"', '"02:30"') + GATHERED + BUDGET,
    PHONE + DESK + NIGHT.replace('"22:00"', '"12:00"').replace('"phone"', '"phone", "desk"') + BY_KIND,
    PHONE + DESK + GATHERED,
    PHONE + DESK + NIGHT + BY_KIND + BUDGET,
    DESK + NOTICES + BUDGET,
)
STARTS = (
    ("Europe/Paris", "2026-03-28 18:00"),
    ("America/New_York", "2026-10-31 20:00"),
    ("Australia/Lord_Howe", "2026-04-04 21:00"),
    ("UTC", "2026-11-27 12:00"),
)
RULES = st.sampled_from(["chat", "flood", "talks", "war"])
CHANNELS = st.sampled_from(["desk", "phone"])
POINTS = st.sampled_from(["before_commit", "after_commit", "before_accept", "after_accept"])
WINDOW = timedelta(hours=71)  # within the time in which a story rings once
JOINS = timedelta(days=7)  # the longest that a copy joins its story


@dataclass
class Story:
    """What happened to one dispatch: when each of its headlines appeared, and whether it may be told."""

    seen: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    feeds: set[str] = field(default_factory=set)
    may_ring: bool = False


class Rings(RuleBasedStateMachine):
    """Two feeds, two channels, four rules, and all that can happen to them."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self._room: Newsroom | None = None
        self.stories: list[Story] = []
        self.of: dict[str, Story] = {}
        self.muted: list[tuple[str, datetime]] = []
        self.lost = 0
        self.checked = 0

    @property
    def room(self) -> Newsroom:
        assert self._room is not None
        return self._room

    @initialize(start=st.sampled_from(STARTS), toml=st.sampled_from(CONFIGURATIONS))
    def begin(self, start: tuple[str, str], toml: str) -> None:
        """A newsroom before a night, in which clocks may change."""
        self._room = Newsroom(Path(self._folder.name), toml, start[1], start[0]).start()

    def teardown(self) -> None:
        """Receivers are well, channels are there, a few days pass: nothing is held, nothing was lost."""
        room = self._room
        try:
            if room is not None:
                with room.ending():
                    self._ends_well()
        finally:
            self._folder.cleanup()

    def _ends_well(self) -> None:
        room = self.room
        room.moods.clear()
        room.answers.clear()
        if not room.running:
            room.start()
        room.dies_at("", 0)
        room.reload(PHONE + DESK)
        room.passes(timedelta(hours=50))
        self.holds_its_laws()
        given_up = {"dead gave_up"}
        rows = room.app.database.reader.rows("SELECT state, reason, outbox_id, channel FROM ledger")
        left = {f"{r['state']} {r['reason']}" for r in rows if r["state"] not in ("sent", "suppressed")}
        assert left <= given_up, left
        assert {what.split()[1] for what in room.unsent()} <= {"dead"}
        heard = {(h.channel, h.outgoing.outbox_id) for h in room.heard}
        for row in rows:
            assert row["state"] != "sent" or (row["channel"], row["outbox_id"]) in heard

    # --- what happens

    def _appears(self, story: Story, title: str) -> None:
        """A headline is there; whether a rule that holds for it may ring, as far as that is sure."""
        now = self.room.now
        story.seen[title].append(now)
        self.of[title] = story
        words = set(title.replace(":", "").split())
        quiet = {name for name, until in self.muted if now < until}
        if not self.room.running or words & {"chat", "flood", "talks", "war"} - quiet:
            story.may_ring = True

    @rule(names=st.sets(RULES, min_size=1, max_size=2), feed=st.sampled_from("ab"))
    def ring(self, names: set[str], feed: str) -> None:
        """A new dispatch."""
        title = f"{' '.join(sorted(names))} story {len(self.stories)}"
        self.stories.append(Story(feeds={feed}))
        self._appears(self.stories[-1], title)
        self.room.rings(title, feed)
        self._look(self.stories[-1])

    @rule(number=st.integers(2, 12), name=RULES)
    def burst(self, number: int, name: str) -> None:
        """Many at once."""
        for _ in range(number):
            self.ring({name}, "a")

    @precondition(lambda self: self.stories)
    @rule(data=st.data(), feed=st.sampled_from("ab"))
    def copy(self, data: Any, feed: str) -> None:
        """The other feed shows one, in its newest form; twice in one feed it would be a follow-up."""
        room = self.room
        titles = [i.title for i in room.items["b" if feed == "a" else "a"]]
        titles = [title for title in titles if feed not in self.of[title].feeds]
        if titles:
            title = data.draw(st.sampled_from(titles))
            self.of[title].feeds.add(feed)
            self._appears(self.of[title], title)
            room.copies(title, feed)
            self._look(self.of[title])

    @precondition(lambda self: self.stories)
    @rule(data=st.data(), name=RULES)
    def edit(self, data: Any, name: str) -> None:
        """One says more, for which a rule may newly hold, and has a figure more."""
        room = self.room
        title = data.draw(st.sampled_from([i.title for items in room.items.values() for i in items]))
        if title.count(":") > 2:
            return
        more = f"{name} with {len(self.of) + 12} dead"
        story = self.of[title]
        self._appears(story, f"{title}: {more}")
        room.edits(title, more)
        self._look(story)

    def _look(self, story: Story) -> None:
        """What was not recorded because the process died is decided later, when a silence may be over."""
        if not self.room.running:
            story.may_ring = True

    @rule(minutes=st.integers(1, 400))
    def wait(self, minutes: int) -> None:
        """Time passes."""
        self.room.passes_minutes(minutes)

    @rule(hours=st.integers(12, 60))
    def wait_long(self, hours: int) -> None:
        """Days pass."""
        self.room.passes(timedelta(hours=hours))

    @rule(hours=st.sampled_from([0.2, 6, 48]), name=RULES)
    def silence(self, hours: float, name: str) -> None:
        """Somebody mutes a rule."""
        self.room.silence(timedelta(hours=hours), rule=name)
        self.muted.append((name, self.room.now + timedelta(hours=hours)))

    @precondition(lambda self: self.muted)
    @rule(data=st.data())
    def end_silence(self, data: Any) -> None:
        """And ends it again."""
        number = data.draw(st.integers(1, len(self.muted)))
        self.room.end_silence(number)
        name, until = self.muted[number - 1]
        self.muted[number - 1] = (name, min(until, self.room.now))

    @rule(toml=st.sampled_from(CONFIGURATIONS))
    def reload(self, toml: str) -> None:
        """Another configuration, perhaps without a channel; one that is not running starts with it."""
        self.room.reload(toml)

    @rule(channel=CHANNELS, mood=st.sampled_from(["well", "well", "down", "locked"]))
    def receiver(self, channel: str, mood: str) -> None:
        """A receiver breaks or is mended."""
        self.room.moods[channel] = mood

    @rule(channel=CHANNELS, kind=st.sampled_from([AnswerClass.UNKNOWN, AnswerClass.RATE]))
    def answer(self, channel: str, kind: AnswerClass) -> None:
        """A receiver's next answer is lost, or asks for patience."""
        wait = 600.0 if kind is AnswerClass.RATE else None
        self.room.answers.setdefault(channel, []).append(Answer(kind, "by hand", retry_after=wait))

    @precondition(lambda self: self.room.running)
    @rule(point=POINTS, nth=st.integers(1, 6))
    def dies_at(self, point: str, nth: int) -> None:
        """The process will die at the nth time that it comes to this point."""
        self.room.dies_at(point, nth)

    @precondition(lambda self: self.room.running)
    @rule(badly=st.booleans())
    def ends(self, badly: bool) -> None:
        """The process ends."""
        (self.room.kill if badly else self._stop)()

    def _stop(self) -> None:
        self.room.dies_at("", 0)
        self.room.stop()

    @precondition(lambda self: not self.room.running)
    @rule()
    def starts(self) -> None:
        """It starts again."""
        self.room.start()

    @precondition(lambda self: not self.room.running)
    @rule(point=st.sampled_from(["before_commit", "after_commit"]), nth=st.integers(1, 8))
    def starts_and_dies(self, point: str, nth: int) -> None:
        """It starts and dies on the way, if it comes so far."""
        self.room.start(point, nth)

    # --- what holds

    @invariant()
    def holds_its_laws(self) -> None:
        """After each step; see the laws."""
        if self._room is None:
            return
        room = self.room
        room.adds_up()
        if room.running:
            waits = (
                "SELECT id, state, bin, next_attempt_at FROM outbox WHERE state IN ('held', 'ready', 'retry')"
            )
            rows = [dict(row) for row in room.app.database.reader.rows(waits)]
            assert all(row["next_attempt_at"] for row in rows), "what waits has a time"
            assert not room.app.database.reader.rows("SELECT id FROM outbox WHERE state = 'leased'")
        for heard in room.heard[self.checked :]:
            self._was_lawful(heard)
        self.checked = len(room.heard)

    def _was_lawful(self, heard: Heard) -> None:
        room, place = self.room, self.room.heard.index(heard)
        before = [one for one in room.heard[:place] if one.channel == heard.channel]
        same = [o for o in before if o.outgoing.message_id == heard.outgoing.message_id]
        assert not same or heard.outgoing.maybe_repeat, f"{heard.words}: twice without the mark"
        assert len(same) <= heard.outgoing.attempt - 1
        if heard.outgoing.message.kind == "notice" or same:
            return
        if heard.outgoing.attempt == 1:
            assert not heard.quiet, f"{heard.words}: told in quiet hours"
        severities = {e.title: e.severity for e in heard.outgoing.message.entries}
        for title in heard.titles:
            story = self.of[title]
            assert story.may_ring, f"{title}: told although it was silenced"
            if heard.at - min(story.seen[title]) > JOINS:
                continue  # found so late, after a week without us, a copy is a story of its own
            severity = severities.get(title, heard.outgoing.message.severity)
            self._is_news(heard, title, severity, before)
            self._is_in_order(title, story, [*before, heard])

    def _is_news(self, heard: Heard, title: str, severity: int, before: list[Heard]) -> None:
        """The same headline comes again only for a rule of higher severity, or after three days."""
        for one in before:
            if title in one.titles and heard.at - one.at < WINDOW:
                told = {e.title: e.severity for e in one.outgoing.message.entries}
                known = told.get(title, one.outgoing.message.severity)
                assert severity > known, f"{title}: told again at {heard.at:%d %H:%M}"

    def _is_in_order(self, title: str, story: Story, told: list[Heard]) -> None:
        """A report goes before its update: there are times of appearance in the order of the telling."""
        ids: set[str] = set()
        last = datetime.min.replace(tzinfo=self.room.now.tzinfo)
        for one in told:
            if one.outgoing.message_id in ids:
                continue
            ids.add(one.outgoing.message_id)
            for known in one.titles:
                if known in story.seen:
                    times = [at for at in story.seen[known] if at >= last]
                    assert times, f"{known}: told at {one.at:%d %H:%M} after what came later"
                    last = times[0]


def proved(examples: int, steps: int) -> None:
    """Run the machine so often, with so many steps each."""
    logging.disable(logging.CRITICAL)
    try:
        run_state_machine_as_test(
            Rings,
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        logging.disable(logging.NOTSET)


def test_whatever_happens_nothing_is_lost_and_order_is_kept() -> None:
    """A few hundred steps."""
    proved(15, 20)


@pytest.mark.prove
def test_the_same_for_longer() -> None:
    """And tens of thousands."""
    proved(600, 40)
