"""
What follows when a feed has moved: it is told once, and two feeds of one address become one.

Runs in the transaction that records the poll. A feed that moved to where another one already is polled is not
polled any more, provided that every rule that hears of it hears of the other one, too: else alerts would be
lost, so then both go on. Its entry in the configuration stays until a person takes it out, and if the other
one is taken out instead it is polled again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.feeds.moves import TIMES, learnt_address
from monitor.store import sql
from monitor.store.outbox import notice

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from sqlite3 import Row

    from monitor.plan import Plan
    from monitor.settings import FeedConfig
    from monitor.store.database import Reader
    from monitor.store.rows import FeedState
    from monitor.store.tx import Tx


def settle_move(tx: Tx, before: FeedState, after: FeedState, plan: Plan, now: datetime) -> FeedState:
    """Tell of a move that this poll brought to light, and end the polls of a feed that is there twice."""
    name = after.name
    if before.moved_to is not None and after.moved_to is None:
        text = (
            f"feed {name}: where it had moved to is no feed any more; its configured address is asked again"
        )
        notice(tx, "feed_moved_back", name, text, now)
        return after
    if after.moved_seen != TIMES or before.moved_seen == TIMES:
        return after
    other = _same_address(after.moved_hash, name, tx.rows(sql.FEEDS_AT, url_hash=after.moved_hash), plan)
    if other is not None and _hears_all(plan, name, other):
        text = (
            f"feed {name} has moved for good to the address of feed {other}, and is not polled beside it:"
            f" take {name} out of the configuration"
        )
        notice(tx, "feed_moved", name, text, now)
        return replace(after, next_poll_at=None, next_why=f"it has moved to where feed {other} is")
    if after.moved_to is not None and after.moved_to != before.moved_to:
        where = f"to {after.moved_to}, which is asked from now on"
    else:
        where = "to an address that is not stored, since it could hold a secret"
    also = f"; feed {other} is polled there, too, but not for all rules that look at {name}" if other else ""
    notice(tx, "feed_moved", name, f"feed {name} has moved for good {where}: change its url{also}", now)
    return after


def merged_feeds(source: Reader | Tx, plan: Plan) -> frozenset[str]:
    """Names of the feeds that are not polled because another feed of the plan is where they moved to."""
    found = set()
    for row in source.rows(sql.FEEDS_MOVED, times=TIMES):
        name = row["name"]
        if name not in plan.feeds or row["moved_seen"] < TIMES:
            continue
        rows = source.rows(sql.FEEDS_AT, url_hash=row["moved_hash"])
        other = _same_address(row["moved_hash"], name, rows, plan)
        if other is not None and _hears_all(plan, name, other):
            found.add(name)
    return frozenset(found)


def address_of(feed: FeedConfig, moved_to: str | None) -> str:
    """The address to ask for a feed; raises LookupError where it is not to be had."""
    return learnt_address(feed.url.reveal(), moved_to)


def learnt_addresses(source: Reader | Tx) -> dict[str, str]:
    """By name of the feed what was learnt of where it has moved."""
    rows = source.rows(sql.FEEDS_MOVED, times=TIMES)
    return {row["name"]: row["moved_to"] for row in rows if row["moved_to"]}


def _same_address(target: int | None, name: str, rows: Iterable[Row], plan: Plan) -> str | None:
    """The feed that is polled at this address under another name, and did not move itself."""
    if target is None:
        return None
    names = (row["name"] for row in rows if row["name"] != name and row["moved_seen"] < TIMES)
    return next((other for other in names if other in plan.feeds), None)


def _hears_all(plan: Plan, name: str, other: str) -> bool:
    """Whether every rule that hears of the one feed hears of the other."""
    one, two = plan.feeds.get(name), plan.feeds.get(other)
    return one is None or (two is not None and set(plan.rules_of(one)) <= set(plan.rules_of(two)))
