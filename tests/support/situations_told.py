"""Situations of articles for which a rule holds: where their alerts stopped, or who was told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from monitor.model import Answer, AnswerClass, Reason, Severity
from monitor.settings import ChannelConfig, RouteConfig, RuleConfig
from monitor.store.outbox import drop_by_hand, lease_next
from tests.support.documents import Item
from tests.support.happenings import (
    DELIVERY,
    GATHER,
    QUIET,
    ROUTE,
    SILENCE,
    TOLD,
    Truth,
    World,
)
from tests.support.newsdesk import Desk
from tests.support.situations import situation
from tests.support.ways import do

DISPATCH = (
    "A delegation of the movement met envoys of four countries in Doha on Monday to talk about the "
    "frozen reserves of the central bank, two officials said. The meeting, the third since the summer, "
    "lasted six hours and ended without a statement. An aide to the foreign minister said that the parties "
    "had agreed to meet again before the end of the month and that aid deliveries would go on until then. "
    "Farmers in the north wait for seed that was promised in spring, and flour costs twice what it did then."
)
TITLE = "Envoys talk about frozen reserves with the movement in Doha"
REFUSED = Answer(AnswerClass.REFUSED, "no such room", 404)
DOWN = Answer(AnswerClass.TRANSIENT, "connection refused")
BUSY = Answer(AnswerClass.RATE, "slow down", 429, retry_after=900.0)
WRONG = Answer(AnswerClass.CONFIG, "invalid token", 401)
LOST = Answer(AnswerClass.UNKNOWN, "the answer was lost")


def dispatch(outlet: str, text: str = DISPATCH, title: str = TITLE) -> Item:
    """The dispatch as an outlet prints it."""
    return Item(title, guid=f"{outlet}:1", link=f"https://www.{outlet}-news.example/1", text=text, age=-99)


def rings(w: World, **open_: object) -> str:
    """The article is shown and rings, or would; returns when, as words name it."""
    w.open(**open_)  # type: ignore[arg-type]
    return w.at(w.show())


# --- routes ----------------------------------------------------------------------------------------------


@situation
def stored_only(w: World) -> Truth:
    """The route has no channels."""
    w.open(routes=(RouteConfig(channels=()),))
    w.trip(ROUTE)
    w.show()
    return Truth("route", "no_route", ("no route sends it anywhere", "route 1 has no channels"))


@situation
def passed_by(w: World) -> Truth:
    """The first route is for what is urgent, the last one stores."""
    routes = (RouteConfig({"severity": ("urgent",)}, ("desk",)), RouteConfig(channels=()))
    w.open(routes=routes)
    w.trip(ROUTE)
    w.show()
    return Truth("route", "no_route", ("no route sends it anywhere", "route 2"))


@situation
def not_allowed(w: World) -> Truth:
    """The rule's allow_channels leaves none."""
    w.open(rule={"allow_channels": ("phone",)}, channels=("desk", "phone"))
    w.desk.change(routes=(RouteConfig(channels=("desk",)),))
    w.trip(ROUTE)
    w.show()
    return Truth("route", "allow_channels", ("no route sends it anywhere", "allow_channels"))


@situation
def routed_since(w: World) -> Truth:
    """It went nowhere then, and would go to the desk now."""
    w.open(routes=(RouteConfig(channels=()),))
    w.show()
    w.desk.change(routes=())
    return Truth("route", "no_route", ("no route sends it anywhere", "now it would go to desk"))


# --- weak ------------------------------------------------------------------------------------------------


def _furniture(w: World, **rule: object) -> None:
    """The rule's word stands only in what the feed announces of other articles."""
    text = "<p>The envoys met.</p><p>Read also:</p><p>A zeppelin lands in the harbour</p>"
    w.item = replace(w.item, title="They met", text=text)
    w.open(rule={"query": "zeppelin", **rule})


@situation
def weak_ignored(w: World) -> Truth:
    """The rule is set to ignore that."""
    _furniture(w, weak="ignore")
    w.trip(ROUTE)
    w.show()
    return Truth("weak", "weak_ignored", ("set to ignore", "zeppelin"))


@situation
def weak_held(w: World) -> Truth:
    """It is told in the digest of a time of day."""
    _furniture(w)
    w.show()
    return Truth("weak", "weak", ("desk", "held until 2026-11-25T08:00:00Z", "zeppelin"))


# --- told already ----------------------------------------------------------------------------------------


@situation
def copy_in_another_feed(w: World) -> Truth:
    """The same item in a second feed; the rule hears of that alone."""
    w.open(rule={"feeds": ("b",)}, more_rules=[RuleConfig("first", query=w.query, feeds=("a",))], feeds=("a", "b"))
    w.show("a")
    if w.rng.random() < 0.5:
        w.deliver()
    w.trip(TOLD)
    w.show("b", replace(w.item, guid="b"))
    return Truth("told", "already_told", ("desk: this channel was already told", w.item.title, "feed a"))


def _wire(w: World, *, told: bool = True, **rule: object) -> str:
    """The dispatch rang in feed a; returns when, as words name it."""
    w.open(rule={"query": "doha", **rule}, feeds=("a", "b"))
    w.link = "https://www.b-news.example/1"
    at = w.at(w.show("a", dispatch("a")))
    if told:
        w.later(minutes=2)
        w.deliver()
        at = w.at(w.desk.now)
    return at


@situation
def copy_of_a_dispatch(w: World) -> Truth:
    """Another outlet prints the same."""
    told = w.rng.random() < 0.5
    at = _wire(w, told=told)
    w.trip(TOLD)
    w.later(hours=1)
    w.show("b", dispatch("b"))
    words = ("desk: the same story was told", TITLE, "feed a", at, "told" if told else "on its way")
    return Truth("told", "duplicate", words)


@situation
def change_nobody_wants(w: World) -> Truth:
    """A copy with another number, under updates = "none"."""
    _wire(w, updates="none")
    w.trip(TOLD)
    w.later(hours=1)
    w.show("b", dispatch("b", DISPATCH.replace("two officials said", "12 people were killed, officials said")))
    return Truth("told", "duplicate", (TITLE, 'updates = "none"'))


@situation
def change_without_substance(w: World) -> Truth:
    """A copy with other words that say nothing new."""
    _wire(w)
    w.trip(TOLD)
    w.later(hours=1)
    w.show("b", dispatch("b", DISPATCH.replace("two officials said", "officials told reporters")))
    return Truth("told", "duplicate", (TITLE, 'nothing new that counts (updates = "substance")'))


@situation
def milder_rule_later(w: World) -> Truth:
    """A second rule of no higher severity fires on a story that was told."""
    other = RuleConfig("prices", query="flour", feeds=("b",))
    w.open(rule={"query": "doha", "feeds": ("a",)}, more_rules=[other], feeds=("a", "b"))
    w.link = "https://www.b-news.example/1"
    w.show("a", dispatch("a"))
    w.deliver()
    w.trip(TOLD)
    w.show("b", dispatch("b"))
    return Truth("told", "already_told", ("already told of this story", TITLE), rule="prices")


# --- comparing -------------------------------------------------------------------------------------------


@situation
def being_compared(w: World) -> Truth:
    """Something alike was told half a minute ago: its page is read first."""
    title = "Envoys talk with the movement about frozen reserves"
    feeds = [Desk.feed(name, full_text="auto") for name in "ab"]
    w.open(rule={"query": "envoys"}, feeds=feeds)
    w.link = "https://www.b-news.example/1"
    w.show("a", replace(dispatch("a"), title=title, text="The third meeting since the summer."))
    w.show("b", replace(dispatch("b"), title=title, text="No agreement was reached."))
    words = ("held until", w.at(w.desk.now + timedelta(seconds=30)), "its page is read first")
    return Truth("comparing", "comparing", words)


# --- silences --------------------------------------------------------------------------------------------


@situation
def silenced(w: World) -> Truth:
    """A silence of the rule, its feed, or its severity."""
    w.open(feeds=(Desk.feed("a", tags=("wire",)),))
    silence = w.silence(**w.rng.choice([{"rule": "talks"}, {"feed": "a"}, {"tag": "wire"}, {"severity": "normal"}]))
    w.trip(SILENCE)
    w.show()
    words = ("a silence covers it", f"silence {silence.id} of {silence.author}", w.at(silence.ends))
    return Truth("silence", "silenced", (*words, silence.comment))


@situation
def silenced_then(w: World) -> Truth:
    """The silence is over; what it hid stays hidden."""
    w.open()
    silence = w.silence()
    w.show()
    w.later(hours=4)
    w.trip(SILENCE)
    return Truth("silence", "silenced", (f"silence {silence.id}", w.at(silence.ends)))


# --- later: quiet hours, budgets, groups, digests --------------------------------------------------------


@situation
def quiet_hours(w: World) -> Truth:
    """The channel is quiet until seven in the evening."""
    w.open(rule={"budget": w.rng.choice([None, "1/1h"])})
    if w.rng.random() < 0.5:
        w.show("a", Item(w.item.title, guid="first", link="https://n.example/2026/first", text=w.item.text + " It rained."))
    w.quiet()
    w.show()
    words = ("desk: held until 2026-11-24T19:00:00Z", "quiet hours", "[quiet_hours.lunch]")
    return Truth("quiet", "quiet_hours", words)


@situation
def group_meets_quiet_hours(w: World) -> Truth:
    """Its group was due while the channel was quiet."""
    w.open(routes=(RouteConfig(channels=("desk",), group=600.0),))
    w.show()
    w.quiet("siesta", "20:00")
    w.later(minutes=30)
    w.deliver()
    words = ("desk: held until 2026-11-24T20:00:00Z", "[quiet_hours.siesta]")
    return Truth("quiet", "quiet_hours", words)


@situation
def over_budget(w: World) -> Truth:
    """The rule may ring so often in an hour, and did."""
    w.open(rule={"budget": "1/1h"}, channels=("desk",))
    first = f"{w.item.text} It rained all day, and the harbour stayed closed to ships of every size."
    w.show("a", Item(w.item.title, guid="first", link="https://n.example/2026/first", text=first))
    w.item = replace(w.item, title=f"{w.item.title} again", text=f"{w.item.text} Then the sun came out for good.")
    w.show()
    return Truth("budget", "budget", ("desk: held until", "spent its budget", "1/1h"))


@situation
def gathered(w: World) -> Truth:
    """Its route waits ten minutes for company."""
    w.open(routes=(RouteConfig(channels=("desk",), group=600.0, group_by="rule"),))
    at = w.show()
    w.trip(GATHER)
    return Truth("gathered", "group", ("desk: held until", w.at(at + timedelta(minutes=10)), "gathers"))


@situation
def in_a_digest(w: World) -> Truth:
    """Its route tells it at six in the evening."""
    w.open(routes=(RouteConfig(channels=("desk",), digest=("18:00",)),))
    w.show()
    return Truth("gathered", "digest", ("desk: held until 2026-11-24T18:00:00Z", "digest"))


@situation
def caught_up(w: World) -> Truth:
    """Old news of a feed that was away for days: it goes once all feeds were asked."""
    w.open(feeds=("a", "b"))
    w.later(days=3)
    w.show("a", replace(w.item, age=-40.0))
    return Truth("gathered", "catch_up", ("desk: held until", "published while its feed was not watched"))


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
    return Truth("delivery", "paused", ("desk: its channel is paused until", "settings are refused", "invalid token"))


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
    live = "A live page about the talks in Doha. Doors opened at nine and the envoys went in one after another."
    item = Item("Live: the talks in Doha, minute by minute", guid="l", link=w.link, text=live, age=-1)
    w.open(rule={"query": "doha"})
    w.show("a", item)
    w.deliver()
    sent = w.desk.now
    w.later(minutes=5)
    more = " At ten a spokeswoman came out and said that lunch would be late and that nobody was in a hurry to go."
    w.show("a", replace(item, text=live + more))
    words = ("desk", w.at(sent + timedelta(minutes=30)), "every 30 minutes")
    return Truth("delivery", "paced", words)


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
    w.show("a", w.item, Item("Another", guid="z", link="https://n.example/z", text=w.item.title + w.item.text))
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
    _wire(w)
    w.later(hours=1)
    w.show("b", dispatch("b", DISPATCH.replace("ended without a statement", "ended when 12 people were killed")))
    w.deliver()
    return Truth(None)


__all__ = ["QUIET", "Reason"]
