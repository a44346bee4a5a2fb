"""
Finding the feeds of a site from the address of any of its pages; each one found has been fetched and parsed.

Theory of operation. The first thing that gives a feed ends the search, in the order of how sure it is: the
rules of well-known sites; the address itself; what its page declares, links to and is made by; a page of
feeds that it links to; the usual places; robots.txt and the sitemaps it names. Requests are counted and the
whole has a deadline, so a site that leads nowhere costs a dozen requests at the pace that polling keeps.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from monitor.feeds.candidates import (
    Candidate,
    feeds_in_sitemap,
    links_of,
    looks_like_a_feed,
    sitemaps_of,
    usual_places,
)
from monitor.feeds.document import decode
from monitor.feeds.looking import Look, Looker, Verdict, title_of
from monitor.feeds.pacing import HostPacer
from monitor.feeds.sites import from_page, rewrite
from monitor.model import FetchStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from monitor.feeds.fetch import Fetcher
    from monitor.feeds.looking import FeedParser
    from monitor.model import FetchResult, ParsedFeed

LIMIT = 12  # requests
DEADLINE = 90.0  # seconds
_SITEMAPS = 2
_FOR_ROBOTS = 1 + _SITEMAPS + 1  # requests that the usual places leave over, one for what is found
_OF_COMMENTS = re.compile(
    r"/comments(?:/|$)|[?&=]comments(?:$|&)|^(?:comments|commentaires|kommentare)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class FoundFeed:
    """A feed that was found; `latest` is its newest item's date, `how` a phrase for people."""

    url: str
    title: str
    items: int
    latest: datetime | None
    kind: str
    how: str


@dataclass(frozen=True, slots=True)
class Discovery:
    """
    What was found, the best first, and how many requests it took.

    `direct`: the address is itself the feed (the only one in `found`); `moved_to` is where it has moved for
    good. With nothing found, `why` is a sentence, and `verdict` says whether the address is known to hold no
    feed or could not be looked at; `guess` is where a rule of the site says that the feed should be then.
    """

    found: tuple[FoundFeed, ...] = ()
    tried: int = 0
    why: str = ""
    direct: bool = False
    moved_to: str | None = None
    verdict: Verdict = Verdict.FEED
    guess: str | None = None


async def discover(
    address: str,
    fetcher: Fetcher,
    parser: FeedParser,
    *,
    limit: int = LIMIT,
    deadline: float = DEADLINE,
    pacer: HostPacer | None = None,
    progress: Callable[[int, int], None] = lambda _done, _limit: None,
) -> Discovery:
    """
    The feeds of a page or a site.

    `limit` bounds the requests and `deadline` the seconds; what was found until then is kept. `pacer` spaces
    requests to a host (one a second where none is given); `progress` is told requests done and allowed.
    """
    looker = Looker(fetcher, parser, pacer or HostPacer(2, 1.0), address)
    search = _Search(address, looker, limit, progress)
    late = False
    try:
        async with asyncio.timeout(deadline):
            await search.run()
    except TimeoutError:
        late = True
    return search.outcome(f"nothing was found within {deadline:g} s" if late else "")


@dataclass(slots=True)
class _Search:
    address: str
    looker: Looker
    limit: int
    progress: Callable[[int, int], None]
    tried: int = 0
    seen: set[str] = field(default_factory=set)
    found: list[tuple[FoundFeed, object]] = field(default_factory=list)
    page: Look | None = None
    guess: Look | None = None

    @property
    def left(self) -> int:
        return self.limit - self.tried

    async def run(self) -> None:
        """Search until something is found or nothing is left to try."""
        ruled = await self._try(_candidates(rewrite(self.address), "a rule of this site"))
        if self.found:
            return
        self.guess = next((look for look in ruled if look.verdict is Verdict.UNREACHABLE), None)
        page = self.page = await self._look(self.address)
        if page is None or page.verdict is Verdict.FEED:
            return
        if page.result.status is FetchStatus.NEW:
            await self._links(page)
        elif page.result.http_status not in (403, 404, 405, 406, 410):
            return  # not there, or asking again would be rude; a page may be barred where its feed is not
        if not self.found:
            await self._usual_places()
        if not self.found:
            await self._sitemaps()

    def outcome(self, late: str) -> Discovery:
        """What the search came to."""
        page = self.page
        if page is not None and page.verdict is Verdict.FEED:
            feed = _found(page.url, page.parsed, "the address itself")
            return Discovery((feed,), self.tried, direct=True, moved_to=page.result.permanent_url)
        best: dict[object, FoundFeed] = {}
        for feed, identity in self.found:
            best.setdefault(identity, feed)
        if best:
            return Discovery(tuple(sorted(best.values(), key=_rank)), self.tried)
        if self.guess is not None:
            why = self.guess.why
            return Discovery((), self.tried, why, verdict=Verdict.UNREACHABLE, guess=self.guess.url)
        if page is None:
            return Discovery((), self.tried, late or "it was not looked at", verdict=Verdict.UNREACHABLE)
        why = page.why
        if page.result.status is FetchStatus.NEW:
            why = late or f"{why}, it leads to no feed, and none is at the usual places"
        return Discovery((), self.tried, why, verdict=page.verdict)

    async def _links(self, page: Look) -> None:
        """What the page declares and links to; then, one step on, what its page of feeds does."""
        looks = await self._try(self._of_page(page))
        if self.found:
            return
        for look in looks:
            if (
                look.result.status is FetchStatus.NEW
                and looks_like_a_feed(look.url)
                and self.left > _FOR_ROBOTS
            ):
                await self._try(self._of_page(look)[: self.left - _FOR_ROBOTS])

    def _of_page(self, page: Look) -> list[Candidate]:
        result = page.result
        text, _ = decode(result.body, result.content_type)
        base = result.final_url or page.url
        links = links_of(text, base)
        guessed = from_page(base, text, links.generator)
        return [
            *_candidates(links.declared, "declared by the page"),
            *_candidates(guessed, "where its software puts it"),
            *_candidates(links.linked, "linked from the page"),
        ]

    async def _usual_places(self) -> None:
        """One after another, for most sites answer the first two of them."""
        base = self._base()
        for candidate in _candidates(usual_places(base), "a usual place"):
            if self.found or self.left <= _FOR_ROBOTS:
                return
            await self._try([candidate])

    async def _sitemaps(self) -> None:
        base = self._base()
        robots = await self._fetch(urljoin(base, "/robots.txt"))
        if robots is None or robots.status is not FetchStatus.NEW:
            return
        named = sitemaps_of(robots.body.decode("utf-8", "replace"), robots.final_url or base)
        for sitemap in named[:_SITEMAPS]:
            answer = await self._fetch(sitemap)
            if answer is not None and answer.status is FetchStatus.NEW:
                text, _ = decode(answer.body, answer.content_type)
                urls = feeds_in_sitemap(text, answer.final_url or sitemap)
                await self._try(_candidates(urls, "named in a sitemap"))

    def _base(self) -> str:
        return (self.page.result.final_url if self.page else "") or self.address

    async def _try(self, candidates: Iterable[Candidate]) -> list[Look]:
        """Look at addresses that were not looked at yet, as many as are left; keeps those that are feeds."""
        chosen = [c for c in candidates if c.url not in self.seen][: self.left]
        looks = await asyncio.gather(*(self._look(candidate.url) for candidate in chosen))
        there = []
        for candidate, look in zip(chosen, looks, strict=True):
            if look is None:
                continue
            there.append(look)
            if look.verdict is Verdict.FEED:
                url = look.result.permanent_url or look.url
                feed = _found(url, look.parsed, candidate.how)
                self.found.append((feed, _identity(feed, look.parsed)))
        return there

    async def _look(self, url: str) -> Look | None:
        if not self._may_ask(url):
            return None
        look = await self.looker.look(url)
        self.seen.add(look.result.final_url)
        self.progress(self.tried, self.limit)
        return look

    async def _fetch(self, url: str) -> FetchResult | None:
        return await self.looker.fetch(url) if self._may_ask(url) else None

    def _may_ask(self, url: str) -> bool:
        if self.left <= 0 or url in self.seen:
            return False
        self.seen.add(url)
        self.tried += 1
        self.progress(self.tried - 1, self.limit)
        return True


def _candidates(urls: Sequence[str], how: str) -> list[Candidate]:
    return [Candidate(url, how) for url in urls]


def _found(url: str, parsed: ParsedFeed, how: str) -> FoundFeed:
    dates = [date for entry in parsed.entries if (date := entry.published or entry.updated)]
    return FoundFeed(
        url=url,
        title=title_of(parsed),
        items=len(parsed.entries),
        latest=max(dates, default=None),
        kind=_kind(parsed.info.format),
        how=how,
    )


def _kind(word: str) -> str:
    """The format as people write it: "rss20" is RSS 2.0."""
    parts = re.fullmatch(r"([a-z]+)(\d)(\d+)[a-z]*", word)
    name = parts[1] if parts else word
    named = {"rss": "RSS", "atom": "Atom", "json": "JSON Feed"}.get(name, name or "unknown")
    return f"{named} {parts[2]}.{parts[3]}" if parts else named


def _identity(feed: FoundFeed, parsed: ParsedFeed) -> object:
    """What two addresses of one feed have in common: its newest items."""
    items = tuple(entry.guid or entry.link or entry.title for entry in parsed.entries[:5])
    return (feed.title, items) if items else feed.url


def _rank(feed: FoundFeed) -> tuple[bool, bool]:
    """Feeds of comments and empty ones last; else the order in which they were found."""
    of_comments = bool(_OF_COMMENTS.search(feed.url) or _OF_COMMENTS.search(feed.title))
    return of_comments, not feed.items
