"""
What can happen to an article, as verbs on a real desk: shown, held, told, refused; with chance beside it.

A `World` is a desk with a feed `a`, a rule `talks` and a channel `desk`; the seed chooses the article, the
rules and feeds that have nothing to do with it, and what else would stop it later on its way.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from monitor.alerts.silences import Silence
from monitor.delivery.outbox import OutboxWorker
from monitor.delivery.terms import terms_of
from monitor.feeds.pacing import HostPacer
from monitor.model import FetchResult, FetchStatus
from monitor.service.pagefetch import Tools
from monitor.service.pages import PageWorker, Surroundings
from monitor.settings import QuietHours, RouteConfig, RuleConfig
from monitor.stages import stamp
from monitor.store.digests import release
from monitor.store.silences import add_silence
from tests.support.channels import FakeChannel
from tests.support.documents import Item
from tests.support.newsdesk import Desk
from tests.support.pagedesk import HereExtractor, page
from tests.support.ways import do, with_rule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from monitor.model import Answer
    from monitor.settings import FeedConfig

OLD = Item("Nothing of interest", guid="old", link="https://n.example/2020/old", text="before us", age=48)
# Title, text, and queries that hold for them.
TEXTS = (
    ("Talks in Doha", "Envoys met in Qatar on Friday.", ("doha AND qatar", "doha", '"talks in doha"')),
    ("Flood in Kerala", "Rivers rose by two metres overnight.", ("kerala", "flood NEAR/4 kerala", "river*")),
    ("Strike at the port", "Dockers want 12 percent more.", ("dockers OR crane", "strike AND port")),
    ("Ministre démissionne", "Le ministre a quitté son poste.", ("ministre", "demissionne AND poste")),
)
NOISE = ("volcano", "chess AND final", "title:comet", "ferry NEAR/3 sinks")
# The places of the way at which something of the configuration can stop an article.
SOURCE, PAGE, TEXT, RULE, BASELINE, ROUTE, TOLD, SILENCE, QUIET, GATHER, DELIVERY = range(11)
PLACES = {ROUTE: "nowhere", SILENCE: "silence", QUIET: "quiet", GATHER: "group"}


@dataclass
class Truth:
    """
    What is true by construction: where it stopped (None = it was told), and what the words must name.

    `url` is what is asked for, `rule` for which rule; `asked` are options of the question.
    """

    stage: str | None
    cause: str | None = None
    words: tuple[str, ...] = ()
    url: str = ""
    rule: str = "talks"
    asked: Mapping[str, Any] = field(default_factory=dict)


class World:
    """A desk, and what happens there."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.folder = folder
        self.rng = random.Random(seed)
        title, text, queries = self.rng.choice(TEXTS)
        self.query = self.rng.choice(queries)
        self.slug = f"{title.lower().replace(' ', '-')}-{self.rng.randrange(10**6)}"
        self.link = f"https://n.example/2026/{self.slug}?id={self.rng.randrange(100)}"
        self.item = Item(title, guid=f"g{seed}", link=self.link, text=text, age=1.0)
        self.desk: Desk = None  # type: ignore[assignment]
        self.trips: list[str] = []

    def close(self) -> None:
        """Close the desk."""
        if self.desk is not None:
            self.desk.database.close()

    # --- how it begins

    def open(
        self,
        *,
        rule: Mapping[str, Any] | None = None,
        more_rules: Sequence[RuleConfig] = (),
        feeds: Sequence[str | FeedConfig] = ("a",),
        based: bool = True,
        **config: Any,
    ) -> None:
        """Make the desk; with `based` its feeds have had their silent first poll."""
        rng = self.rng
        rules = [RuleConfig("talks", **({"query": self.query} | dict(rule or {})))]
        noise = [RuleConfig(f"noise{n}", query=q) for n, q in enumerate(rng.sample(NOISE, rng.randrange(3)))]
        others = [f"other{n}" for n in range(rng.randrange(2))]
        rules += [*more_rules, *noise]
        rng.shuffle(rules)
        self.desk = Desk(self.folder, feeds=[*feeds, *others], rules=rules, **config)
        for feed in self.desk.config.feeds:
            self.desk.publish(feed.name, replace(OLD, guid=f"old-{feed.name}"))
        if based:
            self.desk.poll()

    def later(self, **span: float) -> datetime:
        """Time passes; returns when it is then."""
        self.desk.now += timedelta(**span)
        return self.desk.now

    def trip(self, place: int) -> None:
        """What would stop the article later on its way, as chance has it."""
        rng = self.rng
        choices: dict[int, Callable[[], object]] = {
            ROUTE: self.nowhere,
            SILENCE: self.silence,
            QUIET: self.quiet,
            GATHER: self.group,
        }
        for where, make in choices.items():
            if where > place and rng.random() < 0.35:
                if where == GATHER and self.desk.config.routes:
                    continue  # there are routes already
                self.trips.append(PLACES[where])
                make()

    # --- what the configuration says

    def rule(self, name: str = "talks", **changed: Any) -> None:
        """A rule is changed or added, and loaded."""
        self.later(minutes=1)
        self.desk.load(with_rule(self.desk.config, name, **changed))

    def feed(self, name: str, **changed: Any) -> None:
        """A feed's options are changed, and loaded."""
        self.later(minutes=1)
        feeds = tuple(replace(f, **changed) if f.name == name else f for f in self.desk.config.feeds)
        self.desk.change(feeds=feeds)

    def without_feed(self, name: str) -> datetime:
        """A feed is taken out; returns when."""
        self.later(minutes=1)
        self.desk.change(feeds=tuple(f for f in self.desk.config.feeds if f.name != name))
        return self.desk.now

    def nowhere(self) -> None:
        """The only route stores."""
        self.desk.change(routes=(RouteConfig(channels=()),))

    def group(self) -> None:
        """The only route gathers for ten minutes."""
        self.desk.change(routes=(RouteConfig(channels=("desk",), group=600.0, group_by="rule"),))

    def quiet(self, name: str = "lunch", until: str = "19:00") -> None:
        """The channel is quiet."""
        self.desk.change(quiet_hours=(QuietHours(name, ("desk",), "00:00", until),))

    def silence(self, **match: str) -> Silence:
        """Somebody silences the rule, or what is named, for three hours."""
        now = self.desk.now
        who, why = self.rng.choice([("ann", "storms"), ("li", ""), ("desk-1", "known already")])
        wanted = {key: (value,) for key, value in (match or {"rule": "talks"}).items()}
        silence = Silence(wanted, who, why, now, now + timedelta(hours=3), now)
        return replace(silence, id=do(self.desk, lambda tx: add_silence(tx, silence)))

    # --- what feeds do

    def show(self, feed: str = "a", *items: Item) -> datetime:
        """The feed shows the article, or these items; returns when."""
        self.desk.publish(feed, *(items or (self.item,)), replace(OLD, guid=f"old-{feed}"))
        self.desk.poll(feed)
        return self.desk.now

    def fail(self, feed: str = "a", message: str = "no route to host", **result: Any) -> datetime:
        """The feed's server fails from now on; returns when it was first found out."""
        status = result.pop("status", FetchStatus.NETWORK)
        self.desk.answer(feed, FetchResult(status, message=message, **result))
        self.desk.poll(feed)
        return self.desk.now

    def mend(self, feed: str = "a") -> None:
        """The feed's server is well again."""
        self.desk.answer(feed, None)

    # --- what pages do

    def pages(self, *html: bytes, robots: bytes = b"", **result: Any) -> None:
        """The page worker does what is due; servers have this page, or this answer."""
        desk = self.desk
        body = html[0] if html else b""
        answer = FetchResult(
            result.pop("status", FetchStatus.NEW),
            result.pop("http", 200),
            body=body,
            content_type="text/html",
            final_url=self.link,
            **result,
        )
        fetcher: Any = _Pages(answer, robots)
        pacer = HostPacer(2, 0.0, at_once=8)
        tools = Tools(
            desk.database,
            lambda: desk.now,
            plan=lambda: desk.plan,
            fetcher=lambda: fetcher,
            turn=lambda host: pacer.turn(host, room=False),
        )
        around = Surroundings(lambda: 1000.0, pacer.paused_for, lambda _rung: None)
        worker = PageWorker(tools, around, HereExtractor())

        async def work() -> None:
            while True:
                worker.wake()
                begun = worker.start_due()
                await worker.settled()
                if not begun:
                    return

        asyncio.run(asyncio.wait_for(work(), 30))

    def page(self, *paragraphs: str, head: str = "") -> bytes:
        """An ordinary page."""
        return page(*paragraphs, head=head)

    # --- what receivers do

    def deliver(self, **answers: Sequence[Answer]) -> dict[str, FakeChannel]:
        """Let go what is held and due, and send what is due; each channel answers so, then OK."""
        desk = self.desk
        plan = desk.plan
        do(desk, lambda tx: release(tx, desk.now, overdue=False, quiet=plan.windows))
        channels = {name: FakeChannel(name, answers.get(name, ())) for name in plan.channels}
        terms = terms_of(plan.channels.values(), plan.rules.values(), plan.windows)

        async def work() -> None:
            worker = OutboxWorker(desk.database, lambda: desk.now, rng=lambda: 0.5, deadline=10.0)
            worker.use(channels, (), terms)
            await worker.finish()

        asyncio.run(asyncio.wait_for(work(), 30))
        return channels

    # --- how it is asked for

    def spelled(self, url: str = "") -> str:
        """The address as somebody else would give it."""
        scheme, _, rest = (url or self.link).partition("://")
        mark = "&" if "?" in rest else "?"
        forms = (
            f"{scheme}://{rest}",
            f"http://{rest}",
            f"https://www.{rest}",
            f"https://{rest}{mark}utm_source=rss&utm_medium=feed",
            f"https://{rest}{mark}fbclid=x1",
            f"https://{rest}#xtor=RSS-1",
            f"HTTPS://{rest.replace('n.example', 'N.EXAMPLE', 1)}",
        )
        return self.rng.choice(forms)

    def at(self, moment: datetime) -> str:
        """A time as words name it."""
        return stamp(moment)


class _Pages:
    """A fetcher that has one page, and a robots.txt."""

    def __init__(self, answer: FetchResult, robots: bytes) -> None:
        self._answer = answer
        self._robots = robots

    async def fetch(self, request: Any) -> FetchResult:
        await asyncio.sleep(0)
        if not request.url.endswith("/robots.txt"):
            return self._answer
        status = FetchStatus.NEW if self._robots else FetchStatus.HTTP_ERROR
        code = 200 if self._robots else 404
        return FetchResult(status, code, body=self._robots, content_type="text/plain", final_url=request.url)
