"""Whatever rings, is silenced, held, reloaded or broken: nothing is lost, and order is kept."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from monitor.alerts.quiet import quiet_until, windows_of
from monitor.delivery.bucket import LIMITS
from monitor.model import State
from tests.alerts.test_timeaxis import NIGHT, ROUTES
from tests.support.timeaxis import DESK, PHONE, Desk

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
BUDGET = '[alerts]\nbudget = "2/1h"\n'
CONFIGURATIONS = [
    PHONE + DESK,
    PHONE + DESK + NIGHT + BUDGET,
    PHONE + DESK + NIGHT + ROUTES + BUDGET,
    PHONE + DESK + GATHERED + BUDGET,
    PHONE + DESK + NIGHT.replace('"07:00"', '"02:30"') + GATHERED,
]
STARTS = [
    ("Europe/Paris", "2026-03-28 18:00"),
    ("America/New_York", "2026-10-31 20:00"),
    ("UTC", "2026-11-27 12:00"),
]
NAMES = st.sampled_from(["chat", "flood", "talks", "war"])


class Newsroom(RuleBasedStateMachine):
    """Two channels, four rules, a few stories, and all that can happen to them."""

    desk: Desk

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()

    def teardown(self) -> None:
        """Everything comes back, and three days pass: nothing is held any more, nothing was lost."""
        try:
            if hasattr(self, "desk"):
                self.ends_well()
        finally:
            self._folder.cleanup()

    def ends_well(self) -> None:
        for channel in ("desk", "phone"):
            self.desk.comes_back(channel)
        self.desk.at("+3d")
        self.holds_its_laws()
        assert {row.state for row in self.desk.rows} <= {"sent", "merged"}
        states = {entry.state for entry in self.desk.ledger.values()}
        assert states <= {State.SENT, State.SUPPRESSED}

    @initialize(start=st.sampled_from(STARTS), toml=st.sampled_from(CONFIGURATIONS))
    def begin(self, start: tuple[str, str], toml: str) -> None:
        """A newsroom before a night, in which clocks may change."""
        self.desk = Desk(Path(self._folder.name), toml, start[1], start[0])
        self.desk.limits["phone"] = LIMITS["tgram"]

    @rule(
        rules=st.sets(NAMES, min_size=1),
        story=st.integers(0, 9),
        feed=st.sampled_from("ab"),
        kind=st.sampled_from(["first", "update"]),
    )
    def ring(self, rules: set[str], story: int, feed: str, kind: str) -> None:
        """An article of one of ten stories."""
        title = f"{story}.{len(self.desk.matches)}"
        self.desk.rings(*sorted(rules), title=title, story=f"s{story}", feed=feed, kind=kind)

    @rule(number=st.integers(2, 30), name=NAMES)
    def burst(self, number: int, name: str) -> None:
        """Many stories at once."""
        for _ in range(number):
            self.desk.rings(name, title=f"b{len(self.desk.matches)}")

    @rule(minutes=st.integers(1, 400))
    def wait(self, minutes: int) -> None:
        """Time passes."""
        self.desk.at(f"+{minutes}m")

    @rule(span=st.sampled_from(["10m", "6h", "2d"]), name=NAMES)
    def silence(self, span: str, name: str) -> None:
        """Somebody mutes a rule."""
        self.desk.silence(span, rule=name)

    @precondition(lambda self: self.desk.silences)
    @rule(data=st.data())
    def expire(self, data: Any) -> None:
        """And ends one again."""
        self.desk.expire(data.draw(st.integers(1, len(self.desk.silences))))

    @rule(channel=st.sampled_from(["desk", "phone"]), up=st.booleans())
    def receiver(self, channel: str, up: bool) -> None:
        """A receiver goes down or comes back."""
        _ = self.desk.comes_back(channel) if up else self.desk.goes_down(channel)

    @rule(toml=st.sampled_from(CONFIGURATIONS))
    def reload(self, toml: str) -> None:
        """Another configuration."""
        self.desk.reload(toml)

    @rule()
    def restart(self) -> None:
        """The process ends and starts again."""
        self.desk.restart()

    @invariant()
    def holds_its_laws(self) -> None:
        """The ledger adds up; stories are told in order and once; nothing new was sent while it was quiet."""
        if not hasattr(self, "desk"):
            return
        self.desk.check()
        told: dict[tuple[str, str], list[Any]] = {}
        for _, row in self.desk.sent:
            for title, story, _, _, when in row.entries:
                told.setdefault((row.channel, story), []).append((when, title))
        for entries in told.values():
            assert [when for when, _ in entries] == sorted(when for when, _ in entries)
            assert len({title for _, title in entries}) == len(entries)
        windows = windows_of(self.desk.config.quiet_hours, self.desk.config.timezone)
        held = [row for row in self.desk.rows if row.state == "held"]
        assert all(row.goes_at > self.desk.now for row in held), "nothing that is due is forgotten"
        assert len({(row.channel, row.bin) for row in held}) == len(held)
        for row in held:
            if row.bin == "quiet":
                assert quiet_until(windows[row.channel], self.desk.now, row.severity)


def test_whatever_happens_nothing_is_lost_and_order_is_kept() -> None:
    """A machine of all that can happen, for a few hundred steps."""
    run_state_machine_as_test(
        Newsroom, settings=settings(max_examples=40, stateful_step_count=25, deadline=None)
    )


@pytest.mark.prove
def test_the_same_for_longer() -> None:
    """And for tens of thousands."""
    run_state_machine_as_test(
        Newsroom, settings=settings(max_examples=600, stateful_step_count=60, deadline=None)
    )
