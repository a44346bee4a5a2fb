"""
Which story an article tells, inside the transaction: look for its like, compare, join.

Only articles that a rule held for are filed: a story matters once somebody was told of it. What decides is
pure (`stories.likeness`, `stories.updates`); this module reads for it and writes what it says.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from monitor.articles.summary import WHOLE_CHARS
from monitor.store import sql
from monitor.store.confidential import kept_rules
from monitor.store.rows import from_db, to_db
from monitor.store.story_index import insert, look_up
from monitor.stories.index import day_of
from monitor.stories.likeness import (
    NOTHING,
    TITLES_AGREE,
    Facts,
    Likeness,
    Relation,
    independent,
    of_article,
    relate,
)
from monitor.stories.shingles import probe, shingles, sketch
from monitor.stories.titles import title_marks, title_score, title_words
from monitor.stories.updates import Change, Signal, grown, is_live, signals
from monitor.text.domains import registrable

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from monitor.store.tx import Tx
    from monitor.stories.index import Found
    from monitor.stories.versions import Version

MOST_MEMBERS = 24  # of a story that an article is compared with, the youngest and the head
_SAME = 0.9  # of the filed part of a text that make it one an item had before
_FIGURES = (Change.NUMBER, Change.OUTCOME, Change.CORRECTION)  # a few words change with them
MOST_RECENT = 300  # alerts that a new one is compared with by its headline
MOST_ALIKE = 20  # of these that it waits for: no more pages could be read in its time
LOOKED_BACK = timedelta(hours=72)  # for what looks alike


@dataclass(frozen=True, slots=True)
class Place:
    """
    An article among the stories.

    `likeness` says what it is to the story it is most like, for each way a rule wants to hear of updates.
    `story_id` is the story it belongs to now; `related` the headline of the one it is only related to;
    `alike`: something that was told lately may be the same, as far as can be told from few words.
    """

    story_id: int
    likeness: Mapping[str, Likeness] = field(default_factory=dict)
    related: str = ""
    alike: frozenset[int] = frozenset()

    def signals(self, updates: str) -> tuple[Signal, ...]:
        """What changed since the story was told, for a rule with this option."""
        found = self.likeness.get(updates, NOTHING)
        return found.signals if found.relation is Relation.UPDATE else ()


@dataclass(frozen=True, slots=True)
class Aim:
    """
    What is asked of a placing.

    `judged`: whether it is compared, or, having been told, only filed. `may_wait`: whether it may wait to be
    compared, so that it matters what it looks like.
    """

    judged: bool = True
    may_wait: bool = False


@lru_cache(maxsize=128)
def _facts(  # noqa: PLR0917 - the key of the memory is all that the answer depends on
    article_id: int,
    title: str,
    text: str,
    source: str,
    language: str | None,
    at: datetime,
    full: bool,
    story: int,
    head: bool,
) -> Facts:
    """
    Remembered: a story's members are compared with each that comes after them.

    Addresses are left out: what has the same is the same item already, or its feed gives one to all items.
    """
    return of_article(
        article_id,
        title,
        text,
        registrable(source),
        at,
        language=language,
        full=full,
        story=story,
        head=head,
    )


def facts_of(row: sqlite3.Row, story: int, *, head: bool) -> Facts:
    """A stored article as it is compared: its page, or what the feed gave of it."""
    text = row["page"] or row["body"] or row["summary"]
    at = from_db(row["fetched_at"])
    assert at is not None
    full = bool(row["page"]) or len(text) >= WHOLE_CHARS
    return _facts(row["id"], row["title"], text, row["source"], row["language"], at, full, story, head)


def members_of(tx: Tx, story: int) -> list[Facts]:
    """The articles of a story, its head and the youngest others."""
    head = tx.row(sql.STORY_HEAD, story=story)
    head_id = None if head is None else head[0]
    rows = tx.rows(sql.STORY_MEMBERS, story=story, count=MOST_MEMBERS)
    if head_id is not None and all(row["id"] != head_id for row in rows):
        rows += tx.rows(sql.STORY_MEMBER, article=head_id)
    return [facts_of(row, story, head=row["id"] == head_id) for row in rows]


def place(tx: Tx, article_id: int, story_id: int, modes: Iterable[str], aim: Aim, *, now: datetime) -> Place:
    """
    Find the story of an article that is stored, let it join that, and file it where others find it.

    `modes` are the options of the rules that fire.
    """
    own = tx.row(sql.STORY_MEMBER, article=article_id)
    assert own is not None, "an article is stored before it is placed"
    new = facts_of(own, story_id, head=False)
    titles = title_marks(new.title, new.outlet)
    found = look_up(tx, probe(new.shingles), titles, day_of(now))
    if not aim.judged:
        insert(tx, article_id, sketch(new.shingles), titles, day_of(now), stop=found.stop)
        return Place(story_id)
    near = [article for article, _ in found.candidates if article != article_id]
    members = _members(tx, near, story_id)
    likeness = {mode: relate(new, members, updates=mode) for mode in dict.fromkeys(modes)}
    best = next(iter(likeness.values()), NOTHING)
    stop = found.stop | _crowded(tx, found, best.story)
    insert(tx, article_id, sketch(new.shingles), titles, day_of(now), stop=stop)
    related = ""
    if best.story is not None and best.relation is not Relation.NEW:
        joins = best.relation is not Relation.RELATED
        _note(tx, article_id, best, now)
        if joins:
            tx.run(sql.ARTICLE_STORY, article=article_id, story=best.story)
            tx.run(sql.STORY_DROP_EMPTY, story=story_id)
            story_id = best.story
        else:
            related = next(m.title for m in members if m.id == best.of)
    else:  # what was said of it when only its teaser was known
        tx.run(sql.STORY_JOIN_DROP, article=article_id)
    unsure = aim.may_wait and best.relation in (Relation.NEW, Relation.RELATED)
    alike = _alike(tx, new, near, now) if unsure else frozenset()
    return Place(story_id, likeness, related, alike)


@dataclass(frozen=True, slots=True)
class Edit:
    """An item of a feed whose text changed: the forms it had, its page's among them, and the one it has."""

    article_id: int
    before: tuple[Version, ...]
    after: Version
    url: str = ""


def edited(
    tx: Tx, story_id: int, edit: Edit, modes: Iterable[str], now: datetime
) -> dict[str, tuple[Signal, ...]]:
    """What an edited item says that neither it nor its story said before, for each way of hearing of it."""
    members = members_of(tx, story_id)
    told = [*edit.before, *(member.version for member in members if member.id != edit.article_id)]
    language = next((member.language for member in members if member.id == edit.article_id), None)
    found = {
        mode: signals(edit.after, told, language=language, updates=mode) for mode in dict.fromkeys(modes)
    }
    if is_live(edit.after.title, edit.url) and (live := grown(edit.before[0].text, edit.after.text)):
        found = {mode: each or ((live,) if mode != "none" else ()) for mode, each in found.items()}
    if any(found.values()) and _was_like_this(tx, edit, now):
        return {mode: tuple(s for s in each if s.kind in _FIGURES) for mode, each in found.items()}
    return found


def _was_like_this(tx: Tx, edit: Edit, now: datetime) -> bool:
    """Whether an item had this text before; files it. Some feeds go to and fro between two forms."""
    filed = sketch(shingles(edit.after.text))
    rows = tx.rows(sql.SHINGLES_OF, hashes=json.dumps(sorted(filed)), article=edit.article_id)
    insert(tx, edit.article_id, filed, (), day_of(now))
    return bool(filed) and len({row[0] for row in rows}) >= _SAME * len(filed)


def also_reported(tx: Tx, story_id: int, article_id: int) -> tuple[tuple[str, ...], int]:
    """
    The other outlets that report a story, in their order, and how many outlets wrote for themselves.

    An article that only secret rules held for is left out: but for them it would not be of the story.
    """
    members = members_of(tx, story_id)
    secret = kept_rules(tx).secret if len(members) > 1 else ()
    if secret:
        rows = tx.rows(sql.STORY_RULES, story=story_id)
        openly = {row["article_id"] for row in rows if row["rule"] not in secret} | {article_id}
        members = [member for member in members if member.id in openly]
    if len(members) < 2:
        return (), len(members)
    own = next((m.outlet for m in members if m.id == article_id), "")
    others = dict.fromkeys(m.outlet for m in sorted(members, key=lambda m: (m.at, m.id)))
    return tuple(o for o in others if o and o != own), independent(members)


def _crowded(tx: Tx, found: Found, story: int | None) -> frozenset[int]:
    """The shingles by which a story is found already: what everybody prints would else become worthless."""
    if story is None:
        return frozenset()
    articles = json.dumps(sorted({article for _, article in found.hits}))
    rows = tx.rows(sql.ARTICLES_IN_STORY, ids=articles, story=story)
    return found.crowded({row[0] for row in rows})


def _members(tx: Tx, near: Sequence[int], story_id: int) -> list[Facts]:
    """All members of the stories of these articles, but for the new one's own."""
    rows = tx.rows(sql.STORIES_OF, ids=json.dumps(list(near))) if near else []
    return [fact for row in rows if row[0] != story_id for fact in members_of(tx, row[0])]


def _note(tx: Tx, article_id: int, found: Likeness, now: datetime) -> None:
    tx.run(
        sql.STORY_JOIN_UPSERT,
        article_id=article_id,
        story_id=found.story,
        relation=found.relation.value,
        level=found.level.value,
        score=found.score,
        of_article_id=found.of,
        reason=found.reason,
        at=to_db(now),
    )


def _alike(tx: Tx, new: Facts, near: Sequence[int], now: datetime) -> frozenset[int]:
    """Articles of alerts of the last three days that share some words with this one, or its headline."""
    recent = tx.rows(sql.ALERT_TITLES, since=to_db(now - LOOKED_BACK), count=MOST_RECENT)
    words = title_words(new.title, new.outlet)
    known = set(words)
    alike = (
        row["id"]
        for row in sorted(recent, key=lambda row: (row["id"] not in near, -row["id"]))
        if row["id"] != new.id
        and (row["id"] in near or _agree(words, known, title_words(row["title"], registrable(row["source"]))))
    )
    return frozenset(islice(alike, MOST_ALIKE))


def _agree(words: Sequence[str], known: set[str], other: Sequence[str]) -> bool:
    """Whether two headlines agree; those with no word in common never do, which is quickly told."""
    return not known.isdisjoint(other) and title_score(words, other) >= TITLES_AGREE
