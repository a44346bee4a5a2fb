"""Finding the feeds of a site, on real sockets where it is about the site and on a table where it is not."""

from __future__ import annotations

import ast
import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.feeds.discover import Discovery, discover
from monitor.feeds.fetch import HttpFetcher
from monitor.feeds.looking import Verdict
from monitor.feeds.pacing import HostPacer
from monitor.model import FetchRequest, FetchResult, FetchStatus
from tests.support.documents import Item, rss
from tests.support.looking import Table, good, page_of, parser
from tests.support.webserver import Hang, WebServer, answer

if TYPE_CHECKING:
    from collections.abc import Callable

NEWS = rss(Item("Talks", guid="1", age=1), Item("More talks", guid="2", age=5), title="The News")
WORLD = rss(Item("World", guid="w"), title="World <b>news</b>")
EMPTY = rss(title="Nothing yet")
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>Notes</title><id>n</id>
<entry><id>n1</id><title>N</title><updated>2026-11-24T09:00:00Z</updated></entry></feed>"""


def page(head: str = "", body: str = "") -> bytes:
    """A web page's answer."""
    text = f"<!doctype html><html><head><title>Home</title>{head}</head><body>{body}</body></html>"
    return answer(200, text.encode(), Content_Type="text/html; charset=utf-8")


def declared(*targets: str) -> str:
    """Links that declare feeds."""
    return "".join(f'<link rel="alternate" type="application/rss+xml" href="{target}">' for target in targets)


def found_at(
    address: str,
    *,
    limit: int = 12,
    deadline: float = 20.0,
    allow: tuple[str, ...] = ("127.0.0.0/8",),
    progress: Callable[[int, int], None] = lambda _done, _limit: None,
) -> Discovery:
    """What a search on real sockets comes to; hosts are asked without a gap."""

    async def search() -> Discovery:
        async with parser() as one:
            return await discover(
                address,
                HttpFetcher("Tocsin/test", allow_private=allow),
                one,
                limit=limit,
                deadline=deadline,
                pacer=HostPacer(2, 0.0),
                progress=progress,
            )

    return asyncio.run(search())


def urls(discovery: Discovery, web: WebServer) -> list[str]:
    """The paths of what was found."""
    return [feed.url.removeprefix(web.url("")) for feed in discovery.found]


# --- where feeds are found ---------------------------------------------------------------------------


def test_an_address_that_is_a_feed_is_the_answer(web: WebServer) -> None:
    """One request, with what a person wants to know of it."""
    web.on("/feed", answer(200, NEWS))
    discovery = found_at(web.url("/feed"))
    (feed,) = discovery.found
    assert (discovery.direct, discovery.tried, discovery.moved_to) == (True, 1, None)
    assert (feed.url, feed.title, feed.items, feed.kind) == (web.url("/feed"), "The News", 2, "RSS 2.0")
    assert feed.latest == datetime(2026, 11, 24, 11, tzinfo=UTC)
    assert web.targets() == ["/feed"]


def test_a_page_declares_its_feeds(web: WebServer) -> None:
    """They are fetched and proven, in the page's order; what is no feed is left out, as are doubles."""
    web.on("/", page(declared("/gone", "/news", "world.rss", "/same-as-news", "/notes")))
    for path, body in {"/news": NEWS, "/world.rss": WORLD, "/same-as-news": NEWS, "/notes": ATOM}.items():
        web.on(path, answer(200, body))
    discovery = found_at(web.url("/"))
    assert urls(discovery, web) == ["/news", "/world.rss", "/notes"]
    assert [feed.title for feed in discovery.found] == ["The News", "World news", "Notes"]
    assert [feed.kind for feed in discovery.found] == ["RSS 2.0", "RSS 2.0", "Atom 1.0"]
    assert {feed.how for feed in discovery.found} == {"declared by the page"}
    assert not discovery.direct
    assert discovery.tried == 6


def test_feeds_of_comments_and_empty_ones_come_last(web: WebServer) -> None:
    """The best is the first; nothing that is a feed is hidden."""
    web.on("/", page(declared("/comments/feed/", "/empty", "/feed/")))
    web.on("/comments/feed/", answer(200, rss(Item("Re: x", guid="c"), title="Comments for The News")))
    web.on("/empty", answer(200, EMPTY))
    web.on("/feed/", answer(200, NEWS))
    assert urls(found_at(web.url("/")), web) == ["/feed/", "/empty", "/comments/feed/"]


def test_links_in_a_page_are_followed(web: WebServer) -> None:
    """And one step on: to a page of feeds that the page links to."""
    web.on("/", page(body='<a href="/rss">Our feeds</a><a href="/story">Feeding the world</a>'))
    web.on("/rss", page(body='<a href="/rss/world.xml">World</a>'))
    web.on("/rss/world.xml", answer(200, WORLD))
    discovery = found_at(web.url("/"))
    assert urls(discovery, web) == ["/rss/world.xml"]
    assert discovery.found[0].how == "linked from the page"
    assert "/story" not in web.targets()


def test_the_program_that_made_a_page_tells_where(web: WebServer) -> None:
    """Without a link anywhere."""
    web.on("/about", page('<meta name="generator" content="Hugo 0.120">'))
    web.on("/index.xml", answer(200, NEWS))
    assert urls(found_at(web.url("/about")), web) == ["/index.xml"]
    assert web.targets() == ["/about", "/index.xml"]


def test_usual_places_are_tried_until_one_answers(web: WebServer) -> None:
    """Also where the page itself is barred: its feed often is not."""
    web.on("/", answer(403))
    web.on("/rss", answer(200, NEWS))
    web.on("/feed.xml", answer(200, WORLD))
    discovery = found_at(web.url("/"))
    assert urls(discovery, web) == ["/rss"]
    assert web.targets() == ["/", "/feed", "/rss"]


def test_robots_and_sitemaps_are_the_last_resort(web: WebServer) -> None:
    """Two sitemaps at most, and from them only what looks like a feed."""
    web.on("/", page())
    web.on("/robots.txt", answer(200, b"Sitemap: /a.xml\nSitemap: /b.xml\nSitemap: /c.xml\n"))
    web.on("/a.xml", answer(200, b"<urlset><url><loc>/story</loc></url></urlset>"))
    web.on("/b.xml", answer(200, b"<urlset><url><loc>/a/b/export.rss</loc></url></urlset>"))
    web.on("/a/b/export.rss", answer(200, NEWS))
    discovery = found_at(web.url("/"))
    assert urls(discovery, web) == ["/a/b/export.rss"]
    assert "/c.xml" not in web.targets()
    assert "/story" not in web.targets()


def test_a_feed_that_moved_for_good_is_given_with_its_new_address(web: WebServer) -> None:
    """One that was named by hand keeps its address, and the new one is told."""
    web.on("/", page(declared("/old")))
    web.on("/old", answer(301, Location="/new"))
    web.on("/new", answer(200, NEWS))
    assert urls(found_at(web.url("/")), web) == ["/new"]
    direct = found_at(web.url("/old"))
    assert (urls(direct, web), direct.moved_to) == (["/old"], web.url("/new"))


# --- when nothing is found ---------------------------------------------------------------------------


def test_a_site_without_feeds_costs_a_dozen_requests(web: WebServer) -> None:
    """It is told, and progress was shown all the while."""
    web.on("/", page(body="".join(f'<a href="/feed/{n}">x</a>' for n in range(50))))
    told: list[tuple[int, int]] = []
    discovery = found_at(web.url("/"), progress=lambda done, limit: told.append((done, limit)))
    assert (discovery.found, discovery.verdict) == ((), Verdict.NOT_A_FEED)
    assert discovery.tried == len(web.seen) == 12
    assert "this is a web page, not a feed, it leads to no feed" in discovery.why
    assert told[0] == (0, 12)
    assert told[-1] == (12, 12)


@pytest.mark.parametrize(
    ("steps", "verdict", "why", "requests"),
    [
        ((answer(404),), Verdict.NOT_A_FEED, "404", None),
        ((answer(500),), Verdict.UNREACHABLE, "500", 1),
        ((answer(401),), Verdict.UNREACHABLE, "login", 1),
        ((answer(429, Retry_After="90"),), Verdict.UNREACHABLE, "429", 1),
        ((answer(200, b"<opml/>"),), Verdict.NOT_A_FEED, "OPML", None),
        ((answer(200, b"\x89PNG\r\n"),), Verdict.NOT_A_FEED, "not a feed", None),
    ],
)
def test_why_nothing_was_found_is_told(
    web: WebServer, steps: tuple[bytes], verdict: Verdict, why: str, requests: int | None
) -> None:
    """A server that does not want to be asked is not asked again."""
    web.on("/", *steps)
    discovery = found_at(web.url("/"))
    assert discovery.found == ()
    assert discovery.verdict is verdict
    assert why in discovery.why
    assert requests is None or len(web.seen) == requests


def test_a_pause_ends_the_search(web: WebServer) -> None:
    """Where the server asks for patience, its other candidates are left alone."""
    web.on("/", page(declared("/a", "/b", "/c")))
    web.on("/a", answer(429, Retry_After="90"))
    web.on("/b", answer(429, Retry_After="90"))
    discovery = found_at(web.url("/"))
    assert discovery.found == ()
    assert len(web.seen) <= 3, "the page, and the two that were under way"


def test_a_deadline_ends_the_search_and_keeps_what_was_found(web: WebServer) -> None:
    """A server that never answers does not hold up a person for ever."""
    web.on("/", Hang())
    discovery = found_at(web.url("/"), deadline=0.3)
    assert (discovery.found, discovery.verdict) == ((), Verdict.UNREACHABLE)
    assert discovery.why == "nothing was found within 0.3 s"


# --- what a page cannot make us do -------------------------------------------------------------------


def test_a_page_cannot_point_at_private_addresses(web: WebServer) -> None:
    """S6: what discovery fetches passes the guard that feeds pass: here loopback is not allowed."""
    web.on("/feed", answer(200, NEWS))
    discovery = found_at(web.url("/feed"), allow=())
    assert (discovery.found, discovery.verdict) == ((), Verdict.UNREACHABLE)
    assert web.seen == []


def test_links_to_private_addresses_are_refused() -> None:
    """S6, one step on: a public page that declares feeds of the inner network leads nowhere."""
    inner = WebServer()
    table = Table({"https://evil.example/": page_of(declared(inner.url("/feed")))})
    real = HttpFetcher("Tocsin/test")

    class Both:
        async def fetch(self, request: FetchRequest) -> FetchResult:
            return await (table if "evil.example" in request.url else real).fetch(request)

    async def search() -> Discovery:
        async with parser() as one:
            return await discover("https://evil.example/", Both(), one, pacer=HostPacer(2, 0.0))

    with inner:
        inner.on("/feed", answer(200, NEWS))
        discovery = asyncio.run(search())
        assert discovery.found == ()
        assert inner.seen == []


# Libraries that fetch by themselves, past the check of addresses.
OTHER_WAYS = ("urllib.request", "http.client", "ftplib", "requests", "urllib3", "aiohttp", "feedparser")


def test_there_is_one_way_to_the_web() -> None:
    """S6: no library that could fetch past the guard is named, but by the parser and for our own webhooks."""
    root = Path(__file__).parents[2] / "monitor"
    found = {
        (str(file.relative_to(root)), name)
        for file in root.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None) or "", *(alias.name for alias in node.names)]
        if name.startswith(OTHER_WAYS)
    }
    assert found == {("feeds/worker.py", "feedparser"), ("delivery/webhook.py", "http.client")}


# --- well-known sites --------------------------------------------------------------------------------


def search_table(address: str, table: Table) -> Discovery:
    """What a search in a table comes to."""

    async def search() -> Discovery:
        async with parser() as one:
            return await discover(address, table, one, pacer=HostPacer(2, 0.0))

    return asyncio.run(search())


def test_a_login_stays_with_its_origin() -> None:
    """The feed of the same origin gets it, the feed elsewhere does not."""
    typed, elsewhere = "https://joe:se%20same@news.example/", "https://other.example/theirs"
    own = "https://news.example/mine"
    links = page_of(declared("/mine", elsewhere))
    table = Table({typed: links, own: good(NEWS), elsewhere: good(WORLD)})
    assert [feed.url for feed in search_table(typed, table).found] == [own, elsewhere]
    asked = {request.url: request.auth for request in table.asked}
    assert (asked[own], asked[elsewhere]) == (("joe", "se same"), None)


def test_a_rule_of_the_site_comes_before_its_page() -> None:
    """A repository has three feeds; each is proven, and the page is not asked."""
    base = "https://github.com/a/b"
    table = Table({f"{base}/releases.atom": good(ATOM), f"{base}/commits.atom": good(WORLD)})
    discovery = search_table(base, table)
    assert [feed.url for feed in discovery.found] == [f"{base}/releases.atom", f"{base}/commits.atom"]
    assert [request.url for request in table.asked] == [
        f"{base}/{what}.atom" for what in ("releases", "tags", "commits")
    ]


def test_where_the_rule_is_wrong_the_page_is_asked() -> None:
    """Sites change."""
    home = "https://someone.substack.com/"
    table = Table({home: good(b'<html><head><link rel="feed" href="/new-place"></head></html>')})
    table.answers[home + "new-place"] = good(NEWS)
    assert [feed.url for feed in search_table(home, table).found] == [home + "new-place"]


def test_where_the_rule_cannot_be_tried_its_feed_is_the_guess() -> None:
    """The page is of no use as a feed; what the rule says may be there when its server answers again."""
    address = "https://www.reddit.com/r/python"
    slow = FetchResult(FetchStatus.RATE_LIMITED, http_status=429, message="the server answered 429")
    table = Table({f"{address}/.rss": slow})
    discovery = search_table(address, table)
    assert (discovery.found, discovery.verdict) == ((), Verdict.UNREACHABLE)
    assert (discovery.guess, discovery.why) == (f"{address}/.rss", "the server answered 429")
    assert [request.url for request in table.asked] == [f"{address}/.rss"], "its host is left alone"
    assert search_table("https://www.reddit.com/r/nowhere", Table({})).guess is None


def test_a_handle_is_resolved_by_its_page() -> None:
    """The channel's identifier stands in the page."""
    channel = "UC" + "x" * 22
    feed = f"https://www.youtube.com/feeds/videos.xml?channel_id={channel}"
    handle = "https://www.youtube.com/@someone"
    table = Table({handle: good(f'<html><script>{{"externalId":"{channel}"}}</script>'.encode())})
    table.answers[feed] = good(NEWS)
    (found,) = search_table(handle, table).found
    assert (found.url, found.how) == (feed, "where its software puts it")
