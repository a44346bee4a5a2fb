"""Asks for explanations at a newsroom's desk, and lets things happen there in one line each."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from monitor.carriers import article_ids, carriers_of, removed_carriers, site_of
from monitor.explaining import Explanation, explain_article
from monitor.model import Answer, AnswerClass, OutboxState, Reason
from monitor.plan import build_plan
from monitor.settings import RuleConfig
from monitor.stages import No, RuleNow
from monitor.store import sql
from monitor.store.leasing import lease_next
from monitor.store.outbox import drop_by_hand, settle
from monitor.unseen import Asked, never_seen
from tests.support.documents import Item

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from monitor.settings import Config
    from monitor.store.tx import Tx
    from tests.support.newsdesk import Desk

OLD = Item("Old news of Doha", guid="old", link="https://n.example/old", text="before us", age=48)
NEW = Item("Talks in Doha", guid="g1", link="https://n.example/1", text="They met on Friday.", age=1)


def rules_now(config: Config) -> tuple[list[RuleNow], Any]:
    """All rules of a configuration, and the engine that judges them, disabled ones included."""
    plan, problems = build_plan(replace(config, rules=tuple(replace(r, enabled=True) for r in config.rules)))
    broken = {p.rule: p.message for p in problems}
    compiled = plan.engine.rules
    return [
        RuleNow(
            r.name, compiled[r.name].hash if r.name in compiled else None, r.enabled, broken.get(r.name, "")
        )
        for r in config.rules
    ], plan.engine


def explanations(desk: Desk, url: str, config: Config | None = None) -> list[Explanation]:
    """What is known of the articles under an address, under all rules that are or were."""
    config = config or desk.config
    rules, engine = rules_now(config)
    reader = desk.database.reader
    named = {rule.name for rule in rules}
    rules += [RuleNow(r["name"]) for r in reader.rows(sql.RULES) if r["name"] not in named]
    found = (
        explain_article(reader, i, config, engine, rules, now=desk.now) for i in article_ids(reader, url)
    )
    return [one for one in found if one is not None]


def first_no(desk: Desk, url: str, rule: str = "talks", config: Config | None = None) -> No | None:
    """The first no of an address under a rule, whether it was ever seen or not."""
    found = explanations(desk, url, config)
    if not found:
        reader, asked = desk.database.reader, Asked(desk.now)
        removed = removed_carriers(reader, url)
        return never_seen(carriers_of(reader, url, config or desk.config), site_of(url), asked, removed)
    return next(way.no for way in found[0].rules if way.rule.name == rule)


def do(desk: Desk, unit: Callable[[Tx], Any]) -> Any:
    """Have the desk's writer run a unit."""
    return desk.database.writer.submit(unit).result()


def answer(
    tx: Tx,
    now: datetime,
    channel: str,
    said: Answer,
    state: OutboxState,
    *,
    reason: Reason | None = None,
) -> None:
    """Let the channel's next notification be tried with this outcome."""
    row = lease_next(tx, channel, now)
    assert row is not None
    settle(
        tx,
        row,
        said,
        state=state,
        reason=reason,
        next_attempt=now if state is OutboxState.RETRY else None,
        maybe_repeat=False,
        plain=False,
        now=now,
    )


def sent(tx: Tx, now: datetime, channel: str = "desk") -> None:
    """The receiver takes it."""
    answer(tx, now, channel, Answer(AnswerClass.OK, "taken"), OutboxState.SENT, reason=Reason.DELIVERED)


def refused(tx: Tx, now: datetime, channel: str = "desk") -> None:
    """The receiver refuses it for good."""
    no = Answer(AnswerClass.REFUSED, "no such room", 404)
    answer(tx, now, channel, no, OutboxState.DEAD, reason=Reason.REFUSED)


def put_off(tx: Tx, now: datetime, channel: str = "desk") -> None:
    """The receiver is down: another attempt follows."""
    answer(tx, now, channel, Answer(AnswerClass.TRANSIENT, "connection refused"), OutboxState.RETRY)


def dropped(tx: Tx, now: datetime) -> None:
    """A person gives up all that waits."""
    for row in tx.rows(sql.OUTBOX_UNSENT):
        drop_by_hand(tx, row["id"], now)


def with_rule(config: Config, name: str, **changed: Any) -> Config:
    """The configuration with a rule changed, or added."""
    rules = {rule.name: rule for rule in config.rules}
    rules[name] = replace(rules[name], **changed) if name in rules else RuleConfig(name=name, **changed)
    return replace(config, rules=tuple(rules.values()))


def ledger_states(desk: Desk) -> Mapping[tuple[int, str, str], set[tuple[str, str]]]:
    """State and reason of every ledger row, by article, feed and rule: read with SQL of its own."""
    statement = (
        "SELECT m.article_id, f.name, m.rule, l.state, l.reason FROM ledger l "
        "JOIN matches m ON m.id = l.match_id JOIN feeds f ON f.id = m.feed_id"
    )
    found: dict[tuple[int, str, str], set[tuple[str, str]]] = {}
    for article, feed, rule, state, reason in desk.database.reader.rows(statement):
        found.setdefault((article, feed, rule), set()).add((state, reason))
    return found
