"""
Learning that a feed has moved: which permanent redirects are believed, and what is kept of them. Pure.

A move is learnt when three polls in a row were led by permanent redirects alone to the same address, and a
readable feed was there. From then on that address is asked; the first answer there that is no feed unlearns
it, and the configured one is asked again.

The database must hold no secret, and an address may hold one anywhere. So of the new address only what was
not configured is kept: where path and query are those of the configured one, the scheme and host alone. An
address with a query or a login of its own, one that repeats a part of the old one that could be a key, and
that of a feed whose configuration gives a login, headers or a hidden address, is reported and not learnt.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from monitor.model import value

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

TIMES = 3  # polls in a row that have to agree
_KEY = 12  # characters from which on a part of a path could be a secret


class Verdict(StrEnum):
    """What follows for a feed from where a poll of it was led."""

    KEEP = "keep"  # nothing to say now
    LEARN = "learn"  # the new address is asked from now on
    REPORT = "report"  # it has moved, but the new address may not be kept
    UNLEARN = "unlearn"  # what was learnt does not work: the configured address again


@value
class Seen:
    """What is stored of a feed's moves: the `moved_…` columns of its row."""

    to: str | None = None
    target: int | None = None
    times: int = 0
    at: datetime | None = None


@value
class Move:
    """What is to be stored after a poll, and what follows."""

    seen: Seen
    verdict: Verdict = Verdict.KEEP


@value
class Led:
    """
    Where a poll was led: `permanent` is the end of a chain of permanent redirects alone, else None.

    `readable` = a feed was there, or is still as it was; `dead` = the server there answered, with no feed;
    `failures` counts the failed polls in a row, this one included.
    """

    permanent: str | None
    readable: bool
    dead: bool = False
    failures: int = 0


def observe_move(
    seen: Seen, led: Led, configured: str, now: datetime, hashed: Callable[[str], int], *, guarded: bool
) -> Move:
    """
    What to make of where a poll was led, after what was `seen` before.

    `configured` is the feed's own address; `guarded` = it comes with what no other server may see.
    """
    if not led.readable:
        if seen.to is not None and (led.dead or led.failures >= TIMES):
            return Move(Seen(), Verdict.UNLEARN)
        return Move(seen)
    if led.permanent is None:
        # Straight at home: whatever was seen on the way to a move is no move. One that was learnt stays.
        return Move(seen if seen.to is not None else Seen())
    target = hashed(led.permanent)
    if target != seen.target:
        return Move(Seen(seen.to, target, 1, now))
    times = min(seen.times + 1, TIMES + 1)
    if times != TIMES:
        return Move(Seen(seen.to, target, times, seen.at))
    kept = None if guarded else storable(configured, led.permanent)
    verdict = Verdict.REPORT if kept is None else Verdict.LEARN
    return Move(Seen(seen.to if kept is None else kept, target, times, seen.at), verdict)


def storable(configured: str, target: str) -> str | None:
    """What may be stored of the address that a feed has moved to; None where nothing may."""
    try:
        old, new = urlsplit(configured), urlsplit(target)
        if (
            old.username
            or old.password
            or new.username
            or new.password
            or new.scheme not in ("http", "https")
        ):
            return None
        if not new.hostname:
            return None
    except ValueError:
        return None
    origin = f"{new.scheme}://{new.netloc}"
    if (old.path or "/", old.query) == (new.path or "/", new.query):
        return origin
    if new.query:
        return None
    keys = {part for part in old.path.split("/") if len(part) >= _KEY} | ({old.query} if old.query else set())
    if any(key in target for key in keys):
        return None
    return f"{origin}{new.path or '/'}"


def learnt_address(configured: str, kept: str | None) -> str:
    """The address to ask: the one learnt, with what was not stored of it, else the configured one."""
    if not kept:
        return configured
    new = urlsplit(kept)
    if new.path:
        return kept
    old = urlsplit(configured)
    return f"{kept}{old.path or '/'}{'?' + old.query if old.query else ''}"
