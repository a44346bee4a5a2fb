"""Feeds at addresses of this machine or its network, which polling refuses unless they are allowed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from monitor.config.words import Problem, shown
from monitor.settings import Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from monitor.settings import Config

_LITERAL = re.compile(r"[0-9a-fx.]+|.*:.*", re.IGNORECASE)


def unreachable_feeds(config: Config) -> Iterator[Problem]:
    """
    A warning for each enabled feed whose address spells out a host that polling will refuse.

    Names are not looked up: where one leads is seen when the feed is polled.
    """
    hosts = [(f, _host(f.url.reveal())) for f in config.feeds if f.enabled and not f.url.missing]
    suspects = [(f, host) for f, host in hosts if host == "localhost" or _LITERAL.fullmatch(host)]
    if not suspects:
        return
    from monitor.feeds.addresses import judge, literal, parse_ranges  # noqa: PLC0415 - few feeds need it

    allowed = parse_ranges(config.polling.allow_private)
    for feed, host in suspects:
        address = literal("127.0.0.1" if host == "localhost" else host)
        if address is None:
            continue
        lawful, kind = judge(address, allowed)
        if not lawful:
            origin = feed.origin or Origin(str(config.path), ())
            path = (*origin.path, "url") if origin.path[:1] == ("feeds",) else (*origin.path, "file")
            net = f"{address}/{32 if address.version == 4 else 128}"
            message = f"feed {shown(feed.name)} is at {kind}, which is refused when it is polled"
            hint = f'if it is meant, add allow_private = ["{net}"] to [polling]'
            yield Problem(origin.file, path, "private_address", message, hint, "warning")


def refused_host(url: str, allowed: Iterable[str]) -> str | None:
    """What kind of address a URL spells out, if it is one that would be refused; None = it is not."""
    host = _host(url)
    if host != "localhost" and not _LITERAL.fullmatch(host):
        return None
    from monitor.feeds.addresses import judge, literal, parse_ranges  # noqa: PLC0415 - few need it

    address = literal("127.0.0.1" if host == "localhost" else host)
    if address is None:
        return None
    lawful, kind = judge(address, parse_ranges(allowed))
    return None if lawful else kind


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").removesuffix(".")
    except ValueError:
        return ""
