"""The plan: what is in force for a feed, and who is told what Tocsin says about itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.plan import Plan, build_plan
from monitor.settings import ChannelConfig, Config, FeedConfig, RuleConfig, Secret

WIRE = FeedConfig("wire", Secret("https://b.example"), tags=("wire",), language="fr")


def plan(*rules: RuleConfig, notices: tuple[str, ...] | None = None) -> Plan:
    """A plan of one feed and two channels."""
    channels = tuple(ChannelConfig(name=name, type="terminal") for name in ("desk", "phone"))
    config = Config(
        path=Path("tocsin.toml"),
        files=(Path("tocsin.toml"),),
        database=Path("tocsin.db"),
        timezone="UTC",
        feeds=(WIRE,),
        rules=rules,
        channels=channels,
        notices=notices,
    )
    return build_plan(config)[0]


@pytest.mark.parametrize(("notices", "told"), [(None, ("desk", "phone")), (("phone",), ("phone",)), ((), ())])
def test_notices_go_to_those_named_or_else_to_all(
    notices: tuple[str, ...] | None, told: tuple[str, ...]
) -> None:
    """An empty list is a wish, too."""
    assert plan(notices=notices).notices_to == told


def test_the_rules_of_a_feed_are_those_in_force_that_reach_it() -> None:
    """In their order; neither one that is switched off, nor one that cannot be used, nor one of others."""
    made = plan(
        RuleConfig("second", "doha", tags=("wire",)),
        RuleConfig("off", "doha", enabled=False),
        RuleConfig("broken", "(doha"),
        RuleConfig("elsewhere", "doha", lang=("de",)),
        RuleConfig("first", "doha"),
    )
    assert made.rules_of(WIRE) == ("second", "first")


def test_every_feed_weighs_the_same() -> None:
    """Until severities count."""
    assert plan().weight(WIRE) == 1.0
