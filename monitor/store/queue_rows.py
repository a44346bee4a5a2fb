"""The statements of a channel's queue: what goes next, what overtakes nothing, and whom trouble is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, literal_column, or_, select, update

from monitor.store.core import alerts, attempts, channels, const, ledger, notices, outbox, p, words

if TYPE_CHECKING:
    from sqlalchemy.sql.expression import ClauseElement

_one: Any = literal_column("1")
_earlier = outbox.alias("earlier")
_channel = outbox.c.channel == p("channel")
_told_here, _told_there = ledger.alias("told_here"), ledger.alias("told_there")
_here, _there = alerts.alias("here"), alerts.alias("there")

# The earlier message tells a story that this one tells, too; a digest tells many.
_same_story = or_(
    _earlier.c.story_id == outbox.c.story_id,
    select(_one)
    .select_from(_told_there.join(_there, _there.c.id == _told_there.c.alert_id))
    .where(
        _told_there.c.outbox_id == _earlier.c.id,
        _there.c.story_id.in_(
            select(_here.c.story_id)
            .select_from(_told_here.join(_here, _here.c.id == _told_here.c.alert_id))
            .where(_told_here.c.outbox_id == outbox.c.id)
            .correlate(outbox)
        ),
    )
    .correlate(outbox, _earlier)
    .exists(),
)
_first = and_(
    _earlier.c.channel == outbox.c.channel,
    _earlier.c.state == const("retry"),
    _earlier.c.id < outbox.c.id,
)
# Quiet hours alone let themselves be overtaken, and then the earlier message goes along: see `lease_next`.
_overtakes = (
    select(_one)
    .select_from(_earlier)
    .where(_first, _earlier.c.next_attempt_at > p("now"), _earlier.c.bin != const("quiet"), _same_story)
    .correlate(outbox)
    .exists()
)
_due = and_(
    _channel,
    outbox.c.state.in_(words("ready", "retry")),
    outbox.c.next_attempt_at <= p("now"),
    ~_overtakes,
)

STATEMENTS: dict[str, ClauseElement] = {
    # When each channel is to be looked at; asked after every message, so the index alone must answer it.
    "OUTBOX_WAITING": select(outbox.c.channel, func.min(outbox.c.next_attempt_at).label("at"))
    .where(outbox.c.state.in_(words("ready", "retry")))
    .group_by(outbox.c.channel),
    # What is due on a channel, in the order in which it was first put in.
    "OUTBOX_DUE": select(outbox).where(_due).order_by(outbox.c.id),
    "OUTBOX_NEXT": select(outbox).where(_due).order_by(outbox.c.id).limit(_one),
    "OUTBOX_IN_QUIET": select(_earlier)
    .select_from(_earlier.join(outbox, outbox.c.id == p("outbox")))
    .where(_first, _earlier.c.bin == const("quiet"), _same_story)
    .order_by(_earlier.c.id)
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
    "OUTBOX_NOTICES_NOW": update(outbox)
    .values(next_attempt_at=p("now"))
    .where(
        outbox.c.kind == const("notice"),
        outbox.c.state == const("ready"),
        outbox.c.next_attempt_at > p("now"),
        outbox.c.bin != const(""),
    ),
    "NOTICES_OF": select(notices.c.subject, notices.c.text, func.max(notices.c.id).label("id"))
    .where(notices.c.kind == p("kind"), notices.c.at >= p("since"))
    .group_by(notices.c.subject)
    .order_by(func.min(notices.c.id)),
}
