"""
Configurations of earlier versions, every key in use: they load, and mean what they meant.

Beside each NUMBER.toml lies NUMBER.json: what that version's `config show --json` said of it, but for paths.
The number is that of the schema of its database.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from monitor.config.load import load_config
from monitor.config.show import show

FOLDER = Path(__file__).parent.parent / "fixtures" / "configs"
ENV = {
    "HARBOUR_KEY": "k",
    "HARBOUR_USER": "u",
    "HARBOUR_PASSWORD": "p",
    "HARBOUR_PROXY": "http://proxy.example:8080",
    "HOOK_SECRET": "s" * 32,
    "DEADMAN": "https://dead.example/ping",
}


def lost(before: Any, after: Any, path: str = "") -> list[str]:
    """Where something that was said is not said any more; what was added does not count."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [one for key in before for one in lost(before[key], after.get(key), f"{path}.{key}")]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [one for i, (old, new) in pairs for one in lost(old, new, f"{path}[{i}]")]
    return [] if before == after else [f"{path}: {before!r} is now {after!r}"]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_an_old_configuration_means_what_it_meant(path: Path) -> None:
    """No error, nothing but warnings of old names; each value it showed then is shown now."""
    loaded = load_config(path, env=ENV)
    assert [str(finding) for finding in loaded.findings if finding.code != "deprecated"] == []
    assert loaded.config is not None
    assert lost(json.loads(path.with_suffix(".json").read_text()), show(loaded.config)) == []


def test_the_comparison_sees_a_change() -> None:
    """A value that changes its meaning would be found."""
    assert lost({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}], "c": 4}) == [".a[1].b: 2 is now 3"]


def test_the_oldest_configuration_uses_every_table() -> None:
    """Nothing of the contract is left out of it, but what names other files."""
    tables = set(tomllib.loads((FOLDER / "0001.toml").read_text()))
    assert tables == {
        *("monitor", "polling", "feeds", "entities", "rules", "channels", "routes", "stories", "alerts"),
        *("pages", "notices", "quiet_hours", "log", "metrics", "deadman", "canary"),
    }
