"""What `tocsin explain --json` prints: the shapes that docs/explain.md documents. Fields are only added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from monitor.cli import output
from monitor.cli.explain_answer import answer_shape
from monitor.cli.explain_names import named, rule_name
from monitor.cli.explain_text import beside_shape
from monitor.cli.match import hit_shape
from monitor.conclusion import conclude, conditions_met, nearness, never_shown
from monitor.store.rows import from_db

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from monitor.alerts.route import Routed
    from monitor.explaining import Carried, Explanation, RuleWay
    from monitor.matched import Matched
    from monitor.rules.explain import Explained, NodeVerdict
    from monitor.stages import Entered, No, RuleNow
    from monitor.store.rows import FeedState
    from monitor.unseen import Carrier


MOST_GAPS = 10


def found(target: str, one: Explanation, now: datetime) -> dict[str, Any]:
    """An explanation in the documented shape."""
    row = one.row
    article: dict[str, Any] = {"id": one.id, "stored": row is not None}
    if row is not None:
        article |= {name: row[name] for name in ("title", "url", "language", "source")}
        article |= {name: output.rfc3339(from_db(row[name])) for name in ("published", "updated")}
        article |= {"fetched": output.rfc3339(from_db(row["fetched_at"])), "story": row["story_id"]}
        article |= beside_shape(one)
    return {
        "target": target,
        "found": True,
        "answer": answer_shape(conclude(one), row["url"] if row is not None else "", now),
        "article": article,
        "feeds": [_carried_shape(carried) for carried in one.carried],
        "rules": [_way_shape(way) for way in one.rules],
    }


def not_found(
    target: str,
    carriers: Sequence[Carrier],
    no: No,
    now: datetime,
    *,
    url: str,
    key: str,
    elsewhere: Sequence[tuple[int, str]],
) -> dict[str, Any]:
    """An address that no feed has shown."""
    return {
        "target": target,
        "found": False,
        "answer": answer_shape(never_shown(no), url, now),
        "url": url,
        "key": key,
        "elsewhere": [{"article": article, "url": address} for article, address in elsewhere],
        "feeds": [carrier(one) for one in carriers],
        "first_no": first_no(no),
    }


def state_word(state: FeedState | None, *, configured: bool, enabled: bool) -> str:
    """How a feed stands, in one word or two."""
    if not configured:
        return "retired" if state is not None and state.retired_at is not None else "not configured"
    if not enabled:
        return "disabled"
    if state is None or not state.polls:
        return "new"
    if state.gone or state.failures:
        return "gone" if state.gone else "failing"
    return "ok" if state.last_good_at is not None else "new"  # asked in vain while we were cut off


def _feed_shape(state: FeedState | None) -> dict[str, Any]:
    return {
        "last_poll": output.rfc3339(state.last_poll_at) if state else None,
        "last_good": output.rfc3339(state.last_good_at) if state else None,
        "last_status": (state.last_status or None) if state else None,
        "message": (state.last_message or None) if state else None,
    }


def _gaps_shape(gaps: Sequence[tuple[datetime, datetime]]) -> list[dict[str, Any]]:
    return [{"since": output.rfc3339(since), "until": output.rfc3339(until)} for since, until in gaps]


def _carried_shape(one: Carried) -> dict[str, Any]:
    configured = one.configured
    word = state_word(
        one.state, configured=configured is not None, enabled=configured is None or configured.enabled
    )
    return {
        "feed": one.shown.feed,
        "state": word,
        "first_seen": output.rfc3339(one.shown.first_seen_at),
        "last_seen": output.rfc3339(one.shown.last_seen_at),
        "baseline": one.shown.baseline,
        "same_text": one.shown.same_text,
        **_feed_shape(one.state),
        "gaps": _gaps_shape(one.gaps),
    }


def carrier(one: Carrier) -> dict[str, Any]:
    """A feed that could have carried an address."""
    return {
        "feed": one.name,
        "why": one.why,
        "state": state_word(one.state, configured=True, enabled=one.enabled),
        **_feed_shape(one.state),
        "gaps": _gaps_shape(one.gaps[:MOST_GAPS]),
    }


def judged_rule(rule: RuleNow, judged: Explained | None) -> dict[str, Any]:
    """What a rule says now; without a verdict (it cannot be used, or is not configured) `now` is null."""
    return {
        "rule": rule_name(rule.name),
        "enabled": rule.enabled,
        "error": rule.broken or None,
        "now": {
            "holds": judged.holds,
            "strength": judged.strength.value if judged.strength else None,
            "weak": judged.weak or None,
            "sources": [_node_shape(source) for source in judged.sources],
            "tree": _node_shape(judged.wish) if judged.wish else None,
            "failed": {"text": judged.failed.text, "why": judged.failed.why} if judged.failed else None,
        }
        if judged
        else None,
    }


def _node_shape(node: NodeVerdict) -> dict[str, Any]:
    shape: dict[str, Any] = {"text": node.text, "kind": node.kind, "holds": node.holds}
    if node.why:
        shape["why"] = node.why
    if node.hits:
        shape["hits"] = [hit_shape(hit) for hit in node.hits]
    if node.children:
        shape["children"] = [_node_shape(child) for child in node.children]
    return shape


def _way_shape(way: RuleWay) -> dict[str, Any]:
    memory = way.memory
    met, of = conditions_met(way.judged)
    return {
        **judged_rule(way.rule, way.judged),
        "judged_as": way.judged_as or None,
        "loaded": output.rfc3339(memory.loaded_at) if memory else None,
        "first_loaded": output.rfc3339(memory.first_loaded_at) if memory else None,
        "matches": [_match_shape(match) for match in way.matches],
        "near": {"holds": met, "of": of, "share": round(nearness(way.judged), 3)},
        "routes": _routes_shape(way.routed) if way.routed is not None else None,
        "ways": [{"feed": feed, "first_no": first_no(no)} for feed, no in way.ways.items()],
        "first_no": first_no(way.no),
    }


def _routes_shape(routed: Routed) -> list[dict[str, Any]]:
    """Where the routes, as they are now, send it: a channel each."""
    return [
        {
            "channel": way.channel,
            "route": way.number or None,
            "why": way.why,
            "digest": list(way.digest),
            "group": way.group,
        }
        for way in routed.ways
    ]


def _match_shape(match: Matched) -> dict[str, Any]:
    return {
        "feed": match.feed,
        "matched": output.rfc3339(match.at),
        "strength": match.strength,
        "rule_form": match.form,
        "hits": [
            hit | {"in_place": there, "confirmed": sure}
            for hit, there, sure in zip(match.hits, match.in_place, match.confirmed, strict=True)
        ],
        "deliveries": [_entered_shape(row) for row in match.entered],
    }


def _entered_shape(row: Entered) -> dict[str, Any]:
    return {
        "channel": row.channel or None,
        "state": row.state.value,
        "reason": row.reason.word,
        "sentence": row.reason.sentence,
        "at": output.rfc3339(row.at),
        "outbox": row.outbox_id,
        "next_attempt": output.rfc3339(row.next_attempt),
        "paused_until": output.rfc3339(row.paused_until),
        "maybe_repeat": row.maybe_repeat,
        "attempts": [
            {
                "number": tried.number,
                "at": output.rfc3339(tried.at),
                "answer": tried.answer,
                "status": tried.status,
                "detail": tried.detail,
            }
            for tried in row.tried
        ],
    }


def first_no(no: No | None) -> dict[str, Any] | None:
    """The first no, or null."""
    if no is None:
        return None
    return {
        "stage": no.stage.value,
        "why": no.why,
        "feed": no.feed or None,
        "cause": no.cause.value,
        "facts": dict(named(no).facts),
    }
