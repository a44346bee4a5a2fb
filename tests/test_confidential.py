"""Secret rules at work, with the real store: notices without content, open alerts as if they were alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from monitor.alerts import payload
from monitor.alerts.confidential import KIND, PREFIX, public_name
from monitor.delivery.queues import gather_backlog, hand_over
from monitor.delivery.terms import Terms
from monitor.model import Answer, AnswerClass, OutboxState, Reason, Severity
from monitor.settings import QuietHours, RouteConfig, RuleConfig
from monitor.store import sql
from monitor.store.confidential import kept_rules, key_of
from monitor.store.guarding import may_go
from monitor.store.leasing import lease_next
from monitor.store.outbox import retry_by_hand, settle
from monitor.store.rows import OutboxRow, read
from monitor.telling import tell
from tests.support.documents import Item
from tests.support.newsdesk import Desk

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from monitor.store.tx import Tx

OPEN = RuleConfig(name="watch", query="doha")
HUSH = RuleConfig(name="kanarirule", query="doha OR kanariterm", secret=True, severity=Severity.HIGH)
TALKS = Item("Talks in Doha", guid="1", link="https://a.example/1", text="Envoys of kanariterm meet.", age=0)


def desk(folder: Path, *rules: RuleConfig, channels: Sequence[str] = ("phone",), **config: Any) -> Desk:
    """One that read its feeds once."""
    made = Desk(folder, feeds=("a", "b"), rules=rules, channels=channels, **config)
    for feed in ("a", "b"):
        made.publish(feed)
    made.poll()
    return made


def do(made: Desk, unit: Any) -> Any:
    """In the writer's transaction."""
    return made.database.writer.submit(unit).result()


def send(made: Desk, channel: str = "phone") -> list[dict[str, Any]]:
    """Everything due on the channel is sent; returns what each message said, with its id in the outbox."""
    sent: list[dict[str, Any]] = []

    def unit(tx: Tx) -> None:
        while (row := lease_next(tx, channel, made.now, (), may_go)) is not None:
            sent.append(json.loads(row.payload) | {"outbox": row.id})
            _settled(tx, row, made.now)

    do(made, unit)
    assert made.adds_up()
    return sent


def _settled(tx: Tx, row: OutboxRow, now: datetime, *, answer: AnswerClass = AnswerClass.OK) -> None:
    state, reason = OutboxState.SENT, Reason.DELIVERED
    if answer is not AnswerClass.OK:
        state, reason = OutboxState.DEAD, Reason.REFUSED
    settle(
        tx,
        row,
        Answer(answer, "answered"),
        state=state,
        reason=reason,
        next_attempt=None,
        maybe_repeat=False,
        plain=False,
        now=now,
    )


def public(made: Desk, rule: str = "kanarirule") -> str:
    """The rule's public name."""
    key = key_of(made.database.reader)
    assert key is not None
    return public_name(rule, key)


def says_nothing(message: dict[str, Any]) -> None:
    """A notice has no word of the article, of its feed or of the rule."""
    text = json.dumps(message, ensure_ascii=False).casefold()
    for word in ("talks", "doha", "kanari", "a.example", "envoys", '"a"'):
        assert word not in text, (word, text)
    assert (message["story"], message["published"], message["url"], message["tags"]) == (None, None, "", [])


def test_a_secret_rule_rings_without_content(tmp_path: Path) -> None:
    """Its public name, the number of the alert, its severity; nothing of it waits in the outbox either."""
    with desk(tmp_path, HUSH) as made:
        made.publish("a", TALKS)
        made.poll("a")
        [waiting] = made.database.reader.rows(sql.OUTBOX_ALL, count=9)
        says_nothing(json.loads(waiting["payload"]))
        [message] = send(made)
        says_nothing(message)
        [alert] = made.database.reader.rows(sql.ALERTS, top=99, since="", count=9)
        assert (message["kind"], message["severity"], message["alerts"]) == (KIND, "high", [alert["id"]])
        assert message["title"] == f"A confidential rule rang: {public(made)}, alert {alert['id']}"
        assert message["excerpt"] == f"{public(made)}: tocsin alerts show {alert['id']} --reveal"
        assert made.ledger() == {"delivered": 1}


def test_two_rules_make_two_messages(tmp_path: Path) -> None:
    """The open one's is as if the secret one were not there; the ledger knows of both."""
    for folder in ("with", "without"):
        (tmp_path / folder).mkdir()
    with desk(tmp_path / "with", OPEN, HUSH) as made, desk(tmp_path / "without", OPEN) as plain:
        for one in (made, plain):
            one.publish("a", TALKS)
            one.poll("a")
        told = send(made)
        [expected] = send(plain)
        [openly] = [m for m in told if m["kind"] == "alert"]
        [notice] = [m for m in told if m["kind"] == KIND]
        assert openly | {"outbox": 0} == expected | {"outbox": 0}
        says_nothing(notice)
        assert made.ledger() == {"delivered": 2}


def test_neither_keeps_the_other_from_ringing(tmp_path: Path) -> None:
    """A notice has told nobody the story; who was told the story knows nothing of the secret rule."""
    later = replace(OPEN, query="later", lang=(), feeds=("b",))
    words = " ".join(f"word{n} of the report" for n in range(30))
    item = replace(TALKS, text=f"Envoys meet later in Doha. {words}")
    with desk(tmp_path, later, replace(HUSH, query="doha")) as made:
        made.publish("a", item)
        made.poll("a")
        assert [m["kind"] for m in send(made)] == [KIND]
        made.publish("b", replace(item, guid="2", link="https://b.example/2"))
        made.poll("b")
        assert [m["kind"] for m in send(made)] == ["alert"], "the copy of a dispatch that was not told"
        assert made.ledger()["duplicate"] == 1, "the notice is not repeated"


def test_a_copy_is_silent_and_an_update_rings_once(tmp_path: Path) -> None:
    """As for open rules; the update's notice says neither what changed nor when it was told before."""
    item = replace(TALKS, text="The flood killed 12 people in Doha, officials said on Monday evening.")
    with desk(tmp_path, HUSH) as made:
        made.publish("a", item)
        made.poll("a")
        [first] = send(made)
        made.publish("a", replace(item, text=item.text.replace("12", "80")))
        made.poll("a")
        [again] = send(made)
        assert again["alerts"] == first["alerts"]
        assert (again["changes"], again["told_at"]) == ([], None)
        says_nothing(again)
        made.poll("a")
        assert send(made) == []


def test_quiet_hours_hold_notices_apart_from_alerts(tmp_path: Path) -> None:
    """Three held notices are one; the open alert beside them is an ordinary message."""
    night = QuietHours("night", ("phone",), "00:00", "23:59")
    watch = replace(OPEN, query="war")
    with desk(tmp_path, watch, HUSH, quiet_hours=(night,)) as made:
        items = [
            Item(f"{word} in Doha", guid=word, link=f"https://a.example/{word}", text=f"{word} {n}", age=0)
            for n, word in enumerate(("Rain", "War", "Bread"))
        ]
        made.publish("a", *items)
        made.poll("a")
        assert send(made) == []
        held = made.database.reader.rows(sql.OUTBOX_HELD)
        assert sorted(row["kind"] for row in held) == ["alert", KIND]
        made.now += timedelta(hours=12)
        from monitor.store.digests import release

        do(made, lambda tx: release(tx, made.now, overdue=False, quiet={}))
        told = {m["kind"]: m for m in send(made)}
        assert told["alert"]["title"] == "War in Doha"
        assert len(told[KIND]["alerts"]) == 3
        assert told[KIND]["title"] == f"3 alerts of confidential rules: {public(made)}"
        assert made.adds_up()


def test_a_digest_of_a_route_tells_notices_apart(tmp_path: Path) -> None:
    """The digest of open alerts counts and lists these alone."""
    routes = (RouteConfig({}, ("phone",), digest=("18:00",)),)
    with desk(tmp_path, OPEN, HUSH, routes=routes) as made:
        made.publish(
            "a",
            TALKS,
            replace(TALKS, guid="2", link="https://a.example/2", title="Rain in Doha", text="Rain."),
        )
        made.poll("a")
        made.now += timedelta(hours=12)
        from monitor.store.digests import release

        do(made, lambda tx: release(tx, made.now, overdue=False, quiet={}))
        told = {m["kind"]: m for m in send(made)}
        assert (told["digest"]["count"], len(told[KIND]["alerts"])) == (2, 2)
        assert {rule for entry in told["digest"]["entries"] for rule in entry["rules"]} == {"watch"}


def test_allow_channels_is_kept_to_by_routes_and_fallbacks(tmp_path: Path) -> None:
    """What its only channel gives up goes nowhere else: the dead letter stays, also once its rule is gone."""
    rule = replace(OPEN, allow_channels=("phone",))
    with desk(tmp_path, rule, channels=("phone", "chat")) as made:
        made.publish("a", TALKS)
        made.poll("a")
        assert [m["channel"] for m in made.messages()] == ["phone"]
        made.change(rules=(RuleConfig(name="other", query="rain"),))
        terms = Terms(fallbacks={"phone": "chat", "chat": None})

        def refuse(tx: Tx) -> frozenset[str]:
            row = lease_next(tx, "phone", made.now, (), may_go)
            assert row is not None
            _settled(tx, row, made.now, answer=AnswerClass.REFUSED)
            return hand_over(tx, row, terms, made.now)

        assert do(made, refuse) == frozenset()
        assert made.ledger() == {"refused": 1}
        assert send(made, "chat") == []


def test_a_reload_that_takes_a_channel_away_is_kept_to_at_the_next_send(tmp_path: Path) -> None:
    """Whatever waits: one of its own, one that was tried, one that somebody asks for once more."""
    with desk(tmp_path, OPEN, channels=("phone", "chat")) as made:
        made.publish("a", TALKS)
        made.poll("a")
        do(made, lambda tx: _settled(tx, _leased(tx, made, "chat"), made.now, answer=AnswerClass.REFUSED))
        made.change(rules=(replace(OPEN, allow_channels=()),))
        [dead] = [row for row in made.database.reader.rows(sql.OUTBOX_ALL, count=9) if row["state"] == "dead"]
        assert do(made, lambda tx: retry_by_hand(tx, dead["id"], made.now))
        assert send(made, "phone") == []
        assert send(made, "chat") == []
        assert made.ledger() == {"not_allowed": 2}
        rows = made.database.reader.rows(sql.OUTBOX_ALL, count=9)
        assert [(row["state"], row["reason"]) for row in rows] == [("dropped", "not_allowed")]


def _leased(tx: Tx, made: Desk, channel: str) -> OutboxRow:
    row = lease_next(tx, channel, made.now)
    assert row is not None
    return row


@pytest.mark.parametrize("routes", [(), (RouteConfig({}, ("phone",), digest=("18:00",)),)])
def test_a_rule_that_becomes_secret_takes_its_waiting_alerts_along(
    tmp_path: Path, routes: tuple[RouteConfig, ...]
) -> None:
    """What is shared with an open rule goes out with headline and link; of the secret one a notice."""
    other = RuleConfig(name="other", query="envoys", severity=Severity.URGENT)
    with desk(tmp_path, OPEN, other, routes=routes) as made:
        rain = Item(
            "Envoys of rain", guid="9", link="https://a.example/9", text="Nothing else at all.", age=0
        )
        made.publish("a", TALKS, rain)
        made.poll("a")
        made.change(rules=(OPEN, replace(other, secret=True)))
        made.now += timedelta(hours=12)
        from monitor.store.digests import release

        do(made, lambda tx: release(tx, made.now, overdue=False, quiet={}))
        told = send(made)
        openly = [m for m in told if m["kind"] != KIND]
        notices = [m for m in told if m["kind"] == KIND]
        assert len(openly) == 1
        assert sorted(number for m in notices for number in m["alerts"])
        assert sum(len(m["alerts"]) for m in notices) == 2
        text = json.dumps(openly)
        assert "other" not in text
        assert "Talks in Doha" in text
        assert "Envoys" not in text
        assert openly[0]["severity"] == "normal"
        assert made.adds_up()


def test_what_tocsin_says_of_itself_names_no_secret_rule(tmp_path: Path) -> None:
    """Budgets and silences under the public name, the troubles of feeds without it."""
    from monitor.alerts.silences import Silence
    from monitor.store.silences import add_silence

    rule = replace(HUSH, budget="1/1h")
    with desk(tmp_path, rule, notices=("phone",), digest="00:00") as made:
        for n in range(3):
            made.publish("a", replace(TALKS, guid=f"g{n}", link=f"https://a.example/g{n}", title=f"Doha {n}"))
            made.poll("a")
        silence = Silence(
            {"rule": ("kanarirule",), "entity": ("kanarientity",)},
            "anna",
            "kanaricomment",
            made.now,
            made.now + timedelta(minutes=1),
            made.now,
        )
        do(made, lambda tx: add_silence(tx, silence))
        do(made, lambda tx: tell(tx, made.plan, made.now))
        made.now += timedelta(days=1)
        do(made, lambda tx: tell(tx, made.plan, made.now))
        notices = [m for m in send(made) if m["kind"] == "notice"]
        said = json.dumps(notices)
        assert f"rule {public(made)} rang more than its budget" in said
        assert f"silence 1 of rule {public(made)} ended" in said
        assert "kanari" not in said


def test_names_are_stable_and_not_to_be_guessed(tmp_path: Path) -> None:
    """The same after a restart, another in another database; remembered when the rule is gone."""
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    with desk(tmp_path / "a", HUSH) as one, desk(tmp_path / "b", HUSH) as other:
        before = public(one)
        one.restart()
        assert public(one) == before
        assert before.startswith(PREFIX)
        assert before != public(other)
        one.change(rules=(OPEN,))
        assert kept_rules(one.database.reader).secret == {"kanarirule"}
        one.change(rules=(OPEN, replace(HUSH, secret=False)))
        assert kept_rules(one.database.reader).secret == frozenset()


def test_a_flood_of_notices_is_one_message(tmp_path: Path) -> None:
    """Numbers are listed up to a score, all are counted, and the text stays short."""
    from monitor.alerts.confidential import Rang, notice_of

    many = notice_of([Rang(f"secret-{n % 7}", n, Severity.NORMAL) for n in range(300)])
    assert many.title == "300 alerts of confidential rules: secret-0, secret-1, secret-2 and 4 more"
    assert many.excerpt.splitlines()[-1] == "… and 280 more: tocsin alerts list"
    assert len(many.alerts) == 300
    assert payload.load(payload.dump(many)) == many


def _open_messages(made: Desk) -> list[dict[str, Any]]:
    """All alerts and digests of the outbox as they would go out, without what numbers them."""
    from monitor.store.digests import compose

    def unit(tx: Tx) -> list[dict[str, Any]]:
        found = []
        for row in sorted(tx.rows(sql.OUTBOX_ALL, count=999), key=lambda r: r["id"]):
            if row["kind"] == "digest":
                compose(tx, row["id"], made.now)
            if row["kind"] != KIND:
                now = tx.row(sql.OUTBOX, id=row["id"])
                assert now is not None
                when = (now["state"], now["reason"], now["bin"], now["next_attempt_at"], now["channel"])
                message = json.loads(now["payload"]) | {"when": when, "story": 0}
                found.append(message | {"entries": [e | {"story": 0} for e in message.get("entries", ())]})
        return found

    found: list[dict[str, Any]] = do(made, unit)
    return found


WORDS = ("doha", "rain", "talks", "war")
ITEMS = st.lists(
    st.tuples(st.sampled_from(("a", "b")), st.sets(st.sampled_from(WORDS), min_size=1), st.integers(1, 4)),
    min_size=1,
    max_size=7,
)


@settings(max_examples=25, deadline=None)
# An open rule hears of an edit, and another outlet copied what stood there before for secret rules alone.
@example(
    items=[
        ("a", {"doha"}, 1),
        ("a", {"talks", "war"}, 1),
        ("b", {"talks", "war"}, 1),
        ("a", {"doha", "rain"}, 1),
    ],
    quiet=False,
    grouped=False,
    weak=False,
)
@given(items=ITEMS, quiet=st.booleans(), grouped=st.booleans(), weak=st.booleans())
def test_open_alerts_are_as_if_there_were_no_secret_rules(
    tmp_path_factory: pytest.TempPathFactory,
    items: list[tuple[str, set[str], int]],
    quiet: bool,
    grouped: bool,
    weak: bool,
) -> None:
    """Whatever is published: what waits, where, why and until when, and what it says, word for word."""
    openly = (
        RuleConfig(name="doha", query="doha"),
        RuleConfig(name="rain", query="rain", severity=Severity.HIGH, budget="1/1h"),
    )
    secret = tuple(
        RuleConfig(
            name=f"s-{word}", query=word, secret=True, severity=severity, weak="alert" if weak else "hold"
        )
        for word, severity in zip(WORDS, Severity, strict=True)
    )
    config: dict[str, Any] = {
        "routes": (RouteConfig({}, ("phone", "chat"), group=600.0 if grouped else None),)
    }
    if quiet:
        hours = QuietHours("night", ("phone",), "00:00", "23:59", let_through=(Severity.URGENT,))
        config["quiet_hours"] = (hours,)
    folder = tmp_path_factory.mktemp("worlds")
    (folder / "with").mkdir()
    (folder / "without").mkdir()
    channels = ("phone", "chat")
    with (
        desk(folder / "with", *openly, *secret, channels=channels, **config) as made,
        desk(folder / "without", *openly, channels=channels, **config) as plain,
    ):
        for one in (made, plain):
            for n, (feed, words, deaths) in enumerate(items):
                title = f"Report on {' and '.join(sorted(words))}"
                text = f"{title}: {deaths} people died as the water rose in the night, the ministry said."
                link = f"https://{feed}.example/{len(words)}"
                one.publish(feed, Item(title, guid=link, link=link, text=text, age=0))
                one.now += timedelta(minutes=n % 3)
                one.poll(feed)
                assert one.adds_up()
        assert _open_messages(made) == _open_messages(plain)
        told = [
            m for row in made.database.reader.rows(sql.OUTBOX_ALL, count=999) for m in [read(OutboxRow, row)]
        ]
        for row in told:
            if row.kind == KIND:
                assert not any(word in row.payload for word in ("Report", "example", "s-doha", "ministry"))


def test_a_fallback_is_given_a_notice(tmp_path: Path) -> None:
    """The channel that takes over learns as little as the one that gave up."""
    with desk(tmp_path, HUSH, channels=("phone", "chat"), routes=(RouteConfig({}, ("phone",)),)) as made:
        made.publish("a", TALKS)
        made.poll("a")

        def refuse(tx: Tx) -> frozenset[str]:
            row = lease_next(tx, "phone", made.now, (), may_go)
            assert row is not None
            _settled(tx, row, made.now, answer=AnswerClass.REFUSED)
            return hand_over(tx, row, Terms(fallbacks={"phone": "chat", "chat": None}), made.now)

        assert do(made, refuse) == {"chat"}
        [notice] = send(made, "chat")
        says_nothing(notice)
        assert notice["late"]


def test_a_long_queue_of_notices_becomes_one(tmp_path: Path) -> None:
    """Apart from the open alerts, whose backlog is a digest as ever."""
    with desk(tmp_path, replace(OPEN, query="rain"), HUSH, budget="off") as made:
        made.publish(
            "a",
            *(
                Item(
                    f"Doha {n}{' rain' * (n > 7)}",
                    guid=str(n),
                    link=f"https://a.example/{n}",
                    text=f"{n}",
                    age=0,
                )
                for n in range(15)
            ),
        )
        made.poll("a")
        terms = Terms(gathers=frozenset({"phone"}))
        do(made, lambda tx: gather_backlog(tx, "phone", 1, terms, made.now))
        told = send(made)
        [notice] = [m for m in told if m["kind"] == KIND]
        assert len(notice["alerts"]) == 15
        assert notice["late"]
        assert {m["kind"] for m in told} == {KIND, "digest"}
