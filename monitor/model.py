"""
The words of the project as frozen values. Imports nothing of ours.

All times are aware UTC datetimes; all durations are seconds as float; all hashes are signed 64-bit
integers (what SQLite and PostgreSQL both store). Offsets count Unicode code points.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, IntEnum, StrEnum
from typing import TYPE_CHECKING, TypeVar, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

T = TypeVar("T")


@dataclass_transform(frozen_default=True)
def value(kind: type[T]) -> type[T]:
    """
    A dataclass that the type checker keeps frozen.

    For values that are made for each item or each poll, or are there at each start: freezing them at run time
    as well makes a new one five times as dear, and its class half as dear again.
    """
    return dataclass(slots=True, unsafe_hash=True)(kind)


class Severity(IntEnum):
    """How much an alert matters; ordered."""

    LOW = 0
    NORMAL = 1
    HIGH = 2
    URGENT = 3

    @property
    def label(self) -> str:
        """The word used in configuration and output."""
        return self.name.lower()


class Strength(StrEnum):
    """Strong: holds on confirmed text alone. Weak: only with unconfirmed lines."""

    STRONG = "strong"
    WEAK = "weak"


class State(StrEnum):
    """What became of one match on one channel: a ledger row has exactly one of these."""

    WAITING = "waiting"
    HELD = "held"
    SENT = "sent"
    SUPPRESSED = "suppressed"
    DEAD = "dead"
    DROPPED = "dropped"


class OutboxState(StrEnum):
    """Where a notification stands on its way to its channel."""

    READY = "ready"
    HELD = "held"
    LEASED = "leased"
    RETRY = "retry"
    SENT = "sent"
    DEAD = "dead"
    DROPPED = "dropped"


class Reason(Enum):
    """Why a match was sent, held or suppressed: a stored word and a sentence for people."""

    FIRST = ("first", "first report of this story")
    NEW_TEXT = ("new_text", "the item was edited and the rule now holds in text that was not there before")
    HIGHER_SEVERITY = ("higher_severity", "a rule of higher severity fired on a story already told")
    LATE = ("late", "published while its feed was not watched: told in a digest")
    BASELINE = ("baseline", "the item was already in the feed when Tocsin first polled it")
    ALREADY_TOLD = ("already_told", "this channel was already told of this story")
    DUPLICATE = ("duplicate", "the same story was told on this channel, or will be")
    UPDATE = ("update", "this story was told, and something in it changed")
    RELATED = ("related", "it has much in common with a story that was told, and is another one")
    COMPARING = ("comparing", "something alike was told: its page is read first, for 30 seconds at most")
    NO_ROUTE = ("no_route", "no route sends it anywhere")
    NOT_ALLOWED = ("not_allowed", "the rule's allow_channels does not let it go to this channel any more")
    WEAK = ("weak", "the rule holds only in text that was not confirmed as the article's: told in a digest")
    WEAK_IGNORED = ("weak_ignored", "the rule holds only in unconfirmed text and is set to ignore that")
    RULE_REMOVED = ("rule_removed", "its rule was removed while it waited for its page")
    SILENCED = ("silenced", "a silence covers it")
    BUDGET = ("budget", "the rule spent its budget on this channel")
    QUIET_HOURS = ("quiet_hours", "its channel is in quiet hours: held until they end")
    GATHERED = ("gathered", "its route gathers alerts for a while and tells them together")
    DIGEST = ("digest", "its route tells it in the digest of a time of day")
    BACKLOG = ("backlog", "its channel was away or at its limit: told in a digest of what waited")
    FALLBACK = ("fallback", "the channel it was for gave it up, and this one is its fallback")
    DELIVERED = ("delivered", "the receiver accepted it")
    GAVE_UP = ("gave_up", "the receiver did not accept it within seven days")
    REFUSED = ("refused", "the receiver refused it for good")
    REQUEUED = ("requeued", "put back into the outbox")
    CHANNEL_REMOVED = ("channel_removed", "its channel is no longer configured")
    BY_HAND = ("by_hand", "dropped by hand")

    def __init__(self, word: str, sentence: str) -> None:
        self.word = word
        self.sentence = sentence

    @classmethod
    def of(cls, word: str) -> Reason:
        """The reason stored under this word."""
        return next(r for r in cls if r.word == word)


class AnswerClass(StrEnum):
    """What a receiver's answer means for the notification (research: one class, one action)."""

    OK = "ok"
    TRANSIENT = "transient"
    RATE = "rate"
    CONFIG = "config"
    CONTENT = "content"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class FetchStatus(StrEnum):
    """How a poll's request ended."""

    NEW = "new"  # 200 with a body
    NOT_MODIFIED = "not_modified"  # 304
    RATE_LIMITED = "rate_limited"  # 429 or 503
    GONE = "gone"  # 410
    HTTP_ERROR = "http_error"  # any other status
    NETWORK = "network"  # DNS, connect, reset, TLS, time-out
    REFUSED = "refused"  # an address, scheme or redirect we do not follow
    TOO_BIG = "too_big"  # over a cap: bytes on the wire, decoded bytes, headers
    BAD_BODY = "bad_body"  # partial, damaged or undecodable body


@value
class Finding:
    """One problem found in the configuration, ready to be printed as `file:line: message`."""

    file: str
    line: int
    message: str
    code: str
    level: str = "error"  # "error" | "warning"
    column: int | None = None
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" + (f":{self.column}" if self.column else "")
        text = f"{where}: {self.message}"
        return f"{text}\n    {self.hint}" if self.hint else text


# --- fetch -------------------------------------------------------------------------------------------


@value
class FetchRequest:
    """
    What to ask a server for. Validators are stored bytes, sent back unchanged.

    `validators_of` is the hash of the address that gave them (`FetchResult.final_hash`): they are for no
    other; None = for whatever `url` is. `unconditional` asks for the whole document without them. `ports` may
    be asked beside the usual ones, since the configuration names them. `page`: it is a web page, not a feed;
    a redirect to another site is then not followed but told (`FetchResult.elsewhere`), and `permits` says
    which others may be followed.
    """

    url: str
    etag: str | None = None
    last_modified: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    auth: tuple[str, str] | None = None
    proxy: str | None = None
    validators_of: int | None = None
    ports: frozenset[int] = frozenset()
    unconditional: bool = False
    page: bool = False
    permits: Callable[[str], bool] | None = None


@value
class Hop:
    """
    One answer on the way to a result: which host gave it, with which status.

    `retry_after` is seconds as this answer asked for them; `permanent` = it is a permanent redirect.
    """

    host: str
    status: int
    retry_after: float | None = None
    permanent: bool = False


@value
class FetchResult:
    """
    How a request ended: always a value, never an exception.

    `body` is decoded (gzip, deflate) and only present for NEW. `retry_after` is seconds from the answer,
    already clamped to 0..86400. `cache_seconds` is max-age minus Age, or Expires minus Date, or None.
    `unreachable` = it failed before any connection stood (DNS, connect): that may be our own network.
    `permanent_url` is the target of a chain of only permanent redirects, else None.
    `hops` are all answers, the last one included, in order; `final_hash` tells the address that gave the last
    one from others; `seconds` is how long the whole took.
    `message` is a sentence without secrets. `elsewhere` is where a page is that has moved to another site.
    """

    status: FetchStatus
    http_status: int | None = None
    body: bytes = b""
    content_type: str = ""
    etag: str | None = None
    last_modified: str | None = None
    retry_after: float | None = None
    cache_seconds: float | None = None
    final_url: str = ""
    permanent_url: str | None = None
    message: str = ""
    wire_bytes: int = 0
    unreachable: bool = False
    hops: tuple[Hop, ...] = ()
    final_hash: int | None = None
    seconds: float = 0.0
    elsewhere: str = ""


# --- parse -------------------------------------------------------------------------------------------


@value
class Entry:
    """
    What the parser yields for one item: markup and addresses as the feed gave them.

    `raw` is the item's hash in `ParsedFeed.items`; 0 = not known. `known` marks an item whose hash the caller
    gave: of this one only `guid`, `link` and `raw` are here, so that shared identifiers can still be seen.
    """

    guid: str | None = None
    link: str | None = None
    title: str = ""
    summary: str = ""
    content: str = ""
    published: datetime | None = None
    updated: datetime | None = None
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    language: str | None = None
    source_title: str | None = None
    source_url: str | None = None
    raw: int = 0
    known: bool = False


@value
class FeedInfo:
    """
    What a document says about itself. `ttl` is seconds.

    `skip_hours` (0..23, GMT) and `skip_days` (0..6, Monday first) are when it asks not to be fetched;
    `self_url` is what it calls its own address.
    """

    title: str = ""
    link: str | None = None
    language: str | None = None
    format: str = ""
    ttl: float | None = None
    updated: datetime | None = None
    skip_hours: frozenset[int] = frozenset()
    skip_days: frozenset[int] = frozenset()
    self_url: str | None = None


@value
class ParsedFeed:
    """
    A parsed document, or, with `error` set, a sentence saying why there is none.

    `complete` is False where the document broke off: its entries are whole, but the answer's validators must
    not be kept. `killed` means that the parser had to be stopped: next time the document is a suspect.
    `items` are the hashes of all its raw items in their order, where known; `skipped` says how many of its
    entries are `known` ones, which were not read.
    """

    info: FeedInfo = field(default_factory=FeedInfo)
    entries: tuple[Entry, ...] = ()
    parser: str = "feedparser"
    warnings: tuple[str, ...] = ()
    error: str = ""
    complete: bool = True
    killed: bool = False
    items: tuple[int, ...] = ()
    skipped: int = 0


# --- articles ----------------------------------------------------------------------------------------


@value
class Marks:
    """
    The identity of one item as signed 64-bit hashes; None identifies nothing.

    `guid` and `link` are None where several items of one document share them. `content` covers title,
    date and text (for re-issued feeds); `text` covers title, summary and body (has anything to match
    changed?); `title` covers the title alone.
    """

    guid: int | None
    link: int | None
    content: int
    text: int
    title: int


@value
class Article:
    """
    A normalised entry: plain text, clean address, times, identity.

    `url` is for people and for fetching; `published` falls back to `updated`; a future date has become the
    time of fetch; None = undated. `unconfirmed` and `doubtful` are spans as in `Document`. `whole`: the feed
    gives the whole text; `short`: it gives a few words, or a text that is cut off.
    """

    feed: str
    title: str
    summary: str
    body: str
    url: str
    published: datetime | None
    updated: datetime | None
    fetched: datetime
    language: str | None
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    source: str
    marks: Marks
    dated: datetime | None = None  # the date as the feed gave it, future or not: part of the identity
    unconfirmed: tuple[tuple[int, int], ...] = ()
    doubtful: tuple[tuple[int, int], ...] = ()
    whole: bool = False
    short: bool = False


@value
class Document:
    """
    What a rule is judged on: plain texts and the facts its document fields ask for.

    `unconfirmed` are the (start, end) spans of the body that were not confirmed as article text,
    `doubtful` those of the summary.
    """

    title: str = ""
    summary: str = ""
    body: str = ""
    language: str | None = None
    feed: str = ""
    tags: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    source: str = ""
    authors: tuple[str, ...] = ()
    url: str = ""
    unconfirmed: tuple[tuple[int, int], ...] = ()
    doubtful: tuple[tuple[int, int], ...] = ()


# --- matches -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, order=True)
class Hit:
    """A place where a rule's term stands: `text` is `document.<field>[start:end]`."""

    field: str
    start: int
    end: int
    text: str
    term: str
    entity: str | None = None


@value
class RuleMatch:
    """A rule that holds for a document, with its hits in field and offset order."""

    rule: str
    strength: Strength
    hits: tuple[Hit, ...]


# --- delivery ----------------------------------------------------------------------------------------


@value
class DigestEntry:
    """
    One alert, or several of one article, in a digest; `rules` are the names of those that fired.

    `story` is its id in the store; 0 = an older version put the digest together.
    """

    title: str
    url: str = ""
    feed: str = ""
    published: datetime | None = None
    severity: Severity = Severity.NORMAL
    rules: tuple[str, ...] = ()
    story: int = 0


@value
class Message:
    """
    What a notification says, before it is rendered for a channel. Everything is plain text.

    `excerpt` is a sentence around the first hit; `marks` are the (start, end) spans of hits inside it.
    `kind` is "alert", "digest", "notice", "test" or "confidential" (see `alerts.confidential`). `late` =
    published while its feed was not watched.
    `entries` are a digest's, `count` is how many it stands for, kept here or not. Of an update, `changes`
    says what changed and `told_at` when the story was told before; `related` is the headline of another
    story it has much in common with; `also` are the other outlets that reported the story, `outlets` how
    many wrote for themselves. `weak` = it holds only in text that was not confirmed as the article's.
    `alerts` are the numbers that a notice of secret rules names.
    """

    kind: str
    title: str
    severity: Severity = Severity.NORMAL
    feed: str = ""
    url: str = ""
    published: datetime | None = None
    excerpt: str = ""
    marks: tuple[tuple[int, int], ...] = ()
    rules: tuple[str, ...] = ()
    why: str = ""
    tags: tuple[str, ...] = ()
    late: bool = False
    entries: tuple[DigestEntry, ...] = ()
    count: int = 0
    story: int | None = None
    changes: tuple[str, ...] = ()
    told_at: datetime | None = None
    related: str = ""
    also: tuple[str, ...] = ()
    outlets: int = 0
    weak: bool = False
    alerts: tuple[int, ...] = ()


@value
class Outgoing:
    """
    One attempt to send: the message, its stable id and whether an earlier attempt may have arrived.

    `message_id` stays the same over all attempts; `plain` asks for the short plain rendering after a
    receiver refused the content.
    """

    outbox_id: int
    message_id: str
    channel: str
    message: Message
    attempt: int = 1
    maybe_repeat: bool = False
    plain: bool = False
    created: datetime | None = None


@value
class Answer:
    """
    What a receiver said. `detail` holds no secret; `retry_after` is seconds.

    `unreached` = no connection came about, so that no message can be at fault.
    """

    kind: AnswerClass
    detail: str = ""
    status: int | None = None
    retry_after: float | None = None
    unreached: bool = False
