"""
Watching over the feeds themselves: what a poll says about how a feed fares.

Runs in the transaction that records the poll, so that what is noticed and what is recorded are never apart.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitor.plan import Plan
    from monitor.polled import Poll
    from monitor.store.rows import FeedState
    from monitor.store.tx import Tx


def observe(tx: Tx, before: FeedState, after: FeedState, poll: Poll, plan: Plan) -> None:
    """
    Look at a poll that has just been recorded: `before` and `after` are the feed's row around it.

    Nothing is made of it yet.
    """
