"""
Why no feed has shown an article: the first no of an address that is not stored. Pure.

Each feed that could have carried it has its own no; the one that came farthest speaks. Where it is known when
the article was published, it is asked how the feed fared then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.stages import Cause, No, Stage, farthest, stamp

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from monitor.store.rows import Episode, FeedState

Span = tuple["datetime", "datetime"]


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
        why = f"none of the {len(equal)} feeds that could carry it has shown it"
        return No(Stage.ENTRY, why, "", Cause.NOT_LISTED, {"feeds": ", ".join(no.feed for no in equal)})
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
        since = stamp(state.first_failure_at)
        return _poll(name, Cause.FEED_FAILING, f"is failing: {said}, since {since}", since=since)
    read = stamp(state.last_good_at)
    due = state.next_poll_at
    if asked.running is False and due is not None and asked.now is not None and due < asked.now:
        why = f"was last read {read} and is due since {stamp(due)}, but Tocsin is not running"
        return _poll(name, Cause.NOT_RUNNING, why, read=read, due=stamp(due))
    if asked.published is not None:
        return _then(carrier, state, asked.published)
    facts = {"feed": name, "read": read}
    why = f"feed {name} has not shown it; it was last read {read}"
    if carrier.gaps:
        since, until = carrier.gaps[0]
        why += (
            "; it has gaps, in which items may have come and gone unseen, "
            f"the last from {stamp(since)} to {stamp(until)}"
        )
        facts |= {"since": stamp(since), "until": stamp(until)}
    return No(Stage.ENTRY, why, name, Cause.GAP if carrier.gaps else Cause.NOT_LISTED, facts)


def _then(carrier: Carrier, state: FeedState, published: Span) -> No:
    """How a feed that is well fared when the article was published."""
    name, (first, last) = carrier.name, published
    facts = {"feed": name, "read": stamp(state.last_good_at)}
    if state.last_good_at is not None and first > state.last_good_at:
        read, due = stamp(state.last_good_at), stamp(state.next_poll_at)
        why = f"was last read {read}, before it was published; it is asked again {due}"
        return _poll(name, Cause.NOT_POLLED_SINCE, why, read=read, due=due)
    for since, until in carrier.gaps:
        if since <= last and first <= until:
            facts |= {"since": stamp(since), "until": stamp(until)}
            why = (
                f"feed {name} has a gap from {stamp(since)} to {stamp(until)}: "
                "when it was read again it listed nothing that was known, and what had come and gone is lost"
            )
            return No(Stage.ENTRY, why, name, Cause.GAP, facts)
    for trouble in carrier.troubles:
        if trouble.ended_at is not None and trouble.since <= last and first <= trouble.ended_at:
            span = f"from {stamp(trouble.since)} to {stamp(trouble.ended_at)}"
            facts |= {"since": stamp(trouble.since), "until": stamp(trouble.ended_at)}
            why = (
                f"feed {name} was in trouble {span} ({trouble.kind}), when it was published, "
                "and did not list it afterwards"
            )
            return No(Stage.ENTRY, why, name, Cause.WAS_FAILING, facts)
    if state.baseline_at is not None and last < state.baseline_at:
        began = stamp(state.baseline_at)
        facts |= {"began": began}
        why = f"feed {name} was first read {began}, after it was published, and did not list it any more"
        return No(Stage.ENTRY, why, name, Cause.BEFORE_US, facts)
    why = f"feed {name} has not shown it; it was last read {stamp(state.last_good_at)}"
    return No(Stage.ENTRY, why, name, Cause.NOT_LISTED, facts)


def _poll(name: str, cause: Cause, why: str, **facts: str) -> No:
    return No(Stage.POLL, f"feed {name} {why}", name, cause, {"feed": name} | facts)
