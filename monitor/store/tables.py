"""
The schema, as SQLModel tables. Private to the store: nothing else sees a row.

Portable between SQLite and PostgreSQL: signed 64-bit hashes, aware UTC times, JSON kept as text, ids given
by the core inside the writer's transaction. Alembic compares its migrations with this module; hot statements
(`statements.py`) are built from it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Text, UniqueConstraint
from sqlmodel import Field, SQLModel

# A BIGINT primary key is not SQLite's rowid, an INTEGER one is: hence the variant.
Id = BigInteger().with_variant(Integer, "sqlite")


def _id() -> Any:
    return Field(sa_column=Column("id", Id, primary_key=True, autoincrement=False))


def _ref(table: str, *, nullable: bool = False, primary_key: bool = False) -> Any:
    return Field(
        sa_column=Column(Id, ForeignKey(f"{table}.id"), nullable=nullable, primary_key=primary_key),
    )


def _hash(*, nullable: bool = True) -> Any:
    return Field(default=None, sa_column=Column(BigInteger, nullable=nullable))


def _text(*, nullable: bool = False) -> Any:
    return Field(default="", sa_column=Column(Text, nullable=nullable))


class Feed(SQLModel, table=True):
    """A source and its poll state. The URL itself lives in the configuration alone."""

    __tablename__ = "feeds"
    __table_args__: ClassVar = (Index("ix_feeds_next_poll_at", "next_poll_at"),)

    id: int = _id()
    name: str = Field(unique=True)
    url_hash: int | None = _hash(nullable=False)
    added_at: datetime
    retired_at: datetime | None = None
    baseline_at: datetime | None = None  # the first document that parsed; None = the next one is silent
    moved_since: datetime | None = None  # the URL changed: unknown items older than this are baseline
    title: str = _text()
    etag: str | None = _text(nullable=True)
    last_modified: str | None = _text(nullable=True)
    body_hash: int | None = _hash()
    document_at: datetime | None = (
        None  # when a document of it was last read: what it lists is seen as of then
    )
    next_poll_at: datetime | None = None  # None = not polled: disabled, retired or gone
    forbidden_until: datetime | None = None  # Retry-After: not even --force asks before
    gone: bool = False
    suspect: bool = False  # its last document had to be killed in the parser
    polls: int = 0
    last_poll_at: datetime | None = None
    last_good_at: datetime | None = None
    last_status: str = ""
    last_http: int | None = None
    last_message: str = _text()
    failures: int = 0
    first_failure_at: datetime | None = None
    final_hash: int | None = _hash()  # of the address that gave the validators, after redirects
    moved_to: str | None = _text(nullable=True)  # the address learnt from permanent redirects
    moved_hash: int | None = _hash()  # of the target that permanent redirects name, learnt yet or not
    moved_seen: int = 0  # times in a row that they named it
    moved_at: datetime | None = None  # when they first did
    floor: float | None = None  # seconds the server wants between two polls
    floor_why: str = _text()
    skip_hours: int = 0  # 24 bits: the GMT hours in which the document asks to be left alone
    skip_days: int = 0  # 7 bits, Monday first: the days
    whole_at: datetime | None = None  # the last answer that was a whole document
    validators_lie: bool = False
    interval: float | None = None  # seconds to the next poll, before anything that a server asked for
    next_why: str = _text()
    rhythm: str = _text()
    last_item_at: datetime | None = None  # when an item was last new
    items: str = _text()  # hashes of the raw items of its last document
    language: str | None = None  # in which its items were, as far as is known; "mul" = several
    final_domain: str | None = None  # the registrable domain it is known to answer from
    asked_at: datetime | None = None  # when a request to it last began, answered or not


class Story(SQLModel, table=True):
    """Articles that carry the same dispatch."""

    __tablename__ = "stories"

    id: int = _id()
    created_at: datetime


class Article(SQLModel, table=True):
    """A stored, normalised entry."""

    __tablename__ = "articles"
    __table_args__: ClassVar = (
        Index("ix_articles_feed_id", "feed_id"),
        Index("ix_articles_fetched_at", "fetched_at"),
        Index("ix_articles_url", "url"),
        Index("ix_articles_story_id", "story_id"),
    )

    id: int = _id()
    story_id: int = _ref("stories")
    feed_id: int = _ref("feeds")
    url: str = _text()
    title: str = _text()
    summary: str = _text()
    body: str = _text()
    language: str | None = None
    source: str = ""
    authors: str = _text()
    categories: str = _text()
    published: datetime | None = None
    updated: datetime | None = None
    fetched_at: datetime
    page: str = _text()  # the text of its page: where there is one, rules read it as the body
    unconfirmed: str = _text()  # JSON: the spans of "summary" and "body" (or page) that are not confirmed
    page_why: str = _text()  # why there is no page, where one was wanted


class StoryJoin(SQLModel, table=True):
    """Why an article belongs to a story that others began, or is marked as related to one."""

    __tablename__ = "story_joins"
    __table_args__: ClassVar = (Index("ix_story_joins_story_id", "story_id"),)

    article_id: int = _ref("articles", primary_key=True)
    story_id: int = _ref("stories")  # the other story where it is only related
    relation: str
    level: str
    score: float
    of_article_id: int | None = Field(sa_column=Column(Id, nullable=True))  # outlived, hence no foreign key
    reason: str = _text()
    at: datetime


class Shingle(SQLModel, table=True):
    """A run of words, or a headline, under which an article is found again (`stories.index`)."""

    __tablename__ = "shingles"
    __table_args__: ClassVar = {"sqlite_with_rowid": False}

    h: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    day: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    article_id: int = Field(sa_column=Column(Id, primary_key=True, autoincrement=False))


class Alias(SQLModel, table=True):
    """Another address of an article, which its page gave: its canonical one."""

    __tablename__ = "aliases"
    __table_args__: ClassVar = {"sqlite_with_rowid": False}

    link: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    article_id: int = Field(sa_column=Column(Id, primary_key=True, autoincrement=False))
    at: datetime


class Page(SQLModel, table=True):
    """A page that is wanted for an article as one feed shows it, until it was read or given up."""

    __tablename__ = "pages"
    __table_args__: ClassVar = (
        Index("ix_pages_due", "done_at", "next_attempt_at"),
        Index("ix_pages_host", "host", "asked_at"),
        Index("ix_pages_hold_until", "hold_until"),
    )

    article_id: int = _ref("articles", primary_key=True)
    feed_id: int = _ref("feeds", primary_key=True)
    host: str
    purpose: str  # match | compare | decide, see `pages.wanted`
    priority: int = 0  # the highest first
    attempts: int = 0
    created_at: datetime
    next_attempt_at: datetime
    deadline: datetime  # then the article goes without
    hold_until: datetime | None = None  # then what waits for this page is decided without it
    late: bool = False  # its item is old news, seen when its feed was watched again
    asked_at: datetime | None = None  # when a server was last asked: what the budgets count
    done_at: datetime | None = None


class PageHost(SQLModel, table=True):
    """What a host's robots.txt says, for a day."""

    __tablename__ = "page_hosts"

    host: str = Field(primary_key=True)
    robots: str = _text()
    status: int | None = None
    at: datetime


class Paragraph(SQLModel, table=True):
    """A paragraph as it stood on one page of a host: what stands on several is the host's (`boilerplate`)."""

    __tablename__ = "paragraphs"
    __table_args__: ClassVar = (Index("ix_paragraphs_at", "at"), {"sqlite_with_rowid": False})

    host: str = Field(primary_key=True)
    paragraph: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    page: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    at: datetime


class Sighting(SQLModel, table=True):
    """What a feed last showed of an article: the seen marks. Outlives the article, hence no foreign key."""

    __tablename__ = "sightings"
    __table_args__: ClassVar = (
        Index("ix_sightings_guid", "feed_id", "guid"),
        Index("ix_sightings_link", "link"),
        Index("ix_sightings_content", "feed_id", "content"),
        Index("ix_sightings_article_id", "article_id"),
    )

    feed_id: int = _ref("feeds", primary_key=True)
    article_id: int = Field(sa_column=Column(Id, primary_key=True, autoincrement=False))
    guid: int | None = _hash()
    link: int | None = _hash()
    title: int | None = _hash(nullable=False)
    content: int | None = _hash(nullable=False)
    text: int | None = _hash(nullable=False)
    published: datetime | None = None
    baseline: bool = False
    first_seen_at: datetime
    last_seen_at: datetime


class Rule(SQLModel, table=True):
    """A rule as it was loaded: its name keeps its memory, its hash tells one form from another."""

    __tablename__ = "rules"

    name: str = Field(primary_key=True)
    hash: int | None = _hash(nullable=False)
    first_loaded_at: datetime
    loaded_at: datetime
    retired_at: datetime | None = None


class Match(SQLModel, table=True):
    """A rule that held for an article as one feed showed it, with its hits as JSON."""

    __tablename__ = "matches"
    __table_args__: ClassVar = (
        UniqueConstraint("article_id", "feed_id", "rule"),
        Index("ix_matches_feed_id", "feed_id"),
        Index("ix_matches_matched_at", "matched_at"),
    )

    id: int = _id()
    article_id: int = _ref("articles")
    feed_id: int = _ref("feeds")
    rule: str
    rule_hash: int | None = _hash(nullable=False)
    strength: str
    matched_at: datetime
    hits: str = _text()


class Alert(SQLModel, table=True):
    """A rule firing on a story."""

    __tablename__ = "alerts"
    __table_args__: ClassVar = (
        Index("ix_alerts_story_id", "story_id", "rule"),
        Index("ix_alerts_article_id", "article_id"),
    )

    id: int = _id()
    story_id: int = _ref("stories")
    article_id: int = _ref("articles")
    rule: str
    severity: int
    kind: str
    created_at: datetime


class Outbox(SQLModel, table=True):
    """A notification: one message for one channel, until its fate is known."""

    __tablename__ = "outbox"
    __table_args__: ClassVar = (
        Index("ix_outbox_state", "state", "channel", "next_attempt_at"),
        Index("ix_outbox_story_id", "story_id"),
    )

    id: int = _id()
    message_id: str = Field(unique=True)
    channel: str
    kind: str  # alert | notice
    story_id: int | None = _ref("stories", nullable=True)
    severity: int
    payload: str = _text()
    state: str
    reason: str = ""
    attempts: int = 0
    next_attempt_at: datetime | None = None
    created_at: datetime
    leased_at: datetime | None = None
    sent_at: datetime | None = None
    maybe_repeat: bool = False
    plain: bool = False
    last_error: str = _text()
    bin: str = ""  # what it collects for while it is held, see `alerts.passage`; "" = a message of its own


class Ledger(SQLModel, table=True):
    """What became of one match on one channel ('' = none): exactly one state and one reason."""

    __tablename__ = "ledger"
    __table_args__: ClassVar = (
        UniqueConstraint("match_id", "channel"),
        Index("ix_ledger_outbox_id", "outbox_id"),
        Index("ix_ledger_alert_id", "alert_id"),
    )

    id: int = _id()
    match_id: int = _ref("matches")
    channel: str
    alert_id: int | None = _ref("alerts", nullable=True)
    outbox_id: int | None = _ref("outbox", nullable=True)
    state: str
    reason: str
    at: datetime
    silence_id: int | None = Field(default=None, sa_column=Column(Id, nullable=True))  # which one hid it


class Silence(SQLModel, table=True):
    """Alerts that somebody does not want to hear of until a time; `matchers` is JSON."""

    __tablename__ = "silences"
    __table_args__: ClassVar = (Index("ix_silences_ends_at", "ends_at"),)

    id: int = _id()
    matchers: str = _text()
    author: str
    comment: str = _text()
    starts_at: datetime
    ends_at: datetime
    created_at: datetime
    told_at: datetime | None = None  # when people were told that it ended


class Budget(SQLModel, table=True):
    """What a rule used of its budget on a channel, see `alerts.budgets`."""

    __tablename__ = "budgets"

    rule: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    spent: str = _text()


class Attempt(SQLModel, table=True):
    """One try to deliver a notification, and what the receiver answered."""

    __tablename__ = "attempts"
    __table_args__: ClassVar = (Index("ix_attempts_outbox_id", "outbox_id"),)

    id: int = _id()
    outbox_id: int = _ref("outbox")
    number: int
    at: datetime
    answer: str
    status: int | None = None
    detail: str = _text()


class Channel(SQLModel, table=True):
    """What is known of a channel beyond its configuration: a pause and its last answers."""

    __tablename__ = "channels"

    name: str = Field(primary_key=True)
    paused_until: datetime | None = None
    pause_reason: str = _text()
    last_ok_at: datetime | None = None
    last_error_at: datetime | None = None
    last_error: str = _text()


class Gap(SQLModel, table=True):
    """A span in which a feed may have dropped items unseen: nothing of its last document was known."""

    __tablename__ = "gaps"
    __table_args__: ClassVar = (Index("ix_gaps_feed_id", "feed_id", "until"),)

    id: int = _id()
    feed_id: int = _ref("feeds")
    since: datetime  # the last good poll before it
    until: datetime  # the poll that found it


class Episode(SQLModel, table=True):
    """A trouble of a feed from its start to its end, and when people were told of either."""

    __tablename__ = "episodes"
    __table_args__: ClassVar = (Index("ix_episodes_feed_id", "feed_id", "since"),)

    id: int = _id()
    feed_id: int = _ref("feeds")
    kind: str
    since: datetime
    detail: str = _text()
    told_at: datetime | None = None
    ended_at: datetime | None = None
    end_told_at: datetime | None = None


class HostPause(SQLModel, table=True):
    """A host that asked to be left alone for a while."""

    __tablename__ = "host_pauses"

    host: str = Field(primary_key=True)
    until: datetime
    why: str = _text()


class Notice(SQLModel, table=True):
    """Something Tocsin has to say about itself."""

    __tablename__ = "notices"

    id: int = _id()
    at: datetime
    kind: str
    subject: str
    text: str = _text()


class Fact(SQLModel, table=True):
    """A named fact about this database: last tick, version of the configuration and the like."""

    __tablename__ = "facts"

    name: str = Field(primary_key=True)
    value: str = _text()
    at: datetime
