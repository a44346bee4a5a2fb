"""
A desk on a time axis: what rings when, and what each channel hears when, by the pure decisions alone.

The configuration is real TOML, the decisions are the project's; only the outbox, its sender and the receivers
are a model, small enough to be read whole. Time passes from one thing that is due to the next.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from monitor.alerts.budgets import Budget, Spent, budget_text, said_once
from monitor.alerts.calendar import digest_order
from monitor.alerts.decide import Firing, Sighted, Told, decide
from monitor.alerts.passage import QUIET, Call, ChannelNow, place, release
from monitor.alerts.quiet import Window, quiet_until, windows_of
from monitor.alerts.route import RouteFacts, Way, explain_route
from monitor.alerts.silences import Silence, covering, ended_between, ending_text, expired
from monitor.alerts.walltime import first_showing, shown
from monitor.config.durations import parse_duration, parse_rate
from monitor.config.load import require
from monitor.delivery.bucket import Bucket, Limit, Waiting, room, settle_backlog, taken, wait_for
from monitor.model import Reason, Severity, State
from tests.support.configs import load

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.settings import Config, RuleConfig

# Rules by severity, and two feeds. What a scenario is about follows after it.
NEWSROOM = """
[monitor]
timezone = "{zone}"
[[feeds]]
name = "a"
url = "https://a.example/feed"
tags = ["fr"]
[[feeds]]
name = "b"
url = "https://b.example/feed"
tags = ["sport"]
""" + "".join(
    f'[[rules]]\nname = "{name}"\nquery = "x"\nseverity = "{severity}"\n'
    for name, severity in (("chat", "low"), ("flood", "normal"), ("talks", "high"), ("war", "urgent"))
)
PHONE = '[channels.phone]\ntype = "webhook"\nurl = "https://phone.example/"\n'
DESK = '[channels.desk]\ntype = "webhook"\nurl = "https://desk.example/"\n'


@dataclass
class Row:
    """A notification in the outbox: its entries are (title, story, severity, rules, when, number)."""

    id: int
    channel: str
    bin: str
    goes_at: datetime
    created: datetime
    late: bool = False
    entries: list[tuple[str, str, Severity, tuple[str, ...], datetime]] = field(default_factory=list)
    state: str = "held"  # held | ready | sent | merged

    @property
    def severity(self) -> Severity:
        """That of its most severe entry."""
        return max(entry[2] for entry in self.entries)

    def words(self) -> str:
        """What the receiver sees: titles in digest order, each story once, at its latest."""
        latest = {story: (title, severity, when) for title, story, severity, _, when in self.entries}
        first: dict[str, datetime] = {}
        top: dict[str, Severity] = {}
        for _, story, severity, _, when in self.entries:
            first.setdefault(story, when)
            top[story] = max(severity, top.get(story, severity))
        numbered = {story: n for n, story in enumerate(first)}
        ordered = sorted(latest, key=lambda s: digest_order(top[s], first[s], numbered[s]))
        titles = [latest[story][0] for story in ordered]
        kind = "digest: " if len(titles) > 1 else ""
        return ("late " if self.late else "") + kind + ", ".join(titles)


@dataclass
class LedgerRow:
    """What became of one match on one channel."""

    state: State
    reason: Reason
    row: Row | None = None
    silence: int = 0


class Desk:
    """The axis: tell it what happens at which time, then ask what was heard."""

    def __init__(self, folder: Path, toml: str, start: str, zone: str = "Europe/Paris") -> None:
        self.zone = ZoneInfo(zone)
        self._folder = folder
        self.now = first_showing(self.zone, datetime.fromisoformat(start))
        self.heard: list[tuple[datetime, str, str]] = []
        self.sent: list[tuple[datetime, Row]] = []
        self.rows: list[Row] = []
        self.ledger: dict[tuple[int, str, str], LedgerRow] = {}
        self.matches: list[tuple[int, str]] = []
        self.silences: list[Silence] = []
        self.limits: dict[str, Limit] = {}
        self._spent: dict[tuple[str, str], Spent] = {}
        self._buckets: dict[str, Bucket] = {}
        self._down: set[str] = set()
        self._was_paused: set[str] = set()
        self._told: dict[tuple[str, str], Severity] = {}  # story and channel: told or on its way
        self._rules_told: dict[str, set[str]] = {}
        self._numbers = 0
        self.stories: dict[int, str] = {}  # of each article, by number
        self.reload(toml)

    # --- what happens ---------------------------------------------------------------------------------

    def reload(self, toml: str) -> Desk:
        """Another configuration, from now on; what was held asks again."""
        text = NEWSROOM.format(zone=self.zone.key) + toml
        self.config: Config = require(load(self._folder, text))
        self._windows = windows_of(self.config.quiet_hours, self.config.timezone)
        self._types = {channel.name: channel.type for channel in self.config.channels}
        self._settle()
        return self

    def restart(self) -> Desk:
        """The process ends and starts again: what it kept in memory alone is gone."""
        self._buckets.clear()
        self._settle()
        return self

    def at(self, when: str) -> Desk:
        """Let time pass until the clock shows this: "22:00", "28 07:00" (of the month), or a span: "+10m"."""
        self._pass_to(self._moment(when))
        return self

    def rings(self, *rules: str, title: str, story: str = "", feed: str = "a", kind: str = "first") -> Desk:
        """These rules hold for an article; of a story that was told it is a copy."""
        self._numbers += 1
        number, story = self._numbers, story or title
        self.stories[number] = story
        firings: list[Firing] = []
        ways: dict[tuple[str, str], Way] = {}
        for rule in (self._rule(name) for name in rules):
            self.matches.append((number, rule.name))
            facts = self._facts(rule, feed, kind)
            if by := covering(self.silences, facts, self.now):
                entry = LedgerRow(State.SUPPRESSED, Reason.SILENCED, silence=by.id)
                self._note(number, rule.name, "", entry)
                continue
            every = [channel.name for channel in self.config.channels]
            routed = explain_route(self.config.routes, every, facts, rule.allow_channels)
            ways |= {(rule.name, way.channel): way for way in routed.ways}
            firings.append(Firing(rule.name, rule.severity, routed.channels))
        told = Told(
            {c: severity for (s, c), severity in self._told.items() if s == story},
            frozenset(self._rules_told.get(story, ())),
        )
        again = Sighted.EDIT if kind == "update" else Sighted.COPY
        sighted = again if told.channels else Sighted.NEW
        ringing: dict[str, list[Firing]] = {}
        for verdict in decide(firings, sighted, told):
            if verdict.rings:
                ringing.setdefault(verdict.channel, []).append(verdict.firing)
            else:
                entry = LedgerRow(verdict.state, verdict.reason)
                self._note(number, verdict.firing.rule, verdict.channel, entry)
        for channel, those in ringing.items():
            self._put(channel, those, ways, number=number, title=title, story=story, feed=feed)
        self._settle()
        return self

    def silence(self, span: str, **match: str) -> Desk:
        """Anna silences what fits, from now on for so long."""
        ends = self.now + timedelta(seconds=parse_duration(span))
        matchers = {key: (value,) for key, value in match.items()}
        number = len(self.silences) + 1
        self.silences.append(Silence(matchers, "anna", "", self.now, ends, self.now, number))
        return self

    def expire(self, number: int) -> Desk:
        """Anna ends a silence."""
        self.silences[number - 1] = expired(self.silences[number - 1], self.now)
        self._tell_ends(self.now - timedelta(microseconds=1), self.now)
        return self

    def goes_down(self, channel: str) -> Desk:
        """The receiver answers nothing any more."""
        self._down.add(channel)
        return self

    def comes_back(self, channel: str) -> Desk:
        """It answers again."""
        self._down.discard(channel)
        self._was_paused.add(channel)
        self._settle()
        return self

    # --- what was heard -------------------------------------------------------------------------------

    def axis(self) -> str:
        """What every channel heard, a line each: "27 22:00 phone Rain"."""
        lines = (
            f"{shown(self.zone, when):%d %H:%M} {channel} {words}" for when, channel, words in self.heard
        )
        return "\n".join(lines)

    def check(self) -> None:
        """The ledger adds up: each match has rows, each with one state, and rows and outbox agree."""
        for number, rule in self.matches:
            mine = [row for (n, r, _), row in self.ledger.items() if (n, r) == (number, rule)]
            assert mine, f"match {number} of {rule} has no row"
        for entry in self.ledger.values():
            if entry.row is None:
                assert entry.state is State.SUPPRESSED
            else:
                expected = {"held": State.HELD, "ready": State.WAITING, "sent": State.SENT}
                assert entry.state is expected[entry.row.state], (entry, entry.row)
        pointed = {id(entry.row) for entry in self.ledger.values() if entry.row}
        assert pointed == {id(row) for row in self.rows if row.state != "merged"}

    # --- the model ------------------------------------------------------------------------------------

    def _moment(self, when: str) -> datetime:
        if when.startswith("+"):
            return self.now + timedelta(seconds=parse_duration(when[1:]))
        day, _, clock = when.rpartition(" ")
        local = shown(self.zone, self.now)
        wall = datetime.combine(local.date(), datetime.strptime(clock, "%H:%M").time())  # noqa: DTZ007
        while (day and wall.day != int(day)) or first_showing(self.zone, wall) < self.now:
            wall += timedelta(days=1)
        return first_showing(self.zone, wall)

    def _rule(self, name: str) -> RuleConfig:
        return next(rule for rule in self.config.rules if rule.name == name)

    def _facts(self, rule: RuleConfig, feed: str, kind: str) -> RouteFacts:
        tags = next(one.tags for one in self.config.feeds if one.name == feed)
        return RouteFacts(rule.severity, rule.name, feed, tags, kind=kind)

    def _budget(self, rule: str, channel: str) -> Budget | None:
        text = budget_text(self._rule(rule).budget, self.config.budget, self._types.get(channel, "webhook"))
        return None if text == "off" else Budget(*parse_rate(text), text)

    def _put(
        self,
        channel: str,
        firings: list[Firing],
        ways: dict[tuple[str, str], Way],
        *,
        number: int,
        title: str,
        story: str,
        feed: str,
    ) -> None:
        severity = max(f.severity for f in firings)
        entry = (title, story, severity, tuple(f.rule for f in firings), self.now)
        before = self._told.get((story, channel), severity)
        self._told[story, channel] = max(before, severity)
        due = self._telling(channel, story, "ready")
        if due is not None:  # it was not sent yet: nobody hears of its story twice
            due.entries.append(entry)
            self._note_all(number, channel, firings, LedgerRow(State.WAITING, Reason.FIRST, due))
            return
        calls = [
            Call(
                f.rule,
                f.severity,
                ways[f.rule, channel],
                self._budget(f.rule, channel),
                self._spent.get((f.rule, channel), Spent()),
            )
            for f in firings
        ]
        found = place(
            calls,
            story=story,
            feed=feed,
            channel=ChannelNow(
                self._windows_of(channel),
                self.zone,
                self._bins(channel),
                story_bin=held.bin if (held := self._telling(channel, story, "held")) else "",
            ),
            now=self.now,
        )
        for rule, spending in found.spendings.items():
            self._spent[rule, channel] = spending.spent
            if spending.went_over:
                budget = self._budget(rule, channel)
                assert budget is not None
                self.heard.append((self.now, "notice", said_once(rule, budget).partition(":")[0]))
        row = self._open(channel, found.bin) if found.waits else None
        if row is None:
            row = Row(len(self.rows), channel, found.bin, found.goes_at, self.now)
            row.state = "held" if found.waits else "ready"
            self.rows.append(row)
        row.goes_at = found.goes_at
        row.late = row.late or found.bin == QUIET
        if found.takes:
            self._take_along(channel, found.takes, story, row)
        row.entries.append(entry)
        state = State.HELD if found.waits else State.WAITING
        self._note_all(number, channel, firings, LedgerRow(state, found.reason or Reason.FIRST, row))

    def _note_all(self, number: int, channel: str, firings: list[Firing], entry: LedgerRow) -> None:
        """The same for all rules of one message."""
        for firing in firings:
            self._rules_told.setdefault(self.stories[number], set()).add(firing.rule)
            self._note(number, firing.rule, channel, replace(entry))

    def _note(self, number: int, rule: str, channel: str, entry: LedgerRow) -> None:
        assert (number, rule, channel) not in self.ledger
        self.ledger[number, rule, channel] = entry

    def _telling(self, channel: str, story: str, state: str) -> Row | None:
        """The row in this state that has something of the story."""
        held = (r for r in self.rows if r.channel == channel and r.state == state)
        return next((r for r in held if any(entry[1] == story for entry in r.entries)), None)

    def _take_along(self, channel: str, name: str, story: str, into: Row) -> None:
        """What a bin holds of the story goes with another row."""
        row = self._open(channel, name)
        assert row is not None
        into.entries += [entry for entry in row.entries if entry[1] == story]
        row.entries = [entry for entry in row.entries if entry[1] != story]
        for (number, _, _), entry in self.ledger.items():
            if entry.row is row and self.stories[number] == story:
                entry.row = into
                entry.state = State.HELD if into.state == "held" else State.WAITING
        if not row.entries:
            row.state = "merged"

    def _windows_of(self, channel: str) -> tuple[Window, ...]:
        return self._windows.get(channel, ())

    def _bins(self, channel: str) -> dict[str, datetime]:
        return {r.bin: r.goes_at for r in self.rows if r.channel == channel and r.state == "held"}

    def _open(self, channel: str, name: str) -> Row | None:
        held = (r for r in self.rows if (r.channel, r.bin, r.state) == (channel, name, "held"))
        return next(held, None)

    def _pass_to(self, moment: datetime) -> None:
        while (following := self._next_due()) is not None and following <= moment:
            self._tell_ends(self.now, following)
            self.now = max(self.now, following)
            self._settle()
        self._tell_ends(self.now, moment)
        self.now = moment
        self._settle()

    def _next_due(self) -> datetime | None:
        """When the next bin or the next token of a bucket is due."""
        times = [r.goes_at for r in self.rows if r.state == "held"]
        for channel in {r.channel for r in self.rows if r.state == "ready"} - self._down:
            wait = wait_for(self._bucket(channel), self.limits.get(channel), self._clock())
            times.append(self.now + timedelta(seconds=wait))
        return min(times, default=None)

    def _settle(self) -> None:
        """Release what is due, and let each channel send what it may."""
        for row in [r for r in self.rows if r.state in ("held", "ready")]:
            windows = self._windows_of(row.channel)
            goes_at = row.goes_at if row.state == "held" else self.now
            found = release(row.bin, goes_at, row.severity, windows, self.now)
            if found.due:
                if row.state == "held":
                    self._move(row, "ready", State.WAITING, None)
                continue
            other = self._open(row.channel, found.bin)
            if other is not None and other is not row:
                self._pour(row, other)
                continue
            if row.state == "ready" or found.bin != row.bin:
                self._move(row, "held", State.HELD, Reason.QUIET_HOURS)
            row.bin, row.goes_at = found.bin, found.goes_at
            row.late = row.late or found.bin == QUIET
        for channel in sorted({r.channel for r in self.rows if r.state == "ready"} - self._down):
            self._send(channel)

    def _send(self, channel: str) -> None:
        """One look of a channel's sender at its outbox."""
        limit = self.limits.get(channel)
        ready = [r for r in self.rows if r.channel == channel and r.state == "ready"]
        waiting = [
            Waiting(r.id, r.severity, r.created, frozenset(hash(e[1]) for e in r.entries), len(r.entries) > 1)
            for r in ready
        ]
        was_paused = channel in self._was_paused
        fits = room(self._bucket(channel), limit, self._clock())
        backlog = settle_backlog(waiting, fits, was_paused=was_paused)
        for ids in backlog.merged:
            self._merge(channel, [self.rows[i] for i in ids])
        self._was_paused.discard(channel)
        order = [self.rows[i] for i in backlog.singly]
        order += [r for r in self.rows if r.channel == channel and r.state == "ready" and r not in order]
        for row in order:
            if wait_for(self._bucket(channel), limit, self._clock()) > 0:
                return
            self._buckets[channel] = taken(self._bucket(channel), limit, self._clock())
            row.late = row.late or (was_paused and row.created < self.now - timedelta(minutes=10))
            assert quiet_until(self._windows_of(channel), self.now, row.severity) is None
            self._move(row, "sent", State.SENT, Reason.DELIVERED)
            self.heard.append((self.now, channel, row.words()))
            self.sent.append((self.now, row))

    def _merge(self, channel: str, rows: list[Row]) -> None:
        """Several rows become one digest; their ledger rows point at it."""
        digest = Row(len(self.rows), channel, "backlog", self.now, min(r.created for r in rows), late=True)
        digest.state = "ready"
        self.rows.append(digest)
        for row in sorted(rows, key=lambda r: (r.created, r.id)):
            self._pour(row, digest, State.WAITING, Reason.BACKLOG)

    def _pour(
        self, row: Row, into: Row, state: State = State.HELD, reason: Reason = Reason.QUIET_HOURS
    ) -> None:
        """One row's entries go with another's; their ledger rows point at that."""
        into.entries += row.entries
        row.state = "merged"
        for entry in self.ledger.values():
            if entry.row is row:
                entry.row, entry.state, entry.reason = into, state, reason

    def _move(self, row: Row, state: str, ledger: State, reason: Reason | None) -> None:
        row.state = state
        for entry in self.ledger.values():
            if entry.row is row:
                entry.state, entry.reason = ledger, reason or entry.reason

    def _tell_ends(self, since: datetime, until: datetime) -> None:
        for silence in ended_between(self.silences, since, until):
            hidden: dict[str, int] = {}
            for (_, rule, _), entry in self.ledger.items():
                if entry.silence == silence.id:
                    hidden[rule] = hidden.get(rule, 0) + 1
            self.heard.append((silence.ends, "notice", ending_text(silence, hidden)))

    def _bucket(self, channel: str) -> Bucket:
        return self._buckets.get(channel, Bucket())

    def _clock(self) -> float:
        return (self.now - datetime(2020, 1, 1, tzinfo=UTC)).total_seconds()
