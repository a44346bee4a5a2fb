"""
Real feeds over time: each version of three feeds served one after the other, through the real pipeline.

The documents are not part of this project. What ought to ring is told by an oracle that shares no code with
us: regular expressions over the raw documents.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from monitor.settings import RuleConfig
from tests.support.newsdesk import Desk

if TYPE_CHECKING:
    from collections.abc import Iterator

HISTORY = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "history"
SERIES = ("hn_summary", "producthunt_today", "reddit_programming")
SHORTEST = "producthunt_today"
DAY = timedelta(days=1)

# Whether an item is known, whatever it says now: no two of them are one story, and no edit is news.
EACH: dict[str, Any] = {"rules": [RuleConfig("watch", query="feed:*", updates="none")], "story_window": None}

pytestmark = pytest.mark.skipif(not HISTORY.is_dir(), reason="needs ../shared/corpus/history")


@dataclass(frozen=True)
class Version:
    """One document as it was served at that time."""

    at: datetime
    text: str


def versions(series: str) -> Iterator[Version]:
    """The documents of a series in their order."""
    for path in sorted((HISTORY / series).iterdir()):
        moment = datetime.fromtimestamp(int(path.stem.partition("-")[2]), UTC)
        yield Version(moment, path.read_text(encoding="utf-8"))


def raw_items(text: str) -> list[str]:
    """The items of a document as they stand in it."""
    return re.findall(r"<item>.*?</item>", text, re.DOTALL)


def element(item: str, name: str) -> str:
    """The text of an element of an item."""
    found = re.search(rf"<{name}>(.*?)</{name}>", item, re.DOTALL)
    return unescape(found[1]).strip() if found else ""


def ought_to_ring(series: str, *, baseline: bool) -> Counter[str]:
    """
    How often each item ought to ring: once, in the version that shows it first.

    The guid of these feeds is the item's address. Titles and texts change under it in some sixty places, and
    twice Product Hunt shows a later launch of a product on the page of an earlier one, with another title
    and date under the same guid and link: by design/semantics.md an edit, which rings only for rules that
    did not hold before. `feed:*` always holds.
    """
    rings: Counter[str] = Counter()
    seen: set[str] = set()
    for number, version in enumerate(versions(series)):
        guids = {element(item, "guid") for item in raw_items(version.text)}
        if number or not baseline:
            rings.update(guids - seen)
        seen |= guids
    return rings


def serve(desk: Desk, text: str, at: datetime) -> None:
    """Poll the feed when its document is this."""
    desk.documents.bodies["http://a.example/feed"] = text.encode()
    desk.now = at
    (recorded,) = desk.poll()
    assert recorded.ok, recorded.message


def rung(desk: Desk) -> Counter[str]:
    """How often each address rang."""
    return Counter(m["url"] for m in desk.messages())


def shuffled(text: str, rng: random.Random) -> str:
    """The document with its items in another order."""
    items = raw_items(text)
    order = iter(rng.sample(items, len(items)))
    return re.sub(r"<item>.*?</item>", lambda _: next(order), text, flags=re.DOTALL)


@pytest.mark.parametrize("series", SERIES)
@pytest.mark.parametrize("first", ["baseline", "alert"])
def test_every_item_ever_new_rings_exactly_once(tmp_path: Path, series: str, first: str) -> None:
    """Over all versions each item rings when it is new, and never again; with the first silent or not."""
    with Desk(tmp_path, feeds=[Desk.feed("a", first_poll=first)], **EACH) as desk:
        for version in versions(series):
            serve(desk, version.text, version.at)
        assert rung(desk) == ought_to_ring(series, baseline=first == "baseline")
        assert desk.adds_up()


@pytest.mark.parametrize(
    "series", [pytest.param(name, marks=() if name == SHORTEST else pytest.mark.slow) for name in SERIES]
)
def test_order_repeats_restarts_and_pruning_change_nothing(tmp_path: Path, series: str) -> None:
    """
    All that may come between two versions at once: the same alerts.

    The items of each version stand in another order; each is served twice, the second time with other bytes;
    the database is closed and opened between versions; and what is older than a week is pruned after each.
    """
    rng = random.Random(20)
    pruned: Counter[str] = Counter()
    told: Counter[str] = Counter()
    with Desk(tmp_path, feeds=[Desk.feed("a", first_poll="alert")], **EACH) as desk:
        last = 0
        for version in versions(series):
            for ending in ("", f"<!-- {rng.random()} -->"):
                serve(desk, shuffled(version.text, rng) + ending, version.at)
            new = [m for m in desk.messages() if int(m["id"]) > last]
            told.update(m["url"] for m in new)
            last = max([last, *(int(m["id"]) for m in new)])
            desk.deliver_all()
            pruned.update(desk.prune(7 * DAY))
            desk.restart()
        assert told == ought_to_ring(series, baseline=False)
        assert desk.adds_up()
    assert pruned["articles"] > 0.3 * told.total(), "the test prunes what rang"


def test_what_the_series_hold() -> None:
    """The oracle sees what was found by hand: so many items, none named twice in one document."""
    rings = {series: ought_to_ring(series, baseline=False) for series in SERIES}
    assert {series: len(items) for series, items in rings.items()} == {
        "hn_summary": 1554,
        "producthunt_today": 219,
        "reddit_programming": 823,
    }
    for series in SERIES:
        for version in versions(series):
            guids = [element(item, "guid") for item in raw_items(version.text)]
            assert len(set(guids)) == len(guids) > 0


def redated(text: str, rng: random.Random) -> str:
    """Every date is another one, a few hours off."""

    def other(found: re.Match[str]) -> str:
        moment = parsedate_to_datetime(found[1]) + timedelta(hours=rng.randrange(1, 30))
        return f"<pubDate>{format_datetime(moment)}</pubDate>"

    return re.sub(r"<pubDate>(.*?)</pubDate>", other, text)


def retracked(text: str, rng: random.Random) -> str:
    """Every address carries the campaign of the hour."""

    def other(found: re.Match[str]) -> str:
        mark = "&amp;" if "?" in found[1] else "?"
        campaign = f"utm_source=rss&amp;utm_campaign=c{rng.randrange(99)}"
        return f"<link>{found[1]}{mark}{campaign}</link>"

    return re.sub(r"<link>(http[^<]*)</link>", other, text)


@pytest.mark.parametrize(
    "series", [SERIES[1], *(pytest.param(name, marks=pytest.mark.slow) for name in (SERIES[0], SERIES[2]))]
)
def test_what_was_told_is_not_told_again_for_other_dates_order_or_campaigns(
    tmp_path: Path, series: str
) -> None:
    """With all defaults, each document served again, re-dated, re-ordered and re-tracked: no alert."""
    rng = random.Random(21)
    with Desk(tmp_path, feeds=[Desk.feed("a", first_poll="alert")]) as desk:
        for version in versions(series):
            serve(desk, version.text, version.at)
            desk.deliver_all()
            told = rung(desk)
            for change in (redated, retracked, shuffled):
                serve(desk, change(version.text, rng), version.at + timedelta(seconds=1))
            assert rung(desk) == told, version.at
        assert sum(told.values()) <= 1.01 * len(ought_to_ring(series, baseline=False))
        assert desk.adds_up()
