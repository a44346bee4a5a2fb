"""
The parent's side of parsing: one killable process per lane, and its JSON answers as values.

A document is parsed in a process of its own (worker.py) with a budget of processor time and memory;
monitor.killable says how.

No document may delay the others for long, be there one that burns its whole budget or fifty. Large documents,
and those of feeds that had a process killed, take a lane of their own. All others start in a lane where the
budget is a small part of the whole, ample for every honest document of that size; one that exceeds it starts
again in the lane for the suspicious, and if many wait there already, it waits for the next poll. While an
ordinary document is slow, a second process of the same kind lets the others overtake it, the small ones
first: it takes a large document to burn much time.
"""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Any

from monitor.killable.parent import KillableProcess, KilledError
from monitor.model import Entry, FeedInfo, ParsedFeed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection, Mapping

SUSPECT_BYTES = 1_000_000


class ParserWorker(KillableProcess):
    """
    Parses documents one after another in a killable process.

    `cpu_seconds` of processor time and `wall_seconds` of waiting are allowed per document. With `one_shot`
    every document gets a fresh process that ends with it, so that no memory stays behind.
    """

    def __init__(
        self, cpu_seconds: float = 5.0, wall_seconds: float = 15.0, *, one_shot: bool = False
    ) -> None:
        super().__init__(
            "monitor.feeds.worker",
            work="parsing",
            thing="a feed",
            cpu_seconds=cpu_seconds,
            wall_seconds=wall_seconds,
            one_shot=one_shot,
        )

    async def parse(
        self, body: bytes, *, content_type: str, url: str, known: Collection[int] = ()
    ) -> ParsedFeed:
        """The parsed document, or a ParsedFeed with `error`; never raises for what a document holds."""
        header = {"content_type": content_type, "url": url, "known": list(known)}
        try:
            return await self.ask_for(parsed_feed, header, body)
        except KilledError as end:
            return ParsedFeed(error=str(end), killed=end.killed)


class Parser:
    """
    Lanes of ParserWorker: two for ordinary documents, one for large ones and known troublemakers.

    An ordinary document may take `quick_seconds` of processor time, and, if that is not enough, all of
    `cpu_seconds` in the other lane, unless `crowd` of them wait there. The second ordinary lane is entered
    only after `patience` seconds of waiting for the first, and its process ends when nobody waits any more:
    most of the time there is one process.
    """

    def __init__(
        self,
        cpu_seconds: float = 5.0,
        wall_seconds: float = 15.0,
        *,
        quick_seconds: float = 0.25,
        patience: float = 0.5,
        crowd: int = 3,
    ) -> None:
        self.patience = patience
        self.crowd = crowd
        self.normal = ParserWorker(min(quick_seconds, cpu_seconds), wall_seconds)
        self.second = ParserWorker(min(quick_seconds, cpu_seconds), wall_seconds)
        self.suspect = ParserWorker(cpu_seconds, wall_seconds, one_shot=True)
        self._entered: float | None = None  # when the document in the first lane came there
        self._second_taken = False
        self._waiting: list[tuple[int, int, asyncio.Future[ParserWorker]]] = []  # a heap, by size
        self._numbers = count()
        self._watch: asyncio.TimerHandle | None = None
        self._suspects = 0

    async def parse(
        self,
        body: bytes,
        *,
        content_type: str,
        url: str,
        suspect: bool = False,
        known: Collection[int] = frozenset(),
    ) -> ParsedFeed:
        """
        Parse in the lane the document belongs to; `suspect` says that its feed had a process killed.

        Items whose hash (ParsedFeed.items) is in `known` are only told by guid and link.
        """
        if suspect or len(body) > SUSPECT_BYTES:
            return await self._slowly(body, content_type=content_type, url=url, known=known)
        async with self._lane(len(body)) as lane:
            feed = await lane.parse(body, content_type=content_type, url=url, known=known)
        if not feed.killed or lane.cpu_seconds >= self.suspect.cpu_seconds:
            return feed
        if self._suspects >= self.crowd:
            return feed  # the next poll is a suspect's, and has the time that this one lacked
        return await self._slowly(body, content_type=content_type, url=url, known=known)

    async def _slowly(
        self, body: bytes, *, content_type: str, url: str, known: Collection[int]
    ) -> ParsedFeed:
        """Parse in the lane for large documents and suspects."""
        self._suspects += 1
        try:
            return await self.suspect.parse(body, content_type=content_type, url=url, known=known)
        finally:
            self._suspects -= 1

    @contextlib.asynccontextmanager
    async def _lane(self, size: int) -> AsyncIterator[ParserWorker]:
        """The first lane when it is free, or the second where the document in the first is slow."""
        lane = await self._enter(size)
        try:
            yield lane
        finally:
            await self._leave(lane)

    async def _enter(self, size: int) -> ParserWorker:
        """Wait for a lane and take it; of those who wait, small documents go first."""
        loop = asyncio.get_running_loop()
        if self._entered is None:
            self._entered = loop.time()
            return self.normal
        turn: asyncio.Future[ParserWorker] = loop.create_future()
        heappush(self._waiting, (size, next(self._numbers), turn))
        if self._watch is None:
            self._watch = loop.call_later(self.patience, self._look)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():  # it was given a lane and goes without it
                await self._leave(turn.result())
            raise

    async def _leave(self, lane: ParserWorker) -> None:
        if lane is self.normal:
            self._entered = None
            if self._give(lane):
                self._entered = asyncio.get_running_loop().time()
        elif not (self._is_slow and self._give(lane)):
            await lane.close()
            self._second_taken = False

    def _give(self, lane: ParserWorker) -> bool:
        """Let the smallest document that waits have a lane; False if none does."""
        while self._waiting:
            _, _, turn = heappop(self._waiting)
            if not turn.done():
                turn.set_result(lane)
                return True
        return False

    @property
    def _is_slow(self) -> bool:
        """Whether the document in the first lane has been there for long."""
        now = asyncio.get_running_loop().time()
        return self._entered is not None and now - self._entered >= self.patience

    def _look(self) -> None:
        """While anybody waits: open the second lane where one slow document is what they wait for."""
        self._watch = None
        if not self._waiting:
            return
        if self._is_slow and not self._second_taken:
            self._second_taken = self._give(self.second)
        self._watch = asyncio.get_running_loop().call_later(self.patience / 2, self._look)

    async def close(self) -> None:
        """End all processes."""
        await self.normal.close()
        await self.second.close()
        await self.suspect.close()


def parsed_feed(answer: Mapping[str, Any]) -> ParsedFeed:
    """Map a worker's answer to values; raises KeyError, TypeError or ValueError if it is none."""
    warnings = tuple(answer.get("warnings", ()))
    complete = bool(answer.get("complete", True))
    if answer.get("error"):
        return ParsedFeed(warnings=warnings, error=str(answer["error"]), complete=complete)
    info = answer["info"]
    entries = tuple(_entry(entry) for entry in answer["entries"])
    return ParsedFeed(
        info=FeedInfo(
            title=info["title"],
            link=info["link"],
            language=info["language"],
            format=info["format"],
            ttl=info.get("ttl"),
            updated=_moment(info.get("updated")),
            skip_hours=frozenset(info.get("skip_hours", ())),
            skip_days=frozenset(info.get("skip_days", ())),
            self_url=info.get("self_url"),
        ),
        entries=entries,
        parser=answer["parser"],
        warnings=warnings,
        complete=complete,
        items=tuple(answer.get("items", ())),
        skipped=sum(entry.known for entry in entries),
    )


def _entry(entry: Mapping[str, Any]) -> Entry:
    if "title" not in entry:
        return Entry(guid=entry["guid"], link=entry["link"], raw=entry["raw"], known=True)
    return Entry(
        guid=entry["guid"],
        link=entry["link"],
        title=entry["title"],
        summary=entry["summary"],
        content=entry["content"],
        published=_moment(entry["published"]),
        updated=_moment(entry["updated"]),
        authors=tuple(entry["authors"]),
        categories=tuple(entry["categories"]),
        language=entry["language"],
        source_title=entry.get("source_title"),
        source_url=entry.get("source_url"),
        raw=entry.get("raw", 0),
    )


def _moment(text: str | None) -> datetime | None:
    """An RFC 3339 text in UTC as an aware datetime."""
    return datetime.fromisoformat(text) if text else None
