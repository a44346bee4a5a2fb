"""
The outbox worker: takes due notifications to their channels, one at a time each, and records the answers.

Theory of operation. A row is leased in a transaction of its own before its send starts, and settled in
another after the receiver answered; settling one and leasing the channel's next share a commit. So a crash
leaves at most one row per channel whose outcome nobody knows; the next start sends it again under the same
message id, marked as a possible repeat. Nothing else is ever sent twice.

A channel's rows go in the order in which they were put in. How each send is run is `sending`'s business, what
follows from an answer `policy`'s, what is told of a channel in trouble `noting`'s, and what becomes of a long
queue `queues`'.
"""

from __future__ import annotations

import asyncio
import logging
import math
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from monitor.delivery import policy
from monitor.delivery.noting import failing, note_channel, rested
from monitor.delivery.queues import gather_backlog, hand_over
from monitor.delivery.sending import Sender, outgoing
from monitor.delivery.terms import Buckets, Terms
from monitor.errors import StoreError
from monitor.model import AnswerClass, OutboxState
from monitor.settings import CANARY
from monitor.store import sql
from monitor.store.canary import forget
from monitor.store.guarding import may_go
from monitor.store.leasing import lease_next, return_leases
from monitor.store.outbox import channel_state, end_rest, settle
from monitor.store.rows import from_db, to_db
from monitor.store.writer import Priority

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, timedelta

    from monitor.delivery.channels import Channel
    from monitor.delivery.policy import Verdict
    from monitor.model import Answer
    from monitor.store.database import Database
    from monitor.store.rows import OutboxRow
    from monitor.store.tx import Tx

T = TypeVar("T")
_log = logging.getLogger("monitor.delivery")
TRIES_AT_THE_END = 12  # a minute of LOOK_AGAIN
ANY = Terms()  # no quiet hours, no limits
LONGEST_PACE = 60.0  # seconds that a one-shot run waits until the next message may go
NO_SOONER = 1.0  # seconds until a channel is looked at again of which nothing could be sent
LOOK_AGAIN = 5.0  # seconds; bounds what a stepped wall clock can delay


class OutboxWorker:
    """Delivers what the outbox holds, until stopped."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        *,
        rng: Callable[[], float],
        deadline: float = 60.0,
        on_attempt: Callable[[OutboxRow, Answer, Verdict], None] = lambda *_: None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._rng = rng
        self._sender = Sender(deadline)
        self._on_attempt = on_attempt
        self._channels: Mapping[str, Channel] = {}
        self._notices_to: Sequence[str] = ()
        self._terms = Terms()
        self._buckets = Buckets()
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._streaks: dict[str, int] = {}  # answers of a channel in a row that were no
        self._wake = asyncio.Event()
        self._stopping = False
        self.last_look = 0.0  # on the loop's clock: a sign of life for the watchdog
        self._finishing = False
        self._paced = math.inf  # seconds until a service lets the next message through that is due
        self._fruitless: dict[str, float] = {}  # channels of which nothing could be leased, and until when
        self._seeded = False  # whether the buckets know what services asked for before this start
        self._mended: set[str] = set()  # channels that a reload has changed
        self._in_doubt = False  # whether rows may be leased that nobody holds

    def use(
        self,
        channels: Mapping[str, Channel],
        notices_to: Sequence[str],
        terms: Terms = ANY,
    ) -> None:
        """The channels to deliver to from now on, those that hear of Tocsin itself, and on what terms."""
        before = self._channels
        self._mended |= {name for name in channels if before.get(name, channels[name]) is not channels[name]}
        self._channels = channels
        self._terms = terms
        self._notices_to = notices_to
        self._seeded = False
        self.wake()

    def wake(self) -> None:
        """Something may be due."""
        self._fruitless.clear()
        self._wake.set()

    async def return_leases(self) -> int:
        """Before the first send: put back what a crash left in mid-send; returns how many."""
        return await self._submit(lambda tx: return_leases(tx, self._clock()))

    async def run(self) -> None:
        """Deliver whatever falls due, until `stop`."""
        while not self._stopping:
            self._wake.clear()
            self.last_look = asyncio.get_running_loop().time()
            await self._take_back()
            try:
                pause = self._start_due()
            except StoreError as error:
                self._complain(error, "the outbox cannot be read: %s", error)
                pause = LOOK_AGAIN
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def finish(self) -> None:
        """
        Deliver everything that is due now, and return when each has been tried.

        Raises StoreError where the outbox cannot be worked on; the sends in hand are waited for first.
        """
        self._finishing = True
        self._fruitless.clear()
        while True:
            await self._take_back()
            self._start_due()
            if not self._busy:
                if self._paced > LONGEST_PACE:
                    if not await self._hurry_notices():
                        return
                    continue
                await asyncio.sleep(self._paced)  # what is due and only has to be sent slowly
                continue
            done, going = await asyncio.wait(self._busy.values(), return_when=asyncio.FIRST_COMPLETED)
            await asyncio.sleep(0)  # lets the done callbacks take the finished tasks out of `_busy`
            broken = next((error for task in done if (error := task.exception())), None)
            if broken is not None:
                if going:
                    await asyncio.wait(going)
                raise broken

    async def stop(self, grace: float) -> None:
        """Start no more sends; wait up to `grace` seconds for those in flight; return the rest's leases."""
        self._stopping = True
        self._wake.set()
        tasks = set(self._busy.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        try:
            await self.return_leases()
        except StoreError as error:  # the next start returns them
            self._complain(error, "the leases cannot be returned: %s", error)

    def _complain(self, error: BaseException, text: str, *values: object) -> None:
        """Log it, unless the keeper of the store says it already."""
        if not (isinstance(error, StoreError) and self._database.health.knows(error)):
            _log.error(text, *values)

    async def _take_back(self) -> None:
        """
        Make leases ready again that nobody holds, and let channels go that were changed while they rested.

        A lease whose commit failed may be durable all the same; nothing of it was sent. What is leased later
        is safe, for the writer keeps the order of what is submitted to it.
        """
        doubt, mended, now = self._in_doubt, self._mended, self._clock()
        if not doubt and not mended:
            return
        self._in_doubt, self._mended = False, set()
        idle = [name for name in self._channels if name not in self._busy] if doubt else []

        def unit(tx: Tx) -> None:
            for name in idle:
                tx.run(sql.OUTBOX_UNLEASE, channel=name, but=0)
            for name in sorted(mended):
                if end_rest(tx, name):
                    tx.run(sql.OUTBOX_FORWARD, channel=name, now=to_db(now))

        try:
            await self._submit(unit)
        except StoreError as error:
            self._in_doubt, self._mended = doubt, self._mended | mended
            self._complain(error, "leases in doubt cannot be taken back yet: %s", error)

    def _start_due(self) -> float:
        """Start a task for each idle channel with something due; returns seconds until the next look."""
        now = self._clock()
        pause, self._paced = LOOK_AGAIN, math.inf
        known = self._database.reader.rows(sql.CHANNELS)
        paused = {row["name"]: from_db(row["paused_until"]) for row in known}
        if not self._seeded:
            asked = [row["name"] for row in known if row["pause_reason"] == AnswerClass.RATE.value]
            self._seed({name: until - now for name in asked if (until := paused[name]) and until > now})
        for row in self._database.reader.rows(sql.OUTBOX_WAITING):
            name, at = row["channel"], from_db(row["at"])
            until = paused.get(name)
            due = max(t for t in (at, until) if t is not None)
            if name not in self._channels or name in self._busy:
                continue
            if due > now:
                pause = min(pause, (due - now).total_seconds())
                continue
            steady = asyncio.get_running_loop().time()
            if (left := self._fruitless.get(name, steady) - steady) > 0:
                pause = min(pause, left)
                continue
            wait = self._buckets.wait(self._terms, name, steady)
            if wait > 0:
                pause = min(pause, wait)
                self._paced = min(self._paced, wait)
                continue
            task = asyncio.create_task(self._serve(name, self._channels[name]), name=f"deliver-{name}")
            self._busy[name] = task
            task.add_done_callback(partial(self._idle, name))
        return pause

    def _seed(self, asked: Mapping[str, timedelta]) -> None:
        """A service that asked to be left alone before this start is, by all channels of that credential."""
        steady, self._seeded = asyncio.get_running_loop().time(), True
        for name, left in asked.items():
            self._buckets.closed(self._terms, name, steady, seconds=left.total_seconds())

    def _idle(self, name: str, task: asyncio.Task[None]) -> None:
        self._busy.pop(name, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            # Nothing is lost: what is still waiting is taken up at the next look (not at once: a full disk
            # would be asked without end).
            self._in_doubt = True
            self._complain(error, "delivery to %s stopped: %s", name, error)
            return
        self._wake.set()

    async def _serve(self, name: str, channel: Channel) -> None:
        """Send the channel's due rows one after another until none is left."""
        steady = asyncio.get_running_loop().time
        row = await self._submit(partial(self._lease, name=name, now=steady()))
        if row is None:  # what is due waits for an earlier message of its story, for instance
            self._fruitless[name] = steady() + NO_SOONER
        while row is not None:
            channel = self._channels.get(name, channel)  # a reload may have brought another address
            answer = await self._sender.send(channel, outgoing(row))
            leased = row
            good = answer.kind is AnswerClass.OK
            self._streaks[name] = 0 if good else self._streaks.get(name, 0) + 1
            asked = answer.retry_after if answer.kind is AnswerClass.RATE else None
            self._buckets.tried(self._terms, name, steady(), asked_to_wait=asked)
            verdict, row = await self._settle_surely(leased, answer)
            self._on_attempt(leased, answer, verdict)

    def _lease(self, tx: Tx, name: str, now: float, *, back: bool = False) -> OutboxRow | None:
        """
        The channel's next, unless its service wants to be left alone yet; `now` is on the loop's clock.

        `back` = the channel was away until a moment ago, so that all that waits is a backlog.
        """
        if self._stopping or self._buckets.wait(self._terms, name, now) > 0:
            return None
        state, clock = channel_state(tx, name), self._clock()
        if state.paused_until is not None and state.paused_until > clock:
            return None
        gather_backlog(tx, name, self._buckets.room(self._terms, name, now), self._terms, clock, back=back)
        other = state.pause_reason == AnswerClass.CONFIG and policy.passes_over(self._streaks.get(name, 0))
        return lease_next(tx, name, clock, self._terms.quiet.get(name, ()), may_go, pass_over=other)

    async def _settle_surely(self, row: OutboxRow, answer: Answer) -> tuple[Verdict, OutboxRow | None]:
        """
        Record the answer, however long the disk stays full: forgetting it would send the message again.

        A one-shot run gives up after a minute; its next start sends the message again, marked as a repeat.
        """
        tries, steady = 0, asyncio.get_running_loop().time
        while True:
            try:
                unit = partial(self._settle, row=row, answer=answer, again=tries > 0, steady=steady())
                return await self._submit(unit)
            except StoreError as error:
                tries += 1
                if self._finishing and tries > TRIES_AT_THE_END:
                    raise
                self._complain(error, "an answer cannot be recorded yet: %s", error)
                await asyncio.sleep(LOOK_AGAIN)

    def _settle(
        self, tx: Tx, *, row: OutboxRow, answer: Answer, again: bool, steady: float
    ) -> tuple[Verdict, OutboxRow | None]:
        now = self._clock()
        before, streak = channel_state(tx, row.channel), self._streaks.get(row.channel, 1)
        verdict = policy.after(
            answer,
            row.attempts,
            row.created_at,
            now,
            self._rng,
            plain=row.plain,
            streak=max(streak, 2) if failing(before) else streak,  # counted, or from before this start
            rested=rested(before),
        )
        back = False
        settled = settle(
            tx,
            row,
            answer,
            state=verdict.state,
            reason=verdict.reason,
            next_attempt=verdict.next_attempt,
            maybe_repeat=verdict.maybe_repeat,
            plain=verdict.plain_next,
            now=now,
        )
        if settled and row.channel == CANARY:
            if verdict.state is OutboxState.SENT:
                forget(tx, row.id, now)  # in the same commit: nobody ever sees it
        elif settled:
            if verdict.state is OutboxState.DEAD and row.kind != "notice":
                hand_over(tx, row, self._terms, now)
            back = note_channel(tx, row, answer, verdict, now, notices_to=self._notices_to)
        if again:  # the commit that failed may have come true, and have leased a row that nobody holds
            tx.run(sql.OUTBOX_UNLEASE, channel=row.channel, but=row.id)
        return verdict, self._lease(tx, row.channel, steady, back=back)

    async def _hurry_notices(self) -> bool:
        """At the end of a one-shot run: nobody else is going to fail, so what waits for others goes."""
        now = to_db(self._clock())
        if self._database.reader.row(sql.OUTBOX_NOTICES_LATER, now=now) is None:
            return False
        return await self._submit(lambda tx: tx.run(sql.OUTBOX_NOTICES_NOW, now=now)) > 0

    async def _submit(self, unit: Callable[[Tx], T]) -> T:
        return await asyncio.wrap_future(self._database.writer.submit(unit, Priority.DELIVERY))
