"""
Why no feed has shown an article: the first no of an address that is not stored. Pure.

Each feed that could have carried it has its own no; the one that came farthest speaks. Where it is known when
the article was published, it is asked how the feed fared then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.feeds.watch import BLINDING
from monitor.stages import Cause, No, Stage, farthest, stamp

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from monitor.store.rows import Episode, FeedState

Span = tuple["datetime", "datetime"]
RECENT = timedelta(days=14)  # gaps that lie farther back are no answer to who asks without a time
OVERDUE = timedelta(hours=1)  # after so long a feed that nobody asks tells of a Tocsin that was stopped


@dataclass(frozen=True, slots=True)
class Carrier:
    """
    A configured feed that could have carried an article, and why it is thought so.

    `troubles` are those that are on record, the latest first.
    """

    name: str
    why: str
    enabled: bool
    state: FeedState | None
    gaps: tuple[Span, ...] = ()
    troubles: tuple[Episode, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What is known of the question: when, whether a daemon runs (None = unknown), and about which time.

    `published` is a span, for an address names a day at best; None = not known.
    """

    now: datetime | None = None
    running: bool | None = None
    published: Span | None = None


NOTHING_ASKED = Asked()


def never_seen(
    carriers: Sequence[Carrier],
    site: str,
    asked: Asked = NOTHING_ASKED,
    removed: Sequence[tuple[str, datetime | None]] = (),
) -> No:
    """
    The first no of an address that no feed has shown.

    `removed` are feeds of its site that are no longer configured, with when they went.
    """
    nos = [_not_shown(carrier, asked) for carrier in carriers]
    equal = [no for no in nos if no.stage is Stage.ENTRY]
    if len(equal) > 1 and all(no.cause is Cause.NOT_LISTED for no in equal):
        unread = [no.feed for no in nos if no not in equal]
        more = f"; {', '.join(unread)} could not be read" if unread else ""
        which = "were read" if unread else "could carry it"
        why = f"none of the {len(equal)} feeds that {which} has shown it{more}"
        facts = {"feeds": ", ".join(no.feed for no in equal), "feed": equal[0].feed}
        return No(Stage.ENTRY, why, "", Cause.NOT_LISTED, facts)
    if equal:  # what tells more than that it was not listed
        return max(equal, key=lambda no: no.cause is not Cause.NOT_LISTED)
    found = farthest(nos)
    if found is not None:
        return found
    there = site or "that site"
    if removed:
        name, at = removed[0]
        why = f"feed {name} of {there} is no longer configured, since {stamp(at)}"
        return No(Stage.FEED, why, name, Cause.FEED_REMOVED, {"feed": name, "at": stamp(at)})
    why = f"no configured feed is of {there}, or carried it before"
    return No(Stage.FEED, why, "", Cause.NO_FEED, {"site": site})


def _not_shown(carrier: Carrier, asked: Asked) -> No:
    """What kept one feed from showing it."""
    name, state = carrier.name, carrier.state
    if not carrier.enabled:
        return _poll(name, Cause.FEED_DISABLED, "is disabled")
    if state is None or not state.polls:
        return _poll(name, Cause.NOT_POLLED, "was not polled yet")
    if state.gone:
        return _poll(name, Cause.FEED_GONE, "is gone (410) and is not asked any more")
    if state.failures:
        said = state.last_message or state.last_status
        since, due = stamp(state.first_failure_at), stamp(state.next_poll_at)
        why = f"is failing: {said}, since {since}; it is asked again {due}"
        return _poll(name, Cause.FEED_FAILING, why, since=since, due=due)
    if state.last_good_at is None:  # it was we who were cut off, which is held against no feed
        said = f": {state.last_message}" if state.last_message else ""
        return _poll(name, Cause.NOT_POLLED, f"was asked and could not be read yet{said}")
    read, due = stamp(state.last_good_at), stamp(state.next_poll_at)
    published = asked.published
    after = published is not None and published[0] > state.last_good_at
    if _is_left_alone(state, asked, least=timedelta() if after else OVERDUE) and (after or published is None):
        why = f"was last read {read} and is due since {due}, but Tocsin is not running"
        return _poll(name, Cause.NOT_RUNNING, why, read=read, due=due)
    if after:
        why = f"was last read {read}, before it was published; it is asked again {due}"
        return _poll(name, Cause.NOT_POLLED_SINCE, why, read=read, due=due)
    if published is not None:
        return _then(carrier, state, published)
    facts = {"feed": name, "read": read}
    why = f"feed {name} has not shown it; it was last read {read}{_is_quiet(carrier)}"
    recent = [gap for gap in carrier.gaps if asked.now is None or asked.now - gap[1] <= RECENT]
    if recent:
        first, last = map(stamp, recent[0])
        why += f"; it has gaps, in which items may have come and gone unseen, the last from {first} to {last}"
        facts |= {"since": first, "until": last}
    return No(Stage.ENTRY, why, name, Cause.GAP if recent else Cause.NOT_LISTED, facts)


def _is_left_alone(state: FeedState, asked: Asked, least: timedelta) -> bool:
    """Whether a feed is due for longer than that, and nobody is there to ask it."""
    due, now = state.next_poll_at, asked.now
    return asked.running is False and due is not None and now is not None and now - due > least


def _then(carrier: Carrier, state: FeedState, published: Span) -> No:
    """How a feed that is well fared when the article was published."""
    name, (first, last) = carrier.name, published
    facts = {"feed": name, "read": stamp(state.last_good_at)}
    for began, ended in carrier.gaps:
        if began <= last and first <= ended:
            facts |= {"since": stamp(began), "until": stamp(ended)}
            why = (
                f"feed {name} has a gap from {stamp(began)} to {stamp(ended)}: "
                "when it was read again nothing in it was known, and what came and went was never seen"
            )
            return No(Stage.ENTRY, why, name, Cause.GAP, facts)
    for trouble in carrier.troubles:
        over = trouble.ended_at
        if over is not None and trouble.kind in BLINDING and trouble.since <= last and first <= over:
            span = f"from {stamp(trouble.since)} to {stamp(over)}"
            facts |= {"since": stamp(trouble.since), "until": stamp(over)}
            why = (
                f"feed {name} was in trouble {span} ({trouble.kind}), when it was published, "
                "and did not list it afterwards"
            )
            return No(Stage.ENTRY, why, name, Cause.WAS_FAILING, facts)
    if state.baseline_at is not None and last < state.baseline_at:
        facts |= {"began": stamp(state.baseline_at)}
        why = f"feed {name} was first read {facts['began']}, after it was published, and did not list it"
        return No(Stage.ENTRY, why, name, Cause.BEFORE_US, facts)
    why = f"feed {name} has not shown it; it was last read {facts['read']}{_is_quiet(carrier)}"
    return No(Stage.ENTRY, why, name, Cause.NOT_LISTED, facts)


def _is_quiet(carrier: Carrier) -> str:
    """What is odd about a feed that can be read."""
    found = next((trouble for trouble in carrier.troubles if trouble.ended_at is None), None)
    return f" (in trouble since {stamp(found.since)}: {found.kind})" if found is not None else ""


def _poll(name: str, cause: Cause, why: str, **facts: str) -> No:
    return No(Stage.POLL, f"feed {name} {why}", name, cause, {"feed": name} | facts)
