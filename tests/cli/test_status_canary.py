"""`tocsin status` on the canary and the dead-man ping."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor.service.alarm import Fault
from monitor.service.deadman import FACT, State
from monitor.store import sql
from monitor.store.canary import note_round
from monitor.store.lock import DaemonLock
from monitor.store.rows import to_db
from tests.support.cli import run
from tests.support.installed import SCREEN, configured
from tests.support.store import new_database, transaction

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AGO = timedelta(minutes=12, seconds=5)
STAGES = {"turn": 0.0, "fetch": 0.01, "parse": 0.02, "match": 0.0, "write": 0.03, "send": 0.04}
BOTH = f'{SCREEN}[canary]\nchannels = ["desk"]\n[deadman]\nurl = "https://hc.example/ping/1"\n'


def now() -> datetime:
    """The present: `status` asks for no other."""
    return datetime.now(UTC)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A database whose canary came through twelve minutes ago."""
    path = new_database(tmp_path)
    with transaction(path) as tx:
        note_round(tx, STAGES, now() - AGO)
    return path


@pytest.fixture
def lock(database: Path) -> Iterator[DaemonLock]:
    """A daemon at work on it."""
    held = DaemonLock(database)
    held.acquire()
    yield held
    held.release()


def say(database: Path, state: State) -> None:
    """Leave what the daemon notes of its ping."""
    with transaction(database) as tx:
        tx.run(sql.FACT_UPSERT, name=FACT, value=json.dumps(asdict(state)), at=to_db(now()))


def shown(folder: Path, database: Path, more: str = BOTH) -> tuple[dict[str, Any], dict[str, str]]:
    """The JSON, and the lines by their first word."""
    config = configured(folder, database, more)
    (found,) = run("status", "--json", "--config", config).objects
    lines = run("status", "--config", config).out.splitlines()
    return found, {line.split(" ", 1)[0]: line for line in lines}


def test_where_neither_is_configured_nothing_is_said(tmp_path: Path, database: Path) -> None:
    """Two nulls for programs."""
    found, lines = shown(tmp_path, database, SCREEN)
    assert (found["canary"], found["deadman"]) == (None, None)
    assert not lines.keys() & {"canary", "deadman"}


@pytest.mark.usefixtures("lock")
def test_when_all_is_well(tmp_path: Path, database: Path) -> None:
    """The last round with its stages, the last ping."""
    say(database, State(ok_at=(now() - timedelta(seconds=40)).isoformat()))
    found, lines = shown(tmp_path, database)
    canary = found["canary"]
    assert (canary["state"], canary["stages"], canary["seconds"]) == ("ok", STAGES, 0.1)
    assert canary["failing_since"] is canary["alarmed_at"] is canary["why"] is None
    assert found["deadman"]["state"] == "ok"
    assert lines["canary"] == "canary   came through 12 min ago, in 0.10 s"
    assert lines["deadman"].startswith("deadman  the last ping was answered 4")


def test_a_fault_is_told_with_who_heard_of_it(tmp_path: Path, database: Path, lock: DaemonLock) -> None:
    """From the lock file: the database may be what cannot be written."""
    fault = Fault(
        now() - timedelta(hours=2), "the writer does not answer", now() - timedelta(hours=1), ("desk",)
    )
    lock.note_fault(fault.dump())
    found, lines = shown(tmp_path, database)
    canary = found["canary"]
    assert (canary["state"], canary["why"]) == ("failing", "the writer does not answer")
    assert canary["told"] == ["desk"]
    assert "has not come through since 2 h ago: the writer does not answer" in lines["canary"]
    assert "desk heard of it 1 h ago" in lines["canary"]
    lock.note_fault(Fault(now(), "x").dump())
    assert "no channel took the alarm" in shown(tmp_path, database)[1]["canary"]


@pytest.mark.usefixtures("lock")
def test_a_refused_edit_does_not_hide_how_they_fare(tmp_path: Path, database: Path) -> None:
    """The daemon goes on with the old configuration, and so does what looks after it."""
    found, lines = shown(tmp_path, database, f"{BOTH}[nonsense]\n")
    assert found["config"]["error"] is not None
    assert (found["canary"]["state"], found["deadman"]["state"]) == ("ok", "waiting")
    assert {"canary", "deadman"} <= lines.keys()


@pytest.mark.usefixtures("lock")
def test_a_place_where_nobody_answers_is_named(tmp_path: Path, database: Path) -> None:
    """Only while a daemon runs; a place that answers is no line."""
    found, lines = shown(tmp_path, database, f'{SCREEN}[metrics]\nlisten = "./gone/health.sock"\n')
    assert found["metrics"]["answers"] is False
    assert found["metrics"]["why"] == "there is no such socket"
    assert lines["metrics"].endswith("gone/health.sock: there is no such socket")
    assert shown(tmp_path, database, SCREEN)[0]["metrics"] is None


@pytest.mark.usefixtures("lock")
def test_what_the_daemon_cannot_say_any_more_is_seen(tmp_path: Path, database: Path) -> None:
    """Rounds and pings that stay away."""
    with transaction(database) as tx:
        note_round(tx, STAGES, now() - timedelta(hours=2))
    say(database, State(ok_at=(now() - timedelta(hours=1)).isoformat()))
    found, lines = shown(tmp_path, database)
    assert (found["canary"]["state"], found["deadman"]["state"]) == ("overdue", "overdue")
    assert "should have again by now" in lines["canary"]
    assert "another was due" in lines["deadman"]


@pytest.mark.usefixtures("lock")
@pytest.mark.parametrize(
    ("state", "known", "words"),
    [
        ("waiting", State(), "waits for the first whole healthy cycle"),
        (
            "held",
            State(held="offline"),
            "held back, since 12 min ago: offline",
        ),
        (
            "failing",
            State(error="the server answered 404"),
            "not answered, since 12 min ago: the server answered 404",
        ),
    ],
)
def test_pings_that_do_not_go_through(
    tmp_path: Path, database: Path, state: str, known: State, words: str
) -> None:
    """Why, and since when."""
    say(database, replace(known, since=(now() - AGO).isoformat() if known != State() else None))
    found, lines = shown(tmp_path, database)
    assert found["deadman"]["state"] == state
    assert words in lines["deadman"]


def test_without_a_daemon(tmp_path: Path, database: Path) -> None:
    """What was last, and that nobody goes on; before the first start nothing at all is known."""
    found, lines = shown(tmp_path, database)
    assert (found["canary"]["state"], found["deadman"]["state"]) == ("stopped", "stopped")
    assert lines["canary"].endswith("no daemon is running")
    found, lines = shown(tmp_path, tmp_path / "none.db")
    assert found["canary"]["last_whole"] is found["deadman"]["last_ping"] is None
