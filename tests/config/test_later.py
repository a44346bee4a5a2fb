"""Honesty about what is accepted and not yet acted on."""

from __future__ import annotations

from pathlib import Path

from monitor.config.later import not_yet
from monitor.config.load import require
from tests.support.configs import FEED, RULE, load, write


def test_each_feature_is_told_once(tmp_path: Path) -> None:
    """At its first use, across files and in their order."""
    write(tmp_path, RULE.replace("talks", "b") + 'budget = "2/1h"\nsecret = true\n', "more.toml")
    text = f'include = ["more.toml"]\n{FEED}{RULE}weak = "ignore"\nsecret = true\n'
    found = not_yet(require(load(tmp_path, text)))
    assert [(Path(f.file).name, f.line, f.message.partition(":")[0]) for f in found] == [
        ("config.toml", 9, "'secret' in [[rules]]"),
    ]


def test_what_happens_anyway_is_not_told(tmp_path: Path) -> None:
    """Defaults, and values that switch a feature off."""
    text = (
        f'{FEED}full_text = "always"\n{RULE}budget = "off"\nupdates = "none"\nweak = "alert"\n'
        '[alerts]\nbudget = "off"\ndigest = "07:00"\n[stories]\nwindow = "1h"\n'
        '[pages]\ndeadline = "1h"\n[metrics]\nlisten = ""\n'
    )
    assert not_yet(require(load(tmp_path, text))) == ()
