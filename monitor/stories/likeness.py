"""
Whether an article tells a story that is known, and how much of it is copied. Pure.

Levels, cheapest first: the same address, the same text, the same dispatch by `containment`, the same headline
where there is hardly any text. What is found is one of

- `DUPLICATE`: the story's report again;
- `JOINS`: much of it, under a headline that agrees, and nothing in it differs: a duplicate in silence;
- `UPDATE`: the report again, and something in it changed that matters;
- `RELATED`: part of it, or the same form filled with other names: it rings, and is marked;
- `NEW`: none of this.

An article is compared with each candidate and with the head of its story: a chain of small changes must not
lead from one event to the next. Whether a duplicate is suppressed on a channel is not decided here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

from monitor.stories.names import differing, foreign, renumbered, swapped
from monitor.stories.shingles import (
    CHARACTERS,
    Shingles,
    containment,
    coverage,
    shared,
    shingles,
    without_spaces,
)
from monitor.stories.titles import close_titles, same_title, title_score, title_words
from monitor.stories.updates import Change, Signal, grown, signals
from monitor.stories.versions import Version
from monitor.text.hashes import hash64
from monitor.text.language import UNKNOWN, guess
from monitor.text.tokens import folded_tokens

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

DUPLICATE_AT = 0.60  # containment of the shorter text
RELATED_AT = 0.30
SAME_OUTLET_AT = 0.90  # publishers reuse their own background
COPIED_AT = 0.90  # of a text that make it a copy of a later version, far from the first report
LEAST_SHARED = 12  # shingles
LEAST_WORDS = 25  # under which containment says nothing
EXACT_WORDS = 50  # from which on equal text is proof
TITLES_AGREE = 60.0
TITLES_EQUAL = 90.0
LEAD_KNOWN = 0.2  # of the first shingles: less, and it is background that was copied, not the report
LEADS_AGREE = 0.5
ROUNDUP = 0.25  # less of a long text than this in the other: a page of several reports
GROUPED = timedelta(days=7)
_ROUNDUP_OWN = 100  # shingles of a long text that the other has not
_LEAD = 30


class Relation(StrEnum):
    """What an article is to a story."""

    DUPLICATE = "duplicate"
    JOINS = "joins"
    UPDATE = "update"
    RELATED = "related"
    NEW = "new"

    @property
    def rings(self) -> bool:
        """Whether it is told, as far as the text decides it."""
        return self not in (Relation.DUPLICATE, Relation.JOINS)


class Level(StrEnum):
    """By what two articles were found alike."""

    URL = "url"
    TEXT = "text"
    DISPATCH = "dispatch"
    TITLE = "title"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Facts:
    """
    An article as it is compared: `of_article` makes one.

    `outlet` is the registrable domain; `language` None = unknown; `full` = the whole text is known, not a
    teaser alone; `story` is None for an article that has none yet, `head` marks the story's first that rang.
    """

    id: int
    title: str
    text: str
    outlet: str
    at: datetime
    language: str | None = None
    full: bool = True
    url_key: str = ""
    story: int | None = None
    head: bool = False
    shingles: Shingles = field(default_factory=lambda: Shingles((), 0))
    text_hash: int | None = None

    @property
    def version(self) -> Version:
        """As the update test wants it."""
        return Version(self.title, self.text, self.at, self.full)


@dataclass(frozen=True, slots=True)
class Likeness:
    """What an article is to what is known: `of` is the article it is like most, `score` its containment."""

    relation: Relation
    level: Level = Level.NONE
    score: float = 0.0
    of: int | None = None
    story: int | None = None
    reason: str = "nothing like it is known"
    signals: tuple[Signal, ...] = ()


NOTHING = Likeness(Relation.NEW)


def of_article(
    article_id: int,
    title: str,
    text: str,
    outlet: str,
    at: datetime,
    *,
    language: str | None = None,
    full: bool = True,
    url_key: str = "",
    story: int | None = None,
    head: bool = False,
) -> Facts:
    """The facts of an article; `text` is its body, or its teaser if there is none."""
    found = shingles(text)
    exact = hash64(" ".join(folded_tokens(text)).encode()) if found.words >= EXACT_WORDS else None
    return Facts(
        article_id, title, text, outlet, at, language, full, url_key, story, head, found, exact
    )  # fmt: skip


def relate(
    new: Facts, candidates: Sequence[Facts], *, updates: str = "substance", grouped: timedelta = GROUPED
) -> Likeness:
    """
    What an article is to the stories of its candidates.

    `candidates` are members of stories, heads among them where they are known; what is older than `grouped`
    is left aside. All members of the story that is found count for the update test.
    """
    compared = [
        (pair, other)
        for other in candidates
        if other.id != new.id
        and abs(new.at - other.at) <= grouped
        and _languages_agree(new.language, other.language)
        and (pair := _compare(new, other)) is not None
    ]
    if not compared:
        return NOTHING
    heads = {other.story: other for other in candidates if other.head}
    compared.sort(key=lambda found: (-_rank(found[0]), found[1].at, found[1].id))
    for pair, other in compared:
        head = heads.get(other.story, other)
        known = pair.level in (Level.URL, Level.TEXT, Level.TITLE)
        if known or _near_head(new, head) or _copies(new, other, head):
            members = [each for each in candidates if each.story == other.story and each.id != new.id]
            return _decide(new, pair, other, members or [other], updates)
    return NOTHING


def independent(members: Sequence[Facts]) -> int:
    """How many outlets of a story wrote for themselves: copies of one text, and teasers, count once."""
    own: list[Facts] = []
    for member in sorted(members, key=lambda each: (not each.full, each.at, each.id)):
        copies = any(
            containment(member.shingles.all, other.shingles.all) >= DUPLICATE_AT
            or member.outlet == other.outlet
            for other in own
        )
        if not copies and (member.full or not own):
            own.append(member)
    return len(own)


@dataclass(frozen=True, slots=True)
class _Pair:
    level: Level
    score: float
    shared: int = 0


def _rank(pair: _Pair) -> float:
    return pair.score + {Level.URL: 2.0, Level.TEXT: 1.0}.get(pair.level, 0.0)


def _languages_agree(one: str | None, other: str | None) -> bool:
    """An unknown language agrees with every one; "pt-BR" with "pt"."""
    if one in (None, "und", "") or other in (None, "und", ""):
        return True
    return str(one).partition("-")[0].lower() == str(other).partition("-")[0].lower()


def _compare(new: Facts, other: Facts) -> _Pair | None:
    """By what, and how much, two articles are alike; None if they are not."""
    if new.url_key and new.url_key == other.url_key:
        return _Pair(Level.URL, 1.0)
    if new.text_hash is not None and new.text_hash == other.text_hash:
        return _Pair(Level.TEXT, 1.0)
    if min(new.shingles.words, other.shingles.words) < LEAST_WORDS:
        if same_title(new.title, other.title, new.outlet, other.outlet) and _leads_agree(new, other):
            return _Pair(Level.TITLE, 1.0)
        return None
    score = containment(new.shingles.all, other.shingles.all)
    common = shared(new.shingles.all, other.shingles.all)
    least = LEAST_SHARED * (CHARACTERS if without_spaces(new.text) else 1)
    if score < RELATED_AT or common < least:
        return None
    return _Pair(Level.DISPATCH, score, common)


def _leads_agree(new: Facts, other: Facts) -> bool:
    """Whether the first words of two items are mostly the same."""
    one, two = (folded_tokens(each.text)[:_LEAD] for each in (new, other))
    if not one or not two:
        return new.outlet != other.outlet  # an outlet that repeats a headline alone fills a form
    least = min(len(one), len(two))
    same = sum(a == b for a, b in zip(one, two, strict=False))
    pairs = set(pairwise(one)) & set(pairwise(two))
    return same >= LEADS_AGREE * least or len(pairs) >= LEADS_AGREE * (least - 1) > 0


def _near_head(new: Facts, head: Facts) -> bool:
    """Whether the story's first report is near enough: a teaser of it alone cannot tell."""
    if not head.full or head.shingles.words < LEAST_WORDS:
        return True
    return containment(new.shingles.all, head.shingles.all) >= RELATED_AT


def _copies(new: Facts, other: Facts, head: Facts) -> bool:
    """
    Whether it is a later version cut short: it begins as that does and adds nothing.

    That version itself has to be near the first report, so that no chain begins.
    """
    begins = coverage(frozenset(new.shingles.order[:_LEAD]), frozenset(other.shingles.order[: 2 * _LEAD]))
    whole = coverage(new.shingles.all, other.shingles.all)
    return min(begins, whole) >= COPIED_AT and _near_head(other, head)


def _decide(new: Facts, pair: _Pair, other: Facts, members: Sequence[Facts], updates: str) -> Likeness:
    changed = signals(new.version, _told(members), language=_language(new, other), updates=updates)
    if pair.level is Level.DISPATCH:
        differs = changed
        if updates == "none":  # who never wants to hear of a change is not to lose another event by it
            differs = signals(new.version, _told(members), language=_language(new, other))
        relation, reason = _dispatch(new, pair, other, changed, differs)
    else:
        if pair.level is Level.URL and updates != "none" and (live := grown(other.text, new.text)):
            changed = (*changed, live)
        if pair.level is Level.TEXT:
            changed = tuple(each for each in changed if each.kind is Change.CORRECTION)
        relation = Relation.UPDATE if changed else Relation.DUPLICATE
        reason = "; ".join([_SAME[pair.level], *map(str, changed)])
        if apart := _apart(new, pair, other):
            relation, reason = Relation.RELATED, f"{reason}, {apart}"
    if relation is not Relation.UPDATE:
        changed = ()
    return Likeness(relation, pair.level, round(pair.score, 3), other.id, other.story, reason, changed)


_SAME = {
    Level.URL: "the same address",
    Level.TEXT: "word for word the same text",
    Level.TITLE: "the same headline over the same few words",
}


def _apart(new: Facts, pair: _Pair, other: Facts) -> str:
    """Why two items with one text, or one headline over few words, are not one report; "" if they are."""
    if pair.level is Level.TEXT and not _close(new, other):
        if _same_outlet(new, other):
            return "from the same outlet under another headline"
        if foreign((new.title, new.text)) and not _agree(new, other):
            return "but it is not what the headline tells of"
    if pair.level is Level.TITLE:
        one, two = (" ".join(each.text.split()[:_LEAD]) for each in (new, other))
        if names := differing(one, two):
            return f"but names or numbers differ: {names}"
    return ""


def _agree(new: Facts, other: Facts) -> bool:
    """Whether two headlines are about the same."""
    one, two = title_words(new.title, new.outlet), title_words(other.title, other.outlet)
    return title_score(one, two) >= TITLES_AGREE


def _close(new: Facts, other: Facts) -> bool:
    return close_titles(title_words(new.title, new.outlet), title_words(other.title, other.outlet))


def _same_outlet(new: Facts, other: Facts) -> bool:
    """A channel puts one long description under everything it shows: there the headline tells items apart."""
    return bool(new.outlet) and new.outlet == other.outlet


def _told(members: Sequence[Facts]) -> list[Version]:
    """What a story said so far, its head first; of mere copies the headline alone."""
    versions: list[Version] = []
    known: frozenset[int] = frozenset()
    for each in sorted(members, key=lambda each: (not each.head, -each.shingles.words, each.at, each.id)):
        copied = bool(each.shingles.all) and each.shingles.all <= known
        versions.append(replace(each.version, text="") if copied else each.version)
        known |= each.shingles.all
    return versions


def _dispatch(
    new: Facts, pair: _Pair, other: Facts, changed: tuple[Signal, ...], differs: tuple[Signal, ...]
) -> tuple[Relation, str]:
    """`differs` is what changed, also where nobody wants to hear of it."""
    copied = f"{pair.score:.0%} of the shorter text is the same"
    one, two = (new.title, new.text), (other.title, other.text)
    if names := swapped(one, two):
        return Relation.RELATED, f"{copied}, but the names differ: {names}"
    if changed:
        return Relation.UPDATE, "; ".join([copied, *map(str, changed)])
    if not differs and (numbers := renumbered(one, two)):
        return Relation.RELATED, f"{copied}, but the headlines' numbers differ: {numbers}"
    if _same_outlet(new, other) and (pair.score < SAME_OUTLET_AT or not _close(new, other)):
        return Relation.RELATED, f"{copied}, from the same outlet: a follow-up"
    alike = title_score(title_words(new.title, new.outlet), title_words(other.title, other.outlet))
    titled = bool(new.title.strip() and other.title.strip())
    if other.full and titled and alike < TITLES_AGREE and _is_roundup(new, other):
        return Relation.RELATED, f"{copied}, and most of this one is about something else"
    if pair.score >= DUPLICATE_AT:
        return Relation.DUPLICATE, copied
    if differs:
        return Relation.RELATED, f"{copied}, and something differs: {differs[0]}"
    if alike >= TITLES_EQUAL or (alike >= TITLES_AGREE and _lead_is_known(new, other)):
        return Relation.JOINS, f"{copied}, the headlines agree ({alike:.0f} of 100) and nothing differs"
    return Relation.RELATED, f"{copied}, under another headline"


def _is_roundup(new: Facts, other: Facts) -> bool:
    """Whether a long text holds the other as one report among several."""
    own = new.shingles.all - other.shingles.all
    return len(own) >= _ROUNDUP_OWN and coverage(new.shingles.all, other.shingles.all) < ROUNDUP


def _lead_is_known(new: Facts, other: Facts) -> bool:
    """Whether either lead stands in the other text: else it is background that they share."""
    one, two = (frozenset(each.shingles.order[:_LEAD]) for each in (new, other))
    return max(coverage(one, other.shingles.all), coverage(two, new.shingles.all)) >= LEAD_KNOWN


def _language(new: Facts, other: Facts) -> str | None:
    """The language of two articles that agree, as far as either knows it."""
    known = [each for each in (new.language, other.language) if each not in (None, "und", "")]
    if known:
        return known[0]
    found = guess(f"{new.title}. {new.text}")
    return None if found == UNKNOWN else found
