"""Which feeds are asked, and which must not be: good manners count for the doctor as for the daemon. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.doctor.findings import span

if TYPE_CHECKING:
    import random
    from collections.abc import Mapping, Sequence
    from datetime import datetime

LEAST = 60.0  # seconds between two questions to one feed, whoever asks
SOON = 30.0  # seconds before the daemon's own next question in which nobody else asks


@dataclass(frozen=True, slots=True)
class Candidate:
    """
    A feed that could be asked, and what its row knows; `floor` is the pause its server asked for, in seconds.

    `forbidden_until` is a Retry-After of its own, `host_until` one of its host's.
    """

    name: str
    site: str
    asked_at: datetime | None = None
    next_at: datetime | None = None
    floor: float | None = None
    forbidden_until: datetime | None = None
    host_until: datetime | None = None
    gone: bool = False
    failing: bool = False
    lacks_address: bool = False


def wish(feed: Candidate, now: datetime) -> str:
    """What its server asked for that forbids to ask it now, in words; "" where it asked for nothing."""
    until = max((at for at in (feed.forbidden_until, feed.host_until) if at is not None), default=None)
    if until is not None and until > now:
        return f"its server asked to be left alone for another {span((until - now).total_seconds())}"
    return ""


def may_ask(feed: Candidate, now: datetime, *, running: bool) -> bool:
    """Whether a question now is lawful and polite; `running` = a daemon asks as well."""
    if feed.lacks_address or feed.gone or wish(feed, now):
        return False
    if feed.asked_at is not None:
        ago = (now - feed.asked_at).total_seconds()
        # A time far in the future is one of a clock that was set since; a near one is the present.
        if -LEAST < ago < max(LEAST, feed.floor or 0.0):
            return False
    return not (running and feed.next_at is not None and (feed.next_at - now).total_seconds() < SOON)


def choose(feeds: Sequence[Candidate], count: int | None, rng: random.Random) -> list[str]:
    """
    The names of those to ask, of as many sites as there are, those that fail first; None = all of them.

    One of a site is enough to see whether that site can be reached, unless all are wanted.
    """
    if count is None:
        return [feed.name for feed in feeds]
    mixed = sorted(feeds, key=lambda feed: (not feed.failing, rng.random()))
    first: dict[str, str] = {}
    for feed in mixed:
        first.setdefault(feed.site, feed.name)
    return list(first.values())[:count]


def by_site(pauses: Mapping[str, datetime], site: str) -> datetime | None:
    """The longest pause that a host of a site asked for."""
    return max((until for host, until in pauses.items() if host.removeprefix("www.") == site), default=None)
