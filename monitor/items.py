"""
What becomes of each item that a poll brought: known, an edit, a copy, baseline or new.

Part of the transaction of a poll, see `recording`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.alerts.decide import Sighted, is_late
from monitor.articles.identity import reissued
from monitor.config.durations import parse_duration
from monitor.feeds.schedule import was_away
from monitor.known import exactly_known, known_item
from monitor.meeting import Meeting, Rung
from monitor.pages.wanted import Purpose, priority, wanted
from monitor.polled import in_order_of_events
from monitor.ringing import record_matches
from monitor.store import sql
from monitor.store.outbox import notice
from monitor.store.pages import queue_page
from monitor.store.rows import FeedState, to_db
from monitor.storing import Storing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from typing import Any

    from monitor.articles.identity import Known
    from monitor.model import Article, RuleMatch
    from monitor.plan import Plan
    from monitor.polled import Candidate, Poll
    from monitor.settings import FeedConfig
    from monitor.store.tx import Tx

HOLD = timedelta(seconds=30)  # for which an alert waits at most to be compared with what it looks like


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


class Items:
    """Records the items of one poll; counts what it does in `tally`."""

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
        self._storing = Storing(tx, state.id, poll.now)
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
        stored = known is not None and self._storing.is_stored(known.article_id)
        sighted = Sighted.BASELINE if silent else Sighted.COPY if stored else Sighted.NEW
        article_id = known.article_id if known else self._tx.next_id("articles")
        story_id = None if stored else self._storing.insert(article, article_id)
        self._storing.mark_seen(article, article_id, baseline=silent)
        self.tally.new += 1
        self.news.append(article.published)
        page = None if silent else self._page_for(candidate)
        rung = Rung()
        if candidate.matches:
            before = self._storing.forms(article_id, article) if stored else ()
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
        self._storing.remember(article, known.article_id)
        if known.text == article.marks.text:
            return
        if not self._storing.is_stored(known.article_id):  # its text was pruned: no telling what is new in it
            story_id = self._storing.insert(article, known.article_id)
            self._ring(
                candidate.matches, self._met(known.article_id, article, Sighted.NEW, new_story=story_id)
            )
            return
        before = self._storing.edit(known.article_id, article)
        had = {m.rule for m in candidate.matches if self._storing.has_match(known.article_id, m)}
        newly = tuple(m for m in candidate.newly if m.rule not in had)
        again = tuple(m for m in candidate.matches if m.rule in had)
        # Decided together: they share a message, at the severity of what is severest among all.
        sighted = Sighted.EDIT if newly else Sighted.AGAIN
        held = frozenset(m.rule for m in again)
        self._ring((*newly, *again), self._met(known.article_id, article, sighted, before=before, held=held))

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
                self._storing.remember(candidate.article, article_id)
                merged.add(id(candidate))
        name = self._poll.feed
        text = f"feed {name} was re-issued: {len(merged)} of its {len(new)} new items were known already"
        notice(tx, "feed_reissued", name, text, self._now)
        return merged
