"""A newsroom in a box whose feeds are asked for over real sockets; time stands until a test moves it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from monitor.feeds.fetch import HttpFetcher
from monitor.moving import merged_feeds
from monitor.pipeline import check_feed
from monitor.plan import build_plan
from monitor.settings import FeedConfig, Secret
from monitor.store.sync import FeedWanted, sync
from monitor.text.hashes import hash64
from tests.support.newsdesk import Desk
from tests.support.webserver import answer

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.recording import Recorded
    from monitor.settings import Config
    from tests.support.webserver import WebServer


class WebsiteDesk(Desk):
    """A desk with one feed, `a`, at /feed of a server on loopback, unless told otherwise."""

    def __init__(self, folder: Path, web: WebServer, *more: FeedConfig, **options: Any) -> None:
        self.web = web
        self.folder = folder
        feed = FeedConfig("a", Secret(web.url("/feed")), **({"full_text": "never"} | options.pop("feed", {})))
        super().__init__(folder, feeds=[feed, *more], **options)

    def load(self, config: Config) -> None:
        """Put a configuration in force as the daemon does: with intervals, and what was merged."""
        self.config = config
        self.plan, problems = build_plan(config)
        assert not problems, problems
        merged = merged_feeds(self.database.reader, self.plan)
        wanted = [
            FeedWanted(
                f.name,
                hash64(f.url.reveal().encode()),
                f.enabled,
                self.plan.policy(f).interval,
                f.name in merged,
            )
            for f in config.feeds
        ]
        hashes = {name: rule.hash for name, rule in self.plan.engine.rules.items()}
        work = self.database.writer.submit(
            lambda tx: sync(tx, wanted, hashes, list(self.plan.channels), self.now, configured=config.rules)
        )
        work.result()

    def ask(self, feed: str = "a", *, after: float = 0.0) -> Recorded:
        """Poll a feed now, due or not, so many seconds after the last time."""
        self.now += timedelta(seconds=after)

        async def poll() -> Recorded:
            fetcher = HttpFetcher("Tocsin test", allow_private=("127.0.0.0/8",), clock=lambda: self.now)
            deps = replace(self._deps, fetcher=fetcher)
            done = await check_feed(self.plan.feeds[feed], self.state(feed), self.plan, deps)
            assert done is not None
            return done

        return asyncio.run(poll())

    def wait(self, feed: str = "a") -> float:
        """Seconds from now until the feed is due."""
        due = self.state(feed).next_poll_at
        assert due is not None
        return (due - self.now).total_seconds()

    def serve(self, body: bytes, path: str = "/feed", status: int = 200, **fields: str) -> None:
        """Answer with this from now on."""
        fields = {"Content_Type": "application/rss+xml"} | fields
        self.web.only(path, answer(status, body, **fields))  # type: ignore[arg-type]
