"""The outbox worker when it is stopped, crashes, is reloaded or cannot write: nothing goes out twice."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING

import pytest

from monitor.delivery import outbox as worker_module
from monitor.errors import StoreError
from monitor.store.leasing import lease_next
from tests.support.channels import FakeChannel
from tests.support.desk import begun, desk, full_disk
from tests.support.store import GUARD, NOW, Refusals, do

if TYPE_CHECKING:
    from pathlib import Path

# --- crashes, stops and swaps ------------------------------------------------------------------------


def test_leases_of_the_last_run_are_sent_again_marked(tmp_path: Path) -> None:
    """What was in mid-send when the process died goes out under the same id as a possible repeat."""
    channel = FakeChannel()
    with desk(tmp_path, channel) as d:
        crashed, waiting = d.ring(count=2)
        do(d.database, lambda tx: lease_next(tx, "desk", NOW))
        assert asyncio.run(d.worker.return_leases()) == 1
        d.finish()
        assert [(o.outbox_id, o.maybe_repeat, o.attempt) for o in channel.given] == [
            (crashed, True, 2),
            (waiting, False, 1),
        ]


def test_stop_waits_for_the_sends_in_hand(tmp_path: Path) -> None:
    """A send that ends within the grace is settled; nothing else is begun."""
    gate = threading.Event()
    channel = FakeChannel(gate=gate)
    with desk(tmp_path, channel) as d:
        first, second = d.ring(count=2)

        async def story() -> None:
            await begun(channel)
            stopping = asyncio.create_task(d.worker.stop(GUARD))
            await asyncio.sleep(0)
            gate.set()
            await stopping

        d.run(story)
        assert (d.row(first).state, d.row(second).state) == ("sent", "ready")
        assert (d.row(first).maybe_repeat, d.row(second).maybe_repeat) == (False, False)
        assert len(channel.given) == 1


def test_stop_returns_what_does_not_end_in_time(tmp_path: Path) -> None:
    """A send longer than the grace goes back, marked; an answer that comes later changes nothing."""
    gate = threading.Event()
    channel = FakeChannel(gate=gate)
    with desk(tmp_path, channel) as d:
        first, second = d.ring(count=2)

        async def story() -> None:
            await begun(channel)
            await d.worker.stop(0.0)
            gate.set()

        d.run(story)
        assert [(d.row(i).state, d.row(i).maybe_repeat) for i in (first, second)] == [
            ("ready", True),
            ("ready", False),
        ]
        assert d.ledger(first) == [("waiting", "first")]


def test_a_worker_that_is_stopped_begins_nothing(tmp_path: Path) -> None:
    """Stopping before the first look sends nothing at all."""
    channel = FakeChannel()
    with desk(tmp_path, channel) as d:
        (row_id,) = d.ring()

        async def story() -> None:
            await d.worker.stop(GUARD)

        d.run(story)
        assert channel.given == []
        assert d.row(row_id).state == "ready"
        assert d.row(row_id).maybe_repeat is False


def test_a_swapped_channel_gets_the_next_message(tmp_path: Path) -> None:
    """After a reload the very next attempt uses the new address, even in the middle of a queue."""
    gate = threading.Event()
    old, new = FakeChannel(gate=gate), FakeChannel()
    with desk(tmp_path, old) as d:
        ids = d.ring(count=3)

        async def story() -> None:
            await begun(old)
            d.use(new)
            gate.set()
            await begun(new, 2)

        d.run(story)
        assert (old.titles, new.titles) == (["title 1"], ["title 2", "title 3"])
        assert [d.row(i).state for i in ids] == ["sent"] * 3


def test_a_channel_that_comes_back_is_served_at_once(tmp_path: Path) -> None:
    """Rows that waited for a channel to be configured go out as soon as it is."""
    channel = FakeChannel()
    with desk(tmp_path) as d:
        (row_id,) = d.ring()

        async def story() -> None:
            await asyncio.sleep(0)
            d.use(channel)
            await begun(channel)

        d.run(story)
        assert d.row(row_id).state == "sent"


# --- a store that cannot be written ------------------------------------------------------------------


def test_an_answer_that_cannot_be_recorded_is_kept_until_it_can(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is full while an answer comes in does not make the message go out again."""
    monkeypatch.setattr(worker_module, "LOOK_AGAIN", 0.001)
    channel, plan = FakeChannel(), Refusals()
    with full_disk(tmp_path, channel, plan) as d:
        (row_id,) = d.ring()
        plan.let_through, plan.left = 1, 5  # the lease passes, then five attempts to settle are refused
        d.finish()
        assert plan.refused == 5
        assert len(channel.given) == 1
        assert d.row(row_id).state == "sent"
        assert d.row(row_id).maybe_repeat is False


def test_a_one_shot_run_says_that_the_store_cannot_be_written(tmp_path: Path) -> None:
    """Where nothing can be leased, finish raises instead of asking for ever; the message stays ready."""
    channel, plan = FakeChannel(), Refusals()
    with full_disk(tmp_path, channel, plan) as d:
        (row_id,) = d.ring()
        plan.left = 1
        with pytest.raises(StoreError, match="full"):
            d.finish()
        assert channel.given == []
        assert d.row(row_id).state == "ready"


def test_the_daemon_goes_on_when_the_store_can_be_written_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lease that fails is asked for again at the next look, and its message then sent once."""
    monkeypatch.setattr(worker_module, "LOOK_AGAIN", 0.01)
    channel, plan = FakeChannel(), Refusals()
    with full_disk(tmp_path, channel, plan) as d:
        (row_id,) = d.ring()
        plan.left = 3

        async def story() -> None:
            await begun(channel)

        d.run(story)
        assert plan.refused == 3
        assert len(channel.given) == 1
        assert d.row(row_id).state == "sent"
