"""
The story of one poll, told top to bottom: the only place where the domains meet.

Outside the transaction: fetch, parse, normalise, match. All of it yields values. Inside (`recording.py`):
look up, decide, write. After the commit, and only then, delivery is woken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from monitor.articles.identity import share_identifiers
from monitor.articles.normalise import normalise
from monitor.articles.urls import clean_url
from monitor.documents import document_of, stored_document
from monitor.feeds import listed
from monitor.known import exactly_known, known_item
from monitor.model import FetchRequest, FetchResult, FetchStatus, Strength
from monitor.moving import address_of
from monitor.polled import Candidate, Poll, asks_whole
from monitor.recording import Recorded, record
from monitor.store import sql
from monitor.store.retention import REFRESHED
from monitor.store.writer import Priority
from monitor.text.hashes import hash64

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from monitor.feeds.fetch import Fetcher
    from monitor.feeds.parse import Parser
    from monitor.model import Article, Entry, ParsedFeed, RuleMatch
    from monitor.plan import Plan
    from monitor.settings import FeedConfig
    from monitor.store.database import Database, Reader
    from monitor.store.rows import FeedState
    from monitor.store.tx import Tx


@dataclass(frozen=True, slots=True)
class Deps:
    """What a poll needs from outside; `plan` gives the one in force, where a reload may bring another."""

    fetcher: Fetcher
    parser: Parser
    database: Database
    clock: Callable[[], datetime]
    # Told of each answer, and each failure to get one; True = we are cut off, and it is held against nobody.
    heard: Callable[[str, FetchResult], bool] = lambda _feed, _result: False
    plan: Callable[[], Plan] | None = None
    # What the intervals of all feeds are made from, see `feeds.pace`; None = not known yet.
    pace: Callable[[], float | None] = lambda: None


async def check_feed(feed: FeedConfig, state: FeedState, plan: Plan, deps: Deps) -> Recorded | None:
    """
    Poll one feed and record everything that follows from it, in one transaction.

    None = nothing was recorded, because it is we who are cut off: the feed stays due.
    Never raises for what a server, a document or a secret does; StoreError and programming errors do come
    through, and then nothing of this poll was recorded and the feed is still due.
    """
    whole = asks_whole(state, deps.clock())
    try:
        request = request_for(feed, state, plan.ports, whole=whole)
    except LookupError as missing:  # a secret that is not there: this feed's own failure
        result = FetchResult(FetchStatus.REFUSED, message=str(missing))
    else:
        result = await deps.fetcher.fetch(request)
        if deps.heard(feed.name, result):
            return None
    now = deps.clock()
    poll = Poll(feed.name, state.id, now, result, state.url_hash, whole=whole, pace=deps.pace())
    if result.status is not FetchStatus.NEW:
        # Of a quiet poll only its time is written: a power cut that takes it back costs one more request.
        quiet = result.status is FetchStatus.NOT_MODIFIED and not state.failures
        return await _commit(poll, plan, deps, synced=not quiet)

    body_hash = hash64(result.body)
    if body_hash == state.body_hash and state.baseline_at is not None:
        return await _commit(replace(poll, body_hash=body_hash), plan, deps)

    parsed = await _parsed(result, state, now, deps.parser)
    if deps.plan is not None:  # what was fetched under the old rules is judged by the new ones
        plan = deps.plan()
        feed = plan.feeds.get(feed.name, feed)
    fresh = replace(parsed, entries=_unread(parsed)) if parsed.skipped else parsed
    articles = normalise(fresh, feed=feed.name, feed_language=feed.language, now=now)
    candidates, refreshed = _judge(articles, feed, state, plan, deps.database.reader, now=now)
    poll = replace(poll, body_hash=body_hash, parsed=parsed, candidates=candidates, refreshed=refreshed)
    return await _commit(poll, plan, deps)


def request_for(
    feed: FeedConfig, state: FeedState, ports: frozenset[int], *, whole: bool = False
) -> FetchRequest:
    """
    What to ask for: the validators are those stored with the last document that was recorded.

    `ports` may be asked beside the web's usual ones (`Plan.ports`); `whole` = ask for all of it, without
    validators.
    """
    return FetchRequest(
        url=address_of(feed, state.moved_to),
        etag=None if whole else state.etag,
        last_modified=None if whole else state.last_modified,
        unconditional=whole,
        validators_of=state.final_hash,
        headers={name: value.reveal() for name, value in feed.headers.items()},
        auth=(feed.user, feed.password.reveal()) if feed.user and feed.password else None,
        proxy=feed.proxy.reveal() if feed.proxy else None,
        ports=ports,
    )


async def _commit(poll: Poll, plan: Plan, deps: Deps, *, synced: bool = True) -> Recorded:
    priority = Priority.MATCHES if any(c.matches for c in poll.candidates) else Priority.POLL

    def unit(tx: Tx) -> Recorded:
        # What is due next counts from here: the clock may have been set since the answer came.
        return record(tx, replace(poll, now=deps.clock()), plan)

    return await deps.database.writer.run(unit, priority, synced=synced)


def _judge(
    articles: tuple[Article, ...],
    feed: FeedConfig,
    state: FeedState,
    plan: Plan,
    reader: Reader,
    *,
    now: datetime,
) -> tuple[tuple[Candidate, ...], tuple[int, ...]]:
    """
    Match what is new or changed in the document; leave out what is known and exactly as it was.

    Of what is left out the second value tells the articles whose marks are to be refreshed: twice a day, so
    that most polls of a changed document write nothing for what they knew.

    An edited item is matched in its old and its new form: a rule may ring only if it holds now, did not
    hold then, and one of its hits lies in text that was absent then.
    """
    candidates, refreshed = [], []
    # Until the next whole reading nobody looks at the marks of what is left out.
    too_old = now - (REFRESHED - listed.WHOLE_EVERY if state.items else REFRESHED)
    # What another feed showed is settled where it is recorded; here only this feed's own items count.
    first = state.baseline_at is None
    any_known = bool(articles) and reader.row(sql.SIGHTING_ANY, feed=state.id) is not None
    for article in articles:
        known = known_item(reader, state.id, feed.name, article) if any_known else None
        if known and known.feed == feed.name and exactly_known(known, article):
            if known.last_seen_at is not None and known.last_seen_at < too_old:
                refreshed.append(known.article_id)
            continue
        document = document_of(article, feed)
        matches = plan.engine.match(document)
        fresh = matches
        if known and known.feed == feed.name:
            fresh = _newly_holding(matches, known.article_id, feed, plan, reader)
        # Whose page is read first is asked only where one may be wanted.
        wants_page = article.short and not matches and not first and feed.full_text != "never"
        touched = wants_page and plan.engine.touches(document)
        candidates.append(Candidate(article, matches, fresh, touched))
    return tuple(candidates), tuple(refreshed)


def _newly_holding(
    matches: tuple[RuleMatch, ...], article_id: int, feed: FeedConfig, plan: Plan, reader: Reader
) -> tuple[RuleMatch, ...]:
    row = reader.row(sql.ARTICLE, id=article_id)
    if not matches or row is None:
        return ()
    before = stored_document(row, feed, feed.name)
    held = {m.rule: m.strength for m in plan.engine.match(before)}
    old_text = f"{before.title}\n{before.summary}\n{before.body}"
    return tuple(
        m
        for m in matches
        if (m.rule not in held and any(hit.text not in old_text for hit in m.hits))
        or (held.get(m.rule) is Strength.WEAK and m.strength is Strength.STRONG)  # it is confirmed now
    )


async def _parsed(result: FetchResult, state: FeedState, now: datetime, parser: Parser) -> ParsedFeed:
    """
    The document, without what stood word for word in the last one; an item of that is known and unchanged.

    An identifier that several items of a document share identifies none of them. Where a new item may share
    one with an item that was left out, the document is read whole: the texts of both tell what they are.
    """
    known = listed.known(state.items, now) if state.baseline_at is not None else frozenset()

    async def parse(known: frozenset[int]) -> ParsedFeed:
        return await parser.parse(
            result.body,
            content_type=result.content_type,
            url=result.final_url,
            suspect=state.suspect,
            known=known,
        )

    parsed = await parse(known)
    if not 0 < parsed.skipped < len(parsed.entries):
        return parsed
    old = ((entry.guid, clean_url(entry.link or "")) for entry in parsed.entries if entry.known)
    new = ((entry.guid, clean_url(entry.link or "")) for entry in _unread(parsed))
    return await parse(frozenset()) if share_identifiers(new, old) else parsed


def _unread(parsed: ParsedFeed) -> tuple[Entry, ...]:
    return tuple(entry for entry in parsed.entries if not entry.known)
