"""A desk to test deliveries at: an outbox worker on a fresh database, with a clock that stands still."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from monitor.delivery.outbox import OutboxWorker
from monitor.store import sql
from monitor.store.database import Database
from tests.support.store import (
    GUARD,
    Clock,
    FullDisk,
    Refusals,
    add_notification,
    do,
    ledger_of,
    new_database,
    opened,
    outbox_row,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence
    from pathlib import Path

    from monitor.delivery.policy import Verdict
    from monitor.model import Answer, AnswerClass
    from monitor.store.rows import OutboxRow
    from tests.support.channels import FakeChannel


class Desk:
    """A worker on a fresh database, with a clock that stands still."""

    def __init__(self, database: Database, *channels: FakeChannel, deadline: float = GUARD) -> None:
        self.database = database
        self.clock = Clock()
        self.attempts: list[tuple[int, AnswerClass]] = []
        self.worker = OutboxWorker(
            database, self.clock, rng=lambda: 1.0, deadline=deadline, on_attempt=self._note
        )
        self.use(*channels)

    def _note(self, row: OutboxRow, answer: Answer, verdict: Verdict) -> None:
        self.attempts.append((row.id, answer.kind))

    def use(self, *channels: FakeChannel, notices_to: Sequence[str] = ()) -> None:
        """Put channels in force."""
        self.worker.use({c.name: c for c in channels}, notices_to)

    def ring(self, channel: str = "desk", count: int = 1, **values: Any) -> list[int]:
        """Put alerts into the outbox."""
        return [do(self.database, lambda tx: add_notification(tx, channel, **values)) for _ in range(count)]

    def row(self, outbox_id: int) -> OutboxRow:
        """The notification as it is stored."""
        return outbox_row(self.database.reader, outbox_id)

    def ledger(self, outbox_id: int) -> list[tuple[str, str]]:
        """What the ledger says of it."""
        return ledger_of(self.database.reader, outbox_id)

    def notices(self) -> list[tuple[str, str, str]]:
        """Kind, subject and text of all notices."""
        rows = self.database.reader.rows(sql.NOTICES_SINCE, since="")
        return [(row["kind"], row["subject"], row["text"]) for row in rows]

    def finish(self) -> None:
        """Deliver what is due now, as a one-shot run does."""
        asyncio.run(asyncio.wait_for(self.worker.finish(), GUARD))

    def passes(self, minutes: float, step: float = 1.0) -> None:
        """Let time pass, with a look each `step` minutes."""
        for _ in range(round(minutes / step)):
            self.clock.advance(minutes=step)
            self.finish()

    def run(self, story: Callable[[], Awaitable[None]]) -> None:
        """Let the worker run as in the daemon while the story happens; the story may stop it."""

        async def together() -> None:
            running = asyncio.create_task(self.worker.run())
            async with asyncio.timeout(GUARD):
                await story()
                await self.worker.stop(GUARD)
                await running

        asyncio.run(together())


@contextmanager
def desk(folder: Path, *channels: FakeChannel, deadline: float = GUARD) -> Iterator[Desk]:
    """Open a desk; at the end matches and ledger must add up."""
    with opened(folder) as database:
        yield Desk(database, *channels, deadline=deadline)
        assert database.reader.rows(sql.LEDGER_STRAY) == []
        assert database.reader.rows(sql.LEDGER_ORPHANS) == []


async def begun(channel: FakeChannel, count: int = 1) -> None:
    """Wait until a channel was given that many messages."""
    await asyncio.to_thread(channel.wait_for, count)


@contextmanager
def full_disk(folder: Path, channel: FakeChannel, plan: Refusals) -> Iterator[Desk]:
    """A desk whose writer refuses work as planned."""
    path = new_database(folder)
    database = Database(path, FullDisk(path, plan))
    yield Desk(database, channel)
    assert database.reader.rows(sql.LEDGER_STRAY) == []
    database.close()
