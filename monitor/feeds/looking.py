"""
Looking at an address before it is a feed of ours: is one there, is something else there, or can nobody say?

Everything is fetched by the one `Fetcher` and parsed by the one `Parser` that polling uses, so that what is
found by hand is guarded, paced and bounded like what is polled.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlsplit

from monitor.feeds.pacing import host_of
from monitor.model import FetchRequest, FetchResult, FetchStatus, ParsedFeed
from monitor.text.html import html_to_text, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from monitor.feeds.fetch import Fetcher
    from monitor.feeds.pacing import HostPacer

LONGEST_TITLE = 120
BARE_PAUSE = 60.0  # seconds a host is left alone that is asked too often and does not say for how long
_NOTHING_THERE = frozenset({404, 405, 406, 410})


class FeedParser(Protocol):
    """What parses a document: `monitor.feeds.parse.Parser`."""

    async def parse(self, body: bytes, *, content_type: str, url: str) -> ParsedFeed:
        """The parsed document, or one with `error`."""
        ...


class Verdict(StrEnum):
    """What is known of an address after a look."""

    FEED = "feed"
    NOT_A_FEED = "not_a_feed"  # the server answered, and this is none
    UNREACHABLE = "unreachable"  # no answer, or one that says nothing of what is there


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at an address gave; `why` is a sentence without secrets where it is no feed."""

    url: str
    verdict: Verdict
    why: str
    result: FetchResult
    parsed: ParsedFeed


class Looker:
    """
    Looks at addresses, in turn at each host. `named` is the address a person gave.

    Its login goes to its own origin alone, and its port may be asked at its own host alone.
    """

    def __init__(self, fetcher: Fetcher, parser: FeedParser, pacer: HostPacer, named: str = "") -> None:
        self._fetcher = fetcher
        self._parser = parser
        self._pacer = pacer
        self._named = named

    async def fetch(self, url: str) -> FetchResult:
        """Ask for an address when its host's turn comes; a host that asked for a pause is not asked."""
        host = host_of(url)
        async with self._pacer.turn(host) as paused:
            if paused:
                said = f"its server asked not to be asked for {paused:.0f} s"
                return FetchResult(FetchStatus.RATE_LIMITED, message=said)
            result = await self._fetcher.fetch(self._request(url))
        if result.status is FetchStatus.RATE_LIMITED:
            self._pacer.pause(host, BARE_PAUSE if result.retry_after is None else result.retry_after)
        return result

    async def look(self, url: str) -> Look:
        """Fetch and parse an address."""
        result = await self.fetch(url)
        parsed = ParsedFeed(error="nothing was read")
        if result.status is FetchStatus.NEW:
            parsed = await self._parser.parse(
                result.body, content_type=result.content_type, url=result.final_url or url
            )
        return Look(url, *judge(result, parsed), result, parsed)

    def _request(self, url: str) -> FetchRequest:
        if not self._named or host_of(url) != host_of(self._named):
            return FetchRequest(url)
        named = urlsplit(self._named)
        ports = frozenset({named.port} if named.port else ())
        return FetchRequest(url, auth=login_for(url, self._named), ports=ports)


@dataclass(frozen=True, slots=True)
class Seen:
    """What is remembered of a look when there are many: the document itself is not."""

    verdict: Verdict
    why: str = ""
    title: str = ""
    items: int = 0


async def look_at_all(
    urls: Sequence[str],
    fetcher: Fetcher,
    parser: FeedParser,
    pacer: HostPacer,
    *,
    deadline: float,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> dict[str, Seen]:
    """
    Look at many addresses at the pace of `pacer`; those not reached within `deadline` seconds are left out.

    `progress` is told how many of all are done.
    """
    seen: dict[str, Seen] = {}

    async def one(url: str) -> None:
        look = await Looker(fetcher, parser, pacer, url).look(url)
        seen[url] = Seen(look.verdict, look.why, title_of(look.parsed), len(look.parsed.entries))
        progress(len(seen), len(urls))

    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(deadline):
            await asyncio.gather(*map(one, urls))
    return seen


def judge(result: FetchResult, parsed: ParsedFeed) -> tuple[Verdict, str]:
    """What an answer, and its document if it was one, tell of an address."""
    if result.status is FetchStatus.NEW:
        if not parsed.error:
            return Verdict.FEED, ""
        return Verdict.UNREACHABLE if parsed.killed else Verdict.NOT_A_FEED, parsed.error
    why = result.message or result.status.value
    definite = (
        result.status in (FetchStatus.GONE, FetchStatus.TOO_BIG) or result.http_status in _NOTHING_THERE
    )
    return (Verdict.NOT_A_FEED if definite else Verdict.UNREACHABLE), why


def title_of(parsed: ParsedFeed) -> str:
    """A feed's title as one short line of plain text."""
    return one_line(html_to_text(parsed.info.title), LONGEST_TITLE)


def login_for(url: str, named: str) -> tuple[str, str] | None:
    """The login in the address a person named, for an address of the same origin; None for any other."""
    try:
        one, other = urlsplit(named), urlsplit(url)
        same = (one.hostname, one.port) == (other.hostname, other.port)
    except ValueError:
        return None
    userinfo, at, _ = one.netloc.rpartition("@")
    if not at or not same or other.scheme not in (one.scheme, "https"):
        return None
    user, _, password = userinfo.partition(":")
    return unquote(user), unquote(password)
