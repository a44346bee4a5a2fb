"""The statements of a channel's queue: what goes next, what overtakes nothing, and whom trouble is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, literal_column, select, union, update

from monitor.store.core import alerts, attempts, channels, const, ledger, notices, outbox, p, words

if TYPE_CHECKING:
    from sqlalchemy.sql.expression import ClauseElement

_one: Any = literal_column("1")
_earlier, _later = outbox.alias("earlier"), outbox.alias("later")
_channel = outbox.c.channel == p("channel")
_first, _then = ledger.alias("first"), ledger.alias("then")
_told, _tells = alerts.alias("told"), alerts.alias("tells")


def _pairs(*conditions: Any, by_ledger: bool) -> Any:
    """
    Two messages of a channel that tell the same story; the earlier one was tried and is to be tried again.

    From the earlier one on, by indexes: there are few of them, and may be thousands that wait behind. A
    digest tells many stories, which only the ledger knows.
    """
    both = (
        _earlier.join(_first, _first.c.outbox_id == _earlier.c.id)
        .join(_told, _told.c.id == _first.c.alert_id)
        .join(_tells, _tells.c.story_id == _told.c.story_id)
        .join(_then, _then.c.alert_id == _tells.c.id)
        .join(_later, _later.c.id == _then.c.outbox_id)
        if by_ledger
        else _earlier.join(_later, _later.c.story_id == _earlier.c.story_id)
    )
    ours = _earlier.c.channel == p("channel"), _later.c.channel == p("channel")
    return both, (*ours, _earlier.c.state == const("retry"), _earlier.c.id < _later.c.id, *conditions)


def _either(column: Any, *conditions: Any) -> Any:
    selects = []
    for by_ledger in (True, False):
        both, where = _pairs(*conditions, by_ledger=by_ledger)
        selects.append(select(column).select_from(both).where(*where))
    return union(*selects)


# Quiet hours alone let themselves be overtaken, and then the earlier message goes along: see `lease_next`.
_quiet = _earlier.c.bin == const("quiet")
_waits = _either(_later.c.id, _earlier.c.next_attempt_at > p("now"), ~_quiet)
_due = and_(
    _channel,
    outbox.c.state.in_(words("ready", "retry")),
    outbox.c.next_attempt_at <= p("now"),
    outbox.c.id.not_in(_waits),
)

_notice_waits = and_(
    outbox.c.kind == const("notice"),
    outbox.c.state == const("ready"),
    outbox.c.next_attempt_at > p("now"),
    outbox.c.bin != const(""),
)

STATEMENTS: dict[str, ClauseElement] = {
    # When each channel is to be looked at; asked after every message, so the index alone must answer it.
    "OUTBOX_WAITING": select(outbox.c.channel, func.min(outbox.c.next_attempt_at).label("at"))
    .where(outbox.c.state.in_(words("ready", "retry")))
    .group_by(outbox.c.channel),
    # What is due on a channel, in the order in which it was first put in.
    "OUTBOX_DUE": select(outbox).where(_due).order_by(outbox.c.id),
    "OUTBOX_NEXT": select(outbox).where(_due).order_by(outbox.c.id).limit(_one),
    "OUTBOX_IN_QUIET": select(outbox)
    .where(outbox.c.id.in_(_either(_earlier.c.id, _quiet, _later.c.id == p("outbox"))))
    .order_by(outbox.c.id)
    .limit(_one),
    "OUTBOX_STORIES": select(
        alerts.c.story_id,
        func.min(alerts.c.created_at).label("created_at"),
        func.max(alerts.c.severity).label("severity"),
    )
    .join(ledger, ledger.c.alert_id == alerts.c.id)
    .where(ledger.c.outbox_id == p("outbox"))
    .group_by(alerts.c.story_id),
    # The channel is there again: what waited for its own next attempt need not wait any longer.
    "OUTBOX_FORWARD": update(outbox)
    .values(next_attempt_at=p("now"))
    .where(
        _channel,
        outbox.c.state == const("retry"),
        outbox.c.next_attempt_at > p("now"),
        outbox.c.bin != const("quiet"),
    ),
    "ATTEMPTS_POUR": update(attempts).values(outbox_id=p("into")).where(attempts.c.outbox_id == p("outbox")),
    # channels that need a person
    "CHANNELS_STOPPED": select(channels.c.name)
    .where(channels.c.pause_reason == const("config"))
    .order_by(channels.c.name),
    "OUTBOX_NOTICE": select(outbox)
    .where(
        _channel,
        outbox.c.kind == const("notice"),
        outbox.c.state == const("ready"),
        outbox.c.attempts == literal_column("0"),
        outbox.c.bin == p("bin"),
    )
    .order_by(outbox.c.id.desc())
    .limit(_one),
    "OUTBOX_NOTICES_LATER": select(outbox.c.id).where(_notice_waits).limit(_one),
    "OUTBOX_NOTICES_NOW": update(outbox).values(next_attempt_at=p("now")).where(_notice_waits),
    "NOTICES_OF": select(notices.c.subject, notices.c.text, func.max(notices.c.id).label("id"))
    .where(notices.c.kind == p("kind"), notices.c.at >= p("since"))
    .group_by(notices.c.subject)
    .order_by(func.min(notices.c.id)),
}
