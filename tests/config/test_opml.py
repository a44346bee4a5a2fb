"""Feeds that come from OPML files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.config.load import require
from tests.support.configs import SMALL, load, told, write

if TYPE_CHECKING:
    from pathlib import Path

OPML = """<opml version="2.0"><body>
<outline text="World">
<outline text="One" type="rss" xmlUrl="https://one.example/rss"/>
<outline text="Le Monde" type="rss" xmlUrl="https://www.lemonde.fr/rss/une.xml"/>
</outline></body></opml>"""
TABLE = '[[opml]]\nfile = "feeds.opml"\ntags = ["imported"]\n'


def test_feeds_of_an_opml_file_are_added(tmp_path: Path) -> None:
    """With default names, the table's tags and those of their folders; they may be named by rules."""
    write(tmp_path, OPML, "feeds.opml")
    text = (
        SMALL + TABLE + '[[rules]]\nname = "b"\nquery = "x"\nfeeds = ["one-example-rss"]\ntags = ["World"]\n'
    )
    loaded = load(tmp_path, text)
    assert told(loaded) == []
    feeds = {feed.name: feed for feed in require(loaded).feeds}
    assert feeds["one-example-rss"].tags == ("imported", "World")


def test_an_address_listed_already_only_brings_its_tags(tmp_path: Path) -> None:
    """No error, no second feed."""
    write(tmp_path, OPML, "feeds.opml")
    config = require(load(tmp_path, SMALL + TABLE))
    assert [feed.name for feed in config.feeds] == ["lemonde", "one-example-rss"]
    assert config.feeds[0].tags == ("imported", "World")


def test_a_missing_or_broken_opml_file_names_the_line(tmp_path: Path) -> None:
    """The line of the table's key; other findings are told as well."""
    write(tmp_path, "<html/>", "broken.opml")
    text = SMALL + TABLE + '[[opml]]\nfile = "broken.opml"\n[log]\nlevel = 3\n'
    lines = told(load(tmp_path, text))
    assert [line.split(": ")[0] for line in lines] == [f"config.toml:{line}" for line in (12, 15, 17)]
    assert "No such file" in lines[0]
    assert "this is not OPML" in lines[1]


def test_a_default_name_that_is_taken_asks_for_a_table_of_its_own(tmp_path: Path) -> None:
    """An OPML file cannot give names, so the remedy is [[feeds]]."""
    write(
        tmp_path, OPML.replace("https://one.example/rss", "http://www.lemonde.fr/rss/une.xml"), "feeds.opml"
    )
    text = SMALL.replace('name = "lemonde"\n', "") + TABLE
    (finding,) = load(tmp_path, text).findings
    assert "'lemonde-fr-rss-une-xml', which is taken" in finding.message
    assert "[[feeds]]" in finding.hint


def test_an_opml_file_may_be_in_any_encoding(tmp_path: Path) -> None:
    """As it declares."""
    declared = '<?xml version="1.0" encoding="windows-1251"?>' + OPML.replace("World", "Мир")
    (tmp_path / "feeds.opml").write_bytes(declared.encode("cp1251"))
    loaded = load(tmp_path, SMALL + TABLE)
    assert told(loaded) == []
    assert require(loaded).feeds[-1].tags == ("imported", "Мир")


def test_an_opml_file_beyond_all_measure_is_refused(tmp_path: Path) -> None:
    """It is not read to its end, and the line of the key is named."""
    with (tmp_path / "feeds.opml").open("wb") as file:
        file.truncate(20_000_000)
    (line,) = told(load(tmp_path, SMALL + TABLE))
    assert line.startswith("config.toml:12: ")
    assert "larger than the 10 MB" in line
