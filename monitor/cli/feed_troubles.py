"""What verbs say of feeds in trouble: what is open, in which words, and which rules it leaves blind."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from monitor.cli import output
from monitor.cli.veil import veil

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
