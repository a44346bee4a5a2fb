"""The law of loading: whatever stands in the file, the outcome is findings, never a traceback or a secret."""

from __future__ import annotations

import copy
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.config.confidential import veil_of
from monitor.config.show import render, show
from monitor.config.tomltext import toml_key, toml_value
from tests.support.configs import CONTRACT, load, write

CANARY = "hunter2://canary"
WHOLE = tomllib.loads(CONTRACT)
VALUES = st.one_of(
    st.sampled_from(
        [0, -1, 1.5, 10**12, True, "", " ", "x", "@x", CANARY, "off", "15m", "08:00", [], {}, [[]], [{}]]
    ),
    st.sampled_from([[CANARY], [1], {"env": CANARY}, {"file": "."}, {"file": "k", "env": "X"}, {CANARY: 1}]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)


def paths_in(data: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path in the data."""
    pairs: Any = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [found for key, value in pairs for found in ((*path, key), *paths_in(value, (*path, key)))]


def with_value(data: Any, path: tuple[Any, ...], value: object) -> Any:
    """A copy of the data with one value replaced."""
    changed = copy.deepcopy(data)
    inner = changed
    for part in path[:-1]:
        inner = inner[part]
    inner[path[-1]] = value
    return changed


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(paths_in(WHOLE)), VALUES)
def test_any_value_under_any_key_gives_findings(path: tuple[Any, ...], value: object) -> None:
    """Every finding has a line and a message; what loads can be shown; an address is never repeated."""
    data = with_value(WHOLE, path, value)
    text = "\n".join(f"{toml_key(key)} = {toml_value(item)}" for key, item in data.items())
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, "secret", "k")
        loaded = load(folder, text, env={"X": "ntfy://x", "PING": "https://ping.example.org/"})
        lines = text.count("\n") + 1
        assert all(1 <= finding.line <= lines and finding.message for finding in loaded.findings)
        assert CANARY not in repr(loaded.findings)
        if loaded.config:
            assert tomllib.loads(render(loaded.config))
            assert show(loaded.config)["path"]
            veil_of(loaded.config)
