"""
A small world for long runs: feeds on fifty loopback hosts, and two receivers, one of which comes and goes.

Everything is counted by tokens: an item carries one in its title, the world notes when an answer first held
it, a receiver when a message first did.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import threading
import time
from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.serving import LoopbackServer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

HOSTS = [f"127.0.1.{n}" for n in range(1, 51)]
KEPT = 20  # items a feed lists
_TOKEN = re.compile(r"\btoken-\d+\b")
BAD = ("hang", "drip", "garbage", "error", "page", "reset", "gone", "lies")


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that a receiver accepted."""

    token: str
    message_id: str
    at: float
    marked: bool  # as one that may be a repeat


class SoakWorld(LoopbackServer):
    """Feeds and receivers in a thread of their own; times are monotonic seconds."""

    def __init__(self, feeds: int, seed: int = 1) -> None:
        self.feeds = feeds
        self.published: dict[str, float] = {}
        self.served: dict[str, float] = {}
        self.arrivals: dict[str, list[Arrival]] = {"steady": [], "flapping": []}
        self.requests: Counter[int] = Counter()  # by status
        self.down = False
        self._rng = random.Random(seed)
        self._items: defaultdict[int, deque[tuple[str, str]]] = defaultdict(lambda: deque(maxlen=KEPT))
        self._version: Counter[int] = Counter()
        self._lock = threading.Lock()
        super().__init__("soak-world", HOSTS)

    def url(self, feed: int) -> str:
        """The address of a feed; every hundred-and-twenty-fifth is one of the bad ones."""
        path = f"bad/{BAD[feed // 125 % len(BAD)]}" if self.is_bad(feed) else f"feed/{feed}"
        return f"http://{HOSTS[feed % len(HOSTS)]}:{self.port}/{path}"

    @staticmethod
    def is_bad(feed: int) -> bool:
        """Whether a feed is there to make trouble."""
        return feed % 125 == 124

    def receiver(self, name: str) -> str:
        """The address of a receiver."""
        return f"http://127.0.0.1:{self.port}/hook/{name[:4]}"

    def publish(self, count: int) -> None:
        """Let so many good feeds have a new item each."""
        for _ in range(count):
            feed = self._rng.randrange(self.feeds)
            while self.is_bad(feed):
                feed = self._rng.randrange(self.feeds)
            with self._lock:
                token = f"token-{len(self.published)}"
                self.published[token] = time.monotonic()
                date = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
                self._items[feed].appendleft((token, date))
                self._version[feed] += 1

    def missing(self) -> dict[str, set[str]]:
        """The tokens that each receiver still lacks."""
        with self._lock:
            wanted = set(self.published)
            return {name: wanted - {a.token for a in found} for name, found in self.arrivals.items()}

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = head.split(" ", 2)[1]
            if path.startswith("/hook/"):
                length = int(re.search(r"(?i)content-length: (\d+)", head)[1])  # type: ignore[index]
                await self._hook(
                    "steady" if path.endswith("stea") else "flapping",
                    await reader.readexactly(length),
                    writer,
                )
            elif path.startswith("/bad/"):
                await self._bad(path.rpartition("/")[2], writer)
            else:
                self._feed(int(path.rpartition("/")[2]), head, writer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _feed(self, number: int, head: str, writer: asyncio.StreamWriter) -> None:
        with self._lock:
            items, version = list(self._items[number]), self._version[number]
        etag = f'"{number}-{version}"'
        if f"if-none-match: {etag}" in head.lower():
            self._answer(writer, 304, b"", etag)
            return
        entries = "".join(
            f"<item><title>{token} talks go on</title><guid>{token}</guid><pubDate>{date}</pubDate>"
            f"<link>http://127.0.0.1/{token}</link><description>Nothing is known yet.</description></item>"
            for token, date in items
        )
        body = f"<rss version='2.0'><channel><title>Feed {number}</title>{entries}</channel></rss>"
        self._answer(writer, 200, body.encode(), etag)
        now = time.monotonic()
        with self._lock:
            for token, _ in items:
                self.served.setdefault(token, now)

    def _answer(self, writer: asyncio.StreamWriter, status: int, body: bytes, etag: str = "") -> None:
        self.requests[status] += 1
        tag = f"ETag: {etag}\r\n" if etag else ""
        head = f"HTTP/1.1 {status} Whatever\r\n{tag}Content-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode("latin-1") + body)

    async def _bad(self, kind: str, writer: asyncio.StreamWriter) -> None:
        doings: dict[str, Callable[[], Awaitable[None]]] = {
            "hang": lambda: asyncio.sleep(40),
            "drip": lambda: self._drip(writer),
        }
        if kind in doings:
            await doings[kind]()
        elif kind == "garbage":
            writer.write(b"\x00\xff" * 5000)
        elif kind == "reset":
            writer.transport.abort()
        elif kind == "gone":
            self._answer(writer, 410, b"")
        elif kind == "lies":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n<rss><channel>")
        else:
            self._answer(writer, 500 if kind == "error" else 200, b"<html><body>Please wait.</body></html>")

    async def _drip(self, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(40):
            writer.write(b"<")
            await writer.drain()
            await asyncio.sleep(1)

    async def _hook(self, name: str, body: bytes, writer: asyncio.StreamWriter) -> None:
        if name == "flapping" and self.down:
            if self._rng.random() < 0.5:
                self._answer(writer, 503, b"")
            return  # else the connection closes without a word
        message = json.loads(body)
        # What waited out an outage comes as one message, with its alerts as entries.
        titles = [message["title"], *(entry["title"] for entry in message.get("entries", ()))]
        tokens = {found[0]: None for title in titles if (found := _TOKEN.search(title))}
        with self._lock:
            for token in tokens:
                self.arrivals[name].append(
                    Arrival(token, message["id"], time.monotonic(), message["maybe_repeat"])
                )
        self._answer(writer, 200, b"ok")
