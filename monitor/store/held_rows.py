"""The statements of what waits in the outbox for company or a better time, of silences and budgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, case, delete, func, literal_column, or_, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from monitor.store.core import (
    alerts,
    articles,
    budgets,
    const,
    feeds,
    inserting,
    ledger,
    matches,
    outbox,
    p,
    silences,
)

if TYPE_CHECKING:
    from sqlalchemy.sql.expression import ClauseElement

_one: Any = literal_column("1")
_outbox: Any = p("outbox")
_bin: Any = p("bin")
_held = outbox.c.state == const("held")
_open = and_(_held, outbox.c.kind != const("notice"))  # a notice is never put into a digest
# Notices of secret rules share nothing with what open ones tell: see `alerts.confidential`.
_sealed = case((outbox.c.kind == const("confidential"), _one), else_=literal_column("0")) == p("sealed")
_of_story = select(alerts.c.id).where(alerts.c.story_id == p("story"))
_told = inserting(silences)
_spent = upsert(budgets).values({c.name: p(c.name) for c in budgets.columns})

# What a digest holds goes when quiet hours let the least severe of its stories through.
_least = (
    select(func.max(alerts.c.severity))
    .join(ledger, ledger.c.alert_id == alerts.c.id)
    .where(ledger.c.outbox_id == outbox.c.id)
    .group_by(alerts.c.story_id)
    .order_by(func.max(alerts.c.severity))
    .limit(_one)
    .correlate(outbox)
    .scalar_subquery()
    .label("least")
)
_held_row = select(outbox, _least)

STATEMENTS: dict[str, ClauseElement] = {
    # What is held, and what has to wait before it is tried again, because its channel is quiet.
    "OUTBOX_HELD": _held_row.where(
        or_(_held, and_(outbox.c.state == const("retry"), outbox.c.bin == const("quiet")))
    ).order_by(outbox.c.id),
    "OUTBOX_HELD_ROW": _held_row.where(outbox.c.id == p("id")),
    "OUTBOX_BINS": select(outbox.c.id, outbox.c.bin, outbox.c.next_attempt_at)
    .where(_open, outbox.c.channel == p("channel"), _sealed)
    .order_by(outbox.c.id),
    "OUTBOX_BIN": select(outbox).where(
        _open, outbox.c.channel == p("channel"), outbox.c.bin == _bin, _sealed
    ),
    # Where something of a story is held on a channel.
    "BIN_OF_STORY": select(outbox.c.id, outbox.c.bin, outbox.c.next_attempt_at)
    .join(ledger, ledger.c.outbox_id == outbox.c.id)
    .where(
        ledger.c.alert_id.in_(_of_story),
        ledger.c.reason != const("weak"),  # is told in its digest, whatever else is told
        _open,
        outbox.c.channel == p("channel"),
        _sealed,
    )
    .order_by(outbox.c.id)
    .limit(_one),
    "OUTBOX_FILL": update(outbox)
    .values({n: p(n) for n in ("kind", "story_id", "payload", "severity")})
    .where(outbox.c.id == _outbox),
    "OUTBOX_WAIT": update(outbox)
    .values({n: p(n) for n in ("state", "reason", "bin", "next_attempt_at")})
    .where(outbox.c.id == _outbox),
    "LEDGER_STATE": update(ledger)
    .values({n: p(n) for n in ("state", "at")})
    .where(ledger.c.outbox_id == _outbox),
    "LEDGER_POUR": update(ledger)
    .values(outbox_id=p("into"), **{n: p(n) for n in ("state", "reason", "at")})
    .where(ledger.c.outbox_id == _outbox),
    "LEDGER_POUR_STORY": update(ledger)
    .values(outbox_id=p("into"), **{n: p(n) for n in ("state", "reason", "at")})
    .where(
        ledger.c.outbox_id == _outbox,
        ledger.c.alert_id.in_(_of_story),
        ledger.c.reason != const("weak"),
    ),
    # Of one alert alone: it goes with another message, or not at all.
    "LEDGER_MOVE": update(ledger)
    .values(outbox_id=p("into"), **{n: p(n) for n in ("state", "reason", "at")})
    .where(ledger.c.outbox_id == _outbox, ledger.c.alert_id == p("alert")),
    # Who else knows of what a channel gave up.
    "LEDGER_HEIRS": select(
        ledger.c.match_id,
        ledger.c.alert_id,
        ledger.c.reason,
        alerts.c.rule,
        alerts.c.severity,
        alerts.c.story_id,
    )
    .join(alerts, alerts.c.id == ledger.c.alert_id)
    .where(ledger.c.outbox_id == _outbox)
    .order_by(ledger.c.id),
    # A notice of secret rules that nobody has begun to send, where it tells of this story already.
    "SEALED_PENDING": select(outbox.c.id)
    .join(ledger, ledger.c.outbox_id == outbox.c.id)
    .where(
        ledger.c.alert_id.in_(_of_story),
        outbox.c.channel == p("channel"),
        outbox.c.kind == const("confidential"),
        outbox.c.state == const("ready"),
        outbox.c.attempts == literal_column("0"),
    )
    .order_by(outbox.c.id.desc())
    .limit(_one),
    "STORY_CHANNELS": select(
        ledger.c.channel, ledger.c.state, ledger.c.reason, ledger.c.outbox_id, alerts.c.rule
    )
    .join(alerts, alerts.c.id == ledger.c.alert_id)
    .where(ledger.c.alert_id.in_(_of_story), ledger.c.channel != const(""))
    .order_by(ledger.c.id),
    # One line for each rule of each article that a digest tells; the order is that of their coming.
    "DIGEST_ALERTS": select(
        alerts.c.id.label("alert"),
        alerts.c.story_id,
        matches.c.article_id,
        alerts.c.rule,
        alerts.c.severity,
        ledger.c.reason,
        articles.c.title,
        articles.c.url,
        articles.c.published,
        feeds.c.name.label("feed"),
    )
    .join(ledger, ledger.c.alert_id == alerts.c.id)
    .join(matches, matches.c.id == ledger.c.match_id)
    .join(articles, articles.c.id == matches.c.article_id)
    .join(feeds, feeds.c.id == matches.c.feed_id)
    .where(ledger.c.outbox_id == _outbox)
    .order_by(ledger.c.id),
    # silences
    "SILENCE_INSERT": _told,
    "SILENCE_END": update(silences)
    .values({n: p(n) for n in ("starts_at", "ends_at")})
    .where(silences.c.id == p("silence")),
    "SILENCE_TOLD": update(silences).values(told_at=p("told_at")).where(silences.c.id == p("silence")),
    "SILENCE": select(silences).where(silences.c.id == p("silence")),
    "SILENCES": select(silences).order_by(silences.c.ends_at, silences.c.id),
    "SILENCES_LIVE": select(silences).where(silences.c.ends_at > p("now")).order_by(silences.c.id),
    "SILENCES_TO_TELL": select(silences)
    .where(silences.c.ends_at <= p("now"), silences.c.told_at.is_(None))
    .order_by(silences.c.ends_at, silences.c.id),
    "SILENCE_HID": select(matches.c.rule, func.count().label("n"))
    .join(ledger, ledger.c.match_id == matches.c.id)
    .where(ledger.c.silence_id == p("silence"))
    .group_by(matches.c.rule),
    "SILENCES_EXPIRE": delete(silences).where(
        silences.c.told_at < p("before"),
        ~select(ledger.c.id).where(ledger.c.silence_id == silences.c.id).exists(),
    ),
    # budgets
    "BUDGET": select(budgets.c.spent).where(
        budgets.c.rule == p("rule_name"), budgets.c.channel == p("channel")
    ),
    "BUDGET_UPSERT": _spent.on_conflict_do_update(
        index_elements=["rule", "channel"], set_={"spent": _spent.excluded.spent}
    ),
}
