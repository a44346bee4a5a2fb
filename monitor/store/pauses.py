"""Hosts that asked to be left alone, over restarts: what `feeds.pacing` is told again at a start."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.store import sql
from monitor.store.rows import HostPause, read, to_db

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from monitor.store.database import Reader
    from monitor.store.tx import Tx


def note_pauses(tx: Tx, seconds: Mapping[str, float], why: str, now: datetime) -> None:
    """These hosts are to be left alone for so many seconds; a longer pause that is running stays."""
    if not seconds:
        return
    running = _running(tx, now)
    for host, wait in seconds.items():
        until = now + timedelta(seconds=wait)
        if host not in running or running[host] < until:
            tx.run(sql.HOST_PAUSE_UPSERT, host=host, until=to_db(until), why=why)


def paused_hosts(source: Tx | Reader, now: datetime) -> dict[str, float]:
    """The hosts to be left alone, and for how many seconds yet."""
    return {host: (until - now).total_seconds() for host, until in _running(source, now).items()}


def _running(source: Tx | Reader, now: datetime) -> dict[str, datetime]:
    pauses = (read(HostPause, row) for row in source.rows(sql.HOST_PAUSES))
    return {pause.host: pause.until for pause in pauses if pause.until > now}
