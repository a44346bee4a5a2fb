"""Old forms of the configuration: they mean what they meant, are told the new one, and are rewritten."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config import deprecated
from monitor.config.deprecated import ANY, Renamed, modern, rewrite
from monitor.config.load import load_config
from tests.support.cli import run

if TYPE_CHECKING:
    from pathlib import Path

EVERY = Renamed(("polling",), "interval", "every", "0.9")
FEED = Renamed(("feeds", ANY), "interval", "every", "0.9")
CHANNEL = Renamed(("channels", ANY), "target", "path", "0.9")
TABLE = Renamed((), "poll", "polling", "0.9")
FORMS = (TABLE, EVERY, FEED, CHANNEL)

OLD = """\
# interval is a word in this comment
[poll]   # how often
"interval" = "10m"  # the interval

[[feeds]]
url = "http://127.0.0.1/interval"
interval = "7m"
[[feeds]]
url = "http://127.0.0.1/b"
every = "9m"

[channels]
screen = { type = "file", target = "out.txt" }
"""
NEW = """\
# interval is a word in this comment
[polling]   # how often
every = "10m"  # the interval

[[feeds]]
url = "http://127.0.0.1/interval"
every = "7m"
[[feeds]]
url = "http://127.0.0.1/b"
every = "9m"

[channels]
screen = { type = "file", path = "out.txt" }
"""


@pytest.fixture
def some_forms(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if these names had been changed in a release."""
    monkeypatch.setattr(deprecated, "FORMS", FORMS)


def write(folder: Path, text: str) -> Path:
    """A configuration file in a folder of its own."""
    path = folder / "config.toml"
    path.write_text(text)
    return path


@pytest.mark.usefixtures("some_forms")
def test_an_old_name_means_what_it_meant_and_is_told_the_new_one(tmp_path: Path) -> None:
    """The configuration is the same as with today's names; each use is a warning with its line."""
    old = load_config(write(tmp_path, OLD), env={})
    new = load_config(write(tmp_path, NEW), env={})
    assert old.config is not None
    assert new.config is not None
    assert old.config.polling == new.config.polling
    assert [feed.every for feed in old.config.feeds] == [feed.every for feed in new.config.feeds]
    assert [channel.path for channel in old.config.channels] == [
        channel.path for channel in new.config.channels
    ]
    warned = [finding for finding in old.findings if finding.code == "deprecated"]
    assert [(f.line, f.level, f.message) for f in warned] == [
        (2, "warning", "'poll' is called 'polling' since version 0.9; it still works"),
        (3, "warning", "'interval' in [poll] is called 'every' since version 0.9; it still works"),
        (7, "warning", "'interval' in [[feeds]] is called 'every' since version 0.9; it still works"),
        (13, "warning", "'target' in [channels.screen] is called 'path' since version 0.9; it still works"),
    ]
    assert all(f.hint == "tocsin config migrate rewrites it" for f in warned)


def test_only_the_old_names_are_rewritten() -> None:
    """Comments, values that hold the same word, order and spaces stay as they are."""
    result = rewrite(OLD, "config.toml", FORMS)
    assert result.text == NEW
    assert result.left == ()
    assert [(change.line, change.old) for change in result.changes] == [
        (2, "poll"),
        (3, "interval"),
        (7, "interval"),
        (13, "target"),
    ]


def test_where_both_names_are_given_a_person_decides() -> None:
    """The new one is in force; the file is left as it is, and the finding is an error."""
    text = 'polling = { interval = "5m", every = "6m" }\n'
    data, problems = modern(tomllib.loads(text), "config.toml", (EVERY,))
    assert data == {"polling": {"every": "6m"}}
    assert [(p.level, p.hint) for p in problems] == [("error", "keep 'every', take the other out")]
    result = rewrite(text, "config.toml", (EVERY,))
    assert (result.text, result.changes) == (text, ())
    assert [p.line for p in result.left] == [1]


@given(
    st.lists(st.sampled_from(["interval", "every", "tags", "name"]), unique=True, max_size=3),
    st.sampled_from(["{0} = 1", "'{0}'=1", '"{0}" = "interval = 2" # interval', "{0} = [\n  'interval',\n]"]),
)
def test_a_rewritten_file_means_what_the_old_one_meant(keys: list[str], form: str) -> None:
    """Whatever the file looks like: same meaning, and nothing old is left but what a person must see."""
    text = "[polling]\n" + "".join(f"{form.format(key)}\n" for key in keys)
    result = rewrite(text, "config.toml", (EVERY,))
    assert modern(tomllib.loads(text), "", (EVERY,))[0] == modern(tomllib.loads(result.text), "", (EVERY,))[0]
    assert bool(result.left) == ({"interval", "every"} <= set(keys))
    assert ("interval" in tomllib.loads(result.text)["polling"]) == bool(result.left)


@pytest.mark.usefixtures("some_forms")
def test_config_migrate_rewrites_each_file_and_keeps_the_old_one(
    tmp_path: Path,
) -> None:
    """What changes is shown by line and name; with --dry-run nothing is written."""
    path = write(tmp_path, 'include = ["more.toml"]\n[polling]\ninterval = "10m"\n')
    more = tmp_path / "more.toml"
    more.write_text('[[feeds]]\nurl = "http://127.0.0.1/a"\ninterval = "7m"\n')
    more.chmod(0o600)
    tried = run("config", "migrate", "--dry-run", "--config", path)
    assert "line 3: interval -> every" in tried.out
    assert "interval" in path.read_text()
    done = run("config", "migrate", "--config", path)
    assert done.out.splitlines() == [
        str(path),
        "  line 3: interval -> every",
        str(more),
        "  line 3: interval -> every",
    ]
    assert more.read_text() == '[[feeds]]\nurl = "http://127.0.0.1/a"\nevery = "7m"\n'
    kept = next(tmp_path.glob("more.toml.*.backup"))
    assert "interval" in kept.read_text()
    assert kept.stat().st_mode & 0o777 == 0o600
    assert "nothing to change" in run("config", "migrate", "--config", path).err


@pytest.mark.usefixtures("some_forms")
def test_config_migrate_says_what_it_leaves(tmp_path: Path) -> None:
    """Exit 1 and the line, so that a script notices."""
    path = write(tmp_path, '[polling]\ninterval = "10m"\nevery = "5m"\n')
    refused = run("config", "migrate", "--config", path)
    assert refused.code == 1
    assert f"{path}:2: " in refused.err
    assert list(tmp_path.glob("*.backup")) == []
