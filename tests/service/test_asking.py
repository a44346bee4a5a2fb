"""What is written down before a request begins: many in one transaction, all of it before the request."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor.errors import StoreError
from monitor.service.asking import Asking
from monitor.store import sql
from monitor.store.asked import ASKED, move_asked, note_asked, settle_asked
from tests.support.documents import NOON
from tests.support.newsdesk import Desk

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.store.tx import Tx


def test_requests_that_begin_together_share_a_transaction(tmp_path: Path) -> None:
    """And each waits until it stands on disk; what has ended is in none that follows."""
    units: list[Any] = []

    async def story() -> None:
        submit = desk.database.writer.submit

        def counted(unit: Any, *priority: Any, synced: bool) -> Any:
            units.append(unit)
            return submit(unit, *priority, synced=synced)

        desk.database.writer.submit = counted  # type: ignore[method-assign, assignment]
        asking = Asking(desk.database, lambda: NOON)

        async def ask(feed: int) -> None:
            await asking.begins(feed)
            row = desk.database.reader.row(sql.FACT, name=ASKED)
            assert row is not None
            assert str(feed) in row["value"].split(" ")

        await asyncio.gather(*(ask(n) for n in range(1, 51)))
        for n in range(1, 51):
            asking.ended(n)
        await ask(99)
        row = desk.database.reader.row(sql.FACT, name=ASKED)
        assert row is not None
        assert row["value"] == "99"

    with Desk(tmp_path) as desk:
        asyncio.run(story())
    assert len(units) <= 4


def test_nobody_is_asked_where_it_cannot_be_written(tmp_path: Path) -> None:
    """Whoever waits gets the error, and the next one tries again."""

    async def story() -> None:
        asking = Asking(desk.database, lambda: NOON)
        run = desk.database.writer.run

        async def refuses(unit: Any, *priority: Any, synced: bool) -> Any:
            def fails(tx: Tx) -> None:
                message = "the disk is full"
                raise StoreError(message)

            return await run(fails, *priority, synced=synced)

        desk.database.writer.run = refuses  # type: ignore[method-assign, assignment]
        found = await asyncio.gather(asking.begins(1), asking.begins(2), return_exceptions=True)
        assert all(isinstance(each, StoreError) for each in found)
        desk.database.writer.run = run  # type: ignore[method-assign]
        await asking.begins(3)

    with Desk(tmp_path) as desk:
        asyncio.run(story())


def test_a_start_learns_what_the_last_run_was_asking(tmp_path: Path) -> None:
    """Once; where the clock was set meanwhile, what was asked moves as the last polls do."""
    with Desk(tmp_path, feeds=["a", "b"]) as desk:
        desk.poll()

        def unit(tx: Tx) -> None:
            note_asked(tx, [2], NOON - timedelta(hours=5))
            move_asked(tx, timedelta(hours=-1))
            settle_asked(tx)
            settle_asked(tx)

        desk.database.writer.submit(unit).result()
        assert desk.state("a").asked_at is None
        assert desk.state("b").asked_at == NOON - timedelta(hours=6)
        assert desk.database.reader.row(sql.FACT, name=ASKED) is None


@pytest.mark.parametrize("value", ["", "x 3y"])
def test_a_fact_that_makes_no_sense_is_dropped(tmp_path: Path, value: str) -> None:
    """As everything is that another version may have left."""
    with Desk(tmp_path) as desk:

        def unit(tx: Tx) -> None:
            tx.run(sql.FACT_UPSERT, name=ASKED, value=value, at="2026-01-01 00:00:00.000000")
            settle_asked(tx)

        desk.database.writer.submit(unit).result()
        assert desk.database.reader.row(sql.FACT, name=ASKED) is None
