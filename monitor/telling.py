"""
Telling people of the troubles of feeds: what is ripe, to whom, when. See `watching` for how they are found.

Plain failures wait for the digest of notices, once a day; the others go out at once where `[notices]` names
its channels, else with the digest to all. That digest is no row of the outbox that grows: what belongs to it
stands in the record of troubles, and the first look after its hour puts it together. What there is to tell at
one moment is one notice, and what befell a host is one line of it, however many feeds it has.

Each digest says below that which rules do not hear all of their feeds (`blindness`). That alone makes a
digest only where it is news, or a week old.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.alerts.silences import ending_text
from monitor.blindness import blind_spots
from monitor.feeds.pacing import host_of
from monitor.feeds.troubles import Tale, report
from monitor.feeds.watch import DIGEST_ONLY, Trouble, ripe
from monitor.model import Message, Severity
from monitor.store import episodes, sql
from monitor.store.confidential import kept_rules, names_of
from monitor.store.outbox import enqueue, notice
from monitor.store.rows import FeedState, from_db, read, to_db
from monitor.store.silences import hidden_by, silence_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from monitor.feeds.troubles import Report
    from monitor.plan import Plan
    from monitor.store.rows import Episode
    from monitor.store.tx import Tx

DIGEST_SENT = "notice_digest"  # a fact: the local date of the last digest of notices
TOLD_MUCH = "notice_of_many"  # a fact: when a notice of many feeds last went out
MANY = 5
TOGETHER = timedelta(hours=24)  # feeds of one host whose troubles began so near each other share their fate
SETTLES = timedelta(hours=1)  # until then other feeds of a host may be found in the same trouble


def tell(tx: Tx, plan: Plan, now: datetime) -> int:
    """Tell what is to be told by now; returns how many notifications that made."""
    digest = _digest_is_due(tx, plan, now)
    at_once = plan.config.notices is not None and not _has_told_much(tx, now)
    ready: list[_Heard] = []
    for group in _to_tell(tx, plan):
        if digest or (at_once and group[0].kind not in DIGEST_ONLY and not _more_may_come(plan, group, now)):
            ready += group
    ended = _tell_ended_silences(tx, plan, now) if digest else 0
    blind = blind_spots(tx, plan, now, beside=bool(ready)) if digest else ()
    return ended + (_send(tx, plan, ready, blind, now) if ready or blind else 0)


def _tell_ended_silences(tx: Tx, plan: Plan, now: datetime) -> int:
    """What silences hid that are over: one notice for all, so that nobody forgets that there was one."""
    rows = tx.rows(sql.SILENCES_TO_TELL, now=to_db(now))
    if not rows:
        return 0
    secret = {rule.name for rule in plan.rules.values() if rule.secret} | kept_rules(tx).secret
    names = names_of(tx, sorted(secret), now) if secret else {}
    lines = []
    for silence in map(silence_of, rows):
        lines.append(ending_text(silence, hidden_by(tx, silence.id), names))
        notice(tx, "silence_ended", str(silence.id), lines[-1], now)
        tx.run(sql.SILENCE_TOLD, silence=silence.id, told_at=to_db(now))
    title = lines[0] if len(lines) == 1 else f"{len(lines)} silences ended"
    body = "" if len(lines) == 1 else "\n".join(lines)
    message = Message(kind="notice", title=title, excerpt=body, why="notice: silences")
    for channel in plan.notices_to:
        enqueue(tx, channel, message, now)
    return len(plan.notices_to)


def _has_told_much(tx: Tx, now: datetime) -> bool:
    """Whether a notice of many feeds went out within the hour: what else it strikes is told together, too."""
    row = tx.row(sql.FACT, name=TOLD_MUCH)
    at = from_db(row["at"]) if row is not None else None
    return at is not None and timedelta(0) <= now - at < SETTLES


@dataclass(frozen=True, slots=True)
class _Heard:
    """A trouble of which people are to hear."""

    episode: Episode
    feed: FeedState
    host: str

    @property
    def kind(self) -> Trouble:
        return Trouble(self.episode.kind)

    @property
    def over(self) -> bool:
        return self.episode.ended_at is not None

    @property
    def at(self) -> datetime:
        """When that of which people are to hear happened."""
        return self.episode.ended_at or self.episode.since

    @property
    def ripe(self) -> bool:
        """Whether it is sure: not before a poll found it to last."""
        known, last = episodes.as_known(self.episode), self.feed.last_poll_at
        return known.told or (last is not None and ripe(known, last))


def _to_tell(tx: Tx, plan: Plan) -> list[list[_Heard]]:
    """
    What people are to hear of, those of one host with one trouble together.

    Where one of these is ripe, those that began within a day of it come along: what befell a host is not told
    feed by feed, as their polls find it.
    """
    groups: dict[tuple[str, str, bool], list[_Heard]] = defaultdict(list)
    for episode in episodes.to_tell(tx):
        row = tx.row(sql.FEED, id=episode.feed_id)
        if row is not None and row["name"] in plan.feeds:  # who disabled it knows
            feed = read(FeedState, row)
            heard = _Heard(episode, feed, _host(plan, feed.name))
            groups[heard.host or feed.name, episode.kind, heard.over].append(heard)
    found = []
    for group in groups.values():
        sure = [heard for heard in group if heard.ripe]
        if sure and sure[0].kind not in DIGEST_ONLY and not sure[0].over:
            first = min(heard.at for heard in sure)
            sure = [heard for heard in group if heard.ripe or heard.at - first < TOGETHER]
        if sure:
            found.append(sure)
    return found


def _more_may_come(plan: Plan, group: Sequence[_Heard], now: datetime) -> bool:
    """Whether other feeds of the host may be found in the same trouble soon: then all are told together."""
    host = group[0].host
    others = sum(_host(plan, name) == host for name in plan.feeds) - len(group)
    newest, oldest = max(heard.at for heard in group), min(heard.at for heard in group)
    return others > 0 and now - newest < SETTLES and now - oldest < 3 * SETTLES


def _host(plan: Plan, feed: str) -> str:
    config = plan.feeds.get(feed)
    return "" if config is None or config.url.missing else host_of(config.url.reveal())


def _digest_is_due(tx: Tx, plan: Plan, now: datetime) -> bool:
    """
    Whether today's digest of notices is to go out now, in the configured zone; if so, it is noted as gone.

    A database that never sent one begins with the next hour that comes: nobody has waited for it yet.
    """
    local = now.astimezone(ZoneInfo(plan.config.timezone))
    today = local.date().isoformat()
    row = tx.row(sql.FACT, name=DIGEST_SENT)
    after = local.time() >= time.fromisoformat(plan.config.digest)
    if row is not None and (row["value"] == today or not after):
        return False
    yesterday = (local.date() - timedelta(days=1)).isoformat()
    value = today if after else yesterday
    tx.run(sql.FACT_UPSERT, name=DIGEST_SENT, value=value, at=to_db(now))
    return row is not None


def _send(tx: Tx, plan: Plan, ready: Sequence[_Heard], blind: Sequence[str], now: datetime) -> int:
    told = report(_tale(plan, heard, now) for heard in ready)
    for line in told.lines:
        notice(tx, line.kind, line.subject, line.text, now)
    for heard in ready:
        episodes.mark_told(tx, heard.episode, now)
    if len(ready) >= MANY:
        tx.run(sql.FACT_UPSERT, name=TOLD_MUCH, value="", at=to_db(now))
    for channel in plan.notices_to:
        enqueue(tx, channel, _message(told if ready else None, blind), now)
    return len(plan.notices_to)


def _tale(plan: Plan, heard: _Heard, now: datetime) -> Tale:
    config = plan.feeds.get(heard.feed.name)
    return Tale(
        feed=heard.feed.name,
        host=heard.host,
        kind=heard.kind,
        detail=heard.episode.detail,
        lasted=(heard.episode.ended_at or now) - heard.episode.since,
        over=heard.over,
        # Which feeds a secret rule hears is nobody's business; `tocsin status --reveal` tells it.
        rules=tuple(r for r in plan.rules_of(config) if not plan.rules[r].secret) if config else (),
    )


def _message(told: Report | None, blind: Sequence[str]) -> Message:
    """What there is to tell, and which rules are blind; the first of these lines is a heading."""
    if told is None:
        return Message(
            kind="notice",
            title=blind[0],
            severity=Severity.NORMAL,
            excerpt="\n".join(blind[1:]),
            why="notice: blind spots",
        )
    over = all(tale.over for line in told.lines for tale in line.tales)
    return Message(
        kind="notice",
        title=told.title,
        severity=Severity.NORMAL if over else Severity.HIGH,
        excerpt="\n".join([told.body, *blind]) if blind else told.body,
        why="notice: feeds",
    )
