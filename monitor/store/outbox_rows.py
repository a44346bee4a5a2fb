"""The statements of the outbox: what is on its way, and each attempt. Part of `statements`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, null, select, true, update

from monitor.settings import CANARY
from monitor.store.core import (
    UNSENT,
    attempts,
    const,
    inserting,
    ledger,
    outbox,
    p,
    setting,
    words,
)

if TYPE_CHECKING:
    from sqlalchemy.sql.expression import ClauseElement

_out = select(outbox)
_of_users = outbox.c.channel != const(CANARY)  # what the canary sends is nobody's, and shown to nobody
STATEMENTS: dict[str, ClauseElement] = {
    "OUTBOX_INSERT": inserting(outbox),
    "OUTBOX": _out.where(outbox.c.id == p("id")),
    "OUTBOX_UNSENT": _out.where(outbox.c.state.in_([*UNSENT, const("dead")]), _of_users).order_by(
        outbox.c.id
    ),
    "OUTBOX_ALL": _out.where(_of_users).order_by(outbox.c.id.desc()).limit(p("count")),
    "OUTBOX_ALERTS": select(ledger.c.alert_id)
    .where(ledger.c.outbox_id == p("outbox"), ledger.c.alert_id.is_not(None))
    .order_by(ledger.c.alert_id),
    "OUTBOX_COUNTS": select(outbox.c.state, func.count().label("n"))
    .where(_of_users)
    .group_by(outbox.c.state),
    "OUTBOX_ON_ITS_WAY": select(func.count())
    .select_from(outbox)
    .where(outbox.c.state.in_(words("ready", "retry", "leased")), _of_users),
    "OUTBOX_LEASE": setting(outbox, "state", "attempts", "leased_at").where(outbox.c.id == p("outbox")),
    "OUTBOX_SETTLE": setting(outbox, "state", "reason", "next_attempt_at", "leased_at", "sent_at").where(
        outbox.c.id == p("outbox")
    ),
    "OUTBOX_TRIED": setting(outbox, "maybe_repeat", "plain", "last_error").where(outbox.c.id == p("outbox")),
    "OUTBOX_BURY": update(outbox)
    .values(state=const("dead"), reason=p("reason"), next_attempt_at=null(), leased_at=null())
    .where(outbox.c.id == p("outbox")),
    "OUTBOX_REVIVE": update(outbox)
    .values(state=const("ready"), reason=const(""), next_attempt_at=p("next_attempt_at"))
    .where(outbox.c.id == p("outbox")),
    "OUTBOX_RETURN_LEASES": update(outbox)
    .values(state=const("ready"), leased_at=null(), maybe_repeat=true(), next_attempt_at=p("now"))
    .where(outbox.c.state == const("leased")),
    "OUTBOX_COMPOSE": setting(outbox, "payload", "severity").where(outbox.c.id == p("outbox")),
    "OUTBOX_CLOCK": setting(outbox, "next_attempt_at", "created_at").where(outbox.c.id == p("outbox")),
    "OUTBOX_UNLEASE": update(outbox)
    .values(state=const("ready"), leased_at=null())
    .where(outbox.c.state == const("leased"), outbox.c.channel == p("channel"), outbox.c.id != p("but")),
    "OUTBOX_RETRY_NOW": update(outbox)
    .values(next_attempt_at=p("now"))
    .where(outbox.c.state == const("retry"), outbox.c.next_attempt_at > p("now")),
    "OUTBOX_OF_CHANNELS": select(outbox.c.id, outbox.c.channel, outbox.c.state, outbox.c.reason).where(
        outbox.c.state.in_(words("ready", "retry", "held", "dead")), _of_users
    ),
    # The canary's messages that nobody has in hand.
    "CANARY_LEFT": select(outbox.c.id).where(
        outbox.c.state.in_(words("ready", "retry")), outbox.c.channel == const(CANARY)
    ),
    "ATTEMPT_INSERT": inserting(attempts),
    "ATTEMPTS_OF": select(attempts).where(attempts.c.outbox_id == p("outbox")).order_by(attempts.c.id),
}
