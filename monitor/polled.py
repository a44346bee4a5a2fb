"""What one poll found out, and what becomes of the feed's row because of it. Decides, stores nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.feeds.answer import origin_pauses
from monitor.feeds.moves import Led, Seen, Verdict, observe_move
from monitor.feeds.pace import interval
from monitor.feeds.patience import Wishes
from monitor.feeds.rhythm import Rhythm, hasten, learn, read_rhythm, write_rhythm
from monitor.feeds.schedule import GOOD, PollFacts, fraction, next_poll
from monitor.model import FetchStatus, Hop, value
from monitor.store.rows import altered
from monitor.text.hashes import hash64

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from monitor.feeds.moves import Move
    from monitor.model import Article, FetchResult, ParsedFeed, RuleMatch
    from monitor.plan import Plan
    from monitor.settings import FeedConfig
    from monitor.store.rows import FeedState

WHOLE_AFTER = 86_400.0  # seconds without a whole document after which one is asked for, validators or not
_RELEARN = 86_400.0  # seconds after which a rhythm learns that nothing came
_TOO_MANY = 429
_PATIENCE = (_TOO_MANY, 503)


@value
class Candidate:
    """
    An article of the document that is new or changed.

    `matches` hold for it as it stands; `newly` are those of them that may ring if it turns out to be an edit.
    `touched`: none holds, but words of some rule stand in it, so that its page may be worth reading.
    """

    article: Article
    matches: tuple[RuleMatch, ...]
    newly: tuple[RuleMatch, ...]
    touched: bool = False


@value
class Poll:
    """
    Everything one poll found out, before anything of it is stored.

    `url_hash` is that of the address it asked; None = whatever the feed's row says. `whole` = validators were
    known and not sent. `pace` is the c of `feeds.pace`. While it is recorded it learns which of its items
    were `news`, by their dates (None = undated), and whether items were lost since the last poll (`gap`).
    """

    feed: str
    feed_id: int
    now: datetime
    result: FetchResult
    url_hash: int | None = None
    body_hash: int | None = None
    parsed: ParsedFeed | None = None
    candidates: tuple[Candidate, ...] = ()
    refreshed: tuple[int, ...] = ()  # articles found exactly as known, whose marks are due to be touched
    whole: bool = False
    pace: float | None = None
    news: tuple[datetime | None, ...] = ()
    gap: bool = False


def in_order_of_events(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """
    The articles of a document, oldest first, so that alerts come as things happened.

    By their dates, if all have one; else the document is taken to list the newest first, as most feeds do.
    """
    oldest_first = candidates[::-1]
    if any(c.article.published is None for c in candidates):
        return tuple(oldest_first)
    return tuple(sorted(oldest_first, key=lambda c: c.article.published or c.article.fetched))


def asks_whole(state: FeedState, now: datetime) -> bool:
    """
    Whether to leave the validators out of the next request and have the whole document sent.

    About once a day if no document came meanwhile, so that a server that answers "not modified" whatever its
    feed holds is found out; and each time once it was.
    """
    if state.etag is None and state.last_modified is None:
        return False
    if state.validators_lie:
        return True
    since = state.whole_at or state.document_at
    if since is None:
        return False
    # Not all of a server's feeds at the same time, and the same after a restart.
    return (now - since).total_seconds() > WHOLE_AFTER * (0.85 + 0.3 * fraction(state.name))


def next_state(state: FeedState, poll: Poll, plan: Plan, config: FeedConfig) -> tuple[FeedState, str]:
    """The feed's row after this poll, and why it is asked again when it is."""
    result, parsed, now = poll.result, poll.parsed, poll.now
    unreadable = parsed is not None and bool(parsed.error)
    status = FetchStatus.BAD_BODY if unreadable else result.status
    if status is FetchStatus.GONE and state.moved_to is not None:
        status = FetchStatus.HTTP_ERROR  # gone is the address that was learnt, not the feed's own
    good = status in GOOD
    failures = 0 if good else state.failures + 1
    first_failure = None if good else state.first_failure_at or now
    rhythm = _learnt(state, poll, good=good)
    wishes = _wishes(state, poll, good=good)
    policy = plan.policy(config)
    usual = interval(policy, rhythm[0], plan.weight(config), poll.pace, now)
    asked = [r for r in (result.retry_after, *(hop.retry_after for hop in result.hops)) if r is not None]
    retry_after = max(asked, default=None)
    facts = PollFacts(status, retry_after, result.unreachable, first_failure)
    seed = f"{state.name}/{state.polls}"
    due, why = next_poll(policy, facts, failures, now, seed, wishes=wishes, usual=usual)
    lies = _lies(state, poll, good=good)
    if lies and due is not None:
        why += "; its validators stayed the same while its items changed, so it is always read whole"
    after = altered(
        state,
        next_poll_at=due,
        forbidden_until=now + timedelta(seconds=retry_after) if retry_after else None,
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
        floor=wishes.floor or None,
        floor_why=wishes.kept,
        skip_hours=wishes.skip_hours,
        skip_days=wishes.skip_days,
        whole_at=now if result.status is FetchStatus.NEW else state.whole_at,
        validators_lie=lies,
        interval=usual[0],
        next_why=why,
        rhythm=rhythm[1],
        last_item_at=rhythm[2],
        **(_kept(state, poll) if good else {}),
    )
    if result.permanent_url is not None or state.moved_hash is not None:
        after = _moved(after, poll, config, good=good, dead=unreadable or _refused_there(result))
    return after, why


def _learnt(state: FeedState, poll: Poll, *, good: bool) -> tuple[Rhythm, str, datetime | None]:
    """The feed's rhythm after this poll, its text, and when an item was last new."""
    rhythm, now, last = read_rhythm(state.rhythm), poll.now, state.last_item_at
    parsed = poll.parsed if poll.parsed is not None and not poll.parsed.error else None
    learnt = rhythm
    if parsed is not None and not rhythm.known:
        dates = [d for d in (e.published or e.updated for e in parsed.entries) if d is not None and d <= now]
        learnt = learn(rhythm, dates, now)
        last = max((d for d in (*dates, last) if d is not None), default=None)
    elif poll.news:
        # Between the last poll and this one it appeared: its date is believed if it lies in between.
        since = state.last_good_at or now
        times = [d if d is not None and since < d <= now else now for d in poll.news]
        learnt, last = learn(rhythm, times, now), max(times)
    elif good and rhythm.known and now.timestamp() - rhythm.at > _RELEARN:
        learnt = learn(rhythm, (), now)
    if poll.news or poll.gap:
        learnt = hasten(learnt, gap=poll.gap)
    return learnt, state.rhythm if learnt is rhythm else write_rhythm(learnt), last


def _wishes(state: FeedState, poll: Poll, *, good: bool) -> Wishes:
    """What the server and the document ask for, after this poll."""
    wishes = Wishes.of(state.floor_why, state.skip_hours, state.skip_days)
    if good:
        wishes = wishes.renewed(cache=poll.result.cache_seconds)
        if poll.parsed is not None:
            info = poll.parsed.info
            wishes = wishes.documented(ttl=info.ttl, hours=info.skip_hours, days=info.skip_days)
    return wishes


def _lies(state: FeedState, poll: Poll, *, good: bool) -> bool:
    """
    Whether the server's validators are not to be trusted.

    They are not where a document asked for without them brought news under the same validators as before; and
    they are again once both change together.
    """
    result = poll.result
    if not good or not poll.whole or not poll.news:
        return state.validators_lie
    if result.etag is not None or state.etag is not None:
        return result.etag == state.etag
    return result.last_modified == state.last_modified


def _refused_there(result: FetchResult) -> bool:
    """Whether a server answered that there is no feed for us at this address."""
    status = result.http_status or 0
    return 400 <= status < 500 and status not in (408, _TOO_MANY)


def _moved(state: FeedState, poll: Poll, config: FeedConfig, *, good: bool, dead: bool) -> FeedState:
    """The row after what this poll says about where the feed is; the rest of it is as after the poll."""
    move = move_of(state, poll, config, good=good, dead=dead)
    seen = move.seen
    after = altered(state, moved_to=seen.to, moved_hash=seen.target, moved_seen=seen.times, moved_at=seen.at)
    if move.verdict is Verdict.UNLEARN:  # what the other address gave is not for this one
        after = altered(after, etag=None, last_modified=None, final_hash=None)
    return after


def move_of(state: FeedState, poll: Poll, config: FeedConfig, *, good: bool, dead: bool) -> Move:
    """What `feeds.moves` makes of where this poll was led."""
    seen = Seen(state.moved_to, state.moved_hash, state.moved_seen, state.moved_at)
    led = Led(poll.result.permanent_url, good, dead, state.failures)
    # What comes with a login or headers, or was not written into the file, is for its own server alone.
    guarded = bool(config.headers or config.user or config.password) or config.url.source != "config"
    address = "" if config.url.missing else config.url.reveal()
    return observe_move(seen, led, address, poll.now, lambda u: hash64(u.encode()), guarded=guarded)


def _kept(state: FeedState, poll: Poll) -> dict[str, Any]:
    """
    What makes the next request conditional, now that what it answered is being recorded; fields of the row.

    A document that was cut short is read as far as it goes but not taken for the whole: the next poll asks
    for all of it again.
    """
    result, parsed = poll.result, poll.parsed
    if result.status is FetchStatus.NOT_MODIFIED:
        return {
            "etag": result.etag or state.etag,
            "last_modified": result.last_modified or state.last_modified,
        }
    whole = parsed is None or parsed.complete
    return {
        "etag": result.etag if whole else None,
        "last_modified": result.last_modified if whole else None,
        "final_hash": result.final_hash if whole else None,
        "body_hash": poll.body_hash if whole else None,
        "document_at": poll.now if parsed is not None else state.document_at,
        "title": parsed.info.title if parsed else state.title,
        "baseline_at": state.baseline_at or poll.now,
        "moved_since": None if parsed is not None else state.moved_since,
    }


def asks_for_patience(result: FetchResult) -> bool:
    """Whether any server on the way said that it is asked too often, or not to come now."""
    return result.http_status in _PATIENCE or any(hop.status in _PATIENCE for hop in result.hops)


def host_pauses(result: FetchResult, host: str) -> Mapping[str, float]:
    """
    How many seconds which hosts are to be left alone (`origin_pauses`).

    `host` is the one that was asked, where the result does not tell who answered.
    """
    if result.hops:
        return origin_pauses(result)
    return origin_pauses(replace(result, hops=(Hop(host, result.http_status or 0, result.retry_after),)))
