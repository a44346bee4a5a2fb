"""`tocsin stories` as a user types it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.cli import run
from tests.support.configs import write

if TYPE_CHECKING:
    from pathlib import Path

TEXT = (
    "A quake shook the northern hills of Marvania before dawn on Tuesday, killing 12 people and burying"
    " dozens of houses in the district of Orsk, officials said. Rescuers with dogs reached the"
    " highest villages at noon."
)
LINES: tuple[dict[str, object], ...] = (
    {"id": "a", "title": "Quake kills 12 in Marvania", "body": TEXT, "outlet": "one.example"},
    {"id": "b", "title": "Quake in the hills", "body": TEXT, "url": "https://two.example/b?utm_source=rss"},
    {"id": 3, "title": "Toll rises to 30", "body": TEXT.replace("12", "30"), "outlet": "three.example"},
    {"id": "d", "title": "Rain in the south", "summary": "Umbrellas are sold out.", "outlet": "four.example"},
)


def articles(folder: Path, *lines: dict[str, object]) -> Path:
    """A file of articles."""
    path = folder / "articles.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


def test_each_article_gets_a_verdict(tmp_path: Path) -> None:
    """In order, in the contract's shape, with the words for people."""
    outcome = run("stories", articles(tmp_path, *LINES), "--json")
    assert outcome.code == 0, outcome.err
    shapes = outcome.objects
    assert [shape["id"] for shape in shapes] == ["a", "b", 3, "d"]
    assert [shape["decision"] for shape in shapes] == ["new", "duplicate", "update", "new"]
    assert [shape["story"] for shape in shapes] == [1, 1, 1, 2]
    assert [shape["of"] for shape in shapes] == [None, "a", "a", None]
    assert "12 -> 30 dead" in shapes[2]["reason"]
    assert shapes[1]["score"] == 1.0
    assert [shape["level"] for shape in shapes] == ["none", "dispatch", "dispatch", "none"]


def test_what_people_see(tmp_path: Path) -> None:
    """Story, verdict, reason; at the end how many would ring."""
    outcome = run("stories", articles(tmp_path, *LINES))
    assert "story 1    duplicate  b  Quake in the hills" in outcome.out
    assert "           like a: 100% of the shorter text is the same\n" in outcome.out
    assert outcome.out.count("like") == 2
    assert outcome.err.strip() == ("4 articles tell 2 stories: 3 would ring (2 new, 1 update), 1 stay silent")


def test_one_article_and_none(tmp_path: Path) -> None:
    """What is said at the end is said well."""
    one = run("stories", articles(tmp_path, LINES[0])).err
    assert one == "1 article tells 1 story: 1 would ring (1 new), 0 stay silent\n"
    assert run("stories", articles(tmp_path)).err == "there is no article in it\n"


def test_two_texts_can_be_held_against_each_other(tmp_path: Path) -> None:
    """A text file is an article."""
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text(f"Quake in Marvania\n\n{TEXT}", encoding="utf-8")
    outcome = run("stories", tmp_path / "a.txt", tmp_path / "b.txt", "--json")
    assert [shape["decision"] for shape in outcome.objects] == ["new", "duplicate"]


@pytest.mark.parametrize(("updates", "decision"), [("none", "duplicate"), ("substance", "update")])
def test_the_option(tmp_path: Path, updates: str, decision: str) -> None:
    """As in a rule."""
    outcome = run("stories", articles(tmp_path, *LINES), "--json", "--updates", updates)
    assert outcome.objects[2]["decision"] == decision


def test_dates_and_the_window_of_the_configuration(tmp_path: Path) -> None:
    """A copy after the window rings; "off" takes every article for itself."""
    lines = [LINES[0] | {"published": "2026-11-20T10:00:00Z"}, LINES[1] | {"published": "2026-11-22"}]
    path = articles(tmp_path, *lines)
    for window, decision in (("72h", "duplicate"), ("24h", "related"), ("off", "new")):
        config = write(tmp_path, f'[stories]\nwindow = "{window}"\n')
        outcome = run("stories", path, "--json", "--config", config)
        assert outcome.objects[1]["decision"] == decision, window
        assert ("so it rings again" in outcome.objects[1]["reason"]) is (decision == "related")


def test_mistakes(tmp_path: Path) -> None:
    """Told with what to do; exit 2."""
    assert run("stories", articles(tmp_path, *LINES), "--updates", "never").code == 2
    assert run("stories", tmp_path / "missing.jsonl").code == 2
