"""
What the configuration, as it is now, says about an alert: its budget, its quiet hours, where routes send it.

For `explain`: the ledger knows which reason kept an alert silent, not which line of the file stood behind it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from monitor.alerts.budgets import budget_text
from monitor.alerts.quiet import paused, windows_of
from monitor.alerts.route import RouteFacts, explain_route
from monitor.plan import channels_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from monitor.alerts.route import Routed
    from monitor.model import Severity
    from monitor.settings import Config, RuleConfig


class Circumstances:
    """One configuration, asked about alerts of its rules."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._rules = {rule.name: rule for rule in config.rules}
        self._channels = {channel.name: channel for channel in channels_of(config)}
        self._tags = {feed.name: feed.tags for feed in config.feeds}
        self._windows = windows_of(config.quiet_hours, config.timezone)

    def rule(self, name: str) -> RuleConfig | None:
        """The rule of this name, where it is configured."""
        return self._rules.get(name)

    def budget(self, rule: str, channel: str) -> str:
        """What the rule may send singly on the channel, as it is written; "" for a rule that is gone."""
        known, there = self._rules.get(rule), self._channels.get(channel)
        if known is None:
            return ""
        return budget_text(known.budget, self._config.budget, there.type if there else "")

    def windows(self, rule: str, channel: str, at: datetime, until: datetime | None) -> tuple[str, ...]:
        """The names of the quiet hours that hold an alert of the rule at this time, or end `until` then."""
        known = self._rules.get(rule)
        if known is None:
            return ()
        before_end = [until - timedelta(seconds=1)] if until is not None else []
        for moment in (at, *before_end):
            pause = paused(self._windows.get(channel, ()), moment, known.severity)
            if pause is not None:
                return pause.names
        return ()

    def routed(
        self, rule: str, feed: str, *, lang: str | None, entities: Sequence[str], kind: str = "first"
    ) -> Routed | None:
        """Where the routes would send an alert of the rule; None for a rule that is gone."""
        known = self._rules.get(rule)
        if known is None:
            return None
        severity: Severity = known.severity
        tags = self._tags.get(feed, ())
        facts = RouteFacts(severity, rule, feed, tags, lang, tuple(entities), kind)
        return explain_route(self._config.routes, tuple(self._channels), facts, known.allow_channels)
