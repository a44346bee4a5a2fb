"""The queue of pages."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from monitor.store import sql
from monitor.store.rows import to_db

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from monitor.pages.wanted import Purpose
    from monitor.store.tx import Tx


def queue_page(
    tx: Tx,
    *,
    article_id: int,
    feed_id: int,
    url: str,
    purpose: Purpose,
    now: datetime,
    deadline: timedelta,
    priority: int = 0,
    hold: timedelta | None = None,
) -> None:
    """Queue a page."""
    tx.run(
        sql.PAGE_INSERT,
        article_id=article_id,
        feed_id=feed_id,
        host=urlsplit(url).hostname or "",
        purpose=purpose.value,
        priority=priority,
        attempts=0,
        created_at=to_db(now),
        next_attempt_at=to_db(now),
        deadline=to_db(now + deadline),
        hold_until=to_db(now + hold) if hold else None,
        asked_at=None,
        done_at=None,
    )
