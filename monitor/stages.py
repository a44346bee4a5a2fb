"""
How far an article came under a rule, and what stopped it: the first no. Pure.

The stages stand in the order in which an article passes them. What is known of the way is read elsewhere
(`explaining.py`); here it is decided which stage was the first to say no, and in which words. Where several
feeds showed the article each has a way of its own, and the one that came farthest speaks for the rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import TYPE_CHECKING

from monitor.model import OutboxState, Reason, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from monitor.rules.explain import Explained
    from monitor.store.rows import FeedState
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


_STAGES = {
    Reason.BASELINE: Stage.BASELINE,
    Reason.NO_ROUTE: Stage.ROUTE,
    Reason.NOT_ALLOWED: Stage.ROUTE,
    Reason.RULE_REMOVED: Stage.RULE,
    Reason.DUPLICATE: Stage.TOLD,
    Reason.ALREADY_TOLD: Stage.TOLD,
    Reason.COMPARING: Stage.COMPARING,
    Reason.WEAK: Stage.WEAK,
    Reason.WEAK_IGNORED: Stage.WEAK,
    Reason.SILENCED: Stage.SILENCE,
    Reason.BUDGET: Stage.BUDGET,
    Reason.QUIET_HOURS: Stage.QUIET,
    Reason.GATHERED: Stage.GATHERED,
    Reason.DIGEST: Stage.GATHERED,
    Reason.BACKLOG: Stage.GATHERED,
}


@dataclass(frozen=True, slots=True)
class No:
    """What stopped an article: where, in words, and through which feed it came ("" = through none)."""

    stage: Stage
    why: str
    feed: str = ""


@dataclass(frozen=True, slots=True)
class RuleMemory:
    """What the database remembers of a rule; `loaded_at` is when its present form came into force."""

    hash: int
    first_loaded_at: datetime
    loaded_at: datetime
    retired_at: datetime | None = None


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


@dataclass(frozen=True, slots=True)
class Entered:
    """
    A row of the ledger, with what is known of its notification.

    `outbox` is the notification's state; `next_attempt` and `paused_until` speak of what is still on its way.
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


@dataclass(frozen=True, slots=True)
class RuleNow:
    """
    A rule as it is configured now; `broken` says why it cannot be used; no `hash` = not configured.

    `reads_body` = what a page says could make it hold.
    """

    name: str
    hash: int | None = None
    enabled: bool = True
    broken: str = ""
    reads_body: bool = True


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
    """What is known of an article beside its text: its page, and what it is to a story others began."""

    page: PageNow = PageNow()
    joined: Joined | None = None


NOTHING_BESIDE = Beside()


def stopped(
    now: RuleNow,
    shown: Shown,
    explained: Explained | None,
    memory: RuleMemory | None,
    entered: Sequence[Entered],
    *,
    beside: Beside = NOTHING_BESIDE,
) -> No | None:
    """
    The first no on the way of an article under a rule through one feed; None if it was told to someone.

    `entered` are the ledger's rows of the match, none = there is no match; `explained` is the verdict now.
    """
    if entered:
        return farthest(_at_the_end(row, shown.feed, beside) for row in entered)
    if now.broken:
        return No(Stage.RULE, f"the rule cannot be used: {now.broken}", shown.feed)
    if explained is None:
        return No(Stage.RULE, "the rule is no longer configured", shown.feed)
    if explained.failed is not None:
        return _not_held(now, shown, explained, beside.page)
    return No(Stage.RULE, _why_unmatched(now, shown, memory), shown.feed)


def _not_held(now: RuleNow, shown: Shown, explained: Explained, page: PageNow) -> No:
    """Which part of the rule fails, and whether a page could have helped."""
    failed = explained.failed
    assert failed is not None, "the rule does not hold"
    why = f"{failed.text}: {failed.why}"
    if explained.wrong_source is not None:
        return No(Stage.SOURCE, why, shown.feed)
    # What stands where it must not is not taken away by more text.
    if now.reads_body and failed.kind != "not":
        if page.state is PageState.WAITING:
            return No(Stage.PAGE, f"its page is not read yet; of what the feed gives: {why}", shown.feed)
        if page.state is PageState.NONE:
            return No(Stage.TEASER, f"there is no page ({page.why}); of the teaser: {why}", shown.feed)
    return No(Stage.TEXT, why, shown.feed)


def farthest(ways: Iterable[No | None]) -> No | None:
    """Of several ways the one that came farthest; None, a way without a no, comes farthest of all."""
    known = list(ways)
    if not known or None in known:
        return None
    return max((no for no in known if no is not None), key=lambda no: no.stage.rank)


def _at_the_end(row: Entered, feed: str, beside: Beside) -> No | None:
    """What the ledger says of one channel."""
    if row.state is State.SENT:
        return None
    to = f"{row.channel}: " if row.channel else ""
    if row.state is State.SUPPRESSED:
        stage = _STAGES.get(row.reason, Stage.HUSHED)
        like = _like(beside.joined) if stage is Stage.TOLD else ""
        return No(stage, to + row.reason.sentence + like, feed)
    if row.state is State.WAITING:
        return No(Stage.DELIVERY, to + _waiting(row), feed)
    stage = _STAGES.get(row.reason, Stage.DELIVERY) if row.state is State.HELD else Stage.DELIVERY
    until = beside.page.hold_until if stage is Stage.COMPARING else _held_until(row)
    at = f" until {until.isoformat(timespec='seconds').replace('+00:00', 'Z')}" if until else ""
    return No(stage, f"{to}{row.state.value}{at}, {row.reason.sentence}", feed)


def _held_until(row: Entered) -> datetime | None:
    """When what is held is to go, as far as that is known."""
    return row.next_attempt if row.state is State.HELD else None


def _like(joined: Joined | None) -> str:
    """By what an article was found to tell what others told."""
    if joined is None:
        return ""
    of = f"; see article {joined.of}" if joined.of is not None else ""
    return f": {joined.reason}{of}"


def _waiting(row: Entered) -> str:
    if row.outbox is OutboxState.LEASED:
        return "it is being sent right now"
    if not row.tried:
        return "it waits to be sent"
    last = row.tried[-1]
    return f"it waits to be tried again: {last.detail or last.answer}"


def _why_unmatched(now: RuleNow, shown: Shown, memory: RuleMemory | None) -> str:
    """Why there is no match although the rule holds for the stored text now."""
    if not now.enabled:
        return "the rule is disabled"
    if memory is None or memory.retired_at is not None:
        return "no running Tocsin has loaded the rule yet"
    if memory.first_loaded_at > shown.first_seen_at:
        return "rules act on articles first seen after they were loaded, and this rule is younger"
    if memory.loaded_at > shown.first_seen_at:
        return "the rule was changed, or switched on again, after the article was first seen"
    if memory.hash != now.hash:
        return "the rule is in force in another form: the file has changed since it was loaded"
    if not shown.same_text:
        return "this feed showed it with another text than the one stored"
    if shown.last_seen_at > shown.first_seen_at:
        return "its text or its feed's tags changed since, and an edit rings only where it brings new words"
    return "its feed's tags or language were changed in the configuration since"


# --- articles that are not stored ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Carrier:
    """A configured feed that could have carried an article, and why it is thought so."""

    name: str
    why: str
    enabled: bool
    state: FeedState | None
    gaps: tuple[tuple[datetime, datetime], ...] = ()


def never_seen(carriers: Sequence[Carrier], site: str) -> No:
    """The first no of an address that no feed has shown."""
    nos = [_not_shown(carrier) for carrier in carriers]
    asked = [no for no in nos if no.stage is Stage.ENTRY]
    if len(asked) > 1:
        return No(Stage.ENTRY, f"none of the {len(asked)} feeds that could carry it has shown it")
    return farthest(nos) or No(
        Stage.FEED, f"no configured feed is of {site or 'that site'}, or carried it before"
    )


def _not_shown(carrier: Carrier) -> No:
    """What kept one feed from showing it."""
    name, state = carrier.name, carrier.state
    why = ""
    if not carrier.enabled:
        why = "is disabled"
    elif state is None or not state.polls:
        why = "was not polled yet"
    elif state.gone:
        why = "is gone (410) and is not asked any more"
    elif state.failures:
        why = f"is failing: {state.last_message or state.last_status}"
    if why:
        return No(Stage.POLL, f"feed {name} {why}", name)
    also = "; it has gaps, in which items may have come and gone unseen" if carrier.gaps else ""
    return No(Stage.ENTRY, f"feed {name} has not shown it{also}", name)
