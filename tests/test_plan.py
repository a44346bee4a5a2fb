"""The plan: what is in force for a feed, and who is told what Tocsin says about itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.pages.budget import Rate
from monitor.plan import Plan, build_plan, page_limits
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


READS = [
    (RuleConfig("r", "doha"), True),
    (RuleConfig("r", "body:doha"), True),
    (RuleConfig("r", "lead:doha"), True),
    (RuleConfig("r", any=("doha",), scope="title"), False),
    (RuleConfig("r", "title:(doha OR talks)"), False),
    (RuleConfig("r", "summary:doha"), False),  # a page has no summary
    (RuleConfig("r", "title:doha -covid"), False),  # more text can only speak against it
    (RuleConfig("r", "title:doha talks"), True),
    (RuleConfig("r", "feed:*"), False),
    (RuleConfig("r", "doha", lang=("de",)), False),  # of other feeds
    (RuleConfig("r", "doha", tags=("wire",)), True),
    (RuleConfig("r", "doha", enabled=False), False),
]


@pytest.mark.parametrize(("rule", "reads"), READS)
def test_whether_a_page_could_make_a_rule_hold(rule: RuleConfig, reads: bool) -> None:
    """Rules that look at headlines only, or never hear of the feed, never want one."""
    made = plan(rule)
    assert made.reads_bodies(WIRE) is reads
    assert made.reads_bodies(WIRE) is reads, "the second answer is remembered"


def test_the_limits_of_pages() -> None:
    """As written, or the defaults."""
    limits = plan().page_limits
    assert (limits.per_host, limits.total) == (Rate(30, 3600.0), Rate(2000, 86400.0))
    assert limits.deadline == timedelta(hours=6)
    config = replace(plan().config, pages={"per_host": "3/10m", "total": "9/1h", "deadline": 60.0})
    limits = page_limits(config)
    assert (limits.per_host, limits.total) == (Rate(3, 600.0), Rate(9, 3600.0))
    assert limits.deadline == timedelta(minutes=1)
