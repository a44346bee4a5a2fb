"""
A world that counts all it serves and takes: feeds good and bad in every way, receivers of every temper.

What a daemon says of itself is held against these counts, so nothing here asks the daemon. Each bad feed is
on a loopback host of its own, since one host's pause must not touch another's feeds.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import re
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

from tests.support.serving import LoopbackServer

if TYPE_CHECKING:
    from collections.abc import Iterable

NEWS = 12
# Each bad feed, and the word under which its polls are to be counted.
BAD = {
    "error": "http_error",
    "missing": "http_error",
    "login": "http_error",
    "gone": "gone",
    "busy": "rate_limited",
    "page": "bad_body",
    "garbage": "bad_body",
    "lies": "bad_body",
    "reset": "network",
    "astray": "refused",
    "big": "too_big",
}
HOSTS = {name: f"127.0.3.{n}" for n, name in enumerate([*(f"news-{i}" for i in range(NEWS)), *BAD], 1)}
# Of each receiver in turn what it answers; the last one for ever.
RECEIVERS: dict[str, tuple[int, ...]] = {
    "steady": (200,),
    "flaky": (503, 200),
    "refuser": (400,),
    "paced": (429, 200, 200, 200, 200),
}
TOKEN = re.compile(r"\btoken-\d+\b")
_SYLLABLES = (
    ("bal", "dor", "fen", "gur", "kam"),
    ("ta", "ri", "lo", "ne", "su"),
    ("n", "ck", "rd", "sh", "l"),
)
VOCABULARY = ["".join(parts) for parts in itertools.product(*_SYLLABLES)]


@dataclass(slots=True)
class Item:
    """One dispatch, as one feed prints it."""

    token: str
    word: str  # the rule's
    title: str
    text: str
    published: float
    guid: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """One alert that a receiver accepted, alone or in a digest: for one rule."""

    token: str
    rule: str
    receiver: str
    at: float


@dataclass
class Counts:
    """What was served and taken."""

    polls: Counter[str] = field(default_factory=Counter)  # by how each is to be counted
    answers: Counter[int] = field(default_factory=Counter)  # of the receivers
    acknowledged: set[str] = field(default_factory=set)  # ids of messages
    arrivals: list[Arrival] = field(default_factory=list)
    served: set[tuple[str, str]] = field(default_factory=set)  # feed and guid
    last: float = 0.0  # when anything was last asked or told, by time.time()


class CountedWorld(LoopbackServer):
    """Feeds and receivers in a thread of their own."""

    def __init__(self, seed: int = 9) -> None:
        self.counts = Counts()
        self.published: list[Item] = []
        self.calm = False  # every receiver but the refuser says yes
        self._rng = random.Random(seed)
        self._items: dict[str, list[Item]] = {f"news-{n}": [] for n in range(NEWS)}
        self._turns = Counter[str]()
        self._revised = Counter[str]()
        self._lock = threading.Lock()
        super().__init__("counted-world", list(HOSTS.values()))
        for feed in self._items:
            self.publish("talks", feed)

    # --- what a test does

    def publish(self, word: str, feed: str | None = None) -> Item:
        """Let a feed have a new item with this word in its headline, unlike any other."""
        with self._lock:
            feed = feed or f"news-{self._rng.randrange(NEWS)}"
            token = f"token-{len(self.published)}"
            headline = " ".join(self._rng.sample(VOCABULARY, 8))
            text = " ".join(self._rng.choices(VOCABULARY, k=40))
            if word == "toll":
                headline, text = f"{headline}: 12 dead", f"{text}. The number of dead is 12"
            item = Item(token, word, f"{token} {word} {headline}", text, time.time(), token)
            self._items[feed].insert(0, item)
            self.published.append(item)
            return item

    def revise(self, item: Item) -> None:
        """Let its feed print it with another toll."""
        with self._lock:
            before = int(item.text.rpartition(" ")[2])
            item.text = item.text.replace(f" {before}", f" {before + 17}")
            item.title = item.title.replace(f" {before} dead", f" {before + 17} dead")
            self._revised[self.feed_of(item)] += 1

    def copy(self, item: Item, feed: str) -> None:
        """Let another feed print the same dispatch."""
        with self._lock:
            again = Item(item.token, item.word, item.title, item.text, time.time(), f"{item.guid}-in-{feed}")
            self._items[feed].insert(0, again)

    def feed_of(self, item: Item) -> str:
        """Which feed printed it first."""
        return next(name for name, items in self._items.items() if any(i is item for i in items))

    def arrived(self, receiver: str, rule: str) -> set[str]:
        """The tokens of this rule's alerts that a receiver took."""
        return {a.token for a in list(self.counts.arrivals) if (a.receiver, a.rule) == (receiver, rule)}

    def url(self, feed: str) -> str:
        """The address of a feed."""
        return f"http://{HOSTS[feed]}:{self.port}/{feed}"

    def hook(self, name: str) -> str:
        """The address of a receiver."""
        return f"http://127.0.0.1:{self.port}/hook/{name}"

    # --- serving

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = head.split(" ", 2)[1]
            self.counts.last = time.time()
            if path.startswith("/hook/"):
                length = int(re.search(r"(?i)content-length: (\d+)", head)[1])  # type: ignore[index]
                self._hook(path.rpartition("/")[2], await reader.readexactly(length), writer)
            elif (name := path[1:]) in BAD:
                self.counts.polls[BAD[name]] += 1
                self._bad(name, writer)
            else:
                self._news(name, head, writer)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _news(self, name: str, head: str, writer: asyncio.StreamWriter) -> None:
        with self._lock:
            items = self._items[name][:40]
        etag = f'"{name}-{items[0].guid}-{len(self._items[name])}-{self._revised[name]}"'
        if f"if-none-match: {etag}" in head.lower():
            self.counts.polls["not_modified"] += 1
            _answer(writer, 304, etag=etag)
            return
        self.counts.polls["new"] += 1
        self.counts.served |= {(name, item.guid) for item in items}
        _answer(writer, 200, _rss(name, items), etag)

    def _bad(self, name: str, writer: asyncio.StreamWriter) -> None:
        statuses = {"error": 500, "missing": 404, "login": 401, "gone": 410}
        if name in statuses:
            _answer(writer, statuses[name])
        elif name == "busy":
            _answer(writer, 429, more="Retry-After: 1\r\n")
        elif name == "page":
            _answer(writer, 200, b"<!DOCTYPE html><html><body>Please wait.</body></html>")
        elif name == "garbage":
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"\x00\xff" * 5000)
        elif name == "lies":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n<rss><channel>")
        elif name == "astray":
            _answer(writer, 302, more="Location: http://127.0.0.1:22/feed\r\n")
        elif name == "big":
            _answer(writer, 200, more="".join(f"X-{n}: {'x' * 1000}\r\n" for n in range(90)))
        else:
            writer.transport.abort()

    def _hook(self, name: str, body: bytes, writer: asyncio.StreamWriter) -> None:
        script = RECEIVERS[name]
        status = 200 if self.calm and name != "refuser" else script[self._turns[name] % len(script)]
        self._turns[name] += 1
        self.counts.answers[status] += 1
        if status == 200:
            self._take(name, json.loads(body))
        _answer(writer, status)

    def _take(self, name: str, message: dict[str, object]) -> None:
        self.counts.acknowledged.add(str(message["id"]))
        if message["kind"] == "notice":
            return
        entries = message["entries"] or [message]
        assert isinstance(entries, list)
        for entry in entries:
            token = TOKEN.search(entry["title"])
            assert token, entry
            self.counts.arrivals += [Arrival(token[0], rule, name, time.time()) for rule in entry["rules"]]


def _answer(
    writer: asyncio.StreamWriter, status: int, body: bytes = b"", etag: str = "", more: str = ""
) -> None:
    tag = f"ETag: {etag}\r\n" if etag else ""
    head = (
        f"HTTP/1.1 {status} Whatever\r\n{tag}{more}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    writer.write(head.encode("latin-1") + body)


def _rss(name: str, items: Iterable[Item]) -> bytes:
    entries = "".join(
        f"<item><title>{i.title}</title><guid isPermaLink='false'>{i.guid}</guid>"
        f"<pubDate>{format_datetime(datetime.fromtimestamp(i.published, UTC))}</pubDate>"
        f"<link>http://{name}.invalid/{i.guid}</link><description>{i.text}</description></item>"
        for i in items
    )
    return f"<rss version='2.0'><channel><title>{name}</title>{entries}</channel></rss>".encode()
