"""Which feeds a rule hears of, asked feed by feed."""

from __future__ import annotations

from typing import Any

import pytest

from monitor.rules.reach import reaches
from monitor.settings import FeedConfig, RuleConfig, Secret

WIRE = FeedConfig("afp-world", Secret("https://b.example"), tags=("wire", "fr"), language="fr")
SILENT = FeedConfig("silent", Secret("https://c.example"))


@pytest.mark.parametrize(
    ("feed", "options", "reached"),
    [
        (WIRE, {}, True),
        (WIRE, {"feeds": ("AFP-*",), "tags": ("WIRE",), "lang": ("en", "fr")}, True),
        (WIRE, {"feeds": ("lemonde", "afp-world")}, True),
        (WIRE, {"feeds": ("lemonde",)}, False),
        (WIRE, {"tags": ("general",)}, False),
        (WIRE, {"tags": ("fr",), "lang": ("en",)}, False),
        (WIRE, {"enabled": False}, True),
        (SILENT, {"lang": ("de",)}, True),
        (SILENT, {"tags": ("wire",)}, False),
    ],
)
def test_a_rule_reaches_a_feed(feed: FeedConfig, options: dict[str, Any], reached: bool) -> None:
    """By name, tag and language, each of them if asked for; a feed that names no language may speak any."""
    assert reaches(RuleConfig("r", "doha", **options), feed) is reached
