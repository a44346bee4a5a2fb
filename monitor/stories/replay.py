"""
Articles run through deduplication in memory, one after the other: what `tocsin stories` shows. Pure.

The same tests as in the store, without channels: an article counts as told when it rings.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.stories.index import LEAST_HITS, MOST_CANDIDATES, STOP
from monitor.stories.likeness import GROUPED, NOTHING, Facts, Likeness, Relation, relate
from monitor.stories.shingles import probe, sketch
from monitor.stories.titles import title_marks

if TYPE_CHECKING:
    from datetime import datetime

WINDOW = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one article: `story` counts from 1, `decision` is the command line's word."""

    id: int
    story: int
    decision: str
    likeness: Likeness
    rings: bool

    @property
    def reason(self) -> str:
        """Why, in words."""
        return self.likeness.reason


class Desk:
    """Everything seen so far, found again by sketches as in the store."""

    def __init__(self, *, window: timedelta = WINDOW, updates: str = "substance") -> None:
        self._window = window
        self._updates = updates
        self._postings: dict[int, list[int]] = defaultdict(list)
        self._facts: dict[int, Facts] = {}
        self._members: dict[int, list[int]] = defaultdict(list)
        self._told: dict[int, datetime] = {}

    def see(self, article: Facts) -> Verdict:
        """Decide about an article, and remember it. `article.story` and `article.head` are set here."""
        found = self.likeness(article)
        joined = found.story is not None and found.relation is not Relation.NEW
        story = found.story if joined and found.story is not None else len(self._told) + 1
        last = self._told.get(story)
        stale = last is not None and article.at - last > self._window
        rings = found.relation.rings or stale
        if rings:
            self._told[story] = article.at
        self.remember(replace(article, story=story, head=not joined))
        decision = {Relation.JOINS: "duplicate"}.get(found.relation, found.relation.value)
        if stale and not found.relation.rings:
            decision = Relation.RELATED.value
        return Verdict(article.id, story, decision, found, rings)

    @property
    def stories(self) -> int:
        """How many stories there are so far."""
        return len(self._told)

    def likeness(self, article: Facts) -> Likeness:
        """What an article is to what was seen."""
        if self._window <= timedelta(0):
            return NOTHING
        titles = title_marks(article.title, article.outlet)
        hits: Counter[int] = Counter()
        titled: set[int] = set()
        for number in probe(article.shingles) | titles:
            postings = self._postings.get(number, ())
            if len(postings) < STOP:
                hits.update(postings)
                if number in titles:
                    titled.update(postings)
        near = [(a, n) for a, n in hits.items() if n >= LEAST_HITS or a in titled]
        near.sort(key=lambda pair: (pair[0] not in titled, -pair[1], pair[0]))
        stories = {self._facts[a].story for a, _ in near[:MOST_CANDIDATES]}
        members = [self._facts[m] for story in stories if story for m in self._members[story]]
        return relate(article, members, updates=self._updates, grouped=GROUPED)

    def remember(self, article: Facts) -> None:
        """Keep an article whose story is known."""
        self._facts[article.id] = article
        assert article.story is not None
        self._members[article.story].append(article.id)
        for number in sketch(article.shingles) | title_marks(article.title, article.outlet):
            self._postings[number].append(article.id)
