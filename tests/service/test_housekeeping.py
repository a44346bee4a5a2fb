"""Once a day what grew old is pruned, in small steps that nobody waits for."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from monitor.service.daemon import Daemon
from monitor.service.housekeeping import keep_house
from monitor.service.once import run_once
from monitor.settings import Config
from monitor.store import sql
from monitor.store.database import Database
from monitor.store.writer import Priority, Writer
from tests.support.store import NOW, add_article, add_feed, do, new_database, opened, transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from concurrent.futures import Future
    from pathlib import Path

    from monitor.store.tx import Tx

DAY = timedelta(days=1)
KEPT = 90 * 86_400.0


def house(database: Database, now: datetime = NOW) -> Mapping[str, int] | None:
    """Keep house at that time."""
    return asyncio.run(keep_house(database, KEPT, now, breath=0.0))


def old_articles(tx: Tx, count: int = 3, at: datetime = NOW - 100 * DAY) -> None:
    """Insert articles that no feed lists any more."""
    feed = add_feed(tx, f"feed {at}")
    for _ in range(count):
        add_article(tx, feed, fetched_at=at)


@pytest.mark.parametrize(
    ("later", "again"),
    [
        pytest.param(timedelta(hours=23), False, id="the same day"),
        pytest.param(timedelta(hours=24), True, id="a day later"),
        pytest.param(timedelta(days=400), True, id="after a year off"),
        pytest.param(timedelta(hours=-1), True, id="the clock was set back"),
    ],
)
def test_it_is_done_once_a_day(tmp_path: Path, later: timedelta, again: bool) -> None:
    """The time of the last one is remembered in the database, so restarts change nothing about it."""
    with opened(tmp_path) as database:
        do(database, old_articles)
        assert house(database) == {"articles": 3, "stories": 3}
        do(database, lambda tx: old_articles(tx, at=NOW - 99 * DAY))
        assert house(database, NOW + later) == ({"articles": 3, "stories": 3} if again else None)


def test_a_day_on_which_nothing_is_old_counts_too(tmp_path: Path) -> None:
    """Done is done, whatever there was to do."""
    with opened(tmp_path) as database:
        assert house(database) == {}
        assert house(database) is None


class Counting(Writer):
    """Notes how many units of housekeeping ever waited at once."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.waiting: list[Future[Any]] = []
        self.most = 0
        self.units = 0

    def submit(
        self, unit: Callable[[Tx], Any], priority: Priority = Priority.POLL, *, synced: bool = True
    ) -> Future[Any]:
        done = super().submit(unit, priority, synced=synced)
        assert priority is Priority.HOUSEKEEPING
        self.units += 1
        self.waiting = [one for one in (*self.waiting, done) if not one.done()]
        self.most = max(self.most, len(self.waiting))
        return done


def test_never_more_than_one_step_waits(tmp_path: Path) -> None:
    """All of it has the lowest priority and comes one by one: a match waits for one small step at most."""
    path = new_database(tmp_path)
    with transaction(path) as tx:
        old_articles(tx, 450)
    writer = Counting(path)
    database = Database(path, writer)
    try:
        assert house(database) == {"articles": 450, "stories": 450}
        assert writer.units > 8
        assert writer.most == 1
    finally:
        database.close()


def settle(database: Database) -> None:
    """Wait until the writer is through with what it does after a commit: then it takes the next unit."""
    for _ in range(2):
        do(database, lambda _: None)


def test_the_write_ahead_log_is_emptied(tmp_path: Path) -> None:
    """Afterwards its file is empty, unless somebody reads from it: then nobody waits for them."""
    with opened(tmp_path) as database:
        log = database.path.with_name(database.path.name + "-wal")
        do(database, old_articles)
        house(database)
        settle(database)
        assert log.stat().st_size == 0
        assert database.reader._con
        database.reader._con.execute("BEGIN")
        database.reader.rows(sql.FEEDS)
        do(database, lambda tx: old_articles(tx, at=NOW - 98 * DAY))
        house(database, NOW + DAY)
        settle(database)
        assert log.stat().st_size > 0


def test_a_one_shot_run_keeps_house(tmp_path: Path) -> None:
    """Where cron polls no daemon ever prunes."""
    path = new_database(tmp_path)
    with transaction(path) as tx:
        old_articles(tx, at=datetime.now(UTC) - 100 * DAY)
    config = Config(path=tmp_path / "config.toml", files=(), database=path, timezone="UTC")
    assert asyncio.run(run_once(config, force=False)).exit_code == 0
    with transaction(path) as tx:
        assert tx.rows("SELECT id FROM articles") == []


def test_the_daemon_looks_each_hour() -> None:
    """For the first time some minutes after it started, when the first polls are done."""
    plan = SimpleNamespace(config=SimpleNamespace(digests={}, include=()))
    app: Any = SimpleNamespace(
        clock=lambda: NOW, note_alive=None, keep_house=None, keep_watch=None, plan=plan
    )
    (job,) = [job for job in Daemon(app)._scheduler().get_jobs() if job.id == "housekeeping"]
    assert job.trigger.interval == timedelta(hours=1)
    assert job.next_run_time == NOW + timedelta(minutes=5)
