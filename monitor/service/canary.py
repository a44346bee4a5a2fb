"""
The canary: Tocsin sends itself a piece of news every so often, and knows by it that news would arrive.

Theory of operation. A round takes the way of every alert: the schedule's tick begins it as it begins a
poll, with a turn among the others; a feed that this process serves on loopback is fetched by the real
transport and parsed by the parser's process; a built-in rule, compiled into the engine in force, must
hold for its item; the writer's thread records the poll by the code that records everybody's, in a
transaction that takes this back (`store.canary`), and puts a message into the outbox; the outbox worker
leases it, sends it in a thread to a built-in channel that nobody reads, and settles it, whereby it is
gone. Only then the round was whole.

So nobody is troubled and nothing is left to be seen, and every part that an alert needs has moved, but
for the receivers themselves: whether these take what they are sent is learnt from each message that is
for people.

What does not move, be it the loop itself, is noticed by a thread of its own: `service.alarm`.
"""

from __future__ import annotations

import asyncio
import threading
import uuid
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, cast

from monitor.alerts import payload
from monitor.articles.normalise import normalise
from monitor.documents import document_of
from monitor.errors import TocsinError
from monitor.model import Answer, AnswerClass, FetchRequest, FetchStatus
from monitor.plan import CANARY_FEED, canary_plan
from monitor.polled import Candidate, Poll
from monitor.recording import record
from monitor.service.canaryfeed import document, served
from monitor.service.log import event, failure, get_logger
from monitor.service.slots import GUEST, GUEST_HOST
from monitor.settings import CANARY
from monitor.store import sql
from monitor.store.canary import LastRound, last_round, note_round, rehearsed, send_canary
from monitor.store.rows import FeedState, to_db, write
from monitor.store.writer import Priority
from monitor.text.hashes import hash64

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from monitor.feeds.pacing import Turn
    from monitor.model import Outgoing, ParsedFeed, RuleMatch
    from monitor.pipeline import Deps
    from monitor.plan import Plan
    from monitor.service.slots import Begun
    from monitor.store.rows import OutboxRow
    from monitor.store.tx import Tx

_URL_HASH = hash64(CANARY.encode())
LONGEST_PATIENCE = 300.0  # seconds a round may take; half a period where that is less
AGAIN = 60.0  # seconds, at most, until a round that failed is tried again
_log = get_logger("canary")

# The stages of a round, and what is said where one does not end.
TURN, FETCH, PARSE, MATCH, WRITE, SEND = "turn", "fetch", "parse", "match", "write", "send"
STANDS_STILL = {
    TURN: "it waits for its turn to be fetched: all places are taken",
    FETCH: "its feed, on this machine itself, is not fetched",
    PARSE: "the parser does not answer",
    MATCH: "the rules do not answer",
    WRITE: "the database's writer does not answer",
    SEND: "the outbox is not delivered",
}
NOT_BEGUN = "the schedule begins no round"


class Sink:
    """The channel at the end of the way: takes everything, shows it to nobody."""

    name = CANARY

    def send(self, outgoing: Outgoing) -> Answer:  # noqa: ARG002 - what it says does not matter
        """Take it."""
        return Answer(AnswerClass.OK, "arrived")

    def close(self) -> None:
        """Nothing is open."""


class FellError(TocsinError):
    """A round came to an end before its way did; the message says why."""


@dataclass(slots=True)
class Round:
    """One journey; `began` and the times of its stages are in seconds of the steady clock."""

    began: float
    token: str = field(default_factory=lambda: uuid.uuid4().hex[:16])
    stage: str = TURN
    since: float = 0.0
    stages: dict[str, float] = field(default_factory=dict)
    failed: str = ""
    over: bool = False
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    def enters(self, stage: str, now: float) -> None:
        """The stage before has ended, and this one begins."""
        self.stages[self.stage] = round(now - self.since, 6)
        self.stage, self.since = stage, now


@dataclass(frozen=True, slots=True)
class Overdue:
    """A round that should have come through by now: since when (wall clock), and why as far as is known."""

    since: datetime
    why: str


class Canary:
    """
    Begins rounds when they are due, and knows whether they come through.

    `deps.fetcher` is the canary's own; `turn` waits for a turn among the polls, `wake` has the outbox looked
    at, `steady` gives seconds that never step. `start_patience` is how long the first round may take, in
    seconds, where one has been due since before this start.
    """

    def __init__(
        self,
        deps: Deps,
        plan: Callable[[], Plan],
        *,
        turn: Callable[[int, str], Turn],
        wake: Callable[[], None],
        steady: Callable[[], float],
        start_patience: float = LONGEST_PATIENCE,
    ) -> None:
        self._deps = deps
        self._plan = plan
        self._turn = turn
        self._wake = wake
        self._steady = steady
        self._start_patience = start_patience
        self._lock = threading.Lock()  # the alarm's thread reads what the loop writes
        self._round: Round | None = None
        self._task: asyncio.Task[None] | None = None
        self._next = self._due = steady()  # when a round is to begin, and since when one should come through
        self.rounds = 0  # that this process saw come through
        self.last = last_round(deps.database.reader)
        self._first = self.last is not None  # and late already, see `start_patience`
        self._take_up()

    def _take_up(self) -> None:
        """Go on where the process before this one stopped."""
        if self.last is None:
            return
        since = (self._deps.clock() - self.last.at).total_seconds()
        every = self.every or 0.0
        if 0 <= since < every:
            self._due += every - since
            self._next = self._due
            self._first = False

    # --- when

    @property
    def every(self) -> float | None:
        """Seconds from one round to the next; None = there are none."""
        table = self._plan().config.canary
        return None if table is None else cast("float", table["every"])

    @property
    def patience(self) -> float:
        """
        Seconds after which a round that was due should have come through.

        Half a period at most: so that, whatever stops and when, it is noticed within two.
        """
        patience = min((self.every or 0.0) / 2, LONGEST_PATIENCE)
        return min(patience, self._start_patience) if self._first else patience

    @property
    def well(self) -> bool:
        """Whether the last round came through, and the next is not late."""
        return self.last is not None and self.overdue(self._steady()) is None

    def due(self) -> bool:
        """Whether a round is to begin; one that takes too long is broken off. For the loop's thread."""
        every, now, under_way = self.every, self._steady(), self._round
        if every is None:
            with self._lock:
                self._next = self._due = now  # a reload may ask for it at any time
            return False
        if under_way is not None and not under_way.over:
            if now - under_way.began >= 2 * self.patience and self._task is not None:
                under_way.failed = under_way.failed or STANDS_STILL[under_way.stage]
                self._task.cancel()
            return False
        with self._lock:
            if self._next > now + every:  # the period was made shorter
                self._next = self._due = now + every
        return now >= self._next

    def overdue(self, now: float) -> Overdue | None:
        """What keeps a round from coming through, if one should have; for any thread."""
        if self.every is None:
            return None
        with self._lock:
            late = now - self._due
            under_way = self._round
        if late <= self.patience:
            return None
        since = self._deps.clock() - timedelta(seconds=late)
        return Overdue(since, self._reason(under_way))

    def slept(self, seconds: float) -> None:
        """The whole process stood still for so long, or the machine slept: nobody is late for that."""
        with self._lock:
            self._due += seconds

    def _reason(self, under_way: Round | None) -> str:
        trouble = self._deps.database.health.trouble
        if trouble is not None:
            return f"nothing can be recorded ({trouble.message})"
        if under_way is None or (under_way.over and not under_way.failed):
            return NOT_BEGUN
        return under_way.failed or STANDS_STILL[under_way.stage]

    # --- a round

    def begin(self) -> Begun:
        """The next round, to be run as a task."""
        now = self._steady()
        self._round = Round(now, since=now)
        return "canary", self._run(self._round)

    def delivered(self, row: OutboxRow) -> None:
        """A message of the canary has gone all the way."""
        if self._round is not None and payload.load(row.payload).title == self._round.token:
            self._round.arrived.set()

    async def _run(self, this: Round) -> None:
        self._task = asyncio.current_task()
        try:
            async with self._turn(GUEST, GUEST_HOST):
                await self._travel(this)
            this.enters(SEND, self._steady())
            self._wake()
            await this.arrived.wait()
        except TocsinError as error:
            this.failed = error.message
        except OSError as error:
            this.failed = f"{STANDS_STILL[this.stage]}: {error.strerror or type(error).__name__}"
        except Exception as error:  # noqa: BLE001 - a bug on the way is what the canary is for
            this.failed = f"{STANDS_STILL[this.stage]}: {type(error).__name__}"
            failure(_log, "a round of the canary failed", error, stage=this.stage)
        else:
            self._came_through(this)
        finally:
            this.over = True
            if this.failed:
                self._next = self._steady() + min(self.patience / 4, AGAIN)
                event(_log, "debug", "a round of the canary failed", stage=this.stage, error=this.failed)

    def _came_through(self, this: Round) -> None:
        this.enters("", self._steady())
        stages, now = dict(this.stages), self._deps.clock()
        with self._lock:
            self._due = self._next = this.began + (self.every or 0.0)
            self._first = False
            self.rounds += 1
        done = self._deps.database.writer.submit(lambda tx: note_round(tx, stages, now), synced=False)
        done.add_done_callback(lambda done: done.exception())  # the next round says it if it cannot be noted
        self.last = LastRound(now, stages)
        event(_log, "debug", "the canary came through", **{f"{k}_s": round(v, 3) for k, v in stages.items()})

    async def _travel(self, this: Round) -> None:
        """Fetch, parse, match and record, as `pipeline.check_feed` does it with any feed."""
        deps, now = self._deps, self._deps.clock()
        this.enters(FETCH, self._steady())
        async with served(document(this.token, now), this.token) as (url, port):
            result = await deps.fetcher.fetch(FetchRequest(url=url, ports=frozenset({port})))
        if result.status is not FetchStatus.NEW:
            raise FellError(f"its feed, on this machine itself, cannot be fetched: {result.message}")
        this.enters(PARSE, self._steady())
        parsed = await deps.parser.parse(
            result.body, content_type=result.content_type, url=result.final_url, known=frozenset()
        )
        if parsed.error or not parsed.entries:
            raise FellError(f"its feed cannot be parsed: {parsed.error or 'no item was found'}")
        this.enters(MATCH, self._steady())
        plan = self._plan()
        candidate = _matched(parsed, plan, now)
        this.enters(WRITE, self._steady())
        poll = Poll(CANARY, 0, now, result, _URL_HASH, parsed=parsed, candidates=(candidate,))
        own = canary_plan(plan)
        token = this.token

        def unit(tx: Tx) -> None:
            with rehearsed(tx):
                _rehearse(tx, poll, own)
            send_canary(tx, token, now)

        await deps.database.writer.run(unit, Priority.MATCHES)


def _matched(parsed: ParsedFeed, plan: Plan, now: datetime) -> Candidate:
    """The canary's item with the rule that has to hold for it; nobody else's rule is asked about it."""
    articles = normalise(parsed, feed=CANARY, feed_language=None, now=now)
    if not articles:
        raise FellError("its item did not become an article")
    matches: tuple[RuleMatch, ...] = plan.engine.match(document_of(articles[0], CANARY_FEED))
    own = tuple(match for match in matches if match.rule == CANARY and match.hits)
    if not own:
        raise FellError("its rule does not hold for its item: the rules do not match as they should")
    return Candidate(articles[0], own, own, touched=False)


def _rehearse(tx: Tx, poll: Poll, plan: Plan) -> None:
    """Record the poll as that of a feed that is known for long; raises FellError where it rings nobody."""
    before = poll.now - timedelta(hours=1)
    for row in tx.rows(
        sql.SILENCES_LIVE, now=to_db(poll.now)
    ):  # who wants quiet from news wants none from us
        tx.run(sql.SILENCE_END, silence=row["id"], starts_at=row["starts_at"], ends_at=to_db(poll.now))
    state = FeedState(
        id=tx.next_id("feeds"),
        name=CANARY,
        url_hash=_URL_HASH,
        added_at=before,
        baseline_at=before,
        document_at=before,
        last_poll_at=before,
        last_good_at=before,
        next_poll_at=poll.now,
    )
    tx.run(sql.FEED_INSERT, **write(state))
    recorded = record(tx, replace(poll, feed_id=state.id), plan)
    if recorded.notifications != 1:
        raise FellError("its alert does not get into the outbox: the poll was recorded, and rang nobody")
