"""
From matches to notifications, inside the transaction: find the story, route, ask who was told, decide, write.

Every match gets at least one ledger row with one state and one reason; every verdict that rings becomes part
of one notification per channel. Nothing is sent here: the outbox worker does that after the commit.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor import grouping
from monitor.alerts import payload
from monitor.alerts.confidential import KIND, collecting_notice
from monitor.alerts.decide import Firing, Sighted, Told, Verdict, decide
from monitor.alerts.digest import collecting
from monitor.alerts.excerpt import excerpt
from monitor.alerts.route import RouteFacts, explain_route
from monitor.alerts.silences import covering
from monitor.grouping import Place
from monitor.model import Document, Message, Reason, Severity, State, Strength
from monitor.placing import Put, Ringing, put, put_late, put_weak
from monitor.store import sql
from monitor.store.confidential import names_of
from monitor.store.matches import Fate, read_match, write_fate, write_match
from monitor.store.outbox import renew
from monitor.store.rows import from_db, to_db
from monitor.store.silences import live_silences
from monitor.stories.updates import Change, Version

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from monitor.alerts.route import Way
    from monitor.model import Article, RuleMatch
    from monitor.plan import Plan
    from monitor.settings import FeedConfig
    from monitor.store.tx import Tx
    from monitor.stories.updates import Signal


MOST_TOLD = 100  # messages of a story that are looked at, the youngest
LIVE_EVERY = timedelta(minutes=30)  # between two updates that say no more than that a page grew


@dataclass(frozen=True, slots=True)
class Meeting:
    """
    An article as one feed showed it.

    `new_story` is its story if it was stored just now: nothing was told of it. `before` are the forms an
    edited item had, or in which another feed showed it. `may_wait`: its page will be read, which may tell a
    copy from a report of its own; where it was (`page_read`), those of the others it looks like. `held` are
    the rules that held for an edited item before.
    """

    article_id: int
    feed_id: int
    article: Article
    sighted: Sighted
    now: datetime
    late: bool = False
    new_story: int | None = None
    before: tuple[Version, ...] = ()
    may_wait: bool = False
    page_read: bool = False
    held: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rung:
    """What the matches of one article led to; `alike` are articles of alerts it waits to be compared with."""

    matched: int = 0
    silent: int = 0
    notifications: int = 0
    collected: int = 0
    alike: frozenset[int] = frozenset()

    def __add__(self, other: Rung) -> Rung:
        """Both together."""
        return Rung(
            self.matched + other.matched,
            self.silent + other.silent,
            self.notifications + other.notifications,
            self.collected + other.collected,
            self.alike | other.alike,
        )


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


@dataclass(frozen=True, slots=True)
class _Sent:
    """What was told of a story, and when each channel heard of it last."""

    told: Told = field(default_factory=Told)
    last: Mapping[str, datetime] = field(default_factory=dict)


class _Decision:
    """One article, the rules that hold for it, and all that follows."""

    def __init__(self, tx: Tx, met: Meeting, plan: Plan, feed: FeedConfig) -> None:
        self._tx = tx
        self._met = met
        self._plan = plan
        self._feed = feed
        self._fresh = met.new_story is not None
        self._place = Place(0)
        self._sent: Mapping[bool, _Sent] = {}  # of notices of secret rules (True), and of all else
        self._signals: Mapping[str, tuple[Signal, ...]] = {}
        self._facts: dict[str, RouteFacts] = {}
        self._ways: dict[tuple[str, str], Way] = {}

    def take(self, matches: Sequence[RuleMatch]) -> Rung:
        """Decide on these matches."""
        met = self._met
        modes = [self._plan.rules[match.rule].updates for match in matches]
        self._place = self._placed(modes)
        # Before the matches are written: a weak one may be strong now.
        worlds = sorted({self._sealed(match.rule) for match in matches})
        self._sent = {sealed: self._read_sent(sealed=sealed) for sealed in worlds}
        match_ids = {match.rule: self._write_match(match) for match in matches}
        if alike := self._waits_for():
            held = Fate("", State.HELD, Reason.COMPARING)
            for match_id in match_ids.values():
                write_fate(self._tx, match_id, held, met.now, fresh=self._fresh)
            return Rung(matched=len(matches), alike=alike)
        self._signals = self._look_for_changes(modes)
        verdicts, hidden = self._decide([self._firing(m) for m in matches])
        told = self._notify(verdicts, matches)
        alert_ids = self._alerts(verdicts)
        for verdict in verdicts:
            rule, channel = verdict.firing.rule, verdict.channel
            done = told.get((channel, self._sealed(rule), _digest(verdict))) if verdict.rings else None
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

    def _read_sent(self, *, sealed: bool) -> _Sent:
        """
        What was told of the story within the window; of this very article, ever.

        What is on its way counts as told. Notices of secret rules (`sealed`) and all else tell nothing of
        each other: see `alerts.confidential`.
        """
        met = self._met
        if self._fresh and self._place.story_id == met.new_story:
            return _Sent()
        since = met.now - timedelta(seconds=self._plan.config.story_window or 0.0)
        channels: dict[str, Severity] = {}
        weakly: dict[str, Severity] = {}
        last: dict[str, datetime] = {}
        for row in self._tx.rows(sql.TOLD, story=self._place.story_id, article=met.article_id):
            at, channel, severity = from_db(row["at"]), row["channel"], Severity(row["severity"])
            assert at is not None
            if (row["kind"] == KIND) is not sealed:
                continue
            if row["state"] == "sent" and at < since and not row["own"]:
                continue
            found = channels if row["strong"] else weakly
            found[channel] = max(severity, found.get(channel, severity))
            if row["state"] != "held":  # nobody has heard of that yet
                last[channel] = max(at, last.get(channel, at))
        rules = self._tx.rows(sql.ALERTS_OF_STORY, story=self._place.story_id)
        return _Sent(Told(channels, frozenset(row["rule"] for row in rules), weakly), last)

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
            heard = [f for f in firings if f.rule not in covered and self._sealed(f.rule) is sealed]
            verdicts += decide(heard, met.sighted, sent.told, late=met.late, again=met.held)
        for firing in firings:
            if firing.rule not in covered:
                continue
            found = decide([firing], met.sighted, self._sent[self._sealed(firing.rule)].told, again=met.held)
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

    # --- its notifications

    def _notify(
        self, verdicts: Sequence[Verdict], matches: Sequence[RuleMatch]
    ) -> dict[tuple[str, bool, Reason | None], Put]:
        """
        One message for each channel where something rings, and a place in a digest where that is for one.

        What secret rules have to say is a notice of its own. Returns where each was put, by channel, whether
        it is such a notice, and the kind of digest (None = a message of its own).
        """
        by_rule = {match.rule: match for match in matches}
        fresh = self._fresh and self._place.story_id == self._met.new_story
        what = Ringing(self._place.story_id, self._feed.name, self._met.now, fresh)
        told: dict[tuple[str, bool, Reason | None], Put] = {}
        ring = [(v.channel, self._sealed(v.firing.rule), v) for v in verdicts if v.rings]
        for channel, sealed in dict.fromkeys((channel, sealed) for channel, sealed, _ in ring):
            ringing = [v for *where, v in ring if where == [channel, sealed]]
            for kind in dict.fromkeys(map(_digest, ringing)):
                these = [v for v in ringing if _digest(v) is kind]
                if kind is None:
                    ways = {v.firing.rule: self._ways[v.firing.rule, channel] for v in these}
                    message = self._message(these, by_rule)
                    if sealed:
                        told[channel, True, None] = self._put_notice(channel, message, ways, what)
                    else:
                        told[channel, False, None] = self._put(channel, message, ways, what)
                    continue
                severity = max(v.firing.severity for v in these)
                if sealed:
                    entry = collecting_notice(severity)
                elif kind is Reason.LATE:
                    entry = self._message(these, by_rule)
                else:
                    entry = collecting(severity)
                if kind is Reason.LATE:
                    told[channel, sealed, kind] = put_late(self._tx, channel, entry, what)
                else:
                    told[channel, sealed, kind] = put_weak(self._tx, channel, entry, what, self._plan)
        return told

    def _put(self, channel: str, message: Message, ways: Mapping[str, Way], what: Ringing) -> Put:
        """
        Put a message where it belongs; an update joins what waits to be sent of its story.

        A page of which nothing is known but that it grew is told of every half hour.
        """
        tx, now = self._tx, self._met.now
        if message.changes:
            grew = {signal.kind for found in self._signals.values() for signal in found} == {Change.LIVE}
            pending = renew(tx, what.story_id, channel, message, None if grew else now)
            if pending is not None:
                return Put(pending)
            last = self._sent[False].last.get(channel)
            message = replace(message, told_at=last)
            if last is not None and grew:
                what = replace(what, until=max(last + LIVE_EVERY, now))
        return put(tx, channel, message, ways, what, plan=self._plan)

    def _put_notice(self, channel: str, message: Message, ways: Mapping[str, Way], what: Ringing) -> Put:
        """The same for secret rules: of their message only how severe it is and that it rang is kept."""
        tx, now = self._tx, self._met.now
        if message.changes:
            pending = tx.row(sql.SEALED_PENDING, story=what.story_id, channel=channel)
            if pending is not None:
                return Put(int(pending["id"]))
            grew = {signal.kind for found in self._signals.values() for signal in found} == {Change.LIVE}
            last = self._sent[True].last.get(channel)
            if last is not None and grew:
                what = replace(what, until=max(last + LIVE_EVERY, now))
        names_of(tx, ways, now)  # remembers that these are secret, whatever becomes of their rules
        return put(tx, channel, collecting_notice(message.severity), ways, what, plan=self._plan)

    def _sealed(self, rule: str) -> bool:
        """Whether a rule is secret."""
        return self._plan.rules[rule].secret

    def _message(self, ringing: Sequence[Verdict], by_rule: Mapping[str, RuleMatch]) -> Message:
        """One message for all rules that ring on this channel, at the highest severity among them."""
        article, place = self._met.article, self._place
        hits = sorted(
            {hit for v in ringing for hit in by_rule[v.firing.rule].hits}, key=lambda h: (h.field, h.start)
        )
        document = Document(title=article.title, summary=article.summary, body=article.body)
        # A match that waited was found in the feed's text, in whose place the page's may stand by now.
        there = [h for h in hits if getattr(document, h.field, h.text)[h.start : h.end] == h.text]
        text, marks = excerpt(document, there)
        terms = ", ".join(dict.fromkeys(f"“{h.text}”" for h in hits)) or "every item of this feed"
        reasons = " ".join(dict.fromkeys(v.reason.sentence for v in ringing))
        updates = [v for v in ringing if v.reason is Reason.UPDATE]
        also, outlets = grouping.also_reported(self._tx, place.story_id, self._met.article_id)
        return Message(
            kind="alert",
            title=article.title,
            severity=max(v.firing.severity for v in ringing),
            feed=self._feed.name,
            url=article.url,
            published=article.published,
            excerpt=text,
            marks=marks,
            rules=tuple(v.firing.rule for v in ringing),
            why=f"{terms}; {reasons}",
            tags=self._feed.tags,
            late=self._met.late,
            story=place.story_id,
            changes=tuple(dict.fromkeys(change for v in updates for change in v.firing.changes)),
            related=place.related,
            also=also,
            outlets=outlets,
            weak=all(v.firing.strength is Strength.WEAK for v in ringing),
        )


def _digest(verdict: Verdict) -> Reason | None:
    """The kind of digest that a verdict is for; None = a message of its own."""
    return verdict.reason if verdict.gathered else None
