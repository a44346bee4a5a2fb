"""Situations of articles for which a rule holds: nowhere to go, told already, silenced, held for later."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from monitor.model import Answer, AnswerClass
from monitor.settings import RouteConfig, RuleConfig
from monitor.store.outbox import drop_by_hand
from tests.support.documents import Item
from tests.support.happenings import GATHER, ROUTE, SILENCE, TOLD, Truth, World
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


def dispatch(outlet: str, text: str = DISPATCH, title: str = TITLE) -> Item:
    """The dispatch as an outlet prints it."""
    return Item(title, guid=f"{outlet}:1", link=f"https://www.{outlet}-news.example/1", text=text, age=-99)


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
    w.open(
        rule={"feeds": ("b",)},
        more_rules=[RuleConfig("first", query=w.query, feeds=("a",))],
        feeds=("a", "b"),
    )
    w.show("a")
    if w.rng.random() < 0.5:
        w.deliver()
    w.trip(TOLD)
    w.show("b", replace(w.item, guid="b"))
    return Truth("told", "already_told", ("desk: this channel was already told", w.item.title, "feed a"))


def wire(w: World, *, told: bool = True, **rule: object) -> str:
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
    at = wire(w, told=told)
    w.trip(TOLD)
    w.later(hours=1)
    w.show("b", dispatch("b"))
    words = ("desk: the same story was told", TITLE, "feed a", at, "told" if told else "on its way")
    return Truth("told", "duplicate", words)


@situation
def change_nobody_wants(w: World) -> Truth:
    """A copy with another number, under updates = "none"."""
    wire(w, updates="none")
    w.trip(TOLD)
    w.later(hours=1)
    w.show(
        "b", dispatch("b", DISPATCH.replace("two officials said", "12 people were killed, officials said"))
    )
    return Truth("told", "duplicate", (TITLE, 'updates = "none"'))


@situation
def change_without_substance(w: World) -> Truth:
    """A copy with other words that say nothing new."""
    wire(w)
    w.trip(TOLD)
    w.later(hours=1)
    w.show("b", dispatch("b", DISPATCH.replace("two officials said", "officials told reporters")))
    return Truth("told", "duplicate", (TITLE, 'nothing new that counts (updates = "substance")'))


@situation
def copy_of_what_never_arrived(w: World) -> Truth:
    """The first report was on its way when the copy came, and was given up afterwards."""
    wire(w, told=False)
    w.later(minutes=3)
    w.show("b", dispatch("b"))
    if w.rng.random() < 0.5:
        w.deliver(desk=[Answer(AnswerClass.REFUSED, "no such room", 404)])
        return Truth("told", "duplicate", (TITLE, "given up since", w.at(w.desk.now)))
    do(w.desk, lambda tx: drop_by_hand(tx, 1, w.desk.now))
    return Truth("told", "duplicate", (TITLE, "dropped since", w.at(w.desk.now)))


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
    silence = w.silence(
        **w.rng.choice([{"rule": "talks"}, {"feed": "a"}, {"tag": "wire"}, {"severity": "normal"}])
    )
    w.trip(SILENCE)
    w.show()
    words = ("covers it", f"silence {silence.id} of {silence.author}", w.at(silence.ends))
    return Truth("silence", "silenced", (*words, silence.comment))


@situation
def silenced_then(w: World) -> Truth:
    """The silence is over; what it hid stays hidden."""
    w.open()
    silence = w.silence()
    w.show()
    w.later(hours=4)
    w.trip(SILENCE)
    return Truth("silence", "silenced", (f"silence {silence.id}", "covered it", w.at(silence.ends)))


# --- later: quiet hours, budgets, groups, digests --------------------------------------------------------


@situation
def quiet_hours(w: World) -> Truth:
    """The channel is quiet until seven in the evening."""
    w.open(rule={"budget": w.rng.choice([None, "1/1h"])})
    if w.rng.random() < 0.5:
        w.show(
            "a",
            Item(
                w.item.title,
                guid="first",
                link="https://n.example/2026/first",
                text=w.item.text + " It rained.",
            ),
        )
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
    w.item = replace(
        w.item, title=f"{w.item.title} again", text=f"{w.item.text} Then the sun came out for good."
    )
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
