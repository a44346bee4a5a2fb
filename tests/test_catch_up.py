"""After days off: what is old comes late and together, what is young or urgent rings, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.alerts import payload
from monitor.model import Answer, AnswerClass, FetchResult, FetchStatus, OutboxState, Reason, Severity
from monitor.settings import ChannelConfig, RouteConfig, RuleConfig
from monitor.store import sql
from monitor.store.digests import release
from monitor.store.leasing import lease_next
from monitor.store.outbox import drop_by_hand, retry_by_hand, settle
from monitor.store.rows import OutboxRow, read
from tests.support.documents import NOON, Item
from tests.support.newsdesk import Desk

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.model import Message

OLD = Item("Before us", guid="old", age=48)
AWAY = timedelta(days=3)
LATE = Item("Late", guid="late", age=-40)  # published 40 hours after the first poll
YOUNG = Item("Young", guid="young", age=-70)
UNDATED = Item("Undated", guid="undated", age=None)
RULES = (
    RuleConfig(name="watch", query="feed:*"),
    RuleConfig(name="urgent", query="urgent", severity=Severity.URGENT),
)


def back(folder: Path, **options: object) -> Desk:
    """A desk that was off for three days after its first poll."""
    desk = Desk(folder, **{"rules": RULES, **options})  # type: ignore[arg-type]
    for feed in desk.config.feeds:
        desk.publish(feed.name, OLD)
    desk.poll()
    desk.now += AWAY
    return desk


def rows(desk: Desk) -> list[OutboxRow]:
    """The outbox, oldest first."""
    found = desk.database.reader.rows(sql.OUTBOX_ALL, count=1000)
    return [read(OutboxRow, row) for row in reversed(found)]


def digest_on(desk: Desk, channel: str = "desk") -> Message:
    """Release what is held and take the channel's next message."""
    desk.database.writer.submit(lambda tx: release(tx, desk.now, overdue=False)).result()
    row = desk.database.writer.submit(lambda tx: lease_next(tx, channel, desk.now)).result()
    assert row is not None
    return payload.load(row.payload)


def test_old_matches_of_all_feeds_come_in_one_digest(tmp_path: Path) -> None:
    """One row a channel that grows with each feed; its message holds every alert, marked late."""
    with back(tmp_path, feeds=["a", "b", "c"], channels=["desk", "phone"]) as desk:
        for number, feed in enumerate("abc"):
            desk.publish(
                feed, replace(LATE, title=f"Late {feed}", guid=f"late-{feed}", age=-40 - number), OLD
            )
            desk.poll(feed)
        assert [(r.channel, r.kind, r.state, r.reason) for r in rows(desk)] == [
            ("desk", "digest", "held", "late"),
            ("phone", "digest", "held", "late"),
        ]
        assert desk.ledger() == {"baseline": 3, "late": 6}
        assert desk.adds_up()
        message = digest_on(desk)
        assert [e.title for e in message.entries] == ["Late a", "Late b", "Late c"]
        assert [e.feed for e in message.entries] == ["a", "b", "c"]
        assert message.late
        assert desk.adds_up()


def test_young_matches_ring_as_ever(tmp_path: Path) -> None:
    """What is at most six hours old is news, whoever was away."""
    with back(tmp_path) as desk:
        desk.publish("a", YOUNG, LATE, OLD)
        desk.poll()
        assert desk.told() == ["Young"]
        assert [r.kind for r in rows(desk)] == ["digest", "alert"]
        assert desk.ledger() == {"baseline": 1, "late": 1, "first": 1}


def test_an_urgent_one_rings_alone_and_says_that_it_is_late(tmp_path: Path) -> None:
    """With every rule that fired in it; a channel that only the quiet rule feeds gets the digest."""
    routes = (
        RouteConfig(match={"severity": ("urgent",)}, channels=("phone",), continues=True),
        RouteConfig(match={"rule": ("watch",)}, channels=("desk", "phone")),
        RouteConfig(),
    )
    with back(tmp_path, channels=["desk", "phone"], routes=routes) as desk:
        desk.publish("a", replace(LATE, title="Late and urgent"), OLD)
        desk.poll()
        kinds = {r.channel: (r.kind, payload.load(r.payload)) for r in rows(desk)}
        assert kinds["desk"][0] == "digest"
        kind, message = kinds["phone"]
        assert (kind, message.late, message.rules) == ("alert", True, ("watch", "urgent"))
        assert message.severity is Severity.URGENT
        assert desk.adds_up()


def test_an_undated_item_counts_as_old(tmp_path: Path) -> None:
    """It came at some time while nobody looked: it is told, in the digest."""
    with back(tmp_path) as desk:
        desk.publish("a", UNDATED, OLD)
        desk.poll()
        assert [e.title for e in digest_on(desk).entries] == ["Undated"]


def test_a_copy_in_another_feed_is_told_once(tmp_path: Path) -> None:
    """What waits in a digest is as good as told; what is severer rings all the same."""
    with back(tmp_path, feeds=["a", "b"]) as desk:
        link = "https://n.example/1"
        desk.publish("a", replace(LATE, link=link, guid="a1"), OLD)
        desk.publish("b", replace(LATE, link=link, guid="b1"), OLD)
        desk.poll("a")
        desk.poll("b")
        assert desk.ledger() == {"baseline": 2, "late": 1, "duplicate": 1}
        assert len(digest_on(desk).entries) == 1
        desk.publish("a", replace(LATE, link=link, guid="a1", text="now urgent"), OLD)
        desk.poll("a")
        assert [r.kind for r in rows(desk)] == ["digest", "alert"]
        assert desk.adds_up()


def test_a_short_absence_and_the_first_poll_are_no_days_off(tmp_path: Path) -> None:
    """After six hours a back-dated item rings at once; after a first poll with alerts, too."""
    with Desk(tmp_path, feeds=[Desk.feed("a"), Desk.feed("b", first_poll="alert")]) as desk:
        desk.publish("a", OLD)
        desk.publish("b", OLD)
        desk.poll()
        desk.now += timedelta(hours=6)
        desk.publish("a", replace(OLD, guid="x", title="Back-dated"), OLD)
        desk.poll("a")
        assert desk.told() == ["Before us", "Back-dated"]


def test_a_server_that_was_down_for_long_is_caught_up_with_too(tmp_path: Path) -> None:
    """Nobody saw its items meanwhile, whoever's fault that was."""
    with back(tmp_path) as desk:
        desk.answer("a", FetchResult(FetchStatus.HTTP_ERROR, 500, message="it is broken"))
        desk.poll()
        desk.now += timedelta(hours=1)
        desk.answer("a", None)
        desk.publish("a", LATE, OLD)
        desk.poll()
        assert [r.kind for r in rows(desk)] == ["digest"]


def test_the_digest_goes_when_the_round_is_over_or_after_ten_minutes(tmp_path: Path) -> None:
    """While other feeds are overdue it waits, but not for ever; then later finds begin another one."""
    with back(tmp_path, feeds=["a", "b"]) as desk:
        desk.publish("a", LATE, OLD)
        desk.poll("a")

        def let_go(*, overdue: bool) -> int:
            return desk.database.writer.submit(lambda tx: release(tx, desk.now, overdue=overdue)).result()

        assert let_go(overdue=True) == 0
        desk.now += timedelta(minutes=9, seconds=59)
        assert let_go(overdue=True) == 0
        desk.now += timedelta(seconds=2)
        assert let_go(overdue=True) == 1
        desk.publish("b", replace(LATE, title="Later", guid="b1"), OLD)
        desk.poll("b")
        assert [r.state for r in rows(desk)] == ["ready", "held"]
        assert let_go(overdue=False) == 1
        assert let_go(overdue=False) == 0
        assert desk.adds_up()


OK = Answer(AnswerClass.OK, "taken")


def test_what_becomes_of_the_digest_becomes_of_each_of_its_alerts(tmp_path: Path) -> None:
    """Delivered, every match is sent; the message was put together once and stays the same over attempts."""
    with back(tmp_path) as desk:
        desk.publish("a", replace(LATE, guid="l2", title="Late 2"), LATE, OLD)
        desk.poll()
        digest_on(desk)
        (row,) = rows(desk)
        assert row.severity == Severity.NORMAL

        def deliver(state: OutboxState, reason: Reason | None) -> bool:
            return desk.database.writer.submit(
                lambda tx: settle(
                    tx,
                    rows(desk)[0],
                    OK,
                    state=state,
                    reason=reason,
                    next_attempt=desk.now,
                    maybe_repeat=False,
                    plain=False,
                    now=desk.now,
                )
            ).result()

        assert deliver(OutboxState.RETRY, None)
        again = desk.database.writer.submit(lambda tx: lease_next(tx, "desk", desk.now)).result()
        assert again is not None
        assert (again.payload, again.message_id) == (row.payload, row.message_id)
        assert deliver(OutboxState.SENT, Reason.DELIVERED)
        assert desk.ledger() == {"baseline": 1, "delivered": 2}
        assert desk.adds_up()


def test_a_held_digest_can_be_sent_or_dropped_by_hand(tmp_path: Path) -> None:
    """Retried by hand it is whole; dropped, each of its alerts is dropped."""
    with back(tmp_path, channels=["desk", "phone"]) as desk:
        desk.publish("a", LATE, OLD)
        desk.poll()
        first, second = rows(desk)
        writer = desk.database.writer
        assert writer.submit(lambda tx: retry_by_hand(tx, first.id, desk.now)).result()
        assert writer.submit(lambda tx: drop_by_hand(tx, second.id, desk.now)).result()
        assert desk.ledger() == {"baseline": 1, "requeued": 1, "by_hand": 1}
        assert [e.title for e in digest_on(desk).entries] == ["Late"]
        assert desk.adds_up()


def test_a_channel_that_comes_back_gets_its_digest(tmp_path: Path) -> None:
    """Removed while the digest was held, then configured again: it is put together and sent."""
    with back(tmp_path) as desk:
        desk.publish("a", LATE, OLD)
        desk.poll()
        desk.change(channels=(ChannelConfig(name="other", type="terminal"),))
        assert [r.state for r in rows(desk)] == ["dead"]
        assert desk.adds_up()
        desk.change(channels=(ChannelConfig(name="desk", type="terminal"),))
        assert [e.title for e in digest_on(desk).entries] == ["Late"]
        assert desk.adds_up()


# --- gaps --------------------------------------------------------------------------------------------


def gaps(desk: Desk) -> list[tuple[str, str]]:
    """Feed and beginning of each gap."""
    return [(row["feed"], row["since"][:16]) for row in desk.database.reader.rows(sql.GAPS_SINCE, since="")]


def test_a_document_without_anything_known_is_a_gap(tmp_path: Path) -> None:
    """Something may have come and gone unseen: noted once, with the last good poll; nobody is rung."""
    with back(tmp_path) as desk:
        first = desk.state("a").last_good_at
        assert first is not None
        desk.publish("a", YOUNG, LATE)
        desk.poll()
        assert gaps(desk) == [("a", first.strftime("%Y-%m-%d %H:%M"))]
        desk.publish("a", replace(YOUNG, title="Another", guid="g3"), YOUNG)
        desk.poll()
        assert len(gaps(desk)) == 1
        assert [r.kind for r in rows(desk)].count("notice") == 0


@pytest.mark.parametrize(
    "document",
    [
        pytest.param([], id="empty"),
        pytest.param([OLD], id="unchanged"),
        pytest.param([YOUNG, OLD], id="one more"),
        pytest.param([YOUNG, replace(OLD, text="edited")], id="the known one edited"),
    ],
)
def test_a_document_with_something_known_is_no_gap(tmp_path: Path, document: list[Item]) -> None:
    """Nor is an empty one."""
    with back(tmp_path) as desk:
        desk.publish("a", *document)
        desk.poll()
        assert gaps(desk) == []


def test_the_first_items_of_an_empty_feed_are_no_gap(tmp_path: Path) -> None:
    """A feed that never had an item cannot have dropped one."""
    with Desk(tmp_path) as desk:
        desk.publish("a")
        desk.poll()
        desk.publish("a", YOUNG)
        desk.poll()
        assert gaps(desk) == []
        assert desk.told() == ["Young"]
        assert desk.now > NOON
