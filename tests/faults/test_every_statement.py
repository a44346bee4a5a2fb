"""Each statement the daemon runs is made to fail once, in each way SQLite can: nothing is lost or doubled."""

from __future__ import annotations

import shutil
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from monitor.delivery import outbox
from tests.support.faults import DONE, REFUSED, TAKEN_BACK, Bench, Strike

if TYPE_CHECKING:
    from pathlib import Path

WAYS = [
    (sqlite3.SQLITE_FULL, REFUSED, True),  # with the reserve to live on
    (sqlite3.SQLITE_FULL, TAKEN_BACK, False),  # without
    (sqlite3.SQLITE_IOERR_WRITE, TAKEN_BACK, True),
    (sqlite3.SQLITE_IOERR_FSYNC, DONE, True),  # the commit failed and is durable all the same
    (sqlite3.SQLITE_READONLY, REFUSED, True),
    (sqlite3.SQLITE_BUSY, REFUSED, True),
]
NEW = ("one", "two", "three")


@dataclass
class Count:
    """What the loop met."""

    points: int = 0
    struck: int = 0
    lost: int = 0
    repeats: int = 0


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that cannot be recorded is tried again at once."""
    monkeypatch.setattr(outbox, "LOOK_AGAIN", 0.001)


def life(folder: Path, strike: Strike, *, reserve: bool = True) -> tuple[Bench, list[str]]:
    """A baseline without faults, then new items while one statement fails."""
    folder.mkdir()
    bench = Bench(folder)
    bench.live(Strike(nth=-1))
    bench.clock.advance(hours=1)
    bench.publish("old", *NEW)
    return bench, bench.live(strike, reserve=reserve)


def strike_each(
    folder: Path, code: int, how: str, *, reserve: bool, first: int = 1, step: int = 1, times: int = 1
) -> Count:
    """Let every `step`th statement fail in turn, from the `first` on."""
    quiet = Strike(nth=-1)
    life(folder / "quiet", quiet)
    count = Count()
    for nth in range(first, quiet.seen + 1, step):
        strike = Strike(nth, code, how, times)
        trial = folder / f"{nth}"
        bench, wrong = life(trial, strike, reserve=reserve)
        told, expected = bench.told(), bench.expected(NEW)
        count.points += 1
        count.struck += strike.struck > 0
        count.lost += (expected - told).total()
        count.repeats += (told - expected).total()
        assert bench.adds_up(), strike
        assert told == expected, f"{strike}: lost {expected - told}, too many {told - expected}"
        if strike.struck and code == sqlite3.SQLITE_FULL:
            assert all("is full" in w and "desk.db" in w for w in wrong), wrong
        shutil.rmtree(trial)
    return count


@pytest.mark.parametrize(("code", "how", "reserve", "first"), [(*w, 4 * n + 1) for n, w in enumerate(WAYS)])
def test_a_statement_that_fails_costs_nothing(
    tmp_path: Path, code: int, how: str, reserve: bool, first: int
) -> None:
    """Every 24th statement in each way, every fourth in one of them: nothing lost, nothing doubled."""
    count = strike_each(tmp_path, code, how, reserve=reserve, first=first, step=4 * len(WAYS))
    assert count.struck == count.points > 4


@pytest.mark.slow
@pytest.mark.parametrize(("code", "how", "reserve", "first"), [(*w, n % 2 + 1) for n, w in enumerate(WAYS)])
def test_every_second_statement_may_fail(
    tmp_path: Path, code: int, how: str, reserve: bool, first: int
) -> None:
    """In each way, in one half of them the odd ones, in the other the even."""
    count = strike_each(tmp_path, code, how, reserve=reserve, first=first, step=2)
    assert count.struck == count.points


@pytest.mark.prove
@pytest.mark.parametrize(("code", "how", "reserve"), WAYS)
def test_every_statement_may_fail(
    tmp_path: Path, code: int, how: str, reserve: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """All of them in turn, SQLite's own method."""
    count = strike_each(tmp_path, code, how, reserve=reserve)
    with capsys.disabled():
        print(f"\n{code} {how}: {count}")  # noqa: T201 - a figure for the record
    assert count.struck == count.points


@pytest.mark.slow
@pytest.mark.parametrize(("code", "how", "reserve"), WAYS)
def test_several_statements_in_a_row_may_fail(tmp_path: Path, code: int, how: str, reserve: bool) -> None:
    """A fault that lasts for five statements, begun at every third."""
    count = strike_each(tmp_path, code, how, reserve=reserve, step=3, times=5)
    assert count.struck == count.points
