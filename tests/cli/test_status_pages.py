"""`tocsin status` on pages, on rules that had to do without them, and on stories told by several."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from monitor.cli.status_pages import NOTHING
from tests.support.cli import run
from tests.support.storyrows import QUAKE, Rows, rows

if TYPE_CHECKING:
    from pathlib import Path

FEEDS = "".join(f'[[feeds]]\nname = "{name}"\nurl = "http://{name}.example/f"\n' for name in ("one", "two"))
RULES = """\
[[rules]]
name = "kabul"
query = "kabul"
[[rules]]
name = "only-one"
query = "doha"
feeds = ["one"]
[[rules]]
name = "headline"
query = "title:kabul"
[[rules]]
name = "all"
query = "feed:*"
"""


def desk(folder: Path) -> Rows:
    """A database, and a configuration beside it."""
    text = f'[monitor]\ndatabase = "tocsin.db"\n{FEEDS}{RULES}'
    (folder / "config.toml").write_text(text, encoding="utf-8")
    return rows(folder)


def told(folder: Path) -> str:
    """What people read."""
    outcome = run("status", "--config", folder / "config.toml")
    assert (outcome.code, outcome.err) == (0, "")
    return outcome.out


def shape(folder: Path) -> dict[str, Any]:
    """The keys that this file is about."""
    (found,) = run("status", "--json", "--config", folder / "config.toml").objects
    return {key: found[key] for key in NOTHING}


def test_before_the_first_run_and_without_pages_there_is_nothing(tmp_path: Path) -> None:
    """Every key is there, no line is."""
    (tmp_path / "config.toml").write_text(f'[monitor]\ndatabase = "none.db"\n{FEEDS}')
    assert shape(tmp_path) == NOTHING
    desk(tmp_path)
    assert shape(tmp_path) == NOTHING
    text = told(tmp_path)
    assert not {"pages", "teasers", "stories"} & {line.split()[0] for line in text.splitlines()}


def test_pages_waiting_read_and_given_up(tmp_path: Path) -> None:
    """An article counts once, however many feeds wanted its page; the commonest reasons come first."""
    room, now = desk(tmp_path), datetime.now(UTC)
    done = now - timedelta(hours=1)
    room.page(room.report("one.example"))
    read = room.report("one.example", page=QUAKE)
    room.page(read, done_at=done)
    room.shown_by(read, "two")
    room.page(read, feed_id=room.feeds["two"], done_at=done)
    for number, why in enumerate(["too slow", "robots.txt forbids it", "robots.txt forbids it", "gone", ""]):
        room.page(room.report(f"o{number}.example", feed="two", page_why=why), done_at=done)
    room.page(room.report("one.example", page_why="long ago"), done_at=now - timedelta(hours=25))
    pages = shape(tmp_path)["pages"]
    assert (pages["waiting"], pages["read_24h"], pages["given_up_24h"]) == (1, 1, 5)
    assert pages["reasons"][0] == {"why": "robots.txt forbids it", "articles": 2}
    assert {r["why"] for r in pages["reasons"]} == {
        *("robots.txt forbids it", "too slow", "gone", "it could not be read")
    }
    text = told(tmp_path)
    assert "pages    1 waiting, 1 read in 24 h, 5 given up: robots.txt forbids it (2), " in text
    assert " and 1 other reason\n" in text


def test_rules_that_were_judged_on_teasers_alone(tmp_path: Path) -> None:
    """Those that hear of the feed and could have held by its page: neither headlines nor `feed:*`."""
    room, now = desk(tmp_path), datetime.now(UTC)
    for outlet in ("one", "one", "two"):
        article = room.report(f"{outlet}.example", page_why="over the budget")
        room.page(article, done_at=now - timedelta(hours=1))
    compared = room.report("two.example", page_why="over the budget")
    room.page(compared, purpose="compare", done_at=now - timedelta(hours=1))  # it had matched
    assert shape(tmp_path)["teaser_only"] == [
        {"rule": "kabul", "articles": 3},
        {"rule": "only-one", "articles": 2},
    ]
    line = "teasers  articles judged without their page in 24 h, by rule: kabul (3), only-one (2)\n"
    assert line in told(tmp_path)


def test_stories_that_several_outlets_told(tmp_path: Path) -> None:
    """Two pages of one outlet are not several; what is older does not count."""
    room = desk(tmp_path)
    first = room.report("one.example")
    room.report("two.example", after=3, of=first)
    same = room.report("www.three.example")
    room.report("blog.three.example", after=3, of=same)
    old = room.report("one.example", after=-60 * 30)
    room.report("two.example", after=-60 * 29, of=old)
    assert shape(tmp_path)["shared_stories_24h"] == 1
    assert "stories  1 story was told by several outlets in 24 h\n" in told(tmp_path)
