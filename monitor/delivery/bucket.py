"""
How fast a channel may be written to, and what becomes of a queue that is longer than that. Pure.

Each credential has a bucket of tokens, one for each message: `Limit` says how many lie in it at most and how
soon one comes back. A bucket is one number, the time at which it would be full again. Times are seconds of a
clock that is never set, such as `time.monotonic()`.

Services publish windows ("20 a minute"). A bucket that holds B and gives one back each E seconds lets at most
B + W/E messages through in W seconds, so `within` chooses both such that this is what the service allows.

Where more waits than can go, nobody wants it drop by drop: `settle_backlog` says which messages still go by
themselves and which become a digest.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from monitor.model import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

FEW = 5  # so many may wait without becoming a digest, and so many urgent ones go singly out of a backlog
MOST_DIGESTS = 8  # messages that a backlog becomes, at most
PER_DIGEST = 25  # entries of one such message, as long as eight of them hold all


@dataclass(frozen=True, slots=True)
class Limit:
    """
    So many at once, then one each `every` seconds.

    `published` says what the service allows, in its words; `source` where that was read.
    """

    burst: int
    every: float
    published: str = ""
    source: str = ""


def within(count: int, seconds: float, published: str, source: str) -> Limit:
    """The limit that lets no more than `count` messages through in `seconds`, a quarter at once."""
    burst = max(1, count // 4)
    return Limit(burst, seconds / max(1, count - burst), published, source)


_NTFY = Limit(30, 5, "60 at once, then 1 each 5 s, for each visitor", "ntfy's configuration page")
_MATRIX = Limit(5, 5, "10 at once, then 1 each 5 s (Synapse's rc_message)", "Synapse's manual")
_SMTP = within(20, 60, "no common figure; providers count by hour and day", "our choice")

# By the scheme of the channel's address, as Apprise writes it. What is not here has no limit of its own:
# webhooks and servers that are yours, until one answers 429.
LIMITS: dict[str, Limit] = {
    "tgram": within(20, 60, "20 a minute in a group; 1 a second in a chat", "Telegram's bot FAQ"),
    "slack": Limit(1, 1, "1 a second for each channel, short bursts more", "Slack's rate limits page"),
    "discord": Limit(5, 2.4, "5 in 2 s and 30 a minute, each webhook", "guides to its webhooks"),
    "ntfy": _NTFY,  # half a visitor's burst: whoever shares the address shares the visitor
    "ntfys": _NTFY,
    "pover": Limit(
        5, 1, "10,000 a month for each account; no figure for a second", "Pushover's support page"
    ),
    "matrix": _MATRIX,
    "matrixs": _MATRIX,
    "mailto": _SMTP,
    "mailtos": _SMTP,
    "pagerduty": within(60, 60, "120 a minute for each integration key", "PagerDuty's support forum"),
    "twilio": Limit(1, 1, "1 a second from a long number", "as commonly quoted"),
    "msteams": Limit(1, 1, "4 a second for each connector", "as commonly quoted"),
}

# What stands behind the host is whom to tell there, and counts for the same account.
_BY_ACCOUNT = frozenset(
    ("ntfy", "ntfys", "matrix", "matrixs", "mailto", "mailtos", "pover", "pagerduty", "twilio")
)


@dataclass(frozen=True, slots=True)
class Bucket:
    """
    What is left of one credential's limit; the default is a full bucket.

    `full_at` is when it is full again; before `closed_until`, which the service asked for, nothing goes.
    """

    full_at: float = float("-inf")
    closed_until: float = float("-inf")


def limit_of(address: str) -> Limit | None:
    """The limit for an address such as "tgram://…"; None = none is known."""
    return LIMITS.get(address.partition("://")[0].lower())


def credential_of(address: str) -> str:
    """
    What tells one credential from others, without giving it away: addresses that share it share a bucket.

    That is what the service counts by: Telegram by the chat, Slack and Discord by the channel, ntfy by the
    visitor, the others here by the account. Parameters after "?" only change how a message looks.
    """
    parts = urlsplit(address)
    scheme, place = parts.scheme.lower(), parts.netloc
    path = (parts.path + parts.fragment.partition("?")[0]).rstrip("/")  # slack://token/#channel?…
    if scheme in {"ntfy", "ntfys"} and not path:
        place = place.rpartition("@")[0] + "@ntfy.sh"  # the topic alone: the public server
    if scheme in _BY_ACCOUNT:
        path = ""
    return hashlib.sha256(f"{scheme}://{place.removeprefix('@')}{path}".encode()).hexdigest()[:16]


def wait_for(bucket: Bucket, limit: Limit | None, now: float) -> float:
    """The seconds until the next message may go; 0 = now."""
    wait = bucket.closed_until - now
    if limit is not None:
        wait = max(wait, bucket.full_at - (limit.burst - 1) * limit.every - now)
    return max(wait, 0.0)


def room(bucket: Bucket, limit: Limit | None, now: float) -> int | None:
    """How many messages may go at once now; None = as many as you like."""
    if bucket.closed_until > now:
        return 0
    if limit is None:
        return None
    missing = max(bucket.full_at - now, 0.0) / limit.every
    return max(0, int(limit.burst - missing + 1e-9))


def taken(bucket: Bucket, limit: Limit | None, now: float) -> Bucket:
    """The bucket after a message went, whatever the answer: failed ones count for the services, too."""
    if limit is None:
        return bucket
    return replace(bucket, full_at=max(bucket.full_at, now) + limit.every)


def told_to_wait(bucket: Bucket, limit: Limit | None, retry_after: float, now: float) -> Bucket:
    """
    The bucket after a 429: closed for as long as the service asks, and then it holds one token, not a burst.

    Several answers may ask; the longest counts.
    """
    closed = max(bucket.closed_until, now + max(retry_after, 0.0))
    if limit is None:
        return replace(bucket, closed_until=closed)
    return Bucket(max(bucket.full_at, closed + (limit.burst - 1) * limit.every), closed)


# --- backlog -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waiting:
    """
    One notification that is due: its outbox id, when it was first put in, and the stories it tells.

    `whole` = it may not be taken apart or merged: a digest, a notice, or one that may have arrived. `apart` =
    it is a part of a digest that is made again, and cannot go by itself.
    """

    id: int
    severity: Severity
    created: datetime
    stories: frozenset[int] = frozenset()
    whole: bool = False
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Backlog:
    """
    What becomes of what waits, in the order in which it goes: `singly`, then one digest for each of `merged`.

    Each holds outbox ids. Within a message they stand in digest order, the most severe first.
    """

    singly: tuple[int, ...]
    merged: tuple[tuple[int, ...], ...] = ()


def settle_backlog(
    waiting: Sequence[Waiting],
    fits: int | None,
    *,
    was_paused: bool = False,
    per_digest: int = PER_DIGEST,
    most: int = MOST_DIGESTS,
) -> Backlog:
    """
    Which notifications of one channel go by themselves, and which are merged into digests.

    `fits` is how many may go at once (`room`); None = no limit. `was_paused` = the channel was not spoken to
    for a while (429, outage, quiet hours), so that all that waits is a backlog. Up to five in excess go
    singly all the same. Of a longer backlog up to five urgent ones go first, then digests of at most
    `per_digest` entries, the most severe first; of more than `most` digests would hold, they take more.

    Messages of one story keep their order: they go in the same way, in the same message or one after another.
    """
    ordered = sorted(waiting, key=_first_come)
    excess = len(ordered) if was_paused else 0 if fits is None else max(0, len(ordered) - fits)
    if excess <= FEW:
        return Backlog(tuple(one.id for story in _stories(ordered) for one in story))
    singly: list[int] = []
    rest: list[list[Waiting]] = []
    urgent = 0
    for story in _stories(ordered):
        if any(one.whole for one in story):
            singly += [one.id for one in story]
        elif _goes_first(story) and urgent + len(story) <= FEW:
            urgent += len(story)
            singly += [one.id for one in story]
        else:
            rest.append(story)
    if sum(map(len, rest)) == 1:
        return Backlog((*singly, rest[0][0].id))
    return Backlog(tuple(singly), _packed(rest, per_digest, most))


def _goes_first(story: Sequence[Waiting]) -> bool:
    return _severity(story) is Severity.URGENT and not any(one.apart for one in story)


def _first_come(one: Waiting) -> tuple[datetime, int]:
    return (one.created, one.id)


def _severity(story: Iterable[Waiting]) -> Severity:
    return max(one.severity for one in story)


def _stories(ordered: Iterable[Waiting]) -> list[list[Waiting]]:
    """
    What waits in digest order, the most severe first, then the oldest; what shares a story stays together.

    A digest tells many stories: with all that tell one of them it is one unit, in the order of their coming.
    """
    units: list[tuple[set[int], list[Waiting]]] = []
    for one in ordered:
        shared = [unit for unit in units if not one.stories.isdisjoint(unit[0])]
        if not shared:
            units.append((set(one.stories), [one]))
            continue
        stories, rows = shared[0]
        for other in shared[1:]:
            stories |= other[0]
            rows += other[1]
            units.remove(other)
        stories |= one.stories
        rows.append(one)
        rows.sort(key=_first_come)
    return sorted((rows for _, rows in units), key=lambda rows: (-_severity(rows), _first_come(rows[0])))


def _packed(stories: Sequence[Sequence[Waiting]], per_digest: int, most: int) -> tuple[tuple[int, ...], ...]:
    """The stories in digests of about the same length, in their order; none of them is split."""
    count = sum(map(len, stories))
    wanted = min(most, -(-count // per_digest))
    size = -(-count // wanted) if wanted else 0
    digests: list[list[int]] = []
    for story in stories:
        ids = [one.id for one in story]
        if not digests or (len(digests) < wanted and len(digests[-1]) + len(ids) > size):
            digests.append([])
        digests[-1] += ids
    return tuple(map(tuple, digests))
