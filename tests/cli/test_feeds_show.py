"""`tocsin feeds show` as a user types it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from monitor.cli.rhythm_map import draw
from monitor.feeds.rhythm import Rhythm, learn, write_rhythm
from monitor.store import sql
from monitor.store.database import command_line_tx
from monitor.store.rows import Episode
from monitor.store.rows import write as as_row
from tests.support.cli import run
from tests.support.feedfile import PAST, WIRE, config, known

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


def test_a_feed_that_moved_to_where_another_is_is_not_called_well(tmp_path: Path) -> None:
    """It is not polled any more, and nobody switched it off."""
    why = "it has moved to where feed snow is"
    known(tmp_path, polls=4, moved_seen=4, next_poll_at=None, next_why=why)
    [shape] = run("feeds", "show", "wire", "--json", "--config", config(tmp_path)).objects
    assert (shape["state"], shape["next_poll"], shape["next_why"]) == ("moved", None, why)


def test_a_feed_that_was_asked_while_we_were_cut_off_is_new(tmp_path: Path) -> None:
    """Its failure is held against nobody, and that it is well nobody knows."""
    known(tmp_path, polls=1, failures=0, last_good_at=None, last_status="network")
    [shape] = run("feeds", "show", "wire", "--json", "--config", config(tmp_path)).objects
    assert shape["state"] == "new"


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


def rhythmic(folder: Path, **state: Any) -> Path:
    """A database whose feed `wire` had news on workdays from eight to eighteen for six weeks."""
    start = datetime(2026, 1, 5, tzinfo=UTC)
    rhythm = Rhythm()
    for day in range(42):
        hours = range(8, 18) if day % 7 < 5 else range(0)
        now = start + timedelta(days=day + 1)
        rhythm = learn(rhythm, [start + timedelta(days=day, hours=hour) for hour in hours], now)
    last = start + timedelta(days=39, hours=17)
    return known(folder, polls=900, rhythm=write_rhythm(rhythm), last_item_at=last, **state)


def test_the_rhythm_is_drawn_and_given_in_numbers(tmp_path: Path) -> None:
    """A row a day and a column an hour, in the zone of the file; in JSON the rate of each hour."""
    rhythmic(tmp_path, next_why="every 1800 s", moved_to="https://new.example/feed")
    path = config(tmp_path)
    [shape] = run("feeds", "show", "wire", "--json", "--config", path).objects
    hours = shape["rhythm"]["hours"]
    assert (len(hours), shape["rhythm"]["zone"]) == (168, "UTC")
    assert min(hours[8:18]) > 5 * max(hours[:6])
    assert shape["last_item"] == "2026-02-13T17:00:00Z"
    assert shape["usual_longest"] > 60 * 3600
    assert shape["silent_after"] > "2026-02-16T12:00:00Z"
    assert (shape["next_why"], shape["learnt_address"]) == ("every 1800 s", "https://new.example/feed")
    assert shape["rules"] == ["talks"]
    told = run("feeds", "show", "wire", "--config", path).out.splitlines()
    assert any(line.startswith("next why") and line.endswith("every 1800 s") for line in told)
    assert any(line.startswith("usual longest") and " d " in line for line in told)
    drawn = told[-8:]
    assert drawn[0].split() == ["0", "6", "12", "18"]
    assert [line.split()[0] for line in drawn[1:]] == ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    assert len(drawn[1]) > len(drawn[6])


def test_a_feed_without_a_rhythm_draws_none(tmp_path: Path) -> None:
    """What is not known yet is null."""
    known(tmp_path, polls=1)
    path = config(tmp_path)
    [shape] = run("feeds", "show", "wire", "--json", "--config", path).objects
    assert [shape[key] for key in ("rhythm", "usual_gap", "usual_longest", "silent_after")] == [None] * 4
    assert "Mon" not in run("feeds", "show", "wire", "--config", path).out
    assert run("feeds", "show", "snow", "--json", "--config", path).objects[0]["troubles"] == []


def test_troubles_are_shown_open_ones_and_past_ones(tmp_path: Path) -> None:
    """Each with when it began and ended, in words; the state is the word of what is open."""
    now = datetime.now(UTC)
    known(tmp_path, polls=9, failures=9, last_poll_at=now, last_http=404)
    with command_line_tx(tmp_path / "tocsin.db") as tx:
        past = Episode(1, 1, "silent", PAST, "14 h", PAST, PAST + timedelta(days=1), PAST)
        for episode in (past, Episode(2, 1, "missing", now - timedelta(days=3), "HTTP 404", now)):
            tx.run(sql.EPISODE_INSERT, **as_row(episode))
    path = config(tmp_path)
    [shape] = run("feeds", "show", "wire", "--json", "--config", path).objects
    assert shape["state"] == "missing"
    assert [(t["kind"], t["until"], t["rules"]) for t in shape["troubles"]] == [
        ("missing", None, ["talks"]),
        ("silent", "2026-01-02T00:00:00Z", ["talks"]),
    ]
    out = run("feeds", "show", "wire", "--config", path).out
    assert "not found (404), since " in out
    assert "silent: nothing new, where its longest pause is usually 14 h (2026-01-01T00:00:00Z to " in out
    assert run("feeds", "list", "--json", "--config", path).objects[0]["state"] == "missing"


@pytest.mark.parametrize(
    ("encoding", "tallest"), [("utf-8", "█"), ("ascii", "%"), ("latin-1", "%"), ("x", "%")]
)
def test_a_drawing_uses_what_the_terminal_can_show(encoding: str, tallest: str) -> None:
    """Blocks, else plain characters; hours are those of the zone, across midnight and the week."""
    rates = [0.0] * 168
    rates[23] = 1.0  # Monday, 23 h UTC
    lines = draw(rates, datetime(2026, 1, 5, tzinfo=UTC), encoding)
    assert lines[1] == "  Mon " + " " * 23 + tallest
    lines = draw(rates, datetime(2026, 1, 5, tzinfo=ZoneInfo("Europe/Paris")), encoding)
    assert (lines[1], lines[2]) == ("  Mon", "  Tue " + tallest)
