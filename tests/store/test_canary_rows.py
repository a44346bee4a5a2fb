"""The canary's rows: taken back, hidden, replaced and forgotten."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.settings import CANARY
from monitor.store import sql
from monitor.store.canary import forget, last_round, note_round, rehearsed, send_canary
from monitor.store.leasing import lease_next
from monitor.store.outbox import enqueue
from monitor.store.sync import sync
from tests.support.messages import message
from tests.support.store import NOW, new_database, transaction

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from monitor.store.tx import Tx


@pytest.fixture
def tx(tmp_path: Path) -> Iterator[Tx]:
    """A transaction on a fresh database."""
    with transaction(new_database(tmp_path)) as tx:
        yield tx


def everything(tx: Tx) -> list[tuple[int, str, str]]:
    """Every row of the outbox."""
    rows = tx.rows("SELECT id, channel, state FROM outbox ORDER BY id")
    return [(row["id"], row["channel"], row["state"]) for row in rows]


def test_a_rehearsal_is_taken_back_and_what_was_before_stays(tx: Tx) -> None:
    """Also where it ends with an error, which goes through."""
    enqueue(tx, "desk", message(), NOW)
    before = everything(tx)
    with rehearsed(tx):
        enqueue(tx, "desk", message(), NOW)
        assert len(everything(tx)) == len(before) + 1

    def fails() -> None:
        with rehearsed(tx):
            enqueue(tx, "desk", message(), NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert everything(tx) == before


def test_no_list_and_no_figure_shows_it(tx: Tx) -> None:
    """While it is on its way, which takes milliseconds, or for as long as nobody takes it."""
    send_canary(tx, "one", NOW)
    assert [channel for _, channel, _ in everything(tx)] == [CANARY]
    assert tx.rows(sql.OUTBOX_ALL, count=9) == tx.rows(sql.OUTBOX_UNSENT) == tx.rows(sql.OUTBOX_COUNTS) == []
    on_its_way = tx.row(sql.OUTBOX_ON_ITS_WAY)
    assert on_its_way is not None
    assert on_its_way[0] == 0
    assert tx.rows(sql.LEDGER_STRAY) == []


def test_a_reload_does_not_take_it_for_a_channel_that_was_removed(tx: Tx) -> None:
    """Nobody configures it."""
    send_canary(tx, "one", NOW)
    sync(tx, (), {}, ("desk",), NOW)
    assert [state for _, _, state in everything(tx)] == ["ready"]


def test_a_round_replaces_what_nobody_took_and_leaves_alone_what_is_in_hand(tx: Tx) -> None:
    """A row in mid-send is settled by whoever holds it."""
    send_canary(tx, "one", NOW)
    send_canary(tx, "two", NOW)
    assert len(everything(tx)) == 1
    row = lease_next(tx, CANARY, NOW)
    assert row is not None
    send_canary(tx, "three", NOW)
    assert [state for _, _, state in everything(tx)] == ["leased", "ready"]


def test_what_is_forgotten_gives_nobody_its_id(tx: Tx) -> None:
    """A late answer to it must never settle somebody else's message."""
    send_canary(tx, "one", NOW)
    row = lease_next(tx, CANARY, NOW)
    assert row is not None
    forget(tx, row.id, NOW)
    assert everything(tx) == []
    tx._ids.clear()  # as in the next transaction
    assert enqueue(tx, "desk", message(), NOW) > row.id


def test_the_last_round_is_remembered(tx: Tx) -> None:
    """With the time each stage took; None before the first."""
    assert last_round(tx) is None
    note_round(tx, {"fetch": 0.25}, NOW)
    note_round(tx, {"fetch": 0.5}, NOW + timedelta(hours=1))
    found = last_round(tx)
    assert found is not None
    assert (found.at, dict(found.stages)) == (NOW + timedelta(hours=1), {"fetch": 0.5})
