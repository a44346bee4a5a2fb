"""`tocsin feeds show` as a user types it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.store import sql
from monitor.store.database import command_line_tx
from tests.support.cli import run
from tests.support.feedfile import WIRE, config, known

if TYPE_CHECKING:
    from pathlib import Path


def test_one_feed_is_shown_with_configuration_and_state(tmp_path: Path) -> None:
    """Everything that is known, without a secret."""
    known(tmp_path, polls=4, failures=1, last_http=500, title="The Wire")
    path = config(tmp_path)
    [shape] = run("feeds", "show", "wire", "--json", "--config", path).objects
    assert (shape["url"], shape["tags"], shape["full_text"]) == (WIRE, ["world"], "auto")
    assert (shape["state"], shape["polls"], shape["http_status"]) == ("failing", 4, 500)
    assert shape["title"] == "The Wire"
    shown = run("feeds", "show", "snow", "--config", path)
    assert shown.code == 0, shown.err
    assert "snow.example/feed" in shown.out
    assert "sesame" not in shown.out


def test_the_gaps_of_a_feed_are_shown(tmp_path: Path) -> None:
    """When items may have gone unseen: from the last good poll to the one that knew nothing."""
    known(tmp_path, polls=4)
    with command_line_tx(tmp_path / "tocsin.db") as tx:
        ends = {"since": "2026-03-01 08:00:00.000000", "until": "2026-03-04 08:00:00.000000"}
        tx.run(sql.GAP_INSERT, id=tx.next_id("gaps"), feed_id=1, **ends)
    path = config(tmp_path)
    [shape] = run("feeds", "show", "wire", "--json", "--config", path).objects
    assert shape["gaps"] == [{"since": "2026-03-01T08:00:00Z", "until": "2026-03-04T08:00:00Z"}]
    assert (
        "2026-03-01T08:00:00Z to 2026-03-04T08:00:00Z" in run("feeds", "show", "wire", "--config", path).out
    )
    assert run("feeds", "show", "snow", "--json", "--config", path).objects[0]["gaps"] == []
