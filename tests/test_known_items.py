"""What stood in a feed's last document word for word is not read again, and nothing is lost by it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from monitor.feeds import listed
from monitor.store import sql
from tests.support.documents import Item
from tests.support.newsdesk import Desk

if TYPE_CHECKING:
    from pathlib import Path

OLD = Item("Old news", guid="old", link="https://n.example/old", text="before us", age=48)
NEW = Item("Talks in Doha", guid="g1", link="https://n.example/1", text="They met on Friday.", age=1)
MORE = [Item(f"Weather {n}", guid=f"w{n}", link=f"https://n.example/w{n}", age=40) for n in range(4)]


def started(folder: Path, *items: Item, query: str = "doha") -> Desk:
    """A desk with one feed whose baseline is behind it."""
    desk = Desk(folder, query=query)
    desk.publish("a", *(items or (OLD,)))
    desk.poll()
    return desk


def unread(desk: Desk, *items: Item) -> int:
    """How many items of a new document were left out."""
    before = desk.parser.unread
    desk.publish("a", *items)
    desk.poll()
    return int(desk.parser.unread - before)


def noted(desk: Desk) -> str:
    """What the feed's row says of its last document."""
    return str(desk.database.reader.rows(sql.FEEDS)[0]["items"])


def test_only_what_differs_is_read_and_rings(tmp_path: Path) -> None:
    """A new item among known ones rings once; an edit of it is read and rings for what newly holds."""
    with started(tmp_path, OLD, *MORE) as desk:
        assert unread(desk, NEW, OLD, *MORE) == 5
        assert unread(desk, OLD, *MORE, NEW) == 6
        assert desk.told() == ["Talks in Doha"]
        assert unread(desk, NEW, replace(OLD, text="It came to Doha"), *MORE) == 5
        assert desk.told() == ["Talks in Doha", "Old news"]
        assert desk.adds_up()


def test_a_document_whose_items_are_all_known_changes_no_mark(tmp_path: Path) -> None:
    """A date at the top that moves costs neither a look at the items nor a row."""
    with started(tmp_path, OLD, *MORE) as desk:
        desk.now += timedelta(hours=1)
        assert unread(desk, *MORE, OLD) == 5
        row = desk.database.reader.row(sql.GAPS_SINCE, since="2000")
        assert row is None, "what was left out is no gap"
        assert desk.told() == []
        assert desk.adds_up()


def test_a_document_is_read_whole_twice_a_day(tmp_path: Path) -> None:
    """Half a day after the last whole reading nothing is left out."""
    with started(tmp_path) as desk:
        desk.now += listed.WHOLE_EVERY - timedelta(minutes=10)
        assert unread(desk, NEW, OLD) == 1
        desk.now += timedelta(minutes=20)
        assert unread(desk, OLD, NEW) == 0
        assert unread(desk, NEW, OLD) == 2


@pytest.mark.parametrize(
    "double",
    [
        pytest.param(Item("Another thing", guid="old", link="https://n.example/2", age=1), id="guid"),
        pytest.param(
            Item("Another thing", guid="g2", link="http://n.example/old?utm_source=x", age=1), id="link"
        ),
        pytest.param(
            Item("Another thing", guid="https://n.example/old", link=None, age=1), id="guid as link"
        ),
    ],
)
def test_what_a_new_item_shares_with_a_known_one_is_looked_into(tmp_path: Path, double: Item) -> None:
    """An identifier of two different items identifies neither: the document is read whole to tell."""
    with started(tmp_path, OLD, query="feed:*") as desk:
        desk.publish("a", double, OLD)
        desk.poll()
        (tmp_path / "whole").mkdir()
        with started(tmp_path / "whole", OLD, query="feed:*") as whole:
            whole.parser.reads_all = True
            whole.publish("a", double, OLD)
            whole.poll()
            assert desk.told() == whole.told()
            assert _marks(desk) == _marks(whole)


def _marks(desk: Desk) -> list[tuple[object, ...]]:
    rows = desk.database.reader.rows("SELECT guid, link, title, text FROM sightings ORDER BY article_id")
    return [tuple(row) for row in rows]


def test_an_unreadable_document_leaves_what_is_known(tmp_path: Path) -> None:
    """What was listed before is still recorded, and left out when the document is well again."""
    with started(tmp_path) as desk:
        before = noted(desk)
        desk.documents.bodies[desk.config.feeds[0].url.reveal()] = b"<html><body>log in</body></html>"
        desk.poll()
        assert noted(desk) == before
        assert unread(desk, NEW, OLD) == 1
        assert desk.told() == ["Talks in Doha"]


def test_a_document_cut_short_is_not_remembered(tmp_path: Path) -> None:
    """Half a document says nothing of what the whole one lists."""
    with started(tmp_path, OLD, *MORE) as desk:
        body = desk.documents.bodies[desk.config.feeds[0].url.reveal()]
        desk.documents.bodies[desk.config.feeds[0].url.reveal()] = body[: body.rindex(b"<item>") + 20]
        desk.poll()
        assert noted(desk) == ""
        assert unread(desk, NEW, OLD, *MORE) == 0
        assert desk.told() == ["Talks in Doha"]
