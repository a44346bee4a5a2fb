"""`tocsin status` and the channels that said no."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from monitor.store.outbox import save_channel
from monitor.store.rows import ChannelState
from tests.support.cli import run
from tests.support.installed import SCREEN, configured
from tests.support.store import NOW, new_database, transaction

if TYPE_CHECKING:
    from pathlib import Path


def test_a_channel_that_said_no_last_is_named_with_its_next_try(tmp_path: Path) -> None:
    """What it said and when it is tried again; one that works, has worked since, or is no more is not."""
    database = new_database(tmp_path)
    now = datetime.now(UTC)
    soon, before = now + timedelta(seconds=90), now - timedelta(minutes=3, seconds=10)
    with transaction(database) as tx:
        save_channel(tx, ChannelState("desk", soon, "config", NOW, before, "HTTP 403: forbidden"))
        save_channel(tx, ChannelState("never", None, "", None, before, "no connection"))
        save_channel(tx, ChannelState("fine", None, "", now, before, "was long ago"))
        save_channel(tx, ChannelState("gone", soon, "rate", NOW, before, "of a channel that is no more"))
    channels = "".join(SCREEN.replace("desk", name) for name in ("desk", "never", "fine"))
    config = configured(tmp_path, database, channels)
    (found,) = run("status", "--json", "--config", config).objects
    assert [(one["channel"], one["error"], one["why"]) for one in found["refusing"]] == [
        ("desk", "HTTP 403: forbidden", "config"),
        ("never", "no connection", None),
    ]
    lines = run("status", "--config", config).out.splitlines()
    at = next(n for n, line in enumerate(lines) if line.startswith("channels "))
    assert lines[at : at + 3] == [
        "channels desk did not take its last message, 3 min ago: HTTP 403: forbidden; paused, tried in 1 min",
        "         never did not take its last message, 3 min ago: no connection",
        "         look, mend and try: tocsin channels list, tocsin channels test NAME",
    ]


def test_many_are_counted(tmp_path: Path) -> None:
    """Five are named."""
    database = new_database(tmp_path)
    with transaction(database) as tx:
        for number in range(7):
            save_channel(tx, ChannelState(f"c{number}", None, "", None, NOW, "no connection"))
    channels = "".join(SCREEN.replace("desk", f"c{number}") for number in range(7))
    said = run("status", "--config", configured(tmp_path, database, channels)).out
    assert said.count("did not take its last message") == 5
    assert "and 2 more" in said


def test_where_all_is_well_nothing_is_said(tmp_path: Path) -> None:
    """No line."""
    config = configured(tmp_path, new_database(tmp_path))
    assert "channels" not in run("status", "--config", config).out
