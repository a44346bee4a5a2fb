"""Items and moves for stories of feeds over time, told at a newsdesk."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tests.support.documents import Item
from tests.support.newsdesk import Desk

if TYPE_CHECKING:
    from pathlib import Path

DAY = timedelta(days=1)
OLD = Item("Old news", guid="old", link="https://n.example/old", text="before us", age=48)
NEW = Item("Talks in Doha", guid="g1", link="https://n.example/1", text="They met on Friday.", age=1)
FILLER = Item("Weather", guid="w", link="https://n.example/w", text="Rain.", age=0.5)


def started(folder: Path, **options: object) -> Desk:
    """A desk whose feeds have their baseline behind them."""
    desk = Desk(folder, **options)  # type: ignore[arg-type]
    for feed in desk.config.feeds:
        desk.publish(feed.name, OLD)
    desk.poll()
    return desk


def show(desk: Desk, *items: Item, feed: str = "a") -> list[str]:
    """Let the feed list these and poll it; returns what rang anew."""
    before = len(desk.messages())
    desk.publish(feed, *items)
    desk.poll(feed)
    return [message["title"] for message in desk.messages()[before:]]


def report(number: int) -> Item:
    """An item of its own for each number."""
    return Item(
        f"Report {number}",
        guid=f"g{number}",
        link=f"https://n.example/{number}",
        text=f"text {number}",
        age=number,
    )
