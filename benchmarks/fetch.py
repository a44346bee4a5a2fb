"""
What a "not modified" costs by each way there is to ask for it: CPU milliseconds of this process, 32 at once.

The server runs in a process of its own. The last way is the one that polls take; the others show what the
layers it goes round would cost. docs/decisions.md says what follows.
"""

from __future__ import annotations

import asyncio
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.feeds.client import ClientTransport
from monitor.feeds.fetch import HttpFetcher, user_agent
from monitor.feeds.lean_httpx import httpx
from monitor.feeds.transport import FeedTransport
from monitor.model import FetchRequest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

HERE = Path(__file__).parent
FEEDS, AT_ONCE, ROUNDS = 1000, 32, 3
LOOPBACK = ("127.0.0.0/8",)


def cpu() -> float:
    """CPU seconds of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def ask_all(ask: Callable[[int], Awaitable[int]]) -> None:
    """Ask for every feed once; each has to answer 304."""
    feeds = iter(range(FEEDS))

    async def some() -> None:
        for feed in feeds:
            assert await ask(feed) == 304

    await asyncio.gather(*(some() for _ in range(AT_ONCE)))


class Ways:
    """The ways to ask; `etags` are the validators of the feeds."""

    def __init__(self, port: int, etags: list[str]) -> None:
        self._port = port
        self._etags = etags
        self._transport = ClientTransport(FeedTransport(allow_private=LOOPBACK))
        self._fetcher = HttpFetcher(user_agent(None), allow_private=LOOPBACK)
        self._client = httpx.AsyncClient(trust_env=False)
        self._over_ours = httpx.AsyncClient(transport=self._transport)

    def _url(self, feed: int) -> str:
        return f"http://127.0.0.1:{self._port}/feed/{feed}"

    def _fields(self, feed: int) -> dict[str, str]:
        return {"If-None-Match": self._etags[feed], "Connection": "close"}

    async def client(self, feed: int) -> int:
        """The client with its own transport: no address check, no bound on what comes."""
        return (await self._client.get(self._url(feed), headers=self._fields(feed))).status_code

    async def client_over_ours(self, feed: int) -> int:
        """The client over our transport."""
        return (await self._over_ours.get(self._url(feed), headers=self._fields(feed))).status_code

    async def transport(self, feed: int) -> int:
        """Our transport by httpx's interface, without the client."""
        request = httpx.Request("GET", self._url(feed), headers=self._fields(feed))
        response = await self._transport.handle_async_request(request)
        await response.aclose()
        return response.status_code

    async def fetcher(self, feed: int) -> int:
        """What a poll does: redirects, validators, deadline and verdict included."""
        request = FetchRequest(
            self._url(feed), etag=self._etags[feed], ports=frozenset({self._port}), last_modified=None
        )
        return (await self._fetcher.fetch(request)).http_status or 0

    async def close(self) -> None:
        """Close what is open."""
        await self._client.aclose()
        await self._over_ours.aclose()


async def measure(port: int) -> None:
    """Learn the validators, then measure each way, the best of some rounds."""
    async with httpx.AsyncClient(trust_env=False) as client:
        etags = [
            (await client.get(f"http://127.0.0.1:{port}/feed/{k}", headers={"Connection": "close"})).headers[
                "etag"
            ]
            for k in range(FEEDS)
        ]
    ways = Ways(port, etags)
    print(f"{FEEDS} times 304, {AT_ONCE} at once; CPU ms each, best of {ROUNDS}")
    for name, way in (
        ("httpx client, its own transport", ways.client),
        ("httpx client over our transport", ways.client_over_ours),
        ("our transport, httpx's interface", ways.transport),
        ("HttpFetcher, as a poll asks", ways.fetcher),
    ):
        costs = []
        for _ in range(ROUNDS):
            before = cpu()
            await ask_all(way)
            costs.append((cpu() - before) / FEEDS * 1000)
        print(f"{name:<36}{min(costs):>6.2f}", flush=True)
    await ways.close()


def main() -> None:
    """Start the world, measure, end it."""
    world = subprocess.Popen(
        [sys.executable, str(HERE / "world.py"), str(FEEDS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert world.stdin
    assert world.stdout
    try:
        asyncio.run(measure(int(world.stdout.readline())))
    finally:
        world.stdin.close()
        world.wait(10)


if __name__ == "__main__":
    main()
