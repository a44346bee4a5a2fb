"""
A world for the real App: feeds that publish, a network that fails, a clock that is set, a machine that rests.

True time is the loop's virtual time and what the machine slept. The wall clock shows it in a zone with summer
time, and wrong by `skew`. Everything that is asked and told is written down, in true time.
"""

from __future__ import annotations

import asyncio
import bisect
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from monitor.model import Answer, AnswerClass, FetchResult, FetchStatus, Severity
from monitor.service.parts import Parts
from monitor.settings import ChannelConfig, Config, FeedConfig, Polling, RuleConfig, Secret
from monitor.store.database import Database
from monitor.text.hashes import hash64
from tests.support.newsdesk import InProcessParser, fresh_database
from tests.support.virtual import InlineWriter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from monitor.delivery.channels import Channel
    from monitor.feeds.fetch import Fetcher
    from monitor.model import FetchRequest, Outgoing
    from tests.support.virtual import VirtualLoop

ZONE = ZoneInfo("Asia/Hebron")
START = datetime(2011, 7, 31, 12, tzinfo=UTC)  # summer time ends on August 1st and begins again on the 30th
HOUR, DAY = 3600.0, 86_400.0
LATENCY = 0.2
KEEP = 60  # items a document lists: more than a feed publishes while nobody looks


@dataclass(frozen=True)
class SimFeed:
    """A source: its host, how often it is asked, and when it publishes, in true seconds."""

    name: str
    host: str
    every: float
    published: tuple[float, ...] = ()
    adapts: bool = False  # between a third and twice of `every`
    ttl: int = 0  # minutes that its document asks to be left alone

    @property
    def least(self) -> float:
        """Seconds that lie between two polls at least."""
        return max(self.every / 3 if self.adapts else self.every, 60.0 * self.ttl)

    @property
    def most(self) -> float:
        """Seconds that lie between two polls at most, but for a tenth."""
        return max(self.every * 2 if self.adapts else self.every, 60.0 * self.ttl)

    @property
    def url(self) -> str:
        return f"http://{self.host}/{self.name}"

    def title(self, number: int) -> str:
        """Every twentieth item is urgent."""
        return f"{self.name} {number}{' urgent' if number % 20 == 7 else ''}"


@dataclass(frozen=True)
class Asked:
    """One request: when it began, in which life of the process, and whether it reached a server."""

    at: float
    host: str
    feed: str
    life: int
    reached: bool = True


@dataclass(frozen=True)
class Told:
    """One message that a channel was given."""

    at: float
    outgoing: Outgoing
    skew: float  # by how much the wall clock was ahead


@dataclass
class World:
    """See the module. `polled` holds when polls of each feed were recorded, and whether by an answer."""

    loop: VirtualLoop
    feeds: dict[str, SimFeed]
    slept: float = 0.0
    skew: float = 0.0
    network: bool = True
    boots: int = 1
    booted: float = 0.0
    life: int = 0
    asked: list[Asked] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    polled: dict[str, list[tuple[float, bool]]] = field(default_factory=dict)
    in_flight: Counter[str] = field(default_factory=Counter)
    most_at_once: Counter[str] = field(default_factory=Counter)
    _up: list[tuple[float, float]] = field(default_factory=list)
    _up_since: float | None = None
    _bodies: dict[tuple[str, int], bytes] = field(default_factory=dict)

    @property
    def now(self) -> float:
        """True time, in seconds."""
        return self.loop.time() + self.slept

    def wall(self) -> datetime:
        """What the machine's clock shows."""
        return (START + timedelta(seconds=self.now + self.skew)).astimezone(ZONE)

    def steady(self) -> float:
        """Seconds since the machine was started."""
        return self.now - self.booted

    def boot(self) -> str:
        """The name of this run of the machine."""
        return f"boot-{self.boots}"

    # --- when polling was possible at all

    def up(self, *, yes: bool) -> None:
        """From now on polling is possible, or is not."""
        if yes and self._up_since is None:
            self._up_since = self.now
        elif not yes and self._up_since is not None:
            self._up.append((self._up_since, self.now))
            self._up_since = None

    def up_time(self, start: float, end: float) -> float:
        """The seconds between two moments in which polling was possible."""
        spans = [*self._up, *([(self._up_since, self.now)] if self._up_since is not None else [])]
        return sum(max(0.0, min(end, b) - max(start, a)) for a, b in spans)

    # --- documents

    def body(self, feed: SimFeed) -> bytes:
        """The feed's document as it is now."""
        count = bisect.bisect_right(feed.published, self.now)
        key = (feed.name, count)
        if key not in self._bodies:
            if len(self._bodies) > 1000:
                self._bodies.clear()
            self._bodies[key] = _document(feed, count)
        return self._bodies[key]


def _document(feed: SimFeed, count: int) -> bytes:
    items = []
    for number in range(max(0, count - KEEP), count):
        when = format_datetime(START + timedelta(seconds=feed.published[number]))
        items.append(
            f"<item><title>{feed.title(number)}</title><link>{feed.url}/{number}</link>"
            f"<guid>{feed.url}/{number}</guid><pubDate>{when}</pubDate></item>"
        )
    return (
        '<?xml version="1.0"?><rss version="2.0"><channel><title>t</title><link>http://x.example/</link>'
        f"<description>d</description><ttl>{feed.ttl}</ttl>{''.join(reversed(items))}</channel></rss>"
    ).encode()


class SimFetcher:
    """Asks the world instead of a server."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._by_url = {feed.url: feed for feed in world.feeds.values()}

    async def fetch(self, request: FetchRequest) -> FetchResult:
        world, feed = self._world, self._by_url[request.url]
        reachable = world.network
        world.asked.append(Asked(world.now, feed.host, feed.name, world.life, reachable))
        world.in_flight[feed.host] += 1
        world.most_at_once[feed.host] = max(world.most_at_once[feed.host], world.in_flight[feed.host])
        try:
            await asyncio.sleep(LATENCY)
        finally:
            world.in_flight[feed.host] -= 1
        if not (reachable and world.network):
            text = "DNS: the name server does not answer"
            return FetchResult(FetchStatus.NETWORK, message=text, unreachable=True)
        body = world.body(feed)
        etag = f'"{hash64(body)}"'
        if request.etag == etag:
            return FetchResult(FetchStatus.NOT_MODIFIED, 304, etag=etag)
        kind = "application/rss+xml"
        return FetchResult(
            FetchStatus.NEW, 200, body=body, content_type=kind, etag=etag, final_url=request.url
        )


class SimChannel:
    """Writes down what it is given."""

    def __init__(self, name: str, world: World) -> None:
        self.name = name
        self._world = world

    def send(self, outgoing: Outgoing) -> Answer:
        self._world.told.append(Told(self._world.now, outgoing, self._world.skew))
        return Answer(AnswerClass.OK, "taken")

    def close(self) -> None:
        """Nothing is open."""


class SimParts(Parts):
    """The parts that touch the world touch this one."""

    def __init__(self, world: World) -> None:
        self._world = world

    def database(self, path: Path) -> Database:
        writer: Any = InlineWriter(path)
        return Database(path, writer)

    def fetcher(self, config: Config, clock: Callable[[], datetime]) -> Fetcher:
        return SimFetcher(self._world)

    def parser(self) -> Any:
        return InProcessParser()

    def channel(self, channel: ChannelConfig, config: Config) -> Channel:
        return SimChannel(channel.name, self._world)


def config_for(folder: Path, feeds: dict[str, SimFeed], **polling: Any) -> Config:
    """One channel; a rule for everything, and one for what is urgent."""
    urgent = RuleConfig(name="urgent", query="urgent", severity=Severity.URGENT)
    return Config(
        path=folder / "config.toml",
        files=(),
        database=fresh_database(folder),
        timezone="UTC",
        polling=Polling(**polling),
        feeds=tuple(
            FeedConfig(f.name, Secret(f.url), every=None if f.adapts else f.every, full_text="never")
            for f in feeds.values()
        ),
        rules=(RuleConfig(name="all", query="feed:*"), urgent),
        channels=(ChannelConfig(name="desk", type="terminal"),),
    )


def made_up_feeds(
    seed: int, count: int, hosts: int, *, every: float, span: float, a_day: float, adapts: bool = False
) -> dict[str, SimFeed]:
    """
    Feeds over these hosts, each publishing `a_day` items a day at random times, from the start on.

    With `adapts` every other one has no interval of its own, and every third asks for half as much again.
    """
    rng = random.Random(seed)
    found = {}
    for number in range(count):
        times = [rng.uniform(-DAY, span) for _ in range(round(a_day * (span / DAY + 1)))]
        name = f"f{number:02}"
        ttl = round(every / 40) if adapts and number % 3 == 1 else 0
        found[name] = SimFeed(
            name, f"h{number % hosts}.example", every, tuple(sorted(times)), adapts and number % 2 == 0, ttl
        )
    return found


def crowd(count: int, hosts: int, *, every: float = 3600.0) -> dict[str, SimFeed]:
    """So many feeds, spread over so many hosts, with one old item each."""
    feeds = (SimFeed(f"f{n}", f"h{n % hosts}.example", every, (-5000.0,)) for n in range(count))
    return {feed.name: feed for feed in feeds}
