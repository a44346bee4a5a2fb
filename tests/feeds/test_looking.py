"""A look at an address: what its answer tells, whose login it gets, and many of them within a time."""

from __future__ import annotations

import asyncio

import pytest

from monitor.feeds.fetch import HttpFetcher
from monitor.feeds.looking import Looker, Seen, Verdict, judge, login_for, look_at_all
from monitor.feeds.pacing import HostPacer
from monitor.model import FetchResult, FetchStatus, ParsedFeed
from tests.support.documents import Item, rss
from tests.support.looking import Table, good, parser
from tests.support.webserver import Hang, WebServer, answer

NEWS = rss(Item("Talks", guid="1"), Item("More", guid="2"), title="The News")


@pytest.mark.parametrize(
    ("url", "login"),
    [
        ("https://a.example/feed", ("joe", "x:y")),
        ("http://a.example/feed", None),
        ("https://a.example:8443/feed", None),
        ("https://b.example/feed", None),
        ("https://[broken", None),
    ],
)
def test_whose_login_it_is(url: str, login: tuple[str, str] | None) -> None:
    """Scheme, host and port decide."""
    assert login_for(url, "https://joe:x%3Ay@a.example/") == login
    assert login_for(url, "https://a.example/") is None


@pytest.mark.parametrize(
    ("result", "parsed", "verdict"),
    [
        (good(b"x"), ParsedFeed(), Verdict.FEED),
        (good(b"x"), ParsedFeed(error="a web page"), Verdict.NOT_A_FEED),
        (good(b"x"), ParsedFeed(error="too slow", killed=True), Verdict.UNREACHABLE),
        (FetchResult(FetchStatus.GONE, http_status=410), ParsedFeed(), Verdict.NOT_A_FEED),
        (FetchResult(FetchStatus.HTTP_ERROR, http_status=404), ParsedFeed(), Verdict.NOT_A_FEED),
        (FetchResult(FetchStatus.HTTP_ERROR, http_status=403), ParsedFeed(), Verdict.UNREACHABLE),
        (FetchResult(FetchStatus.TOO_BIG), ParsedFeed(), Verdict.NOT_A_FEED),
        (FetchResult(FetchStatus.NETWORK), ParsedFeed(), Verdict.UNREACHABLE),
        (FetchResult(FetchStatus.REFUSED), ParsedFeed(), Verdict.UNREACHABLE),
        (FetchResult(FetchStatus.BAD_BODY), ParsedFeed(), Verdict.UNREACHABLE),
    ],
)
def test_what_an_answer_tells(result: FetchResult, parsed: ParsedFeed, verdict: Verdict) -> None:
    """Only an answer that is about the address itself says that there is no feed."""
    assert judge(result, parsed)[0] is verdict


def test_many_addresses_are_looked_at_within_a_time() -> None:
    """Those that did not answer by then are left out; what was seen of the others is kept."""
    told: list[tuple[int, int]] = []

    async def look() -> dict[str, Seen]:
        async with parser() as one:
            await one.parse(NEWS, content_type="", url="")  # its process has started
            return await look_at_all(
                asked,
                HttpFetcher("Tocsin/test", allow_private=("127.0.0.0/8",)),
                one,
                HostPacer(3, 0.0, at_once=3),
                deadline=1.5,
                progress=lambda done, count: told.append((done, count)),
            )

    with WebServer() as web:
        web.on("/feed", answer(200, NEWS))
        web.on("/slow", Hang())
        asked = [web.url(path) for path in ("/slow", "/feed", "/none")]
        seen = asyncio.run(look())
    assert seen.keys() == set(asked[1:])
    assert seen[web.url("/feed")] == Seen(Verdict.FEED, "", "The News", 2)
    assert seen[web.url("/none")].verdict is Verdict.NOT_A_FEED
    assert told == [(1, 3), (2, 3)]


def test_the_port_of_a_named_address_is_for_its_host_alone() -> None:
    """What a person names may be asked at its own port; another host gets the usual ones only."""
    table = Table({})

    async def look() -> None:
        async with parser() as one:
            looker = Looker(table, one, HostPacer(2, 0.0), "https://a.example:9000/")
            await looker.look("https://a.example:9000/feed")
            await looker.look("https://b.example:9000/feed")

    asyncio.run(look())
    assert [request.ports for request in table.asked] == [frozenset({9000}), frozenset()]
