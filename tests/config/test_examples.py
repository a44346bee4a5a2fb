"""The starter and the full example: both load, and the example leaves nothing out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from monitor.config.load import load_config, require
from monitor.config.tables import keys_of
from monitor.config.template import init_template
from tests.support.configs import ENV, load, told, write

EXAMPLE = Path(__file__).parent.parent.parent / "config.example.toml"
TEXT = EXAMPLE.read_text(encoding="utf-8")

# In the example, "# " begins an explanation and "#" without a space an option that is switched off.
SWITCHED_OFF = re.compile(r"^#(?=[\w\[])", re.MULTILINE)


def test_the_starter_loads_as_it_is(tmp_path: Path) -> None:
    """Without a single finding and without any environment variable."""
    loaded = load(tmp_path, init_template())
    assert told(loaded) == []
    config = require(loaded)
    assert [channel.type for channel in config.channels] == ["terminal"]
    assert {feed.tags[0] for feed in config.feeds} == {"fr", "en"}
    assert all(rule.tests for rule in config.rules)


def test_the_options_of_the_starter_work_when_switched_on(tmp_path: Path) -> None:
    """Its commented tables and keys are a valid configuration too."""
    write(tmp_path, "secret", "desk.password")
    text = re.sub(r"^# (?=\[|\w+ = )", "", init_template(), flags=re.MULTILINE)
    loaded = load(tmp_path, text, env={"TOCSIN_PHONE": "ntfy://topic"})
    assert told(loaded) == []
    assert len(require(loaded).routes) == 2


def test_the_starter_of_the_service_keeps_its_state_where_services_do(tmp_path: Path) -> None:
    """Only the database differs."""
    config = require(load(tmp_path, init_template(system=True)))
    assert config.database == Path("/var/lib/tocsin/tocsin.db")


def test_the_example_loads_as_it_is() -> None:
    """Without a single finding."""
    loaded = load_config(EXAMPLE, env=ENV)
    assert told(loaded) == []
    assert len(require(loaded).feeds) == 10


def test_the_example_loads_with_every_option_switched_on(tmp_path: Path) -> None:
    """Each option that is commented out has a value that works."""
    for name in ("desk.password", "wire.key"):
        write(tmp_path, "secret", name)
    write(tmp_path, '<opml><body><outline xmlUrl="https://a.example/"/></body></opml>', "feeds.opml")
    write(tmp_path, "", "rules/empty.toml")
    env = {
        "TOCSIN_WIRE_URL": "https://wire.example/",
        "TOCSIN_WIRE_PASSWORD": "secret",
        "TOCSIN_PHONE": "ntfy://topic",
        "TOCSIN_HOOK_SECRET": "secret",
        "TOCSIN_DEADMAN": "https://ping.example/",
    }
    loaded = load(tmp_path, SWITCHED_OFF.sub("", TEXT), env=env)
    assert told(loaded) == []
    assert require(loaded).canary is not None


def every_key() -> list[tuple[str, ...]]:
    """All tables and keys of the schema, two levels deep."""
    found: list[tuple[str, ...]] = []
    for table in keys_of(()):
        path = (table, "x") if table in ("entities", "channels", "quiet_hours") else (table,)
        found += [(table, key) for key in keys_of(path)] or [(table,)]
    return found


@pytest.mark.parametrize("path", every_key(), ids=".".join)
def test_the_example_shows_every_key(path: tuple[str, ...]) -> None:
    """A key that is added to the schema must be explained in the example."""
    table = path[0]
    start = re.search(rf"^#?\[?\[?{table}\b", TEXT, re.MULTILINE)
    assert start, table
    if len(path) == 2:
        headers = rf"^#?\[+{table}[^\n]*\n((?:(?!#?\[).*\n)*)"
        bodies = "\n".join(re.findall(headers, TEXT, re.MULTILINE))
        nested = rf"^#?\[+{table}\.{path[1]}\]"
        assert re.search(rf"^#?{path[1]} = ", bodies, re.MULTILINE) or re.search(nested, TEXT, re.MULTILINE)
