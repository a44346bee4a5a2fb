"""
From matches to notifications, inside the transaction: find the story, route, ask who was told, decide, write.

Every match gets at least one ledger row with one state and one reason; every verdict that rings becomes part
of one notification per channel. Nothing is sent here: the outbox worker does that after the commit.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor import grouping
from monitor.alerts import payload
from monitor.alerts.decide import Firing, Sighted, Verdict, decide
from monitor.alerts.route import RouteFacts, explain_route
from monitor.alerts.silences import covering
from monitor.grouping import Place
from monitor.meeting import Meeting, Rung, Sent, sent_about
from monitor.model import Reason, State
from monitor.notifying import Notifier, digest_kind
from monitor.store import sql
from monitor.store.matches import Fate, read_match, write_fate, write_match
from monitor.store.rows import to_db
from monitor.store.silences import live_silences
from monitor.stories.versions import Version

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.alerts.route import Way
    from monitor.model import RuleMatch
    from monitor.plan import Plan
    from monitor.settings import FeedConfig
    from monitor.store.tx import Tx
    from monitor.stories.updates import Signal


MOST_TOLD = 100  # messages of a story that are looked at, the youngest


def record_matches(tx: Tx, matches: Sequence[RuleMatch], met: Meeting, plan: Plan, feed: FeedConfig) -> Rung:
    """Write the matches, decide on each, and put what rings into the outbox; or let all wait for the page."""
    return _Decision(tx, met, plan, feed).take(matches) if matches else Rung()


def ring_held(tx: Tx, met: Meeting, plan: Plan, feed: FeedConfig, more: Sequence[RuleMatch] = ()) -> Rung:
    """
    Decide on the matches of an article that waited to be compared; `met.may_wait` lets them wait on.

    `more` are matches on its page: of the same rules, in place of those on the teaser, or of others.
    """
    held = [read_match(row) for row in tx.rows(sql.MATCHES_HELD, article=met.article_id, feed=met.feed_id)]
    matches = {match.rule: match for match in (*held, *more)}
    for rule in matches.keys() - plan.engine.rules.keys():
        del matches[rule]  # it was removed meanwhile: nobody wants to hear of it
        row = tx.row(sql.MATCH_OF, article=met.article_id, feed=met.feed_id, rule=rule)
        if row is not None:
            write_fate(tx, row["id"], Fate("", State.SUPPRESSED, Reason.RULE_REMOVED), met.now)
    rung = record_matches(tx, tuple(matches.values()), met, plan, feed)
    return replace(rung, matched=len(matches.keys() - {match.rule for match in held}))  # those are counted


class _Decision:
    """One article, the rules that hold for it, and all that follows."""

    def __init__(self, tx: Tx, met: Meeting, plan: Plan, feed: FeedConfig) -> None:
        self._tx = tx
        self._met = met
        self._plan = plan
        self._feed = feed
        self._fresh = met.new_story is not None
        self._place = Place(0)
        self._sent: Mapping[bool, Sent] = {}  # of notices of secret rules (True), and of all else
        self._signals: Mapping[str, tuple[Signal, ...]] = {}
        self._facts: dict[str, RouteFacts] = {}
        self._ways: dict[tuple[str, str], Way] = {}

    def take(self, matches: Sequence[RuleMatch]) -> Rung:
        """Decide on these matches."""
        met = self._met
        modes = [self._plan.rules[match.rule].updates for match in matches]
        self._place = self._placed(modes)
        # Before the matches are written: a weak one may be strong now.
        window = self._plan.config.story_window
        worlds = sorted({self._plan.is_secret(match.rule) for match in matches})
        self._sent = {
            sealed: sent_about(self._tx, met, self._place.story_id, window, sealed=sealed)
            for sealed in worlds
        }
        match_ids = {match.rule: self._write_match(match) for match in matches}
        if alike := self._waits_for():
            held = Fate("", State.HELD, Reason.COMPARING)
            for match_id in match_ids.values():
                write_fate(self._tx, match_id, held, met.now, fresh=self._fresh)
            return Rung(matched=len(matches), alike=alike)
        self._signals = self._look_for_changes(modes)
        verdicts, hidden = self._decide([self._firing(m) for m in matches])
        notifier = Notifier(
            self._tx,
            met,
            self._plan,
            self._feed,
            self._place,
            sent=self._sent,
            signals=self._signals,
            ways=self._ways,
        )
        told = notifier.notify(verdicts, matches)
        alert_ids = self._alerts(verdicts)
        for verdict in verdicts:
            rule, channel = verdict.firing.rule, verdict.channel
            where = (channel, self._plan.is_secret(rule), digest_kind(verdict))
            done = told.get(where) if verdict.rings else None
            state, reason = done.fate(verdict.reason) if done else (verdict.state, verdict.reason)
            outbox_id = done.outbox_id if done else None
            silence = hidden.get(rule) if reason is Reason.SILENCED else None
            fate = Fate(channel, state, reason, alert_ids.get(rule), outbox_id, silence)
            write_fate(self._tx, match_ids[rule], fate, met.now, fresh=self._fresh)
        collected = sum(done.reason is not None for done in told.values())
        return Rung(
            matched=sum(match.rule not in met.held for match in matches),
            silent=len(matches) if met.sighted is Sighted.BASELINE else 0,
            notifications=len(told) - collected,
            collected=collected,
        )

    # --- its story

    def _placed(self, modes: Sequence[str]) -> Place:
        """The article among the stories; an edit, and what was there before we were, stays where it is."""
        met, tx = self._met, self._tx
        story = met.new_story
        if story is None:
            row = tx.row(sql.STORY_OF, article=met.article_id)
            assert row is not None
            story = int(row["story_id"])
        if met.sighted not in (Sighted.NEW, Sighted.COPY) or not self._plan.config.story_window:
            return Place(story)
        told = not self._fresh and tx.row(sql.STORY_IN_USE, story=story) is not None
        aim = grouping.Aim(judged=not told, may_wait=met.may_wait)
        return grouping.place(tx, met.article_id, story, modes, aim, now=met.now)

    def _waits_for(self) -> frozenset[int]:
        """What was told and looks like the article, where a page that is still to be read may say more."""
        if not self._met.may_wait:
            return frozenset()
        alike = self._place.alike
        if not self._met.page_read:
            return alike
        return frozenset(a for a in alike if self._tx.row(sql.PAGE_PENDING, article=a) is not None)

    def _look_for_changes(self, modes: Sequence[str]) -> Mapping[str, tuple[Signal, ...]]:
        """
        What changed since the story was told, for each way a rule wants to hear of it.

        What a message told is no news again: a form that was edited away stands in no article any more.
        """
        met = self._met
        if met.sighted in (Sighted.EDIT, Sighted.AGAIN):
            found = self._edited(modes)
        else:
            found = {mode: self._place.signals(mode) for mode in modes}
            if met.before and not any(found.values()):  # another feed's item, which may have been edited
                found = self._edited(modes)
        if not any(found.values()):
            return found
        rows = self._tx.rows(sql.STORY_TOLD, story=self._place.story_id, count=MOST_TOLD)
        told = [words for row in rows for words in payload.load(row["payload"]).changes]
        return {mode: tuple(s for s in signals if not s.in_words(told)) for mode, signals in found.items()}

    def _edited(self, modes: Sequence[str]) -> Mapping[str, tuple[Signal, ...]]:
        met = self._met
        article = met.article
        after = Version(article.title, article.body or article.summary, met.now)
        edit = grouping.Edit(met.article_id, met.before, after, article.url)
        return grouping.edited(self._tx, self._place.story_id, edit, modes, met.now)

    # --- its rules

    def _write_match(self, match: RuleMatch) -> int:
        met = self._met
        rule_hash = self._plan.engine.rules[match.rule].hash
        where = (met.article_id, met.feed_id)
        return write_match(self._tx, match, rule_hash, where, met.now, fresh=self._fresh)

    def _firing(self, match: RuleMatch) -> Firing:
        rule, feed, config = self._plan.rules[match.rule], self._feed, self._plan.config
        firing = Firing(
            rule=rule.name,
            severity=rule.severity,
            channels=(),
            strength=match.strength,
            weak=rule.weak,
            changes=tuple(map(str, self._signals.get(rule.updates, ()))),
            related=bool(self._place.related),
        )
        facts = RouteFacts(
            severity=rule.severity,
            rule=rule.name,
            feed=feed.name,
            tags=feed.tags,
            lang=self._met.article.language,
            entities=tuple(dict.fromkeys(h.entity for h in match.hits if h.entity)),
            kind=self._kind(firing),
        )
        routed = explain_route(config.routes, tuple(self._plan.channels), facts, rule.allow_channels)
        self._facts[rule.name] = facts
        self._ways |= {(rule.name, way.channel): way for way in routed.ways}
        return replace(firing, channels=routed.channels)

    def _decide(self, firings: Sequence[Firing]) -> tuple[list[Verdict], dict[str, int]]:
        """What becomes of each firing, and for those that a silence keeps from ringing which one it is."""
        met = self._met
        covered: dict[str, int] = {}
        silences = () if met.sighted is Sighted.BASELINE else live_silences(self._tx, met.now)
        for firing in firings if silences else ():
            if by := covering(silences, self._facts[firing.rule], met.now):
                covered[firing.rule] = by.id
        verdicts: list[Verdict] = []
        for sealed, sent in self._sent.items():
            heard = [f for f in firings if f.rule not in covered and self._plan.is_secret(f.rule) is sealed]
            verdicts += decide(heard, met.sighted, sent.told, late=met.late, again=met.held)
        for firing in firings:
            if firing.rule not in covered:
                continue
            sent = self._sent[self._plan.is_secret(firing.rule)]
            found = decide([firing], met.sighted, sent.told, again=met.held)
            if any(verdict.rings for verdict in found):
                found = (Verdict(firing, "", State.SUPPRESSED, Reason.SILENCED),)
            verdicts += found
        return verdicts, covered

    def _kind(self, firing: Firing) -> str:
        edit = self._met.sighted in (Sighted.EDIT, Sighted.AGAIN)
        return "update" if firing.changes or edit else "first"

    def _alerts(self, verdicts: Sequence[Verdict]) -> dict[str, int]:
        """The alert (rule, story) of each firing rule: the one there is, or a new one."""
        tx, met, story = self._tx, self._met, self._place.story_id
        if met.sighted is Sighted.BASELINE:
            return {}
        ids = {row["rule"]: int(row["id"]) for row in tx.rows(sql.ALERTS_OF_STORY, story=story)}
        for verdict in verdicts:
            firing = verdict.firing
            if firing.rule in ids:
                continue
            ids[firing.rule] = tx.next_id("alerts")
            tx.run(
                sql.ALERT_INSERT,
                id=ids[firing.rule],
                story_id=story,
                article_id=met.article_id,
                rule=firing.rule,
                severity=int(firing.severity),
                kind=self._kind(firing),
                created_at=to_db(met.now),
            )
        return ids
