"""Finding, reading and joining configuration files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.config.load import (
    Overrides,
    Place,
    find_config,
    load_config,
    locate,
    require,
    system_timezone,
)
from monitor.errors import ConfigError, UsageError
from monitor.model import Severity
from monitor.settings import RuleTest
from tests.support.configs import CONTRACT, ENV, FEED, RULE, SMALL, load, told, write


def test_every_key_of_the_contract_is_accepted(tmp_path: Path) -> None:
    """And arrives where the rest of the program looks for it."""
    write(tmp_path, "secret", "k")
    loaded = load(tmp_path, CONTRACT, env={"X": "ntfy://x", "PING": "https://ping.example.org/"})
    assert told(loaded) == [
        "config.toml:1: warning: this 'include' fits no file",
    ]
    config = require(loaded)
    assert config.database == tmp_path / "tocsin.db"
    assert config.retention == 90 * 86400
    assert (config.polling.first_poll, config.polling.per_host_gap) == ("6h", 0)
    assert config.polling.allow_private == ("127.0.0.0/8", "10.1.2.3/32")
    (feed,) = config.feeds
    assert (feed.every, feed.first_poll, feed.full_text, feed.enabled) == (600.0, "alert", "never", False)
    assert feed.headers["X-Key"].reveal() == "secret"
    assert (feed.user, feed.language) == ("u", "fr")
    assert feed.password is not None
    assert feed.password.reveal() == "ntfy://x"
    talks, lists = config.rules
    assert talks.severity is Severity.HIGH
    assert talks.tests == (RuleTest("Les talibans à Doha", match=True), RuleTest("La pluie", match=False))
    assert (talks.budget, talks.secret, talks.allow_channels, talks.enabled) == (
        "off",
        True,
        ("phone",),
        False,
    )
    assert lists.near == ({"a": ("talk*", "peace"), "b": ("qatar",), "within": 10, "ordered": True},)
    assert lists.atleast == {"count": 2, "of": ("@taliban",)}
    assert [channel.type for channel in config.channels] == [
        "apprise",
        "apprise",
        "terminal",
        "file",
        "webhook",
    ]
    assert config.channels[2].body_template == "{title} {link}"
    assert config.channels[3].path == tmp_path / "alerts.jsonl"
    first, second, last = config.routes
    assert first.match["kind"] == ("first",)
    assert first.continues
    assert (second.group, second.group_by) == (600.0, "story")
    assert last.digest == ("08:00", "18:00")
    assert config.story_window is None
    assert (config.budget, config.digest, config.notices) == ("off", "07:30", ("desk",))
    (night,) = config.quiet_hours
    assert (night.start, night.end) == ("22:00", "07:00")
    assert night.days == ("mon", "wed", "sat", "sun")
    assert night.let_through == (Severity.URGENT,)
    assert (config.log_level, config.log_format, config.metrics_listen) == (
        "debug",
        "journal",
        "127.0.0.1:9464",
    )
    assert config.deadman is not None
    assert config.canary == {"every": 3600.0, "channels": ("desk",)}


def test_a_small_file_gets_the_defaults(tmp_path: Path) -> None:
    """What is not said has the values the contract names."""
    config = require(load(tmp_path, SMALL))
    assert (config.timezone, config.retention, config.story_window) == ("UTC", 90 * 86400, 72 * 3600)
    assert (config.polling.every, config.polling.fastest, config.polling.slowest) == (900, 300, 3600)
    assert (config.budget, config.digest, config.notices, config.routes) == ("20/1h", "08:00", None, ())
    assert (config.log_level, config.metrics_listen, config.deadman, config.canary) == (
        "info",
        "",
        None,
        None,
    )


def test_without_channels_the_terminal_rings(tmp_path: Path) -> None:
    """There is one channel then, and a warning."""
    loaded = load(tmp_path, FEED + RULE)
    assert [channel.type for channel in require(loaded).channels] == ["terminal"]
    assert [finding.code for finding in loaded.findings] == ["no_channels"]


def test_require_raises_with_every_finding(tmp_path: Path) -> None:
    """The error prints each as file:line: message."""
    loaded = load(tmp_path, SMALL + "[log]\nlevel = 1\n[alerts]\ndigest = 1\n")
    with pytest.raises(ConfigError) as raised:
        require(loaded)
    assert raised.value.findings == loaded.findings
    assert "config.toml:12: 'level' in [log]" in str(raised.value)
    assert "config.toml:14: 'digest' in [alerts]" in str(raised.value)


def test_a_mistake_in_one_table_hides_no_other(tmp_path: Path) -> None:
    """Names of tables with mistakes still count, so references to them are not called wrong."""
    text = (
        '[[feeds]]\nname = "a"\nurl = "https://a.example/"\ntags = ["t"]\nevry = "1m"\n'
        '[[feeds]]\nurl = "https://b.example/rss"\nevry = "1m"\n'
        '[[rules]]\nname = "r"\nquery = "x"\nfeeds = ["a", "b-example-rss", "c"]\ntags = ["t"]\n'
        'sevrity = "low"\n'
        '[channels.p]\ntyp = "terminal"\n'
        '[[routes]]\nmatch = { rule = "r" }\nchannels = ["p", "q"]\n[[routes]]\nchannels = []\n'
    )
    assert [line.split(": ")[0] for line in told(load(tmp_path, text))] == [
        f"config.toml:{line}" for line in (5, 8, 14, 16, 19)
    ]


def test_a_duplicate_feed_is_polled_once_and_keeps_all_tags(tmp_path: Path) -> None:
    """The same address and name twice is a warning."""
    text = f'{SMALL}[[feeds]]\nname = "lemonde"\nurl = "https://www.lemonde.fr/rss/une.xml"\ntags = ["x"]\n'
    loaded = load(tmp_path, text)
    assert [feed.tags for feed in require(loaded).feeds] == [("x",)]
    assert [finding.code for finding in loaded.findings] == ["duplicate_url"]


def test_default_names_that_meet_are_an_error_with_a_remedy(tmp_path: Path) -> None:
    """Two addresses whose slugs are equal need a name."""
    text = f'{RULE}[[feeds]]\nurl = "https://a.example/x"\n[[feeds]]\nurl = "http://www.a.example/x/"\n'
    (finding,) = [f for f in load(tmp_path, text).findings if f.level == "error"]
    assert (finding.line, finding.code) == (6, "duplicate_name")
    assert "name =" in finding.hint


def test_overrides_win_over_the_environment_and_this_over_the_file(tmp_path: Path) -> None:
    """Flag, then TOCSIN_*, then file; paths given there are relative to where one stands."""
    path = write(tmp_path, SMALL + '[log]\nlevel = "error"\n')
    env = {**ENV, "TOCSIN_DATABASE": "env.db", "TOCSIN_LOG_LEVEL": "WARNING"}
    from_env = require(load_config(path, env=env))
    assert (from_env.database, from_env.log_level) == (Path("env.db"), "warning")
    flags = Overrides(database="flag.db", log_level="debug")
    from_flags = require(load_config(path, env=env, overrides=flags))
    assert (from_flags.database, from_flags.log_level) == (Path("flag.db"), "debug")


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ({"TOCSIN_LOG_LEVEL": "loud"}, "TOCSIN_LOG_LEVEL: expected one of debug"),
        ({"TOCSIN_DATABASE": "postgresql://x"}, "TOCSIN_DATABASE: postgresql:// is not in this version"),
    ],
)
def test_a_wrong_override_is_a_usage_error(tmp_path: Path, env: dict[str, str], message: str) -> None:
    """It is no fault of the file."""
    with pytest.raises(UsageError, match=message):
        load_config(write(tmp_path, SMALL), env=env)


def test_the_configuration_is_looked_for_where_the_contract_says(tmp_path: Path) -> None:
    """--config, TOCSIN_CONFIG, ./config.toml, $XDG_CONFIG_HOME, ~/.config, in this order."""
    here = tmp_path / "here"
    here.mkdir()
    home = write(tmp_path, SMALL, "home/.config/tocsin/config.toml")
    xdg = write(tmp_path, SMALL, "xdg/tocsin/config.toml")
    env = {"HOME": str(tmp_path / "home")}
    assert find_config(None, env, here) == home
    env["XDG_CONFIG_HOME"] = str(tmp_path / "xdg")
    assert find_config(None, env, here) == xdg
    local = write(here, SMALL)
    assert find_config(None, env, here) == local
    other = write(tmp_path, SMALL, "other.toml")
    assert find_config(None, {**env, "TOCSIN_CONFIG": str(other)}, here) == other
    assert find_config("config.toml", {**env, "TOCSIN_CONFIG": str(other)}, here) == local
    assert find_config(str(here), env, tmp_path) == local


def test_no_configuration_names_the_places_and_the_remedy(tmp_path: Path) -> None:
    """The three places, and tocsin init."""
    if Path("/etc/tocsin/config.toml").exists():
        pytest.skip("this machine has a system-wide configuration")
    with pytest.raises(UsageError) as raised:
        find_config(None, {"XDG_CONFIG_HOME": "/nowhere"}, tmp_path)
    for place in (f"{tmp_path}/config.toml", "/nowhere/tocsin/config.toml", "/etc/tocsin/config.toml"):
        assert place in raised.value.message
    assert "tocsin init" in raised.value.hint


@pytest.mark.parametrize("flag", ["none.toml", "."])
def test_a_named_file_must_exist(tmp_path: Path, flag: str) -> None:
    """The search path is no way out of a mistyped --config."""
    with pytest.raises(UsageError, match="--config: there is no file"):
        find_config(flag, {}, tmp_path)


def test_a_file_that_cannot_be_read_is_a_finding(tmp_path: Path) -> None:
    """A running daemon must not fall over it."""
    loaded = load_config(tmp_path / "none.toml", env=ENV)
    assert told(loaded) == ["none.toml:1: error: cannot be read: No such file or directory"]


def test_a_file_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    """The first byte that is wrong."""
    path = tmp_path / "config.toml"
    path.write_bytes(b'[monitor]\ncontact = "caf\xe9"\n')
    assert told(load_config(path, env=ENV)) == ["config.toml:2: error: is not UTF-8 text"]


def test_windows_line_ends_and_a_byte_order_mark_are_fine(tmp_path: Path) -> None:
    """Lines are counted the same."""
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf" + (SMALL + "[log]\nlevl = 1\n").replace("\n", "\r\n").encode())
    assert told(load_config(path, env=ENV)) == [
        "config.toml:12: error: unknown key 'levl' in [log]; did you mean 'level'?"
    ]


def test_a_place_inside_a_query_is_found(tmp_path: Path) -> None:
    """From a rule and a column in its query to line and column of the file."""
    loaded = load(tmp_path, FEED + "[[rules]]\nname = 'a'\nquery = '''\ndoha AND\n  OR'''\n[channels]\n")
    origin = require(loaded).rules[0].origin
    assert origin is not None
    assert locate(loaded, origin, ("query",), 12) == Place(origin.file, 8, 3)
    assert locate(loaded, origin) == Place(origin.file, 4)
    assert locate({}, origin, ("query",)) == Place(origin.file, 1)


def test_the_zone_of_the_machine_is_the_default(tmp_path: Path) -> None:
    """TZ, then /etc/localtime, then UTC."""
    link = tmp_path / "localtime"
    link.symlink_to("/usr/share/zoneinfo/Europe/Paris")
    assert system_timezone({"TZ": ":Asia/Tokyo"}, link) == "Asia/Tokyo"
    assert system_timezone({"TZ": "nonsense/zone"}, tmp_path / "none") == "UTC"
    assert system_timezone({}, tmp_path / "none") == "UTC"


def test_loading_imports_nothing_heavy() -> None:
    """Start-up time is measured: what loading does not need stays out."""
    code = (
        "import sys, monitor.config.load\n"
        "heavy = {'tomlkit', 'rich', 'sqlmodel', 'sqlalchemy', 'httpx', 'apprise', 'feedparser', 'asyncio'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ))
    assert done.stdout.strip() == "[]"
