"""The record of feeds' troubles inside a transaction: read, open, end, and note what people were told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from monitor.feeds.watch import Known, Trouble
from monitor.store import sql
from monitor.store.rows import Episode, read, to_db, write

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable
    from datetime import datetime
    from typing import Any, Protocol

    from monitor.feeds.watch import Changes
    from monitor.store.tx import Tx

    class Rows(Protocol):
        """What both a transaction and a reader can do."""

        def rows(self, statement: str, **params: Any) -> list[sqlite3.Row]:
            """All rows of a query."""


def open_of(source: Rows, feed_id: int) -> tuple[Episode, ...]:
    """The troubles that a feed is in."""
    return _read(source.rows(sql.EPISODES_OPEN_OF, feed=feed_id))


def all_of(source: Rows, feed_id: int) -> tuple[Episode, ...]:
    """A feed's troubles, the latest first: those it is in, and past ones as far as they are kept."""
    return _read(source.rows(sql.EPISODES_OF, feed=feed_id))


def all_open(source: Rows) -> tuple[Episode, ...]:
    """The troubles of all feeds that are not over."""
    return _read(source.rows(sql.EPISODES_OPEN))


def to_tell(source: Rows) -> tuple[Episode, ...]:
    """Those of which people have not heard that they began, or that they are over."""
    return _read(source.rows(sql.EPISODES_TO_TELL))


def as_known(episode: Episode) -> Known:
    """The trouble as `feeds.watch` judges it."""
    return Known(
        key=episode.id,
        kind=Trouble(episode.kind),
        since=episode.since,
        detail=episode.detail,
        told=episode.told_at is not None,
        ended=episode.ended_at,
        end_told=episode.end_told_at is not None,
    )


def apply(tx: Tx, feed_id: int, record: Iterable[Episode], changes: Changes, now: datetime) -> None:
    """Write down what changed about a feed's troubles; `record` is what `changes` was judged from."""
    by_id = {episode.id: episode for episode in record}
    for sign in changes.opened:
        episode = Episode(tx.next_id("episodes"), feed_id, sign.kind.value, sign.since, sign.detail)
        tx.run(sql.EPISODE_INSERT, **write(episode))
    for known in changes.dropped:
        tx.run(sql.EPISODE_DROP, episode=known.key)
    for known, detail in changes.changed:
        save(tx, replace(by_id[known.key], detail=detail))
    for known in changes.reopened:
        save(tx, replace(by_id[known.key], ended_at=None))
    for known in changes.ended:
        save(tx, replace(by_id[known.key], ended_at=now))
    for known in changes.replaced:
        end_in_silence(tx, by_id[known.key], now)


def end_in_silence(tx: Tx, episode: Episode, now: datetime) -> None:
    """End a trouble of which there is nothing more to tell; one that nobody heard of is forgotten."""
    if episode.told_at is None:
        tx.run(sql.EPISODE_DROP, episode=episode.id)
    else:
        save(tx, replace(episode, ended_at=now, end_told_at=episode.end_told_at or now))


def mark_told(tx: Tx, episode: Episode, now: datetime) -> None:
    """People heard of it: that it began, and if it is over, that too."""
    over = now if episode.ended_at is not None else None
    save(tx, replace(episode, told_at=episode.told_at or now, end_told_at=episode.end_told_at or over))


def save(tx: Tx, episode: Episode) -> None:
    """Write what may change of a trouble's row."""
    tx.run(
        sql.EPISODE_UPDATE,
        episode=episode.id,
        detail=episode.detail,
        told_at=to_db(episode.told_at),
        ended_at=to_db(episode.ended_at),
        end_told_at=to_db(episode.end_told_at),
    )


def _read(rows: Iterable[sqlite3.Row]) -> tuple[Episode, ...]:
    return tuple(read(Episode, row) for row in rows)
