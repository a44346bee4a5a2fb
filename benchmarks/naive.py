"""
The yardstick: what anybody would write first. httpx's client, feedparser, ETags in a JSON file, no matching.

`python benchmarks/naive.py URLS STATE`: polls each URL in the file once, 32 at once.
"""

from __future__ import annotations

import asyncio
import io
import json
import sys
from pathlib import Path

import feedparser
import httpx


async def poll_all(urls: list[str], etags: dict[str, str]) -> None:
    """Poll every feed once; `etags` is brought up to date."""
    slots = asyncio.Semaphore(32)

    async with httpx.AsyncClient(trust_env=False) as client:

        async def poll(url: str) -> None:
            async with slots:
                headers = {"If-None-Match": etags[url]} if url in etags else {}
                answer = await client.get(url, headers=headers)
            if answer.status_code == 200:
                feedparser.parse(io.BytesIO(answer.content))
                etags[url] = answer.headers["etag"]

        await asyncio.gather(*(poll(url) for url in urls))


def main() -> None:
    """Poll the feeds of a file and remember their ETags in another."""
    urls = Path(sys.argv[1]).read_text(encoding="utf-8").split()
    state = Path(sys.argv[2])
    etags: dict[str, str] = json.loads(state.read_text(encoding="utf-8")) if state.exists() else {}
    asyncio.run(poll_all(urls, etags))
    state.write_text(json.dumps(etags), encoding="utf-8")


main()
