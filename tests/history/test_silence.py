"""Silence by the rhythm of real feeds: none in the days they were watched, and soon when they end."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from monitor.feeds.rhythm import Rhythm, learn
from monitor.feeds.silence import alarm_at, usual_longest

if TYPE_CHECKING:
    from collections.abc import Iterator

HISTORY = Path(__file__).resolve().parents[3] / "shared" / "corpus" / "history"
SERIES = ("hn_summary", "producthunt_today", "reddit_programming")

pytestmark = pytest.mark.skipif(not HISTORY.is_dir(), reason="needs ../shared/corpus/history")


def documents(series: str) -> Iterator[tuple[datetime, dict[str, datetime | None]]]:
    """Each version of a series: when it was served, and the date of each of its items by guid."""
    for path in sorted((HISTORY / series).iterdir()):
        served = datetime.fromtimestamp(int(path.stem.partition("-")[2]), UTC)
        items = re.findall(r"<item>.*?</item>", path.read_text(encoding="utf-8"), re.DOTALL)
        yield served, {_element(item, "guid"): _date(item) for item in items}


def _element(item: str, name: str) -> str:
    found = re.search(rf"<{name}[^>]*>(.*?)</{name}>", item, re.DOTALL)
    return unescape(found[1]).strip() if found else ""


def _date(item: str) -> datetime | None:
    text = _element(item, "pubDate")
    return parsedate_to_datetime(text).astimezone(UTC) if text else None


@pytest.mark.parametrize("series", SERIES)
def test_a_real_feed_is_silent_only_when_it_ends(series: str, capsys: pytest.CaptureFixture[str]) -> None:
    """No version comes after an alarm; if the feed ends with the last one, the alarm comes soon."""
    rhythm, seen, judged = Rhythm(), set[str](), 0
    last: datetime | None = None
    before: datetime | None = None
    for served, items in documents(series):
        alarm = alarm_at(rhythm, last) if last is not None else None
        judged += alarm is not None
        # While nothing new is served the next poll is what could alarm: it is as late as this version.
        assert alarm is None or before is None or before < alarm, served
        new = [date for guid, date in items.items() if guid not in seen]
        times = [
            d if d is not None and (before is None or before < d) and d <= served else served for d in new
        ]
        if before is None:
            times = [d for d in new if d is not None and d <= served]
        if times:
            rhythm, last = learn(rhythm, times, served), max(times)
        seen |= items.keys()
        before = served
    assert last is not None
    alarm = alarm_at(rhythm, last)
    longest = usual_longest(rhythm)
    with capsys.disabled():
        end = f"{(alarm - last) / longest:.2f} of {longest}" if alarm is not None else "not judged"
        sys.stdout.write(f"\n{series}: {judged} versions judged, none silent; the end seen after {end}\n")
    if alarm is not None:
        assert alarm - last <= 3 * longest + timedelta(hours=1)
