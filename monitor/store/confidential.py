"""
What the store remembers of confidential rules: the key of their public names, which they are, who may hear.

A rule that was removed while it was secret stays so, for its alerts may wait still; one that is there and
open is open from the next start or reload on. The key is made once, by whoever writes first, and never
changes.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitor.alerts import payload
from monitor.alerts.confidential import KIND, Rang, notice_of, public_name
from monitor.model import Severity
from monitor.store import sql
from monitor.store.rows import to_db

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from monitor.store.database import Reader
    from monitor.store.tx import Tx

KEY_FACT = "confidential_key"
RULES_FACT = "confidential_rules"


@dataclass(frozen=True, slots=True)
class Kept:
    """Rules that are secret, and the channels that each rule with `allow_channels` may go to."""

    secret: frozenset[str] = frozenset()
    allowed: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def allows(self, rule: str, channel: str) -> bool:
        """Whether a rule may go to a channel."""
        only = self.allowed.get(rule)
        return only is None or channel in only


def kept_rules(source: Reader | Tx) -> Kept:
    """What is remembered of rules that do not go everywhere, or not by their name."""
    row = source.row(sql.FACT, name=RULES_FACT)
    if row is None or not row["value"]:
        return Kept()
    found = json.loads(row["value"])
    only = {rule: frozenset(channels) for rule, channels in found["allowed"].items()}
    return Kept(frozenset(found["secret"]), only)


def keep_rules(
    tx: Tx,
    secret: Collection[str],
    allowed: Mapping[str, Collection[str]],
    known: Collection[str],
    now: datetime,
) -> None:
    """Remember the rules of a configuration; `known` are all that it has, others stay as they were."""
    before = kept_rules(tx)
    kept = Kept(
        frozenset(secret) | (before.secret - set(known)),
        {rule: only for rule, only in before.allowed.items() if rule not in known}
        | {rule: frozenset(channels) for rule, channels in allowed.items()},
    )
    if kept == before:
        return
    _write(tx, kept, now)
    if kept.secret:
        _key(tx, now)


def names_of(tx: Tx, rules: Iterable[str], now: datetime) -> dict[str, str]:
    """The public names of secret rules; the first time this makes the key, and remembers what is secret."""
    wanted = list(dict.fromkeys(rules))
    kept = kept_rules(tx)
    if not kept.secret.issuperset(wanted):  # a plan that nobody has put into the store yet
        _write(tx, Kept(kept.secret.union(wanted), kept.allowed), now)
    key = _key(tx, now)
    return {rule: public_name(rule, key) for rule in wanted}


def key_of(source: Reader | Tx) -> bytes | None:
    """The key of public names; None where no secret rule was ever loaded."""
    row = source.row(sql.FACT, name=KEY_FACT)
    return bytes.fromhex(row["value"]) if row is not None else None


def compose_notice(tx: Tx, outbox_id: int, now: datetime, *, late: bool) -> bool:
    """Put the notice together from the alerts that the ledger gives it; False if there are none."""
    rows = tx.rows(sql.DIGEST_ALERTS, outbox=outbox_id)
    if not rows:
        return False
    names = names_of(tx, (row["rule"] for row in rows), now)
    rang = [Rang(names[row["rule"]], row["alert"], Severity(row["severity"])) for row in rows]
    message = notice_of(rang, late=late)
    tx.run(
        sql.OUTBOX_FILL,
        outbox=outbox_id,
        kind=KIND,
        story_id=None,
        payload=payload.dump(message),
        severity=int(message.severity),
    )
    return True


def _key(tx: Tx, now: datetime) -> bytes:
    found = key_of(tx)
    if found is None:
        found = secrets.token_bytes(16)
        tx.run(sql.FACT_UPSERT, name=KEY_FACT, value=found.hex(), at=to_db(now))
    return found


def _write(tx: Tx, kept: Kept, now: datetime) -> None:
    value = {
        "secret": sorted(kept.secret),
        "allowed": {rule: sorted(only) for rule, only in sorted(kept.allowed.items())},
    }
    tx.run(sql.FACT_UPSERT, name=RULES_FACT, value=json.dumps(value, ensure_ascii=False), at=to_db(now))
