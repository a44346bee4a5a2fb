"""
Parts of the daemon that stand still for as long as a file asks for it: faults for boot.sh's machine.

Signals freeze a whole process; what a watchdog is for is one part that hangs while the others go on. How long
a part may be silent is a matter of seconds here instead of half a minute, as with the unit's own limits.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

from monitor.delivery.outbox import OutboxWorker
from monitor.service import vitals
from monitor.store import schema
from monitor.store.writer import Writer

WISHES = Path("/opt/wishes")
LIMIT = 6.0  # seconds of silence that are taken for a hang


def wished(part: str) -> bool:
    """Whether this part is to stand still."""
    return (WISHES / part).exists()


def arm() -> None:
    """Put the faults in place; without wishes they do nothing."""
    vitals.LIMITS.update({vitals.WRITER: LIMIT, vitals.SENDER: LIMIT})  # type: ignore[attr-defined]
    commit, look, upgrade = Writer._commit_group, OutboxWorker._take_back, schema._upgrade

    def stuck_commit(self: Writer, jobs: Any) -> None:
        while wished("writer"):
            time.sleep(0.05)
        commit(self, jobs)

    async def stuck_look(self: OutboxWorker) -> None:
        while wished("sender"):  # noqa: ASYNC110 - a file is what asks
            await asyncio.sleep(0.05)
        await look(self)

    def slow_upgrade(path: Path) -> None:
        until = time.monotonic() + 20.0
        while wished("migration") and time.monotonic() < until:
            time.sleep(0.05)
        upgrade(path)

    Writer._commit_group = stuck_commit  # type: ignore[method-assign]
    OutboxWorker._take_back = stuck_look  # type: ignore[method-assign]
    schema._upgrade = slow_upgrade
