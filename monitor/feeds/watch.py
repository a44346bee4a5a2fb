"""
The troubles of a feed: what a poll says of them, when one begins, ends, and is to be told. Pure.

Theory of operation. Each poll yields signs: for some kinds of trouble that it is there, for others that it is
not, for the rest nothing. A trouble is kept from its first sign on, and is *ripe*, for people to hear of,
when it has lasted for its grace, or came back often enough where one sign proves little. One that ends before
it is ripe was none. Of those that keep a feed from being read (`BLINDING`) there is one at a time: what is
told stands until the feed is read again, unless it is found to be gone for good. A trouble that comes back
within a day of its end is the same one: whoever heard of it hears no more.

Silent and frozen are told apart by the document. Nothing new came for longer than the feed's rhythm can
explain: if its document still changed in the second half of that time, somebody is at work there and the feed
is silent; if each answer was the very same document, or "not modified", it is frozen, be it by its publisher
or by a cache.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from monitor.model import FetchStatus, value

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Trouble(StrEnum):
    """What may be the matter with a feed: the word that is stored and shown."""

    FAILING = "failing"  # it cannot be fetched or read, for no reason of its own kind
    SILENT = "silent"
    FROZEN = "frozen"
    HTML = "webpage"  # a web page stands where the feed was
    LANGUAGE = "language"  # it speaks another one than before
    DOMAIN = "moved"  # another registrable domain answers than before
    GONE = "gone"  # 410
    LOGIN = "login"  # 401 or 403
    MISSING = "missing"  # 404


BLINDING = frozenset({Trouble.FAILING, Trouble.HTML, Trouble.GONE, Trouble.LOGIN, Trouble.MISSING})
QUIET = frozenset({Trouble.SILENT, Trouble.FROZEN})
HEARD = frozenset({Trouble.LANGUAGE, Trouble.DOMAIN})  # news come all the same
GRACE = {
    Trouble.FAILING: timedelta(hours=24),
    Trouble.LOGIN: timedelta(hours=48),
    Trouble.MISSING: timedelta(hours=48),
    Trouble.HTML: timedelta(minutes=10),  # so another poll saw it, too
}
DIGEST_ONLY = frozenset({Trouble.FAILING})
CAME_BACK = timedelta(hours=24)
SURE = 3  # looks in a row at another language
SEVERAL = "mul"  # a feed that is known to speak more than one
WEB_PAGE = "web page"  # how the parser's sentence about one is known
_LONGEST_DETAIL = 200


@value
class Seen:
    """
    What one poll saw, as far as it matters here.

    `good` = a document, or word that it is unchanged; `http` and `message` say how it went else. `since` is
    when the present run of failures began, `before` the time of the poll before, `news` whether an item was
    new. `domain` is the registrable one
    that answered ("" = nobody), `home` that of the configured address, `known_domain` the one that answered
    before. `language` is that of what was new, if somebody looked and could tell; `known_language` the one
    before.
    """

    status: FetchStatus
    good: bool
    now: datetime
    http: int | None = None
    message: str = ""
    since: datetime | None = None
    before: datetime | None = None
    news: bool = False
    domain: str = ""
    home: str = ""
    known_domain: str | None = None
    language: str | None = None
    known_language: str | None = None


@value
class Sign:
    """A trouble is there (`on`) since then; or it is not, and was seen last then at the latest."""

    kind: Trouble
    on: bool
    since: datetime
    detail: str = ""


@value
class Known:
    """A trouble on record, under the caller's `key`; `told` and `end_told` say what people heard."""

    key: int
    kind: Trouble
    since: datetime
    detail: str = ""
    told: bool = False
    ended: datetime | None = None
    end_told: bool = False


@value
class Changes:
    """
    What is to be done to the record.

    `ended` stay in it and their end is told, `replaced` end because a worse one began, of which nothing is
    told, `dropped` never were any trouble. `changed` comes with the new detail.
    """

    opened: tuple[Sign, ...] = ()
    reopened: tuple[Known, ...] = ()
    ended: tuple[Known, ...] = ()
    dropped: tuple[Known, ...] = ()
    replaced: tuple[Known, ...] = ()
    changed: tuple[tuple[Known, str], ...] = ()


def signs(seen: Seen) -> tuple[Sign, ...]:
    """What a poll says of each kind of trouble."""
    if not seen.good:
        detail = seen.message[:_LONGEST_DETAIL]
        return (Sign(_failure(seen), on=True, since=seen.since or seen.now, detail=detail),)
    found = [Sign(kind, on=False, since=seen.before or seen.now) for kind in BLINDING]
    if seen.news:
        found += [Sign(kind, on=False, since=seen.now) for kind in QUIET]
    if seen.domain:
        away = seen.known_domain is not None and seen.domain not in (seen.known_domain, seen.home)
        detail = f"{seen.known_domain} {seen.domain}" if away else ""
        found.append(Sign(Trouble.DOMAIN, on=away, since=seen.now, detail=detail))
    if seen.language and seen.known_language and seen.known_language != SEVERAL:
        other = seen.language != seen.known_language
        detail = f"{seen.known_language} {seen.language} 1" if other else ""
        found.append(Sign(Trouble.LANGUAGE, on=other, since=seen.now, detail=detail))
    return tuple(found)


def _failure(seen: Seen) -> Trouble:
    if seen.status is FetchStatus.GONE:
        return Trouble.GONE
    if seen.status is FetchStatus.BAD_BODY and WEB_PAGE in seen.message:
        return Trouble.HTML
    by_status = {401: Trouble.LOGIN, 403: Trouble.LOGIN, 404: Trouble.MISSING}
    return by_status.get(seen.http or 0, Trouble.FAILING)


def judge(record: Sequence[Known], found: Iterable[Sign], now: datetime) -> Changes:
    """
    What the signs of one poll, or of a look at the clock, change about a feed's troubles.

    `record` holds the open ones, and as many past ones as are known, at least those of the last day.
    """
    changes = _Changes(now, [k for k in record if k.ended is None], [k for k in record if k.ended])
    for sign in found:
        changes.take(sign)
    return changes.done()


def ripe(trouble: Known, seen: datetime) -> bool:
    """Whether people are to hear of a trouble that a poll at `seen` still found there, or that is over."""
    if trouble.ended is not None:
        return True  # else it would have been dropped
    if trouble.kind is Trouble.LANGUAGE:
        return times_seen(trouble.detail) >= SURE
    return seen - trouble.since >= GRACE.get(trouble.kind, timedelta(0))


def times_seen(detail: str) -> int:
    """How many looks in a row found the other language that a trouble's detail names."""
    count = detail.rpartition(" ")[2]
    return int(count) if count.isdigit() else 0


def is_back_and_forth(dropped: Known) -> bool:
    """Whether a suspicion that ended shows a feed of several languages rather than one odd item."""
    return dropped.kind is Trouble.LANGUAGE and times_seen(dropped.detail) > 1


@dataclass(slots=True)
class _Changes:
    """The troubles of a feed while signs are taken in."""

    now: datetime
    open: list[Known]
    past: list[Known]
    opened: list[Sign] = field(default_factory=list)
    reopened: list[Known] = field(default_factory=list)
    ended: list[Known] = field(default_factory=list)
    dropped: list[Known] = field(default_factory=list)
    replaced: list[Known] = field(default_factory=list)
    changed: list[tuple[Known, str]] = field(default_factory=list)

    def done(self) -> Changes:
        return Changes(
            tuple(self.opened),
            tuple(self.reopened),
            tuple(self.ended),
            tuple(self.dropped),
            tuple(self.replaced),
            tuple(self.changed),
        )

    def take(self, sign: Sign) -> None:
        same = next((k for k in self.open if k.kind is sign.kind), None)
        if not sign.on:
            if same is not None:
                self._end(same, sign.since)
        elif same is not None:
            self._goes_on(same, sign)
        else:
            self._begin(sign)

    def _goes_on(self, known: Known, sign: Sign) -> None:
        detail = sign.detail
        if known.kind is Trouble.LANGUAGE:
            language = detail.rpartition(" ")[0]
            again = known.detail.rpartition(" ")[0] == language
            detail = f"{language} {min(times_seen(known.detail) + 1 if again else 1, SURE)}"
        if detail != known.detail:
            self.changed.append((known, detail))

    def _begin(self, sign: Sign) -> None:
        since = sign.since
        other = next((k for k in self.open if k.kind in _alike(sign.kind)), None)
        if other is not None:
            if not _replaces(sign.kind, other):
                return
            if (
                other.kind is not Trouble.GONE
            ):  # it has not been read since then, whatever the reason was first
                since = min(since, other.since)
            self.open.remove(other)
            (self.replaced if other.told else self.dropped).append(other)
        back = next((k for k in self.past if k.kind is sign.kind and self._came_back(k)), None)
        if back is not None:
            self.reopened.append(back)
        else:
            self.opened.append(Sign(sign.kind, on=True, since=since, detail=sign.detail))

    def _came_back(self, past: Known) -> bool:
        return past.told and past.ended is not None and self.now - past.ended < CAME_BACK

    def _end(self, known: Known, seen: datetime) -> None:
        self.open.remove(known)
        (self.ended if known.told or ripe(known, seen) else self.dropped).append(known)


def _alike(kind: Trouble) -> frozenset[Trouble]:
    """The kinds of which only one is there at a time."""
    return next((kinds for kinds in (BLINDING, QUIET) if kind in kinds), frozenset())


def _replaces(kind: Trouble, other: Known) -> bool:
    """Whether a new kind takes the place of the one on record."""
    if kind in QUIET:
        return False
    if Trouble.GONE in (kind, other.kind):
        return True  # who is gone is not asked: an answer comes from another address
    return not other.told and kind is not Trouble.FAILING
