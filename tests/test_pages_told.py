"""What a page changes: rules that hold on it alone, and alerts that waited to be compared."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from monitor.documents import stored_document
from monitor.paging import PageRead, decide_held, record_page
from monitor.settings import RuleConfig
from monitor.store import sql
from tests.support.documents import Item
from tests.support.newsdesk import Desk
from tests.test_stories_told import DISPATCH, TITLE

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.meeting import Rung

FEEDS = ("a", "b", "c")
ALIKE = "Envoys talk with the movement about frozen reserves"
OTHER = (
    "Envoys of the fishing nations talked in Oslo about reserves of frozen herring, and about whose ships "
    "may follow the shoals in spring. The movement of the fish to the north has emptied the old grounds, "
    "said a biologist, and crews stay out for weeks. No agreement was reached on the size of the catches."
)


def started(folder: Path, **options: Any) -> Desk:
    """A desk whose pages are read, its feeds past their first poll."""
    feeds = [Desk.feed(name, full_text="auto") for name in FEEDS]
    desk = Desk(folder, **({"feeds": feeds} | options))
    for feed in FEEDS:
        desk.publish(feed)
    desk.poll()
    return desk


def show(desk: Desk, feed: str, text: str = "", title: str = ALIKE) -> None:
    """Let a feed show an item of few words."""
    link = f"https://www.{feed}-news.example/1"
    desk.publish(feed, Item(title, guid=f"{feed}:1", link=link, text=text, age=-99))
    desk.poll(feed)


def read(desk: Desk, article: int, text: str = "", **values: Any) -> Rung:
    """The page of an article was read; its feed has the article's number."""
    row = desk.database.reader.row(sql.ARTICLE, id=article)
    assert row is not None
    feed = desk.plan.feeds[row["feed"]]
    changed = {key: row[key] for key in row.keys()} | ({"page": text} if text else {})  # noqa: SIM118
    matches = desk.plan.engine.match(stored_document(changed, feed, feed.name))  # type: ignore[arg-type]
    known = {"matches": matches if text else (), "why": "" if text else "the page is gone"} | values
    page = PageRead(article, row["feed_id"], text, **known)

    def unit(tx: Any) -> Rung:
        tx.run("UPDATE pages SET done_at = '2026-11-24 12:00:00' WHERE article_id = :a", a=article)
        return record_page(tx, page, desk.plan, desk.now)

    return desk.database.writer.submit(unit).result()


def wait(desk: Desk, seconds: float) -> Rung:
    """So much time passes."""
    desk.now += timedelta(seconds=seconds)
    return desk.database.writer.submit(lambda tx: decide_held(tx, desk.plan, desk.now)).result()


def queue(desk: Desk) -> dict[int, str]:
    """What the pages of articles are wanted for, as far as they were not read."""
    rows = desk.database.reader.rows("SELECT article_id, purpose FROM pages WHERE done_at IS NULL")
    return {row[0]: row[1] for row in rows}


# --- rules that hold on the page alone


def test_a_rule_that_holds_on_the_page_alone_rings(tmp_path: Path) -> None:
    """Once, with the sentence of the page; the item was silent before."""
    with started(tmp_path, query="doha") as desk:
        show(desk, "a", "They met again.")
        assert desk.told() == []
        assert queue(desk) == {1: "match"}
        assert read(desk, 1, DISPATCH).notifications == 1
        assert "Doha" in desk.messages()[0]["excerpt"]
        assert read(desk, 1, DISPATCH).notifications == 0
        assert desk.ledger() == {"first": 1}
        assert desk.adds_up()


def test_a_page_that_cannot_be_had_costs_the_page_alone(tmp_path: Path) -> None:
    """The article stays, with the reason."""
    with started(tmp_path, query="doha") as desk:
        show(desk, "a", "They met again.")
        read(desk, 1, why="robots.txt forbids it")
        row = desk.database.reader.row(sql.ARTICLE, id=1)
        assert row is not None
        assert (row["page"], row["page_why"]) == ("", "robots.txt forbids it")


def test_what_was_told_is_never_taken_back(tmp_path: Path) -> None:
    """The teaser said Doha, and the page does not: the alert stands, and nothing else is said."""
    with started(tmp_path, query="doha") as desk:
        show(desk, "a", "They met in Doha.")
        assert queue(desk) == {1: "compare"}
        read(desk, 1, OTHER)
        assert len(desk.told()) == 1
        assert desk.ledger() == {"first": 1}


def test_what_holds_on_unconfirmed_lines_is_for_the_digest(tmp_path: Path) -> None:
    """And rings if the page's next copy has it confirmed."""
    with started(tmp_path, query="doha") as desk:
        show(desk, "a", "They met again.")
        spans = ((0, len(DISPATCH)),)
        weak = desk.plan.engine.match(
            stored_document(
                {"title": ALIKE, "summary": "", "body": "", "page": DISPATCH, "unconfirmed": "[[],[[0,400]]]",
                 "language": "en", "categories": "", "source": "", "authors": "", "url": ""},  # type: ignore[arg-type]
                desk.plan.feeds["a"], "a",
            )
        )  # fmt: skip
        assert [match.strength for match in weak] == ["weak"]
        rung = read(desk, 1, DISPATCH, unconfirmed=spans, matches=weak)
        assert (rung.notifications, rung.collected) == (0, 1)
        assert desk.ledger() == {"weak": 1}
        assert desk.told() == []
        assert desk.adds_up()
        show(desk, "b", f"{DISPATCH}", TITLE)
        assert len(desk.told()) == 1
        assert desk.ledger() == {"weak": 1, "first": 1}


@pytest.mark.parametrize(("option", "ledger"), [("alert", {"first": 1}), ("ignore", {"weak_ignored": 1})])
def test_a_rule_says_what_becomes_of_weak_matches(
    tmp_path: Path, option: str, ledger: dict[str, int]
) -> None:
    """`weak` is the rule's."""
    with started(tmp_path, rules=[RuleConfig("doha", query="doha", weak=option)]) as desk:
        show(desk, "a", "They met again.")
        document = {"title": "", "summary": "", "body": "", "page": "Doha.", "unconfirmed": "[[],[[0,5]]]",
                    "language": "en", "categories": "", "source": "", "authors": "", "url": ""}  # fmt: skip
        weak = desk.plan.engine.match(stored_document(document, desk.plan.feeds["a"], "a"))  # type: ignore[arg-type]
        read(desk, 1, "Doha.", unconfirmed=((0, 5),), matches=weak)
        assert desk.ledger() == ledger


def test_the_page_of_a_feed_that_was_removed_rings_nobody(tmp_path: Path) -> None:
    """It is kept, and that is all."""
    with started(tmp_path, query="doha") as desk:
        show(desk, "a", "They met again.")
        row = desk.database.reader.row(sql.ARTICLE, id=1)
        assert row is not None
        matches = desk.plan.engine.match(stored_document(row, desk.plan.feeds["a"], "a"))
        desk.change(feeds=tuple(f for f in desk.config.feeds if f.name != "a"))
        page = PageRead(1, row["feed_id"], DISPATCH, matches=matches)
        desk.database.writer.submit(lambda tx: record_page(tx, page, desk.plan, desk.now)).result()
        assert desk.told() == []


# --- alerts that wait to be compared


def test_what_looks_alike_waits_for_its_page(tmp_path: Path) -> None:
    """It is another story, as its page shows: it rings; and the first is read as soon as it."""
    with started(tmp_path) as desk:
        show(desk, "a", "The third meeting since the summer.")
        show(desk, "b", "No agreement was reached.")
        assert len(desk.told()) == 1
        assert desk.ledger() == {"first": 1, "comparing": 1}
        assert queue(desk) == {1: "compare", 2: "decide"}
        assert desk.adds_up()
        read(desk, 1, DISPATCH)
        assert len(desk.told()) == 1
        read(desk, 2, OTHER)
        assert len(desk.told()) == 2
        assert desk.ledger() == {"first": 2}
        assert desk.adds_up()


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_a_copy_that_waited_joins_in_silence(tmp_path: Path, order: tuple[int, int]) -> None:
    """Whichever of the two pages is read first."""
    with started(tmp_path) as desk:
        show(desk, "a", "The third meeting since the summer.")
        show(desk, "b", "No statement was made.")
        for article in order:
            read(desk, article, DISPATCH)
        assert len(desk.told()) == 1
        assert desk.ledger() == {"first": 1, "duplicate": 1}
        assert desk.adds_up()


def test_nothing_waits_longer_than_half_a_minute(tmp_path: Path) -> None:
    """The page hangs: the alert goes without; when the page comes nothing is said again."""
    with started(tmp_path) as desk:
        show(desk, "a", "The third meeting since the summer.")
        show(desk, "b", "No agreement was reached.")
        assert wait(desk, 29).notifications == 0
        assert wait(desk, 2).notifications == 1
        assert len(desk.told()) == 2
        assert wait(desk, 60).notifications == 0
        read(desk, 2, DISPATCH)
        assert len(desk.told()) == 2
        assert desk.adds_up()


def test_an_alert_whose_page_is_gone_rings_at_once(tmp_path: Path) -> None:
    """There is nothing left to wait for."""
    with started(tmp_path) as desk:
        show(desk, "a", "The third meeting since the summer.")
        show(desk, "b", "No agreement was reached.")
        read(desk, 1)
        read(desk, 2)
        assert len(desk.told()) == 2
        assert desk.ledger() == {"first": 2}


def test_a_rule_removed_while_its_match_waited(tmp_path: Path) -> None:
    """Its match is closed; the other rule's rings."""
    rules = [RuleConfig("envoys", query="envoys"), RuleConfig("movement", query="movement")]
    with started(tmp_path, rules=rules) as desk:
        show(desk, "a", "The third meeting since the summer.")
        show(desk, "b", "No agreement was reached.")
        desk.change(rules=tuple(rules[:1]))
        wait(desk, 31)
        assert [n.rules for n in desk.notifications()] == [("envoys", "movement"), ("envoys",)]
        assert desk.ledger() == {"first": 3, "rule_removed": 1}
        assert desk.adds_up()


def test_a_restart_forgets_nothing_that_waits(tmp_path: Path) -> None:
    """It stands in the database."""
    with started(tmp_path) as desk:
        show(desk, "a", "The third meeting since the summer.")
        show(desk, "b", "No agreement was reached.")
        desk.restart()
        wait(desk, 31)
        assert len(desk.told()) == 2
