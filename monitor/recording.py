"""
What happens inside the transaction of one poll: identify, decide, route, write.

Runs in the writer's thread, inside BEGIN IMMEDIATE, so two copies of one item polled in the same tick
cannot both ring: the second sees the first. Everything that decides is a pure function over rows just
read (`articles.identity`, `alerts.decide`, `alerts.route`, `feeds.schedule`); this module reads for them and
writes what they say. A unit of work may be run twice (see `store.writer`), so it touches nothing but its
transaction.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from monitor.alerts.decide import Sighted, is_late
from monitor.articles.identity import Known, choose, reissued
from monitor.articles.summary import WHOLE_CHARS
from monitor.config.durations import parse_duration
from monitor.documents import read_spans, write_spans
from monitor.feeds import listed
from monitor.feeds.pacing import host_of
from monitor.feeds.schedule import was_away
from monitor.model import Strength
from monitor.moving import address_of, settle_move
from monitor.pages.wanted import Purpose, priority, wanted
from monitor.polled import asks_for_patience, host_pauses, in_order_of_events, next_state
from monitor.ringing import Meeting, Rung, record_matches
from monitor.store import sql
from monitor.store.outbox import notice
from monitor.store.pages import queue_page
from monitor.store.pauses import note_pauses
from monitor.store.retention import REFRESHED
from monitor.store.rows import FeedState, differing, from_db, read, to_db, to_json, write
from monitor.stories.updates import Version
from monitor.watching import observe

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from monitor.model import Article, FetchStatus, ParsedFeed, RuleMatch
    from monitor.plan import Plan
    from monitor.polled import Candidate, Poll
    from monitor.settings import FeedConfig
    from monitor.store.tx import Tx

HOLD = timedelta(seconds=30)  # for which an alert waits at most to be compared with what it looks like

# The columns that every poll writes, and those that any poll may.
_ALWAYS = frozenset(re.findall(r"(\w+)=:\1\b", sql.FEED_POLLED_AGAIN))
_OF_POLLS = frozenset(re.findall(r"(\w+)=:\1\b", sql.FEED_POLLED))


@dataclass(frozen=True, slots=True)
class Recorded:
    """What one poll led to, for logs and summaries."""

    feed: str
    status: FetchStatus
    message: str = ""
    entries: int = 0
    new: int = 0
    matched: int = 0
    silent: int = 0
    notifications: int = 0
    collected: int = 0  # alerts put into a digest
    next_poll_at: datetime | None = None
    why_then: str = ""
    ok: bool = True
    host_pauses: Mapping[str, float] = field(default_factory=dict)  # seconds for which which hosts asked
    moved_to: str | None = None  # the address that was learnt, see `feeds.moves`


@dataclass(slots=True)
class Tally:
    """What the articles of one poll led to."""

    new: int = 0
    matched: int = 0
    silent: int = 0
    notifications: int = 0
    collected: int = 0

    def add(self, rung: Rung) -> None:
        """Count what one article led to."""
        self.matched += rung.matched
        self.silent += rung.silent
        self.notifications += rung.notifications
        self.collected += rung.collected


class _Rows(Protocol):
    """What both a transaction and a reader can do."""

    def rows(self, statement: str, **params: Any) -> list[sqlite3.Row]: ...


def record(tx: Tx, poll: Poll, plan: Plan) -> Recorded:
    """Write the poll's whole outcome: articles, seen marks, matches, alerts, ledger, outbox, validators."""
    row = tx.row(sql.FEED, id=poll.feed_id)
    config = plan.feeds.get(poll.feed)
    if row is None or config is None or row["retired_at"] is not None:
        return Recorded(poll.feed, poll.result.status, "the feed was removed meanwhile")
    if row["name"] != poll.feed or poll.url_hash not in (None, row["url_hash"]):
        # Its validators and its silence belong to another address; at the new one it is due anyway.
        return Recorded(poll.feed, poll.result.status, "the feed was renamed or moved meanwhile")
    state = read(FeedState, row)
    tally = Tally()
    if poll.parsed is not None and not poll.parsed.error:
        _refresh_marks(tx, poll, state)
        articles = _Articles(tx, poll, plan, config, state)
        articles.record()
        tally = articles.tally
        poll = replace(poll, news=tuple(articles.news), gap=articles.gap)
    after, _ = next_state(state, poll, plan, config)
    if poll.parsed is not None and not poll.parsed.error:
        after = replace(after, items=_listed(state, poll, poll.parsed))
    after = settle_move(tx, state, after, plan, poll.now)
    pauses = _pauses(state, poll, config)
    note_pauses(tx, pauses, after.last_message, poll.now)
    _remember_poll(tx, state, after)
    observe(tx, state, after, poll, plan)
    return Recorded(
        feed=poll.feed,
        status=poll.result.status,
        message=after.last_message,
        entries=len(poll.parsed.entries) if poll.parsed else 0,
        new=tally.new,
        matched=tally.matched,
        silent=tally.silent,
        notifications=tally.notifications,
        collected=tally.collected,
        next_poll_at=after.next_poll_at,
        why_then=after.next_why,
        ok=after.failures == 0 and not after.gone,
        host_pauses=pauses,
        moved_to=after.moved_to,
    )


def _pauses(state: FeedState, poll: Poll, config: FeedConfig) -> Mapping[str, float]:
    if not asks_for_patience(poll.result) or config.url.missing:
        return {}
    return host_pauses(poll.result, host_of(address_of(config, state.moved_to)))


def _listed(state: FeedState, poll: Poll, parsed: ParsedFeed) -> str:
    """What the document listed, for the next poll; nothing of one that was cut short."""
    if not parsed.complete:
        return ""
    before = listed.whole_at(state.items) if parsed.skipped else None
    return listed.packed(parsed.items, before or poll.now)


def _remember_poll(tx: Tx, before: FeedState, after: FeedState) -> None:
    """Write down what the poll changed in the feed's row: mostly when it was, and when the next is."""
    if differing(before, after) <= _ALWAYS:
        tx.run(sql.FEED_POLLED_AGAIN, feed_id=after.id, **write(after, _ALWAYS))
    else:
        tx.run(sql.FEED_POLLED, feed_id=after.id, **write(after, _OF_POLLS))


def _refresh_marks(tx: Tx, poll: Poll, state: FeedState) -> None:
    """
    Note until when items were seen: those found again exactly as known, and those of the document before.

    While a feed's document stays the same nothing is noted of its items; once another takes its place, what
    it listed was seen until the last poll that found it unchanged.
    """
    read_at, good_at = state.document_at, state.last_good_at
    if read_at is not None and good_at is not None and good_at > read_at + REFRESHED:
        since = to_db(read_at - REFRESHED)
        seen = to_db(good_at)
        tx.run(sql.SIGHTINGS_SEEN_UNTIL, feed=poll.feed_id, listed_since=since, last_seen_at=seen)
    now = to_db(poll.now)
    tx.run_many(
        sql.SIGHTING_SEEN,
        [{"feed": poll.feed_id, "article": a, "last_seen_at": now} for a in poll.refreshed],
    )


def known_item(
    source: _Rows, feed_id: int, feed: str, article: Article, *, only_elsewhere: bool = False
) -> Known | None:
    """
    What is stored of this very item, if anything: in this feed or, by its link, in another.

    `only_elsewhere` says that in this feed there is nothing to be found.
    """
    marks = article.marks
    found = []
    if marks.guid is not None and not only_elsewhere:
        found += source.rows(sql.SIGHTINGS_BY_GUID, feed=feed_id, guid=marks.guid)
    if marks.link is not None:
        found += source.rows(sql.SIGHTINGS_BY_LINK, link=marks.link)
    if not found and not only_elsewhere:
        # Nothing that names this item is known. If nothing named it before, the whole of it can: else an
        # item without guid and link would be new at every poll, and once more when it is given one.
        found += source.rows(sql.SIGHTING_BY_CONTENT, feed=feed_id, content=marks.content)
    if not found:
        return None
    candidates = [_known(row, feed_id, feed) for row in found]
    chosen = choose(candidates, marks, article.dated, feed)
    here = {k.article_id for k in candidates if k.feed == feed}
    if chosen is not None and chosen.feed != feed and chosen.article_id in here:
        return None  # this feed showed that article as another item, and says that this one is new
    return chosen


def _known(row: sqlite3.Row, feed_id: int, feed: str) -> Known:
    return Known(
        article_id=row["article_id"],
        feed=feed if row["feed_id"] == feed_id else "",
        guid=row["guid"],
        link=row["link"],
        title=row["title"],
        published=from_db(row["published"]),
        text=row["text"],
        last_seen_at=from_db(row["last_seen_at"]),
    )


def exactly_known(known: Known, article: Article) -> bool:
    """Whether nothing remembered of the item has changed; a mark that is missing now changes nothing."""
    marks = article.marks
    return (
        marks.guid in (None, known.guid)
        and marks.link in (None, known.link)
        and (known.title, known.text, known.published) == (marks.title, marks.text, article.dated)
    )


def _versions(row: sqlite3.Row) -> tuple[Version, ...]:
    """What is stored of an article: what its feed gave, and its page where that was read."""
    at = from_db(row["fetched_at"])
    assert at is not None
    texts = [row["body"] or row["summary"], *([row["page"]] if row["page"] else [])]
    return tuple(Version(row["title"], text, at) for text in texts)


# --- articles ----------------------------------------------------------------------------------------


class _Articles:
    """Records the articles of one poll; counts what it does in `tally`."""

    def __init__(self, tx: Tx, poll: Poll, plan: Plan, feed: FeedConfig, state: FeedState) -> None:
        self.tally = Tally()
        self.news: list[datetime | None] = []  # the dates of items not shown before
        self.gap = False
        self._tx = tx
        self._poll = poll
        self._plan = plan
        self._feed = feed
        self._state = state
        self._now = poll.now
        self._at = to_db(poll.now)
        self._has_shown_any = True
        self._shown: set[int | None] = set()  # marks of the items of this document, as far as it was recorded
        away = was_away(state.last_good_at, plan.policy(feed).interval, poll.now)
        self._away = away and state.baseline_at is not None

    def record(self) -> None:
        """Take each new or changed item for what it is: known, an edit, a copy, baseline or new."""
        candidates = in_order_of_events(self._poll.candidates)
        before = self._has_shown_any = self._tx.row(sql.SIGHTING_ANY, feed=self._state.id) is not None
        merged = self._merge_reissued(candidates)
        came_back = len(merged)
        for candidate in candidates:
            if id(candidate) in merged:
                continue
            known = self._known(candidate.article)
            if known is not None and known.feed == self._poll.feed:
                came_back += 1
                self._update(known, candidate)
            else:
                self._add(known, candidate)
        if before and not came_back:
            self._note_gap()

    def _known(self, article: Article) -> Known | None:
        """
        What is stored of the item, see `known_item`.

        A feed that had shown nothing before this document is only asked for what others showed, until two
        items of the document have a mark in common.
        """
        marks = article.marks
        own = {marks.guid, marks.link, marks.content} - {None}
        only_elsewhere = not self._has_shown_any and self._shown.isdisjoint(own)
        self._shown |= own
        return known_item(self._tx, self._state.id, self._poll.feed, article, only_elsewhere=only_elsewhere)

    def _note_gap(self) -> None:
        """If nothing in the document was known, the feed may have dropped items that nobody saw."""
        parsed, since = self._poll.parsed, self._state.last_good_at
        if parsed is None or since is None or not parsed.complete or not parsed.entries:
            return
        if len(parsed.entries) > len(self._poll.candidates):
            return  # the others are exactly as they were
        self.gap = True
        gap_id = self._tx.next_id("gaps")
        self._tx.run(
            sql.GAP_INSERT, id=gap_id, feed_id=self._state.id, since=to_db(since), until=to_db(self._now)
        )

    def _add(self, known: Known | None, candidate: Candidate) -> None:
        """
        An item this feed has not shown before: new, or a copy of one that another feed showed.

        A copy of what was pruned is new again: nobody remembers whether it was told, nor to whom.
        """
        article = candidate.article
        silent = self._is_silent(article)
        stored = known is not None and self._is_stored(known.article_id)
        sighted = Sighted.BASELINE if silent else Sighted.COPY if stored else Sighted.NEW
        article_id = known.article_id if known else self._tx.next_id("articles")
        story_id = None if stored else self._insert_article(article, article_id)
        self._insert_sighting(article, article_id, baseline=silent)
        self.tally.new += 1
        self.news.append(article.published)
        page = None if silent else self._page_for(candidate)
        rung = Rung()
        if candidate.matches:
            before = self._forms(article_id, article) if stored else ()
            met = self._met(
                article_id, article, sighted, new_story=story_id, may_wait=page is not None, before=before
            )
            rung = self._ring(candidate.matches, met)
        if page is not None:
            self._queue(article_id, candidate, page, rung)

    def _update(self, known: Known, candidate: Candidate) -> None:
        """An item of this feed that came back: remember its new form; a rule that newly holds may ring."""
        article = candidate.article
        if exactly_known(known, article):
            return
        self._remember(article, known.article_id)
        if known.text == article.marks.text:
            return
        if not self._is_stored(known.article_id):  # its text was pruned: no telling what is new in it
            story_id = self._insert_article(article, known.article_id)
            self._ring(
                candidate.matches, self._met(known.article_id, article, Sighted.NEW, new_story=story_id)
            )
            return
        before = self._replace_article(known.article_id, article)
        had = {m.rule for m in candidate.matches if self._has_match(known.article_id, m)}
        newly = tuple(m for m in candidate.newly if m.rule not in had)
        again = tuple(m for m in candidate.matches if m.rule in had)
        # Decided together: they share a message, at the severity of what is severest among all.
        sighted = Sighted.EDIT if newly else Sighted.AGAIN
        held = frozenset(m.rule for m in again)
        self._ring((*newly, *again), self._met(known.article_id, article, sighted, before=before, held=held))

    def _forms(self, article_id: int, shown: Article) -> tuple[Version, ...]:
        """What is stored of an article that another feed showed, if this one says something else."""
        row = self._tx.row(sql.ARTICLE, id=article_id)
        assert row is not None
        if (row["title"], row["summary"], row["body"]) == (shown.title, shown.summary, shown.body):
            return ()
        # Of two feeds one may have room for less: no more is judged than it had room for.
        return tuple(
            replace(one, full=one.text == row["page"] or len(one.text) >= WHOLE_CHARS)
            for one in _versions(row)
        )

    def _replace_article(self, article_id: int, article: Article) -> tuple[Version, ...]:
        """Store an edited item's new form; returns the forms it had: what the feed gave, and its page."""
        row = self._tx.row(sql.ARTICLE, id=article_id)
        assert row is not None
        body = read_spans(row["unconfirmed"])[1] if row["page"] else article.unconfirmed
        self._tx.run(
            sql.ARTICLE_UPDATE,
            article_id=article_id,
            title=article.title,
            summary=article.summary,
            body=article.body,
            url=article.url,
            published=to_db(article.published),
            updated=to_db(article.updated),
            unconfirmed=write_spans(article.doubtful, body),
        )
        return _versions(row)

    def _met(self, article_id: int, article: Article, sighted: Sighted, **values: Any) -> Meeting:
        late = self._away and is_late(article.published, self._now)
        return Meeting(article_id, self._state.id, article, sighted, self._now, late=late, **values)

    def _ring(self, matches: tuple[RuleMatch, ...], met: Meeting) -> Rung:
        rung = record_matches(self._tx, matches, met, self._plan, self._feed)
        self.tally.add(rung)
        return rung

    def _page_for(self, candidate: Candidate) -> Purpose | None:
        """What the page of a new item is wanted for, if it is."""
        return wanted(
            self._feed.full_text,
            candidate.article,
            matched=bool(candidate.matches),
            reads_bodies=self._plan.reads_bodies(self._feed),
        )

    def _queue(self, article_id: int, candidate: Candidate, purpose: Purpose, rung: Rung) -> None:
        """Put the page of an article into the queue; where its alert waits for it, before all others."""
        if rung.alike:
            purpose = Purpose.DECIDE
        severities = [self._plan.rules[match.rule].severity for match in candidate.matches]
        first = priority(purpose, severities, touched=candidate.touched)
        for other in rung.alike:  # what is compared with is read as soon
            self._tx.run(sql.PAGE_HURRY, article=other, priority=first, now=self._at)
        queue_page(
            self._tx,
            article_id=article_id,
            feed_id=self._state.id,
            url=candidate.article.url,
            purpose=purpose,
            now=self._now,
            priority=first,
            deadline=self._plan.page_limits.deadline,
            hold=HOLD if rung.alike else None,
            late=self._away and is_late(candidate.article.published, self._now),
        )

    def _is_silent(self, article: Article) -> bool:
        """Whether an item not seen in this feed before was there before we looked."""
        if self._state.baseline_at is None:
            policy = self._feed.first_poll or self._plan.config.polling.first_poll
            if policy in ("alert", "baseline"):
                return policy == "baseline"
            since = self._now - timedelta(seconds=parse_duration(policy))
            return article.published is None or article.published < since
        since_move = self._state.moved_since
        if since_move is not None:
            return article.published is None or article.published < since_move
        return False

    def _merge_reissued(self, candidates: Sequence[Candidate]) -> set[int]:
        """
        Recognise a feed that gave its items other guids and links, and keep their memory.

        Returns the ids (Python's) of the candidates that are known under their old identity.
        """
        tx, feed_id = self._tx, self._state.id
        if self._state.baseline_at is None:
            return set()
        new = [c for c in candidates if known_item(tx, feed_id, self._poll.feed, c.article) is None]
        old = {
            c.article.marks.content: rows[0]["article_id"]
            for c in new
            if (rows := tx.rows(sql.SIGHTING_BY_CONTENT, feed=feed_id, content=c.article.marks.content))
        }
        if not reissued([c.article.marks for c in new], set(old)):
            return set()
        merged = set()
        for candidate in new:
            article_id = old.get(candidate.article.marks.content)
            if article_id is not None:
                self._remember(candidate.article, article_id)
                merged.add(id(candidate))
        name = self._poll.feed
        text = f"feed {name} was re-issued: {len(merged)} of its {len(new)} new items were known already"
        notice(tx, "feed_reissued", name, text, self._now)
        return merged

    def _has_match(self, article_id: int, match: RuleMatch) -> bool:
        """Whether the rule held for the article before, as surely as now."""
        row = self._tx.row(sql.MATCH_OF, article=article_id, feed=self._state.id, rule=match.rule)
        return row is not None and not (
            row["strength"] == Strength.WEAK.value and match.strength is Strength.STRONG
        )

    def _is_stored(self, article_id: int) -> bool:
        """Whether the article of a seen mark is still there: marks outlive articles."""
        return self._tx.row(sql.STORY_OF, article=article_id) is not None

    def _insert_article(self, article: Article, article_id: int) -> int:
        """Store an article as the first of a new story; returns the story's id."""
        story_id = self._tx.next_id("stories")
        self._tx.run(sql.STORY_INSERT, id=story_id, created_at=self._at)
        self._tx.run(
            sql.ARTICLE_INSERT,
            id=article_id,
            story_id=story_id,
            feed_id=self._state.id,
            url=article.url,
            title=article.title,
            summary=article.summary,
            body=article.body,
            language=article.language,
            source=article.source,
            authors=to_json(article.authors),
            categories=to_json(article.categories),
            published=to_db(article.published),
            updated=to_db(article.updated),
            fetched_at=to_db(article.fetched),
            page="",
            unconfirmed=write_spans(article.doubtful, article.unconfirmed),
            page_why="",
        )
        return story_id

    def _insert_sighting(self, article: Article, article_id: int, *, baseline: bool) -> None:
        self._tx.run(
            sql.SIGHTING_INSERT,
            feed_id=self._state.id,
            article_id=article_id,
            baseline=baseline,
            first_seen_at=self._at,
            **self._seen(article),
        )

    def _remember(self, article: Article, article_id: int) -> None:
        self._tx.run(sql.SIGHTING_UPDATE, feed=self._state.id, article=article_id, **self._seen(article))

    def _seen(self, article: Article) -> dict[str, object]:
        """What is remembered of an item as this feed shows it."""
        marks = article.marks
        return {
            "guid": marks.guid,
            "link": marks.link,
            "title": marks.title,
            "content": marks.content,
            "text": marks.text,
            "published": to_db(article.dated),
            "last_seen_at": self._at,
        }
