"""A configuration beside a database that a test filled: what the verbs of the command line start from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from monitor.model import Answer, AnswerClass, OutboxState, Reason
from monitor.store.leasing import lease_next
from monitor.store.outbox import settle
from tests.support.store import transaction

if TYPE_CHECKING:
    from pathlib import Path

SCREEN = '[channels.desk]\ntype = "terminal"\n'


def configured(folder: Path, database: Path, channels: str = SCREEN) -> Path:
    """Write a configuration that names this database; returns its path."""
    path = folder / "config.toml"
    path.write_text(
        f'[monitor]\ndatabase = "{database}"\n'
        '[[feeds]]\nname = "a"\nurl = "http://a.example/feed"\n'
        '[[rules]]\nname = "watch"\nquery = "feed:*"\n' + channels,
        encoding="utf-8",
    )
    return path


def answered(database: Path, channel: str, answer: Answer, state: OutboxState, reason: Reason) -> int:
    """Let the channel's next notification be tried, with this outcome; returns its outbox id."""
    now = datetime.now(UTC)
    with transaction(database) as tx:
        row = lease_next(tx, channel, now)
        assert row is not None
        settle(
            tx,
            row,
            answer,
            state=state,
            reason=reason,
            next_attempt=None,
            maybe_repeat=False,
            plain=False,
            now=now,
        )
    return row.id


def delivered(database: Path, channel: str = "desk") -> int:
    """Let the channel's next notification be accepted; returns its outbox id."""
    return answered(database, channel, Answer(AnswerClass.OK, "accepted"), OutboxState.SENT, Reason.DELIVERED)
