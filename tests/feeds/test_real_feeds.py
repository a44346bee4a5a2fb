"""Every real feed at hand goes through the worker. The documents are not part of this project."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from monitor.feeds.parse import Parser

REAL = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "feeds" / "real"

# What is no feed although it lies among them: half a document, and a web page.
NO_FEEDS = {
    "feed-rs__fixture__rss2__rss_2.0_invalid_1.xml",
    "spec__sample_feeds__DuplicateContentAtomFeed.xml",
}


@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_dir(), reason="needs ../shared/corpus/feeds/real")
def test_real_feeds_are_read() -> None:
    """No real document kills the worker or fails, all but a few have items, and nearly all items an address."""

    async def story() -> tuple[list[str], int, int, int]:
        parser = Parser()
        failed, empty, items, linked = [], 0, 0, 0
        try:
            for path in sorted(path for path in REAL.rglob("*") if path.is_file()):
                feed = await parser.parse(path.read_bytes(), content_type="", url="https://example.org/feed")
                if feed.error:
                    failed.append(path.name)
                empty += not feed.entries
                items += len(feed.entries)
                linked += sum(
                    bool(entry.link or entry.guid) and bool(entry.title or entry.summary)
                    for entry in feed.entries
                )
        finally:
            await parser.close()
        return failed, empty, items, linked

    failed, empty, items, linked = asyncio.run(story())
    assert set(failed) <= NO_FEEDS
    assert empty <= 12
    assert items > 6_000
    assert linked >= items * 0.98
