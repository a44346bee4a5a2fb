"""
The sample newsroom: a dozen fictional outlets on loopback that publish by a script.

    async with Newsroom() as room:
        config = demo_config(room.base_url, folder, database)
        ...                      # start polling
        await room.polled()      # every feed was asked for once: what it held is the baseline
        room.begin()
        await room.finished()    # the script is over, and every change was fetched by somebody
"""

from __future__ import annotations

import asyncio
import gzip
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import blake2b
from itertools import pairwise
from typing import TYPE_CHECKING, Self

from monitor.demo import pages
from monitor.demo.render import CONTENT_TYPES, Item, render
from monitor.demo.script import STEPS, Step
from monitor.demo.server import Response, Server
from monitor.demo.stories import outlets, stories

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from monitor.demo.server import Request
    from monitor.demo.stories import Outlet, Story

SLOW = 0.3  # seconds the slow outlet takes to answer
RETRY_AFTER = 600  # seconds the broken outlet asks to be left alone
HTML = {"Content-Type": "text/html; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Seen:
    """One request that was answered."""

    path: str
    status: int


@dataclass(frozen=True, slots=True)
class Tally:
    """How the requests for feeds were answered, redirects included in `polls`."""

    polls: int
    full: int
    not_modified: int
    moved: int
    unavailable: int


class Desk:
    """One outlet's feed as it stands: its items, newest first, and how much of its history was fetched."""

    def __init__(self, outlet: Outlet, base_url: str, now: datetime) -> None:
        self.outlet = outlet
        self.base_url = base_url
        self.changed = now - timedelta(hours=1)
        self.asked = False
        self.fetched = True  # nothing was published yet that somebody still has to fetch
        self.items = [
            self._item(story, now - timedelta(hours=2 + 5 * age, minutes=7 * age))
            for age, story in enumerate(outlet.old)
        ]

    def apply(self, step: Step, story: Story, now: datetime) -> None:
        """Carry the story, or edit the copy of it that is carried already."""
        link = self._link(story, step)
        if step.edit:
            index = next(n for n, item in enumerate(self.items) if item.story is story)
            old = self.items[index]
            guid = f"{old.guid}:2" if step.new_guid else old.guid
            when = now.replace(microsecond=0)
            self.items[index] = replace(old, guid=guid, link=link, published=when, updated=when)
        else:
            item = self._item(story, now)
            self.items.insert(0, replace(item, link=link, title=step.title or story.title))
        # Last-Modified knows whole seconds only: two changes within one must not look like the same document.
        self.changed = max(now, self.changed + timedelta(seconds=1))
        self.fetched = False

    def document(self) -> bytes:
        """The feed in the outlet's format."""
        return render(self.outlet, f"{self.base_url}/site/{self.outlet.slug}/", self.items)

    def _item(self, story: Story, when: datetime) -> Item:
        guid = f"tag:{self.outlet.host},2026:{story.key}"
        when = when.replace(microsecond=0)
        return Item(guid, self.base_url + story.path, story.title, story, when, when)

    def _link(self, story: Story, step: Step) -> str:
        address = self.base_url.replace("http", step.scheme, 1) + story.path
        return f"{address}?{step.query}" if step.query else address


class Newsroom:
    """
    The server with all its outlets.

    `pace` stretches the script's times: 2.0 takes twice as long, 0 publishes everything at once. `clock`
    gives the time that items are dated with. `requests` lists what was asked for, in order.
    """

    def __init__(
        self,
        pace: float = 1.0,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        steps: Sequence[Step] = STEPS,
    ) -> None:
        self.requests: list[Seen] = []
        self.base_url = ""
        self._pace = pace
        self._clock = clock
        self._steps = steps
        self._server = Server(self._answer)
        self._desks: dict[str, Desk] = {}
        self._articles: dict[str, tuple[Story, datetime]] = {}
        self._telling: asyncio.Task[None] | None = None
        self._progress = asyncio.Condition()

    async def __aenter__(self) -> Self:
        await self._server.__aenter__()
        self.base_url = f"http://127.0.0.1:{self._server.port}"
        now = self._clock()
        self._desks = {o.slug: Desk(o, self.base_url, now) for o in outlets()}
        for desk in self._desks.values():
            for item in desk.items:
                self._articles[item.story.path] = (item.story, item.published)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._telling is not None:
            self._telling.cancel()
            await asyncio.gather(self._telling, return_exceptions=True)
        await self._server.__aexit__()

    async def polled(self) -> None:
        """Wait until every feed was asked for once."""
        async with self._progress:
            await self._progress.wait_for(lambda: all(desk.asked for desk in self._desks.values()))

    def begin(self) -> None:
        """Start the script, in the background; once."""
        assert self._telling is None, "the script has already begun"
        self._telling = asyncio.create_task(self._tell())

    async def finished(self) -> None:
        """Wait until the script is over and everything it changed was fetched by somebody."""
        assert self._telling is not None, "the script has not begun"
        await self._telling
        async with self._progress:
            await self._progress.wait_for(lambda: all(desk.fetched for desk in self._desks.values()))

    def tally(self) -> Tally:
        """The requests for feeds so far, for the demo's summary."""
        listed = {path for o in outlets() for path in (o.feed_path, o.listed_path)}
        count = Counter(seen.status for seen in self.requests if seen.path in listed)
        return Tally(
            polls=count.total(),
            full=count[200],
            not_modified=count[304],
            moved=count[301],
            unavailable=count[503],
        )

    def act(self, step: Step) -> None:
        """Do one step of the script now."""
        now = self._clock()
        story = stories()[step.story]
        self._articles.setdefault(story.path, (story, now))
        self._desks[step.outlet].apply(step, story, now)

    async def _tell(self) -> None:
        for before, step in pairwise((None, *self._steps)):
            assert step is not None
            await asyncio.sleep((step.at - (before.at if before else 0.0)) * self._pace)
            self.act(step)

    async def _answer(self, request: Request) -> Response:
        response = await self._respond(request)
        self.requests.append(Seen(request.path, response.status))
        async with self._progress:
            self._progress.notify_all()
        return response

    async def _respond(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return Response(405, headers={"Allow": "GET, HEAD"})
        if request.path == "/":
            return Response(200, pages.newsstand(outlets()), HTML)
        for desk in self._desks.values():
            if request.path in (desk.outlet.listed_path, desk.outlet.feed_path):
                return await self._feed(desk, request)
            if request.path == f"/site/{desk.outlet.slug}/":
                return Response(200, pages.front(desk.outlet, [item.story for item in desk.items]), HTML)
        if request.path in self._articles:
            story, published = self._articles[request.path]
            return Response(200, pages.article(self._desks[story.home].outlet, story, published), HTML)
        return Response(404, b"not here\n", {"Content-Type": "text/plain"})

    async def _feed(self, desk: Desk, request: Request) -> Response:
        outlet = desk.outlet
        if request.path != outlet.feed_path:
            return Response(301, headers={"Location": self.base_url + outlet.feed_path})
        if not outlet.answers:
            desk.asked = True
            return Response(503, headers={"Retry-After": str(RETRY_AFTER)})
        if outlet.quirk == "slow":
            await asyncio.sleep(SLOW)
        desk.asked = True
        response = _document(desk, request)
        if response.status == 200 and request.method == "GET":
            desk.fetched = True
        return response


def _document(desk: Desk, request: Request) -> Response:
    """The feed, or 304 where the client's validators say that it has it."""
    body = desk.document()
    headers = {"Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
    if desk.outlet.quirk != "no_validators":
        headers["ETag"] = f'W/"{blake2b(body, digest_size=8).hexdigest()}"'
        headers["Last-Modified"] = format_datetime(desk.changed.replace(microsecond=0), usegmt=True)
        if _has_it(request, headers):
            return Response(304, headers=headers)
    headers["Content-Type"] = CONTENT_TYPES[desk.outlet.format]
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body, mtime=0)
    return Response(200, body, headers)


def _has_it(request: Request, headers: dict[str, str]) -> bool:
    """RFC 9110: the ETag decides where one was sent, else the date."""
    if "if-none-match" in request.headers:
        return headers["ETag"] in request.headers["if-none-match"]
    return request.headers.get("if-modified-since") == headers["Last-Modified"]
