"""What `tocsin status` says of what is seen: feeds in trouble, and of how many feeds each rule hears."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from monitor.cli import output
from monitor.cli.feed_troubles import certain, open_by_feed, rules_by_feed, shown
from monitor.cli.status_words import SHOWN, headed, moment, when
from monitor.cli.veil import veil

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from monitor.seeing import RuleSight
    from monitor.settings import Config
    from monitor.store.database import Reader
    from monitor.store.rows import FeedState

NOTHING: Mapping[str, Any] = {
    "feeds_blind": 0,
    "feeds_changed": 0,
    "feeds_due": 0,
    "failing": [],
    "failures": [],
    "silent": [],
    "troubles": [],
    "blind": [],
    "rules": {"total": 0, "whole": 0, "blind": 0},
    "sight": [],
}


def nothing_yet(config: Config | None) -> dict[str, Any]:
    """The keys of `feeds` and `NOTHING` before the first run."""
    feeds = config.feeds if config else ()
    rules = sum(rule.enabled for rule in config.rules) if config else 0
    count = sum(feed.enabled for feed in feeds)
    counts = {"total": count, "ok": 0, "failing": 0, "silent": 0, "disabled": len(feeds) - count}
    return {"feeds": counts, **NOTHING, "rules": {"total": rules, "whole": 0, "blind": 0}}


def gather(config: Config | None, reader: Reader, now: datetime) -> dict[str, Any]:
    """The feeds by how they fare, the certain troubles, the oldest first, and what each rule sees."""
    from monitor.seeing import Reach, Sight, feed_sights

    states, total, disabled = _feeds(config, reader)
    sights = feed_sights(reader, {state.name for state in states}, now)
    named = {sight: sorted(f.name for f in sights.values() if f.sight is sight) for sight in Sight}
    report = Reach(config.rules, (f for f in config.feeds if f.enabled)).report(sights) if config else []
    blind = [rule for rule in report if rule.blind]
    return {
        "feeds": {
            "total": total,
            "ok": len(named[Sight.SEEN]),
            "failing": len(named[Sight.FAILING]),
            "silent": len(named[Sight.SILENT]),
            "disabled": disabled,
        },
        "feeds_blind": sum(f.blind for f in sights.values()),
        "feeds_changed": sum(f.changed for f in sights.values()),
        "feeds_due": sum(f.due for f in sights.values()),
        "failing": named[Sight.FAILING],
        "failures": _failures(states, named[Sight.FAILING]),
        "silent": named[Sight.SILENT],
        "troubles": _troubles(config, reader, states),
        "blind": [_shape(rule) | {"blind": list(rule.blind)} for rule in blind],
        "rules": {"total": len(report), "whole": sum(r.whole for r in report), "blind": len(blind)},
        "sight": [_shape(rule) | {"blind": len(rule.blind)} for rule in report if not rule.whole],
    }


def _shape(rule: RuleSight) -> dict[str, Any]:
    names = ("rule", "feeds", "seen", "failing", "silent", "new", "changed")
    return {name: getattr(rule, name) for name in names} | {"rule": veil().rule(rule.rule)}


def _feeds(config: Config | None, reader: Reader) -> tuple[list[FeedState], int, int]:
    """The rows of the feeds that are watched, how many these should be, and how many are switched off."""
    from monitor.store import sql
    from monitor.store.rows import FeedState, read

    states = [read(FeedState, row) for row in reader.rows(sql.FEEDS)]
    if config is None:  # the database remembers those that were configured last
        known = [s for s in states if s.retired_at is None]
        watched = [s for s in known if s.next_poll_at is not None or s.gone]
        return watched, len(watched), len(known) - len(watched)
    wanted = {f.name for f in config.feeds if f.enabled}
    return [s for s in states if s.name in wanted], len(wanted), len(config.feeds) - len(wanted)


def _failures(states: Sequence[FeedState], failing: Sequence[str]) -> list[dict[str, Any]]:
    """Why feeds fail, in the words of their last polls: the commonest first, each with its feeds."""
    feeds: dict[str, list[str]] = {}
    for state in states:
        if state.name in failing and state.last_message:
            feeds.setdefault(state.last_message, []).append(state.name)
    found = [{"why": why, "feeds": sorted(names)} for why, names in feeds.items()]
    return sorted(found, key=lambda one: (-len(one["feeds"]), one["why"]))


def _troubles(config: Config | None, reader: Reader, states: Sequence[FeedState]) -> list[dict[str, Any]]:
    """Those that are certain, the oldest first, with the rules that hear of their feeds."""
    troubles = open_by_feed(reader)
    found = [(episode, state) for state in states for episode in certain(troubles.get(state.id, ()), state)]
    found.sort(key=lambda pair: pair[0].since)
    rules = rules_by_feed(config, {state.name for _, state in found}) if config else {}
    return [shown(episode, state, rules.get(state.name, ())) for episode, state in found]


def lines(found: Mapping[str, Any], now: datetime) -> list[str]:
    """The same for people, as many as a person reads."""
    return [
        _feed_line(found),
        *_failure_lines(found["failures"]),
        *_trouble_lines(found["troubles"], now),
        *_blind_lines(found),
    ]


def _feed_line(found: Mapping[str, Any]) -> str:
    feeds = found["feeds"]
    failing = f", {feeds['failing']} failing ({_names(found['failing'])})" if feeds["failing"] else ""
    quiet = f", {feeds['silent']} silent ({_names(found['silent'])})" if feeds["silent"] else ""
    unasked = feeds["total"] - feeds["ok"] - feeds["failing"] - feeds["silent"]
    new = f", {unasked} not polled yet" if unasked > 0 else ""
    off = f", {feeds['disabled']} disabled" if feeds["disabled"] else ""
    return f"feeds    {feeds['total']}: {feeds['ok']} ok{failing}{quiet}{new}{off}"


def _failure_lines(failures: Sequence[Mapping[str, Any]]) -> list[str]:
    said = [f"{_names(one['feeds'])}: {output.printable(one['why'])}" for one in failures[:SHOWN]]
    if len(failures) > SHOWN:
        said.append(f"and {len(failures) - SHOWN} more reasons: tocsin feeds list")
    return headed("why", said)


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def _trouble_lines(troubles: Sequence[Mapping[str, Any]], now: datetime) -> list[str]:
    said = [
        f"{t['feed']} is {output.printable(t['text'])}{when(', since', moment(t['since']), now)}"
        for t in troubles[:SHOWN]
    ]
    if len(troubles) > SHOWN:
        said.append(f"and {len(troubles) - SHOWN} more: tocsin feeds list")
    return headed("trouble", [output.colour(line, "yellow") for line in said])


def _blind_lines(found: Mapping[str, Any]) -> list[str]:
    """Rules that hear nothing of some feeds, the worst first."""
    blind, rules = found["blind"], found["rules"]
    if not blind:
        return []
    worst = sorted(blind, key=lambda b: -len(b["blind"]) / max(b["feeds"], 1))
    said = [
        f"{one['rule']}: {len(one['blind'])} of its {one['feeds']} feeds for over 2 h"
        f" ({_names(one['blind'])}); sees {one['seen']}"
        for one in worst[:SHOWN]
    ]
    if len(worst) > SHOWN:
        said.append(f"and {len(worst) - SHOWN} more rules: tocsin status --json")
    said.append(f"of {rules['total']} rules {rules['whole']} see all of their feeds")
    return headed("blind", said)
