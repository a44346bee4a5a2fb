"""A newsroom whose feeds are on a real server: every request is seen, every answer is a test's."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from monitor.feeds.addresses import ports_of
from monitor.feeds.fetch import HttpFetcher, user_agent
from monitor.model import FetchRequest
from monitor.settings import FeedConfig, Secret
from tests.support.newsdesk import Desk
from tests.support.webserver import FakeResolver

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.model import FetchResult
    from tests.support.webserver import WebServer

LOOPBACK = ("127.0.0.0/8",)
CONTACT = "desk@example.org"


def names() -> FakeResolver:
    """a.test, b.test and c.test are this machine."""
    return FakeResolver(a_test=["127.0.0.1"], b_test=["127.0.0.1"], c_test=["127.0.0.1"])


def fetcher(desk: Desk | None = None, **options: Any) -> HttpFetcher:
    """A fetcher for loopback, on the desk's clock if there is one."""
    settings: dict[str, Any] = {"allow_private": LOOPBACK, "resolver": names(), "deadline": 10.0} | options
    if desk is not None:
        settings.setdefault("clock", lambda: desk.now)
    return HttpFetcher(user_agent(CONTACT), **settings)


def fetch(url: str, *, options: dict[str, Any] | None = None, **request: Any) -> FetchResult:
    """Fetch one address; its port counts as named."""
    request.setdefault("ports", ports_of([url]))
    return asyncio.run(fetcher(**(options or {})).fetch(FetchRequest(url, **request)))


def wired(folder: Path, *urls: str, **options: Any) -> Desk:
    """A desk that polls these addresses over sockets; its feeds are called a, b, c."""
    feeds = [FeedConfig(name=name, url=Secret(url)) for name, url in zip("abcdefgh", urls, strict=False)]
    desk = Desk(folder, feeds=feeds, **options)
    desk._deps = replace(desk._deps, fetcher=fetcher(desk))
    return desk


def validators(web: WebServer) -> list[tuple[str | None, str | None]]:
    """If-None-Match and If-Modified-Since of each request so far."""
    return [(seen.header("if-none-match"), seen.header("if-modified-since")) for seen in web.seen]
