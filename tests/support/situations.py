"""Situations whose first blocking stage is known: feeds, sources and pages. Others are beside this module."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.model import FetchStatus
from tests.support.documents import Item
from tests.support.happenings import PAGE, SOURCE, Truth, World
from tests.support.newsdesk import Desk

if TYPE_CHECKING:
    from collections.abc import Callable

    Maker = Callable[[World], Truth]

MAKERS: dict[str, Maker] = {}


def situation(maker: Maker) -> Maker:
    """Take a maker into the list."""
    MAKERS[maker.__name__] = maker
    return maker


# --- no feed, or none that was read ----------------------------------------------------------------------


@situation
def no_feed(w: World) -> Truth:
    """No configured feed is of that site."""
    w.open()
    w.trip(-1)
    return Truth("feed", "no_feed", ("else.example",), url=w.spelled("https://else.example/2026/11/x"))


@situation
def feed_removed(w: World) -> Truth:
    """The feed of that site was taken out of the configuration."""
    w.open(feeds=("a", "gone"))
    w.show("gone", replace(w.item, link="https://gone-news.example/1", text="nothing"))
    at = w.without_feed("gone")
    w.trip(-1)
    words = ("feed gone", "no longer configured", w.at(at))
    return Truth("feed", "feed_removed", words, url=w.spelled("https://gone-news.example/another-story"))


@situation
def feed_disabled(w: World) -> Truth:
    """It is switched off; it may be failing besides."""
    w.open()
    if w.rng.random() < 0.5:
        w.fail()
    w.feed("a", enabled=False)
    w.trip(-1)
    return Truth("poll", "feed_disabled", ("feed a is disabled",), url=w.spelled("https://a.example/x"))


@situation
def feed_not_polled(w: World) -> Truth:
    """It is new, and its turn has not come."""
    w.open(based=False)
    w.trip(-1)
    return Truth("poll", "not_polled", ("feed a was not polled yet",), url=w.spelled("https://a.example/x"))


@situation
def feed_failing(w: World) -> Truth:
    """Its server has been away since a time that is named."""
    w.open()
    since = w.fail(message="connection refused")
    for _ in range(w.rng.randrange(3)):
        w.later(hours=1)
        w.desk.poll("a")
    w.trip(-1)
    words = ("feed a is failing", "connection refused", w.at(since))
    return Truth("poll", "feed_failing", words, url=w.spelled("https://a.example/x"))


@situation
def feed_gone(w: World) -> Truth:
    """Its server said 410."""
    w.open()
    w.fail(status=FetchStatus.GONE, http_status=410)
    w.trip(-1)
    return Truth("poll", "feed_gone", ("feed a is gone (410)",), url=w.spelled("https://a.example/x"))


@situation
def not_running(w: World) -> Truth:
    """Nobody polls: the feed is due for hours."""
    w.open()
    read = w.desk.state("a").last_good_at
    assert read is not None
    w.later(hours=w.rng.randrange(3, 40))
    words = ("feed a", "Tocsin is not running", w.at(read))
    url = w.spelled("https://a.example/x")
    return Truth("poll", "not_running", words, url=url, asked={"running": False})


@situation
def not_polled_since(w: World) -> Truth:
    """It was published after the last poll."""
    w.open()
    read, due = w.desk.state("a").last_good_at, w.desk.state("a").next_poll_at
    assert read is not None
    assert due is not None
    published = read + timedelta(minutes=2)
    words = ("feed a", w.at(read), w.at(due))
    asked = {"published": (published, published)}
    return Truth("poll", "not_polled_since", words, url=w.spelled("https://a.example/x"), asked=asked)


# --- feeds that did not show it --------------------------------------------------------------------------


@situation
def not_listed(w: World) -> Truth:
    """The feed was read and did not list it."""
    w.open()
    at = w.show("a")
    w.trip(-1)
    words = ("feed a has not shown it", w.at(at))
    return Truth("entry", "not_listed", words, url=w.spelled("https://a.example/other"))


@situation
def not_listed_by_several(w: World) -> Truth:
    """Several feeds carry that site; one that fails is not what kept it away."""
    w.open(feeds=("a", "b", "c"))
    for feed in "abc":
        w.show(feed, Item(f"Of {feed}", guid=feed, link=f"https://n.example/{feed}", text="x"))
    if w.rng.random() < 0.5:
        w.fail("c")
        return Truth("entry", "not_listed", ("none of the 2 feeds",), url=w.spelled("https://n.example/x"))
    return Truth("entry", "not_listed", ("none of the 3 feeds",), url=w.spelled("https://n.example/x"))


@situation
def rolled_over(w: World) -> Truth:
    """More came than the feed's window holds: nothing of its last document was known."""
    w.open()
    since = w.show("a")
    w.later(hours=w.rng.randrange(2, 5))
    w.desk.publish("a", *(Item(f"New {n}", guid=f"n{n}", link=f"https://a.example/n{n}") for n in range(8)))
    w.desk.poll("a")
    words = ("feed a", "gap", w.at(since), w.at(w.desk.now))
    asked = {}
    if w.rng.random() < 0.5:
        published = since + timedelta(minutes=30)
        asked = {"published": (published, published)}
    return Truth("entry", "gap", words, url=w.spelled("https://a.example/lost"), asked=asked)


@situation
def lost_while_it_failed(w: World) -> Truth:
    """The feed was away when it was published, and rolled over meanwhile."""
    w.open()
    read = w.show("a")
    failed = w.fail()
    w.later(hours=5)
    w.desk.poll("a")
    w.mend()
    w.desk.publish("a", *(Item(f"New {n}", guid=f"n{n}", link=f"https://a.example/n{n}") for n in range(5)))
    w.desk.poll("a")
    published = failed + timedelta(hours=1)
    words = ("feed a has a gap", w.at(read), w.at(w.desk.now))
    asked = {"published": (published, published)}
    return Truth("entry", "gap", words, url=w.spelled("https://a.example/lost"), asked=asked)


@situation
def was_failing(w: World) -> Truth:
    """The feed was away when it was published, and does not list it, though it did not roll over."""
    w.open()
    w.show("a")
    failed = w.fail()
    w.later(hours=30)
    w.desk.poll("a")
    w.mend()
    back = w.show("a")
    published = failed + timedelta(hours=1)
    asked = {"published": (published, published)}
    words = ("feed a", w.at(failed), w.at(back))
    return Truth("entry", "was_failing", words, url=w.spelled("https://a.example/lost"), asked=asked)


@situation
def older_than_the_feed(w: World) -> Truth:
    """It was published before the feed was first read, and had left its window."""
    w.open()
    began = w.desk.state("a").baseline_at
    assert began is not None
    published = began - timedelta(days=w.rng.randrange(1, 300))
    words = ("feed a", w.at(began))
    asked = {"published": (published, published)}
    return Truth("entry", "before_us", words, url=w.spelled("https://a.example/old"), asked=asked)


# --- the wrong source ------------------------------------------------------------------------------------


@situation
def other_feeds(w: World) -> Truth:
    """The rule asks for another feed."""
    w.open(rule={"feeds": (w.rng.choice(["b", "b*", "wire-*"]),)})
    w.trip(SOURCE)
    w.show()
    return Truth("source", "source", ("feed:", "the article's feed is a"))


@situation
def other_tags(w: World) -> Truth:
    """The rule asks for a tag that the feed has not; its words may be wrong besides."""
    query = w.rng.choice([w.query, "kabul"])
    w.open(rule={"tags": ("sport",), "query": query}, feeds=(Desk.feed("a", tags=("wire", "world")),))
    w.trip(SOURCE)
    w.show()
    return Truth("source", "source", ("tag:sport", "the feed's tags: wire, world"))


@situation
def other_language(w: World) -> Truth:
    """The rule asks for another language."""
    w.open(rule={"lang": ("ar",)}, feeds=(Desk.feed("a", language="en"),))
    w.trip(SOURCE)
    w.show()
    return Truth("source", "source", ("lang:ar", "the article's language is en"))


# --- pages -----------------------------------------------------------------------------------------------

READ = (Desk.feed("a", full_text="auto"),)


def _teaser(w: World) -> None:
    """The feed shows a few words in which the rule's term is not."""
    w.item = replace(w.item, text="They met.", age=0.0)
    w.open(rule={"query": "zeppelin"}, feeds=READ)
    w.trip(PAGE)
    w.show()


@situation
def page_waits(w: World) -> Truth:
    """Its page was not read yet."""
    _teaser(w)
    return Truth("page", "page_waits", ("its page is not read yet", "zeppelin"))


@situation
def page_without_a_daemon(w: World) -> Truth:
    """Its page is due, and nobody reads it."""
    _teaser(w)
    w.later(minutes=20)
    words = ("Tocsin is not running", "zeppelin")
    return Truth("page", "not_running", words, asked={"running": False})


@situation
def page_forbidden(w: World) -> Truth:
    """The site's robots.txt does not allow it."""
    _teaser(w)
    w.pages(robots=b"User-agent: *\nDisallow: /")
    return Truth("teaser", "no_page", ("robots.txt", "zeppelin"))


@situation
def page_over_budget(w: World) -> Truth:
    """Its turn never came: [pages] allows so many."""
    w.item = replace(w.item, text="They met.", age=0.0)
    w.open(rule={"query": "zeppelin"}, feeds=READ, pages={"per_host": "1/12h", "deadline": 3600.0})
    w.show("a", Item("First of that site", guid="f", link="https://n.example/2026/first", text="They met."))
    w.pages(w.page("They met."))
    w.trip(PAGE)
    w.show()
    w.later(minutes=30)
    w.pages(w.page("A zeppelin."))
    w.later(hours=2)
    w.pages(w.page("A zeppelin."))
    return Truth("teaser", "no_page", ("its turn did not come within 1h", "[pages]", "zeppelin"))


@situation
def page_unreachable(w: World) -> Truth:
    """The site answers with an error to the end."""
    _teaser(w)
    code = w.rng.choice([401, 403, 404, 410])
    w.pages(status=FetchStatus.HTTP_ERROR, http=code)
    return Truth("teaser", "no_page", (str(code), "zeppelin"))


@situation
def page_says_no_more(w: World) -> Truth:
    """Its page was read, and does not have the term either."""
    _teaser(w)
    w.pages(w.page("The envoys spoke of frozen reserves and of flour. " * 8))
    return Truth("text", "missing", ("zeppelin",))


@situation
def paywalled(w: World) -> Truth:
    """Its page has no more than the teaser and an offer to subscribe."""
    _teaser(w)
    offer = b"<html lang='en'><body><article><h1>T</h1><p>They met.</p></article></body></html>"
    w.pages(offer)
    return Truth("teaser", "no_page", ("there is no page (", "zeppelin"))
