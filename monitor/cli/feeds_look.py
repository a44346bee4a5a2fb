"""What the verbs that look at sources share: how they fetch, and how what they find is shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from monitor.cli import output

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping, Sequence

    from monitor.feeds.discover import Discovery, FoundFeed
    from monitor.feeds.fetch import HttpFetcher
    from monitor.feeds.looking import Seen
    from monitor.feeds.pacing import HostPacer
    from monitor.feeds.parse import Parser
    from monitor.settings import Config

T = TypeVar("T")
PATIENCE = 15.0  # seconds for one request while a person waits
CHECK_PATIENCE = 300.0  # seconds for all of a list


def search(address: str, config: Config | None) -> Discovery:
    """Look for the feeds of an address, with a progress bar where a person is looking."""
    from monitor.feeds.discover import discover

    bar = output.Bar("looking for feeds")
    return _looked(
        bar,
        lambda parser: discover(address, _fetcher(config), parser, pacer=_pacer(config), progress=bar.show),
    )


def check(urls: Sequence[str], config: Config) -> dict[str, Seen]:
    """Look at each of these addresses; what could not be looked at in five minutes is left out."""
    from monitor.feeds.looking import look_at_all

    bar = output.Bar("looking at feeds")
    return _looked(
        bar,
        lambda parser: look_at_all(
            urls, _fetcher(config), parser, _pacer(config), deadline=CHECK_PATIENCE, progress=bar.show
        ),
    )


def _looked(bar: output.Bar, look: Callable[[Parser], Coroutine[Any, Any, T]]) -> T:
    """What a look finds, with a parser of its own; its bar is gone afterwards."""
    import asyncio

    from monitor.feeds.parse import Parser

    async def run() -> T:
        parser = Parser()
        try:
            return await look(parser)
        finally:
            await parser.close()

    try:
        return asyncio.run(run())
    finally:
        bar.clear()


def _fetcher(config: Config | None) -> HttpFetcher:
    """The fetcher that polling uses, with the same guard; only less patient."""
    from monitor.feeds.fetch import HttpFetcher, user_agent

    ranges = config.polling.allow_private if config else ()
    agent = user_agent(config.contact if config else None)
    return HttpFetcher(agent, allow_private=ranges, deadline=PATIENCE)


def _pacer(config: Config | None) -> HostPacer:
    from monitor.feeds.pacing import HostPacer
    from monitor.settings import Polling

    polling = config.polling if config else Polling()
    return HostPacer(polling.per_host, polling.per_host_gap, at_once=polling.concurrency)


def shown_url(url: str) -> str:
    """A typed or configured address for people and programs; one that holds a login or a token is masked."""
    from monitor.config.secrets import secret_parts
    from monitor.config.show import public_url

    return public_url(url) if secret_parts(url) else url


def shape_of_found(feed: FoundFeed, listed: Mapping[str, str] | None = None) -> dict[str, Any]:
    """
    A found feed as JSON; `listed` has the names of configured feeds by address.

    Its address is shown as its site has it: to be typed again, and no secret of the configuration.
    """
    return {
        "url": feed.url,
        "title": feed.title,
        "items": feed.items,
        "latest": output.rfc3339(feed.latest),
        "kind": feed.kind,
        "how": feed.how,
    } | ({"listed": listed.get(feed.url)} if listed is not None else {})


def facts_of(feed: FoundFeed) -> str:
    """What a person wants to know of a feed, as a phrase."""
    count = "no items" if not feed.items else "1 item" if feed.items == 1 else f"{feed.items} items"
    parts = [output.printable(feed.title), feed.kind, count]
    if feed.latest is not None:
        parts.append(f"the newest {output.ago(feed.latest, datetime.now(UTC))}")
    return ", ".join(part for part in parts if part)


def last_of(feed: FoundFeed) -> str:
    """When the newest item was published, as people say it."""
    return output.ago(feed.latest, datetime.now(UTC))
