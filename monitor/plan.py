"""The configuration as it is in force: compiled once, swapped as a whole, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.feeds.schedule import PollPolicy
from monitor.rules.engine import compile_rules
from monitor.settings import ChannelConfig

if TYPE_CHECKING:
    from collections.abc import Mapping

    from monitor.rules.engine import Engine, RuleProblem
    from monitor.rules.frequency import Frequencies
    from monitor.settings import Config, FeedConfig, RuleConfig


@dataclass(frozen=True, slots=True)
class Plan:
    """What polls and decisions go by."""

    config: Config
    engine: Engine
    channels: Mapping[str, ChannelConfig]
    feeds: Mapping[str, FeedConfig]
    rules: Mapping[str, RuleConfig]

    def policy(self, feed: FeedConfig) -> PollPolicy:
        """How often this feed may be asked."""
        polling = self.config.polling
        return PollPolicy(polling.every, polling.fastest, polling.slowest, feed.every)


def build_plan(
    config: Config, frequencies: Frequencies | None = None
) -> tuple[Plan, tuple[RuleProblem, ...]]:
    """
    Compile the rules; problems of rules come back as values, and their rules are left out.

    `frequencies` tell which words are rare in what is stored: with many rules that makes matching quicker.
    """
    engine, problems = compile_rules(
        config.rules, config.entities, languages=config.languages, frequencies=frequencies
    )
    plan = Plan(
        config=config,
        engine=engine,
        channels={c.name: c for c in channels_of(config)},
        feeds={f.name: f for f in config.feeds if f.enabled},
        rules={r.name: r for r in config.rules},
    )
    return plan, problems


def channels_of(config: Config) -> tuple[ChannelConfig, ...]:
    """The channels in force: without any, alerts go to the terminal, so that a first run shows something."""
    return config.channels or (ChannelConfig(name="terminal", type="terminal"),)
