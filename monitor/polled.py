"""What one poll found out, and what becomes of the feed's row because of it. Decides, stores nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.feeds.schedule import PollFacts, next_poll
from monitor.model import FetchStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from monitor.model import Article, FetchResult, ParsedFeed, RuleMatch
    from monitor.plan import Plan
    from monitor.settings import FeedConfig
    from monitor.store.rows import FeedState


@dataclass(frozen=True, slots=True)
class Candidate:
    """
    An article of the document that is new or changed.

    `matches` hold for it as it stands; `newly` are those of them that may ring if it turns out to be an edit.
    """

    article: Article
    matches: tuple[RuleMatch, ...]
    newly: tuple[RuleMatch, ...]


@dataclass(frozen=True, slots=True)
class Poll:
    """
    Everything one poll found out, before anything of it is stored.

    `url_hash` is that of the address it asked; None = whatever the feed's row says.
    """

    feed: str
    feed_id: int
    now: datetime
    result: FetchResult
    url_hash: int | None = None
    body_hash: int | None = None
    parsed: ParsedFeed | None = None
    candidates: tuple[Candidate, ...] = ()
    refreshed: tuple[
        int, ...
    ] = ()  # articles found exactly as known, whose marks were last touched a day ago


def in_order_of_events(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """
    The articles of a document, oldest first, so that alerts come as things happened.

    By their dates, if all have one; else the document is taken to list the newest first, as most feeds do.
    """
    oldest_first = candidates[::-1]
    if any(c.article.published is None for c in candidates):
        return tuple(oldest_first)
    return tuple(sorted(oldest_first, key=lambda c: c.article.published or c.article.fetched))


def next_state(state: FeedState, poll: Poll, plan: Plan, config: FeedConfig) -> tuple[FeedState, str]:
    """The feed's row after this poll, and why it is asked again when it is."""
    result, parsed, now = poll.result, poll.parsed, poll.now
    unreadable = parsed is not None and bool(parsed.error)
    status = FetchStatus.BAD_BODY if unreadable else result.status
    good = status in (FetchStatus.NEW, FetchStatus.NOT_MODIFIED)
    failures = 0 if good else state.failures + 1
    first_failure = None if good else state.first_failure_at or now
    ttl = parsed.info.ttl if parsed else None
    facts = PollFacts(
        status, result.retry_after, result.cache_seconds, ttl, result.unreachable, first_failure
    )
    due, why = next_poll(plan.policy(config), facts, failures, now, f"{state.name}/{state.polls}")
    after = replace(
        state,
        next_poll_at=due,
        forbidden_until=now + timedelta(seconds=result.retry_after) if result.retry_after else None,
        gone=status is FetchStatus.GONE,
        suspect=parsed.killed if parsed else state.suspect,
        polls=state.polls + 1,
        last_poll_at=now,
        last_good_at=now if good else state.last_good_at,
        last_status=status.value,
        last_http=result.http_status,
        last_message=parsed.error if unreadable and parsed else result.message,
        failures=failures,
        first_failure_at=first_failure,
    )
    if good:
        after = _keep_validators(after, poll)
    return after, why


def _keep_validators(state: FeedState, poll: Poll) -> FeedState:
    """
    Remember what makes the next request conditional, now that what it answered is being recorded.

    A document that was cut short is read as far as it goes but not taken for the whole: the next poll asks
    for all of it again.
    """
    result, parsed = poll.result, poll.parsed
    if result.status is FetchStatus.NOT_MODIFIED:
        return replace(
            state,
            etag=result.etag or state.etag,
            last_modified=result.last_modified or state.last_modified,
        )
    whole = parsed is None or parsed.complete
    return replace(
        state,
        etag=result.etag if whole else None,
        last_modified=result.last_modified if whole else None,
        body_hash=poll.body_hash if whole else None,
        final_hash=result.final_hash if whole else None,
        document_at=poll.now if parsed is not None else state.document_at,
        title=parsed.info.title if parsed else state.title,
        baseline_at=state.baseline_at or poll.now,
        moved_since=None if parsed is not None else state.moved_since,
    )


def host_pause(result: FetchResult) -> float:
    """Seconds to leave the whole host alone: what it asked for, or a minute after a bare "too many"."""
    if result.status is not FetchStatus.RATE_LIMITED:
        return 0.0
    return result.retry_after or (60.0 if result.http_status == 429 else 0.0)
