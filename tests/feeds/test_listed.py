"""What a feed's last document listed, as a text of its row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.feeds.listed import MOST, WHOLE_EVERY, hashes_of, known, packed, whole_at

NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
hashes = st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=50)


@given(hashes, st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds
def test_it_comes_back_as_it_was(items: list[int], moment: datetime) -> None:
    """All hashes in their order, and the time to the second."""
    text = packed(items, moment)
    assert list(hashes_of(text)) == items
    assert whole_at(text) == moment.replace(microsecond=0)


@given(hashes, st.timedeltas(timedelta(days=-3), timedelta(days=3)))
def test_items_are_known_for_half_a_day_after_a_whole_reading(items: list[int], later: timedelta) -> None:
    """Before it (the clock was set back) and beyond it everything is read."""
    fresh = timedelta(0) <= later < WHOLE_EVERY
    assert known(packed(items, NOW), NOW + later) == (frozenset(items) if fresh else frozenset())


def test_a_document_without_hashes_leaves_nothing() -> None:
    """A parser that tells none has every document read whole."""
    assert packed([], NOW) == ""
    assert known("", NOW) == frozenset()


def test_a_row_does_not_grow_without_end() -> None:
    """Of a document with thousands of items the upper ones are remembered."""
    text = packed(range(5_000), NOW)
    assert hashes_of(text) == tuple(range(MOST))


@given(st.text(max_size=60))
def test_no_text_is_too_strange(text: str) -> None:
    """A row that was changed by hand costs a reading, not the poll."""
    assert isinstance(known(text, NOW), frozenset)


@pytest.mark.parametrize("text", ["1795780800", "1795780800 ", "1795780800 12", "x 0000000000000000", " 00"])
def test_half_a_text_knows_nothing(text: str) -> None:
    """What cannot be read whole is not believed in part."""
    assert known(text, datetime.fromtimestamp(1795780800, UTC)) == frozenset()
