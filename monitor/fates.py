"""
What a row of the ledger says of one channel, as the first no of an article's way: who, why, until when. Pure.

The ledger has a word and a sentence for each reason; here they are given the facts that stand around the row:
which silence, whose budget, which quiet hours, what was told before, what the receiver answered last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.alerts.passage import QUIET
from monitor.model import OutboxState, Reason, State
from monitor.stages import Cause, No, Stage, stamp

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from monitor.rules.explain import Explained
    from monitor.stages import Beside, Entered, RuleNow, Shown
    from monitor.timeline import Joined

_HELD = {
    Reason.WEAK: (Stage.WEAK, Cause.WEAK),
    Reason.COMPARING: (Stage.COMPARING, Cause.COMPARING),
    Reason.BUDGET: (Stage.BUDGET, Cause.BUDGET),
    Reason.QUIET_HOURS: (Stage.QUIET, Cause.QUIET_HOURS),
    Reason.GATHERED: (Stage.GATHERED, Cause.GROUP),
    Reason.DIGEST: (Stage.GATHERED, Cause.DIGEST),
    Reason.BACKLOG: (Stage.GATHERED, Cause.BACKLOG),
    Reason.LATE: (Stage.GATHERED, Cause.CATCH_UP),
}
_ENDS = {
    Reason.REFUSED: Cause.REFUSED,
    Reason.GAVE_UP: Cause.GAVE_UP,
    Reason.CHANNEL_REMOVED: Cause.CHANNEL_REMOVED,
    Reason.BY_HAND: Cause.DROPPED,
}
_PAUSES = {"rate": "its service asked to wait", "config": "its own settings are refused"}


def fate(row: Entered, shown: Shown, rule: RuleNow, verdict: Explained | None, beside: Beside) -> No | None:
    """What the ledger says of one channel; None where the receiver took it."""
    if row.state is State.SENT:
        return None
    said = _Said(row, shown, rule, verdict, beside)
    if row.state is State.SUPPRESSED:
        return said.suppressed()
    if row.state is State.WAITING and not _is_held(row):
        return said.waiting()
    if row.state in (State.DEAD, State.DROPPED):
        return said.ended()
    return said.held()


def _is_held(row: Entered) -> bool:
    """Whether what is said to wait is not to go yet: old news, and what met quiet hours after an attempt."""
    return (row.reason is Reason.LATE and row.outbox is OutboxState.HELD) or _waits_for_quiet(row)


def _waits_for_quiet(row: Entered) -> bool:
    return row.outbox is OutboxState.RETRY and row.bin == QUIET


class _Said:
    """One row, and what is said of it."""

    def __init__(
        self, row: Entered, shown: Shown, rule: RuleNow, verdict: Explained | None, beside: Beside
    ) -> None:
        self._row = row
        self._shown = shown
        self._rule = rule
        self._verdict = verdict
        self._beside = beside
        self._around = row.around

    def _no(self, stage: Stage, cause: Cause, why: str, **facts: str) -> No:
        row = self._row
        known = {"rule": self._rule.name, "at": stamp(row.at)}
        if row.channel:
            known["channel"] = row.channel
        if row.outbox_id is not None:
            known["outbox"] = str(row.outbox_id)
        to = f"{row.channel}: " if row.channel else ""
        return No(stage, to + why, self._shown.feed, cause, known | facts)

    # --- silent

    def suppressed(self) -> No:
        """What keeps it from ringing at all."""
        reason = self._row.reason
        says: dict[Reason, Callable[[], No]] = {
            Reason.BASELINE: self._baseline,
            Reason.NO_ROUTE: self._no_route,
            Reason.DUPLICATE: self._told,
            Reason.ALREADY_TOLD: self._told,
            Reason.WEAK_IGNORED: self._ignored,
            Reason.SILENCED: self._silenced,
        }
        if reason in says:
            return says[reason]()
        if reason is Reason.RULE_REMOVED:
            return self._no(Stage.RULE, Cause.RULE_REMOVED, reason.sentence)
        if reason is Reason.NOT_ALLOWED:
            return self._no(Stage.ROUTE, Cause.ALLOW_CHANNELS, reason.sentence)
        stage, cause = _HELD.get(reason, (Stage.HUSHED, Cause.HUSHED))
        return self._no(stage, cause, reason.sentence)

    def _baseline(self) -> No:
        shown = self._shown
        why = f"{Reason.BASELINE.sentence}: feed {shown.feed}, {stamp(shown.first_seen_at)}"
        return self._no(Stage.BASELINE, Cause.BASELINE, why, seen=stamp(shown.first_seen_at))

    def _no_route(self) -> No:
        around = self._around
        why = Reason.NO_ROUTE.sentence
        cause = Cause.ALLOW_CHANNELS if around.forbidden else Cause.NO_ROUTE
        if around.route:
            why += f": {around.route}"
        if around.now_to:
            why += f"; by the routes as they are now it would go to {', '.join(around.now_to)}"
        return self._no(Stage.ROUTE, cause, why)

    def _told(self) -> No:
        row, rival = self._row, self._around.rival
        cause = Cause.DUPLICATE if row.reason is Reason.DUPLICATE else Cause.ALREADY_TOLD
        why = row.reason.sentence
        facts = {"updates": self._rule.updates}
        if rival is not None:
            how = {State.SENT: "told", State.DEAD: "given up since", State.DROPPED: "dropped since"}
            done = how.get(rival.state, "on its way")
            why += f": article {rival.article} “{rival.title}” of feed {rival.feed}, {done} {stamp(rival.at)}"
            facts |= {"of": str(rival.article), "told_at": stamp(rival.at), "by": rival.rule}
            if rival.state in (State.DEAD, State.DROPPED):
                facts |= {"lost": rival.state.value, "outbox": str(rival.outbox_id)}
        why += _like(self._beside.joined)
        if self._rule.updates == "none":
            why += '; the rule has updates = "none", so nothing that changes rings'
        else:
            why += f'; it says nothing new that counts (updates = "{self._rule.updates}")'
        return self._no(Stage.TOLD, cause, why, **facts)

    def _ignored(self) -> No:
        why = Reason.WEAK_IGNORED.sentence + self._weakness()
        return self._no(Stage.WEAK, Cause.WEAK_IGNORED, why)

    def _weakness(self) -> str:
        return f" ({self._verdict.weak})" if self._verdict is not None and self._verdict.weak else ""

    def _silenced(self) -> No:
        silence = self._around.silence
        if silence is None:
            return self._no(Stage.SILENCE, Cause.SILENCED, Reason.SILENCED.sentence)
        comment = f", “{silence.comment}”" if silence.comment else ""
        until = stamp(silence.ends)
        now = self._beside.now
        over = now is not None and silence.ends <= now
        facts = {"over": "yes"} if over else {}
        covers = "covered it" if over else "covers it"
        why = f"silence {silence.id} of {silence.author}{comment} {covers}, until {until}"
        return self._no(Stage.SILENCE, Cause.SILENCED, why, silence=str(silence.id), until=until, **facts)

    # --- not yet

    def held(self) -> No:
        """What it waits for, and until when."""
        row, around = self._row, self._around
        stage, cause = _HELD.get(row.reason, (Stage.DELIVERY, Cause.HELD))
        if _waits_for_quiet(row):
            stage, cause = _HELD[Reason.QUIET_HOURS]
        until = self._beside.page.hold_until if stage is Stage.COMPARING else row.next_attempt
        if is_left_alone(self._beside, until):
            return self._left_alone(until)
        facts = {"until": stamp(until)} if until else {}
        why = f"held until {stamp(until)}" if until else "held"
        why += f", {(Reason.QUIET_HOURS if cause is Cause.QUIET_HOURS else row.reason).sentence}"
        if row.tried:
            why += f"; attempt {row.tried[-1].number} failed ({row.tried[-1].said})"
        if cause is Cause.BUDGET and around.budget:
            why += f" ({around.budget})"
            facts["budget"] = around.budget
        if cause is Cause.QUIET_HOURS and around.windows:
            why += f" ([quiet_hours.{'], [quiet_hours.'.join(around.windows)}])"
            facts["windows"] = ", ".join(around.windows)
        if cause is Cause.WEAK:
            why += self._weakness()
        if around.company > 1:
            why += f"; {around.company} stories wait together"
            facts["stories"] = str(around.company)
        return self._no(stage, cause, why, **facts)

    def waiting(self) -> No:
        """What it waits for where it may be sent."""
        row, now = self._row, self._beside.now
        stage = Stage.DELIVERY
        if row.outbox is OutboxState.LEASED:
            return self._no(stage, Cause.SENDING, "it is being sent right now")
        heir = f" ({row.reason.sentence})" if row.reason is Reason.FALLBACK else ""
        if row.paused_until is not None and now is not None and row.paused_until > now:
            until = stamp(row.paused_until)
            reason = _PAUSES.get(self._around.pause_reason, self._around.pause_reason)
            why = f"its channel is paused until {until}"
            why += f": {reason}" if reason else ""
            why += f"; the last answer was {row.tried[-1].said}" if row.tried else ""
            return self._no(stage, Cause.PAUSED, why + heir, until=until, reason=reason)
        if row.tried and not is_left_alone(self._beside, row.next_attempt):
            last = row.tried[-1]
            why = f"it waits to be tried again: {last.detail or last.answer}{heir}"
            why += (
                f"; attempt {last.number} was at {stamp(last.at)}, the next is at {stamp(row.next_attempt)}"
            )
            return self._no(stage, Cause.RETRYING, why, until=stamp(row.next_attempt), answer=last.said)
        if now is not None and row.next_attempt is not None and row.next_attempt > now:
            until = stamp(row.next_attempt)
            why = f"it waits until {until}: of a page that grows people hear every 30 minutes{heir}"
            return self._no(stage, Cause.PACED, why, until=until)
        if self._beside.running is False:
            return self._left_alone(row.next_attempt if row.tried else None, heir)
        cause = Cause.BACKLOG if row.reason is Reason.BACKLOG else Cause.WAITS
        return self._no(stage, cause, f"it waits to be sent{heir}")

    def _left_alone(self, due: datetime | None, more: str = "") -> No:
        when = f", due since {stamp(due)}" if due is not None else ""
        why = f"it waits to be sent{when}, and Tocsin is not running{more}"
        return self._no(Stage.DELIVERY, Cause.NOT_RUNNING, why)

    # --- never

    def ended(self) -> No:
        """How its notification ended."""
        row = self._row
        cause = _ENDS.get(row.reason, Cause.UNKNOWN)
        why = f"{row.state.value}, {row.reason.sentence}, {stamp(row.at)}"
        facts = {}
        if row.tried and cause in (Cause.REFUSED, Cause.GAVE_UP):
            last = row.tried[-1]
            why += f" after {last.number} {'attempt' if last.number == 1 else 'attempts'} ({last.said})"
            facts = {"answer": last.said, "attempts": str(last.number)}
        if self._around.heirs:
            why += f"; its fallback {', '.join(self._around.heirs)} was given it"
        return self._no(Stage.DELIVERY, cause, why, **facts)


def is_left_alone(beside: Beside, due: datetime | None) -> bool:
    """Whether the time for something has come, and no daemon is there to see to it."""
    now = beside.now
    return beside.running is False and due is not None and now is not None and due <= now


def _like(joined: Joined | None) -> str:
    """By what an article was found to tell what others told."""
    if joined is None:
        return ""
    of = f", see article {joined.of}" if joined.of is not None else ""
    return f" ({joined.reason}{of})"
