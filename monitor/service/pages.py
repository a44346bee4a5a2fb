"""
The worker that reads pages: four at a time at most, one of a host, as budget and good manners allow.

The queue is in the store (`store.pages`); here is only what is under way. Feeds come first in everything:
pages share gap, pauses and number at once of their hosts with them, and take none of the feeds' rooms.
While we are cut off, or nothing can be recorded, pages wait, and no attempt is counted.

What does not wait for pages: an alert that is held for one is decided when its time is up, and an article
whose page did not come by its deadline goes without.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.errors import StoreError
from monitor.pages.budget import Budget
from monitor.pages.wanted import FIRST
from monitor.paging import decide_held
from monitor.service.log import event, failure, get_logger
from monitor.service.pagereader import PageReader
from monitor.store.pages import (
    asked_since,
    due_pages,
    finish,
    hold_no_longer,
    next_work,
    overdue_pages,
    put_off,
    release_held,
    wait_no_longer,
)
from monitor.store.writer import Priority

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from monitor.meeting import Rung
    from monitor.pages.extractor import Extractor
    from monitor.plan import PageLimits
    from monitor.service.pagefetch import Tools
    from monitor.store.pages import PageRow
    from monitor.store.tx import Tx

AT_ONCE = 4
FOR_ALL = 3  # of these; the last is for pages that alerts wait for
LOOK = 1.0  # seconds between two looks at the queue
LOOK_AGAIN = 5.0  # where something waits that may not begin
IDLE = 300.0  # seconds without a page, after which the processes that read them end
HOLD_AFTER_ERROR = timedelta(minutes=15)  # before a page is tried again whose reading met a bug
LAST_ONES = 40.0  # seconds that a one-shot run gives the pages it has begun
_log = get_logger("pages")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """
    What the worker meets.

    `steady` gives seconds that never step, `paused_for` those for which a host is to be left alone; `rung` is
    told what a page made ring.
    """

    steady: Callable[[], float]
    paused_for: Callable[[str], float]
    rung: Callable[[Rung], None]


class PageWorker:
    """Reads the pages that are wanted. `start_due` begins them, `drain` reads what is due, `stop` ends it."""

    def __init__(self, tools: Tools, around: Surroundings, extractor: Extractor | None = None) -> None:
        self.counts: Counter[str] = Counter()
        self._tools = replace(tools, spend=self._spend, spent_on=self._spent_on)
        self._around = around
        self._database = tools.database
        self._reader = PageReader(self._tools, extractor)
        self._tasks: dict[str, asyncio.Task[None]] = {}  # by host
        self._upkeep: asyncio.Task[None] | None = None
        self._budget: Budget | None = None
        self._limits: PageLimits | None = None
        self._look_at = float("-inf")
        self._last_page: float | None = None
        self._stopping = False

    def wake(self) -> None:
        """Look at the queue at the next tick: something may have come."""
        self._look_at = float("-inf")

    def start_due(self) -> int:
        """Begin what is due, as far as there is room; returns how many pages. Raises StoreError."""
        steady = self._around.steady()
        if self._stopping or steady < self._look_at or self._tools.closed():
            return 0
        self._look_at = steady + LOOK
        now = self._tools.clock()
        work = next_work(self._database.reader)
        if self._upkeep is None and any(at is not None and at <= now for at in (work.deadline, work.hold)):
            self._upkeep = asyncio.create_task(self._keep_up(), name="pages-upkeep")
        if work.hold is not None and now < work.hold < now + timedelta(seconds=LOOK):
            self._look_at = steady  # it is decided on time
        if work.attempt is None or work.attempt > now:
            self._rest(steady)
            return 0
        if self._tools.cut_off():
            return 0
        begun = self._begin(now)
        if not begun and not self._tasks:
            self._look_at = steady + LOOK_AGAIN
        return begun

    async def drain(self, seconds: float) -> None:
        """
        Read what is due, for a run that ends afterwards: so many seconds long, and what was begun to its end.

        What alerts wait for and cannot be read now is decided without.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while loop.time() < until:
            self.wake()
            self.start_due()
            if not self._tasks:
                break
            await asyncio.wait(
                self._tasks.values(), timeout=until - loop.time(), return_when=asyncio.FIRST_COMPLETED
            )
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=LAST_ONES)
        if self._upkeep is not None:
            await self._upkeep
        if next_work(self._database.reader).hold is not None:
            await self._decide(at_once=True)

    async def settled(self) -> None:
        """Wait until nothing is under way."""
        while tasks := [*self._tasks.values(), *([self._upkeep] if self._upkeep else [])]:
            await asyncio.wait(tasks)

    async def stop(self) -> None:
        """Begin nothing more, break off what is under way, end the processes; the queue stays as it is."""
        self._stopping = True
        tasks = [*self._tasks.values(), *([self._upkeep] if self._upkeep else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._reader.close()

    # --- pages

    def _begin(self, now: datetime) -> int:
        begun = 0
        if len(self._tasks) >= AT_ONCE:
            return 0
        budget = self._budget_now()
        if budget.spent(self._around.steady(), coming=len(self._tasks)):
            return 0
        for row, feed in due_pages(self._database.reader, now):
            steady = self._around.steady()
            room = AT_ONCE if row.hold_until or row.priority >= FIRST else FOR_ALL
            if len(self._tasks) >= room or budget.spent(steady, coming=len(self._tasks)):
                break
            if row.host in self._tasks:
                continue
            if (pause := self._around.paused_for(row.host)) or budget.spent_on(row.host, steady):
                if row.hold_until is not None:
                    self._in_vain(row, pause)
                continue
            task = asyncio.create_task(self._page(row, feed), name=f"page-{row.article_id}")
            self._tasks[row.host] = task
            task.add_done_callback(lambda _, host=row.host: self._ended(host))  # type: ignore[misc]
            begun += 1
        return begun

    def _ended(self, host: str) -> None:
        self._tasks.pop(host, None)
        self._last_page = self._around.steady()

    async def _page(self, row: PageRow, feed: str) -> None:
        try:
            rung = await self._reader.read(row, feed)
        except StoreError as error:
            level = "debug" if self._database.health.knows(error) else "error"  # the keeper says it once
            event(_log, level, "page not recorded", feed=feed, article=row.article_id, error=error.message)
            await self._leave_alone(row)
        except Exception as error:  # noqa: BLE001 - one page's bug must not stop the others
            failure(_log, "page not read", error, feed=feed, article=row.article_id)
            await self._leave_alone(row)
        else:
            self._told(rung)

    def _told(self, rung: Rung) -> None:
        self.counts["matched"] += rung.matched
        self._around.rung(rung)

    async def _leave_alone(self, row: PageRow) -> None:
        """It would be the first of its host at every look: others go before it for a while."""
        until = self._tools.clock() + HOLD_AFTER_ERROR
        with suppress(StoreError):  # in trouble nothing begins, this neither
            await self._database.writer.run(lambda tx: put_off(tx, row, until))

    # --- what does not wait for pages

    async def _keep_up(self) -> None:
        try:
            await self._decide()
            while rows := self._overdue():
                for row in rows:
                    await self._give_up(row)
        except StoreError as error:
            if not self._database.health.knows(error):
                event(_log, "error", "pages not given up", error=error.message, remedy=error.hint)
        except Exception as error:  # noqa: BLE001 - the next look may do better
            failure(_log, "held alerts not decided", error)
        finally:
            self._upkeep = None

    async def _decide(self, *, at_once: bool = False) -> None:
        """Decide what was held for pages until now; with `at_once` what is held for longer, too."""
        plan = self._tools.plan()

        def unit(tx: Tx) -> Rung:
            now = self._tools.clock()
            if at_once:
                hold_no_longer(tx, now)
            rung = decide_held(tx, plan, now)
            release_held(tx, now)
            return rung

        self._told(await self._database.writer.run(unit, Priority.MATCHES))

    def _in_vain(self, row: PageRow, pause: float) -> None:
        """An alert waits for a page that its host, or the budget, will not let us have in time."""
        assert row.hold_until is not None
        now = self._tools.clock()
        spent = not pause
        until = row.hold_until if spent else now + timedelta(seconds=pause)
        if self._upkeep is None and until >= row.hold_until > now:
            self._upkeep = asyncio.create_task(self._let_go(row.host, until), name="pages-in-vain")

    async def _let_go(self, host: str, until: datetime) -> None:
        def unit(tx: Tx) -> int:
            return wait_no_longer(tx, host, self._tools.clock(), until)

        try:
            await self._database.writer.run(unit, Priority.MATCHES)
        except StoreError as error:
            event(_log, "debug", "held alerts not let go", host=host, error=error.message)
        except Exception as error:  # noqa: BLE001 - their time comes all the same
            failure(_log, "held alerts not let go", error, host=host)
        finally:  # else nobody would look after held alerts any more
            self._upkeep = None
            self.wake()

    def _overdue(self) -> list[PageRow]:
        """What was not read in time; one that is being read may yet be."""
        rows = overdue_pages(self._database.reader, self._tools.clock())
        return [row for row in rows if row.host not in self._tasks]

    async def _give_up(self, row: PageRow) -> None:
        try:
            self._told(await self._reader.too_late(row))
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - it would be met at every look
            failure(_log, "page not given up", error, article=row.article_id)
            await self._database.writer.run(lambda tx: finish(tx, row, self._tools.clock()))

    # --- the budget

    def _budget_now(self) -> Budget:
        """The budget in force, with what was asked before counted in."""
        limits = self._tools.plan().page_limits
        if self._budget is None or limits != self._limits:
            now, steady = self._tools.clock(), self._around.steady()
            longest = timedelta(seconds=max(limits.per_host.seconds, limits.total.seconds))
            asked = (
                (host, count, steady - max(0.0, (now - at).total_seconds()))
                for host, count, at in asked_since(self._database.reader, now - longest)
            )
            self._budget, self._limits = Budget(limits.per_host, limits.total, asked), limits
        return self._budget

    def _spend(self, host: str) -> None:
        self.counts["asked"] += 1
        self._budget_now().spend(host, self._around.steady())

    def _spent_on(self, host: str) -> bool:
        return self._budget_now().spent_on(host, self._around.steady())

    def _rest(self, steady: float) -> None:
        """Nothing is due: after a while let the processes that read pages go."""
        if self._last_page is not None and not self._tasks and steady - self._last_page > IDLE:
            self._last_page = None
            self._upkeep = self._upkeep or asyncio.create_task(self._close(), name="pages-rest")

    async def _close(self) -> None:
        try:
            await self._reader.close()
        finally:
            self._upkeep = None
