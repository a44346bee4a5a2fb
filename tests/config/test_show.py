"""The configuration as it is in effect."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.config.load import require
from monitor.config.show import public_url, render, show
from monitor.config.tomltext import toml_key, toml_value
from tests.support.configs import SMALL, load

if TYPE_CHECKING:
    from pathlib import Path


def test_defaults_are_shown_too(tmp_path: Path) -> None:
    """Every value in effect, in the words of the file."""
    shown = show(require(load(tmp_path, SMALL)))
    assert shown["polling"]["every"] == "15m"
    assert shown["stories"] == {"window": "3d"}
    assert shown["monitor"]["database"] == str(tmp_path / "tocsin.db")
    assert shown["channels"]["screen"]["type"] == "terminal"
    assert json.loads(json.dumps(shown)) == shown


def test_the_text_form_is_toml_that_says_the_same(tmp_path: Path) -> None:
    """Read back it gives the same values; keys without a value are left out."""
    text = SMALL + (
        '[[rules]]\nname = "l"\nnear = [ { a = "x", b = ["y"] } ]\nany = ["\\u007f\\\\", "é"]\n'
        '[[rules.tests]]\nmatch = "m"\n[[routes]]\nchannels = []\n[quiet_hours."a b"]\n'
        'channels = ["screen"]\nfrom = "22:00"\nto = "07:00"\n'
    )
    config = require(load(tmp_path, text))
    data = tomllib.loads(render(config))
    shown = show(config)
    assert data["polling"]["every"] == shown["polling"]["every"]
    assert data["rules"][1]["any"] == shown["rules"][1]["any"]
    assert data["rules"][1]["near"] == [{"a": ["x"], "b": ["y"], "within": 5, "ordered": False}]
    assert data["routes"] == [{"channels": [], "continue": False}]
    assert data["quiet_hours"]["a b"]["from"] == "22:00"


def test_the_text_form_of_a_config_without_secrets_loads_again(tmp_path: Path) -> None:
    """What is shown is a configuration."""
    shown = render(require(load(tmp_path, SMALL)))
    again = load(tmp_path / "again", shown)
    assert again.config, again.findings
    assert render(again.config).partition("\n")[2] == shown.partition("\n")[2]


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://example.org/rss", "https://example.org/rss"),
        ("https://u:p@example.org:8443/rss?key=k#f", "https://***@example.org:8443/rss?***"),
        ("https://[", "***"),
    ],
)
def test_an_address_is_shown_without_what_may_be_secret(url: str, shown: str) -> None:
    """Userinfo and query are masked."""
    assert public_url(url) == shown


@settings(deadline=None)
@given(
    st.recursive(
        st.one_of(
            st.text(st.characters(exclude_categories=["Cs"])), st.integers(-(2**63), 2**63 - 1), st.booleans()
        ),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3),
            st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3),
        ),
        max_leaves=6,
    ),
    st.text(st.characters(exclude_categories=["Cs"])),
)
def test_a_written_value_reads_back(value: object, key: str) -> None:
    """Any text, number, list or table, under any key."""
    assert tomllib.loads(f"{toml_key(key)} = {toml_value(value)}") == {key: value}
