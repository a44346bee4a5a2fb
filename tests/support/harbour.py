"""
A made-up newsroom with a bit of everything in its database, and its dump as SQL text.

The dumps in tests/fixtures/schemas are its database as each earlier schema had it. Before a migration is
added:

    .venv/bin/python -m tests.support.harbour > tests/fixtures/schemas/HEAD.sql
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.model import Answer, AnswerClass, FetchResult, FetchStatus, OutboxState, Reason, Severity
from monitor.settings import RuleConfig
from monitor.store.leasing import lease_next
from monitor.store.outbox import settle
from tests.support.documents import Item
from tests.support.newsdesk import Desk

if TYPE_CHECKING:
    from datetime import datetime

SCHEMAS = Path(__file__).parent.parent / "fixtures" / "schemas"
FEEDS = ("harbour", "wire", "closed")
RULES = (
    RuleConfig(name="harbour", query="harbour OR dockers", severity=Severity.HIGH),
    RuleConfig(name="talks", query="doha"),
)
CHANNELS = ("desk", "phone")


def _item(number: int, title: str, text: str, age: float) -> Item:
    return Item(title, guid=f"h:{number}", link=f"https://harbour.example/{number}", text=text, age=age)


OLD = (
    _item(2, "Ferry timetable for winter", "Two crossings a day until March.", 50),
    _item(1, "Harbour office opens late", "The office opens at ten from Monday.", 60),
)
STORM = _item(
    3, "Storm closes the harbour", "No ship leaves before the wind drops, the harbour master said.", 3
)
TRUCE = _item(4, "Truce talks begin in Doha", "Delegations of both sides arrived in the evening.", 2)
STRIKE = _item(5, "Dockers announce a strike", "From Friday no container is unloaded.", 1)
LATEST = (STRIKE, TRUCE, *OLD)  # what the feed "harbour" listed last


def fill(desk: Desk) -> None:
    """
    Live through two days: a baseline, a copy, an edit, a feed that ends, and notifications of every kind.

    Of seven notifications two are sent, one is dead, one waits for another attempt, one is in mid-send and
    two are ready.
    """
    for feed in FEEDS:
        desk.publish(feed, *OLD)
    desk.poll()
    desk.publish("harbour", STORM, *OLD)
    desk.poll()
    _answer(desk, "desk", Answer(AnswerClass.OK, "taken", 200), OutboxState.SENT, Reason.DELIVERED)
    refused = Answer(AnswerClass.CONTENT, "the receiver refused it", 400)
    _answer(desk, "phone", refused, OutboxState.DEAD, Reason.REFUSED)
    desk.publish("wire", replace(STORM, guid="w:3"), *OLD)
    desk.poll()
    edited = replace(STORM, text=f"{STORM.text} It may last until noon.")
    desk.publish("harbour", TRUCE, edited, *OLD)
    desk.poll()
    _answer(desk, "desk", Answer(AnswerClass.OK, "taken", 200), OutboxState.SENT, Reason.DELIVERED)
    busy = Answer(AnswerClass.TRANSIENT, "the receiver is busy", 503)
    _answer(desk, "phone", busy, OutboxState.RETRY, None, again=desk.now + timedelta(minutes=5))
    desk.publish("harbour", *LATEST)
    desk.poll()
    desk.database.writer.submit(lambda tx: lease_next(tx, "desk", desk.now)).result()
    desk.answer("closed", FetchResult(FetchStatus.GONE, 410))
    desk.poll()


def _answer(
    desk: Desk,
    channel: str,
    answer: Answer,
    state: OutboxState,
    reason: Reason | None,
    *,
    again: datetime | None = None,
) -> None:
    """Let the channel's next notification be tried, with this outcome."""
    now = desk.now
    row = desk.database.writer.submit(lambda tx: lease_next(tx, channel, now)).result()
    assert row is not None
    desk.database.writer.submit(
        lambda tx: settle(
            tx,
            row,
            answer,
            state=state,
            reason=reason,
            next_attempt=again,
            maybe_repeat=False,
            plain=False,
            now=now,
        )
    ).result()


def dumped() -> str:
    """The database of the filled newsroom as SQL text."""
    with tempfile.TemporaryDirectory() as folder:
        with Desk(Path(folder), feeds=FEEDS, rules=RULES, channels=CHANNELS) as desk:
            fill(desk)
        with closing(sqlite3.connect(desk.config.database)) as con:
            return "\n".join(con.iterdump()) + "\n"


def restored(dump: str, path: Path) -> Path:
    """Make a database file of a dump, in WAL mode as the program keeps it."""
    path.touch(0o600)
    with closing(sqlite3.connect(path)) as con:
        con.execute("PRAGMA journal_mode=WAL")
        con.executescript(dump)
    return path


if __name__ == "__main__":
    sys.stdout.write(f"-- The newsroom of tests/support/harbour.py.\n{dumped()}")
