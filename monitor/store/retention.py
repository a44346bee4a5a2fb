"""
What grows old goes: articles with all that hangs on them, seen marks, old feeds, the index of texts.

Theory of operation. A story is the unit: its articles, matches, alerts, ledger rows, notifications and
attempts go together, so that what stays always adds up. It goes when all its articles were fetched before the
limit, no feed lists any of them still, and nothing of it is still on its way. Seen marks stay for a year:
they are why an old item that comes back is not news. Before a row goes, the highest id its table ever gave
is written down, for marks and messages that outlive it must never find another row under its id.

All is done in small steps, each a unit of work of its own with the place it has come to as its value: a match
never waits long behind one, and a pruning that is interrupted begins again where there is something to do.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import IntEnum
from typing import TYPE_CHECKING

from monitor.store import sql
from monitor.store.rows import from_db, to_db
from monitor.store.story_index import expire
from monitor.store.tx import TABLES_WITH_IDS
from monitor.stories.index import DAYS, SLICES, day_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from monitor.store.tx import Tx

MARKS_KEPT = timedelta(days=365)  # after an item was last seen, a feed or a rule removed
REFRESHED = timedelta(days=1)  # the mark of an item that is still listed is at most so old
LINES_KEPT = timedelta(days=8)  # a paragraph counts for a week (`boilerplate.WINDOW`)
ROBOTS_KEPT = timedelta(days=1)
STORIES = 100  # looked at in one step
MARKS = 1000
PAGES = 200
SLICES_AT_ONCE = 64  # of the index of texts, most of which hold little
SPARE = 0.1  # of the file may be free pages: what tomorrow brings fills them again

_STORY_TABLES = (
    "attempts",
    "ledger",
    "outbox",
    "alerts",
    "matches",
    "pages",
    "story_joins",
    "articles",
    "stories",
)
_STORY_DROPS = (
    sql.STORY_DROP_ATTEMPTS,
    sql.STORY_DROP_LEDGER,
    sql.STORY_DROP_OUTBOX,
    sql.STORY_DROP_ALERTS,
    sql.STORY_DROP_MATCHES,
    sql.STORY_DROP_PAGES,
    sql.STORY_DROP_STORY_JOINS,
    sql.STORY_DROP_ARTICLES,
    sql.STORY_DROP_STORIES,
)


class Stage(IntEnum):
    """What is looked at, in this order: a feed can go only after all that refers to it."""

    STORIES = 0
    SUNDRIES = 1
    MARKS = 2
    FEEDS = 3
    SHINGLES = 4
    DONE = 5


@dataclass(frozen=True, slots=True)
class Limits:
    """What was fetched or said before `articles`, or last seen or removed before `marks`, may go."""

    now: datetime
    articles: datetime
    marks: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """How far a pruning has come: the stage, the last key looked at, and how many rows of each table went."""

    stage: Stage = Stage.STORIES
    after: tuple[str | int, int] = ("", 0)
    seen: int = 0  # articles looked at
    removed: Mapping[str, int] = field(default_factory=dict)

    def on(self, **removed: int) -> Place:
        """The same place with more rows removed."""
        counts = dict(self.removed)
        for table, count in removed.items():
            if count:
                counts[table] = counts.get(table, 0) + count
        return replace(self, removed=counts)


def limits(retention: float, now: datetime) -> Limits:
    """What may go at `now` when articles are kept for `retention` seconds; marks never go before articles."""
    kept = timedelta(seconds=retention)
    return Limits(now, now - kept, now - max(MARKS_KEPT, kept))


def still_listed(last_seen_at: datetime, document_at: datetime | None, retired_at: datetime | None) -> bool:
    """Whether a feed's current document lists the item: an unchanged document refreshes no mark."""
    return retired_at is None and document_at is not None and last_seen_at >= document_at - REFRESHED


def prune_step(tx: Tx, place: Place, limit: Limits) -> Place:
    """Look at the next few rows, remove what may go, and return how far this went."""
    step = (_stories, _sundries, _marks, _feeds, _shingles)[place.stage]
    after = step(tx, place, limit)
    return replace(after, after=(0, 0)) if after.stage is not place.stage else after


def shrink_step(tx: Tx, spare: float = SPARE) -> int:
    """
    Give a few free pages back to the file system; returns how many went.

    `spare` is the share of the file that may stay free. A file without incremental vacuum keeps its size.
    """
    (mode,), (pages,), (free,) = (
        tx.row(f"PRAGMA {name}") or (0,) for name in ("auto_vacuum", "page_count", "freelist_count")
    )
    going = min(int(free - pages * spare), PAGES) if mode == 2 else 0
    for _ in range(going):
        # Python's sqlite3 takes but one step of this pragma, whatever the number of pages asked for.
        tx.run("PRAGMA incremental_vacuum(1)")
    return max(going, 0)


def _stories(tx: Tx, place: Place, limit: Limits) -> Place:
    time, number = place.after
    before = to_db(limit.articles)
    rows = tx.rows(sql.OLD_STORIES, before=before, after_time=time, after_id=number, count=STORIES)
    gone: set[int] = set()
    looked_at: set[int] = set()  # one story may have thousands of articles
    removed = dict.fromkeys(_STORY_TABLES, 0)
    for row in rows:
        story = row["story_id"]
        if story in looked_at:
            continue
        looked_at.add(story)
        if not _may_go(tx, story, limit):
            continue
        if not gone:
            tx.remember_ids(TABLES_WITH_IDS.intersection(_STORY_TABLES), to_db(limit.now))
        gone.add(story)
        for table, drop in zip(_STORY_TABLES, _STORY_DROPS, strict=True):
            removed[table] += tx.run(drop, story=story)
    place = replace(place.on(**removed), seen=place.seen + len(rows))
    if len(rows) < STORIES:
        return replace(place, stage=Stage.SUNDRIES)
    return replace(place, after=(rows[-1]["fetched_at"], rows[-1]["id"]))


def _may_go(tx: Tx, story: int, limit: Limits) -> bool:
    if tx.row(sql.STORY_YOUNG, story=story, before=to_db(limit.articles)) is not None:
        return False
    for row in tx.rows(sql.STORY_SIGHTINGS, story=story):
        seen = from_db(row["last_seen_at"])
        assert seen is not None
        if seen >= limit.articles or still_listed(
            seen, from_db(row["document_at"]), from_db(row["retired_at"])
        ):
            return False
    waiting = tx.row(sql.STORY_UNSENT, story=story) or tx.row(sql.STORY_WAITING, story=story)
    return waiting is None


def _sundries(tx: Tx, place: Place, limit: Limits) -> Place:
    """Notices, their notifications, gaps, ended troubles, what hosts are known for, old rules."""
    before = to_db(limit.articles)
    loose = [row["id"] for row in tx.rows(sql.LOOSE_OUTBOX, before=before, count=STORIES)]
    notices = [row["id"] for row in tx.rows(sql.OLD_NOTICES, before=before, count=STORIES)]
    gaps = [row["id"] for row in tx.rows(sql.OLD_GAPS, before=before, count=STORIES)]
    episodes = [row["id"] for row in tx.rows(sql.OLD_EPISODES, before=before, count=STORIES)]
    if loose or notices or gaps or episodes:
        tx.remember_ids(("attempts", "outbox", "notices", "gaps", "episodes"), to_db(limit.now))
    attempts = sum(tx.run(sql.OUTBOX_DROP_ATTEMPTS, outbox=one) for one in loose)
    tx.run_many(sql.OUTBOX_DROP, [{"outbox": one} for one in loose])
    tx.run_many(sql.NOTICE_DROP, [{"notice": one} for one in notices])
    tx.run_many(sql.GAP_DROP, [{"gap": one} for one in gaps])
    tx.run_many(sql.EPISODE_DROP, [{"episode": one} for one in episodes])
    tx.remember_ids(("silences",), to_db(limit.now))
    tx.run(sql.SILENCES_EXPIRE, before=before)
    tx.run(sql.OLD_HOST_PAUSES, before=to_db(limit.now))
    paragraphs = tx.run(sql.OLD_PARAGRAPHS, before=to_db(limit.now - LINES_KEPT), count=MARKS)
    aliases = tx.run(sql.OLD_ALIASES, before=to_db(limit.marks), count=MARKS)
    tx.run(sql.OLD_PAGE_HOSTS, before=to_db(limit.now - ROBOTS_KEPT))
    rules = [row["name"] for row in tx.rows(sql.OLD_RULES, before=to_db(limit.marks))]
    tx.run_many(sql.RULE_DROP, [{"rule_name": one} for one in rules])
    place = place.on(
        attempts=attempts,
        outbox=len(loose),
        notices=len(notices),
        gaps=len(gaps),
        episodes=len(episodes),
        rules=len(rules),
        paragraphs=paragraphs,
        aliases=aliases,
    )
    more = STORIES in (len(loose), len(notices), len(gaps), len(episodes)) or MARKS in (paragraphs, aliases)
    return place if more else replace(place, stage=Stage.MARKS)


def _marks(tx: Tx, place: Place, limit: Limits) -> Place:
    feed, article = place.after
    rows = tx.rows(sql.MARKS_AFTER, after_feed=feed, after_article=article, count=MARKS)
    gone = []
    before = to_db(limit.marks) or ""
    for row in rows:
        if row["last_seen_at"] >= before:  # stored times are text whose order is that of time
            continue
        seen = from_db(row["last_seen_at"])
        assert seen is not None
        if not still_listed(seen, from_db(row["document_at"]), from_db(row["retired_at"])):
            gone.append({"feed": row["feed_id"], "article": row["article_id"]})
    if gone:
        tx.remember_ids(("articles",), to_db(limit.now))
        tx.run_many(sql.MARK_DROP, gone)
    place = place.on(sightings=len(gone))
    if len(rows) < MARKS:
        return replace(place, stage=Stage.FEEDS)
    return replace(place, after=(rows[-1]["feed_id"], rows[-1]["article_id"]))


def _feeds(tx: Tx, place: Place, limit: Limits) -> Place:
    """Feeds that were removed long ago and to which nothing refers any more."""
    feeds = [row["id"] for row in tx.rows(sql.OLD_FEEDS, before=to_db(limit.marks), count=STORIES)]
    if feeds:
        tx.remember_ids(("feeds", "gaps", "episodes"), to_db(limit.now))
    pages = sum(tx.run(sql.FEED_DROP_PAGES, feed_id=one) for one in feeds)  # of articles of other feeds
    gaps = sum(tx.run(sql.FEED_DROP_GAPS, feed_id=one) for one in feeds)
    episodes = sum(tx.run(sql.FEED_DROP_EPISODES, feed_id=one) for one in feeds)
    tx.run_many(sql.FEED_DROP, [{"feed_id": one} for one in feeds])
    place = place.on(pages=pages, gaps=gaps, episodes=episodes, feeds=len(feeds))
    return place if len(feeds) == STORIES else replace(place, stage=Stage.SHINGLES)


def _shingles(tx: Tx, place: Place, limit: Limits) -> Place:
    """What no article is compared with any more, slice by slice until some rows went."""
    first, before, gone = place.after[1], day_of(limit.now) - DAYS, 0
    part = first
    while part < min(first + SLICES_AT_ONCE, SLICES) and gone <= MARKS:
        gone += expire(tx, part, before)
        part += 1
    return replace(place, after=("", part)) if part < SLICES else replace(place, stage=Stage.DONE)
