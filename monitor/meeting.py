"""What is decided on: an article as one feed showed it, and what was told of its story before."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.alerts.confidential import KIND
from monitor.alerts.decide import Told
from monitor.model import Severity
from monitor.store import sql
from monitor.store.rows import from_db

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from monitor.alerts.decide import Sighted
    from monitor.model import Article
    from monitor.store.tx import Tx
    from monitor.stories.versions import Version


@dataclass(frozen=True, slots=True)
class Meeting:
    """
    An article as one feed showed it.

    `new_story` is its story if it was stored just now: nothing was told of it. `before` are the forms an
    edited item had, or in which another feed showed it. `may_wait`: its page will be read, which may tell a
    copy from a report of its own; where it was (`page_read`), those of the others it looks like. `held` are
    the rules that held for an edited item before.
    """

    article_id: int
    feed_id: int
    article: Article
    sighted: Sighted
    now: datetime
    late: bool = False
    new_story: int | None = None
    before: tuple[Version, ...] = ()
    may_wait: bool = False
    page_read: bool = False
    held: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Rung:
    """What the matches of one article led to; `alike` are articles of alerts it waits to be compared with."""

    matched: int = 0
    silent: int = 0
    notifications: int = 0
    collected: int = 0
    alike: frozenset[int] = frozenset()

    def __add__(self, other: Rung) -> Rung:
        """Both together."""
        return Rung(
            self.matched + other.matched,
            self.silent + other.silent,
            self.notifications + other.notifications,
            self.collected + other.collected,
            self.alike | other.alike,
        )


@dataclass(frozen=True, slots=True)
class Sent:
    """What was told of a story, and when each channel heard of it last."""

    told: Told = field(default_factory=Told)
    last: Mapping[str, datetime] = field(default_factory=dict)


def sent_about(tx: Tx, met: Meeting, story_id: int, window: float | None, *, sealed: bool) -> Sent:
    """
    What was told of a story within the window (seconds); of this very article, ever.

    What is on its way counts as told. Notices of secret rules (`sealed`) and all else tell nothing of
    each other: see `alerts.confidential`.
    """
    if met.new_story is not None and story_id == met.new_story:
        return Sent()
    since = met.now - timedelta(seconds=window or 0.0)
    channels: dict[str, Severity] = {}
    weakly: dict[str, Severity] = {}
    last: dict[str, datetime] = {}
    for row in tx.rows(sql.TOLD, story=story_id, article=met.article_id):
        at, channel, severity = from_db(row["at"]), row["channel"], Severity(row["severity"])
        assert at is not None
        if (row["kind"] == KIND) is not sealed:
            continue
        if row["state"] == "sent" and at < since and not row["own"]:
            continue
        found = channels if row["strong"] else weakly
        found[channel] = max(severity, found.get(channel, severity))
        if row["state"] != "held":  # nobody has heard of that yet
            last[channel] = max(at, last.get(channel, at))
    rules = tx.rows(sql.ALERTS_OF_STORY, story=story_id)
    return Sent(Told(channels, frozenset(row["rule"] for row in rules), weakly), last)
