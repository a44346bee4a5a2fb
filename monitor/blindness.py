"""
The blind-spot report: which rules do not hear all of their feeds, as the digest of notices says it.

It stands in each digest that goes out. By itself it makes one only where it is news, which is to say that the
rules and feeds are others than it said last, and once a week while they stay the same; and then only feeds
count whose trouble has lasted for long enough to speak of it. Each number is that of `seeing`, as in
`status`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.alerts.confidential import SOME_RULE as CONFIDENTIAL
from monitor.feeds.troubles import named
from monitor.seeing import Reach, breakdown, feed_sights, label_of
from monitor.store import sql
from monitor.store.rows import from_db, to_db, to_json
from monitor.text.hashes import hash64

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from monitor.plan import Plan
    from monitor.seeing import RuleSight
    from monitor.store.tx import Tx

TOLD = "blind_spots"  # a fact: what was told last, as a hash, and when
AGAIN = timedelta(days=7) - timedelta(hours=2)  # the digest's hour may come some minutes sooner
MOST = 10  # rules that are named


def blind_spots(tx: Tx, plan: Plan, now: datetime, *, beside: bool) -> tuple[str, ...]:
    """
    The lines to tell in the digest that is due now, a heading first; none where there is nothing to say.

    `beside` = the digest goes out anyway. What is told is noted.
    """
    rules = [rule for name, rule in plan.rules.items() if name in plan.engine.rules]
    reach = Reach(rules, plan.feeds.values())
    report = reach.report(feed_sights(tx, plan.feeds.keys(), now))
    blind = [rule for rule in report if rule.blind]
    sure = [(rule.rule, rule.sure) for rule in report if rule.sure]
    fingerprint = str(hash64(to_json(sure).encode())) if sure else ""
    row = tx.row(sql.FACT, name=TOLD)
    told, at = (row["value"], from_db(row["at"])) if row is not None else ("", None)
    news = bool(sure) and (fingerprint != told or at is None or now - at >= AGAIN)
    if fingerprint != told or (news and not beside) or (beside and sure):
        tx.run(sql.FACT_UPSERT, name=TOLD, value=fingerprint, at=to_db(now))
    return lines(plan, blind, len(report)) if blind and (beside or news) else ()


def lines(plan: Plan, blind: Sequence[RuleSight], rules: int) -> tuple[str, ...]:
    """A heading, then the worst rules; those that must not be named are only counted."""
    count = f"{len(blind)} of {rules} rules" if rules > 1 else "the rule"
    rest = "do not hear all of their feeds" if len(blind) > 1 else "does not hear all of its feeds"
    heading = f"{count} {rest}"
    worst = sorted(blind, key=lambda rule: (-len(rule.blind) / rule.feeds, rule.rule))
    shown = [rule for rule in worst if label_of(plan.rules[rule.rule]) != CONFIDENTIAL]
    said = [_line(rule) for rule in shown[:MOST]]
    more = len(blind) - len(said)
    if more:
        said.append(f"and {more} more: tocsin status")
    return (heading, *said)


def _line(rule: RuleSight) -> str:
    """One rule: how many of its feeds it hears, of how many nothing came, and from which."""
    return (
        f"rule {rule.rule} hears {rule.seen} of its {rule.feeds} feeds ({breakdown(rule)});"
        f" nothing came for over 2 h from {len(rule.blind)}: {named(rule.blind)}"
    )
