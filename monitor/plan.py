"""The configuration as it is in force: compiled once, swapped as a whole, never changed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, cast
from zoneinfo import ZoneInfo

from monitor.alerts.budgets import OFF, Budget, budget_text
from monitor.alerts.quiet import windows_of
from monitor.config.durations import parse_rate
from monitor.feeds.addresses import ports_of
from monitor.feeds.schedule import PollPolicy
from monitor.model import Severity
from monitor.pages.budget import Rate
from monitor.rules.compiling import compile_rules
from monitor.rules.reach import reaches
from monitor.rules.tree import asked_for
from monitor.settings import CANARY, LEAST_INTERVAL, ChannelConfig, FeedConfig, RuleConfig, Secret

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import tzinfo

    from monitor.alerts.quiet import Window
    from monitor.rules.engine import Engine
    from monitor.rules.frequency import Frequencies
    from monitor.rules.problems import RuleProblem
    from monitor.settings import Config

# What the canary of `service.canary` travels as. Its rule is compiled with the others, and hears of its feed
# alone; nobody else's document holds its words.
CANARY_FEED = FeedConfig(name=CANARY, url=Secret("http://127.0.0.1/canary"), full_text="never")
CANARY_RULE = RuleConfig(name=CANARY, query='"tocsincanary sings"', feeds=(CANARY,))
CANARY_CHANNEL = ChannelConfig(name=CANARY, type="terminal")
WEIGHTS = {Severity.HIGH: 2.0, Severity.URGENT: 4.0}
_NOT_OF_PAGES = ("title", "summary")  # scopes that a page adds nothing to


@dataclass(frozen=True, slots=True)
class PageLimits:
    """How many pages may be asked for, and when an article goes without: [pages] as values."""

    per_host: Rate
    total: Rate
    deadline: timedelta


@dataclass(frozen=True, slots=True)
class Plan:
    """What polls and decisions go by."""

    config: Config
    engine: Engine
    channels: Mapping[str, ChannelConfig]
    feeds: Mapping[str, FeedConfig]
    rules: Mapping[str, RuleConfig]
    windows: Mapping[str, tuple[Window, ...]] = field(default_factory=dict)  # quiet hours, by channel
    ports: frozenset[int] = frozenset()  # beside the web's usual ones: feeds' addresses name them
    # Rules that make a feed weigh more, the heaviest first, one for each choice of feeds; and what is known.
    heavy: tuple[tuple[float, RuleConfig], ...] = ()
    weights: dict[str, float] = field(default_factory=dict, compare=False, repr=False)
    # Rules that may hold on a page and not on a teaser, one for each choice of feeds; and what is known.
    readers: tuple[RuleConfig, ...] = ()
    read: dict[str, bool] = field(default_factory=dict, compare=False, repr=False)

    def policy(self, feed: FeedConfig) -> PollPolicy:
        """How often this feed may be asked."""
        polling = self.config.polling
        least = 0.0 if polling.allow_private else LEAST_INTERVAL
        every = None if feed.every is None else max(feed.every, least)
        return PollPolicy(polling.every, max(polling.fastest, least), max(polling.slowest, least), every)

    @property
    def rules_in_force(self) -> int:
        """How many of the configured rules articles are held against."""
        return sum(name != CANARY for name in self.engine.rules)

    @property
    def notices_to(self) -> tuple[str, ...]:
        """The channels that hear what Tocsin says about itself: those of [notices], else all."""
        notices = self.config.notices
        return tuple(self.channels) if notices is None else notices

    @property
    def zone(self) -> tzinfo:
        """The zone of digest times."""
        return ZoneInfo(self.config.timezone)

    def is_secret(self, rule: str) -> bool:
        """Whether a rule is secret."""
        return self.rules[rule].secret

    def budget(self, rule: str, channel: str) -> Budget | None:
        """What this rule may send singly on this channel; None = as much as it likes."""
        known = self.channels.get(channel)
        text = budget_text(self.rules[rule].budget, self.config.budget, known.type if known else "")
        return None if text == OFF else _budget(text)

    def rules_of(self, feed: FeedConfig) -> tuple[str, ...]:
        """Names of the rules in force that articles of this feed may pass, in the configuration's order."""
        return tuple(r.name for r in self.rules.values() if r.name in self.engine.rules and reaches(r, feed))

    def weight(self, feed: FeedConfig) -> float:
        """
        How much a quick poll of this feed is worth beside one of another; above 0.

        Twice as much if a rule of severity high hears of it, four times if an urgent one does.
        """
        known = self.weights.get(feed.name)
        if known is None:
            heaviest = (w for w, rule in self.heavy if reaches(rule, feed))
            known = self.weights[feed.name] = next(heaviest, 1.0)
        return known

    def reads_bodies(self, feed: FeedConfig) -> bool:
        """Whether a rule that hears of this feed may hold on the page of an article alone."""
        known = self.read.get(feed.name)
        if known is None:
            known = self.read[feed.name] = any(reaches(rule, feed) for rule in self.readers)
        return known

    @property
    def page_limits(self) -> PageLimits:
        """How many pages may be asked for."""
        return page_limits(self.config)


def build_plan(
    config: Config, frequencies: Frequencies | None = None
) -> tuple[Plan, tuple[RuleProblem, ...]]:
    """
    Compile the rules; problems of rules come back as values, and their rules are left out.

    With [canary] its rule is one of the engine's, and none of `Plan.rules`.
    `frequencies` tell which words are rare in what is stored: with many rules that makes matching quicker.
    """
    rules = config.rules if config.canary is None else (*config.rules, CANARY_RULE)
    engine, problems = compile_rules(
        rules, config.entities, languages=config.languages, frequencies=frequencies
    )
    plan = Plan(
        config=config,
        engine=engine,
        channels={c.name: c for c in channels_of(config)},
        feeds={f.name: f for f in config.feeds if f.enabled},
        rules={r.name: r for r in config.rules},
        windows=windows_of(config.quiet_hours, config.timezone),
        ports=ports_of(f.url.reveal() for f in config.feeds if not f.url.missing),
        heavy=_heavy(r for r in config.rules if r.name in engine.rules),
        readers=_readers(engine),
    )
    return plan, problems


def canary_plan(plan: Plan) -> Plan:
    """The plan as the canary goes by it: the engine in force; no feed, rule or channel but its own."""
    config = replace(
        plan.config,
        feeds=(CANARY_FEED,),
        rules=(CANARY_RULE,),
        channels=(CANARY_CHANNEL,),
        routes=(),
        quiet_hours=(),
        notices=(),
    )
    return Plan(
        config=config,
        engine=plan.engine,
        channels={CANARY: CANARY_CHANNEL},
        feeds={CANARY: CANARY_FEED},
        rules={CANARY: CANARY_RULE},
    )


@lru_cache
def _budget(text: str) -> Budget:
    return Budget(*parse_rate(text), text)


def page_limits(config: Config) -> PageLimits:
    """[pages] as values; keys that are not there have their defaults."""
    pages = config.pages
    return PageLimits(
        Rate(*parse_rate(str(pages.get("per_host", "30/1h")))),
        Rate(*parse_rate(str(pages.get("total", "2000/1d")))),
        timedelta(seconds=cast("float", pages.get("deadline", 6 * 3600.0))),
    )


def _readers(engine: Engine) -> tuple[RuleConfig, ...]:
    """Of rules that look at the same feeds one stands for all."""
    found: dict[object, RuleConfig] = {}
    for rule in engine.rules.values():
        choice = (rule.config.feeds, rule.config.tags, rule.config.lang)
        if choice not in found and any(t.scope not in _NOT_OF_PAGES for t in asked_for(rule.tree)):
            found[choice] = rule.config
    return tuple(found.values())


def _heavy(rules: Iterable[RuleConfig]) -> tuple[tuple[float, RuleConfig], ...]:
    """Of rules that look at the same feeds the most severe stands for all."""
    found: dict[object, tuple[float, RuleConfig]] = {}
    for rule in rules:
        weight = WEIGHTS.get(rule.severity, 1.0)
        choice = (rule.feeds, rule.tags, rule.lang)
        if weight > found.get(choice, (1.0, None))[0]:
            found[choice] = (weight, rule)
    return tuple(sorted(found.values(), key=lambda each: -each[0]))


def channels_of(config: Config) -> tuple[ChannelConfig, ...]:
    """The channels in force: without any, alerts go to the terminal, so that a first run shows something."""
    return config.channels or (ChannelConfig(name="terminal", type="terminal"),)
