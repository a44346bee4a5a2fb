"""The first no of an article: labelled cases from feed to receiver, and the law that it is what happened."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor.cli.explain_shape import state_word
from monitor.model import FetchResult, FetchStatus, Reason, State
from monitor.settings import EntityConfig, RouteConfig, RuleConfig, Secret
from monitor.stages import Stage
from monitor.store import sql
from monitor.store.leasing import lease_next
from monitor.store.rows import FeedState, to_db
from monitor.unseen import Carrier, never_seen
from tests.support.documents import NOON
from tests.support.newsdesk import Desk
from tests.support.ways import (
    NEW,
    OLD,
    do,
    dropped,
    first_no,
    put_off,
    refused,
    sent,
    with_rule,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from monitor.settings import Config
    from monitor.store.tx import Tx


# --- what can happen, as steps of the table --------------------------------------------------------------


def shows(feed: str, *items: Any) -> Callable[[Desk], object]:
    """The feed shows NEW and OLD, or these items, and is polled."""

    def step(desk: Desk) -> None:
        desk.publish(feed, *(items or (NEW, OLD)))
        desk.poll(feed)

    return step


def rule(name: str = "talks", **changed: Any) -> Callable[[Desk], object]:
    """A rule is changed or added, and loaded."""
    return lambda desk: reload(desk, with_rule(desk.config, name, **changed))


def config(**changed: Any) -> Callable[[Desk], object]:
    """The configuration is changed and loaded."""
    return lambda desk: reload(desk, replace(desk.config, **changed))


def feed_options(name: str, **changed: Any) -> Callable[[Desk], object]:
    """A feed's options are changed and loaded."""

    def step(desk: Desk) -> None:
        changed_feeds = (replace(f, **changed) if f.name == name else f for f in desk.config.feeds)
        reload(desk, replace(desk.config, feeds=tuple(changed_feeds)))

    return step


def feeds(*names: str) -> Callable[[Desk], object]:
    """Only these feeds are configured from now on."""
    return lambda desk: desk.change(feeds=tuple(f for f in desk.config.feeds if f.name in names))


def reload(desk: Desk, changed: Config) -> None:
    """A minute later another configuration is in force."""
    desk.now += timedelta(minutes=1)
    desk.load(changed)


def forgotten(desk: Desk) -> None:
    """The rules that are not in force are forgotten, as if there had never been any."""
    do(desk, lambda tx: tx.run("DELETE FROM rules WHERE retired_at IS NOT NULL"))


def answers(feed: str, status: FetchStatus, http: int | None = None) -> Callable[[Desk], object]:
    """The feed's server gives this answer from now on, and is asked."""

    def step(desk: Desk) -> None:
        desk.answer(feed, FetchResult(status, http, message="no route to host"))
        desk.poll(feed)

    return step


def leased(desk: Desk) -> None:
    """The notification is being sent."""
    do(desk, lambda tx: lease_next(tx, "desk", desk.now))


def held(desk: Desk) -> None:
    """The notification is held, as quiet hours will do it."""
    set_ledger(desk, State.HELD, "first")
    do(desk, lambda tx: tx.run("UPDATE outbox SET state = 'held'"))


def set_ledger(desk: Desk, state: State, reason: str) -> None:
    """The ledger says this of everything."""
    do(
        desk,
        lambda tx: tx.run("UPDATE ledger SET state = :state, reason = :reason", state=state, reason=reason),
    )


def hushed(reason: Reason) -> Callable[[Desk], object]:
    """A reason of a later version keeps it quiet."""
    return lambda desk: set_ledger(desk, State.SUPPRESSED, reason.word)


def gap(desk: Desk) -> None:
    """Feed a has a gap on record."""
    now = to_db(desk.now)

    def unit(tx: Tx) -> None:
        tx.run(sql.GAP_INSERT, id=tx.next_id("gaps"), feed_id=desk.state("a").id, since=now, until=now)

    do(desk, unit)


def does(what: Callable[..., None]) -> Callable[[Desk], object]:
    """Something happens to what is in the outbox."""
    return lambda desk: do(desk, lambda tx: what(tx, desk.now))


COPY = replace(NEW, guid="b")
ELSEWHERE = replace(OLD, guid="b", link="https://n.example/b")
BASED = [shows("a", OLD), shows("b", OLD)]  # both feeds have their baseline behind them
SHOWN = [*BASED, shows("a")]
SENT, REFUSED, PUT_OFF, DROPPED = does(sent), does(refused), does(put_off), does(dropped)
COPIED = shows("b", COPY, OLD)
FAILS, GONE = answers("a", FetchStatus.NETWORK), answers("a", FetchStatus.GONE, 410)
SHORT = replace(NEW, text="They met.")  # an edit that takes words away
AGED = replace(NEW, age=30)
TAGGED = feed_options("a", tags=("new",))
ONLY_B = rule(feeds=("b",))
BY_OTHER = rule("other", query="doha", feeds=("a",))
NOWHERE = config(routes=(RouteConfig(channels=()),))
WITHOUT = config(rules=(RuleConfig("other", query="feed:*"),))  # the rule is removed
MOVED = feed_options("a", url=Secret("http://moved.example/feed"))


def takes(**options: Any) -> list[Callable[[Desk], object]]:
    """Feed a shows NEW to a rule with these options."""
    return [rule(**options), *SHOWN]


def asks(query: str) -> list[Callable[[Desk], object]]:
    """Feed a shows NEW to a rule with this query."""
    return takes(query=query)


OTHER_TEXT = [
    *takes(feeds=("a",), query="doha -friday"),
    COPIED,
    shows("b", replace(COPY, text="They met."), OLD),  # an edit in feed b: its text is the one stored now
]

# Addresses nobody has shown: where, what happened before, the stage that says no first, words of its reason.
UNSEEN = [
    ("https://else.example/1", BASED, Stage.FEED, "no configured feed is of else.example"),
    ("https://c.example/x", [*BASED, shows("c", OLD), feeds("a", "b")], Stage.FEED, "no configured feed"),
    ("https://a.example/x", [*BASED, feed_options("a", enabled=False)], Stage.POLL, "feed a is disabled"),
    ("https://a.example/x", [], Stage.POLL, "feed a was not polled yet"),
    ("https://a.example/x", [*BASED, GONE], Stage.POLL, "feed a is gone (410)"),
    ("https://a.example/x", [FAILS], Stage.POLL, "feed a is failing: no route to host"),
    ("https://a.example/x", [*BASED, FAILS], Stage.POLL, "feed a is failing: no route to host"),
    ("https://a.example/x", BASED, Stage.ENTRY, "feed a has not shown it"),
    ("http://www.a.example/x?utm_source=rss", BASED, Stage.ENTRY, "feed a has not shown it"),
    ("https://a.example/x", [*BASED, gap], Stage.ENTRY, "it has gaps"),
    ("https://n.example/x", [shows("a", OLD)], Stage.ENTRY, "feed a has not shown it"),
    ("https://n.example/x", [shows("a", OLD), shows("b", ELSEWHERE), FAILS], Stage.ENTRY, "feed b has not"),
    ("https://n.example/x", [shows("a", OLD), shows("b", ELSEWHERE)], Stage.ENTRY, "none of the 2 feeds"),
]

# What happens to NEW under the rule `talks`, which asks for Doha unless told otherwise.
SEEN = [
    ("another feed asked for", takes(feeds=("b",)), Stage.SOURCE, "feed:b: the article's feed is a"),
    ("a glob of feeds", takes(feeds=("b*", "c*")), Stage.SOURCE, "the article's feed is a"),
    ("another tag asked for", takes(tags=("sport",)), Stage.SOURCE, "the feed's tags: wire"),
    ("another language asked for", takes(lang=("fr",)), Stage.SOURCE, "the article's language is en"),
    ("source and text wrong", takes(lang=("fr",), query="kabul"), Stage.SOURCE, "lang:fr"),
    ("shown by the wrong feed only", [*takes(feeds=("c",)), COPIED], Stage.SOURCE, "feed:c"),
    ("a word that is not there", asks("doha AND kabul"), Stage.TEXT, "kabul: not in title"),
    ("a singular", asks("talk"), Stage.TEXT, "“talks” is, which talk* would take"),
    ("words apart", asks('"friday met"'), Stage.TEXT, "not as this phrase"),
    ("a word to be absent", asks("doha -friday"), Stage.TEXT, "“Friday” is in the summary"),
    ("a word in another field", asks("title:friday"), Stage.TEXT, "in the article, but not in title"),
    ("other capitals", asks("{DOHA}"), Stage.TEXT, "not spelt exactly so"),
    ("alternatives", asks("kabul OR herat"), Stage.TEXT, "none of its 2 alternatives"),
    ("a masked entity", asks("@masked"), Stage.TEXT, "which not_in of @masked names"),
    ("a source in the query", asks("doha AND feed:b"), Stage.TEXT, "the article's feed is a"),
    ("right feed, wrong text", [*takes(feeds=("b",), query="kabul"), COPIED], Stage.TEXT, "kabul"),
    ("switched off", takes(enabled=False), Stage.RULE, "the rule is disabled"),
    ("a younger rule", [WITHOUT, forgotten, *SHOWN, rule(query="doha")], Stage.RULE, "this rule is younger"),
    ("changed since", [*asks("kabul"), rule(query="doha")], Stage.RULE, "the rule was changed"),
    ("on again", [*takes(enabled=False), rule(enabled=True)], Stage.RULE, "switched on again"),
    ("removed", [*asks("kabul"), WITHOUT], Stage.RULE, "no longer configured"),
    ("an edit, no new words", [*asks("doha -friday"), shows("a", SHORT)], Stage.RULE, "an edit rings only"),
    ("another feed's text", OTHER_TEXT, Stage.RULE, "with another text than the one stored"),
    ("a tag since", [*takes(tags=("new",)), TAGGED], Stage.RULE, "changed in the configuration since"),
    ("there before us", [shows("a")], Stage.BASELINE, "already in the feed when Tocsin first polled it"),
    ("there before us, twice", [shows("a"), COPIED], Stage.BASELINE, "already in the feed"),
    ("old for a moved feed", [*BASED, MOVED, shows("a", AGED)], Stage.BASELINE, "already in the feed"),
    ("old for first_poll", [feed_options("a", first_poll="30m"), shows("a")], Stage.BASELINE, "already"),
    ("no route", [NOWHERE, *SHOWN], Stage.ROUTE, "no route sends it anywhere"),
    ("no channel allowed", takes(allow_channels=()), Stage.ROUTE, "no route sends it anywhere"),
    ("told by another rule", [ONLY_B, BY_OTHER, *SHOWN, SENT, COPIED], Stage.TOLD, "already told"),
    ("about to be told", [ONLY_B, BY_OTHER, *SHOWN, COPIED], Stage.TOLD, "already told of this story"),
    ("weak", [*SHOWN, hushed(Reason.WEAK_IGNORED)], Stage.WEAK, "only in unconfirmed text"),
    ("silenced", [*SHOWN, hushed(Reason.SILENCED)], Stage.SILENCE, "a silence covers it"),
    ("over budget", [*SHOWN, hushed(Reason.BUDGET)], Stage.BUDGET, "spent its budget"),
    ("waiting", SHOWN, Stage.DELIVERY, "desk: it waits to be sent"),
    ("the right source", takes(feeds=("a",), tags=("wire",), lang=("en",)), Stage.DELIVERY, "it waits"),
    ("being sent", [*SHOWN, leased], Stage.DELIVERY, "desk: it is being sent right now"),
    ("tried again", [*SHOWN, PUT_OFF], Stage.DELIVERY, "it waits to be tried again: connection refused"),
    ("held", [*SHOWN, held], Stage.DELIVERY, "desk: held"),
    ("refused", [*SHOWN, REFUSED], Stage.DELIVERY, "desk: dead, the receiver refused it for good"),
    ("dropped", [*SHOWN, DROPPED], Stage.DELIVERY, "desk: dropped, dropped by hand"),
    ("no channel any more", [*SHOWN, config(channels=())], Stage.DELIVERY, "its channel is no longer"),
    ("sent", [*SHOWN, SENT], None, ""),
    ("sent, then copied", [*SHOWN, SENT, COPIED], None, ""),
    ("refused, then sent as a copy", [*SHOWN, REFUSED, COPIED, SENT], None, ""),
    ("baseline here, sent there", [shows("a"), shows("b", OLD), COPIED, SENT], None, ""),
    ("sent, rule removed since", [*SHOWN, SENT, WITHOUT], None, ""),
    ("sent, rule changed since", [*SHOWN, SENT, rule(query="kabul")], None, ""),
    ("sent, rule off since", [*SHOWN, SENT, rule(enabled=False)], None, ""),
]


def room(folder: Path) -> Desk:
    """A desk with two feeds, one rule and one channel, at which nothing has happened."""
    masked = EntityConfig(name="masked", aliases=("Doha",), not_in=("Talks in Doha",))
    names = [Desk.feed(name, tags=("wire",)) for name in "abc"]
    return Desk(folder, feeds=names, rules=[RuleConfig("talks", query="doha")], entities=[masked])


def test_feeds_that_could_not_be_read_are_not_counted_among_those_that_were() -> None:
    """As many as the list below the answer has, each in its place."""
    read = FeedState(1, "a", 1, NOON, polls=9, last_poll_at=NOON, last_good_at=NOON)
    failing = replace(read, name="c", failures=3, last_message="no route to host")
    states = [read, replace(read, name="b"), failing]
    no = never_seen([Carrier(s.name, "is of the same site", True, s) for s in states], "n.example")
    assert no.why == "none of the 2 feeds that were read has shown it; c could not be read"


def test_a_feed_that_was_asked_while_we_were_cut_off_was_not_read() -> None:
    """No failure stands against it, and yet it has shown nothing."""
    cut_off = FeedState(1, "a", 1, NOON, polls=1, last_poll_at=NOON, last_message="DNS: no answer")
    no = never_seen([Carrier("a", "is of the same site", True, cut_off)], "n.example")
    assert (no.stage, no.why) == (Stage.POLL, "feed a was asked and could not be read yet: DNS: no answer")
    assert state_word(cut_off, configured=True, enabled=True) == "new"


@pytest.mark.parametrize(("url", "steps", "stage", "why"), UNSEEN, ids=[f"{u[0]} {u[3]}" for u in UNSEEN])
def test_an_address_nobody_showed(
    url: str, steps: list[Callable[[Desk], object]], stage: Stage, why: str, tmp_path: Path
) -> None:
    """What kept an unknown article away: no feed, feeds that were not read, or feeds that did not show it."""
    with room(tmp_path) as desk:
        for step in steps:
            step(desk)
        no = first_no(desk, url)
        assert no is not None
        assert no.stage is stage
        assert why in no.why


@pytest.mark.parametrize(("case", "steps", "stage", "why"), SEEN, ids=[case[0] for case in SEEN])
def test_the_first_no_is_the_true_one(
    case: str, steps: list[Callable[[Desk], object]], stage: Stage | None, why: str, tmp_path: Path
) -> None:
    """Whatever stops an article is named, where it was the first to do so, in words that say what."""
    with room(tmp_path) as desk:
        for step in steps:
            step(desk)
        no = first_no(desk, "https://n.example/1")
        assert (no.stage if no else None) is stage, no
        assert why in (no.why if no else "")
