"""The database file as a start finds it: opened, brought up to date, and made to follow the configuration."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from monitor.errors import Fault, StoreError
from monitor.moving import merged_feeds
from monitor.settings import CANARY
from monitor.store import schema
from monitor.store.reserve import Reserve
from monitor.store.sync import FeedWanted, sync
from monitor.text.hashes import hash64

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from monitor.plan import Plan
    from monitor.service.parts import Parts
    from monitor.settings import Secret
    from monitor.store.database import Database


def open_database(path: Path, parts: Parts, clock: Callable[[], datetime]) -> tuple[Database, Path | None]:
    """The database, of the newest schema, and where the backup is that was made before it was migrated."""
    try:
        backup = schema.migrate(path, now=clock())
        return parts.database(path), backup
    except StoreError as error:
        # A full disk has no room even for what SQLite needs to read; the last run left a reserve.
        if error.fault is not Fault.FULL or not Reserve(path).release():
            raise
        backup = schema.migrate(path, now=clock())
        database = parts.database(path)
        database.reserve.wanted = True
        database.health.note(error)
        return database, backup


async def follow(database: Database, plan: Plan, clock: Callable[[], datetime]) -> None:
    """Let the rows of feeds, rules and channels follow a plan, in one transaction."""
    merged = merged_feeds(database.reader, plan)
    feeds = [
        FeedWanted(f.name, url_hash(f.url), f.enabled, plan.policy(f).interval, f.name in merged)
        for f in plan.config.feeds
    ]
    rules = {name: rule.hash for name, rule in plan.engine.rules.items() if name != CANARY}
    configured = plan.config.rules
    unit = database.writer.submit(
        lambda tx: sync(tx, feeds, rules, tuple(plan.channels), clock(), configured=configured)
    )
    await asyncio.wrap_future(unit)


def url_hash(url: Secret) -> int | None:
    """How the database knows a feed's URL, which itself it never holds; None where it is not to be had."""
    return None if url.missing else hash64(url.reveal().encode())
