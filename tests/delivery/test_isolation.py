"""What a dead receiver costs the others, measured in turn within one run: the machine's load is alike."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from monitor.delivery.outbox import OutboxWorker
from monitor.delivery.terms import terms_of
from monitor.delivery.webhook import WebhookChannel
from monitor.settings import ChannelConfig, Secret
from monitor.store import sql
from tests.support.receivers import HttpReceiver, Reply, Request, dead_port, frozen_receiver
from tests.support.store import add_notification, insert, opened

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from monitor.store.database import Database
    from monitor.store.tx import Tx

GOOD, BAD = ("a", "b", "c"), ("dead", "hanging")
PAIRS = 40  # stretches with the bad channels, and as many without, in turn
ROUNDS = 3  # at most: where the machine is too restless for a verdict, more is measured, and all counts
ALERTS = 40  # of a stretch, on each channel
GAP = 0.025  # seconds between two alerts
MOST_CHANGE = 0.10
LONGEST = 420.0  # seconds for all


class Office:
    """A database, its worker and its channels; three of them take everything."""

    def __init__(self, database: Database, ports: Mapping[str, int]) -> None:
        self.database = database
        self.begun: dict[int, float] = {}
        self.came: dict[int, float] = {}
        self.there = ports.keys()
        self.worker = OutboxWorker(database, lambda: datetime.now(UTC), rng=lambda: 1.0, deadline=5)
        configs = [
            ChannelConfig(name=name, type="webhook", url=Secret(f"http://127.0.0.1:{port}/{name}"))
            for name, port in ports.items()
        ]
        channels = {config.name: WebhookChannel(config, timeout=2) for config in configs}
        self.worker.use(channels, (), terms_of(configs, (), {}))

    async def stretch(self) -> float:
        """Alerts one after another on all channels; the 99th percentile from put in to received, seconds."""
        ids: list[int] = []
        first = time.monotonic()
        for number in range(ALERTS):
            await asyncio.sleep(max(0.0, first + number * GAP - time.monotonic()))
            made = await asyncio.wrap_future(self.database.writer.submit(self._put))
            at = time.monotonic()
            self.worker.wake()
            good = made[: len(GOOD)]
            self.begun |= dict.fromkeys(good, at)
            ids += good
        while not self.came.keys() >= set(ids):  # noqa: ASYNC110 - the receivers are threads
            await asyncio.sleep(0.01)
        return statistics.quantiles([self.came[i] - self.begun[i] for i in ids], n=100, method="inclusive")[
            98
        ]

    def _put(self, tx: Tx) -> list[int]:
        now = datetime.now(UTC)
        # Both write the same rows; where a channel is not there its row is nobody's.
        states = {name: "ready" if name in self.there else "dropped" for name in (*GOOD, *BAD)}
        ids = [
            add_notification(tx, name, created_at=now, next_attempt_at=now, state=state)
            for name, state in states.items()
        ]
        for one in ids:  # what digests are made of
            (known,) = tx.rows(
                "SELECT m.article_id, a.story_id FROM ledger l JOIN matches m ON m.id = l.match_id"
                " JOIN articles a ON a.id = m.article_id WHERE l.outbox_id = :id",
                id=one,
            )
            ids_ = {"article_id": known["article_id"], "story_id": known["story_id"]}
            insert(tx, "alerts", sql.ALERT_INSERT, id=one, rule="talks", created_at=now, **ids_)
            tx.run("UPDATE ledger SET alert_id = :id WHERE outbox_id = :id", id=one)
        return ids


def change(found: Mapping[str, list[float]]) -> float:
    """How much longer it takes with the bad channels, in a typical stretch each: outliers do not count."""
    return statistics.median(found["with"]) / statistics.median(found["without"]) - 1


@pytest.mark.prove
def test_dead_receivers_cost_the_others_less_than_a_tenth(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One refuses connections and one hangs: the 99th percentile of the three others stays what it is."""
    offices: dict[str, Office] = {}

    def receiver(stack: ExitStack, key: str) -> int:
        def seen(request: Request) -> Reply:
            number = int(request.headers["X-Tocsin-Id"].partition(".")[0])
            offices[key].came[number] = time.monotonic()
            return Reply()

        return stack.enter_context(HttpReceiver(decide=seen)).port

    async def measure() -> dict[str, list[float]]:
        running = [asyncio.create_task(office.worker.run()) for office in offices.values()]
        found: dict[str, list[float]] = {key: [] for key in offices}
        async with asyncio.timeout(LONGEST):
            for pair in range(PAIRS * ROUNDS):
                for key in sorted(offices, reverse=bool(pair % 2)):
                    found[key].append(await offices[key].stretch())
                if (pair + 1) % PAIRS == 0 and change(found) < MOST_CHANGE:
                    break
        for office in offices.values():
            await office.worker.stop(1)
        await asyncio.gather(*running)
        return found

    with ExitStack() as stack:
        for key in ("with", "without"):
            (tmp_path / key).mkdir()
            ports = {name: receiver(stack, key) for name in GOOD}
            if key == "with":
                ports |= {"dead": dead_port(), "hanging": stack.enter_context(frozen_receiver())}
            offices[key] = Office(stack.enter_context(opened(tmp_path / key)), ports)
        found = asyncio.run(measure())
    typical = {key: statistics.median(values) * 1000 for key, values in found.items()}
    before, after = typical["without"], typical["with"]
    with capsys.disabled():
        sys.stdout.write(
            f"\n    p99 from put in to received, median of {len(found['with'])} stretches: {before:.1f} ms"
            f" without, {after:.1f} ms with a dead and a hanging channel: {change(found):+.1%}\n"
        )
    assert change(found) < MOST_CHANGE
