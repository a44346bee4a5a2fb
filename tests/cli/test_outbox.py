"""`tocsin outbox`: what waits, and moving it by hand."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor.store.database import Reader
from monitor.store.lock import DaemonLock
from monitor.store.outbox import save_channel
from monitor.store.rows import ChannelState
from tests.support.cli import Outcome, run
from tests.support.installed import configured
from tests.support.store import add_notification, ledger_of, new_database, outbox_row, transaction

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = ("id", "alerts", "channel", "state", "attempts", "next_attempt", "reason", "last_error")
STATES = ("ready", "retry", "held", "dead", "leased", "sent", "dropped")  # their outbox ids are 1 to 7


class Box:
    """A database with one notification in each state, and the verbs on it."""

    def __init__(self, folder: Path) -> None:
        self.database = new_database(folder)
        self.config = configured(folder, self.database)
        with transaction(self.database) as tx:
            for state in STATES:
                add_notification(tx, "desk", state=state)

    def __call__(self, verb: str, *arguments: str) -> Outcome:
        return run("outbox", verb, *arguments, "--config", self.config)

    def states(self) -> list[str]:
        with closing(Reader(self.database)) as reader:
            return [outbox_row(reader, n + 1).state for n in range(len(STATES))]

    def ledger(self, number: int) -> list[tuple[str, str]]:
        with closing(Reader(self.database)) as reader:
            return ledger_of(reader, number)

    def listed(self, *options: str) -> list[Any]:
        return self("list", "--json", *options).objects


@pytest.fixture
def box(tmp_path: Path) -> Box:
    """A fresh one for each test."""
    return Box(tmp_path)


def test_the_list_has_the_shape_of_the_contract(box: Box) -> None:
    """Every field is there; what was delivered or dropped is not."""
    found = box.listed()
    assert set(SHAPE) <= set(found[0])
    assert [one["state"] for one in found] == ["ready", "retry", "held", "dead", "leased"]
    assert found[0]["channel"] == "desk"
    assert found[0]["next_attempt"] == "2026-03-01T12:00:00Z"


def test_the_list_of_all_has_what_is_settled_too(box: Box) -> None:
    """--all shows every state; a limit that cuts says so."""
    assert [one["state"] for one in box.listed("--all")] == list(STATES)
    assert [one["id"] for one in box.listed("--all", "--limit", "2")] == [6, 7]
    assert "only the newest 2" in box("list", "--all", "--limit", "2").err


def test_alerts_of_a_notification_are_named(box: Box) -> None:
    """`alerts` has the ids that `alerts show` takes."""
    with transaction(box.database) as tx:
        tx.run(
            "INSERT INTO alerts (id, story_id, article_id, rule, severity, kind, created_at) "
            "VALUES (5, 1, 1, 'talks', 2, 'first', '2026-03-01 12:00:00.000000')"
        )
        tx.run("UPDATE ledger SET alert_id = 5 WHERE outbox_id = 1")
    assert [one["alerts"] for one in box.listed()[:2]] == [[5], []]


def test_people_get_a_table(box: Box) -> None:
    """A line for each, with its title."""
    lines = box("list").out.splitlines()
    assert lines[0].split()[:3] == ["ID", "CHANNEL", "STATE"]
    assert len(lines) == 6
    assert "title 1" in lines[1]


def test_an_empty_outbox_says_so(tmp_path: Path) -> None:
    """No table, but a word."""
    config = configured(tmp_path, new_database(tmp_path))
    outcome = run("outbox", "list", "--config", config)
    assert (outcome.code, outcome.out) == (0, "")
    assert "nothing is waiting" in outcome.err


def test_retry_makes_what_is_stuck_due(box: Box) -> None:
    """Dead letters, held ones and those that wait for a later attempt are ready at once."""
    outcome = box("retry", "2", "3", "4")
    assert (outcome.code, outcome.out) == (0, "3 due again\n")
    assert box.states()[:4] == ["ready"] * 4
    assert box.ledger(4) == [("waiting", "requeued")]


@pytest.mark.parametrize(
    ("number", "why"),
    [
        ("1", "it is due already"),
        ("5", "it is being sent right now"),
        ("6", "it was delivered"),
        ("7", "it was dropped"),
        ("99", "there is no such notification"),
        (str(2**70), "there is no such notification"),
    ],
)
def test_what_cannot_be_tried_again_says_why(box: Box, number: str, why: str) -> None:
    """The others are moved all the same; exit 1 because one that was named was not."""
    outcome = box("retry", "4", number)
    assert (outcome.code, outcome.out) == (1, "1 due again\n")
    assert f"not possible for 1 ({number}): {why}" in outcome.err
    assert box.states()[3] == "ready"


def test_retry_says_who_will_send(box: Box) -> None:
    """With a daemon at work it is soon; without one nothing goes out until it runs."""
    assert "tocsin run" in box("retry", "4").err
    lock = DaemonLock(box.database)
    lock.acquire()
    try:
        assert "every 5 seconds" in box("retry", "3").err
    finally:
        lock.release()


def test_retry_says_that_a_channel_is_paused(box: Box) -> None:
    """Due again is not sent at once where the receiver asked for patience."""
    until = datetime.now(UTC) + timedelta(hours=3)
    with transaction(box.database) as tx:
        save_channel(tx, ChannelState("desk", paused_until=until))
    assert "channel desk is paused after its last answer: tried in 2 h" in box("retry", "4").err


def test_drop_gives_up_by_hand(box: Box) -> None:
    """The ledger says that a person did it."""
    outcome = box("drop", "1", "4")
    assert (outcome.code, outcome.out) == (0, "2 dropped\n")
    assert box.ledger(1) == [("dropped", "by_hand")]
    assert box.listed("--all")[0]["reason"] == "by_hand"


def test_drop_of_all_wants_to_be_meant(box: Box) -> None:
    """Without --yes nothing happens; with it all that can be given up is; a send in hand stays."""
    assert box("drop", "--all").code == 2
    assert box.states() == list(STATES)
    outcome = box("drop", "--all", "--yes")
    assert (outcome.code, outcome.out) == (0, "4 dropped\n")
    assert "not possible for 1 (5): it is being sent right now" in outcome.err
    assert box.states() == [*["dropped"] * 4, "leased", "sent", "dropped"]


def test_a_channel_is_moved_alone(box: Box) -> None:
    """--channel takes one channel's, also if it is no longer configured."""
    with transaction(box.database) as tx:
        add_notification(tx, "old-phone", state="dead")
    assert box("drop", "--channel", "old-phone").out == "1 dropped\n"
    assert box.states() == list(STATES)


def test_an_unknown_channel_is_a_usage_error(box: Box) -> None:
    """With the nearest name as a hint."""
    outcome = box("retry", "--channel", "dask")
    assert outcome.code == 2
    assert "did you mean desk?" in outcome.err


@pytest.mark.parametrize("verb", ["retry", "drop"])
@pytest.mark.parametrize("chosen", [(), ("x",)])
def test_nothing_chosen_is_a_usage_error(box: Box, verb: str, chosen: tuple[str, ...]) -> None:
    """Neither verb guesses."""
    outcome = box(verb, *chosen)
    assert outcome.code == 2
    assert "bug" not in outcome.err
    assert box.states() == list(STATES)


def test_json_says_what_was_done(box: Box) -> None:
    """Ids that were moved and ids that were not, with the reason."""
    (said,) = box("retry", "--all", "--json").objects
    assert said["done"] == [2, 3, 4]
    assert said["refused"] == [1, 5]
    assert said["why"] == {"1": "it is due already", "5": "it is being sent right now"}
