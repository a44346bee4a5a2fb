"""What verbs say of feeds in trouble: what is open, in which words, and which rules it leaves blind."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from monitor.cli import output
from monitor.cli.veil import veil

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from monitor.settings import Config
    from monitor.store.database import Reader
    from monitor.store.rows import Episode, FeedState

PAST_SHOWN = 10


def open_by_feed(reader: Reader) -> dict[int, list[Episode]]:
    """The troubles that are not over, by the feed's number in the database."""
    from monitor.store.episodes import all_open

    found: dict[int, list[Episode]] = defaultdict(list)
    for episode in all_open(reader):
        found[episode.feed_id].append(episode)
    return found


def word_for(troubles: Iterable[Episode], *, failing: bool) -> str:
    """The word for how a feed fares that is asked at all: that of its worst trouble, else "ok"."""
    from monitor.feeds.watch import BLINDING, QUIET, Trouble

    kinds = [Trouble(episode.kind) for episode in troubles]
    if failing:
        return next((k.value for k in kinds if k in BLINDING), Trouble.FAILING.value)
    order = (*sorted(QUIET), Trouble.DOMAIN, Trouble.LANGUAGE)
    certain = [k for k, e in zip(kinds, troubles, strict=True) if _is_certain(e)]
    return next((k.value for k in order if k in certain), "ok")


def is_silent(troubles: Iterable[Episode]) -> bool:
    """Whether one of them is silence, with or without a changing document."""
    from monitor.feeds.watch import QUIET

    return any(episode.kind in QUIET for episode in troubles)


def shown(episode: Episode, state: FeedState, rules: Sequence[str]) -> dict[str, Any]:
    """A trouble as JSON has it; `state` is the feed's row."""
    from monitor.feeds.troubles import state as sentence
    from monitor.feeds.watch import Trouble

    return {
        "feed": state.name,
        "kind": episode.kind,
        "since": output.rfc3339(episode.since),
        "until": output.rfc3339(episode.ended_at),
        "text": sentence(Trouble(episode.kind), episode.detail),
        "told": output.rfc3339(episode.told_at),
        "rules": veil().rules(rules),
    }


def certain(troubles: Iterable[Episode], state: FeedState) -> list[Episode]:
    """Those that have lasted for long enough to speak of them."""
    return [e for e in troubles if _is_certain(e, state.last_poll_at)]


def _is_certain(episode: Episode, seen: datetime | None = None) -> bool:
    from monitor.feeds.watch import ripe
    from monitor.store.episodes import as_known

    return episode.told_at is not None or ripe(as_known(episode), seen or datetime.now(UTC))


def rules_by_feed(config: Config, feeds: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """For each of these feeds, the enabled rules that its articles may pass."""
    from monitor.rules.reach import reaches

    by_name = {feed.name: feed for feed in config.feeds}
    rules = [rule for rule in config.rules if rule.enabled]
    return {
        name: tuple(rule.name for rule in rules if reaches(rule, by_name[name]))
        for name in feeds
        if name in by_name
    }


def blind_rules(config: Config, blind: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    """
    For each rule that hears nothing of some of its feeds: how many feeds it has and which are blind.

    `blind` gives the rules of each feed that nothing comes from.
    """
    from monitor.rules.reach import reaches

    lost: dict[str, list[str]] = defaultdict(list)
    for feed, rules in blind.items():
        for rule in rules:
            lost[rule].append(feed)
    enabled = [feed for feed in config.feeds if feed.enabled]
    return [
        {
            "rule": veil().rule(rule.name),
            "feeds": sum(reaches(rule, feed) for feed in enabled),
            "blind": sorted(lost[rule.name]),
        }
        for rule in config.rules
        if rule.name in lost
    ]


def nothing_comes(troubles: Iterable[Episode], now: datetime) -> bool:
    """Whether nothing has come from a feed for over two hours because of one of these."""
    from monitor.feeds.watch import BLINDING, QUIET

    kinds = BLINDING | QUIET
    return any(e.kind in kinds and now - e.since > timedelta(hours=2) for e in troubles)
