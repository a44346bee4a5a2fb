"""
The outbox worker: takes due notifications to their channels, one at a time each, and records the answers.

Theory of operation. A row is leased in a transaction of its own before its send starts, and settled in
another after the receiver answered; settling one and leasing the channel's next share a commit. So a crash
leaves at most one row per channel whose outcome nobody knows; the next start sends it again under the same
message id, marked as a possible repeat. Nothing else is ever sent twice.

Each send runs in a daemon thread of its own: a receiver that never answers keeps its own channel busy and no
other. After `deadline` seconds the send is given up as unknown; its thread ends when its sockets do.
"""

from __future__ import annotations

import asyncio
import logging
import math
import threading
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from monitor.alerts import payload
from monitor.delivery import policy
from monitor.delivery.queues import gather_backlog, hand_over
from monitor.delivery.terms import Buckets, Terms
from monitor.errors import StoreError
from monitor.model import Answer, AnswerClass, OutboxState, Outgoing
from monitor.settings import CANARY
from monitor.store import sql
from monitor.store.canary import forget
from monitor.store.outbox import channel_state, lease_next, notice, return_leases, save_channel, settle
from monitor.store.rows import from_db, to_db
from monitor.store.writer import Priority

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from monitor.delivery.channels import Channel
    from monitor.delivery.policy import Verdict
    from monitor.store.database import Database
    from monitor.store.rows import ChannelState, OutboxRow
    from monitor.store.tx import Tx

T = TypeVar("T")
_log = logging.getLogger("monitor.delivery")
DEAD_LETTER = "dead_letter"
FAILING = "channel_failing"
TRIES_AT_THE_END = 12  # a minute of LOOK_AGAIN
ANY = Terms()  # no quiet hours, no limits
LONGEST_PACE = 60.0  # seconds that a one-shot run waits until the next message may go
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
        self._deadline = deadline
        self._on_attempt = on_attempt
        self._channels: Mapping[str, Channel] = {}
        self._notices_to: Sequence[str] = ()
        self._terms = Terms()
        self._buckets = Buckets()
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._wake = asyncio.Event()
        self._stopping = False
        self.last_look = 0.0  # on the loop's clock: a sign of life for the watchdog
        self._finishing = False
        self._paced = math.inf  # seconds until a service lets the next message through that is due
        self._in_doubt = False  # whether rows may be leased that nobody holds

    def use(
        self,
        channels: Mapping[str, Channel],
        notices_to: Sequence[str],
        terms: Terms = ANY,
    ) -> None:
        """The channels to deliver to from now on, those that hear of Tocsin itself, and on what terms."""
        self._channels = channels
        self._terms = terms
        self._notices_to = notices_to
        self.wake()

    def wake(self) -> None:
        """Something may be due."""
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
        while True:
            await self._take_back()
            self._start_due()
            if not self._busy:
                if self._paced > LONGEST_PACE:
                    return
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
        Make leases ready again that nobody holds.

        A lease whose commit failed may be durable all the same; nothing of it was sent. What is leased later
        is safe, for the writer keeps the order of what is submitted to it.
        """
        if not self._in_doubt:
            return
        self._in_doubt = False
        idle = [name for name in self._channels if name not in self._busy]

        def unit(tx: Tx) -> None:
            for name in idle:
                tx.run(sql.OUTBOX_UNLEASE, channel=name, but=0)

        try:
            await self._submit(unit)
        except StoreError as error:
            self._in_doubt = True
            self._complain(error, "leases in doubt cannot be taken back yet: %s", error)

    def _start_due(self) -> float:
        """Start a task for each idle channel with something due; returns seconds until the next look."""
        now = self._clock()
        pause, self._paced = LOOK_AGAIN, math.inf
        paused = {
            row["name"]: from_db(row["paused_until"]) for row in self._database.reader.rows(sql.CHANNELS)
        }
        for row in self._database.reader.rows(sql.OUTBOX_WAITING):
            name, at = row["channel"], from_db(row["at"])
            until = paused.get(name)
            due = max(t for t in (at, until) if t is not None)
            if name not in self._channels or name in self._busy:
                continue
            if due > now:
                pause = min(pause, (due - now).total_seconds())
                continue
            wait = self._buckets.wait(self._terms, name, asyncio.get_running_loop().time())
            if wait > 0:
                pause = min(pause, wait)
                self._paced = min(self._paced, wait)
                continue
            task = asyncio.create_task(self._serve(name, self._channels[name]), name=f"deliver-{name}")
            self._busy[name] = task
            task.add_done_callback(partial(self._idle, name))
        return pause

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
        while row is not None:
            channel = self._channels.get(name, channel)  # a reload may have brought another address
            answer = await self._send(channel, outgoing(row))
            leased = row
            asked = answer.retry_after if answer.kind is AnswerClass.RATE else None
            self._buckets.tried(self._terms, name, steady(), asked_to_wait=asked)
            verdict, row = await self._settle_surely(leased, answer)
            self._on_attempt(leased, answer, verdict)

    def _lease(self, tx: Tx, name: str, now: float) -> OutboxRow | None:
        """The channel's next, unless its service wants to be left alone yet; `now` is on the loop's clock."""
        if self._stopping or self._buckets.wait(self._terms, name, now) > 0:
            return None
        gather_backlog(tx, name, self._buckets.room(self._terms, name, now), self._terms, self._clock())
        return lease_next(tx, name, self._clock(), self._terms.quiet.get(name, ()))

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
        verdict = policy.after(answer, row.attempts, row.created_at, now, self._rng, plain=row.plain)
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
            self._note_channel(tx, row, answer, verdict, now)
        if again:  # the commit that failed may have come true, and have leased a row that nobody holds
            tx.run(sql.OUTBOX_UNLEASE, channel=row.channel, but=row.id)
        return verdict, self._lease(tx, row.channel, steady)

    def _note_channel(self, tx: Tx, row: OutboxRow, answer: Answer, verdict: Verdict, now: datetime) -> None:
        """Remember the channel's answer and its pause, and say so elsewhere when a person must hear of it."""
        before = channel_state(tx, row.channel)
        save_channel(tx, _channel_after(before, answer, verdict, now))
        if not verdict.notice or row.kind == "notice" or not _worth_saying(tx, before, verdict, now):
            return
        what = "gave up a message" if verdict.state is OutboxState.DEAD else "cannot deliver"
        text = f"channel {row.channel} {what}: {answer.detail} (outbox {row.id})"
        kind = DEAD_LETTER if verdict.state is OutboxState.DEAD else FAILING
        notice(tx, kind, row.channel, text, now, to=[c for c in self._notices_to if c != row.channel])

    async def _send(self, channel: Channel, out: Outgoing) -> Answer:
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Answer] = loop.create_future()

        def finish(answer: Answer) -> None:
            if not done.done():
                done.set_result(answer)

        def body() -> None:
            try:
                answer = channel.send(out)
            except Exception as error:  # noqa: BLE001 - a plugin's bug must not stop the daemon
                answer = Answer(AnswerClass.UNKNOWN, f"the channel failed: {type(error).__name__}")
            try:
                loop.call_soon_threadsafe(finish, answer)
            except RuntimeError:
                return  # the loop is closed: the daemon ended and returned this lease

        threading.Thread(target=body, name=f"send-{channel.name}", daemon=True).start()
        try:
            async with asyncio.timeout(self._deadline):
                return await done
        except TimeoutError:
            return Answer(AnswerClass.UNKNOWN, f"no answer within {self._deadline:g} s")

    async def _submit(self, unit: Callable[[Tx], T]) -> T:
        return await asyncio.wrap_future(self._database.writer.submit(unit, Priority.DELIVERY))


def _worth_saying(tx: Tx, before: ChannelState, verdict: Verdict, now: datetime) -> bool:
    """One notice when a channel needs a person, until it worked again; one an hour for what it gives up."""
    if verdict.state is OutboxState.DEAD:
        kind, since = DEAD_LETTER, to_db(now - timedelta(hours=1))
    else:
        kind, since = FAILING, to_db(before.last_ok_at) or ""
    return tx.row(sql.NOTICE_SINCE, kind=kind, subject=before.name, since=since) is None


def _channel_after(before: ChannelState, answer: Answer, verdict: Verdict, now: datetime) -> ChannelState:
    """What is known of a channel after one more answer."""
    if answer.kind is AnswerClass.OK:
        return replace(before, paused_until=None, pause_reason="", last_ok_at=now)
    state = replace(before, last_error_at=now, last_error=answer.detail)
    if verdict.channel_pause is None:
        return state
    until = now + timedelta(seconds=verdict.channel_pause)
    return replace(state, paused_until=until, pause_reason=answer.kind.value)


def outgoing(row: OutboxRow) -> Outgoing:
    """The row as a channel gets it."""
    return Outgoing(
        outbox_id=row.id,
        message_id=row.message_id,
        channel=row.channel,
        message=payload.load(row.payload),
        attempt=row.attempts,
        maybe_repeat=row.maybe_repeat,
        plain=row.plain,
        created=row.created_at,
    )
