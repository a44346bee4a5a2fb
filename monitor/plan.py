"""The configuration as it is in force: compiled once, swapped as a whole, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitor.feeds.addresses import ports_of
from monitor.feeds.schedule import PollPolicy
from monitor.rules.engine import compile_rules
from monitor.rules.reach import reaches
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
    ports: frozenset[int] = frozenset()  # beside the web's usual ones: feeds' addresses name them

    def policy(self, feed: FeedConfig) -> PollPolicy:
        """How often this feed may be asked."""
        polling = self.config.polling
        return PollPolicy(polling.every, polling.fastest, polling.slowest, feed.every)

    @property
    def notices_to(self) -> tuple[str, ...]:
        """The channels that hear what Tocsin says about itself: those of [notices], else all."""
        notices = self.config.notices
        return tuple(self.channels) if notices is None else notices

    def rules_of(self, feed: FeedConfig) -> tuple[str, ...]:
        """Names of the rules in force that articles of this feed may pass, in the configuration's order."""
        return tuple(r.name for r in self.rules.values() if r.name in self.engine.rules and reaches(r, feed))

    def weight(self, feed: FeedConfig) -> float:  # noqa: ARG002 - all weigh the same until severities count
        """How much a quick poll of this feed is worth beside one of another; above 0."""
        return 1.0


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
        ports=ports_of(f.url.reveal() for f in config.feeds if not f.url.missing),
    )
    return plan, problems


def channels_of(config: Config) -> tuple[ChannelConfig, ...]:
    """The channels in force: without any, alerts go to the terminal, so that a first run shows something."""
    return config.channels or (ChannelConfig(name="terminal", type="terminal"),)
