"""A configuration of two feeds with comments, and a database that knows one of them: for tests of verbs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from monitor.service.opening import url_hash
from monitor.settings import Secret
from monitor.store import sql
from monitor.store.database import Reader, command_line_tx
from monitor.store.rows import FeedState, read
from monitor.store.rows import write as as_row
from tests.support.configs import write
from tests.support.store import new_database

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """\
# The desk's feeds.
[polling]
allow_private = ["127.0.0.0/8"]
per_host_gap = "0s"

[[feeds]]
name = "wire"   # the fastest
url = "{url}"
tags = ["world"]

# Only in winter:
[[feeds]]
name = "snow"
url = "https://user:sesame@snow.example/feed?key=sesame"

[[rules]]
name = "talks"
query = "talks"

[channels.screen]
type = "file"
path = "alerts.txt"
"""
WIRE = "https://wire.example/feed"
PAST = datetime(2026, 1, 1, tzinfo=UTC)
FUTURE = datetime.now(UTC) + timedelta(hours=2)


def config(folder: Path, url: str = WIRE) -> Path:
    """The configuration above."""
    return write(folder, CONFIG.format(url=url))


def known(folder: Path, url: str = WIRE, **state: Any) -> Path:
    """A database that knows the feed `wire`, with this in its row."""
    path = new_database(folder)
    row = FeedState(1, "wire", url_hash(Secret(url)) or 0, PAST, **state)
    with command_line_tx(path) as tx:
        tx.run(sql.FEED_INSERT, **as_row(row))
    return path


def wire_of(path: Path) -> FeedState:
    """The row of `wire`."""
    reader = Reader(path)
    rows = {row["name"]: read(FeedState, row) for row in reader.rows(sql.FEEDS)}
    reader.close()
    return rows["wire"]
