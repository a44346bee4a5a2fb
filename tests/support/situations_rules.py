"""Situations of articles that were seen: text, rules not in force, the baseline, and several at once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from monitor.settings import EntityConfig, RuleConfig, Secret
from tests.support.happenings import BASELINE, RULE, TEXT, Truth, World
from tests.support.newsdesk import Desk
from tests.support.situations import MAKERS, situation
from tests.support.ways import do

# --- the text --------------------------------------------------------------------------------------------


def _text(
    w: World, query: str, title: str = "Talks in Doha", text: str = "Envoys met.", **rule: object
) -> None:
    w.item = replace(w.item, title=title, text=text)
    w.open(rule={"query": query, **rule}, entities=ENTITIES)
    w.trip(TEXT)
    w.show()


ENTITIES = (
    EntityConfig("doha", ("Doha",), not_in=("Doha Round",)),
    EntityConfig("georgia", ("Georgia",), context={"require_any": ("Tbilisi", "Caucasus")}),
)


@situation
def term_missing(w: World) -> Truth:
    """A word is not there."""
    word = w.rng.choice(["kabul", "zeppelin", "herat"])
    _text(w, f"doha AND {word}")
    return Truth("text", "missing", (f"{word}: not in title, summary, body",))


@situation
def plural_only(w: World) -> Truth:
    """The article has another form of the word."""
    _text(w, "talk AND doha")
    return Truth("text", "missing", ("“talks” is, which talk* would take",))


@situation
def phrase_broken(w: World) -> Truth:
    """The words of a phrase stand apart."""
    _text(w, '"doha talks"')
    return Truth("text", "missing", ("not as this phrase",))


@situation
def too_far_apart(w: World) -> Truth:
    """Both words of a NEAR are there."""
    text = "Envoys " + "walked and " * w.rng.randrange(6, 20) + "met."
    _text(w, "envoys NEAR/3 met", text=text)
    return Truth("text", "apart", ("envoys", "met"))


@situation
def excluded(w: World) -> Truth:
    """A word that must not be there is."""
    _text(w, "doha -envoys")
    return Truth("text", "excluded", ("“Envoys” is in the summary",))


@situation
def no_alternative(w: World) -> Truth:
    """None of several words is there."""
    _text(w, "doha AND (kabul OR herat OR balkh)")
    return Truth("text", "alternatives", ("none of its 3 alternatives",))


@situation
def wrong_field(w: World) -> Truth:
    """The word stands in the summary, and is asked for in the title."""
    _text(w, "title:envoys")
    return Truth("text", "missing", ("in the article, but not in title",))


@situation
def masked_entity(w: World) -> Truth:
    """The name stands inside another one that does not count."""
    _text(w, "@doha", title="Doha Round resumes")
    return Truth("text", "missing", ("@doha", "Doha Round"))


@situation
def entity_without_context(w: World) -> Truth:
    """The name is there, its company is not."""
    _text(w, "@georgia", title="Georgia votes")
    return Truth("text", "missing", ("@georgia",))


@situation
def wrong_fact(w: World) -> Truth:
    """The query asks for another outlet."""
    _text(w, "doha AND source:else.example")
    return Truth("text", "fact", ("source:else.example", "n.example"))


@situation
def cut_furniture(w: World) -> Truth:
    """The word stood in what was cut before matching."""
    _text(w, "kabul", text="<p>Envoys met.</p><script>kabul</script>")
    return Truth("text", "missing", ("kabul: not in",))


# --- the rule was not in force ---------------------------------------------------------------------------


@situation
def rule_disabled(w: World) -> Truth:
    """It is switched off."""
    w.open(rule={"enabled": False}, more_rules=[RuleConfig("on", query="volcano")])
    w.trip(RULE)
    w.show()
    return Truth("rule", "rule_disabled", ("the rule is disabled",))


@situation
def rule_younger(w: World) -> Truth:
    """It was written after the article was seen."""
    w.open(rule={"query": "volcano"})
    w.desk.load(replace(w.desk.config, rules=(RuleConfig("first", query="volcano"),)))
    do(w.desk, lambda tx: tx.run("DELETE FROM rules WHERE retired_at IS NOT NULL"))
    seen = w.show()
    w.later(hours=w.rng.randrange(1, 30))
    w.rule(query=w.query)
    loaded = w.desk.now
    w.trip(RULE)
    return Truth("rule", "rule_younger", ("younger", w.at(loaded), w.at(seen)))


@situation
def rule_edited(w: World) -> Truth:
    """It did not hold as it was then, and holds as it is now."""
    w.open(rule={"query": "volcano"})
    seen = w.show()
    w.rule(query=w.query)
    loaded = w.desk.now
    w.trip(RULE)
    return Truth("rule", "rule_edited", ("changed", w.at(loaded), w.at(seen)))


@situation
def rule_switched_on(w: World) -> Truth:
    """It was off when the article came."""
    w.open(rule={"enabled": False}, more_rules=[RuleConfig("on", query="volcano")])
    w.rule(enabled=True)
    w.rule(enabled=False)
    w.show()
    w.rule(enabled=True)
    return Truth("rule", "rule_edited", ("switched on again", w.at(w.desk.now)))


@situation
def rule_removed(w: World) -> Truth:
    """It is no longer configured, and never matched."""
    w.open(rule={"query": "volcano"}, more_rules=[RuleConfig("on", query="volcano")])
    w.show()
    w.later(minutes=1)
    w.desk.change(rules=tuple(r for r in w.desk.config.rules if r.name != "talks"))
    return Truth("rule", "rule_removed", ("no longer configured", w.at(w.desk.now)))


@situation
def rule_broken(w: World) -> Truth:
    """The file has a query that cannot be read."""
    w.open(rule={"query": "volcano"})
    w.show()
    broken = tuple(replace(r, query="doha AND") if r.name == "talks" else r for r in w.desk.config.rules)
    w.trip(RULE)
    config = replace(w.desk.config, rules=broken)
    return Truth("rule", "rule_broken", ("cannot be used",), asked={"config": config})


@situation
def rule_not_reloaded(w: World) -> Truth:
    """The file says more than the daemon knows."""
    w.open(rule={"query": "volcano"})
    w.show()
    changed = tuple(replace(r, query=w.query) if r.name == "talks" else r for r in w.desk.config.rules)
    config = replace(w.desk.config, rules=changed)
    return Truth("rule", "rule_not_reloaded", ("the file has changed since",), asked={"config": config})


@situation
def rule_not_loaded(w: World) -> Truth:
    """The file has a rule that no daemon has read."""
    w.open()
    w.show()
    config = replace(w.desk.config, rules=(*w.desk.config.rules, RuleConfig("fresh", query=w.query)))
    words = ("no running Tocsin has loaded",)
    return Truth("rule", "rule_not_loaded", words, rule="fresh", asked={"config": config})


@situation
def edit_without_news(w: World) -> Truth:
    """An edit took the word away that kept the rule from holding; no new words came."""
    w.open(rule={"query": f"({w.query}) -lull"})
    w.show("a", replace(w.item, text=f"{w.item.text} A lull."))
    w.later(minutes=30)
    w.show("a")
    return Truth("rule", "edit", ("an edit rings only",))


@situation
def other_feeds_text(w: World) -> Truth:
    """Another feed's edit is the text that is stored."""
    w.open(rule={"query": f"({w.query}) -lull", "feeds": ("a",)}, feeds=("a", "b"))
    longer = replace(w.item, text=f"{w.item.text} A lull.")
    w.show("a", longer)
    w.show("b", longer)
    w.show("b", w.item)
    return Truth("rule", "other_text", ("with another text",))


@situation
def tagged_since(w: World) -> Truth:
    """The feed was given the rule's tag later."""
    w.open(rule={"tags": ("new",)})
    w.show()
    w.feed("a", tags=("new",))
    return Truth("rule", "config_changed", ("were changed in the configuration since",))


@situation
def tagged_since_with_furniture(w: World) -> Truth:
    """The same, of a text out of which something was cut: it is no other text for that."""
    text = f"<p>{w.item.text}</p><p>Read also:</p><p>Bakers close their shops</p>"
    w.open(rule={"tags": ("new",)})
    w.show("a", replace(w.item, text=text))
    w.feed("a", tags=("new",))
    return Truth("rule", "config_changed", ("were changed in the configuration since",))


# --- there before us -------------------------------------------------------------------------------------


@situation
def baseline(w: World) -> Truth:
    """It stood in the feed at the first poll."""
    w.open(based=False)
    w.trip(BASELINE)
    seen = w.show()
    return Truth("baseline", "baseline", ("already in the feed", "feed a", w.at(seen)))


@situation
def baseline_of_both(w: World) -> Truth:
    """Both feeds had it at their first polls."""
    w.open(based=False, feeds=("a", "b"))
    w.trip(BASELINE)
    w.show("a")
    w.show("b", replace(w.item, guid="b"))
    return Truth("baseline", "baseline", ("already in the feed",))


@situation
def old_for_a_moved_feed(w: World) -> Truth:
    """The feed was given another address, and lists what is older than that."""
    w.open()
    w.trip(BASELINE)
    w.feed("a", url=Secret("http://moved.example/feed"))
    seen = w.show("a", replace(w.item, age=30.0))
    return Truth("baseline", "baseline", ("already in the feed", w.at(seen)))


@situation
def old_for_first_poll(w: World) -> Truth:
    """first_poll lets ring what is younger than half an hour."""
    w.open(feeds=(Desk.feed("a", first_poll="30m"),), based=False)
    w.trip(BASELINE)
    w.show()
    return Truth("baseline", "baseline", ("already in the feed",))


@situation
def back_after_days(w: World) -> Truth:
    """The feed was taken out for days, and is read for the first time again."""
    w.open(feeds=("a", "b"))
    config = w.desk.config
    w.without_feed("a")
    w.later(days=3)
    w.desk.load(config)
    w.trip(BASELINE)
    seen = w.show()
    return Truth("baseline", "baseline", ("already in the feed", w.at(seen)))


# --- several at once -------------------------------------------------------------------------------------

LAYERS = ("source", "text", "rule", "baseline", "route", "silence", "quiet", "gathered")
CAUSES = {"text": "excluded", "rule": "rule_disabled", "route": "no_route", "silence": "silenced"}
CAUSES |= {"quiet": "quiet_hours", "gathered": "group"}


def _stacked(w: World) -> Truth:
    """Any of the layers may stop it; the first one in their order is the true one."""
    chosen = {layer for layer in LAYERS if w.rng.random() < 0.4} or {w.rng.choice(LAYERS)}
    if "rule" in chosen:  # a rule that is off has no match, so that nothing later can be found out
        chosen -= set(LAYERS[LAYERS.index("rule") + 1 :])
    rule: dict[str, Any] = {}
    if "source" in chosen:
        rule["feeds"] = ("b",)
    if "text" in chosen:
        rule["query"] = f"({w.query}) -{w.item.title.split()[0].lower()}"
    if "rule" in chosen:
        rule["enabled"] = False
    on = [RuleConfig("on", query="volcano")]
    w.open(rule=rule, more_rules=on, based="baseline" not in chosen)
    for layer, make in (("route", w.nowhere), ("silence", w.silence), ("quiet", w.quiet)):
        if layer in chosen:
            make()
    if "gathered" in chosen and "route" not in chosen:
        w.group()
    elif "gathered" in chosen:
        chosen.discard("gathered")
    w.trips += sorted(chosen)
    w.show()
    if {"quiet", "gathered"} <= chosen and chosen.isdisjoint(LAYERS[:6]):
        chosen.discard("quiet")  # what is gathered waits for its time first, and meets quiet hours then
    first = next(layer for layer in LAYERS if layer in chosen)
    return Truth(first, CAUSES.get(first, first))


MAKERS.update({f"stacked{n}": _stacked for n in range(12)})


@situation
def through_two_feeds(w: World) -> Truth:
    """One feed has it as baseline, the other as the wrong source: the first came farther."""
    w.open(rule={"feeds": ("a",)}, feeds=("a", "b"), based=False)
    w.show("a")
    w.show("b", replace(w.item, guid="b"))
    return Truth("baseline", "baseline", ("feed a",))
