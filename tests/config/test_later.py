"""Honesty about what is accepted and not yet acted on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from monitor.config.later import not_yet
from monitor.config.load import require
from tests.support.configs import FEED, RULE, SMALL, load

if TYPE_CHECKING:
    from pathlib import Path

TABLES = [
    ('[deadman]\nurl = "https://x.example/"\n', 11, "[deadman]"),
    ('[canary]\nchannels = ["screen"]\n', 11, "[canary]"),
]


@pytest.mark.parametrize(("table", "line", "feature"), TABLES)
def test_a_feature_of_a_later_version_is_told(tmp_path: Path, table: str, line: int, feature: str) -> None:
    """One warning with the line where it is asked for."""
    (finding,) = not_yet(require(load(tmp_path, SMALL + table)))
    assert (finding.line, finding.level, finding.code) == (line, "warning", "not_yet")
    assert finding.message == f"{feature}: accepted, but this version does not act on it yet"


def test_what_happens_anyway_is_not_told(tmp_path: Path) -> None:
    """Defaults, and values that switch a feature off."""
    text = (
        f'{FEED}full_text = "always"\n{RULE}secret = true\nbudget = "off"\nupdates = "none"\nweak = "alert"\n'
        '[alerts]\nbudget = "off"\ndigest = "07:00"\n[stories]\nwindow = "1h"\n'
        '[pages]\ndeadline = "1h"\n[metrics]\nlisten = ""\n'
    )
    assert not_yet(require(load(tmp_path, text))) == ()
