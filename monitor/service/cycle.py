"""
Whether the daemon has gone through a whole healthy cycle.

The schedule ticks, the feeds that were due were asked, what came was committed, the outbox is worked on, and
somebody out there answers.

What is asked here is what a person would want to be woken for. Whatever may be a feed's or a receiver's own
trouble is not: these are told in other ways, unless all of them have it.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.errors import StoreError
from monitor.store import sql
from monitor.store.figures import refuses
from monitor.store.rows import ChannelState, read, to_db

if TYPE_CHECKING:
    from collections.abc import Callable

    from monitor.service.app import App

TICKED = 5.0  # seconds within which the schedule must have been looked at
LOOKED = 15.0  # the same of the outbox
OVERDUE = timedelta(minutes=5)  # what is due for so long has not been asked when it should have been …
PROGRESS = 120.0  # … if no poll at all was recorded for so many seconds: else its turn will come
COMMIT = 30.0  # seconds for a commit


class Cycle:
    """
    Looks at a running App. `ticked` gives the loop's time of the last tick, `stuck` what stands still.

    Both times are those of the running loop.
    """

    def __init__(self, app: App, *, ticked: Callable[[], float], stuck: Callable[[], str | None]) -> None:
        self._app = app
        self._ticked = ticked
        self._stuck = stuck
        self._polled = (-1, 0.0)  # how many polls were recorded, and since when it is so many

    async def broken(self) -> str:
        """Why the cycle was not whole or not healthy, as a phrase; "" where it was both."""
        try:
            return (
                self._standing_still()
                or self._blind()
                or self._unheard()
                or self._canary()
                or await self._uncommitted()
            )
        except StoreError as error:
            return f"the database cannot be used: {error.message}"

    def _standing_still(self) -> str:
        app, now = self._app, asyncio.get_running_loop().time()
        if stuck := self._stuck():
            return stuck.rpartition(" for ")[0] or stuck  # for how long changes with every look
        if now - self._ticked() > TICKED:
            return "the schedule was not looked at in time"
        if now - app.worker.last_look > LOOKED:
            return "the outbox was not looked at in time"
        trouble = app.database.health.trouble
        return f"nothing can be recorded: {trouble.message}" if trouble is not None else ""

    def _blind(self) -> str:
        app, now = self._app, asyncio.get_running_loop().time()
        if app.poller.outage.on:
            return "offline: no server can be reached"
        polled = app.poller.counts["polled"]
        if polled != self._polled[0]:
            self._polled = (polled, now)
        reader = app.database.reader
        before = to_db(app.clock() - OVERDUE)
        late = reader.row(sql.FEEDS_OVERDUE, before=before, soon=before, away=before)
        if late is not None and late[0] and now - self._polled[1] > PROGRESS:
            what = "1 feed was" if late[0] == 1 else f"{late[0]} feeds were"
            return f"{what} due and not asked"
        failing = reader.row(sql.FEEDS_FAILING)
        if app.plan.feeds and failing is not None and failing[0] >= len(app.plan.feeds):
            return "every feed fails"
        return ""

    def _unheard(self) -> str:
        """Whether no channel at all took what it was given last."""
        rows = self._app.database.reader.rows(sql.CHANNELS)
        refusing = {state.name for row in rows if refuses(state := read(ChannelState, row))}
        return "no channel takes its messages" if refusing >= self._app.plan.channels.keys() else ""

    def _canary(self) -> str:
        canary, alarm = self._app.canary, self._app.alarm
        if canary is None or canary.every is None:
            return ""
        if canary.well and (alarm is None or alarm.fault is None):
            return ""
        return "the canary has not come through"

    async def _uncommitted(self) -> str:
        """The last of it, since it costs a write: a sign of life that has to reach the disk."""
        try:
            async with asyncio.timeout(COMMIT):
                await self._app.note_alive()
        except TimeoutError:
            return "the database's writer does not answer"
        return ""
