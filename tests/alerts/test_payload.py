"""A message as it waits in the outbox comes out as it went in."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.alerts.payload import dump, load
from monitor.model import DigestEntry, Message, Severity
from tests.support.messages import HOSTILE, message

zones = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
entries = st.builds(
    DigestEntry,
    title=st.text(),
    url=st.text(),
    feed=st.text(),
    published=st.none() | st.datetimes(timezones=zones),
    severity=st.sampled_from(Severity),
    rules=st.lists(st.text()).map(tuple),
)
messages = st.builds(
    Message,
    kind=st.sampled_from(["alert", "digest", "notice", "test"]),
    title=st.text(),
    severity=st.sampled_from(Severity),
    feed=st.text(),
    url=st.text(),
    published=st.none() | st.datetimes(timezones=zones),
    excerpt=st.text(),
    marks=st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99))).map(tuple),
    rules=st.lists(st.text()).map(tuple),
    why=st.text(),
    tags=st.lists(st.text()).map(tuple),
    late=st.booleans(),
    entries=st.lists(entries, max_size=3).map(tuple),
    count=st.integers(0, 9999),
    story=st.none() | st.integers(1, 9999),
    changes=st.lists(st.text()).map(tuple),
    told_at=st.none() | st.datetimes(timezones=zones),
    related=st.text(),
    also=st.lists(st.text()).map(tuple),
    outlets=st.integers(0, 99),
    weak=st.booleans(),
)


@given(messages)
def test_a_message_comes_back_equal(told: Message) -> None:
    """Every text, time, mark and severity survives."""
    assert load(dump(told)) == told


@pytest.mark.parametrize("text", [t for t in HOSTILE if "\ud800" not in t])
def test_hostile_texts_survive_on_one_line(text: str) -> None:
    """Whatever a feed wrote is one line of JSON that any database stores."""
    stored = dump(message(title=text, excerpt=text))
    assert "\n" not in stored
    assert stored.encode()
    assert load(stored).title == text


def test_a_message_of_an_older_version_can_be_read() -> None:
    """A row that waits since before there were digests is still delivered."""
    data = json.loads(dump(message()))
    for name in ("late", "entries", "count"):
        del data[name]
    assert load(json.dumps(data)) == message()


def test_readable_in_the_database() -> None:
    """Texts stand there as they are and severity as its word, for people who look."""
    stored = dump(message(title="Талибан в Дохе", severity=Severity.URGENT))
    assert "Талибан в Дохе" in stored
    assert json.loads(stored)["severity"] == "urgent"


def test_fields_of_a_newer_version_are_ignored() -> None:
    """A row that a newer Tocsin wrote can still be sent after going back."""
    data = json.loads(dump(message()))
    data["mood"] = "gloomy"
    assert load(json.dumps(data)) == message()


def test_times_keep_their_moment() -> None:
    """A time in another zone is the same moment afterwards."""
    moment = datetime(2026, 3, 1, 9, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert load(dump(message(published=moment))).published == moment
