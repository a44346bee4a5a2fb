"""
The way of an article from its feed to its receivers, and what can be known of it, as values. Pure.

The stages stand in the order in which an article passes them. What is known is read by `explaining.py` and
what it calls; which stage was the first to say no is decided in `firstno.py` (of what was seen), `fates.py`
(of what the ledger tells) and `unseen.py` (of what no feed has shown).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from monitor.alerts.silences import Silence
    from monitor.model import OutboxState, Reason, State
    from monitor.timeline import Joined


class Stage(Enum):
    """Where a no can be said, in the order of the way."""

    FEED = "feed"  # is there a feed that could carry it
    POLL = "poll"  # was it polled
    ENTRY = "entry"  # did it show the article
    SOURCE = "source"  # does the rule ask for this source
    PAGE = "page"  # was its page read yet, where the feed gives a teaser
    TEASER = "teaser"  # does the rule hold for the teaser, where there is no page
    TEXT = "text"  # does the rule hold for the text
    RULE = "rule"  # was the rule, as it is now, in force then
    BASELINE = "baseline"  # was the article there before us
    ROUTE = "route"  # does a route send it anywhere
    COMPARING = "comparing"  # is it known yet whether its story was told
    TOLD = "told"  # was its story told already
    SILENCE = "silence"  # did somebody mute it
    WEAK = "weak"  # does the rule hold for confirmed text
    BUDGET = "budget"  # does the rule ring too often here
    QUIET = "quiet"  # is its channel in quiet hours
    GATHERED = "gathered"  # does its route tell it with others, later
    HUSHED = "hushed"  # anything else that keeps it silent
    DELIVERY = "delivery"  # did the receiver take it

    @property
    def rank(self) -> int:
        """How far along the way it stands, from 0."""
        return list(Stage).index(self)


class Cause(StrEnum):
    """What exactly said no, a word for each: stable, for programs."""

    NO_FEED = "no_feed"
    FEED_REMOVED = "feed_removed"
    FEED_DISABLED = "feed_disabled"
    NOT_POLLED = "not_polled"  # never yet
    NOT_POLLED_SINCE = "not_polled_since"  # not since it was published
    FEED_GONE = "feed_gone"
    FEED_FAILING = "feed_failing"
    NOT_RUNNING = "not_running"  # no daemon runs, and something is due
    GAP = "gap"  # the feed may have dropped items unseen
    WAS_FAILING = "was_failing"
    BEFORE_US = "before_us"  # published before the feed was first read
    NOT_LISTED = "not_listed"
    SOURCE = "source"
    PAGE_WAITS = "page_waits"
    NO_PAGE = "no_page"
    MISSING = "missing"  # a term that is not there
    ALTERNATIVES = "alternatives"  # none of several
    EXCLUDED = "excluded"  # a term that must not be there is
    APART = "apart"  # NEAR
    TOO_FEW = "too_few"  # of a count
    FACT = "fact"  # lang:, feed:, source: and the like
    NO_RULES = "no_rules"
    RULE_BROKEN = "rule_broken"
    RULE_REMOVED = "rule_removed"
    RULE_DISABLED = "rule_disabled"
    RULE_NOT_LOADED = "rule_not_loaded"
    RULE_YOUNGER = "rule_younger"
    RULE_EDITED = "rule_edited"
    RULE_NOT_RELOADED = "rule_not_reloaded"  # the file has another form than the daemon
    OTHER_TEXT = "other_text"  # another feed's text is the one stored
    EDIT = "edit"  # its text changed since
    CONFIG_CHANGED = "config_changed"
    BASELINE = "baseline"
    NO_ROUTE = "no_route"
    ALLOW_CHANNELS = "allow_channels"
    COMPARING = "comparing"
    DUPLICATE = "duplicate"
    ALREADY_TOLD = "already_told"
    SILENCED = "silenced"
    WEAK = "weak"
    WEAK_IGNORED = "weak_ignored"
    BUDGET = "budget"
    QUIET_HOURS = "quiet_hours"
    GROUP = "group"
    DIGEST = "digest"
    CATCH_UP = "catch_up"  # old news of a feed that was away
    BACKLOG = "backlog"
    HELD = "held"
    HUSHED = "hushed"
    WAITS = "waits"
    SENDING = "sending"
    PACED = "paced"  # an update of a live page, half an hour after the last
    PAUSED = "paused"
    RETRYING = "retrying"
    REFUSED = "refused"
    GAVE_UP = "gave_up"
    CHANNEL_REMOVED = "channel_removed"
    DROPPED = "dropped"
    UNKNOWN = "unknown"


# What may be told yet, if nothing is done.
PENDING = frozenset(
    {
        *(Cause.NOT_POLLED, Cause.NOT_POLLED_SINCE, Cause.FEED_FAILING, Cause.NOT_RUNNING),
        *(Cause.PAGE_WAITS, Cause.COMPARING, Cause.WEAK, Cause.BUDGET, Cause.QUIET_HOURS, Cause.GROUP),
        *(Cause.DIGEST, Cause.CATCH_UP, Cause.BACKLOG, Cause.HELD, Cause.WAITS, Cause.SENDING, Cause.PACED),
        *(Cause.PAUSED, Cause.RETRYING),
    }
)


@dataclass(frozen=True, slots=True)
class No:
    """
    What stopped an article: where, in words, and through which feed it came ("" = through none).

    `facts` are what the words name, for programs and remedies: a channel, an outbox id, a time.
    """

    stage: Stage
    why: str
    feed: str = ""
    cause: Cause = Cause.UNKNOWN
    facts: Mapping[str, str] = field(default_factory=dict, hash=False)

    @property
    def pending(self) -> bool:
        """Whether it may be told yet, if nothing is done."""
        return self.cause in PENDING


def farthest(ways: Iterable[No | None]) -> No | None:
    """
    Of several ways the one that came farthest; None, a way without a no, comes farthest of all.

    Of equals the one that still goes on.
    """
    known = list(ways)
    if not known or None in known:
        return None
    return max((no for no in known if no is not None), key=lambda no: (no.stage.rank, no.pending))


def stamp(moment: datetime | None) -> str:
    """A time as the words of a no name it."""
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z") if moment else "never"


# --- what is known of an article -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RuleMemory:
    """What the database remembers of a rule; `loaded_at` is when its present form came into force."""

    hash: int
    first_loaded_at: datetime
    loaded_at: datetime
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RuleNow:
    """
    A rule as it is configured now; `broken` says why it cannot be used; no `hash` = not configured.

    `reads_body` = what a page says could make it hold. `updates` is its option of that name.
    """

    name: str
    hash: int | None = None
    enabled: bool = True
    broken: str = ""
    reads_body: bool = True
    updates: str = "substance"


@dataclass(frozen=True, slots=True)
class Shown:
    """An article as one feed showed it; `same_text` = what it showed last is the text that is stored."""

    feed: str
    first_seen_at: datetime
    last_seen_at: datetime
    baseline: bool
    same_text: bool = True


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt to deliver."""

    number: int
    at: datetime
    answer: str
    status: int | None
    detail: str

    @property
    def said(self) -> str:
        """The receiver's answer in words."""
        status = f" {self.status}" if self.status else ""
        return f"{self.answer}{status}: {self.detail}" if self.detail else f"{self.answer}{status}"


@dataclass(frozen=True, slots=True)
class Rival:
    """What was told of an article's story on a channel before it, and what became of that since."""

    article: int
    title: str
    feed: str
    rule: str
    state: State
    at: datetime
    outbox_id: int = 0


@dataclass(frozen=True, slots=True)
class Around:
    """
    What stands around a row of the ledger, as far as its reason asks for it.

    `budget` and `windows` (of quiet hours) are those of the configuration as it is now, `route` says why no
    route of it takes the alert, `forbidden` that `allow_channels` leaves none, `now_to` where it would go
    now. `company` is how many stories wait in the same message.
    """

    silence: Silence | None = None
    budget: str = ""
    windows: tuple[str, ...] = ()
    route: str = ""
    forbidden: bool = False
    now_to: tuple[str, ...] = ()
    rival: Rival | None = None
    company: int = 0
    pause_reason: str = ""
    heirs: tuple[str, ...] = ()


NOTHING_AROUND = Around()


@dataclass(frozen=True, slots=True)
class Entered:
    """
    A row of the ledger, with what is known of its notification.

    `outbox` is the notification's state; `next_attempt` and `paused_until` speak of what is still on its way.
    `maybe_repeat` = an earlier attempt may have arrived; `kind` is "alert" or "digest"; `bin` is where it is
    collected, or waits for the end of quiet hours.
    """

    channel: str
    state: State
    reason: Reason
    at: datetime
    outbox_id: int | None = None
    outbox: OutboxState | None = None
    next_attempt: datetime | None = None
    paused_until: datetime | None = None
    tried: tuple[Tried, ...] = ()
    maybe_repeat: bool = False
    kind: str = ""
    bin: str = ""
    around: Around = NOTHING_AROUND


class PageState(StrEnum):
    """How an article's page stands."""

    UNWANTED = "unwanted"  # nobody asked for it
    WAITING = "waiting"
    READ = "read"
    NONE = "none"  # it was wanted, and is not to be had


@dataclass(frozen=True, slots=True)
class PageNow:
    """
    What is known of an article's page: `why` says why there is none (yet), `purpose` what it is wanted for.

    `hold_until` is when what waits for it is decided without it, `deadline` when it is given up.
    """

    state: PageState = PageState.UNWANTED
    why: str = ""
    purpose: str = ""
    attempts: int = 0
    next_attempt: datetime | None = None
    deadline: datetime | None = None
    hold_until: datetime | None = None

    @property
    def teaser_only(self) -> bool:
        """Whether rules were judged on what the feed gives, though more was wanted."""
        return self.state in (PageState.WAITING, PageState.NONE)


@dataclass(frozen=True, slots=True)
class Beside:
    """
    What is known of an article beside its text: its page, and what it is to a story others began.

    `now` is the time of asking (None = unknown), `running` whether a daemon is at work (None = unknown).
    """

    page: PageNow = PageNow()
    joined: Joined | None = None
    now: datetime | None = None
    running: bool | None = None


NOTHING_BESIDE = Beside()
