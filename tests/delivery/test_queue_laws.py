"""Laws of a channel's queue, whatever its receiver answers: nothing lost, nothing twice, stories in order."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.delivery.bucket import Limit
from monitor.delivery.outbox import OutboxWorker
from monitor.delivery.terms import Terms
from monitor.model import Answer, AnswerClass, Severity
from monitor.store import sql
from tests.support.channels import OK, FakeChannel
from tests.support.desk import Desk, desk
from tests.support.store import GUARD, add_notification, do, insert

if TYPE_CHECKING:
    from monitor.delivery.policy import Verdict
    from monitor.store.rows import OutboxRow
    from monitor.store.tx import Tx

NO = {
    "gone": Answer(AnswerClass.TRANSIENT, "no connection", unreached=True),
    "500": Answer(AnswerClass.TRANSIENT, "HTTP 500", 500),
    "lost": Answer(AnswerClass.UNKNOWN, "no answer"),
    "401": Answer(AnswerClass.CONFIG, "HTTP 401", 401),
    "429": Answer(AnswerClass.RATE, "HTTP 429", 429),  # a time asked for would be one of the steady clock
}
answers = st.lists(st.sampled_from(["ok", "ok", *NO]), max_size=30)
events = st.lists(
    st.one_of(
        st.tuples(st.just("rings"), st.integers(1, 4), st.sampled_from(Severity)),
        st.tuples(st.just("many"), st.integers(6, 12), st.sampled_from(Severity)),
        st.tuples(st.just("passes"), st.sampled_from([0.1, 2, 15, 60]), st.none()),
        st.tuples(st.just("restart"), st.none(), st.none()),
    ),
    min_size=3,
    max_size=20,
)


class Queue:
    """A desk whose alerts have stories, and what was told of them."""

    def __init__(self, d: Desk, script: list[str]) -> None:
        self.d = d
        self.channel = FakeChannel(answers=[NO.get(word, OK) for word in script])
        self.told: list[int] = []  # alerts
        self.stories: dict[int, int] = {}
        self.start()

    def start(self) -> None:
        """A worker as after a start; the service takes five at once, and one each tenth of a second."""
        d = self.d
        d.worker = OutboxWorker(
            d.database, d.clock, rng=lambda: 0.5, deadline=GUARD, on_attempt=self._attempted
        )
        terms = Terms(gathers=frozenset({"desk"}), paces={"desk": ("key", Limit(5, 0.001))})
        d.worker.use({"desk": self.channel}, (), terms)

    def _attempted(self, row: OutboxRow, answer: Answer, _: Verdict) -> None:
        if answer.kind is AnswerClass.OK:
            rows = self.d.database.reader.rows(sql.OUTBOX_ALERTS, outbox=row.id)
            self.told += [r["alert_id"] for r in rows]

    def rings(self, story: int, severity: Severity) -> None:
        """One more alert of this story."""

        def unit(tx: Tx) -> int:
            number = 9000 + story
            if not tx.rows("SELECT 1 FROM stories WHERE id = :id", id=number):
                insert(tx, "stories", sql.STORY_INSERT, id=number)
            now, level = self.d.clock.now, int(severity)
            row = add_notification(tx, story_id=number, severity=level, created_at=now, next_attempt_at=now)
            (known,) = tx.rows(
                "SELECT m.article_id FROM ledger l JOIN matches m ON m.id = l.match_id"
                " WHERE l.outbox_id = :id",
                id=row,
            )
            ids = {"id": row, "article_id": known["article_id"], "story_id": number}
            insert(tx, "alerts", sql.ALERT_INSERT, rule="talks", severity=level, created_at=now, **ids)
            tx.run("UPDATE ledger SET alert_id = :id WHERE outbox_id = :id", id=row)
            return row

        self.stories[do(self.d.database, unit)] = story

    def passes(self, minutes: float) -> None:
        """Let time pass, and look."""
        self.d.clock.advance(minutes=minutes)
        self.d.finish()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(answers, events)
def test_all_is_told_once_and_stories_in_their_order(
    script: list[str], happens: list[tuple[str, int, Severity]]
) -> None:
    """A yes comes once for each; a story's alerts never change places, in digests or out of them."""
    with tempfile.TemporaryDirectory() as folder, desk(Path(folder)) as d:
        queue, fresh = Queue(d, script), 100
        for kind, what, severity in happens:
            if kind == "rings":
                queue.rings(what, severity)
            elif kind == "many":
                for _ in range(what):
                    fresh += 1
                    queue.rings(fresh, severity)
            elif kind == "passes":
                queue.passes(what)
            else:
                queue.start()
        for _ in range(60):
            queue.passes(16)
        assert {row["state"] for row in d.database.reader.rows("SELECT state FROM outbox")} <= {"sent"}
        assert sorted(queue.told) == sorted(queue.stories)
        for story in set(queue.stories.values()):
            told = [alert for alert in queue.told if queue.stories[alert] == story]
            assert told == sorted(told)
