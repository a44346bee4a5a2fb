"""Matches and what became of them, inside a transaction: a match has one ledger row for each channel."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.model import Hit, Reason, RuleMatch, State, Strength
from monitor.store import sql
from monitor.store.rows import to_db, to_json

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from monitor.store.tx import Tx

MOST_HITS = 200  # stored per match: a hostile page can repeat a name fifty thousand times


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of a match on a channel ('' = on none)."""

    channel: str
    state: State
    reason: Reason
    alert_id: int | None = None
    outbox_id: int | None = None
    silence_id: int | None = None


def write_match(
    tx: Tx, match: RuleMatch, rule_hash: int, where: tuple[int, int], now: datetime, *, fresh: bool
) -> int:
    """
    Write a match down, or its newest form where it is known; returns its id.

    `where` are the ids of article and feed. `fresh` = the article is new, so that nothing can be known.
    """
    article_id, feed_id = where
    hits = [
        {"field": h.field, "start": h.start, "end": h.end, "text": h.text, "term": h.term, "entity": h.entity}
        for h in match.hits[:MOST_HITS]
    ]
    values = {
        "rule_hash": rule_hash,
        "strength": match.strength.value,
        "matched_at": to_db(now),
        "hits": to_json(hits),
    }
    known = None if fresh else tx.row(sql.MATCH_OF, article=article_id, feed=feed_id, rule=match.rule)
    if known is not None:
        tx.run(sql.MATCH_AGAIN, match_id=known["id"], **values)
        return int(known["id"])
    match_id = tx.next_id("matches")
    tx.run(sql.MATCH_INSERT, id=match_id, article_id=article_id, feed_id=feed_id, rule=match.rule, **values)
    return match_id


def read_match(row: sqlite3.Row) -> RuleMatch:
    """A stored match, with as many hits as were stored."""
    hits = tuple(Hit(**hit) for hit in json.loads(row["hits"]))
    return RuleMatch(row["rule"], Strength(row["strength"]), hits)


def write_fate(tx: Tx, match_id: int, fate: Fate, now: datetime, *, fresh: bool = False) -> None:
    """
    Write down what became of a match on a channel, in place of what was said before.

    `fresh` = there can be no row of it yet.
    """
    values = {
        "alert_id": fate.alert_id,
        "outbox_id": fate.outbox_id,
        "state": fate.state.value,
        "reason": fate.reason.word,
        "at": to_db(now),
        "silence_id": fate.silence_id,
    }
    if not fresh:
        tx.run(sql.LEDGER_DROP_HELD, match_id=match_id)
        known = tx.row(sql.LEDGER_AT, match_id=match_id, channel=fate.channel)
        if known is not None:
            tx.run(sql.LEDGER_AGAIN, ledger_id=known["id"], **values)
            return
    tx.run(sql.LEDGER_INSERT, id=tx.next_id("ledger"), match_id=match_id, channel=fate.channel, **values)
