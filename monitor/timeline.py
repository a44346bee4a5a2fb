"""
A story as it is on record: who told it, when and how much of it is copied, and what became of each report.

Nothing is changed. A story's reports stand in the order in which they were fetched; what it is only related
to has a story of its own and stands apart.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from monitor.alerts import payload
from monitor.grouping import facts_of
from monitor.model import OutboxState, Reason, State
from monitor.store import sql
from monitor.store.rows import from_db, to_db
from monitor.stories.likeness import independent
from monitor.text.domains import registrable

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from monitor.model import Message
    from monitor.store.database import Reader
    from monitor.stories.likeness import Facts

FIRST = "first"  # what an article is to a story that it began


@dataclass(frozen=True, slots=True)
class Joined:
    """
    What an article is to a story that others began: `relation` and `level` as in `stories.likeness`.

    `score` is how much of the shorter text both share, from 0 to 1. `of` is the article it was held against,
    `of_outlet` and `of_title` are "" where that is no longer kept.
    """

    story: int
    relation: str
    level: str
    score: float
    of: int | None
    reason: str
    at: datetime
    of_outlet: str = ""
    of_title: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """
    What became of a report on one channel ("" = on none), under one rule; of an earlier message, under all.

    `changes` is what its message said had changed since the story was told.
    """

    channel: str
    rules: tuple[str, ...]
    feed: str
    state: State
    reason: Reason
    at: datetime
    outbox_id: int | None = None
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """One article of a story; `feeds` are all that showed it, the first one first."""

    article: int
    title: str
    url: str
    outlet: str
    feeds: tuple[str, ...]
    at: datetime
    published: datetime | None
    story: int
    join: Joined | None
    told: tuple[Told, ...] = ()

    @property
    def relation(self) -> str:
        """What it is to the story, in one word."""
        return self.join.relation if self.join else FIRST


@dataclass(frozen=True, slots=True)
class Timeline:
    """A story; `independent` is how many of its outlets wrote for themselves, as far as texts tell."""

    story: int
    reports: tuple[Report, ...]
    related: tuple[Report, ...]
    outlets: tuple[str, ...]
    independent: int

    @property
    def feeds(self) -> tuple[str, ...]:
        """The feeds that showed a report of it, in the order of the reports."""
        return tuple(dict.fromkeys(feed for report in self.reports for feed in report.feeds))


def timeline(reader: Reader, story: int) -> Timeline:
    """Everything on record of a story; without reports where it is not stored (any more)."""
    rows = reader.rows(sql.REPORTS_OF_STORY, story=story)
    shown: dict[int, list[str]] = defaultdict(list)
    for row in reader.rows(sql.FEEDS_OF_STORY, story=story):
        shown[row["article_id"]].append(row["name"])
    told = _told(reader, story, {row["url"]: row["id"] for row in reversed(rows)})
    known = {row["id"]: (_outlet(row), row["title"]) for row in rows}
    reports = tuple(
        Report(
            article=row["id"],
            title=row["title"],
            url=row["url"],
            outlet=_outlet(row),
            feeds=tuple(shown[row["id"]]) or (row["feed"],),
            at=_moment(row["fetched_at"]),
            published=from_db(row["published"]),
            story=story,
            join=_joined(row, story, known) if row["relation"] is not None else None,
            told=tuple(told[row["id"]]),
        )
        for row in rows
    )
    return Timeline(
        story=story,
        reports=reports,
        related=tuple(_related(row, known) for row in reader.rows(sql.RELATED_TO_STORY, story=story)),
        outlets=outlets_of(row["source"] or row["feed"] for row in rows),
        independent=independent([_facts(row) for row in rows]),
    )


def outlets_of(sources: Iterable[str]) -> tuple[str, ...]:
    """The outlets behind hosts, each once: pages of one registered domain are of one outlet."""
    return tuple(dict.fromkeys(registrable(source) for source in sources if source))


def joined(reader: Reader, article: int) -> Joined | None:
    """What an article is to a story that others began; None for one that began its own."""
    row = reader.row(sql.STORY_JOIN, article=article)
    if row is None:
        return None
    of = reader.row(sql.ARTICLE, id=row["of_article_id"]) if row["of_article_id"] is not None else None
    known = {of["id"]: (_outlet(of), of["title"])} if of is not None else {}
    return _joined(row, row["story_id"], known)


def told_by_several(reader: Reader, since: datetime) -> int:
    """How many stories several outlets told, by the articles that were fetched since then."""
    sources: dict[int, list[str]] = defaultdict(list)
    for row in reader.rows(sql.STORIES_SHARED, since=to_db(since)):
        sources[row["story_id"]].append(row["source"])
    return sum(len(outlets_of(each)) > 1 for each in sources.values())


def _joined(row: sqlite3.Row, story: int, known: dict[int, tuple[str, str]]) -> Joined:
    outlet, title = known.get(row["of_article_id"], ("", ""))
    return Joined(
        story=story,
        relation=row["relation"],
        level=row["level"],
        score=row["score"],
        of=row["of_article_id"],
        reason=row["reason"],
        at=_moment(row["at"]),
        of_outlet=outlet,
        of_title=title,
    )


def _related(row: sqlite3.Row, known: dict[int, tuple[str, str]]) -> Report:
    return Report(
        article=row["article_id"],
        title=row["title"],
        url=row["url"],
        outlet=_outlet(row),
        feeds=(row["feed"],),
        at=_moment(row["fetched_at"]),
        published=from_db(row["published"]),
        story=row["own_story"],
        join=_joined(row, row["story_id"], known),
    )


def _told(reader: Reader, story: int, urls: Mapping[str, int]) -> dict[int, list[Told]]:
    """What became of each article of a story, in the order in which it was decided."""
    messages = {row["id"]: row for row in reader.rows(sql.MESSAGES_OF_STORY, story=story)}
    said = {number: payload.load(row["payload"]) for number, row in messages.items() if row["payload"]}
    rows = reader.rows(sql.LEDGER_OF_STORY, story=story)
    found: dict[int, list[Told]] = defaultdict(list)
    # The ledger says of a match what became of it last: of an edited item that rang again, the update.
    for number in sorted(said.keys() - {row["outbox_id"] for row in rows}):
        earlier = said[number]
        article = urls.get(earlier.url, next(iter(urls.values()), 0))
        found[article].append(_earlier(messages[number], earlier))
    for row in rows:
        message = said.get(row["outbox_id"])
        found[row["article_id"]].append(
            Told(
                channel=row["channel"],
                rules=(row["rule"],),
                feed=row["feed"],
                state=State(row["state"]),
                reason=Reason.of(row["reason"]),
                at=_moment(row["at"]),
                outbox_id=row["outbox_id"],
                changes=message.changes if message is not None else (),
            )
        )
    return found


def _earlier(row: sqlite3.Row, message: Message) -> Told:
    """A message whose match has come to another end since."""
    state = _LEDGER_WORDS.get(OutboxState(row["state"]), State.WAITING)
    reason = Reason.DELIVERED if state is State.SENT else Reason.of(row["reason"] or Reason.FIRST.word)
    return Told(
        channel=row["channel"],
        rules=message.rules,
        feed=message.feed,
        state=state,
        reason=reason,
        at=_moment(row["at"]),
        outbox_id=row["id"],
        changes=message.changes,
    )


_LEDGER_WORDS = {
    OutboxState.SENT: State.SENT,
    OutboxState.DEAD: State.DEAD,
    OutboxState.DROPPED: State.DROPPED,
    OutboxState.HELD: State.HELD,
}


def _facts(row: sqlite3.Row) -> Facts:
    """A stored article as it is compared; where no address names an outlet its feed does."""
    return replace(facts_of(row, row["story_id"], head=False), outlet=_outlet(row))


def _outlet(row: sqlite3.Row) -> str:
    return registrable(row["source"]) or str(row["feed"])


def _moment(text: str) -> datetime:
    moment = from_db(text)
    assert moment is not None, "the column is not null"
    return moment
