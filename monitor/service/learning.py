"""
Learning which words are rare from what is stored, and filing the rules anew by it.

A rule is looked up by its rarest words. Without a store that is a guess by length; with one, the newest
articles tell. With few rules it makes no difference, so nothing is done. The engine that results gives the
same verdicts: only what it costs to reach them changes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.errors import StoreError
from monitor.plan import build_plan
from monitor.rules.frequency import learn
from monitor.store import sql
from monitor.store.database import Reader

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.plan import Plan
    from monitor.rules.frequency import Frequencies

MANY_RULES = 500
MOST_ARTICLES = 1000


def frequencies_of(database: Path) -> Frequencies:
    """How common words are in the newest stored articles. Raises StoreError."""
    reader = Reader(database)
    try:
        rows = reader.rows(sql.NEWEST_TEXTS, before=2**62, page=MOST_ARTICLES)
        return learn(f"{row['title']}\n{row['summary']}\n{row['body']}" for row in rows)
    finally:
        reader.close()


def refiled(plan: Plan) -> Plan:
    """The plan with its rules filed by what is stored; the same plan where that would change little."""
    if len(plan.rules) < MANY_RULES:
        return plan
    try:
        frequencies = frequencies_of(plan.config.database)
    except StoreError:
        return plan  # the guess will do; whoever needs the store says what is wrong with it
    if not frequencies.says_something:
        return plan
    return replace(plan, engine=build_plan(plan.config, frequencies)[0].engine)
