"""Routes, quiet hours, silences and budgets at work, with the real store and time by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from monitor.alerts import payload
from monitor.alerts.silences import Silence
from monitor.delivery.queues import gather_backlog, hand_over
from monitor.delivery.terms import Terms
from monitor.model import Answer, AnswerClass, OutboxState, Reason, Severity
from monitor.settings import ChannelConfig, QuietHours, RouteConfig, RuleConfig
from monitor.store import sql
from monitor.store.digests import release
from monitor.store.outbox import channel_state, lease_next, save_channel, settle
from monitor.store.silences import add_silence, expire_silence, hidden_by
from monitor.telling import tell
from tests.support.documents import Item
from tests.support.newsdesk import Desk

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from monitor.alerts.quiet import Window
    from monitor.store.rows import OutboxRow
    from monitor.store.tx import Tx

RULES = tuple(
    RuleConfig(name=name, query=name, severity=severity)
    for name, severity in (
        ("chat", Severity.LOW),
        ("flood", Severity.NORMAL),
        ("talks", Severity.HIGH),
        ("war", Severity.URGENT),
    )
)
NIGHT = QuietHours("night", ("phone",), "22:00", "07:00", let_through=(Severity.URGENT,))
TEXTS = (
    "Rivers left their beds in the north of the country after days of rain.",
    "The ministers meet again on Tuesday, a spokesman told reporters at the airport.",
    "Volunteers stack sandbags along the old quay while shops close their shutters.",
    "An envoy carried a letter whose content nobody wished to discuss in public.",
    "Engineers expect the bridge at Lindau to stay shut until the end of spring.",
    "Farmers count their losses, and insurers send the first teams to the villages.",
    "A choir of children sang on the steps while delegates posed for photographers.",
    "Divers search the harbour basin for a barge that broke loose during the night.",
)


class Axis:
    """A desk whose channels are asked all ten minutes, and what they heard."""

    def __init__(self, folder: Path, start: str = "12:00", **config: Any) -> None:
        self.desk = Desk(folder, rules=RULES, channels=(), **({"feeds": ("a", "b")} | config))
        self.desk.change(
            timezone="Europe/Paris",
            budget=config.get("budget", "off"),
            channels=tuple(ChannelConfig(name=name, type="apprise") for name in ("phone", "screen")),
        )
        self.heard: list[tuple[str, str, str]] = []
        self.sent: list[tuple[datetime, str, int, Sequence[Window]]] = []
        self.terms = Terms(gathers=frozenset({"phone"}))
        self.fits: int | None = None  # messages that the phone takes at once
        self.refuses = ""  # the channel that refuses all
        self.down = ""  # the channel that cannot be reached
        self.items: dict[str, list[Item]] = {"a": [], "b": []}
        for feed in self.desk.config.feeds:
            self.desk.publish(feed.name)
        self.desk.poll()
        self.to(start)

    def to(self, clock: str) -> Axis:
        """Let time pass until the clock shows this in Paris."""
        wanted = datetime.strptime(clock, "%H:%M").time()  # noqa: DTZ007
        while True:
            local = self.desk.now.astimezone(ZoneInfo("Europe/Paris"))
            if (local.hour, local.minute) == (wanted.hour, wanted.minute):
                return self
            self._minute()

    def passes(self, minutes: int) -> Axis:
        """Let so many minutes pass."""
        for _ in range(minutes):
            self._minute()
        return self.look()

    def changes(self, word: str, feed: str) -> Axis:
        """The newest item of a feed is edited: it has a word more, and a number."""
        items = self.items[feed]
        if items:
            text = f"{items[0].text} {word.capitalize()}, {len(items[0].text)} dead."
            items[0] = replace(items[0], text=text)
            self.desk.publish(feed, *items)
            self.desk.now -= timedelta(minutes=1)
            self.desk.poll(feed)
        return self.look()

    def _minute(self) -> None:
        self.desk.now += timedelta(minutes=1)
        if not self.desk.now.minute % 60:  # or the feeds would count as not watched
            self.desk.now -= timedelta(minutes=1)
            self.desk.poll()
        if not self.desk.now.minute % 5:
            self.look()

    def rings(self, title: str, feed: str = "a") -> Axis:
        """A feed shows an item of this title; each has a text of its own."""
        items = self.items[feed]
        text = TEXTS[(len(self.items["a"]) + len(self.items["b"])) % len(TEXTS)]
        link = f"https://{feed}.example/{len(items)}"
        items.insert(0, Item(title, guid=link, link=link, text=f"{title}. {text}", age=0))
        self.desk.publish(feed, *items)
        self.desk.now -= timedelta(minutes=1)
        self.desk.poll(feed)
        return self.look()

    def look(self) -> Axis:
        """What the daemon does each second: let go what is due, and send what may be sent."""
        assert self.desk.adds_up()
        for channel in self.desk.plan.channels:
            self.desk.database.writer.submit(partial(self._turn, channel=channel)).result()
        assert self.desk.adds_up()
        return self

    def _turn(self, tx: Tx, channel: str) -> None:
        quiet, now = self.desk.plan.windows, self.desk.now
        release(tx, now, overdue=False, quiet=quiet)
        fits = self.fits if channel == "phone" else None
        gather_backlog(tx, channel, fits, replace(self.terms, quiet=quiet), now)
        while fits != 0 and (row := lease_next(tx, channel, now, quiet.get(channel, ()))) is not None:
            message = payload.load(row.payload)
            if channel == self.refuses:
                self._refuse(tx, row)
                continue
            if channel == self.down:
                self._fail(tx, row)
                continue
            fits = None if fits is None else fits - 1
            words = ", ".join(entry.title for entry in message.entries) or message.title
            said = (
                ("late " if message.late else "") + ("digest: " if message.kind == "digest" else "") + words
            )
            self.sent.append((now, channel, row.severity, quiet.get(channel, ())))
            self.heard.append((f"{now.astimezone(ZoneInfo('Europe/Paris')):%d %H:%M}", channel, said))
            settle(
                tx,
                row,
                Answer(AnswerClass.OK, "taken", 200),
                state=OutboxState.SENT,
                reason=Reason.DELIVERED,
                next_attempt=None,
                maybe_repeat=False,
                plain=False,
                now=now,
            )

    def _refuse(self, tx: Tx, row: OutboxRow) -> None:
        settle(
            tx,
            row,
            Answer(AnswerClass.REFUSED, "no such chat", 400),
            state=OutboxState.DEAD,
            reason=Reason.REFUSED,
            next_attempt=None,
            maybe_repeat=False,
            plain=False,
            now=self.desk.now,
        )
        hand_over(tx, row, self.terms, self.desk.now)

    def _fail(self, tx: Tx, row: OutboxRow) -> None:
        now = self.desk.now
        settle(
            tx,
            row,
            Answer(AnswerClass.TRANSIENT, "connection refused"),
            state=OutboxState.RETRY,
            reason=None,
            next_attempt=now + timedelta(minutes=5),
            maybe_repeat=False,
            plain=False,
            now=now,
        )
        save_channel(tx, replace(channel_state(tx, row.channel), last_error_at=now))

    def silence(self, hours: float, **match: str) -> int:
        now = self.desk.now
        one = Silence(
            {key: (value,) for key, value in match.items()},
            "anna",
            "",
            now,
            now + timedelta(hours=hours),
            now,
        )
        return self.desk.database.writer.submit(lambda tx: add_silence(tx, one)).result()

    def on(self, channel: str) -> list[str]:
        return [f"{when} {said}" for when, to, said in self.heard if to == channel]

    def held(self) -> int:
        return len(self.desk.database.reader.rows(sql.OUTBOX_HELD))


@pytest.fixture
def axis(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Axis]:
    """At noon, in Paris."""
    made = Axis(tmp_path, **getattr(request, "param", {}))
    with made.desk:
        yield made


def night(axis: Axis) -> None:
    """The phone is quiet from ten to seven, but for what is urgent."""
    axis.desk.change(quiet_hours=(NIGHT,))


def test_quiet_hours_hold_and_tell_once_when_they_end(axis: Axis) -> None:
    """The other channel hears at once; urgent passes; the rest is one digest at seven, the severest first."""
    night(axis)
    axis.to("22:10").rings("flood in Bonn").to("23:00").rings("talks in Doha").to("03:00").rings("war begins")
    axis.to("07:30")
    assert axis.on("phone") == ["26 03:00 war begins", "26 07:00 late digest: talks in Doha, flood in Bonn"]
    assert [line.split(" ", 2)[2] for line in axis.on("screen")] == [
        "flood in Bonn",
        "talks in Doha",
        "war begins",
    ]


def test_one_held_alert_stays_an_ordinary_message(axis: Axis) -> None:
    """It is marked late, and is no digest of one."""
    night(axis)
    axis.to("22:10").rings("flood in Bonn").to("07:30")
    assert axis.on("phone") == ["26 07:00 late flood in Bonn"]


def test_what_is_due_when_quiet_hours_begin_waits(axis: Axis) -> None:
    """A group that falls due at night goes with the rest in the morning, also after a restart."""
    axis.desk.change(quiet_hours=(NIGHT,), routes=(RouteConfig(channels=("phone",), group=3600.0),))
    axis.to("21:30").rings("flood in Bonn").to("22:40").rings("talks in Doha")
    axis.desk.restart()
    axis.to("07:30")
    assert axis.on("phone") == ["26 07:00 late digest: talks in Doha, flood in Bonn"]


def test_quiet_hours_that_are_taken_out_release_what_they_held(axis: Axis) -> None:
    """At the next look."""
    night(axis)
    axis.to("22:10").rings("flood in Bonn").rings("talks in Doha")
    axis.desk.change(quiet_hours=())
    axis.to("22:20")
    assert axis.on("phone") == ["25 22:15 late digest: talks in Doha, flood in Bonn"]
    assert not axis.held()


def test_a_route_gathers_and_another_waits_for_its_hour(axis: Axis) -> None:
    """A group of ten minutes, and a digest of a time of day."""
    routes = (
        RouteConfig({"rule": ("flood",)}, ("phone",), group=600.0),
        RouteConfig({}, ("phone",), digest=("18:00",)),
    )
    axis.desk.change(routes=routes)
    axis.to("12:10").rings("flood in Bonn").to("12:15").rings("flood in Ulm").to("13:00").rings(
        "talks in Doha"
    )
    axis.to("14:00").rings("war begins").to("18:30")
    assert axis.on("phone") == [
        "25 12:20 digest: flood in Bonn, flood in Ulm",
        "25 18:00 digest: war begins, talks in Doha",
    ]


def test_a_sooner_way_takes_its_story_along(axis: Axis) -> None:
    """What waits for the digest of its story goes with what is urgent, and is told once."""
    routes = (
        RouteConfig({"severity": ("urgent",)}, ("phone",)),
        RouteConfig({}, ("phone",), digest=("18:00",)),
    )
    axis.desk.change(routes=routes)
    axis.to("13:00").rings("talks in Doha").rings("flood in Bonn")
    items = axis.items["a"]
    edited = Item(
        "talks in Doha: war begins",
        guid=items[1].guid,
        link=items[1].link,
        text=f"{items[1].text} war",
        age=0,
    )
    items[1] = edited
    axis.desk.publish("a", *items)
    axis.desk.poll("a")
    axis.look().to("18:30")
    told = axis.on("phone")
    assert [line.split(" ", 2)[2] for line in told] == ["talks in Doha: war begins", "digest: flood in Bonn"]


def test_a_silence_hides_and_never_keeps_a_later_copy_from_ringing(axis: Axis) -> None:
    """It is counted, and said in the digest of notices once it ended."""
    number = axis.silence(1, rule="flood")
    axis.rings("flood in Bonn").rings("talks in Doha")
    assert [line.split(" ", 2)[2] for line in axis.on("phone")] == ["talks in Doha"]
    assert axis.desk.ledger()["silenced"] == 1
    assert hidden_by(axis.desk.database.reader, number) == {"flood": 1}
    axis.to("13:30")
    axis.items["b"].append(axis.items["a"][1])
    axis.desk.publish("b", *axis.items["b"])
    axis.desk.poll("b")
    axis.look()
    assert [line.split(" ", 2)[2] for line in axis.on("phone")] == ["talks in Doha", "flood in Bonn"]
    axis.desk.database.writer.submit(lambda tx: tell(tx, axis.desk.plan, axis.desk.now)).result()
    axis.to("08:30")
    assert axis.desk.database.writer.submit(lambda tx: tell(tx, axis.desk.plan, axis.desk.now)).result() == 2
    axis.look()
    assert axis.on("phone")[-1].endswith("silence 1 of rule flood ended (anna); it hid 1 alert (flood 1)")
    assert axis.desk.database.writer.submit(lambda tx: tell(tx, axis.desk.plan, axis.desk.now)).result() == 0


def test_a_silence_can_be_ended(axis: Axis) -> None:
    """What comes from then on rings; one that is not there is told as such."""
    number = axis.silence(5, severity="normal")
    writer, now = axis.desk.database.writer, axis.desk.now
    ended = writer.submit(lambda tx: expire_silence(tx, number, now)).result()
    assert ended is not None
    assert ended.ends == now
    assert writer.submit(lambda tx: expire_silence(tx, 99, now)).result() is None
    axis.to("12:30").rings("flood in Bonn")
    assert axis.on("phone") == ["25 12:30 flood in Bonn"]


def test_a_budget_is_spent_said_once_and_comes_back(axis: Axis) -> None:
    """Two an hour; what is over comes in one digest within the hour, then single ones again."""
    axis.desk.change(budget="2/1h", notices=("screen",), routes=(RouteConfig({}, ("phone",)),))
    for place in ("Bonn", "Ulm", "Trier", "Passau"):
        axis.rings(f"flood in {place}")
    axis.to("13:05").to("15:00").rings("flood in Worms")
    assert axis.on("phone") == [
        "25 12:00 flood in Bonn",
        "25 12:00 flood in Ulm",
        "25 13:00 digest: flood in Trier, flood in Passau",
        "25 15:00 flood in Worms",
    ]
    (said,) = axis.on("screen")
    assert "rule flood rang more than its budget of 2/1h" in said


def test_a_retry_by_hand_goes_through_quiet_hours(axis: Axis) -> None:
    """Whoever asks for it wants it now."""
    from monitor.store.outbox import retry_by_hand

    night(axis)
    axis.to("22:10").rings("flood in Bonn")
    (row,) = axis.desk.database.reader.rows(sql.OUTBOX_HELD)
    now = axis.desk.now
    assert axis.desk.database.writer.submit(lambda tx: retry_by_hand(tx, row["id"], now)).result()
    axis.look()
    assert axis.on("phone") == ["25 22:10 late flood in Bonn"]


def test_a_long_queue_becomes_a_digest_and_nothing_is_lost(axis: Axis) -> None:
    """The urgent one goes first and singly; the ledger points at the digest; the other channel hears all."""
    axis.desk.change(routes=(RouteConfig({}, ("phone",)),))
    axis.fits = 0
    for place in ("Bonn", "Ulm", "Trier"):
        axis.rings(f"flood in {place}")
    axis.rings("war begins").rings("talks in Doha")
    assert axis.on("phone") == []
    axis.rings("flood in Worms")
    axis.fits = 5
    axis.look()
    assert [line.split(" ", 2)[2] for line in axis.on("phone")] == [
        "war begins",
        "late digest: talks in Doha, flood in Bonn, flood in Ulm, flood in Trier, flood in Worms",
    ]
    assert axis.desk.ledger() == {"delivered": 6}


def test_what_a_channel_gives_up_goes_to_its_fallback(axis: Axis) -> None:
    """Where a rule allows it, and only once."""
    axis.desk.change(routes=(RouteConfig({}, ("phone",)),))
    axis.terms = Terms(fallbacks={"phone": "screen", "screen": "phone"}, allowed={"talks": ("phone",)})
    axis.refuses = "phone"
    axis.rings("flood in Bonn").rings("talks in Doha")
    assert axis.on("phone") == []
    assert [line.split(" ", 2)[2] for line in axis.on("screen")] == ["late flood in Bonn"]
    assert axis.desk.ledger() == {"refused": 2, "delivered": 1}


def test_an_outage_ends_in_one_digest(axis: Axis) -> None:
    """What was tried in vain is told once, in digest order, with its attempts on record."""
    axis.desk.change(routes=(RouteConfig({}, ("phone",)),))
    axis.down = "phone"
    for place in ("Bonn", "Ulm", "Trier", "Worms"):
        axis.rings(f"flood in {place}")
    axis.rings("talks in Doha").rings("chat with Ann")
    axis.to("14:00")
    assert axis.on("phone") == []
    axis.down = ""
    axis.to("14:30")
    (told,) = axis.on("phone")
    assert told.endswith(
        "late digest: talks in Doha, "
        + ", ".join(f"flood in {place}" for place in ("Bonn", "Ulm", "Trier", "Worms"))
        + ", chat with Ann"
    )


def test_what_waited_for_its_receiver_is_marked_late(axis: Axis) -> None:
    """Up to five go singly, in their order."""
    axis.desk.change(routes=(RouteConfig({}, ("phone",)),))
    axis.down = "phone"
    axis.rings("flood in Bonn").rings("talks in Doha").to("13:00")
    axis.down = ""
    axis.to("13:30")
    assert [line.split(" ", 2)[2] for line in axis.on("phone")] == [
        "late flood in Bonn",
        "late talks in Doha",
    ]
