"""Situations of alerts on their way to receivers, and of those that arrived."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from monitor.model import Answer, AnswerClass, Severity
from monitor.settings import ChannelConfig, RouteConfig, RuleConfig
from monitor.store.leasing import lease_next
from monitor.store.outbox import drop_by_hand
from tests.support.documents import Item
from tests.support.happenings import DELIVERY, Truth, World
from tests.support.newsdesk import Desk
from tests.support.situations import situation
from tests.support.situations_told import DISPATCH, dispatch, wire
from tests.support.ways import do

REFUSED = Answer(AnswerClass.REFUSED, "no such room", 404)
DOWN = Answer(AnswerClass.TRANSIENT, "connection refused")
BUSY = Answer(AnswerClass.RATE, "slow down", 429, retry_after=900.0)
WRONG = Answer(AnswerClass.CONFIG, "invalid token", 401)
LOST = Answer(AnswerClass.UNKNOWN, "the answer was lost")
WORDS = ("amber", "birch", "cedar", "dune", "elm", "fern", "grove", "heath", "iris", "kelp", "lark", "moss")


def rings(w: World, **open_: object) -> str:
    """The article is shown and rings, or would; returns when, as words name it."""
    w.open(**open_)  # type: ignore[arg-type]
    return w.at(w.show())


# --- delivery --------------------------------------------------------------------------------------------


@situation
def waits(w: World) -> Truth:
    """Nobody has begun to send it."""
    rings(w)
    return Truth("delivery", "waits", ("desk: it waits to be sent",))


@situation
def waits_for_a_daemon(w: World) -> Truth:
    """And nobody will, for Tocsin is not running."""
    rings(w)
    return Truth("delivery", "not_running", ("desk", "Tocsin is not running"), asked={"running": False})


@situation
def sending(w: World) -> Truth:
    """It is being sent."""
    rings(w)
    do(w.desk, lambda tx: lease_next(tx, "desk", w.desk.now))
    return Truth("delivery", "sending", ("desk: it is being sent right now",))


@situation
def retrying(w: World) -> Truth:
    """The receiver was down once, or twice."""
    rings(w)
    tries = w.rng.randrange(1, 4)
    for number in range(tries):
        w.later(minutes=30 if number else 0)
        w.deliver(desk=[DOWN])
    words = ("desk: it waits to be tried again: connection refused", f"attempt {tries}", w.at(w.desk.now))
    return Truth("delivery", "retrying", words)


@situation
def retry_meets_quiet_hours(w: World) -> Truth:
    """The receiver was down, and by the next attempt the channel is quiet."""
    rings(w)
    w.deliver(desk=[DOWN])
    w.quiet("dusk", "21:00")
    w.later(minutes=5)
    w.deliver()
    words = ("desk: held until 2026-11-24T21:00:00Z", "[quiet_hours.dusk]", "connection refused")
    return Truth("quiet", "quiet_hours", words)


@situation
def retry_without_a_daemon(w: World) -> Truth:
    """It is due for another attempt, and Tocsin was stopped."""
    rings(w)
    w.deliver(desk=[DOWN])
    w.later(hours=2)
    return Truth("delivery", "not_running", ("desk", "due since", "not running"), asked={"running": False})


@situation
def held_without_a_daemon(w: World) -> Truth:
    """Quiet hours are over, and Tocsin was stopped meanwhile; before that they are what holds it."""
    w.open()
    w.quiet()
    w.show()
    asked = {"running": False}
    if w.rng.random() < 0.5:
        return Truth("quiet", "quiet_hours", ("held until 2026-11-24T19:00:00Z",), asked=asked)
    w.later(hours=9)
    words = ("desk", "due since 2026-11-24T19:00:00Z", "not running")
    return Truth("delivery", "not_running", words, asked=asked)


@situation
def paused_by_its_service(w: World) -> Truth:
    """The service said 429, and for how long."""
    rings(w)
    w.deliver(desk=[BUSY])
    until = w.at(w.desk.now + timedelta(seconds=900))
    words = ("desk: its channel is paused until", until, "asked to wait", "429")
    return Truth("delivery", "paused", words)


@situation
def paused_for_its_settings(w: World) -> Truth:
    """The channel's token is wrong."""
    rings(w)
    w.deliver(desk=[WRONG])
    return Truth(
        "delivery", "paused", ("desk: its channel is paused until", "settings are refused", "invalid token")
    )


@situation
def refused(w: World) -> Truth:
    """The receiver refuses it for good."""
    rings(w)
    w.deliver(desk=[REFUSED])
    words = ("desk: dead, the receiver refused it for good", "404", "no such room", w.at(w.desk.now))
    return Truth("delivery", "refused", words)


@situation
def gave_up(w: World) -> Truth:
    """Seven days without an answer."""
    rings(w)
    w.deliver(desk=[DOWN])
    w.later(days=8)
    w.deliver(desk=[DOWN])
    words = ("desk: dead", "within seven days", "after 2 attempts", "connection refused")
    return Truth("delivery", "gave_up", words)


@situation
def channel_removed(w: World) -> Truth:
    """The channel is no longer configured."""
    rings(w, channels=("desk", "phone"), routes=(RouteConfig(channels=("desk",)),))
    w.later(minutes=1)
    w.desk.change(channels=(ChannelConfig("phone", "terminal"),), routes=())
    words = ("desk: dead, its channel is no longer configured", w.at(w.desk.now))
    return Truth("delivery", "channel_removed", words)


@situation
def dropped(w: World) -> Truth:
    """Somebody gave it up."""
    rings(w)
    w.later(minutes=3)
    do(w.desk, lambda tx: drop_by_hand(tx, 1, w.desk.now))
    return Truth("delivery", "dropped", ("desk: dropped, dropped by hand", w.at(w.desk.now)))


@situation
def fallback_waits(w: World) -> Truth:
    """The channel refused it; its fallback has it and was not reached yet."""
    w.open(channels=("desk", "phone"), routes=(RouteConfig(channels=("desk",)),))
    first = ChannelConfig("desk", "terminal", fallback="phone")
    w.desk.change(channels=(first, ChannelConfig("phone", "terminal")))
    w.show()
    w.deliver(desk=[REFUSED], phone=[DOWN])
    words = ("phone", "connection refused", "this one is its fallback")
    return Truth("delivery", "retrying", words)


@situation
def paced(w: World) -> Truth:
    """An update of a live page, minutes after the last."""
    live = (
        "A live page about the talks in Doha. Doors opened at nine and the envoys went in one after another."
    )
    item = Item("Live: the talks in Doha, minute by minute", guid="l", link=w.link, text=live, age=-1)
    w.open(rule={"query": "doha"})
    w.show("a", item)
    w.deliver()
    sent = w.desk.now
    w.later(minutes=5)
    more = " At ten a spokeswoman came out and said that lunch would be late, and nobody was in a hurry."
    w.show("a", replace(item, text=live + more))
    words = ("desk", w.at(sent + timedelta(minutes=30)), "every 30 minutes")
    return Truth("delivery", "paced", words)


@situation
def backlog(w: World) -> Truth:
    """A channel was away while many rang: they wait in one digest for its next attempt."""
    w.open(
        routes=(RouteConfig(channels=("desk",)),),
        more_rules=[RuleConfig("all", query="feed:*", budget="off")],
    )
    w.desk.change(channels=(ChannelConfig("desk", "webhook"),))
    many = [
        Item(f"{n} {word}", guid=word, link=f"https://n.example/{word}", text=word)
        for n, word in enumerate(WORDS)
    ]
    w.show("a", w.item, *many)
    w.deliver(desk=[BUSY])
    w.later(hours=1)
    w.deliver(desk=[BUSY])
    return Truth("delivery", "paused", ("desk: its channel is paused", "429"))


# --- told ------------------------------------------------------------------------------------------------


@situation
def told(w: World) -> Truth:
    """The receiver took it; whatever came later."""
    rings(w)
    w.deliver()
    w.trip(DELIVERY)
    return Truth(None)


@situation
def told_under_another_address(w: World) -> Truth:
    """The page named a canonical address, and that is what is asked for."""
    w.item = replace(w.item, text=f"{w.item.text} They met.", age=0.0)
    w.open(feeds=(Desk.feed("a", full_text="auto"),))
    w.show()
    head = '<link rel="canonical" href="https://n.example/canonical/name-of-it">'
    w.pages(w.page("The envoys spoke of frozen reserves and of flour. " * 8, head=head))
    w.deliver()
    return Truth(None, url=w.spelled("https://n.example/canonical/name-of-it"))


@situation
def told_under_an_old_address(w: World) -> Truth:
    """The feed gave the item another address since; the alert still leads to the old one."""
    rings(w)
    w.deliver()
    old = w.link
    w.later(hours=1)
    text = w.rng.choice([w.item.text, f"{w.item.text} More follows."])
    w.show("a", replace(w.item, link=f"https://n.example/moved/{w.rng.randrange(1000)}", text=text))
    return Truth(None, url=w.spelled(old))


@situation
def told_after_retries(w: World) -> Truth:
    """The receiver was down, or its answer was lost."""
    rings(w)
    w.deliver(desk=[w.rng.choice([DOWN, LOST, BUSY])])
    w.later(hours=1)
    w.deliver()
    return Truth(None)


@situation
def told_by_the_fallback(w: World) -> Truth:
    """The channel refused it, its fallback took it."""
    w.open(channels=("desk", "phone"), routes=(RouteConfig(channels=("desk",)),))
    first = ChannelConfig("desk", "terminal", fallback="phone")
    w.desk.change(channels=(first, ChannelConfig("phone", "terminal")))
    w.show()
    w.deliver(desk=[REFUSED])
    return Truth(None)


@situation
def told_in_a_digest(w: World) -> Truth:
    """With others, at six."""
    w.open(routes=(RouteConfig(channels=("desk",), digest=("18:00",)),))
    w.show(
        "a", w.item, Item("Another", guid="z", link="https://n.example/z", text=w.item.title + w.item.text)
    )
    w.later(hours=7)
    w.deliver()
    return Truth(None)


@situation
def told_on_one_of_two(w: World) -> Truth:
    """One channel took it, the other refused it."""
    rings(w, channels=("desk", "phone"))
    w.deliver(phone=[REFUSED])
    return Truth(None)


@situation
def told_through_quiet_hours(w: World) -> Truth:
    """Held, and sent when they ended."""
    w.open()
    w.quiet()
    w.show()
    w.later(hours=8)
    w.deliver()
    return Truth(None)


@situation
def told_and_edited(w: World) -> Truth:
    """The rule was changed or removed since; what was told stays told."""
    rings(w, more_rules=[RuleConfig("on", query="volcano")])
    w.deliver()
    if w.rng.random() < 0.5:
        w.rule(query="volcano")
    else:
        w.desk.change(rules=tuple(r for r in w.desk.config.rules if r.name != "talks"))
    return Truth(None)


@situation
def told_by_a_severer_rule(w: World) -> Truth:
    """A copy rings again for a rule of higher severity."""
    w.open(
        rule={"query": "doha", "feeds": ("a",)},
        more_rules=[RuleConfig("grave", query="flour", feeds=("b",), severity=Severity.HIGH)],
        feeds=("a", "b"),
    )
    w.link = "https://www.b-news.example/1"
    w.show("a", dispatch("a"))
    w.deliver()
    w.show("b", dispatch("b"))
    w.deliver()
    return Truth(None, rule="grave")


@situation
def told_as_an_update(w: World) -> Truth:
    """A copy with a new number rings as an update."""
    wire(w)
    w.later(hours=1)
    w.show(
        "b", dispatch("b", DISPATCH.replace("ended without a statement", "ended when 12 people were killed"))
    )
    w.deliver()
    return Truth(None)
