"""From a published item to a real receiver that misbehaves: nothing is lost, nobody is hurried."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.delivery.channels import build_channel
from monitor.delivery.outbox import OutboxWorker
from monitor.settings import ChannelConfig, Secret
from monitor.store import sql
from monitor.store.rows import from_db
from tests.support.documents import Item
from tests.support.newsdesk import Desk
from tests.support.receivers import HttpReceiver, Reply, SmtpReceiver, dead_port

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.model import Answer
    from monitor.store.rows import OutboxRow

OLD = Item("Old news", guid="old", age=48)
NEW = Item("Talks in Doha", guid="g1", link="https://n.example/1", text="They met on Friday.", age=1)


class Office:
    """A desk with an item in its outbox, and a worker that delivers to real channels."""

    def __init__(self, folder: Path, **urls: str) -> None:
        self.desk = Desk(folder, channels=list(urls))
        self.desk.publish("a", OLD)
        self.desk.poll()
        self.desk.publish("a", NEW, OLD)
        self.desk.poll()
        self.channels = {n: build_channel(ChannelConfig(n, url=Secret(u))) for n, u in urls.items()}
        self.log: list[tuple[str, str]] = []

    def deliver(self) -> None:
        """Send whatever is due now."""

        async def once() -> None:
            worker = OutboxWorker(
                self.desk.database, lambda: self.desk.now, rng=lambda: 0.0, on_attempt=self._note
            )
            worker.use(self.channels, tuple(self.channels))
            await worker.finish()

        asyncio.run(once())

    def _note(self, row: OutboxRow, answer: Answer, _: object) -> None:
        self.log.append((row.channel, answer.kind.value))

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.desk.now += timedelta(seconds=seconds)

    def due_in(self) -> float | None:
        """Seconds until the next attempt, pauses included; None when nothing waits."""
        rows = self.desk.database.reader.rows(sql.OUTBOX_WAITING)
        if not rows:
            return None
        paused = [from_db(r["paused_until"]) for r in self.desk.database.reader.rows(sql.CHANNELS)]
        moments = [from_db(rows[0]["at"]), *paused]
        return max((m - self.desk.now).total_seconds() for m in moments if m is not None)

    def states(self) -> list[tuple[str, str, str]]:
        """(channel, kind, state) of all notifications, oldest first."""
        rows = reversed(self.desk.database.reader.rows(sql.OUTBOX_ALL, count=100))
        return [(r["channel"], r["kind"], r["state"]) for r in rows]

    def close(self) -> None:
        """Close the database."""
        assert self.desk.adds_up()
        self.desk.database.close()


def test_two_500_then_429_then_ok_is_one_delivery_and_not_before_its_time(tmp_path: Path) -> None:
    """500 twice, 429 with Retry-After 7, then 200: delivered once, and not asked before the seven seconds."""
    with HttpReceiver(500, 500, Reply(429, {"Retry-After": "7"})) as receiver:
        office = Office(tmp_path, desk=f"json://127.0.0.1:{receiver.port}/x")
        office.deliver()
        for _ in range(2):
            wait = office.due_in()
            assert wait is not None
            office.later(wait + 0.001)
            office.deliver()
        assert [kind for _, kind in office.log] == ["transient", "transient", "rate"]
        assert (office.due_in() or 0) >= 7
        office.later(6.9)
        office.deliver()
        assert len(receiver.requests) == 3, "asked before the seven seconds were over"
        office.later((office.due_in() or 0) + 0.001)
        office.deliver()
        office.later(86_400)
        office.deliver()
        assert [kind for _, kind in office.log] == ["transient", "transient", "rate", "ok"]
        assert len(receiver.requests) == 4
        assert office.states() == [("desk", "alert", "sent")]
        office.close()


def test_mail_deferred_with_451_arrives_once_under_one_message_id(tmp_path: Path) -> None:
    """451, then 250: one mail, the same Message-ID in both attempts."""
    with SmtpReceiver(data=["451 4.3.0 try later"]) as smtp:
        office = Office(tmp_path, mail=f"mailto://127.0.0.1:{smtp.port}?from=a@b.example&to=desk@b.example")
        office.deliver()
        assert office.states() == [("mail", "alert", "retry")]
        office.later((office.due_in() or 0) + 0.001)
        office.deliver()
        assert office.states() == [("mail", "alert", "sent")]
        assert len(smtp.mails) == 1
        assert len({str(m["Message-ID"]) for m in smtp.attempts}) == 1
        office.close()


def test_mail_refused_with_550_is_a_dead_letter_and_a_notice_elsewhere(tmp_path: Path) -> None:
    """550 for the recipient: given up at once, said on the other channel, never on the one it is about."""
    with SmtpReceiver(rcpt=["550 5.1.1 no such user"]) as smtp, HttpReceiver() as receiver:
        office = Office(
            tmp_path,
            mail=f"mailto://127.0.0.1:{smtp.port}?from=a@b.example&to=desk@b.example",
            hook=f"json://127.0.0.1:{receiver.port}/x",
        )
        office.deliver()
        assert sorted(office.states()) == [
            ("hook", "alert", "sent"),
            ("hook", "notice", "sent"),
            ("mail", "alert", "dead"),
        ]
        notices = office.desk.database.reader.rows(sql.NOTICES_SINCE, since="2000-01-01")
        assert [(n["kind"], n["subject"]) for n in notices] == [("dead_letter", "mail")]
        assert "550" in notices[0]["text"]
        office.close()


def test_a_dead_receiver_delays_nobody_else_and_gets_it_later(tmp_path: Path) -> None:
    """A port where nobody listens: the other channel is told at once, this one when its receiver is back."""
    with HttpReceiver() as receiver:
        office = Office(
            tmp_path,
            dead=f"json://127.0.0.1:{dead_port()}/x",
            live=f"json://127.0.0.1:{receiver.port}/live",
        )
        office.deliver()
        assert sorted(office.states()) == [("dead", "alert", "retry"), ("live", "alert", "sent")]
        back = ChannelConfig("dead", url=Secret(f"json://127.0.0.1:{receiver.port}/back"))
        office.channels["dead"] = build_channel(back)
        office.later(3600)
        office.deliver()
        assert [request.path for request in receiver.requests] == ["/live", "/back"]
        office.close()


def test_after_seven_days_it_is_a_dead_letter_with_one_notice(tmp_path: Path) -> None:
    """A receiver that is down for a week: tried ever more slowly, then given up and said so."""
    with HttpReceiver() as receiver:
        office = Office(
            tmp_path,
            dead=f"json://127.0.0.1:{dead_port()}/x",
            live=f"json://127.0.0.1:{receiver.port}/live",
        )
        office.deliver()
        office.later(7 * 86_400 - 60)
        office.deliver()
        assert ("dead", "alert", "retry") in office.states()
        office.later(3600)
        office.deliver()
        assert ("dead", "alert", "dead") in office.states()
        assert [r.path for r in receiver.requests].count("/live") == 2, "the alert and the notice"
        office.close()
