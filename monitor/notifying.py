"""
From verdicts to notifications: one for each channel where something rings, put where it belongs.

Part of the transaction in which `ringing` decides.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor import grouping
from monitor.alerts.confidential import collecting_notice
from monitor.alerts.digest import collecting
from monitor.alerts.excerpt import excerpt
from monitor.model import Document, Message, Reason, Strength
from monitor.placing import Put, Ringing, put, put_late, put_weak
from monitor.store import sql
from monitor.store.confidential import names_of
from monitor.store.outbox import renew
from monitor.stories.updates import Change

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from monitor.alerts.decide import Verdict
    from monitor.alerts.route import Way
    from monitor.grouping import Place
    from monitor.meeting import Meeting, Sent
    from monitor.model import RuleMatch
    from monitor.plan import Plan
    from monitor.settings import FeedConfig
    from monitor.store.tx import Tx
    from monitor.stories.updates import Signal

LIVE_EVERY = timedelta(minutes=30)  # between two updates that say no more than that a page grew


class Notifier:
    """
    Tells of one article what was decided.

    `sent` is what was told of its story before, of notices of secret rules (True) and of all else; `signals`
    what changed, for each way a rule wants to hear of it; `ways` how each (rule, channel) is told.
    """

    def __init__(
        self,
        tx: Tx,
        met: Meeting,
        plan: Plan,
        feed: FeedConfig,
        place: Place,
        *,
        sent: Mapping[bool, Sent],
        signals: Mapping[str, tuple[Signal, ...]],
        ways: Mapping[tuple[str, str], Way],
    ) -> None:
        self._tx = tx
        self._met = met
        self._plan = plan
        self._feed = feed
        self._place = place
        self._sent = sent
        self._signals = signals
        self._ways = ways

    def notify(
        self, verdicts: Sequence[Verdict], matches: Sequence[RuleMatch]
    ) -> dict[tuple[str, bool, Reason | None], Put]:
        """
        One message for each channel where something rings, and a place in a digest where that is for one.

        What secret rules have to say is a notice of its own. Returns where each was put, by channel, whether
        it is such a notice, and the kind of digest (None = a message of its own).
        """
        by_rule = {match.rule: match for match in matches}
        fresh = self._met.new_story is not None and self._place.story_id == self._met.new_story
        what = Ringing(self._place.story_id, self._feed.name, self._met.now, fresh)
        told: dict[tuple[str, bool, Reason | None], Put] = {}
        ring = [(v.channel, self._plan.is_secret(v.firing.rule), v) for v in verdicts if v.rings]
        for channel, sealed in dict.fromkeys((channel, sealed) for channel, sealed, _ in ring):
            ringing = [v for *where, v in ring if where == [channel, sealed]]
            for kind in dict.fromkeys(map(digest_kind, ringing)):
                these = [v for v in ringing if digest_kind(v) is kind]
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


def digest_kind(verdict: Verdict) -> Reason | None:
    """The kind of digest that a verdict is for; None = a message of its own."""
    return verdict.reason if verdict.gathered else None
