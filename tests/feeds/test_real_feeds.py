"""Every real feed at hand goes through the worker. The documents are not part of this project."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from monitor.feeds.parse import Parser

REAL = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "feeds" / "real"

# No feeds although they lie among them: half a document, a web page, and two whose names are all wrong.
NO_FEEDS = {
    "feed-rs__fixture__rss2__rss_2.0_invalid_1.xml",
    "spec__sample_feeds__DuplicateContentAtomFeed.xml",
    "benchmark_data__7ef13a42fa7e177a",
    "tests__integration__malformed_rss_namespaced.xml",
}


@pytest.mark.slow
@pytest.mark.skipif(not REAL.is_dir(), reason="needs ../shared/corpus/feeds/real")
def test_real_feeds_are_read() -> None:
    """No real document kills the worker or fails; nearly all have items, and these a guid or an address."""

    async def story() -> tuple[list[str], int, int, int]:
        parser = Parser()
        failed, empty, items, named = [], 0, 0, 0
        try:
            for path in sorted(path for path in REAL.rglob("*") if path.is_file()):
                feed = await parser.parse(path.read_bytes(), content_type="", url="https://example.org/feed")
                if feed.error:
                    failed.append(path.name)
                empty += not feed.entries
                items += len(feed.entries)
                named += sum(bool(entry.link or entry.guid) for entry in feed.entries)
        finally:
            await parser.close()
        return failed, empty, items, named

    failed, empty, items, named = asyncio.run(story())
    assert set(failed) <= NO_FEEDS
    assert empty <= 12
    assert items > 6_000
    assert named >= items * 0.95
