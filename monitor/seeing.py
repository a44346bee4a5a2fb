"""
What is seen and what is not: how each feed fares, and of how many of its feeds a rule hears nothing.

A feed is in exactly one state. It is *failing* where its last poll failed or its server said that it is gone,
*silent* where its rhythm says that something should have come (a frozen document is such a silence), *new*
where it was never read, else *seen*. It is *blind* where nothing came from it for over two hours because of
one trouble. One in another language, or answered by another domain, is seen, and counted as *changed* beside.

`status`, the digest of notices and the metrics all ask here, so that their figures are the same.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from monitor.alerts.confidential import SOME_RULE as CONFIDENTIAL
from monitor.feeds.watch import BLINDING, HEARD, QUIET, Trouble, ripe
from monitor.model import value
from monitor.rules.reach import meets
from monitor.store import episodes, sql
from monitor.store.rows import from_db

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime
    from typing import Any, Protocol

    from monitor.settings import FeedConfig, RuleConfig
    from monitor.store.rows import Episode

    class Rows(Protocol):
        """What both a transaction and a reader can do."""

        def rows(self, statement: str, **params: Any) -> list[sqlite3.Row]:
            """All rows of a query."""


BLIND_AFTER = timedelta(hours=2)


class Sight(StrEnum):
    """How a feed fares: the word that is shown."""

    SEEN = "seen"
    FAILING = "failing"
    SILENT = "silent"
    NEW = "new"


@value
class FeedSight:
    """
    What is to be said of one feed that is watched.

    `blind`: nothing has come for over two hours, `sure` that this has lasted for long enough to tell people.
    `trouble` is the worst of its troubles that is sure, and `since` its beginning; `due` = it waits for its
    poll now.
    """

    name: str
    sight: Sight
    blind: bool = False
    sure: bool = False
    changed: bool = False
    trouble: Trouble | None = None
    since: datetime | None = None
    due: bool = False


@value
class RuleSight:
    """Of how many of its feeds a rule hears what; `blind` and `sure` name those, see `FeedSight`."""

    rule: str
    feeds: int
    seen: int = 0
    failing: int = 0
    silent: int = 0
    new: int = 0
    changed: int = 0
    blind: tuple[str, ...] = ()
    sure: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether all of its feeds are seen, as they always were."""
        return self.seen == self.feeds and not self.changed


def nothing_comes(troubles: Iterable[Episode], now: datetime) -> bool:
    """Whether nothing has come from a feed for over two hours because of one of these."""
    kinds = BLINDING | QUIET
    return any(e.kind in kinds and now - e.since > BLIND_AFTER for e in troubles)


def feed_sights(source: Rows, wanted: Collection[str], now: datetime) -> dict[str, FeedSight]:
    """How each of the wanted feeds fares that the database knows, by its name."""
    troubles: dict[int, list[Episode]] = defaultdict(list)
    for episode in episodes.all_open(source):
        troubles[episode.feed_id].append(episode)
    found = {}
    for row in source.rows(sql.FEEDS_SIGHT):
        if row["name"] in wanted:
            found[row["name"]] = _sight(row, troubles.get(row["id"], ()), now)
    return found


def _sight(row: sqlite3.Row, troubles: Sequence[Episode], now: datetime) -> FeedSight:
    failing = bool(row["failures"] or row["gone"])
    if failing:
        sight = Sight.FAILING
    elif any(e.kind in QUIET for e in troubles):
        sight = Sight.SILENT
    else:
        sight = Sight.SEEN if row["last_good_at"] else Sight.NEW
    next_poll = from_db(row["next_poll_at"])
    due = next_poll is not None and next_poll <= now
    if not troubles:
        return FeedSight(row["name"], sight, due=due)
    polled = from_db(row["last_poll_at"]) or now
    sure = [e for e in troubles if e.told_at is not None or ripe(episodes.as_known(e), polled)]
    worst = min(sure, key=lambda e: (e.kind in HEARD, e.since), default=None)
    return FeedSight(
        row["name"],
        sight,
        blind=nothing_comes(troubles, now),
        sure=nothing_comes(sure, now),
        changed=any(e.kind in HEARD for e in sure),
        trouble=Trouble(worst.kind) if worst else None,
        since=worst.since if worst else None,
        due=due,
    )


class Reach:
    """
    Which of the feeds each rule hears of; rules that choose their feeds alike are looked at once.

    `feeds` are those that are watched. It may be kept for as long as the configuration is in force.
    """

    def __init__(self, rules: Iterable[RuleConfig], feeds: Iterable[FeedConfig]) -> None:
        self.rules = tuple(rule for rule in rules if rule.enabled)
        self._feeds = tuple(feeds)
        self._names: dict[object, frozenset[str]] = {}

    @property
    def feeds(self) -> frozenset[str]:
        """The names of the feeds that are watched."""
        return frozenset(feed.name for feed in self._feeds)

    def of(self, rule: RuleConfig) -> frozenset[str]:
        """The names of the feeds whose articles may pass the rule."""
        choice = (rule.feeds, rule.tags, rule.lang)
        if choice not in self._names:
            self._names[choice] = frozenset(f.name for f in self._feeds if meets(f, *choice))
        return self._names[choice]

    def report(self, sights: Mapping[str, FeedSight]) -> list[RuleSight]:
        """What each rule sees, in the rules' order; a feed that the database does not know yet is new."""
        odd = {
            name: sight
            for name in self.feeds
            if (sight := sights.get(name) or FeedSight(name, Sight.NEW)).sight is not Sight.SEEN
            or sight.changed
            or sight.blind
        }
        known: dict[frozenset[str], RuleSight] = {}
        found = []
        for rule in self.rules:
            names = self.of(rule)
            if names not in known:
                known[names] = _rule_sight([odd[n] for n in sorted(odd.keys() & names)], len(names))
            one = known[names]
            found.append(
                RuleSight(
                    rule.name, one.feeds, one.seen, one.failing, one.silent, one.new, one.changed,
                    one.blind, one.sure,
                )
            )  # fmt: skip
        return found


def _rule_sight(odd: Sequence[FeedSight], feeds: int) -> RuleSight:
    """For any rule that hears of so many feeds, of which these are not simply seen."""
    count = Counter(feed.sight for feed in odd)
    unseen = len(odd) - count[Sight.SEEN]
    return RuleSight(
        "",
        feeds,
        seen=feeds - unseen,
        failing=count[Sight.FAILING],
        silent=count[Sight.SILENT],
        new=count[Sight.NEW],
        changed=sum(feed.changed for feed in odd),
        blind=tuple(feed.name for feed in odd if feed.blind),
        sure=tuple(feed.name for feed in odd if feed.sure),
    )


def label_of(rule: RuleConfig) -> str:
    """What a rule is called where others may read it: in messages and metrics."""
    return CONFIDENTIAL if rule.secret else rule.name


def breakdown(sight: RuleSight) -> str:
    """Why a rule does not see some of its feeds: "20 failing, 8 silent"; "" where it sees all."""
    parts = (
        (sight.failing, "failing"),
        (sight.silent, "silent"),
        (sight.new, "not read yet"),
        (sight.changed, "changed"),
    )
    return ", ".join(f"{number} {word}" for number, word in parts if number)
