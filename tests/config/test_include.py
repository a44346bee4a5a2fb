"""Several files as one configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.config.load import load_config, require
from tests.support.configs import CHANNEL, ENV, FEED, RULE, SMALL, load, told, write

if TYPE_CHECKING:
    from pathlib import Path

MAIN = f'include = ["rules/*.toml"]\n{SMALL}'


def test_included_files_come_in_the_order_of_their_paths(tmp_path: Path) -> None:
    """Their rules follow those of the main file."""
    write(tmp_path, '[[rules]]\nname = "b"\nquery = "x"\n', "rules/20.toml")
    write(tmp_path, '[[rules]]\nname = "a"\nquery = "x"\n', "rules/10.toml")
    config = require(load(tmp_path, MAIN))
    assert [rule.name for rule in config.rules] == ["talks", "a", "b"]
    assert [path.name for path in config.files] == ["config.toml", "10.toml", "20.toml"]


def test_paths_are_relative_to_the_file_they_stand_in(tmp_path: Path) -> None:
    """For secrets and files of included files too."""
    write(tmp_path, "ntfy://x\n", "rules/phone.url")
    write(
        tmp_path,
        '[channels.phone]\nurl = { file = "phone.url" }\n[channels.out]\ntype = "file"\npath = "out"\n',
        "rules/a.toml",
    )
    channels = {channel.name: channel for channel in require(load(tmp_path, MAIN)).channels}
    assert channels["out"].path == tmp_path / "rules" / "out"
    assert channels["phone"].url is not None
    assert channels["phone"].url.reveal() == "ntfy://x"


def test_included_routes_stand_just_before_the_last_one(tmp_path: Path) -> None:
    """The main file's catch-all keeps the last word; included files need none."""
    route = '[[routes]]\nmatch = {{ severity = "{}" }}\nchannels = ["screen"]\n'
    write(tmp_path, route.format("low"), "rules/a.toml")
    last = "[[routes]]\nchannels = []\n"
    config = require(load(tmp_path, MAIN + route.format("high") + last))
    assert [route.match.get("severity") for route in config.routes] == [("high",), ("low",), None]


def test_included_routes_need_a_catch_all_in_the_main_file(tmp_path: Path) -> None:
    """Without one, alerts that fit none would go nowhere."""
    write(tmp_path, '[[routes]]\nmatch = { severity = "low" }\nchannels = []\n', "rules/a.toml")
    assert told(load(tmp_path, MAIN)) == [
        "config.toml:1: error: included files have [[routes]], and this file has none that catches the rest"
    ]


def test_tables_that_stand_once_belong_to_the_main_file(tmp_path: Path) -> None:
    """Nor may an included file include others."""
    write(tmp_path, 'include = ["x.toml"]\n[monitor]\n[log]\nlevel = "nonsense"\n', "rules/a.toml")
    main = tmp_path / "config.toml"
    assert told(load(tmp_path, MAIN)) == [
        f"a.toml:1: error: 'include' may stand only in the main file, {main}",
        f"a.toml:2: error: [monitor] may stand only in the main file, {main}",
        f"a.toml:3: error: [log] may stand only in the main file, {main}",
    ]


def test_names_are_unique_across_files(tmp_path: Path) -> None:
    """Each second bearer is named with the place of the first."""
    main = tmp_path / "config.toml"
    write(tmp_path, CHANNEL + RULE + FEED.replace("une.xml", "deux.xml"), "rules/a.toml")
    assert told(load(tmp_path, MAIN)) == [
        f"a.toml:1: error: channel 'screen' stands twice; first at {main}:10",
        f"a.toml:3: error: rule 'talks' stands twice; first at {main}:6",
        f"a.toml:6: error: feed 'lemonde' stands twice; first at {main}:2",
    ]


def test_files_may_name_what_stands_in_others(tmp_path: Path) -> None:
    """Channels, feeds and tags are known across files, in both directions."""
    write(tmp_path, CHANNEL, "rules/a.toml")
    write(tmp_path, RULE + 'feeds = ["lemonde"]\nallow_channels = ["screen"]\n', "rules/b.toml")
    assert not load(
        tmp_path, f'include = ["rules/*.toml"]\n{FEED}[notices]\nchannels = ["screen"]\n'
    ).findings


def test_a_syntax_error_in_one_file_does_not_hide_the_others(tmp_path: Path) -> None:
    """Mistakes elsewhere are told too, but not names that the broken file may hold."""
    write(tmp_path, "[channels.phone\n", "rules/a.toml")
    write(tmp_path, '[[rules]]\nname = "b"\nqery = "x"\n', "rules/b.toml")
    text = MAIN + '[notices]\nchannels = ["phone"]\n[log]\nlevel = 3\n'
    assert [line.rpartition(": ")[0].split(": ")[0] for line in told(load(tmp_path, text))] == [
        "config.toml:15",
        "a.toml:1",
        "b.toml:3",
    ]


def test_a_pattern_that_fits_the_main_file_reads_it_once(tmp_path: Path) -> None:
    """No file is read twice, whichever way it is named."""
    write(tmp_path, '[[rules]]\nname = "b"\nquery = "x"\n', "more.toml")
    text = f'include = ["*.toml", "more.toml", "{tmp_path}/mor?.toml"]\n{SMALL}'
    config = require(load(tmp_path, text))
    assert [rule.name for rule in config.rules] == ["talks", "b"]


def test_a_text_can_stand_in_for_a_file(tmp_path: Path) -> None:
    """A change is tried before it is written."""
    path = write(tmp_path, MAIN)
    included = write(tmp_path, "", "rules/a.toml")
    loaded = load_config(path, env=ENV, texts={included: '[[rules]]\nname = "b"\n'})
    assert told(loaded) == ["a.toml:1: error: rule 'b' says nothing to look for"]
