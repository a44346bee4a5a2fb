"""`tocsin feeds show`: everything known of one feed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from monitor.cli import context, output
from monitor.cli.feed_facts import Name, find, shape_of, states_of
from monitor.cli.veil import veil

if TYPE_CHECKING:
    from monitor.feeds.rhythm import Rhythm
    from monitor.settings import Config
    from monitor.store.rows import Episode, FeedState

GAPS_SHOWN = 10
_WEEK_HOURS = 168


def show(name: Name) -> None:
    """Show everything known of one feed: how it fares, its rhythm, why it is asked when it is."""
    from monitor.cli.feed_troubles import rules_by_feed
    from monitor.config.show import show as shown_config

    config = context.config()
    feed = find(config, name)
    state = states_of(config).get(name)
    configured = next(f for f in shown_config(config)["feeds"] if f["name"] == name)
    troubles = _troubles(state) if state else ()
    rules = rules_by_feed(config, [name])[name]
    shape = (
        configured
        | shape_of(feed, state, [e for e in troubles if e.ended_at is None], _gaps_today(state))
        | {
            "title": state.title if state else None,
            "polls": state.polls if state else 0,
            "failures": state.failures if state else 0,
            "http_status": state.last_http if state else None,
            "baseline": output.rfc3339(state.baseline_at) if state else None,
            "conditional": bool(state and (state.etag or state.last_modified)),
            "not_before": output.rfc3339(state.forbidden_until) if state else None,
            "next_why": (state.next_why or None) if state else None,
            "learnt_address": state.moved_to if state else None,
            "last_item": output.rfc3339(state.last_item_at) if state else None,
        }
        | _rhythm(state)
        | {
            "rules": veil().rules(rules),
            "troubles": _shown(troubles, state, rules) if state else [],
            "gaps": _gaps(state) if state else [],
        }
    )
    if context.given.json:
        output.emit(shape)
        return
    for key, value in _for_people(shape).items():
        shown = ", ".join(value) if isinstance(value, list | dict) else value
        output.out(
            f"{key.replace('_', ' '):<14}  {'-' if shown in (None, '') else output.printable(str(shown))}"
        )
    if shape["rhythm"]:
        _draw(config, shape["rhythm"])


def _for_people(shape: dict[str, Any]) -> dict[str, Any]:
    """What is a line each; numbers become words, troubles a line each."""
    from monitor.feeds.troubles import span

    told = {key: value for key, value in shape.items() if key not in ("rhythm", "troubles", "gaps")}
    for key in ("usual_gap", "usual_longest"):
        told[key] = span(timedelta(seconds=shape[key])) if shape[key] is not None else None
    told |= {"gaps": [f"{gap['since']} to {gap['until']}" for gap in shape["gaps"]]}
    now = [f"{t['text']}, since {t['since']}" for t in shape["troubles"] if not t["until"]]
    past = [f"{t['text']} ({t['since']} to {t['until']})" for t in shape["troubles"] if t["until"]]
    return told | {"troubles": now, "past_troubles": past}


def _rhythm(state: FeedState | None) -> dict[str, Any]:
    """When the feed usually has news; null throughout where nothing is known of that yet."""
    from monitor.feeds.rhythm import read_rhythm
    from monitor.feeds.silence import alarm_at, usual_longest

    rhythm = read_rhythm(state.rhythm) if state else None
    if state is None or rhythm is None or not rhythm.known:
        return dict.fromkeys(("usual_gap", "usual_longest", "silent_after", "rhythm"))
    alarm = alarm_at(rhythm, state.last_item_at) if state.last_item_at else None
    return {
        "usual_gap": round(3600 / rhythm.mean),
        "usual_longest": round(usual_longest(rhythm).total_seconds()),
        "silent_after": output.rfc3339(alarm),
        "rhythm": _numbers(rhythm),
    }


def _numbers(rhythm: Rhythm) -> dict[str, Any]:
    return {
        "zone": "UTC",
        "a_week": round(rhythm.mean * _WEEK_HOURS, 1),
        "seen": round(rhythm.seen, 1),
        "hours": [round(rate, 4) for rate in rhythm.rates],
    }


def _draw(config: Config, rhythm: dict[str, Any]) -> None:
    from zoneinfo import ZoneInfo

    from monitor.cli.rhythm_map import draw

    now = datetime.now(UTC).astimezone(ZoneInfo(config.timezone))
    output.out(f"{'rhythm':<14}  about {rhythm['a_week']:g} times a week; hours in {config.timezone}")
    for line in draw(rhythm["hours"], now):
        output.out(line)


def _troubles(state: FeedState) -> tuple[Episode, ...]:
    from monitor.store.episodes import all_of

    return all_of(context.reader(), state.id)


def _shown(troubles: tuple[Episode, ...], state: FeedState, rules: tuple[str, ...]) -> list[dict[str, Any]]:
    """The open troubles, and the latest past ones."""
    from monitor.cli.feed_troubles import PAST_SHOWN, shown

    open_now = [e for e in troubles if e.ended_at is None]
    past = [e for e in troubles if e.ended_at is not None][:PAST_SHOWN]
    return [shown(episode, state, rules) for episode in (*open_now, *past)]


def _gaps_today(state: FeedState | None) -> int:
    from monitor.store import sql
    from monitor.store.rows import to_db

    if state is None:
        return 0
    since = to_db(datetime.now(UTC) - timedelta(days=1))
    return sum(row["until"] >= since for row in context.reader().rows(sql.GAPS_OF, feed=state.id))


def _gaps(state: FeedState) -> list[dict[str, str | None]]:
    """The newest spans in which the feed may have dropped items that nobody saw."""
    from monitor.store import sql
    from monitor.store.rows import from_db

    rows = context.reader().rows(sql.GAPS_OF, feed=state.id)[:GAPS_SHOWN]
    return [{end: output.rfc3339(from_db(row[end])) for end in ("since", "until")} for row in rows]
