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
from email.utils import parsedate_to_datetime
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.newsdesk import Desk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HISTORY = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "history"
SERIES = ("hn_summary", "producthunt_today", "reddit_programming")
DAY = timedelta(days=1)

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
    How often each guid ought to ring: when it first appears, and when it is used for something else.

    The guid of these feeds is the item's address. Product Hunt shows a later launch of a product under the
    address of the earlier one, with another title and a date of days later: that is a new item.
    """
    rings: Counter[str] = Counter()
    last: dict[str, tuple[str, datetime]] = {}
    for number, version in enumerate(versions(series)):
        for item in raw_items(version.text):
            guid, title = element(item, "guid"), element(item, "title")
            dated = parsedate_to_datetime(element(item, "pubDate"))
            before = last.get(guid)
            again = before is not None and before[0] != title and abs(dated - before[1]) > DAY
            if (before is None or again) and (number or not baseline):
                rings[guid] += 1
            last[guid] = (title, dated)
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
    with Desk(tmp_path, feeds=[Desk.feed("a", first_poll=first)]) as desk:
        for version in versions(series):
            serve(desk, version.text, version.at)
        assert rung(desk) == ought_to_ring(series, baseline=first == "baseline")
        assert desk.adds_up()
