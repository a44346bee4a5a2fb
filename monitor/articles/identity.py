"""
Which item is which: over polls, over feeds, and when a publisher changes or reuses what identifies items.

Theory of operation. An item is recognised by its guid within its feed and by its address everywhere, never by
its title. Both can lie. A guid or an address that several items of one document share identifies none of
them (`mark_document`). A publisher may give an old guid to a new item, or report something new under an old
address, so one equal mark is believed only as long as not everything else differs (`same_item`). An item
with nothing left to compare is recognised by its whole content. And a publisher that moves house gives all
items new guids and addresses at once (`reissued`).

Everything is compared as marks: signed 64-bit hashes, as the store keeps them.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from monitor.articles.urls import key_is_bare, url_key
from monitor.model import Marks, value
from monitor.text.hashes import hash64

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from collections.abc import Set as AbstractSet

_APART = timedelta(hours=24)
_REISSUE_ITEMS = 5
_REISSUE_SHARE = 0.6


@value
class Item:
    """What identity is made from: one item of a document in plain texts; `published` as the feed said."""

    guid: str | None
    link: str
    title: str
    summary: str
    body: str
    published: datetime | None


@dataclass(frozen=True, slots=True)
class Known:
    """
    An item as it was last seen in a feed. Marks as in `Marks`; `published` as the feed gave it.

    A mark that an item had once stays known when a later document gives none for it.
    """

    article_id: int
    feed: str
    guid: int | None
    link: int | None
    title: int
    published: datetime | None
    text: int
    last_seen_at: datetime | None = None


def digest(*parts: str) -> int:
    """A signed 64-bit hash of texts; their borders count."""
    return hash64("\x00".join(parts).encode("utf-8", "surrogatepass"))


def mark_document(items: Sequence[Item]) -> tuple[Marks, ...]:
    """
    The marks of all items of one document, in their order.

    A guid or address that stands for several different items is None; the same item listed twice keeps it.
    """
    marks = [_mark(item) for item in items]
    guids = _shared([(mark.guid, mark.content) for mark in marks])
    links = _shared([(mark.link, mark.content) for mark in marks])
    if not guids and not links:
        return tuple(marks)
    return tuple(
        Marks(
            guid=None if mark.guid in guids else mark.guid,
            link=None if mark.link in links else mark.link,
            content=mark.content,
            text=mark.text,
            title=mark.title,
        )
        for mark in marks
    )


def _mark(item: Item) -> Marks:
    """The marks of one item for itself."""
    title = digest(_folded(item.title))
    text = digest(item.title, item.summary, item.body)
    published = item.published.isoformat() if item.published else ""
    key = url_key(item.link)
    link = None
    if key:
        # A home page identifies an item only together with its title.
        link = digest(key, str(title)) if key_is_bare(key) else digest(key)
    return Marks(
        guid=_guid_mark(item.guid),
        link=link,
        content=digest(item.title, published, str(text)),
        text=text,
        title=title,
    )


def _folded(title: str) -> str:
    """A title without what only shows: the width of letters, their case, spaces."""
    # NFKC leaves ASCII as it is, and its casefold is lower().
    plain = title.lower() if title.isascii() else unicodedata.normalize("NFKC", title).casefold()
    return " ".join(plain.split())


def share_identifiers(
    some: Iterable[tuple[str | None, str]], others: Iterable[tuple[str | None, str]]
) -> bool:
    """
    Whether an item of the ones may have a guid or an address in common with one of the others.

    Items are given as (guid, address). What is shared identifies nothing, but which of them are two items,
    and which one item listed twice, only their texts can tell.
    """
    guids, links = _identifiers(some)
    other_guids, other_links = _identifiers(others)
    return not (guids.isdisjoint(other_guids) and links.isdisjoint(other_links))


def _identifiers(items: Iterable[tuple[str | None, str]]) -> tuple[set[int], set[str]]:
    """The marks of guids, and the addresses, in their one form."""
    guids, links = set(), set()
    for guid, link in items:
        mark, key = _guid_mark(guid), url_key(link)
        if mark is not None:
            guids.add(mark)
        if key:
            links.add(key)
    return guids, links


def _guid_mark(guid: str | None) -> int | None:
    """The mark of a guid; one that is an address counts as an address: https or utm_* change nothing."""
    guid = (guid or "").strip()
    if not guid:
        return None
    key = url_key(guid) if guid[:4].lower() == "http" and "#" not in guid else ""
    return digest(key or guid)


def _shared(pairs: Iterable[tuple[int | None, int]]) -> set[int]:
    """The identifiers that stand for more than one content."""
    first: dict[int, int] = {}
    return {
        identifier
        for identifier, content in pairs
        if identifier is not None and first.setdefault(identifier, content) != content
    }


def same_item(known: Known, marks: Marks, published: datetime | None, *, same_feed: bool) -> tuple[bool, str]:
    """Whether an entry is the known item, and why. `published` is the entry's, None = undated."""
    if not same_feed:
        return _same_elsewhere(known, marks, published)
    new_guid = _differ(known.guid, marks.guid)
    new_link = _differ(known.link, marks.link)
    # Where neither has a date, none can vouch for it.
    new_date = _differ(known.published, published) or known.published is published is None
    new_report = known.title != marks.title and new_date
    if known.guid is not None and known.guid == marks.guid:
        if new_link and new_report:
            return False, "the guid was used again for a new item: address and title differ, no date is equal"
        return True, "the same guid"
    if known.link is not None and known.link == marks.link:
        if new_guid and new_report:
            return False, "the address carries a new report: guid and title differ, no date is equal"
        return True, "the same address"
    if not new_link and known.text == marks.text and known.published == published:
        # A guid that is made anew with each document names nothing; but two bare words of warning that are
        # alike and undated may be two warnings.
        if not new_guid:
            return True, "nothing else to tell it by: the same title, date and text"
        if published is not None:
            return True, "another guid for the same title, date and text, and no address to tell them apart"
    return False, "other guid and other address"


def _same_elsewhere(known: Known, marks: Marks, published: datetime | None) -> tuple[bool, str]:
    """Whether an entry is the item that another feed showed: only its address can tell."""
    if known.link is None or known.link != marks.link:
        return False, "other address in another feed"
    apart = known.published and published and abs(known.published - published) > _APART
    if known.title != marks.title and apart:
        return False, "the same address, but another title more than a day apart"
    return True, "the same address in another feed"


def _differ(one: object, other: object) -> bool:
    """Whether two identifiers or dates contradict each other; a missing one contradicts nothing."""
    return one is not None and other is not None and one != other


def choose(candidates: Sequence[Known], marks: Marks, published: datetime | None, feed: str) -> Known | None:
    """The known item that an entry of `feed` is: by guid, by address in its feed, by address elsewhere."""

    def rank(known: Known) -> int:
        if known.feed != feed:
            return 3
        if known.guid is not None and known.guid == marks.guid:
            return 0
        return 1 if known.link is not None and known.link == marks.link else 2

    for known in sorted(candidates, key=rank):
        if same_item(known, marks, published, same_feed=known.feed == feed)[0]:
            return known
    return None


def reissued(new_marks: Sequence[Marks], known_contents: AbstractSet[int]) -> bool:
    """
    Whether a feed was re-issued: many items are new by their identifiers, but known by their content.

    `new_marks` are the marks of the items that were not recognised; `known_contents` the content marks known
    in this feed. Of a re-issued feed the items with a known content are old, the others new.
    """
    if len(new_marks) < _REISSUE_ITEMS:
        return False
    known = sum(mark.content in known_contents for mark in new_marks)
    return known >= _REISSUE_SHARE * len(new_marks)
