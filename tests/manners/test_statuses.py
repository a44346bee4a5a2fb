"""Statements 16 to 18, and validators that lie: what a feed's answers lead to, poll after poll."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.polled import asks_whole
from monitor.settings import FeedConfig, RuleConfig, Secret
from tests.support.documents import Item, rss
from tests.support.webserver import WebServer, answer
from tests.support.websitedesk import WebsiteDesk

if TYPE_CHECKING:
    from pathlib import Path

OLD = Item("Old", guid="old", link="https://n.example/old", age=48)
NEW = Item("Talks in Doha", guid="g1", link="https://n.example/1", age=1)
LATER = Item("Talks go on", guid="g2", link="https://n.example/2", age=0.5)
PAGE = b"<!DOCTYPE html><html><head><title>Welcome</title></head><body><p>Log in</p></body></html>"


def notices(desk: WebsiteDesk) -> list[str]:
    """The kinds of the notices written so far, oldest first."""
    return [row["kind"] for row in desk.database.reader.rows("SELECT kind FROM notices ORDER BY id")]


def moved(web: WebServer, to: str, status: int = 301, path: str = "/feed") -> None:
    """The feed's address redirects from now on."""
    web.only(path, answer(status, b"", Location=to))


# --- 16


@pytest.mark.parametrize("status", [301, 308])
def test_a_move_for_good_is_learnt_after_three_polls(tmp_path: Path, status: int) -> None:
    """Statement 16: then the new address is asked straight away, nothing rings again, and it is told once."""
    with WebServer() as web, WebsiteDesk(tmp_path, web) as desk:
        desk.serve(rss(NEW, OLD))
        desk.ask()
        moved(web, web.url("/rss/new"), status)
        desk.serve(rss(NEW, OLD), "/rss/new", ETag='"n"')
        for _ in range(3):
            desk.ask(after=1000)
        assert web.targets() == ["/feed", *["/feed", "/rss/new"] * 3]
        assert notices(desk) == ["feed_moved"]
        assert desk.state("a").moved_to == web.url("/rss/new")
        desk.restart()
        desk.serve(rss(LATER, NEW, OLD), "/rss/new")
        for _ in range(2):
            desk.ask(after=1000)
        assert web.targets()[7:] == ["/rss/new", "/rss/new"]
        assert desk.told() == ["Talks go on"]
        assert notices(desk) == ["feed_moved"]


@pytest.mark.parametrize(
    "steps", [(302,), (303,), (307,), (301, 302), (302, 301)], ids=lambda steps: "-".join(map(str, steps))
)
def test_a_temporary_hop_teaches_nothing(tmp_path: Path, steps: tuple[int, ...]) -> None:
    """Statement 16: anywhere in the chain, however often."""
    with WebServer() as web, WebsiteDesk(tmp_path, web) as desk:
        places = ["/feed", *(f"/hop{n}" for n in range(1, len(steps))), "/end"]
        for status, here, there in zip(steps, places, places[1:], strict=False):
            moved(web, web.url(there), status, here)
        desk.serve(rss(OLD), "/end")
        for _ in range(5):
            desk.ask(after=1000)
        assert desk.state("a").moved_to is None
        assert notices(desk) == []


@pytest.mark.parametrize(
    "there",
    [
        pytest.param(answer(200, PAGE, Content_Type="text/html"), id="a page"),
        pytest.param(answer(404), id="nothing"),
        pytest.param(answer(500), id="a failure"),
    ],
)
def test_what_is_no_feed_is_never_learnt(tmp_path: Path, there: bytes) -> None:
    """Statements 16 and 18: a permanent redirect to the home page is no move, and nothing is forgotten."""
    with WebServer() as web, WebsiteDesk(tmp_path, web) as desk:
        desk.serve(rss(OLD), ETag='"a"')
        desk.ask()
        moved(web, web.url("/"))
        web.on("/", there)
        for _ in range(5):
            desk.ask(after=100_000)
        state = desk.state("a")
        assert (state.moved_to, state.moved_hash, state.etag) == (None, None, '"a"')
        assert state.failures == 5


def test_a_learnt_address_that_fails_is_unlearnt(tmp_path: Path) -> None:
    """Statement 16: gone or a page there, and the configured address is asked again."""
    for there in (answer(410), answer(200, PAGE, Content_Type="text/html")):
        folder = tmp_path / str(len(there))
        folder.mkdir()
        with WebServer() as web, WebsiteDesk(folder, web) as desk:
            moved(web, web.url("/new"))
            desk.serve(rss(OLD), "/new", ETag='"n"')
            for _ in range(3):
                desk.ask(after=1000)
            web.only("/new", there)
            desk.ask(after=1000)
            state = desk.state("a")
            assert (state.moved_to, state.gone, state.etag) == (None, False, None)
            desk.serve(rss(OLD))
            desk.ask(after=1000)
            assert web.targets()[-1] == "/feed"
            assert web.seen[-1].header("if-none-match") is None
            assert notices(desk) == ["feed_moved", "feed_moved_back"]


@pytest.mark.parametrize(
    ("path", "feed"),
    [
        ("/new?token=s3cret", {}),
        ("/new", {"headers": {"X-Key": Secret("k")}}),
        ("/new", {"user": "u", "password": Secret("p")}),
    ],
)
def test_what_could_be_a_secret_is_reported_and_not_kept(
    tmp_path: Path, path: str, feed: dict[str, object]
) -> None:
    """Statement 16: the old address goes on being asked, and the database holds nothing of the new one."""
    with WebServer() as web, WebsiteDesk(tmp_path, web, feed=feed) as desk:
        moved(web, web.url(path))
        desk.serve(rss(OLD), path)
        for _ in range(5):
            desk.ask(after=1000)
        assert desk.state("a").moved_to is None
        assert notices(desk) == ["feed_moved"]
        assert web.targets()[-2:] == ["/feed", path]
        (row,) = desk.database.reader.rows("SELECT text FROM notices")
        assert "s3cret" not in row["text"]
        assert "change its url" in row["text"]


def test_a_secret_path_is_not_in_what_is_learnt(tmp_path: Path) -> None:
    """Statement 16: where only the host changes, only the host is kept."""
    key = "/0123456789abcdef/feed?key=fedcba9876543210"
    with WebServer() as old, WebServer() as new:
        feed = FeedConfig("a", Secret(old.url(key)))
        with WebsiteDesk(tmp_path, old) as desk:
            other = FeedConfig("b", Secret(new.url("/other")))  # names the port, which else is not followed
            desk.change(feeds=(feed, other))
            old.on(key, answer(301, b"", Location=new.url(key)))
            new.on(key, answer(200, rss(OLD), Content_Type="application/rss+xml"))
            for _ in range(4):
                desk.ask(after=1000)
            assert new.targets() == [key] * 4
            assert old.targets() == [key] * 3
            path = desk.config.database
        stored = b"".join(file.read_bytes() for file in path.parent.glob("desk.db*"))
        assert b"0123456789abcdef" not in stored
        assert b"fedcba9876543210" not in stored


def test_two_feeds_of_one_address_become_one(tmp_path: Path) -> None:
    """Statement 16: the one that moved is polled no more, over restarts, until the other is taken out."""
    with WebServer() as web:
        other = FeedConfig("b", Secret(web.url("/new")))
        with WebsiteDesk(tmp_path, web, other) as desk:
            desk.serve(rss(NEW, OLD), "/new")
            desk.ask("b")
            moved(web, web.url("/new"))
            for _ in range(3):
                desk.ask(after=1000)
            assert desk.state("a").next_poll_at is None
            assert desk.state("a").next_why == "it has moved to where feed b is"
            assert notices(desk) == ["feed_moved"]
            desk.restart()
            assert desk.state("a").next_poll_at is None
            assert desk.told() == []
            (feed, _) = desk.config.feeds
            desk.change(feeds=(feed,))
            assert desk.wait() >= 0


def test_a_rule_that_would_hear_less_keeps_both(tmp_path: Path) -> None:
    """Statement 16: a feed that some rule hears of alone is not given up."""
    with WebServer() as web:
        other = FeedConfig("b", Secret(web.url("/new")))
        rules = [RuleConfig(name="desk", query="feed:*", tags=("mine",))]
        with WebsiteDesk(tmp_path, web, other, rules=rules, feed={"tags": ("mine",)}) as desk:
            desk.serve(rss(NEW, OLD), "/new")
            desk.ask("b")
            moved(web, web.url("/new"))
            for _ in range(3):
                desk.ask(after=1000)
            assert desk.wait() > 0
            (row,) = desk.database.reader.rows("SELECT text FROM notices")
            assert "not for all rules" in row["text"]


# --- 17, 18


def test_gone_is_asked_no_more(tmp_path: Path) -> None:
    """Statement 17: after one 410, over restarts and being disabled."""
    with WebServer() as web, WebsiteDesk(tmp_path, web) as desk:
        desk.serve(b"", status=410)
        recorded = desk.ask()
        assert recorded.next_poll_at is None
        feed = desk.config.feeds[0]
        desk.restart()
        desk.change(feeds=(replace(feed, enabled=False),))
        desk.change(feeds=(feed,))
        assert desk.state("a").next_poll_at is None


@pytest.mark.parametrize("status", [401, 403, 404])
def test_refused_and_missing_feeds_are_asked_ever_more_seldom(tmp_path: Path, status: int) -> None:
    """Statement 17: once a day in the end, and never not at all."""
    with WebServer() as web, WebsiteDesk(tmp_path, web) as desk:
        desk.serve(b"", status=status)
        for _ in range(20):
            desk.ask(after=90_000)
        assert 86_400 <= desk.wait() <= 86_490
        assert desk.state("a").failures == 20
        assert not desk.state("a").gone


def test_a_page_instead_of_a_feed_wipes_nothing(tmp_path: Path) -> None:
    """Statement 18: an error, whatever its status says; items, validators and title stay."""
    with WebServer() as web, WebsiteDesk(tmp_path, web) as desk:
        desk.serve(rss(OLD), ETag='"a"')
        desk.ask()
        before = desk.state("a")
        desk.serve(PAGE, Content_Type="text/html", ETag='"page"')
        recorded = desk.ask(after=1000)
        state = desk.state("a")
        assert not recorded.ok
        assert (state.failures, state.etag, state.title) == (1, '"a"', before.title)
        assert (state.body_hash, state.items) == (before.body_hash, before.items)
        desk.serve(rss(NEW, OLD), ETag='"b"')
        desk.ask(after=10_000)
        assert web.seen[-1].header("if-none-match") == '"a"'
        assert desk.told() == ["Talks in Doha"]


# --- validators that lie


def ask_cached(desk: WebsiteDesk, body: bytes, etag: str, *, after: float) -> bool:
    """A server that says 304 to whoever knows its ETag; returns whether it sent the whole document."""
    whole = desk.state("a").etag != etag or asks_whole(desk.state("a"), desk.now + timedelta(seconds=after))
    if whole:
        desk.serve(body, ETag=etag)
    else:
        desk.serve(b"", status=304)
    desk.ask(after=after)
    sent = desk.web.seen[-1].header("if-none-match") != etag
    assert sent == whole
    return sent


def test_validators_that_lie_are_caught(tmp_path: Path) -> None:
    """Once a day all of it is asked for; news under an old ETag end the trust in it, which shows."""
    with WebServer() as web, WebsiteDesk(tmp_path, web) as desk:
        frozen = '"frozen"'
        ask_cached(desk, rss(OLD), frozen, after=0)
        polls = 1
        while not ask_cached(desk, rss(NEW, OLD), frozen, after=3000):
            polls += 1
        assert 20 * 3600 < polls * 3000 < 29 * 3600
        assert desk.told() == ["Talks in Doha"]
        state = desk.state("a")
        assert state.validators_lie
        assert "always read whole" in state.next_why
        assert ask_cached(desk, rss(LATER, NEW, OLD), frozen, after=3000)
        assert desk.told() == ["Talks in Doha", "Talks go on"]
        assert ask_cached(desk, rss(Item("More", guid="g3"), LATER, NEW, OLD), '"thawed"', after=3000)
        assert not desk.state("a").validators_lie, "it changes with its items again"
        assert not ask_cached(desk, rss(OLD), '"thawed"', after=3000)


def test_honest_servers_send_the_whole_once_a_day(tmp_path: Path) -> None:
    """Where nothing changes, every 20 to 28 hours; where news come, never for this reason."""
    with WebServer() as web, WebsiteDesk(tmp_path, web) as desk:
        ask_cached(desk, rss(OLD), '"a"', after=0)
        sent = [ask_cached(desk, rss(OLD), '"a"', after=3600) for _ in range(7 * 24)]
        assert 6 <= sum(sent) <= 8
        sent = []
        for number in range(7 * 24):
            day = number // 18
            items = [Item(f"News {n}", guid=f"n{n}") for n in range(day + 1)]
            sent.append(ask_cached(desk, rss(*items[::-1], OLD), f'"{day}"', after=3600))
        assert sum(sent) == 10, "one for each change"
        assert not desk.state("a").validators_lie
