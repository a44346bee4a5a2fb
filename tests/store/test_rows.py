"""Rows as values: SQLModel and the raw statements read each other's rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import Session, create_engine, select

from monitor.store import sql, tables
from monitor.store.rows import ChannelState, FeedState, from_db, read, read_all, to_db, write
from tests.support.store import NOW, add_feed, new_database, transaction

if TYPE_CHECKING:
    from pathlib import Path

HASHES = [0, 1, -1, 2**63 - 1, -(2**63)]
MOMENTS = [
    NOW,
    NOW.replace(microsecond=1),
    NOW.astimezone(timezone(timedelta(hours=5, minutes=30))),
]
moments = st.datetimes(
    min_value=datetime(1990, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds; the zone is given beside
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001 - the same
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))),
)


@given(moments)
def test_a_time_comes_back_as_it_was(moment: datetime) -> None:
    """Every aware time survives storage, in UTC, to the microsecond."""
    back = from_db(to_db(moment))
    assert back == moment
    assert back is not None
    assert back.tzinfo is UTC


@given(moments, moments)
def test_text_order_is_time_order(one: datetime, other: datetime) -> None:
    """Stored times compare as texts as the times themselves do."""
    a, b = to_db(one), to_db(other)
    assert a is not None
    assert b is not None
    assert (a < b, a == b) == (one < other, one == other)


def test_no_time_stays_none() -> None:
    """None is stored as NULL and read as None."""
    assert to_db(None) is None
    assert from_db(None) is None


def test_a_naive_time_is_refused() -> None:
    """A time without a zone is a mistake of ours, told at once."""
    with pytest.raises(AssertionError):
        to_db(NOW.replace(tzinfo=None))


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("number", HASHES)
@pytest.mark.parametrize("flag", [True, False])
def test_sqlmodel_reads_what_raw_writes(tmp_path: Path, moment: datetime, number: int, flag: bool) -> None:
    """Times, flags and 64-bit hashes written by the hot path are the same values for SQLModel."""
    path = new_database(tmp_path)
    state = FeedState(
        id=1, name="a", url_hash=number, added_at=moment, body_hash=number, gone=flag, next_poll_at=moment
    )
    with transaction(path) as tx:
        tx.run(sql.FEED_INSERT, **write(state))
    engine = create_engine(f"sqlite:///{path}")
    with Session(engine) as session:
        feed = session.exec(select(tables.Feed)).one()
        found = session.exec(select(tables.Feed).where(tables.Feed.next_poll_at == moment)).all()
        assert (feed.url_hash, feed.body_hash, feed.gone) == (number, number, flag)
        assert (feed.added_at, feed.next_poll_at, feed.retired_at) == (moment, moment, None)
        assert found == [feed]
    engine.dispose()


@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("number", HASHES)
def test_raw_reads_what_sqlmodel_writes(tmp_path: Path, moment: datetime, number: int) -> None:
    """A row written by SQLModel is the same value for the hot path, and found by the same time."""
    path = new_database(tmp_path)
    engine = create_engine(f"sqlite:///{path}")
    with Session(engine) as session:
        feed = tables.Feed(
            id=1, name="a", url_hash=number, added_at=moment, next_poll_at=moment, gone=True, etag=None
        )
        session.add(feed)
        session.commit()
    engine.dispose()
    with transaction(path) as tx:
        state = read(FeedState, tx.rows(sql.FEEDS)[0])
        assert [row["id"] for row in tx.rows(sql.FEEDS_DUE, now=to_db(moment))] == [1]
        first = read_all(FeedState, tx.rows(sql.FEEDS_DUE_FIRST, now=to_db(moment), count=1))
        assert first == [state]
    assert (state.url_hash, state.added_at, state.next_poll_at) == (number, moment, moment)
    assert state.gone is True
    assert state.suspect is False


def test_write_and_read_are_inverse(tmp_path: Path) -> None:
    """A value written whole is read back equal."""
    state = ChannelState("desk", NOW, "rate", None, NOW, "429")
    with transaction(new_database(tmp_path)) as tx:
        tx.run(sql.CHANNEL_UPSERT, **write(state))
        row = tx.row(sql.CHANNEL, name="desk")
        assert row is not None
        assert read(ChannelState, row) == state


def test_ids_grow_from_the_highest(tmp_path: Path) -> None:
    """Ids are one above the highest in the table, each once within a transaction."""
    path = new_database(tmp_path)
    with transaction(path) as tx:
        assert [tx.next_id("feeds"), tx.next_id("feeds"), tx.next_id("alerts")] == [1, 2, 1]
        add_feed(tx)
    with transaction(path) as tx:
        assert tx.next_id("feeds") == 4


def test_ids_are_given_for_known_tables_only(tmp_path: Path) -> None:
    """The table's name goes into SQL text, so only the names we know are taken."""
    with transaction(new_database(tmp_path)) as tx, pytest.raises(AssertionError):
        tx.next_id("feeds; DROP TABLE feeds")
