"""
What is remembered of a channel after each answer, and what people are told of channels in trouble.

Inside the transaction that settles the answer. Where many channels fail at once (a password changed, a proxy
forbids all) each that works hears of them in one message: a notice waits `GATHERED` for others of its kind.
It goes to no channel that needs a person itself, for there it would only lie about.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.alerts import payload
from monitor.delivery.policy import LONGEST_REST
from monitor.model import AnswerClass, Message, OutboxState, Severity
from monitor.store import sql
from monitor.store.digests import drop
from monitor.store.outbox import channel_state, enqueue, save_channel
from monitor.store.rows import from_db, to_db

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from monitor.delivery.policy import Verdict
    from monitor.model import Answer
    from monitor.store.rows import ChannelState, OutboxRow
    from monitor.store.tx import Tx

DEAD_LETTER = "dead_letter"
FAILING = "channel_failing"
_SAYS = {DEAD_LETTER: "gave up a message", FAILING: "cannot deliver"}
GATHERED = timedelta(seconds=10)
MOST_NAMED = 8  # channels in one notice


def failing(state: ChannelState) -> bool:
    """Whether the channel's last answer was no."""
    bad, ok = state.last_error_at, state.last_ok_at
    return bad is not None and (ok is None or ok < bad)


def rested(state: ChannelState) -> float:
    """How many seconds the channel was left alone after its last answer."""
    if state.paused_until is None or state.last_error_at is None:
        return 0.0
    return min(max((state.paused_until - state.last_error_at).total_seconds(), 0.0), LONGEST_REST)


def note_channel(
    tx: Tx, row: OutboxRow, answer: Answer, verdict: Verdict, now: datetime, *, notices_to: Sequence[str]
) -> bool:
    """
    Remember the answer, its pause and what it ends, and say so where a person must hear of it.

    Returns whether the channel is back: it was left alone, and took this message.
    """
    before = channel_state(tx, row.channel)
    save_channel(tx, channel_after(before, answer, verdict, now))
    back = answer.kind is AnswerClass.OK and before.paused_until is not None
    if back:
        tx.run(sql.OUTBOX_FORWARD, channel=row.channel, now=to_db(now))
    kind = DEAD_LETTER if verdict.state is OutboxState.DEAD else FAILING
    about_notice = kind == DEAD_LETTER and row.kind == "notice"  # else two would talk for ever
    if verdict.notice and not about_notice and _worth_saying(tx, before, verdict, now):
        text = f"channel {row.channel} {_SAYS[kind]}: {answer.detail} (outbox {row.id})"
        _tell(tx, kind, row.channel, text, now, to=notices_to)
    return back


def channel_after(before: ChannelState, answer: Answer, verdict: Verdict, now: datetime) -> ChannelState:
    """What is known of a channel after one more answer."""
    if answer.kind is AnswerClass.OK:
        return replace(before, paused_until=None, pause_reason="", last_ok_at=now)
    state = replace(before, last_error_at=now, last_error=answer.detail)
    if verdict.channel_pause is None:
        return state
    until = now + timedelta(seconds=verdict.channel_pause)
    return replace(state, paused_until=until, pause_reason=answer.kind.value)


def _worth_saying(tx: Tx, before: ChannelState, verdict: Verdict, now: datetime) -> bool:
    """One notice when a channel needs a person, until it worked again; one an hour for what it gives up."""
    if verdict.state is OutboxState.DEAD:
        kind, since = DEAD_LETTER, to_db(now - timedelta(hours=1))
    else:
        kind, since = FAILING, to_db(before.last_ok_at) or ""
    return tx.row(sql.NOTICE_SINCE, kind=kind, subject=before.name, since=since) is None


def _tell(tx: Tx, kind: str, channel: str, text: str, now: datetime, *, to: Sequence[str]) -> None:
    """Write the notice down, and put it into what waits for the channels that can be told."""
    tx.run(sql.NOTICE_INSERT, id=tx.next_id("notices"), at=to_db(now), kind=kind, subject=channel, text=text)
    stopped = {row["name"] for row in tx.rows(sql.CHANNELS_STOPPED)}
    for name in dict.fromkeys((*to, channel)):
        waits = tx.row(sql.OUTBOX_NOTICE, channel=name, bin=kind)
        if name in stopped:
            if waits is not None:
                drop(tx, waits["id"], now)
        elif name != channel and waits is not None:
            since = from_db(waits["created_at"]) or now
            found = [
                r for r in tx.rows(sql.NOTICES_OF, kind=kind, since=to_db(since)) if r["subject"] != name
            ]
            title, each = _listed(kind, {r["subject"]: r["text"] for r in found})
            said = replace(payload.load(waits["payload"]), title=title, excerpt=each)
            tx.run(
                sql.OUTBOX_COMPOSE,
                outbox=waits["id"],
                payload=payload.dump(said),
                severity=int(said.severity),
            )
        elif name != channel:
            message = Message(kind="notice", title=text, severity=Severity.HIGH, why=f"notice: {kind}")
            enqueue(tx, name, message, now, due=now + GATHERED, bin_name=kind)


def _listed(kind: str, texts: Mapping[str, str]) -> tuple[str, str]:
    """One notice for several channels: its headline, and what happened to each."""
    if len(texts) == 1:
        return next(iter(texts.values())), ""
    said, names = _SAYS[kind], list(texts)
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    whole = said.replace("a message", "messages")
    title = f"{len(names)} channels {whole}: {', '.join(names[:MOST_NAMED])}{more}"
    each = [text.removeprefix("channel ").replace(f" {said}:", ":", 1) for text in texts.values()]
    return title, "; ".join(each[:MOST_NAMED]) + ("; tocsin status says the rest" if more else "")
