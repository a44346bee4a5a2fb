"""
From matches to notifications, inside the transaction: route, ask what was told, decide, write.

Every match gets at least one ledger row with one state and one reason; every verdict that rings becomes part
of one notification per channel. Nothing is sent here: the outbox worker does that after the commit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.alerts.decide import Firing, Sighted, Told, decide
from monitor.alerts.excerpt import excerpt
from monitor.alerts.route import RouteFacts, route
from monitor.model import Document, Message, Reason, Severity
from monitor.store import sql
from monitor.store.outbox import collect, enqueue
from monitor.store.rows import to_db, to_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from monitor.alerts.decide import Verdict
    from monitor.model import Article, RuleMatch
    from monitor.plan import Plan
    from monitor.settings import FeedConfig
    from monitor.store.tx import Tx


MOST_HITS = 200  # stored per match: a hostile page can repeat a name fifty thousand times


@dataclass(frozen=True, slots=True)
class Meeting:
    """An article as one feed showed it in this poll."""

    article_id: int
    feed_id: int
    article: Article
    sighted: Sighted
    now: datetime
    late: bool = False
    new_story: int | None = None  # the article's, if it was stored just now: nothing was told of it


@dataclass(frozen=True, slots=True)
class Rung:
    """What the matches of one article led to."""

    matched: int = 0
    silent: int = 0
    notifications: int = 0
    collected: int = 0


def record_matches(tx: Tx, matches: Sequence[RuleMatch], met: Meeting, plan: Plan, feed: FeedConfig) -> Rung:
    """Write the matches, decide on each, and put what rings into the outbox."""
    if not matches:
        return Rung()
    by_rule = {m.rule: m for m in matches}
    match_ids = {m.rule: _insert_match(tx, m, met, plan) for m in matches}
    firings = [_firing(m, met, plan, feed) for m in matches]
    story_id = met.new_story if met.new_story is not None else _story_of(tx, met)
    told = _told(tx, story_id) if met.new_story is None else Told({}, frozenset())
    verdicts = decide(firings, met.sighted, told, late=met.late)

    alert_ids: dict[str, int] = {}
    if met.sighted is not Sighted.BASELINE:
        alert_ids = _alerts(tx, story_id, verdicts, met)
    outbox_ids: dict[str, int] = {}
    collected = 0
    for channel in dict.fromkeys(v.channel for v in verdicts if v.rings):
        ringing = [v for v in verdicts if v.rings and v.channel == channel]
        if all(v.reason is Reason.LATE for v in ringing):
            severity = max(v.firing.severity for v in ringing)
            outbox_ids[channel] = collect(tx, channel, severity, met.now)
            collected += 1
            continue
        message = _message(ringing, by_rule, met, feed)
        outbox_ids[channel] = enqueue(tx, channel, message, met.now, story_id=story_id)
    for verdict in verdicts:
        rule = verdict.firing.rule
        tx.run(
            sql.LEDGER_INSERT,
            id=tx.next_id("ledger"),
            match_id=match_ids[rule],
            channel=verdict.channel,
            alert_id=alert_ids.get(rule),
            outbox_id=outbox_ids.get(verdict.channel) if verdict.rings else None,
            state=verdict.state.value,
            reason=verdict.reason.word,
            at=to_db(met.now),
        )
    silent = len(matches) if met.sighted is Sighted.BASELINE else 0
    notifications = len(outbox_ids) - collected
    return Rung(matched=len(matches), silent=silent, notifications=notifications, collected=collected)


def _insert_match(tx: Tx, match: RuleMatch, met: Meeting, plan: Plan) -> int:
    match_id = tx.next_id("matches")
    hits = [
        {"field": h.field, "start": h.start, "end": h.end, "text": h.text, "term": h.term, "entity": h.entity}
        for h in match.hits[:MOST_HITS]
    ]
    tx.run(
        sql.MATCH_INSERT,
        id=match_id,
        article_id=met.article_id,
        feed_id=met.feed_id,
        rule=match.rule,
        rule_hash=plan.engine.rules[match.rule].hash,
        strength=match.strength.value,
        matched_at=to_db(met.now),
        hits=to_json(hits),
    )
    return match_id


def _firing(match: RuleMatch, met: Meeting, plan: Plan, feed: FeedConfig) -> Firing:
    rule = plan.rules[match.rule]
    facts = RouteFacts(
        severity=rule.severity,
        rule=rule.name,
        feed=feed.name,
        tags=feed.tags,
        lang=met.article.language,
        entities=tuple(dict.fromkeys(h.entity for h in match.hits if h.entity)),
        kind="update" if met.sighted is Sighted.EDIT else "first",
    )
    channels = route(plan.config.routes, tuple(plan.channels), facts, rule.allow_channels)
    return Firing(rule.name, rule.severity, channels)


def _story_of(tx: Tx, met: Meeting) -> int:
    row = tx.row(sql.STORY_OF, article=met.article_id)
    assert row is not None
    return int(row["story_id"])


def _told(tx: Tx, story_id: int) -> Told:
    channels: dict[str, Severity] = {}
    for row in tx.rows(sql.TOLD, story=story_id):
        severity = Severity(row["severity"])
        channels[row["channel"]] = max(severity, channels.get(row["channel"], severity))
    rules = frozenset(row["rule"] for row in tx.rows(sql.ALERTS_OF_STORY, story=story_id))
    return Told(channels, rules)


def _alerts(tx: Tx, story_id: int, verdicts: Sequence[Verdict], met: Meeting) -> dict[str, int]:
    """The alert (rule, story) of each firing rule: the one there is, or a new one."""
    ids = {row["rule"]: int(row["id"]) for row in tx.rows(sql.ALERTS_OF_STORY, story=story_id)}
    for verdict in verdicts:
        firing = verdict.firing
        if firing.rule in ids:
            continue
        ids[firing.rule] = tx.next_id("alerts")
        tx.run(
            sql.ALERT_INSERT,
            id=ids[firing.rule],
            story_id=story_id,
            article_id=met.article_id,
            rule=firing.rule,
            severity=int(firing.severity),
            kind="update" if met.sighted is Sighted.EDIT else "first",
            created_at=to_db(met.now),
        )
    return ids


def _message(
    ringing: Sequence[Verdict], by_rule: Mapping[str, RuleMatch], met: Meeting, feed: FeedConfig
) -> Message:
    """One message for all rules that ring on this channel, at the highest severity among them."""
    article = met.article
    hits = sorted(
        {hit for v in ringing for hit in by_rule[v.firing.rule].hits}, key=lambda h: (h.field, h.start)
    )
    document = Document(title=article.title, summary=article.summary, body=article.body)
    text, marks = excerpt(document, hits)
    terms = ", ".join(dict.fromkeys(f"“{h.text}”" for h in hits)) or "every item of this feed"
    reasons = " ".join(dict.fromkeys(v.reason.sentence for v in ringing))
    return Message(
        kind="alert",
        title=article.title,
        severity=max(v.firing.severity for v in ringing),
        feed=feed.name,
        url=article.url,
        published=article.published,
        excerpt=text,
        marks=marks,
        rules=tuple(v.firing.rule for v in ringing),
        why=f"{terms}; {reasons}",
        tags=feed.tags,
        late=met.late,
    )
