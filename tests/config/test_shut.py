"""Quiet hours that never end are an error; whole days and long nights are lawful."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.config.load import require
from tests.support.configs import SMALL, load, told

if TYPE_CHECKING:
    from pathlib import Path


def quiet(name: str, start: str, end: str, more: str = "") -> str:
    """The TOML of quiet hours on the screen."""
    return f'[quiet_hours.{name}]\nchannels = ["screen"]\nfrom = "{start}"\nto = "{end}"\n{more}\n'


def test_the_end_of_a_day_is_written_as_it_is_said(tmp_path: Path) -> None:
    """A whole weekend is from 00:00 to 24:00, without a minute before midnight in which all is sent."""
    (weekend,) = require(
        load(tmp_path, SMALL + quiet("weekend", "00:00", "24:00", 'days = ["sat-sun"]'))
    ).quiet_hours
    assert (weekend.start, weekend.end, weekend.days) == ("00:00", "24:00", ("sat", "sun"))


@pytest.mark.parametrize("start", ["24:00", "24:30"])
def test_nothing_begins_at_24_00(tmp_path: Path, start: str) -> None:
    """That is an end; a beginning at midnight is 00:00."""
    assert "expected a time" in told(load(tmp_path, SMALL + quiet("night", start, "07:00")))[0]


@pytest.mark.parametrize(
    ("tables", "held"),
    [
        (quiet("all", "00:00", "24:00"), "all alerts"),
        (quiet("a", "07:00", "06:00") + quiet("b", "05:59", "07:01"), "all alerts"),
        (
            quiet("a", "00:00", "12:00") + quiet("b", "12:00", "24:00", 'let_through = ["high"]'),
            "alerts of severity low, normal",
        ),
        (quiet("a", "07:00", "06:59"), None),
        (quiet("a", "00:00", "24:00", 'days = ["mon-sat"]'), None),
        (quiet("a", "00:00", "24:00", 'let_through = ["low"]'), None),
    ],
)
def test_a_channel_must_open_for_each_severity_at_some_time(
    tmp_path: Path, tables: str, held: str | None
) -> None:
    """Together, with what each lets through; the message names what would wait for ever."""
    found = told(load(tmp_path, SMALL + tables))
    assert [line.partition(": error: ")[2].partition("'screen': ")[2] for line in found] == (
        [f"{held} would never be sent"] if held else []
    )
