"""
The keeper of the store: what Tocsin does while nothing can be recorded, and how that ends.

A poll that cannot be recorded has advanced no validator, so nothing is lost by it; but servers must not be
asked again and again for what cannot be kept. So from the first refused write (`store.health`) polling is
stopped. What is in the outbox is delivered as long as that can be recorded, which on a full disk the reserve
makes possible. Every few seconds one write decides whether it is over. Each trouble is said once at its start
and once at its end: in the log, to systemd, in the lock file (`tocsin status` reads it there) and, as soon as
one can be written, in a notice.

The keeper also sees that the file is still the one that was opened, and that it is whole after a crash.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from monitor.errors import Fault, StoreError
from monitor.service import systemd
from monitor.service.log import event, get_logger
from monitor.store import sql
from monitor.store.faults import describe
from monitor.store.integrity import quick_check
from monitor.store.outbox import notice
from monitor.store.rows import to_db
from monitor.store.writer import Priority

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from monitor.store.database import Database
    from monitor.store.lock import DaemonLock
    from monitor.store.tx import Tx

T = TypeVar("T")
PROBE = 3.0  # seconds between two looks
SETTLED = 60.0  # seconds after which a trouble counts as another one
LONGEST_PATIENCE = 300.0  # seconds that pass at most before one that keeps coming back is tried again
LONG = timedelta(minutes=1)  # a trouble that was over sooner is not worth a message to anybody
QUIET = timedelta(hours=1)  # between two messages of one kind, where trouble comes and goes
CHECK_LIMIT = 60.0  # seconds of checking pages after a crash
TROUBLE, OVER, DAMAGED, WRITTEN_BACK = "store_trouble", "store_over", "store_damaged", "store_written_back"
_log = get_logger("store")


@dataclass(slots=True)
class Episode:
    """One trouble from its first sign to its end."""

    since: datetime
    told: set[Fault] = field(default_factory=set)
    next_try: float = 0.0  # of the loop's clock
    noticed: bool = False
    pushed: bool = False


class Keeper:
    """
    Looks after the database of a running Tocsin.

    `notices_to` gives the channels that hear what Tocsin says about itself; `wake` has the outbox looked at.
    """

    def __init__(
        self,
        database: Database,
        lock: DaemonLock,
        clock: Callable[[], datetime],
        *,
        notices_to: Callable[[], Sequence[str]],
        wake: Callable[[], None],
    ) -> None:
        self._database = database
        self._lock = lock
        self._clock = clock
        self._notices_to = notices_to
        self._wake = wake
        self._changed = asyncio.Event()
        self._looking = asyncio.Lock()
        self._episode: Episode | None = None
        self._ended: float | None = None  # when the last one did, by the loop's clock
        self._patience = 0.0
        self._damage_logged = False
        self._damage_noticed = False
        self._gone_logged = False
        self._stop_checking = threading.Event()
        loop = asyncio.get_running_loop()

        def told() -> None:
            with contextlib.suppress(RuntimeError):  # the loop ended before the writer did
                loop.call_soon_threadsafe(self._changed.set)

        database.health.on_change(told)

    async def run(self) -> None:
        """Look every few seconds and whenever something new is wrong. Raises where Tocsin has to stop."""
        while True:
            self._changed.clear()
            await self.look()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PROBE):
                    await self._changed.wait()

    async def look(self) -> None:
        """Say what is newly wrong, and try whether what was wrong has passed."""
        async with self._looking:
            await self._look()

    async def _look(self) -> None:
        self._lock.renew()
        await self._watch_file()
        if self._database.health.damage is not None:
            await self._tell_damage(self._database.health.damage)
        trouble = self._database.health.trouble
        if trouble is None:
            return
        if self._episode is None:
            self._episode = self._begin()
        if trouble.fault not in self._episode.told:
            self._episode.told.add(trouble.fault)
            event(
                _log,
                "error",
                "the database cannot be used: polling is stopped until it can",
                error=trouble.message,
                remedy=trouble.hint,
            )
            self._say(f"polling is stopped since {self._episode.since:%Y-%m-%d %H:%M} UTC: {trouble.message}")
        await self._try_to_go_on(trouble, self._episode)

    async def check_after_crash(self) -> None:
        """Read through the file, as far as a minute goes, beside everything else; damage is then told."""
        path = self._database.path
        found = await asyncio.to_thread(
            quick_check, path, seconds=CHECK_LIMIT, stop=self._stop_checking.is_set
        )
        if found is None:
            if not self._stop_checking.is_set():
                event(
                    _log,
                    "info",
                    "the database is too large to be checked in passing",
                    remedy="tocsin db check",
                    seconds=CHECK_LIMIT,
                )
        elif found:
            self._database.health.note(describe(Fault.DAMAGED, path, found[0]))
        else:
            event(_log, "info", "the database is intact after an unclean stop")

    async def close(self) -> None:
        """At the very end, when nothing more is written: keep what would be lost with a file taken away."""
        self._stop_checking.set()
        self._lock.say()
        try:
            if self._database.is_gone:
                await self._write_back()
            elif self._database.is_replaced:
                target = self._database.path.with_name(
                    f"{self._database.path.name}.{self._clock():%Y%m%dT%H%M%SZ}.backup"
                )
                await asyncio.wrap_future(self._database.save_to(target))
                event(_log, "error", "what the replaced database held is saved", file=str(target))
        except (StoreError, OSError) as error:
            event(_log, "error", "what the database held could not be saved", error=str(error))

    def _begin(self) -> Episode:
        """Trouble that comes back at once is given longer each time: servers would be asked in vain."""
        now = asyncio.get_running_loop().time()
        came_back = self._ended is not None and now - self._ended < SETTLED
        self._patience = min(max(2 * self._patience, PROBE), LONGEST_PATIENCE) if came_back else 0.0
        return Episode(self._clock(), next_try=now + self._patience)

    # --- trouble that passes -------------------------------------------------------------------------

    async def _try_to_go_on(self, trouble: StoreError, episode: Episode) -> None:
        if trouble.fault is Fault.FULL and not self._database.reserve.room:
            if not episode.noticed:
                await self._notice_full(trouble, episode)
            return
        if asyncio.get_running_loop().time() < episode.next_try:
            return
        now = self._clock()
        lasted = now - episode.since
        text = f"the database can be written again after {_span(lasted)}: polling goes on"
        if Fault.FULL not in episode.told:
            text += f" ({trouble.message})"

        def unit(tx: Tx) -> None:
            push = episode.pushed or (lasted >= LONG and not _recent(tx, OVER, now))
            if not episode.noticed:
                notice(tx, TROUBLE, "", trouble.message, episode.since)
            notice(tx, OVER, "", text, now, to=self._notices_to() if push else ())

        try:
            await self._submit(unit)
        except StoreError:
            return  # not yet; the writer has told `health` in what way
        self._episode = None
        self._ended = asyncio.get_running_loop().time()
        self._database.health.over()
        await asyncio.to_thread(self._database.reserve.make)
        event(_log, "info", "the database can be written again: polling goes on", after=_span(lasted))
        self._say("")
        self._wake()

    async def _notice_full(self, trouble: StoreError, episode: Episode) -> None:
        now = self._clock()
        text = (
            f"{trouble.message}: polling is stopped, what matched before is delivered; {trouble.hint}. "
            "Polling resumes by itself"
        )

        def unit(tx: Tx) -> bool:
            push = not _recent(tx, TROUBLE, now)
            notice(tx, TROUBLE, "", text, now, to=self._notices_to() if push else ())
            return push

        try:
            episode.pushed = await self._submit(unit)
        except StoreError:
            return
        episode.noticed = True
        self._wake()

    # --- damage --------------------------------------------------------------------------------------

    async def _tell_damage(self, damage: StoreError) -> None:
        if not self._damage_logged:
            self._damage_logged = True
            event(_log, "error", "the database is damaged", error=damage.message, remedy=damage.hint)
            self._say(f"{damage.message}; {damage.hint}")
        if self._damage_noticed:
            return
        now = self._clock()

        def unit(tx: Tx) -> None:
            to = () if _recent(tx, DAMAGED, now - timedelta(days=1) + QUIET) else self._notices_to()
            notice(tx, DAMAGED, "", f"{damage.message}; {damage.hint}", now, to=to)

        with contextlib.suppress(StoreError):  # tried again at the next look
            await self._submit(unit)
            self._damage_noticed = True
            self._wake()

    # --- a file that is not there any more -----------------------------------------------------------

    async def _watch_file(self) -> None:
        try:
            gone, replaced = self._database.is_gone, self._database.is_replaced
        except OSError:
            return  # the disk will say more at the next write
        if gone:
            await self._write_back()
        elif replaced:
            raise StoreError(
                f"another file has taken the place of {self._database.path} while Tocsin was at work on it",
                hint="what the old one held is saved beside it as a .backup; stop Tocsin before you restore",
                fault=Fault.MISSING,
            )

    async def _write_back(self) -> None:
        path = self._database.path
        try:
            await asyncio.wrap_future(self._database.write_back())
        except StoreError as error:
            if not self._gone_logged:
                self._gone_logged = True
                event(
                    _log,
                    "error",
                    "the database file was deleted and cannot be written back yet",
                    error=error.message,
                    remedy=error.hint,
                )
            return
        self._gone_logged = False
        self._database.finish_write_back()
        text = f"the database {path} was deleted while Tocsin was at work on it, and was written back whole"
        event(_log, "error", text)
        now = self._clock()
        with contextlib.suppress(StoreError):
            await self._submit(lambda tx: notice(tx, WRITTEN_BACK, "", text, now, to=self._notices_to()))
        self._wake()

    def _say(self, text: str) -> None:
        self._lock.say(text)
        systemd.status(text or "the database can be written again")

    async def _submit(self, unit: Callable[[Tx], T]) -> T:
        return await asyncio.wrap_future(self._database.writer.submit(unit, Priority.DELIVERY))


def _recent(tx: Tx, kind: str, now: datetime) -> bool:
    """Whether a notice of this kind was written down within the last hour."""
    return tx.row(sql.NOTICE_SINCE, kind=kind, subject="", since=to_db(now - QUIET)) is not None


def _span(lasted: timedelta) -> str:
    minutes, seconds = divmod(int(lasted.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else f"{seconds} s"
