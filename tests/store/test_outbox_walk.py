"""Whatever happens in whatever order, outbox and ledger tell the same story."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from monitor.delivery import policy
from monitor.model import Answer, AnswerClass
from monitor.store import outbox, sql
from monitor.store.connection import open_writer
from monitor.store.leasing import lease_next, return_leases
from monitor.store.sync import sync
from tests.support.store import NOW, add_notification, committed, new_database

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from monitor.store.rows import OutboxRow
    from monitor.store.tx import Tx

CHANNELS = ("desk", "phone")
channels = st.sampled_from(CHANNELS)
answers = st.sampled_from(AnswerClass).map(lambda kind: Answer(kind, "said so", retry_after=None))
UNSENT = {"ready", "retry", "leased", "held"}


class OutboxWalk(RuleBasedStateMachine):
    """A worker that leases and settles one row per channel, people with a shell, crashes and reloads."""

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.con = open_writer(new_database(Path(self.folder.name)))
        self.now: datetime = NOW
        self.in_hand: dict[str, OutboxRow] = {}  # what the worker is sending, by channel
        self.abandoned: list[OutboxRow] = []  # sends that a crash cut off from their worker
        self.configured: tuple[str, ...] = CHANNELS
        self.final: dict[int, str] = {}  # rows that reached an end nothing may change
        self.sent_ids: list[int] = []

    def teardown(self) -> None:
        if hasattr(self, "con"):
            self.con.close()
            self.folder.cleanup()

    def act(self, unit: Callable[[Tx], Any]) -> Any:
        with committed(self.con) as tx:
            return unit(tx)

    @rule(channel=channels)
    def ring(self, channel: str) -> None:
        """An alert is put in for a configured channel."""
        if channel in self.configured:
            self.act(lambda tx: add_notification(tx, channel, next_attempt_at=self.now, created_at=self.now))

    @rule(minutes=st.sampled_from([1, 20, 60 * 24 * 8]))
    def wait(self, minutes: int) -> None:
        """Time goes by."""
        self.now += timedelta(minutes=minutes)

    @rule(channel=channels)
    def lease(self, channel: str) -> None:
        """The worker takes the next row of an idle channel."""
        if channel in self.configured and channel not in self.in_hand:
            row = self.act(lambda tx: lease_next(tx, channel, self.now))
            if row is not None:
                self.in_hand[channel] = row

    @precondition(lambda self: self.in_hand)
    @rule(data=st.data(), answer=answers)
    def answer(self, data: st.DataObject, answer: Answer) -> None:
        """A receiver answers, and the worker records what follows."""
        row = self.in_hand.pop(data.draw(st.sampled_from(sorted(self.in_hand))))
        assert self.settle(row, answer)
        if answer.kind is AnswerClass.OK:
            self.sent_ids.append(row.id)

    @precondition(lambda self: self.abandoned)
    @rule(answer=answers)
    def answer_late(self, answer: Answer) -> None:
        """An answer arrives for a send that nobody waits for any more."""
        assert not self.settle(self.abandoned.pop(), answer)

    def settle(self, row: OutboxRow, answer: Answer) -> bool:
        verdict = policy.after(answer, row.attempts, row.created_at, self.now, lambda: 0.5, plain=row.plain)
        done: bool = self.act(
            lambda tx: outbox.settle(
                tx,
                row,
                answer,
                state=verdict.state,
                reason=verdict.reason,
                next_attempt=verdict.next_attempt,
                maybe_repeat=verdict.maybe_repeat,
                plain=verdict.plain_next,
                now=self.now,
            )
        )
        return done

    @rule()
    def crash(self) -> None:
        """The process dies in mid-send and starts again."""
        self.abandoned += self.in_hand.values()
        self.in_hand.clear()
        self.act(lambda tx: return_leases(tx, self.now))

    @rule(number=st.integers(1, 6), drop=st.booleans())
    def by_hand(self, number: int, drop: bool) -> None:
        """A person retries or drops a row, lawful or not."""
        move = outbox.drop_by_hand if drop else outbox.retry_by_hand
        self.act(lambda tx: move(tx, number, self.now))

    @rule(configured=st.sampled_from([(), ("desk",), ("phone",), CHANNELS]))
    def reload(self, configured: tuple[str, ...]) -> None:
        """Channels are removed from, or return to, the configuration."""
        self.configured = configured
        self.act(lambda tx: sync(tx, (), {}, configured, self.now))

    @invariant()
    def the_books_agree(self) -> None:
        """No match without a ledger row, no ledger row that says something else than its notification."""
        if not hasattr(self, "con"):
            return
        with committed(self.con) as tx:
            assert tx.rows(sql.LEDGER_ORPHANS) == []
            assert tx.rows(sql.LEDGER_STRAY) == []
            rows = tx.rows(
                "SELECT o.id, o.state, o.channel, l.state AS told "
                "FROM outbox o JOIN ledger l ON l.outbox_id = o.id"
            )
            assert len(rows) == len(tx.rows(sql.OUTBOX_ALL, count=-1))
        for row in rows:
            assert row["told"] == ("waiting" if row["state"] in UNSENT else row["state"])
        leased = [row["channel"] for row in rows if row["state"] == "leased"]
        assert sorted(leased) == sorted(self.in_hand)

    @invariant()
    def an_end_is_an_end(self) -> None:
        """What was sent or dropped stays so, and nothing is sent a second time."""
        if not hasattr(self, "con"):
            return
        with committed(self.con) as tx:
            states = {row["id"]: row["state"] for row in tx.rows(sql.OUTBOX_ALL, count=-1)}
        for row_id, state in self.final.items():
            assert states[row_id] == state
        self.final = {i: s for i, s in states.items() if s in ("sent", "dropped")}
        assert len(self.sent_ids) == len(set(self.sent_ids))


OutboxWalk.TestCase.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestOutboxWalk = OutboxWalk.TestCase
